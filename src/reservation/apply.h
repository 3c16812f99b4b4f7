/*-------------------------------------------------------------------------
 *
 * apply.h
 *	  Apply changes to the timeline; expired holds make room for them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_APPLY_H
#define ARBITER_APPLY_H

#include "postgres.h"

#include "timeline/net_change.h"

extern TimelineResult apply_or_reap(TimelineChange *changes, int nchanges,
									TimelineCause cause, bool checked,
									LockWaitPolicy policy,
									TimelineRefusal *refusal);
extern TimelineResult apply_reservations(NetChange *net,
										 LockWaitPolicy policy,
										 TimelineChange **changes,
										 int *nchanges,
										 TimelineRefusal *refusal);
extern TimelineResult lock_for_reservations(NetChange *net, TimestampTz clock,
											LockWaitPolicy policy,
											int32 *lost);

#endif							/* ARBITER_APPLY_H */
