/*-------------------------------------------------------------------------
 *
 * arguments.c
 *	  Check what callers pass: epochs, times, ranges, amounts.
 *
 *-------------------------------------------------------------------------
 */
#include "support/arguments.h"

#include "common/int.h"
#include "support/errors.h"
#include "support/relations.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/* epochs in seconds that are plausible: 1973 to 5138 */
#define EPOCH_MIN	INT64CONST(100000000)
#define EPOCH_MAX	INT64CONST(99999999999)

/*
 * argument_not_null refuses NULL for a required argument.
 */
void
argument_not_null(FunctionCallInfo fcinfo, int number, const char *name)
{
	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", name),
				 strcmp(name, "end_time") == 0 ?
				 errhint("For a range without an end, pass end_time => 'infinity' as timestamptz or text.") : 0));
}

char *
argument_text(FunctionCallInfo fcinfo, int number, const char *name)
{
	argument_not_null(fcinfo, number, name);
	return text_to_cstring(PG_GETARG_TEXT_PP(number));
}

/*
 * epoch_is_faulty tells whether epoch seconds are not plausible as seconds
 * (RV004).
 */
bool
epoch_is_faulty(int64 epoch, const char *name, Fault *fault)
{
	static const struct
	{
		int64		per_second;
		const char *unit;
	}			units[] = {
		{1000, "milliseconds"},
		{1000000, "microseconds"},
		{1000000000, "nanoseconds"}
	};
	char	   *hint = "Pass seconds since 1970-01-01 00:00 UTC, such as extract(epoch FROM now())::bigint, or times as timestamptz.";

	if (epoch >= EPOCH_MIN && epoch <= EPOCH_MAX)
		return false;
	for (int i = lengthof(units) - 1; i >= 0; i--)
	{
		if (epoch / units[i].per_second >= EPOCH_MIN &&
			epoch / units[i].per_second <= EPOCH_MAX)
			hint = psprintf("The value looks like %s: divide it by " INT64_FORMAT ".",
							units[i].unit, units[i].per_second);
	}
	return fault_set(fault, ERRCODE_ARBITER_IMPLAUSIBLE_EPOCH,
					 psprintf("%s " INT64_FORMAT " is not a plausible epoch in seconds",
							  name, epoch),
					 psprintf("Epochs are accepted from " INT64_FORMAT " to " INT64_FORMAT ", in seconds since 1970-01-01 00:00 UTC.",
							  EPOCH_MIN, EPOCH_MAX),
					 hint);
}

/*
 * epoch_to_time converts epoch seconds; RV004 if they are not plausible as
 * seconds.
 */
TimestampTz
epoch_to_time(int64 epoch, const char *name)
{
	Fault		fault;

	if (epoch_is_faulty(epoch, name, &fault))
		fault_raise(&fault);
	return (epoch - ((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)) * SECS_PER_DAY) * USECS_PER_SEC;
}

/*
 * text_to_time parses text like a timestamptz literal, but for an epoch: of
 * nine digits and more PostgreSQL takes the last four for month and day where
 * they can be, and the others for a year, so that 1707161208 is in the year
 * 170716.  That is 22008, which it says of the others.
 */
TimestampTz
text_to_time(const char *text, const char *name)
{
	const char *spaces = " \t\n\r\f\v";
	const char *digits = text + strspn(text, spaces);
	size_t		ndigits = strspn(digits, "0123456789");

	if (ndigits >= 9 && digits[ndigits + strspn(digits + ndigits, spaces)] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
				 errmsg("%s \"%s\" is an epoch as text", name, text),
				 errdetail("Digits alone are a date, with four for the year: 20240205."),
				 errhint("Pass epoch seconds as whole numbers, not as text: see the forms of the function with times of type bigint, or to_timestamp().")));
	return DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in,
												   CStringGetDatum(text),
												   ObjectIdGetDatum(InvalidOid),
												   Int32GetDatum(-1)));
}

/*
 * argument_time reads a time of any of the three types.
 */
