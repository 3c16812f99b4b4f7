/*-------------------------------------------------------------------------
 *
 * rule_parts.h
 *	  The parts of one RRULE, as they are read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_RULE_PARTS_H
#define ARBITER_RULE_PARTS_H

#include "postgres.h"

#include "recurrence/recurrence.h"

/* the units of FREQ, ascending */
typedef enum Frequency
{
	EVERY_SECOND,
	EVERY_MINUTE,
	EVERY_HOUR,
	EVERY_DAY,
	EVERY_WEEK,
	EVERY_MONTH,
	EVERY_YEAR,
	NO_FREQUENCY
} Frequency;

/* parts that are lists of numbers */
typedef enum NumberPart
{
	BY_SECOND,
	BY_MINUTE,
	BY_HOUR,
	BY_MONTH_DAY,
	BY_YEAR_DAY,
	BY_WEEK_NO,
	BY_MONTH,
	BY_SET_POS,
	NUMBER_PARTS
} NumberPart;

typedef struct RulePartName
{
	const char *name;
	int			least;
	int			most;			/* also how many values libical has room for */
	bool		negative;		/* counted from the end, too */
} RulePartName;

/* a weekday of a list, with its position: 0 for every one */
typedef struct Weekday
{
	int			position;
	int			day;			/* 0: Sunday */
} Weekday;

#define POSITION_MAX	53
#define WEEKDAYS_MAX	370		/* that libical has room for */

typedef struct RuleParts
{
	Frequency	frequency;
	int			interval;
	int			week_start;		/* -1: not given */
	List	   *numbers[NUMBER_PARTS];	/* ascending */
	Weekday    *days;
	int			ndays;
	bool		positions;		/* any of the days has one */
	RecurrenceRule *rule;
} RuleParts;

extern const char *const rule_frequencies[];
extern const char *const rule_weekdays[];
extern const RulePartName rule_parts[];

pg_noreturn extern void rule_unsupported_error(const char *part, const char *detail,
											   const char *hint);
extern void rule_check(const RuleParts *parts);
extern void rule_plan(RuleParts *parts);

/*
 * How many values a list has, or the one that stands for none.
 */
static inline int
rule_times(const RuleParts *parts, NumberPart part)
{
	return Max(list_length(parts->numbers[part]), 1);
}

#endif							/* ARBITER_RULE_PARTS_H */
