/*-------------------------------------------------------------------------
 *
 * taken.h
 *	  What a call has given away of inventories, and not reserved yet.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_TAKEN_H
#define ARBITER_TAKEN_H

#include "postgres.h"

#include "timeline/timeline.h"

typedef struct Taken Taken;

extern Taken *taken_create(void);
extern void taken_add(Taken *taken, int32 resource_id, TimestampTz start,
					  TimestampTz end, int64 amount);
extern const Segment *taken_of(const Taken *taken, int32 resource_id,
							   int *nsegments);

#endif							/* ARBITER_TAKEN_H */
