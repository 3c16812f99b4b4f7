/*-------------------------------------------------------------------------
 *
 * claim_request.c
 *	  What a claim asks for, as its document says it.
 *
 * The document is read as it stands: names of providers, types, capabilities and
 * distances are not looked up, so that what is read depends on nothing else.
 * What can be wrong in itself is found here, and found once: whoever gets a
 * ClaimRequest relies on lists without doubles, in the order of strcmp(), and on
 * indexes of groups that exist and are not the group's own.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/claim_request.h"

#include "claims/claim_json.h"
#include "claims/name_rules.h"

static const char *const request_keys[] = {"groups", "choose", "partition", NULL};
static const char *const single_keys[] = {
	"groups", "name", "resources", "capabilities", "resource_capabilities",
	"member_of", "distances", "single_provider", "isolate_from", "same_group",
	"choose", "partition", NULL
};
static const char *const group_keys[] = {
	"name", "resources", "capabilities", "resource_capabilities", "member_of",
	"distances", "single_provider", "isolate_from", "same_group", NULL
};
static const char *const amount_keys[] = {"min", "max", NULL};
static const char *const distance_keys[] = {
	"type", "to", "to_group", "min", "max", NULL
};

/* with groups, with the keys of its only group instead, and their parts */
static const JsonShape request_shape = {"A request with groups", request_keys};
static const JsonShape single_shape = {"A request", single_keys};
static const JsonShape group_shape = {"A group", group_keys};
static const JsonShape amount_shape = {"An amount from minimum to maximum", amount_keys};
static const JsonShape distance_shape = {"A distance", distance_keys};

static int
compare_ids(const void *a, const void *b)
{
	int64		left = *(const int64 *) a;
	int64		right = *(const int64 *) b;

	return left < right ? -1 : left > right;
}

static int
compare_resources(const void *a, const void *b)
{
	return strcmp(((const ClaimResource *) a)->type,
				  ((const ClaimResource *) b)->type);
}

static int
compare_same_groups(const void *a, const void *b)
{
	const SameGroupRule *left = a;
	const SameGroupRule *right = b;
	int			order = strcmp(left->group_type, right->group_type);

	return order != 0 ? order : left->with - right->with;
}

/*
 * Read what is asked for of a resource type: an amount, or the least and the
 * most that will do.
 */
static void
read_amount(const JsonNode *node, ClaimResource *resource)
{
	JsonNode	least;
	JsonNode	most;

	if (!node_is_object(node))
	{
		resource->minimum = resource->maximum = node_amount(node);
		return;
	}
	node_check_object(node, &amount_shape);
	node_get(node, &amount_shape, "min", &least);
	node_get(node, &amount_shape, "max", &most);
	resource->minimum = node_amount(&least);
	resource->maximum = node_amount(&most);
	if (resource->minimum > resource->maximum)
		node_error(node,
				   psprintf("has the minimum " INT64_FORMAT ", which is more than the maximum " INT64_FORMAT ".",
							resource->minimum, resource->maximum),
				   "Pass a minimum that is not more than the maximum.");
}

static void
read_resources(const JsonNode *object, ClaimGroup *group)
{
	JsonNode	node;
	JsonNode   *members;

	node_get(object, object->outer == NULL ? &single_shape : &group_shape,
			 "resources", &node);
	members = node_members(&node, &group->nresources,
						   "an object of resource types with amounts, such as {\"cpu\": 4, \"memory\": {\"min\": 16, \"max\": 64}}");
	group->resources = node_allocate(sizeof(ClaimResource), group->nresources);
	for (int i = 0; i < group->nresources; i++)
	{
		group->resources[i].type = unconstify(char *, members[i].key);
		read_amount(&members[i], &group->resources[i]);
	}
	qsort(group->resources, group->nresources, sizeof(ClaimResource),
		  compare_resources);
}

static void
read_resource_capabilities(const JsonNode *object, ClaimGroup *group)
{
	JsonNode	node;
	JsonNode   *members;
	int			nmembers;

	if (!node_find(object, "resource_capabilities", &node))
		return;
	members = node_members(&node, &nmembers,
						   "an object of resource types with what their providers must have, such as {\"cpu\": {\"require\": [\"avx2\"]}}");
	for (int i = 0; i < nmembers; i++)
	{
		ClaimResource wanted = {.type = unconstify(char *, members[i].key)};
		ClaimResource *resource = bsearch(&wanted, group->resources,
										  group->nresources,
										  sizeof(ClaimResource),
										  compare_resources);

		if (resource == NULL)
			node_error(&members[i], "is of a resource type that the group does not ask for.",
					   "Name a resource type that is in resources, too.");
		name_rules_read(&members[i], &resource->capabilities);
	}
}

/*
 * Find the other group of the request that a node names.
 */
