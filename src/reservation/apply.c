/*-------------------------------------------------------------------------
 *
 * apply.c
 *	  Apply changes to the timeline; expired holds make room for them.
 *
 * A change that is refused looks for expired holds in its way.  If there are
 * any, the same change is tried again together with what they give back, as one
 * change: chunks are locked once, in order, and nobody can slip in between.
 * Only if that is granted are their rows marked expired.
 *
 * The order of locks is that of everybody: resource, reservation rows by
 * (reservation_id, part), chunks.  A row that another transaction has locked, to
 * confirm it say, is waited for: whoever got it first decides.  Not so by those
 * for whom that would be against the order:
 *
 *	- a refusal normally has locked no chunk.  If it lost a race for one, no
 *	  resource is locked, rows that are locked are passed over, and so are
 *	  holds that reach beyond what is asked for, because their chunks may come
 *	  before those it has;
 *
 *	- who changes capacity, or has just built the resource, has it exclusively,
 *	  and the one who has the row may be waiting for that;
 *
 *	- who changes reservations has their rows, and one of these may be a hold
 *	  that expires in this moment, for which the other one waits.
 *
 * For them, a hold whose row is locked counts as taken.
 *
 *-------------------------------------------------------------------------
 */
#include "reservation/apply.h"

#include "reservation/holds.h"
#include "storage/lmgr.h"
#include "support/arguments.h"
#include "support/locks.h"
#include "support/relations.h"
#include "timeline/in_flight.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbiter_expire);

/*
 * Try a refused change again, with what expired holds in its way give back.
 */
static TimelineResult
reap_and_apply(TimelineChange *changes, int nchanges, TimelineCause cause,
			   LockWaitPolicy policy, TimelineRefusal *refusal)
{
	ExpiredHolds expired = {
		.clock = GetCurrentTimestamp(),
		.within = refusal->locked
	};
	NetChange	net = {0};
	TimelineChange *whole;
	int			nwhole;
	RowWriter	writer;
	TimelineResult result;

	/* before quotas are asked for, see charge/quota_cache.c */
	LockRelationOid(arbiter_relations()->reservation, RowExclusiveLock);
	if (!holds_find_in_way(&expired, changes, nchanges,
						   cause != TIMELINE_CAPACITY && !refusal->locked))
	{
		refusal->passed_over = expired.passed_over;
		return TIMELINE_REFUSED;
	}
	row_writer_open(&writer, arbiter_relations()->reservation, CMD_UPDATE);
	holds_lock(&expired, writer.rel,
				 refusal->locked ? LockWaitSkip : policy);
	UnregisterSnapshot(expired.snapshot);
	holds_give_back(&expired, &net);
	for (int i = 0; i < nchanges; i++)
		net_change_add_change(&net, &changes[i]);
	whole = net_change_finish(&net, &nwhole);
	result = timeline_apply(whole, nwhole, cause, true, refusal);
	if (result == TIMELINE_APPLIED)
	{
		holds_note_in_flight(changes, nchanges);
		holds_mark_expired(&expired, &writer);
		holds_close(&expired, &writer);
		in_flight_done(arbiter_relations()->reservation, IN_FLIGHT_FUNCTION);
	}
	else
	{
		int32		resource_id = whole[refusal->change].resource_id;

		refusal->passed_over = expired.passed_over;
		for (refusal->change = 0;
			 refusal->change < nchanges &&
			 changes[refusal->change].resource_id != resource_id;)
			refusal->change++;
		/* a quota of a hold, that was built a moment ago */
		if (refusal->change == nchanges)
			concurrent_change_error();
		holds_close(&expired, &writer);
	}
	return result;
}

/*
 * Lock the chunks of changes, with those of other ranges, in one pass.
 */
static TimelineResult
lock_chunks(const TimelineChange *changes, int nchanges,
			const TimelineChange *others, int nothers, int32 *lost)
{
	NetChange	net = {0};
	TimelineChange *locked;
	int			nlocked;
	TimelineRefusal refusal;
	TimelineResult result;

	for (int i = 0; i < nchanges + nothers; i++)
	{
		const TimelineChange *change = i < nchanges ? &changes[i] :
			&others[i - nchanges];

		/* amounts that do not cancel out */
		for (int j = 0; j < change->nsegments; j++)
			net_change_add(&net, change->resource_id, change->segments[j].start,
						   change->segments[j].end, -1);
	}
	locked = net_change_finish(&net, &nlocked);
	while ((result = timeline_apply(locked, nlocked, TIMELINE_LOCK, false,
									&refusal)) == TIMELINE_UNBUILT)
	{
		*lost = locked[refusal.change].resource_id;
		if (!timeline_ensure_built(*lost))
			return TIMELINE_NO_RESOURCE;
	}
	return result;
}

/*
 * lock_for_reservations locks the chunks in which reservations may be made that
 * are to be decided after that, on what the caller reads then; and marks what
 * has expired there, so that nobody can confirm it any more.  The policy is for
 * rows that others have locked: who has rows or chunks must not wait for them.
 *
 * TIMELINE_NO_RESOURCE: *lost does not exist any more.
 *
 * Locks: the resources with expired holds, shared; their rows; all chunks, in
 * order.
 */