TimestampTz
argument_time(FunctionCallInfo fcinfo, int number, const char *name,
			  TimeType type)
{
	argument_not_null(fcinfo, number, name);
	switch (type)
	{
		case TIME_EPOCH:
			return epoch_to_time(PG_GETARG_INT64(number), name);
		case TIME_TIMESTAMPTZ:
			return PG_GETARG_TIMESTAMPTZ(number);
		case TIME_TEXT:
			break;
	}
	return text_to_time(text_to_cstring(PG_GETARG_TEXT_PP(number)), name);
}

/*
 * argument_finite_time reads a timestamptz that must not be infinite (22023).
 */
TimestampTz
argument_finite_time(FunctionCallInfo fcinfo, int number, const char *name)
{
	if (PG_ARGISNULL(number))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", name)));
	if (TIMESTAMP_NOT_FINITE(PG_GETARG_TIMESTAMPTZ(number)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"%s\" must be finite", name),
				 errhint("Pass the instant at which the range starts or ends.")));
	return PG_GETARG_TIMESTAMPTZ(number);
}

/*
 * argument_duration reads a length of time, which must be fixed and positive
 * (22023), in microseconds; a day is 24 hours.
 */
int64
argument_duration(FunctionCallInfo fcinfo, int number, const char *name)
{
	const Interval *interval;
	int64		duration;

	argument_not_null(fcinfo, number, name);
	interval = PG_GETARG_INTERVAL_P(number);
	if (interval->month != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must not contain months or years", name),
				 errdetail("How long a month is depends on when it begins."),
				 errhint("Pass days or hours, such as interval '30 days'.")));
	if (pg_mul_s64_overflow(interval->day, USECS_PER_DAY, &duration) ||
		pg_add_s64_overflow(duration, interval->time, &duration))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_FIELD_OVERFLOW),
				 errmsg("%s is out of range", name)));
	if (duration <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be greater than zero", name),
				 errdetail("The %s is %s.", name,
						   DatumGetCString(DirectFunctionCall1(interval_out,
															   PG_GETARG_DATUM(number)))),
				 errhint("Pass how long the reservation is to last, such as interval '2 hours'.")));
	return duration;
}

/*
 * time_range_is_faulty tells whether a range does not end after it starts
 * (RV003).
 */
bool
time_range_is_faulty(TimestampTz start, TimestampTz end, Fault *fault)
{
	if (end > start)
		return false;
	return fault_set(fault, ERRCODE_ARBITER_INVALID_RANGE,
					 pstrdup("invalid time range: end is not after start"),
					 psprintf("The range would start at %s and end at %s.",
							  pstrdup(timestamptz_to_str(start)),
							  pstrdup(timestamptz_to_str(end))),
					 pstrdup(end < start ? "Did start and end change places?" :
							 "Ranges are half-open: the end is the first instant that is free again."));
}

/*
 * check_range_order refuses a range that does not end after it starts (RV003).
 */
void
check_range_order(TimestampTz start, TimestampTz end)
{
	Fault		fault;

	if (time_range_is_faulty(start, end, &fault))
		fault_raise(&fault);
}

/*
 * check_time_range refuses a range that does not end after it starts (RV003)
 * or has no finite start (22023).
 */
void
check_time_range(TimestampTz start, TimestampTz end)
{
	check_range_order(start, end);
	if (TIMESTAMP_IS_NOBEGIN(start))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("start of a time range must be finite"),
				 errhint("Pass the instant at which the range starts.")));
}

/*
 * check_search_range refuses a search that ends before it begins (RV003).
 */
void
check_search_range(TimestampTz after, TimestampTz before)
{
	if (before <= after)
		ereport(ERROR,
				(errcode(ERRCODE_ARBITER_INVALID_RANGE),
				 errmsg("invalid time range: \"before\" is not later than \"after\""),
				 errdetail("The search would run from %s to %s.",
						   pstrdup(timestamptz_to_str(after)),
						   pstrdup(timestamptz_to_str(before))),
				 errhint("A slot starts not before \"after\" and ends not after \"before\".")));
}

/*
 * whole_number tells whether a number is one that fits a bigint, and then which.
 */
