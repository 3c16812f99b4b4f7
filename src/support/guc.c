/*-------------------------------------------------------------------------
 *
 * guc.c
 *	  Configuration parameters, and the module's entry point.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "fmgr.h"
#include "support/guc.h"
#include "utils/guc.h"

PG_MODULE_MAGIC;

int			arbiter_chunk_steps = CHUNK_STEPS_DEFAULT;
int			arbiter_search_horizon = 365 * 24 * 60 * 60;
int			arbiter_progress_interval = 5000;
int			arbiter_claim_tries = 1000000;

void		_PG_init(void);

void
_PG_init(void)
{
	DefineCustomIntVariable("arbiter.chunk_steps",
							"Steps a chunk of the timeline may have before it is split.",
							"Larger chunks make long ranges cheaper and short reservations dearer. "
							"Chunks that exist keep their size until they are next split or merged.",
							&arbiter_chunk_steps,
							CHUNK_STEPS_DEFAULT, CHUNK_STEPS_MIN, CHUNK_STEPS_MAX,
							PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("arbiter.search_horizon",
							"How far past the asked start a refusal searches for the earliest start that fits.",
							"0 turns the search off.",
							&arbiter_search_horizon,
							365 * 24 * 60 * 60, 0, INT_MAX,
							PGC_USERSET, GUC_UNIT_S, NULL, NULL, NULL);
	DefineCustomIntVariable("arbiter.progress_interval",
							"How often long work tells, by a NOTICE, how far it has got.",
							"0 tells of every step, -1 of none.",
							&arbiter_progress_interval,
							5000, -1, INT_MAX,
							PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("arbiter.claim_tries",
							"How many placements of a group the search for a claim of several groups tries at the most.",
							"0 sets no limit.",
							&arbiter_claim_tries,
							1000000, 0, INT_MAX,
							PGC_USERSET, 0, NULL, NULL, NULL);
	MarkGUCPrefixReserved("arbiter");
}
