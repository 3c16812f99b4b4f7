/*-------------------------------------------------------------------------
 *
 * timeline_apply.c
 *	  Change the availability of resources, or refuse: all or nothing.
 *
 * How concurrent writers are kept apart.
 *
 * The truth is in the rows of arbiter_timeline, and the lock that protects a
 * chunk is its row lock, held to the end of the transaction as for any
 * UPDATE.  There is no other: reservations that share no chunk never wait for
 * each other.
 *
 * An attempt reads, with one snapshot, every chunk that the change touches,
 * computes the new steps in memory and decides.  A refusal is returned before
 * anything is written, and in the first attempt before anything is locked.
 * Otherwise
 *
 *	- the chunks are updated, in order of (resource_id, time), which is the
 *	  order of everybody.  If another transaction changed one since the
 *	  snapshot, the update waits for that one's end and reports it.  Then what
 *	  was written before is taken back, and the next attempt first locks all
 *	  but the last in that order; then it updates the last one, which locks it
 *	  and tells whether it was changed, and then those that are locked.  To
 *	  lock first is a record of WAL and a look at the row more for each, and
 *	  needed only where somebody else is;
 *
 *	- where a chunk has to be created, all are locked first.
 *
 * INV-1: a chunk is only ever replaced by steps computed from its latest
 * version.  When a lock or update reports that the version read is not the
 * latest, READ COMMITTED reads everything anew with a new snapshot and decides
 * again (locks got so far are kept, and a chunk may have been split, merged or
 * deleted meanwhile); REPEATABLE READ and SERIALIZABLE fail with 40001.
 *
 * INV-2: where a timeline has no chunk, no reservation is, and availability is
 * declared capacity.  A chunk is created there, with exactly that, before a
 * reservation is taken from it.  The creator holds the resource lock in share
 * mode from before it reads declared capacity to the end of the transaction,
 * and who changes declared capacity holds it exclusively.  Of two creators of
 * one chunk, the second finds the first one's row with a dirty snapshot,
 * waits for its transaction, and starts anew.
 *
 * INV-3: dropping or unbuilding a resource deletes all its chunks, waiting for
 * each row lock, with the resource lock held exclusively; so whoever held a
 * chunk has committed before the reservations are counted, and whoever comes
 * later finds no chunk, asks for the resource lock and then sees that the
 * resource is gone or unbuilt.
 *
 *-------------------------------------------------------------------------
 */
#include "timeline/timeline_plan.h"

#include "access/xact.h"
#include "charge/quota.h"
#include "miscadmin.h"
#include "support/locks.h"
#include "support/progress.h"
#include "support/relations.h"
#include "timeline/in_flight.h"
#include "utils/snapmgr.h"

/* each one lost to another transaction that has ended: far more than ever are */
#define ATTEMPTS_MAX	10000

static bool
releases(const PlanEntry *entry)
{
	for (int i = 0; i < entry->edit.nsegments; i++)
	{
		if (entry->edit.segments[i].delta > 0)
			return true;
	}
	return false;
}

/*
 * Lock the resources of all gaps; true if one was not locked before, so that
 * what the snapshot says of it may be out of date.
 */
static bool
lock_resources_of_gaps(ChangePlan *plan)
{
	bool		any = false;

	for (int i = 0; i < plan->nentries; i++)
	{
		PlanEntry  *entry = &plan->entries[i];

		if (entry->is_gap && !plan->resource_locked[entry->change])
		{
			resource_lock_shared(plan->changes[entry->change].resource_id);
			plan->resource_locked[entry->change] = true;
			any = true;
		}
	}
	return any;
}

static AttemptResult
attempt_result(LayoutResult result)
{
	return result == LAYOUT_DONE ? ATTEMPT_DONE :
		result == LAYOUT_WAITED ? ATTEMPT_AGAIN : ATTEMPT_CONCURRENT;
}

/*
 * Create the chunks of a gap; the resource lock is held.
 */
static AttemptResult
fill_gap(ChangePlan *plan, const PlanEntry *entry)
{
	int32		resource_id = plan->changes[entry->change].resource_id;
	Snapshot	snapshot;
	bool		built;

	in_flight_refuse(arbiter_relations()->capacity, resource_id);

	/* it may have been dropped or unbuilt before we got the resource lock */
	snapshot = latest_snapshot();
	built = chunk_store_is_built(&plan->store, resource_id, snapshot);
	UnregisterSnapshot(snapshot);
	if (!built)
		return ATTEMPT_CONCURRENT;

	return attempt_result(chunk_layout_create(&plan->store, resource_id,
											  entry->edit.chunk.start,
											  entry->edit.chunk.end,
											  entry->edit.segments,
											  entry->edit.nsegments));
}

