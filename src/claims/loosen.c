/*-------------------------------------------------------------------------
 *
 * loosen.c
 *	  A claim's request without one of its constraints.
 *
 * Whoever is refused wants to know which of the things that he asked for is in
 * the way: that is found by asking without each of them.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/loosen.h"

/* the keys by which a request has them */
const char *const constraint_names[CONSTRAINT_COUNT] = {
	"capabilities", "resource_capabilities", "member_of", "distances",
	"isolate_from", "distances", "same_group", "isolate_from"
};

/*
 * Leave out the rules about distances to provider groups, or those about distances
 * to other groups of the request.
 */
static bool
leave_out_distances(const ClaimGroup *group, bool to_provider_groups, ClaimGroup *loose)
{
	loose->distances = palloc(sizeof(DistanceRule) * Max(group->ndistances, 1));
	loose->ndistances = 0;
	for (int i = 0; i < group->ndistances; i++)
	{
		if ((group->distances[i].to != NULL) != to_provider_groups)
			loose->distances[loose->ndistances++] = group->distances[i];
	}
	return loose->ndistances < group->ndistances;
}

static bool
leave_out_resource_capabilities(const ClaimGroup *group, ClaimGroup *loose)
{
	bool		had_any = false;

	loose->resources = palloc(sizeof(ClaimResource) * group->nresources);
	for (int i = 0; i < group->nresources; i++)
	{
		loose->resources[i] = group->resources[i];
		had_any |= loose->resources[i].capabilities.n > 0;
		loose->resources[i].capabilities.n = 0;
	}
	return had_any;
}

/*
 * loosen_group makes a group without one of its constraints; false if it has no
 * such constraint.
 */
bool
loosen_group(const ClaimGroup *group, ClaimConstraint constraint, ClaimGroup *loose)
{
	*loose = *group;
	switch (constraint)
	{
		case CONSTRAINT_CAPABILITIES:
			loose->capabilities.n = 0;
			return group->capabilities.n > 0;
		case CONSTRAINT_RESOURCE_CAPABILITIES:
			return leave_out_resource_capabilities(group, loose);
		case CONSTRAINT_MEMBER_OF:
			loose->member_of.n = 0;
			return group->member_of.n > 0;
		case CONSTRAINT_DISTANCES:
			return leave_out_distances(group, true, loose);
		case CONSTRAINT_ISOLATED_CLAIMS:
			loose->nisolated_claims = 0;
			return group->nisolated_claims > 0;
		case CONSTRAINT_GROUP_DISTANCES:
			return leave_out_distances(group, false, loose);
		case CONSTRAINT_SAME_GROUP:
			loose->nsame_groups = 0;
			return group->nsame_groups > 0;
		case CONSTRAINT_ISOLATED_GROUPS:
			loose->nisolated_groups = 0;
			return group->nisolated_groups > 0;
		case CONSTRAINT_COUNT:
			break;
	}
	return false;
}

/*
 * loosen_groups makes a request all of whose groups are without a constraint; false
 * if none has it.
 */
bool
loosen_groups(const ClaimRequest *request, ClaimConstraint constraint,
			  ClaimRequest *loose)
{
	bool		had_any = false;

	*loose = *request;
	loose->groups = palloc(sizeof(ClaimGroup) * request->ngroups);
	for (int i = 0; i < request->ngroups; i++)
		had_any |= loosen_group(&request->groups[i], constraint, &loose->groups[i]);
	return had_any;
}
