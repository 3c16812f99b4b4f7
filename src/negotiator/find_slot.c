/*-------------------------------------------------------------------------
 *
 * find_slot.c
 *	  When could I have it?
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "booking/requirements.h"
#include "booking/slot.h"
#include "common/int.h"
#include "funcapi.h"
#include "support/arguments.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbiter_find_slot);
PG_FUNCTION_INFO_V1(arbiter_find_slot_all);

/* the arguments after what is asked for, in their order */
typedef struct SlotArguments
{
	int64		duration;
	TimestampTz after;
	TimestampTz before;
	int			max_results;
} SlotArguments;

static void
read_slot_arguments(FunctionCallInfo fcinfo, int first, Request *request,
					SlotArguments *arguments)
{
	request->clock = GetCurrentStatementStartTimestamp();
	arguments->duration = argument_duration(fcinfo, first, "duration");
	arguments->after = PG_ARGISNULL(first + 1) ? request->clock :
		PG_GETARG_TIMESTAMPTZ(first + 1);
	arguments->before = argument_time(fcinfo, first + 2, "before", TIME_TIMESTAMPTZ);
	check_search_range(arguments->after, arguments->before);
	argument_not_null(fcinfo, first + 3, "max_results");
	arguments->max_results = PG_GETARG_INT32(first + 3);
	if (arguments->max_results <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_results must be greater than zero"),
				 errdetail("It is %d.", arguments->max_results)));
	argument_not_null(fcinfo, first + 4, "tryout");
	request->tryout = PG_GETARG_BOOL(first + 4);
}

/*
 * Return the slots that a request fits into, one row per window.
 */
static Datum
find_slots(FunctionCallInfo fcinfo, Request *request,
		   const SlotArguments *arguments)
{
	Snapshot	snapshot = GetActiveSnapshot();
	ReturnSetInfo *result;
	SlotSearch	search;
	TimestampTz start;
	TimestampTz last = STEPS_INFINITY;
	int64		duration;

	request_find_resources(request, snapshot);
	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;

	/* its end is aligned as well */
	duration = steps_round_up(arguments->duration, request_granularity(request), 0);
	if (duration == STEPS_INFINITY)
		return (Datum) 0;
	if (arguments->before != DT_NOEND &&
		pg_sub_s64_overflow(arguments->before, duration, &last))
		return (Datum) 0;

	slot_search_begin(&search, request, duration, arguments->after, last, snapshot);
	for (int n = 0; n < arguments->max_results && slot_search_next(&search, &start); n++)
	{
		Datum		values[3];
		bool		nulls[3] = {false, false, false};

		values[0] = TimestampTzGetDatum(start);
		values[1] = TimestampTzGetDatum(start + duration);
		values[2] = TimestampTzGetDatum(slot_search_window(&search, start));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	slot_search_end(&search);
	return (Datum) 0;
}

/*
 * arbiter_find_slot(resource text, amount bigint, duration interval,
 *					 after timestamptz, before timestamptz,
 *					 max_results integer, tryout boolean)
 * -> rows (start_time timestamptz, end_time timestamptz,
 *			latest_start timestamptz)
 *
 * The earliest slots of at least the duration, not before after (NULL: now) and
 * ending not after before, in which the amount can be reserved: granularity,
 * setup and cleanup time, lead time and, without tryout, the float are
 * respected.  A duration that is no multiple of the granularity is rounded up
 * to one; a day of it is 24 hours.
 *
 * One row per window: every aligned start from start_time to latest_start will
 * do, and none between that and the next row's.  No rows when nothing fits.
 * latest_start is infinity where there is no end to the window.
 *
 * Errors: 22004; 22023 duration has months or is not positive, max_results is
 * not positive; RV003 before is not after after; RV005 amount; 42704 resource.
 * No lock but AccessShareLock on the tables.  Stable: it reads with the
 * statement's snapshot.  Parallel safe: so does a worker.
 */
Datum
arbiter_find_slot(PG_FUNCTION_ARGS)
{
	Requirement requirement = {0};
	Request		request = {.requirements = &requirement,.nrequirements = 1};
	SlotArguments arguments;

	requirement.resource.name = argument_text(fcinfo, 0, "resource");
	argument_not_null(fcinfo, 1, "amount");
	requirement.amount = PG_GETARG_INT64(1);
	read_slot_arguments(fcinfo, 2, &request, &arguments);
	check_amount(requirement.amount);
	return find_slots(fcinfo, &request, &arguments);
}

/*
 * arbiter_find_slot_all(requirements jsonb, duration interval,
 *						 after timestamptz, before timestamptz,
 *						 max_results integer, tryout boolean)
 * -> rows as arbiter_find_slot()
 *
 * The same for several resources at once, {"cpu": 4, "memory": 16}: slots in
 * which all of them fit.  What is aligned is aligned for all of them.
 *
 * Errors as arbiter_find_slot(), and 22023 for requirements that are not an
 * object of whole amounts.  Locks, volatility and parallel safety as
 * arbiter_find_slot().
 */
Datum
arbiter_find_slot_all(PG_FUNCTION_ARGS)
{
	Request		request = {0};
	SlotArguments arguments;

	argument_not_null(fcinfo, 0, "requirements");
	read_slot_arguments(fcinfo, 1, &request, &arguments);
	requirements_read(PG_GETARG_JSONB_P(0), &request);
	return find_slots(fcinfo, &request, &arguments);
}
