/*-------------------------------------------------------------------------
 *
 * template_admin.c
 *	  Define and retire templates.
 *
 * A version is never changed, whether reservations use it or not: then whoever
 * reads one need not lock it against changes, and what a reservation says of
 * its template stays true.  Plain SQL is held to that by a trigger.  Only COPY
 * adds rows, which is how a restore loads them, in any order.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "guard/guard.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "support/arguments.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/row_writer.h"
#include "support/trigger_call.h"
#include "template/template.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/inval.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbiter_set_template);
PG_FUNCTION_INFO_V1(arbiter_drop_template);
PG_FUNCTION_INFO_V1(arbiter_template_trigger);

/*
 * Let backends forget what they keep of templates (template_cache.c).
 */
static void
template_changed(void)
{
	CacheInvalidateRelcacheByRelid(arbiter_relations()->template);
}

/*
 * Lock a name against others who define it, and find its latest version.
 *
 * 40001 where the transaction's snapshot has another one.
 */
static bool
find_latest(const char *name, Snapshot latest, Template *template)
{
	Snapshot	snapshot = decision_snapshot();
	Template	seen;
	bool		is_seen = template_find(name, snapshot, &seen);
	bool		found = template_find(name, latest, template);

	UnregisterSnapshot(snapshot);
	if (IsolationUsesXactSnapshot() &&
		(found != is_seen ||
		 (found && !ItemPointerEquals(&template->tid, &seen.tid))))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent update"),
				 errdetail("Template \"%s\" was changed after this transaction's snapshot.",
						   name),
				 errhint("Retry the transaction.")));
	return found;
}

static void
write_items(const Template *template)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->template_item_column;
	RowWriter	writer;

	row_writer_open(&writer, relations->template_item, CMD_INSERT);
	for (int i = 0; i < template->bundle.nitems; i++)
	{
		const BundleItem *item = &template->bundle.items[i];
		bool		typed = item->resource_type != NULL;

		row_writer_new_row(&writer, columns, TEMPLATE_ITEM_NCOLUMNS);
		row_writer_set(&writer, columns[TEMPLATE_ITEM_TEMPLATE_ID],
					   Int32GetDatum(template->id), false);
		row_writer_set(&writer, columns[TEMPLATE_ITEM_ITEM],
					   Int32GetDatum(i + 1), false);
		row_writer_set(&writer, columns[TEMPLATE_ITEM_RESOURCE_ID],
					   Int32GetDatum(item->resource_id), typed);
		row_writer_set(&writer, columns[TEMPLATE_ITEM_RESOURCE_TYPE],
					   typed ? CStringGetTextDatum(item->resource_type) : (Datum) 0,
					   !typed);
		row_writer_set(&writer, columns[TEMPLATE_ITEM_AMOUNT],
					   Int64GetDatum(item->amount), false);
		row_writer_before_insert(&writer);
		row_writer_insert(&writer);
	}
	row_writer_close(&writer);
	/* a trigger of a user may have booked by the first few of them */
	template_changed();
	CommandCounterIncrement();
}

static void
write_version(const char *name, Template *template)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->template_column;
	RowWriter	writer;
	bool		isnull;

	row_writer_open(&writer, relations->template, CMD_INSERT);
	row_writer_new_row(&writer, columns, TEMPLATE_NCOLUMNS);
	row_writer_set(&writer, columns[TEMPLATE_ID], Int32GetDatum(template->id), false);
	row_writer_set(&writer, columns[TEMPLATE_NAME], CStringGetTextDatum(name), false);
	row_writer_set(&writer, columns[TEMPLATE_VERSION],
				   Int32GetDatum(template->version), false);
	row_writer_set(&writer, columns[TEMPLATE_CREATED_AT],
				   TimestampTzGetDatum(GetCurrentTimestamp()), false);
	row_writer_before_insert(&writer);
	/* a trigger of a user may have chosen another one */
	template->id = DatumGetInt32(slot_getattr(writer.slot, columns[TEMPLATE_ID], &isnull));
	row_writer_insert(&writer);
	row_writer_close(&writer);
	template_changed();
	CommandCounterIncrement();
}

