/*-------------------------------------------------------------------------
 *
 * statement_refusal.c
 *	  Why a statement on the tables is refused.
 *
 * A statement of plain SQL, or what a trigger made of a row, has asked for what it
 * occupies, and nobody has told us for what.  Where one range of one resource lacks,
 * the request is made up that would have asked for it.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/quota_refusal.h"

#include "charge/quota.h"
#include "support/errors.h"
#include "support/locks.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/*
 * A statement was refused for what it occupies; a request is for less.
 */
static void
exclude_buffers(Request *request)
{
	Resource   *resource = &request->requirements[0].resource;
	int64		cleanup_time = request->end == STEPS_INFINITY ? 0 : resource->cleanup_time;

	if (request->end - request->start > resource->setup_time + cleanup_time)
	{
		request->start += resource->setup_time;
		request->end -= cleanup_time;
	}
	else
	{
		/* not the range of a row: of a part of one, say */
		resource->setup_time = resource->cleanup_time = 0;
		request->fixed_range = true;
	}
}

/*
 * refuse_statement raises the refusal of a raw statement.
 *
 * One that takes one range of one resource is refused as the same request to
 * arbiter_reserve() would be.
 */
void
refuse_statement(const TimelineChange *changes, const TimelineRefusal *where)
{
	const TimelineChange *change = &changes[where->change];
	const Segment *segment = change->segments;
	Requirement requirement = {0};
	Request		request = {.requirements = &requirement,.nrequirements = 1};
	Refusal		refusal = {0};
	Snapshot	snapshot;
	TimestampTz outside;
	bool		single = change->nsegments == 1;

	if (timeline_is_of_quota(change->resource_id))
	{
		QuotaShortage shortage = quota_shortage(change, where);

		refuse_quota(NULL, &shortage, &refusal);
		refusal_raise(&refusal);
	}
	while (segment->end <= where->instant)
		segment++;
	requirement.amount = -Min(segment->judged, segment->ordinary);
	request.start = segment->start;
	request.end = segment->end;
	request.clock = GetCurrentTimestamp();
	snapshot = decision_snapshot();
	if (!resource_find_by_id(change->resource_id, snapshot, &requirement.resource))
		resource_unknown_id_error(change->resource_id);
	/* lead time is no matter of the table */
	requirement.resource.has_min_lead = false;
	request.tryout = segment->ordinary >= 0;
	exclude_buffers(&request);

	if (single)
		refuse_capacity(&request, change->resource_id, where, &refusal);
	else if (refusal_first_outside(change->resource_id, request.start, request.end,
						   snapshot, &outside))
	{
		refuse_outside(&request, 0, outside, snapshot, &refusal);
		refusal.hint = NULL;
	}
	else
	{
		refusal.sqlstate = ERRCODE_ARBITER_INSUFFICIENT_CAPACITY;
		refusal.message = psprintf("insufficient capacity of resource \"%s\"",
								   requirement.resource.name);
		refusal.detail =
			psprintf("At %s " INT64_FORMAT " is available, and the statement as a whole takes " INT64_FORMAT " more.",
					 timestamptz_to_str(where->instant), where->available,
					 requirement.amount);
		refusal.hint = psprintf("See SELECT * FROM arbiter_timeline(%s) for what is available when.",
								quote_literal_cstr(requirement.resource.name));
	}
	UnregisterSnapshot(snapshot);
	refusal_raise(&refusal);
}
