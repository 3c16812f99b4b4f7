/*-------------------------------------------------------------------------
 *
 * share_rows.c
 *	  The rows of shares, and how others take their place.
 *
 * The rows of a share that are next to each other in time, and alike in all but
 * their amount, are a chain: one stretch of the share.  What becomes of the share
 * there is a list of runs, each with its amount.  The first run goes to the first
 * row of the chain, and so on, so that parts stay in the order of time; runs that
 * are more are new parts, with numbers after all there are, and rows that are
 * more are deleted.
 *
 * Setup and cleanup time are before the first and after the last row of a chain,
 * and have the amounts of these.
 *
 *-------------------------------------------------------------------------
 */
#include "capacity/share_rows.h"

#include "access/xact.h"
#include "common/int.h"
#include "miscadmin.h"
#include "support/compare.h"
#include "support/errors.h"
#include "support/key_scan.h"
#include "support/relations.h"
#include "timeline/base_rows.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

/*
 * shares_find returns the reservations, ascending, that have an active share of a
 * resource in [from, to).
 */
int64 *
shares_find(int32 resource_id, TimestampTz from, TimestampTz to,
			Snapshot snapshot, int *n)
{
	const ArbiterRelations *relations = arbiter_relations();
	KeyScan		scan;
	ScanKeyData keys[2];
	int64	   *ids = NULL;
	Size		room = 0;
	Size		found = 0;

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(resource_id));
	ScanKeyInit(&keys[1], 2, BTLessStrategyNumber, F_TIMESTAMPTZ_LT,
				TimestampTzGetDatum(to));
	key_scan_begin(&scan, relations->reservation,
				   &relations->reservation_share_idx, snapshot, keys, 2);
	while (key_scan_next(&scan))
	{
		ReservationTake take;
		TimestampTz start;
		TimestampTz end;
		bool		isnull;

		reservation_range(scan.slot, &start, &end);
		if (end <= from || !reservation_read(scan.slot, &take))
			continue;
		if (found == room)
		{
			room = Max(16, 2 * room);
			ids = ids == NULL ? palloc(sizeof(int64) * room) :
				repalloc_huge(ids, sizeof(int64) * room);
		}
		ids[found++] =
			DatumGetInt64(slot_getattr(scan.slot,
									   relations->reservation_column[RESERVATION_ID],
									   &isnull));
	}
	key_scan_end(&scan);

	*n = 0;
	if (found > 1)
		qsort(ids, found, sizeof(int64), compare_int64);
	for (Size i = 0; i < found; i++)
	{
		if (i == 0 || ids[i] != ids[i - 1])
			ids[(*n)++] = ids[i];
	}
	return ids;
}

/*
 * share_rows_add adds a row that is yet to be filled in.
 */
ShareRow *
share_rows_add(ShareRows *rows)
{
	if (rows->n == rows->room)
	{
		rows->room = Max(8, 2 * rows->room);
		rows->rows = rows->rows == NULL ?
			palloc(sizeof(ShareRow) * rows->room) :
			repalloc_huge(rows->rows, sizeof(ShareRow) * rows->room);
	}
	memset(&rows->rows[rows->n], 0, sizeof(ShareRow));
	return &rows->rows[rows->n++];
}

/*
 * share_rows_read adds the rows of a reservation that are an active share of a
 * resource.
 */
void
share_rows_read(ShareRows *rows, int32 resource_id, int64 reservation_id,
				Snapshot snapshot)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->reservation_column;
	KeyScan		scan;
	ScanKeyData key;
	int			first = rows->n;
	int32		last_part = 0;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(reservation_id));
	key_scan_begin(&scan, relations->reservation, &relations->reservation_pkey,
				   snapshot, &key, 1);
	/* references to the table's own row type cost the more the more there are */
	if (rows->desc == NULL)
		rows->desc = CreateTupleDescCopyConstr(RelationGetDescr(scan.rel));
	while (key_scan_next(&scan))
	{
		ReservationTake take;
		ShareRow   *row;
		bool		isnull;
		int32		part = DatumGetInt32(slot_getattr(scan.slot, columns[RESERVATION_PART], &isnull));

		last_part = Max(last_part, part);
		if (slot_attisnull(scan.slot, columns[RESERVATION_SHARE]) ||
			!reservation_read(scan.slot, &take) || take.resource_id != resource_id)
			continue;
		row = share_rows_add(rows);
		row->reservation_id = reservation_id;
		row->part = part;
		/* a copy: there may be more of them than buffers to pin */
		row->row = MakeSingleTupleTableSlot(rows->desc, &TTSOpsHeapTuple);
		ExecCopySlot(row->row, scan.slot);
		row->row->tts_tid = scan.slot->tts_tid;
		reservation_range(row->row, &row->start, &row->end);
		row->take = take;
		row->share = share_of_row(row->row);
		row->held = status_is_held(slot_getattr(row->row, columns[RESERVATION_STATUS], &isnull));
		row->expires_at = DT_NOEND;
		if (row->held && !slot_attisnull(row->row, columns[RESERVATION_EXPIRES_AT]))
			row->expires_at = DatumGetTimestampTz(slot_getattr(row->row, columns[RESERVATION_EXPIRES_AT], &isnull));
	}
	key_scan_end(&scan);
	for (int i = first; i < rows->n; i++)
		rows->rows[i].last_part = last_part;
}

