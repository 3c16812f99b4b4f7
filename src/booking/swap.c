/*-------------------------------------------------------------------------
 *
 * swap.c
 *	  Release reservations and take others in their place.
 *
 * Whoever cancels first and reserves then may find that somebody else was
 * faster.  Here, what is released and what is taken is one net change of the
 * timeline: all of it happens or nothing, and there is no instant at which
 * what is released could be had by anybody else.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/swap.h"

#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "funcapi.h"
#include "support/arguments.h"
#include "support/errors.h"
#include "support/locks.h"
#include "support/relations.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(arbiter_swap);

pg_noreturn static void
raise_fault(SwapRequest *request, const Fault *fault)
{
	request->asked->fault = *fault;
	raise_json_fault(request->asked);
}

static int64 *
read_cancel_ids(FunctionCallInfo fcinfo, int *n)
{
	Datum	   *values;
	bool	   *nulls;
	int64	   *ids;

	argument_not_null(fcinfo, 0, "cancel_ids");
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(0), INT8OID, sizeof(int64),
					  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &values, &nulls, n);
	ids = palloc(sizeof(int64) * (*n + 1));
	for (int i = 0; i < *n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("argument \"cancel_ids\" must not contain nulls")));
		ids[i] = DatumGetInt64(values[i]);
	}
	return ids;
}

static void
read_requests(FunctionCallInfo fcinfo, Swap *swap)
{
	JsonRequest *asked;

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"requests\" must not be null"),
				 errhint("jsonb_agg() of no rows is NULL: write coalesce(jsonb_agg(r), '[]').")));
	asked = read_json_requests(PG_GETARG_JSONB_P(1), &swap->n);
	swap->requests = palloc_extended(sizeof(SwapRequest) * (Size) (swap->n + 1),
									 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < swap->n; i++)
	{
		swap->requests[i].asked = &asked[i];
		if (asked[i].is_faulty)
			raise_json_fault(&asked[i]);
	}
}

static void
find_resources(Swap *swap)
{
	Snapshot	snapshot = decision_snapshot();

	for (int i = 0; i < swap->n; i++)
	{
		Fault		fault;

		if (find_json_resources(swap->requests[i].asked, snapshot, &fault))
			raise_fault(&swap->requests[i], &fault);
	}
	UnregisterSnapshot(snapshot);
}

/*
 * Lock the keys, and find what was answered before, or is asked for twice.
 */
static void
find_keys(Swap *swap)
{
	RequestKey **keys = palloc(sizeof(RequestKey *) * (swap->n + 1));
	int			n = 0;

	for (int i = 0; i < swap->n; i++)
	{
		SwapRequest *request = &swap->requests[i];
		const ReserveCall *call = &request->asked->call;

		if (call->request_key == NULL)
			continue;
		request->key.user_id = call->user_id;
		request->key.key = call->request_key;
		request->key.fingerprint = booking_fingerprint(call);
		request->key.number = i;
		keys[n++] = &request->key;
	}
	request_keys_find(keys, n);
	for (int i = 0; i < swap->n; i++)
	{
		SwapRequest *request = &swap->requests[i];

		if (request->key.key == NULL)
			continue;
		if (request->key.first != i)
			request->first = &swap->requests[request->key.first];
		request->repeated = request->key.found && request->key.same;
		request->reservation_id = request->key.reservation_id;
	}
}

/*
 * Release what is to be cancelled.  A call that was made before, which the keys
 * of all its requests tell, has done so already: what is left is nothing.
 */
static void
release(Swap *swap, const int64 *ids, int nids)
{
	AttrNumber	status = arbiter_relations()->reservation_column[RESERVATION_STATUS];
	Change	   *change = &swap->change;
	bool		repeated = swap->n > 0;

	for (int i = 0; i < swap->n; i++)
		repeated = repeated && swap->requests[i].repeated;
	for (int i = 0; i < nids && !repeated; i++)
		change_require(change, ids[i], "cancelled");
	for (int i = 0; i < change->nparts; i++)
	{
		ChangePart *part = &change->parts[i];

		if (!part->live)
			continue;
		change_start_row(change, part);
		row_writer_set(&change->writer, status, CStringGetTextDatum("cancelled"), false);
		change_end_row(change, part);
	}
}

/*
 * The answer to a key cannot be a reservation that the same call cancels: that
 * would be released and not taken again.
 */
static void
refuse_own_key(const Swap *swap, const SwapRequest *request)
{
	for (int i = 0; i < swap->change.nparts; i++)
	{
		const ChangePart *part = &swap->change.parts[i];

		if (part->changed != NULL &&
			part->reservation_id == request->reservation_id)
			ereport(ERROR,
					(errcode(ERRCODE_ARBITER_KEY_REUSED),
					 errmsg("request %d: request key \"%s\" belongs to reservation " INT64_FORMAT ", which is to be cancelled",
							request->asked->number, request->key.key,
							part->reservation_id),
					 errdetail("A request whose key was answered before is not made again."),
					 errhint("Pass a new request_key with the request, or none.")));
	}
}

