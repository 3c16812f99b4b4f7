/*-------------------------------------------------------------------------
 *
 * resource.c
 *	  Look up resources and their options.
 *
 *-------------------------------------------------------------------------
 */
#include "capacity/resource.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_collation.h"
#include "common/hashfn.h"
#include "storage/bufmgr.h"
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

static void
read_resource(TupleTableSlot *slot, Resource *resource)
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
}

/*
 * Find a row of arbiter_resource by one index key.
 */
static bool
find_resource(Oid index, ScanKey key, Snapshot snapshot, Resource *resource)
{
	KeyScan		scan;
	bool		found;

	key_scan_begin(&scan, arbiter_relations()->resource, index, snapshot, key, 1);
	found = key_scan_next(&scan);
	if (found)
		read_resource(scan.slot, resource);
	key_scan_end(&scan);
	return found;
}

/*
 * resource_find finds a resource by name.
 */
bool
resource_find(const char *name, Snapshot snapshot, Resource *resource)
{
	Datum		name_datum = CStringGetTextDatum(name);
	ScanKeyData key;
	bool		found;

	ScanKeyEntryInitialize(&key, 0, 1, BTEqualStrategyNumber, InvalidOid,
						   DEFAULT_COLLATION_OID, F_TEXTEQ, name_datum);
	found = find_resource(arbiter_relations()->resource_name_key, &key,
						  snapshot, resource);
	pfree(DatumGetPointer(name_datum));
	return found;
}

/*
 * Where this backend last saw the row of a name.  It is no copy of the row: a
 * row that is there, that the snapshot sees and that has the name is the one
 * the index would find, because names are unique.
 */
#define NAME_HINTS	256

static ItemPointerData name_hints[NAME_HINTS];

static bool
find_resource_by_hint(ItemPointer hint, const char *name, Snapshot snapshot,
					  Resource *resource)
{
	Relation	rel;
	TupleTableSlot *slot;
	bool		found;

	if (!ItemPointerIsValid(hint))
		return false;
	rel = table_open(arbiter_relations()->resource, AccessShareLock);
	slot = table_slot_create(rel, NULL);
	found = ItemPointerGetBlockNumber(hint) < RelationGetNumberOfBlocks(rel) &&
		table_tuple_fetch_row_version(rel, hint, snapshot, slot);
	if (found)
	{
		read_resource(slot, resource);
		found = strcmp(resource->name, name) == 0;
	}
	ExecDropSingleTupleTableSlot(slot);
	table_close(rel, NoLock);
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
			 errhint("Create it with SELECT arbiter_create_resource(%s).",
					 quote_literal_cstr(name))));
}

/*
 * resource_get finds a resource by name; 42704 if there is none.
 */
void
resource_get(const char *name, Snapshot snapshot, Resource *resource)
{
	ItemPointer hint = &name_hints[hash_bytes((const unsigned char *) name,
											  (int) strlen(name)) % NAME_HINTS];

	if (find_resource_by_hint(hint, name, snapshot, resource))
		return;
	if (!resource_find(name, snapshot, resource))
		resource_unknown_error(name);
	*hint = resource->tid;
}

/*
 * resource_find_by_id finds a resource by id.
 */
bool
resource_find_by_id(int32 resource_id, Snapshot snapshot, Resource *resource)
{
	ScanKeyData key;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(resource_id));
	return find_resource(arbiter_relations()->resource_pkey, &key, snapshot,
						 resource);
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

	if (!resource_find_by_id(resource_id, snapshot, &resource))
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
 * check_aligned refuses a range that does not start and end on multiples of a
 * resource's granularity (RV007).
 */
void
check_aligned(TimestampTz start, TimestampTz end, int64 granularity,
			  const char *resource_name)
{
	TimestampTz aligned_start;
	TimestampTz aligned_end;

	if (granularity == 0)
		return;
	aligned_start = steps_round_up(start, granularity, GRANULARITY_ORIGIN);
	aligned_end = steps_round_up(end, granularity, GRANULARITY_ORIGIN);
	if (start == aligned_start && end == aligned_end)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_ARBITER_NOT_ALIGNED),
			 errmsg("range is not aligned to the granularity of resource \"%s\"",
					resource_name),
			 errdetail("Reservations of it start and end on multiples of %s from 1970-01-01 00:00 UTC.",
					   DatumGetCString(DirectFunctionCall1(interval_out,
														   DirectFunctionCall1(interval_justify_hours,
																			   PointerGetDatum(&(Interval){.time = granularity}))))),
			 errhint("The next aligned start is %s, the next aligned end %s.",
					 pstrdup(timestamptz_to_str(aligned_start)),
					 pstrdup(timestamptz_to_str(aligned_end)))));
}
