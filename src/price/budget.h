/*-------------------------------------------------------------------------
 *
 * budget.h
 *	  Whoever changes a price changes what was spent.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_BUDGET_H
#define ARBITER_BUDGET_H

#include "postgres.h"

extern void prices_may_change(void);
extern void prices_changed(void);

#endif							/* ARBITER_BUDGET_H */
