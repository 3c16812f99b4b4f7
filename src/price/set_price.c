/*-------------------------------------------------------------------------
 *
 * set_price.c
 *	  Declare what a unit-hour of a resource costs over a range of time.
 *
 * Rows that cross an end of the range are cut there, and neighbours of the same
 * price are one row.
 *
 * What is left of budgets is derived anew after that, see budget.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "charge/price.h"
#include "price/budget.h"
#include "resource/resource.h"
#include "storage/lmgr.h"
#include "support/arguments.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/row_writer.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(arbiter_set_price);

/* a price per unit-hour has this many digits at most before and after the point */
#define PRICE_DIGITS_BEFORE	12
#define PRICE_DIGITS_AFTER	6

typedef struct StoredPrice
{
	PriceRow	row;
	ItemPointerData tid;
} StoredPrice;

typedef struct StoredPrices
{
	StoredPrice *prices;
	int			n;
} StoredPrices;

static bool
same_price(Datum a, Datum b)
{
	return DatumGetBool(DirectFunctionCall2(numeric_eq, a, b));
}

static void
check_price(Datum price)
{
	Datum		after = DirectFunctionCall2(numeric_round, price,
											Int32GetDatum(PRICE_DIGITS_AFTER));
	Datum		most = DirectFunctionCall2(numeric_power,
										   NumericGetDatum(int64_to_numeric(10)),
										   NumericGetDatum(int64_to_numeric(PRICE_DIGITS_BEFORE)));

	/* not a number is greater than all of them */
	if (DatumGetBool(DirectFunctionCall2(numeric_ge, price, NumericGetDatum(int64_to_numeric(0)))) &&
		DatumGetBool(DirectFunctionCall2(numeric_lt, price, most)) &&
		same_price(price, after))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid price: %s",
					DatumGetCString(DirectFunctionCall1(numeric_out, price))),
			 errdetail("A price per unit-hour is not less than zero, and has at most %d digits before the point and %d after it.",
					   PRICE_DIGITS_BEFORE, PRICE_DIGITS_AFTER),
			 errhint("Pass 0, or NULL to take the price away, where it costs nothing.")));
}

static StoredPrices
read_prices(int32 resource_id, TimestampTz start, TimestampTz end,
			Snapshot snapshot)
{
	StoredPrices found = {0};
	int			room = 16;
	PriceScan	scan;
	PriceRow	row;

	found.prices = palloc(sizeof(StoredPrice) * room);
	price_scan_begin(&scan, resource_id, start, end, snapshot);
	while (price_scan_next(&scan, &row))
	{
		if (found.n == room)
		{
			room *= 2;
			found.prices = repalloc_huge(found.prices, sizeof(StoredPrice) * room);
		}
		row.price = datumCopy(row.price, false, -1);
		found.prices[found.n].row = row;
		found.prices[found.n++].tid = scan.rows.slot->tts_tid;
	}
	price_scan_end(&scan);
	return found;
}

/*
 * Read the prices that are committed now.  Above READ COMMITTED nobody may have
 * changed them since the transaction's snapshot, as for any UPDATE (40001).
 */
static StoredPrices
read_latest_prices(int32 resource_id, TimestampTz start, TimestampTz end)
{
	Snapshot	snapshot = latest_snapshot();
	StoredPrices latest = read_prices(resource_id, start, end, snapshot);

	UnregisterSnapshot(snapshot);
	if (IsolationUsesXactSnapshot())
	{
		StoredPrices seen;
		bool		same;

		snapshot = decision_snapshot();
		seen = read_prices(resource_id, start, end, snapshot);
		UnregisterSnapshot(snapshot);
		same = seen.n == latest.n;
		for (int i = 0; i < latest.n && same; i++)
			same = ItemPointerEquals(&seen.prices[i].tid, &latest.prices[i].tid);
		if (!same)
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("could not serialize access due to concurrent update"),
					 errdetail("The prices of the resource were changed after this transaction's snapshot."),
					 errhint("Retry the transaction.")));
	}
	return latest;
}

static void
insert_price(RowWriter *writer, int32 resource_id, const PriceRow *row)
{
	const AttrNumber *columns = arbiter_relations()->price_column;
	Datum		during;
	bool		changed;

	row_writer_new_row(writer, columns, PRICE_NCOLUMNS);
	row_writer_set(writer, columns[PRICE_RESOURCE_ID],
				   Int32GetDatum(resource_id), false);
	row_writer_set(writer, columns[PRICE_DURING],
				   range_datum(row->start, row->end), false);
	row_writer_set(writer, columns[PRICE_PRICE], row->price, false);
	row_writer_before_insert(writer);
	during = price_check(writer->slot, &changed);
	if (changed)
	{
		row_writer_copy_row(writer, writer->slot);
		row_writer_set(writer, columns[PRICE_DURING], during, false);
	}
	row_writer_insert(writer);
}

