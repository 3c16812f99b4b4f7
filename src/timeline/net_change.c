/*-------------------------------------------------------------------------
 *
 * net_change.c
 *	  Net effect of many changed rows on the timelines of many resources.
 *
 * Rows are collected as pairs of events and netted per resource and instant:
 * what a statement takes and gives back at one instant cancels out, so that
 * two rows of a full resource can be swapped in one UPDATE.  The result is in
 * the order in which the timeline takes its locks.
 *
 *-------------------------------------------------------------------------
 */
#include "timeline/net_change.h"

#include "timeline/base_rows.h"
#include "utils/memutils.h"

/*
 * Terms are noted once for all the takes in a row that are held to them.
 */
static int32
note_terms(NetChange *net, const Terms *terms)
{
	const Terms *last = net->nterms > 0 ? &net->terms[net->nterms - 1] : NULL;

	if (last == NULL || last->float_share != terms->float_share ||
		last->overcommit != terms->overcommit ||
		last->firm_until != terms->firm_until)
	{
		/* room for a power of two */
		if (net->nterms == 0)
			net->terms = palloc(sizeof(Terms));
		else if ((net->nterms & (net->nterms - 1)) == 0)
			net->terms = repalloc_huge(net->terms, sizeof(Terms) * 2 * (Size) net->nterms);
		net->terms[net->nterms++] = *terms;
	}
	return net->nterms;
}

/*
 * net_change_add_parts adds a segment, with its parts, to what changes of a
 * resource; terms are those that a take is held to, or NULL.
 */
void
net_change_add_parts(NetChange *net, int32 resource_id, const Terms *terms,
					 const Segment *segment)
{
	NetEvent   *event;

	if (net->nevents + 2 > net->room)
	{
		net->room = Max(8, 2 * net->room);
		if (net->events == NULL)
			net->events = palloc(sizeof(NetEvent) * net->room);
		else
			net->events = repalloc_huge(net->events, sizeof(NetEvent) * net->room);
	}
	event = &net->events[net->nevents];
	event[0].resource_id = event[1].resource_id = resource_id;
	event[0].terms = event[1].terms = terms == NULL ? 0 : note_terms(net, terms);
	event[0].event = (StepEvent) {segment->start, segment->delta,
	segment->judged, segment->ordinary};
	event[1].event = (StepEvent) {segment->end, -segment->delta,
	-segment->judged, -segment->ordinary};
	net->nevents += 2;
}

/*
 * net_change_add adds an amount over a range; deltas are changes of what is
 * available, so what is taken is negative.
 */
void
net_change_add(NetChange *net, int32 resource_id, TimestampTz start,
			   TimestampTz end, int64 delta)
{
	Segment		segment = {.start = start,.end = end,.delta = delta,.judged = delta};

	net_change_add_parts(net, resource_id, NULL, &segment);
}

/*
 * net_change_add_change adds a change that was netted before.
 */
void
net_change_add_change(NetChange *net, const TimelineChange *change)
{
	for (int i = 0; i < change->nsegments; i++)
		net_change_add_parts(net, change->resource_id, &change->terms,
							 &change->segments[i]);
}

/*
 * net_change_add_all adds what another one has collected, which is not finished.
 */
void
net_change_add_all(NetChange *net, const NetChange *other)
{
	/* each segment is two events */
	for (Size i = 0; i < other->nevents; i += 2)
	{
		const NetEvent *from = &other->events[i];
		Segment		segment = {
			.start = from[0].event.instant,
			.end = from[1].event.instant,
			.delta = from[0].event.delta,
			.judged = from[0].event.judged,
			.ordinary = from[0].event.ordinary
		};

		net_change_add_parts(net, from->resource_id,
							 from->terms == 0 ? NULL : &other->terms[from->terms - 1],
							 &segment);
	}
}

static int
compare_resources(const void *a, const void *b)
{
	int32		left = ((const NetEvent *) a)->resource_id;
	int32		right = ((const NetEvent *) b)->resource_id;

	return (left > right) - (left < right);
}

/*
 * net_change_finish returns a change per resource, ascending by id; resources
 * whose rows cancel out are left out.
 */
TimelineChange *
net_change_finish(NetChange *net, int *nchanges)
{
	TimelineChange *changes;
	StepEvent  *events;
	int			nresources = 0;
	int			n = 0;

	*nchanges = 0;
	if (net->nevents == 0)
		return NULL;
	qsort(net->events, net->nevents, sizeof(NetEvent), compare_resources);
	for (Size i = 0; i < net->nevents; i++)
	{
		if (i == 0 || net->events[i].resource_id != net->events[i - 1].resource_id)
			nresources++;
	}
	changes = palloc(sizeof(TimelineChange) * nresources);
	events = MemoryContextAllocHuge(CurrentMemoryContext,
									sizeof(StepEvent) * net->nevents);

	for (Size first = 0; first < net->nevents;)
	{
		int			nevents = 0;
		int32		last_terms = 0;
		TimelineChange *change = &changes[n];

		change->resource_id = net->events[first].resource_id;
		change->terms = (Terms) {0};
		while (first < net->nevents &&
			   net->events[first].resource_id == change->resource_id)
		{
			int32		terms = net->events[first].terms;

			if (terms != 0 && terms != last_terms)
				terms_combine(&change->terms, &net->terms[terms - 1]);
			last_terms = terms;
			events[nevents++] = net->events[first++].event;
		}
		change->segments = MemoryContextAllocHuge(CurrentMemoryContext,
												  sizeof(Segment) * nevents);
		change->nsegments = steps_from_events(events, nevents, change->segments);
		if (change->nsegments < 0)
			amount_overflow_error();
		if (change->nsegments > 0)
			n++;
	}
	pfree(events);
	*nchanges = n;
	return changes;
}