/*
 * Lock the first n chunks of the plan, and create those that do not exist, in
 * order.
 */
static AttemptResult
lock_chunks(ChangePlan *plan, int n)
{
	plan->locked = true;
	for (int i = 0; i < n; i++)
	{
		PlanEntry  *entry = &plan->entries[i];

		if (entry->is_gap)
		{
			AttemptResult result = fill_gap(plan, entry);

			if (result != ATTEMPT_DONE)
				return result;
		}
		else if (chunk_store_lock(&plan->store, &entry->edit.chunk,
								  plan->snapshot, LockWaitBlock) != TM_Ok)
			return ATTEMPT_CONCURRENT;
	}
	return plan->has_gap ? ATTEMPT_AGAIN : ATTEMPT_DONE;
}

/*
 * Join the queue for a chunk that another transaction is changing; true if we
 * were not in it, and so what was read is out of date.
 */
static bool
join_queue(ChangePlan *plan, const Chunk *chunk)
{
	if (plan->queued || !chunk->contended)
		return false;
	plan->queued = true;
	plan->queue_resource = chunk->resource_id;
	plan->queue_end = chunk->end;
	chunk_queue_lock(plan->queue_resource, plan->queue_end);
	return true;
}

/*
 * Plan all changes.  Quotas come first in order, but a refusal on account of
 * one is told only if no resource refuses: what cannot be had at all is not a
 * question of who may have it.
 */
static AttemptResult
plan_changes(ChangePlan *plan)
{
	AttemptResult result = ATTEMPT_DONE;
	TimelineRefusal of_quota;

	for (int i = 0; i < plan->nchanges; i++)
	{
		AttemptResult planned = timeline_plan_change(plan, i);

		if (planned == ATTEMPT_REFUSED && result == ATTEMPT_DONE &&
			timeline_is_of_quota(plan->changes[i].resource_id))
		{
			of_quota = *plan->refusal;
			result = planned;
		}
		else if (planned != ATTEMPT_DONE &&
				 (planned != ATTEMPT_REFUSED ||
				  !timeline_is_of_quota(plan->changes[i].resource_id)))
			return planned;
	}
	if (result == ATTEMPT_REFUSED)
		*plan->refusal = of_quota;
	return result;
}

/*
 * Write all entries.  Those that are locked are written last, so that nothing is
 * when the last chunk turns out to be somebody else's.
 */
static AttemptResult
write_entries(ChangePlan *plan, bool locked)
{
	Progress	progress;

	/* nearly all changes are of one chunk, and need no clock */
	if (plan->nentries > 1)
		progress_begin(&progress, "chunks changed", plan->nentries);
	while (plan->nwritten < plan->nentries)
	{
		PlanEntry  *entry = &plan->entries[locked ?
									   plan->nentries - 1 - plan->nwritten :
									   plan->nwritten];
		AttemptResult result = attempt_result(chunk_layout_write(&plan->store,
																 &entry->edit,
																 plan->snapshot));

		if (result != ATTEMPT_DONE && locked && plan->nwritten > 0)
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("could not update a locked chunk of resource %d",
							entry->edit.chunk.resource_id)));
		if (result != ATTEMPT_DONE)
			return result;
		plan->nwritten++;
		if (plan->nentries > 1)
			progress_step(&progress);
	}
	return ATTEMPT_DONE;
}

/*
 * Take back what was written before a chunk turned out to be somebody else's.
 * All of it is in our hands, so nobody is in the way.
 */
static void
take_back(ChangePlan *plan)
{
	TimelineChange *changes = palloc0(sizeof(TimelineChange) * plan->nchanges);
	TimelineRefusal refusal;
	int			n = 0;

	for (int i = 0; i < plan->nwritten; i++)
	{
		const PlanEntry *entry = &plan->entries[i];
		const Chunk *chunk = &entry->edit.chunk;
		const TimelineChange *written = &plan->changes[entry->change];

		if (i == 0 || entry->change != plan->entries[i - 1].change)
		{
			int			nchunks = 1;

			while (i + nchunks < plan->nwritten &&
				   plan->entries[i + nchunks].change == entry->change)
				nchunks++;
			changes[n].resource_id = written->resource_id;
			/* a segment may be cut where chunks meet */
			changes[n].segments =
				palloc_extended(sizeof(Segment) * ((Size) written->nsegments + nchunks),
								MCXT_ALLOC_HUGE);
			n++;
		}
		for (int j = 0; j < entry->edit.nsegments; j++)
		{
			const Segment *segment = &entry->edit.segments[j];
			TimelineChange *change = &changes[n - 1];

			if (segment->start >= chunk->end)
				break;
			change->segments[change->nsegments++] = (Segment) {
				.start = Max(segment->start, chunk->start),
				.end = Min(segment->end, chunk->end),
				.delta = -segment->delta
			};
		}
	}
	if (timeline_apply(changes, n, plan->cause, false, &refusal) != TIMELINE_APPLIED)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not take back a change of resource %d",
						changes[0].resource_id)));
}

