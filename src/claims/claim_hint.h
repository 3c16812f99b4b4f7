/*-------------------------------------------------------------------------
 *
 * claim_hint.h
 *	  What would do instead of a claim that nothing satisfies.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_CLAIM_HINT_H
#define ARBITER_CLAIM_HINT_H

#include "postgres.h"

#include "booking/refusal.h"
#include "claims/search.h"

/* an answer, and whether everything was looked at to find it */
typedef struct EarliestStart
{
	TimestampTz start;
	bool		certain;
} EarliestStart;

extern bool claim_earliest_start(Search *search, EarliestStart *earliest);
extern void claim_hint(Search *search, int group, Refusal *refusal);

#endif							/* ARBITER_CLAIM_HINT_H */