/*
 * Replace the prices of a range by one, or by none; false if that is what they
 * are.  The caller has locked the resource exclusively.
 */
static bool
replace_prices(int32 resource_id, bool declare, PriceRow new)
{
	Oid			relid = arbiter_relations()->price;
	TimestampTz start = new.start;
	TimestampTz end = new.end;
	StoredPrices old = read_latest_prices(resource_id, start, end);
	PriceRow   *rows = palloc(sizeof(PriceRow) * (2 * (Size) old.n + 1));
	bool	   *goes = palloc0(sizeof(bool) * Max(old.n, 1));
	int			nrows = 0;
	RowWriter	writer;

	for (int i = 0; i < old.n; i++)
	{
		PriceRow   *row = &old.prices[i].row;

		if (declare && same_price(row->price, new.price))
		{
			if (row->start <= start && row->end >= end)
				return false;	/* it says so already */
			new.start = Min(new.start, row->start);
			new.end = Max(new.end, row->end);
			goes[i] = true;
		}
		else if (row->start < end && row->end > start)
		{
			if (row->start < start)
				rows[nrows++] = (PriceRow) {row->start, start, row->price};
			if (row->end > end)
				rows[nrows++] = (PriceRow) {end, row->end, row->price};
			goes[i] = true;
		}
	}
	if (declare)
		rows[nrows++] = new;

	row_writer_open(&writer, relid, CMD_DELETE);
	for (int i = 0; i < old.n; i++)
	{
		if (goes[i])
			row_writer_delete(&writer, &old.prices[i].tid);
	}
	row_writer_close(&writer);
	row_writer_open(&writer, relid, CMD_INSERT);
	for (int i = 0; i < nrows; i++)
		insert_price(&writer, resource_id, &rows[i]);
	row_writer_close(&writer);
	CommandCounterIncrement();
	return true;
}

/*
 * arbiter_set_price(resource text, price numeric, start_time timestamptz,
 *					 end_time timestamptz) -> void
 *
 * Declares what one unit costs per hour over exactly [start_time, end_time),
 * which may be infinite on both sides; price NULL takes the price away, and it
 * costs nothing there.
 *
 * Errors: 22004, RV003, 22023 price, 42704, 25006, 40001; 55006 there are budgets,
 * and the statement reserves; 23514, 55000, 27000 what a user's trigger made of a
 * row.  Locks: the resource exclusively; where there are budgets,
 * ShareRowExclusiveLock on arbiter_reservation, and every chunk of a budget.
 * Volatile and parallel unsafe: it writes.
 */
Datum
arbiter_set_price(PG_FUNCTION_ARGS)
{
	PriceRow	new = {0};
	bool		declare = !PG_ARGISNULL(1);
	char	   *name;
	Snapshot	snapshot;
	Resource	resource;
	bool		exists;

	new.start = argument_time(fcinfo, 2, "start_time", TIME_TIMESTAMPTZ);
	new.end = argument_time(fcinfo, 3, "end_time", TIME_TIMESTAMPTZ);
	if (!TIMESTAMP_IS_NOBEGIN(new.start) || new.end <= new.start)
		check_time_range(new.start, new.end);
	if (declare)
	{
		new.price = PG_GETARG_DATUM(1);
		check_price(new.price);
	}
	name = argument_text(fcinfo, 0, "resource");

	require_writable("arbiter_set_price()");
	prices_may_change();
	LockRelationOid(arbiter_relations()->price, RowExclusiveLock);
	/* from here on there is no first budget */
	prices_may_change();
	snapshot = decision_snapshot();
	resource_get(name, snapshot, &resource);
	UnregisterSnapshot(snapshot);
	resource_lock_exclusive(resource.id);
	/* it may have been dropped while we waited */
	snapshot = latest_snapshot();
	exists = resource_find_by_id(resource.id, snapshot, &resource);
	UnregisterSnapshot(snapshot);
	if (!exists)
		resource_vanished_error(name);

	if (replace_prices(resource.id, declare, new))
		prices_changed();
	PG_RETURN_VOID();
}
