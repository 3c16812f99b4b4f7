/*-------------------------------------------------------------------------
 *
 * claim_refusal.c
 *	  Why nothing satisfies a claim, and what would (RV012).
 *
 * The detail walks the constraints in the order in which they are applied, and
 * tells how many providers each one leaves; so what removed the last ones is what
 * the numbers end with.  Of a request with several groups, that is told of the
 * first group that has no place even if it were the only one; if each has, it is
 * what they ask of each other.
 *
 * The hint is the earliest start at which a claim of one group would fit, on any
 * of its providers; else the constraint without which most providers would do.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/claim.h"

#include "booking/slot.h"
#include "miscadmin.h"
#include "support/errors.h"
#include "support/guc.h"
#include "utils/timestamp.h"

/* what a request could do without is searched for in so many tries */
#define HINT_TRIES	100000

/* a detail is about so many groups at the most */
#define TOLD_GROUPS_MAX	5

/* an earliest start is searched for on so many providers at the most */
#define SEARCHED_PROVIDERS_MAX	2000

/* a range of time, for messages */
static char *
times_text(const ClaimTimes *times)
{
	char	   *start = pstrdup(timestamptz_to_str(times->start));

	return psprintf("from %s to %s", start, timestamptz_to_str(times->end));
}

/*
 * Which members of a set have enough of every resource of a group?  With funnel,
 * it is told how many are left after each.
 */
static Bitmapset *
with_available(Search *search, const GroupCandidates *candidates, StringInfo funnel)
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

/*
 * What can be had of the resources of a group that is spread, all together.
 */
static bool
spread_has_enough(Search *search, int group, StringInfo funnel)
{
	const GroupCandidates *candidates = &search->groups[group];
	int			before = search->nallocations;
	bool		enough;

	for (int i = 0; funnel != NULL && i < candidates->asked->nresources; i++)
	{
		const ClaimResource *asked = &candidates->asked->resources[i];
		const Bitmapset *providers = candidates->providers_of[i];
		double		sum = 0;
		int			provider = -1;
		int			n = 0;

		while ((provider = bms_next_member(providers, provider)) >= 0)
		{
			const Inventory *inventory = &candidates->types[i]->inventories[provider];
			int64		most = Min(probe_available(&search->probes[asked->times], inventory, PG_INT64_MAX),
								   inventory->max_unit);

			CHECK_FOR_INTERRUPTS();
			most -= most % inventory->step_size;
			if (most < inventory->min_unit)
				continue;
			sum += (double) most;
			n++;
		}
		appendStringInfo(funnel, "; %d with %s available for all of the range, together %.0f of " INT64_FORMAT,
						 n, asked->type, sum, asked->minimum);
	}
	enough = spread_place(search, group, candidates->providers);
	search->nallocations = before;
	return enough;
}

static bool
group_fits_alone(Search *search, int group)
{
	Bitmapset  *fit;
	bool		fits;

	if (!search->request->groups[group].single_provider)
		return spread_has_enough(search, group, NULL);
	fit = with_available(search, &search->groups[group], NULL);
	fits = !bms_is_empty(fit);
	bms_free(fit);
	return fits;
}

/*
 * The constraint of a group without which most providers would do;
 * CONSTRAINT_COUNT if there is none.
 */
