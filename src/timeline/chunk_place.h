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

#include "timeline/chunk_store.h"

extern void chunk_place_remember(const Chunk *chunk, TimestampTz instant);
extern void chunk_place_remember_own(int32 resource_id, TimestampTz start,
									 TimestampTz end, const ItemPointerData *root,
									 const ItemPointerData *own);
extern bool chunk_place_find(int32 resource_id, TimestampTz instant,
							 ItemPointer root, ItemPointer own);
extern void chunk_place_remember_anchor(int32 resource_id,
										const ItemPointerData *tid);
extern bool chunk_place_find_anchor(int32 resource_id, ItemPointer tid);

#endif							/* ARBITER_CHUNK_PLACE_H */
