/*-------------------------------------------------------------------------
 *
 * evacuate_provider.c
 *	  Move claims off a provider.
 *
 * The rows of all reservations that are to leave are locked first, in the order of
 * (reservation_id, part).  So nobody else changes them, and nothing else is locked
 * while places are searched for, on a snapshot, for one after the other.  Then all
 * that have one are moved as one change, which locks chunks in the order of
 * (resource_id, time): where they go, and where they leave.
 *
 * If somebody was faster, that is undone, with its locks, and all places are
 * searched for again: the caller gets no error.  Each try is a subtransaction, as in
 * claim_book.c.  The rows stay locked.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "booking/quota_refusal.h"
#include "charge/charge.h"
#include "charge/quota.h"
#include "claims/leaving.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "provider/claimable.h"
#include "storage/lmgr.h"
#include "support/arguments.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/subtransaction.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbiter_evacuate_provider);

/* columns of a row */
enum
{
	LEFT_RESERVATION_ID,
	LEFT_GROUP_NAME,
	LEFT_RESOURCE_TYPE,
	LEFT_USER_ID,
	LEFT_DURING,
	LEFT_AMOUNT,
	LEFT_MOVED,
	LEFT_NEW_PROVIDER,
	LEFT_REASON,
	LEFT_MESSAGE,
	LEFT_NCOLUMNS
};

/*
 * Forget which providers were refused: they have other numbers now.
 */
static void
forget_refused(Leaving *leaving)
{
	for (int i = 0; i < leaving->n; i++)
	{
		LeavingClaim *claim = &leaving->claims[i];

		for (int j = 0; j < claim->request.ngroups && claim->is_claim; j++)
			claim->refused[j] = claim->ruled_out[j] = NULL;
	}
}

/*
 * How much more does a claim count against a quota at an instant where it is to go
 * than where it is?
 */
static int64
counts_more(const LeavingClaim *claim, int32 quota_id, TimestampTz instant)
{
	int64		more = 0;

	for (int i = 0; i < claim->nplaces; i++)
	{
		const Allocation *place = &claim->places[i];
		const Piece *piece = place_piece(claim, place);
		const int32 resource_ids[] = {piece->inventory->resource_id, place->inventory->resource_id};

		for (int j = 0; j < lengthof(resource_ids); j++)
		{
			Charges		charges = {0};

			charge_all(&charges, claim->user_id, resource_ids[j], piece->start,
					   piece->end, place->amount);
			for (int k = 0; k < charges.n; k++)
			{
				const Charge *charge = &charges.charges[k];

				if (charge->quota_id == quota_id && charge->start <= instant &&
					instant < charge->end)
					more += j == 0 ? -charge->amount : charge->amount;
			}
		}
	}
	return more;
}

/*
 * A quota has refused all together: the last claim that counts more against it where
 * it is to go stays.
 */
static void
note_quota(Leaving *leaving)
{
	const Change *change = &leaving->change;
	QuotaShortage shortage = quota_shortage(&change->changes[change->where.change],
											&change->where);
	Refusal		refusal = {0};

	for (int i = leaving->n - 1; i >= 0; i--)
	{
		LeavingClaim *claim = &leaving->claims[i];
		int64		more = counts_more(claim, shortage.quota_id, shortage.instant);

		if (claim->stays || more <= 0)
			continue;
		/* as if those before it were there already */
		shortage.available -= shortage.asked - more;
		shortage.asked = more;
		refuse_quota(NULL, &shortage, &refusal);
		claim->hopeless = fault_set(&claim->fault, refusal.sqlstate,
									psprintf("%s: %s", refusal.message, refusal.detail),
									NULL, NULL);
		return;
	}
	/* what a trigger made of a row */
	refuse_statement(change->changes, &change->where);
}

/*
 * Note on whose account a move was refused: others were
 * faster, and the next snapshot sees that; if it is refused once more, he does not
 * go to that provider.
 */
