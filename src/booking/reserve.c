/*-------------------------------------------------------------------------
 *
 * reserve.c
 *	  The SQL functions that reserve: read their arguments, return the answer.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "booking/booking.h"
#include "funcapi.h"
#include "support/arguments.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbiter_reserve_epoch);
PG_FUNCTION_INFO_V1(arbiter_reserve_timestamptz);
PG_FUNCTION_INFO_V1(arbiter_reserve_text);
PG_FUNCTION_INFO_V1(arbiter_try_reserve_epoch);
PG_FUNCTION_INFO_V1(arbiter_try_reserve_timestamptz);
PG_FUNCTION_INFO_V1(arbiter_try_reserve_text);
PG_FUNCTION_INFO_V1(arbiter_reserve_all);
PG_FUNCTION_INFO_V1(arbiter_try_reserve_all);

/* what an index can hold, with the user beside it */
#define REQUEST_KEY_LENGTH	1000

/*
 * The row that the try functions return: granted, reservation_id, reason,
 * message, limiting_time, available, earliest_start, largest_amount,
 * limiting_resource.
 */
static Datum
result_row(FunctionCallInfo fcinfo, const ReserveCall *call,
		   const ReserveResult *result)
{
	TupleDesc	desc;
	Datum		values[9];
	bool		nulls[9];
	const Refusal *refusal = &result->refusal;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("function returning record called in context that cannot accept type record")));

	memset(nulls, true, sizeof(nulls));
	values[0] = BoolGetDatum(result->granted);
	nulls[0] = false;
	if (result->granted)
	{
		values[1] = Int64GetDatum(result->reservation_id);
		nulls[1] = false;
	}
	else
	{
		memset(nulls + 2, false, sizeof(bool) * 7);
		values[2] = CStringGetTextDatum(unpack_sql_state(refusal->sqlstate));
		values[3] = CStringGetTextDatum(refusal->message);
		values[4] = TimestampTzGetDatum(refusal->limiting_time);
		values[5] = Int64GetDatum(refusal->available);
		values[6] = TimestampTzGetDatum(refusal->earliest_start);
		nulls[6] = !refusal->has_earliest_start;
		values[7] = Int64GetDatum(refusal->largest_amount);
		values[8] = CStringGetTextDatum(call->request.requirements[refusal->limiting].resource.name);
	}
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

static Datum
reserve_or_raise(const char *function, ReserveCall *call)
{
	ReserveResult result = {0};

	book(function, call, &result);
	if (!result.granted)
		refusal_raise(&result.refusal);
	return Int64GetDatum(result.reservation_id);
}

static Datum
try_reserve(FunctionCallInfo fcinfo, const char *function, ReserveCall *call)
{
	ReserveResult result = {0};

	book(function, call, &result);
	if (!result.granted)
		log_denial(call, &result.refusal);
	return result_row(fcinfo, call, &result);
}

static void
check_request_range(ReserveCall *call)
{
	/* a NULL start is known, and checked, once the clock is read */
	if (call->start_given)
		check_time_range(call->request.start, call->request.end);
}

static void
read_request_key(FunctionCallInfo fcinfo, int number, ReserveCall *call)
{
	if (PG_ARGISNULL(number))
		return;
	call->request_key = text_to_cstring(PG_GETARG_TEXT_PP(number));
	if (strlen(call->request_key) > REQUEST_KEY_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("request key is longer than %d bytes", REQUEST_KEY_LENGTH),
				 errhint("Pass a short unique text, such as gen_random_uuid()::text.")));
}

/*
 * Read the arguments of arbiter_reserve() and arbiter_try_reserve().
 */
