/*-------------------------------------------------------------------------
 *
 * evacuate.c
 *	  Move reservations off a resource.
 *
 * Rows are locked in the order of (reservation_id, part), chunks in that of
 * (resource_id, time); who gets the place that there is, is decided in another
 * order, the caller's.  So everything is locked first.  Then they are decided
 * (evacuees_decide.c), and all that go are moved as one change.
 *
 * Reservations that do not fit even if they were the only ones are found before
 * chunks are locked, and have none locked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "booking/evacuees.h"
#include "charge/price.h"
#include "funcapi.h"
#include "reservation/apply.h"
#include "reservation/reservation.h"
#include "reservation/trace.h"
#include "support/arguments.h"
#include "support/locks.h"
#include "support/progress.h"
#include "support/relations.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbiter_evacuate);

/* columns of a row */
enum
{
	EVACUATE_RESERVATION_ID,
	EVACUATE_PART,
	EVACUATE_USER_ID,
	EVACUATE_DURING,
	EVACUATE_AMOUNT,
	EVACUATE_MOVED,
	EVACUATE_REASON,
	EVACUATE_MESSAGE,
	EVACUATE_LIMITING_TIME,
	EVACUATE_AVAILABLE,
	EVACUATE_COST_BEFORE,
	EVACUATE_COST_AFTER,
	EVACUATE_NCOLUMNS
};

static void
find_resources(Evacuation *evacuation, const char *from, const char *to)
{
	Snapshot	snapshot = decision_snapshot();
	const Resource *order[2] = {&evacuation->from, &evacuation->to};

	resource_get(from, snapshot, &evacuation->from);
	resource_get(to, snapshot, &evacuation->to);
	UnregisterSnapshot(snapshot);
	if (evacuation->from.id == evacuation->to.id)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot evacuate resource \"%s\" to itself", from),
				 errhint("Name another resource for to_resource.")));

	/* whoever changes a reservation has its rows and waits for its children */
	if (evacuation->to.is_child &&
		evacuation->to.parent_resource_id == evacuation->from.id)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot evacuate resource \"%s\" to its own child", from),
				 errdetail("The capacity of resource \"%s\" is a reservation of it.", to),
				 errhint("Name another resource for to_resource.")));

	/* resources come before rows */
	if (evacuation->from.id > evacuation->to.id)
	{
		order[0] = &evacuation->to;
		order[1] = &evacuation->from;
	}
	for (int i = 0; i < lengthof(order); i++)
	{
		if (!timeline_ensure_built(order[i]->id))
			resource_vanished_error(order[i]->name);
		resource_lock_shared(order[i]->id);
	}
}

/*
 * Add what a move counts against quotas, and what it gives back to others: that
 * is more than its new charges, and their chunks come before those of resources.
 */
static void
lock_quotas(NetChange *net, const Evacuation *evacuation, const Evacuee *evacuee)
{
	const ReservationTake *take = &evacuee->part->take;
	const int32 resource_ids[] = {take->resource_id, evacuation->to.id};
	Charges		charges = {0};

	if (take->user_id == NULL)
		return;
	for (int i = 0; i < lengthof(resource_ids); i++)
		charge_all(&charges, take->user_id, resource_ids[i], take->own_start,
				   take->own_end, take->amount);
	for (int i = 0; i < charges.n; i++)
		net_change_add(net, quota_timeline_id(charges.charges[i].quota_id),
					   charges.charges[i].start, charges.charges[i].end, -1);
}

/*
 * Lock the chunks of all that may move, on both sides.
 */
static void
lock_chunks(Evacuation *evacuation)
{
	NetChange	net = {0};
	int32		lost;

	for (int i = 0; i < evacuation->n; i++)
	{
		const Evacuee *evacuee = &evacuation->evacuees[i];
		const ReservationTake *take = &evacuee->part->take;

		if (evacuee->stays || evacuee->hopeless)
			continue;
		net_change_add(&net, take->resource_id, take->start, take->end, -1);
		net_change_add(&net, evacuation->to.id, evacuee->start, evacuee->end, -1);
		lock_quotas(&net, evacuation, evacuee);
	}
	if (lock_for_reservations(&net, evacuation->change.clock, LockWaitSkip,
							  &lost) == TIMELINE_NO_RESOURCE)
	{
		if (timeline_is_of_quota(lost))
			concurrent_change_error();
		resource_vanished_error(lost == evacuation->to.id ? evacuation->to.name :
								evacuation->from.name);
	}
}

