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
		charge_quota(&charges, &fit->quotas[i], start, end, amount);
		for (int j = 0; j < charges.n; j++)
		{
			const Charge *charge = &charges.charges[j];
			TimestampTz instant;
			int64		available = timeline_minimum(&fit->views[i], charge->start,
													 charge->end, &instant);

			if (available < charge->amount)
				next = Max(next, start_in_window(fit, charge, available));
		}
		if (charges.charges != NULL)
			pfree(charges.charges);
	}
	return next;
}

/*
 * quota_fit_largest returns the largest amount that the quotas allow at the
 * times of the request; PG_INT64_MAX if there is no quota.
 */
int64
quota_fit_largest(QuotaFit *fit)
{
	const Request *request = fit->request;
	int64		largest = PG_INT64_MAX;

	for (int i = 0; i < fit->nquotas; i++)
	{
		Charges		charges = {0};

		/* an amount of one: what it is charged with is how long it lasts */
		charge_quota(&charges, &fit->quotas[i], request->start, request->end, 1);
		for (int j = 0; j < charges.n; j++)
		{
			const Charge *charge = &charges.charges[j];
			TimestampTz instant;
			int64		available = timeline_minimum(&fit->views[i], charge->start,
													 charge->end, &instant);

			largest = Min(largest, Max(available, 0) / charge->amount);
		}
		if (charges.charges != NULL)
			pfree(charges.charges);
	}
	return largest;
}
