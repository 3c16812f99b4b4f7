/*-------------------------------------------------------------------------
 *
 * reservation.h
 *	  Rows of the public table arbiter_reservation.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_RESERVATION_H
#define ARBITER_RESERVATION_H

#include "postgres.h"

#include "charge/charge.h"
#include "executor/tuptable.h"
#include "resource/resource.h"
#include "support/row_writer.h"
#include "timeline/net_change.h"

/* what a row takes from the timeline */
typedef struct ReservationTake
{
	int32		resource_id;
	TimestampTz start;			/* of what it occupies */
	TimestampTz end;
	int64		amount;
	bool		tryout;
	bool		active;			/* held or confirmed */
	TimestampTz own_start;		/* of its public range, which quotas count ... */
	TimestampTz own_end;
	const char *user_id;		/* ... for him; NULL: for nobody */
} ReservationTake;

extern void reservation_range(TupleTableSlot *row, TimestampTz *start,
							  TimestampTz *end);
extern void reservation_check_null(TupleTableSlot *row);
extern bool reservation_read(TupleTableSlot *row, ReservationTake *take);
extern Datum reservation_check(TupleTableSlot *row, bool *changed);
extern void reservation_check_occupied(TupleTableSlot *row);
extern Datum reservation_occupied(const Resource *resource, TimestampTz start,
								  TimestampTz end, bool *isnull);
extern void reservation_check_aligned(const Resource *resource,
									  TupleTableSlot *old,
									  TimestampTz start, TimestampTz end);
extern bool reservation_settle(RowWriter *writer, Resource *resource,
							   TupleTableSlot *old, ReservationTake *take);
extern void reservation_set_occupied(RowWriter *writer, TupleTableSlot **row,
									 const ReservationTake *take);
extern void reservation_share_gap(RowWriter *writer, TupleTableSlot **before,
								  ReservationTake *earlier,
								  TupleTableSlot **after,
								  ReservationTake *later);
extern int32 *reservation_quotas(TupleTableSlot *row, int *n);
extern void reservation_take(NetChange *net, const ReservationTake *take,
							 const Resource *resource, TimestampTz clock);
extern void reservation_give_back(NetChange *net, const ReservationTake *take);
extern void reservation_add_charge(NetChange *net, const Charge *charge, int sign,
								   bool judged);
extern void reservation_charge(NetChange *net, const ReservationTake *take,
							   int sign, bool judged);
extern void reservation_reap(NetChange *net, const ReservationTake *take);
extern bool series_is_booked(int64 series_id, Snapshot snapshot);

#endif							/* ARBITER_RESERVATION_H */
