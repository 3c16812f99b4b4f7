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
 * anything is written or locked.  Otherwise
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
 * Splits and merges.  A chunk with more steps than fit is split; so is one
 * longer than CHUNK_SPAN when an end of a segment falls inside it, so that
 * distant reservations of a quiet resource lock different rows.  A split
 * keeps the row for its rightmost part (the one with the chunk's end, which
 * is the key) and inserts the others.  A chunk that a release leaves nearly
 * empty is merged into its later neighbour, if that can be locked without
 * waiting.
 *
 *-------------------------------------------------------------------------
 */
#include "timeline.h"

#include "access/xact.h"
#include "base_rows.h"
#include "guc.h"
#include "in_flight.h"
#include "locks.h"
#include "miscadmin.h"
#include "relations.h"
#include "storage/lmgr.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/*
 * Chunks are created, and long ones split, along cells of this width, aligned
 * on PostgreSQL's epoch.  About a month: wide enough that a quiet resource has
 * few rows, narrow enough that its months do not wait for each other.
 */
#define CHUNK_SPAN	(30 * USECS_PER_DAY)

typedef struct PlanEntry
{
	int			change;
	bool		is_gap;
	TimestampTz start;			/* of the chunk, or of what the gap must give */
	TimestampTz end;
	TimestampTz gap_end;		/* where the gap ends */
	Chunk		chunk;			/* tid and base; no steps */
	const Segment *segments;	/* those that touch it */
	int			nsegments;
	Step	   *steps;			/* its new steps */
	int			nsteps;
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
} ChangePlan;

typedef enum AttemptResult
{
	ATTEMPT_DONE,
	ATTEMPT_REFUSED,
	ATTEMPT_UNBUILT,
	ATTEMPT_AGAIN,				/* something of ours is new */
	ATTEMPT_CONCURRENT			/* somebody else was there first */
} AttemptResult;

static TimestampTz
cell_start(TimestampTz instant)
{
	int64		remainder = instant % CHUNK_SPAN;

	return instant - (remainder < 0 ? remainder + CHUNK_SPAN : remainder);
}