static void
move(Evacuation *evacuation, Evacuee *evacuee)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;
	Change	   *change = &evacuation->change;
	bool		isnull;
	Datum		attributes = slot_getattr(evacuee->part->row,
										  columns[RESERVATION_ATTRIBUTES], &isnull);
	Jsonb	   *traced = trace_evacuation(isnull ? NULL : DatumGetJsonbP(attributes),
										  evacuation->from.name,
										  evacuation->to.name, change->clock);

	change_start_row(change, evacuee->part);
	row_writer_set(&change->writer, columns[RESERVATION_RESOURCE_ID],
				   Int32GetDatum(evacuation->to.id), false);
	row_writer_set(&change->writer, columns[RESERVATION_ATTRIBUTES],
				   JsonbPGetDatum(traced), false);
	change_end_row(change, evacuee->part);
}

/*
 * The net of ordinary users and try-outs does not tell who came first, and the
 * ledger has decided that.
 */
static void
leave_float_to_ledger(Evacuation *evacuation)
{
	Change	   *change = &evacuation->change;

	change->net = (NetChange) {0};
	for (int i = 0; i < change->nparts; i++)
	{
		const ChangePart *part = &change->parts[i];
		ReservationTake take = part->new_take;

		if (part->changed == NULL)
			continue;
		reservation_give_back(&change->net, &part->take);
		take.tryout = true;
		if (take.active)
			reservation_take(&change->net, &take, &part->resource, change->clock);
	}
}

/*
 * Move all that moves, as one change.
 */
static void
move_all(Evacuation *evacuation)
{
	Change	   *change = &evacuation->change;
	const TriggerDesc *triggers = change->writer.target->ri_TrigDesc;
	Progress	progress;
	int			moves = 0;

	for (int i = 0; i < evacuation->n; i++)
		moves += evacuation->evacuees[i].moves;
	progress_begin(&progress, "moves prepared", moves);
	for (int i = 0; i < evacuation->n; i++)
	{
		if (!evacuation->evacuees[i].moves)
			continue;
		move(evacuation, &evacuation->evacuees[i]);
		progress_step(&progress);
	}
	if (evacuation->mixed &&
		(triggers == NULL || !triggers->trig_update_before_row))
		leave_float_to_ledger(evacuation);
	/* refused only if a trigger made something else of a row */
	if (!change_apply(change))
		change_refuse(change, true);
	change_write(change);
}

