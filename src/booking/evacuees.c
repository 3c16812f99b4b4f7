/*-------------------------------------------------------------------------
 *
 * evacuees.c
 *	  The reservations that are to leave a resource.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/evacuees.h"

#include "capacity/share.h"
#include "support/locks.h"
#include "support/relations.h"
#include "timeline/base_rows.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

static int
compare_age(const void *a, const void *b)
{
	const Evacuee *left = a;
	const Evacuee *right = b;

	if (left->created_at != right->created_at)
		return left->created_at < right->created_at ? -1 : 1;
	if (left->part->reservation_id != right->part->reservation_id)
		return left->part->reservation_id < right->part->reservation_id ? -1 : 1;
	return (left->number > right->number) - (left->number < right->number);
}

static int
compare_newest(const void *a, const void *b)
{
	return compare_age(b, a);
}

static int
compare_smallest(const void *a, const void *b)
{
	int64		left = ((const Evacuee *) a)->part->take.amount;
	int64		right = ((const Evacuee *) b)->part->take.amount;

	if (left != right)
		return left < right ? -1 : 1;
	return compare_newest(a, b);
}

static int
compare_largest(const void *a, const void *b)
{
	int64		left = ((const Evacuee *) a)->part->take.amount;
	int64		right = ((const Evacuee *) b)->part->take.amount;

	if (left != right)
		return left > right ? -1 : 1;
	return compare_newest(a, b);
}

static int
compare_users(const void *a, const void *b)
{
	int			order = strcmp(((const Evacuee *) a)->user_id,
							   ((const Evacuee *) b)->user_id);

	return order != 0 ? order : compare_newest(a, b);
}

/*
 * evacuees_order returns the order of a name (22023).
 */
EvacueeComparator
evacuees_order(const char *sort_order)
{
	static const struct
	{
		const char *name;
		EvacueeComparator compare;
	}			orders[] = {
		{"newest", compare_newest},
		{"oldest", compare_age},
		{"smallest", compare_smallest},
		{"largest", compare_largest},
		{"user", compare_users}
	};

	for (int i = 0; i < lengthof(orders); i++)
	{
		if (strcmp(sort_order, orders[i].name) == 0)
			return orders[i].compare;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown sort order \"%s\"", sort_order),
			 errhint("Pass newest, oldest, smallest, largest or user.")));
}

/*
 * The windows of the range in which the resource is oversold.
 */
static Segment *
find_windows(const Evacuation *evacuation, TimestampTz clock, Snapshot snapshot,
			 int *nwindows)
{
	TimelineView view;
	TimelineScan scan;
	TimelineStretch stretch;
	Size		room = 64;
	int			n = 0;
	Segment    *windows = palloc(sizeof(Segment) * room);

	resource_view(&view, &evacuation->from, true, clock, evacuation->start,
				  evacuation->end, snapshot);
	timeline_scan_begin(&scan, &view, evacuation->start, evacuation->end);
	while (timeline_scan_next(&scan, &stretch))
	{
		if (stretch.minimum < 0)
			timeline_stretch_unpack(&stretch);
		for (int i = 0; stretch.minimum < 0 && i < stretch.nsteps; i++)
		{
			if (stretch.steps[i].available >= 0)
				continue;
			if (n == (int) room)
			{
				room *= 2;
				windows = repalloc_huge(windows, sizeof(Segment) * room);
			}
			windows[n++] = (Segment) {
				.start = stretch.steps[i].start,
				.end = i + 1 < stretch.nsteps ? stretch.steps[i + 1].start : stretch.end
			};
		}
		timeline_stretch_free(&stretch);
	}
	timeline_scan_end(&scan);
	*nwindows = n;
	return windows;
}

/* does a range overlap one of some windows, which are ascending and disjoint? */
static bool
overlaps_any(const Segment *windows, int nwindows, TimestampTz start,
			 TimestampTz end)
{
	int			low = 0;
	int			high = nwindows;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (windows[middle].end <= start)
			low = middle + 1;
		else
			high = middle;
	}
	return low < nwindows && windows[low].start < end;
}

/*
 * Lock the rows of the reservations that overlap the range.
 */