/*
 * arbiter_set_template(name text, requirements jsonb) -> integer
 *
 * Defines a template, see bundle.c for how; returns its template_id.  A version
 * that differs from the current one, or follows one that was retired, is a new
 * row; else nothing is written.
 *
 * Errors: 22004; 42602 name is empty; 22023 requirements that are none; RV005;
 * 42704 unknown resource or resource type; 25006; 40001 above READ COMMITTED.
 * Locks: the name, against others who define or retire it.  Volatile and
 * parallel unsafe: it writes.
 */
Datum
arbiter_set_template(PG_FUNCTION_ARGS)
{
	const ArbiterRelations *relations = arbiter_relations();
	char	   *name = argument_text(fcinfo, 0, "name");
	Template	present;
	Template	wanted;
	Snapshot	snapshot;
	bool		found;

	argument_not_null(fcinfo, 1, "requirements");
	if (name[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("name of a template must not be empty")));
	require_writable("arbiter_set_template()");
	LockRelationOid(relations->template, RowExclusiveLock);
	template_name_lock(name);

	snapshot = latest_snapshot();
	bundle_read(PG_GETARG_JSONB_P(1), snapshot, &wanted.bundle);
	found = find_latest(name, snapshot, &present);
	if (found)
		template_read_items(&present, snapshot);
	UnregisterSnapshot(snapshot);
	if (found && !present.retired && bundle_equal(&present.bundle, &wanted.bundle))
		PG_RETURN_INT32(present.id);

	if (found && present.version == PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("template \"%s\" has too many versions", name),
				 errhint("Define a template of another name.")));
	wanted.version = found ? present.version + 1 : 1;
	wanted.id = (int32) nextval_internal(relations->template_id_seq, false);
	write_version(name, &wanted);
	write_items(&wanted);
	PG_RETURN_INT32(wanted.id);
}

/*
 * arbiter_drop_template(name text) -> void
 *
 * Retires a template: no new bookings.  One that is retired stays so.
 *
 * Errors: 22004; 42704; 25006; 40001 above READ COMMITTED.  Locks: the name, and
 * the row of the current version.  Volatile and parallel unsafe: it writes.
 */
Datum
arbiter_drop_template(PG_FUNCTION_ARGS)
{
	const ArbiterRelations *relations = arbiter_relations();
	char	   *name = argument_text(fcinfo, 0, "name");
	RowWriter	writer;
	Template	present;
	TupleTableSlot *row;
	Snapshot	snapshot;
	TM_FailureData failure;

	require_writable("arbiter_drop_template()");
	row_writer_open(&writer, relations->template, CMD_UPDATE);
	template_name_lock(name);
	snapshot = latest_snapshot();
	if (!find_latest(name, snapshot, &present))
		template_unknown_error(name);
	if (!present.retired)
	{
		row = table_slot_create(writer.rel, NULL);
		/* only plain SQL may have been quicker */
		if (table_tuple_lock(writer.rel, &present.tid, snapshot, row,
							 GetCurrentCommandId(true), LockTupleNoKeyExclusive,
							 LockWaitBlock,
							 IsolationUsesXactSnapshot() ? 0 : TUPLE_LOCK_FLAG_FIND_LAST_VERSION,
							 &failure) != TM_Ok)
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("could not serialize access due to concurrent update"),
					 errdetail("The row of template \"%s\" was changed meanwhile.", name),
					 errhint("Retry the transaction.")));
		row_writer_copy_row(&writer, row);
		row_writer_set(&writer, relations->template_column[TEMPLATE_RETIRED_AT],
					   TimestampTzGetDatum(GetCurrentTimestamp()), false);
		row_writer_before_update(&writer, &row->tts_tid);
		row_writer_update(&writer, &row->tts_tid);
		ExecDropSingleTupleTableSlot(row);
		template_changed();
	}
	UnregisterSnapshot(snapshot);
	row_writer_close(&writer);
	CommandCounterIncrement();
	PG_RETURN_VOID();
}

