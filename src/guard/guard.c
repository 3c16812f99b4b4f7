/*-------------------------------------------------------------------------
 *
 * guard.c
 *	  The table is the constraint: triggers on the public tables.
 *
 * Whoever writes arbiter_reservation or arbiter_capacity by plain SQL is held
 * to the same rules as the functions.
 *
 *	- A BEFORE ROW trigger, last of its kind by name, brings the range into its
 *	  stored form, checks range, amount and status, and makes sure that the
 *	  resource is built before its first row is written.
 *
 *	- An AFTER STATEMENT trigger reads the transition tables, nets all old and
 *	  new rows per resource and instant, and applies the net effect once, in
 *	  the order of (resource_id, time).  So a statement is judged by what it
 *	  leaves, not by its rows one by one.
 *
 * COPY into a resource that is not built is not checked: this lets pg_restore
 * load the tables in any order and in parallel.  Such a COPY holds the resource
 * lock in share mode to its end, so that the build, which holds it
 * exclusively, counts its rows.
 *
 * A statement that has several data-modifying parts fires the guard once per
 * part: each is judged alone, and may be refused where the sum would not be.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "booking/refusal.h"
#include "booking/reservation.h"
#include "capacity/capacity.h"
#include "catalog/namespace.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/proc.h"
#include "support/arguments.h"
#include "support/compat.h"
#include "support/errors.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/trigger_call.h"
#include "tcop/cmdtag.h"
#include "tcop/pquery.h"
#include "timeline/base_rows.h"
#include "timeline/in_flight.h"
#include "timeline/net_change.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(arbiter_row_trigger);
PG_FUNCTION_INFO_V1(arbiter_guard_trigger);

/*
 * Is the row or statement trigger that runs now one of a COPY into this very
 * table, and not of a statement nested inside one?
 */
static bool
is_copy_into(Oid relid)
{
	PlannedStmt *statement;
	CopyStmt   *copy;

	if (ActivePortal == NULL || ActivePortal->commandTag != CMDTAG_COPY ||
		list_length(ActivePortal->stmts) != 1)
		return false;
	statement = linitial_node(PlannedStmt, ActivePortal->stmts);
	if (statement->utilityStmt == NULL || !IsA(statement->utilityStmt, CopyStmt))
		return false;
	copy = (CopyStmt *) statement->utilityStmt;
	return copy->is_from && copy->relation != NULL &&
		RangeVarGetRelid(copy->relation, NoLock, true) == relid &&
		DatumGetInt32(OidFunctionCall0(F_PG_TRIGGER_DEPTH)) == 1;
}

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

	if (isnull || in_flight_noted(relid, resource_id, trigger->tg_event))
		return;
	/* tables are locked before resources: TRUNCATE locks this one */
	if (!is_copy)
		LockRelationOid(arbiter_relations()->timeline, RowExclusiveLock);
	/* an orphan may be deleted, or given to a resource that exists */
	if (!is_copy && !timeline_ensure_built(resource_id) && !is_old)
		resource_unknown_id_error(resource_id);
	in_flight_add(relid, resource_id, trigger->tg_event);
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
 * arbiter_row_trigger() BEFORE INSERT OR UPDATE OR DELETE ROW
 *						 ON arbiter_reservation, arbiter_capacity
 *
 * Errors: RV003, RV005, 22023, 23514 bad status, 23503 no such resource.
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
		note_resource(trigger, trigger->tg_trigslot, resource_column, true, false);
	if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		return PointerGetDatum(trigger->tg_trigtuple);

	is_copy = inserts && is_copy_into(relid);
	if (is_reservation && !is_copy)
		lock_request_key(new_row, inserts ? NULL : trigger->tg_trigslot);
	range = is_reservation ? reservation_check(new_row, &changed) :
		capacity_check(new_row, &changed);
	note_resource(trigger, new_row, resource_column, false, is_copy);
	if (changed)
		new_tuple = heap_modify_tuple_by_cols(new_tuple,
											  RelationGetDescr(trigger->tg_relation),
											  1, &during_column, &range, &isnull);
	return PointerGetDatum(new_tuple);
}

/* more resources than this are locked as one */
#define LOAD_LOCKS_MAX	256

/* the resources of a COPY that are loaded unchecked, ascending */
typedef struct UncheckedLoad
{
	int32	   *resource_ids;
	int			n;
} UncheckedLoad;

static int
compare_ids(const void *a, const void *b)
{
	int32		left = *(const int32 *) a;
	int32		right = *(const int32 *) b;

	return (left > right) - (left < right);
}

static bool
is_unchecked(const UncheckedLoad *load, int32 resource_id)
{
	return load->n > 0 && bsearch(&resource_id, load->resource_ids, load->n,
								  sizeof(int32), compare_ids) != NULL;
}

