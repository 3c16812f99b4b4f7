/*-------------------------------------------------------------------------
 *
 * search.c
 *	  Search for providers that can give all that a claim asks for.
 *
 * Groups are placed one after the other; what is asked of the relation between
 * two of them is asked when the second one is placed.  If one has no place, the
 * one before it is placed elsewhere.  So whatever combination there is, is found:
 * none is left out before all that is asked for has been applied.
 *
 * The number of combinations may be astronomical.  So nothing is begun where one
 * group has no place even if it were alone, or where groups that are alike need
 * more than there is for all of them together; and where one of those has found
 * no place for the rest, the others do not try the same.  What is hard all the
 * same ends with an error after arbiter.claim_tries, not with a wrong answer.
 *
 * Groups that may be spread over several providers come last, and are placed in
 * one way only: spread.c tells why that is enough.
 *
 * A group that is one of several is tried on every provider that comes into
 * question, in the order of choose.c.
 *
 * Of a claim that has its place already, some groups may stay where they are:
 * what is asked of the relation to them is applied before anything is placed.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/search.h"

#include "claims/choose.h"
#include "miscadmin.h"
#include "support/guc.h"

/* what is spread is placed last, in one way: so it can be one group only */
static void
check_spread_groups(const SearchTask *task)
{
	int			n = 0;

	for (int i = 0; i < task->request->ngroups; i++)
		n += !task->request->groups[i].single_provider &&
			!bms_is_member(i, task->staying);
	if (n > 1)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("only one group of a claim can be spread over several providers"),
				 errdetail("Of this one, %d groups have single_provider false.", n),
				 errhint("Ask for their resources in one group, or make a claim for each.")));
}

/*
 * search_is_placed tells whether a group is one that the search places.
 */
bool
search_is_placed(const Search *search, int group)
{
	return !bms_is_member(group, search->task.staying);
}

/*
 * Nothing is placed, and nothing is known of what is available.
 */
static void
begin_placing(Search *search)
{
	int			ngroups = search->request->ngroups;

	search->chosen = palloc(sizeof(int) * ngroups);
	for (int i = 0; i < ngroups; i++)
		search->chosen[i] = -1;
	search->barred = palloc0(sizeof(Bitmapset *) * ngroups);
	search->deepest = 0;
	search->ntried = search->nvisited = 0;
	search->given_up = false;
	search->room = 8;
	search->nallocations = 0;
	search->allocations = palloc(sizeof(Allocation) * search->room);
	search->probes = palloc(sizeof(Probe) * search->task.ntimes);
	for (int i = 0; i < search->task.ntimes; i++)
		probe_begin(&search->probes[i], &search->task.times[i], search->task.taken,
					search->task.snapshot);
}

/*
 * search_begin prepares a search.
 *
 * Errors: 0A000; those of candidates_find().
 */
void
search_begin(Search *search, const SearchTask *task)
{
	const ClaimRequest *request = task->request;

	check_spread_groups(task);
	memset(search, 0, sizeof(Search));
	search->task = *task;
	search->catalogue = task->catalogue;
	search->request = request;
	search->groups = palloc0(sizeof(GroupCandidates) * request->ngroups);
	search->order = palloc(sizeof(int) * request->ngroups);
	for (int i = 0; i < request->ngroups; i++)
	{
		if (!search_is_placed(search, i))
			continue;
		candidates_find(task->catalogue, request, &request->groups[i], task->snapshot,
						NULL, &search->groups[i]);
		search_apply_kept(search, i);
		if (request->groups[i].single_provider)
			search->order[search->norder++] = i;
	}
	for (int i = 0; i < request->ngroups; i++)
	{
		if (search_is_placed(search, i) && !request->groups[i].single_provider)
			search->order[search->norder++] = i;
	}
	begin_placing(search);
}

void
search_end(Search *search)
{
	for (int i = 0; i < search->task.ntimes; i++)
		probe_end(&search->probes[i]);
}

