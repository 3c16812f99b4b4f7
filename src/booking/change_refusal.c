/*-------------------------------------------------------------------------
 *
 * change_refusal.c
 *	  Why a change of reservations is refused.
 *
 * A change amounts to a request: for what its rows are to become, made by
 * somebody who gives back what they were.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/change.h"

#include "booking/quota_refusal.h"
#include "charge/quota.h"
#include "common/int.h"
#include "utils/timestamp.h"

/*
 * What the rows of a resource give back, less what they take but for those that
 * are asked for: one part, or NULL for all of them.
 */
static void
give_back(const Change *change, const ChangePart *asked,
		  Requirement *requirement)
{
	StepEvent  *events = palloc_extended(sizeof(StepEvent) * 4 * (Size) change->nparts,
										 MCXT_ALLOC_HUGE);
	int			n = 0;

	for (int i = 0; i < change->nparts; i++)
	{
		const ChangePart *part = &change->parts[i];
		const ReservationTake *take = &part->take;

		if (part->changed == NULL)
			continue;
		if (take->active && take->resource_id == requirement->resource.id)
		{
			events[n++] = (StepEvent) {.instant = take->start,.delta = take->amount};
			events[n++] = (StepEvent) {.instant = take->end,.delta = -take->amount};
		}
		take = &part->new_take;
		if (asked != NULL && part != asked && take->active &&
			take->resource_id == requirement->resource.id)
		{
			events[n++] = (StepEvent) {.instant = take->start,.delta = -take->amount};
			events[n++] = (StepEvent) {.instant = take->end,.delta = take->amount};
		}
	}
	request_give_back(requirement, events, n);
}

/*
 * Require what a part is to become.  One that stays in its place keeps what it
 * occupies, whatever the resource's setup and cleanup time have become since.
 */
static void
require_part(const ChangePart *part, Requirement *requirement)
{
	const ReservationTake *new_take = &part->new_take;

	requirement->resource = part->resource;
	requirement->amount = new_take->amount;
	if (new_take->resource_id != part->take.resource_id ||
		part->new_start != part->start || part->new_end != part->end)
		return;
	requirement->resource.setup_time = part->new_start - new_take->start;
	requirement->resource.cleanup_time = new_take->end - part->new_end;
}

/*
 * Make one request of all that is asked for; false if it is not one: of several
 * reservations, or with parts of one resource that overlap.
 */
static bool
make_whole_request(const Change *change, Request *request)
{
	const ChangePart *first = NULL;

	for (int i = 0; i < change->nparts; i++)
	{
		const ChangePart *part = &change->parts[i];

		if (part->changed == NULL || !part->new_take.active)
			continue;
		if (first == NULL)
		{
			first = part;
			request->start = part->new_start;
			request->end = part->new_end;
			request->tryout = part->new_take.tryout;
		}
		else if (part->reservation_id != first->reservation_id ||
				 part->new_take.tryout != request->tryout)
			return false;
		request->start = Min(request->start, part->new_start);
		request->end = Max(request->end, part->new_end);
	}
	for (int i = 0; i < change->nparts; i++)
	{
		const ChangePart *part = &change->parts[i];
		Requirement *requirement = &request->requirements[request->nrequirements];

		if (part->changed == NULL || !part->new_take.active)
			continue;
		require_part(part, requirement);
		if (pg_sub_s64_overflow(part->new_start, request->start, &requirement->offset))
			return false;
		requirement->length = part->new_end == request->end ? 0 :
			part->new_end - part->new_start;
		request->nrequirements++;
	}
	request_sort(request);
	for (int i = 0; i < request->nrequirements; i++)
	{
		Requirement *requirement = &request->requirements[i];

		if (i == 0 || requirement->resource.id != requirement[-1].resource.id)
		{
			give_back(change, NULL, requirement);
			continue;
		}
		if (requirement[-1].length == 0 ||
			requirement[-1].offset + requirement[-1].length > requirement->offset)
			return false;
		requirement->given_back = requirement[-1].given_back;
		requirement->ngiven_back = requirement[-1].ngiven_back;
	}
	return true;
}

