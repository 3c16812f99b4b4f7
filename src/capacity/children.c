/*-------------------------------------------------------------------------
 *
 * children.c
 *	  Resources whose capacity is a reservation of another one.
 *
 * The row of such a resource, a child, names a reservation and the resource that
 * this is of.  At every instant its declared capacity is what the confirmed
 * parts of that reservation take of that resource there, without setup and
 * cleanup.  Its rows of arbiter_capacity are rows as any other, written here
 * alone.  Whoever changes rows of a reservation
 *
 *	1. has them locked (of new ones: has the lock of reservation_parts_lock());
 *	2. finds the children, with a snapshot taken after that, and locks them
 *	   exclusively, before he changes any chunk;
 *	3. changes the rows, and then has the children follow: what the rows now say
 *	   is made their schedule, by the rules of any change of capacity.
 *
 * INV-1: nobody is missed.  arbiter_sublet() locks the rows of the reservation,
 * and its reservation_parts_lock() exclusively, to the end of its transaction:
 * so a child is seen in step 2 by everybody who changes the reservation after
 * that, and arbiter_sublet() sees what everybody did before.
 *
 * INV-2: a schedule is made from the latest rows.  Step 3 reads them with a
 * fresh snapshot, under the exclusive lock of the child, which is held to the
 * end of the transaction: of two who change parts of one reservation, the later
 * one sees what the earlier one has committed.  Above READ COMMITTED it is 40001
 * if both change one chunk; otherwise it goes on from these rows too.
 *
 * The rows of a reservation also change because it is for a share of a capacity that
 * changes (share_follow.c): who does that has its rows locked, and its children, and
 * theirs, before he changes any chunk (share_lock.c).  The reservations of a child
 * may be for a share too, so step 2 locks what is below, and step 3 goes on there.
 *
 * INV-3: there are no cycles.  A child is made of a reservation that is there,
 * and so of a resource that is there; a resource is never given another parent.
 * So each one is younger than its parent.
 *
 *-------------------------------------------------------------------------
 */
#include "capacity/children.h"

#include "access/genam.h"
#include "access/xact.h"
#include "capacity/schedule.h"
#include "capacity/share_follow.h"
#include "reservation/reservation.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "timeline/base_rows.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

static void
add_child(Children *children, TupleTableSlot *row)
{
	const AttrNumber *columns = arbiter_relations()->resource_column;
	bool		isnull;
	Child	   *child;

	if (children->n == children->room)
	{
		children->room = Max(4, 2 * children->room);
		if (children->children == NULL)
			children->children = palloc(sizeof(Child) * children->room);
		else
			children->children = repalloc_huge(children->children,
											   sizeof(Child) * children->room);
	}
	child = &children->children[children->n++];
	child->resource_id = DatumGetInt32(slot_getattr(row, columns[RESOURCE_ID], &isnull));
	child->reservation_id = DatumGetInt64(slot_getattr(row, columns[RESOURCE_PARENT_RESERVATION_ID], &isnull));
	child->parent_resource_id = DatumGetInt32(slot_getattr(row, columns[RESOURCE_PARENT_RESOURCE_ID], &isnull));
}

static void
begin_scan(KeyScan *scan, Snapshot snapshot, ScanKey key, int nkeys)
{
	key_scan_begin(scan, arbiter_relations()->resource,
				   &arbiter_relations()->resource_parent_key, snapshot, key, nkeys);
}

/*
 * Has there ever been a child, since the index that has only those was made?  Its
 * first block is about the index itself, its entries are in others, and the file
 * never becomes shorter.  That is all that most need to know.
 *
 * The table is locked first, see key_scan_begin().
 */
static bool
any_ever(void)
{
	Relation	index;
	bool		any;

	LockRelationOid(arbiter_relations()->resource, AccessShareLock);
	index = index_open(arbiter_relations()->resource_parent_key, AccessShareLock);
	any = RelationGetNumberOfBlocks(index) > 1;
	index_close(index, NoLock);
	return any;
}

