/*-------------------------------------------------------------------------
 *
 * suggest.c
 *	  Why not otherwise?  What could be had instead of what is refused.
 *
 * Everything suggested is something that arbiter_reserve() would grant as it
 * stands.  Like the hint of a refusal, it was true a moment ago: nothing is
 * locked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "booking/slot.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "support/arguments.h"
#include "support/guc.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbiter_suggest);

/* as many other resources at most */
#define OTHER_RESOURCES	5

/* where a lead time decides the start, whoever decides has this long to do so */
#define TIME_TO_DECIDE	USECS_PER_MINUTE

typedef struct Suggest
{
	Request		request;
	Requirement requirement;
	Snapshot	snapshot;
	bool		start_permitted;	/* the lead time permits the asked start */
	int64		available;		/* at the asked time */
	TimestampTz from;			/* the earliest to suggest but before that */
	bool		has_later;
	TimestampTz later;			/* the same, later */
	ReturnSetInfo *result;
} Suggest;

/* the earliest start that the lead time will still permit in a moment */
static TimestampTz
permitted_soon(const Suggest *suggest)
{
	return resource_earliest_start(&suggest->requirement.resource,
								   suggest->request.clock + TIME_TO_DECIDE);
}

static void
add_row(const Suggest *suggest, const char *kind, int part,
		const char *resource_name, TimestampTz start, TimestampTz end,
		int64 amount, const char *reason)
{
	Datum		values[7];
	bool		nulls[7] = {false};

	values[0] = CStringGetTextDatum(kind);
	values[1] = Int32GetDatum(part);
	values[2] = CStringGetTextDatum(resource_name);
	values[3] = TimestampTzGetDatum(start);
	values[4] = TimestampTzGetDatum(end);
	values[5] = Int64GetDatum(amount);
	values[6] = CStringGetTextDatum(reason);
	tuplestore_putvalues(suggest->result->setResult, suggest->result->setDesc,
						 values, nulls);
}

static char *
span_text(int64 microseconds)
{
	Interval	span = {.time = microseconds};

	if (microseconds == STEPS_INFINITY)
		return pstrdup("for ever");
	return DatumGetCString(DirectFunctionCall1(interval_out,
											   DirectFunctionCall1(interval_justify_hours,
																   IntervalPGetDatum(&span))));
}

static void
suggest_later(Suggest *suggest)
{
	const Request *request = &suggest->request;
	int64		duration = request_duration(request);

	suggest->has_later = slot_earliest_start(request, suggest->from,
											 suggest->snapshot, &suggest->later);
	if (suggest->has_later)
		add_row(suggest, "later", 1, suggest->requirement.resource.name,
				suggest->later,
				duration == STEPS_INFINITY ? STEPS_INFINITY : suggest->later + duration,
				suggest->requirement.amount,
				psprintf("the same, %s later",
						 span_text(suggest->later - request->start)));
}

/*
 * The latest start before the asked one: the last of the last window.
 */
static void
suggest_earlier(Suggest *suggest)
{
	const Request *request = &suggest->request;
	int64		duration = request_duration(request);
	SlotSearch	search;
	TimestampTz from;
	TimestampTz start;
	TimestampTz earlier = STEPS_INFINITY;

	if (arbiter_search_horizon == 0 || duration == STEPS_INFINITY)
		return;
	from = request->start - arbiter_search_horizon * USECS_PER_SEC;
	/* what begins in the past is no alternative to what does not */
	if (request->start > request->clock)
		from = Max(from, request->clock);
	if (suggest->requirement.resource.has_min_lead)
		from = Max(from, permitted_soon(suggest));
	if (from >= request->start)
		return;
	slot_search_begin(&search, request, duration, from, request->start,
					  suggest->snapshot);
	while (slot_search_next(&search, &start))
		earlier = slot_search_window(&search, start);
	slot_search_end(&search);
	if (earlier < request->start)
		add_row(suggest, "earlier", 1, suggest->requirement.resource.name,
				earlier, earlier + duration, suggest->requirement.amount,
				psprintf("the same, %s earlier",
						 span_text(request->start - earlier)));
}

