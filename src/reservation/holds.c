/*-------------------------------------------------------------------------
 *
 * holds.c
 *	  Holds that have expired: find, lock, give back, mark.
 *
 * Nobody sweeps.  A hold counts as free from the instant it expires, for
 * readers because they add it back (timeline_view.c), and for writers because
 * they look for what stands in their way (apply.c).
 *
 *-------------------------------------------------------------------------
 */
#include "reservation/holds.h"

#include "access/tableam.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "support/compare.h"
#include "support/compat.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "timeline/base_rows.h"
#include "timeline/in_flight.h"
#include "timeline/quota_rows.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

/* the quotas that a hold counts against */
static void
note_quotas(ExpiredHold *hold, TupleTableSlot *row)
{
	ReservationTake take;
	Quota	  **quotas;

	if (!quotas_exist() || !reservation_read(row, &take) || take.user_id == NULL)
		return;
	quotas = quotas_of(take.user_id, take.resource_id, &hold->nquotas);
	hold->quotas = palloc(sizeof(int32) * Max(hold->nquotas, 1));
	for (int i = 0; i < hold->nquotas; i++)
		hold->quotas[i] = quotas[i]->id;
}

static void
note_hold(ExpiredHolds *expired, TupleTableSlot *row)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;
	ExpiredHold *hold;
	bool		isnull;

	if (expired->n == expired->room)
	{
		expired->room = Max(8, 2 * expired->room);
		if (expired->holds == NULL)
			expired->holds = palloc(sizeof(ExpiredHold) * expired->room);
		else
			expired->holds = repalloc_huge(expired->holds,
										   sizeof(ExpiredHold) * expired->room);
	}
	hold = &expired->holds[expired->n++];
	memset(hold, 0, sizeof(ExpiredHold));
	hold->reservation_id = DatumGetInt64(slot_getattr(row, columns[RESERVATION_ID], &isnull));
	hold->part = DatumGetInt32(slot_getattr(row, columns[RESERVATION_PART], &isnull));
	hold->resource_id = DatumGetInt32(slot_getattr(row, columns[RESERVATION_RESOURCE_ID], &isnull));
	hold->tid = row->tts_tid;
	note_quotas(hold, row);
}

/* is there an instant of a range at which a change takes something? */
static bool
takes_from(const TimelineChange *change, TimestampTz start, TimestampTz end)
{
	for (int i = 0; i < change->nsegments; i++)
	{
		const Segment *segment = &change->segments[i];

		if ((segment->judged < 0 || segment->ordinary < 0) &&
			segment->start < end && segment->end > start)
			return true;
	}
	return false;
}

/* does a row count against any quota? */
static bool
is_under_quota(TupleTableSlot *row)
{
	ReservationTake take;
	int			nquotas;

	if (!quotas_exist() || !reservation_read(row, &take) || take.user_id == NULL)
		return false;
	(void) quotas_of(take.user_id, take.resource_id, &nquotas);
	return nquotas > 0;
}

/*
 * Find the expired holds that are in the way of a change to a quota.
 *
 * What they give back is not the quota's alone: chunks of other timelines may
 * come before those that somebody who has lost a race has locked.
 */
static void
find_expired_of_quota(ExpiredHolds *expired, const TimelineChange *change)
{
	QuotaScan	scan;
	Charges		charges = {0};

	if (!quota_scan_begin(&scan, quota_timeline_id(change->resource_id), true,
						  expired->clock, expired->snapshot))
		return;
	while (quota_scan_next(&scan))
	{
		bool		in_way = false;

		charges.n = 0;
		quota_scan_charge(&scan, &charges);
		for (int i = 0; i < charges.n && !in_way; i++)
			in_way = takes_from(change, charges.charges[i].start,
								charges.charges[i].end);
		if (in_way && expired->within)
			expired->passed_over = true;
		else if (in_way)
			note_hold(expired, scan.slot);
	}
	quota_scan_end(&scan);
}

/*
 * Find the expired holds that are in the way of a change; of any change when
 * it is NULL.
 */
static void
find_expired(ExpiredHolds *expired, const TimelineChange *change,
			 int64 max_rows)
{
	const ArbiterRelations *relations = arbiter_relations();
	KeyScan		scan;
	ScanKeyData keys[2];
	int			nkeys = 0;

	if (change != NULL && timeline_is_of_quota(change->resource_id))
	{
		find_expired_of_quota(expired, change);
		return;
	}
	if (change != NULL)
		ScanKeyInit(&keys[nkeys++], 1, BTEqualStrategyNumber, F_INT4EQ,
					Int32GetDatum(change->resource_id));
	ScanKeyInit(&keys[nkeys++], 2, BTLessEqualStrategyNumber, F_TIMESTAMPTZ_LE,
				TimestampTzGetDatum(expired->clock));
	key_scan_begin(&scan, relations->reservation,
				   relations->reservation_held_idx, expired->snapshot, keys,
				   nkeys);
	while (expired->n < max_rows && key_scan_next(&scan))
	{
		TimestampTz start;
		TimestampTz end;

		if (change != NULL)
		{
			if (!occupied_times(scan.slot, &start, &end) ||
				!takes_from(change, start, end))
				continue;
			if (expired->within &&
				(start < change->segments[0].start ||
				 end > change->segments[change->nsegments - 1].end ||
				 is_under_quota(scan.slot)))
			{
				expired->passed_over = true;
				continue;
			}
		}
		note_hold(expired, scan.slot);
	}
	key_scan_end(&scan);
}

