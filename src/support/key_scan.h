/*-------------------------------------------------------------------------
 *
 * key_scan.h
 *	  Scan a table by the leading columns of an index.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_KEY_SCAN_H
#define ARBITER_KEY_SCAN_H

#include "postgres.h"

#include "access/genam.h"
#include "executor/tuptable.h"
#include "utils/rel.h"

typedef struct KeyScan
{
	Relation	rel;
	Relation	index;
	IndexScanDesc scan;
	TupleTableSlot *slot;		/* the row found last */
} KeyScan;

extern void text_key_init(ScanKey key, const char *value);
extern void key_scan_begin(KeyScan *scan, Oid table, const Oid *index,
						   Snapshot snapshot, ScanKey keys, int nkeys);
extern void key_scan_again(KeyScan *scan, ScanKey keys, int nkeys);
extern bool key_scan_next(KeyScan *scan);
extern void key_scan_end(KeyScan *scan);

#endif							/* ARBITER_KEY_SCAN_H */
