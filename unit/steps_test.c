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

/* what is added in one cell, and the parts of it that a rule is about */
typedef struct CellChange
{
	int64_t		delta;
	int64_t		judged;
	int64_t		ordinary;
} CellChange;

static bool
same_change(const CellChange *a, const CellChange *b)
{
	return a->delta == b->delta && a->judged == b->judged && a->ordinary == b->ordinary;
}

/*
 * Mostly all of it is judged, and is ordinary users' or not; in a mixed case each
 * part is what it likes.
 */
static CellChange
random_change(bool mixed)
{
	CellChange	change = {random_amount(), 0, 0};

	change.judged = mixed ? random_amount() : change.delta;
	if (mixed)
		change.ordinary = random_amount();
	else if (one_in(2))
		change.ordinary = change.delta;
	return change;
}

/*
 * Segments with a random amount for every cell: disjoint, ascending, at times
 * touching, equal neighbours at times apart, at times reaching beyond the grid.
 */
static Segment *
random_segments(const Grid *grid, CellChange *change, int *nsegments)
{
	static const CellChange nothing = {0, 0, 0};
	Segment    *segments = malloc(sizeof(Segment) * grid->ncells);
	bool		lazy = one_in(4);
	bool		mixed = one_in(3);
	int			rarity = random_int(1, 6);
	int			n = 0;

	for (int i = 0; i < grid->ncells; i++)
	{
		if (i > 0 && !one_in(3))
			change[i] = change[i - 1];
		else
			change[i] = one_in(rarity) ? random_change(mixed) : nothing;
		if (same_change(&change[i], &nothing))
			continue;
		if (n > 0 && same_change(&change[i - 1], &change[i]) && !(lazy && one_in(3)))
			segments[n - 1].end = grid->at[i + 1];
		else
		{
			segments[n].start = grid->at[i];
			segments[n].end = grid->at[i + 1];
			segments[n].delta = change[i].delta;
			segments[n].judged = change[i].judged;
			segments[n].ordinary = change[i].ordinary;
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

static int64_t
random_terms(void)
{
	return one_in(40) ? INT64_MAX - random_int(0, 3) : random_int(0, 4);
}

/*
 * What is kept back in every cell and what may be taken beyond all, as steps from
 * the start of the first segment on: the rule covers what segments touch, and no
 * more.
 */
static RuleStep *
random_rule(const Grid *grid, const Segment *segments, RuleStep *cells, StepsRule *rule)
{
	RuleStep   *steps = malloc(sizeof(RuleStep) * grid->ncells);
	bool		extra = one_in(2);
	int			n = 0;

	rule->keeps = !extra || one_in(2);
	for (int i = 0; i < grid->ncells; i++)
	{
		bool		same = i > 0 && !one_in(3);

		cells[i] = same ? cells[i - 1] : (RuleStep) {.kept = rule->keeps ? random_terms() : 0};
		if (!same && extra)
			cells[i].extra = random_terms();
		if (grid->at[i + 1] <= segments[0].start || (n > 0 && same && !one_in(5)))
			continue;
		steps[n] = cells[i];
		steps[n].start = n == 0 ? segments[0].start : grid->at[i];
		n++;
	}
	rule->steps = steps;
	rule->nsteps = n;
	return steps;
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

static const StepsRule bare_rule = {NULL, 0, false};

/* what a cell must not be less than, once changed; false if it may be anything */
static bool
cell_floor(const CellChange *change, const StepsRule *rule, const RuleStep *cell, wide *floor)
{
	wide		others = (wide) change->judged - change->ordinary;
	bool		leaves = rule->keeps && change->ordinary < 0;

	/* whoever may have what is kept back takes it, the ordinary ones leave it */
	*floor = leaves ? cell->kept + (others < 0 ? others : 0) : 0;
	if (*floor < 0)
		*floor = 0;
	if (rule->steps != NULL)
		*floor -= cell->extra;
	return leaves || change->judged < 0;
}

/* as much of it as 64 bits hold */
static int64_t
clamp(wide value)
{
	return value > INT64_MAX ? INT64_MAX : value < INT64_MIN ? INT64_MIN : (int64_t) value;
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
	int64_t		value[MAX_CELLS];
	RuleStep	cells[MAX_CELLS];
	CellChange	change[MAX_CELLS];
	StepsRule	rule = {NULL, 0, false};
	bool		checked = !one_in(3);
	Step	   *steps,
			   *result;
	RuleStep   *rule_steps = NULL;
	Segment    *segments;
	Step		refused = {0, 0};
	StepsResult expected = STEPS_OK,
				found;
	int			culprit = 0;
	wide		available = 0;
	const char *wrong = NULL;

	random_part(&grid, &first, &last);
	steps = random_steps(&grid, first, last, value, &nsteps);
	segments = random_segments(&grid, change, &nsegments);
	if (checked && nsegments > 0 && one_in(2))
		rule_steps = random_rule(&grid, segments, cells, &rule);

	for (int i = first; i < last && expected == STEPS_OK; i++)
	{
		wide		sum = (wide) value[i] + change[i].delta;
		wide		floor;

		culprit = i;
		if (sum > INT64_MAX || sum < INT64_MIN)
			expected = STEPS_OVERFLOW;
		else if (checked && cell_floor(&change[i], &rule, &cells[i], &floor) && sum < floor)
		{
			expected = STEPS_REFUSED;
			available = (wide) clamp(sum - change[i].judged) - floor;
		}
	}

	/* no more room than promised: the sanitizer watches the rest */
	result = malloc(sizeof(Step) * (nsteps + 2 * nsegments));
	found = steps_apply(steps, nsteps, grid.at[last], segments, nsegments, checked ? &rule : NULL,
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
		else if (refused.available != clamp(available))
			wrong = complain("available where refused", clamp(available), refused.available);
	}
	else if (found == STEPS_OK)
	{
		wrong = check_shape(result, nresult, grid.at[first], grid.at[last],
							nsteps + 2 * nsegments);
		for (int i = first; i < last && wrong == NULL; i++)
		{
			int64_t		got = value_at(result, nresult, grid.at[i]);

			if (got != value[i] + change[i].delta)
				wrong = complain("value of a cell", value[i] + change[i].delta, got);
		}
	}
	free(steps);
	free(rule_steps);
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
	int64_t		value[MAX_CELLS];
	CellChange	change[MAX_CELLS];
	Step		half[2 * MAX_CELLS + MAX_CELLS],
				back[2 * (2 * MAX_CELLS + MAX_CELLS)],
				plain[2 * MAX_CELLS + MAX_CELLS],
				refused;
	Segment		none = {.delta = 0};
	Step	   *steps = random_steps(&grid, 0, grid.ncells, value, &nsteps);
	Segment    *segments = random_segments(&grid, change, &nsegments);
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
		result = steps_apply(part, npart, grid.at[to], segments, nsegments, NULL,
							 half, &nhalf, &refused);
		if (result != STEPS_OK)
			continue;			/* overflow: check_apply() looks at that */
		for (int i = 0; i < nsegments; i++)
			segments[i].delta = (int64_t) -(uint64_t) segments[i].delta;
		result = steps_apply(half, nhalf, grid.at[to], segments, nsegments, NULL,
							 back, &nback, &refused);
		for (int i = 0; i < nsegments; i++)
			segments[i].delta = (int64_t) -(uint64_t) segments[i].delta;
		if (result != STEPS_OK)
			continue;
		if (steps_apply(part, npart, grid.at[to], &none, 0, &bare_rule,
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
 * steps_first_below and steps_last_below: a loop over the cells of a range.
 */
static const char *
check_below(void)
{
	Grid		grid = random_grid();
	int			first,
				last,
				nsteps;
	int64_t		value[MAX_CELLS];
	Step	   *steps;
	const char *wrong = NULL;

	random_part(&grid, &first, &last);
	steps = random_steps(&grid, first, last, value, &nsteps);

	for (int try = 0; try < 4 && wrong == NULL; try++)
	{
		int			from = random_int(first, last - 1);
		int			to = random_int(from + 1, last);
		/* inside the cells, too; a step goes on to where the value changes */
		int64_t		start = grid.at[from] + (one_in(3) && grid.at[from + 1] - grid.at[from] > 1);
		int64_t		end = grid.at[to] - (one_in(3) && grid.at[to] - 1 > grid.at[to - 1] &&
										grid.at[to] - 1 > start);
		int64_t		least = random_amount();
		int64_t		first_below = grid.at[last];
		int64_t		last_below = start;
		int64_t		found_first,
					found_last;
		int			at = random_int(0, steps_find(steps, nsteps, end - 1));

		for (int i = last - 1; i >= from; i--)
		{
			if (value[i] < least)
				first_below = grid.at[i] > start ? grid.at[i] : start;
		}
		for (int i = from; i < to; i++)
		{
			if (value[i] < least)
			{
				/* the end of its step, which may be one of several equal ones */
				int			step = steps_find(steps, nsteps, grid.at[i]);

				last_below = step + 1 < nsteps ? steps[step + 1].start : grid.at[last];
			}
		}
		found_first = steps_first_below(steps, nsteps, grid.at[last], start, least);
		found_last = steps_last_below(steps, nsteps, grid.at[last], start, end, least,
									  &at);
		if (damage)
		{
			found_first ^= 1;
			found_last ^= one_in(2);
			at += one_in(3);
		}
		if (at != steps_find(steps, nsteps, end - 1))
			wrong = complain("last step", steps_find(steps, nsteps, end - 1), at);
		else if (found_first != first_below)
			wrong = complain("first below", first_below, found_first);
		else if (found_last != last_below)
			wrong = complain("last below", last_below, found_last);
	}
	free(steps);
	return wrong;
}

/*
 * steps_round_up and steps_round_down: the first multiple not before the
 * instant, and the last one not after it.
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
	if (found != expected)
		return complain("rounded up", expected, found);

	found = steps_round_down(instant, granularity, origin);
	if (damage)
		found ^= 1;
	if (granularity != 0 && instant != STEPS_INFINITY)
	{
		wide		multiple = ((wide) instant - origin) / granularity;

		multiple += 2;
		while (multiple * granularity + origin > instant)
			multiple--;
		multiple = multiple * granularity + origin;
		expected = multiple < INT64_MIN ? INT64_MIN : (int64_t) multiple;
	}
	return found == expected ? NULL : complain("rounded down", expected, found);
}

/* put an event into a list, anywhere */
static void
insert_event(StepEvent *events, int *nevents, StepEvent event)
{
	int			place = random_int(0, *nevents);

	memmove(&events[place + 1], &events[place], sizeof(StepEvent) * (*nevents - place));
	events[place] = event;
	(*nevents)++;
}

/*
 * steps_from_events: the sums of all ranges in every cell, and a segment
 * wherever one of them is something that can be granted or refused.
 */
static const char *
check_from_events(void)
{
	static const CellChange nothing = {0, 0, 0};
	Grid		grid = random_grid();
	int			nranges = random_int(0, 12);
	CellChange	sum[MAX_CELLS] = {{0}};
	StepEvent  *events = malloc(sizeof(StepEvent) * 2 * nranges + 1);
	Segment    *segments = malloc(sizeof(Segment) * 2 * nranges + 1);
	bool		mixed = one_in(3);
	const char *wrong = NULL;
	int			nevents = 0;
	int			n;

	for (int r = 0; r < nranges; r++)
	{
		int			from = random_int(0, grid.ncells - 1);
		int			to = one_in(3) ? grid.ncells : random_int(from + 1, grid.ncells);
		CellChange	range = {.delta = random_int(-3, 3)};

		range.judged = mixed ? random_int(-2, 2) : one_in(4) ? 0 : range.delta;
		range.ordinary = mixed ? random_int(-2, 2) : one_in(2) ? 0 : range.judged;
		/* big, but never a sum that does not fit */
		if (one_in(10))
			range.delta *= INT64_MAX / 100;
		for (int i = from; i < to; i++)
		{
			sum[i].delta += range.delta;
			sum[i].judged += range.judged;
			sum[i].ordinary += range.ordinary;
		}

		insert_event(events, &nevents,
					 (StepEvent) {grid.at[from], range.delta, range.judged, range.ordinary});
		if (grid.at[to] == STEPS_INFINITY && one_in(2))
			continue;			/* no event at all says the same */
		insert_event(events, &nevents,
					 (StepEvent) {grid.at[to], -range.delta, -range.judged, -range.ordinary});
	}

	n = steps_from_events(events, nevents, segments);
	if (n < 0 || n > nevents)
		wrong = complain("most segments", nevents, n);
	if (damage && n > 0)
	{
		switch (random_int(1, 4))
		{
			case 1:
				segments[n - 1].end--;
				break;
			case 2:
				segments[n - 1].delta ^= 1;
				break;
			case 3:
				segments[n - 1].judged ^= 1;
				break;
			default:
				segments[n - 1].ordinary ^= 1;
		}
	}

	for (int i = 0; i < n && wrong == NULL; i++)
	{
		if (segments[i].start >= segments[i].end)
			wrong = complain("end of a segment after", segments[i].start, segments[i].end);
		else if (segments[i].delta == 0 && segments[i].judged >= 0 && segments[i].ordinary >= 0)
			wrong = complain("empty segment", i, i);
		else if (i > 0 && segments[i].start < segments[i - 1].end)
			wrong = complain("segments overlap at", i, i);
		else if (i > 0 && segments[i].start == segments[i - 1].end &&
				 segments[i].delta == segments[i - 1].delta &&
				 segments[i].judged == segments[i - 1].judged &&
				 segments[i].ordinary == segments[i - 1].ordinary)
			wrong = complain("equal touching segments at", i, i);
	}
	for (int i = 0; i < grid.ncells && wrong == NULL; i++)
	{
		for (int late = 0; late < 2 && wrong == NULL; late++)
		{
			int64_t		instant = late ? grid.at[i + 1] - 1 : grid.at[i];
			CellChange	found = nothing;
			bool		covered = false;

			for (int s = 0; s < n; s++)
			{
				if (segments[s].start <= instant && instant < segments[s].end)
				{
					covered = true;
					found = (CellChange) {segments[s].delta, segments[s].judged, segments[s].ordinary};
				}
			}
			if (covered ? !same_change(&found, &sum[i]) :
				sum[i].delta != 0 || sum[i].judged < 0 || sum[i].ordinary < 0)
				wrong = complain("sum of a cell", sum[i].delta, found.delta);
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
 * events and segments, as the timeline does it, checked after each.  Some are
 * ordinary users', who must leave what is kept back; some are holds that have
 * expired, which give back without being judged.
 */
static const char *
check_walk(void)
{
	Grid		grid = random_grid();
	int64_t		value[MAX_CELLS];
	RuleStep	cells[MAX_CELLS];
	StepsRule	rule = {NULL, 0, false};
	Step		one[3 * MAX_CELLS],
				two[3 * MAX_CELLS];
	int			nsteps = 1;
	const char *wrong = NULL;

	one[0].start = grid.at[0];
	one[0].available = 6;
	for (int i = 0; i < grid.ncells; i++)
	{
		value[i] = 6;
		cells[i] = (RuleStep) {grid.at[i], random_int(0, 2), random_int(0, 3)};
	}
	if (one_in(2))
		rule = (StepsRule) {cells, grid.ncells, one_in(2)};

	for (int turn = 0; turn < 12 && wrong == NULL; turn++)
	{
		StepEvent	events[6];
		Segment		segments[6];
		Step		refused = {0, 0};
		int			nevents = 0;
		int			nresult = 0;
		int			nranges = random_int(1, 3);
		CellChange	change[MAX_CELLS] = {{0}};
		int			culprit = -1;
		StepsResult result;

		for (int r = 0; r < nranges; r++)
		{
			int			from = random_int(0, grid.ncells - 1);
			int			to = random_int(from + 1, grid.ncells);
			CellChange	range = {.delta = random_int(-4, 2)};

			if (range.delta < 0 || one_in(2))
				range.judged = range.delta;
			if (one_in(2))
				range.ordinary = range.judged;
			insert_event(events, &nevents,
						 (StepEvent) {grid.at[from], range.delta, range.judged, range.ordinary});
			insert_event(events, &nevents,
						 (StepEvent) {grid.at[to], -range.delta, -range.judged, -range.ordinary});
			for (int i = from; i < to; i++)
			{
				change[i].delta += range.delta;
				change[i].judged += range.judged;
				change[i].ordinary += range.ordinary;
			}
		}
		for (int i = 0; i < grid.ncells && culprit < 0; i++)
		{
			wide		floor;

			if (cell_floor(&change[i], &rule, &cells[i], &floor) &&
				value[i] + change[i].delta < floor)
				culprit = i;
		}

		result = steps_apply(one, nsteps, grid.at[grid.ncells], segments,
							 steps_from_events(events, nevents, segments), &rule,
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
			value[i] += change[i].delta;
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

static Segment
judged_segment(int64_t start, int64_t end, int64_t delta)
{
	return (Segment) {.start = start,.end = end,.delta = delta,.judged = delta};
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
	RuleStep	kept_steps[] = {{0, 4, 0}, {10, 6, 0}};
	RuleStep	beyond_steps[] = {{0, 0, 0}, {10, 0, 3}, {15, 2, 3}};
	StepsRule	kept = {kept_steps, 2, true};
	StepsRule	beyond = {beyond_steps, 3, false};
	int			n = 0;
	int64_t		instant = -1;

	segment = judged_segment(0, STEPS_INFINITY, -5);
	report_equal("all of it to infinity", STEPS_OK,
				 steps_apply(&flat, 1, STEPS_INFINITY, &segment, 1, &bare_rule, out, &n, &refused));
	report_equal("all of it to infinity: one step", 1, n);
	report_equal("all of it to infinity: nothing left", 0, out[0].available);

	segment = judged_segment(7, STEPS_INFINITY, -6);
	report_equal("one too many to infinity", STEPS_REFUSED,
				 steps_apply(&flat, 1, STEPS_INFINITY, &segment, 1, &bare_rule, out, &n, &refused));
	report_equal("one too many to infinity: where", 7, refused.start);
	report_equal("one too many to infinity: available", 5, refused.available);

	segment = judged_segment(5, 15, -4);
	report_equal("a range over a fall", STEPS_REFUSED,
				 steps_apply(two, 2, 20, &segment, 1, &bare_rule, out, &n, &refused));
	report_equal("a range over a fall: where", 10, refused.start);
	report_equal("a range over a fall: unchecked", STEPS_OK,
				 steps_apply(two, 2, 20, &segment, 1, false, out, &n, &refused));
	report_equal("a range over a fall: oversold by", -1, out[2].available);

	segment = judged_segment(0, 10, -2);
	steps_apply(two, 2, 20, &segment, 1, &bare_rule, out, &n, &refused);
	report_equal("equal neighbours coalesce", 1, n);

	segment = judged_segment(20, 30, -99);
	report_equal("a segment that only touches the end", STEPS_OK,
				 steps_apply(two, 2, 20, &segment, 1, &bare_rule, out, &n, &refused));
	segment = judged_segment(-10, 0, -99);
	report_equal("a segment that only touches the start", STEPS_OK,
				 steps_apply(two, 2, 20, &segment, 1, &bare_rule, out, &n, &refused));
	report_equal("a segment that only touches changes nothing", 2, n);

	pair[0] = judged_segment(0, 5, -1);
	pair[1] = judged_segment(5, 10, -1);
	steps_apply(&flat, 1, 10, pair, 2, &bare_rule, out, &n, &refused);
	report_equal("touching segments of one amount leave one step", 1, n);

	segment = judged_segment(0, 10, 1);
	report_equal("an oversold window may get better", STEPS_OK,
				 steps_apply(negative, 2, 20, &segment, 1, &bare_rule, out, &n, &refused));
	segment = judged_segment(10, 20, -1);
	report_equal("an oversold window elsewhere does not matter", STEPS_OK,
				 steps_apply(negative, 2, 20, &segment, 1, &bare_rule, out, &n, &refused));
	segment = judged_segment(5, 6, -1);
	report_equal("an oversold window must not get worse", STEPS_REFUSED,
				 steps_apply(negative, 2, 20, &segment, 1, &bare_rule, out, &n, &refused));

	flat.available = INT64_MAX;
	segment = judged_segment(0, 10, 1);
	report_equal("overflow upwards", STEPS_OVERFLOW,
				 steps_apply(&flat, 1, 10, &segment, 1, &bare_rule, out, &n, &refused));
	flat.available = INT64_MIN;
	segment.delta = segment.judged = -1;
	report_equal("overflow downwards", STEPS_OVERFLOW,
				 steps_apply(&flat, 1, 10, &segment, 1, false, out, &n, &refused));
	flat.available = INT64_MAX;
	segment.delta = segment.judged = -INT64_MAX;
	report_equal("the largest amount there is", STEPS_OK,
				 steps_apply(&flat, 1, 10, &segment, 1, &bare_rule, out, &n, &refused));

	/* four of ten kept back, from 10 on six */
	flat.available = 10;
	segment = judged_segment(0, 20, -6);
	report_equal("others may have what is kept back", STEPS_OK,
				 steps_apply(&flat, 1, 20, &segment, 1, &kept, out, &n, &refused));
	segment.ordinary = -6;
	report_equal("ordinary users may not, once more is kept back", STEPS_REFUSED,
				 steps_apply(&flat, 1, 20, &segment, 1, &kept, out, &n, &refused));
	report_equal("ordinary users may not: where", 10, refused.start);
	report_equal("ordinary users may not: available", 4, refused.available);
	segment.end = 10;
	report_equal("what is not kept back is theirs", STEPS_OK,
				 steps_apply(&flat, 1, 20, &segment, 1, &kept, out, &n, &refused));
	segment = (Segment) {.start = 0,.end = 10,.delta = -10,.judged = -10,.ordinary = -6};
	report_equal("both together take all of it", STEPS_OK,
				 steps_apply(&flat, 1, 20, &segment, 1, &kept, out, &n, &refused));
	segment = (Segment) {.start = 0,.end = 10,.delta = -9,.judged = -9,.ordinary = -7};
	report_equal("both together, the ordinary ones too much", STEPS_REFUSED,
				 steps_apply(&flat, 1, 20, &segment, 1, &kept, out, &n, &refused));
	flat.available = 3;
	segment = (Segment) {.start = 0,.end = 10,.delta = 0,.judged = 0,.ordinary = -5};
	report_equal("an ordinary user in another one's place", STEPS_REFUSED,
				 steps_apply(&flat, 1, 20, &segment, 1, &kept, out, &n, &refused));
	report_equal("an ordinary user in another one's place: available", -1, refused.available);
	segment.delta = segment.judged = segment.ordinary = 5;
	report_equal("to give back is always allowed", STEPS_OK,
				 steps_apply(&flat, 1, 20, &segment, 1, &kept, out, &n, &refused));

	/* from 10 on three more than there are, of which from 15 on two are kept back */
	flat.available = 5;
	segment = judged_segment(10, 20, -8);
	report_equal("more than there are, further ahead", STEPS_OK,
				 steps_apply(&flat, 1, 20, &segment, 1, &beyond, out, &n, &refused));
	segment = judged_segment(9, 20, -8);
	report_equal("more than there are, from too near on", STEPS_REFUSED,
				 steps_apply(&flat, 1, 20, &segment, 1, &beyond, out, &n, &refused));
	report_equal("more than there are, from too near on: where", 9, refused.start);
	report_equal("more than there are, from too near on: available", 5, refused.available);
	segment = judged_segment(10, 20, -9);
	report_equal("even more", STEPS_REFUSED,
				 steps_apply(&flat, 1, 20, &segment, 1, &beyond, out, &n, &refused));
	report_equal("even more: available", 8, refused.available);
	segment.ordinary = segment.delta = segment.judged = -8;
	beyond.keeps = true;
	report_equal("more than there are, and some of it kept back", STEPS_REFUSED,
				 steps_apply(&flat, 1, 20, &segment, 1, &beyond, out, &n, &refused));
	report_equal("more than there are, and some of it kept back: where", 15, refused.start);
	report_equal("more than there are, and some of it kept back: available", 6, refused.available);

	/* a hold of seven has expired where ten are there and fifteen are taken */
	flat.available = -5;
	segment = (Segment) {.start = 0,.end = 10,.delta = 0,.judged = -7};
	report_equal("what a dead hold leaves is not all that it had", STEPS_REFUSED,
				 steps_apply(&flat, 1, 20, &segment, 1, &bare_rule, out, &n, &refused));
	report_equal("what a dead hold leaves", 2, refused.available);
	segment = (Segment) {.start = 0,.end = 10,.delta = 5,.judged = -2};
	report_equal("as much as a dead hold leaves", STEPS_OK,
				 steps_apply(&flat, 1, 20, &segment, 1, &bare_rule, out, &n, &refused));

	report_equal("minimum over an empty range", INT64_MAX,
				 steps_minimum(two, 2, 20, 5, 5, &instant));
	report_equal("minimum outside", INT64_MAX, steps_minimum(two, 2, 20, 20, 30, &instant));
	report_equal("minimum over everything", 3,
				 steps_minimum(two, 2, 20, INT64_MIN, STEPS_INFINITY, &instant));
	report_equal("minimum over everything: where", 10, instant);

	report_equal("no events, no segments", 0, steps_from_events(events, 0, made));
	events[0] = (StepEvent) {.instant = 5,.delta = 3};
	events[1] = (StepEvent) {.instant = 5,.delta = -3};
	report_equal("events that cancel out", 0, steps_from_events(events, 2, made));
	events[0] = (StepEvent) {.instant = 5,.judged = -3,.ordinary = -3};
	events[1] = (StepEvent) {.instant = 7,.judged = 3,.ordinary = 3};
	report_equal("a range that changes nothing, and may be refused", 1,
				 steps_from_events(events, 2, made));
	events[0].judged = 0;
	events[1].judged = 0;
	report_equal("ordinary users in another one's place", 1, steps_from_events(events, 2, made));
	events[0] = (StepEvent) {.instant = STEPS_INFINITY,.delta = -3};
	events[1] = (StepEvent) {.instant = 5,.delta = 3};
	report_equal("a range to infinity", 1, steps_from_events(events, 2, made));
	report_equal("a range to infinity: its end", STEPS_INFINITY, made[0].end);
	events[0] = (StepEvent) {.instant = 1,.delta = INT64_MAX};
	events[1] = (StepEvent) {.instant = 2,.delta = 1};
	report_equal("events that overflow", -1, steps_from_events(events, 2, made));

	report_equal("enough to the end", 20, steps_first_below(two, 2, 20, 4, 3));
	report_equal("too little at once", 4, steps_first_below(two, 2, 20, 4, 6));
	report_equal("too little later", 10, steps_first_below(two, 2, 20, 4, 4));
	n = 0;
	report_equal("enough all the time", 4, steps_last_below(two, 2, 20, 4, 20, 3, &n));
	n = 0;
	report_equal("enough in the range", 4, steps_last_below(two, 2, 20, 4, 10, 4, &n));
	report_equal("too little in its last instant", 20, steps_last_below(two, 2, 20, 4, 11, 4, &n));
	n = 0;
	report_equal("too little before", 10, steps_last_below(negative, 2, STEPS_INFINITY, 4,
														  STEPS_INFINITY, 4, &n));

	report_equal("rounding an instant on the grain", 900, steps_round_up(900, 900, 0));
	report_equal("rounding up before the origin", -900, steps_round_up(-901, 900, 0));
	report_equal("rounding down on the grain", 900, steps_round_down(900, 900, 0));
	report_equal("rounding down before the origin", -900, steps_round_down(-1, 900, 0));
	report_equal("rounding down before the beginning of time", INT64_MIN,
				 steps_round_down(INT64_MIN + 1, 1000, 0));
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
		{"steps_first_below, steps_last_below", check_below},
		{"steps_round_up, steps_round_down", check_round_up},
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
