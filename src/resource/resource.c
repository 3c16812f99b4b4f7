/*-------------------------------------------------------------------------
 *
 * resource.c
 *	  Look up resources and their options.
 *
 *-------------------------------------------------------------------------
 */
#include "resource/resource.h"

#include "access/table.h"
#include "catalog/pg_collation.h"
#include "charge/quota.h"
#include "miscadmin.h"
#include "resource/resource_cache.h"
#include "support/arguments.h"
#include "support/errors.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "timeline/steps.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(arbiter_resource_id);

/*
 * interval_length returns the length of an interval without months, a day being
 * 24 hours.
 */
int64
interval_length(const Interval *interval)
{
	return interval->time + interval->day * USECS_PER_DAY;
}

/* a numeric as a count of so many parts of one */
static int32
scaled_int(Datum value, int32 parts)
{
	Datum		scaled = DirectFunctionCall2(numeric_mul, value,
											 DirectFunctionCall1(int4_numeric, Int32GetDatum(parts)));

	return DatumGetInt32(DirectFunctionCall1(numeric_int4, scaled));
}

/*
 * resource_read reads a row of arbiter_resource.
 */
void
resource_read(TupleTableSlot *slot, Resource *resource)
{
	const AttrNumber *columns = arbiter_relations()->resource_column;
	Datum		value;
	bool		isnull;

	resource->id = DatumGetInt32(slot_getattr(slot, columns[RESOURCE_ID], &isnull));
	resource->name = TextDatumGetCString(slot_getattr(slot, columns[RESOURCE_NAME], &isnull));
	resource->tid = slot->tts_tid;
	value = slot_getattr(slot, columns[RESOURCE_MIN_LEAD], &isnull);
	resource->has_min_lead = !isnull;
	if (!isnull)
		resource->min_lead = *DatumGetIntervalP(value);
	value = slot_getattr(slot, columns[RESOURCE_GRANULARITY], &isnull);
	resource->granularity = isnull ? 0 : interval_length(DatumGetIntervalP(value));
	value = slot_getattr(slot, columns[RESOURCE_SETUP_TIME], &isnull);
	resource->setup_time = isnull ? 0 : interval_length(DatumGetIntervalP(value));
	value = slot_getattr(slot, columns[RESOURCE_CLEANUP_TIME], &isnull);
	resource->cleanup_time = isnull ? 0 : interval_length(DatumGetIntervalP(value));
	value = slot_getattr(slot, columns[RESOURCE_FLOAT_PERCENT], &isnull);
	resource->float_share = isnull ? 0 : scaled_int(value, FLOAT_SHARE_ALL / 100);
	value = slot_getattr(slot, columns[RESOURCE_FIRM_HORIZON], &isnull);
	resource->firm_horizon = isnull ? 0 : interval_length(DatumGetIntervalP(value));
	value = slot_getattr(slot, columns[RESOURCE_OVERCOMMIT_RATIO], &isnull);
	resource->has_overcommit = !isnull;
	resource->overcommit = isnull ? 0 : scaled_int(value, OVERCOMMIT_ONE);
	value = slot_getattr(slot, columns[RESOURCE_PARENT_RESERVATION_ID], &isnull);
	resource->is_child = !isnull;
	resource->parent_reservation_id = isnull ? 0 : DatumGetInt64(value);
	value = slot_getattr(slot, columns[RESOURCE_PARENT_RESOURCE_ID], &isnull);
	resource->parent_resource_id = isnull ? 0 : DatumGetInt32(value);
	value = slot_getattr(slot, columns[RESOURCE_PROVIDER_ID], &isnull);
	resource->is_inventory = !isnull;
	resource->provider_id = isnull ? 0 : DatumGetInt32(value);
}

/*
 * Find a row of arbiter_resource by one index key.
 */
static bool
find_resource(const Oid *index, ScanKey key, Snapshot snapshot, Resource *resource)
{
	KeyScan		scan;
	bool		found;

	key_scan_begin(&scan, arbiter_relations()->resource, index, snapshot, key, 1);
	found = key_scan_next(&scan);
	if (found)
	{
		resource_read(scan.slot, resource);
		resource_cache_add(scan.rel, scan.slot, resource);
	}
	key_scan_end(&scan);
	return found;
}

/*
 * resource_find finds a resource by name, in the table.
 */
bool
resource_find(const char *name, Snapshot snapshot, Resource *resource)
{
	Datum		name_datum = CStringGetTextDatum(name);
	ScanKeyData key;
	bool		found;

	ScanKeyEntryInitialize(&key, 0, 1, BTEqualStrategyNumber, InvalidOid,
						   DEFAULT_COLLATION_OID, F_TEXTEQ, name_datum);
	found = find_resource(&arbiter_relations()->resource_name_key, &key,
						  snapshot, resource);
	pfree(DatumGetPointer(name_datum));
	return found;
}

void
resource_unknown_error(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("resource \"%s\" does not exist", name),
			 strcmp(name, "default") == 0 ?
			 errhint("Create it with SELECT arbiter_create_resource(), or name another resource.") :
			 name[0] == '\0' ?
			 errhint("Pass the name of a resource; see arbiter_resource for those there are.") :
			 errhint("See arbiter_resource for the resources there are, or create it with SELECT arbiter_create_resource(%s).",
					 quote_literal_cstr(name))));
}

