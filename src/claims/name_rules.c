/*-------------------------------------------------------------------------
 *
 * name_rules.c
 *	  What a provider must have, in names: all of these, one of those, none of
 *	  others.
 *
 * Capabilities and memberships of a claim are asked for alike, in blocks that
 * are alternatives.  Whether there is anything of such a name is not looked up.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/name_rules.h"

#define BLOCKS_FORM	\
	"an object such as {\"require\": [\"a\"], \"forbid\": [\"b\"]}, or an array of such objects, which are alternatives"

static const char *const rule_keys[] = {"require", "any", "forbid", NULL};
static const JsonShape rule_shape = {"A block", rule_keys};

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/*
 * Find a list of names that an object may have.
 */
static void
read_names(const JsonNode *object, const char *key, NameList *list)
{
	JsonNode	array;

	if (!node_find(object, key, &array))
		return;
	list->n = node_array_length(&array, NAMES_FORM);
	list->names = node_allocate(sizeof(char *), list->n);
	for (int i = 0; i < list->n; i++)
	{
		JsonNode	element;

		node_element(&array, i, &element);
		list->names[i] = node_name(&element);
	}
	qsort(list->names, list->n, sizeof(char *), compare_names);
	for (int i = 1; i < list->n; i++)
	{
		if (strcmp(list->names[i - 1], list->names[i]) == 0)
			node_error(&array, psprintf("names \"%s\" twice.", list->names[i]),
					   "Name it once.");
	}
}

static void
read_rule(const JsonNode *block, NameRule *rule)
{
	node_check_object(block, &rule_shape);
	read_names(block, "require", &rule->require);
	read_names(block, "any", &rule->any);
	read_names(block, "forbid", &rule->forbid);
	if (rule->require.n + rule->any.n + rule->forbid.n == 0)
		node_type_error(block, BLOCKS_FORM);
	for (int i = 0; i < rule->require.n && rule->forbid.n > 0; i++)
	{
		if (bsearch(&rule->require.names[i], rule->forbid.names, rule->forbid.n,
					sizeof(char *), compare_names) != NULL)
			node_error(block,
					   psprintf("both requires and forbids \"%s\".", rule->require.names[i]),
					   "Nothing can have both: leave one of them out.");
	}
}

/*
 * name_rules_read reads alternatives: one block, or an array of them.
 */
void
name_rules_read(const JsonNode *node, NameRules *rules)
{
	bool		is_one = node_is_object(node);

	rules->n = is_one ? 1 : node_array_length(node, BLOCKS_FORM);
	rules->rules = node_allocate(sizeof(NameRule), rules->n);
	if (is_one)
		read_rule(node, &rules->rules[0]);
	for (int i = 0; !is_one && i < rules->n; i++)
	{
		JsonNode	element;

		node_element(node, i, &element);
		read_rule(&element, &rules->rules[i]);
	}
}
