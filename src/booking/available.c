/*-------------------------------------------------------------------------
 *
 * available.c
 *	  Read what is available, and the timeline of a resource.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "resource/resource.h"
#include "funcapi.h"
#include "support/arguments.h"
#include "support/errors.h"
#include "support/relations.h"
#include "timeline/base_rows.h"
#include "timeline/timeline.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(arbiter_available_epoch);
PG_FUNCTION_INFO_V1(arbiter_available_timestamptz);
PG_FUNCTION_INFO_V1(arbiter_available_text);
PG_FUNCTION_INFO_V1(arbiter_timeline);

/* a reader may ask for a range without a finite start */
static void
check_read_range(TimestampTz start, TimestampTz end)
{
	if (!TIMESTAMP_IS_NOBEGIN(start) || end <= start)
		check_time_range(start, end);
}

static Datum
available(FunctionCallInfo fcinfo, TimeType type)
{
	Resource	resource;
	TimelineView view;
	TimestampTz start;
	TimestampTz end;
	TimestampTz instant;
	int64		minimum;

	start = argument_time(fcinfo, 1, "start_time", type);
	end = argument_time(fcinfo, 2, "end_time", type);
	check_read_range(start, end);
	resource_get(argument_text(fcinfo, 0, "resource"), GetActiveSnapshot(),
				 &resource);
	resource_occupied(&resource, &start, &end);
	resource_view(&view, &resource, false, GetCurrentStatementStartTimestamp(),
				  start, end, GetActiveSnapshot());
	minimum = timeline_minimum(&view, start, end, &instant);
	return Int64GetDatum(Max(minimum, 0));
}

/*
 * arbiter_available(resource text, start_time, end_time) -> bigint
 *
 * The largest amount that could be reserved over all of [start_time, end_time):
 * 0 where any part is full, oversold or outside the schedule.  The resource's
 * setup and cleanup time count, and its float is left out; further ahead than its
 * firm horizon, what may be over-committed counts.  Times are timestamptz, text,
 * or bigint epoch seconds.
 *
 * Errors: 22004, RV004, RV003, 42704.  No lock but AccessShareLock on the
 * tables.  Stable: it reads with the statement's snapshot.  Parallel safe: so
 * does a worker.
 */
Datum
arbiter_available_epoch(PG_FUNCTION_ARGS)
{
	return available(fcinfo, TIME_EPOCH);
}

Datum
arbiter_available_timestamptz(PG_FUNCTION_ARGS)
{
	return available(fcinfo, TIME_TIMESTAMPTZ);
}

Datum
arbiter_available_text(PG_FUNCTION_ARGS)
{
	return available(fcinfo, TIME_TEXT);
}

/* the rows of arbiter_timeline(), coalesced as they come */
typedef struct TimelineRows
{
	ReturnSetInfo *result;
	TimestampTz start;
	TimestampTz end;
	int64		capacity;
	int64		available;
	bool		any;
} TimelineRows;

static void
flush_row(TimelineRows *rows)
{
	Datum		values[4];
	bool		nulls[4] = {false, false, false, false};

	if (!rows->any)
		return;
	values[0] = range_datum(rows->start, rows->end);
	values[1] = Int64GetDatum(rows->capacity);
	values[2] = Int64GetDatum(rows->capacity - rows->available);
	values[3] = Int64GetDatum(rows->available);
	tuplestore_putvalues(rows->result->setResult, rows->result->setDesc,
						 values, nulls);
	pfree(DatumGetPointer(values[0]));
}

static void
add_row(TimelineRows *rows, TimestampTz start, TimestampTz end,
		int64 capacity, int64 available)
{
	if (rows->any && rows->capacity == capacity && rows->available == available)
	{
		rows->end = end;
		return;
	}
	flush_row(rows);
	rows->any = true;
	rows->start = start;
	rows->end = end;
	rows->capacity = capacity;
	rows->available = available;
}

/*
 * arbiter_timeline(resource text, start_time timestamptz,
 *					end_time timestamptz)
 * -> rows (during tstzrange, capacity bigint, reserved bigint,
 *			available bigint)
 *
 * One row per step, in order of time, over all of [start_time, end_time), which
 * may be infinite on both sides; neighbours that are equal are one row.  Time
 * that is not declared has capacity 0; where more is reserved than declared,
 * by permission or not, available is negative.
 *
 * Errors: 22004, RV003, 42704.  Locks, volatility and parallel safety as
 * arbiter_available().
 */
Datum
arbiter_timeline(PG_FUNCTION_ARGS)
{
	Snapshot	snapshot = GetActiveSnapshot();
	TimelineRows rows = {0};
	TimelineView view;
	TimelineScan scan;
	TimelineStretch stretch;
	Resource	resource;
	TimestampTz start;
	TimestampTz end;
	Step	   *capacity;
	int			ncapacity;
	int			at = 0;

	start = argument_time(fcinfo, 1, "start_time", TIME_TIMESTAMPTZ);
	end = argument_time(fcinfo, 2, "end_time", TIME_TIMESTAMPTZ);
	check_read_range(start, end);
	resource_get(argument_text(fcinfo, 0, "resource"), snapshot, &resource);

	InitMaterializedSRF(fcinfo, 0);
	rows.result = (ReturnSetInfo *) fcinfo->resultinfo;
	capacity = capacity_steps(resource.id, start, end, snapshot, &ncapacity);

	timeline_view_init(&view, resource.id, NULL, GetCurrentStatementStartTimestamp(),
					   start, end, snapshot);
	timeline_scan_begin(&scan, &view, start, end);
	while (timeline_scan_next(&scan, &stretch))
	{
		timeline_stretch_unpack(&stretch);
		for (int i = 0; i < stretch.nsteps; i++)
		{
			TimestampTz from = Max(stretch.steps[i].start, start);
			TimestampTz to = Min(i + 1 < stretch.nsteps ?
								 stretch.steps[i + 1].start : stretch.end, end);

			/* cut at the steps of declared capacity */
			while (from < to)
			{
				TimestampTz next;

				while (at + 1 < ncapacity && capacity[at + 1].start <= from)
					at++;
				next = at + 1 < ncapacity ? Min(capacity[at + 1].start, to) : to;
				add_row(&rows, from, next, capacity[at].available,
						stretch.steps[i].available);
				from = next;
			}
		}
		timeline_stretch_free(&stretch);
	}
	timeline_scan_end(&scan);
	flush_row(&rows);
	return (Datum) 0;
}
