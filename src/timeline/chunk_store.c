/*-------------------------------------------------------------------------
 *
 * chunk_store.c
 *	  Rows of arbiter_timeline: find, lock, update, insert, delete chunks.
 *
 * A row is a chunk: a stretch of one resource's timeline (during), its upper
 * end as a plain column (ends), and its steps packed into one bigint array of
 * (start, availability) pairs.  The values are relative to base, so that what
 * covers a whole chunk changes base alone.  minimum and maximum, relative to
 * base too, let a reader decide most chunks by their header.
 *
 * Chunks of a resource never overlap, so the unique index on (resource_id,
 * ends), scanned forward from the first end after an instant, meets every
 * chunk of a range in the order in which they must be locked.  A split keeps
 * the upper end, and so the row, on the right; only the left parts are new.
 *
 * A row with ends = -infinity and an empty range is the anchor: it says that
 * the resource is built, also when no chunk was ever touched.
 *
 * Rows are written by direct table access: this table is private, and the
 * updates of a hot resource are what the extension's speed is made of.  The
 * steps and the header are in no index, so that nearly all updates are HOT;
 * when one is not, and for inserts, the executor maintains whatever indexes
 * there are.
 *
 *-------------------------------------------------------------------------
 */
#include "timeline/chunk_store.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/pg_type.h"
#include "storage/bufmgr.h"
#include "support/compat.h"
#include "timeline/chunk_place.h"
#include "utils/array.h"
#include "utils/timestamp.h"

#define STEPS_HEADER	ARR_OVERHEAD_NONULLS(1)

/*
 * chunk_store_open opens the timeline table.
 */
void
chunk_store_open(ChunkStore *store, LOCKMODE lockmode)
{
	store->rel = table_open(arbiter_relations()->timeline, lockmode);
	store->lockmode = lockmode;
	store->pkey = NULL;
	store->nblocks = 0;
	store->slot = NULL;
	store->during = store->steps = NULL;
	store->estate = NULL;
	store->target = NULL;
}

/*
 * chunk_store_pkey returns the primary key of the table, open.
 */
Relation
chunk_store_pkey(ChunkStore *store)
{
	if (store->pkey == NULL)
		store->pkey = index_open(arbiter_relations()->timeline_pkey,
								 store->lockmode);
	return store->pkey;
}

/*
 * chunk_store_has_block tells whether the table has the block of a place, which
 * may be of what was there once.  Read what is not there, and the server complains.
 * The table is locked, so it cannot become shorter.
 */
bool
chunk_store_has_block(ChunkStore *store, ItemPointer tid)
{
	BlockNumber block = ItemPointerGetBlockNumber(tid);

	if (block >= store->nblocks)
		store->nblocks = RelationGetNumberOfBlocks(store->rel);
	return block < store->nblocks;
}

static void
close_target(ChunkStore *store)
{
	if (store->estate == NULL)
		return;
	close_indices(store->target);
	ExecCloseResultRelations(store->estate);
	FreeExecutorState(store->estate);
	store->estate = NULL;
	store->target = NULL;
}

/*
 * chunk_store_close closes it; table locks stay to the end of the transaction.
 */
void
chunk_store_close(ChunkStore *store)
{
	if (store->slot != NULL)
		ExecDropSingleTupleTableSlot(store->slot);
	close_target(store);
	if (store->pkey != NULL)
		index_close(store->pkey, NoLock);
	table_close(store->rel, NoLock);
}

/*
 * chunk_store_column returns a column of a row, none of which is ever null.
 */
Datum
chunk_store_column(TupleTableSlot *slot, TimelineColumn which)
{
	bool		isnull;

	return slot_getattr(slot, arbiter_relations()->timeline_column[which], &isnull);
}

/*
 * chunk_store_lock locks a chunk's row against other writers.
 *
 * TM_Updated and TM_Deleted: the version the caller read is not the latest.
 */
TM_Result
chunk_store_lock(ChunkStore *store, const Chunk *chunk, Snapshot snapshot,
				 LockWaitPolicy policy)
{
	TupleTableSlot *slot = table_slot_create(store->rel, NULL);
	ItemPointerData tid = chunk->tid;
	TM_FailureData failure;
	TM_Result	result;

	result = table_tuple_lock(store->rel, &tid, snapshot, slot,
							  GetCurrentCommandId(true),
							  LockTupleNoKeyExclusive, policy, 0, &failure);
	ExecDropSingleTupleTableSlot(slot);
	return result;
}

