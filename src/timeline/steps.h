/*-------------------------------------------------------------------------
 *
 * steps.h
 *	  Arithmetic on step functions of time.
 *
 * A step function is an array of Steps, ascending by start: each step's value
 * holds from its start up to the start of the next one, the last step's up to
 * an end the caller keeps.  Instants are integers (elsewhere: microseconds);
 * INT64_MAX is "infinity".
 *
 * This module knows nothing of tables, memory contexts or PostgreSQL, and
 * includes none of its headers, so that it can be compiled and tested alone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_STEPS_H
#define ARBITER_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#define STEPS_INFINITY	INT64_MAX

typedef struct Step
{
	int64_t		start;
	int64_t		available;
} Step;

/* an amount to add over the half-open range [start, end) */
typedef struct Segment
{
	int64_t		start;
	int64_t		end;
	int64_t		delta;
	int64_t		judged;			/* the part of delta that a rule is about, and ... */
	int64_t		ordinary;		/* ... the part of that which is ordinary users' */
} Segment;

/* a change of the amount at one instant; a range is two of them */
typedef struct StepEvent
{
	int64_t		instant;
	int64_t		delta;
	int64_t		judged;			/* parts of delta, as in a Segment */
	int64_t		ordinary;
} StepEvent;

/* from an instant on, what is kept back and what may be taken beyond all */
typedef struct RuleStep
{
	int64_t		start;
	int64_t		kept;
	int64_t		extra;
} RuleStep;

/* what a change must not do, see steps_apply() */
typedef struct StepsRule
{
	const RuleStep *steps;		/* over all that segments touch; NULL: nothing */
	int			nsteps;
	bool		keeps;			/* something may be kept back */
} StepsRule;

typedef enum StepsResult
{
	STEPS_OK,
	STEPS_REFUSED,				/* a checked take would go below zero */
	STEPS_OVERFLOW				/* a sum does not fit 64 bits */
} StepsResult;

extern bool steps_rule_floor(const StepsRule *rule, const Segment *segment,
							 const RuleStep *step, int64_t *floor);
extern int	steps_find(const Step *steps, int nsteps, int64_t instant);
extern StepsResult steps_apply(const Step *steps, int nsteps, int64_t end,
							   const Segment *segments, int nsegments,
							   const StepsRule *rule,
							   Step *result, int *nresult, Step *refused);
extern void steps_extent(const Step *steps, int nsteps,
						 int64_t *minimum, int64_t *maximum);
extern int64_t steps_minimum(const Step *steps, int nsteps, int64_t end,
							 int64_t from, int64_t to, int64_t *instant);
extern int64_t steps_first_below(const Step *steps, int nsteps, int64_t end,
								 int64_t from, int64_t least);
extern int64_t steps_last_below(const Step *steps, int nsteps, int64_t end,
								int64_t from, int64_t to, int64_t least,
								int *at);
extern int64_t steps_round_up(int64_t instant, int64_t granularity,
							  int64_t origin);
extern int64_t steps_round_down(int64_t instant, int64_t granularity,
								int64_t origin);
extern int	steps_from_events(StepEvent *events, int nevents,
							  Segment *segments);

#endif							/* ARBITER_STEPS_H */
