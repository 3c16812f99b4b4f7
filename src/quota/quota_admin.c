/*-------------------------------------------------------------------------
 *
 * quota_admin.c
 *	  Define and drop quotas.
 *
 * A new quota, or one more or less, changes what a reservation counts against:
 * that is done while nobody reserves, with ShareRowExclusiveLock on
 * arbiter_reservation (see charge/quota_cache.c).  The timeline of a new quota
 * is left to be built by the first who needs it.  Another limit of a quota that
 * exists is a change of what is left of it, as one of declared capacity is to a
 * resource: it locks the quota alone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "charge/quota.h"
#include "commands/sequence.h"
#include "commands/tablecmds.h"
#include "quota/definition.h"
#include "resource/resource.h"
#include "storage/lmgr.h"
#include "support/arguments.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/row_writer.h"
#include "timeline/in_flight.h"
#include "timeline/quota_rows.h"
#include "timeline/timeline.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(arbiter_set_quota);
PG_FUNCTION_INFO_V1(arbiter_drop_quota);
PG_FUNCTION_INFO_V1(arbiter_rebuild_quota);

/*
 * definitions_lock keeps everybody from reserving, to the end of the
 * transaction.  55006 while a statement of ours is reserving.
 */
void
definitions_lock(void)
{
	Relation	rel = table_open(arbiter_relations()->reservation,
								 ShareRowExclusiveLock);

	CheckTableNotInUse(rel, "change the quotas of table");
	table_close(rel, NoLock);
}

/* what a quota is known by, and what it must agree on */
typedef struct QuotaCall
{
	Quota		quota;
	char	   *resource;		/* its name; NULL: none */
} QuotaCall;

static char *
optional_text(FunctionCallInfo fcinfo, int number)
{
	return PG_ARGISNULL(number) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(number));
}

/*
 * Read measure, per, resource, resource_type and subject_kind, in this order
 * from an argument on, after the subject.
 */
static void
read_key(FunctionCallInfo fcinfo, int first, QuotaCall *call)
{
	static const char *const periods[] = {"day", "week", "month", "quarter", "year"};
	Quota	   *quota = &call->quota;
	char	   *measure = argument_text(fcinfo, first, "measure");
	char	   *kind;
	bool		known = false;

	quota->subject = argument_text(fcinfo, 0, "subject");
	if (quota->subject[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("subject of a quota must not be empty"),
				 errhint("Pass a user_id, or a group_id with subject_kind => 'group'.")));
	if (strcmp(measure, "amount") == 0)
		quota->measure = QUOTA_AMOUNT;
	else if (strcmp(measure, "unit_hours") == 0)
		quota->measure = QUOTA_UNIT_HOURS;
	else if (strcmp(measure, "cost") == 0)
		quota->measure = QUOTA_COST;
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown measure \"%s\" of a quota", measure),
				 errhint("Pass amount for the most at any instant, unit_hours for the integral over a window, cost for what that costs.")));

	quota->per = optional_text(fcinfo, first + 1);
	if (quota->measure == QUOTA_AMOUNT && quota->per != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a quota of amount has no window"),
				 errdetail("It is about every instant; per is \"%s\".", quota->per),
				 errhint("Leave per out, or pass measure => 'unit_hours' or 'cost'.")));
	if (quota->measure != QUOTA_AMOUNT && quota->per == NULL)
		quota->per = pstrdup("month");
	for (int i = 0; i < lengthof(periods) && quota->per != NULL; i++)
		known |= strcmp(quota->per, periods[i]) == 0;
	if (quota->per != NULL && !known)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown window \"%s\" of a quota", quota->per),
				 errhint("Pass day, week, month, quarter or year.")));

	call->resource = optional_text(fcinfo, first + 2);
	quota->resource_type = optional_text(fcinfo, first + 3);
	if (call->resource != NULL && quota->resource_type != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a quota is of one resource, or of a resource type"),
				 errdetail("Both resource \"%s\" and resource_type \"%s\" were passed.",
						   call->resource, quota->resource_type),
				 errhint("Pass one of the two, or none for all resources together.")));

	kind = argument_text(fcinfo, first + 4, "subject_kind");
	quota->is_group = strcmp(kind, "group") == 0;
	if (!quota->is_group && strcmp(kind, "user") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown kind of subject \"%s\"", kind),
				 errhint("Pass user or group.")));
}

static void
find_resource(QuotaCall *call)
{
	Snapshot	snapshot;
	Resource	resource;

	if (call->resource == NULL)
		return;
	snapshot = decision_snapshot();
	resource_get(call->resource, snapshot, &resource);
	UnregisterSnapshot(snapshot);
	call->quota.has_resource = true;
	call->quota.resource_id = resource.id;
}

static bool
same_text(const char *left, const char *right)
{
	return left == NULL || right == NULL ? left == right : strcmp(left, right) == 0;
}

/*
 * Find the quota that is known by a key; its place in the table, too.
 */