/*
 * children_exist tells whether there is any child at all: one look at an index
 * that has only those.
 */
bool
children_exist(void)
{
	Snapshot	snapshot;
	KeyScan		scan;
	bool		found;

	if (!any_ever())
		return false;
	snapshot = latest_snapshot();
	begin_scan(&scan, snapshot, NULL, 0);
	found = key_scan_next(&scan);
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
	return found;
}

/*
 * children_find adds the children of reservations, which may be given twice if
 * next to each other.  The rows of the reservations are locked, see above.
 */
void
children_find(Children *children, const int64 *reservation_ids, int n)
{
	Snapshot	snapshot;

	if (n > 1 ? !children_exist() : !any_ever())
		return;
	snapshot = latest_snapshot();
	for (int i = 0; i < n; i++)
	{
		KeyScan		scan;
		ScanKeyData key;

		if (i > 0 && reservation_ids[i] == reservation_ids[i - 1])
			continue;
		ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ,
					Int64GetDatum(reservation_ids[i]));
		begin_scan(&scan, snapshot, &key, 1);
		while (key_scan_next(&scan))
			add_child(children, scan.slot);
		key_scan_end(&scan);
	}
	UnregisterSnapshot(snapshot);
}

/*
 * children_find_of_resource adds the children of all reservations of a resource.
 */
void
children_find_of_resource(Children *children, int32 resource_id)
{
	Snapshot	snapshot = latest_snapshot();
	KeyScan		scan;

	begin_scan(&scan, snapshot, NULL, 0);
	while (key_scan_next(&scan))
	{
		add_child(children, scan.slot);
		if (children->children[children->n - 1].parent_resource_id != resource_id)
			children->n--;
	}
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
}

/*
 * children_include tells whether a reservation, in so far as it is of a resource,
 * has a child.
 */
bool
children_include(const Children *children, int64 reservation_id,
				 int32 parent_resource_id)
{
	for (int i = 0; i < children->n; i++)
	{
		const Child *child = &children->children[i];

		if (child->reservation_id == reservation_id &&
			child->parent_resource_id == parent_resource_id)
			return true;
	}
	return false;
}

static int
compare_children(const void *a, const void *b)
{
	int32		left = ((const Child *) a)->resource_id;
	int32		right = ((const Child *) b)->resource_id;

	return (left > right) - (left < right);
}

/*
 * children_lock locks children for a change of their capacity, with all that
 * follows it, and builds those that are not built; one that was dropped meanwhile
 * is left out.
 *
 * Errors: 40001, 27000.  Locks: arbiter_capacity and arbiter_timeline for writing;
 * the children exclusively, ascending by id; what follows them, see
 * capacity_lock().
 */
void
children_lock(Children *children)
{
	int			kept = 0;
	int32	   *ids;

	if (children->n == 0)
		return;
	LockRelationOid(arbiter_relations()->capacity, RowExclusiveLock);
	LockRelationOid(arbiter_relations()->timeline, RowExclusiveLock);
	qsort(children->children, children->n, sizeof(Child), compare_children);
	ids = palloc(sizeof(int32) * children->n);
	for (int i = 0; i < children->n; i++)
		ids[i] = children->children[i].resource_id;
	capacity_lock(ids, children->n, DT_NOBEGIN, DT_NOEND);
	pfree(ids);
	for (int i = 0; i < children->n; i++)
	{
		Child		child = children->children[i];

		if (timeline_ensure_built(child.resource_id))
			children->children[kept++] = child;
	}
	children->n = kept;
}

/*
 * Make the schedule that a child must have, of the rows of its reservation.
 */
