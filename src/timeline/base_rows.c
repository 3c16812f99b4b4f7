/*-------------------------------------------------------------------------
 *
 * base_rows.c
 *	  Read what the timeline is derived from: declared capacity and
 *	  reservations.
 *
 * The timeline of a quota (its id is below zero) is derived from other rows, for
 * which quota_rows.c is asked.
 *
 *-------------------------------------------------------------------------
 */
#include "timeline/base_rows.h"

#include "support/progress.h"
#include "support/relations.h"
#include "timeline/quota_rows.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"

/*
 * status_is_held tells whether a row of this status expires.
 */
bool
status_is_held(Datum status)
{
	text	   *value = DatumGetTextPP(status);

	return VARSIZE_ANY_EXHDR(value) == 4 &&
		memcmp(VARDATA_ANY(value), "held", 4) == 0;
}

/*
 * status_is_active tells whether a row of this status takes capacity.
 */
bool
status_is_active(Datum status)
{
	text	   *value = DatumGetTextPP(status);

	return (VARSIZE_ANY_EXHDR(value) == 9 &&
			memcmp(VARDATA_ANY(value), "confirmed", 9) == 0) ||
		status_is_held(status);
}

/*
 * occupied_times returns what a reservation takes from the timeline: its range,
 * with setup and cleanup.  False if it has none.
 */
bool
occupied_times(TupleTableSlot *row, TimestampTz *start, TimestampTz *end)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;
	bool		isnull;
	Datum		range = slot_getattr(row, columns[RESERVATION_OCCUPIED], &isnull);

	if (isnull)
		range = slot_getattr(row, columns[RESERVATION_DURING], &isnull);
	if (isnull)
		return false;			/* somebody dropped the NOT NULL */
	range_times(range, start, end);
	return true;
}

void
amount_overflow_error(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("sum of amounts is out of range for type bigint"),
			 errhint("Choose a larger unit for the resource.")));
}

/*
 * reservation_scan_begin starts a scan of the reservations, of any status, of
 * a resource that overlap [from, to).
 */
void
reservation_scan_begin(ReservationScan *scan, int32 resource_id,
					   TimestampTz from, TimestampTz to, Snapshot snapshot)
{
	const ArbiterRelations *relations = arbiter_relations();
	ScanKeyData keys[2];

	scan->from = from;
	scan->to = to;
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(resource_id));
	/* the index has starts without setup time */
	if (!TIMESTAMP_NOT_FINITE(to))
		to = Min(to, END_TIMESTAMP - BUFFER_MAX) + BUFFER_MAX;
	ScanKeyInit(&keys[1], 2, BTLessStrategyNumber, F_TIMESTAMPTZ_LT,
				TimestampTzGetDatum(to));
	key_scan_begin(&scan->rows, relations->reservation,
				   &relations->reservation_start_idx, snapshot, keys, 2);
}

bool
reservation_scan_next(ReservationScan *scan, ReservationRow *row)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;
	TupleTableSlot *slot = scan->rows.slot;

	while (key_scan_next(&scan->rows))
	{
		Datum		status;
		bool		null[3];

		status = slot_getattr(slot, columns[RESERVATION_STATUS], &null[0]);
		row->amount =
			DatumGetInt64(slot_getattr(slot, columns[RESERVATION_AMOUNT], &null[1]));
		row->reservation_id =
			DatumGetInt64(slot_getattr(slot, columns[RESERVATION_ID], &null[2]));
		if (null[0] || null[1] || null[2] ||
			!occupied_times(slot, &row->start, &row->end))
			continue;			/* somebody dropped a NOT NULL */
		if (row->end <= scan->from || row->start >= scan->to ||
			row->start >= row->end)
			continue;
		row->active = status_is_active(status);
		row->expires_at = DT_NOEND;
		if (status_is_held(status))
		{
			row->expires_at =
				DatumGetTimestampTz(slot_getattr(slot, columns[RESERVATION_EXPIRES_AT],
												 &null[0]));
			if (null[0])
				row->expires_at = DT_NOEND;
		}
		return true;
	}
	return false;
}

void
reservation_scan_end(ReservationScan *scan)
{
	key_scan_end(&scan->rows);
}

