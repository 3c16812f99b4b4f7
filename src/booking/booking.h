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
#include "reservation/reservation.h"
#include "support/fault.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

/* a call, as its arguments give it */
typedef struct ReserveCall
{
	Request		request;
	bool		start_given;	/* if not, the earliest permitted */
	char	   *user_id;
	char	   *request_key;	/* NULL: none */
	Interval   *ttl;			/* of a hold; NULL: confirmed at once */
	Jsonb	   *jsonb;			/* of reserve_all; NULL: one resource */
	Datum		spans;			/* of reserve_spans, a multirange; 0: one range */
	int32		template_id;	/* 0: none */
	int64		template_count;
	int64		series_id;		/* 0: none */
	int32		occurrence;		/* of the series */
	Numeric		share;			/* of capacity, in per cent; NULL: an amount */

	/*
	 * Of a call whose requirements are known only once it has its locks: what
	 * finds them, with their resources, and what stands for them in the
	 * fingerprint.  NULL: they are given.
	 */
	void		(*find_requirements) (struct ReserveCall *call,
									  Snapshot snapshot);
	void	   *find_argument;
	const char *given;

	/* what refuses it before the timeline is asked; NULL: nothing */
	bool		(*refuse) (const struct ReserveCall *call, Refusal *refusal);
} ReserveCall;

typedef struct ReserveResult
{
	bool		granted;
	int64		reservation_id;
	Refusal		refusal;
} ReserveResult;

extern void book(const char *function, ReserveCall *call, ReserveResult *result);

/* its steps, for who books many */
extern char *booking_fingerprint(const ReserveCall *call);
extern bool booking_find_resources(ReserveCall *call, Snapshot snapshot,
								   Fault *fault);
extern bool booking_start_is_faulty(ReserveCall *call, Fault *fault);
extern void booking_make_row(RowWriter *writer, const ReserveCall *call,
							 int part, int64 reservation_id,
							 const char *request_fingerprint);
extern void booking_settle_row(RowWriter *writer, ReserveCall *call, int part,
							   ReservationTake *take);

#endif							/* ARBITER_BOOKING_H */