static void
make_schedule(const Child *child, Schedule *schedule)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->reservation_column;
	Snapshot	snapshot = latest_snapshot();
	KeyScan		scan;
	ScanKeyData key;
	Size		room = 16;
	int			n = 0;
	StepEvent  *events = palloc(sizeof(StepEvent) * room);
	Segment    *segments;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(child->reservation_id));
	key_scan_begin(&scan, relations->reservation, &relations->reservation_pkey,
				   snapshot, &key, 1);
	while (key_scan_next(&scan))
	{
		ReservationTake take;
		TimestampTz start;
		TimestampTz end;
		bool		isnull;

		if (!reservation_read(scan.slot, &take) ||
			take.resource_id != child->parent_resource_id ||
			status_is_held(slot_getattr(scan.slot, columns[RESERVATION_STATUS], &isnull)))
			continue;
		reservation_range(scan.slot, &start, &end);
		if (start >= end)
			continue;
		if (n + 2 > (int) room)
		{
			room *= 2;
			events = repalloc_huge(events, sizeof(StepEvent) * room);
		}
		events[n++] = (StepEvent) {.instant = start,.delta = take.amount};
		events[n++] = (StepEvent) {.instant = end,.delta = -take.amount};
	}
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);

	segments = palloc_extended(sizeof(Segment) * ((Size) n + 1), MCXT_ALLOC_HUGE);
	n = steps_from_events(events, n, segments);
	if (n < 0)
		amount_overflow_error();
	for (int i = 0; i < n; i++)
	{
		if (segments[i].delta > 0)
			schedule_add(schedule, segments[i].start, segments[i].end,
						 segments[i].delta);
	}
	pfree(events);
	pfree(segments);
}

/*
 * children_follow makes the schedule of each child what its reservation has
 * become; the rows are written.
 *
 * The reservations of a child that are for a share follow, and so their children:
 * who has called children_lock() has all of them locked.
 *
 * Errors: RV011 reservations of a child would be uncovered (not with force);
 * 40001.  Locks: the chunks of the children, by (resource_id, time).
 */
void
children_follow(const Children *children, bool force)
{
	if (children->n == 0)
		return;
	CommandCounterIncrement();
	for (int i = 0; i < children->n; i++)
	{
		Schedule	old;
		Schedule	new = {0};

		schedule_read(children->children[i].resource_id, &old);
		make_schedule(&children->children[i], &new);
		if (!schedule_equals(&old, &new))
			schedule_replace(children->children[i].resource_id, &old, &new, force);
	}
}

/*
 * children_clear_all leaves all children without capacity, after all
 * reservations were deleted and all timelines made unbuilt.
 */
void
children_clear_all(void)
{
	const ArbiterRelations *relations = arbiter_relations();
	Snapshot	snapshot = latest_snapshot();
	Children	children = {0};
	KeyScan		scan;
	RowWriter	deleter;

	begin_scan(&scan, snapshot, NULL, 0);
	while (key_scan_next(&scan))
		add_child(&children, scan.slot);
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
	if (children.n == 0)
		return;

	row_writer_open(&deleter, relations->capacity, CMD_DELETE);
	for (int i = 0; i < children.n; i++)
	{
		Schedule	schedule;

		schedule_read(children.children[i].resource_id, &schedule);
		for (int j = 0; j < schedule.nsteps; j++)
			row_writer_delete(&deleter, &schedule.tids[j]);
	}
	row_writer_close(&deleter);
	CommandCounterIncrement();
}

/*
 * child_capacity_error refuses who would declare the capacity of a child.
 */
void
child_capacity_error(const Resource *child)
{
	Snapshot	snapshot = latest_snapshot();
	Resource	parent;
	bool		found = resource_find_by_id(child->parent_resource_id, snapshot, &parent);

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("capacity of resource \"%s\" is a reservation", child->name),
			 found ?
			 errdetail("It is what reservation " INT64_FORMAT " takes of resource \"%s\".",
					   child->parent_reservation_id, parent.name) :
			 errdetail("It was what reservation " INT64_FORMAT " took of a resource that was dropped.",
					   child->parent_reservation_id),
			 errhint("Change that reservation, and the capacity follows. arbiter_drop_resource(%s) ends the sublet.",
					 quote_literal_cstr(child->name))));
}
