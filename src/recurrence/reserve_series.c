/*-------------------------------------------------------------------------
 *
 * reserve_series.c
 *	  The SQL function that books every occurrence of a rule.
 *
 * The occurrences are requests of a batch (booking/batch.c): decided in turn,
 * booked at once.  A request key is that of the series, in arbiter_series.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "booking/batch.h"
#include "commands/sequence.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "recurrence/recurrence.h"
#include "storage/lmgr.h"
#include "support/arguments.h"
#include "support/errors.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbiter_reserve_series);

/* what can be added to any start */
#define DURATION_YEARS_MAX	1000

typedef struct SeriesCall
{
	char	   *resource;
	int64		amount;
	Interval   *duration;
	char	   *rule;
	TimestampTz first_start;
	text	   *zone;
	bool		skip_conflicts;
	TimestampTz until;
	char	   *user_id;
	char	   *request_key;	/* NULL: none */
	char	   *fingerprint;
	bool		tryout;
	int64		series_id;
} SeriesCall;

/* columns of a row */
enum
{
	OUT_SERIES_ID,
	OUT_OCCURRENCE,
	OUT_START_TIME,
	OUT_END_TIME,
	OUT_GRANTED,
	OUT_RESERVATION_ID,
	OUT_REASON,
	OUT_MESSAGE,
	OUT_LIMITING_TIME,
	OUT_AVAILABLE,
	OUT_EARLIEST_START,
	OUT_LARGEST_AMOUNT,
	OUT_NCOLUMNS
};

#define SET_COLUMN(which, value) \
	(values[which] = (value), nulls[which] = false)

static void
check_duration(const Interval *duration)
{
	if (duration->month < 0 || duration->day < 0 || duration->time < 0 ||
		(duration->month == 0 && duration->day == 0 && duration->time == 0) ||
		duration->month > DURATION_YEARS_MAX * MONTHS_PER_YEAR ||
		duration->day > DURATION_YEARS_MAX * DAYS_PER_YEAR ||
		duration->time > DURATION_YEARS_MAX * DAYS_PER_YEAR * USECS_PER_DAY)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("duration must be longer than nothing and at most %d years", DURATION_YEARS_MAX),
				 errhint("Pass how long each occurrence lasts, such as interval '2 hours'.")));
}

static void
read_series(FunctionCallInfo fcinfo, SeriesCall *call)
{
	StringInfoData arguments;

	call->resource = argument_text(fcinfo, 0, "resource");
	argument_not_null(fcinfo, 1, "amount");
	call->amount = PG_GETARG_INT64(1);
	check_amount(call->amount);
	argument_not_null(fcinfo, 2, "duration");
	call->duration = PG_GETARG_INTERVAL_P(2);
	check_duration(call->duration);
	call->rule = argument_text(fcinfo, 3, "rule");
	call->first_start = argument_finite_time(fcinfo, 4, "first_start");
	argument_not_null(fcinfo, 5, "tz");
	call->zone = PG_GETARG_TEXT_PP(5);
	argument_not_null(fcinfo, 6, "skip_conflicts");
	call->skip_conflicts = PG_GETARG_BOOL(6);
	call->until = PG_ARGISNULL(7) ? DT_NOEND : PG_GETARG_TIMESTAMPTZ(7);
	call->user_id = argument_text(fcinfo, 8, "user_id");
	if (!PG_ARGISNULL(9))
	{
		call->request_key = text_to_cstring(PG_GETARG_TEXT_PP(9));
		check_request_key(call->request_key);
	}
	argument_not_null(fcinfo, 10, "tryout");
	call->tryout = PG_GETARG_BOOL(10);

	initStringInfo(&arguments);
	appendStringInfo(&arguments, "series %d:%s %d:%s %s " INT64_FORMAT ",%d %d " INT64_FORMAT "," INT64_FORMAT "," INT64_FORMAT,
					 (int) strlen(call->resource), call->resource,
					 (int) strlen(call->rule), call->rule,
					 text_to_cstring(call->zone), call->amount,
					 call->duration->month, call->duration->day,
					 call->duration->time, call->first_start, call->until);
	if (call->skip_conflicts)
		appendStringInfoString(&arguments, ",skip");
	if (call->tryout)
		appendStringInfoString(&arguments, ",tryout");
	call->fingerprint = request_fingerprint(arguments.data);
}

/*
 * Find the series that a request key made before; its id, or 0.  RV013 if it was
 * for something else.
 */
static int64
find_answered(const SeriesCall *call)
{
	RequestKey	key = {.user_id = call->user_id,.key = call->request_key,
	.fingerprint = call->fingerprint,.for_series = true};
	Fault		fault;

	request_key_lock(call->user_id, call->request_key);
	request_key_find(&key);
	if (key.found && !key.same && request_key_reused(&key, &fault))
		fault_raise(&fault);
	return key.series_id;
}

/*
 * Answer once more: the occurrences that were booked, as they are now, by whoever
 * had the key before.
 */