static void
read_call(FunctionCallInfo fcinfo, TimeType type, Requirement *requirement,
		  ReserveCall *call)
{
	int			times = type == TIME_EPOCH ? 0 : 1;
	int			resource = type == TIME_EPOCH ? 4 : 0;
	int			user_id = type == TIME_EPOCH ? 3 : 4;

	memset(call, 0, sizeof(ReserveCall));
	memset(requirement, 0, sizeof(Requirement));
	call->request.requirements = requirement;
	call->request.nrequirements = 1;

	call->start_given = !PG_ARGISNULL(times);
	if (call->start_given)
		call->request.start = argument_time(fcinfo, times, "start_time", type);
	call->request.end = argument_time(fcinfo, times + 1, "end_time", type);
	check_request_range(call);
	argument_not_null(fcinfo, times + 2, "amount");
	requirement->amount = PG_GETARG_INT64(times + 2);
	check_amount(requirement->amount);
	requirement->resource.name = argument_text(fcinfo, resource, "resource");
	call->user_id = argument_text(fcinfo, user_id, "user_id");
	read_request_key(fcinfo, 5, call);
}

/*
 * arbiter_reserve(start_time bigint, end_time bigint, amount bigint,
 *				   user_id text, resource text, request_key text) -> bigint
 * arbiter_reserve(resource text, start_time timestamptz | text,
 *				   end_time timestamptz | text, amount bigint,
 *				   user_id text, request_key text) -> bigint
 *
 * Reserves amount of a resource over [start_time, end_time), bigint times being
 * epoch seconds; a NULL start is the earliest permitted one.  Returns the
 * reservation_id.
 *
 * Errors, the first that applies: RV004 epoch not plausible; RV003 end not
 * after start; RV005 amount; 42704 resource; RV007 granularity; RV006 lead
 * time; RV013 request key; RV002 outside the schedule; RV001 capacity.  Also
 * 22004 NULL argument, 22023 start not finite, 25006 read-only, 40001 above
 * READ COMMITTED, 55000 a trigger returned NULL.
 *
 * Locks: RowExclusiveLock on the tables; the request key if there is one; the
 * rows of the chunks in which the range starts and ends and of those between;
 * the resource, shared, where a chunk must be created.
 *
 * Volatile and parallel unsafe: it writes.
 */
Datum
arbiter_reserve_epoch(PG_FUNCTION_ARGS)
{
	ReserveCall call;
	Requirement requirement;

	read_call(fcinfo, TIME_EPOCH, &requirement, &call);
	return reserve_or_raise("arbiter_reserve()", &call);
}

Datum
arbiter_reserve_timestamptz(PG_FUNCTION_ARGS)
{
	ReserveCall call;
	Requirement requirement;

	read_call(fcinfo, TIME_TIMESTAMPTZ, &requirement, &call);
	return reserve_or_raise("arbiter_reserve()", &call);
}

Datum
arbiter_reserve_text(PG_FUNCTION_ARGS)
{
	ReserveCall call;
	Requirement requirement;

	read_call(fcinfo, TIME_TEXT, &requirement, &call);
	return reserve_or_raise("arbiter_reserve()", &call);
}

/*
 * arbiter_try_reserve(... as arbiter_reserve ...) -> one row (granted,
 * reservation_id, reason, message, limiting_time, available, earliest_start,
 * largest_amount, limiting_resource)
 *
 * As arbiter_reserve(), but RV001, RV002 and RV006 are a row with granted
 * false, also written to arbiter_denial in the caller's transaction.  All
 * other errors are raised.
 *
 * Locks, volatility and parallel safety as arbiter_reserve(); a refusal locks
 * no chunk, unless it lost a race for one.
 */
Datum
arbiter_try_reserve_epoch(PG_FUNCTION_ARGS)
{
	ReserveCall call;
	Requirement requirement;

	read_call(fcinfo, TIME_EPOCH, &requirement, &call);
	return try_reserve(fcinfo, "arbiter_try_reserve()", &call);
}

Datum
arbiter_try_reserve_timestamptz(PG_FUNCTION_ARGS)
{
	ReserveCall call;
	Requirement requirement;

	read_call(fcinfo, TIME_TIMESTAMPTZ, &requirement, &call);
	return try_reserve(fcinfo, "arbiter_try_reserve()", &call);
}

Datum
arbiter_try_reserve_text(PG_FUNCTION_ARGS)
{
	ReserveCall call;
	Requirement requirement;

	read_call(fcinfo, TIME_TEXT, &requirement, &call);
	return try_reserve(fcinfo, "arbiter_try_reserve()", &call);
}

