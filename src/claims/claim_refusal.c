/*-------------------------------------------------------------------------
 *
 * claim_refusal.c
 *	  Why nothing satisfies a claim (RV012).
 *
 * The detail walks the constraints in the order in which they are applied, and
 * tells how many providers each one leaves; so what removed the last ones is what
 * the numbers end with.  Of a request with several groups, that is told of the
 * first group that has no place even if it were the only one; if each has, it is
 * what they ask of each other.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/claim.h"

#include "claims/claim_hint.h"
#include "miscadmin.h"
#include "support/errors.h"
#include "utils/timestamp.h"

/* a detail is about so many groups at the most */
#define TOLD_GROUPS_MAX	5

/* a range of time, for messages */
static char *
times_text(const ClaimTimes *times)
{
	char	   *start = pstrdup(timestamptz_to_str(times->start));

	return psprintf("from %s to %s", start, timestamptz_to_str(times->end));
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
	fit = search_able(search, &search->groups[group], NULL);
	fits = !bms_is_empty(fit);
	bms_free(fit);
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
		fit = search_able(search, candidates, NULL);
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
					search->task.snapshot, &funnel, &candidates);
	if (has_kept(search))
	{
		candidates.providers = search->groups[group].providers;
		appendStringInfo(&funnel, "; %d go with the groups that stay",
						 bms_num_members(candidates.providers));
	}
	if (!bms_is_empty(candidates.providers))
	{
		if (request->groups[group].single_provider)
			(void) search_able(search, &candidates, &funnel);
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

	claim_hint(search, group, refusal);
}
