/*-------------------------------------------------------------------------
 *
 * batch.c
 *	  Decide many requests in turn, and book them at once.
 *
 * The answers are those that the same requests would get one after the other,
 * each seeing what was granted before it.  But if they were booked one after
 * the other, chunks would be locked in the order of the requests, and two
 * batches over the same resources would lock each other out.  So:
 *
 *	1. Keys are locked, in the order of their hashes, and the clock is read.
 *
 *	2. The requests are decided on a ledger (ledger.c), without any lock.  Those
 *	   that do not even fit alone are hopeless, and stay refused.  If nothing is
 *	   granted, that is all.
 *
 *	3. If all others are granted, the net of them is applied to the timeline,
 *	   which locks chunks in the order of everybody, and decides: usually that
 *	   is all.
 *
 *	4. If not, or if somebody was faster, the chunks of all that are not hopeless
 *	   are locked, in order; then the ledger is read anew.  What it says now
 *	   stays so, the requests are decided on it, and their net is applied.
 *
 * A refusal in step 2 is one that was right when the call began.  Whether a
 * request is refused on account of another one of the batch is decided by what
 * the other one got in the end, with all chunks locked.
 *
 * Step 4 is also taken when a resource with a float grants ordinary requests and
 * try-outs at the same instant: the net does not tell who came first, and the
 * order decides.  The timeline is then told to leave the float to us.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/batch.h"

#include "access/xact.h"
#include "booking/denial.h"
#include "booking/quota_fit.h"
#include "miscadmin.h"
#include "reservation/apply.h"
#include "reservation/reservation.h"
#include "support/locks.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

static bool
resource_suffices(const BatchRequest *request)
{
	const ReservationTake *take = &request->take;

	return ledger_available(request->account, take->tryout, take->start,
							take->end, NULL) >= take->amount;
}

static bool
fits(const BatchRequest *request)
{
	return resource_suffices(request) && ledger_charges_exceeded(&request->counted) < 0;
}

/*
 * Find the requests that are refused whatever the others get.
 */
static void
find_hopeless(Batch *batch)
{
	for (int i = 0; i < batch->n; i++)
	{
		BatchRequest *request = &batch->requests[i];
		const ReservationTake *take = &request->take;

		if (request->settled || request->too_early || !take->active ||
			fits(request))
			continue;
		request->hopeless = true;
		request->where.available =
			ledger_available(request->account, take->tryout, take->start,
							 take->end, &request->where.instant);
	}
}

/*
 * Compose the refusal of a request for which a quota has not enough; the largest
 * amount is that of the resource and of all quotas.
 */
static void
compose_quota_refusal(BatchRequest *request)
{
	const ReservationTake *take = &request->take;

	ledger_charges_refuse(&request->counted,
						  ledger_charges_exceeded(&request->counted),
						  &request->refusal);
	request->refusal.limiting = 0;
	request->refusal.largest_unknown = charges_are_cut(&request->counted.charges);
	request->refusal.largest_amount =
		ledger_available(request->account, take->tryout, take->start, take->end, NULL);
	for (int i = 0; i < request->counted.charges.n; i++)
	{
		const Charge *charge = &request->counted.charges.charges[i];
		int64		available = ledger_available(request->counted.accounts[i], true,
												 charge->start, charge->end, NULL);

		request->refusal.largest_amount =
			Min(request->refusal.largest_amount,
				quota_largest(charge, take->amount, available));
	}
}

/*
 * Compose the refusal of a request, in memory that can be given back.
 */
static void
compose_refusal(BatchRequest *request)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "arbiter refusal",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	const ReservationTake *take = &request->take;
	Requirement *requirement = &request->asked->requirement;
	Refusal    *refusal = &request->refusal;

	/* what the requests before it were granted */
	requirement->given_back = ledger_taken(request->account,
										   &requirement->ngiven_back);
	if (request->too_early)
		(void) refuse_early_start(&request->asked->call.request, refusal);
	else if (resource_suffices(request) && ledger_charges_exceeded(&request->counted) >= 0)
		compose_quota_refusal(request);
	else
	{
		if (!request->hopeless || request->where.available >= take->amount)
			request->where.available =
				ledger_available(request->account, take->tryout, take->start,
								 take->end, &request->where.instant);
		refuse_capacity(&request->asked->call.request, take->resource_id, &request->where,
						refusal);
	}
	requirement->given_back = NULL;
	requirement->ngiven_back = 0;
	MemoryContextSwitchTo(oldcontext);
	refusal->message = pstrdup(refusal->message);
	refusal->detail = refusal->hint = NULL;
	MemoryContextDelete(context);
}

