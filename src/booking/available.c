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
#include "support/relations.h"
#include "timeline/timeline.h"
#include "timeline/timeline_rows.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(arbiter_available_epoch);
PG_FUNCTION_INFO_V1(arbiter_available_timestamptz);
PG_FUNCTION_INFO_V1(arbiter_available_text);
PG_FUNCTION_INFO_V1(arbiter_timeline);

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
	check_range_order(start, end);
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

static void
put_row(const TimelineRow *row, void *argument)
{
	ReturnSetInfo *result = argument;
	Datum		values[4];
	bool		nulls[4] = {false, false, false, false};

	values[0] = range_datum(row->start, row->end);
	values[1] = Int64GetDatum(row->declared);
	values[2] = Int64GetDatum(row->declared - row->available);
	values[3] = Int64GetDatum(row->available);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	pfree(DatumGetPointer(values[0]));
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
	Resource	resource;
	TimestampTz start;
	TimestampTz end;

	start = argument_time(fcinfo, 1, "start_time", TIME_TIMESTAMPTZ);
	end = argument_time(fcinfo, 2, "end_time", TIME_TIMESTAMPTZ);
	check_range_order(start, end);
	resource_get(argument_text(fcinfo, 0, "resource"), snapshot, &resource);

	InitMaterializedSRF(fcinfo, 0);
	timeline_rows(resource.id, start, end, GetCurrentStatementStartTimestamp(),
				  snapshot, NULL, put_row, fcinfo->resultinfo);
	return (Datum) 0;
}