static void
suggest_less(Suggest *suggest)
{
	const Request *request = &suggest->request;

	if (suggest->start_permitted && suggest->available > 0)
		add_row(suggest, "less", 1, suggest->requirement.resource.name,
				request->start, request->end, suggest->available,
				psprintf("the same time, " INT64_FORMAT " instead of " INT64_FORMAT,
						 suggest->available, suggest->requirement.amount));
}

static void
suggest_shorter(Suggest *suggest)
{
	const Request *request = &suggest->request;
	TimestampTz from = request->start;
	TimestampTz ignored = request->end;
	TimestampTz end;

	if (!suggest->start_permitted)
		return;
	resource_occupied(&suggest->requirement.resource, &from, &ignored);
	end = request_fits_until(request, from, suggest->snapshot);
	if (end > request->start)
		add_row(suggest, "shorter", 1, suggest->requirement.resource.name,
				request->start, end, suggest->requirement.amount,
				psprintf("the same start, %s instead of %s",
						 span_text(end - request->start),
						 span_text(request_duration(request))));
}

static int
compare_room(const void *a, const void *b)
{
	const Requirement *left = a;
	const Requirement *right = b;

	if (left->amount != right->amount)
		return left->amount > right->amount ? -1 : 1;
	return strcmp(left->resource.name, right->resource.name);
}

/*
 * Other resources of the same unit, those with most room first.
 */
static void
suggest_other_resource(Suggest *suggest)
{
	Request		request = suggest->request;
	int			nresources;
	Resource   *resources = resource_same_unit(&suggest->requirement.resource,
											   suggest->snapshot, &nresources);
	Requirement *found = palloc(sizeof(Requirement) * (nresources + 1));
	int			nfound = 0;

	for (int i = 0; i < nresources; i++)
	{
		Requirement requirement = {.resource = resources[i]};
		TimestampTz instant;

		CHECK_FOR_INTERRUPTS();
		request.requirements = &requirement;
		if (!is_aligned(request.start, request.end, resources[i].granularity) ||
			request.start < request_earliest_start(&request))
			continue;
		requirement.amount = request_available(&request, 0, suggest->snapshot,
											   &instant);
		if (requirement.amount >= suggest->requirement.amount)
			found[nfound++] = requirement;
	}
	qsort(found, nfound, sizeof(Requirement), compare_room);
	for (int i = 0; i < Min(nfound, OTHER_RESOURCES); i++)
		add_row(suggest, "other resource", 1, found[i].resource.name,
				request.start, request.end, suggest->requirement.amount,
				psprintf("the same of another resource, which has " INT64_FORMAT " then",
						 found[i].amount));
}

/*
 * Two pieces that together last as long as asked and end as early as can be.
 *
 * Windows for the shortest reservation there is are what is free at a stretch.
 * The second piece is at the beginning of one, the first is the longest before
 * it; the first window that is long enough for the rest is the answer, because
 * whatever begins later ends later.
 */
static void
suggest_two_pieces(Suggest *suggest)
{
	const Request *request = &suggest->request;
	int64		duration = request_duration(request);
	int64		shortest = Max(suggest->requirement.resource.granularity, 1);
	SlotSearch	search;
	TimestampTz start;
	TimestampTz last;
	TimestampTz first = 0;
	int64		length = 0;

	if (arbiter_search_horizon == 0 || duration == STEPS_INFINITY)
		return;
	/* no piece must end later than all of it, later, would */
	last = suggest->has_later ? suggest->later + duration - shortest :
		search_horizon(suggest->from);
	slot_search_begin(&search, request, shortest, suggest->from, last,
					  suggest->snapshot);
	while (slot_search_next(&search, &start))
	{
		TimestampTz latest = slot_search_window(&search, start);
		int64		room = latest == STEPS_INFINITY ? duration :
			Min(latest - start + shortest, duration);
		TimestampTz end = start + duration - length;

		if (length > 0 && room >= duration - length)
		{
			char	   *reason = psprintf("in two pieces, the second one ends %s later",
										  span_text(end - request->end));

			if (suggest->has_later && end >= suggest->later + duration)
				break;
			add_row(suggest, "two pieces", 1, suggest->requirement.resource.name,
					first, first + length, suggest->requirement.amount, reason);
			add_row(suggest, "two pieces", 2, suggest->requirement.resource.name,
					start, end, suggest->requirement.amount, reason);
			break;
		}
		if (room > length)
		{
			first = start;
			length = room;
		}
		if (length >= duration)
			break;
	}
	slot_search_end(&search);
}

