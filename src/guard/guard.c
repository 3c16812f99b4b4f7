/*-------------------------------------------------------------------------
 *
 * guard.c
 *	  The table is the constraint: triggers on the public tables.
 *
 * Whoever writes arbiter_reservation or arbiter_capacity by plain SQL is held
 * to the same rules as the functions.
 *
 * A BEFORE ROW trigger looks at each row (row_check.c).  Here, an AFTER
 * STATEMENT trigger reads the transition tables, nets all old and new rows per
 * resource and instant, and applies the net effect once, in the order of
 * (resource_id, time).  So a statement is judged by what it leaves, not by its
 * rows one by one.
 *
 * A statement that has several data-modifying parts fires the guard once per
 * part: each is judged alone, and may be refused where the sum would not be.
 *
 *-------------------------------------------------------------------------
 */
#include "guard/guard.h"

#include "access/xact.h"
#include "booking/refusal.h"
#include "capacity/capacity.h"
#include "capacity/children.h"
#include "charge/quota.h"
#include "miscadmin.h"
#include "reservation/apply.h"
#include "reservation/reservation.h"
#include "support/arguments.h"
#include "support/compare.h"
#include "support/errors.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/trigger_call.h"
#include "timeline/in_flight.h"
#include "timeline/net_change.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbiter_guard_trigger);

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

static void
check_buffers(TupleTableSlot *row, const Resource *resource, TimestampTz start,
			  TimestampTz end)
{
	TimestampTz occupied_start = start;
	TimestampTz occupied_end = end;
	ReservationTake take;

	resource_occupied(resource, &occupied_start, &occupied_end);
	if (reservation_read(row, &take) &&
		(take.start != occupied_start || take.end != occupied_end))
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("a trigger left a range in column \"occupied\" that is not that of the resource"),
				 errdetail("Resource \"%s\" has setup and cleanup times: the row occupies it from %s to %s.",
						   resource->name,
						   pstrdup(timestamptz_to_str(occupied_start)),
						   pstrdup(timestamptz_to_str(occupied_end))),
				 errhint("Let triggers leave the column alone, or have names that sort before \"zz_arbiter_row\".")));
}

/*
 * Net the rows of a statement on arbiter_reservation.  The n-th old row of an
 * UPDATE belongs to the n-th new one.
 */
static void
net_reservations(TriggerData *trigger, TupleTableSlot *old_slot,
				 TupleTableSlot *new_slot, UncheckedLoad *load,
				 NetChange *net)
{
	Tuplestorestate *old_rows = trigger->tg_oldtable;
	Tuplestorestate *new_rows = trigger->tg_newtable;
	TimestampTz clock = GetCurrentTimestamp();

	if (old_rows != NULL)
		tuplestore_rescan(old_rows);
	if (new_rows != NULL)
		tuplestore_rescan(new_rows);
	for (;;)
	{
		ReservationTake old = {0};
		ReservationTake new = {0};
		Resource	resource;
		TimestampTz start;
		TimestampTz end;
		TimestampTz old_start;
		TimestampTz old_end;
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
			reservation_check_occupied(new_slot);
		}
		has_old = has_old && reservation_read(old_slot, &old);
		has_new = has_new && reservation_read(new_slot, &new);
		if (load->is_copy && has_new)
		{
			load_charge(load, &new, net);
			new.user_id = NULL;
		}
		if (has_new && is_unchecked(load, new.resource_id))
			continue;
		if (has_old)
			reservation_give_back(net, &old);
		if (!has_new)
			continue;
		if (!find_row_resource(new.resource_id, &resource))
			resource_unknown_id_error(new.resource_id);
		reservation_range(new_slot, &start, &end);
		if (has_old)
			reservation_range(old_slot, &old_start, &old_end);
		if (!has_old || old.resource_id != new.resource_id ||
			old_start != start || old_end != end)
		{
			reservation_check_aligned(&resource, has_old ? old_slot : NULL, start, end);
			check_buffers(new_slot, &resource, start, end);
		}
		reservation_take(net, &new, &resource, clock);
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
		if (!is_unchecked(load, resource_id) && !timeline_is_of_quota(resource_id))
			capacity_add(net, slot, declared);
	}
}

