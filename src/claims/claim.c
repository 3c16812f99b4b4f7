/*-------------------------------------------------------------------------
 *
 * claim.c
 *	  The SQL functions that find and reserve what satisfies a claim.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/claim.h"

#include "access/htup_details.h"
#include "booking/denial.h"
#include "booking/reserve.h"
#include "claims/claim_row.h"
#include "funcapi.h"
#include "support/arguments.h"
#include "support/errors.h"
#include "support/guc.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbiter_find_claims);
PG_FUNCTION_INFO_V1(arbiter_claim);
PG_FUNCTION_INFO_V1(arbiter_try_claim);

/* columns of a row of arbiter_find_claims() */
enum
{
	FOUND_CANDIDATE,
	FOUND_GROUP_NAME,
	FOUND_PROVIDER,
	FOUND_RESOURCE_TYPE,
	FOUND_RESOURCE,
	FOUND_AMOUNT,
	FOUND_AVAILABLE,
	FOUND_NCOLUMNS
};

/* columns of a row of arbiter_claim() */
enum
{
	CLAIMED_RESERVATION_ID,
	CLAIMED_GROUP_NAME,
	CLAIMED_PROVIDER,
	CLAIMED_RESOURCE_TYPE,
	CLAIMED_AMOUNT,
	CLAIMED_NCOLUMNS
};

/* columns of the row of arbiter_try_claim() */
enum
{
	TRIED_GRANTED,
	TRIED_RESERVATION_ID,
	TRIED_ALLOCATIONS,
	TRIED_REASON,
	TRIED_MESSAGE,
	TRIED_DETAIL,
	TRIED_HINT,
	TRIED_EARLIEST_START,
	TRIED_NCOLUMNS
};

static void
read_document(FunctionCallInfo fcinfo, ClaimCall *call)
{
	memset(call, 0, sizeof(ClaimCall));
	argument_not_null(fcinfo, 0, "request");
	call->document = PG_GETARG_JSONB_P(0);
	claim_request_read(call->document, &call->request);
	reserve_read_range(fcinfo, 1, TIME_TIMESTAMPTZ, &call->reserve);
}

/*
 * Read the arguments of arbiter_claim() and arbiter_try_claim().
 */
static void
read_call(FunctionCallInfo fcinfo, ClaimCall *call)
{
	StringInfoData given;

	read_document(fcinfo, call);
	call->reserve.user_id = argument_text(fcinfo, 3, "user_id");
	read_request_key(fcinfo, 4, &call->reserve);
	if (!PG_ARGISNULL(5))
		call->consumer = text_to_cstring(PG_GETARG_TEXT_PP(5));
	argument_not_null(fcinfo, 6, "tryout");
	call->reserve.request.tryout = PG_GETARG_BOOL(6);
	if (!PG_ARGISNULL(7))
		read_ttl(fcinfo, 7, &call->reserve);
	if (call->reserve.request_key == NULL)
		return;
	initStringInfo(&given);
	appendStringInfoString(&given, "claim ");
	JsonbToCString(&given, &call->document->root, VARSIZE(call->document));
	if (call->consumer != NULL)
		appendStringInfo(&given, " %s", call->consumer);
	call->reserve.given = given.data;
}

/* what the rows of arbiter_find_claims() are made of */
typedef struct FoundClaims
{
	ReturnSetInfo *result;
	ClaimCall	call;
	Search		search;
	int			n;
	int			most;
} FoundClaims;

