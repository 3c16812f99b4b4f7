/*-------------------------------------------------------------------------
 *
 * price.c
 *	  Prices of a resource over time, and what a range of time costs by them.
 *
 * A row of arbiter_price is what one unit costs per hour over a range of time;
 * where there is none, it costs nothing.  Nothing is derived from these rows:
 * what a reservation costs is computed when it is asked for, so that whoever
 * changes a reservation or a price has nothing more to do.
 *
 * The cost of a row is rounded to a millionth, once, after all of it has been
 * added up exactly; that of several rows is the sum of theirs.  So the same
 * rows have the same cost in whatever way they are added up.
 *
 *-------------------------------------------------------------------------
 */
#include "charge/price.h"

#include "support/arguments.h"
#include "support/relations.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

/* digits of a cost after the point: always this many, and at most that many */
#define COST_DIGITS_MIN		2
#define COST_DIGITS_MAX		6

/*
 * price_scan_begin starts a scan of the prices that overlap or touch
 * [from, to).
 *
 * Rows do not overlap, so that their ends are in order too: an index on these
 * finds the first one at once, however many are before it.
 */
void
price_scan_begin(PriceScan *scan, int32 resource_id, TimestampTz from,
				 TimestampTz to, Snapshot snapshot)
{
	const ArbiterRelations *relations = arbiter_relations();
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(resource_id));
	ScanKeyInit(&keys[1], 2, BTGreaterEqualStrategyNumber, F_TIMESTAMPTZ_GE,
				TimestampTzGetDatum(from));
	key_scan_begin(&scan->rows, relations->price, &relations->price_end_idx,
				   snapshot, keys, lengthof(keys));
	scan->to = to;
}

/*
 * price_scan_next fetches the next price; false when there is none.
 */
bool
price_scan_next(PriceScan *scan, PriceRow *row)
{
	const AttrNumber *columns = arbiter_relations()->price_column;
	bool		isnull;

	if (!key_scan_next(&scan->rows))
		return false;
	range_times(slot_getattr(scan->rows.slot, columns[PRICE_DURING], &isnull),
				&row->start, &row->end);
	row->price = slot_getattr(scan->rows.slot, columns[PRICE_PRICE], &isnull);
	return row->start <= scan->to;
}

void
price_scan_end(PriceScan *scan)
{
	key_scan_end(&scan->rows);
}

/*
 * price_check checks a row of arbiter_price before it is written; returns its
 * range as ranges are stored, and whether that is another.
 *
 * Errors: RV003.  What a price may be is a CHECK of the table (23514).
 */
Datum
price_check(TupleTableSlot *row, bool *changed)
{
	const AttrNumber *columns = arbiter_relations()->price_column;
	bool		isnull;
	Datum		range = slot_getattr(row, columns[PRICE_DURING], &isnull);
	TimestampTz start;
	TimestampTz end;

	*changed = !isnull && half_open_range(range, &start, &end);
	return *changed ? range_datum(start, end) : range;
}

static Datum
numeric_of(int64 number)
{
	return NumericGetDatum(int64_to_numeric(number));
}

static Datum
numeric_literal(const char *literal)
{
	return DirectFunctionCall3(numeric_in, CStringGetDatum(literal),
							   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

/*
 * Money of unit-microseconds times a price per unit-hour.
 *
 * The quotient has as many digits as it takes to tell on which side of half a
 * millionth it is: what is divided has 6 digits after the point, so it is half a
 * millionth exactly, or off by at least 1e-6 / 3.6e9.
 */
static Datum
money(Datum unit_microseconds)
{
	Datum		precise = DirectFunctionCall2(numeric_mul, unit_microseconds,
											  numeric_literal("1.00000000000000000000"));
	Datum		cost = DirectFunctionCall2(numeric_div, precise,
										   numeric_of(INT64CONST(3600) * USECS_PER_SEC));
	int32		digits;

	cost = DirectFunctionCall2(numeric_round, cost, Int32GetDatum(COST_DIGITS_MAX));
	cost = DirectFunctionCall1(numeric_trim_scale, cost);
	digits = DatumGetInt32(DirectFunctionCall1(numeric_scale, cost));
	return DirectFunctionCall2(numeric_round, cost,
							   Int32GetDatum(Max(digits, COST_DIGITS_MIN)));
}

/*
 * price_cost returns what an amount costs over [start, end), a numeric; infinity
 * where a price has no end and the range has none.
 *
 * Takes AccessShareLock on the table.
 */
Datum
price_cost(int32 resource_id, TimestampTz start, TimestampTz end, int64 amount,
		   Snapshot snapshot)
{
	Datum		zero = numeric_of(0);
	Datum		sum = zero;
	bool		infinite = false;
	PriceScan	scan;
	PriceRow	row;

	if (start >= end || amount == 0)
		return money(zero);
	price_scan_begin(&scan, resource_id, start, end, snapshot);
	while (price_scan_next(&scan, &row))
	{
		TimestampTz from = Max(row.start, start);
		TimestampTz to = Min(row.end, end);
		Datum		microseconds;

		if (from >= to ||
			DatumGetBool(DirectFunctionCall2(numeric_eq, row.price, zero)))
			continue;
		if (TIMESTAMP_IS_NOBEGIN(from) || TIMESTAMP_IS_NOEND(to))
		{
			infinite = true;
			break;
		}
		/* the longest time there is does not fit a bigint */
		microseconds = DirectFunctionCall2(numeric_sub, numeric_of(to), numeric_of(from));
		sum = DirectFunctionCall2(numeric_add, sum,
								  DirectFunctionCall2(numeric_mul, row.price, microseconds));
	}
	price_scan_end(&scan);
	if (infinite)
		return numeric_literal("Infinity");
	return money(DirectFunctionCall2(numeric_mul, sum, numeric_of(amount)));
}
