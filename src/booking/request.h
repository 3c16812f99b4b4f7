/*-------------------------------------------------------------------------
 *
 * request.h
 *	  What is asked for: amounts of resources over one or several time ranges.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_REQUEST_H
#define ARBITER_REQUEST_H

#include "postgres.h"

#include "resource/resource.h"
#include "datatype/timestamp.h"

/*
 * What is asked of one resource, over one range: that of the whole request, or
 * one that lies within it and moves along with its start.
 */
typedef struct Requirement
{
	Resource	resource;
	int64		amount;
	int64		offset;			/* microseconds from the start of the request ... */
	int64		length;			/* ... and for so long; 0: to its end */
	const Segment *given_back;	/* by whoever asks; ascending, disjoint */
	int			ngiven_back;
} Requirement;

/*
 * Amounts of one or several resources, from the start of the first to the end of
 * the last range.  Ranges of one resource are disjoint, beside each other and
 * ascending.
 */
typedef struct Request
{
	TimestampTz start;
	TimestampTz end;
	TimestampTz clock;			/* decides lead time and expiry */
	bool		tryout;			/* may have the float */
	bool		fixed_range;	/* other times are of no use */
	bool		follows_capacity;	/* it is for a share: nor are other amounts */
	const char *user_id;		/* whose quotas count in alternatives; NULL: none */
	Requirement *requirements;
	int			nrequirements;
} Request;

extern bool request_has_spans(const Request *request);
extern void request_span(const Request *request, int which,
						 TimestampTz from, TimestampTz to,
						 TimestampTz *start, TimestampTz *end);
extern void request_occupied(const Request *request, int which,
							 TimestampTz from, TimestampTz to,
							 TimestampTz *start, TimestampTz *end);
extern void request_sort(Request *request);
extern void request_give_back(Requirement *requirement, StepEvent *events,
							  int nevents);
extern void request_view(TimelineView *view, const Request *request, int which,
						 TimestampTz from, TimestampTz to, Snapshot snapshot);
extern int64 request_available(const Request *request, int which,
							   Snapshot snapshot, TimestampTz *instant);
extern TimestampTz request_fits_until(const Request *request, TimestampTz from,
									  Snapshot snapshot);
extern void request_find_resources(Request *request, Snapshot snapshot);
extern int64 request_duration(const Request *request);
extern int64 common_granularity(int64 left, int64 right);
extern int64 request_granularity(const Request *request);
extern TimestampTz request_earliest_start(const Request *request);

#endif							/* ARBITER_REQUEST_H */
