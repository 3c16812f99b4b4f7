/*-------------------------------------------------------------------------
 *
 * chunk_scan.c
 *	  Read chunks: rows of arbiter_timeline, in order of time.
 *
 *-------------------------------------------------------------------------
 */
#include "timeline/chunk_store.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/procarray.h"
#include "support/compat.h"
#include "timeline/chunk_place.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

/*
 * chunk_scan_begin starts a scan of the chunks of a resource that end after
 * an instant, in order of time.
 */
void
chunk_scan_begin(ChunkScan *scan, ChunkStore *store, int32 resource_id,
				 TimestampTz after, Snapshot snapshot)
{
	scan->store = store;
	scan->snapshot = snapshot;
	scan->slot = table_slot_create(store->rel, NULL);
	scan->scan = NULL;
	chunk_scan_restart(scan, resource_id, after);
}

/*
 * A scan usually wants one chunk or two, but a btree scan without an upper
 * bound fetches all the entries of an index page at once.  So it looks only a
 * little further than the chunk seen last was long, and on when that was not
 * enough: ends ascend, so nothing is missed or met twice.  Where no chunk is to be
 * expected any more, once is enough.
 */
#define LONGEST_REACH	(100 * USECS_PER_DAY)

static int64 usual_reach = LONGEST_REACH;

static void
rescan(ChunkScan *scan, TimestampTz bound)
{
	ScanKeyData keys[3];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(scan->resource_id));
	ScanKeyInit(&keys[1], 2, BTGreaterStrategyNumber, F_TIMESTAMPTZ_GT,
				TimestampTzGetDatum(scan->position));
	ScanKeyInit(&keys[2], 2, BTLessEqualStrategyNumber, F_TIMESTAMPTZ_LE,
				TimestampTzGetDatum(bound));
	if (scan->scan == NULL)
		scan->scan = arbiter_index_beginscan(scan->store->rel,
											 chunk_store_pkey(scan->store),
											 scan->snapshot, 3);
	index_rescan(scan->scan, keys, 3, NULL, 0);
	scan->bounded = (bound != DT_NOEND);
	scan->positioned = true;
}

/*
 * chunk_scan_restart moves a scan to another resource or instant.
 */
void
chunk_scan_restart(ChunkScan *scan, int32 resource_id, TimestampTz after)
{
	scan->resource_id = resource_id;
	scan->position = after;
	scan->positioned = false;
}

/* what a chunk's next version may be longer: a reservation adds two steps */
#define VERSION_GROWTH	(2 * sizeof(Step))

/*
 * Is a row, which we see, being changed by another transaction right now?
 *
 * A guess, made without a lock on the buffer: only who queues hangs on it.
 */
static bool
is_contended(TupleTableSlot *slot)
{
	HeapTupleHeader header;
	uint16		infomask;
	TransactionId xmax;

	if (!TTS_IS_BUFFERTUPLE(slot))
		return false;
	header = ((HeapTupleTableSlot *) slot)->tuple->t_data;
	infomask = header->t_infomask;
	if ((infomask & (HEAP_XMAX_INVALID | HEAP_XMAX_IS_MULTI)) != 0)
		return false;
	xmax = HeapTupleHeaderGetRawXmax(header);
	/* who has the row must not queue behind those who wait for it */
	return !TransactionIdIsCurrentTransactionId(xmax) &&
		!TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(header)) &&
		TransactionIdIsInProgress(xmax);
}

/*
 * Take a row apart; the chunk points into the slot.  False if the row is none
 * that we would write: whatever somebody did to the table, do not read past
 * the array.
 */
static bool
read_chunk(ChunkScan *scan, Chunk *chunk)
{
	TupleTableSlot *slot = scan->slot;
	const AttrNumber *columns = arbiter_relations()->timeline_column;
	ArrayType  *array;

	slot_getallattrs(slot);
#define COLUMN(which) (slot->tts_values[columns[which] - 1])
	chunk->resource_id = DatumGetInt32(COLUMN(TIMELINE_RESOURCE_ID));
	chunk->end = DatumGetTimestampTz(COLUMN(TIMELINE_ENDS));
	chunk->base = DatumGetInt64(COLUMN(TIMELINE_BASE));
	chunk->minimum = chunk->base + DatumGetInt64(COLUMN(TIMELINE_MINIMUM));
	chunk->maximum = chunk->base + DatumGetInt64(COLUMN(TIMELINE_MAXIMUM));
	array = DatumGetArrayTypeP(COLUMN(TIMELINE_STEPS));
#undef COLUMN
	chunk->tid = slot->tts_tid;
	chunk->root = scan->root;
	chunk->contended = is_contended(slot);

	chunk->nsteps = ARR_NDIM(array) == 1 ? ARR_DIMS(array)[0] / 2 : 0;
	chunk->stored = (const Step *) ARR_DATA_PTR(array);
	if (chunk->nsteps < 1 || ARR_DIMS(array)[0] % 2 != 0 || ARR_HASNULL(array) ||
		ARR_ELEMTYPE(array) != INT8OID || chunk->stored->start >= chunk->end)
		return false;
	chunk->start = chunk->stored->start;
	return true;
}

