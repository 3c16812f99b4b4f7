/*-------------------------------------------------------------------------
 *
 * limits.c
 *	  The limits of a quota as they change over time.
 *
 *-------------------------------------------------------------------------
 */
#include "quota/definition.h"

#include "access/xact.h"
#include "support/errors.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/row_writer.h"
#include "timeline/in_flight.h"
#include "timeline/net_change.h"
#include "timeline/quota_rows.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"

/*
 * quota_check_limit refuses what is no limit: RV005 below zero, or a fraction of
 * a unit; 22003 too large.
 */
Datum
quota_check_limit(QuotaMeasure measure, Datum amount)
{
	Datum		zero = DirectFunctionCall1(int4_numeric, Int32GetDatum(0));
	Datum		most = NumericGetDatum(int64_to_numeric(QUOTA_UNLIMITED));
	char	   *given = DatumGetCString(DirectFunctionCall1(numeric_out, amount));

	most = DirectFunctionCall2(numeric_div, most,
							   NumericGetDatum(int64_to_numeric(quota_parts(measure))));
	if (numeric_is_nan(DatumGetNumeric(amount)) ||
		DatumGetBool(DirectFunctionCall2(numeric_lt, amount, zero)))
		ereport(ERROR,
				(errcode(ERRCODE_ARBITER_INVALID_AMOUNT),
				 errmsg("invalid limit of a quota: %s", given),
				 errhint("A limit is zero or more; NULL is none.")));
	if (measure == QUOTA_AMOUNT &&
		!DatumGetBool(DirectFunctionCall2(numeric_eq, amount,
										  DirectFunctionCall1(numeric_floor, amount))))
		ereport(ERROR,
				(errcode(ERRCODE_ARBITER_INVALID_AMOUNT),
				 errmsg("invalid limit of a quota: %s", given),
				 errdetail("Amounts are whole units."),
				 errhint("Pass a whole number, or measure => 'unit_hours' or 'cost'.")));
	if (DatumGetBool(DirectFunctionCall2(numeric_ge, amount, most)))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("limit of a quota is out of range: %s", given),
				 errhint("Pass NULL for no limit.")));
	return amount;
}

static void
add_limit(QuotaLimits *limits, QuotaLimit limit)
{
	if (limit.start >= limit.end)
		return;
	if (limits->n == limits->room)
	{
		limits->room = Max(8, 2 * limits->room);
		if (limits->limits == NULL)
			limits->limits = palloc(sizeof(QuotaLimit) * limits->room);
		else
			limits->limits = repalloc_huge(limits->limits,
										   sizeof(QuotaLimit) * limits->room);
	}
	limits->limits[limits->n++] = limit;
}

/*
 * quota_limits_read reads the limits of a quota, which the caller has locked.
 */
void
quota_limits_read(int32 quota_id, QuotaLimits *limits)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->quota_limit_column;
	Snapshot	snapshot = latest_snapshot();
	KeyScan		scan;
	ScanKeyData key;

	memset(limits, 0, sizeof(QuotaLimits));
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(quota_id));
	key_scan_begin(&scan, relations->quota_limit, &relations->quota_limit_pkey,
				   snapshot, &key, 1);
	while (key_scan_next(&scan))
	{
		QuotaLimit	limit = {.tid = scan.slot->tts_tid};
		bool		isnull;

		range_times(slot_getattr(scan.slot, columns[QUOTA_LIMIT_DURING], &isnull),
					&limit.start, &limit.end);
		limit.amount = datumCopy(slot_getattr(scan.slot, columns[QUOTA_LIMIT_AMOUNT], &isnull),
								 false, -1);
		add_limit(limits, limit);
	}
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
}

static bool
same_limit(const QuotaLimit *left, const QuotaLimit *right)
{
	return left->start == right->start && left->end == right->end &&
		DatumGetBool(DirectFunctionCall2(numeric_eq, left->amount, right->amount));
}

static bool
has_limit(const QuotaLimits *limits, const QuotaLimit *limit)
{
	for (int i = 0; i < limits->n; i++)
	{
		if (same_limit(&limits->limits[i], limit))
			return true;
	}
	return false;
}

/*
 * Write the rows that differ.
 */
