/*-------------------------------------------------------------------------
 *
 * resource_check.c
 *	  Before each raw row of arbiter_resource: what of it must stay.
 *
 *-------------------------------------------------------------------------
 */
#include "guard/guard.h"

#include "capacity/drop.h"
#include "resource/resource_cache.h"
#include "support/relations.h"
#include "support/trigger_call.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(arbiter_resource_trigger);

/*
 * Who is whose child is for arbiter_sublet() to say, and stays (55000): but a
 * COPY, which may be one of a restore, loads what it has.
 */
static void
check_parent(TriggerData *trigger, const Resource *resource)
{
	const AttrNumber *columns = arbiter_relations()->resource_column;
	bool		updates = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	TupleTableSlot *new_row = updates ? trigger->tg_newslot : trigger->tg_trigslot;
	const ResourceColumn parent[] = {
		RESOURCE_PARENT_RESERVATION_ID, RESOURCE_PARENT_RESOURCE_ID
	};

	for (int i = 0; i < lengthof(parent); i++)
	{
		bool		new_null;
		bool		old_null = true;
		Datum		new = slot_getattr(new_row, columns[parent[i]], &new_null);
		Datum		old = (Datum) 0;

		if (updates)
			old = slot_getattr(trigger->tg_trigslot, columns[parent[i]], &old_null);
		if (new_null == old_null && (new_null || new == old))
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot set the parent of a resource"),
				 errdetail("The capacity of resource \"%s\" would have to be that of a reservation.",
						   resource->name),
				 errhint("arbiter_sublet() makes a resource of a reservation, arbiter_drop_resource() ends that.")));
	}
}

/*
 * arbiter_resource_trigger() BEFORE INSERT OR UPDATE OR DELETE ROW
 *							  ON arbiter_resource
 *
 * A resource keeps its id and its parent (55000), and a raw DELETE does what
 * arbiter_drop_resource() does without force.  Where logical replication
 * applies the row, it is only told to the caches of resources.
 */
Datum
arbiter_resource_trigger(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	AttrNumber	id_column;
	AttrNumber	name_column;
	Resource	resource;
	bool		isnull;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BEFORE(trigger->tg_event) ||
		!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		RelationGetRelid(trigger->tg_relation) != arbiter_relations()->resource)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" is a row trigger of arbiter_resource",
						"arbiter_resource_trigger")));

	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		resource_type_changes(trigger->tg_trigslot, trigger->tg_newslot);
	resource_cache_changed();
	if (SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA)
		return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ?
							   trigger->tg_newtuple : trigger->tg_trigtuple);

	name_column = arbiter_relations()->resource_column[RESOURCE_NAME];
	resource.name = TextDatumGetCString(slot_getattr(trigger->tg_trigslot, name_column, &isnull));
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
	{
		if (!is_copy_into(arbiter_relations()->resource))
			check_parent(trigger, &resource);
		return PointerGetDatum(trigger->tg_trigtuple);
	}

	id_column = arbiter_relations()->resource_column[RESOURCE_ID];
	resource.id = DatumGetInt32(slot_getattr(trigger->tg_trigslot, id_column, &isnull));
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
	{
		if (DatumGetInt32(slot_getattr(trigger->tg_newslot, id_column, &isnull)) != resource.id)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("cannot change the id of a resource"),
					 errdetail("Capacity and reservations refer to resource %d.",
							   resource.id),
					 errhint("Rename it with arbiter_alter_resource(), or create another resource.")));
		check_parent(trigger, &resource);
		return PointerGetDatum(trigger->tg_newtuple);
	}

	resource_drop_contents(&resource, false);
	return PointerGetDatum(trigger->tg_trigtuple);
}
