/*-------------------------------------------------------------------------
 *
 * search.c
 *	  Search for providers that can give all that a claim asks for.
 *
 * Groups are placed one after the other; what is asked of the relation between
 * two of them is asked when the second one is placed.  If one has no place, the
 * one before it is placed elsewhere.  So whatever combination there is, is found:
 * there is no limit to how many are tried, and none is left out before all that
 * is asked for has been applied.  Groups that may be spread over several
 * providers come last, and are placed in one way only: spread.c tells why that
 * is enough.
 *
 * A group that is one of several is tried on every provider that comes into
 * question.  In which order, is what the request chooses:
 *
 *	- at random: of two that fit, and that are drawn at random, the one that
 *	  nobody is busy with, or the emptier one, first.  So concurrent claims do not meet on one provider, and load is
 *	  nearly even (M. Mitzenmacher, The Power of Two Choices in Randomized Load
 *	  Balancing, 1996), without looking at more than a few timelines.
 *
 *	- the fullest or the emptiest first: all that come into question are looked
 *	  at.  How full one is, is the mean of what is taken of the resources that
 *	  the group asks for.  Of those that are equally empty, one is drawn; of
 *	  those that are equally full, the first is as good as any.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/search.h"

#include "common/pg_prng.h"
#include "miscadmin.h"

/* what is spread is placed last, in one way: so it can be one group only */
static void
check_spread_groups(const ClaimRequest *request)
{
	int			n = 0;

	for (int i = 0; i < request->ngroups; i++)
		n += !request->groups[i].single_provider;
	if (n > 1)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("only one group of a claim can be spread over several providers"),
				 errdetail("Of this one, %d groups have single_provider false.", n),
				 errhint("Ask for their resources in one group, or make a claim for each.")));
}

/*
 * search_begin prepares a search.  ruled_out is by group and may be NULL; the
 * snapshot must outlive the search.
 *
 * Errors: 0A000; those of candidates_find().
 */
void
search_begin(Search *search, const Catalogue *catalogue, const ClaimRequest *request,
			 Bitmapset **ruled_out, const ClaimTimes *times, Snapshot snapshot)
{
	int			n = 0;

	check_spread_groups(request);
	memset(search, 0, sizeof(Search));
	search->catalogue = catalogue;
	search->request = request;
	search->ruled_out = ruled_out;
	search->groups = palloc(sizeof(GroupCandidates) * request->ngroups);
	search->order = palloc(sizeof(int) * request->ngroups);
	search->chosen = palloc(sizeof(int) * request->ngroups);
	for (int i = 0; i < request->ngroups; i++)
	{
		candidates_find(catalogue, request, &request->groups[i], snapshot,
						CONSTRAINT_COUNT, NULL, &search->groups[i]);
		search->chosen[i] = -1;
		if (request->groups[i].single_provider)
			search->order[n++] = i;
	}
	for (int i = 0; i < request->ngroups; i++)
	{
		if (!request->groups[i].single_provider)
			search->order[n++] = i;
	}
	search->room = 8;
	search->allocations = palloc(sizeof(Allocation) * search->room);
	probe_begin(&search->probe, times, snapshot);
}

void
search_end(Search *search)
{
	probe_end(&search->probe);
}

/*
 * search_left returns what is left of an inventory by the groups placed so far.
 */
int64
search_left(Search *search, const Inventory *inventory, int64 wanted)
{
	int64		taken = 0;

	for (int i = 0; i < search->nallocations; i++)
	{
		if (search->allocations[i].inventory == inventory)
			taken += search->allocations[i].amount;
	}
	return probe_available(&search->probe, inventory,
						   wanted > PG_INT64_MAX - taken ? PG_INT64_MAX : wanted + taken) - taken;
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
		.inventory = &search->groups[group].types[resource]->inventories[provider],
		.amount = amount
	};
}

/*
 * Place a group on a provider, if that has enough of everything: of each resource,
 * the least that will do is taken, so that other groups have the most.  The resource of
 * which one has not enough is what the next one is asked for first: it is the one
 * that is scarce.
 */