static bool
put_candidate(const Search *search, void *argument)
{
	FoundClaims *found = argument;

	found->n++;
	for (int i = 0; i < search->nallocations; i++)
	{
		const Allocation *allocation = &search->allocations[i];
		const ClaimGroup *group = &search->request->groups[allocation->group];
		Datum		values[FOUND_NCOLUMNS];
		bool		nulls[FOUND_NCOLUMNS] = {false};

		values[FOUND_CANDIDATE] = Int32GetDatum(found->n);
		values[FOUND_GROUP_NAME] = CStringGetTextDatum(group->name);
		values[FOUND_PROVIDER] =
			CStringGetTextDatum(search->catalogue->providers[allocation->provider].name);
		values[FOUND_RESOURCE_TYPE] =
			CStringGetTextDatum(group->resources[allocation->resource].type);
		values[FOUND_RESOURCE] = CStringGetTextDatum(allocation->inventory->name);
		values[FOUND_AMOUNT] = Int64GetDatum(allocation->amount);
		values[FOUND_AVAILABLE] =
			Int64GetDatum(probe_available(search->probes, allocation->inventory, PG_INT64_MAX));
		tuplestore_putvalues(found->result->setResult, found->result->setDesc,
							 values, nulls);
	}
	return found->n >= found->most;
}

/*
 * arbiter_find_claims(request jsonb, start_time timestamptz, end_time timestamptz,
 *					   max_results integer)
 * -> rows (candidate integer, group_name text, provider text,
 *			resource_type text, resource text, amount bigint,
 *			available bigint)
 *
 * Finds up to max_results ways to satisfy a claim over [start_time, end_time),
 * without reserving anything; a NULL start is now.  One row per group, provider
 * and resource type; candidates are counted from 1, in the order in which
 * arbiter_claim() would try them.  No rows: there is none.
 *
 * Errors: those of the request, see claim_request.c; 22004 NULL; 22023
 * max_results; RV003 range; 42704, RV008 what the request names and does not
 * exist.  No lock but AccessShareLock on the tables.  Stable: it reads with the
 * statement's snapshot.  Parallel unsafe: the catalogue of providers is read with a
 * snapshot of its own, which the server does not allow then.
 */
Datum
arbiter_find_claims(PG_FUNCTION_ARGS)
{
	FoundClaims found = {0};
	Request    *request;
	ClaimTimes	times;
	SearchTask	task;

	read_document(fcinfo, &found.call);
	argument_not_null(fcinfo, 3, "max_results");
	found.most = PG_GETARG_INT32(3);
	if (found.most < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_results must be positive"),
				 errdetail("It is %d.", found.most),
				 errhint("Pass how many candidates are wanted at the most.")));
	request = &found.call.reserve.request;
	request->clock = GetCurrentStatementStartTimestamp();
	if (!found.call.reserve.start_given)
		check_time_range(request->clock, request->end);

	InitMaterializedSRF(fcinfo, 0);
	found.result = (ReturnSetInfo *) fcinfo->resultinfo;
	times = claim_times(&found.call);
	task = (SearchTask) {
		.catalogue = catalogue_get(),
		.request = &found.call.request,
		.times = &times,
		.ntimes = 1,
		.snapshot = GetActiveSnapshot(),
		.tries = arbiter_claim_tries
	};
	search_begin(&found.search, &task);
	(void) claim_search(&found.search, put_candidate, &found);
	search_end(&found.search);
	return (Datum) 0;
}

