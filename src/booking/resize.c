/*-------------------------------------------------------------------------
 *
 * resize.c
 *	  Give a reservation another amount.
 *
 * From now on, or from an instant on: then the row that the instant is within ends
 * there, and what comes after it is a part of its own.  A call that asks for what is
 * so already changes nothing and succeeds, as in reshape.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "booking/change.h"
#include "capacity/share.h"
#include "common/int.h"
#include "support/arguments.h"
#include "support/errors.h"
#include "support/locks.h"
#include "support/relations.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbiter_resize);

/* rows that an amount from an instant on adds to a reservation */
typedef struct Split
{
	TimestampTz from;
	RowWriter	writer;			/* opened with the first one */
	TupleTableSlot **rows;		/* what comes after that instant */
	int			n;
	int32		last_part;
} Split;

static void
open_split(Split *split, const Change *change)
{
	AttrNumber	column = arbiter_relations()->reservation_column[RESERVATION_PART];

	row_writer_open(&split->writer, arbiter_relations()->reservation, CMD_INSERT);
	split->rows = palloc(sizeof(TupleTableSlot *) * change->nparts);
	for (int i = 0; i < change->nparts; i++)
	{
		bool		isnull;
		int32		part = DatumGetInt32(slot_getattr(change->parts[i].row, column, &isnull));

		split->last_part = Max(split->last_part, part);
	}
}

/*
 * End a row at the instant, and make what comes after a part of its own, with
 * another amount.  There is no setup and cleanup between the two.
 */
static void
split_row(Split *split, Change *change, ChangePart *part, int64 amount)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;
	RowWriter  *writer = &split->writer;
	Resource	resource = {0};
	ReservationTake take;
	TimestampTz occupied_end;

	if (split->n == 0)
		open_split(split, change);
	if (pg_add_s32_overflow(split->last_part, 1, &split->last_part))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("reservation " INT64_FORMAT " has no number left for another part",
						part->reservation_id),
				 errhint("Give its parts lower numbers.")));
	change_set_range(change, part, part->start, split->from);

	row_writer_copy_row(writer, part->row);
	row_writer_set(writer, columns[RESERVATION_PART],
				   Int32GetDatum(split->last_part), false);
	row_writer_set(writer, columns[RESERVATION_DURING],
				   range_datum(split->from, part->end), false);
	row_writer_set(writer, columns[RESERVATION_AMOUNT], Int64GetDatum(amount), false);
	row_writer_before_insert(writer);
	if (reservation_settle(writer, &resource, part->row, &take))
	{
		TupleTableSlot *row = writer->slot;

		occupied_end = part->new_take.end;
		reservation_share_gap(&change->writer, &part->changed, &part->new_take,
							  &row, &take);
		change_give_back_range(change, &part->new_take, part->new_take.end,
							   occupied_end);
		reservation_take(&change->net, &take, &resource, change->clock);
		writer->slot = row;
	}
	split->rows[split->n++] = writer->slot;
}

/*
 * What a share takes follows from the capacity.
 */
static void
refuse_amount_of_share(const ChangePart *part)
{
	int32		share = share_of_row(part->row);

	if (share > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("reservation " INT64_FORMAT " cannot be given another amount",
						part->reservation_id),
				 errdetail("It is for %s per cent of the capacity, and its amounts follow that.",
						   share_text(share)),
				 errhint("Give it another share with arbiter_resize_share().")));
}

static void
write_split(Split *split)
{
	if (split->n == 0)
		return;
	row_writer_insert_all(&split->writer, split->rows, split->n, NULL);
	row_writer_close(&split->writer);
}

/*
 * arbiter_resize(reservation_id bigint, amount bigint, resource text,
 *				  from_time timestamptz, force boolean) -> void
 *
 * Gives a reservation another amount, smaller or larger; of its parts, to those
 * of a resource.  The resource may be NULL where there is only one.  With
 * from_time, what is before that instant keeps its amount: a part that the
 * instant is within becomes two, without setup and cleanup between them.
 *
 * Errors: 22004 NULL; RV005 amount; 42704 resource; RV008 no such reservation,
 * or none that is held or confirmed; RV009 a hold that has expired; 22023 it has
 * several resources, or not that one; RV003 it is over by from_time; RV007
 * granularity; RV002, RV001; RV011 reservations of a child would be uncovered
 * (not with force); 55000 it is for a share; 25006; 40001 above READ COMMITTED.
 * Locks: as arbiter_cancel().  Volatile and parallel unsafe: it writes.
 */
Datum
arbiter_resize(PG_FUNCTION_ARGS)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;
	Split		split = {.from = DT_NOBEGIN};
	Change		change;
	Resource	resource = {0};
	int32		resource_id;
	int64		amount;
	TimestampTz start;
	TimestampTz end;
	int64		reservation_id;
	bool		any = false;
	bool		later = false;

	argument_not_null(fcinfo, 0, "reservation_id");
	argument_not_null(fcinfo, 1, "amount");
	amount = PG_GETARG_INT64(1);
	check_amount(amount);
	if (!PG_ARGISNULL(2))
	{
		Snapshot	snapshot = decision_snapshot();

		resource_get(argument_text(fcinfo, 2, "resource"), snapshot, &resource);
		UnregisterSnapshot(snapshot);
	}
	if (!PG_ARGISNULL(3))
		split.from = PG_GETARG_TIMESTAMPTZ(3);
	argument_not_null(fcinfo, 4, "force");

	reservation_id = PG_GETARG_INT64(0);
	change_open_one(&change, "arbiter_resize()", reservation_id, "resized",
					PG_GETARG_BOOL(4), &start, &end);
	resource_id = resource.name != NULL ? resource.id :
		change_only_resource(&change, reservation_id,
							 "arbiter_resize(reservation_id, amount, resource)");
	for (int i = 0; i < change.nparts; i++)
	{
		ChangePart *part = &change.parts[i];

		if (!part->live || part->take.resource_id != resource_id)
			continue;
		any = true;
		refuse_amount_of_share(part);
		if (part->end <= split.from)
			continue;
		later = true;
		if (part->take.amount == amount)
			continue;
		if (part->start < split.from)
		{
			split_row(&split, &change, part, amount);
			continue;
		}
		change_start_row(&change, part);
		row_writer_set(&change.writer, columns[RESERVATION_AMOUNT],
					   Int64GetDatum(amount), false);
		change_end_row(&change, part);
	}
	if (!any)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("reservation " INT64_FORMAT " takes nothing of resource \"%s\"",
						reservation_id, resource.name),
				 errhint("See its rows in arbiter_reservation, or its resources in arbiter_booking.")));
	if (!later)
		ereport(ERROR,
				(errcode(ERRCODE_ARBITER_INVALID_RANGE),
				 errmsg("reservation " INT64_FORMAT " cannot be resized where it does not run",
						reservation_id),
				 errdetail("It runs from %s to %s, and is to be resized from %s on.",
						   pstrdup(timestamptz_to_str(start)),
						   pstrdup(timestamptz_to_str(end)),
						   pstrdup(timestamptz_to_str(split.from))),
				 errhint("Pass an instant before its end, or extend it first.")));
	if (!change_apply(&change))
		change_refuse(&change, true);
	change_write(&change);
	write_split(&split);
	change_close(&change);
	PG_RETURN_VOID();
}
