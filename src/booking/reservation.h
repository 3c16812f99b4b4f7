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

#include "executor/tuptable.h"
#include "support/row_writer.h"
#include "timeline/net_change.h"

/* what a row takes from the timeline */
typedef struct ReservationTake
{
	int32		resource_id;
	TimestampTz start;
	TimestampTz end;
	int64		amount;
	bool		active;			/* held or confirmed */
} ReservationTake;

extern bool reservation_read(TupleTableSlot *row, ReservationTake *take);
extern Datum reservation_check(TupleTableSlot *row, bool *changed);
extern bool reservation_settle(RowWriter *writer, ReservationTake *take);
extern void reservation_add(NetChange *net, const ReservationTake *take,
							bool taken);

#endif							/* ARBITER_RESERVATION_H */
