/*-------------------------------------------------------------------------
 *
 * timeline_plan.h
 *	  What a change makes of the chunks it touches.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_TIMELINE_PLAN_H
#define ARBITER_TIMELINE_PLAN_H

#include "postgres.h"

#include "timeline/chunk_layout.h"
#include "timeline/timeline.h"

typedef struct PlanEntry
{
	int			change;
	bool		is_gap;			/* then chunk has only start and end */
	ChunkEdit	edit;
} PlanEntry;

typedef struct ChangePlan
{
	const TimelineChange *changes;
	int			nchanges;
	TimelineCause cause;
	bool		checked;
	TimelineRefusal *refusal;
	ChunkStore	store;
	Snapshot	snapshot;
	StepsRule  *rules;			/* by change */
	bool	   *resource_locked;	/* by change */
	PlanEntry  *entries;
	int			nentries;
	int			room;
	int			nwritten;		/* of the entries */
	bool		has_gap;
	bool		lost;			/* a race, in an earlier attempt */
	bool		locked;			/* a chunk, maybe in an earlier attempt */
	bool		queued;			/* for one chunk, of this resource and end: */
	int32		queue_resource;
	TimestampTz queue_end;
} ChangePlan;

typedef enum AttemptResult
{
	ATTEMPT_DONE,
	ATTEMPT_REFUSED,
	ATTEMPT_UNBUILT,
	ATTEMPT_AGAIN,				/* something of ours is new */
	ATTEMPT_CONCURRENT			/* somebody else was there first */
} AttemptResult;

extern AttemptResult timeline_plan_change(ChangePlan *plan, int which);

#endif							/* ARBITER_TIMELINE_PLAN_H */
