/*-------------------------------------------------------------------------
 *
 * share_follow.h
 *	  Shares follow declared capacity.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_SHARE_FOLLOW_H
#define ARBITER_SHARE_FOLLOW_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "timeline/net_change.h"

/* what becomes of shares, because capacity changes */
typedef struct ShareChange
{
	NetChange	net;			/* what they give back and take */
	int64	   *reservation_ids;	/* whose rows were written, by resource */
	int			n;
	int			room;
} ShareChange;

extern void capacity_lock(const int32 *resource_ids, int n, TimestampTz from,
						  TimestampTz to);
extern void shares_follow(const TimelineChange *change, bool force,
						  ShareChange *shares);

#endif							/* ARBITER_SHARE_FOLLOW_H */
