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
 * libical does not let itself be interrupted while nothing matches.  So how many
 * times it would have to look at is computed before, and bounded.  Its memory is
 * not PostgreSQL's: an iterator is given back also when an error passes.
 *
 *-------------------------------------------------------------------------
 */
#include "recurrence/recurrence.h"

#include <libical/ical.h>

#include "common/int.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

/* libical looks at some 250 times in a millisecond */
#define TRIES_MAX	250000

/* the calendar of libical, and the last year it looks at */
#define FIRST_YEAR	1600
#define LAST_YEAR	2582

typedef struct Expansion
{
	TimestampTz first;
	TimestampTz end;
	text	   *zone;
	Timestamp	local_first;
	Timestamp	local_end;		/* no earlier than end */
	TimestampTz *starts;
	int			n;
	int			room;
} Expansion;

/*
 * local_time returns what clocks show in a zone at an instant.
 */
Timestamp
local_time(TimestampTz instant, text *zone)
{
	return DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone,
												 PointerGetDatum(zone),
												 TimestampTzGetDatum(instant)));
}

/*
 * zone_time returns the instant at which clocks show a time in a zone.
 */
TimestampTz
zone_time(Timestamp time, text *zone)
{
	return DatumGetTimestampTz(DirectFunctionCall2(timestamp_zone,
												   PointerGetDatum(zone),
												   TimestampGetDatum(time)));
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

static Timestamp
year_end(int year)
{
	return (date2j(year + 1, 1, 1) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY - 1;
}

static void
add_start(Expansion *expansion, TimestampTz start)
{
	if (start < expansion->first || start >= expansion->end)
		return;
	if (expansion->n == expansion->room)
	{
		expansion->room = Max(64, 2 * expansion->room);
		if (expansion->starts == NULL)
			expansion->starts = palloc(sizeof(TimestampTz) * expansion->room);
		else
			expansion->starts = repalloc_huge(expansion->starts,
											  sizeof(TimestampTz) * expansion->room);
	}
	expansion->starts[expansion->n++] = start;
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
check_tries(const RecurrenceRule *rule, Timestamp from, Timestamp to)
{
	double		days = ((double) to - (double) from) / USECS_PER_DAY + 1;

	/* every time it looks at is one, unless it is restricted further */
	if (rule->count > 0 && strstr(rule->text, ";BY") == NULL && rule->count <= TRIES_MAX)
		return;
	if (days * rule->tries_per_day <= TRIES_MAX)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("recurrence rule has too many times to look at"),
			 errdetail("In %.0f days it has %.0f, of %d at most.",
					   days, days * rule->tries_per_day, TRIES_MAX),
			 errhint("Start later, end earlier, or write a rule for days or weeks.")));
}

static void
free_iterator(void *iterator)
{
	icalrecur_iterator_free(iterator);
}

/*
 * Go through an iterator.  It is given back with a memory context: also by an
 * error.
 */
static void
walk(Expansion *expansion, icalrecur_iterator *iterator, Timestamp fraction,
	 TimestampTz last)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "arbiter recurrence",
												  ALLOCSET_SMALL_SIZES);
	MemoryContextCallback *callback = MemoryContextAlloc(context, sizeof(MemoryContextCallback));
	struct icaltimetype time;

	callback->func = free_iterator;
	callback->arg = iterator;
	MemoryContextRegisterResetCallback(context, callback);
	for (time = icalrecur_iterator_next(iterator);
		 !icaltime_is_null_time(time);
		 time = icalrecur_iterator_next(iterator))
	{
		TimestampTz instant = zone_time(pg_time(&time) + fraction, expansion->zone);

		CHECK_FOR_INTERRUPTS();
		if (instant <= last)
			add_start(expansion, instant);
	}
	MemoryContextDelete(context);
}

/*
 * Go through one rule.
 */
static void
expand_rule(Expansion *expansion, const RecurrenceRule *rule)
{
	Timestamp	fraction = expansion->local_first % USECS_PER_SEC;
	Timestamp	local_end = expansion->local_end;
	TimestampTz last = DT_NOEND;
	struct icaltimetype start = ical_time(expansion->local_first);
	struct icalrecurrencetype parsed;
	icalrecur_iterator *iterator;

	if (rule->never)
		return;
	if (fraction < 0)
		fraction += USECS_PER_SEC;
	if (rule->whole_minutes)
		fraction = 0;
	if (rule->until != NULL)
	{
		last = last_instant(rule->until, expansion->zone);
		/* a day later, whatever clocks did: the instant decides */
		local_end = Min(local_end, local_time(last, expansion->zone) + USECS_PER_DAY);
	}
	if (local_end < expansion->local_first)
		return;
	check_tries(rule, expansion->local_first, local_end);

	icalerror_set_errors_are_fatal(0);
	icalerror_clear_errno();
	parsed = icalrecurrencetype_from_string(rule->text);
	if (parsed.freq == ICAL_NO_RECURRENCE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid recurrence rule"),
				 errdetail("libical does not accept \"%s\": %s.", rule->text,
						   icalerror_strerror(icalerrno))));
	parsed.count = rule->count;
	parsed.until = ical_time(local_end);
	/* the weekday of the start: see rule.c */
	if (parsed.by_week_no[0] != ICAL_RECURRENCE_ARRAY_MAX &&
		parsed.by_day[0] == ICAL_RECURRENCE_ARRAY_MAX)
	{
		parsed.by_day[0] = icaltime_day_of_week(start);
		parsed.by_day[1] = ICAL_RECURRENCE_ARRAY_MAX;
	}
	/* none if there is no first occurrence */
	iterator = icalrecur_iterator_new(parsed, start);
	if (iterator == NULL)
		return;
	walk(expansion, iterator, fraction, last);
}

static int
compare_times(const void *a, const void *b)
{
	int64		left = *(const int64 *) a;
	int64		right = *(const int64 *) b;

	return (left > right) - (left < right);
}

static bool
is_among(const int64 *times, int n, int64 time)
{
	return n > 0 && bsearch(&time, times, n, sizeof(int64), compare_times) != NULL;
}

static int64
day_of(Timestamp time)
{
	return (time - (time % USECS_PER_DAY + USECS_PER_DAY) % USECS_PER_DAY) / USECS_PER_DAY;
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
	if (expansion->n > 0)
		qsort(expansion->starts, expansion->n, sizeof(TimestampTz), compare_times);
	for (int i = 0; i < expansion->n; i++)
	{
		TimestampTz start = expansion->starts[i];

		if ((n > 0 && expansion->starts[n - 1] == start) ||
			is_among(instants, ninstants, start) ||
			(ndays > 0 && is_among(days, ndays, day_of(local_time(start, expansion->zone)))))
			continue;
		expansion->starts[n++] = start;
	}
	expansion->n = n;
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
	Expansion	expansion = {.first = first,.end = end,.zone = zone};
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
		expansion.local_end = Min(expansion.local_end,
								  local_time(end, zone) + USECS_PER_DAY);
	}
	foreach(cell, recurrence->rules)
		expand_rule(&expansion, lfirst(cell));
	foreach(cell, recurrence->added)
	{
		const RuleTime *time = lfirst(cell);
		text	   *own_zone = time->zone != NULL ? cstring_to_text(time->zone) : zone;
		Timestamp	local = time->time;

		if (time->is_date)
			local += expansion.local_first - day_of(expansion.local_first) * USECS_PER_DAY;
		add_start(&expansion, time->is_utc ? time->time : zone_time(local, own_zone));
	}
	settle_starts(&expansion, recurrence->left_out);
	*n = expansion.n;
	return expansion.starts;
}