static void
lock_reservations(Evacuation *evacuation)
{
	Snapshot	snapshot = decision_snapshot();
	TimestampTz now = GetCurrentTimestamp();
	ReservationScan scan;
	ReservationRow row;
	Size		room = 64;
	int			n = 0;
	int64	   *ids = palloc(sizeof(int64) * room);
	int			nwindows = 0;
	Segment    *windows = NULL;

	if (evacuation->only_conflicts)
		windows = find_windows(evacuation, now, snapshot, &nwindows);
	reservation_scan_begin(&scan, evacuation->from.id, evacuation->start,
						   evacuation->end, snapshot);
	while (reservation_scan_next(&scan, &row))
	{
		if (!row.active || row.expires_at <= now ||
			(windows != NULL &&
			 !overlaps_any(windows, nwindows, row.start, row.end)))
			continue;
		if (n == (int) room)
		{
			room *= 2;
			ids = repalloc_huge(ids, sizeof(int64) * room);
		}
		ids[n++] = row.reservation_id;
	}
	reservation_scan_end(&scan);
	UnregisterSnapshot(snapshot);
	evacuation->change.new_resource_id = evacuation->to.id;
	change_lock(&evacuation->change, ids, n);
	pfree(ids);
}

/*
 * Find what a reservation would count against quotas that it does not count
 * against them where it is.
 */
static void
find_charges(Evacuee *evacuee, const Resource *to)
{
	const ReservationTake *take = &evacuee->part->take;
	Charges		had = {0};
	Charges		has = {0};
	int			kept = 0;

	if (take->user_id == NULL)
		return;
	charge_all(&had, take->user_id, take->resource_id, take->own_start,
			   take->own_end, take->amount);
	charge_all(&has, take->user_id, to->id, take->own_start, take->own_end,
			   take->amount);
	for (int i = 0; i < has.n; i++)
	{
		Charge		charge = has.charges[i];

		for (int j = 0; j < had.n; j++)
		{
			if (had.charges[j].quota_id == charge.quota_id &&
				had.charges[j].start == charge.start)
				charge.amount -= had.charges[j].amount;
		}
		if (charge.amount > 0)
			has.charges[kept++] = charge;
	}
	has.n = kept;
	evacuee->counted.charges = has;
}

/*
 * Find who should leave, now that nobody else can change that.
 */
static void
find_evacuees(Evacuation *evacuation)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;
	Change	   *change = &evacuation->change;
	const Resource *to = &evacuation->to;

	evacuation->evacuees = palloc_extended(sizeof(Evacuee) * (Size) change->nparts,
										   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < change->nparts; i++)
	{
		ChangePart *part = &change->parts[i];
		Evacuee    *evacuee = &evacuation->evacuees[evacuation->n];
		bool		isnull;

		if (!part->live || part->take.resource_id != evacuation->from.id ||
			part->start >= evacuation->end || part->end <= evacuation->start)
			continue;
		evacuee->part = part;
		evacuee->number = DatumGetInt32(slot_getattr(part->row, columns[RESERVATION_PART], &isnull));
		evacuee->user_id = TextDatumGetCString(slot_getattr(part->row, columns[RESERVATION_USER_ID], &isnull));
		evacuee->created_at = DatumGetTimestampTz(slot_getattr(part->row, columns[RESERVATION_CREATED_AT], &isnull));
		evacuee->start = part->start;
		evacuee->end = part->end;
		resource_occupied(to, &evacuee->start, &evacuee->end);
		find_charges(evacuee, to);
		evacuee->hopeless = range_is_misaligned(part->start, part->end,
												to->granularity, to->name,
												&evacuee->fault);
		if (!evacuee->hopeless &&
			children_include(&change->children, part->reservation_id,
							 part->take.resource_id))
			evacuee->hopeless =
				fault_set(&evacuee->fault, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
						  psprintf("reservation " INT64_FORMAT " is the capacity of another resource",
								   part->reservation_id),
						  NULL, NULL);
		if (!evacuee->hopeless && share_of_row(part->row) > 0)
			evacuee->hopeless =
				fault_set(&evacuee->fault, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
						  psprintf("reservation " INT64_FORMAT " is for a share of the capacity of resource \"%s\"",
								   part->reservation_id, evacuation->from.name),
						  NULL, NULL);
		evacuation->n++;
	}
}

/*
 * evacuees_find finds who should leave, in an order, and locks their rows.  The
 * clock of the change is read after that.
 *
 * Locks: the reservations' rows, by (reservation_id, part).
 */
void
evacuees_find(Evacuation *evacuation, EvacueeComparator compare)
{
	lock_reservations(evacuation);
	find_evacuees(evacuation);
	qsort(evacuation->evacuees, evacuation->n, sizeof(Evacuee), compare);
}