/*
 * Read the block of a place, which may be of what was there once; invalid if there
 * is none.  If it is still in the buffer where it was last, the server's table of
 * buffers is not asked; but now and then it is, because only that counts as use,
 * and keeps the block in memory.
 */
static Buffer
read_place(ChunkScan *scan, ChunkPlace *place)
{
	Relation	rel = scan->store->rel;
	BlockNumber block = ItemPointerGetBlockNumber(&place->root);

	if (!BufferIsValid(place->buffer) || ++place->looks % 4 == 0 ||
		!arbiter_read_recent_buffer(rel, block, place->buffer))
		place->buffer = chunk_store_has_block(scan->store, &place->root) ?
			ReadBuffer(rel, block) : InvalidBuffer;
	return place->buffer;
}

/*
 * Fetch the version of a row that the snapshot sees, from the line pointer that
 * the index has for it, in a buffer that has its block, whose pin passes to us.
 *
 * The server prunes a page whenever it is read through an index and has less
 * free space than its fillfactor leaves, which for pages of chunks, where the
 * free space is there to be used, is nearly always.  Here a writer has the page
 * pruned when the next version would not find room on it, and so for many
 * updates at once; a reader leaves it alone.
 */
static bool
fetch_by_root(ChunkScan *scan, Buffer buffer, bool *all_dead)
{
	Relation	rel = scan->store->rel;
	BufferHeapTupleTableSlot *slot = (BufferHeapTupleTableSlot *) scan->slot;
	HeapTuple	tuple = &slot->base.tupdata;
	bool		found;
	bool		pruned = scan->store->lockmode < RowExclusiveLock;

	ExecClearTuple(scan->slot);
	for (;;)
	{
		ItemPointerData tid = scan->root;

		LockBuffer(buffer, BUFFER_LOCK_SHARE);
		found = heap_hot_search_buffer(&tid, rel, buffer, scan->snapshot, tuple,
									   all_dead, true);
		LockBuffer(buffer, BUFFER_LOCK_UNLOCK);
		if (!found || pruned ||
			PageGetHeapFreeSpace(BufferGetPage(buffer)) >=
			MAXALIGN(tuple->t_len + VERSION_GROWTH))
			break;
		/* what is left is moved together: look again */
		heap_page_prune_opt(rel, buffer);
		pruned = true;
	}
	if (found)
		ExecStorePinnedBufferHeapTuple(tuple, scan->slot, buffer);
	else
		ReleaseBuffer(buffer);
	return found;
}

static bool
is_chunk_wanted(ChunkScan *scan, Chunk *chunk)
{
	return read_chunk(scan, chunk) &&
		chunk->resource_id == scan->resource_id &&
		chunk->start <= scan->position && chunk->end > scan->position;
}

/*
 * Fetch the chunk a scan is at from where it was last, see chunk_place.c.
 *
 * A scan of the index that is under way already goes on faster by itself, but
 * for what this transaction has written.  SERIALIZABLE wants the predicate
 * locks of the index.
 *
 * *known tells whether a place was known at all.
 */
static bool
fetch_by_place(ChunkScan *scan, Chunk *chunk, bool *known)
{
	ChunkPlace *place = IsMVCCSnapshot(scan->snapshot) ?
		chunk_place_find(scan->resource_id, scan->position) : NULL;
	Buffer		buffer;

	*known = (place != NULL);
	if (place == NULL)
		return false;
	scan->root = place->root;
	if (ItemPointerIsValid(&place->own) &&
		chunk_store_has_block(scan->store, &place->own) &&
		table_tuple_fetch_row_version(scan->store->rel, &place->own,
									  scan->snapshot, scan->slot) &&
		is_chunk_wanted(scan, chunk))
		return true;

	if (scan->positioned || IsolationIsSerializable() ||
		!TTS_IS_BUFFERTUPLE(scan->slot))
		return false;
	buffer = read_place(scan, place);
	return BufferIsValid(buffer) && fetch_by_root(scan, buffer, NULL) &&
		is_chunk_wanted(scan, chunk);
}

/* so many are noted at once */
#define PLACES_AT_ONCE	32

/* when so many in a row are known, those that follow will be */
#define KNOWN_ENOUGH	16

/*
 * Note the places of chunks that follow one, and then of those before it, see
 * chunk_place.c.  The rows are not looked at.
 */
