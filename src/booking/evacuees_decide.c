/*-------------------------------------------------------------------------
 *
 * evacuees_decide.c
 *	  Who leaves a resource, because there is a place for him.
 *
 * A ledger (ledger.c) of both resources, and of the quotas, says in the caller's
 * order what fits.  It is asked twice: without any lock, to find those who do not fit
 * even if they were the only ones, and again when the chunks of the others are
 * locked.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/evacuees.h"

#include "miscadmin.h"
#include "support/errors.h"
#include "support/locks.h"
#include "utils/snapmgr.h"

/*
 * evacuees_open_ledger opens the ledger that they are decided on.
 */
void
evacuees_open_ledger(Evacuation *evacuation)
{
	ledger_init(&evacuation->ledger);
	evacuation->target = ledger_account(&evacuation->ledger, &evacuation->to);
	if (evacuation->only_conflicts)
		evacuation->source = ledger_account(&evacuation->ledger, &evacuation->from);
	for (int i = 0; i < evacuation->n; i++)
	{
		Evacuee    *evacuee = &evacuation->evacuees[i];

		ledger_charges_expect(&evacuee->counted, &evacuation->ledger);
		ledger_expect(evacuation->target, evacuee->start, evacuee->end);
		if (evacuation->source != NULL)
			ledger_expect(evacuation->source, evacuee->part->take.start,
						  evacuee->part->take.end);
	}
}

static bool
has_place(const Evacuation *evacuation, const Evacuee *evacuee)
{
	return ledger_available(evacuation->target, evacuee->part->take.tryout,
							evacuee->start, evacuee->end,
							NULL) >= evacuee->part->take.amount;
}

static bool
fits(const Evacuation *evacuation, const Evacuee *evacuee)
{
	return has_place(evacuation, evacuee) && ledger_charges_exceeded(&evacuee->counted) < 0;
}

static bool
is_in_conflict(const Evacuation *evacuation, const Evacuee *evacuee)
{
	return evacuation->source == NULL ||
		ledger_available(evacuation->source, true, evacuee->part->take.start,
						 evacuee->part->take.end, NULL) < 0;
}

/*
 * Tell why there is no place: RV002 where any part of it is outside the
 * schedule, RV010 where it is for a quota, otherwise RV001.
 */
static void
tell_no_place(const Evacuation *evacuation, Evacuee *evacuee, Snapshot snapshot)
{
	const Resource *to = &evacuation->to;
	int			exceeded;

	evacuee->has_limit = true;
	if (refusal_first_outside(to->id, evacuee->start, evacuee->end, snapshot,
							  &evacuee->limiting_time))
	{
		evacuee->available = 0;
		(void) fault_set(&evacuee->fault, ERRCODE_ARBITER_OUTSIDE_SCHEDULE,
						 psprintf("range is outside the schedule of resource \"%s\"", to->name),
						 NULL, NULL);
		return;
	}
	exceeded = ledger_charges_exceeded(&evacuee->counted);
	if (has_place(evacuation, evacuee) && exceeded >= 0)
	{
		Refusal		refusal = {0};

		ledger_charges_refuse(&evacuee->counted, exceeded, &refusal);
		evacuee->limiting_time = refusal.limiting_time;
		evacuee->available = refusal.available;
		(void) fault_set(&evacuee->fault, refusal.sqlstate, refusal.message, NULL, NULL);
		return;
	}
	evacuee->available =
		ledger_available(evacuation->target, evacuee->part->take.tryout,
						 evacuee->start, evacuee->end, &evacuee->limiting_time);
	(void) fault_set(&evacuee->fault, ERRCODE_ARBITER_INSUFFICIENT_CAPACITY,
					 psprintf("insufficient capacity of resource \"%s\"", to->name),
					 NULL, NULL);
}

/*
 * evacuees_find_hopeless finds who need not go, and whom there is no place for in
 * any case.
 */
void
evacuees_find_hopeless(Evacuation *evacuation)
{
	Snapshot	snapshot = decision_snapshot();

	ledger_load(&evacuation->ledger, evacuation->change.clock, true, snapshot);
	for (int i = 0; i < evacuation->n; i++)
	{
		Evacuee    *evacuee = &evacuation->evacuees[i];

		evacuee->stays = !is_in_conflict(evacuation, evacuee);
		if (evacuee->stays || evacuee->hopeless || fits(evacuation, evacuee))
			continue;
		evacuee->hopeless = true;
		tell_no_place(evacuation, evacuee, snapshot);
	}
	UnregisterSnapshot(snapshot);
}

/*
 * evacuees_decide decides, in their order, who moves; the chunks of all who may
 * are locked.
 */
void
evacuees_decide(Evacuation *evacuation)
{
	Snapshot	snapshot = decision_snapshot();
	bool		tryout = false;
	bool		ordinary = false;

	/* of expired holds, those that could be marked have been */
	ledger_load(&evacuation->ledger, evacuation->change.clock, false, snapshot);
	for (int i = 0; i < evacuation->n; i++)
	{
		Evacuee    *evacuee = &evacuation->evacuees[i];
		const ReservationTake *take = &evacuee->part->take;

		CHECK_FOR_INTERRUPTS();
		if (evacuee->stays || !is_in_conflict(evacuation, evacuee))
		{
			evacuee->stays = true;
			continue;
		}
		if (evacuee->hopeless)
			continue;
		if (!fits(evacuation, evacuee))
		{
			tell_no_place(evacuation, evacuee, snapshot);
			continue;
		}
		evacuee->moves = true;
		ledger_take(evacuation->target, evacuee->start, evacuee->end, take->amount);
		ledger_charges_take(&evacuee->counted);
		if (evacuation->source != NULL)
			ledger_take(evacuation->source, take->start, take->end, -take->amount);
		tryout |= take->tryout;
		ordinary |= !take->tryout;
	}
	evacuation->mixed = tryout && ordinary && evacuation->to.float_share > 0;
	UnregisterSnapshot(snapshot);
}
