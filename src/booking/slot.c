/*-------------------------------------------------------------------------
 *
 * slot.c
 *	  Search for the times at which a request fits.
 *
 * Every resource reads its timeline once, forward (timeline_fit.c).  The first
 * that is short of something moves the start to where it no longer is, and the
 * others follow; once all agree on a start, that is the earliest.  Starts are
 * whole microseconds, or multiples of the granularity: the answer is exact, not
 * one of a list of candidates.  Of a request for several spans, the start is that
 * of the first, and the others keep their distance from it.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/slot.h"

#include "booking/quota_fit.h"
#include "common/int.h"
#include "miscadmin.h"
#include "support/guc.h"
#include "timeline/base_rows.h"

/* requirements of a request for which other times are looked for */
#define SEARCHED_MAX	1000

/*
 * What a reservation from an instant on occupies of a resource.
 */
static void
occupied(const SlotSearch *search, int which, TimestampTz start,
		 TimestampTz *from, TimestampTz *to)
{
	TimestampTz end;

	if (search->duration == STEPS_INFINITY ||
		pg_add_s64_overflow(start, search->duration, &end))
		end = STEPS_INFINITY;
	request_occupied(search->request, which, start, end, from, to);
}

/*
 * How far after the start of a request its last span starts.
 */
static int64
largest_offset(const Request *request)
{
	int64		largest = 0;

	for (int i = 0; i < request->nrequirements; i++)
		largest = Max(largest, request->requirements[i].offset);
	return largest;
}

/*
 * slot_search_begin prepares a search for what a request asks for, over starts
 * from one instant to another; of its own times only the clock counts, and the
 * places of its spans in it.
 *
 * duration must be a multiple of the granularity.  Takes AccessShareLock on the
 * tables it reads.
 */
void
slot_search_begin(SlotSearch *search, const Request *request, int64 duration,
				  TimestampTz from, TimestampTz last, Snapshot snapshot)
{
	search->request = request;
	search->duration = duration;
	search->granularity = request_granularity(request);
	/* spans of several resources are aligned as they are, each to its own */
	search->origin = request_has_spans(request) ? request->start : GRANULARITY_ORIGIN;
	search->views = palloc(sizeof(TimelineView) * request->nrequirements);
	search->fits = palloc(sizeof(TimelineFit) * request->nrequirements);

	from = Max(from, request_earliest_start(request));
	/* with room for the setup time, which would be cut off */
	from = Max(from, MIN_TIMESTAMP + BUFFER_MAX);
	search->next = steps_round_up(from, search->granularity, search->origin);
	/* a reservation has an end that is a timestamp */
	search->last = END_TIMESTAMP - 1 -
		(duration != STEPS_INFINITY ? duration : largest_offset(request));
	search->end = STEPS_INFINITY;
	if (last < search->last)
	{
		search->last = last;
		if (duration != STEPS_INFINITY)
			search->end = last + duration;
	}

	for (int i = 0; i < request->nrequirements; i++)
	{
		const Requirement *requirement = &request->requirements[i];
		TimestampTz start;
		TimestampTz end = STEPS_INFINITY;
		TimestampTz ignored;

		occupied(search, i, Min(search->next, search->last), &start, &ignored);
		if (search->end != STEPS_INFINITY)
			occupied(search, i, search->last, &ignored, &end);
		request_view(&search->views[i], request, i, start, end, snapshot);
		timeline_fit_begin(&search->fits[i], &search->views[i],
						   requirement->amount, start, end);
	}
}

/*
 * slot_search_next finds the earliest start not yet ruled out at which
 * everything fits for the whole duration.
 */
bool
slot_search_next(SlotSearch *search, TimestampTz *start)
{
	int			nrequirements = search->request->nrequirements;
	int			agreed = 0;

	for (int i = 0; agreed < nrequirements; i = (i + 1) % nrequirements)
	{
		TimelineFit *fit = &search->fits[i];

		for (;;)
		{
			TimestampTz from;
			TimestampTz to;

			if (search->next > search->last)
				return false;
			occupied(search, i, search->next, &from, &to);
			if (timeline_fit_lasts(fit, from, to))
				break;
			if (fit->free_from == STEPS_INFINITY)
			{
				search->next = STEPS_INFINITY;
				return false;
			}
			CHECK_FOR_INTERRUPTS();
			search->next = steps_round_up(fit->free_from - (from - search->next),
										  search->granularity, search->origin);
			agreed = 0;
		}
		agreed++;
	}
	*start = search->next;
	return true;
}

