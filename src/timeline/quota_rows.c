/*-------------------------------------------------------------------------
 *
 * quota_rows.c
 *	  Read what the timeline of a quota is derived from: its limits, and the
 *	  reservations that count against it.
 *
 * To a quota, its limit is what declared capacity is to a resource; where none
 * is declared it is QUOTA_UNLIMITED.  What is left is the limit less what
 * active reservations count against it, see charge/charge.c.
 *
 *-------------------------------------------------------------------------
 */
#include "timeline/quota_rows.h"

#include "access/table.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "support/relations.h"
#include "timeline/base_rows.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/numeric.h"

/* of a group of at most so many users, all are known before rows are read */
typedef struct Member
{
	char	   *user_id;		/* hash key */
	bool		is_member;
} Member;

static uint32
hash_member(const void *key, Size keysize)
{
	const char *user_id = *(char *const *) key;

	return hash_bytes((const unsigned char *) user_id, (int) strlen(user_id));
}

static int
compare_members(const void *a, const void *b, Size keysize)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/*
 * Does the user of a row count?  Of a group, each one is looked up once.
 */
static bool
is_member(QuotaScan *scan, Datum user)
{
	char	   *user_id = TextDatumGetCString(user);
	Member	   *member;
	bool		found;

	if (!scan->quota.is_group)
	{
		found = strcmp(user_id, scan->quota.subject) == 0;
		pfree(user_id);
		return found;
	}
	member = hash_search(scan->members, &user_id, HASH_ENTER, &found);
	if (!found)
		member->is_member = quota_has_member(&scan->quota, user_id, scan->snapshot);
	else
		pfree(user_id);
	return member->is_member;
}

/*
 * quota_scan_begin starts a scan of the reservations that count against a quota:
 * of all that are active, or of the holds that have expired by an instant.
 * False if there is no such quota.
 *
 * Takes AccessShareLock on the tables it reads.
 */
bool
quota_scan_begin(QuotaScan *scan, int32 quota_id, bool only_expired,
				 TimestampTz clock, Snapshot snapshot)
{
	memset(scan, 0, sizeof(QuotaScan));
	if (!quota_find(quota_id, snapshot, &scan->quota))
		return false;
	scan->snapshot = snapshot;
	scan->only_expired = only_expired;
	scan->clock = clock;
	if (scan->quota.is_group)
	{
		HASHCTL		control = {
			.keysize = sizeof(char *),
			.entrysize = sizeof(Member),
			.hash = hash_member,
			.match = compare_members,
			.hcxt = CurrentMemoryContext
		};

		scan->members = hash_create("arbiter members", 64, &control,
									HASH_ELEM | HASH_FUNCTION | HASH_COMPARE |
									HASH_CONTEXT);
	}
	scan->resources = quota_resources(&scan->quota, snapshot, &scan->nresources);
	return true;
}

/*
 * Start to read the rows of the next resource, or of all; false if there is none
 * left.
 */
static bool
open_rows(QuotaScan *scan)
{
	const ArbiterRelations *relations = arbiter_relations();
	ScanKeyData keys[2];
	int			nkeys = 0;

	if (scan->resources == NULL ? scan->next_resource > 0 :
		scan->next_resource == scan->nresources)
		return false;
	if (scan->resources != NULL)
		ScanKeyInit(&keys[nkeys++], 1, BTEqualStrategyNumber, F_INT4EQ,
					Int32GetDatum(scan->resources[scan->next_resource]));
	if (scan->only_expired)
	{
		ScanKeyInit(&keys[nkeys++], 2, BTLessEqualStrategyNumber,
					F_TIMESTAMPTZ_LE, TimestampTzGetDatum(scan->clock));
		key_scan_begin(&scan->rows, relations->reservation,
					   &relations->reservation_held_idx, scan->snapshot, keys,
					   nkeys);
	}
	else if (scan->resources != NULL)
		key_scan_begin(&scan->rows, relations->reservation,
					   &relations->reservation_start_idx, scan->snapshot, keys,
					   nkeys);
	else
	{
		scan->rel = table_open(relations->reservation, AccessShareLock);
		scan->slot = table_slot_create(scan->rel, NULL);
		scan->heap = table_beginscan(scan->rel, scan->snapshot, 0, NULL);
	}
	scan->next_resource++;
	scan->is_open = true;
	return true;
}

static void
close_rows(QuotaScan *scan)
{
	if (!scan->is_open)
		return;
	scan->is_open = false;
	if (scan->rel == NULL)
	{
		key_scan_end(&scan->rows);
		return;
	}
	table_endscan(scan->heap);
	ExecDropSingleTupleTableSlot(scan->slot);
	table_close(scan->rel, NoLock);
	scan->rel = NULL;
}

static bool
next_row(QuotaScan *scan)
{
	for (;;)
	{
		CHECK_FOR_INTERRUPTS();
		if (!scan->is_open && !open_rows(scan))
			return false;
		if (scan->rel != NULL)
		{
			if (table_scan_getnextslot(scan->heap, ForwardScanDirection, scan->slot))
				return true;
		}
		else if (key_scan_next(&scan->rows))
		{
			scan->slot = scan->rows.slot;
			return true;
		}
		close_rows(scan);
	}
}

/*
 * quota_scan_next finds the next row, which is in scan->slot then.
 */
