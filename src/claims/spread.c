/*-------------------------------------------------------------------------
 *
 * spread.c
 *	  Take what a group asks for from several providers.
 *
 * Each resource is spread by itself: over as few providers as can give the most that
 * is asked for, those that have most of it first.  A provider gives nothing, or at
 * least its smallest unit and at most what it has, in its steps.  If all have the
 * same units, what the k largest can give is what any k can; everyone of them gives
 * the smallest unit, and the rest is taken from the first on.  So a way is found if
 * there is one.  If their units differ, those with the smallest one are tried first
 * too, but a way that needs an odd mixture may not be found.
 *
 * Of a request, one group at most is placed like this, after all others
 * (claim_request.c): nothing depends on which of the ways it is.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/search.h"

#include "common/int.h"
#include "miscadmin.h"

/* what a provider could give */
typedef struct Portion
{
	int			provider;
	int64		least;
	int64		most;
	int64		step;
	int64		amount;
} Portion;

static int
compare_portions(const void *a, const void *b)
{
	const Portion *left = a;
	const Portion *right = b;

	if (left->most != right->most)
		return left->most > right->most ? -1 : 1;
	return (left->provider > right->provider) - (left->provider < right->provider);
}

static int
compare_least(const void *a, const void *b)
{
	const Portion *left = a;
	const Portion *right = b;

	if (left->least != right->least)
		return left->least < right->least ? -1 : 1;
	return compare_portions(a, b);
}

/*
 * What the providers of a set could give of a resource, the most first.
 */
static Portion *
find_portions(Search *search, int group, int resource, const Bitmapset *providers,
			  int64 total, int *nportions)
{
	const InventoryType *type = search->groups[group].types[resource];
	Portion    *portions = palloc(sizeof(Portion) * Max(bms_num_members(providers), 1));
	int			n = 0;
	int			provider = -1;

	while ((provider = bms_next_member(providers, provider)) >= 0)
	{
		const Inventory *inventory = &type->inventories[provider];
		Portion    *portion = &portions[n];
		int64		has;

		CHECK_FOR_INTERRUPTS();
		portion->provider = provider;
		portion->step = inventory->step_size;
		portion->most = Min(search_left(search, group, resource, provider, total), total);
		/* units are of all that the group has there */
		has = search_group_has(search, group, resource, provider);
		portion->most = Min(portion->most, inventory->max_unit - has);
		portion->most -= portion->most % portion->step;
		portion->least = has > 0 ? portion->step : inventory->min_unit;
		/* the smallest multiple of a step that is no less than the smallest unit */
		if (portion->least % portion->step != 0 &&
			pg_add_s64_overflow(portion->least,
								portion->step - portion->least % portion->step,
								&portion->least))
			continue;
		if (portion->most >= portion->least)
			n++;
	}
	qsort(portions, n, sizeof(Portion), compare_portions);
	*nportions = n;
	return portions;
}

/*
 * Take as much of a total as can be had from the first k of some portions; returns
 * how much, 0 if the smallest units are too much.
 */
static int64
distribute(Portion *portions, int k, int64 total)
{
	int64		left = total;

	for (int i = 0; i < k; i++)
	{
		portions[i].amount = portions[i].least;
		if (portions[i].least > left)
			return 0;
		left -= portions[i].least;
	}
	for (int i = 0; i < k && left > 0; i++)
	{
		int64		more = Min(portions[i].most - portions[i].least, left);

		more -= more % portions[i].step;
		portions[i].amount += more;
		left -= more;
	}
	return total - left;
}

/*
 * Take as much as can be had between a minimum and a maximum, over as few portions
 * as will do; returns how many, 0 if there is no way.
 */
static int
spread(Portion *portions, int n, int64 minimum, int64 maximum)
{
	int64		most = minimum - 1;
	int64		all;
	int			chosen = 0;

	/* all there is, if nobody has to be left out */
	all = distribute(portions, n, PG_INT64_MAX);
	if (all > 0 && all <= maximum)
		return all >= minimum ? n : 0;
	for (int k = 1; k <= n && most < maximum; k++)
	{
		int64		given = distribute(portions, k, maximum);

		CHECK_FOR_INTERRUPTS();
		if (given <= most)
			continue;
		most = given;
		chosen = k;
	}
	if (chosen > 0)
		(void) distribute(portions, chosen, maximum);
	return chosen;
}

/*
 * spread_place takes what a group asks for from those of some providers that have
 * it; false if there is not enough.
 */
bool
spread_place(Search *search, int group, Bitmapset *allowed)
{
	const GroupCandidates *candidates = &search->groups[group];

	for (int i = 0; i < candidates->asked->nresources; i++)
	{
		const ClaimResource *asked = &candidates->asked->resources[i];
		Bitmapset  *providers = bms_intersect(allowed, candidates->providers_of[i]);
		int			n;
		Portion    *portions = find_portions(search, group, i, providers,
											 asked->maximum, &n);
		int			k = spread(portions, n, asked->minimum, asked->maximum);

		/* a small one may be what is missing */
		if (k == 0)
		{
			qsort(portions, n, sizeof(Portion), compare_least);
			k = spread(portions, n, asked->minimum, asked->maximum);
		}
		if (k == 0)
			return false;
		for (int j = 0; j < k; j++)
			search_add(search, group, i, portions[j].provider, portions[j].amount);
		pfree(portions);
		bms_free(providers);
	}
	return true;
}
