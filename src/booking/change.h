/*-------------------------------------------------------------------------
 *
 * change.h
 *	  Change reservations that exist: lock, change, ask the timeline, write.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_CHANGE_H
#define ARBITER_CHANGE_H

#include "postgres.h"

#include "booking/refusal.h"
#include "capacity/children.h"
#include "reservation/reservation.h"
#include "utils/numeric.h"

/* a row that is locked, and what becomes of it */
typedef struct ChangePart
{
	int64		reservation_id;
	TupleTableSlot *row;		/* as it is */
	TimestampTz start;			/* its public range */
	TimestampTz end;
	ReservationTake take;
	bool		held;
	TimestampTz expires_at;		/* of a hold, "infinity": never */
	bool		expired;		/* a hold, and too late */
	bool		live;			/* takes capacity, and is not expired */

	TupleTableSlot *changed;	/* as it is to be; NULL: is left alone */
	Resource	resource;		/* of the changed row, if that is active */
	TimestampTz new_start;
	TimestampTz new_end;
	ReservationTake new_take;
} ChangePart;

typedef struct Change
{
	RowWriter	writer;
	bool		keeps_place;	/* takes and gives back nothing: set before locks */
	bool		force;			/* children may be left with too little */
	const char *new_user_id;	/* to whom, and ... */
	int32		new_resource_id;	/* ... to what they go, if they do; before locks */
	bool		overtaken;		/* a row was changed while it was waited for */
	Children	children;		/* of all that is locked */
	TimestampTz clock;			/* read after the locks */
	ChangePart *parts;			/* by (reservation_id, part) */
	TupleDesc	desc;			/* of their rows, if they are many */
	int			nparts;
	int			room;
	NetChange	net;
	TimelineChange *changes;	/* what was applied, or refused ... */
	int			nchanges;
	TimelineRefusal where;		/* ... and there */
} Change;

extern void change_open(Change *change, const char *function);
extern void change_lock(Change *change, const int64 *reservation_ids, int n);
extern void change_require(const Change *change, int64 reservation_id,
						   const char *done);
extern void change_open_one(Change *change, const char *function,
							int64 reservation_id, const char *done,
							bool force, TimestampTz *start,
							TimestampTz *end);
pg_noreturn extern void change_expired_error(const ChangePart *part,
											 const char *done);
extern int32 change_only_resource(const Change *change, int64 reservation_id,
								  const char *call);
extern void change_start_row(Change *change, ChangePart *part);
extern void change_give_back_range(Change *change,
								   const ReservationTake *take,
								   TimestampTz start, TimestampTz end);
extern void change_end_row(Change *change, ChangePart *part);
extern void change_set_range(Change *change, ChangePart *part,
							 TimestampTz start, TimestampTz end);
extern void change_share_gaps(Change *change);
extern void change_clean_up(Change *change, ChangePart *part);
extern bool change_apply(Change *change);
extern bool change_is_of_share(const Change *change);
extern void change_share(Change *change, TimestampTz start, TimestampTz end,
						 Numeric share, const char *done);
extern void change_check_lead(const Change *change);
extern void change_refusal(const Change *change, bool fixed_range,
						   Request *request, Refusal *refusal);
pg_noreturn extern void change_refuse(const Change *change, bool fixed_range);
extern void change_write(Change *change);
extern void change_close(Change *change);

#endif							/* ARBITER_CHANGE_H */
