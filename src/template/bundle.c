/*-------------------------------------------------------------------------
 *
 * bundle.c
 *	  Amounts of resources and of resource types.
 *
 * As jsonb a bundle is an object, {"cores": 4, "memory": 16}, whose keys are
 * names of resources or of resource types.  Where one name is both, nobody can
 * tell what is meant: an array of objects says it, [{"resource": "gpu",
 * "amount": 1}, {"resource_type": "cores", "amount": 4}].
 *
 * A resource type stands for one resource of that type: the only one there is,
 * or the one that whoever asks names for it.
 *
 *-------------------------------------------------------------------------
 */
#include "template/bundle.h"

#include "booking/requirements.h"
#include "common/int.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#define ARRAY_EXAMPLE \
	"[{\"resource\": \"gpu\", \"amount\": 1}, {\"resource_type\": \"cores\", \"amount\": 4}]"

pg_noreturn static void
bundle_error(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid requirements"),
			 errdetail_internal("%s", detail),
			 errhint("Pass names of resources or resource types with whole amounts, such as {\"cores\": 4, \"memory\": 16}, or an array such as %s.",
					 ARRAY_EXAMPLE)));
}

static int
compare_items(const void *a, const void *b)
{
	const BundleItem *left = a;
	const BundleItem *right = b;

	if (left->resource_type != NULL && right->resource_type != NULL)
		return strcmp(left->resource_type, right->resource_type);
	if (left->resource_type != NULL || right->resource_type != NULL)
		return left->resource_type != NULL ? 1 : -1;
	return (left->resource_id > right->resource_id) -
		(left->resource_id < right->resource_id);
}

/*
 * bundle_sort brings the items of a bundle in order.
 */
void
bundle_sort(Bundle *bundle)
{
	qsort(bundle->items, bundle->nitems, sizeof(BundleItem), compare_items);
}

static void
check_type(const char *type, Snapshot snapshot)
{
	Resource	resource;

	if (resource_of_type(type, snapshot, &resource, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("no resource has the resource type \"%s\"", type),
				 errhint("Give one the type with arbiter_alter_resource(name, resource_type => %s).",
						 quote_literal_cstr(type))));
}

/*
 * An item whose name is that of a resource or of a resource type.
 */
static void
find_named(const char *name, Snapshot snapshot, BundleItem *item)
{
	Resource	resource;
	Resource	typed;
	bool		is_resource = resource_find(name, snapshot, &resource);
	bool		is_type = resource_of_type(name, snapshot, &typed, NULL) > 0;

	if (is_resource && is_type)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is the name of a resource and of a resource type",
						name),
				 errhint("Say which is meant by an array, such as %s.", ARRAY_EXAMPLE)));
	if (!is_resource && !is_type)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("no resource has the name or the resource type \"%s\"", name),
				 errhint("See arbiter_resource for the resources there are.")));
	if (is_resource)
		item->resource_id = resource.id;
	else
		item->resource_type = pstrdup(name);
}

static void
read_object(Jsonb *requirements, Snapshot snapshot, Bundle *bundle)
{
	JsonbIterator *iterator = JsonbIteratorInit(&requirements->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	char	   *name = NULL;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		BundleItem *item = &bundle->items[bundle->nitems];

		CHECK_FOR_INTERRUPTS();
		if (token == WJB_KEY)
			name = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE)
		{
			item->amount = requirement_amount(name, &value);
			find_named(name, snapshot, item);
			bundle->nitems++;
		}
	}
}

static char *
read_key(JsonbContainer *object, const char *key, JsonbValue *value)
{
	if (getKeyJsonValueFromContainer(object, key, (int) strlen(key), value) == NULL)
		return NULL;
	if (value->type != jbvString)
		bundle_error(psprintf("\"%s\" is not a string.", key));
	return pnstrdup(value->val.string.val, value->val.string.len);
}

