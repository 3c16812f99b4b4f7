/*-------------------------------------------------------------------------
 *
 * rule_check.c
 *	  What the parts of one RRULE are together: refused, without end, much work.
 *
 * What libical 3 is known to do otherwise than RFC 5545 says is refused here:
 *
 *	- BYSETPOS is for months and years only, and picks days, not times of a day
 *
 *	- negative days do not restrict a rule for days or less
 *
 *	- INTERVAL is forgotten by a rule for hours or less that also lists such
 *
 *	- weeks in two years are taken for others, and may be written out of bounds:
 *	  BYWEEKNO is for those that never are, and always with a weekday, by
 *	  recurrence_expand()
 *
 *-------------------------------------------------------------------------
 */
#include "recurrence/rule_parts.h"

#include "utils/datetime.h"
#include "utils/timestamp.h"

static void
combination_error(const char *part, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid recurrence rule: %s does not go with the rest", part),
			 errdetail_internal("%s", detail)));
}

/*
 * rule_unsupported_error raises that a rule is right, but that libical cannot do
 * it (0A000).
 */
void
rule_unsupported_error(const char *part, const char *detail, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("recurrence rule is not supported: %s", part),
			 errdetail_internal("%s", detail),
			 hint != NULL ? errhint("%s", hint) : 0));
}

static int
times_of(const RuleParts *parts, NumberPart part)
{
	return Max(list_length(parts->numbers[part]), 1);
}

static bool
has_negative(List *numbers)
{
	return numbers != NIL && linitial_int(numbers) < 0;
}

/*
 * rule_check refuses parts that do not go together: by RFC 5545 (22023), or as
 * libical has it (0A000).
 */
