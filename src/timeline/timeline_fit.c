/*-------------------------------------------------------------------------
 *
 * timeline_fit.c
 *	  Search for where an amount of a resource is free.
 *
 * The search goes forward: whoever asks whether the amount is free over a range
 * asks for later and later ones.  Where it is not, every range that begins
 * before the last shortage in it and is as long will not do either, so the
 * search goes on from there.  A chunk whose maximum is too small is skipped, one
 * whose minimum is large enough is accepted; others are looked into, from their
 * end.  What is known to be free is not read again.
 *
 *-------------------------------------------------------------------------
 */
#include "timeline/timeline.h"

/*
 * timeline_fit_begin begins a search at an instant; nothing from to on will be
 * asked for.
 *
 * Takes AccessShareLock on the tables it reads.
 */
void
timeline_fit_begin(TimelineFit *fit, const TimelineView *view, int64 amount,
				   TimestampTz from, TimestampTz to)
{
	timeline_scan_begin(&fit->scan, view, from, to);
	fit->stretch.start = fit->stretch.end = from;
	fit->stretch.steps = NULL;
	fit->amount = amount;
	fit->free_from = fit->free_to = from;
}

/*
 * Have the stretch that holds at free_to; false if there is none.
 */
static bool
read_on(TimelineFit *fit)
{
	TimelineStretch *stretch = &fit->stretch;

	while (stretch->end <= fit->free_to)
	{
		/* by index when that is cheaper than what lies between */
		if (fit->free_to - stretch->end > stretch->end - stretch->start)
			timeline_scan_seek(&fit->scan, fit->free_to);
		timeline_stretch_free(stretch);
		stretch->steps = NULL;
		fit->step = 0;
		if (!timeline_scan_next(&fit->scan, stretch))
			return false;
	}
	return true;
}

/*
 * The steps of a stretch, and what is least for them: those of a chunk are read
 * where they are, without what its base adds to them.
 */
static const Step *
stretch_steps(const TimelineFit *fit, int64 *least)
{
	const TimelineStretch *stretch = &fit->stretch;

	*least = fit->amount;
	if (stretch->steps != NULL)
		return stretch->steps;
	*least -= stretch->chunk->base + stretch->shift;
	return stretch->chunk->stored;
}

/*
 * timeline_fit_lasts tells whether the amount is free over all of
 * [start, until).
 *
 * If the answer is no, it is the same for every range as long that begins before
 * fit->free_from, which is infinity when the search is at its end: that is where
 * to go on.  Neither start nor until may be before an earlier one.
 */
bool
timeline_fit_lasts(TimelineFit *fit, TimestampTz start, TimestampTz until)
{
	TimelineStretch *stretch = &fit->stretch;

	Assert(start >= fit->free_from);
	if (start > fit->free_to)
		fit->free_from = fit->free_to = start;
	while (fit->free_to < until)
	{
		TimestampTz short_to;
		TimestampTz to;

		if (!read_on(fit))
		{
			fit->free_from = fit->free_to = STEPS_INFINITY;
			return false;
		}
		to = Min(until, stretch->end);
		if (stretch->maximum < fit->amount)
			short_to = stretch->end;
		else if (stretch->minimum >= fit->amount)
		{
			to = stretch->end;
			short_to = fit->free_to;
		}
		else
		{
			int64		least;
			const Step *steps = stretch_steps(fit, &least);

			short_to = steps_last_below(steps, stretch->nsteps, stretch->end,
										fit->free_to, to, least, &fit->step);
		}
		if (short_to > fit->free_to)
		{
			fit->free_from = short_to;
			fit->free_to = Max(short_to, to);
			return false;
		}
		fit->free_to = to;
	}
	return true;
}

/*
 * timeline_fit_limit returns how far the amount is free from where it was found
 * to be, at most until.
 */
TimestampTz
timeline_fit_limit(TimelineFit *fit, TimestampTz until)
{
	TimelineStretch *stretch = &fit->stretch;

	while (fit->free_to < until && read_on(fit) &&
		   stretch->maximum >= fit->amount)
	{
		TimestampTz limit = stretch->end;

		if (stretch->minimum < fit->amount)
		{
			int64		least;
			const Step *steps = stretch_steps(fit, &least);

			limit = steps_first_below(steps, stretch->nsteps, stretch->end,
									  fit->free_to, least);
		}
		fit->free_to = limit;
		if (limit < stretch->end)
			break;
	}
	return Min(fit->free_to, until);
}

/*
 * timeline_fit_end ends a search.
 */
void
timeline_fit_end(TimelineFit *fit)
{
	timeline_stretch_free(&fit->stretch);
	timeline_scan_end(&fit->scan);
}
