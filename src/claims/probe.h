/*-------------------------------------------------------------------------
 *
 * probe.h
 *	  What is available of many inventories over one range.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_PROBE_H
#define ARBITER_PROBE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "provider/catalogue.h"
#include "support/key_scan.h"
#include "timeline/timeline.h"

/* when a claim is for, and what else decides what is available to it */
typedef struct ClaimTimes
{
	TimestampTz start;
	TimestampTz end;
	bool		start_given;	/* if not, the earliest permitted, from the clock on */
	TimestampTz clock;			/* decides lead time and expiry */
	bool		tryout;			/* may have the float */
} ClaimTimes;

typedef struct Probe
{
	ClaimTimes	times;
	Snapshot	snapshot;
	TimelineView view;
	TimelineScan scan;			/* goes from one timeline to the next ... */
	bool		scanning;		/* ... once it has begun */
	KeyScan		held;
	bool		any_held;		/* held was begun */
	struct probed_hash *known;
} Probe;

extern void probe_begin(Probe *probe, const ClaimTimes *times, Snapshot snapshot);
extern int64 probe_available(Probe *probe, const Inventory *inventory,
							 int64 wanted);
extern bool probe_is_contended(Probe *probe, const Inventory *inventory);
extern int64 probe_capacity(Probe *probe, const Inventory *inventory);
extern void probe_end(Probe *probe);

#endif							/* ARBITER_PROBE_H */
