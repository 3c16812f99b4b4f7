/*-------------------------------------------------------------------------
 *
 * arguments.h
 *	  Check what callers pass: epochs, times, ranges, amounts.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_ARGUMENTS_H
#define ARBITER_ARGUMENTS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "fmgr.h"
#include "support/fault.h"
#include "utils/numeric.h"
#include "utils/rangetypes.h"

/* how a function's times are typed */
typedef enum TimeType
{
	TIME_EPOCH,
	TIME_TIMESTAMPTZ,
	TIME_TEXT
} TimeType;

/* what a number is as a bigint */
typedef enum WholeNumber
{
	NUMBER_IS_WHOLE,
	NUMBER_IS_NOT_WHOLE,
	NUMBER_IS_OUT_OF_RANGE
} WholeNumber;

extern void argument_not_null(FunctionCallInfo fcinfo, int number,
							  const char *name);
extern char *argument_text(FunctionCallInfo fcinfo, int number,
						   const char *name);
extern TimestampTz text_to_time(const char *text, const char *name);
extern TimestampTz argument_time(FunctionCallInfo fcinfo, int number,
								 const char *name, TimeType type);
extern TimestampTz argument_finite_time(FunctionCallInfo fcinfo, int number,
										const char *name);
extern bool epoch_is_faulty(int64 epoch, const char *name, Fault *fault);
extern TimestampTz epoch_to_time(int64 epoch, const char *name);
extern int64 argument_duration(FunctionCallInfo fcinfo, int number,
							   const char *name);
extern bool time_range_is_faulty(TimestampTz start, TimestampTz end,
								 Fault *fault);
extern void check_range_order(TimestampTz start, TimestampTz end);
extern void check_time_range(TimestampTz start, TimestampTz end);
extern void check_search_range(TimestampTz after, TimestampTz before);
extern WholeNumber whole_number(Numeric number, int64 *value);
extern bool amount_is_faulty(int64 amount, Fault *fault);
extern void check_amount(int64 amount);
extern void check_capacity(int64 amount);
extern bool half_open_range(Datum range, TimestampTz *start, TimestampTz *end);
extern bool normalise_range(Datum range, TimestampTz *start, TimestampTz *end);

#endif							/* ARBITER_ARGUMENTS_H */
