/*-------------------------------------------------------------------------
 *
 * change.c
 *	  Change reservations that exist: lock, change, ask the timeline, write.
 *
 * Every function that changes a reservation goes through these steps:
 *
 *	change_open()		read-only guard, table
 *	change_lock()		rows, in the order of (reservation_id, part); then the
 *						clock, which decides what has expired
 *	change_require()	is there anything left of it that can be changed?
 *						(change_open_one() is these three for one reservation)
 *	change_start_row(), row_writer_set() ..., change_end_row()
 *						what becomes of each row; users' BEFORE ROW triggers
 *						have their say
 *	change_apply()		chunks, in the order of (resource_id, time): what all
 *						rows give back and take is judged as one net change, so
 *						a reservation may use what it itself occupies, and
 *						nobody can slip in between
 *	change_write()		rows, users' AFTER ROW triggers
 *	change_close()		users' AFTER STATEMENT triggers; then children, whose
 *						capacity the reservation is, follow it: what that leaves
 *						uncovered is refused (RV011) unless forced
 *
 * Nothing is written before the timeline has agreed, so a change that is
 * refused leaves everything as it was, also without an error.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/change.h"

#include "access/xact.h"
#include "capacity/share.h"
#include "miscadmin.h"
#include "reservation/apply.h"
#include "reservation/reservation.h"
#include "support/errors.h"
#include "support/locks.h"
#include "support/progress.h"
#include "support/relations.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/*
 * change_open opens the table for a function that changes reservations.
 *
 * Locks: RowExclusiveLock on arbiter_reservation.
 */
void
change_open(Change *change, const char *function)
{
	require_writable(function);
	memset(change, 0, sizeof(Change));
	row_writer_open(&change->writer, arbiter_relations()->reservation, CMD_UPDATE);
}

/*
 * change_expired_error raises what there is to say of a hold that has expired
 * (RV009).
 */
void
change_expired_error(const ChangePart *part, const char *done)
{
	AttrNumber	expires_at = arbiter_relations()->reservation_column[RESERVATION_EXPIRES_AT];
	bool		isnull;
	Datum		until = slot_getattr(part->row, expires_at, &isnull);

	ereport(ERROR,
			(errcode(ERRCODE_ARBITER_HOLD_EXPIRED),
			 errmsg("hold has expired: reservation " INT64_FORMAT " cannot be %s",
					part->reservation_id, done),
			 isnull ? errdetail("It was not confirmed in time.") :
			 errdetail("It was held until %s and not confirmed by then.",
					   timestamptz_to_str(DatumGetTimestampTz(until))),
			 errhint("What it held is free again: ask for it anew with arbiter_reserve() or arbiter_hold().")));
}

/*
 * change_require refuses a reservation of which nothing is left that could be
 * changed: RV008 if there is none, or it was cancelled; RV009 if it was a hold
 * and has expired, whether or not its status says so yet.
 *
 * done is what the caller would do with it: "cancelled", "moved".
 */
void
change_require(const Change *change, int64 reservation_id, const char *done)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;
	TupleTableSlot *first = NULL;
	const ChangePart *expired = NULL;
	char	   *status = NULL;
	bool		isnull;

	for (int i = 0; i < change->nparts; i++)
	{
		const ChangePart *part = &change->parts[i];

		if (part->reservation_id != reservation_id)
			continue;
		if (part->live)
			return;
		status = TextDatumGetCString(slot_getattr(part->row, columns[RESERVATION_STATUS],
												  &isnull));
		if (first == NULL)
			first = part->row;
		if (expired == NULL && (part->expired || strcmp(status, "expired") == 0))
			expired = part;
	}

	if (first == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_ARBITER_NOT_FOUND),
				 errmsg("reservation " INT64_FORMAT " does not exist",
						reservation_id),
				 errhint("The number is what arbiter_reserve() returned, reservation_id in arbiter_reservation.")));
	if (expired != NULL)
		change_expired_error(expired, done);
	ereport(ERROR,
			(errcode(ERRCODE_ARBITER_NOT_FOUND),
			 errmsg("reservation " INT64_FORMAT " cannot be %s",
					reservation_id, done),
			 errdetail("Its status is \"%s\" already.",
					   TextDatumGetCString(slot_getattr(first, columns[RESERVATION_STATUS], &isnull))),
			 errhint("Only a reservation that is held or confirmed can be %s.", done)));
}

