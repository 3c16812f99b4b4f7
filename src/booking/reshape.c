/*-------------------------------------------------------------------------
 *
 * reshape.c
 *	  Give a reservation other times.
 *
 * A reservation may use what it itself occupies, and keeps what it has when it
 * is refused.  A call that asks for what is so already changes nothing and
 * succeeds, so that a client which did not hear the answer can ask again.
 *
 * What of a reservation was cancelled is left alone.  Rows whose times change
 * are given the present setup and cleanup time of their resource.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "booking/change.h"
#include "common/int.h"
#include "support/arguments.h"
#include "support/errors.h"
#include "support/locks.h"
#include "support/relations.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbiter_extend);
PG_FUNCTION_INFO_V1(arbiter_truncate);
PG_FUNCTION_INFO_V1(arbiter_move);

static void
write_and_close(Change *change)
{
	change_write(change);
	change_close(change);
}

/*
 * Raise the refusal of an extension: the hint has the latest end that fits.
 */
static void
refuse_extension(const Change *change, TimestampTz end)
{
	Request		request;
	Refusal		refusal = {0};
	Snapshot	snapshot;
	TimestampTz latest;

	change_refusal(change, true, &request, &refusal);
	if (request.nrequirements == 0)
		refusal_raise(&refusal);
	snapshot = decision_snapshot();
	latest = request_fits_until(&request, end, snapshot);
	UnregisterSnapshot(snapshot);
	if (latest > end)
		refusal.hint = psprintf("The latest end that fits now is %s.",
								timestamptz_to_str(latest));
	else
		refusal.hint = pstrdup("No later end than the present one fits now.");
	refusal_raise(&refusal);
}

/*
 * arbiter_extend(reservation_id bigint, new_end timestamptz) -> void
 *
 * Lets a reservation end later.  Of one with several parts, those are extended
 * that end last: all of them, if they are over one range.
 *
 * Errors: 22004 NULL; RV008 no such reservation, or none that is held or
 * confirmed; RV009 a hold that has expired; RV003 earlier than its end; RV007
 * granularity; RV002, RV001; 25006; 40001 above READ COMMITTED.  Locks: as
 * arbiter_cancel(), and the resource, shared, where a chunk must be created.
 * Volatile and parallel unsafe: it writes.
 */
Datum
arbiter_extend(PG_FUNCTION_ARGS)
{
	Change		change;
	TimestampTz new_end;
	TimestampTz start;
	TimestampTz end;
	int64		reservation_id;

	argument_not_null(fcinfo, 0, "reservation_id");
	new_end = argument_time(fcinfo, 1, "new_end", TIME_TIMESTAMPTZ);

	reservation_id = PG_GETARG_INT64(0);
	change_open_one(&change, "arbiter_extend()", reservation_id, "extended", false,
					&start, &end);
	if (new_end < end)
		ereport(ERROR,
				(errcode(ERRCODE_ARBITER_INVALID_RANGE),
				 errmsg("reservation " INT64_FORMAT " cannot be extended to an earlier end",
						reservation_id),
				 errdetail("It ends at %s, the new end is %s.",
						   pstrdup(timestamptz_to_str(end)),
						   pstrdup(timestamptz_to_str(new_end))),
				 errhint("arbiter_truncate() makes a reservation end earlier.")));

	if (change_is_of_share(&change))
	{
		change_share(&change, start, new_end, NULL, "extended");
		change_close(&change);
		PG_RETURN_VOID();
	}
	for (int i = 0; i < change.nparts && new_end > end; i++)
	{
		ChangePart *part = &change.parts[i];

		if (part->live && part->end == end)
			change_set_range(&change, part, part->start, new_end);
	}
	change_share_gaps(&change);
	if (!change_apply(&change))
		refuse_extension(&change, end);
	write_and_close(&change);
	PG_RETURN_VOID();
}

/*
 * Now, rounded up to the granularity of every resource of a reservation.
 */
static TimestampTz
aligned_clock(const Change *change)
{
	Snapshot	snapshot = decision_snapshot();
	Resource	resource = {0};
	int64		granularity = 0;

	for (int i = 0; i < change->nparts; i++)
	{
		const ChangePart *part = &change->parts[i];

		if (part->live &&
			(resource.name == NULL || resource.id != part->take.resource_id) &&
			resource_find_by_id(part->take.resource_id, snapshot, &resource))
			granularity = common_granularity(granularity, resource.granularity);
	}
	UnregisterSnapshot(snapshot);
	return steps_round_up(change->clock, granularity, GRANULARITY_ORIGIN);
}

/*
 * arbiter_truncate(reservation_id bigint, at timestamptz, force boolean) -> void
 *
 * Releases the rest of a reservation from an instant on; NULL is now, rounded up
 * to the granularity.  Of one with several parts, those that start later are
 * cancelled.
 *
 * Errors: 22004 NULL reservation_id; RV008 no such reservation, or none that is
 * held or confirmed; RV009 a hold that has expired; RV003 not within its range;
 * RV007 granularity; RV011 reservations of a child would be uncovered (not with
 * force); 25006; 40001 above READ COMMITTED; RV002 and RV001 only
 * where its resource has more setup or cleanup time than when it was booked.
 * Locks: as arbiter_cancel().  Volatile and parallel unsafe: it writes.
 */
