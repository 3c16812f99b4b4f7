/*-------------------------------------------------------------------------
 *
 * sublet.c
 *	  Make a resource of a reservation.
 *
 * How the capacity of the new resource, the child, is kept to what the
 * reservation takes is told in capacity/children.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "booking/change.h"
#include "commands/sequence.h"
#include "resource/resource_admin.h"
#include "storage/lmgr.h"
#include "support/arguments.h"
#include "support/errors.h"
#include "support/locks.h"
#include "support/relations.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(arbiter_sublet);

/*
 * Refuse a reservation that is not there to be sublet: a hold may expire.
 */
static void
check_confirmed(const Change *change, int64 reservation_id,
				const Resource *resource)
{
	bool		any = false;

	for (int i = 0; i < change->nparts; i++)
	{
		const ChangePart *part = &change->parts[i];

		if (!part->live || part->take.resource_id != resource->id)
			continue;
		any = true;
		if (part->held)
			ereport(ERROR,
					(errcode(ERRCODE_ARBITER_NOT_FOUND),
					 errmsg("reservation " INT64_FORMAT " cannot be sublet",
							reservation_id),
					 errdetail("Its status is \"held\": it may expire."),
					 errhint("Make it permanent with arbiter_confirm(" INT64_FORMAT ") first.",
							 reservation_id)));
	}
	if (!any)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("reservation " INT64_FORMAT " takes nothing of resource \"%s\"",
						reservation_id, resource->name),
				 errhint("See its rows in arbiter_reservation, or its resources in arbiter_booking.")));
}

/*
 * What a reservation takes of a resource can be given away once.
 */
static void
check_not_sublet(const Change *change, int64 reservation_id,
				 const Resource *resource)
{
	for (int i = 0; i < change->children.n; i++)
	{
		const Child *child = &change->children.children[i];
		Snapshot	snapshot;
		Resource	other;

		if (child->reservation_id != reservation_id ||
			child->parent_resource_id != resource->id)
			continue;
		snapshot = latest_snapshot();
		if (!resource_find_by_id(child->resource_id, snapshot, &other))
			resource_lost_error(child->resource_id);
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("reservation " INT64_FORMAT " is sublet already",
						reservation_id),
				 errdetail("What it takes of resource \"%s\" is the capacity of resource \"%s\".",
						   resource->name, other.name),
				 errhint("Reserve from that one, and sublet the reservation.")));
	}
}

/*
 * Write the row of a child.  It has no options: those of the parent are about
 * the parent, and with its unit or type it would be taken for a resource like
 * it, that is anybody's.
 */
static int32
insert_child(RowWriter *writer, const char *name, int64 reservation_id,
			 int32 parent_id)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->resource_column;
	AttrNumber	given[] = {
		columns[RESOURCE_ID], columns[RESOURCE_NAME],
		columns[RESOURCE_PARENT_RESERVATION_ID],
		columns[RESOURCE_PARENT_RESOURCE_ID]
	};
	int32		resource_id = (int32) nextval_internal(relations->resource_id_seq, false);

	row_writer_new_row(writer, given, lengthof(given));
	row_writer_set(writer, columns[RESOURCE_ID], Int32GetDatum(resource_id), false);
	row_writer_set(writer, columns[RESOURCE_NAME], CStringGetTextDatum(name), false);
	row_writer_set(writer, columns[RESOURCE_PARENT_RESERVATION_ID],
				   Int64GetDatum(reservation_id), false);
	row_writer_set(writer, columns[RESOURCE_PARENT_RESOURCE_ID],
				   Int32GetDatum(parent_id), false);
	row_writer_before_insert(writer);
	resource_type_gains(writer->slot);
	row_writer_insert(writer);
	return resource_id;
}

/*
 * arbiter_sublet(reservation_id bigint, child_name text, resource text) -> integer
 *
 * Makes a resource, the child, whose capacity at every instant is what a
 * reservation takes of a resource, the parent; returns its id.  The resource may
 * be NULL where the reservation has only one.  From then on, the child's
 * capacity follows the reservation.
 *
 * Errors: 22004 NULL; 42602, 42710 name; 42704 resource; RV008 no such
 * reservation, or none that is confirmed; RV009 a hold that has expired; 22023
 * it has several resources, or not that one; 42710 it is sublet already; 25006;
 * 40001 above READ COMMITTED.
 *
 * Locks: the name, against others who give it; the parts of the reservation,
 * against new ones; its rows; its other children.  Volatile and parallel unsafe:
 * it writes.
 */
Datum
arbiter_sublet(PG_FUNCTION_ARGS)
{
	const ArbiterRelations *relations = arbiter_relations();
	int64		reservation_id;
	char	   *name;
	RowWriter	writer;
	Change		change;
	Resource	parent = {0};
	Snapshot	snapshot;
	int32		child_id;

	argument_not_null(fcinfo, 0, "reservation_id");
	reservation_id = PG_GETARG_INT64(0);
	name = argument_text(fcinfo, 1, "child_name");

	change_open(&change, "arbiter_sublet()");
	change.keeps_place = true;
	LockRelationOid(relations->capacity, RowExclusiveLock);
	row_writer_open(&writer, relations->resource, CMD_INSERT);
	resource_check_name(name);
	if (!PG_ARGISNULL(2))
	{
		snapshot = decision_snapshot();
		resource_get(argument_text(fcinfo, 2, "resource"), snapshot, &parent);
		UnregisterSnapshot(snapshot);
	}

	reservation_parts_lock(reservation_id, ExclusiveLock);
	change_lock(&change, &reservation_id, 1);
	change_require(&change, reservation_id, "sublet");
	if (parent.name == NULL)
	{
		int32		id = change_only_resource(&change, reservation_id,
											  "arbiter_sublet(reservation_id, child_name, resource)");

		snapshot = latest_snapshot();
		if (!resource_find_by_id(id, snapshot, &parent))
			resource_unknown_id_error(id);
		UnregisterSnapshot(snapshot);
	}
	check_confirmed(&change, reservation_id, &parent);
	check_not_sublet(&change, reservation_id, &parent);

	child_id = insert_child(&writer, name, reservation_id, parent.id);
	row_writer_close(&writer);
	CommandCounterIncrement();
	timeline_create(child_id);
	change.children = (Children) {0};
	children_find(&change.children, &reservation_id, 1);
	change_close(&change);
	PG_RETURN_INT32(child_id);
}