static int
read_group_reference(const JsonNode *node, const ClaimRequest *request,
					 const ClaimGroup *group)
{
	char	   *name = node_name(node);
	int			at = 0;
	char	  **names;

	while (at < request->ngroups && strcmp(request->groups[at].name, name) != 0)
		at++;
	if (at < request->ngroups && &request->groups[at] != group)
		return at;
	if (at < request->ngroups)
		node_error(node, psprintf("is \"%s\", the group it belongs to.", name),
				   "Name another group of the request.");

	names = palloc(sizeof(char *) * request->ngroups);
	for (int i = 0; i < request->ngroups; i++)
		names[i] = psprintf("\"%s\"", request->groups[i].name);
	node_error(node, psprintf("is \"%s\", which is no group of the request.", name),
			   psprintf("The groups of the request: %s.",
						prose_list((const char *const *) names, request->ngroups)));
}

static void
read_distance(const JsonNode *node, const ClaimRequest *request,
			  const ClaimGroup *group, DistanceRule *rule)
{
	JsonNode	member;
	JsonNode	other;
	bool		has_to;

	node_check_object(node, &distance_shape);
	node_get(node, &distance_shape, "type", &member);
	rule->type = node_name(&member);

	has_to = node_find(node, "to", &member);
	if (has_to == node_find(node, "to_group", &other))
		node_error(node, has_to ? "has both \"to\" and \"to_group\"." :
				   "has neither \"to\" nor \"to_group\".",
				   "A distance is to a provider group (to), or to another group of the request (to_group).");
	if (has_to)
		rule->to = node_name(&member);
	else
		rule->to_group = read_group_reference(&other, request, group);

	if (node_find(node, "min", &member))
		rule->minimum = node_name(&member);
	if (node_find(node, "max", &member))
		rule->maximum = node_name(&member);
	if (rule->minimum == NULL && rule->maximum == NULL)
		node_error(node, "has neither \"min\" nor \"max\".",
				   "Say how near (max) or how far (min) it has to be, by the name of a distance.");
}

static void
read_distances(const JsonNode *object, const ClaimRequest *request,
			   ClaimGroup *group)
{
	JsonNode	array;

	if (!node_find(object, "distances", &array))
		return;
	group->ndistances = node_array_length(&array,
										  "an array of distances, such as [{\"type\": \"network\", \"to\": \"east\", \"max\": \"near\"}]");
	group->distances = node_allocate(sizeof(DistanceRule), group->ndistances);
	for (int i = 0; i < group->ndistances; i++)
	{
		JsonNode	element;

		node_element(&array, i, &element);
		read_distance(&element, request, group, &group->distances[i]);
	}
}

/*
 * Read what a group shares no provider with: groups of the request by name, and
 * claims by reservation id.
 */
static void
read_isolation(const JsonNode *object, const ClaimRequest *request,
			   ClaimGroup *group)
{
	static const char *const form =
		"an array of names of groups of the request and of reservation ids of claims, such as [\"b\", 4711]";
	bool		seen[CLAIM_MAX_GROUPS] = {0};
	JsonNode	array;
	int			n;

	if (!node_find(object, "isolate_from", &array))
		return;
	n = node_array_length(&array, form);
	group->isolated_groups = node_allocate(sizeof(int), Min(n, CLAIM_MAX_GROUPS));
	group->isolated_claims = node_allocate(sizeof(int64), n);
	for (int i = 0; i < n; i++)
	{
		JsonNode	element;

		node_element(&array, i, &element);
		if (element.value.type == jbvString)
		{
			int			other = read_group_reference(&element, request, group);

			if (seen[other])
				node_error(&array, psprintf("names \"%s\" twice.",
											request->groups[other].name),
						   "Name it once.");
			seen[other] = true;
			group->isolated_groups[group->nisolated_groups++] = other;
		}
		else
			group->isolated_claims[group->nisolated_claims++] = node_integer(&element, form);
	}
	qsort(group->isolated_claims, group->nisolated_claims, sizeof(int64), compare_ids);
	for (int i = 1; i < group->nisolated_claims; i++)
	{
		if (group->isolated_claims[i - 1] == group->isolated_claims[i])
			node_error(&array, psprintf("names " INT64_FORMAT " twice.",
										group->isolated_claims[i]),
					   "Name it once.");
	}
}

/*
 * Read in which groups of providers a group is together with others.
 */
