/*-------------------------------------------------------------------------
 *
 * resource_admin.c
 *	  Create, alter and rebuild resources.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "resource/resource_admin.h"
#include "resource/resource_cache.h"
#include "storage/lmgr.h"
#include "support/arguments.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/row_writer.h"
#include "timeline/base_rows.h"
#include "timeline/timeline.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(arbiter_create_resource);
PG_FUNCTION_INFO_V1(arbiter_alter_resource);

/* what can be added to any clock */
#define MIN_LEAD_YEARS	1000

/* as the constraints of the table have it */
#define FIRM_HORIZON_MAX	(INT64CONST(36600) * USECS_PER_DAY)
#define OVERCOMMIT_RATIO_MAX	1000

/* where the options are among the arguments, for both functions */
typedef enum OptionArgument
{
	OPTION_UNIT,
	OPTION_MIN_LEAD,
	OPTION_GRANULARITY,
	OPTION_SETUP_TIME,
	OPTION_CLEANUP_TIME,
	OPTION_FLOAT_PERCENT,
	OPTION_ATTRIBUTES,
	OPTION_RESOURCE_TYPE,
	OPTION_FIRM_HORIZON,
	OPTION_OVERCOMMIT_RATIO,
	NOPTIONS
} OptionArgument;

static const struct
{
	const char *name;
	ResourceColumn column;
}			options[NOPTIONS] =
{
	[OPTION_UNIT] = {"unit", RESOURCE_UNIT},
	[OPTION_MIN_LEAD] = {"min_lead", RESOURCE_MIN_LEAD},
	[OPTION_GRANULARITY] = {"granularity", RESOURCE_GRANULARITY},
	[OPTION_SETUP_TIME] = {"setup_time", RESOURCE_SETUP_TIME},
	[OPTION_CLEANUP_TIME] = {"cleanup_time", RESOURCE_CLEANUP_TIME},
	[OPTION_FLOAT_PERCENT] = {"float_percent", RESOURCE_FLOAT_PERCENT},
	[OPTION_ATTRIBUTES] = {"attributes", RESOURCE_ATTRIBUTES},
	[OPTION_RESOURCE_TYPE] = {"resource_type", RESOURCE_TYPE},
	[OPTION_FIRM_HORIZON] = {"firm_horizon", RESOURCE_FIRM_HORIZON},
	[OPTION_OVERCOMMIT_RATIO] = {"overcommit_ratio", RESOURCE_OVERCOMMIT_RATIO}
};

static void
check_min_lead(const Interval *interval)
{
	if (interval->month < 0 || interval->day < 0 || interval->time < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("min_lead must not be negative"),
				 errhint("'0' means not in the past; NULL permits any start.")));
	if (interval->month > MIN_LEAD_YEARS * MONTHS_PER_YEAR ||
		interval->day > MIN_LEAD_YEARS * DAYS_PER_YEAR ||
		interval->time > MIN_LEAD_YEARS * DAYS_PER_YEAR * USECS_PER_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("min_lead must not be longer than %d years", MIN_LEAD_YEARS)));
}

static void
check_granularity(const Interval *interval)
{
	if (interval->month != 0 || interval_length(interval) <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("granularity must be a positive length of days, hours or less"),
				 errdetail("Months and years have no fixed length; a day counts as 24 hours."),
				 errhint("Pass an interval such as '5 min' or '1 hour'; NULL permits any instant.")));
}

/* a length of time that is added to others */
static void
check_length(const char *name, const Interval *interval, int64 most,
			 const char *example)
{
	if (interval->month != 0 || interval->day < 0 || interval->time < 0 ||
		interval->day > most / USECS_PER_DAY ||
		interval->time > most || interval_length(interval) > most)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be a length from 0 to %d days", name,
						(int) (most / USECS_PER_DAY)),
				 errdetail("Months and years have no fixed length; a day counts as 24 hours."),
				 errhint("Pass an interval such as '%s'.", example)));
}

/*
 * Check a number with two digits after the point, and return it as the column
 * would have it: rows are not coerced on their way.
 */
