/*-------------------------------------------------------------------------
 *
 * timeline_build.c
 *	  Build the timeline of a resource at first use.
 *
 * The timeline is derived and not dumped: after a restore a resource has rows
 * in the base tables and none in arbiter_timeline, and is built by the first
 * writer that needs it.  The build holds the resource lock exclusively, so it
 * waits for every COPY that loaded rows unchecked, and then reads capacity and
 * reservations with a snapshot taken after the lock: whatever was loaded is
 * counted.  It refuses nothing.  A window that turns out to be oversold stays
 * in the timeline as negative availability.
 *
 *-------------------------------------------------------------------------
 */
#include "timeline/timeline.h"

#include "access/xact.h"
#include "charge/quota.h"
#include "support/locks.h"
#include "support/relations.h"
#include "timeline/base_rows.h"
#include "timeline/in_flight.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

static bool
resource_exists(int32 resource_id, Snapshot snapshot)
{
	const ArbiterRelations *relations = arbiter_relations();
	KeyScan		scan;
	ScanKeyData key;
	bool		found;
	Quota		quota;

	if (timeline_is_of_quota(resource_id))
		return quota_find(quota_timeline_id(resource_id), snapshot, &quota);
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(resource_id));
	key_scan_begin(&scan, relations->resource, &relations->resource_pkey,
				   snapshot, &key, 1);
	found = key_scan_next(&scan);
	key_scan_end(&scan);
	return found;
}

static bool
is_built(int32 resource_id, Snapshot snapshot)
{
	ChunkStore	store;
	bool		built;

	chunk_store_open(&store, AccessShareLock);
	built = chunk_store_is_built(&store, resource_id, snapshot);
	chunk_store_close(&store);
	UnregisterSnapshot(snapshot);
	return built;
}

/*
 * timeline_create makes the empty timeline of a resource that the current
 * transaction has created: nobody else sees it, so no lock is needed.
 */
void
timeline_create(int32 resource_id)
{
	ChunkStore	store;

	chunk_store_open(&store, RowExclusiveLock);
	chunk_store_insert_anchor(&store, resource_id);
	chunk_store_close(&store);
	CommandCounterIncrement();
}

/*
 * Derive the timeline of a resource that has none.  The resource lock is held
 * exclusively.  False if there is no such resource.
 */
static bool
build(int32 resource_id)
{
	const ArbiterRelations *relations = arbiter_relations();
	TimelineChange change = {.resource_id = resource_id};
	TimelineRefusal refusal;
	Snapshot	snapshot;
	bool		exists;

	in_flight_refuse(relations->reservation, resource_id);
	in_flight_refuse(relations->capacity, resource_id);

	snapshot = latest_snapshot();
	exists = resource_exists(resource_id, snapshot);
	if (exists)
		change.segments = reserved_segments(resource_id, DT_NOBEGIN, DT_NOEND,
											snapshot, &change.nsegments);
	UnregisterSnapshot(snapshot);
	if (!exists)
		return false;

	timeline_create(resource_id);
	(void) timeline_apply(&change, 1, TIMELINE_RESERVATIONS, false, &refusal);
	pfree(change.segments);
	return true;
}

/*
 * timeline_is_built tells whether a writer would find a timeline.
 */
bool
timeline_is_built(int32 resource_id)
{
	return is_built(resource_id, decision_snapshot());
}

/*
 * timeline_is_built_now tells whether there is a timeline, also where the
 * transaction's snapshot does not see it.
 */
bool
timeline_is_built_now(int32 resource_id)
{
	return is_built(resource_id, latest_snapshot());
}

/*
 * timeline_ensure_built builds the timeline of a resource unless it is built;
 * false if there is no such resource.
 *
 * Takes the resource lock exclusively if it is not built, and keeps it if nobody
 * was faster.  Otherwise the lock is let go: whoever comes now finds it built, does
 * not wait here, and may have the next that we are to build while he waits for this
 * lock.
 */
bool
timeline_ensure_built(int32 resource_id)
{
	if (timeline_is_built(resource_id))
		return true;

	resource_lock_exclusive(resource_id);
	if (is_built(resource_id, latest_snapshot()))
	{
		/* our snapshot does not see those chunks */
		if (IsolationUsesXactSnapshot())
			concurrent_change_error();
		resource_unlock_exclusive(resource_id);
		return true;
	}
	return build(resource_id);
}

/*
 * timeline_unbuild deletes the timeline of a resource, which the next writer
 * then builds anew.
 *
 * Takes the resource lock exclusively and waits for all that hold a chunk.
 */
void
timeline_unbuild(int32 resource_id)
{
	ChunkStore	store;

	resource_lock_exclusive(resource_id);
	chunk_store_open(&store, RowExclusiveLock);
	chunk_store_delete_all(&store, resource_id);
	chunk_store_close(&store);
}

/*
 * timeline_rebuild derives the timeline of a resource anew; returns how many
 * chunks it has, or -1 if there is no such resource.
 */
int64
timeline_rebuild(int32 resource_id)
{
	ChunkStore	store;
	ChunkScan	scan;
	Chunk		chunk;
	Snapshot	snapshot;
	int64		count = 0;

	timeline_unbuild(resource_id);
	if (!build(resource_id))
		return -1;

	chunk_store_open(&store, AccessShareLock);
	snapshot = latest_snapshot();
	chunk_scan_begin(&scan, &store, resource_id, DT_NOBEGIN, snapshot);
	while (chunk_scan_next(&scan, &chunk))
		count++;
	chunk_scan_end(&scan);
	UnregisterSnapshot(snapshot);
	chunk_store_close(&store);
	return count;
}
