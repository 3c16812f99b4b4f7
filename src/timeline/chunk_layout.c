/*-------------------------------------------------------------------------
 *
 * chunk_layout.c
 *	  Where chunks begin and end: create, split and merge them.
 *
 * A timeline has chunks only where reservations touched it.  They are created
 * along cells of CHUNK_SPAN; between the cells in which a long reservation
 * starts and ends, one chunk is enough for all the time it merely covers.
 *
 * A chunk with more than arbiter.chunk_steps steps is split.  So is one longer
 * than CHUNK_SPAN when something starts or ends inside it, so that distant
 * reservations of a quiet resource lock different rows.  A split keeps the row
 * for the rightmost piece, which has the chunk's end and so its key, and
 * inserts the others.
 *
 * A chunk that a release leaves nearly empty is merged with a neighbour of its
 * cell, if that can be locked without waiting: reserve and cancel leave no
 * debris.
 *
 *-------------------------------------------------------------------------
 */
#include "timeline/chunk_layout.h"

#include "access/xact.h"
#include "storage/lmgr.h"
#include "support/guc.h"
#include "support/locks.h"
#include "timeline/base_rows.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

static TimestampTz
cell_start(TimestampTz instant)
{
	int64		remainder = instant % CHUNK_SPAN;

	instant -= remainder < 0 ? remainder + CHUNK_SPAN : remainder;
	return Max(instant, MIN_TIMESTAMP);
}

static TimestampTz
cell_end(TimestampTz instant)
{
	TimestampTz end;

	if (instant >= END_TIMESTAMP - CHUNK_SPAN)
		return STEPS_INFINITY;
	end = instant - instant % CHUNK_SPAN;
	/* division truncates toward zero */
	return instant < 0 && end > instant ? end : end + CHUNK_SPAN;
}

/*
 * Find a chunk, committed or not, that overlaps [start, end).  If another
 * transaction that makes or removes it is in progress, tell which.
 *
 * *earliest, which is not after start, is moved up to the end of the last
 * chunk before start, so that [*earliest, end) is free if [start, end) is.
 */
