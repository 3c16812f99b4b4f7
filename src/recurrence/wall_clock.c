/*-------------------------------------------------------------------------
 *
 * wall_clock.c
 *	  Arithmetic with what clocks show in a time zone, as PostgreSQL has it.
 *
 *-------------------------------------------------------------------------
 */
#include "recurrence/recurrence.h"

#include "common/int.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

/*
 * local_time returns what clocks show in a zone at an instant.
 */
Timestamp
local_time(TimestampTz instant, text *zone)
{
	return DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone,
												 PointerGetDatum(zone),
												 TimestampTzGetDatum(instant)));
}

/*
 * zone_time returns the instant at which clocks show a time in a zone.
 */
TimestampTz
zone_time(Timestamp time, text *zone)
{
	return DatumGetTimestampTz(DirectFunctionCall2(timestamp_zone,
												   PointerGetDatum(zone),
												   TimestampGetDatum(time)));
}

/*
 * wall_clock_shift moves an instant by what clocks show in a zone.  22008.
 */
TimestampTz
wall_clock_shift(TimestampTz instant, const Interval *shift, text *zone)
{
	Datum		local;

	local = DirectFunctionCall2(timestamp_pl_interval,
								TimestampGetDatum(local_time(instant, zone)),
								IntervalPGetDatum(shift));
	return zone_time(DatumGetTimestamp(local), zone);
}

/*
 * occurrence_end returns when an occurrence ends: days and months are those of the
 * zone's calendar, hours and less are time that passes.  22008.
 */
TimestampTz
occurrence_end(TimestampTz start, const Interval *duration, text *zone)
{
	Interval	days = *duration;
	TimestampTz end = start;

	days.time = 0;
	if (days.day != 0 || days.month != 0)
		end = wall_clock_shift(start, &days, zone);
	if (pg_add_s64_overflow(end, duration->time, &end) || !IS_VALID_TIMESTAMP(end))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range")));
	return end;
}
