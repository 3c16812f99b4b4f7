/*-------------------------------------------------------------------------
 *
 * unbuild.c
 *	  Triggers that make the timelines of resources unbuilt.
 *
 * After TRUNCATE, and where logical replication applies rows, there is no net
 * effect to apply: the timeline is thrown away, and the next writer builds it
 * from the rows there are.
 *
 *-------------------------------------------------------------------------
 */
#include "guard/guard.h"

#include "access/table.h"
#include "access/tableam.h"
#include "capacity/children.h"
#include "reservation/reservation.h"
#include "storage/lmgr.h"
#include "support/errors.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/trigger_call.h"
#include "timeline/timeline.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(arbiter_truncate_trigger);
PG_FUNCTION_INFO_V1(arbiter_replica_trigger);

/*
 * Make every timeline unbuilt that has an id up to one, in the order of their
 * ids.
 */
static void
unbuild_up_to(int32 end)
{
	const ArbiterRelations *relations = arbiter_relations();
	AttrNumber	column = relations->timeline_column[TIMELINE_RESOURCE_ID];
	int32		last = PG_INT32_MIN;
	ChunkStore	store;
	bool		any;

	/* instead of a lock for each, of which there may be too many */
	LockRelationOid(relations->timeline, ExclusiveLock);
	chunk_store_open(&store, RowExclusiveLock);
	do
	{
		Snapshot	snapshot = latest_snapshot();
		KeyScan		scan;
		ScanKeyData key;
		bool		isnull;

		ScanKeyInit(&key, 1, BTGreaterEqualStrategyNumber, F_INT4GE,
					Int32GetDatum(last));
		key_scan_begin(&scan, relations->timeline, &relations->timeline_pkey,
					   snapshot, &key, 1);
		any = key_scan_next(&scan);
		if (any)
			last = DatumGetInt32(slot_getattr(scan.slot, column, &isnull));
		any = any && last <= end;
		key_scan_end(&scan);
		UnregisterSnapshot(snapshot);
		if (any)
			chunk_store_delete_all(&store, last);
	} while (any);
	chunk_store_close(&store);
}

/*
 * unbuild_quotas makes every quota unbuilt.  The caller has the lock of those who
 * define quotas, so nobody builds one.
 */
void
unbuild_quotas(void)
{
	unbuild_up_to(-1);
}

/*
 * Count the rows of a table, up to a limit; of reservations, those that take
 * capacity.
 */
static int64
count_rows(Oid relid, bool active_only)
{
	Relation	rel = table_open(relid, AccessShareLock);
	Snapshot	snapshot = latest_snapshot();
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TableScanDesc scan = table_beginscan(rel, snapshot, 0, NULL);
	int64		count = 0;

	while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		ReservationTake take;

		if (!active_only || reservation_read(slot, &take))
			count++;
	}
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	ExecDropSingleTupleTableSlot(slot);
	table_close(rel, NoLock);
	return count;
}

/*
 * Is any resource an inventory?
 */
static bool
inventories_exist(void)
{
	const ArbiterRelations *relations = arbiter_relations();
	Snapshot	snapshot = latest_snapshot();
	KeyScan		scan;
	bool		found;

	key_scan_begin(&scan, relations->resource, &relations->resource_provider_key,
				   snapshot, NULL, 0);
	found = key_scan_next(&scan);
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
	return found;
}

/*
 * arbiter_truncate_trigger() AFTER TRUNCATE STATEMENT
 *							  ON arbiter_reservation, arbiter_capacity,
 *							  arbiter_resource
 *
 * Errors: RV011 capacity is truncated while reservations are active; 55000 it is
 * while there are inventories; 2BP01 resources are while capacity, reservations or
 * inventories exist.  With all reservations,
 * children lose their capacity.  Locks: arbiter_timeline against other writers, and every chunk.
 */