/*
 * expired_hold_events returns what reservations that are still held, but were
 * to expire by an instant, give back over [from, to).
 */
StepEvent *
expired_hold_events(int32 resource_id, TimestampTz clock, TimestampTz from,
					TimestampTz to, Snapshot snapshot, int *nevents)
{
	const ArbiterRelations *relations = arbiter_relations();
	AttrNumber	amount = relations->reservation_column[RESERVATION_AMOUNT];
	KeyScan		scan;
	ScanKeyData keys[2];
	Size		room = 8;
	int			n = 0;
	StepEvent  *events;

	if (timeline_is_of_quota(resource_id))
		return quota_events(quota_timeline_id(resource_id), true, clock, snapshot,
							nevents);
	events = palloc(sizeof(StepEvent) * room);
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(resource_id));
	ScanKeyInit(&keys[1], 2, BTLessEqualStrategyNumber, F_TIMESTAMPTZ_LE,
				TimestampTzGetDatum(clock));
	key_scan_begin(&scan, relations->reservation,
				   &relations->reservation_held_idx, snapshot, keys, 2);
	while (key_scan_next(&scan))
	{
		TimestampTz start;
		TimestampTz end;
		int64		given_back;
		bool		isnull;

		if (!occupied_times(scan.slot, &start, &end) || end <= from ||
			start >= to || start >= end)
			continue;
		given_back = DatumGetInt64(slot_getattr(scan.slot, amount, &isnull));
		if (n + 2 > (int) room)
		{
			room *= 2;
			events = repalloc_huge(events, sizeof(StepEvent) * room);
		}
		events[n++] = (StepEvent) {.instant = start, .delta = given_back};
		events[n++] = (StepEvent) {.instant = end, .delta = -given_back};
	}
	key_scan_end(&scan);
	*nevents = n;
	return events;
}

/*
 * reserved_segments returns, as negative amounts, what active reservations
 * take from a resource over [from, to).
 */
Segment *
reserved_segments(int32 resource_id, TimestampTz from, TimestampTz to,
				  Snapshot snapshot, int *nsegments)
{
	ReservationScan scan;
	ReservationRow row;
	Size		room = 256;
	Size		n = 0;
	StepEvent  *events;
	Segment    *segments;
	Progress	progress;

	if (timeline_is_of_quota(resource_id))
	{
		events = quota_events(quota_timeline_id(resource_id), false, DT_NOEND,
							  snapshot, nsegments);
		segments = MemoryContextAllocHuge(CurrentMemoryContext,
										  sizeof(Segment) * ((Size) *nsegments + 1));
		*nsegments = steps_from_events(events, *nsegments, segments);
		if (*nsegments < 0)
			amount_overflow_error();
		pfree(events);
		return segments;
	}
	events = palloc(sizeof(StepEvent) * room);
	progress_begin(&progress, "reservations read", 0);
	reservation_scan_begin(&scan, resource_id, from, to, snapshot);
	while (reservation_scan_next(&scan, &row))
	{
		progress_step(&progress);
		if (!row.active)
			continue;
		if (n + 2 > room)
		{
			room *= 2;
			events = repalloc_huge(events, sizeof(StepEvent) * room);
		}
		events[n++] = (StepEvent) {.instant = row.start,.delta = -row.amount};
		events[n++] = (StepEvent) {.instant = row.end,.delta = row.amount};
	}
	reservation_scan_end(&scan);

	segments = MemoryContextAllocHuge(CurrentMemoryContext,
									  sizeof(Segment) * (n + 1));
	*nsegments = steps_from_events(events, (int) n, segments);
	if (*nsegments < 0)
		amount_overflow_error();
	pfree(events);
	return segments;
}

/*
 * Read the declared schedule of a resource over [from, to), as
 * capacity_segments() returns it, by a scan that is begun if it is not.
 */