static BatchOutcome
decide_request(BatchRequest *request)
{
	const ReservationTake *take = &request->take;
	BatchRequest *answer = request->first != NULL ? request->first->answer : NULL;

	if (answer != NULL &&
		strcmp(answer->key.fingerprint, request->key.fingerprint) == 0)
		return BATCH_REPEATED;
	if (request->too_early)
		return BATCH_REFUSED;
	if (answer != NULL)
		return BATCH_FAULTY;
	if (!take->active)
		return BATCH_GRANTED;
	if (request->hopeless || !fits(request))
		return BATCH_REFUSED;
	ledger_take(request->account, take->start, take->end, take->amount);
	ledger_charges_take(&request->counted);
	return BATCH_GRANTED;
}

/*
 * Decide the requests, in their order.
 */
static void
decide(Batch *batch, bool compose)
{
	bool		tryout = false;
	bool		ordinary = false;

	ledger_reset(&batch->ledger);
	batch->granted = batch->failed = batch->outrun = 0;
	for (int i = 0; i < batch->n; i++)
		batch->requests[i].answer = NULL;
	if (compose)
		progress_begin(&batch->progress, "requests decided", batch->n);
	for (int i = 0; i < batch->n; i++)
	{
		BatchRequest *request = &batch->requests[i];

		CHECK_FOR_INTERRUPTS();
		if (!request->settled)
			request->outcome = decide_request(request);
		if (request->outcome == BATCH_GRANTED)
		{
			batch->granted++;
			if (request->first != NULL)
				request->first->answer = request;
			if (request->take.active && request->account->resource.float_share > 0)
			{
				tryout |= request->take.tryout;
				ordinary |= !request->take.tryout;
			}
		}
		else if (request->outcome != BATCH_REPEATED)
			batch->failed++;
		if (request->outcome == BATCH_REFUSED)
		{
			batch->outrun += !request->hopeless && !request->too_early;
			if (compose)
				compose_refusal(request);
		}
		if (compose)
			progress_step(&batch->progress);
	}
	batch->mixed = tryout && ordinary;
}

static bool
books_anything(const Batch *batch)
{
	return batch->granted > 0 && !(batch->all_or_nothing && batch->failed > 0);
}

pg_noreturn static void
resource_gone_error(Batch *batch, int32 resource_id)
{
	LedgerAccount *account = hash_search(batch->ledger.accounts, &resource_id,
										 HASH_FIND, NULL);

	if (timeline_is_of_quota(resource_id))
		concurrent_change_error();
	resource_vanished_error(account->resource.name);
}

/*
 * Lock the chunks of all requests that may be granted.
 */
static void
lock_requests(Batch *batch)
{
	NetChange	net = {0};
	int32		lost;

	for (int i = 0; i < batch->n; i++)
	{
		const BatchRequest *request = &batch->requests[i];
		const ReservationTake *take = &request->take;

		if (!request->settled && !request->too_early && !request->hopeless &&
			take->active)
		{
			net_change_add(&net, take->resource_id, take->start, take->end, -1);
			for (int j = 0; j < request->counted.charges.n; j++)
			{
				const Charge *charge = &request->counted.charges.charges[j];

				net_change_add(&net, quota_timeline_id(charge->quota_id),
							   charge->start, charge->end, -1);
			}
		}
	}
	if (lock_for_reservations(&net, batch->clock,
							  batch->has_chunks ? LockWaitSkip : LockWaitBlock,
							  &lost) == TIMELINE_NO_RESOURCE)
		resource_gone_error(batch, lost);
	batch->locked = true;
}

/*
 * Apply what is granted to the timeline; false if somebody was faster.
 */