static int
worst_constraint(Search *search, int group, int *nproviders)
{
	const ClaimGroup *asked = &search->request->groups[group];
	int			worst = CONSTRAINT_COUNT;

	*nproviders = 0;
	if (!asked->single_provider)
		return worst;
	for (int constraint = 0; constraint < CONSTRAINT_COUNT; constraint++)
	{
		GroupCandidates candidates;
		Bitmapset  *fit;
		int			n;

		candidates_find(search->catalogue, search->request, asked,
						search->task.snapshot, constraint, NULL, &candidates);
		fit = with_available(search, &candidates, NULL);
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
 * The earliest start at which a provider can give all that a group asks for.
 */
static bool
provider_earliest_start(Search *search, const GroupCandidates *candidates,
						int provider, TimestampTz *start)
{
	const ClaimTimes *times = search->task.times;
	Request		request = {
		.start = times->start,
		.end = times->end,
		.clock = times->clock,
		.tryout = times->tryout,
		.nrequirements = candidates->asked->nresources
	};
	bool		found = true;

	request.requirements = palloc0(sizeof(Requirement) * request.nrequirements);
	for (int i = 0; i < request.nrequirements && found; i++)
	{
		const ClaimResource *asked = &candidates->asked->resources[i];
		const Inventory *inventory = &candidates->types[i]->inventories[provider];
		Requirement *requirement = &request.requirements[i];

		requirement->amount = units_least(inventory, asked);
		found = requirement->amount > 0 &&
			resource_find(inventory->name, search->task.snapshot, &requirement->resource);
	}
	if (found)
	{
		request_sort(&request);
		found = slot_earliest_start(&request, request.start, search->task.snapshot, start);
	}
	pfree(request.requirements);
	return found;
}

/*
 * The earliest start at which a request of one group would fit.
 */
static bool
earliest_start(Search *search, TimestampTz *earliest, int *nsearched)
{
	const GroupCandidates *candidates = &search->groups[0];
	bool		found = false;
	int			provider = -1;

	*nsearched = 0;
	if (search->request->ngroups > 1 || !candidates->asked->single_provider ||
		arbiter_search_horizon <= 0)
		return false;
	while ((provider = bms_next_member(candidates->providers, provider)) >= 0 &&
		   *nsearched < SEARCHED_PROVIDERS_MAX)
	{
		TimestampTz start;

		CHECK_FOR_INTERRUPTS();
		(*nsearched)++;
		if (!provider_earliest_start(search, candidates, provider, &start) ||
			(found && start >= *earliest))
			continue;
		*earliest = start;
		found = true;
	}
	return found;
}

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

static char *
group_hint(Search *search, int group, Refusal *refusal)
{
	int			nproviders;
	int			nsearched;
	int			constraint;
	char	   *units = NULL;

	if (search->request->groups[group].single_provider)
		units = units_hint(search, &search->request->groups[group]);
	if (units != NULL)
		return units;
	refusal->has_earliest_start = earliest_start(search, &refusal->earliest_start, &nsearched);
	if (refusal->has_earliest_start && nsearched < SEARCHED_PROVIDERS_MAX)
		return psprintf("The earliest start at which the claim fits is %s.",
						timestamptz_to_str(refusal->earliest_start));
	if (refusal->has_earliest_start)
		return psprintf("The claim fits at %s, which is the earliest start on the first %d providers.",
						timestamptz_to_str(refusal->earliest_start), nsearched);
	constraint = worst_constraint(search, group, &nproviders);
	if (constraint < CONSTRAINT_COUNT)
		return psprintf("Without %s, %d of the providers would do.",
						constraint_names[constraint], nproviders);
	return pstrdup("Ask for less, for another range, or for several providers with single_provider false.");
}

static bool
stop_at_first(const Search *search, void *argument)
{
	return true;
}

/*
 * Is there a placement without what groups ask of each other, in one respect?
 */
static bool
fits_without(Search *search, int relation)
{
	ClaimRequest loose = *search->request;
	SearchTask	task = search->task;
	Search		other;
	bool		fits;

	loose.groups = palloc(sizeof(ClaimGroup) * loose.ngroups);
	for (int i = 0; i < loose.ngroups; i++)
	{
		ClaimGroup *group = &loose.groups[i];
		int			n = 0;

		*group = search->request->groups[i];
		if (relation == 0)
		{
			DistanceRule *kept = palloc(sizeof(DistanceRule) * Max(group->ndistances, 1));

			for (int j = 0; j < group->ndistances; j++)
			{
				if (group->distances[j].to != NULL)
					kept[n++] = group->distances[j];
			}
			group->distances = kept;
			group->ndistances = n;
		}
		else if (relation == 1)
			group->nsame_groups = 0;
		else
			group->nisolated_groups = 0;
	}
	task.request = &loose;
	task.tries = HINT_TRIES;
	task.may_give_up = true;
	search_begin(&other, &task);
	fits = search_run(&other, stop_at_first, NULL);
	search_end(&other);
	return fits;
}

static void
refuse_combination(Search *search, Refusal *refusal)
{
	StringInfoData detail;
	int			ntold = 0;

	refusal->message = pstrdup("no combination of providers satisfies the claim");
	initStringInfo(&detail);
	for (int i = 0; i < search->request->ngroups; i++)
	{
		const GroupCandidates *candidates = &search->groups[i];
		Bitmapset  *fit;

		if (!search_is_placed(search, i))
			continue;
		if (ntold++ == TOLD_GROUPS_MAX)
		{
			appendStringInfoString(&detail, ", and so on,");
			break;
		}
		fit = with_available(search, candidates, NULL);
		appendStringInfo(&detail, "%s group \"%s\" has %d",
						 detail.len == 0 ? "By itself," : ",", candidates->asked->name,
						 candidates->asked->single_provider ? bms_num_members(fit) :
						 bms_num_members(candidates->providers));
		bms_free(fit);
	}
	appendStringInfo(&detail, " providers that can give it %s; ", times_text(search->task.times));
	if (search->deepest > 0)
		appendStringInfo(&detail, "at most %d of the %d groups find a place together.",
						 search->deepest, search->norder);
	else
		appendStringInfo(&detail, "the %d groups need more than all of these have.",
						 search->norder);
	refusal->detail = detail.data;
}

static void
combination_hint(Search *search, Refusal *refusal)
{
	static const char *const relations[] = {"distances", "same_group", "isolate_from"};

	refusal->hint = pstrdup("Ask for less, or for another range.");
	for (int i = 0; i < lengthof(relations); i++)
	{
		if (fits_without(search, i))
			refusal->hint = psprintf("Without %s between its groups the claim fits.",
									 relations[i]);
	}
}

/* does any group of the claim stay somewhere? */
static bool
has_kept(const Search *search)
{
	for (int i = 0; search->task.kept != NULL && i < search->request->ngroups; i++)
	{
		if (!bms_is_empty(search->task.kept[i]))
			return true;
	}
	return false;
}

/*
 * claim_explain tells why a search found nothing, without what would do; returns
 * the group it is told of, -1 if that is all of them together.
 */
int
claim_explain(Search *search, Refusal *refusal)
{
	const ClaimRequest *request = search->request;
	StringInfoData funnel;
	GroupCandidates candidates;
	int			group = 0;
	int			n = 0;

	memset(refusal, 0, sizeof(Refusal));
	refusal->sqlstate = ERRCODE_ARBITER_NO_PROVIDER;
	refusal->limiting = -1;
	while (group < request->ngroups &&
		   (!search_is_placed(search, group) || group_fits_alone(search, group)))
		group++;
	if (group == request->ngroups && search->norder > 1)
	{
		refuse_combination(search, refusal);
		return -1;
	}
	/* others were faster, again and again */
	if (group == request->ngroups)
		group = search->order[0];

	initStringInfo(&funnel);
	candidates_find(search->catalogue, request, &request->groups[group],
					search->task.snapshot, CONSTRAINT_COUNT, &funnel, &candidates);
	if (has_kept(search))
	{
		candidates.providers = search->groups[group].providers;
		appendStringInfo(&funnel, "; %d go with the groups that stay",
						 bms_num_members(candidates.providers));
	}
	if (!bms_is_empty(candidates.providers))
	{
		if (request->groups[group].single_provider)
			(void) with_available(search, &candidates, &funnel);
		else
			(void) spread_has_enough(search, group, &funnel);
	}
	if (search->task.ruled_out != NULL)
		n = bms_num_members(search->task.ruled_out[group]);
	if (n > 0)
		appendStringInfo(&funnel, "; %d of them were taken by others meanwhile", n);
	refusal->message = request->ngroups == 1 ?
		pstrdup("no provider satisfies the claim") :
		psprintf("no provider satisfies group \"%s\" of the claim",
				 request->groups[group].name);
	refusal->detail = psprintf("Of %d providers, %s (%s).", search->catalogue->nproviders,
							   funnel.data, times_text(search->task.times));
	return group;
}

/*
 * claim_refuse tells why a search found nothing, and what would do.
 */
void
claim_refuse(Search *search, Refusal *refusal)
{
	int			group = claim_explain(search, refusal);

	if (group < 0)
		combination_hint(search, refusal);
	else
		refusal->hint = group_hint(search, group, refusal);
}
