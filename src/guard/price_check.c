/*-------------------------------------------------------------------------
 *
 * price_check.c
 *	  Before each raw row of arbiter_price: bring it into its stored form.
 *
 *-------------------------------------------------------------------------
 */
#include "guard/guard.h"

#include "access/htup_details.h"
#include "price/price.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/trigger_call.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(arbiter_price_trigger);

/*
 * A row that comes to a resource is of one that there is, and that is not dropped
 * meanwhile.  One that is its already need not wait: a drop waits for it.
 */
static void
check_resource(TupleTableSlot *new_row, TupleTableSlot *old_row)
{
	AttrNumber	column = arbiter_relations()->price_column[PRICE_RESOURCE_ID];
	bool		isnull;
	int32		resource_id = DatumGetInt32(slot_getattr(new_row, column, &isnull));
	Snapshot	snapshot;
	Resource	resource;
	bool		exists;

	if (isnull)
		return;					/* refused by its NOT NULL */
	if (old_row != NULL &&
		DatumGetInt32(slot_getattr(old_row, column, &isnull)) == resource_id)
		return;
	resource_lock_shared(resource_id);
	snapshot = latest_snapshot();
	exists = resource_find_by_id(resource_id, snapshot, &resource);
	UnregisterSnapshot(snapshot);
	if (!exists)
		resource_unknown_id_error(resource_id);
}

/*
 * arbiter_price_trigger() BEFORE INSERT OR UPDATE ROW ON arbiter_price
 *
 * A COPY, which may be one of a restore, loads prices of resources that come
 * after it.
 *
 * Errors: RV003, 23503 no such resource.  Locks: the resource, shared, if it is
 * new to the row.
 */
Datum
arbiter_price_trigger(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_data(fcinfo, "arbiter_price_trigger",
										FIRED(fcinfo, BEFORE, ROW));
	Relation	rel = trigger->tg_relation;
	int			column = arbiter_relations()->price_column[PRICE_DURING];
	bool		inserts = TRIGGER_FIRED_BY_INSERT(trigger->tg_event);
	TupleTableSlot *row = inserts ? trigger->tg_trigslot : trigger->tg_newslot;
	HeapTuple	tuple = inserts ? trigger->tg_trigtuple : trigger->tg_newtuple;
	Datum		range;
	bool		changed;
	bool		isnull = false;

	if (RelationGetRelid(rel) != arbiter_relations()->price ||
		TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		(void) trigger_data(fcinfo, "arbiter_price_trigger", false);

	range = price_check(row, &changed);
	if (!inserts || !is_copy_into(arbiter_relations()->price))
		check_resource(row, inserts ? NULL : trigger->tg_trigslot);
	if (changed)
		tuple = heap_modify_tuple_by_cols(tuple, RelationGetDescr(rel), 1,
										  &column, &range, &isnull);
	return PointerGetDatum(tuple);
}