static bool
find_chunk_of_anybody(ChunkStore *store, int32 resource_id,
					  TimestampTz *earliest, TimestampTz start,
					  TimestampTz end, TransactionId *in_progress)
{
	SnapshotData dirty;
	ChunkScan	scan;
	Chunk		chunk;
	bool		found = false;

	InitDirtySnapshot(dirty);
	*in_progress = InvalidTransactionId;
	chunk_scan_begin(&scan, store, resource_id, *earliest, &dirty);
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
 * chunk_layout_is_free tells whether nobody, committed or not, has a chunk in
 * [start, end).
 */
bool
chunk_layout_is_free(ChunkStore *store, int32 resource_id, TimestampTz start,
					 TimestampTz end)
{
	TransactionId in_progress;
	TimestampTz earliest = start;

	return !find_chunk_of_anybody(store, resource_id, &earliest, start, end,
								  &in_progress);
}

/* how many chunks so many steps need; more than one get room to grow */
static int
count_pieces(int nsteps)
{
	if (nsteps <= arbiter_chunk_steps)
		return 1;
	return Max(2, (int) ((4 * (int64) nsteps + 3 * arbiter_chunk_steps - 1) /
						 (3 * arbiter_chunk_steps)));
}

/*
 * Insert the pieces that [start, end), which the steps cover, is cut into.
 */
static void
insert_pieces(ChunkStore *store, int32 resource_id, TimestampTz start,
			  TimestampTz end, const Step *steps, int nsteps)
{
	int			pieces = count_pieces(nsteps);

	for (int i = 0; i < pieces; i++)
	{
		int			from = (int) ((int64) nsteps * i / pieces);
		int			to = (int) ((int64) nsteps * (i + 1) / pieces);

		chunk_store_insert(store, resource_id,
						   i == 0 ? start : steps[from].start,
						   i == pieces - 1 ? end : steps[to].start,
						   steps + from, to - from);
	}
}

/*
 * A scan with a dirty snapshot can miss a row that moves while it looks: its
 * old version dead already, its new one not yet in the index when the page was
 * read.  One that is committed is seen with a snapshot.
 */
static bool
has_chunk(ChunkStore *store, int32 resource_id, TimestampTz start,
		  TimestampTz end, Snapshot snapshot)
{
	ChunkScan	scan;
	Chunk		chunk;
	bool		found;

	chunk_scan_begin(&scan, store, resource_id, start, snapshot);
	found = chunk_scan_next(&scan, &chunk) && chunk.start < end;
	chunk_scan_end(&scan);
	return found;
}

/*
 * Create one chunk from declared capacity: [start, end), and to the left of it
 * what is free from earliest on.
 */
static LayoutResult
create_chunk(ChunkStore *store, int32 resource_id, TimestampTz earliest,
			 TimestampTz start, TimestampTz end)
{
	TransactionId in_progress;
	Snapshot	snapshot;
	Step	   *steps;
	int			nsteps;

	chunk_creation_lock(resource_id);
	if (find_chunk_of_anybody(store, resource_id, &earliest, start, end,
							  &in_progress))
	{
		chunk_creation_unlock(resource_id);
		if (!TransactionIdIsValid(in_progress))
			return LAYOUT_CONCURRENT;
		XactLockTableWait(in_progress, store->rel, NULL, XLTW_None);
		return LAYOUT_WAITED;
	}
	snapshot = latest_snapshot();
	if (has_chunk(store, resource_id, start, end, snapshot))
	{
		UnregisterSnapshot(snapshot);
		chunk_creation_unlock(resource_id);
		return LAYOUT_CONCURRENT;
	}
	steps = capacity_steps(resource_id, earliest, end, snapshot, &nsteps);
	UnregisterSnapshot(snapshot);
	insert_pieces(store, resource_id, earliest, end, steps, nsteps);
	chunk_creation_unlock(resource_id);
	pfree(steps);
	return LAYOUT_DONE;
}

/*
 * chunk_layout_create creates the chunks that segments need in a gap [start,
 * end) between chunks, start being inside the first segment.
 *
 * The caller holds the resource lock in share mode.  What is inserted is
 * declared capacity; the segments are not applied.
 */
LayoutResult
chunk_layout_create(ChunkStore *store, int32 resource_id, TimestampTz start,
					TimestampTz end, const Segment *segments, int nsegments)
{
	const Segment *segment = segments;
	const Segment *last = segments + nsegments;
	TimestampTz position = start;

	while (segment < last && position < end)
	{
		TimestampTz piece_start = Max(position, segment->start);
		TimestampTz piece_end = cell_end(piece_start);
		TimestampTz earliest = cell_start(piece_start);
		LayoutResult result;

		if (segment->start < earliest && segment->end >= piece_end)
		{
			/* covered, up to the cell in which it ends */
			earliest = piece_start;
			piece_end = segment->end == STEPS_INFINITY ? STEPS_INFINITY :
				cell_start(segment->end);
		}
		piece_end = Min(piece_end, end);

		result = create_chunk(store, resource_id, earliest, piece_start, piece_end);
		if (result != LAYOUT_DONE)
			return result;

		position = piece_end;
		while (segment < last && segment->end <= position)
			segment++;
	}
	return LAYOUT_DONE;
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
 * segment starts or ends in it.
 */
static TimestampTz *
span_cuts(const ChunkEdit *edit, int *ncuts)
{
	TimestampTz start = edit->chunk.start;
	TimestampTz end = edit->chunk.end;
	TimestampTz *cuts;
	int			n = 0;

	*ncuts = 0;
	if (end != STEPS_INFINITY && end - start <= CHUNK_SPAN)
		return NULL;

	cuts = palloc(sizeof(TimestampTz) * 4 * edit->nsegments);
	for (int i = 0; i < edit->nsegments; i++)
	{
		TimestampTz ends[2] = {edit->segments[i].start, edit->segments[i].end};

		for (int j = 0; j < 2; j++)
		{
			if (ends[j] <= start || ends[j] >= end)
				continue;
			if (cell_start(ends[j]) > start)
				cuts[n++] = cell_start(ends[j]);
			if (cell_start(ends[j]) != ends[j] && cell_end(ends[j]) < end)
				cuts[n++] = cell_end(ends[j]);
		}
	}
	qsort(cuts, n, sizeof(TimestampTz), compare_instants);
	for (int i = 0; i < n; i++)
	{
		if (*ncuts == 0 || cuts[i] != cuts[*ncuts - 1])
			cuts[(*ncuts)++] = cuts[i];
	}
	return cuts;
}

/* steps [first, last) as a chunk's own, which starts at start */
static Step *
steps_from(const Step *steps, int first, int last, TimestampTz start)
{
	Step	   *copy = palloc(sizeof(Step) * (last - first));

	memcpy(copy, steps + first, sizeof(Step) * (last - first));
	copy[0].start = start;
	return copy;
}

/*
 * chunk_layout_write gives a chunk its new steps, splitting it where it must
 * be split.
 *
 * LAYOUT_CONCURRENT, with nothing written, if the version that was read is not
 * the latest.
 */
LayoutResult
chunk_layout_write(ChunkStore *store, const ChunkEdit *edit, Snapshot snapshot)
{
	const Chunk *chunk = &edit->chunk;
	int64		base = chunk->base;
	TimestampTz start = chunk->start;
	int			nsteps = edit->nsteps;
	int			first = 0;
	int			ncuts;
	TimestampTz *cuts = span_cuts(edit, &ncuts);
	Step	   *steps = edit->steps;

	if (edit->shifted)
		return chunk_store_shift(store, chunk, edit->delta, snapshot) == TM_Ok ?
			LAYOUT_DONE : LAYOUT_CONCURRENT;

	if (ncuts > 0)
	{
		start = cuts[ncuts - 1];
		first = steps_find(steps, nsteps, start);
	}
	if (count_pieces(nsteps - first) > 1)
	{
		first = nsteps - (nsteps - first) / count_pieces(nsteps - first);
		start = steps[first].start;
	}

	/* the row first: it may turn out that it is not the latest version */
	if (start > chunk->start)
		steps = steps_from(edit->steps, first, nsteps, start);
	if (chunk_store_update(store, chunk, start, base, steps, nsteps - first,
						   snapshot) != TM_Ok)
		return LAYOUT_CONCURRENT;

	/* then what is left of it, from right to left cut by cut */
	while (start > chunk->start)
	{
		TimestampTz end = start;

		while (ncuts > 0 && cuts[ncuts - 1] >= end)
			ncuts--;
		start = ncuts > 0 ? cuts[ncuts - 1] : chunk->start;
		nsteps = edit->steps[first].start < end ? first + 1 : first;
		first = steps_find(edit->steps, nsteps, start);
		steps = steps_from(edit->steps, first, nsteps, start);
		insert_pieces(store, chunk->resource_id, start, end, steps, nsteps - first);
		pfree(steps);
	}
	return LAYOUT_DONE;
}

/*
 * chunk_layout_is_sparse tells whether a chunk has so few steps that it should
 * be merged.
 */
bool
chunk_layout_is_sparse(int nsteps)
{
	return nsteps <= arbiter_chunk_steps / 8;
}

static bool
can_merge(const Chunk *left, const Chunk *right)
{
	return left->end == right->start &&
		right->end <= cell_end(left->start) &&
		left->nsteps + right->nsteps <= arbiter_chunk_steps * 3 / 4;
}

/*
 * Merge two neighbours, of which one is locked by us: the row of the right one
 * takes the steps of both.  False if the other one is busy.
 */
static bool
merge_pair(ChunkStore *store, const Chunk *left, const Step *left_steps,
		   const Chunk *right, const Step *right_steps, const Chunk *other,
		   Snapshot snapshot)
{
	ItemPointerData left_tid = left->tid;
	Step	   *steps;
	int			nsteps;

	if (chunk_store_lock(store, other, snapshot, LockWaitSkip) != TM_Ok)
		return false;

	steps = palloc(sizeof(Step) * (left->nsteps + right->nsteps));
	memcpy(steps, left_steps, sizeof(Step) * left->nsteps);
	nsteps = left->nsteps;
	for (int i = 0; i < right->nsteps; i++)
	{
		if (right_steps[i].available != steps[nsteps - 1].available)
			steps[nsteps++] = right_steps[i];
	}

	if (chunk_store_delete(store, &left_tid, snapshot, InvalidSnapshot) != TM_Ok ||
		chunk_store_update(store, right, left->start, right->base, steps, nsteps,
						   snapshot) != TM_Ok)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not change a locked chunk of resource %d",
						right->resource_id)));
	pfree(steps);
	CommandCounterIncrement();
	return true;
}

