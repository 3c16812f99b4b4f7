/*-------------------------------------------------------------------------
 *
 * rule.c
 *	  One RRULE: its parts, read one by one.
 *
 * libical says of a rule only that it is wrong.  So each part is read here, to
 * name the one that is: lists are sorted and have no repetitions.  Whether the
 * parts go together is looked at in rule_check.c, what becomes of them in
 * rule_plan.c.
 *
 *-------------------------------------------------------------------------
 */
#include "recurrence/rule_parts.h"

#include <ctype.h>

#include "utils/builtins.h"
#include "utils/formatting.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

/* the units of FREQ, ascending */
const char *const rule_frequencies[] = {
	"SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY"
};

const char *const rule_weekdays[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};

const RulePartName rule_parts[NUMBER_PARTS] = {
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
	int			least = rule_parts[part].least;
	int			most = rule_parts[part].most;
	bool		negative = rule_parts[part].negative;
	char	   *rest = pstrdup(value);
	char	   *item;
	List	   *numbers = NIL;

	while ((item = next_item(&rest, ',')) != NULL)
	{
		int			number;

		if (!read_number(item, negative ? -most : least, most, &number) ||
			(negative && number == 0))
			rule_part_error(rule_parts[part].name, value,
							negative ?
							psprintf("\"%s\" is not a whole number from %d to %d, or from %d to %d.",
									 item, least, most, -most, -least) :
							psprintf("\"%s\" is not a whole number from %d to %d.",
									 item, least, most));
		numbers = list_append_unique_int(numbers, number);
		if (list_length(numbers) > most + (least == 0))
			rule_part_error(rule_parts[part].name, value,
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

			day.day = find_word(rule_weekdays, DAYS_PER_WEEK, name);
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
		int			found = find_word(rule_frequencies, NO_FREQUENCY, value);

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
		parts->week_start = find_word(rule_weekdays, DAYS_PER_WEEK, value);
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
			if (strcmp(name, rule_parts[i].name) != 0)
				continue;
			parts->numbers[i] = read_numbers(i, value);
			return;
		}
		rule_part_error(name, value, "There is no part of that name: they are FREQ, INTERVAL, COUNT, UNTIL, WKST, BYSECOND, BYMINUTE, BYHOUR, BYDAY, BYMONTHDAY, BYYEARDAY, BYWEEKNO, BYMONTH and BYSETPOS.");
	}
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
	rule_plan(&parts);
	return rule;
}