static void
collect_ids(Tuplestorestate *rows, TupleTableSlot *slot,
			const UncheckedLoad *load, int64 **ids, Size *n, Size *room)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;

	if (rows == NULL)
		return;
	tuplestore_rescan(rows);
	while (tuplestore_gettupleslot(rows, true, false, slot))
	{
		bool		isnull;
		int32		resource_id = DatumGetInt32(slot_getattr(slot, columns[RESERVATION_RESOURCE_ID], &isnull));
		int64		id = DatumGetInt64(slot_getattr(slot, columns[RESERVATION_ID], &isnull));

		CHECK_FOR_INTERRUPTS();
		if (isnull || (*n > 0 && (*ids)[*n - 1] == id) ||
			is_unchecked(load, resource_id))
			continue;
		if (*n == *room)
		{
			*room *= 2;
			*ids = repalloc_huge(*ids, sizeof(int64) * *room);
		}
		(*ids)[(*n)++] = id;
	}
}

/*
 * Lock the children of the reservations whose rows were changed.  What a restore
 * loads unchecked is left out: the capacity of children is loaded too.
 */
static void
lock_children(TriggerData *trigger, TupleTableSlot *old_slot,
			  TupleTableSlot *new_slot, const UncheckedLoad *load,
			  Children *children)
{
	Size		room = 64;
	Size		n = 0;
	int64	   *ids;

	if (!children_exist())
		return;
	/* a share of a child may be among the rows of this very statement */
	CommandCounterIncrement();
	ids = palloc(sizeof(int64) * room);
	collect_ids(trigger->tg_oldtable, old_slot, load, &ids, &n, &room);
	collect_ids(trigger->tg_newtable, new_slot, load, &ids, &n, &room);
	qsort(ids, n, sizeof(int64), compare_int64);
	children_find(children, ids, (int) n);
	pfree(ids);
	children_lock(children);
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

	if (!TRIGGER_FIRED_BY_DELETE(trigger->tg_event) ||
		timeline_is_of_quota(changes[which].resource_id))
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
 * Apply the net change of rows of arbiter_capacity; shares follow it.
 */
static void
apply_capacity(TimelineChange *changes, int nchanges)
{
	int32	   *ids = palloc(sizeof(int32) * Max(nchanges, 1));
	TimestampTz from = DT_NOEND;
	TimestampTz to = DT_NOBEGIN;
	ShareChange shares = {0};
	Children	children = {0};

	for (int i = 0; i < nchanges; i++)
	{
		ids[i] = changes[i].resource_id;
		from = Min(from, changes[i].segments[0].start);
		to = Max(to, changes[i].segments[changes[i].nsegments - 1].end);
	}
	capacity_lock(ids, nchanges, from, to);
	/* shares are of what is declared with the rows of the statement */
	CommandCounterIncrement();
	for (int i = 0; i < nchanges; i++)
		shares_follow(&changes[i], false, &shares);
	capacity_apply(changes, nchanges, &shares, false);
	if (shares.n > 0)
		children_find(&children, shares.reservation_ids, shares.n);
	children_follow(&children, false);
}

/*
 * arbiter_guard_trigger() AFTER INSERT | UPDATE | DELETE STATEMENT
 *						   ON arbiter_reservation, arbiter_capacity
 *
 * Errors: RV001, RV002, RV007, RV010, RV011, 40001.  Locks: chunks by
 * (resource_id, time), quotas first; before that, exclusively, for capacity the resources and what follows
 * them (capacity_lock()), for reservations their children.
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
	Children	children = {0};
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
	{
		load.is_copy = true;
		find_unchecked(trigger->tg_newtable, new_slot, resource_column, &load);
	}

	if (is_reservation)
	{
		net_reservations(trigger, old_slot, new_slot, &load, &net);
		lock_children(trigger, old_slot, new_slot, &load, &children);
	}
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
		apply_capacity(changes, nchanges);
	}
	else
	{
		TimelineResult result;

		do
			result = apply_or_reap(changes, nchanges, TIMELINE_RESERVATIONS, true,
								   trigger->tg_oldtable == NULL ? LockWaitBlock : LockWaitSkip,
								   &where);
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
		children_follow(&children, false);
	}
	return PointerGetDatum(NULL);
}
