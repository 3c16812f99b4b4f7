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
#include "postgres.h"

#include "booking/change.h"
#include "booking/request_json.h"
#include "booking/request_key.h"
#include "charge/quota.h"
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

typedef struct SwapRequest
{
	JsonRequest *asked;
	RequestKey	key;
	struct SwapRequest *first;	/* with the same key; NULL: this one */
	bool		repeated;		/* its key was answered before */
	int64		reservation_id;
	ReservationTake take;
	TupleTableSlot *row;		/* NULL: none is to be made */
} SwapRequest;

typedef struct Swap
{
	Change		change;
	RowWriter	writer;			/* of what is taken */
	SwapRequest *requests;
	int			n;
} Swap;

/* the requests of one call, for errors that are raised where nobody knows it */
static void
number_context(void *arg)
{
	const SwapRequest *const *request = arg;

	errcontext("request %d", (*request)->asked->number);
}

pg_noreturn static void
raise_fault(SwapRequest *request, const Fault *fault)
{
	request->asked->fault = *fault;
	raise_json_fault(request->asked);
}

pg_noreturn static void
raise_refusal(const SwapRequest *request, Refusal *refusal)
{
	refusal->message = psprintf("request %d: %s", request->asked->number,
								refusal->message);
	refusal_raise(refusal);
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
	SwapRequest *current;
	ErrorContextCallback context = {
		.previous = error_context_stack,
		.callback = number_context,
		.arg = &current
	};

	error_context_stack = &context;
	for (int i = 0; i < swap->n; i++)
	{
		Fault		fault;
		bool		faulty;

		current = &swap->requests[i];
		faulty = booking_find_resources(&current->asked->call, snapshot, &fault);
		if (faulty)
		{
			error_context_stack = context.previous;
			raise_fault(current, &fault);
		}
	}
	error_context_stack = context.previous;
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
		raise_refusal(request, &refusal);
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

static bool
covers(const ReservationTake *taken, int32 resource_id, TimestampTz instant)
{
	return taken->active && taken->resource_id == resource_id &&
		taken->start <= instant && taken->end > instant;
}

/*
 * What is available of a resource at an instant, to one who may have the float
 * or may not.
 */
static int64
available_at(const Swap *swap, const Resource *resource, bool tryout,
			 TimestampTz instant)
{
	Snapshot	snapshot = decision_snapshot();
	TimelineView view;
	TimestampTz ignored;
	int64		available;

	resource_view(&view, resource, tryout, swap->change.clock, instant,
				  instant + 1, snapshot);
	available = timeline_minimum(&view, instant, instant + 1, &ignored);
	UnregisterSnapshot(snapshot);
	return available;
}

/*
 * Find the request on whose account the timeline refused: in their order, the
 * first for which not enough is left at the instant it names.
 */
static SwapRequest *
refused_request(const Swap *swap, TimelineRefusal *where)
{
	const Change *change = &swap->change;
	int32		resource_id = change->changes[change->where.change].resource_id;
	SwapRequest *found = NULL;
	int64		given_back = 0;
	int64		taken = 0;

	*where = change->where;
	for (int i = 0; i < change->nparts; i++)
	{
		const ChangePart *part = &change->parts[i];

		if (part->changed == NULL)
			continue;
		if (covers(&part->take, resource_id, where->instant))
			given_back += part->take.amount;
		if (covers(&part->new_take, resource_id, where->instant))
			given_back -= part->new_take.amount;
	}
	for (int i = 0; i < swap->n; i++)
	{
		SwapRequest *request = &swap->requests[i];

		if (request->row == NULL ||
			!covers(&request->take, resource_id, where->instant))
			continue;
		found = request;
		where->available =
			available_at(swap, &request->asked->requirement.resource,
						 request->take.tryout, where->instant) + given_back - taken;
		if (where->available < request->take.amount)
			break;
		taken += request->take.amount;
	}
	return found;
}

/*
 * Raise the refusal of a swap: that of a request, made by somebody who gives
 * back what is released, less what the requests before it take.
 */
pg_noreturn static void
refuse(const Swap *swap)
{
	TimelineRefusal where;
	SwapRequest *refused;
	Requirement *requirement;
	Refusal		refusal = {0};
	NetChange	net = {0};
	TimelineChange *given_back;
	int			n;

	if (timeline_is_of_quota(swap->change.changes[swap->change.where.change].resource_id))
		refuse_statement(swap->change.changes, &swap->change.where);
	refused = refused_request(swap, &where);
	if (refused == NULL)
		refuse_statement(swap->change.changes, &swap->change.where);
	requirement = &refused->asked->requirement;
	for (int i = 0; i < swap->change.nparts; i++)
	{
		const ChangePart *part = &swap->change.parts[i];

		if (part->changed == NULL)
			continue;
		if (part->take.resource_id == refused->take.resource_id)
			reservation_give_back(&net, &part->take);
		if (part->new_take.active &&
			part->new_take.resource_id == refused->take.resource_id)
			reservation_take(&net, &part->new_take, &part->resource,
							 swap->change.clock);
	}
	for (SwapRequest *request = swap->requests; request < refused; request++)
	{
		if (request->row != NULL && request->take.active &&
			request->take.resource_id == refused->take.resource_id)
			reservation_take(&net, &request->take, &requirement->resource,
							 swap->change.clock);
	}
	given_back = net_change_finish(&net, &n);
	if (n > 0)
	{
		requirement->given_back = given_back[0].segments;
		requirement->ngiven_back = given_back[0].nsegments;
	}
	refuse_capacity(&refused->asked->call.request, refused->take.resource_id,
					&where, &refusal);
	raise_refusal(refused, &refusal);
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
		refuse(&swap);

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