/*
 * change_open_one opens the table, locks one reservation, of which something must
 * be left, and tells from when to when that runs.  force is for its children.
 *
 * Locks and errors: as change_open(), change_lock() and change_require().
 */
void
change_open_one(Change *change, const char *function, int64 reservation_id,
				const char *done, bool force, TimestampTz *start,
				TimestampTz *end)
{
	change_open(change, function);
	change->force = force;
	change_lock(change, &reservation_id, 1);
	change_require(change, reservation_id, done);
	*start = DT_NOEND;
	*end = DT_NOBEGIN;
	for (int i = 0; i < change->nparts; i++)
	{
		if (!change->parts[i].live)
			continue;
		*start = Min(*start, change->parts[i].start);
		*end = Max(*end, change->parts[i].end);
	}
}

/*
 * change_only_resource returns the resource that is meant where none is named:
 * the only one (22023).  call is how to name it.
 */
int32
change_only_resource(const Change *change, int64 reservation_id,
					 const char *call)
{
	int32		found = 0;
	bool		any = false;

	for (int i = 0; i < change->nparts; i++)
	{
		const ChangePart *part = &change->parts[i];

		if (!part->live)
			continue;
		if (any && part->take.resource_id != found)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("reservation " INT64_FORMAT " has several resources",
							reservation_id),
					 errdetail("An amount is that of one resource."),
					 errhint("Name it: %s.", call)));
		any = true;
		found = part->take.resource_id;
	}
	return found;
}

/*
 * change_start_row begins to change a row: what is set with row_writer_set()
 * from now on is its new version.  What it occupies follows from the rest.
 */
void
change_start_row(Change *change, ChangePart *part)
{
	Assert(part->live && part->changed == NULL);
	row_writer_copy_row(&change->writer, part->row);
}

/*
 * change_end_row lets users' BEFORE ROW triggers have the new version of a row,
 * and adds what it gives back and takes to the net change.
 *
 * Errors: RV003, RV005, RV007, 23503, 55000, also for what is not done to a share
 * like that.
 */
void
change_end_row(Change *change, ChangePart *part)
{
	RowWriter  *writer = &change->writer;

	row_writer_before_update(writer, &part->row->tts_tid);
	share_check_kept(part->row, writer->slot, true);
	/* where nobody else had a say, what stays in its place is not judged */
	if (change->keeps_place && writer->target->ri_TrigDesc == NULL)
	{
		part->new_start = part->start;
		part->new_end = part->end;
		part->new_take = part->take;
		part->changed = writer->slot;
		return;
	}
	reservation_give_back(&change->net, &part->take);
	if (reservation_settle(writer, &part->resource, part->row, &part->new_take))
		reservation_take(&change->net, &part->new_take, &part->resource,
						 change->clock);
	reservation_range(writer->slot, &part->new_start, &part->new_end);
	part->changed = writer->slot;
}

/*
 * change_set_range gives a part another range.
 */
void
change_set_range(Change *change, ChangePart *part, TimestampTz start,
				 TimestampTz end)
{
	change_start_row(change, part);
	row_writer_set(&change->writer,
				   arbiter_relations()->reservation_column[RESERVATION_DURING],
				   range_datum(start, end), false);
	change_end_row(change, part);
}

/*
 * change_give_back_range gives back what a part takes over a range, where that
 * was counted and is not taken after all.
 */
