/*-------------------------------------------------------------------------
 *
 * change_lock.c
 *	  Lock the rows of reservations that are to be changed.
 *
 * The order of locks is that of everybody: first the resources that must be
 * built, and those of shares, then the rows by (reservation_id, part).
 *
 * The rows of a share come and go as capacity changes.  With its resource locked
 * in share mode they do not, and its capacity is what it will be.
 *
 * Who was waited for may have added parts.  They come after those that are locked
 * already, and nobody gets to lock them but by way of these: so they can be locked
 * afterwards.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/change.h"

#include "access/tableam.h"
#include "access/xact.h"
#include "charge/quota.h"
#include "miscadmin.h"
#include "support/compare.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/progress.h"
#include "support/relations.h"
#include "timeline/base_rows.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

static ChangePart *
new_part(Change *change)
{
	if (change->nparts == change->room)
	{
		change->room = Max(4, 2 * change->room);
		if (change->parts == NULL)
			change->parts = palloc(sizeof(ChangePart) * change->room);
		else
			change->parts = repalloc_huge(change->parts,
										  sizeof(ChangePart) * change->room);
	}
	memset(&change->parts[change->nparts], 0, sizeof(ChangePart));
	return &change->parts[change->nparts++];
}

/* where a row of a reservation is, as a snapshot sees it */
typedef struct FoundRow
{
	int64		reservation_id;
	int32		resource_id;
	bool		is_share;
	char	   *user_id;		/* if there are quotas */
	ItemPointerData tid;
} FoundRow;

typedef struct FoundRows
{
	FoundRow   *rows;
	int			n;
	int			room;
	bool		have_shares;
} FoundRows;

/*
 * Find the rows of a reservation, in the order of their parts.
 */
static void
find_rows(FoundRows *found, int64 reservation_id, Snapshot snapshot)
{
	const ArbiterRelations *relations = arbiter_relations();
	KeyScan		scan;
	ScanKeyData key;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(reservation_id));
	key_scan_begin(&scan, relations->reservation, &relations->reservation_pkey,
				   snapshot, &key, 1);
	while (key_scan_next(&scan))
	{
		FoundRow   *row;
		bool		isnull;

		if (found->n == found->room)
		{
			found->room = Max(4, 2 * found->room);
			if (found->rows == NULL)
				found->rows = palloc(sizeof(FoundRow) * found->room);
			else
				found->rows = repalloc_huge(found->rows,
											sizeof(FoundRow) * found->room);
		}
		row = &found->rows[found->n++];
		row->reservation_id = reservation_id;
		row->resource_id =
			DatumGetInt32(slot_getattr(scan.slot,
									   relations->reservation_column[RESERVATION_RESOURCE_ID],
									   &isnull));
		row->is_share = !slot_attisnull(scan.slot, relations->reservation_column[RESERVATION_SHARE]);
		found->have_shares |= row->is_share;
		row->user_id = NULL;
		if (quotas_exist())
		{
			Datum		user = slot_getattr(scan.slot,
											relations->reservation_column[RESERVATION_USER_ID],
											&isnull);

			if (!isnull)
				row->user_id = TextDatumGetCString(user);
		}
		row->tid = scan.slot->tts_tid;
	}
	key_scan_end(&scan);
}

/* the timelines to be built */
typedef struct Timelines
{
	int32	   *ids;
	int			n;
	int			room;
} Timelines;

static void
add_timeline(Timelines *timelines, int32 resource_id)
{
	if (timelines->n == timelines->room)
	{
		timelines->room = Max(16, 2 * timelines->room);
		if (timelines->ids == NULL)
			timelines->ids = palloc(sizeof(int32) * timelines->room);
		else
			timelines->ids = repalloc_huge(timelines->ids,
										   sizeof(int32) * timelines->room);
	}
	timelines->ids[timelines->n++] = resource_id;
}

static void
add_quotas(Timelines *timelines, const char *user_id, int32 resource_id)
{
	int			nquotas;
	Quota	  **quotas = quotas_of(user_id, resource_id, &nquotas);

	for (int i = 0; i < nquotas; i++)
		add_timeline(timelines, quota_timeline_id(quotas[i]->id));
}