/*
 * holds_find finds expired holds of any resource.
 */
void
holds_find(ExpiredHolds *expired, int64 max_rows)
{
	expired->snapshot = decision_snapshot();
	find_expired(expired, NULL, max_rows);
}

static int
compare_holds(const void *a, const void *b)
{
	const ExpiredHold *left = a;
	const ExpiredHold *right = b;

	if (left->reservation_id != right->reservation_id)
		return left->reservation_id < right->reservation_id ? -1 : 1;
	return (left->part > right->part) - (left->part < right->part);
}

/* a hold may be in the way of a resource and of quotas */
static void
leave_out_duplicates(ExpiredHolds *expired)
{
	int			kept = 0;

	qsort(expired->holds, expired->n, sizeof(ExpiredHold), compare_holds);
	for (int i = 0; i < expired->n; i++)
	{
		if (kept == 0 || compare_holds(&expired->holds[kept - 1], &expired->holds[i]) != 0)
			expired->holds[kept++] = expired->holds[i];
	}
	expired->n = kept;
}

/*
 * Build timelines, in the order of locks.
 */
static void
build_timelines(int32 *ids, int n)
{
	qsort(ids, n, sizeof(int32), compare_int32);
	for (int i = 0; i < n; i++)
	{
		if (i == 0 || ids[i] != ids[i - 1])
			(void) timeline_ensure_built(ids[i]);
	}
}

/* the timelines of the quotas that holds count against */
static int32 *
quota_timelines(const ExpiredHolds *expired, int *n)
{
	int32	   *ids;

	*n = 0;
	for (int i = 0; i < expired->n; i++)
		*n += expired->holds[i].nquotas;
	ids = palloc_extended(sizeof(int32) * (Size) Max(*n, 1), MCXT_ALLOC_HUGE);
	*n = 0;
	for (int i = 0; i < expired->n; i++)
	{
		for (int j = 0; j < expired->holds[i].nquotas; j++)
			ids[(*n)++] = quota_timeline_id(expired->holds[i].quotas[j]);
	}
	return ids;
}

/*
 * What a hold gives back goes to quotas, too.  Those that are not built are built
 * before anything is locked; where that is not possible, the hold is passed over.
 */
static void
build_quotas(ExpiredHolds *expired, bool possible)
{
	int			kept = 0;

	if (possible)
	{
		int			n;
		int32	   *ids = quota_timelines(expired, &n);

		build_timelines(ids, n);
		pfree(ids);
		return;
	}
	for (int i = 0; i < expired->n; i++)
	{
		ExpiredHold *hold = &expired->holds[i];
		bool		built = true;

		for (int j = 0; j < hold->nquotas && built; j++)
			built = timeline_is_built(quota_timeline_id(hold->quotas[j]));
		if (built)
			expired->holds[kept++] = *hold;
		else
			expired->passed_over = true;
	}
	expired->n = kept;
}

/*
 * holds_find_in_way finds the expired holds that are in the way of some changes;
 * false if there are none.  lock_resources: a chunk may have to be made, and for
 * that resources come before rows.
 */
bool
holds_find_in_way(ExpiredHolds *expired, const TimelineChange *changes,
				  int nchanges, bool lock_resources)
{
	expired->snapshot = decision_snapshot();
	for (int i = 0; i < nchanges; i++)
		find_expired(expired, &changes[i], PG_INT64_MAX);
	if (quotas_exist())
	{
		leave_out_duplicates(expired);
		build_quotas(expired, lock_resources);
	}
	if (expired->n == 0)
	{
		UnregisterSnapshot(expired->snapshot);
		return false;
	}
	for (int i = 0; i < nchanges && lock_resources; i++)
		resource_lock_shared(changes[i].resource_id);
	return true;
}

/* is a hold, now that it is locked, what it was when it was found? */
static bool
still_expired(const ExpiredHold *hold, TupleTableSlot *row, TimestampTz clock)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;
	bool		null[3];
	Datum		status = slot_getattr(row, columns[RESERVATION_STATUS], &null[0]);
	TimestampTz expires_at =
		DatumGetTimestampTz(slot_getattr(row, columns[RESERVATION_EXPIRES_AT], &null[1]));

	int32		resource_id =
		DatumGetInt32(slot_getattr(row, columns[RESERVATION_RESOURCE_ID], &null[2]));

	return !null[0] && !null[1] && !null[2] && status_is_held(status) &&
		expires_at <= clock && resource_id == hold->resource_id;
}