/*
 * share_rows_free lets go of the rows.
 */
void
share_rows_free(ShareRows *rows)
{
	for (int i = 0; i < rows->n; i++)
		ExecDropSingleTupleTableSlot(rows->rows[i].row);
	rows->n = 0;
}

/*
 * share_chain returns how many rows, from one on, are a chain.
 */
int
share_chain(const ShareRows *rows, int first)
{
	const ShareRow *head = &rows->rows[first];
	int			n = 1;

	while (first + n < rows->n &&
		   head[n].reservation_id == head->reservation_id &&
		   head[n].start == head[n - 1].end &&
		   head[n].share == head->share &&
		   head[n].take.tryout == head->take.tryout &&
		   head[n].held == head->held &&
		   head[n].expires_at == head->expires_at)
		n++;
	return n;
}

static SharePiece *
add_piece(ShareRewrite *rewrite)
{
	if (rewrite->npieces == rewrite->room)
	{
		rewrite->room = Max(8, 2 * rewrite->room);
		rewrite->pieces = rewrite->pieces == NULL ?
			palloc(sizeof(SharePiece) * rewrite->room) :
			repalloc_huge(rewrite->pieces, sizeof(SharePiece) * rewrite->room);
	}
	memset(&rewrite->pieces[rewrite->npieces], 0, sizeof(SharePiece));
	return &rewrite->pieces[rewrite->npieces++];
}

static void
add_gone(ShareRewrite *rewrite, const ShareRow *row)
{
	if (rewrite->ngone == rewrite->gone_room)
	{
		rewrite->gone_room = Max(8, 2 * rewrite->gone_room);
		rewrite->gone = rewrite->gone == NULL ?
			palloc(sizeof(ShareRow *) * rewrite->gone_room) :
			repalloc_huge(rewrite->gone, sizeof(ShareRow *) * rewrite->gone_room);
	}
	rewrite->gone[rewrite->ngone++] = row;
}

/* parts that a rewrite has given to a reservation are the last ones it has */
static int32
next_part(const ShareRewrite *rewrite, const ShareRow *row)
{
	int32		last = row->last_part;

	for (int i = rewrite->npieces - 1; i >= 0; i--)
	{
		const SharePiece *piece = &rewrite->pieces[i];

		if (piece->like->reservation_id != row->reservation_id)
			break;
		if (piece->is_new)
		{
			last = piece->part;
			break;
		}
	}
	if (pg_add_s32_overflow(last, 1, &last))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("reservation " INT64_FORMAT " has no number left for another part",
						row->reservation_id),
				 errhint("Give its parts lower numbers.")));
	return last;
}

/*
 * share_rewrite_chain makes other rows of a chain: one for each run, with what is
 * occupied before the first and after the last.  A share that is not NULL is
 * another one.  False if all is so already.
 */
bool
share_rewrite_chain(ShareRewrite *rewrite, const ShareRow *rows, int nrows,
					const Segment *runs, int nruns, Numeric share,
					TimestampTz occupied_start, TimestampTz occupied_end)
{
	bool		same = nrows == nruns && share == NULL;
	bool		changed = !same;

	Assert(nrows > 0 && nruns > 0);
	for (int i = 0; i < nrows && same; i++)
	{
		if (rows[i].start != runs[i].start || rows[i].end != runs[i].end ||
			rows[i].take.amount != runs[i].delta)
			changed = true;
	}
	if (!changed && rows[0].take.start == occupied_start &&
		rows[nrows - 1].take.end == occupied_end)
		return false;

	for (int i = 0; i < nruns; i++)
	{
		const ShareRow *like = &rows[Min(i, nrows - 1)];
		bool		is_new = i >= nrows;
		int32		part = is_new ? next_part(rewrite, like) : like->part;
		SharePiece *piece = add_piece(rewrite);

		piece->like = like;
		piece->is_new = is_new;
		piece->part = part;
		piece->share = share;
		piece->start = runs[i].start;
		piece->end = runs[i].end;
		piece->take = like->take;
		piece->take.amount = runs[i].delta;
		piece->take.own_start = runs[i].start;
		piece->take.own_end = runs[i].end;
		piece->take.start = i == 0 ? occupied_start : runs[i].start;
		piece->take.end = i == nruns - 1 ? occupied_end : runs[i].end;
	}
	for (int i = nruns; i < nrows; i++)
		add_gone(rewrite, &rows[i]);
	return true;
}

