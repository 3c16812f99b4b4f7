/*-------------------------------------------------------------------------
 *
 * occurrences.c
 *	  The SQL function that shows when something recurs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"
#include "miscadmin.h"
#include "recurrence/recurrence.h"
#include "support/arguments.h"
#include "support/errors.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbiter_occurrences);

/*
 * arbiter_occurrences(rule text, first_start timestamptz, tz text,
 *					   window_start timestamptz, window_end timestamptz)
 * -> rows (occurrence integer, start_time timestamptz)
 *
 * The occurrences of a rule that start in [window_start, window_end), counted
 * from the first one after first_start.  The rule is one or several lines of
 * iCalendar (RRULE, EXDATE, RDATE) or the five fields of cron; its times are those
 * of clocks in tz.
 *
 * Errors: 22004 NULL; RV003 a window that ends before it starts; 22023 naming the
 * part of the rule that is wrong, a time zone that does not exist, a first_start
 * that is not finite or not of the years 1600 to 2582, no end at all; 0A000 what
 * is not supported; 54000 more than can be looked at.  No locks.
 *
 * Stable, because the rules of time zones are data; parallel safe: it reads no
 * table.
 */
Datum
arbiter_occurrences(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Recurrence *recurrence;
	TimestampTz first;
	text	   *zone;
	TimestampTz window_start;
	TimestampTz window_end;
	TimestampTz *starts;
	int			n;

	recurrence = recurrence_parse(argument_text(fcinfo, 0, "rule"));
	first = argument_finite_time(fcinfo, 1, "first_start");
	argument_not_null(fcinfo, 2, "tz");
	zone = PG_GETARG_TEXT_PP(2);
	argument_not_null(fcinfo, 3, "window_start");
	window_start = PG_GETARG_TIMESTAMPTZ(3);
	argument_not_null(fcinfo, 4, "window_end");
	window_end = PG_GETARG_TIMESTAMPTZ(4);
	if (window_end <= window_start)
		ereport(ERROR,
				(errcode(ERRCODE_ARBITER_INVALID_RANGE),
				 errmsg("invalid time range: window_end is not after window_start"),
				 errdetail("The window would be from %s to %s.",
						   pstrdup(timestamptz_to_str(window_start)),
						   pstrdup(timestamptz_to_str(window_end)))));
	if (TIMESTAMP_IS_NOEND(window_end) && !recurrence_is_bounded(recurrence))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("recurrence rule has no end"),
				 errhint("Pass a finite window_end, or end the rule with COUNT or UNTIL.")));

	starts = recurrence_expand(recurrence, first, zone, window_end, &n);
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
	{
		Datum		values[2] = {Int32GetDatum(i + 1), TimestampTzGetDatum(starts[i])};
		bool		nulls[2] = {false, false};

		CHECK_FOR_INTERRUPTS();
		if (starts[i] >= window_start)
			tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
