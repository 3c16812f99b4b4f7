/*-------------------------------------------------------------------------
 *
 * rule_walk.c
 *	  When one rule recurs, by clocks: libical goes through it.
 *
 * Of what libical has, that is kept which a rule leaves to be looked at here: see
 * rule_plan.c.
 *
 * The memory of libical is not PostgreSQL's: an iterator is given back also when
 * an error passes.
 *
 *-------------------------------------------------------------------------
 */
#include "recurrence/rule_walk.h"

#include <libical/ical.h>

#include "miscadmin.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

/*
 * day_of_time returns the day of a local time, from 2000-01-01 on.
 */
int64
day_of_time(Timestamp time)
{
	return (time - (time % USECS_PER_DAY + USECS_PER_DAY) % USECS_PER_DAY) / USECS_PER_DAY;
}

/*
 * compare_times is for qsort() and bsearch() of times.
 */
int
compare_times(const void *a, const void *b)
{
	int64		left = *(const int64 *) a;
	int64		right = *(const int64 *) b;

	return (left > right) - (left < right);
}

/*
 * add_time puts a time at the end of a list.
 */
void
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
walk(const RecurrenceRule *rule, icalrecur_iterator *iterator, Timestamp first,
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
		if (local < first && rule->positions == NIL)
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
go_through(const RecurrenceRule *rule, Timestamp first, Timestamp day,
		   Timestamp end, TimeList *list)
{
	Timestamp	fraction = first % USECS_PER_SEC;
	struct icaltimetype clock = ical_time(first);
	struct icaltimetype start = rule->days_or_more ? ical_time(day) : clock;
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
		default_to(parsed.by_hour, clock.hour);
		default_to(parsed.by_minute, clock.minute);
		default_to(parsed.by_second, clock.second);
	}
	/* the weekday of the first start: see rule_check.c */
	if (parsed.by_week_no[0] != ICAL_RECURRENCE_ARRAY_MAX)
		default_to(parsed.by_day, icaltime_day_of_week(clock));
	/* its day of the month, if positions are counted from the first of a month on */
	else if (rule->positions != NIL && parsed.by_day[0] == ICAL_RECURRENCE_ARRAY_MAX &&
			 parsed.by_year_day[0] == ICAL_RECURRENCE_ARRAY_MAX)
		default_to(parsed.by_month_day, clock.day);
	/* none if there is no first occurrence */
	iterator = icalrecur_iterator_new(parsed, start);
	if (iterator != NULL)
		walk(rule, iterator, first, fraction, list);
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
pick_positions(const RecurrenceRule *rule, Timestamp first, Timestamp end,
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
				list->times[i] >= first && list->times[i] <= end)
				list->times[kept++] = list->times[i];
		}
		from = to;
	}
	list->n = kept;
}

/*
 * rule_walk lists what a rule has from a first start up to an end, or until COUNT
 * ends it, ascending: local times.
 *
 * 22023, 22008.
 */
void
rule_walk(const RecurrenceRule *rule, Timestamp first, Timestamp end, TimeList *list)
{
	int64		day = day_of_time(first);
	int			weekday = j2day((int) day + POSTGRES_EPOCH_JDATE);
	ListCell   *cell;

	list->n = 0;
	if (rule->positions != NIL)
	{
		go_through(rule, first, period_day(rule, first, 0) * USECS_PER_DAY,
				   period_day(rule, end, 1) * USECS_PER_DAY - 1, list);
		pick_positions(rule, first, end, list);
	}
	else if (rule->start_days == NIL)
		go_through(rule, first, day * USECS_PER_DAY, end, list);
	foreach(cell, rule->start_days)
	{
		/* which day of the week they are, as the rule has it */
		int			wanted = (lfirst_int(cell) - rule->week_start + DAYS_PER_WEEK) % DAYS_PER_WEEK;
		int			is = (weekday - rule->week_start + DAYS_PER_WEEK) % DAYS_PER_WEEK;
		int64		start = day + wanted - is;

		if (start < day)
			start += DAYS_PER_WEEK * rule->weeks;
		if (start * USECS_PER_DAY <= end)
			go_through(rule, first, start * USECS_PER_DAY, end, list);
	}
	if (list_length(rule->start_days) > 1)
		qsort(list->times, list->n, sizeof(int64), compare_times);
	if (rule->count > 0)
		list->n = Min(list->n, rule->count);
}
