/*-------------------------------------------------------------------------
 *
 * terms.h
 *	  What those who take from a resource are held to, of its capacity.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_TERMS_H
#define ARBITER_TERMS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "timeline/steps.h"
#include "utils/snapshot.h"

/* a share of capacity is in hundredths of a per cent */
#define FLOAT_SHARE_ALL	10000

/* what may be reserved beyond capacity is in hundredths of it */
#define OVERCOMMIT_ONE	100

typedef struct Terms
{
	int32		float_share;	/* kept back from ordinary takes */
	int32		overcommit;		/* beyond capacity, from firm_until on */
	TimestampTz firm_until;
} Terms;

extern int64 float_amount(int64 capacity, int32 share);
extern int64 overcommit_amount(int64 capacity, int32 overcommit);
extern bool terms_matter(const Terms *terms, TimestampTz end);
extern void terms_combine(Terms *terms, const Terms *others);
extern RuleStep *terms_steps(const Terms *terms, int32 resource_id,
							 TimestampTz from, TimestampTz to,
							 Snapshot snapshot, int *nsteps);

#endif							/* ARBITER_TERMS_H */
