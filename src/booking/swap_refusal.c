/*-------------------------------------------------------------------------
 *
 * swap_refusal.c
 *	  Why a swap is refused.
 *
 * All of it is one net change of the timeline, which tells only where that is
 * refused.  The caller is told of one of his requests, so that is looked for.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/swap.h"

#include "charge/quota.h"
#include "support/locks.h"
#include "utils/snapmgr.h"

/*
 * swap_raise_refusal raises the refusal of one request, with its number.
 */
void
swap_raise_refusal(const SwapRequest *request, Refusal *refusal)
{
	refusal->message = psprintf("request %d: %s", request->asked->number,
								refusal->message);
	refusal_raise(refusal);
}

static bool
covers(const ReservationTake *taken, int32 resource_id, TimestampTz instant)
{
	return taken->active && taken->resource_id == resource_id &&
		taken->start <= instant && taken->end > instant;
}

/*
 * What is available of a resource at an instant, to one who may have the float
 * or may not.
 */
static int64
available_at(const Swap *swap, const Resource *resource, bool tryout,
			 TimestampTz instant)
{
	Snapshot	snapshot = decision_snapshot();
	TimelineView view;
	TimestampTz ignored;
	int64		available;

	resource_view(&view, resource, tryout, swap->change.clock, instant,
				  instant + 1, snapshot);
	available = timeline_minimum(&view, instant, instant + 1, &ignored);
	UnregisterSnapshot(snapshot);
	return available;
}

/*
 * Find the request on whose account the timeline refused: in their order, the
 * first for which not enough is left at the instant it names.
 */
static SwapRequest *
refused_request(const Swap *swap, TimelineRefusal *where)
{
	const Change *change = &swap->change;
	int32		resource_id = change->changes[change->where.change].resource_id;
	SwapRequest *found = NULL;
	int64		given_back = 0;
	int64		taken = 0;

	*where = change->where;
	for (int i = 0; i < change->nparts; i++)
	{
		const ChangePart *part = &change->parts[i];

		if (part->changed == NULL)
			continue;
		if (covers(&part->take, resource_id, where->instant))
			given_back += part->take.amount;
		if (covers(&part->new_take, resource_id, where->instant))
			given_back -= part->new_take.amount;
	}
	for (int i = 0; i < swap->n; i++)
	{
		SwapRequest *request = &swap->requests[i];

		if (request->row == NULL ||
			!covers(&request->take, resource_id, where->instant))
			continue;
		found = request;
		where->available =
			available_at(swap, &request->asked->requirement.resource,
						 request->take.tryout, where->instant) + given_back - taken;
		if (where->available < request->take.amount)
			break;
		taken += request->take.amount;
	}
	return found;
}

/*
 * swap_refuse raises the refusal of a swap: that of a request, made by somebody who gives
 * back what is released, less what the requests before it take.
 */
void
swap_refuse(const Swap *swap)
{
	TimelineRefusal where;
	SwapRequest *refused;
	Requirement *requirement;
	Refusal		refusal = {0};
	NetChange	net = {0};
	TimelineChange *given_back;
	int			n;

	if (timeline_is_of_quota(swap->change.changes[swap->change.where.change].resource_id))
		refuse_statement(swap->change.changes, &swap->change.where);
	refused = refused_request(swap, &where);
	if (refused == NULL)
		refuse_statement(swap->change.changes, &swap->change.where);
	requirement = &refused->asked->requirement;
	for (int i = 0; i < swap->change.nparts; i++)
	{
		const ChangePart *part = &swap->change.parts[i];

		if (part->changed == NULL)
			continue;
		if (part->take.resource_id == refused->take.resource_id)
			reservation_give_back(&net, &part->take);
		if (part->new_take.active &&
			part->new_take.resource_id == refused->take.resource_id)
			reservation_take(&net, &part->new_take, &part->resource,
							 swap->change.clock);
	}
	for (SwapRequest *request = swap->requests; request < refused; request++)
	{
		if (request->row != NULL && request->take.active &&
			request->take.resource_id == refused->take.resource_id)
			reservation_take(&net, &request->take, &requirement->resource,
							 swap->change.clock);
	}
	given_back = net_change_finish(&net, &n);
	if (n > 0)
	{
		requirement->given_back = given_back[0].segments;
		requirement->ngiven_back = given_back[0].nsegments;
	}
	refuse_capacity(&refused->asked->call.request, refused->take.resource_id,
					&where, &refusal);
	swap_raise_refusal(refused, &refusal);
}
