/*-------------------------------------------------------------------------
 *
 * schedule.c
 *	  The declared schedule of a resource, in memory.
 *
 * Whoever changes a schedule reads the rows there are, under the resource lock,
 * makes the new one in memory, and has the rows that differ replaced.
 *
 *-------------------------------------------------------------------------
 */
#include "capacity/schedule.h"

#include "access/xact.h"
#include "capacity/capacity.h"
#include "capacity/children.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/row_writer.h"
#include "timeline/base_rows.h"
#include "timeline/in_flight.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

/*
 * schedule_add adds a step after those there are.
 */
void
schedule_add(Schedule *schedule, TimestampTz start, TimestampTz end,
			 int64 amount)
{
	if (start >= end)
		return;
	/* equal neighbours are one step */
	if (schedule->nsteps > 0 &&
		schedule->steps[schedule->nsteps - 1].end == start &&
		schedule->steps[schedule->nsteps - 1].delta == amount)
	{
		schedule->steps[schedule->nsteps - 1].end = end;
		return;
	}
	if (schedule->nsteps == schedule->room)
	{
		schedule->room = Max(16, 2 * schedule->room);
		if (schedule->steps == NULL)
			schedule->steps = palloc(sizeof(Segment) * schedule->room);
		else
			schedule->steps = repalloc_huge(schedule->steps,
											sizeof(Segment) * schedule->room);
	}
	schedule->steps[schedule->nsteps++] = (Segment) {.start = start,.end = end,.delta = amount};
}

/*
 * schedule_read_rows reads rows of a table that have a resource, a range and a
 * number, with an index on the first two.
 */
void
schedule_read_rows(Oid relid, const Oid *index, AttrNumber during_column,
				   AttrNumber number_column, int32 resource_id,
				   Schedule *schedule)
{
	Snapshot	snapshot;
	KeyScan		scan;
	ScanKeyData key;

	memset(schedule, 0, sizeof(Schedule));
	snapshot = latest_snapshot();
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(resource_id));
	key_scan_begin(&scan, relid, index, snapshot, &key, 1);
	while (key_scan_next(&scan))
	{
		bool		isnull;
		Segment    *step;

		if (schedule->nsteps == schedule->room)
		{
			schedule->room = Max(16, 2 * schedule->room);
			if (schedule->steps == NULL)
			{
				schedule->steps = palloc(sizeof(Segment) * schedule->room);
				schedule->tids = palloc(sizeof(ItemPointerData) * schedule->room);
			}
			else
			{
				schedule->steps = repalloc_huge(schedule->steps, sizeof(Segment) * schedule->room);
				schedule->tids = repalloc_huge(schedule->tids, sizeof(ItemPointerData) * schedule->room);
			}
		}
		step = &schedule->steps[schedule->nsteps];
		range_times(slot_getattr(scan.slot, during_column, &isnull),
					&step->start, &step->end);
		step->delta = DatumGetInt64(slot_getattr(scan.slot, number_column, &isnull));
		schedule->tids[schedule->nsteps++] = scan.slot->tts_tid;
	}
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
}

/*
 * schedule_read reads the declared schedule of a resource, which the caller has
 * locked.
 */
void
schedule_read(int32 resource_id, Schedule *schedule)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->capacity_column;

	schedule_read_rows(relations->capacity, &relations->capacity_start_idx,
					   columns[CAPACITY_DURING], columns[CAPACITY_AMOUNT],
					   resource_id, schedule);
}

static bool
same_step(const Segment *a, const Segment *b)
{
	return a->start == b->start && a->end == b->end && a->delta == b->delta;
}

/*
 * schedule_equals tells whether two schedules have the same steps.
 */
bool
schedule_equals(const Schedule *a, const Schedule *b)
{
	if (a->nsteps != b->nsteps)
		return false;
	for (int i = 0; i < a->nsteps; i++)
	{
		if (!same_step(&a->steps[i], &b->steps[i]))
			return false;
	}
	return true;
}

static bool
has_step(const Schedule *schedule, const Segment *step)
{
	int			low = 0;
	int			high = schedule->nsteps - 1;

	while (low <= high)
	{
		int			middle = (low + high) / 2;

		if (same_step(&schedule->steps[middle], step))
			return true;
		if (schedule->steps[middle].start < step->start)
			low = middle + 1;
		else
			high = middle - 1;
	}
	return false;
}

/*
 * schedule_replace replaces the rows of the old schedule of a resource, which
 * the caller has locked by capacity_lock(), by those of the new one; rows that are
 * in both stay.  Shares, and resources whose capacity they are, follow.
 *
 * Errors: RV011 reservations would be uncovered (not with force), 40001.
 */
void
schedule_replace(int32 resource_id, const Schedule *old, const Schedule *new,
				 bool force)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->capacity_column;
	RowWriter	deleter;
	RowWriter	inserter;
	TupleTableSlot **rows = palloc(sizeof(TupleTableSlot *) * Max(new->nsteps, 1));
	int			nrows = 0;
	NetChange	net = {0};
	TimelineChange *changes;
	int			nchanges;
	ShareChange shares = {0};
	Children	children = {0};

	row_writer_open(&deleter, relations->capacity, CMD_DELETE);
	/* what users' row triggers see meanwhile is half changed: no chunk from it */
	in_flight_add(relations->capacity, resource_id, IN_FLIGHT_FUNCTION);
	for (int i = 0; i < old->nsteps; i++)
	{
		if (has_step(new, &old->steps[i]))
			continue;
		net_change_add(&net, resource_id, old->steps[i].start,
					   old->steps[i].end, -old->steps[i].delta);
		row_writer_delete(&deleter, &old->tids[i]);
	}

	row_writer_open(&inserter, relations->capacity, CMD_INSERT);
	for (int i = 0; i < new->nsteps; i++)
	{
		const Segment *step = &new->steps[i];
		Datum		during;
		bool		changed;

		if (has_step(old, step))
			continue;
		row_writer_new_row(&inserter, columns, CAPACITY_NCOLUMNS);
		row_writer_set(&inserter, columns[CAPACITY_RESOURCE_ID],
					   Int32GetDatum(resource_id), false);
		row_writer_set(&inserter, columns[CAPACITY_DURING],
					   range_datum(step->start, step->end), false);
		row_writer_set(&inserter, columns[CAPACITY_AMOUNT],
					   Int64GetDatum(step->delta), false);
		row_writer_before_insert(&inserter);
		during = capacity_check(inserter.slot, &changed);
		if (changed)
		{
			row_writer_copy_row(&inserter, inserter.slot);
			row_writer_set(&inserter, columns[CAPACITY_DURING], during, false);
		}
		capacity_add(&net, inserter.slot, true);
		rows[nrows++] = inserter.slot;
	}

	changes = net_change_finish(&net, &nchanges);
	row_writer_insert_all(&inserter, rows, nrows, NULL);
	CommandCounterIncrement();
	for (int i = 0; i < nchanges; i++)
		shares_follow(&changes[i], force, &shares);
	capacity_apply(changes, nchanges, &shares, force);
	in_flight_done(relations->capacity, IN_FLIGHT_FUNCTION);
	row_writer_close(&inserter);
	row_writer_close(&deleter);
	CommandCounterIncrement();

	if (shares.n > 0)
		children_find(&children, shares.reservation_ids, shares.n);
	children_follow(&children, force);
}