/*
 * search_again prepares a search at other times than those of one that was begun;
 * the caller ends both.  Who comes into question does not depend on the times.
 */
void
search_again(const Search *search, const ClaimTimes *times, Search *other)
{
	*other = *search;
	other->task.times = times;
	begin_placing(other);
}

/*
 * search_add takes an amount for a resource of a group from a provider.
 */
void
search_add(Search *search, int group, int resource, int provider, int64 amount)
{
	if (search->nallocations == search->room)
	{
		search->room *= 2;
		search->allocations = repalloc(search->allocations,
									   sizeof(Allocation) * search->room);
	}
	search->allocations[search->nallocations++] = (Allocation) {
		.group = group,
		.resource = resource,
		.provider = provider,
		.inventory = search_inventory(search, group, resource, provider),
		.amount = amount
	};
}

/*
 * search_place_on places a group on a provider, if that has enough of everything:
 * of each resource, the least that will do is taken, so that other groups have the
 * most.  The resource of which one has not enough is what the next one is asked for
 * first: it is the one that is scarce.
 */
bool
search_place_on(Search *search, int group, int provider)
{
	const GroupCandidates *candidates = &search->groups[group];
	int		   *turns = candidates->turns;
	int			before = search->nallocations;

	search->ntried++;
	if (search->task.tries > 0 && search->norder > 1 && search->ntried > search->task.tries)
		search->given_up = true;
	for (int i = 0; i < candidates->asked->nresources; i++)
	{
		int			resource = turns[i];
		const ClaimResource *asked = &candidates->asked->resources[resource];
		int64		least = units_least(search_inventory(search, group, resource, provider), asked);

		/* units first: that is for free */
		if (least == 0 || search_left(search, group, resource, provider, least) < least)
		{
			search->nallocations = before;
			turns[i] = turns[0];
			turns[0] = resource;
			return false;
		}
		search_add(search, group, resource, provider, least);
	}
	return true;
}

static bool place_groups(Search *search, int depth, PlacementVisitor visitor,
						 void *argument);

/*
 * Place a group on a provider, and all groups after it.
 */
static bool
try_provider(Search *search, int depth, int provider, PlacementVisitor visitor,
			 void *argument)
{
	int			group = search->order[depth];
	int			before = search->nallocations;
	bool		done = false;

	CHECK_FOR_INTERRUPTS();
	if (search_place_on(search, group, provider))
	{
		search->chosen[group] = provider;
		done = place_groups(search, depth + 1, visitor, argument);
		search->chosen[group] = -1;
	}
	search->nallocations = before;
	return done;
}

/*
 * All groups have a place.  What they want more than the least is taken now, in
 * their order; the next placement starts with the least again.
 */
static bool
visit_placement(Search *search, PlacementVisitor visitor, void *argument)
{
	Size		size = sizeof(Allocation) * search->nallocations;
	Allocation *least = palloc(size);
	bool		done;

	memcpy(least, search->allocations, size);
	for (int i = 0; i < search->nallocations; i++)
	{
		Allocation *allocation = &search->allocations[i];
		const ClaimGroup *group = &search->request->groups[allocation->group];
		const ClaimResource *asked = &group->resources[allocation->resource];

		if (group->single_provider && allocation->amount < asked->maximum)
			allocation->amount =
				units_most(allocation->inventory, asked, allocation->amount +
						   search_left(search, allocation->group, allocation->resource,
									   allocation->provider, asked->maximum));
	}
	search->nvisited++;
	done = visitor(search, argument);
	memcpy(search->allocations, least, size);
	pfree(least);
	return done;
}

/*
 * Place the groups from one on, in all ways, until the visitor has enough.
 */
