/*-------------------------------------------------------------------------
 *
 * slot.h
 *	  Search for the times at which a request fits.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_SLOT_H
#define ARBITER_SLOT_H

#include "postgres.h"

#include "booking/request.h"

typedef struct SlotSearch
{
	const Request *request;
	int64		duration;		/* microseconds; STEPS_INFINITY: for ever */
	int64		granularity;	/* that of all resources together ... */
	TimestampTz origin;			/* ... counted from here */
	TimestampTz next;			/* earliest start not yet ruled out */
	TimestampTz last;			/* latest start wanted ... */
	TimestampTz end;			/* ... and the end of what starts there */
	TimelineView *views;		/* by requirement, as are these: */
	TimelineFit *fits;
} SlotSearch;

extern void slot_search_begin(SlotSearch *search, const Request *request,
							  int64 duration, TimestampTz from,
							  TimestampTz last, Snapshot snapshot);
extern bool slot_search_next(SlotSearch *search, TimestampTz *start);
extern TimestampTz slot_search_window(SlotSearch *search, TimestampTz start);
extern int64 slot_search_available(const SlotSearch *search, TimestampTz start);
extern void slot_search_raise(SlotSearch *search, TimestampTz start,
							  int64 amount);
extern void slot_search_end(SlotSearch *search);

extern TimestampTz search_horizon(TimestampTz from);
extern bool slot_is_searched(const Request *request);
extern bool slot_earliest_start(const Request *request, TimestampTz from,
								Snapshot snapshot, TimestampTz *start);

#endif							/* ARBITER_SLOT_H */
