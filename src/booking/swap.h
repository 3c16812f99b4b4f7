/*-------------------------------------------------------------------------
 *
 * swap.h
 *	  Release reservations and take others in their place.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_SWAP_H
#define ARBITER_SWAP_H

#include "postgres.h"

#include "booking/change.h"
#include "booking/request_json.h"
#include "booking/request_key.h"

typedef struct SwapRequest
{
	JsonRequest *asked;
	RequestKey	key;
	struct SwapRequest *first;	/* with the same key; NULL: this one */
	bool		repeated;		/* its key was answered before */
	int64		reservation_id;
	ReservationTake take;
	TupleTableSlot *row;		/* NULL: none is to be made */
} SwapRequest;

typedef struct Swap
{
	Change		change;
	RowWriter	writer;			/* of what is taken */
	SwapRequest *requests;
	int			n;
} Swap;

pg_noreturn extern void swap_raise_refusal(const SwapRequest *request,
										   Refusal *refusal);
pg_noreturn extern void swap_refuse(const Swap *swap);

#endif							/* ARBITER_SWAP_H */
