/*-------------------------------------------------------------------------
 *
 * claim_start.c
 *	  Search for what satisfies a claim, whatever it starts with.
 *
 * A NULL start is the earliest that is permitted, and that depends on what the claim
 * gets: resources have lead times and granularities of their own.  What it gets is
 * reserved from the start that all of it permits (booking.c).
 *
 * Each resource is asked from its own start on first, without regard to the others:
 * hardly ever is that not what decides.  But what is taken now may be free by the
 * time that others permit.  So where nothing is found, the starts that candidates
 * permit together are gone through, the earliest first, and of what is found there
 * that counts which has this start.  There are hardly ever more than a few; the
 * effort is bounded, and a group that is spread is placed in one way only.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/claim.h"

#include "support/compare.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

/* lead times, and granularities, that are told apart */
#define DISTINCT_MAX	32

/* so many placements of a group on a provider are tried, for all starts together;
 * to begin with another start is worth as much as some */
#define ALL_STARTS_TRIES	100000
#define START_TRIES			20

/* what resources restrict a start to */
typedef struct Restrictions
{
	TimestampTz starts[DISTINCT_MAX];	/* by lead times, not aligned */
	int			nstarts;
	int64		granularities[DISTINCT_MAX];
	int			ngranularities;
	bool		too_many;
} Restrictions;

/* as resource_earliest_start() and booking.c have it, but for the granularity */
static TimestampTz
permitted_start(const Inventory *inventory, TimestampTz clock)
{
	if (!inventory->has_min_lead)
		return clock;
	return Max(clock, DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
															  TimestampTzGetDatum(clock),
															  PointerGetDatum(&inventory->min_lead))));
}

static void
restrict_to(Restrictions *to, const Inventory *inventory, TimestampTz clock)
{
	TimestampTz start = permitted_start(inventory, clock);
	int			i = 0;
	int			j = 0;

	while (i < to->nstarts && to->starts[i] != start)
		i++;
	while (j < to->ngranularities && to->granularities[j] != inventory->granularity)
		j++;
	if (i == DISTINCT_MAX || j == DISTINCT_MAX)
	{
		to->too_many = true;
		return;
	}
	to->starts[i] = start;
	to->nstarts = Max(to->nstarts, i + 1);
	to->granularities[j] = inventory->granularity;
	to->ngranularities = Max(to->ngranularities, j + 1);
}

/*
 * The starts that placements may have, ascending; NULL if there are too many to go
 * through, or all are the same.
 */
static TimestampTz *
possible_starts(const Search *search, int *nstarts)
{
	const ClaimTimes *times = search->task.times;
	Restrictions restrictions = {0};
	TimestampTz *starts;
	int			n = 0;

	if (times->start_given || !search->catalogue->has_starts)
		return NULL;
	for (int i = 0; i < search->norder; i++)
	{
		const GroupCandidates *candidates = &search->groups[search->order[i]];
		int			provider = -1;

		while ((provider = bms_next_member(candidates->providers, provider)) >= 0)
		{
			for (int j = 0; j < candidates->asked->nresources; j++)
			{
				const Inventory *inventory = &candidates->types[j]->inventories[provider];

				if (inventory->resource_id != 0)
					restrict_to(&restrictions, inventory, times->clock);
			}
		}
	}
	if (restrictions.too_many || restrictions.nstarts * restrictions.ngranularities <= 1)
		return NULL;
	/* two granularities together are a third one: all of them, for each start */
	for (int i = 0; i < restrictions.ngranularities; i++)
	{
		for (int j = 0; j < i; j++)
		{
			int64		common = common_granularity(restrictions.granularities[i],
													restrictions.granularities[j]);
			int			k = 0;

			while (k < restrictions.ngranularities && restrictions.granularities[k] != common)
				k++;
			if (k == DISTINCT_MAX)
				return NULL;
			restrictions.granularities[k] = common;
			restrictions.ngranularities = Max(restrictions.ngranularities, k + 1);
		}
	}
	starts = palloc(sizeof(TimestampTz) * restrictions.nstarts * restrictions.ngranularities);
	for (int i = 0; i < restrictions.nstarts; i++)
	{
		for (int j = 0; j < restrictions.ngranularities; j++)
			starts[n++] = steps_round_up(restrictions.starts[i], restrictions.granularities[j],
										 GRANULARITY_ORIGIN);
	}
	qsort(starts, n, sizeof(TimestampTz), compare_int64);
	*nstarts = 0;
	for (int i = 0; i < n; i++)
	{
		if (starts[i] < times->end && (*nstarts == 0 || starts[i] != starts[*nstarts - 1]))
			starts[(*nstarts)++] = starts[i];
	}
	return *nstarts == 0 ? NULL : starts;
}

/* who is told of placements that have a start of their own */
typedef struct OwnStart
{
	PlacementVisitor visitor;
	void	   *argument;
} OwnStart;

/*
 * Pass on a placement whose start is that of the search.
 */
static bool
visit_own_start(const Search *search, void *argument)
{
	const OwnStart *own = argument;
	const ClaimTimes *times = search->task.times;
	TimestampTz start = times->clock;
	int64		granularity = 0;

	for (int i = 0; i < search->nallocations; i++)
	{
		const Inventory *inventory = search->allocations[i].inventory;

		start = Max(start, permitted_start(inventory, times->clock));
		granularity = common_granularity(granularity, inventory->granularity);
	}
	return steps_round_up(start, granularity, GRANULARITY_ORIGIN) == times->start &&
		own->visitor(search, own->argument);
}

/*
 * claim_search runs a search that has begun, as search_run() does, with the starts
 * that placements have.
 *
 * Errors: as search_run().
 */
bool
claim_search(Search *search, PlacementVisitor visitor, void *argument)
{
	OwnStart	own = {.visitor = visitor,.argument = argument};
	int64		tries = ALL_STARTS_TRIES;
	bool		done = search_run(search, visitor, argument);
	TimestampTz *starts;
	int			nstarts;

	if (done || search->nvisited > 0)
		return done;
	starts = possible_starts(search, &nstarts);
	for (int i = 0; starts != NULL && i < nstarts && !done && tries > 0; i++)
	{
		ClaimTimes	times = *search->task.times;
		Search		other;

		times.start = starts[i];
		times.start_given = true;
		search_again(search, &times, &other);
		other.task.tries = (int) tries;
		other.task.may_give_up = true;
		done = search_run(&other, visit_own_start, &own);
		tries -= other.ntried + START_TRIES;
		search_end(&other);
	}
	return done;
}
