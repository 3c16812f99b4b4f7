/*-------------------------------------------------------------------------
 *
 * rule_plan.c
 *	  What of a rule libical gets to do, and what is left to expand.c.
 *
 * libical 3 goes through a rule faithfully where its unit is a day or more and
 * what its parts list adds times to that.  Where RFC 5545 has the parts take
 * times away, they are looked at by expand.c, one time after the other:
 *
 *	- of a rule for days or less, months and days.  libical would lose the first
 *	  ones, and does not count from the end
 *
 *	- of a rule for weeks, months.  And libical goes through the weeks of one
 *	  weekday at a time: it would have them begin elsewhere than WKST says
 *
 *	- of a rule for years, days of the month, if weekdays are numbered in the
 *	  year: with months, which libical needs for the one, they would be numbered
 *	  in the month
 *
 * BYSETPOS picks of what is left then: libical would count days that a month does
 * not have, or that are listed twice, as 31 and -1.
 *
 * A rule for each hour, minute or second that lists times of the day is one for
 * days that has all others listed: libical would lose the first ones.
 *
 *-------------------------------------------------------------------------
 */
#include "recurrence/rule_parts.h"

#include "lib/stringinfo.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

/*
 * Does a rule for years name only days that no month has, the 30th of February?
 * libical would look for them for thousands of years.
 */
static bool
never_matches(const RuleParts *parts)
{
	ListCell   *month;
	ListCell   *day;

	if (parts->numbers[BY_MONTH] == NIL || parts->numbers[BY_MONTH_DAY] == NIL)
		return false;
	foreach(month, parts->numbers[BY_MONTH])
	{
		foreach(day, parts->numbers[BY_MONTH_DAY])
		{
			if (abs(lfirst_int(day)) <= day_tab[1][lfirst_int(month) - 1])
				return false;
		}
	}
	return true;
}

/*
 * How many days of a year the parts of a rule for years list, at most.
 */
static double
days_of_year(const RuleParts *parts)
{
	int			months = rule_times(parts, BY_MONTH);

	if (parts->ndays > 0 || parts->numbers[BY_YEAR_DAY] != NIL ||
		parts->numbers[BY_WEEK_NO] != NIL)
		return DAYS_PER_YEAR;
	if (parts->numbers[BY_MONTH] == NIL && parts->numbers[BY_MONTH_DAY] != NIL)
		months = MONTHS_PER_YEAR;
	return (double) months * rule_times(parts, BY_MONTH_DAY);
}

/*
 * How many times libical goes through in a day, at most, on average.
 */
static double
tries_per_day(const RuleParts *parts)
{
	double		times = (double) rule_times(parts, BY_HOUR) *
		rule_times(parts, BY_MINUTE) * rule_times(parts, BY_SECOND);

	switch (parts->frequency)
	{
		case EVERY_SECOND:
			return (double) SECS_PER_DAY / parts->interval;
		case EVERY_MINUTE:
			return (double) MINS_PER_HOUR * HOURS_PER_DAY / parts->interval;
		case EVERY_HOUR:
			return (double) HOURS_PER_DAY / parts->interval;
		case EVERY_DAY:
			return times / parts->interval;
		case EVERY_WEEK:
			return times * Max(parts->ndays, 1) / ((double) DAYS_PER_WEEK * parts->interval);
		case EVERY_MONTH:
			return times * (parts->ndays > 0 ? day_tab[0][0] : rule_times(parts, BY_MONTH_DAY)) /
				((double) DAYS_PER_MONTH * parts->interval);
		case EVERY_YEAR:
			return times * days_of_year(parts) / (DAYS_PER_YEAR * parts->interval);
		case NO_FREQUENCY:
			break;
	}
	return times;
}

static void
list_all(RuleParts *parts, NumberPart part)
{
	if (parts->numbers[part] != NIL)
		return;
	for (int i = rule_parts[part].least; i <= rule_parts[part].most; i++)
		parts->numbers[part] = lappend_int(parts->numbers[part], i);
}

