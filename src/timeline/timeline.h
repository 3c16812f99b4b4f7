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
#include "support/key_scan.h"
#include "timeline/chunk_store.h"
#include "timeline/steps.h"
#include "timeline/terms.h"

/*
 * The timeline of a resource as a reader sees it: what is stored, and on top of
 * it segments to add, ascending and disjoint.  Expired holds are added, because
 * they are free although the steps still count them; so are the terms of those
 * who want to take something.
 */
typedef struct TimelineView
{
	int32		resource_id;
	Snapshot	snapshot;
	const Segment *added;
	int			nadded;
} TimelineView;

extern void timeline_view_init(TimelineView *view, int32 resource_id,
							   const Terms *terms, TimestampTz clock,
							   TimestampTz from, TimestampTz to,
							   Snapshot snapshot);
extern void timeline_view_add(TimelineView *view, const Segment *segments,
							  int nsegments);

/*
 * A scan of a view over [from, to), stretch by stretch in order of time and
 * without gaps; the first and the last stretch may reach beyond the range.
 * minimum and maximum are those of the whole stretch.
 */
typedef struct TimelineScan
{
	const TimelineView *view;
	TimestampTz position;
	TimestampTz to;
	int			added;			/* first segment of the view not yet passed */
	ChunkStore	store;
	ChunkScan	chunks;
	Chunk		next;			/* read ahead, if have_next */
	bool		have_next;
	bool		exhausted;
	bool		built;			/* known to be */
	bool		contended;		/* another transaction is changing what was met */
	bool		begun;
	int64		declared;		/* capacity where it began, if that was met; or -1 */
	KeyScan		capacity;		/* of declared capacity, once it was read */
} TimelineScan;

typedef struct TimelineStretch
{
	TimestampTz start;
	TimestampTz end;
	int64		minimum;
	int64		maximum;
	const Chunk *chunk;			/* steps still packed ... */
	int64		shift;			/* ... and this to be added to each */
	Step	   *steps;
	int			nsteps;
} TimelineStretch;

extern void timeline_scan_begin(TimelineScan *scan, const TimelineView *view,
								TimestampTz from, TimestampTz to);
extern void timeline_scan_move(TimelineScan *scan, const TimelineView *view,
							   TimestampTz from, TimestampTz to);
extern bool timeline_scan_next(TimelineScan *scan, TimelineStretch *stretch);
extern void timeline_scan_seek(TimelineScan *scan, TimestampTz position);
extern const Step *timeline_stretch_steps(const TimelineStretch *stretch,
										  int64 *shift);
extern void timeline_stretch_unpack(TimelineStretch *stretch);
extern void timeline_stretch_free(TimelineStretch *stretch);
extern int64 timeline_scan_minimum(TimelineScan *scan, TimestampTz *instant);
extern void timeline_scan_end(TimelineScan *scan);

extern int64 timeline_minimum(const TimelineView *view, TimestampTz from,
							  TimestampTz to, TimestampTz *instant);

/* search for where an amount is free, see timeline_fit.c */
typedef struct TimelineFit
{
	TimelineScan scan;
	TimelineStretch stretch;	/* that was read last ... */
	int			step;			/* ... and how far it was looked into */
	int64		amount;
	TimestampTz free_from;		/* the amount is free from here ... */
	TimestampTz free_to;		/* ... to here, as far as is known */
} TimelineFit;

extern void timeline_fit_begin(TimelineFit *fit, const TimelineView *view,
							   int64 amount, TimestampTz from, TimestampTz to);
extern bool timeline_fit_lasts(TimelineFit *fit, TimestampTz start,
							   TimestampTz until);
extern TimestampTz timeline_fit_limit(TimelineFit *fit, TimestampTz until);
extern void timeline_fit_end(TimelineFit *fit);

/* a change of one resource's availability; segments ascending, disjoint */
typedef struct TimelineChange
{
	int32		resource_id;
	Segment    *segments;
	int			nsegments;
	Terms		terms;			/* that its takes are held to */
} TimelineChange;

/* what changes: chunks come up only where reservations do */
typedef enum TimelineCause
{
	TIMELINE_RESERVATIONS,
	TIMELINE_CAPACITY,
	TIMELINE_LOCK				/* nothing, see timeline_apply() */
} TimelineCause;

typedef enum TimelineResult
{
	TIMELINE_APPLIED,
	TIMELINE_REFUSED,
	TIMELINE_UNBUILT,			/* must be built first */
	TIMELINE_NO_RESOURCE		/* it was dropped meanwhile */
} TimelineResult;

typedef struct TimelineRefusal
{
	int			change;			/* index of the change, or what is unbuilt */
	TimestampTz instant;		/* first instant that would go below zero */
	int64		available;		/* what is available there */
	bool		locked;			/* chunks are locked: a race was lost */
	bool		passed_over;	/* an expired hold that others have locked */
} TimelineRefusal;

extern TimelineResult timeline_apply(const TimelineChange *changes,
									 int nchanges, TimelineCause cause,
									 bool checked, TimelineRefusal *refusal);

extern void timeline_create(int32 resource_id);
extern bool timeline_is_built(int32 resource_id);
extern bool timeline_is_built_now(int32 resource_id);
extern bool timeline_ensure_built(int32 resource_id);
extern void timeline_unbuild(int32 resource_id);
extern int64 timeline_rebuild(int32 resource_id);

#endif							/* ARBITER_TIMELINE_H */