static Datum
check_number(const char *name, Datum number, int32 least, int32 most,
			 const char *hint)
{
	Datum		rounded;

	if (!DatumGetBool(DirectFunctionCall2(numeric_ge, number,
										  DirectFunctionCall1(int4_numeric, Int32GetDatum(least)))) ||
		!DatumGetBool(DirectFunctionCall2(numeric_le, number,
										  DirectFunctionCall1(int4_numeric, Int32GetDatum(most)))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be from %d to %d", name, least, most),
				 errhint("%s", hint)));
	rounded = DirectFunctionCall2(numeric_round, number, Int32GetDatum(2));
	if (!DatumGetBool(DirectFunctionCall2(numeric_eq, number, rounded)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not have more than two digits after the point", name)));
	return rounded;
}

/*
 * What may be reserved further ahead than a horizon says nothing without the
 * horizon, nor the horizon without that.
 */
static void
check_overcommit(bool horizon_is_null, bool ratio_is_null)
{
	if (horizon_is_null != ratio_is_null)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("firm_horizon and overcommit_ratio go together"),
				 errdetail("%s is set, %s is not.",
						   horizon_is_null ? "overcommit_ratio" : "firm_horizon",
						   horizon_is_null ? "firm_horizon" : "overcommit_ratio"),
				 errhint("Pass both, such as firm_horizon => '14 days', overcommit_ratio => 1.2, or clear both.")));
}

/*
 * Check the options among the arguments, of which first is the first.
 */
static void
read_options(FunctionCallInfo fcinfo, int first, Datum *values)
{
	for (int i = 0; i < NOPTIONS; i++)
	{
		if (PG_ARGISNULL(first + i))
			continue;
		values[i] = PG_GETARG_DATUM(first + i);
		switch ((OptionArgument) i)
		{
			case OPTION_MIN_LEAD:
				check_min_lead(DatumGetIntervalP(values[i]));
				break;
			case OPTION_GRANULARITY:
				check_granularity(DatumGetIntervalP(values[i]));
				break;
			case OPTION_SETUP_TIME:
			case OPTION_CLEANUP_TIME:
				check_length(options[i].name, DatumGetIntervalP(values[i]),
							 BUFFER_MAX, "15 min");
				break;
			case OPTION_FLOAT_PERCENT:
				values[i] = check_number(options[i].name, values[i], 0, 100,
										 "15 keeps fifteen per cent of the capacity back for reservations with tryout.");
				break;
			case OPTION_RESOURCE_TYPE:
				if (VARSIZE_ANY_EXHDR(PG_GETARG_TEXT_PP(first + i)) == 0)
					ereport(ERROR,
							(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							 errmsg("resource_type must not be empty"),
							 errhint("NULL is a resource of no type.")));
				break;
			case OPTION_FIRM_HORIZON:
				check_length(options[i].name, DatumGetIntervalP(values[i]),
							 FIRM_HORIZON_MAX, "14 days");
				break;
			case OPTION_OVERCOMMIT_RATIO:
				values[i] = check_number(options[i].name, values[i],
										 1, OVERCOMMIT_RATIO_MAX,
										 "1.2 lets a fifth more than the capacity be reserved further ahead than firm_horizon.");
				break;
			case OPTION_UNIT:
			case OPTION_ATTRIBUTES:
			case NOPTIONS:
				break;
		}
	}
}

/*
 * resource_check_name refuses a name that a resource cannot be given (42602,
 * 42710).  It is locked before it is looked up, so that two creators do not
 * race.
 */
void
resource_check_name(const char *name)
{
	Snapshot	snapshot;
	Resource	other;

	if (name[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("name of a resource must not be empty")));
	resource_name_lock(name);
	snapshot = latest_snapshot();
	if (resource_find(name, snapshot, &other))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("resource \"%s\" already exists", name),
				 errhint("Change it with arbiter_alter_resource().")));
	UnregisterSnapshot(snapshot);
}

/*
 * inventory_change_error refuses who would rename an inventory or give it another
 * type.
 */
