/*-------------------------------------------------------------------------
 *
 * inventory.c
 *	  Set what a provider has of a resource type.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "capacity/inventory_schedule.h"
#include "capacity/share_follow.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "provider/inventory_rows.h"
#include "provider/provider_row.h"
#include "resource/resource_admin.h"
#include "storage/lmgr.h"
#include "support/arguments.h"
#include "support/catalogue_change.h"
#include "support/errors.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/row_writer.h"
#include "timeline/timeline.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(arbiter_set_inventory);

/* the arguments of arbiter_set_inventory() */
enum
{
	ARG_PROVIDER,
	ARG_RESOURCE_TYPE,
	ARG_TOTAL,
	ARG_RESERVED,
	ARG_MIN_UNIT,
	ARG_MAX_UNIT,
	ARG_STEP_SIZE,
	ARG_ALLOCATION_RATIO,
	ARG_START_TIME,
	ARG_END_TIME,
	ARG_FORCE,
	ARG_CLEAR
};

/* as the constraint of the table has it */
#define RATIO_MAX		1000000
#define RATIO_DIGITS	4

static void
check_number(FunctionCallInfo fcinfo, int number, const char *name, int64 least)
{
	if (PG_ARGISNULL(number) || PG_GETARG_INT64(number) >= least)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_ARBITER_INVALID_AMOUNT),
			 errmsg("invalid amount: %s " INT64_FORMAT, name, PG_GETARG_INT64(number)),
			 errdetail("It must not be less than " INT64_FORMAT ".", least),
			 errhint("NULL leaves it as it is.")));
}

/*
 * The ratio as the column has it: rows are not coerced on their way.
 */
static Datum
check_ratio(Datum ratio)
{
	Datum		rounded = DirectFunctionCall2(numeric_round, ratio, Int32GetDatum(RATIO_DIGITS));

	if (DatumGetBool(DirectFunctionCall2(numeric_gt, ratio, NumericGetDatum(int64_to_numeric(0)))) &&
		DatumGetBool(DirectFunctionCall2(numeric_lt, ratio, NumericGetDatum(int64_to_numeric(RATIO_MAX)))) &&
		DatumGetBool(DirectFunctionCall2(numeric_eq, ratio, rounded)))
		return rounded;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid allocation_ratio: %s",
					DatumGetCString(DirectFunctionCall1(numeric_out, ratio))),
			 errdetail("It must be greater than zero and less than %d, with at most %d digits after the point.",
					   RATIO_MAX, RATIO_DIGITS),
			 errhint("16 lets each unit that is not reserved be claimed sixteen times.")));
}

/* does clear name max_unit, the one thing that can be cleared? */
static bool
clears_max_unit(FunctionCallInfo fcinfo)
{
	Datum	   *names;
	bool	   *nulls;
	int			n;

	if (PG_ARGISNULL(ARG_CLEAR))
		return false;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(ARG_CLEAR), TEXTOID, -1, false,
					  TYPALIGN_INT, &names, &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		char	   *name = nulls[i] ? pstrdup("") : TextDatumGetCString(names[i]);

		if (strcmp(name, "max_unit") != 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("\"%s\" is not an option that can be cleared", name),
					 errhint("The option that can be cleared is max_unit: then there is no limit.")));
	}
	return n > 0;
}

/*
 * Register a resource type, if it is not yet; returns the unit of its resources,
 * NULL if there is none.
 */