static void
put_answered(ReturnSetInfo *result, int64 series_id)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->reservation_column;
	Snapshot	snapshot = latest_snapshot();
	KeyScan		scan;
	ScanKeyData key;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(series_id));
	key_scan_begin(&scan, relations->reservation, &relations->reservation_series_idx,
				   snapshot, &key, 1);
	while (key_scan_next(&scan))
	{
		Datum		values[OUT_NCOLUMNS];
		bool		nulls[OUT_NCOLUMNS];
		Datum		during;
		TimestampTz start;
		TimestampTz end;
		bool		isnull;

		memset(nulls, true, sizeof(nulls));
		during = slot_getattr(scan.slot, columns[RESERVATION_DURING], &isnull);
		if (!isnull)
		{
			range_times(during, &start, &end);
			SET_COLUMN(OUT_START_TIME, TimestampTzGetDatum(start));
			SET_COLUMN(OUT_END_TIME, TimestampTzGetDatum(end));
		}
		SET_COLUMN(OUT_SERIES_ID, Int64GetDatum(series_id));
		values[OUT_OCCURRENCE] = slot_getattr(scan.slot, columns[RESERVATION_OCCURRENCE],
											  &nulls[OUT_OCCURRENCE]);
		SET_COLUMN(OUT_GRANTED, BoolGetDatum(true));
		values[OUT_RESERVATION_ID] = slot_getattr(scan.slot, columns[RESERVATION_ID],
												  &nulls[OUT_RESERVATION_ID]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
}

static void
put_row(ReturnSetInfo *result, const SeriesCall *call, const BatchRequest *request,
		bool booked)
{
	const Refusal *refusal = &request->refusal;
	const JsonRequest *asked = request->asked;
	Datum		values[OUT_NCOLUMNS];
	bool		nulls[OUT_NCOLUMNS];

	memset(nulls, true, sizeof(nulls));
	if (booked)
		SET_COLUMN(OUT_SERIES_ID, Int64GetDatum(call->series_id));
	SET_COLUMN(OUT_OCCURRENCE, Int32GetDatum(asked->number));
	SET_COLUMN(OUT_START_TIME, TimestampTzGetDatum(asked->call.request.start));
	SET_COLUMN(OUT_END_TIME, TimestampTzGetDatum(asked->call.request.end));
	SET_COLUMN(OUT_GRANTED, BoolGetDatum(request->outcome == BATCH_GRANTED));
	switch (request->outcome)
	{
		case BATCH_GRANTED:
			SET_COLUMN(OUT_RESERVATION_ID, Int64GetDatum(request->reservation_id));
			break;
		case BATCH_REFUSED:
			SET_COLUMN(OUT_REASON, CStringGetTextDatum(unpack_sql_state(refusal->sqlstate)));
			SET_COLUMN(OUT_MESSAGE, CStringGetTextDatum(refusal->message));
			SET_COLUMN(OUT_LIMITING_TIME, TimestampTzGetDatum(refusal->limiting_time));
			SET_COLUMN(OUT_AVAILABLE, Int64GetDatum(refusal->available));
			if (refusal->has_earliest_start)
				SET_COLUMN(OUT_EARLIEST_START, TimestampTzGetDatum(refusal->earliest_start));
			SET_COLUMN(OUT_LARGEST_AMOUNT, Int64GetDatum(refusal->largest_amount));
			break;
		case BATCH_FAULTY:
			SET_COLUMN(OUT_REASON, CStringGetTextDatum(unpack_sql_state(asked->fault.sqlstate)));
			SET_COLUMN(OUT_MESSAGE, CStringGetTextDatum(asked->fault.message));
			break;
		case BATCH_REPEATED:
		case BATCH_LEFT:
		case BATCH_UNDECIDED:
			SET_COLUMN(OUT_MESSAGE, CStringGetTextDatum("not booked, because another occurrence of the series is not granted"));
			break;
	}
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * Write the row of a series.
 */
static void
write_series(const SeriesCall *call, const BatchRequest *first)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->series_column;
	RowWriter	writer;

	row_writer_open(&writer, relations->series, CMD_INSERT);
	row_writer_new_row(&writer, columns, SERIES_NCOLUMNS);
	row_writer_set(&writer, columns[SERIES_ID], Int64GetDatum(call->series_id), false);
	row_writer_set(&writer, columns[SERIES_RESOURCE_ID],
				   Int32GetDatum(first->asked->requirement.resource.id), false);
	row_writer_set(&writer, columns[SERIES_RULE], CStringGetTextDatum(call->rule), false);
	row_writer_set(&writer, columns[SERIES_FIRST_START],
				   TimestampTzGetDatum(call->first_start), false);
	row_writer_set(&writer, columns[SERIES_TZ], PointerGetDatum(call->zone), false);
	row_writer_set(&writer, columns[SERIES_DURATION],
				   IntervalPGetDatum(call->duration), false);
	row_writer_set(&writer, columns[SERIES_AMOUNT], Int64GetDatum(call->amount), false);
	row_writer_set(&writer, columns[SERIES_USER_ID],
				   CStringGetTextDatum(call->user_id), false);
	row_writer_set(&writer, columns[SERIES_CREATED_AT],
				   TimestampTzGetDatum(first->asked->call.request.clock), false);
	if (call->request_key != NULL)
	{
		row_writer_set(&writer, columns[SERIES_REQUEST_KEY],
					   CStringGetTextDatum(call->request_key), false);
		row_writer_set(&writer, columns[SERIES_REQUEST_FINGERPRINT],
					   CStringGetTextDatum(call->fingerprint), false);
	}
	row_writer_before_insert(&writer);
	row_writer_insert(&writer);
	row_writer_close(&writer);
	CommandCounterIncrement();
}

/*
 * Make a request of each occurrence.
 */
static JsonRequest *
make_requests(const SeriesCall *call, const TimestampTz *starts, int n)
{
	JsonRequest *requests = palloc_extended(sizeof(JsonRequest) * (Size) n,
											MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	for (int i = 0; i < n; i++)
	{
		JsonRequest *request = &requests[i];

		CHECK_FOR_INTERRUPTS();
		request->number = i + 1;
		request->requirement.resource.name = call->resource;
		request->requirement.amount = call->amount;
		request->call.request.requirements = &request->requirement;
		request->call.request.nrequirements = 1;
		request->call.request.start = starts[i];
		request->call.request.end = occurrence_end(starts[i], call->duration, call->zone);
		request->call.request.tryout = call->tryout;
		request->call.start_given = true;
		request->call.user_id = call->user_id;
		request->call.series_id = call->series_id;
		request->call.occurrence = i + 1;
		request->is_faulty = time_range_is_faulty(starts[i], request->call.request.end,
												  &request->fault);
	}
	return requests;
}

/*
 * arbiter_reserve_series(resource text, amount bigint, duration interval,
 *						  rule text, first_start timestamptz, tz text,
 *						  skip_conflicts boolean, until timestamptz,
 *						  user_id text, request_key text, tryout boolean)
 * -> rows (series_id bigint, occurrence integer, start_time timestamptz,
 *			end_time timestamptz, granted boolean, reservation_id bigint,
 *			reason text, message text, limiting_time timestamptz,
 *			available bigint, earliest_start timestamptz,
 *			largest_amount bigint)
 *
 * Books every occurrence of a rule, as arbiter_occurrences() counts them, that
 * starts before until; one row each.  Of duration, days and months are those of
 * the calendar in tz.  As arbiter_reserve_many() with all_or_nothing, nothing is
 * booked unless every occurrence is granted; with skip_conflicts, those that are.
 *
 * A refusal (RV001, RV002, RV006) is a row, and is logged; so is RV007 of one
 * occurrence, which is not.  With a request key, a repeated call returns what the
 * first one booked.
 *
 * Errors: those of arbiter_occurrences() for the rule; 22023 a duration of
 * nothing, a rule without end and without until, or without an occurrence; 22004,
 * RV005, 42704, RV013, 25006, 40001, 55000 as arbiter_reserve().
 *
 * Locks: the request key if there is one; as arbiter_reserve_many().  Volatile
 * and parallel unsafe: it writes.
 */
Datum
arbiter_reserve_series(PG_FUNCTION_ARGS)
{
	const ArbiterRelations *relations = arbiter_relations();
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	SeriesCall	call = {0};
	Recurrence *recurrence;
	BatchRequest *requests;
	TimestampTz *starts;
	int			n;
	bool		booked = false;

	read_series(fcinfo, &call);
	require_writable("arbiter_reserve_series()");
	recurrence = recurrence_parse(pstrdup(call.rule));
	if (TIMESTAMP_IS_NOEND(call.until) && !recurrence_is_bounded(recurrence))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("recurrence rule has no end"),
				 errhint("Pass until, or end the rule with COUNT or UNTIL.")));
	starts = recurrence_expand(recurrence, call.first_start, call.zone, call.until, &n);
	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("recurrence rule has no occurrence"),
				 errdetail("It was looked at from %s to %s.",
						   pstrdup(timestamptz_to_str(call.first_start)),
						   pstrdup(timestamptz_to_str(call.until))),
				 errhint("See SELECT * FROM arbiter_occurrences(rule, first_start, tz, window_start, window_end).")));

	InitMaterializedSRF(fcinfo, 0);
	LockRelationOid(relations->reservation, RowExclusiveLock);
	if (call.request_key != NULL)
	{
		int64		answered = find_answered(&call);

		if (answered != 0)
		{
			put_answered(result, answered);
			return (Datum) 0;
		}
	}
	call.series_id = nextval_internal(relations->series_id_seq, false);
	requests = batch_book("arbiter_reserve_series()", make_requests(&call, starts, n), n,
						  !call.skip_conflicts);
	for (int i = 0; i < n; i++)
		booked |= requests[i].outcome == BATCH_GRANTED;
	if (booked)
	{
		if (call.request_key != NULL)
			request_key_forget_series(call.user_id, call.request_key);
		write_series(&call, &requests[0]);
	}
	for (int i = 0; i < n; i++)
		put_row(result, &call, &requests[i], booked);
	return (Datum) 0;
}
