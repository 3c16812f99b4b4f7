/*-------------------------------------------------------------------------
 *
 * batch_requests.c
 *	  What the requests of a batch ask for, before anything is decided.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/batch.h"

#include "commands/sequence.h"
#include "storage/lmgr.h"
#include "support/locks.h"
#include "support/relations.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

static Request *
request_of(const BatchRequest *request)
{
	return &request->asked->call.request;
}

static void
find_resources(Batch *batch)
{
	Snapshot	snapshot = decision_snapshot();

	for (int i = 0; i < batch->n; i++)
	{
		JsonRequest *asked = batch->requests[i].asked;
		Fault		fault;

		if (find_json_resources(asked, snapshot, &fault) && !asked->is_faulty)
		{
			asked->is_faulty = true;
			asked->fault = fault;
		}
	}
	UnregisterSnapshot(snapshot);
}

/*
 * Lock the keys, and find what was answered before.
 */
static void
find_keys(Batch *batch)
{
	RequestKey **keys = palloc(sizeof(RequestKey *) * batch->n);
	int			n = 0;

	for (int i = 0; i < batch->n; i++)
	{
		BatchRequest *request = &batch->requests[i];
		const ReserveCall *call = &request->asked->call;

		if (call->request_key == NULL || request->asked->is_faulty)
			continue;
		request->key.user_id = call->user_id;
		request->key.key = call->request_key;
		request->key.fingerprint = booking_fingerprint(call);
		request->key.number = i;
		keys[n++] = &request->key;
	}
	request_keys_find(keys, n);
	pfree(keys);
	for (int i = 0; i < batch->n; i++)
	{
		BatchRequest *request = &batch->requests[i];

		if (request->key.key == NULL)
			continue;
		request->first = &batch->requests[request->key.first];
		if (request->key.found && request->key.same)
		{
			request->outcome = BATCH_REPEATED;
			request->settled = true;
			request->reservation_id = request->key.reservation_id;
		}
	}
}

/*
 * batch_make_row makes the row of a request, which users' BEFORE ROW triggers
 * then have.
 */
void
batch_make_row(Batch *batch, BatchRequest *request)
{
	const ArbiterRelations *relations = arbiter_relations();
	bool		isnull;

	request->reservation_id = nextval_internal(relations->reservation_id_seq, false);
	booking_make_row(&batch->writer, &request->asked->call, 0,
					 request->reservation_id, request->key.fingerprint);
	booking_settle_row(&batch->writer, &request->asked->call, 0, &request->take);
	request->row = batch->writer.slot;
	request->reservation_id =
		DatumGetInt64(slot_getattr(request->row,
								   relations->reservation_column[RESERVATION_ID],
								   &isnull));
}

/*
 * Find what a request counts against quotas.
 */
static void
find_charges(Batch *batch, BatchRequest *request)
{
	const ReservationTake *take = &request->take;

	if (take->user_id == NULL || !quotas_exist())
		return;
	charge_all(&request->counted.charges, take->user_id, take->resource_id,
			   take->own_start, take->own_end, take->amount);
	ledger_charges_expect(&request->counted, &batch->ledger);
	/* what others of the batch are granted is not in their alternatives */
	request_of(request)->fixed_range |= request->counted.charges.n > 0;
}

/*
 * Find what each request takes.  Users' BEFORE ROW triggers may change that, and
 * so have all rows before anything is decided.
 */
static void
find_takes(Batch *batch)
{
	ledger_init(&batch->ledger);
	for (int i = 0; i < batch->n; i++)
	{
		BatchRequest *request = &batch->requests[i];
		JsonRequest *asked = request->asked;
		Request    *wanted = request_of(request);
		Requirement *requirement = &asked->requirement;

		wanted->clock = batch->clock;
		if (request->settled)
			continue;
		if (!asked->is_faulty)
			asked->is_faulty = booking_start_is_faulty(&asked->call, &asked->fault);
		if (!asked->is_faulty)
			request->too_early = wanted->start <
				resource_earliest_start(&requirement->resource, batch->clock);
		if (!asked->is_faulty && request->key.found && !request->too_early)
			asked->is_faulty = request_key_reused(&request->key, &asked->fault);
		if (asked->is_faulty)
		{
			request->outcome = BATCH_FAULTY;
			request->settled = true;
			continue;
		}

		if (!request->too_early && batch->has_triggers)
			batch_make_row(batch, request);
		else
		{
			request->take = (ReservationTake) {
				.resource_id = requirement->resource.id,
				.start = wanted->start,
				.end = wanted->end,
				.amount = requirement->amount,
				.tryout = wanted->tryout,
				.active = true,
				.own_start = wanted->start,
				.own_end = wanted->end,
				.user_id = asked->call.user_id
			};
			resource_occupied(&requirement->resource, &request->take.start,
							  &request->take.end);
		}
		if (request->take.active)
		{
			request->account = ledger_account(&batch->ledger, &requirement->resource);
			ledger_expect(request->account, request->take.start, request->take.end);
			find_charges(batch, request);
		}
	}
}

/*
 * batch_open reads what is asked for, of the resources and their options, and
 * answers what was answered before.
 *
 * Locks: arbiter_reservation; the request keys, by hash.  Raises 42704.
 */
void
batch_open(Batch *batch, JsonRequest *asked)
{
	const ArbiterRelations *relations = arbiter_relations();
	const TriggerDesc *triggers;

	LockRelationOid(relations->reservation, RowExclusiveLock);
	batch->requests = palloc_extended(sizeof(BatchRequest) * (Size) batch->n,
									  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < batch->n; i++)
		batch->requests[i].asked = &asked[i];
	find_resources(batch);
	find_keys(batch);
	batch->clock = GetCurrentTimestamp();

	row_writer_open(&batch->writer, relations->reservation, CMD_INSERT);
	triggers = batch->writer.target->ri_TrigDesc;
	batch->has_triggers = triggers != NULL && triggers->trig_insert_before_row;
	find_takes(batch);
}
