/*-------------------------------------------------------------------------
 *
 * request.c
 *	  What is asked for, and what is available to whoever asks.
 *
 * Whoever changes reservations gives something back, which the timeline still
 * counts: that is added to what is available to him.
 *
 * A request may be for several ranges, of one resource or of several: then each
 * requirement has its place in the request, and all move together.  Setup and
 * cleanup time between two ranges of one resource that are closer to each other
 * than that are taken once: the gap is the request's own.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/request.h"

#include "common/int.h"
#include "support/relations.h"
#include "timeline/base_rows.h"

/*
 * request_has_spans tells whether a request is for other ranges than one.
 */
bool
request_has_spans(const Request *request)
{
	for (int i = 0; i < request->nrequirements; i++)
	{
		if (request->requirements[i].offset != 0 ||
			request->requirements[i].length != 0)
			return true;
	}
	return false;
}

/*
 * request_span tells over which range a requirement is, if the request is from
 * one instant to another.
 */
void
request_span(const Request *request, int which, TimestampTz from,
			 TimestampTz to, TimestampTz *start, TimestampTz *end)
{
	const Requirement *requirement = &request->requirements[which];

	if (pg_add_s64_overflow(from, requirement->offset, start))
		*start = STEPS_INFINITY;
	if (requirement->length == 0)
		*end = to;
	else if (pg_add_s64_overflow(*start, requirement->length, end))
		*end = STEPS_INFINITY;
}

/*
 * request_occupied tells what a requirement occupies of its resource, if the
 * request is from one instant to another.
 */
void
request_occupied(const Request *request, int which, TimestampTz from,
				 TimestampTz to, TimestampTz *start, TimestampTz *end)
{
	const Requirement *requirement = &request->requirements[which];
	TimestampTz own_start;
	TimestampTz own_end;
	TimestampTz beside;
	TimestampTz before;

	request_span(request, which, from, to, start, end);
	own_start = *start;
	own_end = *end;
	resource_occupied(&requirement->resource, start, end);
	if (which + 1 < request->nrequirements &&
		requirement[1].resource.id == requirement->resource.id)
	{
		request_span(request, which + 1, from, to, &beside, &before);
		if (beside >= own_end)
			*end = Min(*end, beside);
	}
	if (which > 0 && requirement[-1].resource.id == requirement->resource.id)
	{
		request_span(request, which - 1, from, to, &before, &beside);
		if (beside <= own_start)
		{
			resource_occupied(&requirement->resource, &before, &beside);
			*start = Max(*start, Min(beside, own_start));
		}
	}
}

static int
compare_requirements(const void *a, const void *b)
{
	const Requirement *left = a;
	const Requirement *right = b;

	if (left->resource.id != right->resource.id)
		return left->resource.id < right->resource.id ? -1 : 1;
	return (left->offset > right->offset) - (left->offset < right->offset);
}

/*
 * request_sort brings what a request asks for into the order of parts.
 */
void
request_sort(Request *request)
{
	if (request->nrequirements > 1)
		qsort(request->requirements, request->nrequirements,
			  sizeof(Requirement), compare_requirements);
}

/*
 * request_give_back notes what whoever asks gives back of a required resource.
 */
void
request_give_back(Requirement *requirement, StepEvent *events, int nevents)
{
	Segment    *segments = palloc_extended(sizeof(Segment) * (Size) (nevents + 1),
										   MCXT_ALLOC_HUGE);

	requirement->ngiven_back = steps_from_events(events, nevents, segments);
	if (requirement->ngiven_back < 0)
		amount_overflow_error();
	requirement->given_back = segments;
}

/*
 * request_view makes a view of the timeline of a required resource: of what is
 * available to whoever asks.
 */
void
request_view(TimelineView *view, const Request *request, int which,
			 TimestampTz from, TimestampTz to, Snapshot snapshot)
{
	const Requirement *requirement = &request->requirements[which];

	resource_view(view, &requirement->resource, request->tryout, request->clock,
				  from, to, snapshot);
	timeline_view_add(view, requirement->given_back, requirement->ngiven_back);
}

