/*-------------------------------------------------------------------------
 *
 * reserve.c
 *	  The SQL functions that reserve: read their arguments, return the answer.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/reserve.h"

#include "access/htup_details.h"
#include "booking/denial.h"
#include "booking/request_key.h"
#include "booking/requirements.h"
#include "funcapi.h"
#include "support/arguments.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbiter_reserve_epoch);
PG_FUNCTION_INFO_V1(arbiter_reserve_timestamptz);
PG_FUNCTION_INFO_V1(arbiter_reserve_text);
PG_FUNCTION_INFO_V1(arbiter_try_reserve_epoch);
PG_FUNCTION_INFO_V1(arbiter_try_reserve_timestamptz);
PG_FUNCTION_INFO_V1(arbiter_try_reserve_text);
PG_FUNCTION_INFO_V1(arbiter_hold);
PG_FUNCTION_INFO_V1(arbiter_try_hold);
PG_FUNCTION_INFO_V1(arbiter_reserve_all);
PG_FUNCTION_INFO_V1(arbiter_try_reserve_all);

/* what can be added to any clock */
#define TTL_YEARS_MAX	1000

/*
 * reserve_result_row makes the row that the try functions return: granted, reservation_id, reason,
 * message, limiting_time, available, earliest_start, largest_amount,
 * limiting_resource.
 */
Datum
reserve_result_row(FunctionCallInfo fcinfo, const ReserveCall *call,
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
		nulls[7] = refusal->largest_unknown;
		values[8] = CStringGetTextDatum(call->request.requirements[refusal->limiting].resource.name);
	}
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}

/*
 * reserve_or_raise books a call; returns its reservation_id, or raises why not.
 */
Datum
reserve_or_raise(const char *function, ReserveCall *call)
{
	ReserveResult result = {0};

	book(function, call, &result);
	if (!result.granted)
		refusal_raise(&result.refusal);
	return Int64GetDatum(result.reservation_id);
}

/*
 * try_reserve books a call; returns the row of a try function, and logs a
 * refusal.
 */
Datum
try_reserve(FunctionCallInfo fcinfo, const char *function, ReserveCall *call)
{
	ReserveResult result = {0};

	book(function, call, &result);
	if (!result.granted)
		log_denial(call, &result.refusal);
	return reserve_result_row(fcinfo, call, &result);
}

/*
 * reserve_read_range reads start_time, which may be NULL, and end_time.
 */
void
reserve_read_range(FunctionCallInfo fcinfo, int number, TimeType type,
				   ReserveCall *call)
{
	call->start_given = !PG_ARGISNULL(number);
	if (call->start_given)
		call->request.start = argument_time(fcinfo, number, "start_time", type);
	call->request.end = argument_time(fcinfo, number + 1, "end_time", type);
	/* a NULL start is known, and checked, once the clock is read */
	if (call->start_given)
		check_time_range(call->request.start, call->request.end);
}

/*
 * read_request_key reads the argument request_key, which may be NULL.
 */
void
read_request_key(FunctionCallInfo fcinfo, int number, ReserveCall *call)
{
	if (PG_ARGISNULL(number))
		return;
	call->request_key = text_to_cstring(PG_GETARG_TEXT_PP(number));
	check_request_key(call->request_key);
}

/*
 * read_ttl reads the argument ttl, which is not NULL (22023).
 */