/*
 * Find the resources among the rows of a COPY that are not built, and lock
 * each before asking again: then nobody builds it until we have committed.
 */
static void
find_unchecked(Tuplestorestate *rows, TupleTableSlot *slot,
			   AttrNumber resource_column, UncheckedLoad *load)
{
	int			room = 64;
	int			n = 0;
	ChunkStore	store;

	load->resource_ids = palloc(sizeof(int32) * room);
	load->n = 0;
	tuplestore_rescan(rows);
	while (tuplestore_gettupleslot(rows, true, false, slot))
	{
		bool		isnull;
		int32		resource_id = DatumGetInt32(slot_getattr(slot, resource_column, &isnull));

		if (n > 0 && load->resource_ids[n - 1] == resource_id)
			continue;
		if (n == room)
		{
			room *= 2;
			load->resource_ids = repalloc_huge(load->resource_ids,
											   sizeof(int32) * room);
		}
		load->resource_ids[n++] = resource_id;
	}
	qsort(load->resource_ids, n, sizeof(int32), compare_ids);

	/*
	 * A restore may load any number of resources, and locks are in memory that
	 * is shared by all: many of them are locked as one.  Whoever builds must
	 * wait for the table then.
	 */
	if (n > LOAD_LOCKS_MAX)
		LockRelationOid(arbiter_relations()->timeline, ShareLock);

	chunk_store_open(&store, AccessShareLock);
	for (int i = 0; i < n; i++)
	{
		int32		resource_id = load->resource_ids[i];
		bool		built;

		if (i > 0 && load->n > 0 && load->resource_ids[load->n - 1] == resource_id)
			continue;
		/* the second look is under the lock */
		for (int look = 0; look < 2; look++)
		{
			Snapshot	snapshot = latest_snapshot();

			built = chunk_store_is_built(&store, resource_id, snapshot);
			UnregisterSnapshot(snapshot);
			if (built)
				break;
			if (n > LOAD_LOCKS_MAX)
				break;
			if (look == 0)
				resource_lock_shared(resource_id);
		}
		if (!built)
			load->resource_ids[load->n++] = resource_id;
	}
	chunk_store_close(&store);
}

/* granularity is looked up once per run of rows of one resource */
static void
check_row_aligned(const ReservationTake *take, Resource *resource)
{
	if (resource->name == NULL || resource->id != take->resource_id)
	{
		Snapshot	snapshot = decision_snapshot();

		if (!resource_find_by_id(take->resource_id, snapshot, resource))
			resource_unknown_id_error(take->resource_id);
		UnregisterSnapshot(snapshot);
	}
	check_aligned(take->start, take->end, resource->granularity, resource->name);
}

/*
 * Rows are checked again when they are counted: a trigger after ours may have
 * left anything in them.
 */
static void
check_unchanged(bool changed)
{
	if (changed)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("a trigger left a range that is not half-open"),
				 errhint("Let triggers that change the range have names that sort before \"zz_arbiter_row\".")));
}

/*
 * Net the rows of a statement on arbiter_reservation.  The n-th old row of an
 * UPDATE belongs to the n-th new one.
 */
static void
net_reservations(TriggerData *trigger, TupleTableSlot *old_slot,
				 TupleTableSlot *new_slot, const UncheckedLoad *load,
				 NetChange *net)
{
	Tuplestorestate *old_rows = trigger->tg_oldtable;
	Tuplestorestate *new_rows = trigger->tg_newtable;
	Resource	resource = {0};

	if (old_rows != NULL)
		tuplestore_rescan(old_rows);
	if (new_rows != NULL)
		tuplestore_rescan(new_rows);
	for (;;)
	{
		ReservationTake old = {0};
		ReservationTake new = {0};
		bool		changed;
		bool		has_old = old_rows != NULL &&
			tuplestore_gettupleslot(old_rows, true, false, old_slot);
		bool		has_new = new_rows != NULL &&
			tuplestore_gettupleslot(new_rows, true, false, new_slot);

		if (!has_old && !has_new)
			break;
		CHECK_FOR_INTERRUPTS();
		if (has_new)
		{
			(void) reservation_check(new_slot, &changed);
			check_unchanged(changed);
		}
		has_old = has_old && reservation_read(old_slot, &old);
		has_new = has_new && reservation_read(new_slot, &new);
		if (has_new && is_unchecked(load, new.resource_id))
			continue;
		if (has_new && !(has_old && old.resource_id == new.resource_id &&
						 old.start == new.start && old.end == new.end))
			check_row_aligned(&new, &resource);
		if (has_old)
			reservation_add(net, &old, false);
		if (has_new)
			reservation_add(net, &new, true);
	}
}