/*
 * resource_get finds a resource by name; 42704 if there is none.
 */
void
resource_get(const char *name, Snapshot snapshot, Resource *resource)
{
	if (!resource_cache_find(name, snapshot, resource) &&
		!resource_find(name, snapshot, resource))
		resource_unknown_error(name);
}

/*
 * resource_find_by_id finds a resource by id.
 */
bool
resource_find_by_id(int32 resource_id, Snapshot snapshot, Resource *resource)
{
	ScanKeyData key;

	if (resource_cache_find_by_id(resource_id, snapshot, resource))
		return true;
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(resource_id));
	return find_resource(&arbiter_relations()->resource_pkey, &key, snapshot,
						 resource);
}

/*
 * resource_list returns all resources, in the order of their names.
 */
Resource *
resource_list(Snapshot snapshot, int *nresources)
{
	const ArbiterRelations *relations = arbiter_relations();
	KeyScan		scan;
	int			room = 16;
	int			n = 0;
	Resource   *resources = palloc(sizeof(Resource) * room);

	key_scan_begin(&scan, relations->resource, &relations->resource_name_key,
				   snapshot, NULL, 0);
	while (key_scan_next(&scan))
	{
		if (n == room)
		{
			room *= 2;
			resources = repalloc_huge(resources, sizeof(Resource) * room);
		}
		resource_read(scan.slot, &resources[n++]);
	}
	key_scan_end(&scan);
	*nresources = n;
	return resources;
}

/*
 * arbiter_resource_id(resource text) -> integer
 *
 * The id of a resource, for plain SQL on the tables.
 *
 * Errors: 22004, 42704.  No lock but AccessShareLock on the table.  Stable: it
 * reads with the statement's snapshot.  Parallel safe: so does a worker.
 */
Datum
arbiter_resource_id(PG_FUNCTION_ARGS)
{
	Resource	resource;

	resource_get(argument_text(fcinfo, 0, "resource"), GetActiveSnapshot(),
				 &resource);
	PG_RETURN_INT32(resource.id);
}

static char *
unit_of(TupleTableSlot *slot)
{
	bool		isnull;
	Datum		unit = slot_getattr(slot, arbiter_relations()->resource_column[RESOURCE_UNIT],
									&isnull);

	return isnull ? NULL : TextDatumGetCString(unit);
}

/*
 * resource_same_unit returns the other resources that have the unit of one, in
 * no order; none if it has no unit.
 *
 * Takes AccessShareLock on the table.
 */
Resource *
resource_same_unit(const Resource *resource, Snapshot snapshot, int *nresources)
{
	Relation	rel = table_open(arbiter_relations()->resource, AccessShareLock);
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	ItemPointerData tid = resource->tid;
	char	   *wanted = NULL;
	Resource   *resources = NULL;
	int			room = 0;
	int			n = 0;

	if (table_tuple_fetch_row_version(rel, &tid, snapshot, slot))
		wanted = unit_of(slot);
	if (wanted != NULL)
	{
		TableScanDesc scan = table_beginscan(rel, snapshot, 0, NULL);

		while (table_scan_getnextslot(scan, ForwardScanDirection, slot))
		{
			char	   *unit = unit_of(slot);

			CHECK_FOR_INTERRUPTS();
			if (unit == NULL || strcmp(unit, wanted) != 0 ||
				ItemPointerEquals(&slot->tts_tid, &tid))
				continue;
			if (n == room)
			{
				room = Max(16, 2 * room);
				resources = resources == NULL ? palloc(sizeof(Resource) * room) :
					repalloc_huge(resources, sizeof(Resource) * room);
			}
			resource_read(slot, &resources[n++]);
		}
		table_endscan(scan);
	}
	ExecDropSingleTupleTableSlot(slot);
	table_close(rel, NoLock);
	*nresources = n;
	return resources;
}

void
resource_vanished_error(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("resource \"%s\" does not exist", name),
			 errdetail("It was dropped or renamed while this call waited for it."),
			 errhint("See arbiter_resource for the resources there are.")));
}

void
resource_unknown_id_error(int32 resource_id)
{
	ereport(ERROR,
			(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
			 errmsg("resource with id %d does not exist", resource_id),
			 errhint("Take resource_id from arbiter_resource, or create the resource with arbiter_create_resource().")));
}

/*
 * resource_lost_error raises what a raw statement must get whose resource was
 * built when it began: 23503 if it was dropped, 40001 if it was unbuilt.
 */
void
resource_lost_error(int32 resource_id)
{
	Snapshot	snapshot = latest_snapshot();
	Resource	resource;

	if (!timeline_is_of_quota(resource_id) &&
		!resource_find_by_id(resource_id, snapshot, &resource))
		resource_unknown_id_error(resource_id);
	concurrent_change_error();
}

/*
 * resource_earliest_start returns the earliest start that the lead time and the
 * granularity of a resource permit, or -infinity if it has no lead time.
 */
