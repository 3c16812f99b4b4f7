/*-------------------------------------------------------------------------
 *
 * tradeoff.c
 *	  How much could I have, and when?
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "booking/slot.h"
#include "common/int.h"
#include "funcapi.h"
#include "support/arguments.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbiter_tradeoff);

/*
 * arbiter_tradeoff(resource text, duration interval, after timestamptz,
 *					before timestamptz, tryout boolean)
 * -> rows (amount bigint, start_time timestamptz, end_time timestamptz)
 *
 * The Pareto steps of amount against earliest start: each row is the earliest
 * slot, not before after (NULL: now) and ending not after before (NULL:
 * arbiter.search_horizon later), for more than the amount of the row before it,
 * with the largest amount that fits there.  The last row has the largest amount
 * there is.  Slots are as those of arbiter_find_slot().
 *
 * One search that goes forward and asks for more each time it has found
 * something: what has been ruled out for an amount is ruled out for more.
 *
 * Errors: 22004; 22023 duration has months or is not positive; RV003 before is
 * not after after; 42704 resource.  No lock but AccessShareLock on the tables.
 * Stable: it reads with the statement's snapshot.  Parallel safe: so does a
 * worker.
 */
Datum
arbiter_tradeoff(PG_FUNCTION_ARGS)
{
	Snapshot	snapshot = GetActiveSnapshot();
	Requirement requirement = {.amount = 1};
	Request		request = {.requirements = &requirement,.nrequirements = 1};
	ReturnSetInfo *result;
	SlotSearch	search;
	TimestampTz after;
	TimestampTz before;
	TimestampTz last = STEPS_INFINITY;
	int64		duration;

	request.clock = GetCurrentStatementStartTimestamp();
	requirement.resource.name = argument_text(fcinfo, 0, "resource");
	duration = argument_duration(fcinfo, 1, "duration");
	after = PG_ARGISNULL(2) ? request.clock : PG_GETARG_TIMESTAMPTZ(2);
	before = PG_ARGISNULL(3) ? search_horizon(after) : PG_GETARG_TIMESTAMPTZ(3);
	argument_not_null(fcinfo, 4, "tryout");
	request.tryout = PG_GETARG_BOOL(4);
	check_search_range(after, PG_ARGISNULL(3) ? DT_NOEND : before);
	request_find_resources(&request, snapshot);
	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;

	duration = steps_round_up(duration, requirement.resource.granularity, 0);
	if (duration == STEPS_INFINITY)
		return (Datum) 0;
	if (before != DT_NOEND && pg_sub_s64_overflow(before, duration, &last))
		return (Datum) 0;

	slot_search_begin(&search, &request, duration, after, last, snapshot);
	while (slot_search_next(&search, &request.start))
	{
		int64		available;
		Datum		values[3];
		bool		nulls[3] = {false, false, false};

		request.end = request.start + duration;
		available = slot_search_available(&search, request.start);
		values[0] = Int64GetDatum(available);
		values[1] = TimestampTzGetDatum(request.start);
		values[2] = TimestampTzGetDatum(request.end);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		if (available == PG_INT64_MAX)
			break;
		slot_search_raise(&search, request.start, available + 1);
	}
	slot_search_end(&search);
	return (Datum) 0;
}
