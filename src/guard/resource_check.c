/*-------------------------------------------------------------------------
 *
 * resource_check.c
 *	  Before each raw row of arbiter_resource: what of it must stay.
 *
 *-------------------------------------------------------------------------
 */
#include "guard/guard.h"

#include "capacity/drop.h"
#include "resource/resource_admin.h"
#include "resource/resource_cache.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/trigger_call.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

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
 * What the name of an inventory must be; NULL if there is no such provider.
 */
static char *
inventory_name(int32 provider_id, const char *type)
{
	const ArbiterRelations *relations = arbiter_relations();
	Snapshot	snapshot = latest_snapshot();
	KeyScan		scan;
	ScanKeyData key;
	char	   *name = NULL;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(provider_id));
	key_scan_begin(&scan, relations->provider, &relations->provider_pkey, snapshot,
				   &key, 1);
	if (key_scan_next(&scan))
	{
		bool		isnull;

		name = psprintf("%s.%s",
						TextDatumGetCString(slot_getattr(scan.slot, relations->provider_column[PROVIDER_NAME],
														 &isnull)),
						type);
	}
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
	return name;
}

/*
 * An inventory is named after its provider and its type, and is never made of a
 * resource that is there, nor the other way round: but a COPY, which may be one of
 * a restore, loads what it has.
 *
 * Errors: 23503 no such provider; 55000.
 */
static void
check_provider(TriggerData *trigger)
{
	const AttrNumber *columns = arbiter_relations()->resource_column;
	bool		updates = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	TupleTableSlot *new_row = updates ? trigger->tg_newslot : trigger->tg_trigslot;
	Resource	new;
	Resource	old;
	bool		isnull;
	Datum		type;
	char	   *name;

	resource_read(new_row, &new);
	if (updates)
	{
		resource_read(trigger->tg_trigslot, &old);
		if (new.is_inventory != old.is_inventory || new.provider_id != old.provider_id)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("cannot change the provider of a resource"),
					 errdetail("The capacity of resource \"%s\" would have to be what a provider has.",
							   old.name),
					 errhint("arbiter_set_inventory() makes a resource of a provider, arbiter_drop_inventory() drops it.")));
	}
	if (!new.is_inventory)
		return;
	type = slot_getattr(new_row, columns[RESOURCE_TYPE], &isnull);
	if (isnull)
		return;					/* refused by a CHECK of the table */
	if (updates)
	{
		Datum		old_type = slot_getattr(trigger->tg_trigslot, columns[RESOURCE_TYPE],
											&isnull);

		if (isnull || strcmp(TextDatumGetCString(old_type), TextDatumGetCString(type)) != 0)
			inventory_change_error(&old);
		if (strcmp(new.name, old.name) == 0)
			return;
	}
	name = inventory_name(new.provider_id, TextDatumGetCString(type));
	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("provider %d does not exist", new.provider_id),
				 errdetail("Resource \"%s\" would be what it has of a resource type.",
						   new.name),
				 errhint("Create the provider with arbiter_create_provider().")));
	if (strcmp(name, new.name) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot name an inventory \"%s\"", new.name),
				 errdetail("It is named after its provider and its resource type: \"%s\".", name),
				 errhint("Rename the provider with arbiter_alter_provider().")));
}

/*
 * arbiter_resource_trigger() BEFORE INSERT OR UPDATE OR DELETE ROW
 *							  ON arbiter_resource
 *
 * A resource keeps its id, its parent and its provider (55000), and a raw DELETE does what
 * arbiter_drop_resource() does without force.  Where logical replication
 * applies the row, it is only told to the caches of resources.
 */
Datum
arbiter_resource_trigger(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	AttrNumber	id_column;
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

	resource_read(trigger->tg_trigslot, &resource);
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
	{
		if (!is_copy_into(arbiter_relations()->resource))
		{
			check_parent(trigger, &resource);
			check_provider(trigger);
		}
		return PointerGetDatum(trigger->tg_trigtuple);
	}

	id_column = arbiter_relations()->resource_column[RESOURCE_ID];
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
		check_provider(trigger);
		return PointerGetDatum(trigger->tg_newtuple);
	}

	resource_drop_contents(&resource, false);
	return PointerGetDatum(trigger->tg_trigtuple);
}
