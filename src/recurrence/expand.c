/*-------------------------------------------------------------------------
 *
 * expand.c
 *	  When something recurs: the times of its rules, as instants of a zone.
 *
 * A rule is gone through in local time without a zone, and each occurrence made
 * an instant after that, as "timestamp AT TIME ZONE zone" does it.  So what is at
 * nine stays at nine when clocks change.  A time that a spring change leaves out
 * is read with the offset from before it, and so is later by the change; one that
 * an autumn change has twice is the second one, in standard time.  What is the
 * same instant then is one occurrence.  But the first start is the instant that
 * was given, in either pass.
 *
 * libical does not let itself be interrupted while nothing matches, and does not
 * say how far it is.  So it gets no COUNT, but an end up to which the times that
 * it would have to look at are few enough, of all rules together; if that was too
 * early, again with a later one.
 *
 *-------------------------------------------------------------------------
 */
#include "recurrence/rule_walk.h"

#include <math.h>

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

/* libical looks at some 250 times in a millisecond; where COUNT ends it soon */
#define TRIES_MAX	250000
#define TRIES_FIRST	1024

/* the calendar of libical, and the last year it looks at */
#define FIRST_YEAR	1600
#define LAST_YEAR	2582

typedef struct Expansion
{
	TimestampTz first;
	TimestampTz end;
	text	   *zone;
	Timestamp	local_first;
	Timestamp	local_end;		/* of what is before end, none is later */
	double		tries_left;
	TimeList	starts;
} Expansion;

static Timestamp
year_end(int year)
{
	return (date2j(year + 1, 1, 1) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY - 1;
}

/*
 * The last instant at which a rule with UNTIL has an occurrence; of a date, the
 * last one of that day.
 */
static TimestampTz
last_instant(const RuleTime *until, text *zone)
{
	if (until->is_utc)
		return until->time;
	if (until->is_date)
		return zone_time(until->time + USECS_PER_DAY, zone) - 1;
	return zone_time(until->time, zone);
}

static void
tries_error(const Expansion *expansion, const RecurrenceRule *rule, double days,
			bool counted)
{
	char	   *left = expansion->tries_left < TRIES_MAX ?
		psprintf(", of which the rules before it leave %.0f", Max(expansion->tries_left, 0)) : "";

	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("recurrence rule has too many times to look at"),
			 counted ?
			 errdetail("It has fewer than %d occurrences among the %d that are looked at%s.",
					   rule->count, TRIES_MAX, left) :
			 errdetail("In %.0f days it has %.0f, of %d at most%s.",
					   ceil(days), days * rule->tries_per_day, TRIES_MAX, left),
			 errhint("Start later, end earlier, or write a rule for days or weeks.")));
}

/*
 * Go through one rule.
 */
static void
expand_rule(Expansion *expansion, const RecurrenceRule *rule)
{
	Timestamp	first = expansion->local_first;
	Timestamp	local_end = expansion->local_end;
	TimestampTz last = DT_NOEND;
	TimeList	list = {0};
	Timestamp	end;
	double		days;
	double		all;
	double		tries;

	if (rule->never)
		return;
	if (rule->until != NULL)
	{
		last = last_instant(rule->until, expansion->zone);
		if (last < expansion->first)
			return;
		local_end = Min(local_end, local_time(last, expansion->zone));
	}
	/* when clocks go back, the end may show an earlier time than the start */
	local_end = Max(local_end, first);
	days = ((double) local_end - (double) first) / USECS_PER_DAY;
	all = days * rule->tries_per_day;
	if (rule->count == 0 && all > expansion->tries_left)
		tries_error(expansion, rule, days, false);
	tries = rule->count == 0 ? all : Max(TRIES_FIRST, 2.0 * rule->count);
	for (;;)
	{
		tries = Min(tries, expansion->tries_left);
		if (tries >= all)
			end = local_end;
		else
			end = first + (Timestamp) (tries / rule->tries_per_day * USECS_PER_DAY);
		rule_walk(rule, first, end, &list);
		if (end == local_end || list.n == rule->count)
			break;
		if (tries >= expansion->tries_left)
			tries_error(expansion, rule, days, true);
		tries *= 4;
	}
	/* what it took, and something for itself */
	if (list.n > 0 && list.n == rule->count)
		end = list.times[list.n - 1];
	expansion->tries_left -= ((double) end - (double) first) / USECS_PER_DAY * rule->tries_per_day + 1;
	for (int i = 0; i < list.n; i++)
	{
		/* of a time that there is twice, it is the one that was given */
		TimestampTz instant = list.times[i] == first ? expansion->first :
			zone_time(list.times[i], expansion->zone);

		CHECK_FOR_INTERRUPTS();
		if (instant >= expansion->first && instant < expansion->end && instant <= last)
			add_time(&expansion->starts, instant);
	}
	if (list.times != NULL)
		pfree(list.times);
}

