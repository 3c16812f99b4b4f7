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
 *	- one chunk is updated right away.  If another transaction changed it
 *	  since the snapshot, the update waits for that one's end and reports it;
 *
 *	- several chunks are first locked, in order of (resource_id, time), which
 *	  is the order of everybody, then updated.
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
#include "timeline/timeline.h"

#include "access/xact.h"
#include "common/int.h"
#include "miscadmin.h"
#include "support/locks.h"
#include "support/relations.h"
#include "timeline/base_rows.h"
#include "timeline/chunk_layout.h"
#include "timeline/in_flight.h"
#include "utils/snapmgr.h"

/* each one lost to another transaction that has ended: far more than ever are */
#define ATTEMPTS_MAX	10000

typedef struct PlanEntry
{
	int			change;
	bool		is_gap;			/* then chunk has only start and end */
	ChunkEdit	edit;
} PlanEntry;

typedef struct ChangePlan
{
	const TimelineChange *changes;
	int			nchanges;
	TimelineCause cause;
	bool		checked;
	TimelineRefusal *refusal;
	ChunkStore	store;
	Snapshot	snapshot;
	bool	   *resource_locked;	/* by change */
	PlanEntry  *entries;
	int			nentries;
	int			room;
	bool		has_gap;
	bool		queued;			/* for one chunk, of this resource and end: */
	int32		queue_resource;
	TimestampTz queue_end;
} ChangePlan;

typedef enum AttemptResult
{
	ATTEMPT_DONE,
	ATTEMPT_REFUSED,
	ATTEMPT_UNBUILT,
	ATTEMPT_AGAIN,				/* something of ours is new */
	ATTEMPT_CONCURRENT			/* somebody else was there first */
} AttemptResult;

static PlanEntry *
add_entry(ChangePlan *plan, int which, const Segment *segments, int nsegments)
{
	PlanEntry  *entry;

	if (plan->nentries == plan->room)
	{
		plan->room = Max(8, 2 * plan->room);
		if (plan->entries == NULL)
			plan->entries = palloc(sizeof(PlanEntry) * plan->room);
		else
			plan->entries = repalloc_huge(plan->entries,
										  sizeof(PlanEntry) * plan->room);
	}
	entry = &plan->entries[plan->nentries++];
	memset(entry, 0, sizeof(PlanEntry));
	entry->change = which;
	entry->edit.segments = segments;
	entry->edit.nsegments = nsegments;
	return entry;
}

/* the segments, from the first on, that start before an end */
static int
segments_before(const Segment *segments, int nsegments, TimestampTz end)
{
	int			n = 0;

	while (n < nsegments && segments[n].start < end)
		n++;
	return n;
}

/*
 * Compute what steps up to an end become.  False when refused.
 */
static bool
plan_steps(ChangePlan *plan, PlanEntry *entry, const Step *steps, int nsteps,
		   TimestampTz end)
{
	ChunkEdit  *edit = &entry->edit;
	Step		refused;

	edit->steps = palloc_extended(sizeof(Step) *
								  ((Size) nsteps + 2 * (Size) edit->nsegments),
								  MCXT_ALLOC_HUGE);
	switch (steps_apply(steps, nsteps, end, edit->segments, edit->nsegments,
						plan->checked, edit->steps, &edit->nsteps, &refused))
	{
		case STEPS_OK:
			break;
		case STEPS_REFUSED:
			plan->refusal->change = entry->change;
			plan->refusal->instant = refused.start;
			plan->refusal->available = refused.available;
			return false;
		case STEPS_OVERFLOW:
			amount_overflow_error();
	}
	return true;
}

/*
 * Can a chunk be decided by its header alone, because one segment covers all of
 * it?  Not when it is refused: that takes a look at where.
 */
static bool
shift_chunk(ChangePlan *plan, PlanEntry *entry, const Chunk *chunk)
{
	ChunkEdit  *edit = &entry->edit;
	const Segment *segment = edit->segments;
	int64		minimum;
	int64		ignored;

	if (segment->start > chunk->start || segment->end < chunk->end ||
		pg_add_s64_overflow(chunk->minimum, segment->delta, &minimum) ||
		pg_add_s64_overflow(chunk->maximum, segment->delta, &ignored) ||
		pg_add_s64_overflow(chunk->base, segment->delta, &ignored) ||
		(plan->checked && segment->delta < 0 && minimum < 0))
		return false;
	edit->shifted = true;
	edit->delta = segment->delta;
	edit->nsteps = chunk->nsteps;
	/* the row is written when the scan has gone on */
	edit->steps = palloc(sizeof(Step) * chunk->nsteps);
	memcpy(edit->steps, chunk->stored, sizeof(Step) * chunk->nsteps);
	edit->chunk.stored = edit->steps;
	return true;
}

/*
 * Plan a chunk that segments touch.
 */
static AttemptResult
plan_chunk(ChangePlan *plan, int which, const Chunk *chunk,
		   const Segment *segments, int nsegments)
{
	PlanEntry  *entry = add_entry(plan, which, segments,
								  segments_before(segments, nsegments, chunk->end));
	Step	   *steps;
	bool		granted;

	entry->edit.chunk = *chunk;
	if (shift_chunk(plan, entry, chunk))
		return ATTEMPT_DONE;
	steps = chunk_steps(chunk);
	granted = plan_steps(plan, entry, steps, chunk->nsteps, chunk->end);
	pfree(steps);
	return granted ? ATTEMPT_DONE : ATTEMPT_REFUSED;
}

/*
 * Plan a gap [start, end) that segments touch.
 */
