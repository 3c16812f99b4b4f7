/*-------------------------------------------------------------------------
 *
 * fits.c
 *	  How many of a bundle fit.
 *
 * So many fit over a range as could be reserved over all of it: the minimum
 * over the resources of what is available divided by what one takes.  What is
 * available is what arbiter_available() says: over the range with the setup and
 * the cleanup time of the resource, less its float.
 *
 * A bucket of a calendar is such a range, so where there is setup or cleanup
 * time the ranges of neighbours overlap.  Both their starts and their ends
 * ascend, so one pass over the timeline is enough: of the steps that have been
 * read, those are kept which may yet be the minimum of a range, that is, which
 * are smaller than all after them (an ascending queue).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "calendar/buckets.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "support/arguments.h"
#include "template/template.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbiter_fits);
PG_FUNCTION_INFO_V1(arbiter_fits_all);
PG_FUNCTION_INFO_V1(arbiter_fits_calendar);
PG_FUNCTION_INFO_V1(arbiter_fits_calendar_all);

/* a step that may be the minimum of a range to come */
typedef struct QueuedStep
{
	TimestampTz end;
	int64		available;
} QueuedStep;

/* the minima of one resource, bucket after bucket */
typedef struct FitsScan
{
	const Buckets *buckets;
	const Requirement *requirement;
	int64	   *fits;			/* by bucket, of all resources so far */
	int			bucket;
	TimestampTz from;			/* range of the bucket, with buffers */
	TimestampTz to;
	QueuedStep *queue;
	int			head;
	int			tail;
	int			room;
} FitsScan;

/*
 * What one of a bundle takes of each of its resources.
 */
static void
find_requirements(FunctionCallInfo fcinfo, int resources, bool is_template,
				  Request *request)
{
	Snapshot	snapshot = GetActiveSnapshot();
	Jsonb	   *named = PG_ARGISNULL(resources) ? NULL : PG_GETARG_JSONB_P(resources);
	Template	template;

	memset(request, 0, sizeof(Request));
	request->clock = GetCurrentStatementStartTimestamp();
	if (is_template)
		template_get(argument_text(fcinfo, 0, "template"), snapshot, &template);
	else
	{
		argument_not_null(fcinfo, 0, "requirements");
		bundle_read(PG_GETARG_JSONB_P(0), snapshot, &template.bundle);
	}
	bundle_find(&template.bundle, named, snapshot, request);
}

static Datum
fits(FunctionCallInfo fcinfo, bool is_template)
{
	Request		request;
	TimestampTz start = argument_time(fcinfo, 1, "start_time", TIME_TIMESTAMPTZ);
	TimestampTz end = argument_time(fcinfo, 2, "end_time", TIME_TIMESTAMPTZ);
	int64		most = PG_INT64_MAX;

	check_time_range(start, end);
	find_requirements(fcinfo, 3, is_template, &request);
	request.start = start;
	request.end = end;
	for (int i = 0; i < request.nrequirements; i++)
	{
		TimestampTz instant;
		int64		available = request_available(&request, i, GetActiveSnapshot(),
												  &instant);

		most = Min(most, Max(available, 0) / request.requirements[i].amount);
	}
	PG_RETURN_INT64(most);
}

/*
 * arbiter_fits(template text, start_time timestamptz, end_time timestamptz,
 *				resources jsonb) -> bigint
 * arbiter_fits_all(requirements jsonb, ...) -> bigint
 *
 * How many of a template, or of a bundle of its own, an ordinary request could
 * reserve over all of [start_time, end_time); 0 where a part is full, oversold
 * or outside a schedule.
 *
 * Errors: 22004, RV003, 22023, 42704, 55000 and RV005 as
 * arbiter_reserve_template() and arbiter_set_template().  No lock but
 * AccessShareLock on the tables.  Stable: it reads with the statement's
 * snapshot.  Parallel safe: so does a worker.
 */
Datum
arbiter_fits(PG_FUNCTION_ARGS)
{
	return fits(fcinfo, true);
}

Datum
arbiter_fits_all(PG_FUNCTION_ARGS)
{
	return fits(fcinfo, false);
}

static void
begin_bucket(FitsScan *scan)
{
	scan->from = scan->buckets->edges[scan->bucket];
	scan->to = scan->buckets->edges[scan->bucket + 1];
	resource_occupied(&scan->requirement->resource, &scan->from, &scan->to);
}

/*
 * End the buckets whose ranges do not reach beyond an instant, up to which all
 * steps are queued.
 */
static void
end_buckets(FitsScan *scan, TimestampTz until)
{
	while (scan->bucket < scan->buckets->nbuckets && scan->to <= until)
	{
		int64		available;

		while (scan->queue[scan->head].end <= scan->from)
			scan->head++;
		Assert(scan->head < scan->tail);
		available = Max(scan->queue[scan->head].available, 0);
		scan->fits[scan->bucket] = Min(scan->fits[scan->bucket],
									   available / scan->requirement->amount);
		if (++scan->bucket < scan->buckets->nbuckets)
			begin_bucket(scan);
	}
}

/*
 * Queue a step that ends later than all others.
 */
static void
queue_step(FitsScan *scan, TimestampTz end, int64 available)
{
	while (scan->tail > scan->head &&
		   scan->queue[scan->tail - 1].available >= available)
		scan->tail--;
	if (scan->tail == scan->room)
	{
		/* what was passed is room too */
		if (scan->head > scan->room / 2)
		{
			scan->tail -= scan->head;
			memmove(scan->queue, scan->queue + scan->head,
					sizeof(QueuedStep) * scan->tail);
			scan->head = 0;
		}
		else
		{
			scan->room *= 2;
			scan->queue = repalloc_huge(scan->queue,
										sizeof(QueuedStep) * (Size) scan->room);
		}
	}
	scan->queue[scan->tail++] = (QueuedStep) {
		.end = end,.available = available
	};
}

