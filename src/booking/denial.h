/*-------------------------------------------------------------------------
 *
 * denial.h
 *	  The log of refused requests.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_DENIAL_H
#define ARBITER_DENIAL_H

#include "postgres.h"

#include "booking/booking.h"

extern void denial_log_open(RowWriter *log);
extern void denial_log_add(RowWriter *log, const ReserveCall *call,
						   const Refusal *refusal);
extern void denial_log_close(RowWriter *log);
extern void log_denial(const ReserveCall *call, const Refusal *refusal);

#endif							/* ARBITER_DENIAL_H */
