/*-------------------------------------------------------------------------
 *
 * change_share.c
 *	  Give a share other times, or make it another share.
 *
 * Its rows are made anew, from the capacity that is declared where it is to be:
 * change_lock() has locked its resource.  What is put in their place is judged as
 * one net change, as all changes are (change.c).
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "booking/change.h"
#include "booking/share_request.h"
#include "capacity/share_rows.h"
#include "charge/quota.h"
#include "support/arguments.h"
#include "support/errors.h"
#include "support/locks.h"
#include "support/relations.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbiter_resize_share);

/*
 * change_is_of_share tells whether any part of what is to be changed, and is left
 * of it, is for a share.
 */
bool
change_is_of_share(const Change *change)
{
	for (int i = 0; i < change->nparts; i++)
	{
		if (change->parts[i].live && share_of_row(change->parts[i].row) > 0)
			return true;
	}
	return false;
}

pg_noreturn static void
not_one_share_error(int64 reservation_id, const char *done)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("reservation " INT64_FORMAT " cannot be %s",
					reservation_id, done),
			 errdetail("What is left of it is not one share over one range."),
			 errhint("Cancel it, and take a share with arbiter_reserve_share().")));
}

/*
 * The parts that are left, as rows of a share: they must be one chain.
 */
static void
read_chain(const Change *change, const char *done, ShareRows *rows)
{
	AttrNumber	column = arbiter_relations()->reservation_column[RESERVATION_PART];
	int32		last_part = 0;

	for (int i = 0; i < change->nparts; i++)
	{
		const ChangePart *part = &change->parts[i];
		bool		isnull;
		int32		number = DatumGetInt32(slot_getattr(part->row, column, &isnull));
		ShareRow   *row;

		last_part = Max(last_part, number);
		if (!part->live)
			continue;
		row = share_rows_add(rows);
		*row = (ShareRow) {
			.reservation_id = part->reservation_id,
			.part = number,
			.row = part->row,
			.start = part->start,
			.end = part->end,
			.take = part->take,
			.share = share_of_row(part->row),
			.held = part->held,
			.expires_at = part->expires_at
		};
		if (row->share == 0 || row->take.resource_id != rows->rows[0].take.resource_id)
			not_one_share_error(part->reservation_id, done);
	}
	for (int i = 0; i < rows->n; i++)
		rows->rows[i].last_part = last_part;
	if (share_chain(rows, 0) < rows->n)
		not_one_share_error(rows->rows[0].reservation_id, done);
}

/*
 * Make the request that the change amounts to: by somebody who gives back what it
 * takes.
 */
static void
make_request(const Change *change, const ShareRows *rows,
			 const Resource *resource, ShareRequest *asked, Request *request)
{
	StepEvent  *events = palloc_extended(sizeof(StepEvent) * 2 * (Size) rows->n,
										 MCXT_ALLOC_HUGE);

	share_request_make(asked, resource, request);
	for (int i = 0; i < rows->n; i++)
	{
		const ReservationTake *take = &rows->rows[i].take;

		events[2 * i] = (StepEvent) {.instant = take->start,.delta = take->amount};
		events[2 * i + 1] = (StepEvent) {.instant = take->end,.delta = -take->amount};
	}
	request_give_back(&request->requirements[0], events, 2 * rows->n);
	for (int i = 1; i < request->nrequirements; i++)
	{
		request->requirements[i].given_back = request->requirements[0].given_back;
		request->requirements[i].ngiven_back = request->requirements[0].ngiven_back;
	}
}

static void
check_lead(const Request *request)
{
	Refusal		refusal = {0};

	if (!refuse_early_start(request, &refusal))
		return;
	refusal.hint = pstrdup("Pass the earliest start permitted, or a later one.");
	refusal_raise(&refusal);
}

/*
 * change_share gives the share that is locked another range, and another share if
 * that is not NULL; what is so already is left alone.  done is what the caller
 * would do with it.
 *
 * Errors: RV007; RV006 for another start; RV002, RV001; 55000 it is not one share
 * over one range; 27000, 55000 because of users' triggers; 22008; 40001.  Locks:
 * chunks by (resource_id, time).
 */
