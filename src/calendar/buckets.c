/*-------------------------------------------------------------------------
 *
 * buckets.c
 *	  The stretches of time that a calendar has one row each for.
 *
 * Bucket n starts at start + n * grain, as PostgreSQL adds an interval to a
 * timestamptz in the time zone of the calendar: months first, then days, both
 * by the clock on the wall, then what is shorter as so many microseconds.  It
 * is always counted from the first start, so that months from January 31 end
 * on the last of each month, and days after a change of the clock start at the
 * hour at which they did before it.
 *
 * A grain of hours or less needs no time zone: its buckets are all as long.
 *
 *-------------------------------------------------------------------------
 */
#include "calendar/buckets.h"

#include <math.h>

#include "common/int.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "support/compat.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

static char *
interval_string(const Interval *interval)
{
	return DatumGetCString(DirectFunctionCall1(interval_out,
											   IntervalPGetDatum(interval)));
}

static pg_tz *
find_zone(const char *name)
{
	pg_tz	   *zone = pg_tzset(name);

	if (zone == NULL || !pg_tz_acceptable(zone))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("time zone \"%s\" not recognized", name),
				 errhint("See pg_timezone_names for the names there are.")));
	return zone;
}

static void
check_grain(const Interval *grain)
{
	const Interval zero = {0};

	if (INTERVAL_NOT_FINITE(grain) ||
		!DatumGetBool(DirectFunctionCall2(interval_gt, IntervalPGetDatum(grain),
										  IntervalPGetDatum(&zero))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("grain of a calendar must be finite and greater than zero"),
				 errdetail("It is %s.", interval_string(grain)),
				 errhint("Pass an interval such as '1 hour', '1 day', '1 week' or '1 month'.")));
}

static void
check_count(TimestampTz start, TimestampTz end, const Interval *grain)
{
	double		length = grain->time + (double) grain->day * USECS_PER_DAY +
		(double) grain->month * USECS_PER_DAY * DAYS_PER_YEAR / MONTHS_PER_YEAR;
	double		count = ceil(((double) end - (double) start) / Max(length, 1));

	if (count > BUCKETS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("calendar would have too many buckets"),
				 errdetail("From %s to %s there are about %.0f of %s; %d is the limit.",
						   pstrdup(timestamptz_to_str(start)),
						   pstrdup(timestamptz_to_str(end)),
						   count, interval_string(grain), BUCKETS_MAX),
				 errhint("Choose a coarser grain or a shorter range.")));
}

/* the instant of a time of the clock on the wall; false if there is none */
static bool
wall_to_instant(struct pg_tm *tm, fsec_t fsec, pg_tz *zone, TimestampTz *instant)
{
	int			offset = DetermineTimeZoneOffset(tm, zone);

	return tm2timestamp(tm, fsec, &offset, instant) == 0;
}

/*
 * Move an instant by months, or by days, by the clock on the wall; false if
 * that leaves the range of timestamps.
 */
static bool
move_on_wall(TimestampTz instant, int64 months, int64 days, pg_tz *zone,
			 TimestampTz *moved)
{
	struct pg_tm tm;
	fsec_t		fsec;
	int			offset;

	if (timestamp2tm(instant, &offset, &tm, &fsec, NULL, zone) != 0)
		return false;
	if (months != 0)
	{
		months += (int64) tm.tm_year * MONTHS_PER_YEAR + tm.tm_mon - 1;
		if (months < (int64) JULIAN_MINYEAR * MONTHS_PER_YEAR ||
			months > (int64) JULIAN_MAXYEAR * MONTHS_PER_YEAR)
			return false;
		tm.tm_mon = (int) (((months % MONTHS_PER_YEAR) + MONTHS_PER_YEAR) % MONTHS_PER_YEAR) + 1;
		tm.tm_year = (int) ((months - (tm.tm_mon - 1)) / MONTHS_PER_YEAR);
		tm.tm_mday = Min(tm.tm_mday, day_tab[isleap(tm.tm_year)][tm.tm_mon - 1]);
	}
	if (days != 0)
	{
		days += date2j(tm.tm_year, tm.tm_mon, tm.tm_mday);
		if (days < 0 || days > PG_INT32_MAX)
			return false;
		j2date((int) days, &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
	}
	return wall_to_instant(&tm, fsec, zone, moved);
}

/*
 * start + n * grain; false if that leaves the range of timestamps.
 */
static bool
bucket_edge(TimestampTz start, int64 n, const Interval *grain, pg_tz *zone,
			TimestampTz *edge)
{
	int64		time;

	*edge = start;
	if (grain->month != 0 &&
		!move_on_wall(*edge, n * grain->month, 0, zone, edge))
		return false;
	if (grain->day != 0 &&
		!move_on_wall(*edge, 0, n * grain->day, zone, edge))
		return false;
	return !pg_mul_s64_overflow(n, grain->time, &time) &&
		!pg_add_s64_overflow(*edge, time, edge) && IS_VALID_TIMESTAMP(*edge);
}

/*
 * buckets_make cuts [start, end) into buckets of a grain; the last one ends
 * where the range does.
 *
 * Raises 22023 for a time zone that does not exist and for a grain that does
 * not ascend, 54000 for more than BUCKETS_MAX buckets.
 */
void
buckets_make(Buckets *buckets, TimestampTz start, TimestampTz end,
			 const Interval *grain, const char *zone_name)
{
	pg_tz	   *zone = find_zone(zone_name);
	TimestampTz edge = start;
	int			room;
	int			n = 0;

	check_grain(grain);
	check_count(start, end, grain);

	if (grain->month == 0 && grain->day == 0)
	{
		n = (int) ((end - start - 1) / grain->time) + 1;
		buckets->edges = palloc(sizeof(TimestampTz) * (n + 1));
		for (int i = 0; i < n; i++)
			buckets->edges[i] = start + i * grain->time;
		buckets->edges[n] = end;
		buckets->nbuckets = n;
		return;
	}

	room = 64;
	buckets->edges = palloc(sizeof(TimestampTz) * room);
	for (int64 i = 1; edge < end; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (n + 1 >= room)
		{
			room *= 2;
			buckets->edges = repalloc(buckets->edges, sizeof(TimestampTz) * room);
		}
		buckets->edges[n++] = edge;
		if (!bucket_edge(start, i, grain, zone, &edge))
			edge = grain->month < 0 || grain->day < 0 || grain->time < 0 ?
				DT_NOBEGIN : end;

		/* zones have dropped days from their calendar: such a day has no row */
		while (edge == buckets->edges[n - 1])
		{
			if (!bucket_edge(start, ++i, grain, zone, &edge))
				edge = end;
		}
		if (edge < buckets->edges[n - 1])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("grain of a calendar does not ascend"),
					 errdetail("In time zone \"%s\" %s times %s after %s is not later than %s.",
							   zone_name, psprintf(INT64_FORMAT, i),
							   interval_string(grain),
							   pstrdup(timestamptz_to_str(start)),
							   pstrdup(timestamptz_to_str(buckets->edges[n - 1]))),
					 errhint("Choose a grain without negative parts.")));
	}
	buckets->edges[n] = end;
	buckets->nbuckets = n;
}
