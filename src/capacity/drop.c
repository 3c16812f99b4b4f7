/*-------------------------------------------------------------------------
 *
 * drop.c
 *	  Drop a resource, and what belongs to it.
 *
 *-------------------------------------------------------------------------
 */
#include "capacity/drop.h"

#include "access/xact.h"
#include "capacity/children.h"
#include "charge/quota.h"
#include "reservation/reservation.h"
#include "resource/resource_admin.h"
#include "resource/resource_cache.h"
#include "storage/lmgr.h"
#include "support/arguments.h"
#include "support/catalogue_change.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/row_writer.h"
#include "timeline/timeline.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(arbiter_drop_resource);

/* rows of a table that belong to a resource (or quota), and how to delete them */
static int64
sweep_rows(Oid relid, const Oid *index, int32 resource_id, bool delete_them)
{
	RowWriter	writer;
	Snapshot	snapshot = latest_snapshot();
	KeyScan		scan;
	ScanKeyData key;
	int64		count = 0;

	if (delete_them)
		row_writer_open(&writer, relid, CMD_DELETE);
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(resource_id));
	key_scan_begin(&scan, relid, index, snapshot, &key, 1);
	while (key_scan_next(&scan))
	{
		count++;
		if (delete_them)
			row_writer_delete(&writer, &scan.slot->tts_tid);
	}
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
	if (delete_them)
		row_writer_close(&writer);
	return count;
}

/*
 * Delete the series that were asked of a resource and of which nothing is left:
 * the occurrences of others may be reservations of another resource now.
 */
static void
drop_series(int32 resource_id)
{
	const ArbiterRelations *relations = arbiter_relations();
	AttrNumber	id = relations->series_column[SERIES_ID];
	Snapshot	snapshot = latest_snapshot();
	RowWriter	writer;
	KeyScan		scan;
	ScanKeyData key;

	row_writer_open(&writer, relations->series, CMD_DELETE);
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(resource_id));
	key_scan_begin(&scan, relations->series, &relations->series_resource_idx, snapshot, &key, 1);
	while (key_scan_next(&scan))
	{
		bool		isnull;

		if (!series_is_booked(DatumGetInt64(slot_getattr(scan.slot, id, &isnull)), snapshot))
			row_writer_delete(&writer, &scan.slot->tts_tid);
	}
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
	row_writer_close(&writer);
}

/*
 * Drop the quotas of a resource.  With force its reservations go, and count no
 * more against any other quota: those are derived anew.
 */
static void
drop_quotas(const Resource *resource, bool force)
{
	const ArbiterRelations *relations = arbiter_relations();
	Snapshot	snapshot;
	Quota	   *quotas;
	int			n;
	bool		any = false;

	if (!quotas_exist())
		return;
	snapshot = latest_snapshot();
	quotas = quota_list_all(snapshot, &n);
	UnregisterSnapshot(snapshot);
	for (int i = n - 1; i >= 0; i--)
	{
		bool		of_resource = quotas[i].has_resource &&
			quotas[i].resource_id == resource->id;

		if (of_resource || (force && !quotas[i].has_resource))
			timeline_unbuild(quota_timeline_id(quotas[i].id));
		if (!of_resource)
			continue;
		any = true;
		sweep_rows(relations->quota_limit, &relations->quota_limit_pkey,
				   quotas[i].id, true);
		sweep_rows(relations->quota, &relations->quota_pkey, quotas[i].id, true);
	}
	if (!any)
		return;
	CommandCounterIncrement();
	quota_cache_changed();
}

/*
 * resource_drop_contents takes away what belongs to a resource; its row goes
 * after.  2BP01 while reservations exist, unless forced.  With the reservations,
 * those whose capacity they are lose it.
 */
