/*-------------------------------------------------------------------------
 *
 * rule_walk.h
 *	  When one rule recurs, by clocks.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_RULE_WALK_H
#define ARBITER_RULE_WALK_H

#include "postgres.h"

#include "recurrence/recurrence.h"

/* times, local or not */
typedef struct TimeList
{
	int64	   *times;
	int			n;
	int			room;
} TimeList;

extern void add_time(TimeList *list, int64 time);
extern int	compare_times(const void *a, const void *b);
extern int64 day_of_time(Timestamp time);
extern void rule_walk(const RecurrenceRule *rule, Timestamp first, Timestamp end,
					  TimeList *list);

#endif							/* ARBITER_RULE_WALK_H */
