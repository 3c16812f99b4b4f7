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
 * steps_rule_floor tells whether a rule is about a segment, and what must then
 * be available with the segment added, at a step of the rule; NULL if it has
 * none.
 *
 * What is not ordinary users' may be taken from what is kept back: if both take,
 * the ordinary ones come first.  What may be taken beyond all is everybody's.
 */
bool
steps_rule_floor(const StepsRule *rule, const Segment *segment,
				 const RuleStep *step, int64_t *floor)
{
	if (rule->keeps && segment->ordinary < 0)
	{
		int64_t		others;

		if (__builtin_sub_overflow(segment->judged, segment->ordinary, &others) ||
			others >= 0)
			*floor = step->kept;
		else
			*floor = step->kept + others > 0 ? step->kept + others : 0;
	}
	else if (segment->judged < 0)
		*floor = 0;
	else
		return false;
	if (step != NULL)
		*floor -= step->extra;
	return true;
}

/* add a step to a result, unless it has the value already */
static inline void
add_step(Step *result, int *n, int64_t start, int64_t available)
{
	if (*n > 0 && result[*n - 1].available == available)
		return;
	result[*n].start = start;
	result[*n].available = available;
	(*n)++;
}

/*
 * steps_apply adds segments to a step function over [steps[0].start, end).
 *
 * Segments are ascending and disjoint, and may reach beyond the function: the
 * part outside is ignored.  The result is coalesced (no two equal neighbours)
 * and has at most nsteps + 2 * nsegments steps.
 *
 * With a rule, no instant may be made worse and end below zero.  It is about
 * the judged part of a segment: where that takes, the sum must not be negative;
 * where it gives back, or is nothing, the sum may be what it is.  Where the rule
 * has a step function of what is kept back, and ordinary users take, the sum
 * must not be less than that; what may be taken beyond all is added to every
 * sum.  refused then tells the first such instant and what is available there
 * but for what is judged.
 */