/*
 * Build the resources of rows that are about to be locked, and the quotas that
 * they count against, or lock the resources of shares: a build has the resource
 * exclusively, and in the order of locks resources come before rows.
 */
static void
prepare_resources(const Change *change, const FoundRows *found, bool of_shares)
{
	Timelines	timelines = {0};
	int32	   *ids;
	int			n;

	for (int i = 0; i < found->n; i++)
	{
		const FoundRow *row = &found->rows[i];

		if (of_shares && !row->is_share)
			continue;
		add_timeline(&timelines, row->resource_id);
		if (of_shares || row->user_id == NULL)
			continue;
		add_quotas(&timelines, row->user_id, row->resource_id);
		if (change->new_user_id != NULL)
			add_quotas(&timelines, change->new_user_id, row->resource_id);
		if (change->new_resource_id != 0)
			add_quotas(&timelines, row->user_id, change->new_resource_id);
	}
	if (timelines.n == 0)
		return;
	ids = timelines.ids;
	n = timelines.n;
	qsort(ids, n, sizeof(int32), compare_int32);
	for (int i = 0; i < n; i++)
	{
		if (i > 0 && ids[i] == ids[i - 1])
			continue;
		if (of_shares)
			resource_lock_shared(ids[i]);
		else
			(void) timeline_ensure_built(ids[i]);
	}
	pfree(ids);
}

static void
find_all_rows(FoundRows *found, const int64 *ids, int n, Snapshot snapshot)
{
	found->n = 0;
	for (int i = 0; i < n; i++)
	{
		if (i == 0 || ids[i] != ids[i - 1])
			find_rows(found, ids[i], snapshot);
	}
}

/*
 * Make a slot for a row.  A slot whose row type is the table's own counts as a
 * reference to it, which costs the more the more there are: many rows have a
 * copy that is not counted.
 */
static TupleTableSlot *
make_slot(Change *change)
{
	Relation	rel = change->writer.rel;

	if (change->nparts < 64)
		return table_slot_create(rel, NULL);
	if (change->desc == NULL)
		change->desc = CreateTupleDescCopyConstr(RelationGetDescr(rel));
	return MakeSingleTupleTableSlot(change->desc, table_slot_callbacks(rel));
}

/*
 * Lock a row, and keep its latest version.
 */
static void
lock_row(Change *change, FoundRow *found, Snapshot snapshot)
{
	AttrNumber	id = arbiter_relations()->reservation_column[RESERVATION_ID];
	Relation	rel = change->writer.rel;
	ItemPointerData seen = found->tid;
	TM_FailureData failure;
	TM_Result	result;
	bool		isnull;
	TupleTableSlot *row = make_slot(change);

	CHECK_FOR_INTERRUPTS();
	result = table_tuple_lock(rel, &found->tid, snapshot, row,
							  GetCurrentCommandId(true),
							  LockTupleNoKeyExclusive, LockWaitBlock,
							  IsolationUsesXactSnapshot() ? 0 : TUPLE_LOCK_FLAG_FIND_LAST_VERSION,
							  &failure);
	if (result == TM_Ok &&
		DatumGetInt64(slot_getattr(row, id, &isnull)) == found->reservation_id)
	{
		ChangePart *part = new_part(change);

		reservation_check_null(row);
		part->reservation_id = found->reservation_id;
		part->row = row;
		change->overtaken |= !ItemPointerEquals(&row->tts_tid, &seen);
		/* a copy: there may be more rows than buffers to pin */
		ExecMaterializeSlot(row);
	}
	else if (result == TM_Ok)
		ExecDropSingleTupleTableSlot(row);	/* renumbered meanwhile */
	else if (result == TM_SelfModified || result == TM_Invisible)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("reservation " INT64_FORMAT " is being changed by the same statement",
						found->reservation_id),
				 errhint("Change it in a statement of its own.")));
	else if (result == TM_Deleted && !IsolationUsesXactSnapshot())
		ExecDropSingleTupleTableSlot(row);
	else
		concurrent_change_error();
}

