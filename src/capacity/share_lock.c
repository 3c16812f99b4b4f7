/*-------------------------------------------------------------------------
 *
 * share_lock.c
 *	  Lock all that a change of declared capacity changes.
 *
 * Which is the resource; the rows of its shares; the children of those, resources
 * whose capacity they are; the rows of the shares of these; and so on.
 *
 * Who changes a share by a function has its resource in share mode before he locks
 * its rows, so he is waited for at the resource.  A row that is locked all the same
 * is one of a plain UPDATE, DELETE or SELECT FOR UPDATE, or of an expired hold that
 * somebody gives the place of away; and these may, with that row, wait for the
 * resource, or for another row that we have.  So nobody waits for a row here while
 * he has anything: all is locked in a subtransaction, which is rolled back when a
 * row is not to be had.  With nothing locked, that row is then waited for, in
 * another subtransaction, so that it is let go again, and all begins anew.
 *
 * Where there are no shares, which is known once the resource is locked, none of
 * this is needed.  Where there are some, a plain UPDATE of arbiter_capacity has rows
 * of it when it comes to lock arbiter_reservation, and can meet 40P01 with
 * arbiter_drop_resource() with force, which has that and deletes the rows.
 *
 *-------------------------------------------------------------------------
 */
#include "capacity/share_follow.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "capacity/children.h"
#include "capacity/share_rows.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "support/compat.h"
#include "support/errors.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/subtransaction.h"
#include "timeline/timeline.h"
#include "utils/snapmgr.h"

/* resources that are locked, and whose shares are to be */
typedef struct LockQueue
{
	int32	   *resource_ids;
	int			n;
	int			room;
} LockQueue;

typedef struct LockAttempt
{
	const int32 *resource_ids;
	int			n;
	TimestampTz from;
	TimestampTz to;
	ItemPointerData busy;		/* the row that was not to be had */
} LockAttempt;

static void
enqueue(LockQueue *queue, int32 resource_id)
{
	for (int i = 0; i < queue->n; i++)
	{
		if (queue->resource_ids[i] == resource_id)
			return;
	}
	if (queue->n == queue->room)
	{
		queue->room = Max(8, 2 * queue->room);
		queue->resource_ids = queue->resource_ids == NULL ?
			palloc(sizeof(int32) * queue->room) :
			repalloc_huge(queue->resource_ids, sizeof(int32) * queue->room);
	}
	queue->resource_ids[queue->n++] = resource_id;
}

/*
 * Lock a row of a share; false if somebody else has it.
 */
static bool
lock_row(Relation rel, const ShareRow *row, Snapshot snapshot, Snapshot seen)
{
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	ItemPointerData tid = row->row->tts_tid;
	TM_FailureData failure;
	TM_Result	result;

	result = table_tuple_lock(rel, &tid, snapshot, slot,
							  GetCurrentCommandId(true),
							  LockTupleNoKeyExclusive, LockWaitSkip,
							  IsolationUsesXactSnapshot() ? 0 : TUPLE_LOCK_FLAG_FIND_LAST_VERSION,
							  &failure);
	switch (result)
	{
		case TM_Ok:
			if (IsolationUsesXactSnapshot() &&
				!table_tuple_satisfies_snapshot(rel, slot, seen))
				concurrent_change_error();
			break;
		case TM_WouldBlock:
			break;
		case TM_SelfModified:
		case TM_Invisible:
			ereport(ERROR,
					(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
					 errmsg("reservation " INT64_FORMAT " is being changed by the same statement",
							row->reservation_id),
					 errhint("Change it in a statement of its own.")));
			break;
		case TM_Deleted:
			/* who deleted it has committed */
			if (!IsolationUsesXactSnapshot())
				break;
			/* FALLTHROUGH */
		default:
			concurrent_change_error();
	}
	ExecDropSingleTupleTableSlot(slot);
	return result != TM_WouldBlock;
}

/*
 * Lock the rows of the shares of a resource, and add the children of these
 * reservations to the queue; false at a row that somebody else has.
 */