void
change_give_back_range(Change *change, const ReservationTake *take,
					   TimestampTz start, TimestampTz end)
{
	ReservationTake cut = *take;

	cut.start = start;
	cut.end = end;
	cut.user_id = NULL;			/* quotas do not count it */
	if (start < end)
		reservation_give_back(&change->net, &cut);
}

/*
 * change_share_gaps lets parts of a reservation that have moved take the gaps
 * between them once, as when they were booked.
 */
void
change_share_gaps(Change *change)
{
	ChangePart *before = NULL;

	for (int i = 0; i < change->nparts; i++)
	{
		ChangePart *part = &change->parts[i];

		if (!part->live || (part->changed != NULL && !part->new_take.active))
			continue;
		if (before != NULL && part->changed != NULL &&
			part->reservation_id == before->reservation_id)
		{
			bool		fixed = before->changed == NULL;
			TupleTableSlot *row = fixed ? before->row : before->changed;
			ReservationTake earlier = fixed ? before->take : before->new_take;
			TimestampTz end = earlier.end;
			TimestampTz start = part->new_take.start;

			if (!fixed || earlier.end <= part->new_start)
				reservation_share_gap(&change->writer, &row, &earlier,
									  &part->changed, &part->new_take);
			if (!fixed)
			{
				before->changed = row;
				before->new_take = earlier;
			}
			change_give_back_range(change, &earlier, earlier.end, end);
			change_give_back_range(change, &part->new_take, start, part->new_take.start);
		}
		before = part;
	}
}

/*
 * change_clean_up gives a part the whole cleanup time of its resource, after
 * which its neighbour is cancelled, with which it shared it.
 */
void
change_clean_up(Change *change, ChangePart *part)
{
	ReservationTake more;
	TimestampTz start;
	TimestampTz end;

	change_start_row(change, part);
	change_end_row(change, part);
	start = part->new_start;
	end = part->new_end;
	resource_occupied(&part->resource, &start, &end);
	if (!part->new_take.active || end <= part->new_take.end)
		return;
	more = part->new_take;
	more.start = more.end;
	more.end = end;
	more.user_id = NULL;		/* quotas do not count it */
	reservation_take(&change->net, &more, &part->resource, change->clock);
	part->new_take.end = end;
	reservation_set_occupied(&change->writer, &part->changed, &part->new_take);
}

/*
 * change_apply asks the timeline to accept the net change; false if it refuses.
 *
 * Locks: chunks by (resource_id, time).
 */
bool
change_apply(Change *change)
{
	switch (apply_reservations(&change->net, LockWaitSkip, &change->changes,
							   &change->nchanges, &change->where))
	{
		case TIMELINE_APPLIED:
			return true;
		case TIMELINE_REFUSED:
			break;
		case TIMELINE_UNBUILT:
		case TIMELINE_NO_RESOURCE:
			resource_lost_error(change->changes[change->where.change].resource_id);
	}
	return false;
}

/*
 * change_write writes the new version of every row that has one.
 */
void
change_write(Change *change)
{
	Progress	progress;

	if (change->nparts > 1)
		progress_begin(&progress, "reservations written", change->nparts);
	for (int i = 0; i < change->nparts; i++)
	{
		ChangePart *part = &change->parts[i];

		CHECK_FOR_INTERRUPTS();
		if (change->nparts > 1)
			progress_step(&progress);
		if (part->changed == NULL)
			continue;
		change->writer.slot = part->changed;
		row_writer_update(&change->writer, &part->row->tts_tid);
	}
}

/*
 * change_close makes what was written visible to the next command, lets go of
 * everything but the locks, and has the children follow.
 *
 * Errors: RV011, 40001.
 */
void
change_close(Change *change)
{
	for (int i = 0; i < change->nparts; i++)
		ExecDropSingleTupleTableSlot(change->parts[i].row);
	row_writer_close(&change->writer);
	CommandCounterIncrement();
	children_follow(&change->children, change->force);
}
