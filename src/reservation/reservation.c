/*-------------------------------------------------------------------------
 *
 * reservation.c
 *	  Rows of the public table arbiter_reservation.
 *
 *-------------------------------------------------------------------------
 */
#include "reservation/reservation.h"

#include "charge/quota.h"
#include "support/arguments.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "timeline/base_rows.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

static Datum
column(TupleTableSlot *row, ReservationColumn which, bool *isnull)
{
	return slot_getattr(row, arbiter_relations()->reservation_column[which], isnull);
}

/*
 * reservation_range returns the public range of a row; an empty one where
 * somebody dropped the NOT NULL and it has none.
 */
void
reservation_range(TupleTableSlot *row, TimestampTz *start, TimestampTz *end)
{
	bool		isnull;
	Datum		during = column(row, RESERVATION_DURING, &isnull);

	*start = *end = 0;
	if (!isnull)
		range_times(during, start, end);
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
	Datum		status;
	bool		null[5];

	take->user_id = NULL;
	take->resource_id = DatumGetInt32(column(row, RESERVATION_RESOURCE_ID, &null[0]));
	take->amount = DatumGetInt64(column(row, RESERVATION_AMOUNT, &null[1]));
	take->tryout = DatumGetBool(column(row, RESERVATION_TRYOUT, &null[2]));
	status = column(row, RESERVATION_STATUS, &null[3]);
	take->active = false;
	if (null[0] || null[1] || null[2] || null[3] ||
		!occupied_times(row, &take->start, &take->end))
		return false;			/* somebody dropped a NOT NULL */
	take->active = status_is_active(status);
	/* ids below zero are quotas: an orphan that was stored so takes nothing */
	if (timeline_is_of_quota(take->resource_id))
		take->active = false;
	if (!take->active || take->start >= take->end)
		return false;
	if (quotas_exist())
	{
		Datum		user = column(row, RESERVATION_USER_ID, &null[4]);

		reservation_range(row, &take->own_start, &take->own_end);
		if (!null[4])
			take->user_id = TextDatumGetCString(user);
	}
	return true;
}

/*
 * reservation_check_occupied checks what a row occupies (22023): only a restore,
 * or a trigger, can bring another range than ours.
 */
void
reservation_check_occupied(TupleTableSlot *row)
{
	bool		isnull;
	Datum		occupied = column(row, RESERVATION_OCCUPIED, &isnull);
	TimestampTz start;
	TimestampTz end;
	TimestampTz occupied_start;
	TimestampTz occupied_end;

	if (isnull)
		return;
	reservation_range(row, &start, &end);
	if (normalise_range(occupied, &occupied_start, &occupied_end) ||
		occupied_start > start || occupied_end < end ||
		occupied_start < start - BUFFER_MAX ||
		(occupied_end != end && occupied_end > end + BUFFER_MAX))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid range in column \"occupied\" of a reservation"),
				 errdetail("It must hold the reservation's own range, and up to %d days before and after it.",
						   (int) (BUFFER_MAX / USECS_PER_DAY)),
				 errhint("Leave the column out: it is computed from setup_time and cleanup_time of the resource.")));
}

/*
 * reservation_check checks a row before it is written; returns its range in
 * the form in which ranges are stored, and whether that is another.
 *
 * What it occupies is not looked at: that follows from the rest.  What is NULL
 * is left to the NOT NULL constraints.  RV003, RV005, 22023, and
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
 * reservation_occupied returns what a reservation over [start, end) occupies of
 * a resource, or NULL if that is the same.
 */
Datum
reservation_occupied(const Resource *resource, TimestampTz start,
					 TimestampTz end, bool *isnull)
{
	*isnull = resource->setup_time == 0 && resource->cleanup_time == 0;
	if (*isnull)
		return (Datum) 0;
	resource_occupied(resource, &start, &end);
	return range_datum(start, end);
}

/*
 * Does a row stay what it was, as far as what it occupies goes?  One that takes
 * nothing, or moves, is given the present options of its resource.
 */
static bool
stays(TupleTableSlot *old, int32 resource_id, TimestampTz start, TimestampTz end)
{
	ReservationTake take;
	TimestampTz old_start;
	TimestampTz old_end;

	if (old == NULL || !reservation_read(old, &take) ||
		take.resource_id != resource_id)
		return false;
	reservation_range(old, &old_start, &old_end);
	return old_start == start && old_end == end;
}

/*
 * reservation_check_null refuses a row without what a reservation must have:
 * somebody may have dropped a NOT NULL (23502).
 */
void
reservation_check_null(TupleTableSlot *row)
{
	static const ReservationColumn needed[] = {
		RESERVATION_ID, RESERVATION_PART, RESERVATION_RESOURCE_ID,
		RESERVATION_DURING, RESERVATION_AMOUNT, RESERVATION_USER_ID,
		RESERVATION_STATUS, RESERVATION_TRYOUT
	};
	bool		isnull;

	for (int i = 0; i < lengthof(needed); i++)
	{
		(void) column(row, needed[i], &isnull);
		if (isnull)
			ereport(ERROR,
					(errcode(ERRCODE_NOT_NULL_VIOLATION),
					 errmsg("null value in column %d of a reservation",
							arbiter_relations()->reservation_column[needed[i]]),
					 errdetail("A BEFORE ROW trigger left it null, or the row was stored so."),
					 errhint("Give the columns of arbiter_reservation their NOT NULL again.")));
	}
}