static Segment *
read_capacity(KeyScan *scan, int32 resource_id, TimestampTz from,
			  TimestampTz to, Snapshot snapshot, int *nsegments)
{
	const ArbiterRelations *relations = arbiter_relations();
	ScanKeyData key;
	Size		room = 8;
	int			n = 0;
	Segment    *segments = palloc(sizeof(Segment) * room);

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(resource_id));
	if (scan->scan == NULL)
		key_scan_begin(scan, relations->capacity, &relations->capacity_start_idx,
					   snapshot, &key, 1);
	else
		key_scan_again(scan, &key, 1);
	while (key_scan_next(scan))
	{
		bool		isnull;
		TimestampTz start;
		TimestampTz end;

		range_times(slot_getattr(scan->slot, relations->capacity_column[CAPACITY_DURING], &isnull),
					&start, &end);
		if (start >= to)
			break;
		if (end <= from || start >= end)
			continue;
		if (n >= (int) room)
		{
			room *= 2;
			segments = repalloc_huge(segments, sizeof(Segment) * room);
		}
		segments[n] = (Segment) {
			.start = Max(start, from),
			.end = Min(end, to),
			.delta = DatumGetInt64(slot_getattr(scan->slot,
												relations->capacity_column[CAPACITY_AMOUNT],
												&isnull))
		};
		n++;
	}
	*nsegments = n;
	return segments;
}

/*
 * capacity_segments returns the declared schedule of a resource over
 * [from, to), ascending, one segment per row and clipped to that range.
 */
Segment *
capacity_segments(int32 resource_id, TimestampTz from, TimestampTz to,
				  Snapshot snapshot, int *nsegments)
{
	KeyScan		scan = {0};
	Segment    *segments;

	if (timeline_is_of_quota(resource_id))
		return quota_limit_segments(quota_timeline_id(resource_id), from, to,
									snapshot, nsegments);
	segments = read_capacity(&scan, resource_id, from, to, snapshot, nsegments);
	key_scan_end(&scan);
	return segments;
}

/* rows of a schedule as a step function, 0 where nothing is declared */
static Step *
declared_steps(const Segment *rows, int nrows, TimestampTz from, TimestampTz to,
			   int *nsteps)
{
	StepEvent  *events = palloc_extended(sizeof(StepEvent) * (2 * (Size) nrows + 1),
										 MCXT_ALLOC_HUGE);
	Segment    *segments = palloc_extended(sizeof(Segment) * (2 * (Size) nrows + 1),
										   MCXT_ALLOC_HUGE);
	Step	   *steps = palloc_extended(sizeof(Step) * (4 * (Size) nrows + 1),
										MCXT_ALLOC_HUGE);
	Step		zero = {.start = from,.available = 0};
	int			nsegments;

	/* a sum: with the constraint deferred, rows may overlap for a while */
	for (int i = 0; i < nrows; i++)
	{
		events[2 * i] = (StepEvent) {.instant = rows[i].start, .delta = rows[i].delta};
		events[2 * i + 1] = (StepEvent) {.instant = rows[i].end, .delta = -rows[i].delta};
	}
	nsegments = steps_from_events(events, 2 * nrows, segments);
	if (nsegments < 0 ||
		steps_apply(&zero, 1, to, segments, nsegments, NULL, steps, nsteps,
					NULL) != STEPS_OK)
		amount_overflow_error();
	pfree(events);
	pfree(segments);
	return steps;
}

/*
 * capacity_steps returns declared capacity over [from, to) as a step function,
 * 0 where nothing is declared.
 */
Step *
capacity_steps(int32 resource_id, TimestampTz from, TimestampTz to,
			   Snapshot snapshot, int *nsteps)
{
	int			nrows;
	Segment    *rows = capacity_segments(resource_id, from, to, snapshot, &nrows);
	Step	   *steps = declared_steps(rows, nrows, from, to, nsteps);

	pfree(rows);
	return steps;
}

/*
 * capacity_steps_again does so for one resource after the other, by a scan that
 * the caller keeps, all zero at first, and ends if it has begun.
 */
Step *
capacity_steps_again(KeyScan *scan, int32 resource_id, TimestampTz from,
					 TimestampTz to, Snapshot snapshot, int *nsteps)
{
	int			nrows;
	Segment    *rows;
	Step	   *steps;

	if (timeline_is_of_quota(resource_id))
		return capacity_steps(resource_id, from, to, snapshot, nsteps);
	rows = read_capacity(scan, resource_id, from, to, snapshot, &nrows);
	steps = declared_steps(rows, nrows, from, to, nsteps);
	pfree(rows);
	return steps;
}
