/*-------------------------------------------------------------------------
 *
 * price_check.c
 *	  Raw changes of arbiter_price: before each row, bring it into its stored
 *	  form; after each statement, have budgets derived anew.
 *
 *-------------------------------------------------------------------------
 */
#include "guard/guard.h"

#include "access/htup_details.h"
#include "charge/price.h"
#include "price/budget.h"
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
 * Bring a row into its stored form.
 */
static Datum
check_row(TriggerData *trigger)
{
	Relation	rel = trigger->tg_relation;
	int			column = arbiter_relations()->price_column[PRICE_DURING];
	bool		inserts = TRIGGER_FIRED_BY_INSERT(trigger->tg_event);
	TupleTableSlot *row = inserts ? trigger->tg_trigslot : trigger->tg_newslot;
	HeapTuple	tuple = inserts ? trigger->tg_trigtuple : trigger->tg_newtuple;
	Datum		range;
	bool		changed;
	bool		isnull = false;

	range = price_check(row, &changed);
	if (!inserts || !is_copy_into(arbiter_relations()->price))
		check_resource(row, inserts ? NULL : trigger->tg_trigslot);
	if (changed)
		tuple = heap_modify_tuple_by_cols(tuple, RelationGetDescr(rel), 1,
										  &column, &range, &isnull);
	return PointerGetDatum(tuple);
}

/*
 * arbiter_price_trigger() BEFORE INSERT OR UPDATE ROW,
 *						   BEFORE INSERT OR UPDATE OR DELETE STATEMENT,
 *						   AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE STATEMENT,
 *						   AFTER INSERT OR UPDATE OR DELETE ROW of replication
 *						   ON arbiter_price
 *
 * A COPY, which may be one of a restore, loads prices of resources that come
 * after it.
 *
 * Errors: RV003, 23503 no such resource; 55006 as prices_changed().  Locks: the
 * resource, shared, if it is new to the row; what budgets need.
 */
Datum
arbiter_price_trigger(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_data(fcinfo, "arbiter_price_trigger",
										CALLED_AS_TRIGGER(fcinfo));
	TriggerEvent event = trigger->tg_event;

	if (RelationGetRelid(trigger->tg_relation) != arbiter_relations()->price ||
		(FIRED(fcinfo, BEFORE, ROW) && TRIGGER_FIRED_BY_DELETE(event)))
		(void) trigger_data(fcinfo, "arbiter_price_trigger", false);

	if (FIRED(fcinfo, BEFORE, ROW))
		return check_row(trigger);
	if (FIRED(fcinfo, BEFORE, STATEMENT))
		prices_may_change();
	else
		prices_changed();
	return PointerGetDatum(NULL);
}