/* an array of steps, from which an amount is taken off */
static Datum
make_steps(const Step *steps, int nsteps, int64 off)
{
	Size		size = STEPS_HEADER + sizeof(Step) * nsteps;
	ArrayType  *array;
	Step	   *stored;

	if (nsteps == 0)
		return PointerGetDatum(construct_empty_array(INT8OID));
	array = palloc(size);
	SET_VARSIZE(array, size);
	array->ndim = 1;
	array->dataoffset = 0;
	array->elemtype = INT8OID;
	ARR_DIMS(array)[0] = 2 * nsteps;
	ARR_LBOUND(array)[0] = 1;
	stored = (Step *) ARR_DATA_PTR(array);
	memcpy(stored, steps, sizeof(Step) * nsteps);
	if (off != 0)
	{
		for (int i = 0; i < nsteps; i++)
			stored[i].available -= off;
	}
	return PointerGetDatum(array);
}

/* fill the slot with a row; minimum and maximum are relative to base */
static void
form_row(ChunkStore *store, int32 resource_id, Datum during, TimestampTz end,
		 Datum steps, int64 base, int64 minimum, int64 maximum)
{
	const AttrNumber *columns = arbiter_relations()->timeline_column;
	TupleTableSlot *slot;

	if (store->slot == NULL)
		store->slot = MakeSingleTupleTableSlot(RelationGetDescr(store->rel),
											   &TTSOpsVirtual);
	slot = store->slot;
	ExecClearTuple(slot);
	/* of the row before: a range of time may take thousands */
	if (store->during != NULL)
	{
		pfree(store->during);
		pfree(store->steps);
	}
	store->during = DatumGetPointer(during);
	store->steps = DatumGetPointer(steps);
	memset(slot->tts_isnull, true, sizeof(bool) * slot->tts_tupleDescriptor->natts);
	memset(slot->tts_values, 0, sizeof(Datum) * slot->tts_tupleDescriptor->natts);

#define SET_COLUMN(which, value) \
	(slot->tts_values[columns[which] - 1] = (value), \
	 slot->tts_isnull[columns[which] - 1] = false)
	SET_COLUMN(TIMELINE_RESOURCE_ID, Int32GetDatum(resource_id));
	SET_COLUMN(TIMELINE_ENDS, TimestampTzGetDatum(end));
	SET_COLUMN(TIMELINE_DURING, during);
	SET_COLUMN(TIMELINE_STEPS, steps);
	SET_COLUMN(TIMELINE_BASE, Int64GetDatum(base));
	SET_COLUMN(TIMELINE_MINIMUM, Int64GetDatum(minimum));
	SET_COLUMN(TIMELINE_MAXIMUM, Int64GetDatum(maximum));
#undef SET_COLUMN
	ExecStoreVirtualTuple(slot);
}

/* fill the slot with a chunk whose values are absolute */
static void
form_chunk(ChunkStore *store, int32 resource_id, TimestampTz start,
		   TimestampTz end, int64 base, const Step *steps, int nsteps)
{
	int64		minimum;
	int64		maximum;

	steps_extent(steps, nsteps, &minimum, &maximum);
	form_row(store, resource_id, range_datum(start, end), end,
			 make_steps(steps, nsteps, base), base, minimum - base,
			 maximum - base);
}

static void
open_target(ChunkStore *store)
{
	if (store->estate != NULL)
		return;
	store->estate = CreateExecutorState();
	store->target = ExecGetTriggerResultRel(store->estate,
											RelationGetRelid(store->rel), NULL);
	ExecOpenIndices(store->target, false);
}

/* let the executor make the index entries of the row in the slot */
static void
insert_index_entries(ChunkStore *store, bool update, UpdateIndexes indexes)
{
	open_target(store);
	list_free(insert_index_tuples(store->target, store->slot, store->estate,
								  update, indexes));
	ResetPerTupleExprContext(store->estate);
}

/*
 * Make the index entries of a new version whose key is that of the old one.
 *
 * In the unique index and that of the exclusion constraint nothing can be in
 * the way: the old version was there alone, and its row is ours.  Not to look
 * matters where a transaction updates one chunk many times, because all the
 * versions it left behind would be looked at.  Other indexes are the
 * executor's business.
 */