/*
 * reservation_check_aligned refuses a range that is not aligned to the
 * granularity of its resource.  Of a row that has been there, old, what has not
 * moved is left alone: the granularity may be another one now.
 */
void
reservation_check_aligned(const Resource *resource, TupleTableSlot *old,
						  TimestampTz start, TimestampTz end)
{
	ReservationTake take;

	if (old != NULL && reservation_read(old, &take) &&
		take.resource_id == resource->id)
	{
		TimestampTz old_start;
		TimestampTz old_end;

		reservation_range(old, &old_start, &old_end);
		if (old_start == start)
			start = GRANULARITY_ORIGIN;
		if (old_end == end)
			end = GRANULARITY_ORIGIN;
	}
	check_aligned(start, end, resource->granularity, resource->name);
}

/*
 * reservation_settle reads what a function, and users' BEFORE ROW triggers, left
 * in a row that is about to be written: that is what is decided on.  Of the
 * range, it makes what is occupied.
 *
 * old is the row that is to be replaced, NULL if none.  The resource is looked
 * up if it is not known or another one; not for a row that takes nothing and
 * stays where it was.
 *
 * Returns as reservation_read().
 */
bool
reservation_settle(RowWriter *writer, Resource *resource, TupleTableSlot *old,
				   ReservationTake *take)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;
	bool		changed;
	bool		isnull;
	bool		had_null;
	Datum		range = reservation_check(writer->slot, &changed);
	Datum		had = column(writer->slot, RESERVATION_OCCUPIED, &had_null);
	Datum		occupied;
	TimestampTz start;
	TimestampTz end;
	bool		same;

	reservation_check_null(writer->slot);
	range_times(range, &start, &end);
	take->resource_id = DatumGetInt32(column(writer->slot, RESERVATION_RESOURCE_ID, &isnull));
	same = stays(old, take->resource_id, start, end);
	if ((resource->name == NULL || take->resource_id != resource->id) &&
		(!same || status_is_active(column(writer->slot, RESERVATION_STATUS, &isnull))))
	{
		Snapshot	snapshot = decision_snapshot();

		if (!resource_find_by_id(take->resource_id, snapshot, resource))
			resource_unknown_id_error(take->resource_id);
		UnregisterSnapshot(snapshot);
	}

	if (same)
		occupied = column(old, RESERVATION_OCCUPIED, &isnull);
	else
		occupied = reservation_occupied(resource, start, end, &isnull);
	if (changed || isnull != had_null ||
		(!isnull && !datumIsEqual(had, occupied, false, -1)))
	{
		row_writer_copy_row(writer, writer->slot);
		row_writer_set(writer, columns[RESERVATION_DURING], range, false);
		row_writer_set(writer, columns[RESERVATION_OCCUPIED], occupied, isnull);
	}
	/* where parts of a new share begin and end in between is not for choice */
	if (reservation_read(writer->slot, take) && !same &&
		(old != NULL || slot_attisnull(writer->slot, columns[RESERVATION_SHARE])))
		reservation_check_aligned(resource, old, start, end);
	return take->active;
}

/*
 * reservation_set_occupied gives a row that is about to be written another range
 * that it occupies.
 */
void
reservation_set_occupied(RowWriter *writer, TupleTableSlot **row,
						 const ReservationTake *take)
{
	AttrNumber	column = arbiter_relations()->reservation_column[RESERVATION_OCCUPIED];
	TimestampTz start;
	TimestampTz end;
	bool		same;

	reservation_range(*row, &start, &end);
	same = take->start == start && take->end == end;
	row_writer_copy_row(writer, *row);
	row_writer_set(writer, column,
				   same ? (Datum) 0 : range_datum(take->start, take->end), same);
	*row = writer->slot;
}

/*
 * reservation_share_gap lets two rows of one reservation that are about to be
 * written, and in which setup and cleanup time overlap, take the gap between them
 * once: the earlier one cleans up until the later one starts at the latest, and
 * the later one is set up after that.
 *
 * Rows of different resources, or that overlap themselves, are left alone.
 */
void
reservation_share_gap(RowWriter *writer, TupleTableSlot **before,
					  ReservationTake *earlier, TupleTableSlot **after,
					  ReservationTake *later)
{
	TimestampTz start;
	TimestampTz end;
	TimestampTz ignored;

	if (!earlier->active || !later->active ||
		earlier->resource_id != later->resource_id ||
		earlier->end <= later->start)
		return;
	reservation_range(*before, &ignored, &end);
	reservation_range(*after, &start, &ignored);
	if (end > start)
		return;
	if (earlier->end > start)
	{
		earlier->end = start;
		reservation_set_occupied(writer, before, earlier);
	}
	if (later->start < earlier->end)
	{
		later->start = earlier->end;
		reservation_set_occupied(writer, after, later);
	}
}

/*
 * series_is_booked tells whether there is any reservation of a series, whatever
 * its status.
 */
bool
series_is_booked(int64 series_id, Snapshot snapshot)
{
	const ArbiterRelations *relations = arbiter_relations();
	KeyScan		scan;
	ScanKeyData key;
	bool		any;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(series_id));
	key_scan_begin(&scan, relations->reservation, &relations->reservation_series_idx,
				   snapshot, &key, 1);
	any = key_scan_next(&scan);
	key_scan_end(&scan);
	return any;
}
