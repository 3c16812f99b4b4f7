/*-------------------------------------------------------------------------
 *
 * calendar.c
 *	  Capacity, reserved and available by buckets of time.
 *
 * One pass over the schedule and the timeline of a resource, both ascending,
 * with the edges of the buckets: where one of the three changes, the others
 * are not looked up anew.  Time of one bucket in which capacity is constant is
 * a section; within it only the extremes and the sum of what is available are
 * kept, and what is reserved follows from them.
 *
 * A chunk's header knows its extremes but not its average, so the steps are
 * read all the same.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "calendar/buckets.h"
#include "calendar/calendar_rows.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "resource/resource.h"
#include "support/arguments.h"
#include "support/compat.h"
#include "timeline/base_rows.h"
#include "timeline/timeline.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbiter_calendar);
PG_FUNCTION_INFO_V1(arbiter_calendar_all);

typedef struct Calendar
{
	CalendarRows rows;
	Buckets		buckets;

	/* declared capacity, and the step that holds at position */
	const Step *capacity;
	int			ncapacity;
	int			at;

	/* what has been seen of the current section */
	TimestampTz position;
	TimestampTz section_start;
	TimestampTz section_end;
	Extent		section;
	int128		section_sum;

	/* and of the current bucket, up to the current section */
	int			bucket;
	CalendarRow row;
} Calendar;

static const Extent no_extent = {PG_INT64_MAX, PG_INT64_MIN};

static inline void
extend(Extent *extent, int64 minimum, int64 maximum)
{
	extent->minimum = Min(extent->minimum, minimum);
	extent->maximum = Max(extent->maximum, maximum);
}

static void
begin_section(Calendar *calendar)
{
	calendar->section_start = calendar->position;
	calendar->section_end = calendar->row.end;
	if (calendar->at + 1 < calendar->ncapacity)
		calendar->section_end = Min(calendar->section_end,
									calendar->capacity[calendar->at + 1].start);
	calendar->section = no_extent;
	calendar->section_sum = 0;
}

static void
begin_bucket(Calendar *calendar)
{
	CalendarRow *row = &calendar->row;

	row->start = calendar->buckets.edges[calendar->bucket];
	row->end = calendar->buckets.edges[calendar->bucket + 1];
	row->capacity = row->reserved = row->available = no_extent;
	row->capacity_sum = row->available_sum = 0;
}

/*
 * Add a section that has been seen to its end to its bucket, and begin the
 * next one.
 */
static void
end_section(Calendar *calendar)
{
	int64		capacity = calendar->capacity[calendar->at].available;
	const Extent *section = &calendar->section;
	CalendarRow *row = &calendar->row;

	extend(&row->capacity, capacity, capacity);
	extend(&row->reserved, capacity - section->maximum,
		   capacity - section->minimum);
	extend(&row->available, section->minimum, section->maximum);
	row->capacity_sum += (int128) capacity *
		(calendar->section_end - calendar->section_start);
	row->available_sum += calendar->section_sum;

	if (calendar->position == row->end)
	{
		CHECK_FOR_INTERRUPTS();
		calendar_rows_put(&calendar->rows, row);
		if (++calendar->bucket == calendar->buckets.nbuckets)
			return;
		begin_bucket(calendar);
	}
	while (calendar->at + 1 < calendar->ncapacity &&
		   calendar->capacity[calendar->at + 1].start <= calendar->position)
		calendar->at++;
	begin_section(calendar);
}

/*
 * Add the steps of a stretch of the timeline, from the calendar's position to
 * the stretch's end or that of the last bucket.  shift is added to each.
 */
static void
add_steps(Calendar *calendar, const Step *steps, int nsteps, int64 shift,
		  TimestampTz end)
{
	/* all stretches but the first are read from their start */
	int			i = steps[0].start >= calendar->position ? 0 :
		steps_find(steps, nsteps, calendar->position);

	while (calendar->position < end &&
		   calendar->bucket < calendar->buckets.nbuckets)
	{
		TimestampTz until = Min(end, calendar->section_end);
		TimestampTz position = calendar->position;
		Extent		section = calendar->section;
		int128		sum = calendar->section_sum;

		/* the innermost loop: in local variables */
		while (position < until)
		{
			int64		available = steps[i].available + shift;
			TimestampTz next = until;

			if (i + 1 < nsteps && steps[i + 1].start <= until)
				next = steps[++i].start;
			section.minimum = Min(section.minimum, available);
			section.maximum = Max(section.maximum, available);
			sum += (int128) available * (next - position);
			position = next;
		}

		calendar->position = position;
		calendar->section = section;
		calendar->section_sum = sum;
		if (position == calendar->section_end)
			end_section(calendar);
	}
}

/*
 * Put one row for each bucket of a resource.
 */
