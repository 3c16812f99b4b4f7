/*-------------------------------------------------------------------------
 *
 * spending.c
 *	  What a reservation spends of a budget, and from when on that is little
 *	  enough.
 *
 * As price.c has it, in whole numbers: money in millionths, in which prices are
 * too, and time in microseconds.  The integral of a price over time is in
 * millionths times microseconds per hour, and always fits 128 bits.
 *
 *-------------------------------------------------------------------------
 */
#include "charge/spending.h"

#include "charge/price.h"
#include "charge/quota.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

typedef struct PriceStep
{
	TimestampTz start;
	TimestampTz end;
	int64		price;			/* millionths per unit-hour */
} PriceStep;

/*
 * Read the prices over [start, end), ascending and without gaps.
 */
static PriceStep *
read_prices(int32 resource_id, TimestampTz start, TimestampTz end,
			Snapshot snapshot, int *nsteps)
{
	Datum		parts = NumericGetDatum(int64_to_numeric(SPENDING_PARTS));
	Size		room = 8;
	int			n = 0;
	PriceStep  *steps = palloc(sizeof(PriceStep) * room);
	TimestampTz position = start;
	PriceScan	scan;
	PriceRow	row;

	price_scan_begin(&scan, resource_id, start, end, snapshot);
	while (price_scan_next(&scan, &row))
	{
		TimestampTz from = Max(row.start, position);
		TimestampTz to = Min(row.end, end);

		if (from >= to)
			continue;
		if (n + 3 > (int) room)
		{
			room *= 2;
			steps = repalloc_huge(steps, sizeof(PriceStep) * room);
		}
		if (position < from)
			steps[n++] = (PriceStep) {.start = position,.end = from};
		steps[n++] = (PriceStep) {
			.start = from,.end = to,
			.price = DatumGetInt64(DirectFunctionCall1(numeric_int8,
													   DirectFunctionCall2(numeric_mul, row.price, parts)))
		};
		position = to;
	}
	price_scan_end(&scan);
	if (position < end)
		steps[n++] = (PriceStep) {.start = position,.end = end};
	*nsteps = n;
	return steps;
}

/*
 * spending returns what an amount spends over [start, end), which are finite; false
 * if it is too much to be counted.
 */
bool
spending(int32 resource_id, TimestampTz start, TimestampTz end, int64 amount,
		 Snapshot snapshot, int64 *parts)
{
	int128		integral = 0;
	int			n;
	PriceStep  *steps = read_prices(resource_id, start, end, snapshot, &n);

	for (int i = 0; i < n; i++)
		integral += (int128) steps[i].price * (steps[i].end - steps[i].start);
	pfree(steps);
	if (integral > ((int128) QUOTA_UNLIMITED * USECS_PER_HOUR) / Max(amount, 1))
		return false;
	*parts = (int64) ((integral * amount + USECS_PER_HOUR / 2) / USECS_PER_HOUR);
	return *parts < QUOTA_UNLIMITED;
}

/* the integral of a stretch of prices */
static int128
integral_of(const PriceStep *steps, int n, TimestampTz start, TimestampTz end)
{
	int128		integral = 0;

	for (int i = 0; i < n; i++)
	{
		TimestampTz from = Max(steps[i].start, start);
		TimestampTz to = Min(steps[i].end, end);

		if (from < to)
			integral += (int128) steps[i].price * (to - from);
	}
	return integral;
}

/*
 * spending_fits_from returns the earliest start, from one on, at which a
 * reservation of a duration spends no more than what is available, before an
 * instant: the end of the window that it is counted in.  At that instant at the
 * latest it does.  What it spends is not rounded here, so that the answer is one
 * that people would give.
 *
 * What it spends is a function of its start that is made of straight lines: it
 * bends where the start or the end comes to another price, and where the end
 * comes to the end of the window.
 */
TimestampTz
spending_fits_from(int32 resource_id, TimestampTz start, int64 duration,
				   TimestampTz until, int64 amount, int64 available,
				   Snapshot snapshot)
{
	int			n;
	PriceStep  *steps;
	TimestampTz position = start;
	int128		integral;
	int128		most;
	int			first = 0;		/* the price at the start ... */
	int			last = 0;		/* ... and at the end, if that is before the window's */

	if (available < 0 || start >= until)
		return until;
	steps = read_prices(resource_id, start, until, snapshot, &n);
	/* exactly: by rounding, a start less than a millisecond before might do */
	most = (int128) available * USECS_PER_HOUR / amount;
	integral = integral_of(steps, n, start,
						   duration < until - start ? start + duration : until);
	while (position < until && integral > most)
	{
		TimestampTz end = duration < until - position ? position + duration : until;
		int64		length;
		int64		slope;

		CHECK_FOR_INTERRUPTS();
		while (steps[first].end <= position)
			first++;
		while (last < n && steps[last].end <= end)
			last++;
		length = steps[first].end - position;
		slope = -steps[first].price;
		if (end < until)
		{
			length = Min(length, steps[last].end - end);
			slope += steps[last].price;
		}
		if (slope < 0 && integral + (int128) slope * length <= most)
		{
			position += (int64) ((integral - most - slope - 1) / -slope);
			break;
		}
		integral += (int128) slope * length;
		position += length;
	}
	pfree(steps);
	return Min(position, until);
}
