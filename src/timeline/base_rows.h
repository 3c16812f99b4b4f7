/*-------------------------------------------------------------------------
 *
 * base_rows.h
 *	  Read what the timeline is derived from: declared capacity and
 *	  reservations.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_BASE_ROWS_H
#define ARBITER_BASE_ROWS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "support/compat.h"
#include "support/key_scan.h"
#include "timeline/steps.h"

/* a scan of the reservations of a resource, in order of start */
typedef struct ReservationScan
{
	KeyScan		rows;
	TimestampTz from;
	TimestampTz to;
} ReservationScan;

typedef struct ReservationRow
{
	int64		reservation_id;
	TimestampTz start;			/* of what it occupies */
	TimestampTz end;
	int64		amount;
	bool		active;			/* counted by the steps */
	TimestampTz expires_at;		/* of a hold; otherwise infinity */
} ReservationRow;

/* how long before and after its own range a reservation may occupy a resource */
#define BUFFER_MAX	(366 * USECS_PER_DAY)

extern bool status_is_held(Datum status);
extern bool status_is_active(Datum status);
extern bool occupied_times(TupleTableSlot *row, TimestampTz *start,
						   TimestampTz *end);

extern void reservation_scan_begin(ReservationScan *scan, int32 resource_id,
								   TimestampTz from, TimestampTz to,
								   Snapshot snapshot);
extern bool reservation_scan_next(ReservationScan *scan, ReservationRow *row);
extern void reservation_scan_end(ReservationScan *scan);

extern StepEvent *expired_hold_events(int32 resource_id, TimestampTz clock,
									  TimestampTz from, TimestampTz to,
									  Snapshot snapshot, int *nevents);
extern Segment *reserved_segments(int32 resource_id, TimestampTz from,
								  TimestampTz to, Snapshot snapshot,
								  int *nsegments);
extern Segment *capacity_segments(int32 resource_id, TimestampTz from,
								  TimestampTz to, Snapshot snapshot,
								  int *nsegments);
extern Step *capacity_steps(int32 resource_id, TimestampTz from,
							TimestampTz to, Snapshot snapshot, int *nsteps);
extern Step *capacity_steps_again(KeyScan *scan, int32 resource_id,
								  TimestampTz from, TimestampTz to,
								  Snapshot snapshot, int *nsteps);
pg_noreturn extern void amount_overflow_error(void);

#endif							/* ARBITER_BASE_ROWS_H */