void
change_share(Change *change, TimestampTz start, TimestampTz end, Numeric share,
			 const char *done)
{
	ShareRows	rows = {0};
	ShareRewrite rewrite = {0};
	ShareRequest asked = {0};
	Request		request = {.start = start,.end = end,.clock = change->clock};
	Refusal		refusal = {0};
	Resource	resource;
	Snapshot	snapshot;
	const ShareRow *first;
	const ShareRow *last;
	TimestampTz occupied_start = start;
	TimestampTz occupied_end = end;

	read_chain(change, done, &rows);
	first = &rows.rows[0];
	last = &rows.rows[rows.n - 1];
	if (start == first->start && end == last->end &&
		(share == NULL || share_scaled(share) == first->share))
		return;

	snapshot = decision_snapshot();
	if (!resource_find_by_id(first->take.resource_id, snapshot, &resource))
		resource_unknown_id_error(first->take.resource_id);
	UnregisterSnapshot(snapshot);
	check_aligned(start == first->start ? GRANULARITY_ORIGIN : start,
				  end == last->end ? GRANULARITY_ORIGIN : end,
				  resource.granularity, resource.name);

	asked.share = share != NULL ? share_scaled(share) : first->share;
	request.tryout = first->take.tryout;
	make_request(change, &rows, &resource, &asked, &request);
	if (start != first->start)
		check_lead(&request);
	if (share_request_refuse(&asked, &request, &refusal))
	{
		share_request_explain(&asked, &request, &refusal);
		refusal_raise(&refusal);
	}

	if (start == first->start && end == last->end)
	{
		occupied_start = first->take.start;
		occupied_end = last->take.end;
	}
	else
		resource_occupied(&resource, &occupied_start, &occupied_end);
	(void) share_rewrite_chain(&rewrite, rows.rows, rows.n, asked.runs, asked.nruns,
							   share, occupied_start, occupied_end);
	for (int i = 0; i < rows.n; i++)
		reservation_give_back(&change->net, &rows.rows[i].take);
	for (int i = 0; i < rewrite.npieces; i++)
		reservation_take(&change->net, &rewrite.pieces[i].take, &resource,
						 change->clock);
	if (!change_apply(change))
	{
		if (timeline_is_of_quota(change->changes[change->where.change].resource_id))
			refuse_statement(change->changes, &change->where);
		refuse_capacity(&request, resource.id, &change->where, &refusal);
		share_request_explain(&asked, &request, &refusal);
		refusal_raise(&refusal);
	}
	share_rewrite_write(&rewrite);
}

/*
 * arbiter_resize_share(reservation_id bigint, share numeric, force boolean)
 * -> void
 *
 * Makes a reservation for a share one for another share, smaller or larger, over
 * the range that it has.  force is for its children, see children.c.
 *
 * Errors: 22004 NULL; 22023 a share that is not greater than 0 and at most 100;
 * RV008 no such reservation, or none that is held or confirmed; RV009 a hold that
 * has expired; 55000 it is not for a share; RV002, RV001; RV011 reservations of a
 * child would be uncovered (not with force); 25006; 40001 above READ COMMITTED.
 * Locks: as arbiter_cancel(), and the resource, shared.  Volatile and parallel
 * unsafe: it writes.
 */
Datum
arbiter_resize_share(PG_FUNCTION_ARGS)
{
	int64		reservation_id;
	Numeric		share;
	Change		change;
	TimestampTz start;
	TimestampTz end;

	argument_not_null(fcinfo, 0, "reservation_id");
	reservation_id = PG_GETARG_INT64(0);
	argument_not_null(fcinfo, 1, "share");
	share = check_share(PG_GETARG_NUMERIC(1));
	argument_not_null(fcinfo, 2, "force");

	change_open_one(&change, "arbiter_resize_share()", reservation_id, "resized",
					PG_GETARG_BOOL(2), &start, &end);
	if (!change_is_of_share(&change))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("reservation " INT64_FORMAT " is not for a share",
						reservation_id),
				 errhint("Give it another amount with arbiter_resize().")));
	change_share(&change, start, end, share, "resized");
	change_close(&change);
	PG_RETURN_VOID();
}