static void
put_allocations(ReturnSetInfo *result, const ClaimResult *claimed)
{
	int			n = 0;
	Placed	   *placed = claimed->allocations == NULL ? NULL :
		placed_read(claimed->allocations, &n);

	for (int i = 0; i < n; i++)
	{
		Datum		values[CLAIMED_NCOLUMNS];
		bool		nulls[CLAIMED_NCOLUMNS] = {false};

		values[CLAIMED_RESERVATION_ID] = Int64GetDatum(claimed->reservation_id);
		values[CLAIMED_GROUP_NAME] = CStringGetTextDatum(placed[i].group);
		values[CLAIMED_PROVIDER] = CStringGetTextDatum(placed[i].provider);
		values[CLAIMED_RESOURCE_TYPE] = CStringGetTextDatum(placed[i].resource_type);
		values[CLAIMED_AMOUNT] = Int64GetDatum(placed[i].amount);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/*
 * arbiter_claim(request jsonb, start_time timestamptz, end_time timestamptz,
 *				 user_id text, request_key text, consumer text, tryout boolean,
 *				 ttl interval)
 * -> rows (reservation_id bigint, group_name text, provider text,
 *			resource_type text, amount bigint)
 *
 * Finds providers that can give all that a request asks for over [start_time,
 * end_time), and reserves it, all or nothing: one reservation_id, one row per
 * group, provider and resource type.  A NULL start is the earliest permitted one;
 * an end of infinity is for good.  With ttl, it is a hold.  What somebody else
 * takes meanwhile is replaced by the next candidate, see claim_book.c.
 *
 * Errors: RV012 no provider satisfies the claim, with what removed the last ones;
 * RV010 a quota; those of the request, see claim_request.c; 42704, RV008 what it
 * names and does not exist; RV003, RV013, 22004, 22023 as arbiter_reserve();
 * 25006; 40001 above READ COMMITTED.
 *
 * Locks: RowExclusiveLock on the tables; the request key; the chunks of what is
 * reserved, in order, in a subtransaction of their own.  Volatile and parallel
 * unsafe: it writes.
 */
Datum
arbiter_claim(PG_FUNCTION_ARGS)
{
	ClaimCall	call;
	ClaimResult result = {0};

	read_call(fcinfo, &call);
	claim_book("arbiter_claim()", &call, &result);
	if (!result.granted)
		refusal_raise(&result.refusal);
	InitMaterializedSRF(fcinfo, 0);
	put_allocations((ReturnSetInfo *) fcinfo->resultinfo, &result);
	return (Datum) 0;
}

/*
 * arbiter_try_claim(... as arbiter_claim ...) -> one row (granted boolean,
 * reservation_id bigint, allocations jsonb, reason text, message text,
 * detail text, hint text, earliest_start timestamptz)
 *
 * As arbiter_claim(), but RV012 and RV010 are a row with granted false, also
 * written to arbiter_denial in the caller's transaction.  allocations is an array
 * of objects with group, provider, resource_type and amount.  All other errors are
 * raised.  Locks, volatility and parallel safety as arbiter_claim().
 */
Datum
arbiter_try_claim(PG_FUNCTION_ARGS)
{
	ClaimCall	call;
	ClaimResult result = {0};
	TupleDesc	desc;
	Datum		values[TRIED_NCOLUMNS];
	bool		nulls[TRIED_NCOLUMNS];

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("function returning record called in context that cannot accept type record")));
	read_call(fcinfo, &call);
	claim_book("arbiter_try_claim()", &call, &result);

	memset(nulls, true, sizeof(nulls));
	values[TRIED_GRANTED] = BoolGetDatum(result.granted);
	nulls[TRIED_GRANTED] = false;
	if (result.granted)
	{
		values[TRIED_RESERVATION_ID] = Int64GetDatum(result.reservation_id);
		nulls[TRIED_RESERVATION_ID] = false;
		values[TRIED_ALLOCATIONS] = JsonbPGetDatum(result.allocations);
		nulls[TRIED_ALLOCATIONS] = result.allocations == NULL;
	}
	else
	{
		const Refusal *refusal = &result.refusal;

		call.reserve.jsonb = call.document;
		log_denial(&call.reserve, refusal);
		values[TRIED_REASON] = CStringGetTextDatum(unpack_sql_state(refusal->sqlstate));
		values[TRIED_MESSAGE] = CStringGetTextDatum(refusal->message);
		values[TRIED_DETAIL] = CStringGetTextDatum(refusal->detail);
		nulls[TRIED_REASON] = nulls[TRIED_MESSAGE] = nulls[TRIED_DETAIL] = false;
		if (refusal->hint != NULL)
		{
			values[TRIED_HINT] = CStringGetTextDatum(refusal->hint);
			nulls[TRIED_HINT] = false;
		}
		values[TRIED_EARLIEST_START] = TimestampTzGetDatum(refusal->earliest_start);
		nulls[TRIED_EARLIEST_START] = !refusal->has_earliest_start;
	}
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}