Datum
arbiter_truncate_trigger(PG_FUNCTION_ARGS)
{
	const ArbiterRelations *relations = arbiter_relations();
	TriggerData *trigger = trigger_data(fcinfo, "arbiter_truncate_trigger",
										FIRED(fcinfo, AFTER, STATEMENT));
	Oid			relid = RelationGetRelid(trigger->tg_relation);
	int64		count;

	if (!TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event) ||
		(relid != relations->reservation && relid != relations->capacity &&
		 relid != relations->resource))
		(void) trigger_data(fcinfo, "arbiter_truncate_trigger", false);
	if (relid == relations->capacity &&
		(count = count_rows(relations->reservation, true)) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_ARBITER_UNCOVERED),
				 errmsg("capacity change would leave reservations uncovered"),
				 errdetail_plural(INT64_FORMAT " active reservation exists.",
								  INT64_FORMAT " active reservations exist.",
								  count, count),
				 errhint("Truncate arbiter_reservation too, or change capacity with arbiter_set_capacity(); arbiter_conflicts() lists oversold windows.")));
	if (relid == relations->capacity && inventories_exist())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot truncate table \"%s\" because providers have resources",
						RelationGetRelationName(trigger->tg_relation)),
				 errdetail("The capacity of those follows from what the providers have."),
				 errhint("Delete the rows of other resources, or drop the inventories first.")));
	if (relid == relations->resource &&
		(count = count_rows(relations->reservation, false) +
		 count_rows(relations->capacity, false) +
		 count_rows(relations->inventory, false) +
		 count_rows(relations->inventory_total, false)) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("cannot truncate table \"%s\" because resources are in use",
						RelationGetRelationName(trigger->tg_relation)),
				 errdetail_plural(INT64_FORMAT " row of capacity, reservations or inventories refers to them.",
								  INT64_FORMAT " rows of capacity, reservations and inventories refer to them.",
								  count, count),
				 errhint("Truncate arbiter_capacity, arbiter_reservation, arbiter_inventory and arbiter_inventory_total in the same command.")));
	if (relid == relations->reservation)
		LockRelationOid(relations->capacity, RowExclusiveLock);
	unbuild_up_to(PG_INT32_MAX);
	if (relid == relations->reservation)
		children_clear_all();
	return PointerGetDatum(NULL);
}

/*
 * A row that is applied counts against quotas: they are derived anew, too.
 */
static void
unbuild_quotas_of(TupleTableSlot *row)
{
	int			n;
	int32	   *ids = reservation_quotas(row, &n);

	if (ids == NULL)
		return;
	for (int i = 0; i < n; i++)
		timeline_unbuild(ids[i]);
	pfree(ids);
}

/*
 * arbiter_replica_trigger() AFTER ROW ON arbiter_reservation, arbiter_capacity
 *							 BEFORE ROW ON arbiter_timeline
 *
 * Enabled where rows are applied by logical replication.  A subscriber derives
 * its own timeline: rows of the publisher's are not applied, and a row applied
 * to a base table makes its resource unbuilt.
 *
 * Locks: the resource exclusively, and its chunks.
 */
Datum
arbiter_replica_trigger(PG_FUNCTION_ARGS)
{
	const ArbiterRelations *relations = arbiter_relations();
	TriggerData *trigger = trigger_data(fcinfo, "arbiter_replica_trigger",
										CALLED_AS_TRIGGER(fcinfo));
	Oid			relid = RelationGetRelid(trigger->tg_relation);
	AttrNumber	column;
	int32		old_id;
	bool		isnull;

	if (!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		(relid != relations->timeline && relid != relations->reservation &&
		 relid != relations->capacity))
		(void) trigger_data(fcinfo, "arbiter_replica_trigger", false);

	/*
	 * ALTER TABLE ... ENABLE TRIGGER ALL makes us fire for local changes too:
	 * those are the guard's.
	 */
	if (SessionReplicationRole != SESSION_REPLICATION_ROLE_REPLICA)
		return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ?
							   trigger->tg_newtuple : trigger->tg_trigtuple);
	if (relid == relations->timeline)
		return PointerGetDatum(NULL);

	column = relid == relations->reservation ?
		relations->reservation_column[RESERVATION_RESOURCE_ID] :
		relations->capacity_column[CAPACITY_RESOURCE_ID];
	if (relid == relations->reservation)
	{
		unbuild_quotas_of(trigger->tg_trigslot);
		if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
			unbuild_quotas_of(trigger->tg_newslot);
	}
	old_id = DatumGetInt32(slot_getattr(trigger->tg_trigslot, column, &isnull));
	timeline_unbuild(old_id);
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
	{
		int32		new_id = DatumGetInt32(slot_getattr(trigger->tg_newslot, column, &isnull));

		if (new_id != old_id)
			timeline_unbuild(new_id);
	}
	return PointerGetDatum(NULL);
}
