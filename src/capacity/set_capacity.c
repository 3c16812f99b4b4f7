/*-------------------------------------------------------------------------
 *
 * set_capacity.c
 *	  Declare, change and load the schedule of a resource.
 *
 * Each function reads the rows there are, under the resource lock, makes the
 * new schedule in memory, and has the rows that differ replaced (schedule.c).
 *
 *-------------------------------------------------------------------------
 */
#include "capacity/set_capacity.h"

#include "capacity/capacity.h"
#include "capacity/children.h"
#include "capacity/inventory_schedule.h"
#include "common/int.h"
#include "storage/lmgr.h"
#include "support/arguments.h"
#include "support/errors.h"
#include "support/locks.h"
#include "support/relations.h"
#include "timeline/base_rows.h"
#include "utils/array.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(arbiter_set_capacity);
PG_FUNCTION_INFO_V1(arbiter_add_capacity);
PG_FUNCTION_INFO_V1(arbiter_load_schedule);

/*
 * check_capacity_is_declared refuses who would declare a capacity that follows
 * from something else (55000).
 */
void
check_capacity_is_declared(const Resource *resource)
{
	if (resource->is_child)
		child_capacity_error(resource);
	if (resource->is_inventory)
		inventory_capacity_error(resource);
}

/*
 * Begin to change the schedule of a resource in [from, to): lock what must be
 * locked, and read the rows there are.
 */
static void
begin_change(const char *function, const char *name, TimestampTz from,
			 TimestampTz to, Resource *resource, Schedule *old)
{
	const ArbiterRelations *relations = arbiter_relations();
	Snapshot	snapshot;

	require_writable(function);
	/* expired holds that make room are marked, and count against quotas */
	LockRelationOid(relations->reservation, RowExclusiveLock);
	LockRelationOid(relations->capacity, RowExclusiveLock);
	LockRelationOid(relations->timeline, RowExclusiveLock);

	snapshot = decision_snapshot();
	resource_get(name, snapshot, resource);
	UnregisterSnapshot(snapshot);
	check_capacity_is_declared(resource);
	/* the lock first: it may be dropped or unbuilt while we wait */
	capacity_lock(&resource->id, 1, from, to);
	if (!timeline_ensure_built(resource->id))
		resource_vanished_error(name);

	schedule_read(resource->id, old);
}

/*
 * arbiter_set_capacity(resource text, start_time timestamptz,
 *						end_time timestamptz, amount bigint, force boolean)
 * -> void
 *
 * Declares the capacity of exactly [start_time, end_time); amount NULL
 * undeclares it, and then the range may start at -infinity.
 *
 * Errors: 22004, 22023, RV003, RV005 amount below zero, 42704, 55000 it is a
 * child or an inventory, RV011 reservations would be uncovered (not with force), 25006, 40001.  Locks: the
 * resource exclusively, and the chunks in the range.  Volatile and parallel
 * unsafe: it writes.
 */
Datum
arbiter_set_capacity(PG_FUNCTION_ARGS)
{
	char	   *name;
	TimestampTz start = argument_time(fcinfo, 1, "start_time", TIME_TIMESTAMPTZ);
	TimestampTz end = argument_time(fcinfo, 2, "end_time", TIME_TIMESTAMPTZ);
	bool		declare = !PG_ARGISNULL(3);
	int64		amount = declare ? PG_GETARG_INT64(3) : 0;
	Resource	resource;
	Schedule	old;
	Schedule	new = {0};
	int			i = 0;

	if (declare)
		check_time_range(start, end);
	else
		check_range_order(start, end);
	check_capacity(amount);
	name = argument_text(fcinfo, 0, "resource");
	argument_not_null(fcinfo, 4, "force");
	begin_change("arbiter_set_capacity()", name, start, end, &resource, &old);

	for (; i < old.nsteps && old.steps[i].start < start; i++)
		schedule_add(&new, old.steps[i].start, Min(old.steps[i].end, start),
					 old.steps[i].delta);
	if (declare)
		schedule_add(&new, start, end, amount);
	for (i = 0; i < old.nsteps; i++)
		schedule_add(&new, Max(old.steps[i].start, end), old.steps[i].end,
					 old.steps[i].delta);
	schedule_replace(resource.id, &old, &new, PG_GETARG_BOOL(4));
	PG_RETURN_VOID();
}

/*
 * arbiter_add_capacity(resource text, start_time timestamptz,
 *						end_time timestamptz, amount bigint, force boolean)
 * -> void
 *
 * Adds amount, which may be negative, to every step of [start_time, end_time);
 * time that was undeclared is declared with it.
 *
 * Errors and locks as arbiter_set_capacity(); RV005 where the sum would be
 * below zero, 22003 where it is too large.  Volatile and parallel unsafe: it
 * writes.
 */
