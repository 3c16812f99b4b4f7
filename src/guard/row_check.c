/*-------------------------------------------------------------------------
 *
 * row_check.c
 *	  Before each raw row: bring it into its stored form, or refuse it.
 *
 * A BEFORE ROW trigger, last of its kind by name, brings the range into the
 * form in which ranges are stored, checks range, amount and status, computes
 * what the row occupies, and makes sure that the resource is built before its
 * first row is written.
 *
 *-------------------------------------------------------------------------
 */
#include "guard/guard.h"

#include "access/htup_details.h"
#include "capacity/capacity.h"
#include "capacity/set_capacity.h"
#include "capacity/share.h"
#include "charge/quota.h"
#include "reservation/reservation.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "support/compare.h"
#include "support/compat.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/trigger_call.h"
#include "timeline/in_flight.h"
#include "utils/builtins.h"
#include "utils/datum.h"

PG_FUNCTION_INFO_V1(arbiter_row_trigger);

/*
 * The resource of a row is about to be changed: build it, and note the
 * statement.
 */
static void
note_resource(TriggerData *trigger, TupleTableSlot *row, AttrNumber column,
			  bool is_old, bool is_copy)
{
	Oid			relid = RelationGetRelid(trigger->tg_relation);
	bool		isnull;
	int32		resource_id = DatumGetInt32(slot_getattr(row, column, &isnull));

	if (isnull)
		return;
	/* those below zero are quotas: an orphan that was stored so has no timeline */
	if (timeline_is_of_quota(resource_id))
	{
		if (is_old)
			return;
		resource_unknown_id_error(resource_id);
	}
	if (in_flight_noted(relid, resource_id, trigger->tg_event))
		return;
	/*
	 * Tables are locked before resources, and in order: the guard reads the
	 * shares, and TRUNCATE locks arbiter_timeline.
	 */
	if (!is_copy && relid != arbiter_relations()->reservation)
		LockRelationOid(arbiter_relations()->reservation, AccessShareLock);
	if (!is_copy)
		LockRelationOid(arbiter_relations()->timeline, RowExclusiveLock);
	/* an orphan may be deleted, or given to a resource that exists */
	if (!is_copy && !timeline_ensure_built(resource_id) && !is_old)
		resource_unknown_id_error(resource_id);
	in_flight_add(relid, resource_id, trigger->tg_event);
}

/*
 * So with the quotas that the row counts against.  Those of a COPY are built by
 * whoever comes next, see load_charge().
 */
static void
note_quotas(TriggerData *trigger, TupleTableSlot *row)
{
	Oid			relid = RelationGetRelid(trigger->tg_relation);
	int			n;
	int32	   *ids = reservation_quotas(row, &n);

	if (ids == NULL)
		return;
	/* in the order of locks */
	qsort(ids, n, sizeof(int32), compare_int32);
	for (int i = 0; i < n; i++)
	{
		if (in_flight_noted(relid, ids[i], trigger->tg_event))
			continue;
		LockRelationOid(arbiter_relations()->timeline, RowExclusiveLock);
		(void) timeline_ensure_built(ids[i]);
		in_flight_add(relid, ids[i], trigger->tg_event);
	}
	pfree(ids);
}

/* locks are in memory that is shared by all, and an import may have any number */
#define KEY_LOCKS_MAX	64

/*
 * A raw row with a new request key waits for the key as the functions do, so
 * that both are not in each other's way.  The first rows of a transaction do;
 * for more, the unique index must be enough.
 */
static void
lock_request_key(TupleTableSlot *new_row, TupleTableSlot *old_row)
{
	static LocalTransactionId key_locks_xact = InvalidLocalTransactionId;
	static int	key_locks = 0;
	const AttrNumber *columns = arbiter_relations()->reservation_column;
	bool		no_user;
	bool		no_key;
	Datum		user_id = slot_getattr(new_row, columns[RESERVATION_USER_ID], &no_user);
	Datum		key = slot_getattr(new_row, columns[RESERVATION_REQUEST_KEY], &no_key);

	if (no_user || no_key)
		return;
	if (old_row != NULL)
	{
		bool		isnull;
		Datum		old_user = slot_getattr(old_row, columns[RESERVATION_USER_ID], &isnull);
		Datum		old_key = slot_getattr(old_row, columns[RESERVATION_REQUEST_KEY], &isnull);

		if (!isnull && datumIsEqual(old_key, key, false, -1) &&
			datumIsEqual(old_user, user_id, false, -1))
			return;
	}
	if (key_locks_xact != arbiter_local_xid())
	{
		key_locks_xact = arbiter_local_xid();
		key_locks = 0;
	}
	if (key_locks++ < KEY_LOCKS_MAX)
		request_key_lock(TextDatumGetCString(user_id), TextDatumGetCString(key));
}

