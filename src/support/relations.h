/*-------------------------------------------------------------------------
 *
 * relations.h
 *	  The extension's tables: their OIDs, indexes and columns.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_RELATIONS_H
#define ARBITER_RELATIONS_H

#include "postgres.h"

#include "access/attnum.h"
#include "executor/tuptable.h"
#include "utils/rangetypes.h"
#include "utils/reltrigger.h"
#include "utils/timestamp.h"

/* columns, in the order of the name lists in relations.c */
typedef enum ResourceColumn
{
	RESOURCE_ID,
	RESOURCE_NAME,
	RESOURCE_UNIT,
	RESOURCE_MIN_LEAD,
	RESOURCE_GRANULARITY,
	RESOURCE_SETUP_TIME,
	RESOURCE_CLEANUP_TIME,
	RESOURCE_FLOAT_PERCENT,
	RESOURCE_TYPE,
	RESOURCE_FIRM_HORIZON,
	RESOURCE_OVERCOMMIT_RATIO,
	RESOURCE_CREATED_AT,
	RESOURCE_ATTRIBUTES,
	RESOURCE_PARENT_RESERVATION_ID,
	RESOURCE_PARENT_RESOURCE_ID,
	RESOURCE_PROVIDER_ID,
	RESOURCE_NCOLUMNS
} ResourceColumn;

typedef enum CapacityColumn
{
	CAPACITY_RESOURCE_ID,
	CAPACITY_DURING,
	CAPACITY_AMOUNT,
	CAPACITY_NCOLUMNS
} CapacityColumn;

typedef enum PriceColumn
{
	PRICE_RESOURCE_ID,
	PRICE_DURING,
	PRICE_PRICE,
	PRICE_NCOLUMNS
} PriceColumn;

typedef enum ReservationColumn
{
	RESERVATION_ID,
	RESERVATION_PART,
	RESERVATION_RESOURCE_ID,
	RESERVATION_DURING,
	RESERVATION_AMOUNT,
	RESERVATION_USER_ID,
	RESERVATION_STATUS,
	RESERVATION_CREATED_AT,
	RESERVATION_REQUEST_KEY,
	RESERVATION_REQUEST_FINGERPRINT,
	RESERVATION_TRYOUT,
	RESERVATION_OCCUPIED,
	RESERVATION_EXPIRES_AT,
	RESERVATION_ATTRIBUTES,
	RESERVATION_TEMPLATE_ID,
	RESERVATION_TEMPLATE_COUNT,
	RESERVATION_SERIES_ID,
	RESERVATION_OCCURRENCE,
	RESERVATION_SHARE,
	RESERVATION_NCOLUMNS
} ReservationColumn;

/* the columns before this one are given for every new reservation */
#define RESERVATION_NGIVEN	RESERVATION_EXPIRES_AT

typedef enum TimelineColumn
{
	TIMELINE_RESOURCE_ID,
	TIMELINE_ENDS,
	TIMELINE_DURING,
	TIMELINE_STEPS,
	TIMELINE_BASE,
	TIMELINE_MINIMUM,
	TIMELINE_MAXIMUM,
	TIMELINE_NCOLUMNS
} TimelineColumn;

typedef enum SeriesColumn
{
	SERIES_ID,
	SERIES_RESOURCE_ID,
	SERIES_RULE,
	SERIES_FIRST_START,
	SERIES_TZ,
	SERIES_DURATION,
	SERIES_AMOUNT,
	SERIES_USER_ID,
	SERIES_CREATED_AT,
	SERIES_REQUEST_KEY,
	SERIES_REQUEST_FINGERPRINT,
	SERIES_NCOLUMNS
} SeriesColumn;

