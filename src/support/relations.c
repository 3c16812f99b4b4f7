/*-------------------------------------------------------------------------
 *
 * relations.c
 *	  The extension's tables: their OIDs, indexes and columns.
 *
 * All lookups by name happen here, in the schema the extension is installed
 * in and never through the caller's search_path.  They are kept per backend
 * until the relation cache says that one of the tables changed: columns are
 * found by name, so that a table an update script added a column to works
 * like one that was created with it.
 *
 *-------------------------------------------------------------------------
 */
#include "support/relations.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "support/compat.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

static const char *const resource_names[RESOURCE_NCOLUMNS] = {
	"resource_id", "name", "unit", "min_lead", "granularity", "setup_time",
	"cleanup_time", "float_percent", "resource_type", "firm_horizon",
	"overcommit_ratio", "created_at", "attributes",
	"parent_reservation_id", "parent_resource_id", "provider_id"
};
static const char *const capacity_names[CAPACITY_NCOLUMNS] = {
	"resource_id", "during", "amount"
};
static const char *const price_names[PRICE_NCOLUMNS] = {
	"resource_id", "during", "price"
};
static const char *const reservation_names[RESERVATION_NCOLUMNS] = {
	"reservation_id", "part", "resource_id", "during", "amount", "user_id",
	"status", "created_at", "request_key", "request_fingerprint", "tryout",
	"occupied", "expires_at", "attributes", "template_id", "template_count",
	"series_id", "occurrence", "share"
};
static const char *const timeline_names[TIMELINE_NCOLUMNS] = {
	"resource_id", "ends", "during", "steps", "base", "minimum", "maximum"
};
static const char *const denial_names[DENIAL_NCOLUMNS] = {
	"denial_id", "denied_at", "resource_id", "during", "amount", "user_id",
	"reason", "message", "limiting_time", "available", "earliest_start",
	"largest_amount", "requirements", "spans", "template_id", "template_count",
	"share"
};
static const char *const series_names[SERIES_NCOLUMNS] = {
	"series_id", "resource_id", "rule", "first_start", "tz", "duration",
	"amount", "user_id", "created_at", "request_key", "request_fingerprint"
};
static const char *const template_names[TEMPLATE_NCOLUMNS] = {
	"template_id", "name", "version", "created_at", "retired_at"
};
static const char *const template_item_names[TEMPLATE_ITEM_NCOLUMNS] = {
	"template_id", "item", "resource_id", "resource_type", "amount"
};
static const char *const quota_names[QUOTA_NCOLUMNS] = {
	"quota_id", "subject", "subject_kind", "resource_id", "resource_type",
	"measure", "per", "tz"
};
static const char *const quota_limit_names[QUOTA_LIMIT_NCOLUMNS] = {
	"quota_id", "during", "amount"
};
static const char *const group_member_names[GROUP_MEMBER_NCOLUMNS] = {
	"group_id", "user_id"
};
static const char *const partition_names[PARTITION_NCOLUMNS] = {
	"partition_id", "name"
};
static const char *const provider_names[PROVIDER_NCOLUMNS] = {
	"provider_id", "name", "provider_type",
	"partition_id", "parent_provider_id", "claimable"
};
static const char *const resource_type_names[RESOURCE_TYPE_NCOLUMNS] = {
	"resource_type", "unit"
};
static const char *const inventory_names[INVENTORY_NCOLUMNS] = {
	"resource_id", "reserved", "min_unit",
	"max_unit", "step_size", "allocation_ratio"
};
static const char *const inventory_total_names[INVENTORY_TOTAL_NCOLUMNS] = {
	"resource_id", "during", "total"
};
static const char *const capability_names[CAPABILITY_NCOLUMNS] = {
	"capability_id", "name"
};
static const char *const provider_capability_names[PROVIDER_CAPABILITY_NCOLUMNS] = {
	"provider_id", "capability_id"
};
static const char *const provider_group_names[PROVIDER_GROUP_NCOLUMNS] = {
	"group_id", "name", "group_type"
};
static const char *const provider_group_member_names[PROVIDER_GROUP_MEMBER_NCOLUMNS] = {
	"group_id", "provider_id"
};
static const char *const distance_type_names[DISTANCE_TYPE_NCOLUMNS] = {
	"distance_type_id", "name"
};
static const char *const distance_names[DISTANCE_NCOLUMNS] = {
	"distance_id", "distance_type_id", "name", "position"
};
static const char *const provider_distance_names[PROVIDER_DISTANCE_NCOLUMNS] = {
	"provider_id", "group_id", "distance_type_id", "distance_id"
};
static const char *const consumer_names[CONSUMER_NCOLUMNS] = {
	"consumer_id", "name", "consumer_type", "owner_project", "owner_user"
};
static const char *const claim_names[CLAIM_NCOLUMNS] = {
	"reservation_id", "request", "allocations", "consumer_id", "created_at"
};