void
inventory_change_error(const Resource *inventory)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("cannot change name or type of resource \"%s\"", inventory->name),
			 errdetail("It is what a provider has of a resource type, and named after both."),
			 errhint("Rename the provider with arbiter_alter_provider(), or drop this with arbiter_drop_inventory() and make another.")));
}

/*
 * arbiter_create_resource(name text, unit text, min_lead interval,
 *						   granularity interval, setup_time interval,
 *						   cleanup_time interval, float_percent numeric,
 *						   attributes jsonb, resource_type text,
 *						   firm_horizon interval, overcommit_ratio numeric)
 *	-> integer
 *
 * Creates a resource and its empty timeline; returns its id.
 *
 * Errors: 22004 name is NULL; 42602 it is empty; 42710 it exists; 22023 bad
 * option.  Locks: the name, against others who give it.  Volatile and parallel
 * unsafe: it writes.
 */
Datum
arbiter_create_resource(PG_FUNCTION_ARGS)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->resource_column;
	AttrNumber	given[NOPTIONS + 2] = {
		columns[RESOURCE_ID], columns[RESOURCE_NAME]
	};
	Datum		values[NOPTIONS] = {0};
	char	   *name = argument_text(fcinfo, 0, "name");
	RowWriter	writer;
	int32		resource_id;

	read_options(fcinfo, 1, values);
	check_overcommit(PG_ARGISNULL(1 + OPTION_FIRM_HORIZON),
					 PG_ARGISNULL(1 + OPTION_OVERCOMMIT_RATIO));
	require_writable("arbiter_create_resource()");

	row_writer_open(&writer, relations->resource, CMD_INSERT);
	resource_check_name(name);

	resource_id = (int32) nextval_internal(relations->resource_id_seq, false);
	for (int i = 0; i < NOPTIONS; i++)
		given[i + 2] = columns[options[i].column];
	row_writer_new_row(&writer, given, lengthof(given));
	row_writer_set(&writer, columns[RESOURCE_ID], Int32GetDatum(resource_id), false);
	row_writer_set(&writer, columns[RESOURCE_NAME], PG_GETARG_DATUM(0), false);
	for (int i = 0; i < NOPTIONS; i++)
		row_writer_set(&writer, columns[options[i].column], values[i],
					   PG_ARGISNULL(i + 1));
	row_writer_before_insert(&writer);
	resource_type_gains(writer.slot);
	row_writer_insert(&writer);
	row_writer_close(&writer);
	CommandCounterIncrement();

	timeline_create(resource_id);
	PG_RETURN_INT32(resource_id);
}

/*
 * resource_lock_row locks the row of a resource by name and returns its latest
 * version in a slot.
 */
void
resource_lock_row(Relation rel, const char *name, LockTupleMode mode,
				  Resource *resource, TupleTableSlot **row)
{
	Snapshot	snapshot = decision_snapshot();
	TM_FailureData failure;
	TM_Result	result;
	bool		isnull;

	if (!resource_find(name, snapshot, resource))
		resource_unknown_error(name);
	*row = table_slot_create(rel, NULL);
	result = table_tuple_lock(rel, &resource->tid, snapshot, *row,
							  GetCurrentCommandId(true), mode, LockWaitBlock,
							  IsolationUsesXactSnapshot() ? 0 : TUPLE_LOCK_FLAG_FIND_LAST_VERSION,
							  &failure);
	UnregisterSnapshot(snapshot);
	if (result == TM_Deleted && !IsolationUsesXactSnapshot())
		resource_vanished_error(name);
	if (result != TM_Ok)
		concurrent_change_error();
	/* it may have another name by now */
	if (strcmp(TextDatumGetCString(slot_getattr(*row, arbiter_relations()->resource_column[RESOURCE_NAME],
												&isnull)), name) != 0)
		resource_vanished_error(name);
}

/* is an option among those that arbiter_alter_resource() is to clear? */
static bool
clears(FunctionCallInfo fcinfo, const char *option)
{
	Datum	   *names;
	bool	   *nulls;
	int			nnames;

	if (PG_ARGISNULL(NOPTIONS + 2))
		return false;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(NOPTIONS + 2), TEXTOID, -1, false,
					  TYPALIGN_INT, &names, &nulls, &nnames);
	for (int i = 0; i < nnames; i++)
	{
		if (!nulls[i] && strcmp(TextDatumGetCString(names[i]), option) == 0)
			return true;
	}
	return false;
}

