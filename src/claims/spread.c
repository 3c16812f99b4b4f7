/*-------------------------------------------------------------------------
 *
 * spread.c
 *	  Take what a group asks for from several providers.
 *
 * Each resource is spread by itself: over as few providers as can give it, those
 * that have most of it first.  A provider gives nothing, or at least its smallest
 * unit and at most what it has, in its steps.  If all have the same units, a
 * resource can be spread whenever the k largest have enough together, and k times
 * the smallest unit is not too much; then everyone of them gives the smallest
 * unit, and the rest is taken from the first on.  So a way is found if there is
 * one.  If their steps differ, one that needs an odd mixture of them may not be.
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
 * Take a total from the first k of some portions.
 */
static bool
distribute(Portion *portions, int k, int64 total)
{
	for (int i = 0; i < k; i++)
	{
		portions[i].amount = portions[i].least;
		if (portions[i].least > total)
			return false;
		total -= portions[i].least;
	}
	for (int i = 0; i < k && total > 0; i++)
	{
		int64		more = Min(portions[i].most - portions[i].least, total);

		more -= more % portions[i].step;
		portions[i].amount += more;
		total -= more;
	}
	return total == 0;
}

/*
 * Spread a total over as few portions as will do; returns how many, 0 if there is
 * no way.
 */
static int
spread(Portion *portions, int n, int64 total)
{
	int64		most = 0;

	for (int k = 1; k <= n; k++)
	{
		if (pg_add_s64_overflow(most, portions[k - 1].most, &most))
			most = PG_INT64_MAX;
		if (most >= total && distribute(portions, k, total))
			return k;
	}
	return 0;
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
		int64		most = 0;
		int			k = 0;

		for (int j = 0; j < n && most < asked->maximum; j++)
		{
			if (pg_add_s64_overflow(most, portions[j].most, &most))
				most = PG_INT64_MAX;
		}
		most = Min(most, asked->maximum);
		if (most >= asked->minimum)
			k = spread(portions, n, most);
		if (k == 0 && most > asked->minimum)
			k = spread(portions, n, asked->minimum);
		if (k == 0)
			return false;
		for (int j = 0; j < k; j++)
			search_add(search, group, i, portions[j].provider, portions[j].amount);
		pfree(portions);
		bms_free(providers);
	}
	return true;
}
