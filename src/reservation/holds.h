/*-------------------------------------------------------------------------
 *
 * holds.h
 *	  Holds that have expired: find, lock, give back, mark.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_HOLDS_H
#define ARBITER_HOLDS_H

#include "postgres.h"

#include "reservation/reservation.h"

/* a hold to be marked expired */
typedef struct ExpiredHold
{
	int64		reservation_id;
	int32		part;
	int32		resource_id;
	ItemPointerData tid;
	TupleTableSlot *row;		/* its latest version, once locked */
	int32	   *quotas;			/* timelines of those that it counts against */
	int			nquotas;
} ExpiredHold;

typedef struct ExpiredHolds
{
	ExpiredHold *holds;
	int			n;
	int			room;
	Snapshot	snapshot;
	TupleDesc	desc;			/* of the rows, a copy of the table's */
	TimestampTz clock;
	bool		within;			/* leave out what reaches beyond a change */
	bool		passed_over;	/* one was left out */
	bool		any_will_do;	/* leave out what others have changed since */
} ExpiredHolds;

extern void holds_find(ExpiredHolds *expired, int64 max_rows);
extern bool holds_find_in_way(ExpiredHolds *expired,
							  const TimelineChange *changes, int nchanges,
							  bool lock_resources);
extern void holds_build_resources(const ExpiredHolds *expired);
extern int	compare_holds(const void *a, const void *b);
extern void holds_lock(ExpiredHolds *expired, Relation rel,
					   LockWaitPolicy policy);
extern void holds_give_back(const ExpiredHolds *expired, NetChange *net);
extern void holds_note_in_flight(const TimelineChange *changes, int nchanges);
extern void holds_mark_expired(ExpiredHolds *expired, RowWriter *writer);
extern void holds_close(ExpiredHolds *expired, RowWriter *writer);

#endif							/* ARBITER_HOLDS_H */