/*
 * arbiter_suggest(resource text, start_time timestamptz, end_time timestamptz,
 *				   amount bigint, tryout boolean)
 * -> rows (kind text, part integer, resource text, start_time timestamptz,
 *			end_time timestamptz, amount bigint, reason text)
 *
 * What could be reserved instead of what is refused, in this order, as far as
 * there is such: "later", the earliest later start of the same; "earlier", the
 * latest earlier start, not in the past unless the asked start is; "less", the
 * largest amount at the same time; "shorter", the latest end from the same
 * start; "other resource", up to five of the same unit, those with most room
 * first; "two pieces", parts 1 and 2, which end as early as can be and before
 * "later" does.  Searches go as far as arbiter.search_horizon.  Where a lead
 * time decides, starts are at least a minute after what it permits.
 *
 * When the request would be granted there is one row, "as asked".
 *
 * Errors: 22004; RV003; 22023 start not finite; RV005 amount; 42704 resource;
 * RV007 granularity.  No lock but AccessShareLock on the tables.  Stable: it
 * reads with the statement's snapshot.  Parallel safe: so does a worker.
 */
Datum
arbiter_suggest(PG_FUNCTION_ARGS)
{
	Suggest		suggest = {.snapshot = GetActiveSnapshot()};
	Request    *request = &suggest.request;
	TimestampTz permitted;
	TimestampTz instant;

	request->requirements = &suggest.requirement;
	request->nrequirements = 1;
	request->clock = GetCurrentStatementStartTimestamp();
	suggest.requirement.resource.name = argument_text(fcinfo, 0, "resource");
	request->start = argument_time(fcinfo, 1, "start_time", TIME_TIMESTAMPTZ);
	request->end = argument_time(fcinfo, 2, "end_time", TIME_TIMESTAMPTZ);
	argument_not_null(fcinfo, 3, "amount");
	suggest.requirement.amount = PG_GETARG_INT64(3);
	argument_not_null(fcinfo, 4, "tryout");
	request->tryout = PG_GETARG_BOOL(4);
	check_time_range(request->start, request->end);
	check_amount(suggest.requirement.amount);
	request_find_resources(request, suggest.snapshot);
	check_aligned(request->start, request->end,
				  suggest.requirement.resource.granularity,
				  suggest.requirement.resource.name);

	InitMaterializedSRF(fcinfo, 0);
	suggest.result = (ReturnSetInfo *) fcinfo->resultinfo;
	permitted = request_earliest_start(request);
	suggest.start_permitted = request->start >= permitted;
	suggest.available = request_available(request, 0, suggest.snapshot, &instant);
	if (suggest.start_permitted && suggest.available >= suggest.requirement.amount)
	{
		add_row(&suggest, "as asked", 1, suggest.requirement.resource.name,
				request->start, request->end, suggest.requirement.amount,
				"the request fits as it is");
		return (Datum) 0;
	}

	suggest.from = suggest.start_permitted ? request->start :
		steps_round_up(permitted_soon(&suggest), USECS_PER_MINUTE, 0);
	suggest_later(&suggest);
	suggest_earlier(&suggest);
	suggest_less(&suggest);
	suggest_shorter(&suggest);
	suggest_other_resource(&suggest);
	suggest_two_pieces(&suggest);
	return (Datum) 0;
}