typedef enum DenialColumn
{
	DENIAL_ID,
	DENIAL_DENIED_AT,
	DENIAL_RESOURCE_ID,
	DENIAL_DURING,
	DENIAL_AMOUNT,
	DENIAL_USER_ID,
	DENIAL_REASON,
	DENIAL_MESSAGE,
	DENIAL_LIMITING_TIME,
	DENIAL_AVAILABLE,
	DENIAL_EARLIEST_START,
	DENIAL_LARGEST_AMOUNT,
	DENIAL_REQUIREMENTS,
	DENIAL_SPANS,
	DENIAL_TEMPLATE_ID,
	DENIAL_TEMPLATE_COUNT,
	DENIAL_SHARE,
	DENIAL_NCOLUMNS
} DenialColumn;

typedef enum TemplateColumn
{
	TEMPLATE_ID,
	TEMPLATE_NAME,
	TEMPLATE_VERSION,
	TEMPLATE_CREATED_AT,
	TEMPLATE_RETIRED_AT,
	TEMPLATE_NCOLUMNS
} TemplateColumn;

typedef enum TemplateItemColumn
{
	TEMPLATE_ITEM_TEMPLATE_ID,
	TEMPLATE_ITEM_ITEM,
	TEMPLATE_ITEM_RESOURCE_ID,
	TEMPLATE_ITEM_RESOURCE_TYPE,
	TEMPLATE_ITEM_AMOUNT,
	TEMPLATE_ITEM_NCOLUMNS
} TemplateItemColumn;

typedef enum QuotaColumn
{
	QUOTA_ID,
	QUOTA_SUBJECT,
	QUOTA_SUBJECT_KIND,
	QUOTA_RESOURCE_ID,
	QUOTA_RESOURCE_TYPE,
	QUOTA_MEASURE,
	QUOTA_PER,
	QUOTA_TZ,
	QUOTA_NCOLUMNS
} QuotaColumn;

typedef enum QuotaLimitColumn
{
	QUOTA_LIMIT_QUOTA_ID,
	QUOTA_LIMIT_DURING,
	QUOTA_LIMIT_AMOUNT,
	QUOTA_LIMIT_NCOLUMNS
} QuotaLimitColumn;

typedef enum GroupMemberColumn
{
	GROUP_MEMBER_GROUP_ID,
	GROUP_MEMBER_USER_ID,
	GROUP_MEMBER_NCOLUMNS
} GroupMemberColumn;

typedef enum PartitionColumn
{
	PARTITION_ID,
	PARTITION_NAME,
	PARTITION_NCOLUMNS
} PartitionColumn;

typedef enum ProviderColumn
{
	PROVIDER_ID,
	PROVIDER_NAME,
	PROVIDER_PROVIDER_TYPE,
	PROVIDER_PARTITION_ID,
	PROVIDER_PARENT_PROVIDER_ID,
	PROVIDER_CLAIMABLE,
	PROVIDER_NCOLUMNS
} ProviderColumn;

typedef enum ResourceTypeColumn
{
	RESOURCE_TYPE_RESOURCE_TYPE,
	RESOURCE_TYPE_UNIT,
	RESOURCE_TYPE_NCOLUMNS
} ResourceTypeColumn;

typedef enum InventoryColumn
{
	INVENTORY_RESOURCE_ID,
	INVENTORY_RESERVED,
	INVENTORY_MIN_UNIT,
	INVENTORY_MAX_UNIT,
	INVENTORY_STEP_SIZE,
	INVENTORY_ALLOCATION_RATIO,
	INVENTORY_NCOLUMNS
} InventoryColumn;

typedef enum InventoryTotalColumn
{
	INVENTORY_TOTAL_RESOURCE_ID,
	INVENTORY_TOTAL_DURING,
	INVENTORY_TOTAL_TOTAL,
	INVENTORY_TOTAL_NCOLUMNS
} InventoryTotalColumn;

typedef enum CapabilityColumn
{
	CAPABILITY_ID,
	CAPABILITY_NAME,
	CAPABILITY_NCOLUMNS
} CapabilityColumn;

typedef enum ProviderCapabilityColumn
{
	PROVIDER_CAPABILITY_PROVIDER_ID,
	PROVIDER_CAPABILITY_CAPABILITY_ID,
	PROVIDER_CAPABILITY_NCOLUMNS
} ProviderCapabilityColumn;