static const char *const own_trigger_names[ARBITER_NTRIGGERS] = {
	"arbiter_row_trigger", "arbiter_guard_trigger", "arbiter_resource_trigger",
	"arbiter_replica_trigger", "arbiter_truncate_trigger",
	"arbiter_template_trigger", "arbiter_price_trigger", "arbiter_quota_trigger",
	"arbiter_catalogue_trigger", "arbiter_inventory_trigger"
};

static ArbiterRelations cache;
static bool cache_valid = false;
static bool callback_registered = false;

static void
invalidate_relations(Datum arg, Oid relid)
{
	if (!OidIsValid(relid) || relid == cache.resource ||
		relid == cache.capacity || relid == cache.price ||
		relid == cache.reservation ||
		relid == cache.timeline || relid == cache.denial ||
		relid == cache.series ||
		relid == cache.template || relid == cache.template_item ||
		relid == cache.quota || relid == cache.quota_limit ||
		relid == cache.group_member ||
		relid == cache.partition || relid == cache.provider ||
		relid == cache.inventory || relid == cache.inventory_total ||
		relid == cache.capability || relid == cache.provider_capability ||
		relid == cache.provider_group || relid == cache.provider_group_member ||
		relid == cache.distance_type || relid == cache.distance ||
		relid == cache.provider_distance || relid == cache.consumer ||
		relid == cache.claim || relid == cache.resource_type)
		cache_valid = false;
}

static Oid
extension_schema(void)
{
	Oid			extension = get_extension_oid("arbiter", false);
	Oid			schema = InvalidOid;
	Relation	rel = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_extension_oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(extension));
	scan = systable_beginscan(rel, ExtensionOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		schema = ((Form_pg_extension) GETSTRUCT(tuple))->extnamespace;
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return schema;
}

static Oid
find_relation(Oid schema, const char *name)
{
	Oid			relid = get_relname_relid(name, schema);

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"%s\" of extension \"arbiter\" does not exist", name),
				 errhint("Drop and create the extension again.")));
	return relid;
}

static void
find_columns(Oid relid, const char *const *names, int n, AttrNumber *columns)
{
	for (int i = 0; i < n; i++)
	{
		columns[i] = get_attnum(relid, names[i]);
		if (columns[i] != InvalidAttrNumber)
			continue;
		cache_valid = false;
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of table \"%s\" does not exist",
						names[i], get_rel_name(relid)),
				 errhint("The extension needs its own columns: add the column again, or drop and create the extension.")));
	}
}

/*
 * arbiter_relations returns the OIDs and columns of the extension's tables.
 */