/*
 * A row that comes to a reservation is one of its parts.
 */
static void
lock_parts(TupleTableSlot *new_row, TupleTableSlot *old_row)
{
	AttrNumber	column = arbiter_relations()->reservation_column[RESERVATION_ID];
	bool		isnull;
	int64		reservation_id = DatumGetInt64(slot_getattr(new_row, column, &isnull));

	if (isnull || (old_row != NULL &&
				   DatumGetInt64(slot_getattr(old_row, column, &isnull)) == reservation_id))
		return;
	reservation_parts_lock(reservation_id, ShareLock);
}

/* does a COPY load a row unchecked, as a restore does? */
static bool
is_loaded(TupleTableSlot *row, AttrNumber resource_column)
{
	bool		isnull;
	int32		resource_id = DatumGetInt32(slot_getattr(row, resource_column, &isnull));

	return !isnull && keeps_occupied(resource_id);
}

/*
 * The capacity of a child is that of its reservation, and that of an inventory
 * what its provider has (55000).
 */
static void
check_declared(TupleTableSlot *row, AttrNumber resource_column)
{
	bool		isnull;
	int32		resource_id = DatumGetInt32(slot_getattr(row, resource_column, &isnull));
	Resource	resource;

	if (!isnull && find_row_resource(resource_id, &resource))
		check_capacity_is_declared(&resource);
}

/*
 * What a share takes follows from the capacity: a new row cannot be one (55000),
 * unless a COPY loads it, as a restore does.
 */
static void
check_no_share(TupleTableSlot *row, AttrNumber resource_column, bool is_copy)
{
	bool		isnull;
	Datum		share = slot_getattr(row, arbiter_relations()->reservation_column[RESERVATION_SHARE],
									 &isnull);

	if (isnull)
		return;
	if (!is_copy || !is_loaded(row, resource_column))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot insert a share into table \"arbiter_reservation\""),
				 errdetail("Column \"share\" is not for writing: the amounts of a share follow the capacity."),
				 errhint("Take a share with arbiter_reserve_share().")));
	(void) check_share(DatumGetNumeric(share));
}

/*
 * Which template or series a reservation is of is for the functions to say, so
 * that history stays true (55000).  A COPY loads it, as a restore does.
 */
static void
check_origin(TupleTableSlot *new_row, TupleTableSlot *old_row,
			 AttrNumber resource_column, bool is_copy)
{
	static const ReservationColumn origin[] = {
		RESERVATION_TEMPLATE_ID, RESERVATION_TEMPLATE_COUNT,
		RESERVATION_SERIES_ID, RESERVATION_OCCURRENCE
	};

	for (int i = 0; i < lengthof(origin); i++)
	{
		AttrNumber	column = arbiter_relations()->reservation_column[origin[i]];
		Form_pg_attribute attribute = TupleDescAttr(new_row->tts_tupleDescriptor, column - 1);
		bool		isnull;
		bool		old_null = true;
		Datum		value = slot_getattr(new_row, column, &isnull);
		Datum		old = old_row == NULL ? (Datum) 0 : slot_getattr(old_row, column, &old_null);

		if (isnull && old_null)
			continue;
		if (!isnull && !old_null &&
			datumIsEqual(value, old, attribute->attbyval, attribute->attlen))
			continue;
		if (is_copy && is_loaded(new_row, resource_column))
			return;
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot write column \"%s\" of table \"arbiter_reservation\"",
						NameStr(attribute->attname)),
				 errdetail("It says which template or series a reservation was booked by."),
				 errhint("Book with arbiter_reserve_template() or arbiter_reserve_series().")));
	}
}

/* is a row where it was, and has it not become active again? */
static bool
stays_in_place(TupleTableSlot *old_row, TupleTableSlot *new_row, Datum range)
{
	ReservationTake old = {0};
	ReservationTake new = {0};
	TimestampTz start;
	TimestampTz end;
	TimestampTz old_start;
	TimestampTz old_end;
	bool		was_active = reservation_read(old_row, &old);
	bool		is_active = reservation_read(new_row, &new);

	reservation_range(old_row, &old_start, &old_end);
	range_times(range, &start, &end);
	return old.resource_id == new.resource_id && old_start == start &&
		old_end == end && (was_active || !is_active);
}

/*
 * What a row occupies is not the writer's to say.  It is computed for new rows
 * and for those that are moved or become active again; others keep what they
 * had, also if the options of the resource are other ones now.
 */
