/*-------------------------------------------------------------------------
 *
 * capacity.h
 *	  Changes of declared capacity.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_CAPACITY_H
#define ARBITER_CAPACITY_H

#include "postgres.h"

#include "capacity/share_follow.h"
#include "executor/tuptable.h"
#include "timeline/net_change.h"

extern Datum capacity_check(TupleTableSlot *row, bool *changed);
extern void capacity_add(NetChange *net, TupleTableSlot *row, bool declared);
extern void capacity_apply(TimelineChange *changes, int nchanges,
						   const ShareChange *shares, bool force);

#endif							/* ARBITER_CAPACITY_H */
