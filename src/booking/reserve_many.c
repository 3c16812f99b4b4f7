/*-------------------------------------------------------------------------
 *
 * reserve_many.c
 *	  The SQL function that reserves for a batch of requests.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "booking/batch.h"
#include "funcapi.h"
#include "support/arguments.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbiter_reserve_many);

/* columns of a row */
enum
{
	MANY_REQUEST,
	MANY_GRANTED,
	MANY_RESERVATION_ID,
	MANY_REASON,
	MANY_MESSAGE,
	MANY_LIMITING_TIME,
	MANY_AVAILABLE,
	MANY_EARLIEST_START,
	MANY_LARGEST_AMOUNT,
	MANY_NCOLUMNS
};

static void
put_row(ReturnSetInfo *result, const BatchRequest *request)
{
	const Refusal *refusal = &request->refusal;
	Datum		values[MANY_NCOLUMNS];
	bool		nulls[MANY_NCOLUMNS];

#define SET_COLUMN(which, value) \
	(values[which] = (value), nulls[which] = false)

	memset(nulls, true, sizeof(nulls));
	SET_COLUMN(MANY_REQUEST, Int32GetDatum(request->asked->number));
	SET_COLUMN(MANY_GRANTED, BoolGetDatum(request->outcome == BATCH_GRANTED ||
										  request->outcome == BATCH_REPEATED));
	switch (request->outcome)
	{
		case BATCH_GRANTED:
		case BATCH_REPEATED:
			SET_COLUMN(MANY_RESERVATION_ID, Int64GetDatum(request->reservation_id));
			break;
		case BATCH_REFUSED:
			SET_COLUMN(MANY_REASON, CStringGetTextDatum(unpack_sql_state(refusal->sqlstate)));
			SET_COLUMN(MANY_MESSAGE, CStringGetTextDatum(refusal->message));
			SET_COLUMN(MANY_LIMITING_TIME, TimestampTzGetDatum(refusal->limiting_time));
			SET_COLUMN(MANY_AVAILABLE, Int64GetDatum(refusal->available));
			if (refusal->has_earliest_start)
				SET_COLUMN(MANY_EARLIEST_START, TimestampTzGetDatum(refusal->earliest_start));
			SET_COLUMN(MANY_LARGEST_AMOUNT, Int64GetDatum(refusal->largest_amount));
			break;
		case BATCH_FAULTY:
			SET_COLUMN(MANY_REASON, CStringGetTextDatum(unpack_sql_state(request->asked->fault.sqlstate)));
			SET_COLUMN(MANY_MESSAGE, CStringGetTextDatum(request->asked->fault.message));
			break;
		case BATCH_LEFT:
		case BATCH_UNDECIDED:
			SET_COLUMN(MANY_MESSAGE, CStringGetTextDatum("not booked, because another request of the batch is not granted"));
			break;
	}
#undef SET_COLUMN
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * arbiter_reserve_many(requests jsonb, all_or_nothing boolean)
 * -> rows (request integer, granted boolean, reservation_id bigint,
 *			reason text, message text, limiting_time timestamptz,
 *			available bigint, earliest_start timestamptz,
 *			largest_amount bigint)
 *
 * Decides an array of requests in turn, each after those before it, and books
 * what is granted; one row per request, in that order, counted from 1.  A
 * request is an object with the keys resource, start_time, end_time, amount and
 * perhaps user_id, request_key, tryout, as the arguments of arbiter_reserve();
 * times are text or whole epoch seconds, null stands for a default.
 *
 * A refusal (RV001, RV002, RV006) is a row as arbiter_try_reserve() has it at
 * that point, and is logged.  RV003, RV004, RV005, RV007 and RV013 of one
 * request are a row with reason and message.  With all_or_nothing, nothing is
 * booked unless everything is granted: what was not refused then has neither id
 * nor reason.
 *
 * Errors: 22004 NULL, or a key that is missing or null; 22023 no array of such
 * objects; 22007, 22008, 22003 a text that is no time, a number out of range;
 * 42704 resource; 25006; 40001 above READ COMMITTED.  Message or context have
 * the number of the request.
 *
 * Locks: RowExclusiveLock on the tables; the request keys, by hash; the chunks
 * of what is granted, and of what is refused on account of other requests, by
 * (resource_id, time); so two batches never wait for each other in a circle.
 * Volatile and parallel unsafe: it writes.
 */
Datum
arbiter_reserve_many(PG_FUNCTION_ARGS)
{
	JsonRequest *asked;
	BatchRequest *requests;
	int			n;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"requests\" must not be null"),
				 errhint("jsonb_agg() of no rows is NULL: write coalesce(jsonb_agg(r), '[]').")));
	argument_not_null(fcinfo, 1, "all_or_nothing");
	asked = read_json_requests(PG_GETARG_JSONB_P(0), &n);
	requests = batch_book("arbiter_reserve_many()", asked, n, PG_GETARG_BOOL(1));

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < n; i++)
		put_row((ReturnSetInfo *) fcinfo->resultinfo, &requests[i]);
	return (Datum) 0;
}
