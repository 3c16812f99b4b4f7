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
 * The float is a share of declared capacity that ordinary users do not see.  It
 * follows the steps of the schedule, not those of reservations, and is taken
 * off here; the timeline itself knows nothing of it.
 *
 *-------------------------------------------------------------------------
 */
#include "timeline/timeline.h"

#include "timeline/base_rows.h"
#include "timeline/chunk_layout.h"
#include "utils/memutils.h"

/*
 * float_amount returns the part of a capacity that is kept back, rounded up; the
 * share is in hundredths of a per cent.
 */
int64
float_amount(int64 capacity, int32 share)
{
	/* divided first: the product might not fit */
	return capacity / FLOAT_SHARE_ALL * share +
		(capacity % FLOAT_SHARE_ALL * share + FLOAT_SHARE_ALL - 1) / FLOAT_SHARE_ALL;
}

/*
 * timeline_view_init makes a view of a resource's timeline over [from, to).
 *
 * float_share is 0 for those who see everything.
 */
void
timeline_view_init(TimelineView *view, int32 resource_id, int32 float_share,
				   TimestampTz clock, TimestampTz from, TimestampTz to,
				   Snapshot snapshot)
{
	int			nexpired;
	StepEvent  *expired = expired_hold_events(resource_id, clock, from, to,
											  snapshot, &nexpired);
	int			ncapacity = 0;
	Step	   *capacity = NULL;
	StepEvent  *events;
	Segment    *segments;
	int			n = nexpired;

	view->resource_id = resource_id;
	view->snapshot = snapshot;
	view->added = NULL;
	view->nadded = 0;
	if (float_share > 0)
	{
		/* whole chunks: where the float does not change, a header will do */
		from = Max(from, MIN_TIMESTAMP + CHUNK_SPAN) - CHUNK_SPAN;
		if (to < END_TIMESTAMP - CHUNK_SPAN)
			to += CHUNK_SPAN;
		capacity = capacity_steps(resource_id, from, to, snapshot, &ncapacity);
	}
	if (nexpired + ncapacity == 0)
		return;

	events = palloc_extended(sizeof(StepEvent) * ((Size) nexpired + 2 * (Size) ncapacity),
							 MCXT_ALLOC_HUGE);
	memcpy(events, expired, sizeof(StepEvent) * nexpired);
	for (int i = 0; i < ncapacity; i++)
	{
		int64		kept_back = float_amount(capacity[i].available, float_share);
		TimestampTz end = i + 1 < ncapacity ? capacity[i + 1].start : to;

		events[n++] = (StepEvent) {.instant = capacity[i].start,.delta = -kept_back};
		events[n++] = (StepEvent) {.instant = end,.delta = kept_back};
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
