/*-------------------------------------------------------------------------
 *
 * share_follow.c
 *	  Shares follow declared capacity.
 *
 * Whoever changes declared capacity
 *
 *	1. locks the resource, and all that must follow (share_lock.c);
 *	2. writes the rows of arbiter_capacity;
 *	3. has the rows of shares written anew, from what is declared now;
 *	4. applies what capacity changes, together with what the shares give back and
 *	   take, as one change to the timeline: so a cut takes from a share first what
 *	   that no longer has;
 *	5. has the children of those reservations follow (children.c), which are
 *	   resources whose capacity changes by that: back to 2.
 *
 * A refusal is an error in each of them, and so takes all of it back.
 *
 *-------------------------------------------------------------------------
 */
#include "capacity/share_follow.h"

#include "capacity/share_rows.h"
#include "charge/charge.h"
#include "miscadmin.h"
#include "support/errors.h"
#include "support/locks.h"
#include "support/relations.h"
#include "timeline/base_rows.h"
#include "timeline/in_flight.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/*
 * Is there an instant in a range at which a change takes capacity away?
 */
static bool
is_cut(const TimelineChange *change, TimestampTz start, TimestampTz end,
	   TimestampTz *instant)
{
	for (int i = 0; i < change->nsegments; i++)
	{
		const Segment *segment = &change->segments[i];

		if (segment->delta >= 0 || segment->end <= start || segment->start >= end)
			continue;
		*instant = Max(segment->start, start);
		return true;
	}
	return false;
}

pg_noreturn static void
nothing_left_error(const ShareRow *row, TimestampTz instant, int64 capacity)
{
	Snapshot	snapshot = decision_snapshot();
	Resource	resource;

	if (!resource_find_by_id(row->take.resource_id, snapshot, &resource))
		resource_lost_error(row->take.resource_id);
	ereport(ERROR,
			(errcode(ERRCODE_ARBITER_UNCOVERED),
			 errmsg("capacity change would leave reservations of resource \"%s\" uncovered",
					resource.name),
			 errdetail("At %s the capacity would be " INT64_FORMAT ", of which %s per cent, for reservation " INT64_FORMAT ", is less than 1.",
					   timestamptz_to_str(instant), capacity,
					   share_text(row->share), row->reservation_id),
			 resource.is_child ?
			 errhint("Cancel it first, or give it a larger share. Or change the reservation that is the capacity by a function with force => true: then it keeps the amount that it has.") :
			 errhint("Cancel it first, or give it a larger share. Or change the capacity by a function with force => true: then it keeps the amount that it has.")));
}

/* where two step functions are looked at together */
typedef struct Walk
{
	const ShareRow *rows;
	int			nrows;
	const Step *steps;
	int			nsteps;
	int			row;
	int			step;
} Walk;

/*
 * The next range in which the row and the capacity are each one; false at the end.
 */
static bool
walk_next(Walk *walk, TimestampTz *position, TimestampTz *until)
{
	while (walk->row < walk->nrows && walk->rows[walk->row].end <= *position)
		walk->row++;
	if (walk->row == walk->nrows)
		return false;
	while (walk->step + 1 < walk->nsteps && walk->steps[walk->step + 1].start <= *position)
		walk->step++;
	*until = walk->rows[walk->row].end;
	if (walk->step + 1 < walk->nsteps)
		*until = Min(*until, walk->steps[walk->step + 1].start);
	return true;
}

/*
 * Let a chain follow.
 */
static bool
follow(const TimelineChange *change, const Step *steps, int nsteps, bool force,
	   const ShareRow *rows, int nrows, ShareRewrite *rewrite)
{
	Segment    *runs = palloc_extended(sizeof(Segment) * ((Size) nrows + nsteps),
									   MCXT_ALLOC_HUGE);
	int			nruns = 0;
	Walk		walk = {.rows = rows,.nrows = nrows,.steps = steps,.nsteps = nsteps};
	TimestampTz position = rows[0].start;
	TimestampTz until;
	bool		changed;

	while (walk_next(&walk, &position, &until))
	{
		const ShareRow *row = &rows[walk.row];
		int64		capacity = steps[walk.step].available;
		int64		amount = share_amount(capacity, row->share);
		TimestampTz instant;

		CHECK_FOR_INTERRUPTS();
		if (amount == 0)
		{
			if (!force && is_cut(change, position, until, &instant))
				nothing_left_error(row, instant, capacity);
			amount = row->take.amount;
		}
		share_add_run(runs, &nruns, position, until, amount);
		position = until;
	}
	changed = share_rewrite_chain(rewrite, rows, nrows, runs, nruns, NULL,
								  rows[0].take.start, rows[nrows - 1].take.end);
	pfree(runs);
	return changed;
}

