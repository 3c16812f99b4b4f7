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

#include "timeline/base_rows.h"

/*
 * timeline_scan_begin starts a scan over [from, to).
 *
 * Takes AccessShareLock on the tables it reads.
 */
void
timeline_scan_begin(TimelineScan *scan, int32 resource_id, TimestampTz from,
					TimestampTz to, Snapshot snapshot)
{
	scan->resource_id = resource_id;
	scan->position = from;
	scan->to = to;
	scan->snapshot = snapshot;
	scan->have_next = scan->exhausted = scan->built = false;
	chunk_store_open(&scan->store, AccessShareLock);
	chunk_scan_begin(&scan->chunks, &scan->store, resource_id, from, snapshot);
}

/* the steps of [from, to) of a resource that is not built */
static Step *
unbuilt_steps(TimelineScan *scan, int *nsteps)
{
	int			nsegments;
	Segment    *reserved = reserved_segments(scan->resource_id, scan->position,
											 scan->to, scan->snapshot,
											 &nsegments);
	int			ncapacity;
	Step	   *capacity = capacity_steps(scan->resource_id, scan->position,
										  scan->to, scan->snapshot, &ncapacity);
	Step	   *steps = palloc_extended(sizeof(Step) *
										((Size) ncapacity + 2 * (Size) nsegments),
										MCXT_ALLOC_HUGE);

	if (steps_apply(capacity, ncapacity, scan->to, reserved, nsegments, false,
					steps, nsteps, NULL) != STEPS_OK)
		amount_overflow_error();
	pfree(capacity);
	pfree(reserved);
	return steps;
}

/*
 * timeline_scan_next returns the next stretch; what it points to is valid
 * until the scan goes on.
 */
bool
timeline_scan_next(TimelineScan *scan, TimelineStretch *stretch)
{
	if (scan->position >= scan->to)
		return false;

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
		scan->have_next = false;
		scan->position = stretch->end;
		return true;
	}

	/* no chunk here */
	if (!scan->built)
		scan->built = chunk_store_is_built(&scan->store, scan->resource_id,
										   scan->snapshot);
	stretch->chunk = NULL;
	stretch->start = scan->position;
	if (scan->built)
	{
		stretch->end = scan->have_next ? Min(scan->next.start, scan->to) : scan->to;
		stretch->steps = capacity_steps(scan->resource_id, stretch->start,
										stretch->end, scan->snapshot,
										&stretch->nsteps);
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

/*
 * timeline_stretch_unpack makes sure that a stretch has its steps.
 */
void
timeline_stretch_unpack(TimelineStretch *stretch)
{
	if (stretch->steps == NULL)
		stretch->steps = chunk_steps(stretch->chunk);
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

void
timeline_scan_end(TimelineScan *scan)
{
	chunk_scan_end(&scan->chunks);
	chunk_store_close(&scan->store);
}

/*
 * timeline_minimum returns the smallest availability over [from, to), and an
 * instant where it is that small.
 */
int64
timeline_minimum(int32 resource_id, TimestampTz from, TimestampTz to,
				 Snapshot snapshot, TimestampTz *instant)
{
	TimelineScan scan;
	TimelineStretch stretch;
	int64		minimum = PG_INT64_MAX;

	timeline_scan_begin(&scan, resource_id, from, to, snapshot);
	while (timeline_scan_next(&scan, &stretch))
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
								 from, to, &where);
		if (smallest < minimum)
		{
			minimum = smallest;
			*instant = where;
		}
		timeline_stretch_free(&stretch);
	}
	timeline_scan_end(&scan);
	return minimum;
}

/*
 * timeline_first_fit searches for the earliest start, from fit->candidate up
 * to before, at which fit->amount is available for fit->duration; true when
 * fit->candidate is it.
 *
 * First fit in one pass: a chunk whose maximum is too small is skipped, one
 * whose minimum is enough is accepted, only others are looked into.
 */
bool
timeline_first_fit(int32 resource_id, StepsFit *fit, TimestampTz before,
				   Snapshot snapshot)
{
	TimelineScan scan;
	TimelineStretch stretch;
	bool		found = false;

	timeline_scan_begin(&scan, resource_id, fit->candidate, STEPS_INFINITY,
						snapshot);
	while (!found && fit->candidate <= before &&
		   timeline_scan_next(&scan, &stretch))
	{
		if (stretch.maximum < fit->amount)
			steps_fit(fit, stretch.end, stretch.maximum);
		else if (stretch.minimum >= fit->amount)
			found = steps_fit(fit, stretch.end, stretch.minimum);
		else
		{
			timeline_stretch_unpack(&stretch);
			for (int i = 0; i < stretch.nsteps && !found; i++)
				found = steps_fit(fit,
								  i + 1 < stretch.nsteps ?
								  stretch.steps[i + 1].start : stretch.end,
								  stretch.steps[i].available);
		}
		timeline_stretch_free(&stretch);
	}
	timeline_scan_end(&scan);
	return found && fit->candidate <= before;
}
