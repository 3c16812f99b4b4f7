/*-------------------------------------------------------------------------
 *
 * expand.c
 *	  When something recurs: libical goes through a rule, PostgreSQL knows zones.
 *
 * A rule is gone through in local time without a zone, and each occurrence made
 * an instant after that, as "timestamp AT TIME ZONE zone" does it.  So what is at
 * nine stays at nine when clocks change.  A time that a spring change leaves out
 * is read with the offset from before it, and so is later by the change; one that
 * an autumn change has twice is the second one, in standard time.  What is the
 * same instant then is one occurrence.
 *
 * libical does not let itself be interrupted while nothing matches, and does not
 * say how far it is.  So it gets no COUNT, but an end up to which the times that
 * it would have to look at are few enough, of all rules together; if that was too
 * early, again with a later one.  Its memory is not PostgreSQL's: an iterator is
 * given back also when an error passes.
 *
 *-------------------------------------------------------------------------
 */
#include "recurrence/recurrence.h"

#include <libical/ical.h>
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

/* times, local or not */
typedef struct TimeList
{
	int64	   *times;
	int			n;
	int			room;
} TimeList;

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

static struct icaltimetype
ical_time(Timestamp time)
{
	struct icaltimetype result = icaltime_null_time();
	struct pg_tm tm;
	fsec_t		fraction;

	if (timestamp2tm(time, NULL, &tm, &fraction, NULL, NULL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	result.year = tm.tm_year;
	result.month = tm.tm_mon;
	result.day = tm.tm_mday;
	result.hour = tm.tm_hour;
	result.minute = tm.tm_min;
	result.second = tm.tm_sec;
	return result;
}

static Timestamp
pg_time(const struct icaltimetype *time)
{
	struct pg_tm tm = {
		.tm_year = time->year,
		.tm_mon = time->month,
		.tm_mday = time->day,
		.tm_hour = time->hour,
		.tm_min = time->minute,
		.tm_sec = time->second
	};
	Timestamp	result;

	if (tm2timestamp(&tm, 0, NULL, &result) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	return result;
}

static Timestamp
year_end(int year)
{
	return (date2j(year + 1, 1, 1) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY - 1;
}

static int64
day_of(Timestamp time)
{
	return (time - (time % USECS_PER_DAY + USECS_PER_DAY) % USECS_PER_DAY) / USECS_PER_DAY;
}

static int
compare_times(const void *a, const void *b)
{
	int64		left = *(const int64 *) a;
	int64		right = *(const int64 *) b;

	return (left > right) - (left < right);
}

static void
add_time(TimeList *list, int64 time)
{
	if (list->n == list->room)
	{
		list->room = Max(64, 2 * list->room);
		if (list->times == NULL)
			list->times = palloc(sizeof(int64) * list->room);
		else
			list->times = repalloc_huge(list->times, sizeof(int64) * list->room);
	}
	list->times[list->n++] = time;
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

static void
default_to(short *list, int value)
{
	if (list[0] == ICAL_RECURRENCE_ARRAY_MAX)
	{
		list[0] = (short) value;
		list[1] = ICAL_RECURRENCE_ARRAY_MAX;
	}
}

static void
free_iterator(void *iterator)
{
	icalrecur_iterator_free(iterator);
}

/*
 * Is a number in a list, also if it is counted from the end?  No list: yes.
 */
static bool
matches(const List *numbers, int number, int length)
{
	return numbers == NIL || list_member_int(numbers, number) ||
		list_member_int(numbers, number - length - 1);
}

/*
 * Is a day one of those that a rule is restricted to?
 */
static bool
day_matches(const RecurrenceRule *rule, const struct icaltimetype *time)
{
	int			leap = isleap(time->year);

	if (rule->months == NIL && rule->month_days == NIL && rule->year_days == NIL &&
		rule->days == NIL)
		return true;
	return (rule->months == NIL || list_member_int(rule->months, time->month)) &&
		matches(rule->month_days, time->day, day_tab[leap][time->month - 1]) &&
		matches(rule->year_days,
				date2j(time->year, time->month, time->day) - date2j(time->year, 1, 1) + 1,
				leap ? 366 : 365) &&
		(rule->days == NIL ||
		 list_member_int(rule->days, j2day(date2j(time->year, time->month, time->day))));
}

/*
 * Go through an iterator, for what it has from the first start on, or for all of
 * it where positions are counted.  It is given back with a memory context: also by
 * an error.
 */
static void
walk(Expansion *expansion, const RecurrenceRule *rule, icalrecur_iterator *iterator,
	 Timestamp fraction, TimeList *list)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "arbiter recurrence",
												  ALLOCSET_SMALL_SIZES);
	MemoryContextCallback *callback = MemoryContextAlloc(context, sizeof(MemoryContextCallback));
	struct icaltimetype time;
	int			before = list->n;

	callback->func = free_iterator;
	callback->arg = iterator;
	MemoryContextRegisterResetCallback(context, callback);
	for (time = icalrecur_iterator_next(iterator);
		 !icaltime_is_null_time(time);
		 time = icalrecur_iterator_next(iterator))
	{
		Timestamp	local;

		CHECK_FOR_INTERRUPTS();
		if (!day_matches(rule, &time))
			continue;
		local = pg_time(&time) + fraction;
		if (local < expansion->local_first && rule->positions == NIL)
			continue;
		add_time(list, local);
		if (rule->count > 0 && list->n - before >= rule->count && rule->positions == NIL)
			break;
	}
	MemoryContextDelete(context);
}

/*
 * Let libical go through a rule from a day on, up to an end.
 */
static void
go_through(Expansion *expansion, const RecurrenceRule *rule, Timestamp day,
		   Timestamp end, TimeList *list)
{
	Timestamp	fraction = expansion->local_first % USECS_PER_SEC;
	struct icaltimetype first = ical_time(expansion->local_first);
	struct icaltimetype start = ical_time(rule->days_or_more ? day : expansion->local_first);
	struct icalrecurrencetype parsed;
	icalrecur_iterator *iterator;

	if (fraction < 0)
		fraction += USECS_PER_SEC;
	if (rule->whole_minutes)
		fraction = 0;
	icalerror_set_errors_are_fatal(0);
	icalerror_clear_errno();
	parsed = icalrecurrencetype_from_string(rule->text);
	if (parsed.freq == ICAL_NO_RECURRENCE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid recurrence rule"),
				 errdetail("libical does not accept \"%s\": %s.", rule->text,
						   icalerror_strerror(icalerrno))));
	parsed.until = ical_time(end);
	/* from midnight on, so that no time of the first day is too early */
	if (rule->days_or_more)
	{
		default_to(parsed.by_hour, first.hour);
		default_to(parsed.by_minute, first.minute);
		default_to(parsed.by_second, first.second);
	}
	/* the weekday of the first start: see rule_check.c */
	if (parsed.by_week_no[0] != ICAL_RECURRENCE_ARRAY_MAX)
		default_to(parsed.by_day, icaltime_day_of_week(first));
	/* its day of the month, if positions are counted from the first of a month on */
	else if (rule->positions != NIL && parsed.by_day[0] == ICAL_RECURRENCE_ARRAY_MAX &&
			 parsed.by_year_day[0] == ICAL_RECURRENCE_ARRAY_MAX)
		default_to(parsed.by_month_day, first.day);
	/* none if there is no first occurrence */
	iterator = icalrecur_iterator_new(parsed, start);
	if (iterator != NULL)
		walk(expansion, rule, iterator, fraction, list);
}

/*
 * The day on which the month of a time begins, or another one, or the year.
 */
static int64
period_day(const RecurrenceRule *rule, Timestamp time, int after)
{
	struct icaltimetype at = ical_time(time);
	int			month = at.month + after;

	if (rule->yearly)
		return date2j(at.year + after, 1, 1) - POSTGRES_EPOCH_JDATE;
	return date2j(month > MONTHS_PER_YEAR ? at.year + 1 : at.year,
				  month > MONTHS_PER_YEAR ? 1 : month, 1) - POSTGRES_EPOCH_JDATE;
}

/*
 * Of the times of whole months or years, ascending, keep those of the positions of
 * a rule, from the first start up to an end.
 */
static void
pick_positions(Expansion *expansion, const RecurrenceRule *rule, Timestamp end,
			   TimeList *list)
{
	int			kept = 0;
	int			from = 0;

	while (from < list->n)
	{
		int64		next = period_day(rule, list->times[from], 1) * USECS_PER_DAY;
		int			to = from + 1;

		while (to < list->n && list->times[to] < next)
			to++;
		for (int i = from; i < to; i++)
		{
			if (matches(rule->positions, i - from + 1, to - from) &&
				list->times[i] >= expansion->local_first && list->times[i] <= end)
				list->times[kept++] = list->times[i];
		}
		from = to;
	}
	list->n = kept;
}

/*
 * What a rule has up to an end, ascending: local times.
 */
static void
collect(Expansion *expansion, const RecurrenceRule *rule, Timestamp end, TimeList *list)
{
	int64		day = day_of(expansion->local_first);
	int			weekday = j2day((int) day + POSTGRES_EPOCH_JDATE);
	ListCell   *cell;

	list->n = 0;
	if (rule->positions != NIL)
	{
		go_through(expansion, rule,
				   period_day(rule, expansion->local_first, 0) * USECS_PER_DAY,
				   period_day(rule, end, 1) * USECS_PER_DAY - 1, list);
		pick_positions(expansion, rule, end, list);
	}
	else if (rule->start_days == NIL)
		go_through(expansion, rule, day * USECS_PER_DAY, end, list);
	foreach(cell, rule->start_days)
	{
		/* which day of the week they are, as the rule has it */
		int			wanted = (lfirst_int(cell) - rule->week_start + DAYS_PER_WEEK) % DAYS_PER_WEEK;
		int			is = (weekday - rule->week_start + DAYS_PER_WEEK) % DAYS_PER_WEEK;
		int64		start = day + wanted - is;

		if (start < day)
			start += DAYS_PER_WEEK * rule->weeks;
		if (start * USECS_PER_DAY <= end)
			go_through(expansion, rule, start * USECS_PER_DAY, end, list);
	}
	if (list_length(rule->start_days) > 1)
		qsort(list->times, list->n, sizeof(int64), compare_times);
	if (rule->count > 0)
		list->n = Min(list->n, rule->count);
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
		collect(expansion, rule, end, &list);
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
			days[ndays++] = day_of(time->time);
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
			(ndays > 0 && is_among(days, ndays, day_of(local_time(start, expansion->zone)))))
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
			local += expansion.local_first - day_of(expansion.local_first) * USECS_PER_DAY;
		start = time->is_utc ? time->time : zone_time(local, own_zone);
		if (start >= first && start < end)
			add_time(&expansion.starts, start);
	}
	settle_starts(&expansion, recurrence->left_out);
	*n = expansion.starts.n;
	return expansion.starts.times;
}
