/*-------------------------------------------------------------------------
 *
 * catalogue_read.c
 *	  Read the catalogue from its tables.
 *
 * Direct access, because a caller of the public functions needs no privilege on
 * the tables.  Rows that refer to what is not there are passed over: a foreign
 * key may have been dropped.
 *
 *-------------------------------------------------------------------------
 */
#include "provider/catalogue_read.h"

#include "support/compare.h"
#include "support/key_scan.h"
#include "support/relations.h"
#include "utils/builtins.h"

/* an array that grows */
typedef struct Items
{
	char	   *data;
	Size		size;			/* of an item */
	int			n;
	Size		room;
} Items;

static void *
add_item(Items *items)
{
	if (items->n == items->room)
	{
		items->room = Max(64, 2 * items->room);
		items->data = items->data == NULL ?
			MemoryContextAllocHuge(CurrentMemoryContext, items->size * items->room) :
			repalloc_huge(items->data, items->size * items->room);
	}
	memset(items->data + items->size * items->n, 0, items->size);
	return items->data + items->size * items->n++;
}

static int64
read_integer(TupleTableSlot *row, AttrNumber column, bool *isnull)
{
	Datum		value = slot_getattr(row, column, isnull);

	if (*isnull)
		return 0;
	return TupleDescAttr(row->tts_tupleDescriptor, column - 1)->attlen == sizeof(int64) ?
		DatumGetInt64(value) : DatumGetInt32(value);
}

static int32
read_id(TupleTableSlot *row, AttrNumber column)
{
	bool		isnull;

	return (int32) read_integer(row, column, &isnull);
}

static char *
read_text(TupleTableSlot *row, AttrNumber column)
{
	bool		isnull;
	Datum		value = slot_getattr(row, column, &isnull);

	return isnull ? pstrdup("") : TextDatumGetCString(value);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(((const NamedSet *) a)->name, ((const NamedSet *) b)->name);
}

/* the item with an id, of those that begin with theirs and are in its order */
static void *
find_id(const Items *items, int32 id)
{
	return items->n == 0 ? NULL :
		bsearch(&id, items->data, items->n, items->size, compare_int32);
}

static void
read_providers(Catalogue *catalogue, Snapshot snapshot, Items *partitions)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->provider_column;
	Items		providers = {.size = sizeof(Provider)};
	KeyScan		scan;

	key_scan_begin(&scan, relations->partition, relations->partition_pkey,
				   snapshot, NULL, 0);
	while (key_scan_next(&scan))
	{
		NamedSet   *partition = add_item(partitions);

		partition->id = read_id(scan.slot, relations->partition_column[PARTITION_ID]);
		partition->name = read_text(scan.slot, relations->partition_column[PARTITION_NAME]);
	}
	key_scan_end(&scan);

	key_scan_begin(&scan, relations->provider, relations->provider_pkey,
				   snapshot, NULL, 0);
	while (key_scan_next(&scan))
	{
		Provider   *provider = add_item(&providers);
		NamedSet   *partition;
		bool		isnull;

		provider->id = read_id(scan.slot, columns[PROVIDER_ID]);
		provider->name = read_text(scan.slot, columns[PROVIDER_NAME]);
		provider->partition_id = read_id(scan.slot, columns[PROVIDER_PARTITION_ID]);
		if (DatumGetBool(slot_getattr(scan.slot, columns[PROVIDER_CLAIMABLE], &isnull)) && !isnull)
			catalogue->claimable = bms_add_member(catalogue->claimable, providers.n - 1);
		partition = find_id(partitions, provider->partition_id);
		if (partition != NULL)
			partition->providers = bms_add_member(partition->providers, providers.n - 1);
	}
	key_scan_end(&scan);
	catalogue->providers = (Provider *) providers.data;
	catalogue->nproviders = providers.n;
}

/* what arbiter_inventory has of a resource */
typedef struct Units
{
	int32		resource_id;
	int64		min_unit;
	int64		max_unit;
	int64		step_size;
} Units;

