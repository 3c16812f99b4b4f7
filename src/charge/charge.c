/*-------------------------------------------------------------------------
 *
 * charge.c
 *	  What a reservation counts against quotas.
 *
 * A quota counts what was asked for: the range of a reservation without setup
 * and cleanup.  One of an amount counts the amount over that range.  An
 * integral one counts, in each window, the integral of the reservation over its
 * part of the window; that is charged over the whole window, so that what is
 * left is the same at every instant of it, and a limit that changes within a
 * window counts where it is tightest.  A budget counts what it costs in the same
 * way.
 *
 *-------------------------------------------------------------------------
 */
#include "charge/charge.h"

#include "common/int.h"
#include "miscadmin.h"
#include "support/locks.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/*
 * Integrals are counted between these instants (1900 and 2200, UTC), so that
 * what has no end counts in a finite number of windows.
 */
#define WINDOWS_FROM	(INT64CONST(-36524) * USECS_PER_DAY)
#define WINDOWS_TO		(INT64CONST(73049) * USECS_PER_DAY)

static void
add_charge(Charges *charges, int32 quota_id, TimestampTz start,
		   TimestampTz end, int64 amount)
{
	if (charges->n == charges->room)
	{
		charges->room = Max(4, 2 * charges->room);
		if (charges->charges == NULL)
			charges->charges = palloc(sizeof(Charge) * charges->room);
		else
			charges->charges = repalloc_huge(charges->charges,
											 sizeof(Charge) * charges->room);
	}
	charges->charges[charges->n++] = (Charge) {
		.quota_id = quota_id,.start = start,.end = end,.amount = amount
	};
}

/*
 * charge_quota adds what an amount of a resource over [start, end) counts against
 * a quota.
 *
 * Prices are read as they are committed now: as long as the caller has
 * RowExclusiveLock on arbiter_reservation, nobody else changes them, see
 * price/budget.c.
 */
void
charge_quota(Charges *charges, Quota *quota, int32 resource_id,
			 TimestampTz start, TimestampTz end, int64 amount)
{
	Snapshot	snapshot = NULL;

	if (start >= end)
		return;
	if (quota->measure == QUOTA_AMOUNT)
	{
		add_charge(charges, quota->id, start, end, Min(amount, CHARGE_MAX));
		return;
	}
	if (quota->measure == QUOTA_COST)
		snapshot = latest_snapshot();
	start = Max(start, WINDOWS_FROM);
	end = Min(end, WINDOWS_TO);
	while (start < end)
	{
		TimestampTz window_start;
		TimestampTz window_end;
		TimestampTz to;
		int64		integral;

		CHECK_FOR_INTERRUPTS();
		quota_window(quota, start, &window_start, &window_end);
		to = Min(end, window_end);
		if (quota->measure == QUOTA_COST ?
			!spending(resource_id, start, to, amount, snapshot, &integral) :
			pg_mul_s64_overflow(to - start, amount, &integral) ||
			integral > CHARGE_MAX)
			integral = CHARGE_MAX;
		/* what is free takes nothing of a budget */
		if (integral != 0)
			add_charge(charges, quota->id, window_start, window_end, integral);
		start = window_end;
	}
	if (snapshot != NULL)
		UnregisterSnapshot(snapshot);
}

/*
 * charges_are_cut tells whether any is more than it says.
 */
bool
charges_are_cut(const Charges *charges)
{
	for (int i = 0; i < charges->n; i++)
	{
		if (charges->charges[i].amount == CHARGE_MAX)
			return true;
	}
	return false;
}

/*
 * charge_all adds what an amount of a resource, taken by a user over [start,
 * end), counts against all quotas that he is under.
 *
 * The caller has RowExclusiveLock on arbiter_reservation, see quota_cache.c.
 */
void
charge_all(Charges *charges, const char *user_id, int32 resource_id,
		   TimestampTz start, TimestampTz end, int64 amount)
{
	int			nquotas;
	Quota	  **quotas;

	if (!quotas_exist())
		return;
	quotas = quotas_of(user_id, resource_id, &nquotas);
	for (int i = 0; i < nquotas; i++)
		charge_quota(charges, quotas[i], resource_id, start, end, amount);
}
