/*-------------------------------------------------------------------------
 *
 * reserve_spans.c
 *	  The SQL functions that reserve several spans as one reservation.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "booking/reserve.h"
#include "common/int.h"
#include "miscadmin.h"
#include "support/arguments.h"
#include "support/errors.h"
#include "utils/builtins.h"
#include "utils/multirangetypes.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbiter_reserve_spans);
PG_FUNCTION_INFO_V1(arbiter_try_reserve_spans);

/*
 * Read a multirange into one requirement a span; the first one tells the rest.
 *
 * RV003 without any span; what normalise_range() raises; 22008 if they are
 * further apart than can be counted.
 */
static void
read_spans(Datum spans, const Requirement *asked, Request *request)
{
	MultirangeType *multirange = DatumGetMultirangeTypeP(spans);
	TypeCacheEntry *type = lookup_type_cache(MultirangeTypeGetOid(multirange),
											 TYPECACHE_MULTIRANGE_INFO);
	RangeType **ranges;
	int32		nranges;

	multirange_deserialize(type->rngtype, multirange, &nranges, &ranges);
	if (nranges == 0)
		ereport(ERROR,
				(errcode(ERRCODE_ARBITER_INVALID_RANGE),
				 errmsg("invalid time range: there are no spans"),
				 errhint("Pass at least one range, such as '{[2030-01-07 22:00, 2030-01-08 06:00)}'.")));

	request->requirements = palloc_extended(sizeof(Requirement) * (Size) nranges,
											MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < nranges; i++)
	{
		Requirement *requirement = &request->requirements[request->nrequirements];
		TimestampTz start;
		TimestampTz end;
		int64		length;

		CHECK_FOR_INTERRUPTS();
		(void) normalise_range(RangeTypePGetDatum(ranges[i]), &start, &end);
		if (i == 0)
			request->start = start;
		requirement->resource.name = asked->resource.name;
		requirement->amount = asked->amount;
		if (pg_sub_s64_overflow(start, request->start, &requirement->offset) ||
			(end != STEPS_INFINITY && pg_sub_s64_overflow(end, request->start, &length)))
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("spans are too far apart"),
					 errdetail("The first span starts at %s.",
							   timestamptz_to_str(request->start)),
					 errhint("Reserve them one by one.")));
		/* only the last one can be without an end */
		requirement->length = i == nranges - 1 ? 0 : end - start;
		request->end = end;
		request->nrequirements++;
	}
}

/*
 * Read the arguments of arbiter_reserve_spans() and arbiter_try_reserve_spans().
 */
static void
read_call_spans(FunctionCallInfo fcinfo, ReserveCall *call)
{
	Requirement asked = {0};

	memset(call, 0, sizeof(ReserveCall));
	asked.resource.name = argument_text(fcinfo, 0, "resource");
	argument_not_null(fcinfo, 1, "spans");
	call->spans = PG_GETARG_DATUM(1);
	call->start_given = true;
	argument_not_null(fcinfo, 2, "amount");
	asked.amount = PG_GETARG_INT64(2);
	read_spans(call->spans, &asked, &call->request);
	check_amount(asked.amount);
	call->user_id = argument_text(fcinfo, 3, "user_id");
	read_request_key(fcinfo, 4, call);
	argument_not_null(fcinfo, 5, "tryout");
	call->request.tryout = PG_GETARG_BOOL(5);
}

/*
 * arbiter_reserve_spans(resource text, spans tstzmultirange, amount bigint,
 *						 user_id text, request_key text, tryout boolean)
 * -> bigint
 *
 * Reserves an amount of a resource over each of several spans, all or nothing:
 * one reservation_id, a part per span in the order of time, chunks locked in one
 * pass.  Setup and cleanup time between two spans that are closer to each other
 * than that are taken once.
 *
 * Errors as arbiter_reserve(), each span being held to what a range is; and RV003
 * for a multirange without spans, 22008 for spans further apart than can be
 * counted.  Locks, volatility and parallel safety as arbiter_reserve().
 */
Datum
arbiter_reserve_spans(PG_FUNCTION_ARGS)
{
	ReserveCall call;

	read_call_spans(fcinfo, &call);
	return reserve_or_raise("arbiter_reserve_spans()", &call);
}

/*
 * arbiter_try_reserve_spans(... as arbiter_reserve_spans ...) -> one row as
 * arbiter_try_reserve()
 *
 * The refusal is that of the span in which most is lacking, earliest_start the
 * start of the first span if all are moved alike, and largest_amount what fits in
 * all of them.  Its row in arbiter_denial has all spans.  Errors as
 * arbiter_reserve_spans() but for RV001, RV002 and RV006.  Locks, volatility and
 * parallel safety as arbiter_reserve(); a refusal locks no chunk, unless it lost
 * a race for one.
 */
Datum
arbiter_try_reserve_spans(PG_FUNCTION_ARGS)
{
	ReserveCall call;

	read_call_spans(fcinfo, &call);
	return try_reserve(fcinfo, "arbiter_try_reserve_spans()", &call);
}
