/*-------------------------------------------------------------------------
 *
 * steps_test.c
 *	  Tests the arithmetic on steps against a brute-force oracle.
 *
 * The oracle is a dense array: time is cut into a few dozen cells, every cell
 * has its own value, and each question is answered by a loop over all cells.
 * Which instants the cell boundaries stand for varies: small integers, instants
 * microseconds or months apart, from the lowest integer up to infinity.
 *
 *		gcc -std=gnu99 -Wall -Wextra -Werror -fsanitize=address,undefined
 *			-Isrc unit/steps_test.c src/timeline/steps.c -o steps_test
 *		./steps_test [seed]
 *
 * Without a seed three fixed ones and one drawn from the clock are used; each
 * is printed.  Output is TAP; the exit status is 1 when anything failed.  Each
 * check is also run on deliberately damaged results ("sees damage"): a check
 * that cannot fail proves nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "timeline/steps.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MAX_CELLS	40
#define CASES		20000
#define lengthof(a)	((int) (sizeof(a) / sizeof((a)[0])))

__extension__ typedef __int128 wide;

/* time cut into cells: cell i is [at[i], at[i + 1]) */
typedef struct Grid
{
	int			ncells;
	int64_t		at[MAX_CELLS + 1];
} Grid;

/* one check of one random case; NULL when it holds, else what was wrong */
typedef const char *(*Check) (void);

static uint64_t random_state;
static bool damage;				/* damage each result before looking at it */
static char complaint[256];
static int	tests_passed;
static int	tests_failed;

/*
 * Random numbers: splitmix64.
 */
