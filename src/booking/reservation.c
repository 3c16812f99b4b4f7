/*-------------------------------------------------------------------------
 *
 * reservation.c
 *	  Rows of the public table arbiter_reservation.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/reservation.h"

#include "support/arguments.h"
#include "support/relations.h"
#include "timeline/base_rows.h"
#include "utils/builtins.h"

static Datum
column(TupleTableSlot *row, ReservationColumn which, bool *isnull)
{
	return slot_getattr(row, arbiter_relations()->reservation_column[which], isnull);
}

/*
 * reservation_read tells what a row takes; false if it takes nothing.
 *
 * The row is one that is stored, or about to be, so its range is normalised
 * unless a trigger interfered: then this raises what normalise_range() does.
 */
bool
reservation_read(TupleTableSlot *row, ReservationTake *take)
{
	Datum		during;
	Datum		status;
	bool		null[4];

	take->resource_id = DatumGetInt32(column(row, RESERVATION_RESOURCE_ID, &null[0]));
	take->amount = DatumGetInt64(column(row, RESERVATION_AMOUNT, &null[1]));
	during = column(row, RESERVATION_DURING, &null[2]);
	status = column(row, RESERVATION_STATUS, &null[3]);
	take->active = false;
	if (null[0] || null[1] || null[2] || null[3])
		return false;			/* somebody dropped a NOT NULL */
	range_times(during, &take->start, &take->end);
	take->active = status_is_active(status);
	return take->active && take->start < take->end;
}

/*
 * reservation_check checks a row before it is written; returns its range in
 * the form in which ranges are stored, and whether that is another.
 *
 * What is NULL is left to the NOT NULL constraints.  RV003, RV005, 22023, and
 * 23514 for a status that does not exist.
 */
Datum
reservation_check(TupleTableSlot *row, bool *changed)
{
	bool		isnull;
	Datum		value;
	Datum		range;
	TimestampTz start;
	TimestampTz end;

	*changed = false;
	range = column(row, RESERVATION_DURING, &isnull);
	if (!isnull && normalise_range(range, &start, &end))
	{
		*changed = true;
		range = range_datum(start, end);
	}

	value = column(row, RESERVATION_AMOUNT, &isnull);
	if (!isnull)
		check_amount(DatumGetInt64(value));

	value = column(row, RESERVATION_STATUS, &isnull);
	if (!isnull && !status_is_active(value))
	{
		char	   *status = TextDatumGetCString(value);

		if (strcmp(status, "cancelled") != 0 && strcmp(status, "expired") != 0)
			ereport(ERROR,
					(errcode(ERRCODE_CHECK_VIOLATION),
					 errmsg("invalid status \"%s\"", status),
					 errhint("A reservation is held, confirmed, cancelled or expired.")));
	}
	return range;
}

/*
 * reservation_settle reads what users' BEFORE ROW triggers left in a row that
 * a function is about to write: that is what is decided on.
 *
 * Returns as reservation_read().
 */
bool
reservation_settle(RowWriter *writer, ReservationTake *take)
{
	bool		changed;
	Datum		range = reservation_check(writer->slot, &changed);

	if (changed)
	{
		row_writer_copy_row(writer, writer->slot);
		row_writer_set(writer,
					   arbiter_relations()->reservation_column[RESERVATION_DURING],
					   range, false);
	}
	return reservation_read(writer->slot, take);
}

/*
 * reservation_add adds what a row takes, or gives back, to a net change.
 */
void
reservation_add(NetChange *net, const ReservationTake *take, bool taken)
{
	net_change_add(net, take->resource_id, take->start, take->end,
				   taken ? -take->amount : take->amount);
}
