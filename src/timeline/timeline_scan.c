/*-------------------------------------------------------------------------
 *
 * timeline_scan.c
 *	  Read the availability of a resource.
 *
 * A timeline has chunks only where reservations ever touched it.  Elsewhere,
 * and this is the rule that readers and writers share, availability is
 * declared capacity.  A resource that is not built (loaded by a restore, and
 * not written to since) has no chunk at all: readers, who may be on a
 * standby, compute its steps in memory from the base rows.
 *
 * Whatever is read is read with one snapshot, so a reader sees chunks and
 * declared capacity of one moment.
 *
 *-------------------------------------------------------------------------
 */
#include "timeline/timeline.h"

#include "common/int.h"
#include "timeline/base_rows.h"

/*
 * timeline_scan_begin starts a scan over [from, to).
 *
 * Takes AccessShareLock on the tables it reads.
 */
void
timeline_scan_begin(TimelineScan *scan, const TimelineView *view,
					TimestampTz from, TimestampTz to)
{
	chunk_store_open(&scan->store, AccessShareLock);
	chunk_scan_begin(&scan->chunks, &scan->store, view->resource_id, from,
					 view->snapshot);
	scan->capacity = (KeyScan) {0};
	timeline_scan_move(scan, view, from, to);
}

/*
 * timeline_scan_move starts a scan over again, over another range and of another
 * view with the same snapshot.
 */
void
timeline_scan_move(TimelineScan *scan, const TimelineView *view,
				   TimestampTz from, TimestampTz to)
{
	scan->view = view;
	scan->position = from;
	scan->to = to;
	scan->added = 0;
	scan->have_next = scan->exhausted = scan->built = false;
	scan->contended = scan->begun = false;
	scan->declared = -1;
	chunk_scan_restart(&scan->chunks, view->resource_id, from);
}

/* the steps of [from, to) of a resource that is not built */
static Step *
unbuilt_steps(TimelineScan *scan, int *nsteps)
{
	int			nsegments;
	Segment    *reserved = reserved_segments(scan->view->resource_id, scan->position,
											 scan->to, scan->view->snapshot,
											 &nsegments);
	int			ncapacity;
	Step	   *capacity = capacity_steps(scan->view->resource_id, scan->position,
										  scan->to, scan->view->snapshot, &ncapacity);
	Step	   *steps = palloc_extended(sizeof(Step) *
										((Size) ncapacity + 2 * (Size) nsegments),
										MCXT_ALLOC_HUGE);

	if (steps_apply(capacity, ncapacity, scan->to, reserved, nsegments, NULL,
					steps, nsteps, NULL) != STEPS_OK)
		amount_overflow_error();
	pfree(capacity);
	pfree(reserved);
	return steps;
}

/*
 * Fetch the next stretch of what is stored.
 */
static bool
next_stored(TimelineScan *scan, TimelineStretch *stretch)
{
	bool		first = !scan->begun;

	if (scan->position >= scan->to)
		return false;
	scan->begun = true;
	stretch->shift = 0;

	if (!scan->have_next && !scan->exhausted)
	{
		scan->have_next = chunk_scan_next(&scan->chunks, &scan->next);
		scan->exhausted = !scan->have_next;
		scan->built |= scan->have_next;
	}

	if (scan->have_next && scan->next.start <= scan->position)
	{
		stretch->start = scan->next.start;
		stretch->end = scan->next.end;
		stretch->minimum = scan->next.minimum;
		stretch->maximum = scan->next.maximum;
		stretch->chunk = &scan->next;
		stretch->steps = NULL;
		stretch->nsteps = scan->next.nsteps;
		scan->contended |= scan->next.contended;
		scan->have_next = false;
		scan->position = stretch->end;
		return true;
	}

	/* no chunk here */
	if (!scan->built)
		scan->built = chunk_store_is_built(&scan->store, scan->view->resource_id,
										   scan->view->snapshot);
	stretch->chunk = NULL;
	stretch->start = scan->position;
	if (scan->built)
	{
		stretch->end = scan->have_next ? Min(scan->next.start, scan->to) : scan->to;
		stretch->steps = capacity_steps_again(&scan->capacity,
											  scan->view->resource_id,
											  stretch->start, stretch->end,
											  scan->view->snapshot,
											  &stretch->nsteps);
		if (first)
			scan->declared = stretch->steps[0].available;
	}
	else
	{
		stretch->end = scan->to;
		stretch->steps = unbuilt_steps(scan, &stretch->nsteps);
	}
	steps_extent(stretch->steps, stretch->nsteps, &stretch->minimum,
				 &stretch->maximum);
	scan->position = stretch->end;
	return true;
}

