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
#include "miscadmin.h"
#include "support/arguments.h"
#include "timeline/base_rows.h"
#include "timeline/timeline.h"
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

/* rows, coalesced as they come */
typedef struct QuotaRows
{
	ReturnSetInfo *result;
	QuotaMeasure measure;
	TimestampTz start;
	TimestampTz end;
	int64		limit;
	int64		available;
	bool		any;
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
flush_row(QuotaRows *rows)
{
	Datum		values[OUT_NCOLUMNS];
	bool		nulls[OUT_NCOLUMNS] = {false};

	if (!rows->any)
		return;
	values[OUT_START_TIME] = TimestampTzGetDatum(rows->start);
	values[OUT_END_TIME] = TimestampTzGetDatum(rows->end);
	nulls[OUT_ALLOCATED] = nulls[OUT_AVAILABLE] = rows->limit == QUOTA_UNLIMITED;
	values[OUT_ALLOCATED] = units(rows->measure, rows->limit);
	values[OUT_USED] = units(rows->measure,
							 (int64) ((uint64) rows->limit - (uint64) rows->available));
	values[OUT_AVAILABLE] = units(rows->measure, rows->available);
	tuplestore_putvalues(rows->result->setResult, rows->result->setDesc,
						 values, nulls);
}

/*
 * Add a row; windows of a quota stay apart, also where they are equal.
 */
static void
add_row(QuotaRows *rows, TimestampTz start, TimestampTz end, int64 limit,
		int64 available, bool new_window)
{
	if (rows->any && !new_window && rows->limit == limit &&
		rows->available == available)
	{
		rows->end = end;
		return;
	}
	flush_row(rows);
	rows->any = true;
	rows->start = start;
	rows->end = end;
	rows->limit = limit;
	rows->available = available;
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
	QuotaRows	rows = {0};
	TimelineView view;
	TimelineScan scan;
	TimelineStretch stretch;
	TimestampTz start;
	TimestampTz end;
	Quota		quota;
	Step	   *limits;
	int			nlimits;
	int			at = 0;
	int32		timeline;

	argument_not_null(fcinfo, 0, "quota_id");
	start = argument_time(fcinfo, 1, "start_time", TIME_TIMESTAMPTZ);
	end = argument_time(fcinfo, 2, "end_time", TIME_TIMESTAMPTZ);
	if (!TIMESTAMP_IS_NOBEGIN(start) || end <= start)
		check_time_range(start, end);

	InitMaterializedSRF(fcinfo, 0);
	if (!quota_find(PG_GETARG_INT32(0), snapshot, &quota))
		return (Datum) 0;
	if (quota.measure != QUOTA_AMOUNT)
	{
		start = argument_finite_time(fcinfo, 1, "start_time");
		end = argument_finite_time(fcinfo, 2, "end_time");
	}
	timeline = quota_timeline_id(quota.id);
	rows.result = (ReturnSetInfo *) fcinfo->resultinfo;
	rows.measure = quota.measure;
	limits = capacity_steps(timeline, start, end, snapshot, &nlimits);
	timeline_view_init(&view, timeline, 0, GetCurrentStatementStartTimestamp(),
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

			/* cut where the limit changes */
			while (from < to)
			{
				bool		new_window = false;
				TimestampTz next;

				CHECK_FOR_INTERRUPTS();
				while (at + 1 < nlimits && limits[at + 1].start <= from)
					at++;
				next = at + 1 < nlimits ? Min(limits[at + 1].start, to) : to;
				if (quota.measure != QUOTA_AMOUNT)
				{
					TimestampTz window_start;
					TimestampTz window_end;

					quota_window(&quota, from, &window_start, &window_end);
					new_window = from == window_start;
					next = Min(next, window_end);
				}
				add_row(&rows, from, next, limits[at].available,
						stretch.steps[i].available, new_window);
				from = next;
			}
		}
		timeline_stretch_free(&stretch);
	}
	timeline_scan_end(&scan);
	flush_row(&rows);
	return (Datum) 0;
}
