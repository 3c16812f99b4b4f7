/*-------------------------------------------------------------------------
 *
 * refusal.c
 *	  Why a request is refused, and what would be granted instead.
 *
 * The search for alternatives comes after the decision, reads with a snapshot
 * of its own, takes no lock, and is bounded by arbiter.search_horizon: what it
 * says was true a moment ago, and is a hint.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/refusal.h"

#include "booking/quota_fit.h"
#include "booking/slot.h"
#include "miscadmin.h"
#include "support/errors.h"
#include "support/locks.h"
#include "timeline/base_rows.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

static char *
time_text(TimestampTz time)
{
	return pstrdup(timestamptz_to_str(time));
}

/*
 * refusal_first_outside finds the first instant of [start, end) that no declared
 * capacity covers; false if there is none.
 */
bool
refusal_first_outside(int32 resource_id, TimestampTz start, TimestampTz end,
					  Snapshot snapshot, TimestampTz *instant)
{
	int			nsegments;
	Segment    *segments = capacity_segments(resource_id, start, end, snapshot,
											 &nsegments);

	*instant = start;
	for (int i = 0; i < nsegments && segments[i].start <= *instant; i++)
		*instant = Max(*instant, segments[i].end);
	pfree(segments);
	return *instant < end;
}

/*
 * Is a request for the same amount of one resource, in all its spans?
 */
static bool
is_even(const Request *request)
{
	const Requirement *requirements = request->requirements;

	for (int i = 1; i < request->nrequirements; i++)
	{
		if (requirements[i].resource.id != requirements[0].resource.id ||
			requirements[i].amount != requirements[0].amount)
			return false;
	}
	return true;
}

static char *
alternatives_hint(const Refusal *refusal, const Request *request)
{
	StringInfoData hint;

	initStringInfo(&hint);
	if (refusal->has_earliest_start && request_has_spans(request))
		appendStringInfo(&hint, "The earliest later start at which the same request fits, with all spans moved alike, is %s.",
						 time_text(refusal->earliest_start));
	else if (refusal->has_earliest_start)
		appendStringInfo(&hint, "The earliest later start at which the same request fits is %s.",
						 time_text(refusal->earliest_start));
	else if (slot_is_searched(request))
		appendStringInfo(&hint, "No later start within arbiter.search_horizon fits the same request.");
	if (hint.len > 0)
		appendStringInfoChar(&hint, ' ');
	if (request->nrequirements == 1)
		appendStringInfo(&hint, "The largest amount that fits now is " INT64_FORMAT ".",
						 refusal->largest_amount);
	else if (is_even(request))
		appendStringInfo(&hint, "The largest amount that fits in all spans now is " INT64_FORMAT ".",
						 refusal->largest_amount);
	else
		appendStringInfo(&hint, "The largest amount of resource \"%s\" that fits now is " INT64_FORMAT ".",
						 request->requirements[refusal->limiting].resource.name,
						 refusal->largest_amount);
	return hint.data;
}

/*
 * refusal_add_alternatives adds to a refusal the earliest later start, and the
 * hint.
 */
void
refusal_add_alternatives(const Request *request, TimestampTz from,
						 Snapshot snapshot, Refusal *refusal)
{
	refusal->has_earliest_start = slot_earliest_start(request, from, snapshot,
												 &refusal->earliest_start);
	if (!request->follows_capacity)
		refusal->hint = alternatives_hint(refusal, request);
}

/*
 * refuse_early_start tells whether a request starts too early for the lead
 * time of a resource (RV006).
 */
bool
refuse_early_start(const Request *request, Refusal *refusal)
{
	for (int i = 0; i < request->nrequirements; i++)
	{
		const Resource *resource = &request->requirements[i].resource;
		TimestampTz permitted = resource_earliest_start(resource, request->clock);
		TimestampTz start;
		TimestampTz end;
		TimestampTz instant;
		Snapshot	snapshot;

		request_span(request, i, request->start, request->end, &start, &end);
		if (start >= permitted)
			continue;

		snapshot = decision_snapshot();
		refusal->sqlstate = ERRCODE_ARBITER_TOO_EARLY;
		refusal->limiting = i;
		refusal->limiting_time = permitted;
		refusal->largest_amount = Max(request_available(request, i, snapshot, &instant), 0);
		refusal->available = refusal->largest_amount;
		refusal->message = psprintf("start is too early for resource \"%s\"",
									resource->name);
		refusal->detail =
			psprintf("The start is %s; with a lead time of %s the earliest start permitted is %s.",
					 time_text(start),
					 DatumGetCString(DirectFunctionCall1(interval_out,
														 PointerGetDatum(&resource->min_lead))),
					 time_text(permitted));
		refusal->has_earliest_start = slot_earliest_start(request, request->start,
													 snapshot,
													 &refusal->earliest_start);
		if (request_has_spans(request) && !request->follows_capacity)
			refusal->hint = alternatives_hint(refusal, request);
		else if (refusal->has_earliest_start)
			refusal->hint = psprintf("The earliest start at which the same request fits is %s; start_time => NULL asks for the earliest permitted one.",
									 time_text(refusal->earliest_start));
		else
			refusal->hint = pstrdup("Pass start_time => NULL for the earliest permitted start.");
		UnregisterSnapshot(snapshot);
		return true;
	}
	return false;
}