static bool
find_quota(const Quota *key, Quota *found, ItemPointer tid)
{
	const ArbiterRelations *relations = arbiter_relations();
	Snapshot	snapshot = latest_snapshot();
	ScanKeyData keys[2];
	KeyScan		scan;
	bool		any = false;

	ScanKeyEntryInitialize(&keys[0], 0, 1, BTEqualStrategyNumber, InvalidOid,
						   DEFAULT_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(key->is_group ? "group" : "user"));
	ScanKeyEntryInitialize(&keys[1], 0, 2, BTEqualStrategyNumber, InvalidOid,
						   DEFAULT_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(key->subject));
	key_scan_begin(&scan, relations->quota, &relations->quota_key, snapshot, keys, 2);
	while (!any && key_scan_next(&scan))
	{
		quota_read(scan.slot, found);
		any = found->measure == key->measure && same_text(found->per, key->per) &&
			found->has_resource == key->has_resource &&
			(!key->has_resource || found->resource_id == key->resource_id) &&
			same_text(found->resource_type, key->resource_type);
		if (any)
			*tid = scan.slot->tts_tid;
	}
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
	return any;
}

/* for errors: what a quota is of */
static char *
quota_text(const QuotaCall *call)
{
	return psprintf("%s \"%s\"", call->quota.is_group ? "group" : "user",
					call->quota.subject);
}

static void
set_text(RowWriter *writer, QuotaColumn which, const char *value)
{
	row_writer_set(writer, arbiter_relations()->quota_column[which],
				   value == NULL ? (Datum) 0 : CStringGetTextDatum(value),
				   value == NULL);
}

static int32
insert_quota(const Quota *quota)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->quota_column;
	int32		quota_id = (int32) nextval_internal(relations->quota_id_seq, false);
	RowWriter	writer;

	row_writer_open(&writer, relations->quota, CMD_INSERT);
	row_writer_new_row(&writer, columns, QUOTA_NCOLUMNS);
	row_writer_set(&writer, columns[QUOTA_ID], Int32GetDatum(quota_id), false);
	row_writer_set(&writer, columns[QUOTA_RESOURCE_ID],
				   Int32GetDatum(quota->resource_id), !quota->has_resource);
	set_text(&writer, QUOTA_SUBJECT, quota->subject);
	set_text(&writer, QUOTA_SUBJECT_KIND, quota->is_group ? "group" : "user");
	set_text(&writer, QUOTA_RESOURCE_TYPE, quota->resource_type);
	set_text(&writer, QUOTA_MEASURE,
			 quota->measure == QUOTA_AMOUNT ? "amount" :
			 quota->measure == QUOTA_COST ? "cost" : "unit_hours");
	set_text(&writer, QUOTA_PER, quota->per);
	set_text(&writer, QUOTA_TZ, quota->tz);
	row_writer_before_insert(&writer);
	row_writer_insert(&writer);
	row_writer_close(&writer);
	CommandCounterIncrement();
	quota_cache_changed();
	return quota_id;
}

/*
 * Have the quota, and its lock exclusively; make it if there is none.
 */
static void
lock_or_create(QuotaCall *call)
{
	Quota	   *quota = &call->quota;
	Quota		found;
	ItemPointerData tid;
	bool		alone = false;

	for (;;)
	{
		if (find_quota(quota, &found, &tid))
		{
			resource_lock_exclusive(quota_timeline_id(found.id));
			/* it may have been dropped while we waited */
			if (!find_quota(quota, &found, &tid))
				continue;
			if (quota->tz != NULL && !same_text(found.tz, quota->tz))
				ereport(ERROR,
						(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						 errmsg("quota of %s counts in another time zone", quota_text(call)),
						 errdetail("It has windows of a %s in %s.",
								   found.per, found.tz),
						 errhint("Leave tz out, or drop the quota with arbiter_drop_quota() first.")));
			*quota = found;
			return;
		}
		if (alone)
			break;
		definitions_lock();
		alone = true;
	}
	/* nobody may be changing types, see resource_type_changes() */
	if (quota->resource_type != NULL)
		LockRelationOid(arbiter_relations()->resource, ShareLock);
	/* nor prices, see price/budget.c */
	if (quota->measure == QUOTA_COST)
		LockRelationOid(arbiter_relations()->price, ShareLock);
	if (quota->measure != QUOTA_AMOUNT)
	{
		TimestampTz start;
		TimestampTz end;

		if (quota->tz == NULL)
			quota->tz = pstrdup(pg_get_timezone_name(session_timezone));
		/* refuses a zone that the server does not know */
		quota_window(quota, 0, &start, &end);
	}
	quota->id = insert_quota(quota);
	resource_lock_exclusive(quota_timeline_id(quota->id));
}

