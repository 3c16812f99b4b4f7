/*-------------------------------------------------------------------------
 *
 * calendar_rows.c
 *	  The rows of a calendar, as its functions return them.
 *
 * A calendar of a month by the hour has 720 of them, and to form them one by
 * one takes longer than to read the timeline.  All have the same columns, none
 * of them null, so they are packed by hand, into one buffer that the tuplestore
 * copies from.  And to make a numeric takes as long as to pack a row, while few
 * averages are different where reservations are aligned: those met before are
 * kept.
 *
 *-------------------------------------------------------------------------
 */
#include "calendar/calendar_rows.h"

#include "access/htup_details.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#define CALENDAR_NCOLUMNS	11

/* averages have so many digits after the point */
#define AVERAGE_DIGITS	6
#define AVERAGE_UNIT	INT64CONST(1000000)

/* room for what is not the name: eight numbers, two averages, padding */
#define ROW_SIZE	512

void
calendar_rows_begin(CalendarRows *rows, FunctionCallInfo fcinfo)
{
	InitMaterializedSRF(fcinfo, 0);
	rows->result = (ReturnSetInfo *) fcinfo->resultinfo;
	rows->resource = NULL;
	rows->tuple.t_data = NULL;
	rows->known = palloc0(sizeof(KnownAverage) << KNOWN_AVERAGES_BITS);
	Assert(rows->result->setDesc->natts == CALENDAR_NCOLUMNS);
}

/*
 * calendar_rows_resource names the resource of the rows to come.
 */
void
calendar_rows_resource(CalendarRows *rows, const char *name)
{
	HeapTupleHeader header;

	if (rows->tuple.t_data != NULL)
	{
		pfree(rows->tuple.t_data);
		pfree(rows->resource);
	}
	rows->resource = (struct varlena *) cstring_to_text(name);
	header = palloc0(ROW_SIZE + VARSIZE(rows->resource));
	HeapTupleHeaderSetNatts(header, CALENDAR_NCOLUMNS);
	header->t_infomask = HEAP_HASVARWIDTH;
	header->t_hoff = MAXALIGN(SizeofHeapTupleHeader);
	rows->tuple.t_data = header;
}

static inline char *
pack_int64(char *at, int64 value)
{
	at = (char *) DOUBLEALIGN(at);
	memcpy(at, &value, sizeof(value));
	return at + sizeof(value);
}

static inline char *
pack_extent(char *at, const Extent *extent)
{
	return pack_int64(pack_int64(at, extent->minimum), extent->maximum);
}

static inline char *
pack_varlena(char *at, const struct varlena *value)
{
	Size		size;

	if (VARATT_CAN_MAKE_SHORT(value))
	{
		size = VARATT_CONVERTED_SHORT_SIZE(value);
		SET_VARSIZE_SHORT(at, size);
		memcpy(at + VARHDRSZ_SHORT, VARDATA(value), size - VARHDRSZ_SHORT);
		return at + size;
	}
	at = (char *) INTALIGN(at);
	size = VARSIZE(value);
	memcpy(at, value, size);
	return at + size;
}

/*
 * An average of so many units of its last digit, as a numeric.
 */
static const struct varlena *
known_average(CalendarRows *rows, int64 units)
{
	/* the golden ratio spreads what is close together or round */
	uint64		hash = (uint64) units * UINT64CONST(0x9E3779B97F4A7C15);
	KnownAverage *known = &rows->known[hash >> (64 - KNOWN_AVERAGES_BITS)];

	if (known->numeric != NULL && known->units == units)
		return known->numeric;
	if (known->numeric != NULL)
		pfree(known->numeric);
	known->units = units;
	known->numeric = (struct varlena *) int64_div_fast_to_numeric(units, AVERAGE_DIGITS);
	return known->numeric;
}

/*
 * Pack the average, rounded, of what has this sum and these extremes over a
 * duration.
 */
static char *
pack_average(char *at, CalendarRows *rows, int128 sum, const Extent *extent,
			 int64 duration)
{
	const int64 largest = PG_INT64_MAX / AVERAGE_UNIT - 1;
	int128		above = sum - (int128) extent->minimum * duration;
	int64		whole = extent->minimum;
	int64		part;
	Numeric		numeric;

	/* most sums are small enough for the shorter division */
	if (above <= largest / 2 && duration <= largest)
		part = ((int64) above * AVERAGE_UNIT + duration / 2) / duration;
	else
	{
		whole += (int64) (above / duration);
		part = (int64) ((above % duration * AVERAGE_UNIT + duration / 2) / duration);
	}
	if (whole <= largest / 2 && whole >= -largest / 2)
		return pack_varlena(at, known_average(rows, whole * AVERAGE_UNIT + part));

	numeric = numeric_add_opt_error(int64_to_numeric(whole),
									int64_div_fast_to_numeric(part, AVERAGE_DIGITS),
									NULL);
	at = pack_varlena(at, (struct varlena *) numeric);
	pfree(numeric);
	return at;
}

/*
 * calendar_rows_put adds the row of a bucket.
 */
void
calendar_rows_put(CalendarRows *rows, const CalendarRow *row)
{
	int64		duration = row->end - row->start;
	char	   *start = (char *) rows->tuple.t_data;
	char	   *at = start + rows->tuple.t_data->t_hoff;

	at = pack_int64(at, row->start);
	at = pack_int64(at, row->end);
	at = pack_varlena(at, rows->resource);
	at = pack_extent(at, &row->capacity);
	at = pack_extent(at, &row->reserved);
	at = pack_average(at, rows, row->capacity_sum - row->available_sum,
					  &row->reserved, duration);
	at = pack_extent(at, &row->available);
	at = pack_average(at, rows, row->available_sum, &row->available, duration);
	rows->tuple.t_len = at - start;
	tuplestore_puttuple(rows->result->setResult, &rows->tuple);
}
