/*-------------------------------------------------------------------------
 *
 * net_change.h
 *	  Net effect of many changed rows on the timelines of many resources.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_NET_CHANGE_H
#define ARBITER_NET_CHANGE_H

#include "postgres.h"

#include "timeline/timeline.h"

typedef struct NetEvent
{
	int32		resource_id;
	int32		terms;			/* index plus one; 0: none */
	StepEvent	event;
} NetEvent;

typedef struct NetChange
{
	NetEvent   *events;
	Size		nevents;
	Size		room;
	Terms	   *terms;			/* that takes are held to */
	int			nterms;
} NetChange;

extern void net_change_add(NetChange *net, int32 resource_id,
						   TimestampTz start, TimestampTz end, int64 delta);
extern void net_change_add_parts(NetChange *net, int32 resource_id,
								 const Terms *terms, const Segment *segment);
extern void net_change_add_change(NetChange *net, const TimelineChange *change);
extern void net_change_add_all(NetChange *net, const NetChange *other);
extern TimelineChange *net_change_finish(NetChange *net, int *nchanges);

#endif							/* ARBITER_NET_CHANGE_H */