/*
 * arbiter_alter_resource(name text, new_name text, unit text,
 *						  min_lead interval, granularity interval,
 *						  setup_time interval, cleanup_time interval,
 *						  float_percent numeric, attributes jsonb,
 *						  resource_type text, firm_horizon interval,
 *						  overcommit_ratio numeric, clear text[]) -> void
 *
 * Changes what is not NULL, and sets to NULL the options named in clear.
 * Reservations that exist are not concerned; new and moved ones are.
 *
 * Errors: 22004, 42704, 42602, 42710, 22023, 55000 name or type of an inventory.
 * Locks: the resource's row; where its
 * type becomes another, see resource_type_changes().
 * Volatile and parallel unsafe: it writes.
 */
Datum
arbiter_alter_resource(PG_FUNCTION_ARGS)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->resource_column;
	Datum		values[NOPTIONS] = {0};
	char	   *name = argument_text(fcinfo, 0, "name");
	RowWriter	writer;
	Resource	resource;
	TupleTableSlot *row;

	read_options(fcinfo, 2, values);
	require_writable("arbiter_alter_resource()");
	if (!PG_ARGISNULL(2 + OPTION_RESOURCE_TYPE) || clears(fcinfo, "resource_type"))
		resource_type_may_change();

	row_writer_open(&writer, relations->resource, CMD_UPDATE);
	resource_lock_row(writer.rel, name, LockTupleNoKeyExclusive, &resource, &row);
	row_writer_copy_row(&writer, row);
	if (resource.is_inventory &&
		(!PG_ARGISNULL(1) || !PG_ARGISNULL(2 + OPTION_RESOURCE_TYPE) ||
		 clears(fcinfo, "resource_type")))
		inventory_change_error(&resource);

	if (!PG_ARGISNULL(1))
	{
		char	   *new_name = text_to_cstring(PG_GETARG_TEXT_PP(1));

		if (strcmp(new_name, name) != 0)
			resource_check_name(new_name);
		row_writer_set(&writer, columns[RESOURCE_NAME], PG_GETARG_DATUM(1), false);
	}
	for (int i = 0; i < NOPTIONS; i++)
	{
		if (!PG_ARGISNULL(i + 2))
			row_writer_set(&writer, columns[options[i].column], values[i], false);
	}
	if (!PG_ARGISNULL(NOPTIONS + 2))
	{
		Datum	   *names;
		bool	   *nulls;
		int			nnames;

		deconstruct_array(PG_GETARG_ARRAYTYPE_P(NOPTIONS + 2), TEXTOID, -1, false,
						  TYPALIGN_INT, &names, &nulls, &nnames);
		for (int i = 0; i < nnames; i++)
		{
			char	   *which = nulls[i] ? pstrdup("") : TextDatumGetCString(names[i]);
			bool		known = false;

			for (int j = 0; j < NOPTIONS; j++)
			{
				if (strcmp(which, options[j].name) != 0)
					continue;
				known = true;
				row_writer_set(&writer, columns[options[j].column], (Datum) 0, true);
			}
			if (!known)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("\"%s\" is not an option that can be cleared", which),
						 errhint("Options that can be cleared are unit, min_lead, granularity, setup_time, cleanup_time, float_percent, attributes, resource_type, firm_horizon and overcommit_ratio.")));
		}
	}
	check_overcommit(slot_attisnull(writer.slot, columns[RESOURCE_FIRM_HORIZON]),
					 slot_attisnull(writer.slot, columns[RESOURCE_OVERCOMMIT_RATIO]));
	row_writer_before_update(&writer, &row->tts_tid);
	resource_type_changes(row, writer.slot);
	resource_cache_changed();
	row_writer_update(&writer, &row->tts_tid);
	ExecDropSingleTupleTableSlot(row);
	row_writer_close(&writer);
	CommandCounterIncrement();
	PG_RETURN_VOID();
}
