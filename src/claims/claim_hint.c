/*-------------------------------------------------------------------------
 *
 * claim_hint.c
 *	  What would do instead of a claim that nothing satisfies.
 *
 * That is, in this order: an amount that is in the units of providers, if it is
 * not; the earliest start at which the claim would fit; the constraint without
 * which most providers would do.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/claim_hint.h"

#include "claims/loosen.h"
#include "miscadmin.h"
#include "utils/timestamp.h"

/* what a request could do without is searched for in so many tries, all together;
 * to begin with another request is worth as much as some */
#define HINT_TRIES		50000
#define REQUEST_TRIES	200

/*
 * Which amount of a resource would be in the units of providers, if none gives what
 * is asked for?  NULL: it is not that.
 */
static char *
units_hint(const Search *search, const ClaimGroup *asked)
{
	for (int i = 0; i < asked->nresources; i++)
	{
		const ClaimResource *resource = &asked->resources[i];
		const InventoryType *type = catalogue_type(search->catalogue, resource->type);
		const Inventory *inventory;
		int			provider = -1;
		bool		given = false;

		while (!given && (provider = bms_next_member(type->providers, provider)) >= 0)
			given = units_least(&type->inventories[provider], resource) > 0;
		if (given)
			continue;
		provider = bms_next_member(type->providers, -1);
		inventory = &type->inventories[provider];
		return inventory->max_unit == PG_INT64_MAX ?
			psprintf("Provider \"%s\" gives at least " INT64_FORMAT " of %s, in steps of " INT64_FORMAT ".",
					 search->catalogue->providers[provider].name, inventory->min_unit,
					 resource->type, inventory->step_size) :
			psprintf("Provider \"%s\" gives from " INT64_FORMAT " to " INT64_FORMAT " of %s, in steps of " INT64_FORMAT ".",
					 search->catalogue->providers[provider].name, inventory->min_unit,
					 inventory->max_unit, resource->type, inventory->step_size);
	}
	return NULL;
}

/*
 * The constraint of a group, which one provider has to satisfy, without which most
 * would do; CONSTRAINT_COUNT if there is none.
 */
static ClaimConstraint
worst_constraint(Search *search, int group, int *nproviders)
{
	ClaimConstraint worst = CONSTRAINT_COUNT;

	*nproviders = 0;
	for (ClaimConstraint constraint = 0; constraint < CONSTRAINT_BETWEEN_GROUPS; constraint++)
	{
		ClaimGroup	loose;
		GroupCandidates candidates;
		Bitmapset  *fit;
		int			n;

		if (!loosen_group(&search->request->groups[group], constraint, &loose))
			continue;
		candidates_find(search->catalogue, search->request, &loose,
						search->task.snapshot, NULL, &candidates);
		fit = search_able(search, &candidates, NULL);
		n = bms_num_members(fit);
		if (n > *nproviders)
		{
			*nproviders = n;
			worst = constraint;
		}
		bms_free(fit);
	}
	return worst;
}

/*
 * Is there a placement of another request, that differs between groups, or in one
 * of them?  So many tries are left.
 */
static bool
fits_instead(const Search *search, const ClaimRequest *request, int group,
			 int64 *tries, int *nproviders)
{
	Search		other;
	bool		fits;

	if (*tries <= 0)
		return false;
	fits = search_any_with(search, request, group, (int) *tries, &other);
	*tries -= other.ntried + REQUEST_TRIES;
	if (group >= 0)
		*nproviders = bms_num_members(other.groups[group].providers);
	return fits;
}

/*
 * What all groups together could do without: what they ask of each other, or else
 * the constraint of one of them that leaves it the most candidates; NULL if none of
 * that helps.
 */
static char *
without_hint(const Search *search)
{
	const ClaimRequest *request = search->request;
	int64		tries = HINT_TRIES;
	char	   *hint = NULL;
	int			most = 0;
	int			nproviders = 0;

	for (ClaimConstraint constraint = CONSTRAINT_BETWEEN_GROUPS;
		 constraint < CONSTRAINT_COUNT; constraint++)
	{
		ClaimRequest loose;

		if (loosen_groups(request, constraint, &loose) &&
			fits_instead(search, &loose, -1, &tries, &nproviders))
			return psprintf("Without %s between its groups the claim fits.",
							constraint_names[constraint]);
	}
	for (int i = 0; i < request->ngroups; i++)
	{
		for (ClaimConstraint constraint = 0; constraint < CONSTRAINT_BETWEEN_GROUPS; constraint++)
		{
			ClaimRequest loose = *request;

			loose.groups = palloc(sizeof(ClaimGroup) * request->ngroups);
			memcpy(loose.groups, request->groups, sizeof(ClaimGroup) * request->ngroups);
			if (!loosen_group(&request->groups[i], constraint, &loose.groups[i]) ||
				!fits_instead(search, &loose, i, &tries, &nproviders) ||
				nproviders <= most)
				continue;
			most = nproviders;
			hint = request->ngroups == 1 ?
				psprintf("Without %s the claim fits.", constraint_names[constraint]) :
				psprintf("Without %s of group \"%s\" the claim fits.",
						 constraint_names[constraint], request->groups[i].name);
		}
	}
	return hint;
}

/*
 * claim_hint tells what would do instead of a claim that was searched for in vain:
 * on account of one group, or (-1) of all of them together.
 */
void
claim_hint(Search *search, int group, Refusal *refusal)
{
	bool		single = group >= 0 && search->request->groups[group].single_provider;
	EarliestStart earliest;
	ClaimConstraint constraint;
	int			nproviders;

	if (single)
		refusal->hint = units_hint(search, &search->request->groups[group]);
	if (refusal->hint != NULL)
		return;
	if (claim_earliest_start(search, &earliest))
	{
		refusal->has_earliest_start = true;
		refusal->earliest_start = earliest.start;
		refusal->hint = psprintf(earliest.certain ?
								 "The earliest start at which the claim fits is %s." :
								 "The claim fits from %s on, and maybe earlier.",
								 timestamptz_to_str(earliest.start));
		return;
	}
	if (single)
	{
		constraint = worst_constraint(search, group, &nproviders);
		if (constraint < CONSTRAINT_COUNT)
			refusal->hint = psprintf("Without %s, %d of the providers would do.",
									 constraint_names[constraint], nproviders);
	}
	else
		refusal->hint = without_hint(search);
	if (refusal->hint == NULL)
		refusal->hint = pstrdup(single ?
								"Ask for less, for another range, or for several providers with single_provider false." :
								"Ask for less, or for another range.");
}