static bool
place_groups(Search *search, int depth, PlacementVisitor visitor, void *argument)
{
	Bitmapset  *providers;
	Choice		choice;
	Bitmapset  *barred = NULL;
	int			provider;
	int			group;
	int			before = search->nallocations;
	bool		done = false;

	search->deepest = Max(search->deepest, depth);
	if (depth == search->norder)
		return visit_placement(search, visitor, argument);
	group = search->order[depth];
	providers = search_allowed(search, group);
	if (!search->request->groups[group].single_provider)
	{
		done = spread_place(search, group, providers) &&
			place_groups(search, depth + 1, visitor, argument);
		search->nallocations = before;
		return done;
	}
	choice_begin(&choice, search, group, providers);
	while (!done && !search->given_up && (provider = choice_next(&choice)) >= 0)
	{
		int64		visited = search->nvisited;

		done = try_provider(search, depth, provider, visitor, argument);
		/* if a group like this were here, this one could be where that is */
		if (!done && search->nvisited == visited)
		{
			barred = bms_add_member(barred, provider);
			search_bar_alike(search, depth, barred);
		}
	}
	choice_end(&choice);
	search_unbar_alike(search, depth, barred);
	return done;
}

/*
 * Has each group a place, if it were the only one?
 */
static bool
each_has_place(Search *search)
{
	for (int i = 0; i < search->norder; i++)
	{
		int			group = search->order[i];
		Bitmapset  *providers = search_allowed(search, group);
		int			provider = -1;
		bool		fits = false;

		if (!search->request->groups[group].single_provider)
			fits = spread_place(search, group, providers);
		while (!fits && (provider = bms_next_member(providers, provider)) >= 0)
		{
			CHECK_FOR_INTERRUPTS();
			fits = search_place_on(search, group, provider);
		}
		search->nallocations = 0;
		bms_free(providers);
		if (!fits)
			return false;
	}
	return true;
}

/*
 * search_run finds placements of all groups, one after the other, until the
 * visitor says that it is enough; false if it never did.
 *
 * Errors: 54000 the task's tries were not enough to tell.
 */
bool
search_run(Search *search, PlacementVisitor visitor, void *argument)
{
	bool		done = false;

	if (search->norder == 1 || (each_has_place(search) && search_alike_have_places(search)))
		done = place_groups(search, 0, visitor, argument);
	if (!done && search->given_up && !search->task.may_give_up)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the claim is too intricate"),
				 errdetail("No placement of its %d groups was found in %d tries; whether there is one is not known.",
						   search->request->ngroups, search->task.tries),
				 errhint("Ask for fewer groups at once or for less of each other, or raise arbiter.claim_tries.")));
	return done;
}

static bool
stop_at_first(const Search *search, void *argument)
{
	return true;
}

/* nobody waits for a hint: sets of thousands of providers take their time */
#define RELATION_TRIES	10

static bool
find_any(Search *search, int tries)
{
	bool		found;

	search->task.ruled_out = NULL;
	search->task.tries = tries;
	search->task.may_give_up = true;
	search->task.relation_tries = RELATION_TRIES;
	found = search_run(search, stop_at_first, NULL);
	search_end(search);
	return found;
}

/*
 * search_any_from tells whether there would be a placement at other times than
 * those of a search that was made; *other then tells how it was looked for.
 */
bool
search_any_from(const Search *search, const ClaimTimes *times, int tries,
				Search *other)
{
	search_again(search, times, other);
	return find_any(other, tries);
}

/*
 * search_any_with does so for a request that differs in what its groups ask of each
 * other, or, if that is not -1, in what one of them asks for.
 */
bool
search_any_with(const Search *search, const ClaimRequest *request, int group,
				int tries, Search *other)
{
	*other = *search;
	other->request = other->task.request = request;
	if (group >= 0)
	{
		other->groups = palloc(sizeof(GroupCandidates) * request->ngroups);
		memcpy(other->groups, search->groups, sizeof(GroupCandidates) * request->ngroups);
		candidates_find(search->catalogue, request, &request->groups[group],
						search->task.snapshot, NULL, &other->groups[group]);
		search_apply_kept(other, group);
	}
	begin_placing(other);
	return find_any(other, tries);
}