static uint64_t
random_bits(void)
{
	uint64_t	z = (random_state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* uniform in [low, high] */
static int
random_int(int low, int high)
{
	return low + (int) (random_bits() % (uint64_t) (high - low + 1));
}

static bool
one_in(int n)
{
	return random_int(1, n) == 1;
}

/* small mostly, at the edges of 64 bits now and then */
static int64_t
random_amount(void)
{
	if (one_in(40))
	{
		static const int64_t edge[] = {INT64_MAX, INT64_MAX - 1, INT64_MIN, INT64_MIN + 1,
		INT64_MAX / 2, INT64_MIN / 2};

		return edge[random_int(0, lengthof(edge) - 1)];
	}
	return random_int(-4, 9);
}

static Grid
random_grid(void)
{
	Grid		grid;
	int64_t		scale[] = {1, 1, 7, 900000000, INT64_C(2592000000000)};
	int64_t		step = scale[random_int(0, lengthof(scale) - 1)];
	int64_t		base = step * random_int(-60, 60);

	grid.ncells = random_int(1, MAX_CELLS);
	for (int i = 0; i <= grid.ncells; i++)
		grid.at[i] = base + step * i;
	if (one_in(3))
		grid.at[grid.ncells] = STEPS_INFINITY;
	if (one_in(8))
		grid.at[0] = INT64_MIN;
	if (one_in(20) && grid.ncells > 1)
		grid.at[grid.ncells - 1] = grid.at[grid.ncells] - 1;
	return grid;
}

/*
 * Values of the cells from first to before last, as steps.  Equal neighbours
 * are sometimes left apart, which the arithmetic must cope with.
 */
static Step *
random_steps(const Grid *grid, int first, int last, int64_t *value, int *nsteps)
{
	Step	   *steps = malloc(sizeof(Step) * (last - first));
	bool		lazy = one_in(4);
	int			n = 0;

	for (int i = first; i < last; i++)
	{
		value[i] = i > first && !one_in(3) ? value[i - 1] : random_amount();
		if (i == first || value[i] != value[i - 1] || (lazy && one_in(3)))
		{
			steps[n].start = grid->at[i];
			steps[n].available = value[i];
			n++;
		}
	}
	*nsteps = n;
	return steps;
}

/* which part of the grid a step function covers */
static void
random_part(const Grid *grid, int *first, int *last)
{
	*first = one_in(2) ? 0 : random_int(0, grid->ncells - 1);
	*last = one_in(2) ? grid->ncells : random_int(*first + 1, grid->ncells);
}

/* value of a step function at an instant, by looking at every step */
static int64_t
value_at(const Step *steps, int nsteps, int64_t instant)
{
	int64_t		value = steps[0].available;

	for (int i = 0; i < nsteps; i++)
	{
		if (steps[i].start <= instant)
			value = steps[i].available;
	}
	return value;
}

static const char *
complain(const char *what, int64_t expected, int64_t found)
{
	snprintf(complaint, sizeof(complaint), "%s: expected %" PRId64 ", found %" PRId64,
			 what, expected, found);
	return complaint;
}

/*
 * steps_find: the last step that starts not after the instant.
 */
static const char *
check_find(void)
{
	Grid		grid = random_grid();
	int64_t		value[MAX_CELLS];
	int			nsteps;
	Step	   *steps = random_steps(&grid, 0, grid.ncells, value, &nsteps);
	const char *wrong = NULL;

	for (int i = 0; i < grid.ncells && wrong == NULL; i++)
	{
		for (int late = 0; late < 2 && wrong == NULL; late++)
		{
			int64_t		instant = late ? grid.at[i + 1] - 1 : grid.at[i];
			int			expected = 0;
			int			found = steps_find(steps, nsteps, instant) + damage;

			for (int s = 0; s < nsteps; s++)
			{
				if (steps[s].start <= instant)
					expected = s;
			}
			if (found != expected)
				wrong = complain("step found", expected, found);
		}
	}
	free(steps);
	return wrong;
}

/*
 * Segments with a random amount for every cell: disjoint, ascending, at times
 * touching, equal neighbours at times apart, at times reaching beyond the grid.
 */
static Segment *
random_segments(const Grid *grid, int64_t *delta, int *nsegments)
{
	Segment    *segments = malloc(sizeof(Segment) * grid->ncells);
	bool		lazy = one_in(4);
	int			rarity = random_int(1, 6);
	int			n = 0;

	for (int i = 0; i < grid->ncells; i++)
	{
		if (i > 0 && !one_in(3))
			delta[i] = delta[i - 1];
		else
			delta[i] = one_in(rarity) ? random_amount() : 0;
		if (delta[i] == 0)
			continue;
		if (n > 0 && delta[i - 1] == delta[i] && !(lazy && one_in(3)))
			segments[n - 1].end = grid->at[i + 1];
		else
		{
			segments[n].start = grid->at[i];
			segments[n].end = grid->at[i + 1];
			segments[n].delta = delta[i];
			n++;
		}
	}
	if (n > 0 && one_in(4) && segments[0].start == grid->at[0] && grid->at[0] > INT64_MIN)
		segments[0].start -= 1;
	if (n > 0 && one_in(4) && segments[n - 1].end == grid->at[grid->ncells])
		segments[n - 1].end = STEPS_INFINITY;
	*nsegments = n;
	return segments;
}

/* a result is ascending, starts where it must and has no equal neighbours */
static const char *
check_shape(const Step *steps, int nsteps, int64_t start, int64_t end, int most)
{
	if (nsteps < 1)
		return complain("fewest steps", 1, nsteps);
	if (nsteps > most)
		return complain("most steps", most, nsteps);
	if (steps[0].start != start)
		return complain("start of the first step", start, steps[0].start);
	for (int i = 1; i < nsteps; i++)
	{
		if (steps[i].start <= steps[i - 1].start)
			return complain("steps out of order at", i, i);
		if (steps[i].available == steps[i - 1].available)
			return complain("equal neighbours at", i, i);
	}
	if (steps[nsteps - 1].start >= end)
		return complain("last step before", end, steps[nsteps - 1].start);
	return NULL;
}

/*
 * steps_apply: the sum in every cell, or the first cell that does not allow it.
 */
static const char *
check_apply(void)
{
	Grid		grid = random_grid();
	int			first,
				last,
				nsteps,
				nsegments,
				nresult = 0;
	int64_t		value[MAX_CELLS],
				delta[MAX_CELLS];
	bool		checked = one_in(2);
	Step	   *steps,
			   *result;
	Segment    *segments;
	Step		refused = {0, 0};
	StepsResult expected = STEPS_OK,
				found;
	int			culprit = 0;
	const char *wrong = NULL;

	random_part(&grid, &first, &last);
	steps = random_steps(&grid, first, last, value, &nsteps);
	segments = random_segments(&grid, delta, &nsegments);

	for (int i = first; i < last && expected == STEPS_OK; i++)
	{
		wide		sum = (wide) value[i] + delta[i];

		culprit = i;
		if (sum > INT64_MAX || sum < INT64_MIN)
			expected = STEPS_OVERFLOW;
		else if (checked && delta[i] < 0 && sum < 0)
			expected = STEPS_REFUSED;
	}

	/* no more room than promised: the sanitizer watches the rest */
	result = malloc(sizeof(Step) * (nsteps + 2 * nsegments));
	found = steps_apply(steps, nsteps, grid.at[last], segments, nsegments, checked,
						result, &nresult, &refused);
	if (damage)
	{
		if (found == STEPS_OK)
			result[nresult / 2].available ^= 1;
		else
			refused.start ^= 1;
	}

	if (found != expected)
		wrong = complain("result", expected, found);
	else if (found == STEPS_REFUSED)
	{
		if (refused.start != grid.at[culprit])
			wrong = complain("refused at", grid.at[culprit], refused.start);
		else if (refused.available != value[culprit])
			wrong = complain("available where refused", value[culprit], refused.available);
	}
	else if (found == STEPS_OK)
	{
		wrong = check_shape(result, nresult, grid.at[first], grid.at[last],
							nsteps + 2 * nsegments);
		for (int i = first; i < last && wrong == NULL; i++)
		{
			int64_t		got = value_at(result, nresult, grid.at[i]);

			if (got != value[i] + delta[i])
				wrong = complain("value of a cell", value[i] + delta[i], got);
		}
	}
	free(steps);
	free(segments);
	free(result);
	return wrong;
}

/*
 * Applying to two halves is applying to the whole, and what is given back is
 * as if it had never been taken.
 */
static const char *
check_halves_and_back(void)
{
	Grid		grid = random_grid();
	int			middle = random_int(0, grid.ncells);
	int			nsteps,
				nsegments,
				nhalf,
				nback,
				nplain;
	int64_t		value[MAX_CELLS],
				delta[MAX_CELLS];
	Step		half[2 * MAX_CELLS + MAX_CELLS],
				back[2 * (2 * MAX_CELLS + MAX_CELLS)],
				plain[2 * MAX_CELLS + MAX_CELLS],
				refused;
	Segment		none = {0, 0, 0};
	Step	   *steps = random_steps(&grid, 0, grid.ncells, value, &nsteps);
	Segment    *segments = random_segments(&grid, delta, &nsegments);
	const char *wrong = NULL;

	for (int side = 0; side < 2 && wrong == NULL; side++)
	{
		int			from = side == 0 ? 0 : middle;
		int			to = side == 0 ? middle : grid.ncells;
		Step		part[MAX_CELLS];
		int			npart = 0;
		StepsResult result;

		if (from == to)
			continue;
		for (int i = from; i < to; i++)
		{
			part[npart].start = grid.at[i];
			part[npart].available = value[i];
			npart++;
		}
		result = steps_apply(part, npart, grid.at[to], segments, nsegments, false,
							 half, &nhalf, &refused);
		if (result != STEPS_OK)
			continue;			/* overflow: check_apply() looks at that */
		for (int i = 0; i < nsegments; i++)
			segments[i].delta = (int64_t) -(uint64_t) segments[i].delta;
		result = steps_apply(half, nhalf, grid.at[to], segments, nsegments, false,
							 back, &nback, &refused);
		for (int i = 0; i < nsegments; i++)
			segments[i].delta = (int64_t) -(uint64_t) segments[i].delta;
		if (result != STEPS_OK)
			continue;
		if (steps_apply(part, npart, grid.at[to], &none, 0, true,
						plain, &nplain, &refused) != STEPS_OK)
			wrong = complain("applying nothing", STEPS_OK, STEPS_REFUSED);
		if (damage)
			back[0].available ^= 2;
		if (wrong == NULL && nback != nplain)
			wrong = complain("steps once given back", nplain, nback);
		for (int i = 0; i < nplain && wrong == NULL; i++)
		{
			if (back[i].start != plain[i].start)
				wrong = complain("start once given back", plain[i].start, back[i].start);
			else if (back[i].available != plain[i].available)
				wrong = complain("value once given back", plain[i].available,
								 back[i].available);
		}
	}
	free(steps);
	free(segments);
	return wrong;
}

/*
 * steps_extent and steps_minimum: a loop over the cells.
 */
static const char *
check_minimum(void)
{
	Grid		grid = random_grid();
	int			first,
				last,
				nsteps;
	int64_t		value[MAX_CELLS];
	Step	   *steps;
	int64_t		smallest,
				largest,
				found_smallest,
				found_largest;
	const char *wrong = NULL;

	random_part(&grid, &first, &last);
	steps = random_steps(&grid, first, last, value, &nsteps);

	smallest = largest = value[first];
	for (int i = first; i < last; i++)
	{
		smallest = value[i] < smallest ? value[i] : smallest;
		largest = value[i] > largest ? value[i] : largest;
	}
	steps_extent(steps, nsteps, &found_smallest, &found_largest);
	if (damage && one_in(2))
		found_smallest ^= 1;
	if (found_smallest != smallest)
		wrong = complain("smallest", smallest, found_smallest);
	else if (found_largest != largest)
		wrong = complain("largest", largest, found_largest);

	for (int try = 0; try < 4 && wrong == NULL; try++)
	{
		/* also empty and reversed ranges, and ranges outside */
		int			from = random_int(0, grid.ncells);
		int			to = random_int(0, grid.ncells);
		int64_t		minimum = INT64_MAX;
		int64_t		instant = 0;
		int64_t		found_instant = 0;
		int64_t		found;

		for (int i = first; i < last; i++)
		{
			if (i >= from && i < to && value[i] < minimum)
			{
				minimum = value[i];
				instant = grid.at[i];
			}
		}
		found = steps_minimum(steps, nsteps, grid.at[last], grid.at[from], grid.at[to],
							  &found_instant);
		if (damage && one_in(2))
			found_instant ^= 1;
		if (found != minimum)
			wrong = complain("minimum", minimum, found);
		else if (minimum != INT64_MAX && found_instant != instant)
			wrong = complain("instant of the minimum", instant, found_instant);
	}
	free(steps);
	return wrong;
}

/*
 * steps_round_up: the first multiple not before the instant.
 */
static const char *
check_round_up(void)
{
	static const int64_t size[] = {0, 1, 2, 3, 7, 60, 900000000, INT64_C(86400000000),
	INT64_C(604800000000), INT64_MAX};
	static const int64_t zero[] = {0, 0, -1, 5, INT64_C(-946684800000000)};
	int64_t		granularity = size[random_int(0, lengthof(size) - 1)];
	int64_t		origin = zero[random_int(0, lengthof(zero) - 1)];
	int64_t		instant = random_int(-100, 100);
	int64_t		expected,
				found;

	if (one_in(2))
		instant = (int64_t) random_bits() / (INT64_C(1) << random_int(0, 30));
	if (one_in(10))
		instant = one_in(2) ? STEPS_INFINITY - random_int(0, 3) : INT64_MIN + random_int(0, 3);

	found = steps_round_up(instant, granularity, origin);
	if (damage)
		found ^= 1;

	if (granularity == 0 || instant == STEPS_INFINITY)
		expected = instant;
	else
	{
		wide		multiple = ((wide) instant - origin) / granularity;

		/* the division truncates: step up to the first that is enough */
		multiple -= 2;
		while (multiple * granularity + origin < instant)
			multiple++;
		multiple = multiple * granularity + origin;
		expected = multiple > INT64_MAX ? STEPS_INFINITY : (int64_t) multiple;
	}
	return found == expected ? NULL : complain("rounded up", expected, found);
}

/*
 * steps_fit: try every instant from the first candidate on.
 *
 * The cells are one instant wide here, and what lies behind them, up to
 * infinity, is one more stretch, mostly with too little.  Stretches are fed as
 * steps or, like chunks, as several cells by their maximum or minimum.
 */
static const char *
check_fit(void)
{
	int			ncells = random_int(1, MAX_CELLS);
	int64_t		base = random_int(-50, 50);
	int64_t		value[MAX_CELLS + 1];
	int64_t		answer = 0;
	bool		exists = false;
	bool		found = false;
	int64_t		from = base + random_int(0, ncells - 1);
	StepsFit	fit;
	int			cell;

	for (int i = 0; i <= ncells; i++)
		value[i] = i > 0 && !one_in(3) ? value[i - 1] : random_amount();
	if (!one_in(4))
		value[ncells] = INT64_MIN;

	fit.amount = one_in(30) ? INT64_MAX : random_int(1, 8);
	fit.duration = one_in(12) ? STEPS_INFINITY : random_int(1, 12);
	if (one_in(30))
		fit.duration = STEPS_INFINITY - random_int(1, 40);
	fit.granularity = one_in(2) ? 0 : random_int(1, 9);
	fit.origin = random_int(-20, 20);
	fit.candidate = steps_round_up(from, fit.granularity, fit.origin);

	/* the oracle; behind the cells nothing changes, so the first start will do */
	for (int64_t start = from; start <= base + ncells + 10 && !exists; start++)
	{
		bool		enough = true;

		if (fit.granularity != 0 && (start - fit.origin) % fit.granularity != 0)
			continue;
		for (int i = 0; i < ncells; i++)
		{
			if (base + i >= start &&
				(wide) base + i < (wide) start + fit.duration && value[i] < fit.amount)
				enough = false;
		}
		if ((wide) start + fit.duration > base + ncells && value[ncells] < fit.amount)
			enough = false;
		exists = enough;
		answer = start;
	}

	/* stretches that end before the candidate do no harm */
	cell = one_in(2) ? 0 : (int) (from - base);
	while (cell < ncells && !found)
	{
		int			next = cell + 1;
		int64_t		smallest = value[cell];
		int64_t		largest = value[cell];
		int			wanted = cell + (one_in(3) ? random_int(1, 8) : 1);

		while (next < ncells && (next < wanted || value[next] == value[cell]))
		{
			int64_t		lower = value[next] < smallest ? value[next] : smallest;
			int64_t		upper = value[next] > largest ? value[next] : largest;

			/* several values may be fed at once only if they say the same */
			if (lower < fit.amount && upper >= fit.amount)
				break;
			smallest = lower;
			largest = upper;
			next++;
		}
		found = steps_fit(&fit, base + next, largest < fit.amount ? largest : smallest);
		cell = next;
	}
	if (!found)
		found = steps_fit(&fit, STEPS_INFINITY, value[ncells]);

	if (damage)
	{
		fit.candidate ^= 1;
		found = found && !one_in(10);
	}
	if (found != exists)
		return complain("whether there is a start", exists, found);
	if (found && fit.candidate != answer)
		return complain("earliest start", answer, fit.candidate);
	return NULL;
}

/*
 * steps_from_events: the sum of all ranges in every cell.
 */
static const char *
check_from_events(void)
{
	Grid		grid = random_grid();
	int			nranges = random_int(0, 12);
	int64_t		sum[MAX_CELLS] = {0};
	StepEvent  *events = malloc(sizeof(StepEvent) * 2 * nranges + 1);
	Segment    *segments = malloc(sizeof(Segment) * 2 * nranges + 1);
	const char *wrong = NULL;
	int			nevents = 0;
	int			n;

	for (int r = 0; r < nranges; r++)
	{
		int			from = random_int(0, grid.ncells - 1);
		int			to = one_in(3) ? grid.ncells : random_int(from + 1, grid.ncells);
		int64_t		delta = random_int(-3, 3);
		int			place = random_int(0, nevents);

		/* big, but never a sum that does not fit */
		if (one_in(10))
			delta *= INT64_MAX / 100;
		for (int i = from; i < to; i++)
			sum[i] += delta;

		/* in any order */
		memmove(&events[place + 1], &events[place], sizeof(StepEvent) * (nevents - place));
		events[place].instant = grid.at[from];
		events[place].delta = delta;
		nevents++;
		if (grid.at[to] == STEPS_INFINITY && one_in(2))
			continue;			/* no event at all says the same */
		place = random_int(0, nevents);
		memmove(&events[place + 1], &events[place], sizeof(StepEvent) * (nevents - place));
		events[place].instant = grid.at[to];
		events[place].delta = -delta;
		nevents++;
	}

	n = steps_from_events(events, nevents, segments);
	if (n < 0 || n > nevents)
		wrong = complain("most segments", nevents, n);
	if (damage && n > 0)
	{
		if (one_in(2))
			segments[n - 1].end--;
		else
			segments[n - 1].delta ^= 1;
	}

	for (int i = 0; i < n && wrong == NULL; i++)
	{
		if (segments[i].start >= segments[i].end)
			wrong = complain("end of a segment after", segments[i].start, segments[i].end);
		else if (segments[i].delta == 0)
			wrong = complain("empty segment", i, i);
		else if (i > 0 && segments[i].start < segments[i - 1].end)
			wrong = complain("segments overlap at", i, i);
		else if (i > 0 && segments[i].start == segments[i - 1].end &&
				 segments[i].delta == segments[i - 1].delta)
			wrong = complain("equal touching segments at", i, i);
	}
	for (int i = 0; i < grid.ncells && wrong == NULL; i++)
	{
		for (int late = 0; late < 2 && wrong == NULL; late++)
		{
			int64_t		instant = late ? grid.at[i + 1] - 1 : grid.at[i];
			int64_t		found = 0;

			for (int s = 0; s < n; s++)
			{
				if (segments[s].start <= instant && instant < segments[s].end)
					found += segments[s].delta;
			}
			if (found != sum[i])
				wrong = complain("sum of a cell", sum[i], found);
		}
	}
	if (wrong == NULL && n > 0 && segments[n - 1].end > grid.at[grid.ncells])
		wrong = complain("last end", grid.at[grid.ncells], segments[n - 1].end);
	free(events);
	free(segments);
	return wrong;
}

/*
 * A random walk: ranges taken and given back one after the other through
 * events and segments, as the timeline does it, checked after each.
 */
static const char *
check_walk(void)
{
	Grid		grid = random_grid();
	int64_t		value[MAX_CELLS];
	Step		one[3 * MAX_CELLS],
				two[3 * MAX_CELLS];
	int			nsteps = 1;
	const char *wrong = NULL;

	one[0].start = grid.at[0];
	one[0].available = 6;
	for (int i = 0; i < grid.ncells; i++)
		value[i] = 6;

	for (int turn = 0; turn < 12 && wrong == NULL; turn++)
	{
		StepEvent	events[4];
		Segment		segments[4];
		Step		refused = {0, 0};
		int			nevents = 0;
		int			nresult = 0;
		int64_t		change[MAX_CELLS] = {0};
		int			culprit = -1;
		StepsResult result;

		for (int r = 0; r < random_int(1, 2); r++)
		{
			int			from = random_int(0, grid.ncells - 1);
			int			to = random_int(from + 1, grid.ncells);
			int64_t		delta = random_int(-4, 2);

			if (nevents == 4)
				break;
			events[nevents].instant = grid.at[from];
			events[nevents++].delta = delta;
			events[nevents].instant = grid.at[to];
			events[nevents++].delta = -delta;
			for (int i = from; i < to; i++)
				change[i] += delta;
		}
		for (int i = 0; i < grid.ncells && culprit < 0; i++)
		{
			if (change[i] < 0 && value[i] + change[i] < 0)
				culprit = i;
		}

		result = steps_apply(one, nsteps, grid.at[grid.ncells], segments,
							 steps_from_events(events, nevents, segments), true,
							 two, &nresult, &refused);
		if (damage)
			two[0].available ^= 1;
		if (result != (culprit < 0 ? STEPS_OK : STEPS_REFUSED))
			wrong = complain("result", culprit < 0 ? STEPS_OK : STEPS_REFUSED, result);
		else if (result == STEPS_REFUSED)
		{
			if (refused.start != grid.at[culprit])
				wrong = complain("refused at", grid.at[culprit], refused.start);
			continue;
		}
		if (wrong == NULL)
			wrong = check_shape(two, nresult, grid.at[0], grid.at[grid.ncells],
								nsteps + 2 * nevents);
		for (int i = 0; i < grid.ncells && wrong == NULL; i++)
		{
			value[i] += change[i];
			if (value_at(two, nresult, grid.at[i]) != value[i])
				wrong = complain("value of a cell", value[i],
								 value_at(two, nresult, grid.at[i]));
		}
		memcpy(one, two, sizeof(Step) * nresult);
		nsteps = nresult;
	}
	return wrong;
}

/*
 * Reporting.
 */
static void
report(bool passed, const char *name, const char *wrong)
{
	if (passed)
		tests_passed++;
	else
		tests_failed++;
	printf("%s %d - %s\n", passed ? "ok" : "not ok", tests_passed + tests_failed, name);
	if (!passed && wrong != NULL)
		printf("# %s\n", wrong);
}

static void
report_equal(const char *name, int64_t expected, int64_t found)
{
	report(expected == found, name, expected == found ? NULL : complain("value", expected, found));
}

/*
 * Cases worth a name, in plain numbers.
 */
static void
run_edges(void)
{
	Step		flat = {0, 5};
	Step		two[] = {{0, 5}, {10, 3}};
	Step		negative[] = {{0, -2}, {10, 4}};
	Step		out[8];
	Step		refused = {-1, -1};
	Segment		segment;
	Segment		pair[2];
	Segment		made[4];
	StepEvent	events[4];
	StepsFit	fit;
	int			n = 0;
	int64_t		instant = -1;

	segment = (Segment) {0, STEPS_INFINITY, -5};
	report_equal("all of it to infinity", STEPS_OK,
				 steps_apply(&flat, 1, STEPS_INFINITY, &segment, 1, true, out, &n, &refused));
	report_equal("all of it to infinity: one step", 1, n);
	report_equal("all of it to infinity: nothing left", 0, out[0].available);

	segment = (Segment) {7, STEPS_INFINITY, -6};
	report_equal("one too many to infinity", STEPS_REFUSED,
				 steps_apply(&flat, 1, STEPS_INFINITY, &segment, 1, true, out, &n, &refused));
	report_equal("one too many to infinity: where", 7, refused.start);
	report_equal("one too many to infinity: available", 5, refused.available);

	segment = (Segment) {5, 15, -4};
	report_equal("a range over a fall", STEPS_REFUSED,
				 steps_apply(two, 2, 20, &segment, 1, true, out, &n, &refused));
	report_equal("a range over a fall: where", 10, refused.start);
	report_equal("a range over a fall: unchecked", STEPS_OK,
				 steps_apply(two, 2, 20, &segment, 1, false, out, &n, &refused));
	report_equal("a range over a fall: oversold by", -1, out[2].available);

	segment = (Segment) {0, 10, -2};
	steps_apply(two, 2, 20, &segment, 1, true, out, &n, &refused);
	report_equal("equal neighbours coalesce", 1, n);

	segment = (Segment) {20, 30, -99};
	report_equal("a segment that only touches the end", STEPS_OK,
				 steps_apply(two, 2, 20, &segment, 1, true, out, &n, &refused));
	segment = (Segment) {-10, 0, -99};
	report_equal("a segment that only touches the start", STEPS_OK,
				 steps_apply(two, 2, 20, &segment, 1, true, out, &n, &refused));
	report_equal("a segment that only touches changes nothing", 2, n);

	pair[0] = (Segment) {0, 5, -1};
	pair[1] = (Segment) {5, 10, -1};
	steps_apply(&flat, 1, 10, pair, 2, true, out, &n, &refused);
	report_equal("touching segments of one amount leave one step", 1, n);

	segment = (Segment) {0, 10, 1};
	report_equal("an oversold window may get better", STEPS_OK,
				 steps_apply(negative, 2, 20, &segment, 1, true, out, &n, &refused));
	segment = (Segment) {10, 20, -1};
	report_equal("an oversold window elsewhere does not matter", STEPS_OK,
				 steps_apply(negative, 2, 20, &segment, 1, true, out, &n, &refused));
	segment = (Segment) {5, 6, -1};
	report_equal("an oversold window must not get worse", STEPS_REFUSED,
				 steps_apply(negative, 2, 20, &segment, 1, true, out, &n, &refused));

	flat.available = INT64_MAX;
	segment = (Segment) {0, 10, 1};
	report_equal("overflow upwards", STEPS_OVERFLOW,
				 steps_apply(&flat, 1, 10, &segment, 1, true, out, &n, &refused));
	flat.available = INT64_MIN;
	segment.delta = -1;
	report_equal("overflow downwards", STEPS_OVERFLOW,
				 steps_apply(&flat, 1, 10, &segment, 1, false, out, &n, &refused));
	flat.available = INT64_MAX;
	segment.delta = -INT64_MAX;
	report_equal("the largest amount there is", STEPS_OK,
				 steps_apply(&flat, 1, 10, &segment, 1, true, out, &n, &refused));

	report_equal("minimum over an empty range", INT64_MAX,
				 steps_minimum(two, 2, 20, 5, 5, &instant));
	report_equal("minimum outside", INT64_MAX, steps_minimum(two, 2, 20, 20, 30, &instant));
	report_equal("minimum over everything", 3,
				 steps_minimum(two, 2, 20, INT64_MIN, STEPS_INFINITY, &instant));
	report_equal("minimum over everything: where", 10, instant);

	report_equal("no events, no segments", 0, steps_from_events(events, 0, made));
	events[0] = (StepEvent) {5, 3};
	events[1] = (StepEvent) {5, -3};
	report_equal("events that cancel out", 0, steps_from_events(events, 2, made));
	events[0] = (StepEvent) {STEPS_INFINITY, -3};
	events[1] = (StepEvent) {5, 3};
	report_equal("a range to infinity", 1, steps_from_events(events, 2, made));
	report_equal("a range to infinity: its end", STEPS_INFINITY, made[0].end);
	events[0] = (StepEvent) {1, INT64_MAX};
	events[1] = (StepEvent) {2, 1};
	report_equal("events that overflow", -1, steps_from_events(events, 2, made));

	fit = (StepsFit) {5, STEPS_INFINITY, 0, 0, 0};
	report_equal("to infinity: not in a finite stretch", false, steps_fit(&fit, 100, 9));
	report_equal("to infinity: in the last one", true, steps_fit(&fit, STEPS_INFINITY, 9));
	report_equal("to infinity: from the start", 0, fit.candidate);
	fit = (StepsFit) {5, 10, 0, 0, 0};
	report_equal("never enough", false, steps_fit(&fit, STEPS_INFINITY, 4));
	report_equal("never enough: nothing left to try", STEPS_INFINITY, fit.candidate);

	fit = (StepsFit) {5, 10, 0, 0, STEPS_INFINITY};
	report_equal("no start at infinity", false, steps_fit(&fit, STEPS_INFINITY, 9));

	report_equal("rounding an instant on the grain", 900, steps_round_up(900, 900, 0));
	report_equal("rounding up before the origin", -900, steps_round_up(-901, 900, 0));
	report_equal("rounding infinity", STEPS_INFINITY, steps_round_up(STEPS_INFINITY, 900, 7));
	report_equal("rounding past the end of time", STEPS_INFINITY,
				 steps_round_up(STEPS_INFINITY - 1, 1000, 0));
}

static void
run_random(uint64_t seed)
{
	static const struct
	{
		const char *name;
		Check		check;
	}			property[] =
	{
		{"steps_find", check_find},
		{"steps_apply", check_apply},
		{"steps_apply in halves and back", check_halves_and_back},
		{"steps_extent, steps_minimum", check_minimum},
		{"steps_round_up", check_round_up},
		{"steps_fit", check_fit},
		{"steps_from_events", check_from_events},
		{"a walk of takes and gives", check_walk},
	};

	printf("# seed %" PRIu64 "\n", seed);
	for (int p = 0; p < lengthof(property); p++)
	{
		char		name[128];
		char		where[400];
		const char *wrong = NULL;
		int			i;

		random_state = seed * UINT64_C(1000003) + (uint64_t) p;
		for (i = 0; i < CASES && wrong == NULL; i++)
			wrong = property[p].check();
		if (wrong != NULL)
			snprintf(where, sizeof(where), "seed %" PRIu64 ", case %d: %s", seed, i, wrong);
		snprintf(name, sizeof(name), "%s, %d cases", property[p].name, CASES);
		report(wrong == NULL, name, wrong ? where : NULL);

		wrong = NULL;
		damage = true;
		for (i = 0; i < 100 && wrong == NULL; i++)
			wrong = property[p].check();
		damage = false;
		snprintf(name, sizeof(name), "%s: sees damage", property[p].name);
		report(wrong != NULL, name, "damaged results went unnoticed");
	}
}

int
main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc > 1)
		run_random(strtoull(argv[1], NULL, 10));
	else
	{
		run_edges();
		run_random(1);
		run_random(20000101);
		run_random(UINT64_MAX);
		run_random((uint64_t) time(NULL));
	}
	printf("1..%d\n", tests_passed + tests_failed);
	printf("# %d passed, %d failed\n", tests_passed, tests_failed);
	return tests_failed == 0 ? 0 : 1;
}
