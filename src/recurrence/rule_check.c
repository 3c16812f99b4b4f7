/*-------------------------------------------------------------------------
 *
 * rule_check.c
 *	  Whether the parts of a rule go together.
 *
 * What libical 3 is known to do otherwise than RFC 5545 says is refused here,
 * unless rule_plan.c has another way to say it:
 *
 *	- BYSETPOS is for months and years only
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

static void
combination_error(const char *part, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid recurrence rule: %s does not go with the rest", part),
			 errdetail_internal("%s", detail)));
}

/*
 * rule_unsupported_error raises that a rule is right, but not supported (0A000).
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

/*
 * rule_check refuses parts that do not go together, by RFC 5545 (22023), or that
 * libical does otherwise (0A000).
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
	if (frequency <= EVERY_HOUR && parts->interval > 1 &&
		(numbers[BY_HOUR] != NIL || numbers[BY_MINUTE] != NIL || numbers[BY_SECOND] != NIL))
		rule_unsupported_error("INTERVAL", "With FREQ=HOURLY, MINUTELY or SECONDLY it is not supported together with BYHOUR, BYMINUTE or BYSECOND.",
						  "List the hours and minutes of FREQ=DAILY.");
	if (numbers[BY_SET_POS] == NIL)
		return;
	if (frequency < EVERY_MONTH)
		rule_unsupported_error("BYSETPOS", "It is supported with FREQ=MONTHLY and FREQ=YEARLY.", NULL);
	if (parts->ndays == 0 && numbers[BY_MONTH_DAY] == NIL &&
		numbers[BY_YEAR_DAY] == NIL && numbers[BY_WEEK_NO] == NIL &&
		(numbers[BY_MONTH] == NIL || frequency == EVERY_MONTH))
		combination_error("BYSETPOS", "It picks of what another part lists.");
	if (frequency == EVERY_MONTH)
	{
		most = parts->ndays > 0 ? parts->ndays * (parts->positions ? 1 : 5) : 31;
		if (numbers[BY_MONTH_DAY] != NIL)
			most = Min(most, list_length(numbers[BY_MONTH_DAY]));
		most *= rule_times(parts, BY_HOUR) * rule_times(parts, BY_MINUTE) *
			rule_times(parts, BY_SECOND);
		if (-linitial_int(numbers[BY_SET_POS]) > most ||
			llast_int(numbers[BY_SET_POS]) > most)
			combination_error("BYSETPOS", psprintf("The other parts list at most %d times of a month.", most));
	}
}
