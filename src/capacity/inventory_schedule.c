/*-------------------------------------------------------------------------
 *
 * inventory_schedule.c
 *	  Resources whose capacity follows from how much a provider has.
 *
 * Such a resource, an inventory, has a row in arbiter_inventory and rows in
 * arbiter_inventory_total.  At every instant its declared capacity is what is left
 * of the total, times the allocation ratio, rounded down.  Its rows of
 * arbiter_capacity are rows as any other, written here alone, by the rules of any
 * change of capacity.
 *
 * INV: a schedule is made from the latest rows.  Whoever writes rows of an
 * inventory has its capacity follow after that, and reads them with a fresh
 * snapshot under the exclusive lock of the resource, which is held to the end of
 * the transaction: of two who change rows of one inventory, the later one sees
 * what the earlier one has committed.
 *
 * A resource that this very transaction has made is seen by nobody else, so it is
 * not locked, however many there are of them.
 *
 *-------------------------------------------------------------------------
 */
#include "capacity/inventory_schedule.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "capacity/share_follow.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "support/catalogue_change.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "timeline/base_rows.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"

/*
 * totals_read reads how much there is of an inventory, by time.
 */
void
totals_read(int32 resource_id, Schedule *totals)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->inventory_total_column;

	schedule_read_rows(relations->inventory_total, &relations->inventory_total_pkey,
					   columns[INVENTORY_TOTAL_DURING], columns[INVENTORY_TOTAL_TOTAL],
					   resource_id, totals);
}

/*
 * What may be reserved where there is a total of so much.
 */
static int64
capacity_of(int64 total, int64 reserved, Datum ratio)
{
	Datum		left;
	Datum		capacity;

	if (total <= reserved)
		return 0;
	left = NumericGetDatum(int64_to_numeric(total - reserved));
	capacity = DirectFunctionCall1(numeric_floor,
								   DirectFunctionCall2(numeric_mul, left, ratio));
	if (DatumGetBool(DirectFunctionCall2(numeric_gt, capacity,
										 NumericGetDatum(int64_to_numeric(PG_INT64_MAX)))))
		amount_overflow_error();
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, capacity));
}

/*
 * Make the schedule that an inventory must have.  Without a row of
 * arbiter_inventory it has none.
 */
static void
make_schedule(int32 resource_id, Schedule *schedule)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->inventory_column;
	Snapshot	snapshot = latest_snapshot();
	KeyScan		scan;
	ScanKeyData key;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(resource_id));
	key_scan_begin(&scan, relations->inventory, &relations->inventory_pkey, snapshot,
				   &key, 1);
	if (key_scan_next(&scan))
	{
		bool		isnull;
		int64		reserved = DatumGetInt64(slot_getattr(scan.slot, columns[INVENTORY_RESERVED], &isnull));
		Datum		ratio = slot_getattr(scan.slot, columns[INVENTORY_ALLOCATION_RATIO], &isnull);
		Schedule	totals;

		totals_read(resource_id, &totals);
		for (int i = 0; i < totals.nsteps; i++)
			schedule_add(schedule, totals.steps[i].start, totals.steps[i].end,
						 capacity_of(totals.steps[i].delta, reserved, ratio));
	}
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
}

/*
 * inventory_follow makes the schedule of an inventory what its rows say; they are
 * written, and the resource is built, and locked by capacity_lock() unless it is
 * new.
 *
 * Errors: RV011 reservations would be uncovered (not with force); 22003 the
 * capacity would be too large; 40001.  Locks: the chunks of the resource.
 */
void
inventory_follow(int32 resource_id, bool force)
{
	Schedule	old;
	Schedule	new = {0};

	schedule_read(resource_id, &old);
	make_schedule(resource_id, &new);
	if (!schedule_equals(&old, &new))
		schedule_replace(resource_id, &old, &new, force);
}