static void
read_units(Snapshot snapshot, Items *all)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->inventory_column;
	KeyScan		scan;

	key_scan_begin(&scan, relations->inventory, relations->inventory_pkey,
				   snapshot, NULL, 0);
	while (key_scan_next(&scan))
	{
		Units	   *units = add_item(all);
		bool		isnull;

		units->resource_id = read_id(scan.slot, columns[INVENTORY_RESOURCE_ID]);
		units->min_unit = Max(read_integer(scan.slot, columns[INVENTORY_MIN_UNIT], &isnull), 1);
		units->step_size = Max(read_integer(scan.slot, columns[INVENTORY_STEP_SIZE], &isnull), 1);
		units->max_unit = read_integer(scan.slot, columns[INVENTORY_MAX_UNIT], &isnull);
		if (isnull)
			units->max_unit = PG_INT64_MAX;
	}
	key_scan_end(&scan);
}

/* has a resource no option that makes what can be taken differ from its timeline? */
static bool
is_plain(TupleTableSlot *row, const AttrNumber *columns)
{
	static const ResourceColumn options[] = {
		RESOURCE_MIN_LEAD, RESOURCE_GRANULARITY, RESOURCE_SETUP_TIME,
		RESOURCE_CLEANUP_TIME, RESOURCE_FLOAT_PERCENT, RESOURCE_OVERCOMMIT_RATIO
	};

	for (int i = 0; i < lengthof(options); i++)
	{
		bool		isnull;

		(void) slot_getattr(row, columns[options[i]], &isnull);
		if (!isnull)
			return false;
	}
	return true;
}

/* the type of a name, which is most often that of the row before */
static InventoryType *
find_or_add_type(Items *types, const char *name, int nproviders)
{
	InventoryType *type;

	for (int i = 0; i < types->n; i++)
	{
		type = (InventoryType *) types->data + i;
		if (strcmp(type->name, name) == 0)
			return type;
	}
	type = add_item(types);
	type->name = pstrdup(name);
	type->inventories = palloc_extended(sizeof(Inventory) * (Size) nproviders,
										MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	return type;
}

static void
read_inventories(Catalogue *catalogue, Snapshot snapshot)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->resource_column;
	Items		units = {.size = sizeof(Units)};
	Items		types = {.size = sizeof(InventoryType)};
	Items		resources = {.size = sizeof(ProviderResource)};
	KeyScan		scan;

	read_units(snapshot, &units);
	key_scan_begin(&scan, relations->resource, relations->resource_provider_key,
				   snapshot, NULL, 0);
	while (key_scan_next(&scan))
	{
		int			provider = catalogue_provider(catalogue,
											 read_id(scan.slot, columns[RESOURCE_PROVIDER_ID]));
		int32		resource_id = read_id(scan.slot, columns[RESOURCE_ID]);
		Units	   *of = find_id(&units, resource_id);
		char	   *name;
		InventoryType *type;
		Inventory  *inventory;

		if (provider < 0 || of == NULL)
			continue;
		name = read_text(scan.slot, columns[RESOURCE_TYPE]);
		type = find_or_add_type(&types, name, catalogue->nproviders);
		pfree(name);
		inventory = &type->inventories[provider];
		inventory->resource_id = resource_id;
		inventory->name = read_text(scan.slot, columns[RESOURCE_NAME]);
		inventory->plain = is_plain(scan.slot, columns);
		inventory->min_unit = of->min_unit;
		inventory->max_unit = of->max_unit;
		inventory->step_size = of->step_size;
		type->providers = bms_add_member(type->providers, provider);
		*(ProviderResource *) add_item(&resources) = (ProviderResource) {
			.id = resource_id,
			.provider = provider
		};
	}
	key_scan_end(&scan);
	if (resources.n > 0)
		qsort(resources.data, resources.n, sizeof(ProviderResource), compare_int32);
	catalogue->resources = (ProviderResource *) resources.data;
	catalogue->nresources = resources.n;
	if (units.data != NULL)
		pfree(units.data);
	catalogue->types = (InventoryType *) types.data;
	catalogue->ntypes = types.n;
}

static int
compare_type_names(const void *a, const void *b)
{
	return strcmp(((const InventoryType *) a)->name, ((const InventoryType *) b)->name);
}