static PlanEntry *
add_entry(ChangePlan *plan)
{
	if (plan->nentries == plan->room)
	{
		plan->room = Max(8, 2 * plan->room);
		if (plan->entries == NULL)
			plan->entries = palloc(sizeof(PlanEntry) * plan->room);
		else
			plan->entries = repalloc_huge(plan->entries,
										  sizeof(PlanEntry) * plan->room);
	}
	return &plan->entries[plan->nentries++];
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
 * Compute what a stretch becomes.  False when refused.
 */
static bool
plan_steps(ChangePlan *plan, PlanEntry *entry, const Step *steps, int nsteps)
{
	Step		refused;

	entry->steps = palloc_extended(sizeof(Step) *
								   ((Size) nsteps + 2 * (Size) entry->nsegments),
								   MCXT_ALLOC_HUGE);
	switch (steps_apply(steps, nsteps, entry->end, entry->segments,
						entry->nsegments, plan->checked, entry->steps,
						&entry->nsteps, &refused))
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
 * Is there, committed or not, a chunk that overlaps [start, end)?  If another
 * transaction that made or removes it is in progress, tell which.
 *
 * *earliest is moved up to the end of the last chunk before start, so that
 * [*earliest, end) is free if [start, end) is.
 */
static bool
find_chunk_of_anybody(ChangePlan *plan, int32 resource_id,
					  TimestampTz *earliest, TimestampTz start,
					  TimestampTz end, TransactionId *in_progress)
{
	SnapshotData dirty;
	ChunkScan	scan;
	Chunk		chunk;
	bool		found = false;

	InitDirtySnapshot(dirty);
	*in_progress = InvalidTransactionId;
	chunk_scan_begin(&scan, &plan->store, resource_id, *earliest, &dirty);
	while (!found && chunk_scan_next(&scan, &chunk) && chunk.start < end)
	{
		if (chunk.end <= start)
			*earliest = Max(*earliest, chunk.end);
		else
		{
			found = true;
			*in_progress = TransactionIdIsValid(dirty.xmin) ? dirty.xmin : dirty.xmax;
		}
	}
	chunk_scan_end(&scan);
	return found;
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
		PlanEntry  *entry;
		Step	   *steps;
		int			nsteps;

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

		entry = add_entry(plan);
		entry->steps = NULL;
		entry->change = which;
		entry->segments = segment;
		entry->is_gap = !have_next || next.start > position;
		if (entry->is_gap)
		{
			if (!built)
				built = chunk_store_is_built(&plan->store, change->resource_id,
											 plan->snapshot);
			if (!built)
			{
				plan->refusal->change = which;
				result = ATTEMPT_UNBUILT;
				break;
			}
			entry->start = position;
			entry->gap_end = have_next ? next.start : STEPS_INFINITY;
			entry->nsegments = segments_before(segment, last - segment,
											   entry->gap_end);
			entry->end = Min(entry->gap_end, segment[entry->nsegments - 1].end);
			position = entry->gap_end;
			if (plan->cause == TIMELINE_CAPACITY)
			{
				TransactionId in_progress;
				TimestampTz earliest = entry->start;

				/* declared capacity is the truth here, if nobody else came */
				if (IsolationUsesXactSnapshot() &&
					find_chunk_of_anybody(plan, change->resource_id, &earliest,
										  entry->start, entry->end, &in_progress))
					result = ATTEMPT_CONCURRENT;
				plan->nentries--;
			}
			else
			{
				/* refuse what must be refused before a chunk is made for it */
				plan->has_gap = true;
				if (plan->checked)
				{
					steps = capacity_steps(change->resource_id, entry->start,
										   entry->end, plan->snapshot, &nsteps);
					if (!plan_steps(plan, entry, steps, nsteps))
						result = ATTEMPT_REFUSED;
					pfree(steps);
				}
			}
		}
		else
		{
			entry->start = next.start;
			entry->end = next.end;
			entry->chunk = next;
			entry->nsegments = segments_before(segment, last - segment, next.end);
			steps = chunk_steps(&next);
			if (!plan_steps(plan, entry, steps, next.nsteps))
				result = ATTEMPT_REFUSED;
			pfree(steps);
			have_next = false;
			position = next.end;
		}

		while (segment < last && segment->end <= position)
			segment++;
		if (segment < last && segment->start > position)
			position = segment->start;
	}
	chunk_scan_end(&scan);
	return result;
}

/*
 * Insert the pieces of [start, end) that steps are cut into; steps cover it.
 */
static void
insert_pieces(ChangePlan *plan, int32 resource_id, TimestampTz start,
			  TimestampTz end, const Step *steps, int nsteps)
{
	int			pieces = (nsteps + arbiter_chunk_steps - 1) / arbiter_chunk_steps;

	for (int i = 0; i < pieces; i++)
	{
		int			from = (int) ((int64) nsteps * i / pieces);
		int			to = (int) ((int64) nsteps * (i + 1) / pieces);

		chunk_store_insert(&plan->store, resource_id,
						   i == 0 ? start : steps[from].start,
						   i == pieces - 1 ? end : steps[to].start,
						   steps + from, to - from);
	}
}

/*
 * Create one chunk from declared capacity: [start, end), and to the left of it
 * what is free from earliest on.  The resource lock is held.
 */
static AttemptResult
create_chunk(ChangePlan *plan, int32 resource_id, TimestampTz earliest,
			 TimestampTz start, TimestampTz end)
{
	TransactionId in_progress;
	Snapshot	snapshot;
	Step	   *steps;
	int			nsteps;

	chunk_creation_lock(resource_id);
	if (find_chunk_of_anybody(plan, resource_id, &earliest, start, end,
							  &in_progress))
	{
		chunk_creation_unlock(resource_id);
		if (TransactionIdIsValid(in_progress))
			XactLockTableWait(in_progress, plan->store.rel, NULL, XLTW_None);
		return ATTEMPT_CONCURRENT;
	}
	snapshot = latest_snapshot();
	steps = capacity_steps(resource_id, earliest, end, snapshot, &nsteps);
	UnregisterSnapshot(snapshot);
	insert_pieces(plan, resource_id, earliest, end, steps, nsteps);
	chunk_creation_unlock(resource_id);
	pfree(steps);
	return ATTEMPT_DONE;
}

/*
 * Create the chunks that the segments of a gap need: the cells in which they
 * start or end, and one chunk for the cells that one segment covers between.
 */
static AttemptResult
create_chunks(ChangePlan *plan, const PlanEntry *entry)
{
	int32		resource_id = plan->changes[entry->change].resource_id;
	const Segment *segment = entry->segments;
	const Segment *last = segment + entry->nsegments;
	TimestampTz position = entry->start;
	Snapshot	snapshot;
	bool		built;

	in_flight_refuse(arbiter_relations()->capacity, resource_id);

	/* it may have been dropped or unbuilt before we got the resource lock */
	snapshot = latest_snapshot();
	built = chunk_store_is_built(&plan->store, resource_id, snapshot);
	UnregisterSnapshot(snapshot);
	if (!built)
		return ATTEMPT_CONCURRENT;

	while (segment < last && position < entry->gap_end)
	{
		TimestampTz start = Max(position, segment->start);
		TimestampTz cell = cell_start(start);
		TimestampTz end = cell + CHUNK_SPAN;
		TimestampTz earliest = cell;
		AttemptResult result;

		if (segment->start < cell && segment->end >= end)
		{
			earliest = start;
			end = segment->end == STEPS_INFINITY ? STEPS_INFINITY :
				cell_start(segment->end);
		}
		end = Min(end, entry->gap_end);

		result = create_chunk(plan, resource_id, earliest, start, end);
		if (result != ATTEMPT_DONE)
			return result;

		position = end;
		while (segment < last && segment->end <= position)
			segment++;
	}
	return ATTEMPT_DONE;
}

static int
compare_instants(const void *a, const void *b)
{
	TimestampTz left = *(const TimestampTz *) a;
	TimestampTz right = *(const TimestampTz *) b;

	return (left > right) - (left < right);
}

/*
 * The instants, strictly inside a long chunk, at which it is cut because a
 * segment starts or ends nearby.
 */
static TimestampTz *
span_cuts(const PlanEntry *entry, int *ncuts)
{
	TimestampTz *cuts;
	int			n = 0;

	*ncuts = 0;
	if (entry->end != STEPS_INFINITY && entry->end - entry->start <= CHUNK_SPAN)
		return NULL;

	cuts = palloc(sizeof(TimestampTz) * 4 * entry->nsegments);
	for (int i = 0; i < entry->nsegments; i++)
	{
		TimestampTz ends[2] = {entry->segments[i].start, entry->segments[i].end};

		for (int j = 0; j < 2; j++)
		{
			TimestampTz cell;

			if (ends[j] <= entry->start || ends[j] >= entry->end)
				continue;
			cell = cell_start(ends[j]);
			if (cell > entry->start)
				cuts[n++] = cell;
			if (cell != ends[j] && cell + CHUNK_SPAN < entry->end)
				cuts[n++] = cell + CHUNK_SPAN;
		}
	}
	qsort(cuts, n, sizeof(TimestampTz), compare_instants);
	for (int i = 0; i < n; i++)
	{
		if (i == 0 || cuts[i] != cuts[*ncuts - 1])
			cuts[(*ncuts)++] = cuts[i];
	}
	return cuts;
}

/*
 * Write the new steps of a chunk: its row takes the rightmost piece, which
 * keeps the key; pieces to the left of it are new rows.
 */
static AttemptResult
write_chunk(ChangePlan *plan, const PlanEntry *entry)
{
	int64		base = entry->chunk.base;
	int			nsteps = entry->nsteps;
	Step	   *steps = entry->steps;
	TimestampTz start = entry->start;
	int			first = 0;
	int			ncuts;
	TimestampTz *cuts = span_cuts(entry, &ncuts);
	TM_Result	result;

	/* what covers the whole chunk changes its base alone */
	if (entry->nsegments == 1 && entry->segments->start <= entry->start &&
		entry->segments->end >= entry->end)
		base += entry->segments->delta;

	if (ncuts > 0)
	{
		start = cuts[ncuts - 1];
		first = steps_find(steps, nsteps, start);
	}
	if (nsteps - first > arbiter_chunk_steps)
	{
		int			pieces = (4 * (nsteps - first) + 3 * arbiter_chunk_steps - 1) /
			(3 * arbiter_chunk_steps);

		first = nsteps - (nsteps - first) / Max(pieces, 2);
		start = steps[first].start;
	}

	/* the row first: it may turn out that it is not the latest version */
	if (first == 0 && start == entry->start)
		result = chunk_store_update(&plan->store, &entry->chunk, start, base,
									steps, nsteps, plan->snapshot);
	else
	{
		Step	   *right = palloc(sizeof(Step) * (nsteps - first));

		memcpy(right, steps + first, sizeof(Step) * (nsteps - first));
		right[0].start = start;
		result = chunk_store_update(&plan->store, &entry->chunk, start, base,
									right, nsteps - first, plan->snapshot);
		pfree(right);
	}
	if (result != TM_Ok)
		return ATTEMPT_CONCURRENT;

	/* then what is left of it, from right to left cut by cut */
	while (start > entry->start)
	{
		TimestampTz end = start;
		Step	   *left;

		while (ncuts > 0 && cuts[ncuts - 1] >= end)
			ncuts--;
		start = ncuts > 0 ? cuts[ncuts - 1] : entry->start;
		nsteps = steps[first].start < end ? first + 1 : first;
		first = steps_find(steps, nsteps, start);
		left = palloc(sizeof(Step) * (nsteps - first));
		memcpy(left, steps + first, sizeof(Step) * (nsteps - first));
		left[0].start = start;
		insert_pieces(plan, entry->chunk.resource_id, start, end, left,
					  nsteps - first);
		pfree(left);
	}
	return ATTEMPT_DONE;
}

/*
 * A chunk that a release left nearly empty is merged into its later neighbour
 * of the same cell, so that reserve and cancel leave no debris.
 */
static void
merge_chunk(ChangePlan *plan, const PlanEntry *entry)
{
	Snapshot	snapshot = decision_snapshot();
	ChunkScan	scan;
	Chunk		left;
	Chunk		right;
	Step	   *steps = NULL;
	int			nsteps = 0;

	chunk_scan_begin(&scan, &plan->store, entry->chunk.resource_id,
					 entry->start, snapshot);
	if (chunk_scan_next(&scan, &left) && left.start == entry->start &&
		left.nsteps <= arbiter_chunk_steps / 8)
	{
		Step	   *left_steps = chunk_steps(&left);

		if (chunk_scan_next(&scan, &right) && right.start == left.end &&
			right.end - cell_start(left.start) <= CHUNK_SPAN &&
			left.nsteps + right.nsteps <= arbiter_chunk_steps / 2)
		{
			Step	   *right_steps = chunk_steps(&right);

			steps = palloc(sizeof(Step) * (left.nsteps + right.nsteps));
			memcpy(steps, left_steps, sizeof(Step) * left.nsteps);
			nsteps = left.nsteps;
			for (int i = 0; i < right.nsteps; i++)
			{
				if (right_steps[i].available != steps[nsteps - 1].available)
					steps[nsteps++] = right_steps[i];
			}
			pfree(right_steps);
		}
		pfree(left_steps);
	}
	chunk_scan_end(&scan);

	if (steps != NULL)
	{
		if (chunk_store_lock(&plan->store, &right, snapshot, LockWaitSkip) == TM_Ok &&
			chunk_store_delete(&plan->store, &left.tid, snapshot,
							   InvalidSnapshot) == TM_Ok)
		{
			if (chunk_store_update(&plan->store, &right, left.start, right.base,
								   steps, nsteps, snapshot) != TM_Ok)
				ereport(ERROR,
						(errcode(ERRCODE_INTERNAL_ERROR),
						 errmsg("could not update a locked chunk of resource %d",
								right.resource_id)));
			CommandCounterIncrement();
		}
		pfree(steps);
	}
	UnregisterSnapshot(snapshot);
}

static bool
releases(const PlanEntry *entry)
{
	for (int i = 0; i < entry->nsegments; i++)
	{
		if (entry->segments[i].delta > 0)
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
			AttemptResult result = create_chunks(plan, entry);

			if (result != ATTEMPT_DONE)
				return result;
		}
		else if (chunk_store_lock(&plan->store, &entry->chunk, plan->snapshot,
								  LockWaitBlock) != TM_Ok)
			return ATTEMPT_CONCURRENT;
	}
	return plan->has_gap ? ATTEMPT_AGAIN : ATTEMPT_DONE;
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
	for (int i = 0; i < plan->nentries; i++)
	{
		result = write_chunk(plan, &plan->entries[i]);
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

	chunk_store_open(&plan.store, RowExclusiveLock);
	plan.resource_locked = palloc0(sizeof(bool) * nchanges);
	do
	{
		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < plan.nentries; i++)
		{
			if (plan.entries[i].steps != NULL)
				pfree(plan.entries[i].steps);
		}
		plan.nentries = 0;
		plan.has_gap = false;
		plan.snapshot = decision_snapshot();
		result = attempt(&plan);
		UnregisterSnapshot(plan.snapshot);
		if (result == ATTEMPT_CONCURRENT && IsolationUsesXactSnapshot())
			concurrent_change_error();
		if (result != ATTEMPT_REFUSED && result != ATTEMPT_UNBUILT)
			CommandCounterIncrement();
	} while (result == ATTEMPT_AGAIN || result == ATTEMPT_CONCURRENT);

	if (result == ATTEMPT_DONE)
	{
		for (int i = 0; i < plan.nentries; i++)
		{
			if (plan.entries[i].nsteps <= arbiter_chunk_steps / 8 &&
				releases(&plan.entries[i]))
				merge_chunk(&plan, &plan.entries[i]);
		}
	}
	chunk_store_close(&plan.store);
	return result == ATTEMPT_DONE ? TIMELINE_APPLIED :
		result == ATTEMPT_REFUSED ? TIMELINE_REFUSED : TIMELINE_UNBUILT;
}