static void
add_segments(TimelineStretch *stretch, const Segment *segments, int nsegments)
{
	Step	   *sum;

	timeline_stretch_unpack(stretch);
	sum = palloc_extended(sizeof(Step) * ((Size) stretch->nsteps +
										  2 * (Size) nsegments), MCXT_ALLOC_HUGE);
	if (steps_apply(stretch->steps, stretch->nsteps, stretch->end, segments,
					nsegments, NULL, sum, &stretch->nsteps, NULL) != STEPS_OK)
		amount_overflow_error();
	pfree(stretch->steps);
	stretch->steps = sum;
	steps_extent(sum, stretch->nsteps, &stretch->minimum, &stretch->maximum);
}

/*
 * timeline_scan_next returns the next stretch; what it points to is valid
 * until the scan goes on.
 *
 * Where one segment of the view covers a whole stretch, its header is as good
 * as ever.
 */
bool
timeline_scan_next(TimelineScan *scan, TimelineStretch *stretch)
{
	const Segment *segments;
	int			nsegments = 0;
	int			left;

	if (!next_stored(scan, stretch))
		return false;

	left = scan->view->nadded - scan->added;
	while (left > 0 && scan->view->added[scan->added].end <= stretch->start)
	{
		scan->added++;
		left--;
	}
	segments = &scan->view->added[scan->added];
	while (nsegments < left && segments[nsegments].start < stretch->end)
		nsegments++;
	if (nsegments == 0)
		return true;
	if (stretch->steps == NULL && segments->start <= stretch->start &&
		segments->end >= stretch->end)
	{
		stretch->shift = segments->delta;
		if (pg_add_s64_overflow(stretch->minimum, segments->delta, &stretch->minimum) ||
			pg_add_s64_overflow(stretch->maximum, segments->delta, &stretch->maximum))
			amount_overflow_error();
	}
	else
		add_segments(stretch, segments, nsegments);
	return true;
}

/*
 * timeline_stretch_steps returns the steps of a stretch where they are, and
 * what is to be added to each: for those who read all of them once.
 */
const Step *
timeline_stretch_steps(const TimelineStretch *stretch, int64 *shift)
{
	if (stretch->steps != NULL)
	{
		*shift = 0;
		return stretch->steps;
	}
	*shift = stretch->chunk->base + stretch->shift;
	return stretch->chunk->stored;
}

/*
 * timeline_stretch_unpack makes sure that a stretch has its steps.
 */
void
timeline_stretch_unpack(TimelineStretch *stretch)
{
	if (stretch->steps != NULL)
		return;
	stretch->steps = chunk_steps(stretch->chunk);
	if (stretch->shift != 0)
	{
		for (int i = 0; i < stretch->nsteps; i++)
			stretch->steps[i].available += stretch->shift;
	}
}

/*
 * timeline_stretch_free frees the steps of a stretch, if it has any.
 */
void
timeline_stretch_free(TimelineStretch *stretch)
{
	if (stretch->steps != NULL)
		pfree(stretch->steps);
}

/*
 * timeline_scan_seek goes on from a later instant.
 */
void
timeline_scan_seek(TimelineScan *scan, TimestampTz position)
{
	if (position <= scan->position)
		return;
	scan->position = position;
	if (scan->exhausted || (scan->have_next && scan->next.end > position))
		return;
	scan->have_next = false;
	chunk_scan_restart(&scan->chunks, scan->view->resource_id, position);
}

void
timeline_scan_end(TimelineScan *scan)
{
	if (scan->capacity.scan != NULL)
		key_scan_end(&scan->capacity);
	chunk_scan_end(&scan->chunks);
	chunk_store_close(&scan->store);
}

/*
 * timeline_scan_minimum returns the smallest availability over the range of a
 * scan that has just begun, and an instant where it is that small.
 */
int64
timeline_scan_minimum(TimelineScan *scan, TimestampTz *instant)
{
	TimestampTz from = scan->position;
	TimelineStretch stretch;
	int64		minimum = PG_INT64_MAX;

	while (timeline_scan_next(scan, &stretch))
	{
		int64		smallest;
		int64		where;

		/* the header decides most chunks */
		if (stretch.minimum >= minimum)
		{
			timeline_stretch_free(&stretch);
			continue;
		}
		timeline_stretch_unpack(&stretch);
		smallest = steps_minimum(stretch.steps, stretch.nsteps, stretch.end,
								 from, scan->to, &where);
		if (smallest < minimum)
		{
			minimum = smallest;
			*instant = where;
		}
		timeline_stretch_free(&stretch);
	}
	return minimum;
}

/*
 * timeline_minimum returns the smallest availability over [from, to), and an
 * instant where it is that small.
 */
int64
timeline_minimum(const TimelineView *view, TimestampTz from, TimestampTz to,
				 TimestampTz *instant)
{
	TimelineScan scan;
	int64		minimum;

	timeline_scan_begin(&scan, view, from, to);
	minimum = timeline_scan_minimum(&scan, instant);
	timeline_scan_end(&scan);
	return minimum;
}