static void
read_capabilities(Catalogue *catalogue, Snapshot snapshot)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->provider_capability_column;
	Items		capabilities = {.size = sizeof(NamedSet)};
	KeyScan		scan;

	key_scan_begin(&scan, relations->capability, relations->capability_pkey,
				   snapshot, NULL, 0);
	while (key_scan_next(&scan))
	{
		NamedSet   *capability = add_item(&capabilities);

		capability->id = read_id(scan.slot, relations->capability_column[CAPABILITY_ID]);
		capability->name = read_text(scan.slot, relations->capability_column[CAPABILITY_NAME]);
	}
	key_scan_end(&scan);

	key_scan_begin(&scan, relations->provider_capability,
				   relations->provider_capability_pkey, snapshot, NULL, 0);
	while (key_scan_next(&scan))
	{
		NamedSet   *capability = find_id(&capabilities,
										 read_id(scan.slot, columns[PROVIDER_CAPABILITY_CAPABILITY_ID]));
		int			provider = catalogue_provider(catalogue,
											 read_id(scan.slot, columns[PROVIDER_CAPABILITY_PROVIDER_ID]));

		if (capability != NULL && provider >= 0)
			capability->providers = bms_add_member(capability->providers, provider);
	}
	key_scan_end(&scan);
	catalogue->capabilities = (NamedSet *) capabilities.data;
	catalogue->ncapabilities = capabilities.n;
}

static int
compare_group_names(const void *a, const void *b)
{
	return strcmp(((const GroupName *) a)->name, ((const GroupName *) b)->name);
}

static void
read_groups(Catalogue *catalogue, Snapshot snapshot)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->provider_group_column;
	const AttrNumber *members = relations->provider_group_member_column;
	Items		groups = {.size = sizeof(ProviderGroup)};
	KeyScan		scan;

	key_scan_begin(&scan, relations->provider_group, relations->provider_group_pkey,
				   snapshot, NULL, 0);
	while (key_scan_next(&scan))
	{
		ProviderGroup *group = add_item(&groups);

		group->id = read_id(scan.slot, columns[PROVIDER_GROUP_ID]);
		group->name = read_text(scan.slot, columns[PROVIDER_GROUP_NAME]);
		group->type = read_text(scan.slot, columns[PROVIDER_GROUP_GROUP_TYPE]);
	}
	key_scan_end(&scan);

	key_scan_begin(&scan, relations->provider_group_member,
				   relations->provider_group_member_pkey, snapshot, NULL, 0);
	while (key_scan_next(&scan))
	{
		ProviderGroup *group = find_id(&groups,
									   read_id(scan.slot, members[PROVIDER_GROUP_MEMBER_GROUP_ID]));
		int			provider = catalogue_provider(catalogue,
											 read_id(scan.slot, members[PROVIDER_GROUP_MEMBER_PROVIDER_ID]));

		if (group != NULL && provider >= 0)
			group->providers = bms_add_member(group->providers, provider);
	}
	key_scan_end(&scan);
	catalogue->groups = (ProviderGroup *) groups.data;
	catalogue->ngroups = groups.n;
	catalogue->groups_by_name = palloc(sizeof(GroupName) * (Size) (groups.n + 1));
	for (int i = 0; i < groups.n; i++)
		catalogue->groups_by_name[i] = (GroupName) {
			.name = catalogue->groups[i].name,
			.group = &catalogue->groups[i]
		};
	qsort(catalogue->groups_by_name, groups.n, sizeof(GroupName), compare_group_names);
}

static void
read_distance_types(Catalogue *catalogue, Snapshot snapshot)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->distance_column;
	Items		types = {.size = sizeof(DistanceType)};
	KeyScan		scan;

	key_scan_begin(&scan, relations->distance_type, relations->distance_type_pkey,
				   snapshot, NULL, 0);
	while (key_scan_next(&scan))
	{
		DistanceType *type = add_item(&types);

		type->id = read_id(scan.slot, relations->distance_type_column[DISTANCE_TYPE_ID]);
		type->name = read_text(scan.slot, relations->distance_type_column[DISTANCE_TYPE_NAME]);
	}
	key_scan_end(&scan);

	key_scan_begin(&scan, relations->distance, relations->distance_pkey,
				   snapshot, NULL, 0);
	while (key_scan_next(&scan))
	{
		DistanceType *type = find_id(&types, read_id(scan.slot, columns[DISTANCE_DISTANCE_TYPE_ID]));

		if (type == NULL)
			continue;
		/* there are a handful */
		type->distances = type->distances == NULL ? palloc(sizeof(Distance)) :
			repalloc(type->distances, sizeof(Distance) * (type->n + 1));
		type->distances[type->n++] = (Distance) {
			.id = read_id(scan.slot, columns[DISTANCE_ID]),
			.position = read_id(scan.slot, columns[DISTANCE_POSITION]),
			.name = read_text(scan.slot, columns[DISTANCE_NAME])
		};
	}
	key_scan_end(&scan);
	catalogue->distance_types = (DistanceType *) types.data;
	catalogue->ndistance_types = types.n;
}