static bool
lock_shares(LockAttempt *attempt, int32 resource_id, LockQueue *queue)
{
	Snapshot	snapshot = latest_snapshot();
	Snapshot	seen = decision_snapshot();
	Relation	rel = table_open(arbiter_relations()->reservation, RowExclusiveLock);
	ShareRows	rows = {0};
	Children	children = {0};
	bool		locked = true;
	int			n;
	int64	   *ids = shares_find(resource_id, attempt->from, attempt->to,
								  snapshot, &n);

	for (int i = 0; i < n; i++)
		share_rows_read(&rows, resource_id, ids[i], snapshot);
	for (int i = 0; i < rows.n && locked; i++)
	{
		CHECK_FOR_INTERRUPTS();
		locked = lock_row(rel, &rows.rows[i], snapshot, seen);
		if (!locked)
			attempt->busy = rows.rows[i].row->tts_tid;
	}
	share_rows_free(&rows);
	table_close(rel, NoLock);
	UnregisterSnapshot(seen);
	UnregisterSnapshot(snapshot);
	if (!locked)
		return false;
	/* the rows are locked: see children.c */
	if (n > 0)
		children_find(&children, ids, n);
	for (int i = 0; i < children.n; i++)
	{
		if (children.children[i].parent_resource_id == resource_id)
			enqueue(queue, children.children[i].resource_id);
	}
	return true;
}

static bool
lock_everything(void *argument)
{
	LockAttempt *attempt = argument;
	LockQueue	queue = {0};

	for (int i = 0; i < attempt->n; i++)
	{
		resource_lock_exclusive(attempt->resource_ids[i]);
		enqueue(&queue, attempt->resource_ids[i]);
	}
	for (int i = 0; i < queue.n; i++)
	{
		int32		resource_id = queue.resource_ids[i];

		if (i >= attempt->n)
		{
			resource_lock_exclusive(resource_id);
			if (!timeline_ensure_built(resource_id))
				continue;
		}
		if (!lock_shares(attempt, resource_id, &queue))
			return false;
	}
	return true;
}

/*
 * Wait for whoever has a row, and let it go again.
 */
static bool
wait_for_row(void *argument)
{
	LockAttempt *attempt = argument;
	Snapshot	snapshot = latest_snapshot();
	Relation	rel = table_open(arbiter_relations()->reservation, RowExclusiveLock);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TM_FailureData failure;

	/* whatever has become of it: all is read anew */
	(void) table_tuple_lock(rel, &attempt->busy, snapshot, slot,
							GetCurrentCommandId(true),
							LockTupleNoKeyExclusive, LockWaitBlock,
							TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure);
	ExecDropSingleTupleTableSlot(slot);
	table_close(rel, NoLock);
	UnregisterSnapshot(snapshot);
	return false;
}

/*
 * Is there a share of any of the resources?
 */
static bool
have_shares(const LockAttempt *attempt)
{
	Snapshot	snapshot = latest_snapshot();
	int			found = 0;

	for (int i = 0; i < attempt->n && found == 0; i++)
		(void) shares_find(attempt->resource_ids[i], attempt->from, attempt->to,
						   snapshot, &found);
	UnregisterSnapshot(snapshot);
	return found > 0;
}

/*
 * capacity_lock locks resources, ascending by id, exclusively, for a change of
 * their capacity in [from, to), with all that follows it.  What follows is built;
 * they themselves are for the caller to build.
 *
 * Errors: 40001, 27000.  Locks: arbiter_reservation for writing, if there are shares;
 * the resources exclusively, the rows of their shares, the children of these exclusively, and so on.
 */
void
capacity_lock(const int32 *resource_ids, int n, TimestampTz from,
			  TimestampTz to)
{
	LockAttempt attempt = {.resource_ids = resource_ids,.n = n,.from = from,.to = to};

	for (int i = 0; i < n; i++)
		resource_lock_exclusive(resource_ids[i]);
	if (!have_shares(&attempt))
		return;
	for (int i = 0; i < n; i++)
		resource_unlock_exclusive(resource_ids[i]);
	/* tables come before resources, and only who needs this one waits for it */
	LockRelationOid(arbiter_relations()->reservation, RowExclusiveLock);
	while (!in_subtransaction(lock_everything, &attempt))
		(void) in_subtransaction(wait_for_row, &attempt);
}