static bool
apply(Batch *batch)
{
	NetChange	net = {0};
	TimelineChange *changes;
	int			nchanges;
	TimelineRefusal where;

	for (int i = 0; i < batch->n; i++)
	{
		const BatchRequest *request = &batch->requests[i];
		ReservationTake take = request->take;

		if (request->outcome != BATCH_GRANTED || !take.active)
			continue;
		/* the float is minded by the ledger: see step 4 */
		if (batch->mixed)
			take.tryout = true;
		reservation_take(&net, &take, &request->account->resource, batch->clock);
	}
	switch (apply_reservations(&net, LockWaitSkip, &changes, &nchanges, &where))
	{
		case TIMELINE_APPLIED:
			return true;
		case TIMELINE_REFUSED:
			batch->has_chunks = where.locked;
			break;
		case TIMELINE_UNBUILT:
		case TIMELINE_NO_RESOURCE:
			resource_gone_error(batch, changes[where.change].resource_id);
	}
	return false;
}

/*
 * Decide and apply, until what was decided is what was applied.
 */
static void
settle(Batch *batch)
{
	for (;;)
	{
		Snapshot	snapshot = decision_snapshot();
		bool		done;

		/* what has expired is marked by then, or others have it locked */
		ledger_load(&batch->ledger, batch->clock, !batch->locked, snapshot);
		if (!batch->locked)
		{
			ledger_reset(&batch->ledger);
			find_hopeless(batch);
		}
		decide(batch, false);
		done = !books_anything(batch);
		if (done || batch->locked || (batch->outrun == 0 && !batch->mixed))
		{
			if (batch->failed > 0)
				decide(batch, true);
			done = done || apply(batch);
			/* with everything locked, and read after that */
			if (!done && batch->locked)
				concurrent_change_error();
		}
		UnregisterSnapshot(snapshot);
		if (done)
			return;
		lock_requests(batch);
	}
}

/*
 * Write the rows of what is granted.
 */
static void
write_rows(Batch *batch)
{
	TupleTableSlot **rows = palloc_extended(sizeof(TupleTableSlot *) * (Size) batch->granted,
											MCXT_ALLOC_HUGE);
	int			nrows = 0;

	progress_begin(&batch->progress, "reservations written", batch->granted);
	for (int i = 0; i < batch->n; i++)
	{
		BatchRequest *request = &batch->requests[i];

		if (request->outcome != BATCH_GRANTED)
			continue;
		CHECK_FOR_INTERRUPTS();
		if (request->row == NULL)
			batch_make_row(batch, request);
		rows[nrows++] = request->row;
	}
	row_writer_insert_all(&batch->writer, rows, nrows, &batch->progress);
}

static void
log_denials(Batch *batch)
{
	RowWriter	log;

	denial_log_open(&log);
	for (int i = 0; i < batch->n; i++)
	{
		const BatchRequest *request = &batch->requests[i];

		if (request->outcome == BATCH_REFUSED)
			denial_log_add(&log, &request->asked->call, &request->refusal);
	}
	denial_log_close(&log);
}

/*
 * Tell what became of the requests that depend on others.
 */
static void
finish_outcomes(Batch *batch)
{
	bool		left = !books_anything(batch);

	for (int i = 0; i < batch->n; i++)
	{
		BatchRequest *request = &batch->requests[i];

		if (request->settled)
			continue;
		if (left && (request->outcome == BATCH_GRANTED ||
					 request->outcome == BATCH_REPEATED))
			request->outcome = BATCH_LEFT;
		else if (request->outcome == BATCH_REPEATED)
			request->reservation_id = request->first->answer->reservation_id;
		else if (request->outcome == BATCH_FAULTY)
			(void) request_key_reused(&request->key, &request->asked->fault);
	}
}

/*
 * batch_book books requests, each decided after those before it; with
 * all_or_nothing, none if not all can be.  Refusals (RV001, RV002, RV006) are
 * told, and logged; so are other faults of single requests, which are not.
 *
 * Raises 42704 for a resource that does not exist, and what book() raises that
 * is no matter of one request.
 */
BatchRequest *
batch_book(const char *function, JsonRequest *asked, int nrequests,
		   bool all_or_nothing)
{
	Batch		batch = {.n = nrequests,.all_or_nothing = all_or_nothing};

	require_writable(function);
	batch_open(&batch, asked);
	settle(&batch);
	if (books_anything(&batch))
		write_rows(&batch);
	row_writer_close(&batch.writer);
	CommandCounterIncrement();

	if (batch.failed > 0)
		log_denials(&batch);
	finish_outcomes(&batch);
	return batch.requests;
}