static bool
place_on(Search *search, int group, int provider)
{
	const GroupCandidates *candidates = &search->groups[group];
	int		   *turns = candidates->turns;
	int			before = search->nallocations;

	for (int i = 0; i < candidates->asked->nresources; i++)
	{
		int			resource = turns[i];
		const ClaimResource *asked = &candidates->asked->resources[resource];
		const Inventory *inventory = &candidates->types[resource]->inventories[provider];
		int64		least = units_least(inventory, asked);

		/* units first: that is for free */
		if (least == 0 || search_left(search, inventory, least) < least)
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

static bool
fits_on(Search *search, int group, int provider)
{
	int			before = search->nallocations;
	bool		fits = place_on(search, group, provider);

	search->nallocations = before;
	return fits;
}

/*
 * How empty a provider is, of what a group asks for: from 0 to 1, or less where
 * more is taken than there is.
 */
static double
emptiness(Search *search, int group, int provider)
{
	const GroupCandidates *candidates = &search->groups[group];
	double		sum = 0;

	for (int i = 0; i < candidates->asked->nresources; i++)
	{
		const Inventory *inventory = &candidates->types[i]->inventories[provider];
		int64		capacity = probe_capacity(&search->probe, inventory);

		if (capacity > 0)
			sum += (double) search_left(search, inventory, 0) / (double) capacity;
	}
	return sum / candidates->asked->nresources;
}

/* providers that are as a rule about two groups wants, given one of them */
static Bitmapset *
apply_relation(Search *search, Bitmapset *providers, const ClaimGroup *rules,
			   int with, int provider, bool from)
{
	const Catalogue *catalogue = search->catalogue;

	for (int i = 0; i < rules->ndistances; i++)
	{
		const DistanceRule *rule = &rules->distances[i];
		const DistanceType *type;
		int32		minimum;
		int32		maximum;
		Bitmapset  *apart;

		if (rule->to != NULL || rule->to_group != with)
			continue;
		type = distance_bounds(catalogue, rule, &minimum, &maximum);
		apart = catalogue_apart(catalogue, type, provider, from, minimum, maximum);
		providers = bms_int_members(providers, apart);
		bms_free(apart);
	}
	for (int i = 0; i < rules->nsame_groups; i++)
	{
		Bitmapset  *together;

		if (rules->same_groups[i].with != with)
			continue;
		together = catalogue_same_group(catalogue, rules->same_groups[i].group_type,
										provider);
		providers = bms_int_members(providers, together);
		bms_free(together);
	}
	for (int i = 0; i < rules->nisolated_groups; i++)
	{
		if (rules->isolated_groups[i] == with)
			providers = bms_del_member(providers, provider);
	}
	return providers;
}

/*
 * The providers on which a group may be placed, by what is placed already.
 */
static Bitmapset *
allowed_providers(Search *search, int group)
{
	const ClaimGroup *asked = &search->request->groups[group];
	Bitmapset  *providers = bms_copy(search->groups[group].providers);

	if (search->ruled_out != NULL)
		providers = bms_del_members(providers, search->ruled_out[group]);
	for (int i = 0; i < search->request->ngroups; i++)
	{
		int			provider = search->chosen[i];

		if (provider < 0)
			continue;
		/* its own rules about the other, and the other's about it */
		providers = apply_relation(search, providers, asked, i, provider, false);
		providers = apply_relation(search, providers, &search->request->groups[i],
								   group, provider, true);
	}
	return providers;
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
	if (place_on(search, group, provider))
	{
		search->chosen[group] = provider;
		done = place_groups(search, depth + 1, visitor, argument);
		search->chosen[group] = -1;
	}
	search->nallocations = before;
	return done;
}

/* the member of a set that comes next, going round */
static int
next_around(const Bitmapset *set, int from)
{
	int			next = bms_next_member(set, from - 1);

	return next >= 0 ? next : bms_next_member(set, -1);
}

/*
 * Draw a provider on which a group fits, at random: the next one from where the
 * draw falls.  It is taken out of the set, together with those that were met and
 * do not fit; -1 if there is none.
 */
static int
draw(Search *search, int group, Bitmapset **providers)
{
	int			from = (int) pg_prng_uint64_range(&pg_global_prng_state, 0,
												  search->catalogue->nproviders - 1);
	int			provider;

	while ((provider = next_around(*providers, from)) >= 0)
	{
		CHECK_FOR_INTERRUPTS();
		*providers = bms_del_member(*providers, provider);
		if (fits_on(search, group, provider))
			return provider;
		/* not all those behind a full row go to the one after it */
		from = (int) pg_prng_uint64_range(&pg_global_prng_state, 0,
										  search->catalogue->nproviders - 1);
	}
	return -1;
}

/*
 * Is one provider to be tried before another that was drawn earlier?  If others
 * are busy with that one, for which a claim would have to wait, and not with this;
 * or if this one has more left of what the group asks for: of each resource, its
 * share of what both have together.
 */
static bool
is_better(Search *search, int group, int provider, int other)
{
	const GroupCandidates *candidates = &search->groups[group];
	double		sum = 0;
	bool		busy = false;
	bool		other_busy = false;

	for (int i = 0; i < candidates->asked->nresources; i++)
	{
		const Inventory *inventories = candidates->types[i]->inventories;
		double		left = (double) search_left(search, &inventories[provider], 0);
		double		others = (double) search_left(search, &inventories[other], 0);

		sum += left / (left + others);
		busy |= probe_is_contended(&search->probe, &inventories[provider]);
		other_busy |= probe_is_contended(&search->probe, &inventories[other]);
	}
	if (busy != other_busy)
		return other_busy;
	return sum > candidates->asked->nresources / 2.0;
}

static bool
try_at_random(Search *search, int depth, Bitmapset *providers,
			  PlacementVisitor visitor, void *argument)
{
	int			group = search->order[depth];
	int			first = draw(search, group, &providers);
	int			second = first < 0 ? -1 : draw(search, group, &providers);

	if (second >= 0 && is_better(search, group, second, first))
	{
		int			swap = first;

		first = second;
		second = swap;
	}
	while (first >= 0)
	{
		if (try_provider(search, depth, first, visitor, argument))
			return true;
		first = second;
		second = first < 0 ? -1 : draw(search, group, &providers);
	}
	return false;
}

typedef struct Ranked
{
	int			provider;
	double		rank;			/* smallest first */
	uint32		draw;			/* then this */
} Ranked;

static int
compare_ranks(const void *a, const void *b)
{
	const Ranked *left = a;
	const Ranked *right = b;

	if (left->rank != right->rank)
		return left->rank < right->rank ? -1 : 1;
	if (left->draw != right->draw)
		return left->draw < right->draw ? -1 : 1;
	return (left->provider > right->provider) - (left->provider < right->provider);
}

static bool
try_by_rank(Search *search, int depth, const Bitmapset *providers,
			PlacementVisitor visitor, void *argument)
{
	int			group = search->order[depth];
	Ranked	   *ranked = palloc(sizeof(Ranked) * Max(bms_num_members(providers), 1));
	int			n = 0;
	int			provider = -1;
	bool		done = false;

	while ((provider = bms_next_member(providers, provider)) >= 0)
	{
		CHECK_FOR_INTERRUPTS();
		if (!fits_on(search, group, provider))
			continue;
		ranked[n].provider = provider;
		ranked[n].rank = emptiness(search, group, provider);
		ranked[n].draw = 0;
		if (search->request->choice == CLAIM_SPREAD)
		{
			ranked[n].rank = -ranked[n].rank;
			ranked[n].draw = pg_prng_uint32(&pg_global_prng_state);
		}
		n++;
	}
	qsort(ranked, n, sizeof(Ranked), compare_ranks);
	for (int i = 0; i < n && !done; i++)
		done = try_provider(search, depth, ranked[i].provider, visitor, argument);
	pfree(ranked);
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
						   search_left(search, allocation->inventory, asked->maximum));
	}
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
	int			group;
	int			before = search->nallocations;
	bool		done;

	search->deepest = Max(search->deepest, depth);
	if (depth == search->request->ngroups)
		return visit_placement(search, visitor, argument);
	group = search->order[depth];
	providers = allowed_providers(search, group);
	if (!search->request->groups[group].single_provider)
	{
		done = spread_place(search, group, providers) &&
			place_groups(search, depth + 1, visitor, argument);
		search->nallocations = before;
		return done;
	}
	if (search->request->choice == CLAIM_RANDOM)
		return try_at_random(search, depth, providers, visitor, argument);
	done = try_by_rank(search, depth, providers, visitor, argument);
	bms_free(providers);
	return done;
}

/*
 * search_run finds placements of all groups, one after the other, until the
 * visitor says that it is enough; false if it never did.
 */
bool
search_run(Search *search, PlacementVisitor visitor, void *argument)
{
	return place_groups(search, 0, visitor, argument);
}
