/*-------------------------------------------------------------------------
 *
 * timeline.h
 *	  The availability of resources as a function of time: the verbs.
 *
 * Everything above this module works with these; only timeline_*.c and
 * chunk_*.c know how a timeline is stored.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_TIMELINE_H
#define ARBITER_TIMELINE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "timeline/chunk_store.h"
#include "timeline/steps.h"

/*
 * A scan of a resource's availability over [from, to), stretch by stretch in
 * order of time and without gaps; the first and the last stretch may reach
 * beyond the range.  minimum and maximum are those of the whole stretch.
 */
typedef struct TimelineScan
{
	int32		resource_id;
	TimestampTz position;
	TimestampTz to;
	Snapshot	snapshot;
	ChunkStore	store;
	ChunkScan	chunks;
	Chunk		next;			/* read ahead, if have_next */
	bool		have_next;
	bool		exhausted;
	bool		built;			/* known to be */
} TimelineScan;

typedef struct TimelineStretch
{
	TimestampTz start;
	TimestampTz end;
	int64		minimum;
	int64		maximum;
	const Chunk *chunk;			/* steps still packed */
	Step	   *steps;
	int			nsteps;
} TimelineStretch;

extern void timeline_scan_begin(TimelineScan *scan, int32 resource_id,
								TimestampTz from, TimestampTz to,
								Snapshot snapshot);
extern bool timeline_scan_next(TimelineScan *scan, TimelineStretch *stretch);
extern void timeline_stretch_unpack(TimelineStretch *stretch);
extern void timeline_stretch_free(TimelineStretch *stretch);
extern void timeline_scan_end(TimelineScan *scan);

extern int64 timeline_minimum(int32 resource_id, TimestampTz from,
							  TimestampTz to, Snapshot snapshot,
							  TimestampTz *instant);
extern bool timeline_first_fit(int32 resource_id, StepsFit *fit,
							   TimestampTz before, Snapshot snapshot);

/* a change of one resource's availability; segments ascending, disjoint */
typedef struct TimelineChange
{
	int32		resource_id;
	Segment    *segments;
	int			nsegments;
} TimelineChange;

/* what changes: chunks come up only where reservations do */
typedef enum TimelineCause
{
	TIMELINE_RESERVATIONS,
	TIMELINE_CAPACITY
} TimelineCause;

typedef enum TimelineResult
{
	TIMELINE_APPLIED,
	TIMELINE_REFUSED,
	TIMELINE_UNBUILT,			/* from timeline_apply() only */
	TIMELINE_NO_RESOURCE		/* it was dropped meanwhile */
} TimelineResult;

typedef struct TimelineRefusal
{
	int			change;			/* index of the change, or what is unbuilt */
	TimestampTz instant;		/* first instant that would go below zero */
	int64		available;		/* what is available there */
} TimelineRefusal;

extern TimelineResult timeline_apply(const TimelineChange *changes,
									 int nchanges, TimelineCause cause,
									 bool checked, TimelineRefusal *refusal);

extern void timeline_create(int32 resource_id);
extern bool timeline_ensure_built(int32 resource_id);
extern TimelineResult timeline_change(const TimelineChange *changes,
									  int nchanges, TimelineCause cause,
									  bool checked, TimelineRefusal *refusal);
extern void timeline_unbuild(int32 resource_id);
extern int64 timeline_rebuild(int32 resource_id);

#endif							/* ARBITER_TIMELINE_H */