/*
 * request_available returns the smallest amount of a required resource that is
 * available over the range of a request, and where that is.
 */
int64
request_available(const Request *request, int which, Snapshot snapshot,
				  TimestampTz *instant)
{
	TimestampTz start;
	TimestampTz end;
	TimelineView view;

	request_occupied(request, which, request->start, request->end, &start, &end);
	request_view(&view, request, which, start, end, snapshot);
	return timeline_minimum(&view, start, end, instant);
}

/*
 * request_fits_until returns the latest end, not after that of the request, up
 * to which it would fit from an instant on; that instant if not at all.
 */
TimestampTz
request_fits_until(const Request *request, TimestampTz from, Snapshot snapshot)
{
	TimestampTz latest = request->end;

	for (int i = 0; i < request->nrequirements; i++)
	{
		const Requirement *requirement = &request->requirements[i];
		const Resource *resource = &requirement->resource;
		TimestampTz start = from;
		TimestampTz end = request->end;
		TimestampTz until;
		TimelineView view;
		TimelineFit fit;

		/* from is inside what is reserved, or its end: setup is no matter */
		resource_occupied(resource, &start, &end);
		request_view(&view, request, i, from, end, snapshot);
		timeline_fit_begin(&fit, &view, requirement->amount, from, end);
		until = timeline_fit_limit(&fit, end);
		timeline_fit_end(&fit);
		if (until == end)
			continue;
		until = steps_round_down(until - resource->cleanup_time,
								 resource->granularity, GRANULARITY_ORIGIN);
		latest = Min(latest, until);
	}
	return Max(latest, from);
}

/*
 * request_find_resources finds the resources of a request by name; 42704 if
 * there is none of a name.
 */
void
request_find_resources(Request *request, Snapshot snapshot)
{
	const char *previous = NULL;

	for (int i = 0; i < request->nrequirements; i++)
	{
		Requirement *requirement = &request->requirements[i];
		const char *name = requirement->resource.name;

		/* several spans of a resource have the name in common */
		if (name == previous)
			requirement->resource = requirement[-1].resource;
		else
			resource_get(name, snapshot, &requirement->resource);
		previous = name;
	}
}

/*
 * common_granularity returns the least common multiple of two granularities, 0
 * being none.
 *
 * When that does not fit 64 bits, only the origin is aligned for both;
 * PG_INT64_MAX says as much.
 */
int64
common_granularity(int64 left, int64 right)
{
	int64		a = left;
	int64		b = right;
	int64		common;

	if (left == 0 || right == 0 || left == PG_INT64_MAX || right == PG_INT64_MAX)
		return Max(left, right);
	/* Euclid's algorithm; a is the greatest common divisor at the end */
	while (b != 0)
	{
		int64		remainder = a % b;

		a = b;
		b = remainder;
	}
	return pg_mul_s64_overflow(left, right / a, &common) ? PG_INT64_MAX : common;
}

/*
 * request_granularity returns the granularity that is aligned for all resources
 * of a request.
 */
int64
request_granularity(const Request *request)
{
	int64		common = 0;

	for (int i = 0; i < request->nrequirements; i++)
		common = common_granularity(common,
									request->requirements[i].resource.granularity);
	return common;
}

/*
 * request_earliest_start returns the earliest start that the lead times of all
 * resources of a request permit, not aligned; -infinity if there are none.
 */
TimestampTz
request_earliest_start(const Request *request)
{
	TimestampTz start = DT_NOBEGIN;

	for (int i = 0; i < request->nrequirements; i++)
	{
		const Requirement *requirement = &request->requirements[i];
		TimestampTz permitted = resource_earliest_start(&requirement->resource,
														request->clock);

		if (!TIMESTAMP_IS_NOBEGIN(permitted))
			start = Max(start, permitted - requirement->offset);
	}
	return start;
}

/*
 * request_duration returns how long a request lasts.
 */
int64
request_duration(const Request *request)
{
	int64		duration;

	if (request->end == STEPS_INFINITY ||
		pg_sub_s64_overflow(request->end, request->start, &duration))
		return STEPS_INFINITY;
	return duration;
}
