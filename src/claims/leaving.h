/*-------------------------------------------------------------------------
 *
 * leaving.h
 *	  The claims that are to leave a provider, and where they go.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_LEAVING_H
#define ARBITER_LEAVING_H

#include "postgres.h"

#include "booking/change.h"
#include "claims/claim_row.h"
#include "claims/search.h"
#include "support/fault.h"

/* what a group of a claim has of a row, or who is no claim all of it */
typedef struct Piece
{
	ChangePart *part;
	int32		number;			/* of the part */
	const Inventory *inventory; /* that it leaves */
	const char *resource_type;
	TimestampTz start;			/* what is to be moved of it */
	TimestampTz end;
	int64		amount;
	int			placed;			/* its element of the claim's allocations */
	int			group;			/* of the claim's request; -1: not known */
	int			resource;		/* of that group, in the search for a place */
} Piece;

typedef struct LeavingClaim
{
	int64		reservation_id;
	bool		is_claim;
	TimestampTz created_at;
	char	   *user_id;
	ChangePart *parts;			/* all of the reservation ... */
	int			nparts;
	int32		last_part;		/* ... of which this is the highest number */
	ClaimRow	row;
	ClaimRequest request;
	Piece	   *pieces;			/* ascending by part */
	int			npieces;
	bool		hopeless;		/* cannot leave, wherever there is a place */
	bool		stays;			/* because of this: */
	Fault		fault;
	Bitmapset **refused;		/* by group: providers refused once ... */
	Bitmapset **ruled_out;		/* ... and twice */
	Allocation *places;			/* of pieces, by their group and resource */
	int			nplaces;
} LeavingClaim;

typedef struct Leaving
{
	int32		provider_id;
	char	   *provider;
	bool		start_given;	/* if not, the clock of the change */
	TimestampTz start;
	TimestampTz end;
	Change		change;
	const Catalogue *catalogue;
	Piece	   *pieces;
	LeavingClaim *claims;		/* oldest first */
	int			n;
} Leaving;

extern void leaving_find(Leaving *leaving);

extern void leaving_let_stay(LeavingClaim *claim, char *message);
extern void leaving_add_row(const Leaving *leaving, LeavingClaim *claim,
							const Piece *whole);
extern const Inventory *find_inventory(const Catalogue *catalogue,
									   int32 resource_id,
									   const InventoryType **type,
									   int *provider);

extern void leaving_place(Leaving *leaving, Snapshot snapshot);
extern const Piece *place_piece(const LeavingClaim *claim,
								const Allocation *place);

extern bool leaving_move(void *argument);

extern Jsonb *leaving_allocations(const Leaving *leaving,
								  const LeavingClaim *claim);

#endif							/* ARBITER_LEAVING_H */