static bool
is_among(const int64 *times, int n, int64 time)
{
	return n > 0 && bsearch(&time, times, n, sizeof(int64), compare_times) != NULL;
}

/*
 * Sort, and leave out what is there twice or named by EXDATE.
 */
static void
settle_starts(Expansion *expansion, List *left_out)
{
	int64	   *instants = palloc(sizeof(int64) * (list_length(left_out) + 1));
	int64	   *days = palloc(sizeof(int64) * (list_length(left_out) + 1));
	int			ninstants = 0;
	int			ndays = 0;
	int			n = 0;
	TimeList   *starts = &expansion->starts;
	ListCell   *cell;

	foreach(cell, left_out)
	{
		const RuleTime *time = lfirst(cell);

		if (time->is_date)
			days[ndays++] = day_of_time(time->time);
		else if (time->is_utc)
			instants[ninstants++] = time->time;
		else
			instants[ninstants++] = zone_time(time->time, time->zone != NULL ?
											  cstring_to_text(time->zone) :
											  expansion->zone);
	}
	qsort(instants, ninstants, sizeof(int64), compare_times);
	qsort(days, ndays, sizeof(int64), compare_times);
	if (starts->n > 0)
		qsort(starts->times, starts->n, sizeof(int64), compare_times);
	for (int i = 0; i < starts->n; i++)
	{
		TimestampTz start = starts->times[i];

		if ((n > 0 && starts->times[n - 1] == start) ||
			is_among(instants, ninstants, start) ||
			(ndays > 0 && is_among(days, ndays, day_of_time(local_time(start, expansion->zone)))))
			continue;
		starts->times[n++] = start;
	}
	starts->n = n;
}

/*
 * recurrence_expand returns the occurrences from a first start to before an end,
 * ascending.  The end may be infinite if the recurrence has one of its own.
 *
 * 22023 for a time zone that does not exist, or a first start that is no time of
 * the calendar; 54000 for more than can be looked at; 22008.
 */
TimestampTz *
recurrence_expand(const Recurrence *recurrence, TimestampTz first, text *zone,
				  TimestampTz end, int *n)
{
	Expansion	expansion = {.first = first,.end = end,.zone = zone,.tries_left = TRIES_MAX};
	ListCell   *cell;

	expansion.local_first = local_time(first, zone);
	if (expansion.local_first < year_end(FIRST_YEAR - 1) ||
		expansion.local_first > year_end(LAST_YEAR))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("first start of a recurrence must be in the years %d to %d",
						FIRST_YEAR, LAST_YEAR),
				 errdetail("It is %s.", timestamptz_to_str(first))));
	expansion.local_end = year_end(LAST_YEAR);
	if (end < expansion.local_end)
	{
		if (end <= first)
		{
			*n = 0;
			return NULL;
		}
		expansion.local_end = Min(expansion.local_end, local_time(end, zone));
	}
	foreach(cell, recurrence->rules)
		expand_rule(&expansion, lfirst(cell));
	foreach(cell, recurrence->added)
	{
		const RuleTime *time = lfirst(cell);
		text	   *own_zone = time->zone != NULL ? cstring_to_text(time->zone) : zone;
		Timestamp	local = time->time;
		TimestampTz start;

		if (time->is_date)
			local += expansion.local_first - day_of_time(expansion.local_first) * USECS_PER_DAY;
		start = time->is_utc ? time->time : zone_time(local, own_zone);
		if (start >= first && start < end)
			add_time(&expansion.starts, start);
	}
	settle_starts(&expansion, recurrence->left_out);
	*n = expansion.starts.n;
	return expansion.starts.times;
}
