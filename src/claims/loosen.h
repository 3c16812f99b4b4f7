/*-------------------------------------------------------------------------
 *
 * loosen.h
 *	  A claim's request without one of its constraints.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_LOOSEN_H
#define ARBITER_LOOSEN_H

#include "postgres.h"

#include "claims/claim_request.h"

typedef enum ClaimConstraint
{
	/* of one group */
	CONSTRAINT_CAPABILITIES,
	CONSTRAINT_RESOURCE_CAPABILITIES,
	CONSTRAINT_MEMBER_OF,
	CONSTRAINT_DISTANCES,
	CONSTRAINT_ISOLATED_CLAIMS,
	/* between groups */
	CONSTRAINT_GROUP_DISTANCES,
	CONSTRAINT_SAME_GROUP,
	CONSTRAINT_ISOLATED_GROUPS,
	CONSTRAINT_COUNT
} ClaimConstraint;

#define CONSTRAINT_BETWEEN_GROUPS	CONSTRAINT_GROUP_DISTANCES

extern const char *const constraint_names[CONSTRAINT_COUNT];

extern bool loosen_group(const ClaimGroup *group, ClaimConstraint constraint,
						 ClaimGroup *loose);
extern bool loosen_groups(const ClaimRequest *request, ClaimConstraint constraint,
						  ClaimRequest *loose);

#endif							/* ARBITER_LOOSEN_H */
