/*-------------------------------------------------------------------------
 *
 * search_alike.c
 *	  Groups of a claim that are alike.
 *
 * Of fifty groups that ask for the same, and for nothing of each other, it does not
 * matter which one gets which provider.  So all of them together need as many
 * places as they are, which is quickly counted; and where one has found no place
 * for the rest, none of the others is tried there.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/search.h"

#include "miscadmin.h"

/*
 * Could two groups change places, whatever the others get?
 */
static bool
are_alike(const Search *search, int group, int other)
{
	const ClaimGroup *asked = &search->request->groups[group];
	const ClaimGroup *others = &search->request->groups[other];

	if (!asked->single_provider || !others->single_provider ||
		asked->nresources != others->nresources ||
		search_has_relations(search->request, group) || search_has_relations(search->request, other) ||
		!bms_equal(search->groups[group].providers, search->groups[other].providers))
		return false;
	for (int i = 0; i < asked->nresources; i++)
	{
		const ClaimResource *left = &asked->resources[i];
		const ClaimResource *right = &others->resources[i];

		if (strcmp(left->type, right->type) != 0 || left->minimum != right->minimum ||
			left->maximum != right->maximum || left->times != right->times)
			return false;
	}
	return search->task.nkept_amounts == 0;
}

/*
 * search_bar_alike keeps groups that are like one from providers on which that had
 * no luck, while those after it are placed.
 */
void
search_bar_alike(Search *search, int depth, const Bitmapset *providers)
{
	for (int i = depth + 1; i < search->norder; i++)
	{
		if (are_alike(search, search->order[depth], search->order[i]))
			search->barred[search->order[i]] =
				bms_add_members(search->barred[search->order[i]], providers);
	}
}

/*
 * search_unbar_alike lets them, after that.
 */
void
search_unbar_alike(Search *search, int depth, Bitmapset *providers)
{
	for (int i = depth + 1; providers != NULL && i < search->norder; i++)
	{
		if (are_alike(search, search->order[depth], search->order[i]))
			search->barred[search->order[i]] =
				bms_del_members(search->barred[search->order[i]], providers);
	}
	bms_free(providers);
}

/* how many groups like one a provider could have */
static int64
places_on(Search *search, int group, int provider)
{
	const ClaimGroup *asked = &search->request->groups[group];
	int64		places = PG_INT64_MAX;

	for (int i = 0; i < asked->nresources; i++)
	{
		int64		least = units_least(search_inventory(search, group, i, provider),
										&asked->resources[i]);

		if (least == 0)
			return 0;
		places = Min(places, search_left(search, group, i, provider, PG_INT64_MAX) / least);
	}
	return Max(places, 0);
}

/*
 * search_alike_have_places tells whether groups that are alike have places enough,
 * all together.
 */
bool
search_alike_have_places(Search *search)
{
	for (int i = 0; i < search->norder; i++)
	{
		int			group = search->order[i];
		int64		places = 0;
		int			provider = -1;
		int			n = 1;

		for (int j = i + 1; j < search->norder; j++)
			n += are_alike(search, group, search->order[j]);
		while (n > 1 && places < n &&
			   (provider = bms_next_member(search->groups[group].providers, provider)) >= 0)
		{
			CHECK_FOR_INTERRUPTS();
			search->ntried++;
			places += Min(places_on(search, group, provider), n);
		}
		if (n > 1 && places < n)
			return false;
	}
	return true;
}