/*
 * Find the part on whose account the timeline refused.
 */
static const ChangePart *
limiting_part(const Change *change)
{
	int32		resource_id = change->changes[change->where.change].resource_id;
	TimestampTz instant = change->where.instant;
	const ChangePart *found = NULL;

	for (int i = 0; i < change->nparts; i++)
	{
		const ChangePart *part = &change->parts[i];
		const ReservationTake *new = &part->new_take;
		const ReservationTake *old = &part->take;

		if (part->changed == NULL || !new->active ||
			new->resource_id != resource_id ||
			instant < new->start || instant >= new->end)
			continue;
		found = part;
		/* it takes more there than it did */
		if (old->resource_id != resource_id || instant < old->start ||
			instant >= old->end || new->amount > old->amount)
			break;
	}
	return found;
}

/*
 * The request that a change amounts to: for what its rows are to become, made by
 * somebody who gives back what they were.  It is that of a whole reservation, or
 * that of one part.
 */
static void
make_request(const Change *change, const ChangePart *asked, bool fixed_range,
			 Request *request)
{
	Requirement *requirements = palloc_extended(sizeof(Requirement) * (Size) change->nparts,
												MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	memset(request, 0, sizeof(Request));
	request->clock = change->clock;
	request->fixed_range = fixed_range;
	request->requirements = requirements;
	if (make_whole_request(change, request))
		return;
	request->start = asked->new_start;
	request->end = asked->new_end;
	request->tryout = asked->new_take.tryout;
	request->nrequirements = 1;
	memset(requirements, 0, sizeof(Requirement));
	require_part(asked, requirements);
	give_back(change, asked, requirements);
}

/*
 * change_check_lead refuses a change to a start that is too early for the lead
 * time of a resource (RV006).
 */
void
change_check_lead(const Change *change)
{
	Request		request;
	Refusal		refusal = {0};

	for (int i = 0; i < change->nparts; i++)
	{
		const ChangePart *part = &change->parts[i];

		if (part->changed == NULL || !part->new_take.active ||
			part->new_start >= resource_earliest_start(&part->resource, change->clock))
			continue;
		make_request(change, part, false, &request);
		if (!refuse_early_start(&request, &refusal))
			continue;
		if (refusal.has_earliest_start)
			refusal.hint = psprintf("The earliest start at which the same request fits is %s.",
									timestamptz_to_str(refusal.earliest_start));
		else
			refusal.hint = pstrdup("Pass the earliest start permitted, or a later one.");
		refusal_raise(&refusal);
	}
}

/*
 * change_refusal composes the refusal of a change that the timeline has just
 * refused, and the request that it is the refusal of; an empty one if it is that
 * of a quota.
 *
 * fixed_range leaves other times out of the hint.
 */
void
change_refusal(const Change *change, bool fixed_range, Request *request,
			   Refusal *refusal)
{
	const TimelineChange *refused = &change->changes[change->where.change];
	const ChangePart *limiting;

	if (timeline_is_of_quota(refused->resource_id))
	{
		QuotaShortage shortage = quota_shortage(refused, &change->where);

		memset(request, 0, sizeof(Request));
		refuse_quota(NULL, &shortage, refusal);
		return;
	}
	limiting = limiting_part(change);
	if (limiting == NULL)
		refuse_statement(change->changes, &change->where);
	make_request(change, limiting, fixed_range, request);
	refuse_capacity(request, limiting->resource.id, &change->where, refusal);
}

/*
 * change_refuse raises the refusal of a change.
 */
void
change_refuse(const Change *change, bool fixed_range)
{
	Request		request;
	Refusal		refusal = {0};

	change_refusal(change, fixed_range, &request, &refusal);
	refusal_raise(&refusal);
}