bool
quota_scan_next(QuotaScan *scan)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;

	while (next_row(scan))
	{
		bool		null[5];
		int32		resource_id = DatumGetInt32(slot_getattr(scan->slot, columns[RESERVATION_RESOURCE_ID], &null[4]));
		Datum		status = slot_getattr(scan->slot, columns[RESERVATION_STATUS], &null[0]);
		Datum		user = slot_getattr(scan->slot, columns[RESERVATION_USER_ID], &null[1]);

		(void) slot_getattr(scan->slot, columns[RESERVATION_DURING], &null[2]);
		(void) slot_getattr(scan->slot, columns[RESERVATION_AMOUNT], &null[3]);
		if (null[0] || null[1] || null[2] || null[3] || null[4] ||
			timeline_is_of_quota(resource_id))
			continue;			/* somebody dropped a NOT NULL, or an orphan */
		if (status_is_active(status) && is_member(scan, user))
			return true;
	}
	return false;
}

/*
 * quota_scan_charge adds what the row found last counts against the quota.
 */
void
quota_scan_charge(QuotaScan *scan, Charges *charges)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;
	TimestampTz start;
	TimestampTz end;
	bool		isnull;

	range_times(slot_getattr(scan->slot, columns[RESERVATION_DURING], &isnull),
				&start, &end);
	charge_quota(charges, &scan->quota,
				 DatumGetInt32(slot_getattr(scan->slot, columns[RESERVATION_RESOURCE_ID], &isnull)),
				 start, end,
				 DatumGetInt64(slot_getattr(scan->slot, columns[RESERVATION_AMOUNT], &isnull)));
}

void
quota_scan_end(QuotaScan *scan)
{
	close_rows(scan);
	if (scan->members != NULL)
		hash_destroy(scan->members);
}

/*
 * quota_limit_parts returns the limit of a quota in what it is counted in, from
 * that which a user gave it.
 */
int64
quota_limit_parts(QuotaMeasure measure, Datum amount)
{
	amount = DirectFunctionCall2(numeric_mul, amount,
								 NumericGetDatum(int64_to_numeric(quota_parts(measure))));
	return DatumGetInt64(DirectFunctionCall1(numeric_int8,
											 DirectFunctionCall2(numeric_trunc, amount,
																 Int32GetDatum(0))));
}

static void
add_segment(Segment **segments, Size *room, int *n, TimestampTz start,
			TimestampTz end, int64 limit)
{
	if (start >= end)
		return;
	if (*n >= (int) *room)
	{
		*room *= 2;
		*segments = repalloc_huge(*segments, sizeof(Segment) * *room);
	}
	(*segments)[(*n)++] = (Segment) {.start = start,.end = end,.delta = limit};
}

/*
 * quota_limit_segments returns the limits of a quota over [from, to), ascending
 * and without gaps.
 */
Segment *
quota_limit_segments(int32 quota_id, TimestampTz from, TimestampTz to,
					 Snapshot snapshot, int *nsegments)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->quota_limit_column;
	KeyScan		scan;
	ScanKeyData key;
	Size		room = 8;
	int			n = 0;
	Segment    *segments = palloc(sizeof(Segment) * room);
	TimestampTz position = from;
	Quota		quota;

	if (!quota_find(quota_id, snapshot, &quota))
		quota.measure = QUOTA_AMOUNT;
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(quota_id));
	key_scan_begin(&scan, relations->quota_limit, &relations->quota_limit_pkey,
				   snapshot, &key, 1);
	while (key_scan_next(&scan))
	{
		bool		isnull;
		TimestampTz start;
		TimestampTz end;

		range_times(slot_getattr(scan.slot, columns[QUOTA_LIMIT_DURING], &isnull),
					&start, &end);
		if (start >= to)
			break;
		start = Max(start, position);
		end = Min(end, to);
		if (start >= end)
			continue;
		add_segment(&segments, &room, &n, position, start, QUOTA_UNLIMITED);
		add_segment(&segments, &room, &n, start, end,
					quota_limit_parts(quota.measure,
									  slot_getattr(scan.slot, columns[QUOTA_LIMIT_AMOUNT], &isnull)));
		position = end;
	}
	key_scan_end(&scan);
	add_segment(&segments, &room, &n, position, to, QUOTA_UNLIMITED);
	*nsegments = n;
	return segments;
}

/*
 * quota_events returns what reservations count against a quota, as events of
 * negative amounts; of expired holds, what these give back, as positive ones.
 */
StepEvent *
quota_events(int32 quota_id, bool only_expired, TimestampTz clock,
			 Snapshot snapshot, int *nevents)
{
	QuotaScan	scan;
	Charges		charges = {0};
	Size		room = 64;
	int			n = 0;
	StepEvent  *events = palloc(sizeof(StepEvent) * room);

	*nevents = 0;
	if (!quota_scan_begin(&scan, quota_id, only_expired, clock, snapshot))
		return events;
	while (quota_scan_next(&scan))
	{
		charges.n = 0;
		quota_scan_charge(&scan, &charges);
		for (int i = 0; i < charges.n; i++)
		{
			const Charge *charge = &charges.charges[i];
			int64		delta = only_expired ? charge->amount : -charge->amount;

			if (n + 2 > (int) room)
			{
				room *= 2;
				events = repalloc_huge(events, sizeof(StepEvent) * room);
			}
			events[n++] = (StepEvent) {.instant = charge->start,.delta = delta};
			events[n++] = (StepEvent) {.instant = charge->end,.delta = -delta};
		}
	}
	quota_scan_end(&scan);
	*nevents = n;
	return events;
}
