/*-------------------------------------------------------------------------
 *
 * share.c
 *	  Shares of declared capacity: how much they are, and when.
 *
 * A reservation may be for a share of what is declared, in per cent, and then
 * follows it.  The column share of its rows has the share, which stays, and their
 * amount is what it comes to: the share of the capacity, rounded down.  Each row
 * is over a range in which that is one number; where capacity changes, one part
 * ends and the next one begins.
 *
 * INV-1: at every instant of an active row of a share, its amount is the share of
 * the declared capacity, rounded down, if that is anything.  Where it is nothing,
 * which only a forced change of capacity can bring about, the row keeps the amount
 * that it had.
 *
 * So whoever changes declared capacity writes these rows too (share_follow.c),
 * and whoever makes a share, or gives one other times, has the resource locked
 * from before he reads its capacity to the end of his transaction, in share mode
 * or exclusively.
 *
 *-------------------------------------------------------------------------
 */
#include "capacity/share.h"

#include "access/xact.h"
#include "reservation/reservation.h"
#include "support/errors.h"
#include "support/locks.h"
#include "support/relations.h"
#include "timeline/base_rows.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

/*
 * check_share refuses what is no share (22023), and returns it as the column has
 * it: rows are not coerced on their way.
 */
Numeric
check_share(Numeric share)
{
	Datum		number = NumericGetDatum(share);
	Datum		rounded;

	/* NaN counts as greater than any number */
	if (!DatumGetBool(DirectFunctionCall2(numeric_gt, number,
										  DirectFunctionCall1(int4_numeric, Int32GetDatum(0)))) ||
		!DatumGetBool(DirectFunctionCall2(numeric_le, number,
										  DirectFunctionCall1(int4_numeric, Int32GetDatum(100)))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("share must be greater than 0 and at most 100"),
				 errdetail("It is %s.",
						   DatumGetCString(DirectFunctionCall1(numeric_out, number))),
				 errhint("Pass per cent of the capacity: 20 is a fifth, 100 is all of it.")));
	rounded = DirectFunctionCall2(numeric_round, number, Int32GetDatum(2));
	if (!DatumGetBool(DirectFunctionCall2(numeric_eq, number, rounded)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("share must not have more than two digits after the point"),
				 errdetail("It is %s.",
						   DatumGetCString(DirectFunctionCall1(numeric_out, number))),
				 errhint("Round it, such as to 33.33.")));
	return DatumGetNumeric(rounded);
}

/*
 * share_scaled returns a share as parts of SHARE_ALL.
 */
int32
share_scaled(Numeric share)
{
	Datum		scaled = DirectFunctionCall2(numeric_mul, NumericGetDatum(share),
											 DirectFunctionCall1(int4_numeric, Int32GetDatum(SHARE_ALL / 100)));

	return DatumGetInt32(DirectFunctionCall1(numeric_int4, scaled));
}

/*
 * share_of_row returns the share that a row is of, as parts of SHARE_ALL; 0 if it
 * is none.
 */
int32
share_of_row(TupleTableSlot *row)
{
	bool		isnull;
	Datum		share = slot_getattr(row, arbiter_relations()->reservation_column[RESERVATION_SHARE],
									 &isnull);

	return isnull ? 0 : share_scaled(DatumGetNumeric(share));
}

/*
 * share_amount returns what a share of some capacity is, rounded down.
 */
int64
share_amount(int64 capacity, int32 share)
{
	/* in two steps, so that no product overflows */
	return capacity / SHARE_ALL * share + capacity % SHARE_ALL * share / SHARE_ALL;
}

/*
 * share_largest returns the largest share of some capacity that is no more than
 * what is available.
 */
