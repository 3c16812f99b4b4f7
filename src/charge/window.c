/*-------------------------------------------------------------------------
 *
 * window.c
 *	  The windows over which an integral quota is counted.
 *
 * A window is a day, a week from Monday, a month, a quarter or a year of the
 * calendar of a time zone.  It starts where AT TIME ZONE says that its first
 * midnight is: in a zone where a clock change leaves midnight out, or has it
 * twice, that is the instant which everybody who asks the server gets.
 *
 *-------------------------------------------------------------------------
 */
#include "charge/quota.h"

#include "utils/builtins.h"
#include "utils/timestamp.h"

/* length of a window in the calendar */
static Interval
window_length(const Quota *quota)
{
	Interval	length = {0};

	if (strcmp(quota->per, "day") == 0)
		length.day = 1;
	else if (strcmp(quota->per, "week") == 0)
		length.day = 7;
	else if (strcmp(quota->per, "month") == 0)
		length.month = 1;
	else if (strcmp(quota->per, "quarter") == 0)
		length.month = 3;
	else
		length.month = MONTHS_PER_YEAR;
	return length;
}

static TimestampTz
zone_instant(Datum zone, Timestamp local)
{
	return DatumGetTimestampTz(DirectFunctionCall2(timestamp_zone, zone,
												   TimestampGetDatum(local)));
}

static Timestamp
local_plus(Timestamp local, const Interval *length, int sign)
{
	Interval	step = {.day = sign * length->day,.month = sign * length->month};

	return DatumGetTimestamp(DirectFunctionCall2(timestamp_pl_interval,
												 TimestampGetDatum(local),
												 IntervalPGetDatum(&step)));
}

/*
 * quota_window returns the window [start, end) of a quota that an instant is in.
 * The instant is finite.  22023 if the server does not know the time zone.
 */
void
quota_window(Quota *quota, TimestampTz instant, TimestampTz *start,
			 TimestampTz *end)
{
	if (instant < quota->window_start || instant >= quota->window_end)
	{
		Interval	length = window_length(quota);
		Datum		zone = CStringGetTextDatum(quota->tz);
		Timestamp	local;
		Timestamp	next;

		local = DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone, zone,
													  TimestampTzGetDatum(instant)));
		local = DatumGetTimestamp(DirectFunctionCall2(timestamp_trunc,
													  CStringGetTextDatum(quota->per),
													  TimestampGetDatum(local)));
		/* where midnight comes twice, the day that we think it is may be another */
		while (zone_instant(zone, local) > instant)
			local = local_plus(local, &length, -1);
		next = local_plus(local, &length, 1);
		while (zone_instant(zone, next) <= instant)
		{
			local = next;
			next = local_plus(local, &length, 1);
		}
		quota->window_start = zone_instant(zone, local);
		quota->window_end = zone_instant(zone, next);
	}
	*start = quota->window_start;
	*end = quota->window_end;
}