static void
note_places(ChunkScan *scan, const Chunk *chunk)
{
	int			nread = 0;
	int			nnew = 0;
	int			nknown = 0;
	IndexScanDesc index;

	if (!chunk_place_missed(chunk->resource_id))
		return;
	index = arbiter_index_beginscan(scan->store->rel, chunk_store_pkey(scan->store),
									scan->snapshot, 2);
	index->xs_want_itup = true;
	for (int pass = 0; pass < 2; pass++)
	{
		TimestampTz start = pass == 0 ? chunk->end : DT_NOBEGIN;
		TimestampTz to = pass == 0 ? DT_NOEND : chunk->start;
		ScanKeyData keys[2];
		ItemPointer tid;

		ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT4EQ,
					Int32GetDatum(chunk->resource_id));
		ScanKeyInit(&keys[1], 2, BTGreaterStrategyNumber, F_TIMESTAMPTZ_GT,
					TimestampTzGetDatum(start));
		index_rescan(index, keys, 2, NULL, 0);
		while (start < to && nread < PLACES_AT_ONCE &&
			   nknown < KNOWN_ENOUGH &&
			   (tid = index_getnext_tid(index, ForwardScanDirection)) != NULL)
		{
			bool		isnull;
			TimestampTz end = DatumGetTimestampTz(index_getattr(index->xs_itup, 2,
																index->xs_itupdesc,
																&isnull));

			nread++;
			/* versions of one row may have an entry each */
			if (end <= start)
				continue;
			if (chunk_place_suppose(chunk->resource_id, start, end, tid))
			{
				nnew++;
				nknown = 0;
			}
			else
				nknown++;
			start = end;
		}
	}
	index_endscan(index);
	chunk_place_supposed(chunk->resource_id, nread, nnew);
}

/*
 * Fetch the next row by index, as index_getnext_slot() does, but keep what the
 * index points to: to fetch the row moves that on to the version found.
 */
static bool
fetch_by_index(ChunkScan *scan)
{
	IndexScanDesc index = scan->scan;

	for (;;)
	{
		if (!index->xs_heap_continue)
		{
			ItemPointer tid = index_getnext_tid(index, ForwardScanDirection);

			if (tid == NULL)
				return false;
			scan->root = *tid;
		}
		/* of one row, such a snapshot sees one version */
		if (IsMVCCSnapshot(scan->snapshot) && TTS_IS_BUFFERTUPLE(scan->slot))
		{
			bool		all_dead;

			if (fetch_by_root(scan, ReadBuffer(scan->store->rel,
											   ItemPointerGetBlockNumber(&scan->root)),
							  &all_dead))
				return true;
			/* let the index forget a row that nobody sees, as the server does */
			index->kill_prior_tuple = all_dead && !index->xactStartedInRecovery;
		}
		else if (index_fetch_heap(index, scan->slot))
			return true;
	}
}

/*
 * chunk_scan_next returns the next chunk; what it points to is valid until
 * the scan goes on.
 */
bool
chunk_scan_next(ChunkScan *scan, Chunk *chunk)
{
	bool		descends = !scan->positioned;
	TimestampTz position = scan->position;
	bool		after_last = false;
	bool		known;

	CHECK_FOR_INTERRUPTS();
	if (fetch_by_place(scan, chunk, &known))
	{
		scan->position = chunk->end;
		scan->positioned = false;
		return true;
	}

	if (!scan->positioned)
	{
		after_last = chunk_place_is_after_last(scan->resource_id, position);
		rescan(scan, after_last || TIMESTAMP_NOT_FINITE(position) ? DT_NOEND :
			   position + usual_reach);
	}
	if (!fetch_by_index(scan))
	{
		if (!scan->bounded)
			return false;
		rescan(scan, DT_NOEND);
		if (!fetch_by_index(scan))
		{
			chunk_place_remember_last(scan->resource_id, scan->position);
			return false;
		}
	}
	else if (after_last)
		chunk_place_remember_last(scan->resource_id, DT_NOEND);
	if (!read_chunk(scan, chunk))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("timeline of resource %d is damaged", scan->resource_id),
				 errdetail("The chunk that ends at %s is not readable.",
						   timestamptz_to_str(chunk->end)),
				 errhint("Delete the resource's rows from arbiter_timeline: the next reservation builds it anew.")));
	if (descends && chunk->start <= position && IsMVCCSnapshot(scan->snapshot))
	{
		chunk_place_remember(chunk, position);
		if (!known && !IsolationIsSerializable())
			note_places(scan, chunk);
	}
	scan->position = chunk->end;
	if (chunk->end != STEPS_INFINITY)
		usual_reach = Min(3 * (chunk->end - chunk->start), LONGEST_REACH);
	return true;
}

void
chunk_scan_end(ChunkScan *scan)
{
	if (scan->scan != NULL)
		index_endscan(scan->scan);
	ExecDropSingleTupleTableSlot(scan->slot);
}

/*
 * chunk_steps returns a palloc'd copy of a chunk's steps, values absolute.
 */
Step *
chunk_steps(const Chunk *chunk)
{
	Step	   *steps = palloc(sizeof(Step) * chunk->nsteps);

	for (int i = 0; i < chunk->nsteps; i++)
	{
		steps[i].start = chunk->stored[i].start;
		steps[i].available = chunk->stored[i].available + chunk->base;
	}
	return steps;
}