static void
read_element(JsonbContainer *object, Snapshot snapshot, BundleItem *item)
{
	JsonbValue	value;
	char	   *name = read_key(object, "resource", &value);
	char	   *type = read_key(object, "resource_type", &value);

	if (JsonContainerSize(object) != 2 || (name == NULL) == (type == NULL) ||
		getKeyJsonValueFromContainer(object, "amount", 6, &value) == NULL)
		bundle_error("An element of the array does not have the two keys \"amount\", and \"resource\" or \"resource_type\".");
	item->amount = requirement_amount(name != NULL ? name : type, &value);
	if (name != NULL)
	{
		Resource	resource;

		resource_get(name, snapshot, &resource);
		item->resource_id = resource.id;
	}
	else
	{
		check_type(type, snapshot);
		item->resource_type = type;
	}
}

static void
read_array(Jsonb *requirements, Snapshot snapshot, Bundle *bundle)
{
	for (int i = 0; i < JB_ROOT_COUNT(requirements); i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(&requirements->root, i);

		CHECK_FOR_INTERRUPTS();
		if (element->type != jbvBinary ||
			!JsonContainerIsObject(element->val.binary.data))
			bundle_error("An element of the array is not a JSON object.");
		read_element(element->val.binary.data, snapshot, &bundle->items[i]);
		bundle->nitems++;
	}
}

/*
 * bundle_read reads a bundle.
 *
 * 22023 for what is none, or names something twice; RV005 for an amount of
 * nothing or less; 42704 for a name that is neither a resource's nor a type's.
 */
void
bundle_read(Jsonb *requirements, Snapshot snapshot, Bundle *bundle)
{
	bool		is_array = JB_ROOT_IS_ARRAY(requirements) &&
		!JB_ROOT_IS_SCALAR(requirements);

	if (!is_array && !JB_ROOT_IS_OBJECT(requirements))
		bundle_error("Requirements are neither a JSON object nor an array of objects.");
	if (JB_ROOT_COUNT(requirements) == 0)
		bundle_error("Requirements name no resource.");
	bundle->name = NULL;
	bundle->nitems = 0;
	bundle->items = palloc_extended(sizeof(BundleItem) * (Size) JB_ROOT_COUNT(requirements),
									MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	if (is_array)
		read_array(requirements, snapshot, bundle);
	else
		read_object(requirements, snapshot, bundle);

	bundle_sort(bundle);
	for (int i = 1; i < bundle->nitems; i++)
	{
		if (compare_items(&bundle->items[i - 1], &bundle->items[i]) == 0)
			bundle_error("A resource or a resource type is named twice.");
	}
}

/*
 * bundle_equal tells whether two bundles are the same.
 */
bool
bundle_equal(const Bundle *left, const Bundle *right)
{
	if (left->nitems != right->nitems)
		return false;
	for (int i = 0; i < left->nitems; i++)
	{
		if (compare_items(&left->items[i], &right->items[i]) != 0 ||
			left->items[i].amount != right->items[i].amount)
			return false;
	}
	return true;
}

/* what a bundle is called in a message */
static const char *
bundle_title(const char *template)
{
	return template == NULL ? "the bundle" : psprintf("template \"%s\"", template);
}

static void
choice_error(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid choice of resources"),
			 errdetail_internal("%s", detail),
			 errhint("Pass resource types with the name of a resource of each, such as resources => '{\"cores\": \"node-7.cores\"}'.")));
}

/*
 * Check what somebody names for the resource types of a bundle.
 */
static void
check_choice(const Bundle *bundle, Jsonb *resources)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	value;
	char	   *type = NULL;

	if (!JB_ROOT_IS_OBJECT(resources))
		choice_error("It is not a JSON object.");
	iterator = JsonbIteratorInit(&resources->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		BundleItem	wanted = {0};

		if (token == WJB_KEY)
		{
			type = pnstrdup(value.val.string.val, value.val.string.len);
			wanted.resource_type = type;
			if (bsearch(&wanted, bundle->items, bundle->nitems,
						sizeof(BundleItem), compare_items) == NULL)
				choice_error(psprintf("\"%s\" is not a resource type of %s.",
									  type, bundle_title(bundle->name)));
		}
		else if (token == WJB_VALUE && value.type != jbvString)
			choice_error(psprintf("What is named for \"%s\" is not a string.", type));
	}
}

