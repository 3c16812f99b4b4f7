/*-------------------------------------------------------------------------
 *
 * steps.c
 *	  Arithmetic on step functions of time.
 *
 *-------------------------------------------------------------------------
 */
#include "timeline/steps.h"

#include <stdlib.h>

/*
 * steps_find returns the index of the step that holds at an instant.
 *
 * The instant must not be before the first step.
 */
int
steps_find(const Step *steps, int nsteps, int64_t instant)
{
	int			low = 0;
	int			high = nsteps - 1;

	while (low < high)
	{
		int			middle = low + (high - low + 1) / 2;

		if (steps[middle].start <= instant)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

/*
 * steps_apply adds segments to a step function over [steps[0].start, end).
 *
 * Segments are ascending and disjoint, and may reach beyond the function: the
 * part outside is ignored.  The result is coalesced (no two equal neighbours)
 * and has at most nsteps + 2 * nsegments steps.
 *
 * When checked, no instant may be made worse and end below zero: a negative
 * segment is refused where the sum is negative, a positive one never, and
 * what no segment touches may be as negative as it was.  refused then tells
 * the first such instant and what is available there.
 */
StepsResult
steps_apply(const Step *steps, int nsteps, int64_t end,
			const Segment *segments, int nsegments, bool checked,
			Step *result, int *nresult, Step *refused)
{
	int64_t		now = steps[0].start;
	int			step = 0;
	int			segment = 0;
	int			n = 0;

	while (now < end)
	{
		int64_t		next = end;
		int64_t		delta = 0;
		int64_t		available;

		while (step + 1 < nsteps && steps[step + 1].start <= now)
			step++;
		while (segment < nsegments && segments[segment].end <= now)
			segment++;

		if (step + 1 < nsteps && steps[step + 1].start < next)
			next = steps[step + 1].start;
		if (segment < nsegments)
		{
			if (segments[segment].start <= now)
			{
				delta = segments[segment].delta;
				if (segments[segment].end < next)
					next = segments[segment].end;
			}
			else if (segments[segment].start < next)
				next = segments[segment].start;
		}

		if (__builtin_add_overflow(steps[step].available, delta, &available))
			return STEPS_OVERFLOW;
		if (checked && delta < 0 && available < 0)
		{
			refused->start = now;
			refused->available = steps[step].available;
			return STEPS_REFUSED;
		}
		if (n == 0 || result[n - 1].available != available)
		{
			result[n].start = now;
			result[n].available = available;
			n++;
		}
		now = next;
	}

	*nresult = n;
	return STEPS_OK;
}

/*
 * steps_extent returns the smallest and the largest value.
 */
void
steps_extent(const Step *steps, int nsteps, int64_t *minimum, int64_t *maximum)
{
	*minimum = *maximum = steps[0].available;
	for (int i = 1; i < nsteps; i++)
	{
		if (steps[i].available < *minimum)
			*minimum = steps[i].available;
		if (steps[i].available > *maximum)
			*maximum = steps[i].available;
	}
}

/*
 * steps_minimum returns the smallest value over the part of [from, to) that
 * the function covers, and the first instant of it; INT64_MAX if none.
 */
int64_t
steps_minimum(const Step *steps, int nsteps, int64_t end,
			  int64_t from, int64_t to, int64_t *instant)
{
	int64_t		minimum = INT64_MAX;

	if (from < steps[0].start)
		from = steps[0].start;
	if (to > end)
		to = end;
	if (from >= to)
		return minimum;

	for (int i = steps_find(steps, nsteps, from);
		 i < nsteps && steps[i].start < to; i++)
	{
		if (steps[i].available < minimum)
		{
			minimum = steps[i].available;
			*instant = steps[i].start > from ? steps[i].start : from;
		}
	}
	return minimum;
}

static int64_t
positive_remainder(int64_t value, int64_t divisor)
{
	int64_t		remainder = value % divisor;

	return remainder < 0 ? remainder + divisor : remainder;
}

/*
 * steps_round_up returns the first multiple of granularity, counted from
 * origin, that is not before an instant; INT64_MAX when there is none.
 */
int64_t
steps_round_up(int64_t instant, int64_t granularity, int64_t origin)
{
	int64_t		remainder;

	if (granularity == 0 || instant == STEPS_INFINITY)
		return instant;
	/* of each alone: the difference of the two might not fit */
	remainder = positive_remainder(instant, granularity) -
		positive_remainder(origin, granularity);
	if (remainder < 0)
		remainder += granularity;
	if (remainder != 0 &&
		__builtin_add_overflow(instant, granularity - remainder, &instant))
		return STEPS_INFINITY;
	return instant;
}

/*
 * steps_fit feeds the next stretch, up to end and with one value, to a search
 * for the earliest start; true when the candidate is the answer.
 *
 * Stretches come in order and without gaps, from the candidate on.  A
 * stretch with too little moves the candidate past its end; the candidate is
 * the answer once everything seen since reaches its end.  This is first fit
 * in one pass: whoever feeds whole chunks may pass a chunk's maximum when
 * even that is too little, or its minimum when that is enough.
 */
bool
steps_fit(StepsFit *fit, int64_t end, int64_t available)
{
	int64_t		needed;

	if (available < fit->amount)
	{
		if (end > fit->candidate)
			fit->candidate = steps_round_up(end, fit->granularity, fit->origin);
		return false;
	}
	if (fit->candidate == STEPS_INFINITY)
		return false;
	if (fit->duration == STEPS_INFINITY ||
		__builtin_add_overflow(fit->candidate, fit->duration, &needed))
		needed = STEPS_INFINITY;
	return end >= needed;
}

static int
compare_events(const void *a, const void *b)
{
	int64_t		left = ((const StepEvent *) a)->instant;
	int64_t		right = ((const StepEvent *) b)->instant;

	return (left > right) - (left < right);
}

/*
 * steps_from_events nets events into ascending, disjoint segments.
 *
 * The events are sorted in place; events at infinity are ignored, and a sum
 * that is not back to zero by then reaches to infinity.  There are at most as
 * many segments as events.  Returns their number, or -1 on overflow.
 */
int
steps_from_events(StepEvent *events, int nevents, Segment *segments)
{
	int64_t		sum = 0;
	int			n = 0;

	qsort(events, nevents, sizeof(StepEvent), compare_events);

	for (int i = 0; i < nevents;)
	{
		int64_t		now = events[i].instant;
		int64_t		before = sum;

		if (now == STEPS_INFINITY)
			break;
		for (; i < nevents && events[i].instant == now; i++)
		{
			if (__builtin_add_overflow(sum, events[i].delta, &sum))
				return -1;
		}
		if (sum == before)
			continue;
		if (before != 0)
			segments[n - 1].end = now;
		if (sum != 0)
		{
			segments[n].start = now;
			segments[n].end = STEPS_INFINITY;
			segments[n].delta = sum;
			n++;
		}
	}
	return n;
}