static HeapTuple
set_occupied(TriggerData *trigger, HeapTuple new_tuple, TupleTableSlot *new_row,
			 TupleTableSlot *old_row, Datum range, bool is_copy)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;
	int			column = columns[RESERVATION_OCCUPIED];
	bool		given_null;
	Datum		given = slot_getattr(new_row, column, &given_null);
	bool		isnull;
	int32		resource_id;
	Datum		occupied;

	resource_id = DatumGetInt32(slot_getattr(new_row, columns[RESERVATION_RESOURCE_ID],
											 &isnull));
	if (isnull || slot_attisnull(new_row, columns[RESERVATION_DURING]))
		return new_tuple;		/* refused by its NOT NULL */

	if (old_row != NULL && stays_in_place(old_row, new_row, range))
		occupied = slot_getattr(old_row, column, &isnull);
	else
	{
		Resource	resource;
		TimestampTz start;
		TimestampTz end;

		if (is_copy && keeps_occupied(resource_id))
			return new_tuple;
		if (!find_row_resource(resource_id, &resource))
			resource_unknown_id_error(resource_id);
		range_times(range, &start, &end);
		occupied = reservation_occupied(&resource, start, end, &isnull);
	}

	if (isnull == given_null &&
		(isnull || datumIsEqual(given, occupied, false, -1)))
		return new_tuple;
	return heap_modify_tuple_by_cols(new_tuple,
									 RelationGetDescr(trigger->tg_relation),
									 1, &column, &occupied, &isnull);
}

/*
 * arbiter_row_trigger() BEFORE INSERT OR UPDATE OR DELETE ROW
 *						 ON arbiter_reservation, arbiter_capacity
 *
 * Errors: RV003, RV005, 22023, 23514 bad status, 23503 no such resource, 55000
 * the capacity of a child or of an inventory, a share, a template or series that is not booked.
 * Locks: the request key if the row has a new one; the resource exclusively, if
 * it must be built.
 */
Datum
arbiter_row_trigger(PG_FUNCTION_ARGS)
{
	const ArbiterRelations *relations = arbiter_relations();
	TriggerData *trigger = trigger_data(fcinfo, "arbiter_row_trigger",
										FIRED(fcinfo, BEFORE, ROW));
	Oid			relid = RelationGetRelid(trigger->tg_relation);
	bool		is_reservation = (relid == relations->reservation);
	AttrNumber	resource_column;
	int			during_column;
	bool		inserts = TRIGGER_FIRED_BY_INSERT(trigger->tg_event);
	TupleTableSlot *new_row = inserts ? trigger->tg_trigslot : trigger->tg_newslot;
	HeapTuple	new_tuple = inserts ? trigger->tg_trigtuple : trigger->tg_newtuple;
	Datum		range;
	bool		changed;
	bool		is_copy;
	bool		isnull = false;

	if (!is_reservation && relid != relations->capacity)
		(void) trigger_data(fcinfo, "arbiter_row_trigger", false);
	resource_column = is_reservation ?
		relations->reservation_column[RESERVATION_RESOURCE_ID] :
		relations->capacity_column[CAPACITY_RESOURCE_ID];
	during_column = is_reservation ?
		relations->reservation_column[RESERVATION_DURING] :
		relations->capacity_column[CAPACITY_DURING];

	if (!inserts)
	{
		if (!is_reservation)
			check_declared(trigger->tg_trigslot, resource_column);
		if (is_reservation)
			note_quotas(trigger, trigger->tg_trigslot);
		note_resource(trigger, trigger->tg_trigslot, resource_column, true, false);
	}
	if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		return PointerGetDatum(trigger->tg_trigtuple);

	is_copy = inserts && is_copy_into(relid);
	if (is_reservation && !is_copy)
		lock_request_key(new_row, inserts ? NULL : trigger->tg_trigslot);
	range = is_reservation ? reservation_check(new_row, &changed) :
		capacity_check(new_row, &changed);
	if (is_reservation && inserts)
		check_no_share(new_row, resource_column, is_copy);
	else if (is_reservation)
		share_check_kept(trigger->tg_trigslot, new_row, false);
	if (is_reservation)
		check_origin(new_row, inserts ? NULL : trigger->tg_trigslot,
					 resource_column, is_copy);
	if (is_reservation)
		lock_parts(new_row, inserts ? NULL : trigger->tg_trigslot);
	else if (!is_copy || !is_loaded(new_row, resource_column))
		check_declared(new_row, resource_column);
	if (is_reservation && !is_copy)
		note_quotas(trigger, new_row);
	note_resource(trigger, new_row, resource_column, false, is_copy);
	if (changed)
		new_tuple = heap_modify_tuple_by_cols(new_tuple,
											  RelationGetDescr(trigger->tg_relation),
											  1, &during_column, &range, &isnull);
	if (is_reservation)
		new_tuple = set_occupied(trigger, new_tuple, new_row,
								 inserts ? NULL : trigger->tg_trigslot, range,
								 is_copy);
	return PointerGetDatum(new_tuple);
}
