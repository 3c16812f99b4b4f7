/*-------------------------------------------------------------------------
 *
 * capacity.c
 *	  Changes of declared capacity.
 *
 * A change of the schedule is a change of what is available: the rows of
 * arbiter_capacity that go and come are netted, and the net effect is applied
 * to the chunks that exist, with the resource lock held exclusively.  It is
 * refused (RV011) where it would leave reservations uncovered, unless forced; no
 * reservation is ever touched but those for a share, which follow (share.c).
 * Further ahead than the firm horizon of the resource, uncovered is what is more
 * than may be over-committed with the new capacity.  The float is no matter: it is
 * not for whoever has it.
 *
 *-------------------------------------------------------------------------
 */
#include "capacity/capacity.h"

#include "reservation/apply.h"
#include "reservation/reservation.h"
#include "resource/resource.h"
#include "support/arguments.h"
#include "support/errors.h"
#include "support/locks.h"
#include "support/relations.h"
#include "timeline/base_rows.h"
#include "timeline/in_flight.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

/*
 * capacity_check checks a row of arbiter_capacity before it is written;
 * returns its range as ranges are stored, and whether that is another.
 */
Datum
capacity_check(TupleTableSlot *row, bool *changed)
{
	const AttrNumber *columns = arbiter_relations()->capacity_column;
	bool		isnull;
	Datum		amount;
	Datum		range;
	TimestampTz start;
	TimestampTz end;

	*changed = false;
	range = slot_getattr(row, columns[CAPACITY_DURING], &isnull);
	if (!isnull && normalise_range(range, &start, &end))
	{
		*changed = true;
		range = range_datum(start, end);
	}
	amount = slot_getattr(row, columns[CAPACITY_AMOUNT], &isnull);
	if (!isnull)
		check_capacity(DatumGetInt64(amount));
	return range;
}

/*
 * capacity_add adds what a row of arbiter_capacity declares, or no longer
 * declares, to a net change.
 */
void
capacity_add(NetChange *net, TupleTableSlot *row, bool declared)
{
	const AttrNumber *columns = arbiter_relations()->capacity_column;
	bool		no_amount;
	bool		no_range;
	bool		isnull;
	int64		amount = DatumGetInt64(slot_getattr(row, columns[CAPACITY_AMOUNT], &no_amount));
	Datum		during = slot_getattr(row, columns[CAPACITY_DURING], &no_range);
	TimestampTz start;
	TimestampTz end;

	if (no_amount || no_range)
		return;					/* somebody dropped a NOT NULL */
	range_times(during, &start, &end);
	if (start < end)
		net_change_add(net,
					   DatumGetInt32(slot_getattr(row, columns[CAPACITY_RESOURCE_ID], &isnull)),
					   start, end, declared ? amount : -amount);
}

/*
 * Count the reservations that a change would leave uncovered: those that
 * overlap an instant made worse and below zero.
 */
static int64
count_uncovered(const TimelineChange *change, Snapshot snapshot)
{
	TimestampTz clock = GetCurrentTimestamp();
	TimelineView view;
	TimelineScan scan;
	TimelineStretch stretch;
	ReservationScan reservations;
	ReservationRow row;
	NetChange	windows = {0};
	TimelineChange *uncovered;
	int			n;
	int64		count = 0;

	for (int i = 0; i < change->nsegments; i++)
	{
		const Segment *segment = &change->segments[i];

		if (segment->judged >= 0)
			continue;
		timeline_view_init(&view, change->resource_id, &change->terms, clock,
						   segment->start, segment->end, snapshot);
		timeline_scan_begin(&scan, &view, segment->start, segment->end);
		while (timeline_scan_next(&scan, &stretch))
		{
			if (stretch.minimum >= -segment->delta)
			{
				timeline_stretch_free(&stretch);
				continue;
			}
			timeline_stretch_unpack(&stretch);
			for (int j = 0; j < stretch.nsteps; j++)
			{
				TimestampTz start = Max(stretch.steps[j].start, segment->start);
				TimestampTz end = Min(j + 1 < stretch.nsteps ?
									  stretch.steps[j + 1].start : stretch.end,
									  segment->end);

				if (start < end && stretch.steps[j].available < -segment->delta)
					net_change_add(&windows, change->resource_id, start, end, 1);
			}
			timeline_stretch_free(&stretch);
		}
		timeline_scan_end(&scan);
	}

	uncovered = net_change_finish(&windows, &n);
	if (n == 0)
		return 0;
	reservation_scan_begin(&reservations, change->resource_id,
						   uncovered->segments[0].start,
						   uncovered->segments[uncovered->nsegments - 1].end,
						   snapshot);
	while (reservation_scan_next(&reservations, &row))
	{
		if (!row.active || row.expires_at <= clock)
			continue;
		for (int i = 0; i < uncovered->nsegments; i++)
		{
			if (uncovered->segments[i].end <= row.start)
				continue;
			count += uncovered->segments[i].start < row.end ? 1 : 0;
			break;
		}
	}
	reservation_scan_end(&reservations);
	return count;
}