void
rule_check(const RuleParts *parts)
{
	List	   *const *numbers = parts->numbers;
	Frequency	frequency = parts->frequency;
	ListCell   *cell;
	int			most;

	if (frequency == NO_FREQUENCY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid recurrence rule: FREQ is missing"),
				 errhint("Write FREQ=DAILY, FREQ=WEEKLY;BYDAY=MO,WE or the like, or five cron fields.")));
	if (parts->rule->count > 0 && parts->rule->until != NULL)
		combination_error("UNTIL", "A rule ends by COUNT or by UNTIL, not by both.");
	if (numbers[BY_WEEK_NO] != NIL && frequency != EVERY_YEAR)
		combination_error("BYWEEKNO", "It needs FREQ=YEARLY.");
	if (numbers[BY_YEAR_DAY] != NIL && frequency >= EVERY_DAY && frequency <= EVERY_MONTH)
		combination_error("BYYEARDAY", "It does not go with FREQ=DAILY, WEEKLY or MONTHLY.");
	if (numbers[BY_MONTH_DAY] != NIL && frequency == EVERY_WEEK)
		combination_error("BYMONTHDAY", "It does not go with FREQ=WEEKLY.");
	if (parts->positions &&
		(frequency < EVERY_MONTH || numbers[BY_WEEK_NO] != NIL))
		combination_error("BYDAY", "Numbered weekdays need FREQ=MONTHLY or FREQ=YEARLY, and no BYWEEKNO.");
	most = frequency == EVERY_MONTH || numbers[BY_MONTH] != NIL ? 5 : POSITION_MAX;
	for (int i = 0; i < parts->ndays; i++)
	{
		if (abs(parts->days[i].position) > most)
			combination_error("BYDAY", psprintf("No month has a weekday number %d.", parts->days[i].position));
	}
	if (numbers[BY_YEAR_DAY] != NIL && frequency == EVERY_YEAR &&
		(numbers[BY_WEEK_NO] != NIL || numbers[BY_MONTH] != NIL || numbers[BY_MONTH_DAY] != NIL))
		rule_unsupported_error("BYYEARDAY", "It is not supported together with BYWEEKNO, BYMONTH or BYMONTHDAY.", NULL);
	if (numbers[BY_WEEK_NO] != NIL && numbers[BY_MONTH_DAY] != NIL)
		rule_unsupported_error("BYWEEKNO", "It is not supported together with BYMONTHDAY.", NULL);
	foreach(cell, numbers[BY_WEEK_NO])
	{
		if (lfirst_int(cell) < 2 || lfirst_int(cell) > 51)
			rule_unsupported_error("BYWEEKNO", psprintf("Week %d may be in two years; the weeks 2 to 51 are supported.", lfirst_int(cell)),
							  "Give days by BYMONTH and BYDAY.");
	}
	if (frequency <= EVERY_DAY &&
		(has_negative(numbers[BY_MONTH_DAY]) || has_negative(numbers[BY_YEAR_DAY])))
		rule_unsupported_error(numbers[BY_MONTH_DAY] != NIL ? "BYMONTHDAY" : "BYYEARDAY",
						  "Days counted from the end need FREQ=MONTHLY or FREQ=YEARLY.",
						  "The last day of each month is FREQ=MONTHLY;BYMONTHDAY=-1.");
	if (frequency <= EVERY_HOUR && parts->interval > 1 &&
		(numbers[BY_HOUR] != NIL || numbers[BY_MINUTE] != NIL || numbers[BY_SECOND] != NIL))
		rule_unsupported_error("INTERVAL", "With FREQ=HOURLY, MINUTELY or SECONDLY it is not supported together with BYHOUR, BYMINUTE or BYSECOND.",
						  "List the hours and minutes of FREQ=DAILY.");
	if (numbers[BY_SET_POS] == NIL)
		return;
	if (frequency < EVERY_MONTH)
		rule_unsupported_error("BYSETPOS", "It is supported with FREQ=MONTHLY and FREQ=YEARLY.", NULL);
	if (times_of(parts, BY_HOUR) * times_of(parts, BY_MINUTE) * times_of(parts, BY_SECOND) > 1)
		rule_unsupported_error("BYSETPOS", "It is supported for one time of the day.",
						  "Write a rule for each time, one a line.");
	if (parts->ndays == 0 && numbers[BY_MONTH_DAY] == NIL &&
		numbers[BY_YEAR_DAY] == NIL && numbers[BY_WEEK_NO] == NIL &&
		(numbers[BY_MONTH] == NIL || frequency == EVERY_MONTH))
		combination_error("BYSETPOS", "It picks of what another part lists.");
	if (frequency == EVERY_MONTH)
	{
		most = parts->ndays > 0 ? parts->ndays * (parts->positions ? 1 : 5) : 31;
		if (numbers[BY_MONTH_DAY] != NIL)
			most = Min(most, list_length(numbers[BY_MONTH_DAY]));
		if (-linitial_int(numbers[BY_SET_POS]) > most ||
			llast_int(numbers[BY_SET_POS]) > most)
			combination_error("BYSETPOS", psprintf("The other parts list at most %d days of a month.", most));
	}
}

/*
 * rule_never_matches tells whether a rule names only days that no month has, the
 * 30th of February: libical would look for them for thousands of years.
 */
bool
rule_never_matches(const RuleParts *parts)
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
 * rule_tries_per_day tells how many times libical looks at in a day.
 */
double
rule_tries_per_day(const RuleParts *parts)
{
	double		seconds = times_of(parts, BY_SECOND);
	double		minutes = times_of(parts, BY_MINUTE);
	double		hours = times_of(parts, BY_HOUR);

	switch (parts->frequency)
	{
		case EVERY_SECOND:
			return (double) SECS_PER_DAY / parts->interval;
		case EVERY_MINUTE:
			return (double) MINS_PER_HOUR * HOURS_PER_DAY * seconds / parts->interval;
		case EVERY_HOUR:
			return (double) HOURS_PER_DAY * minutes * seconds / parts->interval;
		case EVERY_DAY:
			return hours * minutes * seconds / parts->interval;
		default:
			break;
	}
	return hours * minutes * seconds;
}