static void
insert_same_key_entries(ChunkStore *store, UpdateIndexes indexes)
{
	ResultRelInfo *target;
	Relation   *indices;
	int			others = 0;

	open_target(store);
	target = store->target;
	slot_getallattrs(store->slot);
	indices = palloc(sizeof(Relation) * target->ri_NumIndices);
	for (int i = 0; i < target->ri_NumIndices; i++)
	{
		Relation	index = indices[i] = target->ri_IndexRelationDescs[i];
		IndexInfo  *info = target->ri_IndexRelationInfo[i];
		Datum		values[INDEX_MAX_KEYS];
		bool		isnull[INDEX_MAX_KEYS];

		if (RelationGetRelid(index) != arbiter_relations()->timeline_pkey &&
			RelationGetRelid(index) != arbiter_relations()->timeline_excl)
		{
			others++;
			continue;
		}
		FormIndexDatum(info, store->slot, store->estate, values, isnull);
		index_insert(index, values, isnull, &store->slot->tts_tid, store->rel,
					 UNIQUE_CHECK_NO, true, info);
		/* the executor skips an index that is not there */
		target->ri_IndexRelationDescs[i] = NULL;
	}
	if (others > 0)
		insert_index_entries(store, true, indexes);
	memcpy(target->ri_IndexRelationDescs, indices,
		   sizeof(Relation) * target->ri_NumIndices);
	pfree(indices);
}

/* replace a row by the one in the slot */
static TM_Result
update_row(ChunkStore *store, const Chunk *chunk, TimestampTz start,
		   Snapshot snapshot)
{
	ItemPointerData tid = chunk->tid;
	TM_FailureData failure;
	LockTupleMode lockmode;
	UpdateIndexes indexes;
	TM_Result	result;

	result = table_tuple_update(store->rel, &tid, store->slot,
								GetCurrentCommandId(true), snapshot,
								InvalidSnapshot, true, &failure, &lockmode,
								&indexes);
	if (result != TM_Ok)
		return result;
	chunk_place_remember_own(chunk->resource_id, start, chunk->end,
							 UPDATES_INDEXES(indexes) ? &store->slot->tts_tid : &chunk->root,
							 &store->slot->tts_tid);
	if (UPDATES_INDEXES(indexes))
	{
		if (start == chunk->start)
			insert_same_key_entries(store, indexes);
		else
			insert_index_entries(store, true, indexes);
	}
	return TM_Ok;
}

/*
 * chunk_store_update gives a chunk new steps, and a new start where its left
 * part was split off or an earlier chunk is merged into it.
 */
TM_Result
chunk_store_update(ChunkStore *store, const Chunk *chunk, TimestampTz start,
				   int64 base, const Step *steps, int nsteps,
				   Snapshot snapshot)
{
	form_chunk(store, chunk->resource_id, start, chunk->end, base, steps, nsteps);
	return update_row(store, chunk, start, snapshot);
}

/*
 * chunk_store_shift adds an amount to all of a chunk, by its base alone;
 * chunk->stored must still be valid.
 */
TM_Result
chunk_store_shift(ChunkStore *store, const Chunk *chunk, int64 delta,
				  Snapshot snapshot)
{
	form_row(store, chunk->resource_id, range_datum(chunk->start, chunk->end),
			 chunk->end, make_steps(chunk->stored, chunk->nsteps, 0),
			 chunk->base + delta, chunk->minimum - chunk->base,
			 chunk->maximum - chunk->base);
	return update_row(store, chunk, chunk->start, snapshot);
}

/*
 * chunk_store_insert inserts a chunk.
 */
void
chunk_store_insert(ChunkStore *store, int32 resource_id, TimestampTz start,
				   TimestampTz end, const Step *steps, int nsteps)
{
	form_chunk(store, resource_id, start, end, 0, steps, nsteps);
	table_tuple_insert(store->rel, store->slot, GetCurrentCommandId(true), 0, NULL);
	chunk_place_remember_own(resource_id, start, end, &store->slot->tts_tid,
							 &store->slot->tts_tid);
	insert_index_entries(store, false, 0);
}

/*
 * chunk_store_insert_anchor marks a resource built.
 */
void
chunk_store_insert_anchor(ChunkStore *store, int32 resource_id)
{
	form_row(store, resource_id, empty_range_datum(), DT_NOBEGIN,
			 make_steps(NULL, 0, 0), 0, 0, 0);
	table_tuple_insert(store->rel, store->slot, GetCurrentCommandId(true), 0, NULL);
	insert_index_entries(store, false, 0);
}

/*
 * chunk_store_delete deletes a row; with a crosscheck snapshot, only one that
 * this sees too.
 */
TM_Result
chunk_store_delete(ChunkStore *store, ItemPointer tid, Snapshot snapshot,
				   Snapshot crosscheck)
{
	TM_FailureData failure;

	return table_tuple_delete(store->rel, tid, GetCurrentCommandId(true),
							  snapshot, crosscheck, true, &failure, false);
}