static void
requirements_error(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid requirements"),
			 errdetail_internal("%s", detail),
			 errhint("Pass resource names with whole amounts, such as {\"cpu\": 4, \"memory\": 16}.")));
}

static int64
requirement_amount(const char *name, const JsonbValue *value)
{
	Numeric		number;

	if (value->type != jbvNumeric)
		requirements_error(psprintf("The amount of resource \"%s\" is not a number.", name));
	number = value->val.numeric;
	if (numeric_is_nan(number) || numeric_is_inf(number) ||
		!DatumGetBool(DirectFunctionCall2(numeric_eq, NumericGetDatum(number),
										  DirectFunctionCall1(numeric_floor, NumericGetDatum(number)))))
		requirements_error(psprintf("The amount of resource \"%s\" is not a whole number.", name));
	return DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(number)));
}

/*
 * Read the arguments of arbiter_reserve_all() and arbiter_try_reserve_all().
 */
static void
read_call_all(FunctionCallInfo fcinfo, ReserveCall *call)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	value;
	Request    *request = &call->request;

	memset(call, 0, sizeof(ReserveCall));
	argument_not_null(fcinfo, 0, "requirements");
	call->jsonb = PG_GETARG_JSONB_P(0);
	if (!JB_ROOT_IS_OBJECT(call->jsonb))
		requirements_error("Requirements are not a JSON object.");
	if (JB_ROOT_COUNT(call->jsonb) == 0)
		requirements_error("Requirements name no resource.");

	call->start_given = !PG_ARGISNULL(1);
	if (call->start_given)
		request->start = argument_time(fcinfo, 1, "start_time", TIME_TIMESTAMPTZ);
	request->end = argument_time(fcinfo, 2, "end_time", TIME_TIMESTAMPTZ);
	check_request_range(call);

	request->requirements = palloc0(sizeof(Requirement) * JB_ROOT_COUNT(call->jsonb));
	iterator = JsonbIteratorInit(&call->jsonb->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		Requirement *requirement = &request->requirements[request->nrequirements];

		if (token == WJB_KEY)
			requirement->resource.name = pnstrdup(value.val.string.val,
												  value.val.string.len);
		else if (token == WJB_VALUE)
		{
			requirement->amount = requirement_amount(requirement->resource.name, &value);
			check_amount(requirement->amount);
			request->nrequirements++;
		}
	}
	call->user_id = argument_text(fcinfo, 3, "user_id");
	read_request_key(fcinfo, 4, call);
}

/*
 * arbiter_reserve_all(requirements jsonb, start_time timestamptz,
 *					   end_time timestamptz, user_id text, request_key text)
 * -> bigint
 *
 * Reserves amounts of several resources over one range, all or nothing: one
 * reservation_id, a part per resource, chunks locked in one pass in the order
 * of (resource_id, time).
 *
 * Errors as arbiter_reserve(), and 22023 for requirements that are not an
 * object of whole amounts.  Locks, volatility and parallel safety as
 * arbiter_reserve().
 */
Datum
arbiter_reserve_all(PG_FUNCTION_ARGS)
{
	ReserveCall call;

	read_call_all(fcinfo, &call);
	return reserve_or_raise("arbiter_reserve_all()", &call);
}

/*
 * arbiter_try_reserve_all(... as arbiter_reserve_all ...) -> one row as
 * arbiter_try_reserve()
 *
 * The refusal is that of the resource that lacks most; its row in
 * arbiter_denial has all requirements.  Errors as arbiter_reserve_all() but for
 * RV001, RV002 and RV006.  Locks, volatility and parallel safety as
 * arbiter_reserve(); a refusal locks no chunk, unless it lost a race for one.
 */
Datum
arbiter_try_reserve_all(PG_FUNCTION_ARGS)
{
	ReserveCall call;

	read_call_all(fcinfo, &call);
	return try_reserve(fcinfo, "arbiter_try_reserve_all()", &call);
}
