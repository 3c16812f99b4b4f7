/*-------------------------------------------------------------------------
 *
 * share_request.c
 *	  A request for a share of the capacity of a resource.
 *
 * It has a requirement for each range in which the share comes to one number: a
 * part of the reservation.  When it is refused, neither other times nor another
 * amount are of any use, because the amount is another one then: what is told is
 * the largest share that would do.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/share_request.h"

#include "common/int.h"
#include "support/errors.h"
#include "support/locks.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/*
 * Make the requirements of ranges that are next to each other.
 */
static Requirement *
make_requirements(const Resource *resource, const Request *request,
				  const TimestampTz *starts, const int64 *amounts, int n)
{
	Requirement *requirements = palloc_extended(sizeof(Requirement) * (Size) n,
												MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	for (int i = 0; i < n; i++)
	{
		Requirement *requirement = &requirements[i];

		requirement->resource = *resource;
		requirement->amount = amounts[i];
		if (pg_sub_s64_overflow(starts[i], request->start, &requirement->offset))
			ereport(ERROR,
					(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
					 errmsg("changes of capacity are too far apart"),
					 errdetail("The range starts at %s.",
							   timestamptz_to_str(request->start)),
					 errhint("Take the share of a shorter range.")));
		/* the last one is to the end */
		requirement->length = i + 1 < n ? starts[i + 1] - starts[i] : 0;
	}
	return requirements;
}

/*
 * share_request_make makes the requirements of a request for a share, which has
 * its range already, from the capacity of a resource, which the caller has locked.
 *
 * Errors: 22008; 40001 above READ COMMITTED.
 */
void
share_request_make(ShareRequest *asked, const Resource *resource,
				   Request *request)
{
	TimestampTz *starts;
	int64	   *amounts;

	asked->capacity = share_capacity(resource->id, request->start, request->end,
									 &asked->ncapacity);
	asked->runs = share_runs(asked->capacity, asked->ncapacity, request->end,
							 asked->share, &asked->nruns);
	starts = palloc_extended(sizeof(TimestampTz) * (Size) asked->nruns, MCXT_ALLOC_HUGE);
	amounts = palloc_extended(sizeof(int64) * (Size) asked->nruns, MCXT_ALLOC_HUGE);
	for (int i = 0; i < asked->nruns; i++)
	{
		starts[i] = asked->runs[i].start;
		/* where it is nothing, it will be refused: a request is for something */
		amounts[i] = Max(asked->runs[i].delta, 1);
	}
	request->requirements = make_requirements(resource, request, starts, amounts,
											  asked->nruns);
	request->nrequirements = asked->nruns;
	request->fixed_range = true;
	request->follows_capacity = true;
	pfree(starts);
	pfree(amounts);
}

/*
 * The declared capacity at an instant; -1 outside the range of the request.
 */
static int64
capacity_at(const ShareRequest *asked, const Request *request, TimestampTz instant)
{
	if (instant < request->start || instant >= request->end)
		return -1;
	return asked->capacity[steps_find(asked->capacity, asked->ncapacity, instant)].available;
}

/*
 * The largest share that would be granted now; 0 if there is none.
 */
static int32
largest_share(const ShareRequest *asked, const Request *request)
{
	Request		each = *request;
	TimestampTz *starts = palloc_extended(sizeof(TimestampTz) * (Size) asked->ncapacity,
										  MCXT_ALLOC_HUGE);
	int64	   *amounts = palloc_extended(sizeof(int64) * (Size) asked->ncapacity,
										  MCXT_ALLOC_HUGE);
	Snapshot	snapshot;
	int32		largest = SHARE_ALL;

	for (int i = 0; i < asked->ncapacity; i++)
	{
		starts[i] = asked->capacity[i].start;
		amounts[i] = 1;
	}
	each.requirements = make_requirements(&request->requirements[0].resource, request,
										  starts, amounts, asked->ncapacity);
	each.nrequirements = asked->ncapacity;
	snapshot = decision_snapshot();
	for (int i = 0; i < asked->ncapacity && largest > 0; i++)
	{
		TimestampTz instant;
		int64		available;

		each.requirements[i].given_back = request->requirements[0].given_back;
		each.requirements[i].ngiven_back = request->requirements[0].ngiven_back;
		available = request_available(&each, i, snapshot, &instant);
		largest = Min(largest, share_largest(asked->capacity[i].available,
											 Max(available, 0)));
	}
	UnregisterSnapshot(snapshot);
	for (int i = 0; i < asked->ncapacity; i++)
	{
		if (share_amount(asked->capacity[i].available, largest) == 0)
			largest = 0;
	}
	return largest;
}

static char *
largest_hint(const ShareRequest *asked, const Request *request)
{
	int32		largest = largest_share(asked, request);

	if (largest == 0)
		return psprintf("No share of it fits now. See SELECT * FROM arbiter_timeline(%s) for what is available when.",
						quote_literal_cstr(request->requirements[0].resource.name));
	return psprintf("The largest share that fits now is %s per cent.",
					share_text(largest));
}

/*
 * share_request_refuse refuses a request for a share that is nothing somewhere:
 * RV002 where any part of its range is outside the schedule, otherwise RV001.
 */
bool
share_request_refuse(const ShareRequest *asked, const Request *request,
					 Refusal *refusal)
{
	const Resource *resource = &request->requirements[0].resource;
	TimelineRefusal where = {0};
	TimestampTz start = request->start;
	TimestampTz end = request->end;
	TimestampTz outside;
	Snapshot	snapshot;
	int			which = 0;
	bool		is_outside;

	while (which < asked->nruns && asked->runs[which].delta > 0)
		which++;
	if (which == asked->nruns)
		return false;

	resource_occupied(resource, &start, &end);
	snapshot = decision_snapshot();
	is_outside = refusal_first_outside(resource->id, start, end, snapshot, &outside);
	if (is_outside)
	{
		where.instant = outside;
		refuse_capacity(request, resource->id, &where, refusal);
	}
	else
	{
		int64		capacity = capacity_at(asked, request, asked->runs[which].start);

		refusal->sqlstate = ERRCODE_ARBITER_INSUFFICIENT_CAPACITY;
		refusal->limiting = which;
		refusal->limiting_time = asked->runs[which].start;
		refusal->available =
			Max(request_available(request, which, snapshot, &outside), 0);
		refusal->largest_amount = refusal->available;
		refusal->message = psprintf("insufficient capacity of resource \"%s\"",
									resource->name);
		refusal->detail = psprintf("At %s its capacity is " INT64_FORMAT ", of which %s per cent is less than 1.",
								   pstrdup(timestamptz_to_str(refusal->limiting_time)),
								   capacity, share_text(asked->share));
		refusal->hint = largest_hint(asked, request);
	}
	UnregisterSnapshot(snapshot);
	return true;
}

/*
 * share_request_explain adds to the refusal of a request for a share what there is
 * to be said of shares.
 */
void
share_request_explain(const ShareRequest *asked, const Request *request,
					  Refusal *refusal)
{
	const Resource *resource = &request->requirements[refusal->limiting].resource;
	int64		capacity = capacity_at(asked, request, refusal->limiting_time);

	if (refusal->sqlstate == ERRCODE_ARBITER_INSUFFICIENT_CAPACITY &&
		capacity >= 0 && asked->runs[refusal->limiting].delta > 0)
		refusal->detail = psprintf("%s The request is for %s per cent, and the capacity there is " INT64_FORMAT ".",
								   refusal->detail, share_text(asked->share), capacity);
	if (refusal->hint != NULL)
		return;
	if (refusal->sqlstate == ERRCODE_ARBITER_INSUFFICIENT_CAPACITY)
		refusal->hint = largest_hint(asked, request);
	else if (refusal->sqlstate == ERRCODE_ARBITER_OUTSIDE_SCHEDULE)
		refusal->hint = psprintf("See SELECT * FROM arbiter_timeline(%s) for when it has capacity.",
								 quote_literal_cstr(resource->name));
}