/*
 * Add the steps of a stretch of the timeline.
 */
static void
add_stretch(FitsScan *scan, const TimelineStretch *stretch)
{
	int64		shift;
	const Step *steps;

	end_buckets(scan, stretch->start);

	/* all of it is in the range of this bucket: the header decides */
	if (scan->from <= stretch->start && scan->to >= stretch->end &&
		(scan->bucket + 1 == scan->buckets->nbuckets ||
		 scan->buckets->edges[scan->bucket + 1] - scan->requirement->resource.setup_time >= stretch->end))
	{
		queue_step(scan, stretch->end, stretch->minimum);
		return;
	}
	steps = timeline_stretch_steps(stretch, &shift);
	for (int i = 0; i < stretch->nsteps; i++)
	{
		end_buckets(scan, steps[i].start);
		queue_step(scan, i + 1 < stretch->nsteps ? steps[i + 1].start : stretch->end,
				   steps[i].available + shift);
	}
}

/*
 * Find, for each bucket, how many fit as far as one resource is concerned: one
 * by one.  At the ends of time there is no room for setup and cleanup time, and
 * the ranges need not ascend.
 */
static void
ask_resource(FitsScan *scan, Request *request, int which)
{
	for (int i = 0; i < scan->buckets->nbuckets; i++)
	{
		TimestampTz instant;
		int64		available;

		CHECK_FOR_INTERRUPTS();
		request->start = scan->buckets->edges[i];
		request->end = scan->buckets->edges[i + 1];
		available = request_available(request, which, GetActiveSnapshot(), &instant);
		scan->fits[i] = Min(scan->fits[i], Max(available, 0) /
							request->requirements[which].amount);
	}
}

static bool
is_at_end_of_time(const Buckets *buckets, const Resource *resource)
{
	return buckets->edges[0] <= MIN_TIMESTAMP + resource->setup_time ||
		buckets->edges[buckets->nbuckets] >= END_TIMESTAMP - resource->cleanup_time;
}

/*
 * Find the same in one pass.
 */
static void
scan_resource(FitsScan *scan, const Request *request, int which)
{
	const Buckets *buckets = scan->buckets;
	TimestampTz from = buckets->edges[0];
	TimestampTz to = buckets->edges[buckets->nbuckets];
	TimelineView view;
	TimelineScan timeline;
	TimelineStretch stretch;

	scan->requirement = &request->requirements[which];
	scan->bucket = scan->head = scan->tail = 0;
	begin_bucket(scan);
	resource_occupied(&scan->requirement->resource, &from, &to);
	request_view(&view, request, which, from, to, GetActiveSnapshot());
	timeline_scan_begin(&timeline, &view, from, to);
	while (timeline_scan_next(&timeline, &stretch))
	{
		CHECK_FOR_INTERRUPTS();
		add_stretch(scan, &stretch);
		timeline_stretch_free(&stretch);
	}
	end_buckets(scan, to);
	timeline_scan_end(&timeline);
	Assert(scan->bucket == buckets->nbuckets);
}

static Datum
fits_calendar(FunctionCallInfo fcinfo, bool is_template)
{
	TimestampTz start = argument_finite_time(fcinfo, 1, "start_time");
	TimestampTz end = argument_finite_time(fcinfo, 2, "end_time");
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *zone;
	Buckets		buckets;
	Request		request;
	FitsScan	scan = {.buckets = &buckets,.room = 256};

	check_time_range(start, end);
	argument_not_null(fcinfo, 3, "grain");
	zone = argument_text(fcinfo, 4, "tz");
	buckets_make(&buckets, start, end, PG_GETARG_INTERVAL_P(3), zone);
	find_requirements(fcinfo, 5, is_template, &request);
	InitMaterializedSRF(fcinfo, 0);

	scan.queue = palloc(sizeof(QueuedStep) * scan.room);
	scan.fits = palloc(sizeof(int64) * buckets.nbuckets);
	for (int i = 0; i < buckets.nbuckets; i++)
		scan.fits[i] = PG_INT64_MAX;
	for (int i = 0; i < request.nrequirements; i++)
	{
		if (is_at_end_of_time(&buckets, &request.requirements[i].resource))
			ask_resource(&scan, &request, i);
		else
			scan_resource(&scan, &request, i);
	}

	for (int i = 0; i < buckets.nbuckets; i++)
	{
		Datum		values[3] = {
			TimestampTzGetDatum(buckets.edges[i]),
			TimestampTzGetDatum(buckets.edges[i + 1]),
			Int64GetDatum(scan.fits[i])
		};
		bool		nulls[3] = {false, false, false};

		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/*
 * arbiter_fits_calendar(template text, start_time timestamptz,
 *						 end_time timestamptz, grain interval, tz text,
 *						 resources jsonb)
 * -> rows (bucket_start, bucket_end timestamptz, fits bigint)
 * arbiter_fits_calendar_all(requirements jsonb, ...) -> the same
 *
 * One row per bucket, in order of time, over all of [start_time, end_time), see
 * buckets.c: what arbiter_fits() or arbiter_fits_all() says of that bucket.
 *
 * Errors as these, and as arbiter_calendar().  Locks, volatility and parallel
 * safety as arbiter_fits().
 */
Datum
arbiter_fits_calendar(PG_FUNCTION_ARGS)
{
	return fits_calendar(fcinfo, true);
}

Datum
arbiter_fits_calendar_all(PG_FUNCTION_ARGS)
{
	return fits_calendar(fcinfo, false);
}