static AttemptResult
plan_gap(ChangePlan *plan, int which, TimestampTz start, TimestampTz end,
		 const Segment *segments, int nsegments)
{
	int32		resource_id = plan->changes[which].resource_id;
	int			touching = segments_before(segments, nsegments, end);
	TimestampTz needed = Min(end, segments[touching - 1].end);
	PlanEntry  *entry;
	Step	   *steps;
	int			nsteps;
	bool		granted;

	if (plan->cause == TIMELINE_CAPACITY)
	{
		/* declared capacity is the truth here, if nobody else came */
		if (IsolationUsesXactSnapshot() &&
			!chunk_layout_is_free(&plan->store, resource_id, start, needed))
			return ATTEMPT_CONCURRENT;
		return ATTEMPT_DONE;
	}

	entry = add_entry(plan, which, segments, touching);
	entry->is_gap = plan->has_gap = true;
	entry->edit.chunk.start = start;
	entry->edit.chunk.end = end;
	if (!plan->checked)
		return ATTEMPT_DONE;

	/* refuse what must be refused before a chunk is made for it */
	steps = capacity_steps(resource_id, start, needed, plan->snapshot, &nsteps);
	granted = plan_steps(plan, entry, steps, nsteps, needed);
	pfree(steps);
	return granted ? ATTEMPT_DONE : ATTEMPT_REFUSED;
}

/*
 * Plan one change: an entry per chunk or gap that its segments touch.
 */
static AttemptResult
plan_change(ChangePlan *plan, int which)
{
	const TimelineChange *change = &plan->changes[which];
	const Segment *segment = change->segments;
	const Segment *last = segment + change->nsegments;
	TimestampTz position;
	ChunkScan	scan;
	Chunk		next;
	bool		have_next = false;
	bool		exhausted = false;
	bool		built = false;
	AttemptResult result = ATTEMPT_DONE;

	if (segment == last)
		return ATTEMPT_DONE;

	position = segment->start;
	chunk_scan_begin(&scan, &plan->store, change->resource_id, position,
					 plan->snapshot);
	while (segment < last && result == ATTEMPT_DONE)
	{
		if (!have_next && !exhausted)
		{
			have_next = chunk_scan_next(&scan, &next);
			exhausted = !have_next;
			built |= have_next;
		}

		if (have_next && next.end <= position)
		{
			/* untouched; the next touched one may be far */
			chunk_scan_restart(&scan, change->resource_id, position);
			have_next = false;
			continue;
		}

		if (have_next && next.start <= position)
		{
			result = plan_chunk(plan, which, &next, segment, last - segment);
			have_next = false;
			position = next.end;
		}
		else
		{
			TimestampTz end = have_next ? next.start : STEPS_INFINITY;

			built = built || chunk_store_is_built(&plan->store,
												  change->resource_id,
												  plan->snapshot);
			if (built)
				result = plan_gap(plan, which, position, end, segment,
								  last - segment);
			else
			{
				plan->refusal->change = which;
				result = ATTEMPT_UNBUILT;
			}
			position = end;
		}

		while (segment < last && segment->end <= position)
			segment++;
		if (segment < last && segment->start > position)
			position = segment->start;
	}
	chunk_scan_end(&scan);
	return result;
}

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
 * Lock the chunks of the plan, and create those that do not exist, in order.
 */
static AttemptResult
lock_chunks(ChangePlan *plan)
{
	for (int i = 0; i < plan->nentries; i++)
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

static AttemptResult
attempt(ChangePlan *plan)
{
	AttemptResult result;

	for (int i = 0; i < plan->nchanges; i++)
	{
		result = plan_change(plan, i);
		if (result != ATTEMPT_DONE)
			return result;
	}

	if (plan->has_gap && lock_resources_of_gaps(plan))
		return ATTEMPT_AGAIN;
	if (plan->has_gap || plan->nentries > 1)
	{
		result = lock_chunks(plan);
		if (result != ATTEMPT_DONE)
			return result;
	}
	else if (plan->nentries == 1 && join_queue(plan, &plan->entries[0].edit.chunk))
		return ATTEMPT_AGAIN;
	for (int i = 0; i < plan->nentries; i++)
	{
		result = attempt_result(chunk_layout_write(&plan->store,
												   &plan->entries[i].edit,
												   plan->snapshot));
		if (result != ATTEMPT_DONE && i > 0)
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("could not update a locked chunk of resource %d",
							plan->entries[i].edit.chunk.resource_id)));
		if (result != ATTEMPT_DONE)
			return result;
	}
	return ATTEMPT_DONE;
}

/*
 * timeline_apply changes the availability of resources, ascending by id.
 *
 * When checked, a change that makes an instant worse and leaves it below zero
 * is refused, and nothing is written.  TIMELINE_UNBUILT: refusal->change is
 * the index of a resource that must be built first.  What is written is
 * visible to the caller's next command.
 *
 * Raises 40001 where a chunk was changed after the transaction's snapshot.
 */
TimelineResult
timeline_apply(const TimelineChange *changes, int nchanges,
			   TimelineCause cause, bool checked, TimelineRefusal *refusal)
{
	ChangePlan		plan = {
		.changes = changes,
		.nchanges = nchanges,
		.cause = cause,
		.checked = checked,
		.refusal = refusal
	};
	AttemptResult result;
	int			attempts = 0;

	chunk_store_open(&plan.store, RowExclusiveLock);
	plan.resource_locked = palloc0(sizeof(bool) * nchanges);
	do
	{
		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < plan.nentries; i++)
		{
			if (plan.entries[i].edit.steps != NULL)
				pfree(plan.entries[i].edit.steps);
		}
		plan.nentries = 0;
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
	} while (result == ATTEMPT_AGAIN || result == ATTEMPT_CONCURRENT);

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
