/*-------------------------------------------------------------------------
 *
 * provider_row.c
 *	  Rows of arbiter_provider.
 *
 *-------------------------------------------------------------------------
 */
#include "provider/provider_row.h"

#include "access/tableam.h"
#include "access/table.h"
#include "access/xact.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

void
provider_unknown_error(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("provider \"%s\" does not exist", name),
			 errhint("Create it with SELECT arbiter_create_provider(%s).",
					 quote_literal_cstr(name))));
}

/*
 * provider_lock finds a provider by name and locks its row against those who
 * would drop or rename it, to the end of the transaction; 42704 if there is none.
 */
void
provider_lock(const char *name, ProviderRow *provider)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->provider_column;
	Relation	rel = table_open(relations->provider, RowShareLock);
	Snapshot	snapshot = latest_snapshot();
	TupleTableSlot *row = table_slot_create(rel, NULL);
	TM_FailureData failure;
	KeyScan		scan;
	ScanKeyData key;
	bool		found;

	text_key_init(&key, name);
	key_scan_begin(&scan, relations->provider, &relations->provider_name_key, snapshot,
				   &key, 1);
	found = key_scan_next(&scan) &&
		table_tuple_lock(rel, &scan.slot->tts_tid, snapshot, row,
						 GetCurrentCommandId(true), LockTupleKeyShare, LockWaitBlock,
						 TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure) == TM_Ok;
	if (found)
	{
		bool		isnull;

		provider->id = DatumGetInt32(slot_getattr(row, columns[PROVIDER_ID], &isnull));
		provider->name = TextDatumGetCString(slot_getattr(row, columns[PROVIDER_NAME], &isnull));
	}
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
	ExecDropSingleTupleTableSlot(row);
	table_close(rel, NoLock);
	/* it may have another name by now */
	if (!found || strcmp(provider->name, name) != 0)
		provider_unknown_error(name);
}