const ArbiterRelations *
arbiter_relations(void)
{
	Oid			schema;

	if (cache_valid)
		return &cache;

	if (!callback_registered)
	{
		CacheRegisterRelcacheCallback(invalidate_relations, (Datum) 0);
		callback_registered = true;
	}

	schema = extension_schema();
	cache.resource = find_relation(schema, "arbiter_resource");
	cache.resource_pkey = find_relation(schema, "arbiter_resource_pkey");
	cache.resource_name_key = find_relation(schema, "arbiter_resource_name_key");
	cache.resource_type_idx = find_relation(schema, "arbiter_resource_type_idx");
	cache.resource_parent_key = find_relation(schema, "arbiter_resource_parent_key");
	cache.resource_provider_key = find_relation(schema, "arbiter_resource_provider_key");
	cache.resource_id_seq = find_relation(schema, "arbiter_resource_resource_id_seq");
	cache.capacity = find_relation(schema, "arbiter_capacity");
	cache.capacity_start_idx = find_relation(schema, "arbiter_capacity_start_idx");
	cache.price = find_relation(schema, "arbiter_price");
	cache.price_end_idx = find_relation(schema, "arbiter_price_end_idx");
	cache.reservation = find_relation(schema, "arbiter_reservation");
	cache.reservation_pkey = find_relation(schema, "arbiter_reservation_pkey");
	cache.reservation_start_idx = find_relation(schema, "arbiter_reservation_start_idx");
	cache.reservation_request_key = find_relation(schema, "arbiter_reservation_request_key");
	cache.reservation_held_idx = find_relation(schema, "arbiter_reservation_held_idx");
	cache.reservation_id_seq = find_relation(schema, "arbiter_reservation_id_seq");
	cache.timeline = find_relation(schema, "arbiter_timeline");
	cache.timeline_pkey = find_relation(schema, "arbiter_timeline_pkey");
	cache.timeline_excl = find_relation(schema, "arbiter_timeline_excl");
	cache.denial = find_relation(schema, "arbiter_denial");
	cache.series = find_relation(schema, "arbiter_series");
	cache.series_pkey = find_relation(schema, "arbiter_series_pkey");
	cache.series_request_key = find_relation(schema, "arbiter_series_request_key");
	cache.series_resource_idx = find_relation(schema, "arbiter_series_resource_idx");
	cache.series_id_seq = find_relation(schema, "arbiter_series_series_id_seq");
	cache.reservation_series_idx = find_relation(schema, "arbiter_reservation_series_idx");
	cache.reservation_share_idx = find_relation(schema, "arbiter_reservation_share_idx");
	cache.template = find_relation(schema, "arbiter_template");
	cache.template_name_version_key = find_relation(schema, "arbiter_template_name_version_key");
	cache.template_id_seq = find_relation(schema, "arbiter_template_template_id_seq");
	cache.template_item = find_relation(schema, "arbiter_template_item");
	cache.template_item_pkey = find_relation(schema, "arbiter_template_item_pkey");
	cache.quota = find_relation(schema, "arbiter_quota");
	cache.quota_pkey = find_relation(schema, "arbiter_quota_pkey");
	cache.quota_key = find_relation(schema, "arbiter_quota_key");
	cache.quota_id_seq = find_relation(schema, "arbiter_quota_quota_id_seq");
	cache.quota_limit = find_relation(schema, "arbiter_quota_limit");
	cache.quota_limit_pkey = find_relation(schema, "arbiter_quota_limit_pkey");
	cache.group_member = find_relation(schema, "arbiter_group_member");
	cache.group_member_pkey = find_relation(schema, "arbiter_group_member_pkey");
	cache.group_member_group_idx = find_relation(schema, "arbiter_group_member_group_idx");
	cache.partition = find_relation(schema, "arbiter_partition");
	cache.partition_pkey = find_relation(schema, "arbiter_partition_pkey");
	cache.partition_name_key = find_relation(schema, "arbiter_partition_name_key");
	cache.provider = find_relation(schema, "arbiter_provider");
	cache.provider_pkey = find_relation(schema, "arbiter_provider_pkey");
	cache.provider_name_key = find_relation(schema, "arbiter_provider_name_key");
	cache.resource_type = find_relation(schema, "arbiter_resource_type");
	cache.resource_type_pkey = find_relation(schema, "arbiter_resource_type_pkey");
	cache.inventory = find_relation(schema, "arbiter_inventory");
	cache.inventory_pkey = find_relation(schema, "arbiter_inventory_pkey");
	cache.inventory_total = find_relation(schema, "arbiter_inventory_total");
	cache.inventory_total_pkey = find_relation(schema, "arbiter_inventory_total_pkey");
	cache.capability = find_relation(schema, "arbiter_capability");
	cache.capability_pkey = find_relation(schema, "arbiter_capability_pkey");
	cache.capability_name_key = find_relation(schema, "arbiter_capability_name_key");
	cache.provider_capability = find_relation(schema, "arbiter_provider_capability");
	cache.provider_capability_pkey = find_relation(schema, "arbiter_provider_capability_pkey");
	cache.provider_group = find_relation(schema, "arbiter_provider_group");
	cache.provider_group_pkey = find_relation(schema, "arbiter_provider_group_pkey");
	cache.provider_group_name_key = find_relation(schema, "arbiter_provider_group_name_key");
	cache.provider_group_member = find_relation(schema, "arbiter_provider_group_member");
	cache.provider_group_member_pkey = find_relation(schema, "arbiter_provider_group_member_pkey");
	cache.provider_group_member_provider_idx = find_relation(schema, "arbiter_provider_group_member_provider_idx");
	cache.distance_type = find_relation(schema, "arbiter_distance_type");
	cache.distance_type_pkey = find_relation(schema, "arbiter_distance_type_pkey");
	cache.distance_type_name_key = find_relation(schema, "arbiter_distance_type_name_key");
	cache.distance = find_relation(schema, "arbiter_distance");
	cache.distance_pkey = find_relation(schema, "arbiter_distance_pkey");
	cache.distance_name_key = find_relation(schema, "arbiter_distance_name_key");
	cache.provider_distance = find_relation(schema, "arbiter_provider_distance");
	cache.provider_distance_pkey = find_relation(schema, "arbiter_provider_distance_pkey");
	cache.provider_distance_provider_idx = find_relation(schema, "arbiter_provider_distance_provider_idx");
	cache.consumer = find_relation(schema, "arbiter_consumer");
	cache.consumer_pkey = find_relation(schema, "arbiter_consumer_pkey");
	cache.consumer_name_key = find_relation(schema, "arbiter_consumer_name_key");
	cache.claim = find_relation(schema, "arbiter_claim");
	cache.claim_pkey = find_relation(schema, "arbiter_claim_pkey");
	for (int i = 0; i < ARBITER_NTRIGGERS; i++)
		cache.own_trigger[i] =
			GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
							CStringGetDatum(own_trigger_names[i]),
							PointerGetDatum(buildoidvector(NULL, 0)),
							ObjectIdGetDatum(schema));

	/*
	 * Valid from here on, so that an invalidation that arrives while the
	 * columns are read is not lost.
	 */
	cache_valid = true;
	find_columns(cache.resource, resource_names, RESOURCE_NCOLUMNS,
				 cache.resource_column);
	find_columns(cache.capacity, capacity_names, CAPACITY_NCOLUMNS,
				 cache.capacity_column);
	find_columns(cache.price, price_names, PRICE_NCOLUMNS,
				 cache.price_column);
	find_columns(cache.reservation, reservation_names, RESERVATION_NCOLUMNS,
				 cache.reservation_column);
	find_columns(cache.timeline, timeline_names, TIMELINE_NCOLUMNS,
				 cache.timeline_column);
	find_columns(cache.denial, denial_names, DENIAL_NCOLUMNS,
				 cache.denial_column);
	find_columns(cache.series, series_names, SERIES_NCOLUMNS,
				 cache.series_column);
	find_columns(cache.template, template_names, TEMPLATE_NCOLUMNS,
				 cache.template_column);
	find_columns(cache.template_item, template_item_names,
				 TEMPLATE_ITEM_NCOLUMNS, cache.template_item_column);
	find_columns(cache.quota, quota_names, QUOTA_NCOLUMNS, cache.quota_column);
	find_columns(cache.quota_limit, quota_limit_names, QUOTA_LIMIT_NCOLUMNS,
				 cache.quota_limit_column);
	find_columns(cache.group_member, group_member_names,
				 GROUP_MEMBER_NCOLUMNS, cache.group_member_column);
	find_columns(cache.partition, partition_names, PARTITION_NCOLUMNS,
				 cache.partition_column);
	find_columns(cache.provider, provider_names, PROVIDER_NCOLUMNS,
				 cache.provider_column);
	find_columns(cache.resource_type, resource_type_names,
				 RESOURCE_TYPE_NCOLUMNS, cache.resource_type_column);
	find_columns(cache.inventory, inventory_names, INVENTORY_NCOLUMNS,
				 cache.inventory_column);
	find_columns(cache.inventory_total, inventory_total_names,
				 INVENTORY_TOTAL_NCOLUMNS, cache.inventory_total_column);
	find_columns(cache.capability, capability_names, CAPABILITY_NCOLUMNS,
				 cache.capability_column);
	find_columns(cache.provider_capability, provider_capability_names,
				 PROVIDER_CAPABILITY_NCOLUMNS, cache.provider_capability_column);
	find_columns(cache.provider_group, provider_group_names,
				 PROVIDER_GROUP_NCOLUMNS, cache.provider_group_column);
	find_columns(cache.provider_group_member, provider_group_member_names,
				 PROVIDER_GROUP_MEMBER_NCOLUMNS, cache.provider_group_member_column);
	find_columns(cache.distance_type, distance_type_names,
				 DISTANCE_TYPE_NCOLUMNS, cache.distance_type_column);
	find_columns(cache.distance, distance_names, DISTANCE_NCOLUMNS,
				 cache.distance_column);
	find_columns(cache.provider_distance, provider_distance_names,
				 PROVIDER_DISTANCE_NCOLUMNS, cache.provider_distance_column);
	find_columns(cache.consumer, consumer_names, CONSUMER_NCOLUMNS,
				 cache.consumer_column);
	find_columns(cache.claim, claim_names, CLAIM_NCOLUMNS, cache.claim_column);
	return &cache;
}

