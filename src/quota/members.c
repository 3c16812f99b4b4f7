/*-------------------------------------------------------------------------
 *
 * members.c
 *	  Who is in which group.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "charge/quota.h"
#include "quota/definition.h"
#include "support/arguments.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/row_writer.h"
#include "timeline/timeline.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(arbiter_add_member);
PG_FUNCTION_INFO_V1(arbiter_drop_member);

static bool
find_member(const char *group_id, const char *user_id, ItemPointer tid)
{
	const ArbiterRelations *relations = arbiter_relations();
	Snapshot	snapshot = latest_snapshot();
	ScanKeyData keys[2];
	KeyScan		scan;
	bool		found;

	ScanKeyEntryInitialize(&keys[0], 0, 1, BTEqualStrategyNumber, InvalidOid,
						   DEFAULT_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(user_id));
	ScanKeyEntryInitialize(&keys[1], 0, 2, BTEqualStrategyNumber, InvalidOid,
						   DEFAULT_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(group_id));
	key_scan_begin(&scan, relations->group_member, &relations->group_member_pkey,
				   snapshot, keys, 2);
	found = key_scan_next(&scan);
	if (found)
		*tid = scan.slot->tts_tid;
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
	return found;
}

/*
 * What members have counts against the quotas of their group: they are derived
 * anew by the next who needs them.
 */
static void
unbuild_quotas_of_group(const char *group_id)
{
	Snapshot	snapshot = latest_snapshot();
	int			n;
	Quota	   *quotas = quota_list_all(snapshot, &n);

	UnregisterSnapshot(snapshot);
	/* by id of the timeline, which is below zero: from the last one */
	for (int i = n - 1; i >= 0; i--)
	{
		if (quotas[i].is_group && strcmp(quotas[i].subject, group_id) == 0)
			timeline_unbuild(quota_timeline_id(quotas[i].id));
	}
}

static void
check_name(const char *name, const char *argument)
{
	if (name[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must not be empty", argument)));
}

/*
 * arbiter_add_member(group_id text, user_id text) -> void
 *
 * Puts a user into a group, which is one from then on: what he has, and will
 * have, counts against the quotas of the group.  One who is in it stays.
 *
 * Errors: 22004, 22023 an empty name, 55006 the statement reserves, 25006, 40001.
 * Locks: ShareRowExclusiveLock on arbiter_reservation; the quotas of the group,
 * exclusively.  Volatile and parallel unsafe: it writes.
 */
Datum
arbiter_add_member(PG_FUNCTION_ARGS)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->group_member_column;
	char	   *group_id = argument_text(fcinfo, 0, "group_id");
	char	   *user_id = argument_text(fcinfo, 1, "user_id");
	ItemPointerData tid;
	RowWriter	writer;

	check_name(group_id, "group_id");
	check_name(user_id, "user_id");
	require_writable("arbiter_add_member()");
	definitions_lock();
	if (find_member(group_id, user_id, &tid))
		PG_RETURN_VOID();
	unbuild_quotas_of_group(group_id);
	row_writer_open(&writer, relations->group_member, CMD_INSERT);
	row_writer_new_row(&writer, columns, GROUP_MEMBER_NCOLUMNS);
	row_writer_set(&writer, columns[GROUP_MEMBER_GROUP_ID], PG_GETARG_DATUM(0), false);
	row_writer_set(&writer, columns[GROUP_MEMBER_USER_ID], PG_GETARG_DATUM(1), false);
	row_writer_before_insert(&writer);
	row_writer_insert(&writer);
	row_writer_close(&writer);
	CommandCounterIncrement();
	quota_cache_changed();
	/* a trigger of a user may have reserved */
	unbuild_quotas_of_group(group_id);
	PG_RETURN_VOID();
}

/*
 * arbiter_drop_member(group_id text, user_id text) -> void
 *
 * Takes a user out of a group: what he has does not count against its quotas any
 * more.
 *
 * Errors: 22004, 42704 he is not in it, 55006, 25006, 40001.  Locks, volatility
 * and parallel safety as arbiter_add_member().
 */
Datum
arbiter_drop_member(PG_FUNCTION_ARGS)
{
	char	   *group_id = argument_text(fcinfo, 0, "group_id");
	char	   *user_id = argument_text(fcinfo, 1, "user_id");
	ItemPointerData tid;
	RowWriter	writer;

	require_writable("arbiter_drop_member()");
	definitions_lock();
	if (!find_member(group_id, user_id, &tid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("user \"%s\" is not in group \"%s\"", user_id, group_id),
				 errhint("See arbiter_group_member for who is in which group.")));
	unbuild_quotas_of_group(group_id);
	row_writer_open(&writer, arbiter_relations()->group_member, CMD_DELETE);
	row_writer_delete(&writer, &tid);
	row_writer_close(&writer);
	CommandCounterIncrement();
	quota_cache_changed();
	unbuild_quotas_of_group(group_id);
	PG_RETURN_VOID();
}
