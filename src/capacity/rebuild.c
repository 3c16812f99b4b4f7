/*-------------------------------------------------------------------------
 *
 * rebuild.c
 *	  The SQL function that derives anew what is derived of a resource.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "capacity/children.h"
#include "capacity/inventory_schedule.h"
#include "capacity/share_follow.h"
#include "fmgr.h"
#include "storage/lmgr.h"
#include "support/arguments.h"
#include "support/locks.h"
#include "support/relations.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(arbiter_rebuild);

/*
 * Make the schedule of a child what its reservation is.  Whoever changes that one
 * meanwhile waits for the lock of the child, and has it follow after us.
 */
static void
rebuild_schedule(const Resource *resource)
{
	Child		child = {
		.resource_id = resource->id,
		.reservation_id = resource->parent_reservation_id,
		.parent_resource_id = resource->parent_resource_id
	};
	Children	children = {.children = &child,.n = 1};

	children_lock(&children);
	children_follow(&children, true);
}

/*
 * Make the schedule of an inventory what its provider has.
 */
static void
rebuild_inventory(const Resource *resource)
{
	LockRelationOid(arbiter_relations()->capacity, RowExclusiveLock);
	LockRelationOid(arbiter_relations()->timeline, RowExclusiveLock);
	capacity_lock(&resource->id, 1, DT_NOBEGIN, DT_NOEND);
	if (timeline_ensure_built(resource->id))
		inventory_follow(resource->id, true);
}

/*
 * arbiter_rebuild(resource text) -> bigint
 *
 * Derives the timeline of a resource anew from capacity and reservations;
 * returns its number of chunks.  The capacity of a child is made what its
 * reservation is before that, that of an inventory what its provider has, whatever
 * is reserved of it.
 *
 * Errors: 22004, 42704, 40001.  Locks: the resource exclusively, and every
 * chunk of it, so it waits for all that are reserving and they for it.
 * Volatile and parallel unsafe: it writes.
 */
Datum
arbiter_rebuild(PG_FUNCTION_ARGS)
{
	char	   *name = argument_text(fcinfo, 0, "resource");
	Snapshot	snapshot;
	Resource	resource;
	int64		chunks;

	require_writable("arbiter_rebuild()");
	LockRelationOid(arbiter_relations()->reservation, RowExclusiveLock);
	snapshot = decision_snapshot();
	resource_get(name, snapshot, &resource);
	UnregisterSnapshot(snapshot);
	if (resource.is_child)
		rebuild_schedule(&resource);
	if (resource.is_inventory)
		rebuild_inventory(&resource);
	chunks = timeline_rebuild(resource.id);
	if (chunks < 0)
		resource_vanished_error(name);
	PG_RETURN_INT64(chunks);
}
