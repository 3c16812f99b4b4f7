/*-------------------------------------------------------------------------
 *
 * change_series.c
 *	  The SQL functions that change a series: this and later ones, or all.
 *
 * Each is one change of many reservations (booking/change.c): their rows are
 * locked in order, and what they give back and take is judged as one.  Occurrences
 * that are cancelled or have expired are left alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/stratnum.h"
#include "booking/change.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "recurrence/recurrence.h"
#include "support/arguments.h"
#include "support/errors.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbiter_cancel_series);
PG_FUNCTION_INFO_V1(arbiter_move_series);
PG_FUNCTION_INFO_V1(arbiter_resize_series);

typedef struct SeriesChange
{
	Change		change;
	int64		series_id;
	text	   *zone;
	Interval   *duration;		/* of an occurrence, as it was asked for */
} SeriesChange;

/*
 * Read what a series is; RV008 if there is none of that id.
 */
static void
read_series(SeriesChange *series, Snapshot snapshot)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->series_column;
	KeyScan		scan;
	ScanKeyData key;
	bool		isnull;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(series->series_id));
	key_scan_begin(&scan, relations->series, &relations->series_pkey, snapshot, &key, 1);
	if (!key_scan_next(&scan))
		ereport(ERROR,
				(errcode(ERRCODE_ARBITER_NOT_FOUND),
				 errmsg("series " INT64_FORMAT " does not exist", series->series_id),
				 errhint("The number is the series_id that arbiter_reserve_series() returned.")));
	series->zone = DatumGetTextPCopy(slot_getattr(scan.slot, columns[SERIES_TZ], &isnull));
	series->duration = palloc(sizeof(Interval));
	*series->duration = *DatumGetIntervalP(slot_getattr(scan.slot, columns[SERIES_DURATION], &isnull));
	key_scan_end(&scan);
}

/*
 * Lock the occurrences of a series from one on; RV008 if there is nothing left of
 * them.
 */
static void
open_series(FunctionCallInfo fcinfo, const char *function, int from_argument,
			int force_argument, SeriesChange *series)
{
	const ArbiterRelations *relations = arbiter_relations();
	AttrNumber	id = relations->reservation_column[RESERVATION_ID];
	int64	   *ids = palloc(sizeof(int64) * 64);
	int			room = 64;
	int			n = 0;
	int32		from;
	bool		any = false;
	Snapshot	snapshot;
	KeyScan		scan;
	ScanKeyData keys[2];

	argument_not_null(fcinfo, 0, "series_id");
	series->series_id = PG_GETARG_INT64(0);
	argument_not_null(fcinfo, from_argument, "from_occurrence");
	from = PG_GETARG_INT32(from_argument);
	argument_not_null(fcinfo, force_argument, "force");

	change_open(&series->change, function);
	series->change.force = PG_GETARG_BOOL(force_argument);
	snapshot = decision_snapshot();
	read_series(series, snapshot);
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(series->series_id));
	ScanKeyInit(&keys[1], 2, BTGreaterEqualStrategyNumber, F_INT4GE,
				Int32GetDatum(from));
	key_scan_begin(&scan, relations->reservation, &relations->reservation_series_idx,
				   snapshot, keys, 2);
	while (key_scan_next(&scan))
	{
		bool		isnull;

		if (n == room)
		{
			room *= 2;
			ids = repalloc_huge(ids, sizeof(int64) * room);
		}
		ids[n++] = DatumGetInt64(slot_getattr(scan.slot, id, &isnull));
	}
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);

	change_lock(&series->change, ids, n);
	for (int i = 0; i < series->change.nparts; i++)
		any |= series->change.parts[i].live;
	if (!any)
		ereport(ERROR,
				(errcode(ERRCODE_ARBITER_NOT_FOUND),
				 errmsg("series " INT64_FORMAT " has no occurrence left from number %d on",
						series->series_id, from),
				 errhint("See its rows in arbiter_reservation: only those that are held or confirmed can be changed.")));
}

/*
 * Write what was changed, and return a row for each occurrence.
 */
static Datum
close_series(FunctionCallInfo fcinfo, SeriesChange *series)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	AttrNumber	occurrence = arbiter_relations()->reservation_column[RESERVATION_OCCURRENCE];
	Change	   *change = &series->change;

	change_write(change);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < change->nparts; i++)
	{
		const ChangePart *part = &change->parts[i];
		Datum		values[4];
		bool		nulls[4] = {false};

		if (!part->live)
			continue;
		values[0] = slot_getattr(part->row, occurrence, &nulls[0]);
		values[1] = Int64GetDatum(part->reservation_id);
		values[2] = TimestampTzGetDatum(part->changed != NULL ? part->new_start : part->start);
		values[3] = TimestampTzGetDatum(part->changed != NULL ? part->new_end : part->end);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	change_close(change);
	return (Datum) 0;
}

/*
 * arbiter_cancel_series(series_id bigint, from_occurrence integer,
 *						 force boolean)
 * -> rows (occurrence integer, reservation_id bigint, start_time timestamptz,
 *			end_time timestamptz)
 *
 * Cancels the occurrences of a series from one on; one row each, in the order of
 * reservation ids.  force is for their children, see children.c.
 *
 * Errors: 22004 NULL; RV008 no such series, or nothing left of it from there on;
 * RV011 reservations of a child would be uncovered (not with force); 25006; 40001 above READ COMMITTED.  Locks: as arbiter_cancel(), for all of
 * them.  Volatile and parallel unsafe: it writes.
 */