WholeNumber
whole_number(Numeric number, int64 *value)
{
	Datum		given = NumericGetDatum(number);

	if (numeric_is_nan(number) || numeric_is_inf(number) ||
		!DatumGetBool(DirectFunctionCall2(numeric_eq, given,
										  DirectFunctionCall1(numeric_floor, given))))
		return NUMBER_IS_NOT_WHOLE;
	if (DatumGetBool(DirectFunctionCall2(numeric_gt, given,
										 NumericGetDatum(int64_to_numeric(PG_INT64_MAX)))) ||
		DatumGetBool(DirectFunctionCall2(numeric_lt, given,
										 NumericGetDatum(int64_to_numeric(PG_INT64_MIN)))))
		return NUMBER_IS_OUT_OF_RANGE;
	*value = DatumGetInt64(DirectFunctionCall1(numeric_int8, given));
	return NUMBER_IS_WHOLE;
}

/*
 * amount_is_faulty tells whether a reservation is of nothing or less (RV005).
 */
bool
amount_is_faulty(int64 amount, Fault *fault)
{
	if (amount > 0)
		return false;
	return fault_set(fault, ERRCODE_ARBITER_INVALID_AMOUNT,
					 psprintf("invalid amount: " INT64_FORMAT, amount),
					 pstrdup("The amount of a reservation must be greater than zero."),
					 pstrdup("To give back what is reserved, cancel the reservation."));
}

/*
 * check_amount refuses a reservation of nothing or less (RV005).
 */
void
check_amount(int64 amount)
{
	Fault		fault;

	if (amount_is_faulty(amount, &fault))
		fault_raise(&fault);
}

/*
 * check_capacity refuses a declared capacity below zero (RV005).
 */
void
check_capacity(int64 amount)
{
	if (amount < 0)
		ereport(ERROR,
				(errcode(ERRCODE_ARBITER_INVALID_AMOUNT),
				 errmsg("invalid amount: capacity " INT64_FORMAT, amount),
				 errdetail("A declared capacity must not be less than zero."),
				 errhint("Declare 0 to close the resource for a while, or NULL to undeclare the range.")));
}

/*
 * half_open_range brings a range into the form [start, end), with "infinity" and
 * "-infinity" instead of no bound.
 *
 * True if it was not in that form already.  Raises RV003 if it is empty.
 */
bool
half_open_range(Datum range, TimestampTz *start, TimestampTz *end)
{
	RangeBound	lower;
	RangeBound	upper;
	bool		empty;
	Fault		fault;

	range_bounds(range, &lower, &upper, &empty);
	if (empty)
		ereport(ERROR,
				(errcode(ERRCODE_ARBITER_INVALID_RANGE),
				 errmsg("invalid time range: it is empty"),
				 errhint("Ranges are half-open: write [start, end) with the end after the start.")));

	*start = lower.infinite ? DT_NOBEGIN : DatumGetTimestampTz(lower.val);
	*end = upper.infinite ? DT_NOEND : DatumGetTimestampTz(upper.val);
	/* instants are whole microseconds: (a, b] is [a + 1, b + 1) */
	if (!lower.infinite && !lower.inclusive && !TIMESTAMP_NOT_FINITE(*start))
		*start += 1;
	if (!upper.infinite && upper.inclusive && !TIMESTAMP_NOT_FINITE(*end))
		*end += 1;
	/* the microsecond after the last one there is */
	if (!TIMESTAMP_NOT_FINITE(*end) && *end >= END_TIMESTAMP)
		*end = DT_NOEND;
	if (!TIMESTAMP_NOT_FINITE(*start) && *start >= END_TIMESTAMP)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("start of a time range is out of range")));
	if (time_range_is_faulty(*start, *end, &fault))
		fault_raise(&fault);
	return upper.infinite || upper.inclusive || !lower.inclusive;
}

/*
 * normalise_range brings a range into the form in which ranges of reservations
 * and of capacity are stored: half-open, finite start, "infinity" instead of no
 * upper bound.
 *
 * True if it was not in that form already.  Raises as check_time_range().
 */
bool
normalise_range(Datum range, TimestampTz *start, TimestampTz *end)
{
	bool		changed = half_open_range(range, start, end);

	check_time_range(*start, *end);
	return changed;
}