/*
 * slot_search_window returns the latest start up to which, from a start that
 * was just found, every start fits, and rules them all out; infinity if there
 * is no end to them.  Of a request for one range.
 */
TimestampTz
slot_search_window(SlotSearch *search, TimestampTz start)
{
	TimestampTz end = search->end;
	TimestampTz latest = STEPS_INFINITY;

	for (int i = 0; i < search->request->nrequirements; i++)
	{
		const Resource *resource = &search->request->requirements[i].resource;
		TimestampTz from = start;
		TimestampTz to = end;
		TimestampTz limit;

		resource_occupied(resource, &from, &to);
		limit = timeline_fit_limit(&search->fits[i], to);
		if (limit < to)
			end = Max(limit - resource->cleanup_time, start + search->duration);
	}
	if (end != STEPS_INFINITY)
		latest = steps_round_down(end - search->duration, search->granularity,
								  GRANULARITY_ORIGIN);
	search->next = latest == STEPS_INFINITY ? STEPS_INFINITY :
		steps_round_up(latest + 1, search->granularity, GRANULARITY_ORIGIN);
	return latest;
}

/*
 * slot_search_available returns how much is available from a start on, of a
 * request for one resource.
 */
int64
slot_search_available(const SlotSearch *search, TimestampTz start)
{
	TimestampTz from;
	TimestampTz to;
	TimestampTz instant;

	occupied(search, 0, start, &from, &to);
	return timeline_minimum(&search->views[0], from, to, &instant);
}

/*
 * slot_search_raise goes on from a start with a larger amount, of a request for
 * one resource.
 */
void
slot_search_raise(SlotSearch *search, TimestampTz start, int64 amount)
{
	TimestampTz from = start;
	TimestampTz to = search->end;

	resource_occupied(&search->request->requirements[0].resource, &from, &to);
	timeline_fit_end(&search->fits[0]);
	timeline_fit_begin(&search->fits[0], &search->views[0], amount, from, to);
}

/*
 * slot_search_end ends a search.
 */
void
slot_search_end(SlotSearch *search)
{
	for (int i = 0; i < search->request->nrequirements; i++)
		timeline_fit_end(&search->fits[i]);
}

/*
 * search_horizon returns how far a search goes that somebody did not bound.
 */
TimestampTz
search_horizon(TimestampTz from)
{
	TimestampTz horizon;

	if (TIMESTAMP_NOT_FINITE(from) ||
		pg_add_s64_overflow(from, arbiter_search_horizon * USECS_PER_SEC, &horizon))
		return STEPS_INFINITY;
	return horizon;
}

/*
 * slot_is_searched tells whether other times for a request are looked for: each
 * requirement has a scan of its own, and needs memory and buffers for it.
 */
bool
slot_is_searched(const Request *request)
{
	return arbiter_search_horizon > 0 && !request->fixed_range &&
		request->nrequirements <= SEARCHED_MAX &&
		(request->nrequirements == 1 || !quota_limits(request));
}

/* starts that fit the resource, but not the quotas, until a search gives up */
#define QUOTA_TRIES_MAX	1000

/*
 * slot_earliest_start finds the earliest start, from an instant on and within
 * arbiter.search_horizon, at which the same request fits, the quotas of its user
 * included.
 */
bool
slot_earliest_start(const Request *request, TimestampTz from,
					Snapshot snapshot, TimestampTz *start)
{
	SlotSearch	search;
	QuotaFit	fit;
	bool		found;
	int			tries = 0;

	if (!slot_is_searched(request))
		return false;
	from = Max(from, request_earliest_start(request));
	slot_search_begin(&search, request, request_duration(request), from,
					  search_horizon(Max(from, request->start)), snapshot);
	found = slot_search_next(&search, start);
	quota_fit_begin(&fit, request, snapshot);
	while (found && fit.nquotas > 0)
	{
		TimestampTz next = quota_fit_next(&fit, *start);

		if (next == *start)
			break;
		CHECK_FOR_INTERRUPTS();
		if (next == STEPS_INFINITY || ++tries > QUOTA_TRIES_MAX)
			found = false;
		else
		{
			search.next = steps_round_up(next, search.granularity, search.origin);
			found = slot_search_next(&search, start);
		}
	}
	slot_search_end(&search);
	return found;
}
