/*-------------------------------------------------------------------------
 *
 * search_relations.c
 *	  What groups of a claim ask of each other.
 *
 * A rule is about the providers of two groups: their distance, a provider group
 * that both are in, or that they are not the same.  It is applied when the second
 * of the two is placed, whichever of them has it.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/search.h"

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
		type = distance_bounds(catalogue, search->request, rule, &minimum, &maximum);
		apart = type == NULL ? NULL :
			catalogue_apart(catalogue, type, provider, from, minimum, maximum);
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
 * Apply a group's own rules about another one, which has a provider, and those of
 * the other one about it.
 */
static void
apply_relations(Search *search, Bitmapset **providers, int group, int other,
				int provider)
{
	const ClaimGroup *groups = search->request->groups;

	*providers = apply_relation(search, *providers, &groups[group], other, provider, false);
	*providers = apply_relation(search, *providers, &groups[other], group, provider, true);
}

/*
 * search_allowed returns the providers on which a group may be placed, by what is
 * placed already.
 */
Bitmapset *
search_allowed(Search *search, int group)
{
	Bitmapset  *providers = bms_copy(search->groups[group].providers);

	if (search->task.ruled_out != NULL)
		providers = bms_del_members(providers, search->task.ruled_out[group]);
	providers = bms_del_members(providers, search->barred[group]);
	for (int i = 0; i < search->request->ngroups; i++)
	{
		if (search->chosen[i] < 0)
			continue;
		apply_relations(search, &providers, group, i, search->chosen[i]);
		search->ntried += search->task.relation_tries;
	}
	return providers;
}

/*
 * search_has_relations tells whether another group of a request asks for something
 * about one, or it of another.
 */
bool
search_has_relations(const ClaimRequest *request, int group)
{
	for (int i = 0; i < request->ngroups; i++)
	{
		const ClaimGroup *asked = &request->groups[i];

		for (int j = 0; j < asked->ndistances; j++)
		{
			if (asked->distances[j].to == NULL &&
				(i == group || asked->distances[j].to_group == group))
				return true;
		}
		for (int j = 0; j < asked->nsame_groups; j++)
		{
			if (i == group || asked->same_groups[j].with == group)
				return true;
		}
		for (int j = 0; j < asked->nisolated_groups; j++)
		{
			if (i == group || asked->isolated_groups[j] == group)
				return true;
		}
	}
	return false;
}

/*
 * search_apply_kept leaves of the providers of a group those that go with where
 * others stay.
 */
void
search_apply_kept(Search *search, int group)
{
	for (int i = 0; search->task.kept != NULL && i < search->request->ngroups; i++)
	{
		int			provider = -1;

		while (i != group &&
			   (provider = bms_next_member(search->task.kept[i], provider)) >= 0)
			apply_relations(search, &search->groups[group].providers, group, i, provider);
	}
}
