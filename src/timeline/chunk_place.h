/*-------------------------------------------------------------------------
 *
 * chunk_place.h
 *	  Where the current transaction wrote its chunks.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_CHUNK_PLACE_H
#define ARBITER_CHUNK_PLACE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "storage/itemptr.h"

extern void chunk_place_remember(int32 resource_id, TimestampTz end,
								 ItemPointer tid);
extern bool chunk_place_find(int32 resource_id, TimestampTz after,
							 ItemPointer tid);

#endif							/* ARBITER_CHUNK_PLACE_H */