void
resource_drop_contents(const Resource *resource, bool force)
{
	const ArbiterRelations *relations = arbiter_relations();
	Children	children = {0};
	int64		count;

	/* waits for whoever holds a chunk, and then sees what they reserved */
	LockRelationOid(relations->reservation, RowExclusiveLock);
	LockRelationOid(relations->capacity, RowExclusiveLock);
	LockRelationOid(relations->price, RowExclusiveLock);
	LockRelationOid(relations->timeline, RowExclusiveLock);
	LockRelationOid(relations->series, RowExclusiveLock);
	drop_quotas(resource, force);
	timeline_unbuild(resource->id);
	count = sweep_rows(relations->reservation, &relations->reservation_start_idx,
					   resource->id, force);
	if (count > 0 && !force)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("cannot drop resource \"%s\" because reservations of it exist",
						resource->name),
				 errdetail_plural(INT64_FORMAT " row of arbiter_reservation, cancelled ones included, belongs to it.",
								  INT64_FORMAT " rows of arbiter_reservation, cancelled ones included, belong to it.",
								  count, count),
				 errhint("Cancel and purge them first, or use arbiter_drop_resource(%s, force => true) to delete them.",
						 quote_literal_cstr(resource->name))));
	sweep_rows(relations->capacity, &relations->capacity_start_idx,
			   resource->id, true);
	sweep_rows(relations->price, &relations->price_end_idx, resource->id, true);
	if (resource->is_inventory)
	{
		sweep_rows(relations->inventory_total, &relations->inventory_total_pkey,
				   resource->id, true);
		sweep_rows(relations->inventory, &relations->inventory_pkey, resource->id, true);
		catalogue_changed();
	}
	CommandCounterIncrement();
	drop_series(resource->id);
	if (count > 0)
	{
		children_find_of_resource(&children, resource->id);
		children_lock(&children);
		children_follow(&children, true);
	}

	/* a trigger of a user may have seen to it that there is more */
	if (force)
		drop_quotas(resource, force);
	timeline_unbuild(resource->id);
	if (sweep_rows(relations->reservation, &relations->reservation_start_idx,
				   resource->id, false) > 0 ||
		sweep_rows(relations->capacity, &relations->capacity_start_idx,
				   resource->id, false) > 0 ||
		sweep_rows(relations->price, &relations->price_end_idx, resource->id,
				   false) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("a trigger has written rows of resource \"%s\" while it was dropped",
						resource->name),
				 errhint("Disable the trigger, or let it leave the resource alone.")));
}

/*
 * arbiter_drop_resource(name text, force boolean) -> void
 *
 * Drops a resource, its schedule, its prices, its timeline and the quotas of it,
 * and of an inventory what that follows from;
 * with force its reservations too, history included.
 *
 * Errors: 22004, 42704, 2BP01 while reservations exist (DETAIL counts them).
 * Locks: the resource exclusively, and every chunk of it; with force, the table
 * arbiter_reservation against other writers.  Volatile and parallel unsafe: it
 * writes.
 */
Datum
arbiter_drop_resource(PG_FUNCTION_ARGS)
{
	const ArbiterRelations *relations = arbiter_relations();
	char	   *name = argument_text(fcinfo, 0, "name");
	RowWriter	writer;
	Resource	resource;
	TupleTableSlot *row;

	argument_not_null(fcinfo, 1, "force");
	require_writable("arbiter_drop_resource()");

	/*
	 * With force, rows of reservations are deleted after chunks are locked,
	 * against the order: so nobody may hold a row and wait for a chunk.
	 */
	LockRelationOid(relations->reservation,
					PG_GETARG_BOOL(1) ? ShareRowExclusiveLock : RowExclusiveLock);
	LockRelationOid(relations->capacity, RowExclusiveLock);
	LockRelationOid(relations->price, RowExclusiveLock);
	row_writer_open(&writer, relations->resource, CMD_DELETE);
	resource_lock_row(writer.rel, name, LockTupleExclusive, &resource, &row);
	resource_drop_contents(&resource, PG_GETARG_BOOL(1));
	resource_cache_changed();
	row_writer_delete(&writer, &row->tts_tid);
	ExecDropSingleTupleTableSlot(row);
	row_writer_close(&writer);
	CommandCounterIncrement();
	PG_RETURN_VOID();
}
