/*-------------------------------------------------------------------------
 *
 * capacity.c
 *	  Changes of declared capacity.
 *
 * A change of the schedule is a change of what is available: the rows of
 * arbiter_capacity that go and come are netted, and the net effect is applied
 * to the chunks that exist, with the resource lock held exclusively.  It is
 * refused (RV011) where it would leave reservations uncovered, unless forced;
 * no reservation is ever touched.  Further ahead than the firm horizon of the
 * resource, that is where more would be reserved than may be over-committed with
 * the new capacity.  The float is no matter: it is not for whoever has it.
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

		if (segment->delta >= 0)
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
						   -segment->delta - where->available,
						   (double) resource.overcommit / OVERCOMMIT_ONE);
	else
		lacking = psprintf(INT64_FORMAT " is available, and " INT64_FORMAT " would be taken away",
						   where->available, -segment->delta);
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
 * What a change leaves of a schedule, as steps over all time.
 */
static Step *
capacity_after(const Schedule *before, const TimelineChange *change, int *nsteps)
{
	Size		n = 2 * ((Size) before->nsteps + change->nsegments);
	StepEvent  *events = palloc_extended(sizeof(StepEvent) * n, MCXT_ALLOC_HUGE);
	Segment    *segments = palloc_extended(sizeof(Segment) * n, MCXT_ALLOC_HUGE);
	Step	   *steps = palloc_extended(sizeof(Step) * (2 * n + 1), MCXT_ALLOC_HUGE);
	Step		zero = {.start = DT_NOBEGIN,.available = 0};
	int			nsegments;

	n = 0;
	for (int i = 0; i < before->nsteps + change->nsegments; i++)
	{
		const Segment *segment = i < before->nsteps ? &before->steps[i] :
			&change->segments[i - before->nsteps];

		events[n++] = (StepEvent) {.instant = segment->start,.delta = segment->delta};
		events[n++] = (StepEvent) {.instant = segment->end,.delta = -segment->delta};
	}
	nsegments = steps_from_events(events, (int) n, segments);
	if (nsegments < 0 ||
		steps_apply(&zero, 1, STEPS_INFINITY, segments, nsegments, NULL, steps,
					nsteps, NULL) != STEPS_OK)
		amount_overflow_error();
	pfree(events);
	pfree(segments);
	return steps;
}

/*
 * Hold a change to what may be over-committed with the new capacity.
 */
static void
set_terms(TimelineChange *change, const Schedule *before, TimestampTz clock)
{
	Snapshot	snapshot = decision_snapshot();
	Resource	resource;

	/* if it was dropped meanwhile, the timeline will tell */
	if (resource_find_by_id(change->resource_id, snapshot, &resource))
		change->terms = resource_terms(&resource, true, clock);
	UnregisterSnapshot(snapshot);
	if (change->terms.overcommit > 0 && before != NULL)
		change->terms.capacity = capacity_after(before, change,
												&change->terms.ncapacity);
}

/*
 * capacity_apply applies the net change of declared capacity, or raises RV011.
 *
 * before is the schedule that the change is one of, whose rows need not have been
 * written yet; NULL if they have been and are visible.
 *
 * Locks: the resources exclusively, then expired holds in the way, then the
 * chunks of the changed range.
 */
void
capacity_apply(TimelineChange *changes, int nchanges, const Schedule *before,
			   bool force)
{
	TimelineRefusal where;
	TimestampTz clock;

	for (int i = 0; i < nchanges; i++)
		resource_lock_exclusive(changes[i].resource_id);
	clock = GetCurrentTimestamp();
	for (int i = 0; !force && i < nchanges; i++)
		set_terms(&changes[i], before, clock);
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
}
