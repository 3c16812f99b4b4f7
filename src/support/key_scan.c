/*-------------------------------------------------------------------------
 *
 * key_scan.c
 *	  Scan a table by the leading columns of an index.
 *
 * Direct access, because a caller of the public functions needs no privilege
 * on the tables.
 *
 *-------------------------------------------------------------------------
 */
#include "support/key_scan.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_collation.h"
#include "miscadmin.h"
#include "support/compat.h"
#include "support/relations.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

/*
 * text_key_init makes a key of the first column of an index of texts.
 */
void
text_key_init(ScanKey key, const char *value)
{
	ScanKeyEntryInitialize(key, 0, 1, BTEqualStrategyNumber, InvalidOid,
						   DEFAULT_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(value));
}

/*
 * key_scan_begin starts a forward scan; index is one of arbiter_relations().
 *
 * Takes AccessShareLock on both, kept to the end of the transaction.  The index is
 * looked up when the table is locked: REINDEX CONCURRENTLY may have put another in
 * its place before, and afterwards waits for our lock before it lets the old one go.
 */
void
key_scan_begin(KeyScan *scan, Oid table, const Oid *index, Snapshot snapshot,
			   ScanKey keys, int nkeys)
{
	scan->rel = table_open(table, AccessShareLock);
	(void) arbiter_relations();
	scan->index = index_open(*index, AccessShareLock);
	scan->slot = table_slot_create(scan->rel, NULL);
	scan->scan = arbiter_index_beginscan(scan->rel, scan->index, snapshot, nkeys);
	index_rescan(scan->scan, keys, nkeys, NULL, 0);
}

/*
 * key_scan_again starts a scan over, with other keys.
 */
void
key_scan_again(KeyScan *scan, ScanKey keys, int nkeys)
{
	index_rescan(scan->scan, keys, nkeys, NULL, 0);
}

/*
 * key_scan_next fetches the next row into scan->slot; false when there is none.
 */
bool
key_scan_next(KeyScan *scan)
{
	CHECK_FOR_INTERRUPTS();
	return index_getnext_slot(scan->scan, ForwardScanDirection, scan->slot);
}

void
key_scan_end(KeyScan *scan)
{
	index_endscan(scan->scan);
	ExecDropSingleTupleTableSlot(scan->slot);
	index_close(scan->index, NoLock);
	table_close(scan->rel, NoLock);
}