void
read_ttl(FunctionCallInfo fcinfo, int number, ReserveCall *call)
{
	Interval   *ttl = PG_GETARG_INTERVAL_P(number);

	if (ttl->month < 0 || ttl->day < 0 || ttl->time < 0 ||
		(ttl->month == 0 && ttl->day == 0 && ttl->time == 0) ||
		ttl->month > TTL_YEARS_MAX * MONTHS_PER_YEAR ||
		ttl->day > TTL_YEARS_MAX * DAYS_PER_YEAR ||
		ttl->time > TTL_YEARS_MAX * DAYS_PER_YEAR * USECS_PER_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("ttl must be longer than nothing and at most %d years", TTL_YEARS_MAX),
				 errhint("Pass how long the hold lasts unless it is confirmed, such as '15 minutes'; arbiter_reserve() makes a reservation that does not expire.")));
	call->ttl = ttl;
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

	reserve_read_range(fcinfo, times, type, call);
	argument_not_null(fcinfo, times + 2, "amount");
	requirement->amount = PG_GETARG_INT64(times + 2);
	check_amount(requirement->amount);
	requirement->resource.name = argument_text(fcinfo, resource, "resource");
	call->user_id = argument_text(fcinfo, user_id, "user_id");
	read_request_key(fcinfo, 5, call);
	argument_not_null(fcinfo, 6, "tryout");
	call->request.tryout = PG_GETARG_BOOL(6);
}

/*
 * Read the arguments of arbiter_hold() and arbiter_try_hold(), which have ttl in
 * between.
 */
static void
read_hold(FunctionCallInfo fcinfo, Requirement *requirement, ReserveCall *call)
{
	memset(call, 0, sizeof(ReserveCall));
	memset(requirement, 0, sizeof(Requirement));
	call->request.requirements = requirement;
	call->request.nrequirements = 1;

	requirement->resource.name = argument_text(fcinfo, 0, "resource");
	reserve_read_range(fcinfo, 1, TIME_TIMESTAMPTZ, call);
	argument_not_null(fcinfo, 3, "amount");
	requirement->amount = PG_GETARG_INT64(3);
	check_amount(requirement->amount);
	argument_not_null(fcinfo, 4, "ttl");
	read_ttl(fcinfo, 4, call);
	call->user_id = argument_text(fcinfo, 5, "user_id");
	read_request_key(fcinfo, 6, call);
	argument_not_null(fcinfo, 7, "tryout");
	call->request.tryout = PG_GETARG_BOOL(7);
}

/*
 * arbiter_hold(resource text, start_time timestamptz, end_time timestamptz,
 *				amount bigint, ttl interval, user_id text, request_key text,
 *				tryout boolean) -> bigint
 *
 * Reserves as arbiter_reserve() does, for ttl only: from then on the amount is
 * free again, unless arbiter_confirm() made a reservation of it before.
 *
 * Errors, locks, volatility and parallel safety as arbiter_reserve(); 22023 for
 * a ttl that is not positive.
 */
Datum
arbiter_hold(PG_FUNCTION_ARGS)
{
	ReserveCall call;
	Requirement requirement;

	read_hold(fcinfo, &requirement, &call);
	return reserve_or_raise("arbiter_hold()", &call);
}

/*
 * arbiter_try_hold(... as arbiter_hold ...) -> one row as arbiter_try_reserve()
 *
 * As arbiter_hold(), but RV001, RV002 and RV006 are a row, also written to
 * arbiter_denial.  Errors but for these, locks, volatility and parallel safety as
 * arbiter_hold().
 */
Datum
arbiter_try_hold(PG_FUNCTION_ARGS)
{
	ReserveCall call;
	Requirement requirement;

	read_hold(fcinfo, &requirement, &call);
	return try_reserve(fcinfo, "arbiter_try_hold()", &call);
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

/*
 * Read the arguments of arbiter_reserve_all() and arbiter_try_reserve_all().
 */
static void
read_call_all(FunctionCallInfo fcinfo, ReserveCall *call)
{
	Request    *request = &call->request;

	memset(call, 0, sizeof(ReserveCall));
	argument_not_null(fcinfo, 0, "requirements");
	call->jsonb = PG_GETARG_JSONB_P(0);
	reserve_read_range(fcinfo, 1, TIME_TIMESTAMPTZ, call);

	requirements_read(call->jsonb, request);
	call->user_id = argument_text(fcinfo, 3, "user_id");
	read_request_key(fcinfo, 4, call);
	argument_not_null(fcinfo, 5, "tryout");
	request->tryout = PG_GETARG_BOOL(5);
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