Datum
arbiter_truncate(PG_FUNCTION_ARGS)
{
	AttrNumber	status = arbiter_relations()->reservation_column[RESERVATION_STATUS];
	Change		change;
	TimestampTz at;
	TimestampTz start;
	TimestampTz end;
	int64		reservation_id;

	argument_not_null(fcinfo, 0, "reservation_id");
	argument_not_null(fcinfo, 2, "force");

	reservation_id = PG_GETARG_INT64(0);
	change_open_one(&change, "arbiter_truncate()", reservation_id, "truncated",
					PG_GETARG_BOOL(2), &start, &end);
	at = PG_ARGISNULL(1) ? aligned_clock(&change) : PG_GETARG_TIMESTAMPTZ(1);
	if (at <= start || at > end)
		ereport(ERROR,
				(errcode(ERRCODE_ARBITER_INVALID_RANGE),
				 errmsg("reservation " INT64_FORMAT " cannot be truncated where it does not run",
						reservation_id),
				 errdetail("It runs from %s to %s, and is to end at %s.",
						   pstrdup(timestamptz_to_str(start)),
						   pstrdup(timestamptz_to_str(end)),
						   pstrdup(timestamptz_to_str(at))),
				 at <= start ?
				 errhint("arbiter_cancel() releases all of it.") :
				 PG_ARGISNULL(1) ?
				 errhint("It is over: nothing is left to release.") :
				 errhint("arbiter_extend() makes a reservation end later.")));

	for (int i = 0; i < change.nparts; i++)
	{
		ChangePart *part = &change.parts[i];

		if (!part->live)
			continue;
		if (part->end <= at)
		{
			ChangePart *next = part + 1;

			if (i + 1 < change.nparts && next->live && next->start >= at &&
				next->take.resource_id == part->take.resource_id &&
				part->take.end == next->start)
				change_clean_up(&change, part);
			continue;
		}
		if (part->start < at)
		{
			change_set_range(&change, part, part->start, at);
			continue;
		}
		change_start_row(&change, part);
		row_writer_set(&change.writer, status, CStringGetTextDatum("cancelled"), false);
		change_end_row(&change, part);
	}
	change_share_gaps(&change);
	if (!change_apply(&change))
		change_refuse(&change, true);
	write_and_close(&change);
	PG_RETURN_VOID();
}

static TimestampTz
shifted(TimestampTz instant, int64 distance)
{
	TimestampTz result;

	if (TIMESTAMP_IS_NOEND(instant))
		return instant;
	if (pg_add_s64_overflow(instant, distance, &result) ||
		!IS_VALID_TIMESTAMP(result))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range"),
				 errhint("Move the reservation to an earlier start.")));
	return result;
}

/*
 * arbiter_move(reservation_id bigint, new_start timestamptz, force boolean)
 * -> void
 *
 * Lets a reservation start earlier or later, and last as long as it did; all of
 * its parts move by the same distance.
 *
 * Errors: 22004 NULL; 22023 start not finite; RV008 no such reservation, or none
 * that is held or confirmed; RV009 a hold that has expired; RV007 granularity;
 * RV006 lead time; RV002, RV001; RV011 reservations of a child would be uncovered
 * (not with force); 22008; 25006; 40001 above READ COMMITTED.
 * Locks: as arbiter_cancel(), for its old range and its new one; and the
 * resource, shared, where a chunk must be created.  Volatile and parallel unsafe:
 * it writes.
 */
Datum
arbiter_move(PG_FUNCTION_ARGS)
{
	Change		change;
	TimestampTz new_start;
	TimestampTz start;
	TimestampTz end;

	argument_not_null(fcinfo, 0, "reservation_id");
	new_start = argument_time(fcinfo, 1, "new_start", TIME_TIMESTAMPTZ);
	if (TIMESTAMP_NOT_FINITE(new_start))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("start of a time range must be finite"),
				 errhint("Pass the instant at which the reservation is to start.")));

	argument_not_null(fcinfo, 2, "force");

	change_open_one(&change, "arbiter_move()", PG_GETARG_INT64(0), "moved",
					PG_GETARG_BOOL(2), &start, &end);
	if (change_is_of_share(&change))
	{
		change_share(&change, new_start, shifted(end, new_start - start), NULL, "moved");
		change_close(&change);
		PG_RETURN_VOID();
	}
	for (int i = 0; i < change.nparts && new_start != start; i++)
	{
		ChangePart *part = &change.parts[i];

		if (part->live)
			change_set_range(&change, part, shifted(part->start, new_start - start),
							 shifted(part->end, new_start - start));
	}
	change_share_gaps(&change);
	change_check_lead(&change);
	if (!change_apply(&change))
		change_refuse(&change, false);
	write_and_close(&change);
	PG_RETURN_VOID();
}
