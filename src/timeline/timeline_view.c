/*-------------------------------------------------------------------------
 *
 * timeline_view.c
 *	  What a reader adds to the stored steps, and takes off.
 *
 * An expired hold is free from the instant it expires.  Nothing happens at that
 * instant: the steps, and the headers of chunks, count it until somebody whom
 * it stands in the way marks it expired.  So whoever reads adds the expired
 * holds of his range back before he trusts a header.
 *
 * Those who want to take something are held to terms (terms.c): what is kept
 * back from them is taken off, and what they may take beyond capacity is added.
 *
 *-------------------------------------------------------------------------
 */
#include "timeline/timeline.h"

#include "timeline/base_rows.h"
#include "timeline/chunk_layout.h"
#include "utils/memutils.h"

/*
 * timeline_view_init makes a view of a resource's timeline over [from, to).
 *
 * Without terms, it is of declared capacity less what is reserved.
 */
void
timeline_view_init(TimelineView *view, int32 resource_id, const Terms *terms,
				   TimestampTz clock, TimestampTz from, TimestampTz to,
				   Snapshot snapshot)
{
	int			nexpired;
	StepEvent  *expired = expired_hold_events(resource_id, clock, from, to,
											  snapshot, &nexpired);
	int			nsteps = 0;
	RuleStep   *steps = NULL;
	StepEvent  *events;
	Segment    *segments;
	int64		before = 0;
	int			n = nexpired;

	view->resource_id = resource_id;
	view->snapshot = snapshot;
	view->added = NULL;
	view->nadded = 0;
	if (terms != NULL && terms_matter(terms, to))
	{
		/* whole chunks: where the terms do not change, a header will do */
		from = Max(from, MIN_TIMESTAMP + CHUNK_SPAN) - CHUNK_SPAN;
		if (to < END_TIMESTAMP - CHUNK_SPAN)
			to += CHUNK_SPAN;
		if (terms->float_share == 0)
			from = Max(from, terms->firm_until);
		steps = terms_steps(terms, resource_id, from, to, snapshot, &nsteps);
	}
	if (nexpired + nsteps == 0)
		return;

	events = palloc_extended(sizeof(StepEvent) * ((Size) nexpired + (Size) nsteps + 1),
							 MCXT_ALLOC_HUGE);
	memcpy(events, expired, sizeof(StepEvent) * nexpired);
	for (int i = 0; i <= nsteps; i++)
	{
		int64		amount = i < nsteps ? steps[i].extra - steps[i].kept : 0;

		events[n++] = (StepEvent) {
			.instant = i < nsteps ? steps[i].start : to,
			.delta = amount - before
		};
		before = amount;
	}
	segments = palloc_extended(sizeof(Segment) * (Size) n, MCXT_ALLOC_HUGE);
	view->nadded = steps_from_events(events, n, segments);
	if (view->nadded < 0)
		amount_overflow_error();
	view->added = segments;
	pfree(events);
}

/*
 * timeline_view_add adds segments, which may have any order, to a view.
 */
void
timeline_view_add(TimelineView *view, const Segment *segments, int nsegments)
{
	Size		n = (Size) view->nadded + nsegments;
	StepEvent  *events;
	Segment    *added;

	if (nsegments == 0)
		return;
	events = palloc_extended(sizeof(StepEvent) * 2 * n, MCXT_ALLOC_HUGE);
	added = palloc_extended(sizeof(Segment) * 2 * n, MCXT_ALLOC_HUGE);
	n = 0;
	for (int i = 0; i < view->nadded; i++)
	{
		events[n++] = (StepEvent) {.instant = view->added[i].start,.delta = view->added[i].delta};
		events[n++] = (StepEvent) {.instant = view->added[i].end,.delta = -view->added[i].delta};
	}
	for (int i = 0; i < nsegments; i++)
	{
		events[n++] = (StepEvent) {.instant = segments[i].start,.delta = segments[i].delta};
		events[n++] = (StepEvent) {.instant = segments[i].end,.delta = -segments[i].delta};
	}
	view->nadded = steps_from_events(events, (int) n, added);
	if (view->nadded < 0)
		amount_overflow_error();
	view->added = added;
	pfree(events);
}