typedef enum ProviderGroupColumn
{
	PROVIDER_GROUP_ID,
	PROVIDER_GROUP_NAME,
	PROVIDER_GROUP_GROUP_TYPE,
	PROVIDER_GROUP_NCOLUMNS
} ProviderGroupColumn;

typedef enum ProviderGroupMemberColumn
{
	PROVIDER_GROUP_MEMBER_GROUP_ID,
	PROVIDER_GROUP_MEMBER_PROVIDER_ID,
	PROVIDER_GROUP_MEMBER_NCOLUMNS
} ProviderGroupMemberColumn;

typedef enum DistanceTypeColumn
{
	DISTANCE_TYPE_ID,
	DISTANCE_TYPE_NAME,
	DISTANCE_TYPE_NCOLUMNS
} DistanceTypeColumn;

typedef enum DistanceColumn
{
	DISTANCE_ID,
	DISTANCE_DISTANCE_TYPE_ID,
	DISTANCE_NAME,
	DISTANCE_POSITION,
	DISTANCE_NCOLUMNS
} DistanceColumn;

typedef enum ProviderDistanceColumn
{
	PROVIDER_DISTANCE_PROVIDER_ID,
	PROVIDER_DISTANCE_GROUP_ID,
	PROVIDER_DISTANCE_DISTANCE_TYPE_ID,
	PROVIDER_DISTANCE_DISTANCE_ID,
	PROVIDER_DISTANCE_NCOLUMNS
} ProviderDistanceColumn;

typedef enum ConsumerColumn
{
	CONSUMER_ID,
	CONSUMER_NAME,
	CONSUMER_CONSUMER_TYPE,
	CONSUMER_OWNER_PROJECT,
	CONSUMER_OWNER_USER,
	CONSUMER_NCOLUMNS
} ConsumerColumn;

typedef enum ClaimColumn
{
	CLAIM_RESERVATION_ID,
	CLAIM_REQUEST,
	CLAIM_ALLOCATIONS,
	CLAIM_CONSUMER_ID,
	CLAIM_CREATED_AT,
	CLAIM_NCOLUMNS
} ClaimColumn;

#define ARBITER_NTRIGGERS	10
#define ARBITER_RESOURCE_TRIGGER	2	/* in the list of relations.c */
#define ARBITER_TEMPLATE_TRIGGER	5
#define ARBITER_QUOTA_TRIGGER	7
#define ARBITER_CATALOGUE_TRIGGER	8

