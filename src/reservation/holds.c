/*-------------------------------------------------------------------------
 *
 * holds.c
 *	  Holds that have expired: lock, give back, mark.
 *
 * Nobody sweeps.  A hold counts as free from the instant it expires, for
 * readers because they add it back (timeline_view.c), and for writers because
 * they look for what stands in their way (apply.c, holds_find.c).
 *
 *-------------------------------------------------------------------------
 */
#include "reservation/holds.h"

#include "access/tableam.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "support/locks.h"
#include "support/relations.h"
#include "timeline/base_rows.h"
#include "timeline/in_flight.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

/*
 * compare_holds is the order in which rows are locked.
 */
int
compare_holds(const void *a, const void *b)
{
	const ExpiredHold *left = a;
	const ExpiredHold *right = b;

	if (left->reservation_id != right->reservation_id)
		return left->reservation_id < right->reservation_id ? -1 : 1;
	return (left->part > right->part) - (left->part < right->part);
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
