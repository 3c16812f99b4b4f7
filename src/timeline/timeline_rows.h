/*-------------------------------------------------------------------------
 *
 * timeline_rows.h
 *	  A timeline as rows that people read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_TIMELINE_ROWS_H
#define ARBITER_TIMELINE_ROWS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/snapshot.h"

/* a stretch of time in which nothing changes */
typedef struct TimelineRow
{
	TimestampTz start;
	TimestampTz end;
	int64		declared;		/* capacity, or the limit of a quota */
	int64		available;		/* of that; below zero where it is oversold */
} TimelineRow;

typedef void (*TimelineRowFunction) (const TimelineRow *row, void *argument);

/* the first instant after another at which rows stay apart */
typedef TimestampTz (*TimelineCutFunction) (TimestampTz instant, void *argument);

extern void timeline_rows(int32 resource_id, TimestampTz from, TimestampTz to,
						  TimestampTz clock, Snapshot snapshot,
						  TimelineCutFunction next_cut,
						  TimelineRowFunction take_row, void *argument);

#endif							/* ARBITER_TIMELINE_ROWS_H */