static void
net_capacity(Tuplestorestate *rows, TupleTableSlot *slot, bool declared,
			 AttrNumber resource_column, const UncheckedLoad *load,
			 NetChange *net)
{
	if (rows == NULL)
		return;
	tuplestore_rescan(rows);
	while (tuplestore_gettupleslot(rows, true, false, slot))
	{
		bool		isnull;
		int32		resource_id = DatumGetInt32(slot_getattr(slot, resource_column, &isnull));
		bool		changed;

		CHECK_FOR_INTERRUPTS();
		if (declared)
		{
			(void) capacity_check(slot, &changed);
			check_unchanged(changed);
		}
		if (!is_unchecked(load, resource_id))
			capacity_add(net, slot, declared);
	}
}

/*
 * A row of a resource that does not exist, which a COPY may have loaded, can be
 * deleted: there is no timeline to give anything back to.
 */
static bool
leave_out_orphan(TriggerData *trigger, TimelineChange *changes, int *nchanges,
				 int which)
{
	Snapshot	snapshot;
	Resource	resource;
	bool		exists;

	if (!TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		return false;
	snapshot = latest_snapshot();
	exists = resource_find_by_id(changes[which].resource_id, snapshot, &resource);
	UnregisterSnapshot(snapshot);
	if (exists)
		return false;
	memmove(&changes[which], &changes[which + 1],
			sizeof(TimelineChange) * (*nchanges - which - 1));
	(*nchanges)--;
	return true;
}

/*
 * arbiter_guard_trigger() AFTER INSERT | UPDATE | DELETE STATEMENT
 *						   ON arbiter_reservation, arbiter_capacity
 *
 * Errors: RV001, RV002, RV007, RV011, 40001.  Locks: chunks by (resource_id,
 * time); for capacity, the resources exclusively before.
 */
Datum
arbiter_guard_trigger(PG_FUNCTION_ARGS)
{
	const ArbiterRelations *relations = arbiter_relations();
	TriggerData *trigger = trigger_data(fcinfo, "arbiter_guard_trigger",
										FIRED(fcinfo, AFTER, STATEMENT));
	Relation	rel = trigger->tg_relation;
	Oid			relid = RelationGetRelid(rel);
	bool		is_reservation = (relid == relations->reservation);
	AttrNumber	resource_column;
	TupleTableSlot *old_slot;
	TupleTableSlot *new_slot;
	UncheckedLoad load = {0};
	NetChange	net = {0};
	TimelineChange *changes;
	int			nchanges;
	TimelineRefusal where;

	if ((!is_reservation && relid != relations->capacity) ||
		(trigger->tg_oldtable == NULL && trigger->tg_newtable == NULL))
		(void) trigger_data(fcinfo, "arbiter_guard_trigger", false);
	resource_column = is_reservation ?
		relations->reservation_column[RESERVATION_RESOURCE_ID] :
		relations->capacity_column[CAPACITY_RESOURCE_ID];

	old_slot = MakeSingleTupleTableSlot(RelationGetDescr(rel), &TTSOpsMinimalTuple);
	new_slot = MakeSingleTupleTableSlot(RelationGetDescr(rel), &TTSOpsMinimalTuple);
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event) && is_copy_into(relid))
		find_unchecked(trigger->tg_newtable, new_slot, resource_column, &load);

	if (is_reservation)
		net_reservations(trigger, old_slot, new_slot, &load, &net);
	else
	{
		net_capacity(trigger->tg_oldtable, old_slot, false, resource_column,
					 &load, &net);
		net_capacity(trigger->tg_newtable, new_slot, true, resource_column,
					 &load, &net);
	}
	ExecDropSingleTupleTableSlot(old_slot);
	ExecDropSingleTupleTableSlot(new_slot);
	in_flight_done(relid, trigger->tg_event);

	changes = net_change_finish(&net, &nchanges);
	if (!is_reservation)
	{
		for (int i = 0; i < nchanges;)
		{
			if (!leave_out_orphan(trigger, changes, &nchanges, i))
				i++;
		}
		capacity_apply(changes, nchanges, false);
	}
	else
	{
		TimelineResult result;

		do
			result = timeline_apply(changes, nchanges, TIMELINE_RESERVATIONS,
									true, &where);
		while (result == TIMELINE_UNBUILT &&
			   leave_out_orphan(trigger, changes, &nchanges, where.change));

		switch (result)
		{
			case TIMELINE_APPLIED:
				break;
			case TIMELINE_REFUSED:
				refuse_statement(changes, &where);
				break;
			case TIMELINE_UNBUILT:
			case TIMELINE_NO_RESOURCE:

				/*
				 * The row trigger has built it, so it was dropped or unbuilt
				 * since.  A build now could count our own rows twice.
				 */
				resource_lost_error(changes[where.change].resource_id);
		}
	}
	return PointerGetDatum(NULL);
}