/*
 * Make the row of a request, and add what it takes to the net change.
 */
static void
take(Swap *swap, SwapRequest *request)
{
	const ArbiterRelations *relations = arbiter_relations();
	ReserveCall *call = &request->asked->call;
	Fault		fault;
	Refusal		refusal = {0};
	bool		isnull;

	call->request.clock = swap->change.clock;
	if (request->repeated)
	{
		refuse_own_key(swap, request);
		return;
	}
	if (booking_start_is_faulty(call, &fault))
		raise_fault(request, &fault);
	if (refuse_early_start(&call->request, &refusal))
		swap_raise_refusal(request, &refusal);
	if (request->key.found && request_key_reused(&request->key, &fault))
		raise_fault(request, &fault);
	if (request->first != NULL)
	{
		request->key.reservation_id = request->first->reservation_id;
		if (strcmp(request->first->key.fingerprint, request->key.fingerprint) != 0 &&
			request_key_reused(&request->key, &fault))
			raise_fault(request, &fault);
		request->reservation_id = request->first->reservation_id;
		return;
	}

	booking_make_row(&swap->writer, call, 0,
					 nextval_internal(relations->reservation_id_seq, false),
					 request->key.fingerprint);
	booking_settle_row(&swap->writer, call, 0, &request->take);
	request->row = swap->writer.slot;
	request->reservation_id =
		DatumGetInt64(slot_getattr(request->row,
								   relations->reservation_column[RESERVATION_ID],
								   &isnull));
	if (request->take.active)
		reservation_take(&swap->change.net, &request->take,
						 &request->asked->requirement.resource, swap->change.clock);
}

static void
put_rows(FunctionCallInfo fcinfo, const Swap *swap)
{
	ReturnSetInfo *result;

	InitMaterializedSRF(fcinfo, 0);
	result = (ReturnSetInfo *) fcinfo->resultinfo;
	for (int i = 0; i < swap->n; i++)
	{
		Datum		values[2];
		bool		nulls[2] = {false, false};

		values[0] = Int32GetDatum(swap->requests[i].asked->number);
		values[1] = Int64GetDatum(swap->requests[i].reservation_id);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/*
 * arbiter_swap(cancel_ids bigint[], requests jsonb)
 * -> rows (request integer, reservation_id bigint)
 *
 * Cancels reservations and makes those that are asked for, all or nothing and
 * with nobody in between; one row per request, in that order, counted from 1.
 * A request is an object with the keys of arbiter_reserve_many().
 *
 * A request whose key was answered before is not made again, and has that
 * answer.  If that is so of all requests, the call is a repetition: what of
 * cancel_ids is cancelled already is not an error.
 *
 * Errors: 22004 NULL; of a request, whose number is in the message or the
 * context, those of arbiter_reserve(), and 22023, 22007, 22008, 22003 for what
 * is none; of a reservation to be cancelled, RV008 and RV009; 25006; 40001 above
 * READ COMMITTED.
 *
 * Locks: RowExclusiveLock on the tables; the request keys, by hash; the rows to
 * be cancelled, by (reservation_id, part); the chunks of what is released and
 * of what is taken, by (resource_id, time).  Volatile and parallel unsafe: it
 * writes.
 */
Datum
arbiter_swap(PG_FUNCTION_ARGS)
{
	Swap		swap;
	int64	   *ids;
	int			nids;

	memset(&swap, 0, sizeof(Swap));
	ids = read_cancel_ids(fcinfo, &nids);
	read_requests(fcinfo, &swap);

	change_open(&swap.change, "arbiter_swap()");
	find_resources(&swap);
	find_keys(&swap);
	change_lock(&swap.change, ids, nids);
	release(&swap, ids, nids);
	row_writer_open(&swap.writer, arbiter_relations()->reservation, CMD_INSERT);
	for (int i = 0; i < swap.n; i++)
		take(&swap, &swap.requests[i]);
	if (!change_apply(&swap.change))
		swap_refuse(&swap);

	/* first what goes: a constraint of a user may forbid both at once */
	change_write(&swap.change);
	for (int i = 0; i < swap.n; i++)
	{
		if (swap.requests[i].row == NULL)
			continue;
		swap.writer.slot = swap.requests[i].row;
		row_writer_insert(&swap.writer);
	}
	row_writer_close(&swap.writer);
	change_close(&swap.change);
	put_rows(fcinfo, &swap);
	return (Datum) 0;
}