static void
write_limits(int32 quota_id, const QuotaLimits *old, const QuotaLimits *new)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->quota_limit_column;
	RowWriter	writer;

	row_writer_open(&writer, relations->quota_limit, CMD_DELETE);
	for (int i = 0; i < old->n; i++)
	{
		if (!has_limit(new, &old->limits[i]))
			row_writer_delete(&writer, &old->limits[i].tid);
	}
	row_writer_close(&writer);
	row_writer_open(&writer, relations->quota_limit, CMD_INSERT);
	for (int i = 0; i < new->n; i++)
	{
		const QuotaLimit *limit = &new->limits[i];

		if (has_limit(old, limit))
			continue;
		row_writer_new_row(&writer, columns, QUOTA_LIMIT_NCOLUMNS);
		row_writer_set(&writer, columns[QUOTA_LIMIT_QUOTA_ID],
					   Int32GetDatum(quota_id), false);
		row_writer_set(&writer, columns[QUOTA_LIMIT_DURING],
					   range_datum(limit->start, limit->end), false);
		row_writer_set(&writer, columns[QUOTA_LIMIT_AMOUNT], limit->amount, false);
		row_writer_before_insert(&writer);
		row_writer_insert(&writer);
	}
	row_writer_close(&writer);
	CommandCounterIncrement();
}

static Segment *
read_segments(int32 quota_id, int *n)
{
	Snapshot	snapshot = latest_snapshot();
	Segment    *segments = quota_limit_segments(quota_id, DT_NOBEGIN, DT_NOEND,
												snapshot, n);

	UnregisterSnapshot(snapshot);
	return segments;
}

/*
 * Apply the difference between limits to what is left of a quota: what that
 * makes negative stays so, and is allowed as long as nobody makes it worse.
 */
static void
apply_difference(int32 quota_id, const Segment *old, int nold,
				 const Segment *new, int nnew)
{
	NetChange	net = {0};
	TimelineChange *changes;
	int			nchanges;
	TimelineRefusal refusal;
	int			i = 0;
	int			j = 0;

	/* both are without gaps */
	while (i < nold && j < nnew)
	{
		TimestampTz start = Max(old[i].start, new[j].start);
		TimestampTz end = Min(old[i].end, new[j].end);

		if (old[i].delta != new[j].delta)
			net_change_add(&net, quota_timeline_id(quota_id), start, end,
						   new[j].delta - old[i].delta);
		if (old[i].end == end)
			i++;
		if (new[j].end == end)
			j++;
	}
	changes = net_change_finish(&net, &nchanges);
	if (timeline_apply(changes, nchanges, TIMELINE_CAPACITY, false,
					   &refusal) != TIMELINE_APPLIED)
		concurrent_change_error();
}

/*
 * quota_limits_replace gives a quota another limit over [start, end), or none.
 * The caller has the quota exclusively, and knows whether its timeline is built.
 */
void
quota_limits_replace(const Quota *quota, const QuotaLimits *old,
					 TimestampTz start, TimestampTz end, Datum amount,
					 bool limited, bool built)
{
	Oid			capacity = arbiter_relations()->capacity;
	int32		timeline = quota_timeline_id(quota->id);
	QuotaLimits new = {0};
	Segment    *old_segments;
	Segment    *new_segments;
	int			nold;
	int			nnew;

	for (int i = 0; i < old->n; i++)
	{
		QuotaLimit	limit = old->limits[i];

		limit.end = Min(limit.end, start);
		add_limit(&new, limit);
	}
	if (limited)
		add_limit(&new, (QuotaLimit) {.start = start,.end = end,.amount = amount});
	for (int i = 0; i < old->n; i++)
	{
		QuotaLimit	limit = old->limits[i];

		limit.start = Max(limit.start, end);
		add_limit(&new, limit);
	}

	old_segments = read_segments(quota->id, &nold);
	/* what users' triggers see meanwhile is half changed: no chunk from it */
	in_flight_add(capacity, timeline, IN_FLIGHT_FUNCTION);
	write_limits(quota->id, old, &new);
	in_flight_done(capacity, IN_FLIGHT_FUNCTION);
	if (!built)
		return;
	new_segments = read_segments(quota->id, &nnew);
	apply_difference(quota->id, old_segments, nold, new_segments, nnew);
}
