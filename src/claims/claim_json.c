/*-------------------------------------------------------------------------
 *
 * claim_json.c
 *	  Parts of a JSON document that know their place in it.
 *
 * A claim asks for much in one document, and whoever wrote it has to find the
 * mistake in it.  So what is read is a chain of nodes from the inside out, on
 * the stack of the reader, and an error names the place as a path of SQL/JSON
 * would, without the "$.": groups[1].resources."cpu.shared".
 *
 * null stands for nothing: a key that shall have its default is left out.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/claim_json.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "support/errors.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/numeric.h"

/* a key that a path shows without quotes */
static bool
is_plain_key(const char *key)
{
	if (!isalpha((unsigned char) *key) && *key != '_')
		return false;
	while (isalnum((unsigned char) *key) || *key == '_')
		key++;
	return *key == '\0';
}

static void
append_place(StringInfo place, const JsonNode *node)
{
	if (node->outer == NULL)
		return;
	append_place(place, node->outer);
	if (node->key == NULL)
	{
		appendStringInfo(place, "[%d]", node->index);
		return;
	}
	if (place->len > 0)
		appendStringInfoChar(place, '.');
	if (is_plain_key(node->key))
		appendStringInfoString(place, node->key);
	else
		escape_json(place, node->key);
}

/*
 * node_place returns where a node is, fit to begin a sentence.
 */
char *
node_place(const JsonNode *node)
{
	StringInfoData place;

	if (node->outer == NULL)
		return pstrdup("The document");
	initStringInfo(&place);
	append_place(&place, node);
	return place.data;
}

/*
 * prose_list writes names as prose does: a, b and c.
 */
char *
prose_list(const char *const *names, int nnames)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < nnames; i++)
	{
		if (i > 0)
			appendStringInfoString(&list, i < nnames - 1 ? ", " : " and ");
		appendStringInfoString(&list, names[i]);
	}
	return list.data;
}

/*
 * node_error raises what is wrong with a node, of which detail tells all but
 * the place it begins with.
 */
void
node_error(const JsonNode *node, const char *detail, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid claim request"),
			 errdetail_internal("%s %s", node_place(node), detail),
			 errhint("%s", hint)));
}

/*
 * node_type_error raises that a node is not what it has to be.
 */
void
node_type_error(const JsonNode *node, const char *form)
{
	JsonbValue	value = node->value;
	const char *type = JsonbTypeName(&value);
	bool		is_empty = (value.type == jbvString && value.val.string.len == 0) ||
		(value.type == jbvBinary && JsonContainerSize(value.val.binary.data) == 0);

	node_error(node,
			   psprintf("is %s %s.",
						is_empty ? "an empty" :
						strchr("ao", *type) != NULL ? "an" : "a", type),
			   psprintf("Pass %s.", form));
}

static char *
shape_keys(const JsonShape *shape)
{
	int			nkeys = 0;

	while (shape->keys[nkeys] != NULL)
		nkeys++;
	return prose_list(shape->keys, nkeys);
}

static char *
shape_hint(const JsonShape *shape)
{
	return psprintf("%s has the keys %s.", shape->title, shape_keys(shape));
}

/* a null is refused wherever it is */
static void
check_null(const JsonNode *node)
{
	if (node->value.type == jbvNull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("invalid claim request"),
				 errdetail_internal("%s is null.", node_place(node)),
				 errhint("Leave out what shall have its default.")));
}

/*
 * node_document makes a node of a whole document.
 */
void
node_document(Jsonb *document, JsonNode *node)
{
	memset(node, 0, sizeof(JsonNode));
	if (!JB_ROOT_IS_SCALAR(document) ||
		!JsonbExtractScalar(&document->root, &node->value))
	{
		node->value.type = jbvBinary;
		node->value.val.binary.data = &document->root;
		node->value.val.binary.len = VARSIZE(document) - VARHDRSZ;
	}
	check_null(node);
}

bool
node_is_object(const JsonNode *node)
{
	return node->value.type == jbvBinary &&
		JsonContainerIsObject(node->value.val.binary.data);
}

bool
node_is_array(const JsonNode *node)
{
	return node->value.type == jbvBinary &&
		JsonContainerIsArray(node->value.val.binary.data);
}

/*
 * node_allocate returns room for what has as many elements as a node, which may
 * be very many; zeroed.
 */