static char *
register_type(const char *type)
{
	const ArbiterRelations *relations = arbiter_relations();
	AttrNumber	type_column = relations->resource_type_column[RESOURCE_TYPE_RESOURCE_TYPE];
	AttrNumber	unit_column = relations->resource_type_column[RESOURCE_TYPE_UNIT];
	char	   *unit = NULL;
	bool		found = false;
	RowWriter	writer;

	for (int look = 0; look < 2 && !found; look++)
	{
		Snapshot	snapshot;
		KeyScan		scan;
		ScanKeyData key;

		if (look > 0)
			resource_type_lock(type);
		snapshot = latest_snapshot();
		text_key_init(&key, type);
		key_scan_begin(&scan, relations->resource_type, &relations->resource_type_pkey,
					   snapshot, &key, 1);
		found = key_scan_next(&scan);
		if (found)
		{
			bool		isnull;
			Datum		value = slot_getattr(scan.slot, unit_column, &isnull);

			unit = isnull ? NULL : TextDatumGetCString(value);
		}
		key_scan_end(&scan);
		UnregisterSnapshot(snapshot);
	}
	if (found)
		return unit;

	row_writer_open(&writer, relations->resource_type, CMD_INSERT);
	row_writer_new_row(&writer, &type_column, 1);
	row_writer_set(&writer, type_column, CStringGetTextDatum(type), false);
	row_writer_before_insert(&writer);
	row_writer_insert(&writer);
	row_writer_close(&writer);
	return NULL;
}

/*
 * Make the resource of an inventory, unless somebody has meanwhile; returns its
 * id.
 */
static int32
create_resource(const ProviderRow *provider, const char *type, const char *unit)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->resource_column;
	AttrNumber	given[] = {
		columns[RESOURCE_ID], columns[RESOURCE_NAME], columns[RESOURCE_UNIT],
		columns[RESOURCE_TYPE], columns[RESOURCE_PROVIDER_ID]
	};
	char	   *name = psprintf("%s.%s", provider->name, type);
	RowWriter	writer;
	int32		resource_id;

	resource_name_lock(name);
	resource_id = inventory_find(provider->id, type);
	if (resource_id != 0)
		return resource_id;
	row_writer_open(&writer, relations->resource, CMD_INSERT);
	resource_check_name(name);
	resource_id = (int32) nextval_internal(relations->resource_id_seq, false);
	row_writer_new_row(&writer, given, lengthof(given));
	row_writer_set(&writer, columns[RESOURCE_ID], Int32GetDatum(resource_id), false);
	row_writer_set(&writer, columns[RESOURCE_NAME], CStringGetTextDatum(name), false);
	row_writer_set(&writer, columns[RESOURCE_UNIT],
				   unit == NULL ? (Datum) 0 : CStringGetTextDatum(unit), unit == NULL);
	row_writer_set(&writer, columns[RESOURCE_TYPE], CStringGetTextDatum(type), false);
	row_writer_set(&writer, columns[RESOURCE_PROVIDER_ID], Int32GetDatum(provider->id), false);
	row_writer_before_insert(&writer);
	resource_type_gains(writer.slot);
	row_writer_insert(&writer);
	row_writer_close(&writer);
	CommandCounterIncrement();
	timeline_create(resource_id);
	return resource_id;
}

/*
 * arbiter_set_inventory(provider text, resource_type text, total bigint,
 *						 reserved bigint, min_unit bigint, max_unit bigint,
 *						 step_size bigint, allocation_ratio numeric,
 *						 start_time timestamptz, end_time timestamptz,
 *						 force boolean, clear text[]) -> integer
 *
 * Sets what a provider has of a resource type, and makes the resource if it has
 * none; returns the id of that.  total is over [start_time, end_time), by default
 * from 1970 on without end; NULL, with a range, says that there is none, not even
 * 0, and without one leaves the totals.  Of the others NULL leaves what is.  The
 * capacity of the resource follows: (total - reserved) * allocation_ratio.
 *
 * Errors: 22004, 22023, RV003, RV005, 42704 no such provider, 42710 a resource
 * that is none of it has the name, RV011 reservations would be uncovered (not with
 * force), 22003 the capacity would be too large, 25006, 40001.  Locks: the provider
 * against those who drop or rename it; the name of a new resource or type against
 * others who give it; the resource exclusively, and the chunks in the range.
 * Volatile and parallel unsafe: it writes.
 */