/*
 * catalogue_read reads all but the distances of providers.
 */
void
catalogue_read(Catalogue *catalogue, Snapshot snapshot)
{
	Items		partitions = {.size = sizeof(NamedSet)};

	read_providers(catalogue, snapshot, &partitions);
	read_inventories(catalogue, snapshot);
	read_capabilities(catalogue, snapshot);
	read_groups(catalogue, snapshot);
	read_distance_types(catalogue, snapshot);
	catalogue->partitions = (NamedSet *) partitions.data;
	catalogue->npartitions = partitions.n;

	/* there are few of these, and they are asked for by name */
	if (catalogue->ntypes > 0)
		qsort(catalogue->types, catalogue->ntypes, sizeof(InventoryType),
			  compare_type_names);
	if (catalogue->npartitions > 0)
		qsort(catalogue->partitions, catalogue->npartitions, sizeof(NamedSet),
			  compare_names);
	if (catalogue->ncapabilities > 0)
		qsort(catalogue->capabilities, catalogue->ncapabilities, sizeof(NamedSet),
			  compare_names);
}

/*
 * catalogue_read_distances reads the distances of providers to groups.
 */
void
catalogue_read_distances(Catalogue *catalogue, Snapshot snapshot)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->provider_distance_column;
	Items		found = {.size = sizeof(ProviderDistance)};
	ProviderDistance *by_provider;
	int		   *first;
	KeyScan		scan;
	int			group = 0;

	catalogue->first_distance_to = palloc0(sizeof(int) * (catalogue->ngroups + 1));
	first = palloc0(sizeof(int) * (catalogue->nproviders + 2));
	/* in the order of groups, as they are in the catalogue */
	key_scan_begin(&scan, relations->provider_distance,
				   relations->provider_distance_pkey, snapshot, NULL, 0);
	while (key_scan_next(&scan))
	{
		int32		group_id = read_id(scan.slot, columns[PROVIDER_DISTANCE_GROUP_ID]);
		int			provider = catalogue_provider(catalogue,
											 read_id(scan.slot, columns[PROVIDER_DISTANCE_PROVIDER_ID]));
		int32		type_id = read_id(scan.slot, columns[PROVIDER_DISTANCE_DISTANCE_TYPE_ID]);
		int32		distance_id = read_id(scan.slot, columns[PROVIDER_DISTANCE_DISTANCE_ID]);
		int32		position = catalogue_position(catalogue, type_id, distance_id);

		while (group < catalogue->ngroups && catalogue->groups[group].id < group_id)
			catalogue->first_distance_to[++group] = found.n;
		if (group == catalogue->ngroups)
			break;
		if (catalogue->groups[group].id != group_id || provider < 0 || position < 0)
			continue;
		*(ProviderDistance *) add_item(&found) = (ProviderDistance) {
			.provider = provider,
			.group = group,
			.type_id = type_id,
			.position = position
		};
		first[provider + 2]++;
	}
	key_scan_end(&scan);
	while (group < catalogue->ngroups)
		catalogue->first_distance_to[++group] = found.n;

	/* the same by provider: count, then distribute */
	for (int i = 1; i <= catalogue->nproviders; i++)
		first[i + 1] += first[i];
	by_provider = palloc_extended(sizeof(ProviderDistance) * ((Size) found.n + 1),
								  MCXT_ALLOC_HUGE);
	for (int i = 0; i < found.n; i++)
	{
		const ProviderDistance *distance = (ProviderDistance *) found.data + i;

		by_provider[first[distance->provider + 1]++] = *distance;
	}
	catalogue->first_distance = first;
	catalogue->distances_to = (ProviderDistance *) found.data;
	catalogue->ndistances = found.n;
	catalogue->distances = by_provider;
}
