/*-------------------------------------------------------------------------
 *
 * share_rows.h
 *	  The rows of shares, and how others take their place.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_SHARE_ROWS_H
#define ARBITER_SHARE_ROWS_H

#include "postgres.h"

#include "capacity/share.h"
#include "reservation/reservation.h"

/* an active row of a share */
typedef struct ShareRow
{
	int64		reservation_id;
	int32		part;
	int32		last_part;		/* of the reservation */
	TupleTableSlot *row;
	TimestampTz start;			/* its public range */
	TimestampTz end;
	ReservationTake take;
	int32		share;
	bool		held;
	TimestampTz expires_at;		/* of a hold, "infinity": never */
} ShareRow;

typedef struct ShareRows
{
	ShareRow   *rows;			/* by (reservation_id, part) */
	int			n;
	int			room;
	TupleDesc	desc;
} ShareRows;

/* a row as it is to be */
typedef struct SharePiece
{
	const ShareRow *like;		/* the row it replaces, or is otherwise equal to */
	bool		is_new;
	bool		expired;		/* the row is to be marked so, and no more */
	int32		part;
	Numeric		share;			/* NULL: that of the row */
	TimestampTz start;
	TimestampTz end;
	ReservationTake take;
} SharePiece;

typedef struct ShareRewrite
{
	SharePiece *pieces;
	int			npieces;
	int			room;
	const ShareRow **gone;		/* rows that nothing takes the place of */
	int			ngone;
	int			gone_room;
} ShareRewrite;

extern int64 *shares_find(int32 resource_id, TimestampTz from, TimestampTz to,
						  Snapshot snapshot, int *n);
extern void share_rows_read(ShareRows *rows, int32 resource_id,
							int64 reservation_id, Snapshot snapshot);
extern ShareRow *share_rows_add(ShareRows *rows);
extern void share_rows_free(ShareRows *rows);
extern int	share_chain(const ShareRows *rows, int first);
extern bool share_rewrite_chain(ShareRewrite *rewrite, const ShareRow *rows,
								int nrows, const Segment *runs, int nruns,
								Numeric share, TimestampTz occupied_start,
								TimestampTz occupied_end);
extern void share_rewrite_expire(ShareRewrite *rewrite, const ShareRow *row);
extern void share_rewrite_write(const ShareRewrite *rewrite);

#endif							/* ARBITER_SHARE_ROWS_H */