Datum
arbiter_cancel_series(PG_FUNCTION_ARGS)
{
	AttrNumber	status = arbiter_relations()->reservation_column[RESERVATION_STATUS];
	SeriesChange series = {0};
	Change	   *change = &series.change;

	open_series(fcinfo, "arbiter_cancel_series()", 1, 2, &series);
	for (int i = 0; i < change->nparts; i++)
	{
		ChangePart *part = &change->parts[i];

		CHECK_FOR_INTERRUPTS();
		if (!part->live)
			continue;
		change_start_row(change, part);
		row_writer_set(&change->writer, status, CStringGetTextDatum("cancelled"), false);
		change_end_row(change, part);
	}
	if (!change_apply(change))
		change_refuse(change, true);
	return close_series(fcinfo, &series);
}

/*
 * Move an occurrence, all its parts from one on; returns the number of the first
 * that is not of it.
 *
 * It keeps what it lasts as the series has it, a day say, however long that is
 * there.  If it was changed by itself, all of it moves by the same time.
 */
static int
move_occurrence(SeriesChange *series, int from, const Interval *shift)
{
	AttrNumber	during = arbiter_relations()->reservation_column[RESERVATION_DURING];
	Change	   *change = &series->change;
	TimestampTz first = DT_NOEND;
	TimestampTz moved;
	int			nlive = 0;
	int			to = from;

	for (; to < change->nparts &&
		 change->parts[to].reservation_id == change->parts[from].reservation_id; to++)
	{
		if (!change->parts[to].live)
			continue;
		nlive++;
		first = Min(first, change->parts[to].start);
	}
	if (nlive == 0)
		return to;
	moved = wall_clock_shift(first, shift, series->zone);
	for (int i = from; i < to; i++)
	{
		ChangePart *part = &change->parts[i];
		TimestampTz start;
		TimestampTz end;

		CHECK_FOR_INTERRUPTS();
		if (!part->live)
			continue;
		start = part->start + (moved - first);
		if (nlive == 1 && part->end == occurrence_end(first, series->duration, series->zone))
			end = occurrence_end(moved, series->duration, series->zone);
		else if (TIMESTAMP_IS_NOEND(part->end))
			end = part->end;
		else
			end = part->end + (moved - first);
		check_time_range(start, end);
		if (start == part->start && end == part->end)
			continue;
		change_start_row(change, part);
		row_writer_set(&change->writer, during, range_datum(start, end), false);
		change_end_row(change, part);
	}
	return to;
}

/*
 * arbiter_move_series(series_id bigint, shift interval, from_occurrence integer,
 *					   force boolean)
 * -> rows as arbiter_cancel_series()
 *
 * Moves the starts of the occurrences of a series from one on, by what clocks show
 * in its time zone: from nine to ten is '1 hour', from Tuesday to Wednesday
 * '1 day'.  Each lasts what the series says; one that was changed by itself, as
 * long as before.  All or nothing; each may use what any of them gives back.
 *
 * Errors: as arbiter_cancel_series(); RV007, RV006, RV002, RV001, 22008 as arbiter_move().
 * Locks: as arbiter_move(), for all of them.  Volatile and parallel unsafe: it
 * writes.
 */
Datum
arbiter_move_series(PG_FUNCTION_ARGS)
{
	SeriesChange series = {0};
	Change	   *change = &series.change;
	Interval   *shift;

	argument_not_null(fcinfo, 0, "series_id");
	argument_not_null(fcinfo, 1, "shift");
	shift = PG_GETARG_INTERVAL_P(1);
	open_series(fcinfo, "arbiter_move_series()", 2, 3, &series);
	for (int i = 0; i < change->nparts;)
		i = move_occurrence(&series, i, shift);
	change_share_gaps(change);
	change_check_lead(change);
	if (!change_apply(change))
		change_refuse(change, true);
	return close_series(fcinfo, &series);
}

/*
 * arbiter_resize_series(series_id bigint, amount bigint,
 *						 from_occurrence integer, force boolean)
 * -> rows as arbiter_cancel_series()
 *
 * Gives the occurrences of a series another amount from one on, all or nothing.
 *
 * Errors: as arbiter_cancel_series(); RV005; RV002, RV001.  Locks: as
 * arbiter_resize(), for all of them.  Volatile and parallel unsafe: it writes.
 */
Datum
arbiter_resize_series(PG_FUNCTION_ARGS)
{
	AttrNumber	column = arbiter_relations()->reservation_column[RESERVATION_AMOUNT];
	SeriesChange series = {0};
	Change	   *change = &series.change;
	int64		amount;

	argument_not_null(fcinfo, 0, "series_id");
	argument_not_null(fcinfo, 1, "amount");
	amount = PG_GETARG_INT64(1);
	check_amount(amount);
	open_series(fcinfo, "arbiter_resize_series()", 2, 3, &series);
	for (int i = 0; i < change->nparts; i++)
	{
		ChangePart *part = &change->parts[i];

		CHECK_FOR_INTERRUPTS();
		if (!part->live || part->take.amount == amount)
			continue;
		change_start_row(change, part);
		row_writer_set(&change->writer, column, Int64GetDatum(amount), false);
		change_end_row(change, part);
	}
	if (!change_apply(change))
		change_refuse(change, true);
	return close_series(fcinfo, &series);
}
