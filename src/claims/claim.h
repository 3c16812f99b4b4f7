/*-------------------------------------------------------------------------
 *
 * claim.h
 *	  Find what satisfies a claim, and book it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_CLAIM_H
#define ARBITER_CLAIM_H

#include "postgres.h"

#include "booking/booking.h"
#include "claims/search.h"

/* a call, as its arguments give it */
typedef struct ClaimCall
{
	ReserveCall reserve;		/* its requirements are those of a placement */
	Jsonb	   *document;
	ClaimRequest request;
	char	   *consumer;		/* NULL: none */
	const Catalogue *catalogue;
	Allocation *allocations;	/* the placement that is tried, by group */
	int			nallocations;
} ClaimCall;

typedef struct ClaimResult
{
	bool		granted;
	int64		reservation_id;
	Jsonb	   *allocations;
	Refusal		refusal;		/* without limiting requirement: RV012 */
} ClaimResult;

extern void claim_book(const char *function, ClaimCall *call, ClaimResult *result);
extern ClaimTimes claim_times(const ClaimCall *call);
extern bool claim_search(Search *search, PlacementVisitor visitor, void *argument);

extern int	claim_explain(Search *search, Refusal *refusal);
extern void claim_refuse(Search *search, Refusal *refusal);

#endif							/* ARBITER_CLAIM_H */
