/*-------------------------------------------------------------------------
 *
 * leaving_move.c
 *	  Move claims from a provider to the places that were found for them.
 *
 * What has begun ends on the provider, and goes on elsewhere as another part of
 * the reservation.  A part that goes to one place as a whole gets another resource;
 * what goes elsewhere besides becomes parts of its own.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/leaving.h"

#include "access/xact.h"
#include "common/int.h"
#include "miscadmin.h"
#include "reservation/trace.h"
#include "support/relations.h"

/* what of a row goes to one resource */
typedef struct Target
{
	const Inventory *inventory;
	int64		amount;
} Target;

typedef struct Move
{
	Leaving    *leaving;
	RowWriter	writer;			/* of new parts, opened with the first one */
	TupleTableSlot **rows;
	int			nrows;
	int			room;
} Move;

static void
set_target(RowWriter *writer, const Piece *piece, const Target *target,
		   TimestampTz clock)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;
	bool		isnull;
	Datum		attributes = slot_getattr(piece->part->row,
										  columns[RESERVATION_ATTRIBUTES], &isnull);
	Jsonb	   *traced = trace_evacuation(isnull ? NULL : DatumGetJsonbP(attributes),
										  piece->inventory->name,
										  target->inventory->name, clock);

	row_writer_set(writer, columns[RESERVATION_RESOURCE_ID],
				   Int32GetDatum(target->inventory->resource_id), false);
	row_writer_set(writer, columns[RESERVATION_AMOUNT], Int64GetDatum(target->amount),
				   false);
	row_writer_set(writer, columns[RESERVATION_ATTRIBUTES], JsonbPGetDatum(traced),
				   false);
}

/*
 * Make another part of a reservation.
 */
static void
add_part(Move *move, LeavingClaim *claim, const Piece *piece, const Target *target)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->reservation_column;
	Change	   *change = &move->leaving->change;
	RowWriter  *writer = &move->writer;
	Resource	resource = {0};
	ReservationTake take;

	if (move->nrows == 0)
		row_writer_open(writer, relations->reservation, CMD_INSERT);
	if (move->nrows == move->room)
	{
		move->room = Max(16, 2 * move->room);
		move->rows = move->rows == NULL ?
			palloc(sizeof(TupleTableSlot *) * move->room) :
			repalloc_huge(move->rows, sizeof(TupleTableSlot *) * move->room);
	}
	if (pg_add_s32_overflow(claim->last_part, 1, &claim->last_part))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("reservation " INT64_FORMAT " has no number left for another part",
						claim->reservation_id),
				 errhint("Give its parts lower numbers.")));

	row_writer_copy_row(writer, piece->part->row);
	row_writer_set(writer, columns[RESERVATION_PART], Int32GetDatum(claim->last_part),
				   false);
	row_writer_set(writer, columns[RESERVATION_DURING],
				   range_datum(piece->start, piece->end), false);
	set_target(writer, piece, target, change->clock);
	row_writer_before_insert(writer);
	if (reservation_settle(writer, &resource, piece->part->row, &take))
		reservation_take(&change->net, &take, &resource, change->clock);
	move->rows[move->nrows++] = writer->slot;
}

/*
 * Move the part that a piece is of, with all pieces that are.
 */
static void
move_part(Move *move, LeavingClaim *claim, const Piece *piece)
{
	Change	   *change = &move->leaving->change;
	bool		has_begun = piece->start > piece->part->start;
	Target	   *targets = palloc(sizeof(Target) * claim->nplaces);
	int			n = 0;

	for (int i = 0; i < claim->nplaces; i++)
	{
		const Allocation *place = &claim->places[i];
		int			at = 0;

		if (place_piece(claim, place)->part != piece->part)
			continue;
		while (at < n && targets[at].inventory != place->inventory)
			at++;
		if (at == n)
			targets[n++] = (Target) {.inventory = place->inventory};
		targets[at].amount += place->amount;
	}
	if (has_begun)
	{
		change_start_row(change, piece->part);
		row_writer_set(&change->writer,
					   arbiter_relations()->reservation_column[RESERVATION_DURING],
					   range_datum(piece->part->start, piece->start), false);
		change_end_row(change, piece->part);
	}
	for (int i = 0; i < n; i++)
	{
		if (has_begun || i > 0)
		{
			add_part(move, claim, piece, &targets[i]);
			continue;
		}
		change_start_row(change, piece->part);
		set_target(&change->writer, piece, &targets[i], change->clock);
		change_end_row(change, piece->part);
	}
	pfree(targets);
}

static void
write_claims(const Leaving *leaving)
{
	RowWriter	writer;

	row_writer_open(&writer, arbiter_relations()->claim, CMD_UPDATE);
	for (int i = 0; i < leaving->n; i++)
	{
		const LeavingClaim *claim = &leaving->claims[i];

		if (!claim->stays)
			claim_row_replace(&writer, &claim->row, leaving_allocations(leaving, claim));
	}
	row_writer_close(&writer);
	CommandCounterIncrement();
}

static bool
any_moves(const Leaving *leaving)
{
	for (int i = 0; i < leaving->n; i++)
	{
		if (!leaving->claims[i].stays)
			return true;
	}
	return false;
}

/*
 * leaving_move moves all claims that do not stay, as one change; false if that is
 * refused, and then the subtransaction it is called in is to be rolled back.
 *
 * Locks: the chunks they leave and go to, by (resource_id, time).
 */
bool
leaving_move(void *argument)
{
	Leaving    *leaving = argument;
	Change	   *change = &leaving->change;
	Move		move = {.leaving = leaving};

	if (!any_moves(leaving))
		return true;
	/* it may have been tried before */
	change->net = (NetChange) {0};
	for (int i = 0; i < change->nparts; i++)
		change->parts[i].changed = NULL;
	row_writer_open(&change->writer, arbiter_relations()->reservation, CMD_UPDATE);
	for (int i = 0; i < leaving->n; i++)
	{
		LeavingClaim *claim = &leaving->claims[i];
		int32		last_part = claim->last_part;

		CHECK_FOR_INTERRUPTS();
		for (int j = 0; j < claim->npieces && !claim->stays; j++)
		{
			if (j == 0 || claim->pieces[j].part != claim->pieces[j - 1].part)
				move_part(&move, claim, &claim->pieces[j]);
		}
		claim->last_part = last_part;
	}
	change_share_gaps(change);
	if (!change_apply(change))
		return false;
	change_write(change);
	if (move.nrows > 0)
	{
		row_writer_insert_all(&move.writer, move.rows, move.nrows, NULL);
		row_writer_close(&move.writer);
	}
	row_writer_close(&change->writer);
	CommandCounterIncrement();
	write_claims(leaving);
	return true;
}