/*
 * is_own_trigger tells whether a trigger is one of the extension's.
 */
bool
is_own_trigger(const Trigger *trigger)
{
	const ArbiterRelations *relations = arbiter_relations();

	for (int i = 0; i < ARBITER_NTRIGGERS; i++)
	{
		if (trigger->tgfoid == relations->own_trigger[i])
			return true;
	}
	return false;
}

/* an entry of the server's cache of types stays where it is */
static TypeCacheEntry *
tstzrange_type(void)
{
	static TypeCacheEntry *typcache = NULL;

	if (typcache == NULL)
		typcache = lookup_type_cache(TSTZRANGEOID, TYPECACHE_RANGE_INFO);
	return typcache;
}

/*
 * range_datum makes a tstzrange [start, end).
 */
Datum
range_datum(TimestampTz start, TimestampTz end)
{
	TypeCacheEntry *typcache = tstzrange_type();
	RangeBound	lower = {.val = TimestampTzGetDatum(start), .inclusive = true, .lower = true};
	RangeBound	upper = {.val = TimestampTzGetDatum(end)};

	return RangeTypePGetDatum(arbiter_make_range(typcache, &lower, &upper, false));
}

/*
 * empty_range_datum makes an empty tstzrange.
 */
Datum
empty_range_datum(void)
{
	TypeCacheEntry *typcache = tstzrange_type();
	RangeBound	lower = {.lower = true};
	RangeBound	upper = {0};

	return RangeTypePGetDatum(arbiter_make_range(typcache, &lower, &upper, true));
}