static void
read_same_groups(const JsonNode *object, const ClaimRequest *request,
				 ClaimGroup *group)
{
	static const char *const form =
		"an object of types of provider groups with names of groups of the request, such as {\"rack\": \"b\"} or {\"rack\": [\"b\", \"c\"]}";
	JsonNode	node;
	JsonNode   *members;
	int			nmembers;
	int			nrules = 0;

	if (!node_find(object, "same_group", &node))
		return;
	members = node_members(&node, &nmembers, form);
	for (int i = 0; i < nmembers; i++)
		nrules += node_is_array(&members[i]) ?
			node_array_length(&members[i], NAMES_FORM) : 1;
	group->same_groups = node_allocate(sizeof(SameGroupRule), nrules);
	for (int i = 0; i < nmembers; i++)
	{
		bool		is_many = node_is_array(&members[i]);
		int			n = is_many ? node_array_length(&members[i], NAMES_FORM) : 1;

		for (int j = 0; j < n; j++)
		{
			SameGroupRule *rule = &group->same_groups[group->nsame_groups++];
			JsonNode	element = members[i];

			if (is_many)
				node_element(&members[i], j, &element);
			rule->group_type = unconstify(char *, members[i].key);
			rule->with = read_group_reference(&element, request, group);
		}
	}
	qsort(group->same_groups, group->nsame_groups, sizeof(SameGroupRule),
		  compare_same_groups);
	for (int i = 1; i < group->nsame_groups; i++)
	{
		if (compare_same_groups(&group->same_groups[i - 1], &group->same_groups[i]) == 0)
			node_error(&node, psprintf("names \"%s\" twice for \"%s\".",
									   request->groups[group->same_groups[i].with].name,
									   group->same_groups[i].group_type),
					   "Name it once.");
	}
}

/*
 * Read a group but for its name.
 */
static void
read_group(const JsonNode *object, const ClaimRequest *request, ClaimGroup *group)
{
	JsonNode	member;

	read_resources(object, group);
	if (node_find(object, "capabilities", &member))
		name_rules_read(&member, &group->capabilities);
	read_resource_capabilities(object, group);
	if (node_find(object, "member_of", &member))
		name_rules_read(&member, &group->member_of);
	read_distances(object, request, group);
	group->single_provider = true;
	if (node_find(object, "single_provider", &member))
		group->single_provider = node_boolean(&member);
	read_isolation(object, request, group);
	read_same_groups(object, request, group);
}

/*
 * Read the name of a group, or give it its number as name.
 */
static void
read_group_name(const JsonNode *object, ClaimRequest *request, int at)
{
	JsonNode	member;
	char	   *name = node_find(object, "name", &member) ?
		node_name(&member) : psprintf("%d", at + 1);

	request->groups[at].name = name;
	for (int i = 0; i < at; i++)
	{
		if (strcmp(request->groups[i].name, name) == 0)
			node_error(object, psprintf("has the name \"%s\", and so has groups[%d].",
										name, i),
					   "Give each group a name of its own. One without a name has its number, from 1, as name.");
	}
}

static void
read_groups(const JsonNode *array, ClaimRequest *request)
{
	JsonNode   *elements;

	request->ngroups = node_array_length(array,
										 "an array of groups, such as [{\"resources\": {\"cpu\": 4}}]");
	if (request->ngroups > CLAIM_MAX_GROUPS)
		node_error(array, psprintf("has %d groups, and %d are permitted.",
								   request->ngroups, CLAIM_MAX_GROUPS),
				   "Make several claims of it.");
	request->groups = palloc0(sizeof(ClaimGroup) * request->ngroups);
	elements = palloc(sizeof(JsonNode) * request->ngroups);

	/* first the names: a group may refer to a later one */
	for (int i = 0; i < request->ngroups; i++)
	{
		node_element(array, i, &elements[i]);
		node_check_object(&elements[i], &group_shape);
		read_group_name(&elements[i], request, i);
	}
	for (int i = 0; i < request->ngroups; i++)
		read_group(&elements[i], request, &request->groups[i]);
}

static ClaimChoice
read_choice(const JsonNode *node)
{
	static const struct
	{
		const char *name;
		ClaimChoice choice;
	}			choices[] = {
		{"random", CLAIM_RANDOM},
		{"pack", CLAIM_PACK},
		{"spread", CLAIM_SPREAD}
	};
	char	   *name = node_name(node);

	for (int i = 0; i < lengthof(choices); i++)
	{
		if (strcmp(choices[i].name, name) == 0)
			return choices[i].choice;
	}
	node_error(node, psprintf("is \"%s\", which is no way to choose.", name),
			   "It is random, pack (the fullest providers that still fit) or spread (the emptiest).");
}

/*
 * claim_request_read reads the document of a claim; lists are in the order of
 * strcmp() or ascending, and name nothing twice.  What is read may point into
 * the document.
 *
 * Errors: 22023 for what is no such document, with the place in it; 22004 for a
 * null in it, or without resources; RV005 for an amount of nothing or less.
 */
void
claim_request_read(Jsonb *document, ClaimRequest *request)
{
	JsonNode	root;
	JsonNode	member;
	bool		has_groups;

	memset(request, 0, sizeof(ClaimRequest));
	node_document(document, &root);
	has_groups = node_is_object(&root) && node_find(&root, "groups", &member);
	node_check_object(&root, has_groups ? &request_shape : &single_shape);
	if (has_groups)
		read_groups(&member, request);
	else
	{
		request->ngroups = 1;
		request->groups = palloc0(sizeof(ClaimGroup));
		read_group_name(&root, request, 0);
		read_group(&root, request, &request->groups[0]);
	}
	request->choice = CLAIM_RANDOM;
	if (node_find(&root, "choose", &member))
		request->choice = read_choice(&member);
	if (node_find(&root, "partition", &member))
		request->partition = node_name(&member);
}
