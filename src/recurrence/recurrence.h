/*-------------------------------------------------------------------------
 *
 * recurrence.h
 *	  Rules by which something recurs, and when it does.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_RECURRENCE_H
#define ARBITER_RECURRENCE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"
#include "support/compat.h"

#define DAYS_PER_WEEK	7

/* an instant as a rule writes it */
typedef struct RuleTime
{
	Timestamp	time;			/* local, or UTC if is_utc */
	bool		is_utc;
	bool		is_date;		/* that whole day */
	char	   *zone;			/* of a local time; NULL: that of the rule */
} RuleTime;

/* one rule: what libical goes through, and which of that it is */
typedef struct RecurrenceRule
{
	char	   *text;			/* without COUNT and UNTIL */
	double		tries_per_day;	/* that libical makes, at most */
	bool		days_or_more;	/* its unit is no hour, minute or second */
	bool		weekly;
	List	   *start_days;		/* weekly: gone through from each of these; NIL:
								 * from that of the first start */
	int			week_start;		/* weekly: the week in which they are; 0: Sunday */
	int			weeks;			/* weekly: from one to the next */
	List	   *months;			/* what it is restricted to; NIL: not */
	List	   *month_days;
	List	   *year_days;
	List	   *days;			/* of the week */
	List	   *positions;		/* of those of a month or a year; NIL: all */
	bool		yearly;
	int32		count;			/* 0: no end by number */
	RuleTime   *until;			/* NULL: no end in time */
	bool		never;			/* it names only days that do not exist */
	bool		whole_minutes;	/* the seconds of the first start do not matter */
} RecurrenceRule;

typedef struct Recurrence
{
	List	   *rules;			/* of RecurrenceRule */
	List	   *added;			/* of RuleTime: RDATE */
	List	   *left_out;		/* of RuleTime: EXDATE */
} Recurrence;

pg_noreturn extern void rule_part_error(const char *part, const char *value,
										char *detail);
extern Recurrence *recurrence_parse(char *text);
extern RecurrenceRule *rule_parse(char *text);
extern List *cron_parse(char *text);
extern RuleTime *rule_time_parse(const char *part, const char *value);

extern bool recurrence_is_bounded(const Recurrence *recurrence);
extern TimestampTz *recurrence_expand(const Recurrence *recurrence,
									  TimestampTz first, text *zone,
									  TimestampTz end, int *n);

/* wall-clock arithmetic in a time zone, as PostgreSQL has it */
extern Timestamp local_time(TimestampTz instant, text *zone);
extern TimestampTz zone_time(Timestamp time, text *zone);
extern TimestampTz wall_clock_shift(TimestampTz instant, const Interval *shift,
									text *zone);
extern TimestampTz occurrence_end(TimestampTz start, const Interval *duration,
								  text *zone);

#endif							/* ARBITER_RECURRENCE_H */
