/*-------------------------------------------------------------------------
 *
 * calendar_rows.h
 *	  The rows of a calendar, as its functions return them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_CALENDAR_ROWS_H
#define ARBITER_CALENDAR_ROWS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "fmgr.h"
#include "funcapi.h"

/* the smallest and the largest of something over a stretch of time */
typedef struct Extent
{
	int64		minimum;
	int64		maximum;
} Extent;

/* one bucket; sums are of amounts times microseconds */
typedef struct CalendarRow
{
	TimestampTz start;
	TimestampTz end;
	Extent		capacity;
	Extent		reserved;
	Extent		available;
	int128		capacity_sum;
	int128		available_sum;
} CalendarRow;

/* an average that was met, in units of its last digit, and the numeric */
typedef struct KnownAverage
{
	int64		units;
	struct varlena *numeric;
} KnownAverage;

/* so many that few of those of a month by the hour push each other out */
#define KNOWN_AVERAGES_BITS	11

typedef struct CalendarRows
{
	ReturnSetInfo *result;
	struct varlena *resource;	/* name of the resource they are about */
	HeapTupleData tuple;		/* made anew for each row in the same place */
	KnownAverage *known;
} CalendarRows;

extern void calendar_rows_begin(CalendarRows *rows, FunctionCallInfo fcinfo);
extern void calendar_rows_resource(CalendarRows *rows, const char *name);
extern void calendar_rows_put(CalendarRows *rows, const CalendarRow *row);

#endif							/* ARBITER_CALENDAR_ROWS_H */
