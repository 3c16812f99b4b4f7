/*-------------------------------------------------------------------------
 *
 * rule.c
 *	  One RRULE: its parts, read one by one.
 *
 * libical says of a rule only that it is wrong.  So each part is looked at here,
 * to name the one that is, and libical gets what is left: lists sorted and
 * without repetitions, because it goes through them as they are written.
 *
 * Which parts go together is looked at after that, see rule_check.c.
 *
 *-------------------------------------------------------------------------
 */
#include "recurrence/rule_parts.h"

#include <ctype.h>

#include "utils/builtins.h"
#include "utils/formatting.h"
#include "utils/timestamp.h"

/* the units of FREQ, ascending */
static const char *const frequencies[] = {
	"SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"
};

static const char *const weekdays[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};

static const struct
{
	const char *name;
	int			least;
	int			most;			/* also how many values libical has room for */
	bool		negative;		/* counted from the end, too */
}			number_parts[NUMBER_PARTS] = {
	{"BYSECOND", 0, 59, false},
	{"BYMINUTE", 0, 59, false},
	{"BYHOUR", 0, 23, false},
	{"BYMONTHDAY", 1, 31, true},
	{"BYYEARDAY", 1, 366, true},
	{"BYWEEKNO", 1, 53, true},
	{"BYMONTH", 1, 12, false},
	{"BYSETPOS", 1, 366, true}
};

/*
 * rule_part_error raises that one part of a rule is wrong (22023).
 */
void
rule_part_error(const char *part, const char *value, char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid recurrence rule: %s is \"%s\"", part, value),
			 errdetail_internal("%s", detail)));
}

static int
find_word(const char *const *words, int n, const char *word)
{
	for (int i = 0; i < n; i++)
	{
		if (pg_strcasecmp(words[i], word) == 0)
			return i;
	}
	return -1;
}

/*
 * Read a whole number, all of a text.
 */
static bool
read_number(const char *text, int least, int most, int *number)
{
	char	   *end;
	long		value;

	if (*text == '\0' || isspace((unsigned char) *text))
		return false;
	errno = 0;
	value = strtol(text, &end, 10);
	*number = (int) value;
	return errno == 0 && *end == '\0' && value >= least && value <= most;
}

static int
number_of(const char *part, const char *value, int most)
{
	int			number;

	if (!read_number(value, 1, most, &number))
		rule_part_error(part, value, psprintf("It must be a whole number from 1 to %d.", most));
	return number;
}

static int
compare_numbers(const ListCell *a, const ListCell *b)
{
	return (lfirst_int(a) > lfirst_int(b)) - (lfirst_int(a) < lfirst_int(b));
}

/*
 * Cut the next item off a list that is separated by a character; NULL at its
 * end.
 */
static char *
next_item(char **rest, char separator)
{
	char	   *item = *rest;
	char	   *end;

	if (item == NULL)
		return NULL;
	end = strchr(item, separator);
	*rest = end == NULL ? NULL : end + 1;
	if (end != NULL)
		*end = '\0';
	return item;
}

static List *
read_numbers(NumberPart part, const char *value)
{
	int			least = number_parts[part].least;
	int			most = number_parts[part].most;
	bool		negative = number_parts[part].negative;
	char	   *rest = pstrdup(value);
	char	   *item;
	List	   *numbers = NIL;

	while ((item = next_item(&rest, ',')) != NULL)
	{
		int			number;

		if (!read_number(item, negative ? -most : least, most, &number) ||
			(negative && number == 0))
			rule_part_error(number_parts[part].name, value,
							negative ?
							psprintf("\"%s\" is not a whole number from %d to %d, or from %d to %d.",
									 item, least, most, -most, -least) :
							psprintf("\"%s\" is not a whole number from %d to %d.",
									 item, least, most));
		numbers = list_append_unique_int(numbers, number);
		if (list_length(numbers) > most + (least == 0))
			rule_part_error(number_parts[part].name, value,
							psprintf("More than %d different values are not possible.",
									 most + (least == 0)));
	}
	list_sort(numbers, compare_numbers);
	return numbers;
}

static void
read_days(RuleParts *parts, const char *value)
{
	char	   *rest = pstrdup(value);
	char	   *item;

	parts->days = palloc(sizeof(Weekday) * WEEKDAYS_MAX);
	while ((item = next_item(&rest, ',')) != NULL)
	{
		size_t		length = strlen(item);
		Weekday		day = {0};
		bool		known = false;

		if (length >= 2)
		{
			char	   *name = item + length - 2;

			day.day = find_word(weekdays, lengthof(weekdays), name);
			name = pstrdup(name);
			item[length - 2] = '\0';
			known = day.day >= 0 &&
				(length == 2 ||
				 (read_number(item, -POSITION_MAX, POSITION_MAX, &day.position) &&
				  day.position != 0));
			item = psprintf("%s%s", item, name);
		}
		if (!known)
			rule_part_error("BYDAY", value,
							psprintf("\"%s\" is not one of SU, MO, TU, WE, TH, FR and SA, perhaps with a number from 1 to %d or from -%d to -1 before it.",
									 item, POSITION_MAX, POSITION_MAX));
		for (int i = 0; i < parts->ndays && known; i++)
			known = parts->days[i].day != day.day ||
				parts->days[i].position != day.position;
		if (!known)
			continue;
		if (parts->ndays == WEEKDAYS_MAX)
			rule_part_error("BYDAY", value,
							psprintf("It has more than %d different days.", WEEKDAYS_MAX));
		parts->days[parts->ndays++] = day;
		parts->positions |= day.position != 0;
	}
}