typedef struct ArbiterRelations
{
	Oid			resource;
	Oid			resource_pkey;
	Oid			resource_name_key;
	Oid			resource_type_idx;
	Oid			resource_parent_key;
	Oid			resource_provider_key;
	Oid			resource_id_seq;
	Oid			capacity;
	Oid			capacity_start_idx;
	Oid			price;
	Oid			price_end_idx;
	Oid			reservation;
	Oid			reservation_pkey;
	Oid			reservation_start_idx;
	Oid			reservation_request_key;
	Oid			reservation_held_idx;
	Oid			reservation_id_seq;
	Oid			timeline;
	Oid			timeline_pkey;
	Oid			timeline_excl;
	Oid			denial;
	Oid			series;
	Oid			series_pkey;
	Oid			series_request_key;
	Oid			series_resource_idx;
	Oid			series_id_seq;
	Oid			reservation_series_idx;
	Oid			reservation_share_idx;
	Oid			template;
	Oid			template_name_version_key;
	Oid			template_id_seq;
	Oid			template_item;
	Oid			template_item_pkey;
	Oid			quota;
	Oid			quota_pkey;
	Oid			quota_key;
	Oid			quota_id_seq;
	Oid			quota_limit;
	Oid			quota_limit_pkey;
	Oid			group_member;
	Oid			group_member_pkey;
	Oid			group_member_group_idx;
	Oid			partition;
	Oid			partition_pkey;
	Oid			partition_name_key;
	Oid			provider;
	Oid			provider_pkey;
	Oid			provider_name_key;
	Oid			resource_type;
	Oid			resource_type_pkey;
	Oid			inventory;
	Oid			inventory_pkey;
	Oid			inventory_total;
	Oid			inventory_total_pkey;
	Oid			capability;
	Oid			capability_pkey;
	Oid			capability_name_key;
	Oid			provider_capability;
	Oid			provider_capability_pkey;
	Oid			provider_group;
	Oid			provider_group_pkey;
	Oid			provider_group_name_key;
	Oid			provider_group_member;
	Oid			provider_group_member_pkey;
	Oid			provider_group_member_provider_idx;
	Oid			distance_type;
	Oid			distance_type_pkey;
	Oid			distance_type_name_key;
	Oid			distance;
	Oid			distance_pkey;
	Oid			distance_name_key;
	Oid			provider_distance;
	Oid			provider_distance_pkey;
	Oid			provider_distance_provider_idx;
	Oid			consumer;
	Oid			consumer_pkey;
	Oid			consumer_name_key;
	Oid			claim;
	Oid			claim_pkey;
	Oid			own_trigger[ARBITER_NTRIGGERS]; /* functions of our triggers */
	AttrNumber	resource_column[RESOURCE_NCOLUMNS];
	AttrNumber	capacity_column[CAPACITY_NCOLUMNS];
	AttrNumber	price_column[PRICE_NCOLUMNS];
	AttrNumber	reservation_column[RESERVATION_NCOLUMNS];
	AttrNumber	timeline_column[TIMELINE_NCOLUMNS];
	AttrNumber	denial_column[DENIAL_NCOLUMNS];
	AttrNumber	series_column[SERIES_NCOLUMNS];
	AttrNumber	template_column[TEMPLATE_NCOLUMNS];
	AttrNumber	template_item_column[TEMPLATE_ITEM_NCOLUMNS];
	AttrNumber	quota_column[QUOTA_NCOLUMNS];
	AttrNumber	quota_limit_column[QUOTA_LIMIT_NCOLUMNS];
	AttrNumber	group_member_column[GROUP_MEMBER_NCOLUMNS];
	AttrNumber	partition_column[PARTITION_NCOLUMNS];
	AttrNumber	provider_column[PROVIDER_NCOLUMNS];
	AttrNumber	resource_type_column[RESOURCE_TYPE_NCOLUMNS];
	AttrNumber	inventory_column[INVENTORY_NCOLUMNS];
	AttrNumber	inventory_total_column[INVENTORY_TOTAL_NCOLUMNS];
	AttrNumber	capability_column[CAPABILITY_NCOLUMNS];
	AttrNumber	provider_capability_column[PROVIDER_CAPABILITY_NCOLUMNS];
	AttrNumber	provider_group_column[PROVIDER_GROUP_NCOLUMNS];
	AttrNumber	provider_group_member_column[PROVIDER_GROUP_MEMBER_NCOLUMNS];
	AttrNumber	distance_type_column[DISTANCE_TYPE_NCOLUMNS];
	AttrNumber	distance_column[DISTANCE_NCOLUMNS];
	AttrNumber	provider_distance_column[PROVIDER_DISTANCE_NCOLUMNS];
	AttrNumber	consumer_column[CONSUMER_NCOLUMNS];
	AttrNumber	claim_column[CLAIM_NCOLUMNS];
} ArbiterRelations;

extern const ArbiterRelations *arbiter_relations(void);
extern bool is_own_trigger(const Trigger *trigger);

extern Datum range_datum(TimestampTz start, TimestampTz end);
extern Datum empty_range_datum(void);
extern void range_bounds(Datum range, RangeBound *lower, RangeBound *upper,
						 bool *empty);
extern void range_times(Datum range, TimestampTz *start, TimestampTz *end);

#endif							/* ARBITER_RELATIONS_H */