Datum
arbiter_add_capacity(PG_FUNCTION_ARGS)
{
	char	   *name;
	TimestampTz start = argument_time(fcinfo, 1, "start_time", TIME_TIMESTAMPTZ);
	TimestampTz end = argument_time(fcinfo, 2, "end_time", TIME_TIMESTAMPTZ);
	TimestampTz position = start;
	int64		amount;
	Resource	resource;
	Schedule	old;
	Schedule	new = {0};

	check_time_range(start, end);
	argument_not_null(fcinfo, 3, "amount");
	amount = PG_GETARG_INT64(3);
	name = argument_text(fcinfo, 0, "resource");
	argument_not_null(fcinfo, 4, "force");
	begin_change("arbiter_add_capacity()", name, start, end, &resource, &old);

	for (int i = 0; i <= old.nsteps; i++)
	{
		bool		last = (i == old.nsteps);
		Segment		step = last ?
			(Segment) {.start = STEPS_INFINITY,.end = STEPS_INFINITY} : old.steps[i];
		TimestampTz from = Max(step.start, start);
		TimestampTz to = Min(step.end, end);
		int64		sum = 0;

		/* undeclared time before this step */
		if (position < Min(step.start, end))
		{
			check_capacity(amount);
			schedule_add(&new, position, Min(step.start, end), amount);
		}
		if (last)
			break;
		schedule_add(&new, step.start, Min(step.end, start), step.delta);
		if (from < to)
		{
			if (pg_add_s64_overflow(step.delta, amount, &sum))
				amount_overflow_error();
			if (sum < 0)
				ereport(ERROR,
						(errcode(ERRCODE_ARBITER_INVALID_AMOUNT),
						 errmsg("invalid amount: capacity would be below zero"),
						 errdetail("From %s the capacity is " INT64_FORMAT ", and " INT64_FORMAT " would be added.",
								   timestamptz_to_str(from), step.delta, amount),
						 errhint("Take away at most what is declared.")));
			schedule_add(&new, from, to, sum);
		}
		position = Max(position, step.end);
		if (step.end > end)
		{
			/* undeclared time cannot come after a step that reaches the end */
			schedule_add(&new, Max(step.start, end), step.end, step.delta);
			position = Max(position, end);
		}
	}
	schedule_replace(resource.id, &old, &new, PG_GETARG_BOOL(4));
	PG_RETURN_VOID();
}

static int
compare_steps(const void *a, const void *b)
{
	TimestampTz left = ((const Segment *) a)->start;
	TimestampTz right = ((const Segment *) b)->start;

	return (left > right) - (left < right);
}

/*
 * arbiter_load_schedule(resource text, schedule bigint[], force boolean)
 * -> void
 *
 * Replaces the whole schedule by {start, end, amount} triples, times in epoch
 * seconds, an n x 3 array in any order; '{}' undeclares everything.
 *
 * Errors: 22004 NULL in the array; 2202E not an n x 3 array; 22023 triples
 * overlap; RV003, RV004, RV005 of a triple; the rest, and the locks, as
 * arbiter_set_capacity().  Volatile and parallel unsafe: it writes.
 */
Datum
arbiter_load_schedule(PG_FUNCTION_ARGS)
{
	char	   *name;
	ArrayType  *array;
	int64	   *values;
	int			ntriples;
	Segment    *triples;
	Resource	resource;
	Schedule	old;
	Schedule	new = {0};

	argument_not_null(fcinfo, 1, "schedule");
	array = PG_GETARG_ARRAYTYPE_P(1);
	if (ARR_NDIM(array) != 0 &&
		(ARR_NDIM(array) != 2 || ARR_DIMS(array)[1] != 3))
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("schedule must be an array of {start, end, amount} triples"),
				 errhint("Write it like '{{1707165008,1708374608,64},{1708374608,1710793808,96}}'.")));
	if (array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("schedule must not contain nulls"),
				 errhint("Leave undeclared time out of the schedule.")));
	ntriples = ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0];
	values = (int64 *) ARR_DATA_PTR(array);
	triples = palloc(sizeof(Segment) * Max(ntriples, 1));
	for (int i = 0; i < ntriples; i++)
	{
		triples[i].start = epoch_to_time(values[3 * i], "start");
		triples[i].end = epoch_to_time(values[3 * i + 1], "end");
		triples[i].delta = values[3 * i + 2];
		check_time_range(triples[i].start, triples[i].end);
		check_capacity(triples[i].delta);
	}
	qsort(triples, ntriples, sizeof(Segment), compare_steps);
	for (int i = 1; i < ntriples; i++)
	{
		if (triples[i].start < triples[i - 1].end)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("triples of the schedule overlap"),
					 errdetail("One ends at %s, the next starts at %s.",
							   pstrdup(timestamptz_to_str(triples[i - 1].end)),
							   pstrdup(timestamptz_to_str(triples[i].start))),
					 errhint("Declare each instant once; ranges are half-open.")));
	}

	name = argument_text(fcinfo, 0, "resource");
	argument_not_null(fcinfo, 2, "force");
	begin_change("arbiter_load_schedule()", name, DT_NOBEGIN, DT_NOEND, &resource,
				 &old);
	for (int i = 0; i < ntriples; i++)
		schedule_add(&new, triples[i].start, triples[i].end, triples[i].delta);
	schedule_replace(resource.id, &old, &new, PG_GETARG_BOOL(2));
	PG_RETURN_VOID();
}