static void
note_refused(Leaving *leaving)
{
	const Change *change = &leaving->change;
	int32		resource_id = change->changes[change->where.change].resource_id;
	LeavingClaim *refused = NULL;
	const Allocation *on = NULL;

	if (timeline_is_of_quota(resource_id))
	{
		note_quota(leaving);
		return;
	}
	for (int i = 0; i < leaving->n; i++)
	{
		LeavingClaim *claim = &leaving->claims[i];

		for (int j = 0; j < claim->nplaces && !claim->stays; j++)
		{
			const Allocation *place = &claim->places[j];
			const Piece *piece = place_piece(claim, place);

			/* before and after it, there may be setup and cleanup time */
			if (place->inventory->resource_id != resource_id ||
				(on != NULL && (change->where.instant < piece->start ||
								change->where.instant >= piece->end)))
				continue;
			refused = claim;
			on = place;
		}
	}
	/* what a trigger made of a row */
	if (on == NULL)
		refuse_statement(change->changes, &change->where);
	if (bms_is_member(on->provider, refused->refused[on->group]))
		refused->ruled_out[on->group] =
			bms_add_member(refused->ruled_out[on->group], on->provider);
	refused->refused[on->group] =
		bms_add_member(refused->refused[on->group], on->provider);
}

/*
 * Find places, and move: again, as long as others are faster.
 */
static void
place_and_move(Leaving *leaving)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "arbiter evacuation",
												  ALLOCSET_DEFAULT_SIZES);

	for (;;)
	{
		Snapshot	snapshot = decision_snapshot();
		const Catalogue *catalogue = catalogue_get();
		MemoryContext oldcontext = MemoryContextSwitchTo(context);
		bool		done;

		CHECK_FOR_INTERRUPTS();
		if (catalogue != leaving->catalogue)
			forget_refused(leaving);
		leaving->catalogue = catalogue;
		leaving_place(leaving, snapshot);
		UnregisterSnapshot(snapshot);
		done = in_subtransaction(leaving_move, leaving);
		MemoryContextSwitchTo(oldcontext);
		if (done)
			return;
		note_refused(leaving);
		MemoryContextReset(context);
	}
}

