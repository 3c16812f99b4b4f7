/*-------------------------------------------------------------------------
 *
 * guc.h
 *	  Configuration parameters.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_GUC_H
#define ARBITER_GUC_H

/* capacity of a chunk: bounded so that its row stays below the toaster's sight */
#define CHUNK_STEPS_MIN		32
#define CHUNK_STEPS_MAX		120
#define CHUNK_STEPS_DEFAULT	96

extern int	arbiter_chunk_steps;
extern int	arbiter_search_horizon;
extern int	arbiter_progress_interval;
extern int	arbiter_claim_tries;

#endif							/* ARBITER_GUC_H */