static void
put_resource(Calendar *calendar, const Resource *resource)
{
	Snapshot	snapshot = GetActiveSnapshot();
	TimestampTz start = calendar->buckets.edges[0];
	TimestampTz end = calendar->buckets.edges[calendar->buckets.nbuckets];
	TimelineView view;
	TimelineScan scan;
	TimelineStretch stretch;
	Step	   *capacity = capacity_steps(resource->id, start, end, snapshot,
										  &calendar->ncapacity);

	calendar_rows_resource(&calendar->rows, resource->name);
	calendar->capacity = capacity;
	calendar->at = 0;
	calendar->position = start;
	calendar->bucket = 0;
	begin_bucket(calendar);
	begin_section(calendar);

	timeline_view_init(&view, resource->id, NULL, GetCurrentStatementStartTimestamp(),
					   start, end, snapshot);
	timeline_scan_begin(&scan, &view, start, end);
	while (timeline_scan_next(&scan, &stretch))
	{
		int64		shift;
		const Step *steps = timeline_stretch_steps(&stretch, &shift);

		add_steps(calendar, steps, stretch.nsteps, shift, stretch.end);
		timeline_stretch_free(&stretch);
	}
	timeline_scan_end(&scan);
	Assert(calendar->bucket == calendar->buckets.nbuckets);
	pfree(capacity);
}

/*
 * The arguments that both functions have from the second on, and the result.
 */
static void
begin_calendar(Calendar *calendar, FunctionCallInfo fcinfo)
{
	TimestampTz start = argument_finite_time(fcinfo, 1, "start_time");
	TimestampTz end = argument_finite_time(fcinfo, 2, "end_time");
	char	   *zone;

	check_time_range(start, end);
	argument_not_null(fcinfo, 3, "grain");
	zone = argument_text(fcinfo, 4, "tz");
	buckets_make(&calendar->buckets, start, end, PG_GETARG_INTERVAL_P(3), zone);
	calendar_rows_begin(&calendar->rows, fcinfo);
}

/*
 * arbiter_calendar(resource text, start_time timestamptz,
 *					end_time timestamptz, grain interval, tz text)
 * -> rows (bucket_start, bucket_end timestamptz, resource text,
 *			capacity_min, capacity_max, reserved_min, reserved_max bigint,
 *			reserved_avg numeric, available_min, available_max bigint,
 *			available_avg numeric)
 *
 * One row per bucket, in order of time, over all of [start_time, end_time),
 * see buckets.c.  available is capacity less what is reserved, negative where
 * a resource is oversold or over-committed; expired holds are free, the float is
 * not taken off, and time that is not declared has capacity 0.  Averages are
 * weighted by time.
 *
 * Errors: 22004, RV003, 22023 (infinite bound, grain, time zone), 54000 (too
 * many buckets), 42704.  No lock but AccessShareLock on the tables.  Stable: it
 * reads with the statement's snapshot.  Parallel safe: so does a worker.
 */
Datum
arbiter_calendar(PG_FUNCTION_ARGS)
{
	char	   *name = argument_text(fcinfo, 0, "resource");
	Calendar	calendar;
	Resource	resource;

	begin_calendar(&calendar, fcinfo);
	resource_get(name, GetActiveSnapshot(), &resource);
	put_resource(&calendar, &resource);
	return (Datum) 0;
}

/*
 * arbiter_calendar_all(resources text[], start_time timestamptz,
 *						end_time timestamptz, grain interval, tz text)
 * -> rows as those of arbiter_calendar()
 *
 * The calendars of several resources one after the other, in the order of the
 * array; NULL is all resources there are, in the order of their names.
 *
 * Errors: as arbiter_calendar(); 22004 also for a NULL in the array.  Locks,
 * volatility and parallel safety as arbiter_calendar().
 */
Datum
arbiter_calendar_all(PG_FUNCTION_ARGS)
{
	Snapshot	snapshot = GetActiveSnapshot();
	Calendar	calendar;
	Resource   *resources;
	int			nresources;

	begin_calendar(&calendar, fcinfo);
	if (PG_ARGISNULL(0))
		resources = resource_list(snapshot, &nresources);
	else
	{
		Datum	   *names;
		bool	   *nulls;

		deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), TEXTOID, -1, false,
						  TYPALIGN_INT, &names, &nulls, &nresources);
		resources = palloc(sizeof(Resource) * nresources);
		for (int i = 0; i < nresources; i++)
		{
			if (nulls[i])
				ereport(ERROR,
						(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
						 errmsg("argument \"resources\" must not contain nulls"),
						 errhint("Pass NULL instead of an array for all resources.")));
			resource_get(TextDatumGetCString(names[i]), snapshot, &resources[i]);
		}
	}
	for (int i = 0; i < nresources; i++)
	{
		CHECK_FOR_INTERRUPTS();
		put_resource(&calendar, &resources[i]);
	}
	return (Datum) 0;
}
