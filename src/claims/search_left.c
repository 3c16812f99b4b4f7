/*-------------------------------------------------------------------------
 *
 * search_left.c
 *	  What is left of inventories while groups of a claim are placed.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/search.h"

#include "miscadmin.h"

/*
 * search_inventory returns what a provider has of a resource that a group asks for.
 */
const Inventory *
search_inventory(const Search *search, int group, int resource, int provider)
{
	return &search->groups[group].types[resource]->inventories[provider];
}

/* for which of the task's times is a resource of a group? */
static int
times_of(const Search *search, int group, int resource)
{
	return search->request->groups[group].resources[resource].times;
}

static bool
overlap(const ClaimTimes *times, const ClaimTimes *others)
{
	return times->start < others->end && others->start < times->end;
}

/*
 * What is left of an inventory for some times, where groups that are placed take
 * of it for others.
 */
static int64
left_besides(Search *search, const Inventory *inventory, int times)
{
	Segment    *segments = palloc(sizeof(Segment) * search->nallocations);
	int			n = 0;
	int64		left;

	for (int i = 0; i < search->nallocations; i++)
	{
		const Allocation *allocation = &search->allocations[i];
		const ClaimTimes *taken =
			&search->task.times[times_of(search, allocation->group, allocation->resource)];

		if (allocation->inventory == inventory)
			segments[n++] = (Segment) {
				.start = taken->start,
				.end = taken->end,
				.delta = -allocation->amount
			};
	}
	left = probe_available_besides(&search->probes[times], inventory, segments, n);
	pfree(segments);
	return left;
}

/*
 * search_left returns what a provider has left of a resource that a group asks
 * for, by the groups placed so far.
 */
int64
search_left(Search *search, int group, int resource, int provider, int64 wanted)
{
	const Inventory *inventory = search_inventory(search, group, resource, provider);
	int			times = times_of(search, group, resource);
	int64		taken = 0;

	for (int i = 0; i < search->nallocations; i++)
	{
		const Allocation *allocation = &search->allocations[i];
		int			others;

		if (allocation->inventory != inventory)
			continue;
		others = times_of(search, allocation->group, allocation->resource);
		if (others != times &&
			overlap(&search->task.times[times], &search->task.times[others]))
			return left_besides(search, inventory, times);
		if (others == times)
			taken += allocation->amount;
	}
	return probe_available(&search->probes[times], inventory,
						   wanted > PG_INT64_MAX - taken ? PG_INT64_MAX : wanted + taken) - taken;
}

/*
 * search_group_has returns what a group has of a resource from a provider, at the
 * times of that resource: what it keeps, and what it was given.
 */
int64
search_group_has(const Search *search, int group, int resource, int provider)
{
	const Inventory *inventory = search_inventory(search, group, resource, provider);
	const ClaimTimes *times = &search->task.times[times_of(search, group, resource)];
	int64		has = 0;

	for (int i = 0; i < search->task.nkept_amounts; i++)
	{
		const Allocation *kept = &search->task.kept_amounts[i];

		if (kept->group == group && kept->inventory == inventory)
			has += kept->amount;
	}
	for (int i = 0; i < search->nallocations; i++)
	{
		const Allocation *given = &search->allocations[i];

		if (given->group == group && given->inventory == inventory &&
			overlap(times, &search->task.times[times_of(search, group, given->resource)]))
			has += given->amount;
	}
	return has;
}

/*
 * search_capacity returns the declared capacity of a resource, where its times
 * begin.
 */
int64
search_capacity(Search *search, int group, int resource, int provider)
{
	return probe_capacity(&search->probes[times_of(search, group, resource)],
						  search_inventory(search, group, resource, provider));
}

/*
 * search_is_contended tells whether another transaction is changing what is
 * available of a resource, as far as is known.
 */
bool
search_is_contended(Search *search, int group, int resource, int provider)
{
	return probe_is_contended(&search->probes[times_of(search, group, resource)],
							  search_inventory(search, group, resource, provider));
}

/*
 * search_able returns which of its candidates have enough of every resource of a
 * group, if it were the only one.  With funnel, it is told how many are left after
 * each.
 */
Bitmapset *
search_able(Search *search, const GroupCandidates *candidates, StringInfo funnel)
{
	Bitmapset  *left = bms_copy(candidates->providers);

	for (int i = 0; i < candidates->asked->nresources && !bms_is_empty(left); i++)
	{
		const ClaimResource *asked = &candidates->asked->resources[i];
		int			provider = -1;

		while ((provider = bms_next_member(left, provider)) >= 0)
		{
			const Inventory *inventory = &candidates->types[i]->inventories[provider];
			int64		least = units_least(inventory, asked);

			CHECK_FOR_INTERRUPTS();
			if (least == 0 || probe_available(&search->probes[asked->times], inventory, least) < least)
				left = bms_del_member(left, provider);
		}
		if (funnel != NULL)
			appendStringInfo(funnel, "; %d with %s " INT64_FORMAT " available for all of the range",
							 bms_num_members(left), asked->type, asked->minimum);
	}
	return left;
}
