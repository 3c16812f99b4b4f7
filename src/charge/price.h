/*-------------------------------------------------------------------------
 *
 * price.h
 *	  What a unit-hour of a resource costs, and what a reservation does.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_PRICE_H
#define ARBITER_PRICE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "executor/tuptable.h"
#include "support/key_scan.h"
#include "utils/snapshot.h"

/* a scan of the prices of a resource, in order of time */
typedef struct PriceScan
{
	KeyScan		rows;
	TimestampTz to;
} PriceScan;

typedef struct PriceRow
{
	TimestampTz start;
	TimestampTz end;
	Datum		price;			/* numeric; of the row that is scanned */
} PriceRow;

extern void price_scan_begin(PriceScan *scan, int32 resource_id,
							 TimestampTz from, TimestampTz to,
							 Snapshot snapshot);
extern bool price_scan_next(PriceScan *scan, PriceRow *row);
extern void price_scan_end(PriceScan *scan);

extern Datum price_check(TupleTableSlot *row, bool *changed);
extern Datum price_cost(int32 resource_id, TimestampTz start,
						TimestampTz end, int64 amount, Snapshot snapshot);

#endif							/* ARBITER_PRICE_H */
