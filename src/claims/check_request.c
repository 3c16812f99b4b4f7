/*-------------------------------------------------------------------------
 *
 * check_request.c
 *	  Show what a claim asks for, as it was understood.
 *
 * The document is written anew from what was read of it: groups with their
 * names, amounts as minimum and maximum, alternatives as arrays, names in order,
 * and what has a default with it.  Two documents that say the same in these
 * respects become equal, and what is written is read as itself.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "claims/claim_request.h"
#include "fmgr.h"
#include "support/arguments.h"
#include "utils/numeric.h"

PG_FUNCTION_INFO_V1(arbiter_check_claim_request);

static void
push_string(JsonbParseState **state, JsonbIteratorToken token, const char *string)
{
	JsonbValue	value = {.type = jbvString};

	value.val.string.val = unconstify(char *, string);
	value.val.string.len = (int) strlen(string);
	pushJsonbValue(state, token, &value);
}

static void
push_integer(JsonbParseState **state, JsonbIteratorToken token, int64 number)
{
	JsonbValue	value = {.type = jbvNumeric};

	value.val.numeric = int64_to_numeric(number);
	pushJsonbValue(state, token, &value);
}

/* a member that is there only if it is not NULL */
static void
push_member(JsonbParseState **state, const char *key, const char *string)
{
	if (string == NULL)
		return;
	push_string(state, WJB_KEY, key);
	push_string(state, WJB_VALUE, string);
}

static void
push_names(JsonbParseState **state, const char *key, const NameList *list)
{
	if (list->n == 0)
		return;
	push_string(state, WJB_KEY, key);
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < list->n; i++)
		push_string(state, WJB_ELEM, list->names[i]);
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

static void
push_rules(JsonbParseState **state, const char *key, const NameRules *rules)
{
	if (rules->n == 0)
		return;
	push_string(state, WJB_KEY, key);
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < rules->n; i++)
	{
		pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
		push_names(state, "require", &rules->rules[i].require);
		push_names(state, "any", &rules->rules[i].any);
		push_names(state, "forbid", &rules->rules[i].forbid);
		pushJsonbValue(state, WJB_END_OBJECT, NULL);
	}
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

static void
push_resources(JsonbParseState **state, const ClaimGroup *group)
{
	bool		has_capabilities = false;

	push_string(state, WJB_KEY, "resources");
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < group->nresources; i++)
	{
		const ClaimResource *resource = &group->resources[i];

		push_string(state, WJB_KEY, resource->type);
		pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
		push_string(state, WJB_KEY, "min");
		push_integer(state, WJB_VALUE, resource->minimum);
		push_string(state, WJB_KEY, "max");
		push_integer(state, WJB_VALUE, resource->maximum);
		pushJsonbValue(state, WJB_END_OBJECT, NULL);
		has_capabilities |= resource->capabilities.n > 0;
	}
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
	if (!has_capabilities)
		return;

	push_string(state, WJB_KEY, "resource_capabilities");
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < group->nresources; i++)
		push_rules(state, group->resources[i].type,
				   &group->resources[i].capabilities);
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

static void
push_distances(JsonbParseState **state, const ClaimRequest *request,
			   const ClaimGroup *group)
{
	if (group->ndistances == 0)
		return;
	push_string(state, WJB_KEY, "distances");
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < group->ndistances; i++)
	{
		const DistanceRule *rule = &group->distances[i];

		pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
		push_member(state, "type", rule->type);
		push_member(state, "to", rule->to);
		push_member(state, "to_group",
					rule->to == NULL ? request->groups[rule->to_group].name : NULL);
		push_member(state, "min", rule->minimum);
		push_member(state, "max", rule->maximum);
		pushJsonbValue(state, WJB_END_OBJECT, NULL);
	}
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

static void
push_isolation(JsonbParseState **state, const ClaimRequest *request,
			   const ClaimGroup *group)
{
	if (group->nisolated_groups + group->nisolated_claims == 0)
		return;
	push_string(state, WJB_KEY, "isolate_from");
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < group->nisolated_groups; i++)
		push_string(state, WJB_ELEM, request->groups[group->isolated_groups[i]].name);
	for (int i = 0; i < group->nisolated_claims; i++)
		push_integer(state, WJB_ELEM, group->isolated_claims[i]);
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

/*
 * Rules of one type stand together.
 */
static void
push_same_groups(JsonbParseState **state, const ClaimRequest *request,
				 const ClaimGroup *group)
{
	const char *open = NULL;

	if (group->nsame_groups == 0)
		return;
	push_string(state, WJB_KEY, "same_group");
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < group->nsame_groups; i++)
	{
		const SameGroupRule *rule = &group->same_groups[i];

		if (open == NULL || strcmp(open, rule->group_type) != 0)
		{
			if (open != NULL)
				pushJsonbValue(state, WJB_END_ARRAY, NULL);
			push_string(state, WJB_KEY, rule->group_type);
			pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
			open = rule->group_type;
		}
		push_string(state, WJB_ELEM, request->groups[rule->with].name);
	}
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

static void
push_group(JsonbParseState **state, const ClaimRequest *request,
		   const ClaimGroup *group)
{
	JsonbValue	value = {.type = jbvBool};

	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	push_member(state, "name", group->name);
	push_resources(state, group);
	push_rules(state, "capabilities", &group->capabilities);
	push_rules(state, "member_of", &group->member_of);
	push_distances(state, request, group);
	value.val.boolean = group->single_provider;
	push_string(state, WJB_KEY, "single_provider");
	pushJsonbValue(state, WJB_VALUE, &value);
	push_isolation(state, request, group);
	push_same_groups(state, request, group);
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

static const char *
choice_name(ClaimChoice choice)
{
	switch (choice)
	{
		case CLAIM_RANDOM:
			return "random";
		case CLAIM_PACK:
			return "pack";
		case CLAIM_SPREAD:
			return "spread";
	}
	pg_unreachable();
}

/*
 * arbiter_check_claim_request(request jsonb) -> jsonb
 *
 * Checks the document of a claim without looking anything up, and returns it in
 * its full form: what is read by claim_request_read(), written anew.
 *
 * Errors: 22004, 22023 and RV005 as claim_request_read().  No lock.  Immutable:
 * the document alone decides.  Parallel safe.
 */
Datum
arbiter_check_claim_request(PG_FUNCTION_ARGS)
{
	ClaimRequest request;
	JsonbParseState *state = NULL;

	argument_not_null(fcinfo, 0, "request");
	claim_request_read(PG_GETARG_JSONB_P(0), &request);

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	push_string(&state, WJB_KEY, "groups");
	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < request.ngroups; i++)
		push_group(&state, &request, &request.groups[i]);
	pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	push_member(&state, "choose", choice_name(request.choice));
	push_member(&state, "partition", request.partition);
	PG_RETURN_JSONB_P(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}