/*
 * holds_lock locks the rows of expired holds, in order; those that are none any
 * more, or not ours to wait for, are left out.
 */
void
holds_lock(ExpiredHolds *expired, Relation rel, LockWaitPolicy policy)
{
	TupleTableSlot *slot = table_slot_create(rel, NULL);
	int			kept = 0;

	/* references to the table's own row type cost the more the more there are */
	expired->desc = CreateTupleDescCopyConstr(RelationGetDescr(rel));
	qsort(expired->holds, expired->n, sizeof(ExpiredHold), compare_holds);
	for (int i = 0; i < expired->n; i++)
	{
		ExpiredHold hold = expired->holds[i];
		TM_FailureData failure;
		TM_Result	result;

		CHECK_FOR_INTERRUPTS();
		result = table_tuple_lock(rel, &hold.tid, expired->snapshot, slot,
								  GetCurrentCommandId(true),
								  LockTupleNoKeyExclusive, policy,
								  IsolationUsesXactSnapshot() ? 0 : TUPLE_LOCK_FLAG_FIND_LAST_VERSION,
								  &failure);
		if (result == TM_Ok && still_expired(&hold, slot, expired->clock))
		{
			/* a copy: there may be more of them than buffers to pin */
			hold.row = MakeSingleTupleTableSlot(expired->desc, &TTSOpsHeapTuple);
			ExecCopySlot(hold.row, slot);
			hold.row->tts_tid = slot->tts_tid;
			expired->holds[kept++] = hold;
		}
		else if ((result == TM_Updated || result == TM_Deleted) &&
				 IsolationUsesXactSnapshot() && !expired->any_will_do)
			concurrent_change_error();
		else if (result == TM_WouldBlock)
			expired->passed_over = true;
		ExecClearTuple(slot);
	}
	ExecDropSingleTupleTableSlot(slot);
	expired->n = kept;
}

/*
 * holds_give_back adds to a net change what expired holds give back; what belongs
 * to no resource gives nothing back.
 */
void
holds_give_back(const ExpiredHolds *expired, NetChange *net)
{
	int32		resource_id = 0;
	bool		exists = false;

	for (int i = 0; i < expired->n; i++)
	{
		ReservationTake take;

		if (!reservation_read(expired->holds[i].row, &take))
			continue;
		if (i == 0 || take.resource_id != resource_id)
		{
			Snapshot	snapshot = decision_snapshot();
			Resource	resource;

			resource_id = take.resource_id;
			exists = resource_find_by_id(resource_id, snapshot, &resource);
			UnregisterSnapshot(snapshot);
		}
		if (exists)
			reservation_reap(net, &take);
		else
			reservation_charge(net, &take, 1, false);
	}
}

/*
 * holds_mark_expired marks holds whose amount has been given back.
 */
void
holds_mark_expired(ExpiredHolds *expired, RowWriter *writer)
{
	AttrNumber	status = arbiter_relations()->reservation_column[RESERVATION_STATUS];

	for (int i = 0; i < expired->n; i++)
	{
		TupleTableSlot *row = expired->holds[i].row;
		ReservationTake take;

		CHECK_FOR_INTERRUPTS();
		row_writer_copy_row(writer, row);
		row_writer_set(writer, status, CStringGetTextDatum("expired"), false);
		row_writer_before_update(writer, &row->tts_tid);
		if (reservation_read(writer->slot, &take))
			ereport(ERROR,
					(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
					 errmsg("a trigger on table \"%s\" keeps a hold that has expired",
							RelationGetRelationName(writer->rel)),
					 errdetail("Reservation " INT64_FORMAT " was to be marked expired.",
							   expired->holds[i].reservation_id),
					 errhint("Let the trigger leave rows alone that get the status expired.")));
		row_writer_update(writer, &row->tts_tid);
	}
}

/*
 * holds_close lets go of everything but the locks.
 */
void
holds_close(ExpiredHolds *expired, RowWriter *writer)
{
	for (int i = 0; i < expired->n; i++)
		ExecDropSingleTupleTableSlot(expired->holds[i].row);
	row_writer_close(writer);
	CommandCounterIncrement();
}

/*
 * holds_build_resources builds the resources of expired holds, and their quotas,
 * before their rows are locked.
 */
void
holds_build_resources(const ExpiredHolds *expired)
{
	int			n;
	int32	   *ids = quota_timelines(expired, &n);

	ids = repalloc_huge(ids, sizeof(int32) * ((Size) n + expired->n + 1));
	for (int i = 0; i < expired->n; i++)
		ids[n++] = expired->holds[i].resource_id;
	build_timelines(ids, n);
	pfree(ids);
}

/*
 * holds_note_in_flight notes that the timeline has what is not written yet:
 * while users' triggers run, nobody may build it from the rows.
 */
void
holds_note_in_flight(const TimelineChange *changes, int nchanges)
{
	for (int i = 0; i < nchanges; i++)
		in_flight_add(arbiter_relations()->reservation, changes[i].resource_id,
					  IN_FLIGHT_FUNCTION);
}