pg_noreturn static void
immutable_error(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("versions of templates cannot be %s", what),
			 errdetail("Reservations say with which version they were booked."),
			 errhint("arbiter_set_template() makes a new version, arbiter_drop_template() retires a template.")));
}

/* does a raw UPDATE change anything but when the template was retired? */
static bool
changes_version(TriggerData *trigger)
{
	AttrNumber	retired_at = arbiter_relations()->template_column[TEMPLATE_RETIRED_AT];
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);

	for (AttrNumber column = 1; column <= desc->natts; column++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, column - 1);
		Datum		old_value;
		Datum		new_value;
		bool		old_null;
		bool		new_null;

		if (attribute->attisdropped || column == retired_at)
			continue;
		old_value = slot_getattr(trigger->tg_trigslot, column, &old_null);
		new_value = slot_getattr(trigger->tg_newslot, column, &new_null);
		if (old_null != new_null ||
			(!old_null && !datumIsEqual(old_value, new_value,
										attribute->attbyval, attribute->attlen)))
			return true;
	}
	return false;
}

/* does the version of a row that a COPY brings have items already? */
static bool
has_items(TriggerData *trigger)
{
	AttrNumber	column = arbiter_relations()->template_item_column[TEMPLATE_ITEM_TEMPLATE_ID];
	Snapshot	snapshot = latest_snapshot();
	Template	template = {0};
	bool		isnull;

	/* those of this very COPY are not seen yet */
	template.id = DatumGetInt32(slot_getattr(trigger->tg_trigslot, column, &isnull));
	if (!isnull)
		template_read_items(&template, snapshot);
	UnregisterSnapshot(snapshot);
	return template.bundle.nitems > 0;
}

/* is there a reservation of any template? */
static bool
any_is_used(void)
{
	const ArbiterRelations *relations = arbiter_relations();
	Relation	rel = table_open(relations->reservation, AccessShareLock);
	Snapshot	snapshot = latest_snapshot();
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	TableScanDesc scan = table_beginscan(rel, snapshot, 0, NULL);
	bool		used = false;

	while (!used && table_scan_getnextslot(scan, ForwardScanDirection, slot))
	{
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		(void) slot_getattr(slot, relations->reservation_column[RESERVATION_TEMPLATE_ID],
							&isnull);
		used = !isnull;
	}
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	ExecDropSingleTupleTableSlot(slot);
	table_close(rel, NoLock);
	return used;
}

/*
 * arbiter_template_trigger() BEFORE ROW, AFTER TRUNCATE STATEMENT
 *							  ON arbiter_template, arbiter_template_item
 *
 * Refuses (55000) what plain SQL must not do: versions are not changed or
 * deleted, and only COPY adds rows, the items of a version at once.  An UPDATE of
 * retired_at is let through, and TRUNCATE while no reservation is of a template.
 * What is let through is told to the caches of templates, and so is a row that
 * logical replication applies.
 */
Datum
arbiter_template_trigger(PG_FUNCTION_ARGS)
{
	const ArbiterRelations *relations = arbiter_relations();
	TriggerData *trigger = trigger_data(fcinfo, "arbiter_template_trigger",
										CALLED_AS_TRIGGER(fcinfo));
	Oid			relid = RelationGetRelid(trigger->tg_relation);
	bool		truncated = TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event);

	if ((relid != relations->template && relid != relations->template_item) ||
		(!truncated && !FIRED(fcinfo, BEFORE, ROW)))
		(void) trigger_data(fcinfo, "arbiter_template_trigger", false);

	if (truncated)
	{
		if (any_is_used())
			immutable_error("truncated while reservations use them");
		return PointerGetDatum(NULL);
	}
	template_changed();
	if (SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA)
		return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ?
							   trigger->tg_newtuple : trigger->tg_trigtuple);
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
	{
		if (!is_copy_into(relid))
			immutable_error("inserted but by COPY");
		if (relid == relations->template_item && has_items(trigger))
			immutable_error("given more items");
		return PointerGetDatum(trigger->tg_trigtuple);
	}
	if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		immutable_error("deleted");
	if (relid == relations->template_item || changes_version(trigger))
		immutable_error("changed");
	return PointerGetDatum(trigger->tg_newtuple);
}