TimestampTz
resource_earliest_start(const Resource *resource, TimestampTz clock)
{
	if (!resource->has_min_lead)
		return DT_NOBEGIN;
	clock = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval,
													TimestampTzGetDatum(clock),
													PointerGetDatum(&resource->min_lead)));
	return steps_round_up(clock, resource->granularity, GRANULARITY_ORIGIN);
}

/*
 * resource_has_terms tells whether those who take from a resource are held to
 * anything but its capacity.
 */
bool
resource_has_terms(const Resource *resource)
{
	return resource->float_share > 0 || resource->has_overcommit;
}

/*
 * resource_terms returns the terms of those who take from a resource by a clock;
 * try-out users may have the float.
 */
Terms
resource_terms(const Resource *resource, bool tryout, TimestampTz clock)
{
	Terms		terms = {.float_share = tryout ? 0 : resource->float_share};

	if (resource->has_overcommit && resource->overcommit > OVERCOMMIT_ONE)
	{
		terms.overcommit = resource->overcommit - OVERCOMMIT_ONE;
		terms.firm_until = clock < END_TIMESTAMP - resource->firm_horizon ?
			clock + resource->firm_horizon : STEPS_INFINITY;
	}
	return terms;
}

/*
 * resource_view makes a view of a resource's timeline over [from, to): of what
 * can be taken then, the float by try-out users alone.
 */
void
resource_view(TimelineView *view, const Resource *resource, bool tryout,
			  TimestampTz clock, TimestampTz from, TimestampTz to,
			  Snapshot snapshot)
{
	Terms		terms = resource_terms(resource, tryout, clock);

	timeline_view_init(view, resource->id, &terms, clock, from, to, snapshot);
}

/*
 * resource_occupied widens the range of a reservation by the setup and the
 * cleanup time of its resource.
 */
void
resource_occupied(const Resource *resource, TimestampTz *start,
				  TimestampTz *end)
{
	if (*start > MIN_TIMESTAMP + resource->setup_time)
		*start -= resource->setup_time;
	if (*end < END_TIMESTAMP - resource->cleanup_time)
		*end += resource->cleanup_time;
}

/*
 * is_aligned tells whether a range starts and ends on multiples of a
 * granularity.
 */
bool
is_aligned(TimestampTz start, TimestampTz end, int64 granularity)
{
	return steps_round_up(start, granularity, GRANULARITY_ORIGIN) == start &&
		steps_round_up(end, granularity, GRANULARITY_ORIGIN) == end;
}

/*
 * alignment_hint names the multiples of a granularity next to a range that
 * does not start and end on them, and none that would leave it empty.
 */
static char *
alignment_hint(TimestampTz start, TimestampTz end, int64 granularity)
{
	TimestampTz start_after = steps_round_up(start, granularity, GRANULARITY_ORIGIN);
	TimestampTz end_before = steps_round_down(end, granularity, GRANULARITY_ORIGIN);
	char	   *before_start = pstrdup(timestamptz_to_str(steps_round_down(start, granularity, GRANULARITY_ORIGIN)));
	char	   *after_start = pstrdup(timestamptz_to_str(start_after));
	char	   *before_end = pstrdup(timestamptz_to_str(end_before));
	char	   *after_end = pstrdup(timestamptz_to_str(steps_round_up(end, granularity, GRANULARITY_ORIGIN)));

	if (start_after == start)
		return end_before == start ?
			psprintf("The next aligned end is %s.", after_end) :
			psprintf("The aligned ends before and after that are %s and %s.", before_end, after_end);
	if (end_before == end)
		return start_after == end ?
			psprintf("The aligned start before that is %s.", before_start) :
			psprintf("The aligned starts before and after that are %s and %s.", before_start, after_start);
	return start_after > end_before ?
		psprintf("The aligned range around it is from %s to %s.", before_start, after_end) :
		psprintf("The next aligned start is %s, the next aligned end %s.", after_start, after_end);
}

/*
 * range_is_misaligned tells whether a range does not start and end on multiples
 * of a resource's granularity (RV007).
 */
bool
range_is_misaligned(TimestampTz start, TimestampTz end, int64 granularity,
					const char *resource_name, Fault *fault)
{
	if (is_aligned(start, end, granularity))
		return false;
	return fault_set(fault, ERRCODE_ARBITER_NOT_ALIGNED,
					 psprintf("range is not aligned to the granularity of resource \"%s\"",
							  resource_name),
					 psprintf("Reservations of it start and end on multiples of %s from 1970-01-01 00:00 UTC.",
							  DatumGetCString(DirectFunctionCall1(interval_out,
																  DirectFunctionCall1(interval_justify_hours,
																					  PointerGetDatum(&(Interval){.time = granularity}))))),
					 alignment_hint(start, end, granularity));
}

/*
 * check_aligned refuses a range that is not aligned (RV007).
 */
void
check_aligned(TimestampTz start, TimestampTz end, int64 granularity,
			  const char *resource_name)
{
	Fault		fault;

	if (range_is_misaligned(start, end, granularity, resource_name, &fault))
		fault_raise(&fault);
}