static void
uncovered_error(const TimelineChange *change, const TimelineRefusal *where)
{
	Snapshot	snapshot = decision_snapshot();
	const Segment *segment = change->segments;
	const char *lacking;
	Resource	resource;
	int64		count;

	while (segment->end <= where->instant)
		segment++;
	if (!resource_find_by_id(change->resource_id, snapshot, &resource))
		resource_unknown_id_error(change->resource_id);
	count = count_uncovered(change, snapshot);
	if (count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_ARBITER_UNCOVERED),
				 errmsg("capacity change would leave reservations of resource \"%s\" uncovered",
						resource.name),
				 errdetail("They are holds that have expired at this moment, and other transactions are changing them."),
				 errhint("Try again when those transactions have ended.")));
	if (change->terms.overcommit > 0 && where->instant >= change->terms.firm_until)
		lacking = psprintf(INT64_FORMAT " more would be reserved than an overcommit_ratio of %.2f allows with the new capacity",
						   -segment->judged - where->available,
						   (double) resource.overcommit / OVERCOMMIT_ONE);
	else
		lacking = psprintf(INT64_FORMAT " is available, and " INT64_FORMAT " would be taken away",
						   where->available, -segment->judged);
	ereport(ERROR,
			(errcode(ERRCODE_ARBITER_UNCOVERED),
			 errmsg("capacity change would leave reservations of resource \"%s\" uncovered",
					resource.name),
			 errdetail_plural(INT64_FORMAT " reservation would be uncovered; at %s %s.",
							  INT64_FORMAT " reservations would be uncovered; at %s %s.",
							  count, count,
							  timestamptz_to_str(where->instant), lacking),
			 resource.is_child ?
			 errhint("Move or cancel reservations of it first. Or change the reservation that is its capacity by a function with force => true: then arbiter_conflicts(%s) lists the oversold windows.",
					 quote_literal_cstr(resource.name)) :
			 errhint("Move or cancel reservations first. Or change it with force => true: then arbiter_conflicts(%s) lists the oversold windows.",
					 quote_literal_cstr(resource.name))));
}

/*
 * Hold a change to what may be over-committed with the new capacity.
 */
static void
set_terms(TimelineChange *change, TimestampTz clock)
{
	Snapshot	snapshot = decision_snapshot();
	Resource	resource;

	/* if it was dropped meanwhile, the timeline will tell */
	if (resource_find_by_id(change->resource_id, snapshot, &resource))
		change->terms = resource_terms(&resource, true, clock);
	UnregisterSnapshot(snapshot);
}

/*
 * With less capacity, less may be over-committed: a cut is judged by that too, where
 * shares give back as much as is cut, or more.  Rounded up: a cut that would leave
 * too much reserved is refused, unless it is none.
 */
static void
judge_overcommit(NetChange *net, const TimelineChange *change)
{
	const Terms *terms = &change->terms;

	for (int i = 0; terms->overcommit > 0 && i < change->nsegments; i++)
	{
		Segment		segment = change->segments[i];

		/* up to the firm horizon, nothing may */
		segment.start = Max(segment.start, terms->firm_until);
		if (segment.delta >= 0 || segment.start >= segment.end)
			continue;
		segment.judged = -overcommit_amount(-segment.delta, terms->overcommit) - 1;
		segment.delta = segment.ordinary = 0;
		net_change_add_parts(net, change->resource_id, NULL, &segment);
	}
}

/*
 * capacity_apply applies the net change of declared capacity, with what the shares
 * give back and take that follow it, or raises RV011.
 *
 * The caller has called capacity_lock(), and shares_follow() for each resource.
 *
 * Locks: expired holds in the way, then the chunks of the changed range.
 */
void
capacity_apply(TimelineChange *changes, int nchanges,
			   const ShareChange *shares, bool force)
{
	TimelineRefusal where;
	TimestampTz clock;

	clock = GetCurrentTimestamp();
	for (int i = 0; !force && i < nchanges; i++)
		set_terms(&changes[i], clock);
	if (shares->net.nevents > 0)
	{
		NetChange	whole = {0};

		for (int i = 0; i < nchanges; i++)
		{
			net_change_add_change(&whole, &changes[i]);
			judge_overcommit(&whole, &changes[i]);
		}
		net_change_add_all(&whole, &shares->net);
		changes = net_change_finish(&whole, &nchanges);
	}
	switch (apply_or_reap(changes, nchanges, TIMELINE_CAPACITY, !force,
						  LockWaitSkip, &where))
	{
		case TIMELINE_APPLIED:
			break;
		case TIMELINE_REFUSED:
			uncovered_error(&changes[where.change], &where);
			break;
		case TIMELINE_UNBUILT:
		case TIMELINE_NO_RESOURCE:
			/* the caller has built it, so it was dropped or unbuilt since */
			resource_lost_error(changes[where.change].resource_id);
	}
	if (shares->n > 0)
		in_flight_done(arbiter_relations()->reservation, IN_FLIGHT_FUNCTION);
}