TimelineResult
lock_for_reservations(NetChange *net, TimestampTz clock,
					  LockWaitPolicy policy, int32 *lost)
{
	int			nchanges;
	TimelineChange *changes = net_change_finish(net, &nchanges);
	ExpiredHolds expired = {.clock = clock};
	NetChange	given_back = {0};
	TimelineChange *returns;
	int			nreturns;
	RowWriter	writer;
	TimelineRefusal refusal;
	TimelineResult result;
	bool		built = false;

	/* a build has the resource exclusively: before rows, too */
	for (int i = 0; i < nchanges; i++)
	{
		*lost = changes[i].resource_id;
		if (timeline_is_built(*lost))
			continue;
		if (!timeline_ensure_built(*lost))
			return TIMELINE_NO_RESOURCE;
		built = true;
	}
	if (!holds_find_in_way(&expired, changes, nchanges, policy == LockWaitBlock))
		return lock_chunks(changes, nchanges, NULL, 0, lost);

	row_writer_open(&writer, arbiter_relations()->reservation, CMD_UPDATE);
	holds_lock(&expired, writer.rel, built ? LockWaitSkip : policy);
	UnregisterSnapshot(expired.snapshot);
	holds_give_back(&expired, &given_back);
	returns = net_change_finish(&given_back, &nreturns);
	result = lock_chunks(changes, nchanges, returns, nreturns, lost);
	if (result == TIMELINE_APPLIED)
	{
		result = timeline_apply(returns, nreturns, TIMELINE_RESERVATIONS, true,
								&refusal);
		if (result == TIMELINE_UNBUILT)
			resource_lost_error(returns[refusal.change].resource_id);
		holds_note_in_flight(returns, nreturns);
		holds_mark_expired(&expired, &writer);
	}
	holds_close(&expired, &writer);
	in_flight_done(arbiter_relations()->reservation, IN_FLIGHT_FUNCTION);
	return result;
}

/*
 * apply_or_reap is timeline_apply() that lets expired holds make room.  The
 * policy is for holds whose rows others have locked.
 */
TimelineResult
apply_or_reap(TimelineChange *changes, int nchanges, TimelineCause cause,
			  bool checked, LockWaitPolicy policy, TimelineRefusal *refusal)
{
	TimelineResult result = timeline_apply(changes, nchanges, cause, checked,
										   refusal);

	if (result == TIMELINE_REFUSED)
		result = reap_and_apply(changes, nchanges, cause, policy, refusal);
	return result;
}

/*
 * apply_reservations applies the net change of reservations that are about to be
 * written, or refuses it; builds what is not built.
 *
 * changes and nchanges are what was applied, or refused: refusal->change is an
 * index into them.
 */
TimelineResult
apply_reservations(NetChange *net, LockWaitPolicy policy,
				   TimelineChange **changes, int *nchanges,
				   TimelineRefusal *refusal)
{
	TimelineResult result;

	*changes = net_change_finish(net, nchanges);
	while ((result = apply_or_reap(*changes, *nchanges, TIMELINE_RESERVATIONS,
								   true, policy, refusal)) == TIMELINE_UNBUILT)
	{
		if (!timeline_ensure_built((*changes)[refusal->change].resource_id))
			return TIMELINE_NO_RESOURCE;
		policy = LockWaitSkip;
	}
	return result;
}

/*
 * arbiter_expire(max_rows bigint) -> bigint
 *
 * Marks up to max_rows expired holds, in any resource, as what they are; returns
 * how many.  Nobody needs to call this for capacity to be free: it keeps the
 * rows that readers have to add back few, and history tidy.
 *
 * Errors: 22004; 22023 negative; 25006.  Locks: resources that must be built;
 * the rows, leaving out those that others have locked; the chunks of their
 * ranges.  Volatile and
 * parallel unsafe: it writes.
 */
Datum
arbiter_expire(PG_FUNCTION_ARGS)
{
	ExpiredHolds expired = {0};
	NetChange	net = {0};
	TimelineChange *changes;
	int			nchanges;
	TimelineRefusal refusal;
	RowWriter	writer;
	int64		max_rows;

	argument_not_null(fcinfo, 0, "max_rows");
	max_rows = PG_GETARG_INT64(0);
	if (max_rows < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_rows must not be negative"),
				 errdetail("It is " INT64_FORMAT ".", max_rows),
				 errhint("Pass how many rows to mark at most.")));
	require_writable("arbiter_expire()");

	row_writer_open(&writer, arbiter_relations()->reservation, CMD_UPDATE);
	expired.clock = GetCurrentTimestamp();
	expired.any_will_do = true;
	holds_find(&expired, max_rows);
	holds_build_resources(&expired);
	holds_lock(&expired, writer.rel, LockWaitSkip);
	UnregisterSnapshot(expired.snapshot);

	holds_give_back(&expired, &net);
	if (apply_reservations(&net, LockWaitSkip, &changes, &nchanges, &refusal) != TIMELINE_APPLIED)
		resource_lost_error(changes[refusal.change].resource_id);
	holds_note_in_flight(changes, nchanges);
	holds_mark_expired(&expired, &writer);
	holds_close(&expired, &writer);
	in_flight_done(arbiter_relations()->reservation, IN_FLIGHT_FUNCTION);
	PG_RETURN_INT64(expired.n);
}
