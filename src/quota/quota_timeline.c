/*-------------------------------------------------------------------------
 *
 * quota_timeline.c
 *	  Read what is left of a quota.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "charge/quota.h"
#include "funcapi.h"
#include "support/arguments.h"
#include "timeline/timeline_rows.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbiter_quota_timeline);

/* columns of a row */
enum
{
	OUT_START_TIME,
	OUT_END_TIME,
	OUT_ALLOCATED,
	OUT_USED,
	OUT_AVAILABLE,
	OUT_NCOLUMNS
};

typedef struct QuotaRows
{
	ReturnSetInfo *result;
	Quota		quota;
} QuotaRows;

/* a count, in the units in which a user gives a limit */
static Datum
units(QuotaMeasure measure, int64 parts)
{
	Datum		value = NumericGetDatum(int64_to_numeric(parts));

	if (measure == QUOTA_AMOUNT)
		return value;
	value = DirectFunctionCall2(numeric_div, value,
								NumericGetDatum(int64_to_numeric(quota_parts(measure))));
	return DirectFunctionCall1(numeric_trim_scale,
							   DirectFunctionCall2(numeric_round, value, Int32GetDatum(9)));
}

static void
put_row(const TimelineRow *row, void *argument)
{
	const QuotaRows *rows = argument;
	QuotaMeasure measure = rows->quota.measure;
	Datum		values[OUT_NCOLUMNS];
	bool		nulls[OUT_NCOLUMNS] = {false};

	values[OUT_START_TIME] = TimestampTzGetDatum(row->start);
	values[OUT_END_TIME] = TimestampTzGetDatum(row->end);
	nulls[OUT_ALLOCATED] = nulls[OUT_AVAILABLE] = row->declared == QUOTA_UNLIMITED;
	values[OUT_ALLOCATED] = units(measure, row->declared);
	values[OUT_USED] = units(measure,
							 (int64) ((uint64) row->declared - (uint64) row->available));
	values[OUT_AVAILABLE] = units(measure, row->available);
	tuplestore_putvalues(rows->result->setResult, rows->result->setDesc,
						 values, nulls);
}

/* windows of a quota stay apart, also where they are equal */
static TimestampTz
window_end(TimestampTz instant, void *argument)
{
	QuotaRows  *rows = argument;
	TimestampTz start;
	TimestampTz end;

	quota_window(&rows->quota, instant, &start, &end);
	return end;
}

/*
 * arbiter_quota_timeline(quota_id integer, start_time timestamptz,
 *						  end_time timestamptz)
 * -> rows (start_time timestamptz, end_time timestamptz, allocated numeric,
 *			used numeric, available numeric)
 *
 * What is left of a quota over [start_time, end_time), one row per step, in order
 * of time; of an integral quota, one per window at least.  In units, unit-hours
 * or money.  Where there is no limit, allocated and available are NULL.  A hold
 * that has expired is not counted.  A quota that does not exist has no rows.
 *
 * Errors: 22004, RV003; 22023 a range that is not finite, of an integral quota.
 * No lock but AccessShareLock on the tables.  Stable: it reads with the
 * statement's snapshot.  Parallel safe: so does a worker.
 */
Datum
arbiter_quota_timeline(PG_FUNCTION_ARGS)
{
	Snapshot	snapshot = GetActiveSnapshot();
	QuotaRows	rows = {.result = (ReturnSetInfo *) fcinfo->resultinfo};
	TimestampTz start;
	TimestampTz end;
	bool		integral;

	argument_not_null(fcinfo, 0, "quota_id");
	start = argument_time(fcinfo, 1, "start_time", TIME_TIMESTAMPTZ);
	end = argument_time(fcinfo, 2, "end_time", TIME_TIMESTAMPTZ);
	check_range_order(start, end);

	InitMaterializedSRF(fcinfo, 0);
	if (!quota_find(PG_GETARG_INT32(0), snapshot, &rows.quota))
		return (Datum) 0;
	integral = rows.quota.measure != QUOTA_AMOUNT;
	if (integral)
	{
		start = argument_finite_time(fcinfo, 1, "start_time");
		end = argument_finite_time(fcinfo, 2, "end_time");
	}
	timeline_rows(quota_timeline_id(rows.quota.id), start, end,
				  GetCurrentStatementStartTimestamp(), snapshot,
				  integral ? window_end : NULL, put_row, &rows);
	return (Datum) 0;
}