/*
 * share_rewrite_expire marks a row of a hold expired.
 */
void
share_rewrite_expire(ShareRewrite *rewrite, const ShareRow *row)
{
	SharePiece *piece = add_piece(rewrite);

	piece->like = row;
	piece->expired = true;
	piece->part = row->part;
	piece->start = row->start;
	piece->end = row->end;
	piece->take = row->take;
	piece->take.active = false;
}

/*
 * Start the row of a piece.
 */
static void
make_row(RowWriter *writer, const SharePiece *piece)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;

	row_writer_copy_row(writer, piece->like->row);
	if (piece->expired)
	{
		row_writer_set(writer, columns[RESERVATION_STATUS],
					   CStringGetTextDatum("expired"), false);
		return;
	}
	row_writer_set(writer, columns[RESERVATION_DURING],
				   range_datum(piece->start, piece->end), false);
	row_writer_set(writer, columns[RESERVATION_AMOUNT],
				   Int64GetDatum(piece->take.amount), false);
	row_writer_set(writer, columns[RESERVATION_OCCUPIED],
				   range_datum(piece->take.start, piece->take.end),
				   piece->take.start == piece->start && piece->take.end == piece->end);
	if (piece->is_new)
		row_writer_set(writer, columns[RESERVATION_PART],
					   Int32GetDatum(piece->part), false);
	if (piece->share != NULL)
		row_writer_set(writer, columns[RESERVATION_SHARE],
					   NumericGetDatum(piece->share), false);
}

/*
 * What users' triggers left of a row must take what was decided.
 */
static void
check_row(RowWriter *writer, const SharePiece *piece)
{
	ReservationTake take = {0};
	TimestampTz start;
	TimestampTz end;
	bool		active = reservation_read(writer->slot, &take);

	reservation_range(writer->slot, &start, &end);
	if (active == piece->take.active && start == piece->start &&
		end == piece->end && take.start == piece->take.start &&
		take.end == piece->take.end && take.amount == piece->take.amount &&
		take.resource_id == piece->take.resource_id)
		return;
	share_trigger_error(writer->rel, piece->like->reservation_id, piece->part,
						piece->take.amount);
}

static bool
is_unchanged(const SharePiece *piece)
{
	const ShareRow *row = piece->like;

	return !piece->is_new && !piece->expired && piece->share == NULL &&
		row->start == piece->start && row->end == piece->end &&
		row->take.amount == piece->take.amount &&
		row->take.start == piece->take.start && row->take.end == piece->take.end;
}

/*
 * share_rewrite_write writes the rows, which the caller has locked; first what
 * goes, and what changes.  What it has written is seen by the next command.
 *
 * Errors: 27000, 55000 because of users' triggers.
 */
void
share_rewrite_write(const ShareRewrite *rewrite)
{
	Oid			relid = arbiter_relations()->reservation;
	RowWriter	writer;
	int			updates = 0;
	int			inserts = 0;

	for (int i = 0; i < rewrite->npieces; i++)
	{
		inserts += rewrite->pieces[i].is_new;
		updates += !rewrite->pieces[i].is_new && !is_unchanged(&rewrite->pieces[i]);
	}
	if (rewrite->ngone > 0)
	{
		row_writer_open(&writer, relid, CMD_DELETE);
		for (int i = 0; i < rewrite->ngone; i++)
		{
			CHECK_FOR_INTERRUPTS();
			row_writer_delete(&writer, &rewrite->gone[i]->row->tts_tid);
		}
		row_writer_close(&writer);
	}
	if (updates > 0)
	{
		row_writer_open(&writer, relid, CMD_UPDATE);
		for (int i = 0; i < rewrite->npieces; i++)
		{
			const SharePiece *piece = &rewrite->pieces[i];
			ItemPointer tid = &piece->like->row->tts_tid;

			CHECK_FOR_INTERRUPTS();
			if (piece->is_new || is_unchanged(piece))
				continue;
			make_row(&writer, piece);
			row_writer_before_update(&writer, tid);
			check_row(&writer, piece);
			row_writer_update(&writer, tid);
		}
		row_writer_close(&writer);
	}
	if (inserts > 0)
	{
		row_writer_open(&writer, relid, CMD_INSERT);
		for (int i = 0; i < rewrite->npieces; i++)
		{
			CHECK_FOR_INTERRUPTS();
			if (!rewrite->pieces[i].is_new)
				continue;
			make_row(&writer, &rewrite->pieces[i]);
			row_writer_before_insert(&writer);
			check_row(&writer, &rewrite->pieces[i]);
			row_writer_insert(&writer);
		}
		row_writer_close(&writer);
	}
	CommandCounterIncrement();
}