static void
put_row(ReturnSetInfo *result, const Evacuation *evacuation,
		const Evacuee *evacuee, Snapshot snapshot)
{
	const ChangePart *part = evacuee->part;
	const Resource *there = evacuee->moves ? &evacuation->to : &evacuation->from;
	Datum		values[EVACUATE_NCOLUMNS];
	bool		nulls[EVACUATE_NCOLUMNS];

#define SET_COLUMN(which, value) \
	(values[which] = (value), nulls[which] = false)

	memset(nulls, true, sizeof(nulls));
	SET_COLUMN(EVACUATE_RESERVATION_ID, Int64GetDatum(part->reservation_id));
	SET_COLUMN(EVACUATE_PART, Int32GetDatum(evacuee->number));
	SET_COLUMN(EVACUATE_USER_ID, CStringGetTextDatum(evacuee->user_id));
	SET_COLUMN(EVACUATE_DURING, range_datum(part->start, part->end));
	SET_COLUMN(EVACUATE_AMOUNT, Int64GetDatum(part->take.amount));
	SET_COLUMN(EVACUATE_MOVED, BoolGetDatum(evacuee->moves));
	SET_COLUMN(EVACUATE_COST_BEFORE, price_cost(evacuation->from.id, part->start, part->end,
												part->take.amount, snapshot));
	SET_COLUMN(EVACUATE_COST_AFTER, price_cost(there->id, part->start, part->end,
											   part->take.amount, snapshot));
	if (!evacuee->moves)
	{
		SET_COLUMN(EVACUATE_REASON, CStringGetTextDatum(unpack_sql_state(evacuee->fault.sqlstate)));
		SET_COLUMN(EVACUATE_MESSAGE, CStringGetTextDatum(evacuee->fault.message));
		if (evacuee->has_limit)
		{
			SET_COLUMN(EVACUATE_LIMITING_TIME, TimestampTzGetDatum(evacuee->limiting_time));
			SET_COLUMN(EVACUATE_AVAILABLE, Int64GetDatum(evacuee->available));
		}
	}
#undef SET_COLUMN
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * arbiter_evacuate(from_resource text, to_resource text, start_time timestamptz,
 *					end_time timestamptz, sort_order text,
 *					only_conflicts boolean)
 * -> rows (reservation_id bigint, part integer, user_id text,
 *			during tstzrange, amount bigint, moved boolean, reason text,
 *			message text, limiting_time timestamptz, available bigint,
 *			cost_before numeric, cost_after numeric)
 *
 * Moves reservations that overlap [start_time, end_time) to another resource,
 * each whole and at its own time, as long as they fit there: in the order newest,
 * oldest, smallest, largest, or by user and newest first.  NULL times are now
 * and infinity.  With only_conflicts, those are left alone that overlap no
 * window in which from_resource is oversold, and no more are moved than it takes
 * to end that.  One row per reservation and part that was moved or has no place,
 * in that order; reason is RV001, RV002, RV007 or RV010, or 55000 where it was sublet,
 * because the child is of this resource, or is for a share of it.  Rows that are
 * moved note it in attributes, see trace.c.  What a row costs is told by the
 * prices of where it was and of where it is: both resources are locked, so these
 * do not change.
 *
 * What is occupied and how it is aligned is as to_resource has it; its lead time
 * does not count.  Expired holds are left alone.
 *
 * Errors: 22004 NULL; 22023 sort order, or a resource to itself; RV003; 42704
 * resource; 25006; 40001 above READ COMMITTED; what a refusal raises if a user's
 * trigger made something else of a row.
 *
 * Locks: both resources, shared; the reservations' rows by (reservation_id,
 * part); the chunks they leave and go to by (resource_id, time).  Volatile and
 * parallel unsafe: it writes.
 */
Datum
arbiter_evacuate(PG_FUNCTION_ARGS)
{
	Evacuation	evacuation = {0};
	char	   *from = argument_text(fcinfo, 0, "from_resource");
	char	   *to = argument_text(fcinfo, 1, "to_resource");
	EvacueeComparator compare;
	Snapshot	snapshot;

	evacuation.start = PG_ARGISNULL(2) ? GetCurrentTimestamp() : PG_GETARG_TIMESTAMPTZ(2);
	evacuation.end = PG_ARGISNULL(3) ? DT_NOEND : PG_GETARG_TIMESTAMPTZ(3);
	if (!TIMESTAMP_IS_NOBEGIN(evacuation.start) || evacuation.end <= evacuation.start)
		check_time_range(evacuation.start, evacuation.end);
	compare = evacuees_order(argument_text(fcinfo, 4, "sort_order"));
	argument_not_null(fcinfo, 5, "only_conflicts");
	evacuation.only_conflicts = PG_GETARG_BOOL(5);

	require_writable("arbiter_evacuate()");
	change_open(&evacuation.change, "arbiter_evacuate()");
	find_resources(&evacuation, from, to);
	evacuees_find(&evacuation, compare);

	evacuees_open_ledger(&evacuation);
	evacuees_find_hopeless(&evacuation);
	lock_chunks(&evacuation);
	evacuees_decide(&evacuation);
	move_all(&evacuation);

	InitMaterializedSRF(fcinfo, 0);
	snapshot = decision_snapshot();
	for (int i = 0; i < evacuation.n; i++)
	{
		if (!evacuation.evacuees[i].stays)
			put_row((ReturnSetInfo *) fcinfo->resultinfo, &evacuation,
					&evacuation.evacuees[i], snapshot);
	}
	UnregisterSnapshot(snapshot);
	change_close(&evacuation.change);
	return (Datum) 0;
}
