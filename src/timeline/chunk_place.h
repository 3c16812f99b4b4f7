/*-------------------------------------------------------------------------
 *
 * chunk_place.h
 *	  Where this backend last found or wrote its chunks.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_CHUNK_PLACE_H
#define ARBITER_CHUNK_PLACE_H

#include "postgres.h"

#include "storage/buf.h"
#include "storage/lock.h"
#include "timeline/chunk_store.h"

/* where a chunk is, as far as we know */
typedef struct ChunkPlace
{
	TimestampTz start;
	TimestampTz end;
	ItemPointerData root;		/* what the index points to */
	ItemPointerData own;		/* the version written by: */
	LocalTransactionId own_xact;
	Buffer		buffer;			/* had the block of root last, or invalid */
	uint32		looks;			/* into that buffer */
} ChunkPlace;

extern void chunk_place_remember(const Chunk *chunk, TimestampTz instant);
extern void chunk_place_remember_own(int32 resource_id, TimestampTz start,
									 TimestampTz end, const ItemPointerData *root,
									 const ItemPointerData *own);
extern ChunkPlace *chunk_place_find(int32 resource_id, TimestampTz instant);
extern bool chunk_place_missed(int32 resource_id);
extern bool chunk_place_suppose(int32 resource_id, TimestampTz start,
								TimestampTz end, const ItemPointerData *root);
extern void chunk_place_supposed(int32 resource_id, int nread, int nnew);
extern void chunk_place_remember_last(int32 resource_id, TimestampTz end);
extern bool chunk_place_is_after_last(int32 resource_id, TimestampTz instant);
extern void chunk_place_remember_anchor(int32 resource_id,
										const ItemPointerData *tid);
extern bool chunk_place_find_anchor(int32 resource_id, ItemPointer tid);

#endif							/* ARBITER_CHUNK_PLACE_H */
