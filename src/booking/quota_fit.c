/*-------------------------------------------------------------------------
 *
 * quota_fit.c
 *	  When, and how much, the quotas of a user allow.
 *
 * For the hints of refusals: it reads with a snapshot, locks nothing, and is
 * asked for requests for one range of one resource.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/quota_fit.h"

#include "common/int.h"
#include "support/locks.h"
#include "utils/snapmgr.h"

/*
 * quota_limits tells whether a request counts against any quota.
 *
 * The caller has RowExclusiveLock on arbiter_reservation.
 */
bool
quota_limits(const Request *request)
{
	if (request->user_id == NULL || !quotas_exist())
		return false;
	for (int i = 0; i < request->nrequirements; i++)
	{
		int			nquotas;

		(void) quotas_of(request->user_id, request->requirements[i].resource.id,
						 &nquotas);
		if (nquotas > 0)
			return true;
	}
	return false;
}

/*
 * quota_fit_begin reads what a request counts against.
 */
void
quota_fit_begin(QuotaFit *fit, const Request *request, Snapshot snapshot)
{
	Quota	  **quotas;

	fit->request = request;
	fit->nquotas = 0;
	if (request->user_id == NULL || request->nrequirements != 1 || !quotas_exist())
		return;
	quotas = quotas_of(request->user_id, request->requirements[0].resource.id,
					   &fit->nquotas);
	fit->quotas = palloc(sizeof(Quota) * Max(fit->nquotas, 1));
	fit->views = palloc(sizeof(TimelineView) * Max(fit->nquotas, 1));
	for (int i = 0; i < fit->nquotas; i++)
	{
		/* a copy: what is kept may be forgotten while tables are read */
		fit->quotas[i] = *quotas[i];
		if (quotas[i]->per != NULL)
		{
			fit->quotas[i].per = pstrdup(quotas[i]->per);
			fit->quotas[i].tz = pstrdup(quotas[i]->tz);
		}
	}
	for (int i = 0; i < fit->nquotas; i++)
		timeline_view_init(&fit->views[i], quota_timeline_id(fit->quotas[i].id), 0,
						   request->clock, DT_NOBEGIN, DT_NOEND, snapshot);
}

static TimestampTz
end_from(const QuotaFit *fit, TimestampTz start)
{
	int64		duration = request_duration(fit->request);
	TimestampTz end;

	if (duration == STEPS_INFINITY || pg_add_s64_overflow(start, duration, &end))
		return STEPS_INFINITY;
	return end;
}

/*
 * The end of the last shortage in [start, end) of an amount, or start if there
 * is none.
 */
static TimestampTz
last_shortage(const TimelineView *view, int64 amount, TimestampTz start,
			  TimestampTz end)
{
	TimelineScan scan;
	TimelineStretch stretch;
	TimestampTz last = start;

	timeline_scan_begin(&scan, view, start, end);
	while (timeline_scan_next(&scan, &stretch))
	{
		if (stretch.minimum < amount)
		{
			int			at = 0;

			timeline_stretch_unpack(&stretch);
			last = Max(last, steps_last_below(stretch.steps, stretch.nsteps,
											  stretch.end, Max(start, stretch.start),
											  Min(end, stretch.end), amount, &at));
		}
		timeline_stretch_free(&stretch);
	}
	timeline_scan_end(&scan);
	return last;
}

/*
 * From when on an integral quota may allow the request, which starts at start
 * and for which it has not enough in a window: whatever starts before that and
 * is as long has more than is left in its part of that window.
 */
static TimestampTz
start_in_window(const QuotaFit *fit, const Charge *charge, int64 available)
{
	int64		amount = fit->request->requirements[0].amount;

	return charge->end - Max(available, 0) / amount;
}

/*
 * The same of a budget.  If the window is later than the one that the request
 * starts in, more than its part of it is counted for starts before it: none of
 * these is allowed in any case, because its part becomes no less.
 */
static TimestampTz
start_within_budget(const QuotaFit *fit, const Charge *charge,
					TimestampTz start, TimestampTz end, int64 available)
{
	const Requirement *requirement = &fit->request->requirements[0];
	Snapshot	snapshot;
	TimestampTz next;

	snapshot = latest_snapshot();
	next = spending_fits_from(requirement->resource.id, start,
							  TIMESTAMP_IS_NOEND(end) ? STEPS_INFINITY : end - start,
							  charge->end, requirement->amount, available, snapshot);
	UnregisterSnapshot(snapshot);
	return next;
}

/*
 * quota_fit_next returns the start if the quotas allow the request at it,
 * otherwise a later one: none in between is allowed.  STEPS_INFINITY: none is.
 */
TimestampTz
quota_fit_next(QuotaFit *fit, TimestampTz start)
{
	int64		amount = fit->request->requirements[0].amount;
	TimestampTz next = start;

	for (int i = 0; i < fit->nquotas; i++)
	{
		TimestampTz end = end_from(fit, start);
		Charges		charges = {0};

		if (fit->quotas[i].measure == QUOTA_AMOUNT)
		{
			next = Max(next, last_shortage(&fit->views[i], amount, start, end));
			continue;
		}
		charge_quota(&charges, &fit->quotas[i],
					 fit->request->requirements[0].resource.id, start, end, amount);
		for (int j = 0; j < charges.n; j++)
		{
			const Charge *charge = &charges.charges[j];
			TimestampTz instant;
			int64		available = timeline_minimum(&fit->views[i], charge->start,
													 charge->end, &instant);

			if (available >= charge->amount)
				continue;
			if (fit->quotas[i].measure == QUOTA_COST)
				next = Max(next, start_within_budget(fit, charge, start, end, available));
			else
				next = Max(next, start_in_window(fit, charge, available));
		}
		if (charges.charges != NULL)
			pfree(charges.charges);
	}
	return next;
}

/*
 * quota_largest returns the largest amount that a quota allows, of which so much
 * is available, where another amount is charged with a charge.
 *
 * If that is more than what is available, the cost of what is returned, which is
 * less than the other amount, is not: rounding adds less than half a part to it.
 */
int64
quota_largest(const Charge *charge, int64 amount, int64 available)
{
	int128		largest = (int128) Max(available, 0) * amount / charge->amount;

	return (int64) Min(largest, PG_INT64_MAX);
}

/*
 * quota_fit_largest returns the largest amount that the quotas allow at the
 * times of the request; PG_INT64_MAX if there is no quota.
 */
int64
quota_fit_largest(QuotaFit *fit)
{
	const Request *request = fit->request;
	const Requirement *requirement = &request->requirements[0];
	int64		largest = PG_INT64_MAX;

	for (int i = 0; i < fit->nquotas; i++)
	{
		Charges		charges;
		int64		amount = requirement->amount;

		/* what is charged must not be cut off to be told from */
		for (;;)
		{
			charges = (Charges) {0};
			charge_quota(&charges, &fit->quotas[i], requirement->resource.id,
						 request->start, request->end, amount);
			if (!charges_are_cut(&charges) || amount == 1)
				break;
			pfree(charges.charges);
			amount = Max(amount / 1024, 1);
		}
		for (int j = 0; j < charges.n; j++)
		{
			const Charge *charge = &charges.charges[j];
			TimestampTz instant;
			int64		available = timeline_minimum(&fit->views[i], charge->start,
													 charge->end, &instant);

			largest = Min(largest, quota_largest(charge, amount, available));
		}
		if (charges.charges != NULL)
			pfree(charges.charges);
	}
	return largest;
}
