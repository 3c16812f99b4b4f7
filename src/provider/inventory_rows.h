/*-------------------------------------------------------------------------
 *
 * inventory_rows.h
 *	  The rows that an inventory follows from.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_INVENTORY_ROWS_H
#define ARBITER_INVENTORY_ROWS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "support/relations.h"

/* what is to be set of a row of arbiter_inventory */
typedef struct InventoryValues
{
	Datum		values[INVENTORY_NCOLUMNS];
	bool		given[INVENTORY_NCOLUMNS];	/* others stay, or have their default */
	bool		no_max_unit;
} InventoryValues;

extern int32 inventory_find(int32 provider_id, const char *type);
extern void inventory_write(int32 resource_id, const InventoryValues *values);
extern void inventory_write_total(int32 resource_id, TimestampTz start,
								  TimestampTz end, bool declare, int64 total);

#endif							/* ARBITER_INVENTORY_ROWS_H */
