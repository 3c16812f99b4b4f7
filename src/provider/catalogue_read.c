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

#include "provider/catalogue_rows.h"
#include "resource/resource.h"
#include "support/compare.h"
#include "support/key_scan.h"
#include "support/relations.h"

static int
compare_names(const void *a, const void *b)
{
	return strcmp(((const NamedSet *) a)->name, ((const NamedSet *) b)->name);
}

static void
read_providers(Catalogue *catalogue, Snapshot snapshot, Items *partitions)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->provider_column;
	Items		providers = {.size = sizeof(Provider)};
	KeyScan		scan;

	key_scan_begin(&scan, relations->partition, &relations->partition_pkey,
				   snapshot, NULL, 0);
	while (key_scan_next(&scan))
	{
		NamedSet   *partition = add_item(partitions);

		partition->id = read_id(scan.slot, relations->partition_column[PARTITION_ID]);
		partition->name = read_text(scan.slot, relations->partition_column[PARTITION_NAME]);
	}
	key_scan_end(&scan);

	key_scan_begin(&scan, relations->provider, &relations->provider_pkey,
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

	key_scan_begin(&scan, relations->inventory, &relations->inventory_pkey,
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
	key_scan_begin(&scan, relations->resource, &relations->resource_provider_key,
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
		Resource	options;

		if (provider < 0 || of == NULL)
			continue;
		name = read_text(scan.slot, columns[RESOURCE_TYPE]);
		type = find_or_add_type(&types, name, catalogue->nproviders);
		pfree(name);
		inventory = &type->inventories[provider];
		inventory->resource_id = resource_id;
		inventory->name = read_text(scan.slot, columns[RESOURCE_NAME]);
		inventory->plain = is_plain(scan.slot, columns);
		if (!inventory->plain)
		{
			resource_read(scan.slot, &options);
			inventory->has_min_lead = options.has_min_lead;
			inventory->min_lead = options.min_lead;
			inventory->granularity = options.granularity;
			catalogue->has_starts |= options.has_min_lead || options.granularity != 0;
		}
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

	key_scan_begin(&scan, relations->capability, &relations->capability_pkey,
				   snapshot, NULL, 0);
	while (key_scan_next(&scan))
	{
		NamedSet   *capability = add_item(&capabilities);

		capability->id = read_id(scan.slot, relations->capability_column[CAPABILITY_ID]);
		capability->name = read_text(scan.slot, relations->capability_column[CAPABILITY_NAME]);
	}
	key_scan_end(&scan);

	key_scan_begin(&scan, relations->provider_capability,
				   &relations->provider_capability_pkey, snapshot, NULL, 0);
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
	catalogue_read_groups(catalogue, snapshot);
	catalogue_read_distance_types(catalogue, snapshot);
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