/*
 * What a user would not expect to be counted, as the end of a DETAIL.
 */
static char *
what_else_counts(const Request *request, int which)
{
	const Resource *resource = &request->requirements[which].resource;
	Terms		terms = resource_terms(resource, request->tryout, request->clock);
	StringInfoData text;
	TimestampTz own_start;
	TimestampTz own_end;
	TimestampTz start;
	TimestampTz end;

	initStringInfo(&text);
	request_span(request, which, request->start, request->end, &own_start,
				 &own_end);
	request_occupied(request, which, request->start, request->end, &start, &end);
	if (start != own_start || end != own_end)
		appendStringInfo(&text, " With setup and cleanup time it is taken from %s to %s.",
						 time_text(start), time_text(end));
	if (terms.float_share > 0)
		appendStringInfo(&text, " Of its capacity %g per cent is kept back for reservations with tryout => true.",
						 terms.float_share * 100.0 / FLOAT_SHARE_ALL);
	if (terms.overcommit > 0)
		appendStringInfo(&text, " Before %s its capacity counts as it is, from then on %.2f times.",
						 time_text(terms.firm_until),
						 (double) resource->overcommit / OVERCOMMIT_ONE);
	return text.data;
}

/*
 * refuse_outside composes the refusal of a request of which a part, from outside
 * on, is outside the schedule of a resource (RV002).
 */
void
refuse_outside(const Request *request, int which, TimestampTz outside,
			   Snapshot snapshot, Refusal *refusal)
{
	const Resource *resource = &request->requirements[which].resource;
	TimestampTz start;
	TimestampTz end;
	int			nsegments;
	Segment    *segments = capacity_segments(resource->id, DT_NOBEGIN, DT_NOEND,
											 snapshot, &nsegments);

	refusal->sqlstate = ERRCODE_ARBITER_OUTSIDE_SCHEDULE;
	refusal->limiting = which;
	refusal->limiting_time = outside;
	refusal->available = 0;
	refusal->largest_amount = 0;
	if (nsegments == 0)
	{
		refusal->message = psprintf("resource \"%s\" has no declared capacity",
									resource->name);
		if (resource->is_child)
		{
			refusal->detail = psprintf("Its capacity is reservation " INT64_FORMAT ", of which nothing is left.",
									   resource->parent_reservation_id);
			refusal->hint = pstrdup("Reserve from a resource that has capacity: see arbiter_resource_tree.");
			return;
		}
		if (resource->is_inventory)
		{
			refusal->detail = pstrdup("Its capacity is what a provider has, and nothing is said of that.");
			refusal->hint = pstrdup("Say how much there is with arbiter_set_inventory().");
			return;
		}
		refusal->detail = pstrdup("Nothing can be reserved before an operator declares capacity.");
		refusal->hint = psprintf("Declare it with arbiter_set_capacity(%s, start_time, end_time, amount).",
								 quote_literal_cstr(resource->name));
		return;
	}
	refusal->message =
		psprintf("range is outside the schedule of resource \"%s\", which runs from %s to %s",
				 resource->name, time_text(segments[0].start),
				 time_text(segments[nsegments - 1].end));
	request_span(request, which, request->start, request->end, &start, &end);
	refusal->detail =
		psprintf("The %s is from %s to %s; no capacity is declared at %s.%s",
				 request_has_spans(request) ? "span" : "request",
				 time_text(start), time_text(end),
				 time_text(outside), what_else_counts(request, which));
	refusal_add_alternatives(request, request->start, snapshot, refusal);
}

static bool
is_given_back(const Requirement *requirement, TimestampTz instant)
{
	for (int i = 0; i < requirement->ngiven_back; i++)
	{
		const Segment *segment = &requirement->given_back[i];

		if (segment->start <= instant && segment->end > instant)
			return segment->delta > 0;
	}
	return false;
}

static void
refuse_insufficient(const Request *request, int which, Snapshot snapshot,
					Refusal *refusal)
{
	const Requirement *requirement = &request->requirements[which];
	Terms		terms = resource_terms(&requirement->resource, true, request->clock);
	int			nsegments;
	Segment    *segments = capacity_segments(requirement->resource.id,
											 DT_NOBEGIN, DT_NOEND, snapshot,
											 &nsegments);
	int64		most = 0;

	for (int i = 0; i < nsegments; i++)
	{
		int64		capacity = segments[i].delta;

		if (terms.overcommit > 0 && segments[i].end > terms.firm_until)
			capacity += overcommit_amount(capacity, terms.overcommit);
		most = Max(most, capacity);
	}
	pfree(segments);

	refusal->sqlstate = ERRCODE_ARBITER_INSUFFICIENT_CAPACITY;
	refusal->message = psprintf("insufficient capacity of resource \"%s\"",
								requirement->resource.name);
	refusal->detail =
		psprintf("At %s " INT64_FORMAT " is available%s, " INT64_FORMAT " was asked for.",
				 time_text(refusal->limiting_time), refusal->available,
				 is_given_back(requirement, refusal->limiting_time) ?
				 " with what is given back" : "",
				 requirement->amount);
	if (requirement->amount > most)
		refusal->detail =
			psprintf("%s The most that resource ever has is " INT64_FORMAT ".",
					 refusal->detail, most);
	refusal->detail = psprintf("%s%s", refusal->detail,
							   what_else_counts(request, which));
	refusal_add_alternatives(request, request->start, snapshot, refusal);
}