/*
 * range_bounds takes a tstzrange apart.
 */
void
range_bounds(Datum range, RangeBound *lower, RangeBound *upper, bool *empty)
{
	TypeCacheEntry *typcache = tstzrange_type();

	RangeType  *detoasted = DatumGetRangeTypeP(range);

	range_deserialize(typcache, detoasted, lower, upper, empty);
	/* bounds are by value; a stored range has a short header, so it is a copy */
	if ((Pointer) detoasted != DatumGetPointer(range))
		pfree(detoasted);
}

/*
 * range_times returns the ends of a stored, and so normalised, tstzrange.
 *
 * What a stored range should not be (an import with triggers disabled may
 * leave anything) reads as the widest range that is meant: no lower bound as
 * -infinity, no upper bound as infinity; empty as a range of no length.
 */
void
range_times(Datum range, TimestampTz *start, TimestampTz *end)
{
	RangeBound	lower;
	RangeBound	upper;
	bool		empty;

	range_bounds(range, &lower, &upper, &empty);
	if (empty)
	{
		*start = *end = 0;
		return;
	}
	*start = lower.infinite ? DT_NOBEGIN : DatumGetTimestampTz(lower.val);
	*end = upper.infinite ? DT_NOEND : DatumGetTimestampTz(upper.val);
}
