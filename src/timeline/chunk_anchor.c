/*-------------------------------------------------------------------------
 *
 * chunk_anchor.c
 *	  Whether a resource has a timeline: its anchor, and all its chunks gone.
 *
 *-------------------------------------------------------------------------
 */
#include "timeline/chunk_store.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "support/compat.h"
#include "support/locks.h"
#include "timeline/chunk_place.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/*
 * Is the anchor of a resource where it was last?  SERIALIZABLE wants the predicate
 * locks of the index.
 */
static bool
anchor_is_in_place(ChunkStore *store, int32 resource_id, Snapshot snapshot,
				   TupleTableSlot *slot)
{
	ItemPointerData tid;

	return IsMVCCSnapshot(snapshot) && !IsolationIsSerializable() &&
		chunk_place_find_anchor(resource_id, &tid) &&
		chunk_store_has_block(store, &tid) &&
		table_tuple_fetch_row_version(store->rel, &tid, snapshot, slot) &&
		DatumGetInt32(chunk_store_column(slot, TIMELINE_RESOURCE_ID)) == resource_id &&
		TIMESTAMP_IS_NOBEGIN(DatumGetTimestampTz(chunk_store_column(slot, TIMELINE_ENDS)));
}

/*
 * chunk_store_is_built tells whether a resource has its anchor.
 */
bool
chunk_store_is_built(ChunkStore *store, int32 resource_id, Snapshot snapshot)
{
	TupleTableSlot *slot = table_slot_create(store->rel, NULL);
	IndexScanDesc scan;
	ScanKeyData keys[2];
	bool		found;

	if (anchor_is_in_place(store, resource_id, snapshot, slot))
	{
		ExecDropSingleTupleTableSlot(slot);
		return true;
	}
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(resource_id));
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_TIMESTAMPTZ_EQ,
				TimestampTzGetDatum(DT_NOBEGIN));
	scan = arbiter_index_beginscan(store->rel, chunk_store_pkey(store), snapshot, 2);
	index_rescan(scan, keys, 2, NULL, 0);
	found = index_getnext_slot(scan, ForwardScanDirection, slot);
	index_endscan(scan);
	if (found)
		chunk_place_remember_anchor(resource_id, &slot->tts_tid);
	ExecDropSingleTupleTableSlot(slot);
	return found;
}

/*
 * chunk_store_delete_all deletes the anchor and the chunks of a resource,
 * waiting for whoever has changed one; returns how many chunks there were.
 *
 * The caller holds the resource lock exclusively, so that no new chunk comes
 * up where there was none.  Chunks are split and merged without it, so each
 * round reads anew until one finds nothing left.
 */
int64
chunk_store_delete_all(ChunkStore *store, int32 resource_id)
{
	int64		deleted = 0;

	for (;;)
	{
		Snapshot	snapshot = latest_snapshot();
		Snapshot	crosscheck = IsolationUsesXactSnapshot() ?
			GetTransactionSnapshot() : InvalidSnapshot;
		TupleTableSlot *slot = table_slot_create(store->rel, NULL);
		IndexScanDesc scan = arbiter_index_beginscan(store->rel,
													 chunk_store_pkey(store),
													 snapshot, 1);
		ScanKeyData key;
		bool		any = false;
		bool		again = false;

		ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ,
					Int32GetDatum(resource_id));
		index_rescan(scan, &key, 1, NULL, 0);
		while (index_getnext_slot(scan, ForwardScanDirection, slot))
		{
			bool		anchor = TIMESTAMP_IS_NOBEGIN(DatumGetTimestampTz(chunk_store_column(slot, TIMELINE_ENDS)));
			TM_Result	result = chunk_store_delete(store, &slot->tts_tid,
														snapshot, crosscheck);

			any = true;
			if (result == TM_Ok)
				deleted += anchor ? 0 : 1;
			else if (IsolationUsesXactSnapshot())
				concurrent_change_error();
			else
			{
				/* start anew, so that rows are deleted in their order */
				again = true;
				break;
			}
		}
		index_endscan(scan);
		ExecDropSingleTupleTableSlot(slot);
		UnregisterSnapshot(snapshot);
		if (any)
			CommandCounterIncrement();
		if (!again)
			return deleted;
		CHECK_FOR_INTERRUPTS();
	}
}