/*
 * arbiter_set_quota(subject text, amount numeric, measure text, per text,
 *					 resource text, resource_type text, subject_kind text,
 *					 tz text, start_time timestamptz, end_time timestamptz)
 * -> integer
 *
 * Limits what a user, or the members of a group together, may have of a
 * resource, of the resources of a type, or of all: over exactly [start_time,
 * end_time), which may be infinite on both sides, to amount; NULL takes the limit
 * of that range away.  Of measure amount, that is the most at any instant, in
 * units; of unit_hours, the most in each window, in unit-hours; of cost, a budget,
 * the most that is spent in each window.  Returns the id of the quota.
 *
 * What is used already stays, also where it is more than the limit.
 *
 * Errors: 22004 NULL; 22023 measure, per, subject_kind or tz; RV003; RV005 amount
 * below zero, or a fraction of a unit; 22003 too large; 42704 resource; 55000 it
 * counts in another time zone; 55006 the statement reserves; 25006; 40001.
 *
 * Locks: the quota exclusively, and its chunks in the range.  For a new one,
 * ShareRowExclusiveLock on arbiter_reservation: waits for everybody who has
 * reserved, and they for it.  Volatile and parallel unsafe: it writes.
 */
Datum
arbiter_set_quota(PG_FUNCTION_ARGS)
{
	QuotaCall	call = {0};
	QuotaLimits before;
	TimestampTz start;
	TimestampTz end;
	Datum		amount = (Datum) 0;
	bool		limited = !PG_ARGISNULL(1);
	bool		built;

	read_key(fcinfo, 2, &call);
	call.quota.tz = call.quota.measure == QUOTA_AMOUNT ? NULL : optional_text(fcinfo, 7);
	start = argument_time(fcinfo, 8, "start_time", TIME_TIMESTAMPTZ);
	end = argument_time(fcinfo, 9, "end_time", TIME_TIMESTAMPTZ);
	check_range_order(start, end);
	if (limited)
		amount = quota_check_limit(call.quota.measure, PG_GETARG_DATUM(1));
	require_writable("arbiter_set_quota()");

	/* a row of ours is read by whoever reserves: that table comes first */
	LockRelationOid(arbiter_relations()->reservation, AccessShareLock);
	find_resource(&call);
	lock_or_create(&call);

	built = timeline_is_built_now(quota_timeline_id(call.quota.id));
	quota_limits_read(call.quota.id, &before);
	quota_limits_replace(&call.quota, &before, start, end, amount, limited, built);
	PG_RETURN_INT32(call.quota.id);
}

static void
delete_quota(const Quota *quota, ItemPointer tid)
{
	const ArbiterRelations *relations = arbiter_relations();
	QuotaLimits limits;
	RowWriter	writer;

	quota_limits_read(quota->id, &limits);
	row_writer_open(&writer, relations->quota_limit, CMD_DELETE);
	for (int i = 0; i < limits.n; i++)
		row_writer_delete(&writer, &limits.limits[i].tid);
	row_writer_close(&writer);
	row_writer_open(&writer, relations->quota, CMD_DELETE);
	row_writer_delete(&writer, tid);
	row_writer_close(&writer);
	CommandCounterIncrement();
	quota_cache_changed();
}

/*
 * arbiter_drop_quota(subject text, measure text, per text, resource text,
 *					  resource_type text, subject_kind text) -> void
 *
 * Drops a quota with all its limits.
 *
 * Errors: 22004, 22023, 42704 no such quota; 55006 the statement reserves; 25006;
 * 40001.  Locks: ShareRowExclusiveLock on arbiter_reservation.  Volatile and
 * parallel unsafe: it writes.
 */
Datum
arbiter_drop_quota(PG_FUNCTION_ARGS)
{
	QuotaCall	call = {0};
	Quota		found;
	ItemPointerData tid;

	read_key(fcinfo, 1, &call);
	require_writable("arbiter_drop_quota()");
	definitions_lock();
	find_resource(&call);
	if (!find_quota(&call.quota, &found, &tid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("%s has no such quota", quota_text(&call)),
				 errhint("See arbiter_quota for the quotas there are: measure, per, resource and resource_type must be those of one.")));
	timeline_unbuild(quota_timeline_id(found.id));
	/* an UPDATE of ours in the meantime: none, for the quota is locked */
	if (!find_quota(&call.quota, &found, &tid))
		concurrent_change_error();
	delete_quota(&found, &tid);
	PG_RETURN_VOID();
}

/*
 * arbiter_rebuild_quota(quota_id integer) -> bigint
 *
 * Derives what is left of a quota anew from its limits and the reservations;
 * returns the number of chunks.
 *
 * Errors: 22004, 42704, 25006, 40001.  Locks: the quota exclusively, and every
 * chunk of it.  Volatile and parallel unsafe: it writes.
 */
Datum
arbiter_rebuild_quota(PG_FUNCTION_ARGS)
{
	int64		chunks;

	argument_not_null(fcinfo, 0, "quota_id");
	require_writable("arbiter_rebuild_quota()");
	LockRelationOid(arbiter_relations()->reservation, RowExclusiveLock);
	chunks = PG_GETARG_INT32(0) <= 0 ? -1 :
		timeline_rebuild(quota_timeline_id(PG_GETARG_INT32(0)));
	if (chunks < 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("quota with id %d does not exist", PG_GETARG_INT32(0)),
				 errhint("See arbiter_quota for the quotas there are.")));
	PG_RETURN_INT64(chunks);
}