static AttemptResult
attempt(ChangePlan *plan)
{
	AttemptResult result = plan_changes(plan);
	bool		lock_first = plan->has_gap || plan->cause == TIMELINE_LOCK ||
		(plan->lost && plan->nentries > 1);

	if (result != ATTEMPT_DONE)
		return result;

	if (plan->has_gap && lock_resources_of_gaps(plan))
		return ATTEMPT_AGAIN;
	if (lock_first)
	{
		result = lock_chunks(plan, plan->has_gap || plan->cause == TIMELINE_LOCK ?
							 plan->nentries : plan->nentries - 1);
		if (result != ATTEMPT_DONE || plan->cause == TIMELINE_LOCK)
			return result;
	}
	else if (plan->nentries == 1 && join_queue(plan, &plan->entries[0].edit.chunk))
		return ATTEMPT_AGAIN;
	return write_entries(plan, lock_first);
}

/*
 * timeline_apply changes the availability of resources, ascending by id.
 *
 * When checked, a change that makes an instant worse and leaves it below zero
 * is refused, and nothing is written.  TIMELINE_UNBUILT: refusal->change is
 * the index of a resource that must be built first.  What is written is
 * visible to the caller's next command.
 *
 * TIMELINE_LOCK changes nothing: it locks the chunks, and creates those that do
 * not exist, so that the availability of their ranges stays what the caller then
 * reads until the transaction has ended.  The amounts do not matter.
 *
 * Raises 40001 where a chunk was changed after the transaction's snapshot.
 */
TimelineResult
timeline_apply(const TimelineChange *changes, int nchanges,
			   TimelineCause cause, bool checked, TimelineRefusal *refusal)
{
	ChangePlan	plan = {
		.changes = changes,
		.nchanges = nchanges,
		.cause = cause,
		.checked = checked,
		.refusal = refusal
	};
	AttemptResult result;
	int			attempts = 0;

	if (nchanges == 0)
		return TIMELINE_APPLIED;
	chunk_store_open(&plan.store, RowExclusiveLock);
	plan.rules = palloc0(sizeof(StepsRule) * nchanges);
	plan.resource_locked = palloc0(sizeof(bool) * nchanges);
	do
	{
		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < plan.nentries; i++)
		{
			if (plan.entries[i].edit.steps != NULL)
				pfree(plan.entries[i].edit.steps);
		}
		plan.nentries = plan.nwritten = 0;
		plan.has_gap = false;
		plan.snapshot = decision_snapshot();
		result = attempt(&plan);
		UnregisterSnapshot(plan.snapshot);
		if (result == ATTEMPT_CONCURRENT && IsolationUsesXactSnapshot())
			concurrent_change_error();
		if (++attempts > ATTEMPTS_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("timeline of resource %d is damaged",
							changes[0].resource_id),
					 errdetail("Its chunks contradict each other."),
					 errhint("Repair it with arbiter_rebuild().")));
		if (result != ATTEMPT_REFUSED && result != ATTEMPT_UNBUILT)
			CommandCounterIncrement();
		if (result == ATTEMPT_CONCURRENT)
		{
			plan.lost = true;
			if (plan.nwritten > 0)
			{
				plan.locked = true;
				take_back(&plan);
			}
		}
	} while (result == ATTEMPT_AGAIN || result == ATTEMPT_CONCURRENT);

	if (result == ATTEMPT_REFUSED)
	{
		refusal->locked = plan.locked;
		refusal->passed_over = false;
	}
	if (plan.queued)
		chunk_queue_unlock(plan.queue_resource, plan.queue_end);
	if (result == ATTEMPT_DONE)
	{
		for (int i = 0; i < plan.nentries; i++)
		{
			const PlanEntry *entry = &plan.entries[i];

			if (releases(entry) && chunk_layout_is_sparse(entry->edit.nsteps))
				chunk_layout_merge(&plan.store, entry->edit.chunk.resource_id,
								   entry->edit.chunk.start);
		}
	}
	chunk_store_close(&plan.store);
	return result == ATTEMPT_DONE ? TIMELINE_APPLIED :
		result == ATTEMPT_REFUSED ? TIMELINE_REFUSED : TIMELINE_UNBUILT;
}