static int32
part_number(const ChangePart *part)
{
	bool		isnull;

	return DatumGetInt32(slot_getattr(part->row,
									  arbiter_relations()->reservation_column[RESERVATION_PART],
									  &isnull));
}

static int
compare_parts(const void *a, const void *b)
{
	const ChangePart *left = a;
	const ChangePart *right = b;

	if (left->reservation_id != right->reservation_id)
		return left->reservation_id < right->reservation_id ? -1 : 1;
	return (part_number(left) > part_number(right)) -
		(part_number(left) < part_number(right));
}

/*
 * Lock what has been added to the reservations while their rows were waited for.
 */
static void
lock_added(Change *change, FoundRows *found, const int64 *ids, int n)
{
	Snapshot	snapshot = decision_snapshot();
	int			nparts = change->nparts;
	int			at = 0;

	find_all_rows(found, ids, n, snapshot);
	for (int i = 0; i < found->n; i++)
	{
		FoundRow   *row = &found->rows[i];
		bool		locked = false;

		while (at < nparts && change->parts[at].reservation_id < row->reservation_id)
			at++;
		for (int j = at; j < nparts && !locked &&
			 change->parts[j].reservation_id == row->reservation_id; j++)
			locked = ItemPointerEquals(&change->parts[j].row->tts_tid, &row->tid);
		if (!locked)
			lock_row(change, row, snapshot);
	}
	UnregisterSnapshot(snapshot);
	if (change->nparts > nparts)
		qsort(change->parts, change->nparts, sizeof(ChangePart), compare_parts);
}

static void
read_part(ChangePart *part, TimestampTz clock)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;
	bool		isnull;

	reservation_range(part->row, &part->start, &part->end);
	if (!reservation_read(part->row, &part->take))
		return;
	part->expires_at = DT_NOEND;
	part->held = status_is_held(slot_getattr(part->row, columns[RESERVATION_STATUS],
											 &isnull));
	if (part->held)
	{
		Datum		value = slot_getattr(part->row, columns[RESERVATION_EXPIRES_AT],
										 &isnull);

		if (!isnull)
			part->expires_at = DatumGetTimestampTz(value);
	}
	part->expired = part->held && part->expires_at <= clock;
	part->live = !part->expired;
}

/*
 * change_lock locks the rows of reservations, ascending, and then reads the
 * clock.  It is called once; an id may be given twice, and need not exist.
 *
 * Errors: 40001, 27000.  Locks: resources that must be built; those of shares, in
 * share mode; the rows; the children of the reservations, exclusively, and what
 * follows them.
 */
void
change_lock(Change *change, const int64 *reservation_ids, int n)
{
	Snapshot	snapshot = decision_snapshot();
	FoundRows	found = {0};
	int64	   *ids = palloc_extended(sizeof(int64) * (Size) n, MCXT_ALLOC_HUGE);
	Progress	progress;

	memcpy(ids, reservation_ids, sizeof(int64) * n);
	qsort(ids, n, sizeof(int64), compare_int64);
	find_all_rows(&found, ids, n, snapshot);
	if (!change->keeps_place || found.have_shares)
		prepare_resources(change, &found, false);
	if (found.have_shares)
	{
		prepare_resources(change, &found, true);
		UnregisterSnapshot(snapshot);
		snapshot = decision_snapshot();
		find_all_rows(&found, ids, n, snapshot);
	}
	if (found.n > 1)
		progress_begin(&progress, "reservations locked", found.n);
	for (int i = 0; i < found.n; i++)
	{
		lock_row(change, &found.rows[i], snapshot);
		if (found.n > 1)
			progress_step(&progress);
	}
	UnregisterSnapshot(snapshot);
	if (change->overtaken)
		lock_added(change, &found, ids, n);
	children_find(&change->children, ids, n);
	pfree(ids);
	children_lock(&change->children);

	change->clock = GetCurrentTimestamp();
	for (int i = 0; i < change->nparts; i++)
		read_part(&change->parts[i], change->clock);
}
