/*-------------------------------------------------------------------------
 *
 * spending.h
 *	  What a reservation spends of a budget, and from when on that is little
 *	  enough.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_SPENDING_H
#define ARBITER_SPENDING_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/snapshot.h"

/* money is counted in this */
#define SPENDING_PARTS	INT64CONST(1000000)

extern bool spending(int32 resource_id, TimestampTz start, TimestampTz end,
					 int64 amount, Snapshot snapshot, int64 *parts);
extern TimestampTz spending_fits_from(int32 resource_id, TimestampTz start,
									  int64 duration, TimestampTz until,
									  int64 amount, int64 available,
									  Snapshot snapshot);

#endif							/* ARBITER_SPENDING_H */
