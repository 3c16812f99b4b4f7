/*-------------------------------------------------------------------------
 *
 * claimable.c
 *	  Whether claims may be placed on a provider.
 *
 *-------------------------------------------------------------------------
 */
#include "provider/claimable.h"

#include "access/tableam.h"
#include "access/xact.h"
#include "provider/provider_row.h"
#include "support/catalogue_change.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/row_writer.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

/*
 * Lock the row of a provider, and fetch its latest version.
 */
static void
lock_row(Relation rel, const char *name, TupleTableSlot *row)
{
	const ArbiterRelations *relations = arbiter_relations();
	Snapshot	snapshot = decision_snapshot();
	TM_FailureData failure;
	TM_Result	result = TM_Deleted;
	KeyScan		scan;
	ScanKeyData key;

	text_key_init(&key, name);
	key_scan_begin(&scan, relations->provider, &relations->provider_name_key, snapshot,
				   &key, 1);
	if (!key_scan_next(&scan))
		provider_unknown_error(name);
	result = table_tuple_lock(rel, &scan.slot->tts_tid, snapshot, row,
							  GetCurrentCommandId(true), LockTupleNoKeyExclusive,
							  LockWaitBlock,
							  IsolationUsesXactSnapshot() ? 0 : TUPLE_LOCK_FLAG_FIND_LAST_VERSION,
							  &failure);
	if (result == TM_Deleted && !IsolationUsesXactSnapshot())
		provider_unknown_error(name);
	if (result != TM_Ok)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent update"),
				 errdetail("Provider \"%s\" was changed meanwhile.", name),
				 errhint("Retry the transaction.")));
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
}

/*
 * provider_set_claimable locks the row of a provider, to the end of the
 * transaction, and says whether claims may be placed on it, unless claimable is
 * NULL; returns its id.
 *
 * Errors: 42704; 40001 above READ COMMITTED.
 */
int32
provider_set_claimable(const char *name, const bool *claimable)
{
	const AttrNumber *columns = arbiter_relations()->provider_column;
	RowWriter	writer;
	TupleTableSlot *row;
	bool		isnull;
	char	   *found;
	int32		id;

	row_writer_open(&writer, arbiter_relations()->provider, CMD_UPDATE);
	row = table_slot_create(writer.rel, NULL);
	lock_row(writer.rel, name, row);
	id = DatumGetInt32(slot_getattr(row, columns[PROVIDER_ID], &isnull));
	found = TextDatumGetCString(slot_getattr(row, columns[PROVIDER_NAME], &isnull));
	/* it may have another name by now */
	if (strcmp(found, name) != 0)
		provider_unknown_error(name);
	if (claimable != NULL &&
		DatumGetBool(slot_getattr(row, columns[PROVIDER_CLAIMABLE], &isnull)) != *claimable)
	{
		row_writer_copy_row(&writer, row);
		row_writer_set(&writer, columns[PROVIDER_CLAIMABLE], BoolGetDatum(*claimable),
					   false);
		row_writer_before_update(&writer, &row->tts_tid);
		row_writer_update(&writer, &row->tts_tid);
		/* our own trigger does not fire */
		catalogue_changed();
	}
	ExecDropSingleTupleTableSlot(row);
	row_writer_close(&writer);
	CommandCounterIncrement();
	return id;
}