/*
 * The requirement on whose account the timeline refused, there.
 */
static int
requirement_at(const Request *request, int32 resource_id, TimestampTz instant)
{
	int			found = -1;

	for (int i = 0; i < request->nrequirements; i++)
	{
		TimestampTz start;
		TimestampTz end;

		if (request->requirements[i].resource.id != resource_id)
			continue;
		request_occupied(request, i, request->start, request->end, &start, &end);
		if (found < 0 || (instant >= start && instant < end))
			found = i;
	}
	/* a trigger of a user made it another resource */
	return found < 0 ? request->nrequirements - 1 : found;
}

/*
 * An expired hold is in the way, and another transaction is changing it: what
 * it will be is not known, so there is nothing to be said of alternatives.
 */
static void
refuse_meanwhile(const Request *request, int32 resource_id,
				 const TimelineRefusal *where, Refusal *refusal)
{
	int			which = requirement_at(request, resource_id, where->instant);

	refusal->sqlstate = ERRCODE_ARBITER_INSUFFICIENT_CAPACITY;
	refusal->limiting = which;
	refusal->limiting_time = where->instant;
	refusal->available = where->available;
	refusal->largest_amount = Max(where->available, 0);
	refusal->message = psprintf("insufficient capacity of resource \"%s\"",
								request->requirements[which].resource.name);
	refusal->detail =
		psprintf("At %s " INT64_FORMAT " is available, " INT64_FORMAT " was asked for. A hold there has expired, but another transaction is changing it.",
				 time_text(where->instant), where->available,
				 request->requirements[which].amount);
	refusal->hint = pstrdup("Try again when that transaction has ended.");
}

/*
 * refuse_capacity composes the refusal of a request that the timeline has just
 * refused, on account of resource_id and there: RV002 where any part of a range
 * is outside a schedule, otherwise RV001.
 */
void
refuse_capacity(const Request *request, int32 resource_id,
				const TimelineRefusal *where, Refusal *refusal)
{
	Snapshot	snapshot;
	int			which = -1;
	TimestampTz instant;

	if (where->passed_over)
	{
		refuse_meanwhile(request, resource_id, where, refusal);
		return;
	}
	snapshot = decision_snapshot();
	for (int i = 0; i < request->nrequirements; i++)
	{
		TimestampTz start;
		TimestampTz end;

		CHECK_FOR_INTERRUPTS();
		request_occupied(request, i, request->start, request->end, &start, &end);
		if (refusal_first_outside(request->requirements[i].resource.id, start, end,
						  snapshot, &instant))
		{
			refuse_outside(request, i, instant, snapshot, refusal);
			UnregisterSnapshot(snapshot);
			return;
		}
	}

	/* the resource, or the span, that lacks most */
	for (int i = 0; i < request->nrequirements; i++)
	{
		int64		available;

		CHECK_FOR_INTERRUPTS();
		available = request_available(request, i, snapshot, &instant);

		if (available < request->requirements[i].amount &&
			(which < 0 || available - request->requirements[i].amount <
			 refusal->available - request->requirements[which].amount))
		{
			which = i;
			refusal->available = available;
			refusal->limiting_time = instant;
		}
	}

	/* what was lacking has come back since: tell what was decided on */
	if (which < 0)
	{
		which = requirement_at(request, resource_id, where->instant);
		refusal->available = where->available;
		refusal->limiting_time = where->instant;
	}
	refusal->limiting = which;
	refusal->largest_amount = Max(refusal->available, 0);
	if (quota_limits(request))
	{
		QuotaFit	fit;

		quota_fit_begin(&fit, request, snapshot);
		refusal->largest_amount = Min(refusal->largest_amount, quota_fit_largest(&fit));
	}
	refuse_insufficient(request, which, snapshot, refusal);
	UnregisterSnapshot(snapshot);
}

/*
 * refusal_raise raises a refusal as an error.
 */
void
refusal_raise(const Refusal *refusal)
{
	ereport(ERROR,
			(errcode(refusal->sqlstate),
			 errmsg_internal("%s", refusal->message),
			 errdetail_internal("%s", refusal->detail),
			 refusal->hint != NULL ? errhint("%s", refusal->hint) : 0));
}