/*
 * chunk_layout_merge merges the chunk that holds at an instant, which is ours
 * and whose changes are visible, with its neighbours for as long as it is
 * sparse and they are free.
 */
void
chunk_layout_merge(ChunkStore *store, int32 resource_id, TimestampTz instant)
{
	bool		merged = true;

	while (merged)
	{
		Snapshot	snapshot = decision_snapshot();
		ChunkScan	scan;
		Chunk		chunks[3];	/* that before, ours, that after */
		Step	   *steps[3] = {NULL, NULL, NULL};
		Chunk		chunk;

		/* neighbours touch, so the one before ends where ours starts */
		chunk_scan_begin(&scan, store, resource_id, instant, snapshot);
		if (chunk_scan_next(&scan, &chunk) && chunk.start <= instant &&
			chunk_layout_is_sparse(chunk.nsteps))
		{
			chunks[1] = chunk;
			steps[1] = chunk_steps(&chunk);
			if (chunk_scan_next(&scan, &chunk) && can_merge(&chunks[1], &chunk))
			{
				chunks[2] = chunk;
				steps[2] = chunk_steps(&chunk);
			}
			chunk_scan_restart(&scan, resource_id, chunks[1].start - 1);
			if (chunk_scan_next(&scan, &chunk) && can_merge(&chunk, &chunks[1]))
			{
				chunks[0] = chunk;
				steps[0] = chunk_steps(&chunk);
			}
		}
		chunk_scan_end(&scan);

		merged = (steps[2] != NULL &&
				  merge_pair(store, &chunks[1], steps[1], &chunks[2], steps[2],
							 &chunks[2], snapshot)) ||
			(steps[0] != NULL &&
			 merge_pair(store, &chunks[0], steps[0], &chunks[1], steps[1],
						&chunks[0], snapshot));
		UnregisterSnapshot(snapshot);
		for (int i = 0; i < lengthof(chunks); i++)
		{
			if (steps[i] != NULL)
				pfree(steps[i]);
		}
	}
}
