/*-------------------------------------------------------------------------
 *
 * booking.h
 *	  Decide a reservation and write its rows.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_BOOKING_H
#define ARBITER_BOOKING_H

#include "postgres.h"

#include "booking/refusal.h"
#include "utils/jsonb.h"

/* a call, as its arguments give it */
typedef struct ReserveCall
{
	Request		request;
	bool		start_given;	/* if not, the earliest permitted */
	char	   *user_id;
	char	   *request_key;	/* NULL: none */
	Jsonb	   *jsonb;			/* of reserve_all; NULL: one resource */
} ReserveCall;

typedef struct ReserveResult
{
	bool		granted;
	int64		reservation_id;
	Refusal		refusal;
} ReserveResult;

extern void book(const char *function, ReserveCall *call, ReserveResult *result);
extern void log_denial(const ReserveCall *call, const Refusal *refusal);

#endif							/* ARBITER_BOOKING_H */
