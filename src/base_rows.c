/*-------------------------------------------------------------------------
 *
 * base_rows.c
 *	  Read what the timeline is derived from: declared capacity and
 *	  reservations.
 *
 * By direct table access, because the caller of a public function needs no
 * privilege on the tables.
 *
 *-------------------------------------------------------------------------
 */
#include "base_rows.h"

#include "access/table.h"
#include "access/tableam.h"
#include "compat.h"
#include "relations.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"

/*
 * status_is_active tells whether a row of this status takes capacity.
 */
bool
status_is_active(Datum status)
{
	text	   *value = DatumGetTextPP(status);
	int			length = VARSIZE_ANY_EXHDR(value);
	const char *data = VARDATA_ANY(value);

	return (length == 9 && memcmp(data, "confirmed", 9) == 0) ||
		(length == 4 && memcmp(data, "held", 4) == 0);
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
	scan->rel = table_open(relations->reservation, AccessShareLock);
	scan->index = index_open(relations->reservation_start_idx, AccessShareLock);
	scan->slot = table_slot_create(scan->rel, NULL);
	scan->scan = arbiter_index_beginscan(scan->rel, scan->index, snapshot, 2);
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(resource_id));
	ScanKeyInit(&keys[1], 2, BTLessStrategyNumber, F_TIMESTAMPTZ_LT,
				TimestampTzGetDatum(to));
	index_rescan(scan->scan, keys, 2, NULL, 0);
}

bool
reservation_scan_next(ReservationScan *scan, ReservationRow *row)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;
	TupleTableSlot *slot = scan->slot;
	bool		isnull;

	while (index_getnext_slot(scan->scan, ForwardScanDirection, slot))
	{
		range_times(slot_getattr(slot, columns[RESERVATION_DURING], &isnull),
					&row->start, &row->end);
		if (row->end <= scan->from || row->start >= row->end)
			continue;
		row->reservation_id =
			DatumGetInt64(slot_getattr(slot, columns[RESERVATION_ID], &isnull));
		row->amount =
			DatumGetInt64(slot_getattr(slot, columns[RESERVATION_AMOUNT], &isnull));
		row->active =
			status_is_active(slot_getattr(slot, columns[RESERVATION_STATUS], &isnull));
		return true;
	}
	return false;
}

void
reservation_scan_end(ReservationScan *scan)
{
	index_endscan(scan->scan);
	ExecDropSingleTupleTableSlot(scan->slot);
	index_close(scan->index, NoLock);
	table_close(scan->rel, NoLock);
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
	StepEvent  *events = palloc(sizeof(StepEvent) * room);
	Segment    *segments;

	reservation_scan_begin(&scan, resource_id, from, to, snapshot);
	while (reservation_scan_next(&scan, &row))
	{
		if (!row.active)
			continue;
		if (n + 2 > room)
		{
			room *= 2;
			events = repalloc_huge(events, sizeof(StepEvent) * room);
		}
		events[n].instant = row.start;
		events[n++].delta = -row.amount;
		events[n].instant = row.end;
		events[n++].delta = row.amount;
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
 * capacity_segments returns the declared schedule of a resource over
 * [from, to), ascending, one segment per row and clipped to that range.
 */
Segment *
capacity_segments(int32 resource_id, TimestampTz from, TimestampTz to,
				  Snapshot snapshot, int *nsegments)
{
	const ArbiterRelations *relations = arbiter_relations();
	Relation	rel = table_open(relations->capacity, AccessShareLock);
	Relation	index = index_open(relations->capacity_start_idx, AccessShareLock);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	IndexScanDesc scan = arbiter_index_beginscan(rel, index, snapshot, 1);
	ScanKeyData key;
	Size		room = 8;
	int			n = 0;
	Segment    *segments = palloc(sizeof(Segment) * room);

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(resource_id));
	index_rescan(scan, &key, 1, NULL, 0);
	while (index_getnext_slot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;
		TimestampTz start;
		TimestampTz end;

		range_times(slot_getattr(slot, relations->capacity_column[CAPACITY_DURING], &isnull),
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
		segments[n].start = Max(start, from);
		segments[n].end = Min(end, to);
		segments[n].delta =
			DatumGetInt64(slot_getattr(slot, relations->capacity_column[CAPACITY_AMOUNT], &isnull));
		n++;
	}
	index_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
	index_close(index, NoLock);
	table_close(rel, NoLock);
	*nsegments = n;
	return segments;
}

/*
 * capacity_steps returns declared capacity over [from, to) as a step function,
 * 0 where nothing is declared.
 */
Step *
capacity_steps(int32 resource_id, TimestampTz from, TimestampTz to,
			   Snapshot snapshot, int *nsteps)
{
	int			nsegments;
	Segment    *segments = capacity_segments(resource_id, from, to, snapshot,
											 &nsegments);
	Step		zero = {.start = from,.available = 0};
	Step	   *steps = palloc_extended(sizeof(Step) * (2 * (Size) nsegments + 1),
										MCXT_ALLOC_HUGE);

	if (steps_apply(&zero, 1, to, segments, nsegments, false, steps, nsteps,
					NULL) != STEPS_OK)
		amount_overflow_error();
	pfree(segments);
	return steps;
}
