/*-------------------------------------------------------------------------
 *
 * take.c
 *	  What rows of arbiter_reservation take and give back, as a net change.
 *
 * What a row takes is taken from the timeline of its resource, and from those of
 * the quotas that it counts against.  Whoever changes reservations nets all that
 * goes and comes, and asks the timeline once.
 *
 *-------------------------------------------------------------------------
 */
#include "reservation/reservation.h"

/*
 * reservation_quotas returns the timelines of the quotas that a row counts
 * against, palloc'd; NULL and no number if there are none.
 */
int32 *
reservation_quotas(TupleTableSlot *row, int *n)
{
	ReservationTake take;
	Quota	  **quotas;
	int32	   *ids;

	*n = 0;
	if (!quotas_exist() || !reservation_read(row, &take) || take.user_id == NULL)
		return NULL;
	quotas = quotas_of(take.user_id, take.resource_id, n);
	if (*n == 0)
		return NULL;
	ids = palloc(sizeof(int32) * *n);
	for (int i = 0; i < *n; i++)
		ids[i] = quota_timeline_id(quotas[i]->id);
	return ids;
}

/*
 * reservation_add_charge adds one charge to a net change, or gives it back; sign and
 * judged as in reservation_charge().
 */
void
reservation_add_charge(NetChange *net, const Charge *charge, int sign, bool judged)
{
	Segment		segment = {
		.start = charge->start,
		.end = charge->end,
		.delta = sign * charge->amount
	};

	if (judged)
		segment.judged = segment.ordinary = segment.delta;
	net_change_add_parts(net, quota_timeline_id(charge->quota_id), NULL, &segment);
}

/*
 * reservation_charge adds to a net change what a row counts against quotas (sign
 * -1), or gives back to them (1).  judged: for the caller to use, or to be judged
 * by.
 *
 * The caller has RowExclusiveLock on arbiter_reservation.
 */
void
reservation_charge(NetChange *net, const ReservationTake *take, int sign,
				   bool judged)
{
	Charges		charges = {0};

	if (take->user_id == NULL || !quotas_exist())
		return;
	charge_all(&charges, take->user_id, take->resource_id, take->own_start,
			   take->own_end, take->amount);
	for (int i = 0; i < charges.n; i++)
		reservation_add_charge(net, &charges.charges[i], sign, judged);
	if (charges.charges != NULL)
		pfree(charges.charges);
}

/*
 * reservation_take adds what a row takes to a net change, and what it counts
 * against quotas; the clock is that of the call, by which it is near or far ahead.
 */
void
reservation_take(NetChange *net, const ReservationTake *take,
				 const Resource *resource, TimestampTz clock)
{
	Segment		segment = {
		.start = take->start,
		.end = take->end,
		.delta = -take->amount,
		.judged = -take->amount,
		.ordinary = take->tryout ? 0 : -take->amount
	};

	if (resource_has_terms(resource))
	{
		Terms		terms = resource_terms(resource, false, clock);

		net_change_add_parts(net, take->resource_id, &terms, &segment);
	}
	else
		net_change_add_parts(net, take->resource_id, NULL, &segment);
	reservation_charge(net, take, -1, true);
}

/*
 * reservation_give_back adds what a row of the caller's gives back to a net
 * change, for the caller to use.
 */
void
reservation_give_back(NetChange *net, const ReservationTake *take)
{
	Segment		segment = {
		.start = take->start,
		.end = take->end,
		.delta = take->amount,
		.judged = take->amount,
		.ordinary = take->tryout ? 0 : take->amount
	};

	net_change_add_parts(net, take->resource_id, NULL, &segment);
	reservation_charge(net, take, 1, true);
}

/*
 * reservation_reap adds what an expired hold gives back to a net change, for
 * anybody to use.
 */
void
reservation_reap(NetChange *net, const ReservationTake *take)
{
	Segment		segment = {
		.start = take->start,
		.end = take->end,
		.delta = take->amount
	};

	net_change_add_parts(net, take->resource_id, NULL, &segment);
	reservation_charge(net, take, 1, false);
}