StepsResult
steps_apply(const Step *steps, int nsteps, int64_t end,
			const Segment *segments, int nsegments, const StepsRule *rule,
			Step *result, int *nresult, Step *refused)
{
	int64_t		now = steps[0].start;
	int			step = 0;
	int			segment = 0;
	int			at = 0;
	int			n = 0;

	while (now < end)
	{
		int64_t		next = end;
		int64_t		floor;
		int64_t		available;
		bool		judged = false;

		while (step + 1 < nsteps && steps[step + 1].start <= now)
			step++;
		while (segment < nsegments && segments[segment].end <= now)
			segment++;

		if (segment == nsegments || segments[segment].start > now)
		{
			/* as it was, up to the next segment */
			if (segment < nsegments && segments[segment].start < end)
				next = segments[segment].start;
			add_step(result, &n, now, steps[step].available);
			while (step + 1 < nsteps && steps[step + 1].start < next)
			{
				step++;
				add_step(result, &n, steps[step].start, steps[step].available);
			}
			now = next;
			continue;
		}

		if (step + 1 < nsteps && steps[step + 1].start < next)
			next = steps[step + 1].start;
		if (segments[segment].end < next)
			next = segments[segment].end;
		if (rule != NULL && rule->steps != NULL)
		{
			while (at + 1 < rule->nsteps && rule->steps[at + 1].start <= now)
				at++;
			if (at + 1 < rule->nsteps && rule->steps[at + 1].start < next)
				next = rule->steps[at + 1].start;
		}
		judged = rule != NULL &&
			steps_rule_floor(rule, &segments[segment],
							 rule->steps != NULL ? &rule->steps[at] : NULL,
							 &floor);

		if (__builtin_add_overflow(steps[step].available, segments[segment].delta,
								   &available))
			return STEPS_OVERFLOW;
		if (judged && available < floor)
		{
			refused->start = now;
			/* what cannot be told exactly is very little, or very much */
			if (__builtin_sub_overflow(available, segments[segment].judged,
									   &refused->available))
				refused->available = available < 0 ? INT64_MIN : INT64_MAX;
			if (__builtin_sub_overflow(refused->available, floor, &refused->available))
				refused->available = floor < 0 ? INT64_MAX : INT64_MIN;
			return STEPS_REFUSED;
		}
		add_step(result, &n, now, available);
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
 * steps_round_down returns the last multiple of granularity, counted from
 * origin, that is not after an instant; INT64_MIN when there is none.
 */
int64_t
steps_round_down(int64_t instant, int64_t granularity, int64_t origin)
{
	int64_t		remainder;

	if (granularity == 0 || instant == STEPS_INFINITY)
		return instant;
	remainder = positive_remainder(instant, granularity) -
		positive_remainder(origin, granularity);
	if (remainder < 0)
		remainder += granularity;
	if (__builtin_sub_overflow(instant, remainder, &instant))
		return INT64_MIN;
	return instant;
}

/*
 * steps_first_below returns the first instant, from one on, at which the value
 * is less than least; end if there is none.
 *
 * The instant must not be before the first step.
 */
int64_t
steps_first_below(const Step *steps, int nsteps, int64_t end, int64_t from,
				  int64_t least)
{
	for (int i = steps_find(steps, nsteps, from); i < nsteps; i++)
	{
		if (steps[i].available < least)
			return steps[i].start > from ? steps[i].start : from;
	}
	return end;
}

/*
 * steps_last_below returns the end of the last step that is less than least
 * anywhere in [from, to), which may be after to; from if there is none.
 *
 * Looking back from the end, a search for a long stretch sees few steps.  at is
 * a step that starts before to, to begin with, and is left at the last of them,
 * for the next search.  The range must not be empty, nor begin before the first
 * step.
 */
int64_t
steps_last_below(const Step *steps, int nsteps, int64_t end, int64_t from,
				 int64_t to, int64_t least, int *at)
{
	int			i = to >= end ? nsteps - 1 : *at;

	while (i + 1 < nsteps && steps[i + 1].start < to)
		i++;
	*at = i;
	while (steps[i].available >= least)
	{
		if (steps[i].start <= from)
			return from;
		i--;
	}
	return i + 1 < nsteps ? steps[i + 1].start : end;
}

static int
compare_events(const void *a, const void *b)
{
	int64_t		left = ((const StepEvent *) a)->instant;
	int64_t		right = ((const StepEvent *) b)->instant;

	return (left > right) - (left < right);
}

/* they mostly come in order: one reservation is two */
static bool
are_sorted(const StepEvent *events, int nevents)
{
	for (int i = 1; i < nevents; i++)
	{
		if (events[i - 1].instant > events[i].instant)
			return false;
	}
	return true;
}

/*
 * steps_from_events nets events into ascending, disjoint segments.
 *
 * The events are sorted in place; events at infinity are ignored, and a sum
 * that is not back to zero by then reaches to infinity.  A segment in which
 * something is taken is there even if its delta is zero: a rule may refuse it.
 * There are at most as many segments as events.  Returns their number, or -1 on
 * overflow.
 */
int
steps_from_events(StepEvent *events, int nevents, Segment *segments)
{
	Segment		sum = {0};
	bool		open = false;
	int			n = 0;

	if (!are_sorted(events, nevents))
		qsort(events, nevents, sizeof(StepEvent), compare_events);

	for (int i = 0; i < nevents;)
	{
		int64_t		now = events[i].instant;
		Segment		before = sum;

		if (now == STEPS_INFINITY)
			break;
		for (; i < nevents && events[i].instant == now; i++)
		{
			if (__builtin_add_overflow(sum.delta, events[i].delta, &sum.delta) ||
				__builtin_add_overflow(sum.judged, events[i].judged, &sum.judged) ||
				__builtin_add_overflow(sum.ordinary, events[i].ordinary, &sum.ordinary))
				return -1;
		}
		if (sum.delta == before.delta && sum.judged == before.judged &&
			sum.ordinary == before.ordinary)
			continue;
		if (open)
			segments[n - 1].end = now;
		open = sum.delta != 0 || sum.judged < 0 || sum.ordinary < 0;
		if (open)
		{
			segments[n] = sum;
			segments[n].start = now;
			segments[n].end = STEPS_INFINITY;
			n++;
		}
	}
	return n;
}
