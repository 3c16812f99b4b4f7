/*-------------------------------------------------------------------------
 *
 * recurrence.c
 *	  The text of a recurrence: iCalendar lines, or cron fields.
 *
 *-------------------------------------------------------------------------
 */
#include "recurrence/recurrence.h"

#include <ctype.h>

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

/* a calendar's text is a few lines */
#define TEXT_MAX	65536

static bool
digits(const char *text, int n)
{
	for (int i = 0; i < n; i++)
	{
		if (text[i] < '0' || text[i] > '9')
			return false;
	}
	return true;
}

static int
number(const char *text, int n)
{
	int			value = 0;

	for (int i = 0; i < n; i++)
		value = value * 10 + (text[i] - '0');
	return value;
}

/*
 * rule_time_parse reads a date or a time as iCalendar writes them: 20300101,
 * 20300101T090000 or 20300101T090000Z.  22023 naming the part for anything else.
 */
RuleTime *
rule_time_parse(const char *part, const char *value)
{
	RuleTime   *result = palloc0(sizeof(RuleTime));
	struct pg_tm tm = {0};
	size_t		length = strlen(value);
	bool		valid;

	result->is_date = length == 8;
	result->is_utc = length == 16 && value[15] == 'Z';
	valid = (length == 8 || length == 15 || result->is_utc) && digits(value, 8);
	if (valid && length > 8)
		valid = value[8] == 'T' && digits(value + 9, 6);
	if (valid)
	{
		tm.tm_year = number(value, 4);
		tm.tm_mon = number(value + 4, 2);
		tm.tm_mday = number(value + 6, 2);
		if (length > 8)
		{
			tm.tm_hour = number(value + 9, 2);
			tm.tm_min = number(value + 11, 2);
			tm.tm_sec = number(value + 13, 2);
		}
		valid = tm.tm_year > 0 && tm.tm_mon >= 1 && tm.tm_mon <= MONTHS_PER_YEAR &&
			tm.tm_mday >= 1 && tm.tm_mday <= day_tab[isleap(tm.tm_year)][tm.tm_mon - 1] &&
			tm.tm_hour < HOURS_PER_DAY && tm.tm_min < MINS_PER_HOUR &&
			tm.tm_sec < SECS_PER_MINUTE &&
			tm2timestamp(&tm, 0, NULL, &result->time) == 0;
	}
	if (!valid)
		rule_part_error(part, value, "It must be a date such as 20300131, a local time such as 20300131T090000, or a time in UTC such as 20300131T090000Z.");
	return result;
}

/*
 * Read the value of an EXDATE or RDATE.
 */
static List *
read_dates(List *dates, const char *name, char *parameters, char *values)
{
	char	   *zone = NULL;
	char	   *value;

	for (char *rest = parameters; rest != NULL;)
	{
		char	   *parameter = rest;

		rest = strchr(parameter, ';');
		if (rest != NULL)
			*rest++ = '\0';
		if (pg_strncasecmp(parameter, "TZID=", 5) == 0)
		{
			zone = parameter + 5;
			/* "/" marks a name that is not of the calendar's own */
			if (*zone == '/')
				zone++;
			(void) zone_time(0, cstring_to_text(zone));
		}
		else if (pg_strcasecmp(parameter, "VALUE=DATE") != 0 &&
				 pg_strcasecmp(parameter, "VALUE=DATE-TIME") != 0)
			rule_part_error(name, parameter, "The parameters that are understood are TZID=zone, VALUE=DATE and VALUE=DATE-TIME.");
	}
	for (value = values; value != NULL;)
	{
		char	   *rest = strchr(value, ',');
		RuleTime   *time;

		CHECK_FOR_INTERRUPTS();
		if (rest != NULL)
			*rest++ = '\0';
		time = rule_time_parse(name, value);
		time->zone = time->is_utc ? NULL : zone;
		dates = lappend(dates, time);
		value = rest;
	}
	return dates;
}

/*
 * Lines that begin with a blank go on with the line before.
 */
static void
unfold(char *text)
{
	char	   *to = text;

	for (const char *from = text; *from != '\0'; from++)
	{
		if (*from == '\r')
			continue;
		if (*from == '\n' && (from[1] == ' ' || from[1] == '\t'))
			from++;
		else
			*to++ = *from;
	}
	*to = '\0';
}

static char *
trim(char *text)
{
	size_t		length;

	while (isspace((unsigned char) *text))
		text++;
	length = strlen(text);
	while (length > 0 && isspace((unsigned char) text[length - 1]))
		length--;
	text[length] = '\0';
	return text;
}

static void
read_line(Recurrence *recurrence, char *line)
{
	char	   *colon = strchr(line, ':');
	char	   *parameters;

	/* a rule alone; a colon in it would be that of a wrong value */
	if (pg_strncasecmp(line, "FREQ=", 5) == 0 || colon == NULL)
	{
		recurrence->rules = lappend(recurrence->rules, rule_parse(line));
		return;
	}
	*colon++ = '\0';
	parameters = strchr(line, ';');
	if (parameters != NULL)
		*parameters++ = '\0';
	if (pg_strcasecmp(line, "RRULE") == 0 && parameters == NULL)
		recurrence->rules = lappend(recurrence->rules, rule_parse(colon));
	else if (pg_strcasecmp(line, "EXDATE") == 0)
		recurrence->left_out = read_dates(recurrence->left_out, "EXDATE", parameters, colon);
	else if (pg_strcasecmp(line, "RDATE") == 0)
		recurrence->added = read_dates(recurrence->added, "RDATE", parameters, colon);
	else
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid recurrence rule: line \"%s\" is not understood", line),
				 errdetail("Lines are RRULE:, EXDATE: and RDATE:, or a rule that begins with FREQ=."),
				 pg_strcasecmp(line, "DTSTART") == 0 ?
				 errhint("The first start and its time zone are arguments of the function.") : 0));
}

/*
 * recurrence_parse reads the text of a recurrence, which it changes: lines of
 * iCalendar, or else the five fields of a line of cron.
 *
 * 22023 naming the part that is wrong; 0A000 for what is not supported; 54000 for
 * a text that is no rule any more.
 */
Recurrence *
recurrence_parse(char *text)
{
	Recurrence *recurrence = palloc0(sizeof(Recurrence));

	if (strlen(text) > TEXT_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("recurrence rule is longer than %d bytes", TEXT_MAX),
				 errhint("Write it as several rules.")));
	if (strpbrk(text, "=:") == NULL && *trim(text) != '\0')
	{
		recurrence->rules = cron_parse(text);
		return recurrence;
	}
	unfold(text);
	for (char *line = text; line != NULL;)
	{
		char	   *rest = strchr(line, '\n');

		if (rest != NULL)
			*rest++ = '\0';
		line = trim(line);
		if (*line != '\0')
			read_line(recurrence, line);
		line = rest;
	}
	if (recurrence->rules == NIL && recurrence->added == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid recurrence rule: there is none"),
				 errhint("Write a rule such as FREQ=WEEKLY;BYDAY=TU, or five cron fields such as 0 9 * * TUE.")));
	return recurrence;
}

/*
 * recurrence_is_bounded tells whether all rules have an end of their own.
 */
bool
recurrence_is_bounded(const Recurrence *recurrence)
{
	ListCell   *cell;

	foreach(cell, recurrence->rules)
	{
		const RecurrenceRule *rule = lfirst(cell);

		if (rule->count == 0 && rule->until == NULL && !rule->never)
			return false;
	}
	return true;
}