/*
 * Add what a row of a share counts against quotas (sign -1), or gives back (1):
 * whoever has the share has not asked for more, so it is counted and not judged.
 * A quota that is not built counts the rows when it is, and not before we have
 * committed.
 */
static void
charge_share(NetChange *net, const ReservationTake *take, int sign)
{
	Charges		charges = {0};

	if (take->user_id == NULL)
		return;
	charge_all(&charges, take->user_id, take->resource_id, take->own_start,
			   take->own_end, take->amount);
	for (int i = 0; i < charges.n; i++)
	{
		const Charge *charge = &charges.charges[i];
		int32		timeline = quota_timeline_id(charge->quota_id);
		Segment		segment = {
			.start = charge->start,
			.end = charge->end,
			.delta = sign * charge->amount
		};

		if (!timeline_is_built_now(timeline))
		{
			resource_lock_shared(timeline);
			if (!timeline_is_built_now(timeline))
				continue;
		}
		net_change_add_parts(net, timeline, NULL, &segment);
	}
}

static void
note_reservation(ShareChange *shares, int64 reservation_id)
{
	if (shares->n > 0 && shares->reservation_ids[shares->n - 1] == reservation_id)
		return;
	if (shares->n == shares->room)
	{
		shares->room = Max(8, 2 * shares->room);
		shares->reservation_ids = shares->reservation_ids == NULL ?
			palloc(sizeof(int64) * shares->room) :
			repalloc_huge(shares->reservation_ids, sizeof(int64) * shares->room);
	}
	shares->reservation_ids[shares->n++] = reservation_id;
}

/*
 * shares_follow writes the rows of the shares of a resource anew, whose declared
 * capacity has changed by this; the new one is written.  What that gives back and
 * takes is added to shares->net.
 *
 * All of a share follows, also what is past: its capacity is another one than it
 * was said to be.  Holds that have expired are marked so, and give back what they
 * have.
 *
 * The caller has called capacity_lock().  Until he has applied the change and
 * called in_flight_done() for arbiter_reservation, nobody may derive a timeline
 * from the rows.
 *
 * Errors: RV011 a share would be nothing where capacity is cut (not with force);
 * 27000, 55000 because of users' triggers.
 */
void
shares_follow(const TimelineChange *change, bool force, ShareChange *shares)
{
	Snapshot	snapshot = latest_snapshot();
	TimestampTz clock = GetCurrentTimestamp();
	ShareRows	rows = {0};
	ShareRewrite rewrite = {0};
	TimestampTz from = DT_NOEND;
	TimestampTz to = DT_NOBEGIN;
	Step	   *steps;
	int			nsteps;
	int			n;
	int64	   *ids = shares_find(change->resource_id, change->segments[0].start,
								  change->segments[change->nsegments - 1].end,
								  snapshot, &n);

	for (int i = 0; i < n; i++)
		share_rows_read(&rows, change->resource_id, ids[i], snapshot);
	if (rows.n == 0)
	{
		UnregisterSnapshot(snapshot);
		return;
	}
	for (int i = 0; i < rows.n; i++)
	{
		from = Min(from, rows.rows[i].start);
		to = Max(to, rows.rows[i].end);
	}
	steps = capacity_steps(change->resource_id, from, to, snapshot, &nsteps);
	UnregisterSnapshot(snapshot);

	for (int first = 0; first < rows.n;)
	{
		const ShareRow *chain = &rows.rows[first];
		int			length = share_chain(&rows, first);
		int			pieces = rewrite.npieces;
		bool		expired = chain->held && chain->expires_at <= clock;

		first += length;
		for (int i = 0; i < length && expired; i++)
			share_rewrite_expire(&rewrite, &chain[i]);
		if (!expired &&
			!follow(change, steps, nsteps, force, chain, length, &rewrite))
			continue;
		note_reservation(shares, chain->reservation_id);
		for (int i = 0; i < length; i++)
		{
			net_change_add(&shares->net, change->resource_id, chain[i].take.start,
						   chain[i].take.end, chain[i].take.amount);
			charge_share(&shares->net, &chain[i].take, 1);
		}
		for (int i = pieces; i < rewrite.npieces; i++)
		{
			const ReservationTake *take = &rewrite.pieces[i].take;

			if (!take->active)
				continue;
			net_change_add(&shares->net, change->resource_id, take->start,
						   take->end, -take->amount);
			charge_share(&shares->net, take, -1);
		}
	}
	if (rewrite.npieces > 0)
	{
		in_flight_add(arbiter_relations()->reservation, change->resource_id,
					  IN_FLIGHT_FUNCTION);
		share_rewrite_write(&rewrite);
	}
	share_rows_free(&rows);
}
