/*-------------------------------------------------------------------------
 *
 * candidates.h
 *	  The providers that come into question for a group of a claim.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_CANDIDATES_H
#define ARBITER_CANDIDATES_H

#include "postgres.h"

#include "claims/claim_request.h"
#include "lib/stringinfo.h"
#include "provider/catalogue.h"
#include "utils/snapshot.h"

typedef struct GroupCandidates
{
	const ClaimGroup *asked;
	const InventoryType **types;	/* by resource of the group */
	Bitmapset  *providers;		/* of all resources, if one provider has to give them */
	Bitmapset **providers_of;	/* by resource of the group */
	int		   *turns;			/* resources, in the order to look at them */
} GroupCandidates;

extern void candidates_find(const Catalogue *catalogue,
							const ClaimRequest *request,
							const ClaimGroup *asked, Snapshot snapshot,
							StringInfo funnel,
							GroupCandidates *candidates);
extern const DistanceType *distance_bounds(const Catalogue *catalogue,
										   const ClaimRequest *request,
										   const DistanceRule *rule,
										   int32 *minimum, int32 *maximum);
extern int64 units_least(const Inventory *inventory, const ClaimResource *asked);
extern int64 units_most(const Inventory *inventory, const ClaimResource *asked,
						int64 available);

#endif							/* ARBITER_CANDIDATES_H */
