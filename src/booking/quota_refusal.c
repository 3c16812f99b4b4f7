/*-------------------------------------------------------------------------
 *
 * quota_refusal.c
 *	  Why a quota refuses.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/quota_refusal.h"

#include "booking/quota_fit.h"
#include "charge/charge.h"
#include "lib/stringinfo.h"
#include "support/errors.h"
#include "support/locks.h"
#include "timeline/quota_rows.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

static char *
time_text(TimestampTz time)
{
	return pstrdup(timestamptz_to_str(time));
}

/* what a quota counts, as its users know it */
static char *
parts_text(const Quota *quota, int64 parts)
{
	Datum		hours;

	if (quota->measure == QUOTA_AMOUNT)
		return psprintf(INT64_FORMAT, parts);
	hours = DirectFunctionCall2(numeric_div,
								NumericGetDatum(int64_to_numeric(parts)),
								NumericGetDatum(int64_to_numeric(quota_parts(quota->measure))));
	hours = DirectFunctionCall2(numeric_round, hours, Int32GetDatum(6));
	hours = DirectFunctionCall1(numeric_trim_scale, hours);
	return DatumGetCString(DirectFunctionCall1(numeric_out, hours));
}

/*
 * quota_shortage tells what a change was refused for.
 */
QuotaShortage
quota_shortage(const TimelineChange *change, const TimelineRefusal *where)
{
	const Segment *segment = change->segments;

	while (segment->end <= where->instant)
		segment++;
	return (QuotaShortage) {
		.quota_id = quota_timeline_id(change->resource_id),
		.instant = where->instant,
		.available = where->available,
		.asked = -segment->judged
	};
}

/* the limit of a quota at an instant */
static int64
limit_at(int32 quota_id, TimestampTz instant, Snapshot snapshot)
{
	int			n;
	Segment    *segments = quota_limit_segments(quota_id, instant, instant + 1,
												snapshot, &n);

	return segments[0].delta;
}

static char *
shortage_detail(Quota *quota, const QuotaShortage *shortage, int64 limit,
				Snapshot snapshot)
{
	StringInfoData detail;

	initStringInfo(&detail);
	if (quota->measure == QUOTA_AMOUNT)
		appendStringInfo(&detail, "At %s", time_text(shortage->instant));
	else
	{
		TimestampTz start;
		TimestampTz end;

		quota_window(quota, shortage->instant, &start, &end);
		appendStringInfo(&detail, "From %s to %s, a %s in %s,", time_text(start),
						 time_text(end), quota->per, quota->tz);
	}
	appendStringInfo(&detail, " the limit is %s", parts_text(quota, limit));
	if (quota->measure == QUOTA_UNIT_HOURS)
		appendStringInfoString(&detail, " unit-hours");
	else if (quota->measure == QUOTA_COST)
		appendStringInfoString(&detail, " for the cost");
	if (quota->has_resource)
	{
		Resource	resource;

		if (resource_find_by_id(quota->resource_id, snapshot, &resource))
			appendStringInfo(&detail, " of resource \"%s\"", resource.name);
	}
	else if (quota->resource_type != NULL)
		appendStringInfo(&detail, " of resource type \"%s\"", quota->resource_type);
	else
		appendStringInfoString(&detail, " of all resources together");
	/* subtracted as unsigned: oversold quotas may be far below zero */
	appendStringInfo(&detail, ", %s is used, and %s was asked for.",
					 parts_text(quota, (int64) ((uint64) limit - (uint64) shortage->available)),
					 parts_text(quota, shortage->asked));
	return detail.data;
}

/* a requirement that counts against a quota, where it has not enough */
static int
limiting_requirement(const Request *request, const Quota *quota,
					 const QuotaShortage *shortage)
{
	for (int i = 0; i < request->nrequirements; i++)
	{
		int			nquotas;
		Quota	  **quotas = quotas_of(request->user_id,
									   request->requirements[i].resource.id, &nquotas);
		TimestampTz start;
		TimestampTz end;

		request_span(request, i, request->start, request->end, &start, &end);
		for (int j = 0; j < nquotas; j++)
		{
			if (quotas[j]->id == quota->id &&
				(quota->measure != QUOTA_AMOUNT ||
				 (shortage->instant >= start && shortage->instant < end)))
				return i;
		}
	}
	return 0;
}

/*
 * refuse_quota composes the refusal of what a quota has not enough for (RV010).
 *
 * With the request, unless that is NULL, it tells alternatives.
 */
void
refuse_quota(const Request *request, const QuotaShortage *shortage,
			 Refusal *refusal)
{
	Snapshot	snapshot = latest_snapshot();
	Quota		quota;
	int64		limit;

	if (!quota_find(shortage->quota_id, snapshot, &quota))
		concurrent_change_error();
	limit = limit_at(quota.id, shortage->instant, snapshot);
	refusal->sqlstate = ERRCODE_ARBITER_QUOTA_EXCEEDED;
	refusal->limiting_time = shortage->instant;
	refusal->available = shortage->available;
	refusal->available /= quota_parts(quota.measure);
	refusal->message = psprintf("quota of %s \"%s\" exceeded",
								quota.is_group ? "group" : "user", quota.subject);
	refusal->detail = shortage_detail(&quota, shortage, limit, snapshot);
	refusal->has_earliest_start = false;
	refusal->largest_amount = 0;
	refusal->largest_unknown = true;
	UnregisterSnapshot(snapshot);

	snapshot = decision_snapshot();
	if (request != NULL)
		refusal->limiting = limiting_requirement(request, &quota, shortage);
	if (request != NULL && request->nrequirements == 1 && !request->follows_capacity)
	{
		TimestampTz instant;
		QuotaFit	fit;

		quota_fit_begin(&fit, request, snapshot);
		refusal->largest_amount =
			Min(Max(request_available(request, 0, snapshot, &instant), 0),
				quota_fit_largest(&fit));
		refusal->largest_unknown = false;
		refusal_add_alternatives(request, request->start, snapshot, refusal);
	}
	else
		refusal->hint = psprintf("See SELECT * FROM arbiter_quota_calendar(%s, start_time, end_time%s) for what is left when.",
								 quote_literal_cstr(quota.subject),
								 quota.is_group ? ", subject_kind => 'group'" : "");
	UnregisterSnapshot(snapshot);
}

/*
 * refuse_request composes the refusal of a request on account of a change: one
 * of a resource, or of a quota.
 */
void
refuse_request(const Request *request, const TimelineChange *change,
			   const TimelineRefusal *where, Refusal *refusal)
{
	QuotaShortage shortage;

	if (!timeline_is_of_quota(change->resource_id))
	{
		refuse_capacity(request, change->resource_id, where, refusal);
		return;
	}
	shortage = quota_shortage(change, where);
	refuse_quota(request, &shortage, refusal);
}