static void
put_row(ReturnSetInfo *result, const Leaving *leaving, const LeavingClaim *claim,
		const Piece *piece, const Allocation *place)
{
	Datum		values[LEFT_NCOLUMNS];
	bool		nulls[LEFT_NCOLUMNS];

#define SET_COLUMN(which, value) \
	(values[which] = (value), nulls[which] = false)

	memset(nulls, true, sizeof(nulls));
	SET_COLUMN(LEFT_RESERVATION_ID, Int64GetDatum(claim->reservation_id));
	if (piece->group >= 0)
		SET_COLUMN(LEFT_GROUP_NAME,
				   CStringGetTextDatum(claim->request.groups[piece->group].name));
	SET_COLUMN(LEFT_RESOURCE_TYPE, CStringGetTextDatum(piece->resource_type));
	SET_COLUMN(LEFT_USER_ID, CStringGetTextDatum(claim->user_id));
	SET_COLUMN(LEFT_DURING, range_datum(piece->start, piece->end));
	SET_COLUMN(LEFT_AMOUNT, Int64GetDatum(place == NULL ? piece->amount : place->amount));
	SET_COLUMN(LEFT_MOVED, BoolGetDatum(place != NULL));
	if (place != NULL)
		SET_COLUMN(LEFT_NEW_PROVIDER,
				   CStringGetTextDatum(leaving->catalogue->providers[place->provider].name));
	else
	{
		SET_COLUMN(LEFT_REASON, CStringGetTextDatum(unpack_sql_state(claim->fault.sqlstate)));
		SET_COLUMN(LEFT_MESSAGE, CStringGetTextDatum(claim->fault.message));
	}
#undef SET_COLUMN
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

static void
put_rows(ReturnSetInfo *result, const Leaving *leaving)
{
	for (int i = 0; i < leaving->n; i++)
	{
		const LeavingClaim *claim = &leaving->claims[i];

		for (int j = 0; j < claim->npieces; j++)
		{
			const Piece *piece = &claim->pieces[j];

			if (claim->stays)
				put_row(result, leaving, claim, piece, NULL);
			for (int k = 0; k < claim->nplaces && !claim->stays; k++)
			{
				if (place_piece(claim, &claim->places[k]) == piece)
					put_row(result, leaving, claim, piece, &claim->places[k]);
			}
		}
	}
}

/*
 * arbiter_evacuate_provider(provider text, start_time timestamptz,
 *							 end_time timestamptz, claimable boolean)
 * -> rows (reservation_id bigint, group_name text, resource_type text,
 *			user_id text, during tstzrange, amount bigint, moved boolean,
 *			new_provider text, reason text, message text)
 *
 * Places every claim anew that has something of a provider within [start_time,
 * end_time), on other providers that satisfy its request, with the same amounts
 * and the same time ranges; the oldest claim first.  A NULL start is now.  What of a
 * claim is on other providers stays there.  What has begun before start_time is
 * moved from then on, as another part of the reservation.  A claim is moved as a
 * whole, or stays as it was.
 *
 * One row per claim, group and part of it on the provider, or per new provider
 * where that is spread; during and amount are what was moved, or is to be.  reason
 * is RV012 where no other provider satisfies the claim, with how many are left after
 * each constraint as message; RV010 a quota; RV007 where start_time is not aligned;
 * 55000 what is no claim, was sublet or is for a share, and where a claim's rows
 * were changed so that it is not known which group has what.  Rows that are moved
 * note it in attributes, see trace.c.  Lead time does not count, and expired holds
 * are left alone.
 *
 * claimable says whether new claims may be placed on the provider; NULL leaves it.
 * A claim that is being made at the same time may still get it: it is moved by the
 * next call.
 *
 * Errors: 22004 NULL; RV003; 42704 provider; 25006; 40001 above READ COMMITTED;
 * 22023, XX001 where a row of arbiter_claim was damaged; what a refusal raises if a
 * user's trigger made something else of a row.
 *
 * Locks: the provider's row; resources that must be built; the reservations' rows
 * by (reservation_id, part); those of arbiter_claim; the chunks they leave and go to
 * by (resource_id, time), in a subtransaction of their own.  Volatile and parallel
 * unsafe: it writes.
 */
Datum
arbiter_evacuate_provider(PG_FUNCTION_ARGS)
{
	Leaving		leaving = {0};
	TimestampTz start;
	bool		claimable;
	Relation	rel;

	leaving.provider = argument_text(fcinfo, 0, "provider");
	leaving.start_given = !PG_ARGISNULL(1);
	leaving.start = start = leaving.start_given ? PG_GETARG_TIMESTAMPTZ(1) :
		GetCurrentTimestamp();
	argument_not_null(fcinfo, 2, "end_time");
	leaving.end = PG_GETARG_TIMESTAMPTZ(2);
	if (!TIMESTAMP_IS_NOBEGIN(start) || leaving.end <= start)
		check_time_range(start, leaving.end);
	claimable = !PG_ARGISNULL(3) && PG_GETARG_BOOL(3);

	require_writable("arbiter_evacuate_provider()");
	/* for locks: who moves opens it to write */
	rel = table_open(arbiter_relations()->reservation, RowExclusiveLock);
	leaving.change.writer.rel = rel;
	leaving.provider_id = provider_set_claimable(leaving.provider,
												 PG_ARGISNULL(3) ? NULL : &claimable);
	leaving_find(&leaving);
	place_and_move(&leaving);

	InitMaterializedSRF(fcinfo, 0);
	put_rows((ReturnSetInfo *) fcinfo->resultinfo, &leaving);
	for (int i = 0; i < leaving.change.nparts; i++)
		ExecDropSingleTupleTableSlot(leaving.change.parts[i].row);
	table_close(rel, NoLock);
	return (Datum) 0;
}