Datum
arbiter_set_inventory(PG_FUNCTION_ARGS)
{
	const ArbiterRelations *relations = arbiter_relations();
	InventoryValues values = {0};
	bool		sets_total = !PG_ARGISNULL(ARG_TOTAL) ||
		!PG_ARGISNULL(ARG_START_TIME) || !PG_ARGISNULL(ARG_END_TIME);
	TimestampTz start = PG_ARGISNULL(ARG_START_TIME) ? GRANULARITY_ORIGIN :
		PG_GETARG_TIMESTAMPTZ(ARG_START_TIME);
	TimestampTz end = PG_ARGISNULL(ARG_END_TIME) ? DT_NOEND :
		PG_GETARG_TIMESTAMPTZ(ARG_END_TIME);
	char	   *name = argument_text(fcinfo, ARG_PROVIDER, "provider");
	char	   *type = argument_text(fcinfo, ARG_RESOURCE_TYPE, "resource_type");
	char	   *unit;
	ProviderRow provider;
	int32		resource_id;
	bool		force;

	argument_not_null(fcinfo, ARG_FORCE, "force");
	force = PG_GETARG_BOOL(ARG_FORCE);
	if (type[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("resource_type must not be empty")));
	if (sets_total && PG_ARGISNULL(ARG_TOTAL) && PG_ARGISNULL(ARG_START_TIME))
		start = DT_NOBEGIN;
	if (sets_total && (!PG_ARGISNULL(ARG_TOTAL) || !TIMESTAMP_IS_NOBEGIN(start) || end <= start))
		check_time_range(start, end);
	check_number(fcinfo, ARG_TOTAL, "total", 0);
	check_number(fcinfo, ARG_RESERVED, "reserved", 0);
	check_number(fcinfo, ARG_MIN_UNIT, "min_unit", 1);
	check_number(fcinfo, ARG_MAX_UNIT, "max_unit", 1);
	check_number(fcinfo, ARG_STEP_SIZE, "step_size", 1);
	for (int i = INVENTORY_RESERVED; i < INVENTORY_NCOLUMNS; i++)
	{
		int			argument = ARG_RESERVED + (i - INVENTORY_RESERVED);

		values.given[i] = !PG_ARGISNULL(argument);
		if (values.given[i])
			values.values[i] = PG_GETARG_DATUM(argument);
	}
	if (values.given[INVENTORY_ALLOCATION_RATIO])
		values.values[INVENTORY_ALLOCATION_RATIO] =
			check_ratio(values.values[INVENTORY_ALLOCATION_RATIO]);
	values.no_max_unit = clears_max_unit(fcinfo);
	if (values.no_max_unit && values.given[INVENTORY_MAX_UNIT])
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_unit is given and cleared"),
				 errhint("Pass one of both.")));

	require_writable("arbiter_set_inventory()");
	/* expired holds that make room are marked, and count against quotas */
	LockRelationOid(relations->reservation, RowExclusiveLock);
	LockRelationOid(relations->capacity, RowExclusiveLock);
	LockRelationOid(relations->timeline, RowExclusiveLock);
	provider_lock(name, &provider);
	unit = register_type(type);
	resource_id = inventory_find(provider.id, type);
	if (resource_id == 0)
		resource_id = create_resource(&provider, type, unit);
	capacity_lock(&resource_id, 1, DT_NOBEGIN, DT_NOEND);
	if (!timeline_ensure_built(resource_id))
		resource_vanished_error(psprintf("%s.%s", name, type));

	inventory_write(resource_id, &values);
	if (sets_total)
		inventory_write_total(resource_id, start, end, !PG_ARGISNULL(ARG_TOTAL),
							  PG_ARGISNULL(ARG_TOTAL) ? 0 : PG_GETARG_INT64(ARG_TOTAL));
	catalogue_changed();
	CommandCounterIncrement();
	inventory_follow(resource_id, force);
	PG_RETURN_INT32(resource_id);
}
