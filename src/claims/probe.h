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

#include "claims/taken.h"
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
	TimestampTz from;			/* another start is no earlier than this */
	bool		granted;		/* before, and is only moved: no lead time */
	TimestampTz clock;			/* decides lead time and expiry */
	bool		tryout;			/* may have the float */
} ClaimTimes;

typedef struct Probe
{
	ClaimTimes	times;
	const Taken *taken;			/* besides what is reserved; or NULL */
	Snapshot	snapshot;
	TimelineView view;
	TimelineScan scan;			/* goes from one timeline to the next ... */
	bool		scanning;		/* ... once it has begun */
	KeyScan		held;
	bool		any_held;		/* held was begun */
	struct probed_hash *known;
} Probe;

extern void probe_begin(Probe *probe, const ClaimTimes *times,
						const Taken *taken, Snapshot snapshot);
extern int64 probe_available(Probe *probe, const Inventory *inventory,
							 int64 wanted);
extern int64 probe_available_besides(const Probe *probe,
									 const Inventory *inventory,
									 const Segment *segments, int nsegments);
extern bool probe_is_contended(Probe *probe, const Inventory *inventory);
extern int64 probe_capacity(Probe *probe, const Inventory *inventory);
extern void probe_end(Probe *probe);

#endif							/* ARBITER_PROBE_H */