/*
 * Find the resource that stands for a resource type.
 */
static void
find_of_type(const Bundle *bundle, const char *type, Jsonb *resources,
			 Snapshot snapshot, Resource *resource)
{
	JsonbValue	value;
	int64		count;

	if (resources != NULL &&
		getKeyJsonValueFromContainer(&resources->root, type, (int) strlen(type),
									 &value) != NULL)
	{
		resource_get(pnstrdup(value.val.string.val, value.val.string.len),
					 snapshot, resource);
		if (!resource_has_type(resource, type, snapshot))
			choice_error(psprintf("Resource \"%s\" is not of the resource type \"%s\".",
								  resource->name, type));
		return;
	}
	count = resource_of_type(type, snapshot, resource, NULL);
	if (count == 0)
		check_type(type, snapshot);
	if (count > 1)
	{
		StringInfoData names;

		initStringInfo(&names);
		resource_of_type(type, snapshot, resource, &names);
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s needs one resource of the type \"%s\", and none is named",
						bundle_title(bundle->name), type),
				 errdetail(INT64_FORMAT " resources have that type: %s.", count,
						   names.data),
				 errhint("Name one of them, such as resources => '{\"%s\": \"%s\"}'.",
						 type, resource->name)));
	}
}

pg_noreturn static void
amount_error(const char *title, const Resource *resource, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("amount of resource \"%s\" is out of range for type bigint",
					resource->name),
			 errdetail("It is what %s takes%s.", title, what),
			 errhint("Pass a smaller count.")));
}

/*
 * Add to a request what an item takes of a resource, which may be in it
 * already.
 */
static void
add_requirement(const Bundle *bundle, const Resource *resource, int64 amount,
				Request *request)
{
	int			at = 0;

	while (at < request->nrequirements &&
		   request->requirements[at].resource.id != resource->id)
		at++;
	if (pg_add_s64_overflow(amount, request->requirements[at].amount,
							&request->requirements[at].amount))
		amount_error(bundle_title(bundle->name), resource, "");
	if (at == request->nrequirements)
	{
		request->requirements[at].resource = *resource;
		request->nrequirements++;
	}
}

/*
 * bundle_find makes requirements of one of a bundle: one for each resource, in no
 * order.  resources names those of resource types; NULL: none.
 *
 * 42704 for a resource that does not exist; 22023 for a type of which there are
 * several and none is named, or a name that is not of the type; 22003.
 */
void
bundle_find(const Bundle *bundle, Jsonb *resources, Snapshot snapshot,
			Request *request)
{
	if (resources != NULL)
		check_choice(bundle, resources);
	request->requirements = palloc_extended(sizeof(Requirement) * (Size) bundle->nitems,
											MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	request->nrequirements = 0;
	for (int i = 0; i < bundle->nitems; i++)
	{
		const BundleItem *item = &bundle->items[i];
		Resource	resource;

		CHECK_FOR_INTERRUPTS();
		if (item->resource_type != NULL)
			find_of_type(bundle, item->resource_type, resources, snapshot, &resource);
		else if (!resource_find_by_id(item->resource_id, snapshot, &resource))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("a resource of %s does not exist", bundle_title(bundle->name)),
					 errdetail("The resource with id %d was dropped.", item->resource_id),
					 errhint("Define the template without it by arbiter_set_template().")));
		add_requirement(bundle, &resource, item->amount, request);
	}
}

/*
 * bundle_multiply makes of the requirements of one of a template those of so many
 * (22003).
 */
void
bundle_multiply(const char *template, int64 count, Request *request)
{
	for (int i = 0; i < request->nrequirements; i++)
	{
		Requirement *requirement = &request->requirements[i];

		if (pg_mul_s64_overflow(requirement->amount, count, &requirement->amount))
			amount_error(bundle_title(template), &requirement->resource,
						 psprintf(", times " INT64_FORMAT, count));
	}
}
