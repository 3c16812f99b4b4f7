/*-------------------------------------------------------------------------
 *
 * cron.c
 *	  The five fields of a line of cron, as rules.
 *
 * Minute, hour, day of the month, month and day of the week; each a list of
 * numbers, ranges and steps, months and weekdays also by name.  As cron has it,
 * either day matches if both are restricted; a field that begins with an
 * asterisk does not count as restricted.
 *
 *-------------------------------------------------------------------------
 */
#include "recurrence/recurrence.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"

static const char *const month_names[] = {
	"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT",
	"NOV", "DEC", NULL
};
static const char *const day_names[] = {
	"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT", NULL
};

static const struct
{
	const char *name;			/* for errors */
	const char *part;			/* of a rule */
	int			least;
	int			most;
	const char *const *names;
}			fields[] = {
	{"minute", "BYMINUTE", 0, 59, NULL},
	{"hour", "BYHOUR", 0, 23, NULL},
	{"day of month", "BYMONTHDAY", 1, 31, NULL},
	{"month", "BYMONTH", 1, 12, month_names},
	{"day of week", "BYDAY", 0, 7, day_names}
};

typedef enum CronField
{
	CRON_MINUTE,
	CRON_HOUR,
	CRON_DAY,
	CRON_MONTH,
	CRON_WEEKDAY,
	CRON_FIELDS
} CronField;

static void
field_error(CronField field, const char *value, char *detail)
{
	rule_part_error(psprintf("cron field %d (%s)", field + 1, fields[field].name),
					value, detail);
}

/*
 * Read a number or a name, up to what cannot belong to it.
 */
static int
read_value(CronField field, const char *text, char **at)
{
	size_t		length = strcspn(*at, ",-/");
	char	   *item = pnstrdup(*at, length);
	int			value = -1;

	*at += length;
	if (length > 0 && length <= 2 && strspn(item, "0123456789") == length)
		value = atoi(item);
	for (int i = 0; fields[field].names != NULL && fields[field].names[i] != NULL; i++)
	{
		if (pg_strcasecmp(fields[field].names[i], item) == 0)
			value = i + fields[field].least;
	}
	if (value < fields[field].least || value > fields[field].most)
		field_error(field, text,
					fields[field].names == NULL ?
					psprintf("\"%s\" is not a whole number from %d to %d.", item,
							 fields[field].least, fields[field].most) :
					psprintf("\"%s\" is neither a whole number from %d to %d nor a name such as %s.",
							 item, fields[field].least, fields[field].most,
							 fields[field].names[1]));
	return value;
}

/*
 * Read one field into the values it has, as the value of a part of a rule; NULL
 * if it has them all.
 */
static char *
read_field(CronField field, char *text)
{
	bool		values[60] = {false};
	bool		all = true;
	char	   *at = text;
	StringInfoData list;

	for (;;)
	{
		int			first = fields[field].least;
		int			last = fields[field].most;
		int			step = 1;

		if (*at == '*')
			at++;
		else
		{
			first = last = read_value(field, text, &at);
			if (*at == '-')
			{
				at++;
				last = read_value(field, text, &at);
				/* Sunday is the last day of a week too */
				if (field == CRON_WEEKDAY && last == 0 && first > 0)
					last = 7;
				if (last < first)
					field_error(field, text, psprintf("The range from %d to %d is empty.", first, last));
			}
			else if (*at == '/')
				last = fields[field].most;
		}
		if (*at == '/')
		{
			size_t		length = strspn(at + 1, "0123456789");

			step = length > 0 && length <= 3 ? atoi(at + 1) : 0;
			if (step == 0)
				field_error(field, text, "A step is a whole number from 1 to 999.");
			at += 1 + length;
		}
		for (int i = first; i <= last; i += step)
			values[i] = true;
		if (*at == '\0')
			break;
		if (*at != ',')
			field_error(field, text, psprintf("\"%s\" is not understood: fields have numbers, ranges (1-5), steps (*/15) and lists (1,15).", at));
		at++;
	}

	/* Sunday is 0 and 7 */
	if (field == CRON_WEEKDAY)
		values[0] |= values[7];
	initStringInfo(&list);
	for (int i = fields[field].least; i <= fields[field].most; i++)
	{
		if (field == CRON_WEEKDAY && i == 7)
			continue;
		all &= values[i];
		if (!values[i])
			continue;
		if (list.len > 0)
			appendStringInfoChar(&list, ',');
		if (field == CRON_WEEKDAY)
			appendStringInfo(&list, "%c%c", day_names[i][0], day_names[i][1]);
		else
			appendStringInfo(&list, "%d", i);
	}
	return all ? NULL : list.data;
}

static RecurrenceRule *
make_rule(char *const *values, bool day, bool weekday)
{
	StringInfoData text;
	RecurrenceRule *rule;

	initStringInfo(&text);
	/* no step of the clock that is not looked at: every minute is its own unit */
	appendStringInfoString(&text, "FREQ=DAILY;BYSECOND=0");
	for (int i = 0; i < CRON_FIELDS; i++)
	{
		char	   *value = values[i];

		if ((i == CRON_DAY && !day) || (i == CRON_WEEKDAY && !weekday))
			continue;
		if (value == NULL && i <= CRON_HOUR)
		{
			StringInfoData every;

			initStringInfo(&every);
			for (int n = 0; n <= fields[i].most; n++)
				appendStringInfo(&every, "%s%d", n == 0 ? "" : ",", n);
			value = every.data;
		}
		if (value != NULL)
			appendStringInfo(&text, ";%s=%s", fields[i].part, value);
	}
	rule = rule_parse(text.data);
	rule->whole_minutes = true;
	return rule;
}

/*
 * cron_parse reads the five fields of a line of cron into one or two rules.
 *
 * 22023 naming the field that is wrong.
 */
List *
cron_parse(char *text)
{
	char	   *values[CRON_FIELDS];
	bool		starred[CRON_FIELDS];
	int			n = 0;
	char	   *rest = NULL;
	char	   *field;

	for (field = strtok_r(text, " \t\r\n", &rest); field != NULL;
		 field = strtok_r(NULL, " \t\r\n", &rest))
	{
		if (n < CRON_FIELDS)
		{
			starred[n] = *field == '*';
			values[n] = read_field(n, field);
		}
		n++;
	}
	if (n != CRON_FIELDS)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid recurrence rule: it is no iCalendar rule, and has %d cron fields instead of 5", n),
				 errhint("The fields are minute, hour, day of month, month and day of week, such as 30 9 * * MON-FRI.")));
	if (!starred[CRON_DAY] && !starred[CRON_WEEKDAY])
		return list_make2(make_rule(values, true, false),
						  make_rule(values, false, true));
	return list_make1(make_rule(values, true, true));
}