/*
 * Write a rule for hours or less that lists times of the day as one for days.
 */
static void
plan_times(RuleParts *parts)
{
	if (parts->frequency > EVERY_HOUR ||
		(parts->numbers[BY_HOUR] == NIL && parts->numbers[BY_MINUTE] == NIL &&
		 parts->numbers[BY_SECOND] == NIL))
		return;
	Assert(parts->interval == 1);
	list_all(parts, BY_HOUR);
	if (parts->frequency <= EVERY_MINUTE)
		list_all(parts, BY_MINUTE);
	if (parts->frequency == EVERY_SECOND)
		list_all(parts, BY_SECOND);
	parts->frequency = EVERY_DAY;
}

static List *
take_numbers(RuleParts *parts, NumberPart part)
{
	List	   *numbers = parts->numbers[part];

	parts->numbers[part] = NIL;
	return numbers;
}

/*
 * Leave to expand.c what takes days away.
 */
static void
plan_days(RuleParts *parts)
{
	RecurrenceRule *rule = parts->rule;
	List	   *days = NIL;

	if (parts->frequency == EVERY_YEAR && parts->numbers[BY_MONTH_DAY] != NIL &&
		parts->numbers[BY_MONTH] == NIL)
	{
		/* BYMONTHDAY alone is that of one month to libical */
		if (parts->positions)
			rule->month_days = take_numbers(parts, BY_MONTH_DAY);
		else
			list_all(parts, BY_MONTH);
	}
	if (parts->frequency > EVERY_WEEK)
		return;
	for (int i = 0; i < parts->ndays; i++)
		days = lappend_int(days, parts->days[i].day);
	parts->ndays = 0;
	rule->months = take_numbers(parts, BY_MONTH);
	if (parts->frequency == EVERY_WEEK)
	{
		rule->weekly = true;
		rule->start_days = days;
		rule->week_start = parts->week_start >= 0 ? parts->week_start : 1;
		rule->weeks = parts->interval;
		parts->week_start = -1;
		return;
	}
	rule->days = days;
	rule->month_days = take_numbers(parts, BY_MONTH_DAY);
	rule->year_days = take_numbers(parts, BY_YEAR_DAY);
}

static void
append_numbers(StringInfo text, const RuleParts *parts, NumberPart part)
{
	ListCell   *cell;
	char		separator = '=';

	if (parts->numbers[part] == NIL)
		return;
	appendStringInfo(text, ";%s", rule_parts[part].name);
	foreach(cell, parts->numbers[part])
	{
		appendStringInfo(text, "%c%d", separator, lfirst_int(cell));
		separator = ',';
	}
}

static char *
rule_text(const RuleParts *parts)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text, "FREQ=%s;INTERVAL=%d", rule_frequencies[parts->frequency],
					 parts->interval);
	if (parts->week_start >= 0)
		appendStringInfo(&text, ";WKST=%s", rule_weekdays[parts->week_start]);
	for (int i = 0; i < NUMBER_PARTS; i++)
		append_numbers(&text, parts, i);
	for (int i = 0; i < parts->ndays; i++)
	{
		appendStringInfoString(&text, i == 0 ? ";BYDAY=" : ",");
		if (parts->days[i].position != 0)
			appendStringInfo(&text, "%d", parts->days[i].position);
		appendStringInfoString(&text, rule_weekdays[parts->days[i].day]);
	}
	return text.data;
}

/*
 * rule_plan makes of the parts of a rule, which it changes, what is gone through.
 */
void
rule_plan(RuleParts *parts)
{
	RecurrenceRule *rule = parts->rule;

	rule->never = never_matches(parts);
	plan_times(parts);
	rule->tries_per_day = tries_per_day(parts);
	rule->days_or_more = parts->frequency >= EVERY_DAY;
	plan_days(parts);
	rule->positions = take_numbers(parts, BY_SET_POS);
	rule->yearly = parts->frequency == EVERY_YEAR;
	rule->text = rule_text(parts);
}