void *
node_allocate(Size size, int count)
{
	return palloc_extended(size * (Size) count, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

/*
 * node_members returns the members of an object, of which there must be one; a
 * form is what to pass instead of anything else.
 */
JsonNode *
node_members(const JsonNode *object, int *nmembers, const char *form)
{
	JsonNode   *members;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	value;
	int			at = 0;

	if (!node_is_object(object) ||
		JsonContainerSize(object->value.val.binary.data) == 0)
		node_type_error(object, form);
	*nmembers = JsonContainerSize(object->value.val.binary.data);
	members = node_allocate(sizeof(JsonNode), *nmembers);
	iterator = JsonbIteratorInit(object->value.val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		CHECK_FOR_INTERRUPTS();
		if (token == WJB_KEY)
		{
			members[at].outer = object;
			members[at].key = pnstrdup(value.val.string.val,
									   value.val.string.len);
		}
		else if (token == WJB_VALUE)
		{
			members[at].value = value;
			check_null(&members[at]);
			if (*members[at].key == '\0')
				node_error(object, "has an empty key.",
						   psprintf("Pass %s.", form));
			at++;
		}
	}
	return members;
}

/*
 * node_check_object refuses what is not an object, and a key it may not have.
 */
void
node_check_object(const JsonNode *node, const JsonShape *shape)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	value;

	if (!node_is_object(node))
		node_type_error(node, psprintf("an object with the keys %s", shape_keys(shape)));
	iterator = JsonbIteratorInit(node->value.val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		const char *const *known = shape->keys;
		char	   *key;

		if (token != WJB_KEY)
			continue;
		key = pnstrdup(value.val.string.val, value.val.string.len);
		while (*known != NULL && strcmp(*known, key) != 0)
			known++;
		if (*known == NULL)
			node_error(node, psprintf("has an unknown key \"%s\".", key),
					   shape_hint(shape));
	}
}

/*
 * node_find looks for a member of an object; false if there is none.
 */
bool
node_find(const JsonNode *object, const char *key, JsonNode *member)
{
	memset(member, 0, sizeof(JsonNode));
	member->outer = object;
	member->key = key;
	if (getKeyJsonValueFromContainer(object->value.val.binary.data, key,
									 (int) strlen(key), &member->value) == NULL)
		return false;
	check_null(member);
	return true;
}

/*
 * node_get finds a member that an object must have (22004).
 */
void
node_get(const JsonNode *object, const JsonShape *shape, const char *key,
		 JsonNode *member)
{
	if (!node_find(object, key, member))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("invalid claim request"),
				 errdetail_internal("%s has no key \"%s\".", node_place(object), key),
				 errhint("%s", shape_hint(shape))));
}

/*
 * node_array_length counts the elements of an array, of which there must be one.
 */
int
node_array_length(const JsonNode *array, const char *form)
{
	if (!node_is_array(array) ||
		JsonContainerSize(array->value.val.binary.data) == 0)
		node_type_error(array, form);
	return JsonContainerSize(array->value.val.binary.data);
}

void
node_element(const JsonNode *array, int index, JsonNode *element)
{
	JsonbValue *value = getIthJsonbValueFromContainer(array->value.val.binary.data,
													  index);

	CHECK_FOR_INTERRUPTS();
	memset(element, 0, sizeof(JsonNode));
	element->outer = array;
	element->index = index;
	element->value = *value;
	pfree(value);
	check_null(element);
}

/*
 * node_name reads a string that is not empty.
 */
char *
node_name(const JsonNode *node)
{
	if (node->value.type != jbvString || node->value.val.string.len == 0)
		node_type_error(node, "a name: a string that is not empty");
	return pnstrdup(node->value.val.string.val, node->value.val.string.len);
}

bool
node_boolean(const JsonNode *node)
{
	if (node->value.type != jbvBool)
		node_type_error(node, "true or false");
	return node->value.val.boolean;
}

/*
 * node_integer reads a whole number that is a bigint.
 */
int64
node_integer(const JsonNode *node, const char *form)
{
	Numeric		number = node->value.val.numeric;
	Datum		given;

	if (node->value.type != jbvNumeric)
		node_type_error(node, form);
	given = NumericGetDatum(number);
	if (numeric_is_nan(number) || numeric_is_inf(number) ||
		!DatumGetBool(DirectFunctionCall2(numeric_eq, given,
										  DirectFunctionCall1(numeric_floor, given))))
		node_error(node, "is not a whole number.", psprintf("Pass %s.", form));
	if (DatumGetBool(DirectFunctionCall2(numeric_gt, given,
										 NumericGetDatum(int64_to_numeric(PG_INT64_MAX)))) ||
		DatumGetBool(DirectFunctionCall2(numeric_lt, given,
										 NumericGetDatum(int64_to_numeric(PG_INT64_MIN)))))
		node_error(node, "is out of range for type bigint.",
				   psprintf("Pass %s.", form));
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, given));
}

/*
 * node_amount reads an amount (RV005: of nothing or less).
 */
int64
node_amount(const JsonNode *node)
{
	int64		amount = node_integer(node,
									  "a whole amount, such as 4, or the least and the most that will do, such as {\"min\": 2, \"max\": 4}");

	if (amount <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_ARBITER_INVALID_AMOUNT),
				 errmsg("invalid amount: " INT64_FORMAT, amount),
				 errdetail_internal("%s must be greater than zero.", node_place(node)),
				 errhint("Leave out a resource type of which nothing is asked for.")));
	return amount;
}
