/*-------------------------------------------------------------------------
 *
 * chunk_store.h
 *	  Rows of arbiter_timeline: find, lock, update, insert, delete chunks.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_CHUNK_STORE_H
#define ARBITER_CHUNK_STORE_H

#include "postgres.h"

#include "access/genam.h"
#include "access/tableam.h"
#include "datatype/timestamp.h"
#include "nodes/execnodes.h"
#include "support/relations.h"
#include "timeline/steps.h"
#include "utils/rel.h"

/*
 * A chunk: the steps of one stretch of one resource's timeline.
 *
 * Values are absolute here; in the row they are relative to base.
 */
typedef struct Chunk
{
	int32		resource_id;
	TimestampTz start;
	TimestampTz end;
	int64		base;
	int64		minimum;
	int64		maximum;
	int			nsteps;
	const Step *stored;			/* as in the row, relative to base */
	ItemPointerData tid;
	ItemPointerData root;		/* what the index points to */
	bool		contended;		/* another transaction is changing it */
} Chunk;

typedef struct ChunkStore
{
	Relation	rel;
	LOCKMODE	lockmode;
	Relation	pkey;			/* opened when first asked */
	BlockNumber nblocks;		/* the table has at least so many */
	TupleTableSlot *slot;		/* made when first written to, as are these: */
	Pointer		during;			/* of the row in the slot */
	Pointer		steps;
	EState	   *estate;
	ResultRelInfo *target;
} ChunkStore;

typedef struct ChunkScan
{
	ChunkStore *store;
	Snapshot	snapshot;
	TupleTableSlot *slot;
	IndexScanDesc scan;			/* made when first used */
	ItemPointerData root;		/* what the index points to, of the row in slot */
	int32		resource_id;
	TimestampTz position;		/* what ends later has not been met */
	bool		positioned;		/* the index scan is at position */
	bool		bounded;		/* and there may be more, see rescan() */
} ChunkScan;

extern void chunk_store_open(ChunkStore *store, LOCKMODE lockmode);
extern Datum chunk_store_column(TupleTableSlot *slot, TimelineColumn which);
extern bool chunk_store_has_block(ChunkStore *store, ItemPointer tid);
extern void chunk_store_close(ChunkStore *store);
extern Relation chunk_store_pkey(ChunkStore *store);

extern void chunk_scan_begin(ChunkScan *scan, ChunkStore *store,
							 int32 resource_id, TimestampTz after,
							 Snapshot snapshot);
extern void chunk_scan_restart(ChunkScan *scan, int32 resource_id,
							   TimestampTz after);
extern bool chunk_scan_next(ChunkScan *scan, Chunk *chunk);
extern void chunk_scan_end(ChunkScan *scan);

extern Step *chunk_steps(const Chunk *chunk);
extern bool chunk_store_is_built(ChunkStore *store, int32 resource_id,
								 Snapshot snapshot);

extern TM_Result chunk_store_lock(ChunkStore *store, const Chunk *chunk,
								  Snapshot snapshot, LockWaitPolicy policy);
extern TM_Result chunk_store_update(ChunkStore *store, const Chunk *chunk,
									TimestampTz start, int64 base,
									const Step *steps, int nsteps,
									Snapshot snapshot);
extern TM_Result chunk_store_shift(ChunkStore *store, const Chunk *chunk,
								   int64 delta, Snapshot snapshot);
extern void chunk_store_insert(ChunkStore *store, int32 resource_id,
							   TimestampTz start, TimestampTz end,
							   const Step *steps, int nsteps);
extern void chunk_store_insert_anchor(ChunkStore *store, int32 resource_id);
extern TM_Result chunk_store_delete(ChunkStore *store, ItemPointer tid,
									Snapshot snapshot, Snapshot crosscheck);
extern int64 chunk_store_delete_all(ChunkStore *store, int32 resource_id);

#endif							/* ARBITER_CHUNK_STORE_H */
