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

#define ARBITER_NTRIGGERS	8
#define ARBITER_RESOURCE_TRIGGER	2	/* in the list of relations.c */
#define ARBITER_QUOTA_TRIGGER	7

typedef struct ArbiterRelations
{
	Oid			resource;
	Oid			resource_pkey;
	Oid			resource_name_key;
	Oid			resource_type_idx;
	Oid			resource_parent_key;
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
} ArbiterRelations;

extern const ArbiterRelations *arbiter_relations(void);
extern bool is_own_trigger(const Trigger *trigger);

extern Datum range_datum(TimestampTz start, TimestampTz end);
extern Datum empty_range_datum(void);
extern void range_bounds(Datum range, RangeBound *lower, RangeBound *upper,
						 bool *empty);
extern void range_times(Datum range, TimestampTz *start, TimestampTz *end);

#endif							/* ARBITER_RELATIONS_H */
