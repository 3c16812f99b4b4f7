/*-------------------------------------------------------------------------
 *
 * cost.c
 *	  Tell what a reservation costs, or would cost.
 *
 * The range that was asked for counts, not what setup and cleanup take, in
 * hours of time that passes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "charge/price.h"
#include "resource/resource.h"
#include "support/arguments.h"
#include "support/errors.h"
#include "support/relations.h"
#include "timeline/base_rows.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbiter_cost);
PG_FUNCTION_INFO_V1(arbiter_cost_of_range);
PG_FUNCTION_INFO_V1(arbiter_quote);

/*
 * What a row costs: nothing if it was cancelled, or is a hold that has expired.
 */
static Datum
cost_of_row(TupleTableSlot *row, Snapshot snapshot)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;
	bool		isnull;
	Datum		status = slot_getattr(row, columns[RESERVATION_STATUS], &isnull);
	TimestampTz start;
	TimestampTz end;

	if (isnull || !status_is_active(status))
		return price_cost(0, 0, 0, 0, snapshot);
	if (status_is_held(status))
	{
		Datum		expires_at = slot_getattr(row, columns[RESERVATION_EXPIRES_AT], &isnull);

		if (!isnull && DatumGetTimestampTz(expires_at) <= GetCurrentStatementStartTimestamp())
			return price_cost(0, 0, 0, 0, snapshot);
	}
	range_times(slot_getattr(row, columns[RESERVATION_DURING], &isnull), &start, &end);
	return price_cost(DatumGetInt32(slot_getattr(row, columns[RESERVATION_RESOURCE_ID], &isnull)),
					  start, end,
					  DatumGetInt64(slot_getattr(row, columns[RESERVATION_AMOUNT], &isnull)),
					  snapshot);
}

/*
 * arbiter_cost(reservation_id bigint) -> numeric
 *
 * What a reservation costs, the sum of its parts: for each its amount times the
 * hours of its range times the price of each, rounded to a millionth.  What has no
 * price costs nothing, nor does what was cancelled, or a hold that has expired;
 * infinity where neither the range nor the price has an end.
 *
 * Errors: 22004, RV008 no such reservation.  No lock but AccessShareLock on the
 * tables.  Stable: it reads with the statement's snapshot.  Parallel safe: so
 * does a worker.
 */
Datum
arbiter_cost(PG_FUNCTION_ARGS)
{
	const ArbiterRelations *relations = arbiter_relations();
	Snapshot	snapshot = GetActiveSnapshot();
	Datum		sum = (Datum) 0;
	bool		any = false;
	int64		reservation_id;
	KeyScan		scan;
	ScanKeyData key;

	argument_not_null(fcinfo, 0, "reservation_id");
	reservation_id = PG_GETARG_INT64(0);
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(reservation_id));
	key_scan_begin(&scan, relations->reservation, &relations->reservation_pkey,
				   snapshot, &key, 1);
	while (key_scan_next(&scan))
	{
		Datum		cost = cost_of_row(scan.slot, snapshot);

		sum = any ? DirectFunctionCall2(numeric_add, sum, cost) : cost;
		any = true;
	}
	key_scan_end(&scan);
	if (!any)
		ereport(ERROR,
				(errcode(ERRCODE_ARBITER_NOT_FOUND),
				 errmsg("reservation " INT64_FORMAT " does not exist",
						reservation_id),
				 errhint("The number is what arbiter_reserve() returned, reservation_id in arbiter_reservation.")));
	return sum;
}

/*
 * arbiter_cost(resource_id integer, during tstzrange, amount bigint) -> numeric
 *
 * What an amount costs over a range, for plain SQL on the tables; of a range that
 * is empty, nothing.
 *
 * Strict.  Locks, volatility and parallel safety as arbiter_cost(bigint).
 */
Datum
arbiter_cost_of_range(PG_FUNCTION_ARGS)
{
	Datum		range = PG_GETARG_DATUM(1);
	RangeBound	lower;
	RangeBound	upper;
	bool		empty;
	TimestampTz start = 0;
	TimestampTz end = 0;

	range_bounds(range, &lower, &upper, &empty);
	if (!empty)
		(void) half_open_range(range, &start, &end);
	return price_cost(PG_GETARG_INT32(0), start, end, PG_GETARG_INT64(2),
					  GetActiveSnapshot());
}

/*
 * arbiter_quote(resource text, start_time timestamptz, end_time timestamptz,
 *				 amount bigint) -> numeric
 *
 * What a reservation of the same arguments would cost, whether or not it would
 * be granted.
 *
 * Errors: 22004, 22023, RV003, RV005, 42704.  Locks, volatility and parallel
 * safety as arbiter_cost().
 */
Datum
arbiter_quote(PG_FUNCTION_ARGS)
{
	TimestampTz start = argument_time(fcinfo, 1, "start_time", TIME_TIMESTAMPTZ);
	TimestampTz end = argument_time(fcinfo, 2, "end_time", TIME_TIMESTAMPTZ);
	Resource	resource;

	check_time_range(start, end);
	argument_not_null(fcinfo, 3, "amount");
	check_amount(PG_GETARG_INT64(3));
	resource_get(argument_text(fcinfo, 0, "resource"), GetActiveSnapshot(),
				 &resource);
	return price_cost(resource.id, start, end, PG_GETARG_INT64(3),
					  GetActiveSnapshot());
}