static void
read_part(RuleParts *parts, const char *name, const char *value)
{
	RecurrenceRule *rule = parts->rule;

	if (strcmp(name, "FREQ") == 0)
	{
		int			found = find_word(frequencies, lengthof(frequencies), value);

		if (found < 0)
			rule_part_error(name, value, "It must be SECONDLY, MINUTELY, HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY.");
		parts->frequency = found;
	}
	else if (strcmp(name, "INTERVAL") == 0)
		parts->interval = number_of(name, value, PG_INT16_MAX);
	else if (strcmp(name, "COUNT") == 0)
		rule->count = number_of(name, value, PG_INT32_MAX);
	else if (strcmp(name, "UNTIL") == 0)
		rule->until = rule_time_parse(name, value);
	else if (strcmp(name, "WKST") == 0)
	{
		parts->week_start = find_word(weekdays, lengthof(weekdays), value);
		if (parts->week_start < 0)
			rule_part_error(name, value, "It must be SU, MO, TU, WE, TH, FR or SA.");
	}
	else if (strcmp(name, "BYDAY") == 0)
		read_days(parts, value);
	else if (strcmp(name, "RSCALE") == 0 || strcmp(name, "SKIP") == 0)
		rule_unsupported_error(name, "Rules are those of the Gregorian calendar.", NULL);
	else
	{
		for (int i = 0; i < NUMBER_PARTS; i++)
		{
			if (strcmp(name, number_parts[i].name) != 0)
				continue;
			parts->numbers[i] = read_numbers(i, value);
			return;
		}
		rule_part_error(name, value, "There is no part of that name: they are FREQ, INTERVAL, COUNT, UNTIL, WKST, BYSECOND, BYMINUTE, BYHOUR, BYDAY, BYMONTHDAY, BYYEARDAY, BYWEEKNO, BYMONTH and BYSETPOS.");
	}
}

static void
append_numbers(StringInfo text, const RuleParts *parts, NumberPart part)
{
	ListCell   *cell;
	char		separator = '=';

	if (parts->numbers[part] == NIL)
		return;
	appendStringInfo(text, ";%s", number_parts[part].name);
	foreach(cell, parts->numbers[part])
	{
		appendStringInfo(text, "%c%d", separator, lfirst_int(cell));
		separator = ',';
	}
}

/*
 * Write the rule as libical gets it.  Of a year, BYMONTHDAY alone would be that
 * of one month there: all are named then.
 */
static char *
rule_text(RuleParts *parts)
{
	StringInfoData text;

	if (parts->frequency == EVERY_YEAR && parts->numbers[BY_MONTH_DAY] != NIL &&
		parts->numbers[BY_MONTH] == NIL)
	{
		for (int month = 1; month <= MONTHS_PER_YEAR; month++)
			parts->numbers[BY_MONTH] = lappend_int(parts->numbers[BY_MONTH], month);
	}
	initStringInfo(&text);
	appendStringInfo(&text, "FREQ=%s;INTERVAL=%d", frequencies[parts->frequency],
					 parts->interval);
	if (parts->week_start >= 0)
		appendStringInfo(&text, ";WKST=%s", weekdays[parts->week_start]);
	for (int i = 0; i < NUMBER_PARTS; i++)
		append_numbers(&text, parts, i);
	for (int i = 0; i < parts->ndays; i++)
	{
		appendStringInfoString(&text, i == 0 ? ";BYDAY=" : ",");
		if (parts->days[i].position != 0)
			appendStringInfo(&text, "%d", parts->days[i].position);
		appendStringInfoString(&text, weekdays[parts->days[i].day]);
	}
	return text.data;
}

/*
 * rule_parse reads an RRULE, without its name.
 *
 * 22023 for a part that is wrong, 0A000 for what libical cannot do.
 */
RecurrenceRule *
rule_parse(char *text)
{
	RecurrenceRule *rule = palloc0(sizeof(RecurrenceRule));
	RuleParts	parts = {
		.frequency = NO_FREQUENCY,
		.interval = 1,
		.week_start = -1,
		.rule = rule
	};
	List	   *seen = NIL;
	char	   *item;

	while ((item = next_item(&text, ';')) != NULL)
	{
		char	   *value = strchr(item, '=');
		char	   *name;
		ListCell   *cell;

		/* many programs write one at the end */
		if (*item == '\0' && text == NULL)
			break;
		if (value == NULL || value == item)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid recurrence rule: part \"%s\" is not a name and a value", item),
					 errhint("Parts are written NAME=VALUE and separated by semicolons.")));
		*value++ = '\0';
		name = asc_toupper(item, strlen(item));
		foreach(cell, seen)
		{
			if (strcmp(lfirst(cell), name) == 0)
				rule_part_error(name, value, "The rule has that part twice.");
		}
		seen = lappend(seen, name);
		read_part(&parts, name, value);
	}
	rule_check(&parts);
	rule->never = rule_never_matches(&parts);
	rule->tries_per_day = rule_tries_per_day(&parts);
	rule->text = rule_text(&parts);
	return rule;
}
