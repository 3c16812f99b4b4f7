/*-------------------------------------------------------------------------
 *
 * quota_rows.h
 *	  Read what the timeline of a quota is derived from: its limits, and the
 *	  reservations that count against it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_QUOTA_ROWS_H
#define ARBITER_QUOTA_ROWS_H

#include "postgres.h"

#include "access/tableam.h"
#include "charge/charge.h"
#include "support/key_scan.h"
#include "timeline/steps.h"
#include "utils/hsearch.h"

/* a scan of the active reservations that count against a quota, in no order */
typedef struct QuotaScan
{
	Quota		quota;
	Snapshot	snapshot;
	TimestampTz clock;			/* only holds that have expired by then ... */
	bool		only_expired;
	HTAB	   *members;		/* of a group: user_id, and whether he is in it */
	int32	   *resources;		/* NULL: all */
	int			nresources;
	int			next_resource;
	bool		is_open;		/* rows is */
	KeyScan		rows;
	Relation	rel;			/* of a scan of the whole table */
	TableScanDesc heap;
	TupleTableSlot *slot;		/* the row found last */
} QuotaScan;

extern bool quota_scan_begin(QuotaScan *scan, int32 quota_id,
							 bool only_expired, TimestampTz clock,
							 Snapshot snapshot);
extern bool quota_scan_next(QuotaScan *scan);
extern void quota_scan_charge(QuotaScan *scan, Charges *charges);
extern void quota_scan_end(QuotaScan *scan);

extern int64 quota_limit_parts(QuotaMeasure measure, Datum amount);
extern Segment *quota_limit_segments(int32 quota_id, TimestampTz from,
									 TimestampTz to, Snapshot snapshot,
									 int *nsegments);
extern StepEvent *quota_events(int32 quota_id, bool only_expired,
							   TimestampTz clock, Snapshot snapshot,
							   int *nevents);

#endif							/* ARBITER_QUOTA_ROWS_H */
