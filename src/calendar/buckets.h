/*-------------------------------------------------------------------------
 *
 * buckets.h
 *	  The stretches of time that a calendar has one row each for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_BUCKETS_H
#define ARBITER_BUCKETS_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* a slip in the grain must not fill the disk */
#define BUCKETS_MAX	1000000

/* bucket n is [edges[n], edges[n + 1]) */
typedef struct Buckets
{
	int			nbuckets;
	TimestampTz *edges;
} Buckets;

extern void buckets_make(Buckets *buckets, TimestampTz start, TimestampTz end,
						 const Interval *grain, const char *zone_name);

#endif							/* ARBITER_BUCKETS_H */
