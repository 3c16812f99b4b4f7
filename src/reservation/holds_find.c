/*-------------------------------------------------------------------------
 *
 * holds_find.c
 *	  Holds that have expired: which are in the way of a change.
 *
 * They are found without a lock, and what they give back to is built, before the
 * rows are locked (holds.c): a build has the resource exclusively, and resources
 * come before rows.
 *
 *-------------------------------------------------------------------------
 */
#include "reservation/holds.h"

#include "support/compare.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "timeline/base_rows.h"
#include "timeline/quota_rows.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

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
	hold->quotas = reservation_quotas(row, &hold->nquotas);
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
	int			n;
	int32	   *quotas = reservation_quotas(row, &n);

	if (quotas != NULL)
		pfree(quotas);
	return n > 0;
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
				   &relations->reservation_held_idx, expired->snapshot, keys,
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
			ids[(*n)++] = expired->holds[i].quotas[j];
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
			built = timeline_is_built(hold->quotas[j]);
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
