/*-------------------------------------------------------------------------
 *
 * inventory_guard.c
 *	  After a raw statement on what inventories follow from.
 *
 * The capacity of an inventory is that of its rows, whoever writes them: after the
 * statement, because in the middle of it they may be half changed.
 *
 *-------------------------------------------------------------------------
 */
#include "guard/guard.h"

#include "access/xact.h"
#include "capacity/inventory_schedule.h"
#include "miscadmin.h"
#include "support/compare.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/trigger_call.h"
#include "timeline/timeline.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(arbiter_inventory_trigger);

/* resources that were written, in any order and more than once */
typedef struct WrittenIds
{
	int32	   *ids;
	int			n;
	int			room;
} WrittenIds;

static void
add_id(WrittenIds *written, int32 resource_id)
{
	if (written->n > 0 && written->ids[written->n - 1] == resource_id)
		return;
	if (written->n == written->room)
	{
		written->room = Max(64, 2 * written->room);
		written->ids = written->ids == NULL ? palloc(sizeof(int32) * written->room) :
			repalloc_huge(written->ids, sizeof(int32) * written->room);
	}
	written->ids[written->n++] = resource_id;
}

static void
add_rows(Tuplestorestate *rows, TupleTableSlot *slot, AttrNumber column,
		 WrittenIds *written)
{
	if (rows == NULL)
		return;
	tuplestore_rescan(rows);
	while (tuplestore_gettupleslot(rows, true, false, slot))
	{
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		add_id(written, DatumGetInt32(slot_getattr(slot, column, &isnull)));
	}
}

static void
add_all_inventories(WrittenIds *written)
{
	const ArbiterRelations *relations = arbiter_relations();
	AttrNumber	column = relations->resource_column[RESOURCE_ID];
	Snapshot	snapshot = latest_snapshot();
	KeyScan		scan;

	key_scan_begin(&scan, relations->resource, &relations->resource_provider_key,
				   snapshot, NULL, 0);
	while (key_scan_next(&scan))
	{
		bool		isnull;

		add_id(written, DatumGetInt32(slot_getattr(scan.slot, column, &isnull)));
	}
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
}

static void
sort_ids(WrittenIds *written)
{
	int			kept = 0;

	if (written->n > 1)
		qsort(written->ids, written->n, sizeof(int32), compare_int32);
	for (int i = 0; i < written->n; i++)
	{
		if (kept == 0 || written->ids[kept - 1] != written->ids[i])
			written->ids[kept++] = written->ids[i];
	}
	written->n = kept;
}

/*
 * What a COPY brings of resources that are not built is not looked at, as with
 * their capacity: a restore loads that too.
 */
static void
leave_out_unbuilt(WrittenIds *written)
{
	int			kept = 0;

	for (int i = 0; i < written->n; i++)
	{
		if (timeline_is_built_now(written->ids[i]))
			written->ids[kept++] = written->ids[i];
	}
	written->n = kept;
}

/*
 * arbiter_inventory_trigger() AFTER INSERT | UPDATE | DELETE | TRUNCATE STATEMENT
 *							   ON arbiter_inventory, arbiter_inventory_total
 *
 * Makes the capacity of the inventories whose rows were written what these say.
 *
 * Errors: RV011 reservations would be uncovered; 22003 the capacity would be too
 * large; 40001.  Locks: see inventories_follow().
 */
Datum
arbiter_inventory_trigger(PG_FUNCTION_ARGS)
{
	const ArbiterRelations *relations = arbiter_relations();
	TriggerData *trigger = trigger_data(fcinfo, "arbiter_inventory_trigger",
										FIRED(fcinfo, AFTER, STATEMENT));
	Relation	rel = trigger->tg_relation;
	Oid			relid = RelationGetRelid(rel);
	WrittenIds	written = {0};

	if (relid != relations->inventory && relid != relations->inventory_total)
		(void) trigger_data(fcinfo, "arbiter_inventory_trigger", false);

	/* the rows of the statement are to be seen */
	CommandCounterIncrement();
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
		add_all_inventories(&written);
	else
	{
		AttrNumber	column = relid == relations->inventory ?
			relations->inventory_column[INVENTORY_RESOURCE_ID] :
			relations->inventory_total_column[INVENTORY_TOTAL_RESOURCE_ID];
		TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(rel),
														&TTSOpsMinimalTuple);

		if (trigger->tg_oldtable == NULL && trigger->tg_newtable == NULL)
			(void) trigger_data(fcinfo, "arbiter_inventory_trigger", false);
		add_rows(trigger->tg_oldtable, slot, column, &written);
		add_rows(trigger->tg_newtable, slot, column, &written);
		ExecDropSingleTupleTableSlot(slot);
	}
	sort_ids(&written);
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event) && is_copy_into(relid))
		leave_out_unbuilt(&written);
	if (written.n > 0)
		inventories_follow(written.ids, written.n);
	return PointerGetDatum(NULL);
}