int32
share_largest(int64 capacity, int64 available)
{
	int32		low = 0;
	int32		high = SHARE_ALL;

	while (low < high)
	{
		int32		middle = (low + high + 1) / 2;

		if (share_amount(capacity, middle) <= available)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

/*
 * share_text returns a share as people write it.
 */
char *
share_text(int32 share)
{
	return psprintf("%d.%02d", share / (SHARE_ALL / 100), share % (SHARE_ALL / 100));
}

/*
 * share_capacity returns the declared capacity of a resource over [start, end),
 * which the caller has locked, in share mode at least: so nobody changes it, and
 * it is what will be there when he commits.
 *
 * Above READ COMMITTED, capacity that was changed after the transaction's snapshot
 * is 40001.
 */
Step *
share_capacity(int32 resource_id, TimestampTz start, TimestampTz end,
			   int *nsteps)
{
	Snapshot	snapshot = latest_snapshot();
	Step	   *steps = capacity_steps(resource_id, start, end, snapshot, nsteps);

	UnregisterSnapshot(snapshot);
	if (IsolationUsesXactSnapshot())
	{
		Step	   *seen;
		int			nseen;

		snapshot = decision_snapshot();
		seen = capacity_steps(resource_id, start, end, snapshot, &nseen);
		UnregisterSnapshot(snapshot);
		if (nseen != *nsteps || memcmp(seen, steps, sizeof(Step) * nseen) != 0)
			concurrent_change_error();
		pfree(seen);
	}
	return steps;
}

/*
 * share_add_run adds a range to those before it, which it is next to: neighbours
 * of one amount are one range.
 */
void
share_add_run(Segment *runs, int *nruns, TimestampTz start, TimestampTz end,
			  int64 amount)
{
	if (start >= end)
		return;
	if (*nruns > 0 && runs[*nruns - 1].end == start &&
		runs[*nruns - 1].delta == amount)
	{
		runs[*nruns - 1].end = end;
		return;
	}
	runs[(*nruns)++] = (Segment) {.start = start,.end = end,.delta = amount};
}

/*
 * share_runs returns what a share of capacity comes to, as ranges next to each
 * other; an amount of 0 where it is nothing.
 */
Segment *
share_runs(const Step *steps, int nsteps, TimestampTz end, int32 share,
		   int *nruns)
{
	Segment    *runs = palloc_extended(sizeof(Segment) * (Size) nsteps,
									   MCXT_ALLOC_HUGE);

	*nruns = 0;
	for (int i = 0; i < nsteps; i++)
		share_add_run(runs, nruns, steps[i].start,
					  i + 1 < nsteps ? steps[i + 1].start : end,
					  share_amount(steps[i].available, share));
	return runs;
}

/*
 * share_trigger_error refuses what users' triggers left of a row, which was to
 * take its share.
 */
void
share_trigger_error(Relation rel, int64 reservation_id, int32 part, int64 amount)
{
	ereport(ERROR,
			(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
			 errmsg("a trigger on table \"%s\" changed what a share takes",
					RelationGetRelationName(rel)),
			 errdetail("Part %d of reservation " INT64_FORMAT " was to take " INT64_FORMAT ", which is its share of the capacity.",
					   part, reservation_id, amount),
			 errhint("Let the trigger leave rows alone in which \"share\" is not null.")));
}

/*
 * share_check_kept refuses a new version of a row of a share (55000) that is not
 * of the same share, takes another amount or another resource, takes something
 * again, or is over another range: with may_shrink, one that is not within its
 * own.
 *
 * Of a row that neither is nor becomes one, nothing is asked.
 */
void
share_check_kept(TupleTableSlot *old, TupleTableSlot *new, bool may_shrink)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;
	bool		isnull;
	int32		share = share_of_row(old);
	ReservationTake before = {0};
	ReservationTake after = {0};
	TimestampTz old_start;
	TimestampTz old_end;
	TimestampTz start;
	TimestampTz end;
	bool		was_active;
	bool		is_active;

	if (share == 0 && slot_attisnull(new, columns[RESERVATION_SHARE]))
		return;
	was_active = reservation_read(old, &before);
	is_active = reservation_read(new, &after);
	reservation_range(old, &old_start, &old_end);
	reservation_range(new, &start, &end);
	if (share == share_of_row(new) && before.amount == after.amount &&
		before.resource_id == after.resource_id && (was_active || !is_active) &&
		(may_shrink ? start >= old_start && end <= old_end :
		 start == old_start && end == old_end))
		return;
	if (share == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot make a share of reservation " INT64_FORMAT,
						DatumGetInt64(slot_getattr(old, columns[RESERVATION_ID], &isnull))),
				 errdetail("Column \"share\" is not for writing: the amounts of a share follow the capacity."),
				 errhint("Cancel the reservation, and take a share with arbiter_reserve_share().")));
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("cannot change what reservation " INT64_FORMAT " takes",
					DatumGetInt64(slot_getattr(old, columns[RESERVATION_ID], &isnull))),
			 errdetail("It is for %s per cent of the capacity, and its amounts follow that.",
					   share_text(share)),
			 errhint("Use arbiter_extend(), arbiter_truncate(), arbiter_move(), arbiter_resize_share() or arbiter_cancel().")));
}