typedef enum InventoryState
{
	INVENTORY_NONE,				/* no such resource, or not of a provider */
	INVENTORY_NEW,				/* made by this transaction */
	INVENTORY_KNOWN				/* others may use it */
} InventoryState;

static InventoryState
state_of(int32 resource_id)
{
	const ArbiterRelations *relations = arbiter_relations();
	InventoryState state = INVENTORY_NONE;
	Snapshot	snapshot = latest_snapshot();
	KeyScan		scan;
	ScanKeyData key;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(resource_id));
	key_scan_begin(&scan, relations->resource, &relations->resource_pkey, snapshot,
				   &key, 1);
	if (key_scan_next(&scan) &&
		!slot_attisnull(scan.slot, relations->resource_column[RESOURCE_PROVIDER_ID]))
	{
		bool		isnull;
		TransactionId xmin = DatumGetTransactionId(slot_getsysattr(scan.slot,
																   MinTransactionIdAttributeNumber,
																   &isnull));

		state = TransactionIdIsCurrentTransactionId(xmin) ? INVENTORY_NEW : INVENTORY_KNOWN;
	}
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
	return state;
}

/* more resources than this are locked as one */
#define FOLLOW_LOCKS_MAX	256

/*
 * inventories_follow makes the schedules of inventories, ascending by id, what
 * their rows say, after plain SQL has written them.  Others are left alone.
 *
 * Errors: as inventory_follow().  Locks: arbiter_reservation, arbiter_capacity and
 * arbiter_timeline for writing; the inventories that were there before this
 * transaction exclusively, see capacity_lock(), or if they are many, those tables
 * against all other writers; and the chunks.
 */
void
inventories_follow(const int32 *resource_ids, int n)
{
	const ArbiterRelations *relations = arbiter_relations();
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "arbiter inventories",
												  ALLOCSET_DEFAULT_SIZES);
	InventoryState *states = palloc_extended(sizeof(InventoryState) * Max(n, 1),
											 MCXT_ALLOC_HUGE);
	int32	   *known = palloc_extended(sizeof(int32) * Max(n, 1), MCXT_ALLOC_HUGE);
	int			nknown = 0;

	for (int i = 0; i < n; i++)
	{
		states[i] = state_of(resource_ids[i]);
		if (states[i] == INVENTORY_KNOWN)
			known[nknown++] = resource_ids[i];
	}
	catalogue_changed();
	if (nknown > FOLLOW_LOCKS_MAX)
		resource_lock_all();
	LockRelationOid(relations->reservation, RowExclusiveLock);
	LockRelationOid(relations->capacity, RowExclusiveLock);
	LockRelationOid(relations->timeline, RowExclusiveLock);
	if (nknown > 0)
		capacity_lock(known, nknown, DT_NOBEGIN, DT_NOEND);

	for (int i = 0; i < n; i++)
	{
		MemoryContext oldcontext;
		bool		exists = states[i] != INVENTORY_NONE;

		CHECK_FOR_INTERRUPTS();
		if (states[i] == INVENTORY_KNOWN)
			exists = timeline_ensure_built(resource_ids[i]);
		else if (exists && !timeline_is_built_now(resource_ids[i]))
			timeline_create(resource_ids[i]);
		if (!exists)
			continue;
		oldcontext = MemoryContextSwitchTo(context);
		inventory_follow(resource_ids[i], false);
		MemoryContextSwitchTo(oldcontext);
		MemoryContextReset(context);
	}
	MemoryContextDelete(context);
	pfree(states);
	pfree(known);
}

/*
 * inventory_capacity_error refuses who would declare the capacity of an inventory.
 */
void
inventory_capacity_error(const Resource *inventory)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("capacity of resource \"%s\" is that of a provider", inventory->name),
			 errdetail("It follows from what the provider has of the resource type: (total - reserved) * allocation_ratio."),
			 errhint("Change that with arbiter_set_inventory(), and the capacity follows.")));
}
