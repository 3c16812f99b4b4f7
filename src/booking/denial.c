/*-------------------------------------------------------------------------
 *
 * denial.c
 *	  The log of refused requests.
 *
 * It is written in the caller's transaction, for analysts: what was asked for
 * and could not be had.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/denial.h"

#include "access/xact.h"
#include "support/relations.h"
#include "utils/builtins.h"

/*
 * denial_log_open opens the log.
 */
void
denial_log_open(RowWriter *log)
{
	row_writer_open(log, arbiter_relations()->denial, CMD_INSERT);
}

/*
 * denial_log_add logs a refusal; a claim that no provider satisfies is one
 * without a limiting requirement.
 */
void
denial_log_add(RowWriter *log, const ReserveCall *call, const Refusal *refusal)
{
	const AttrNumber *columns = arbiter_relations()->denial_column;
	AttrNumber	given[DENIAL_NCOLUMNS];
	bool		limited = refusal->limiting >= 0;
	TimestampTz start = call->request.start;
	TimestampTz end = call->request.end;

	/* all but the id, which has a default */
	for (int i = 1; i < DENIAL_NCOLUMNS; i++)
		given[i - 1] = columns[i];

	row_writer_new_row(log, given, DENIAL_NCOLUMNS - 1);
	row_writer_set(log, columns[DENIAL_DENIED_AT],
				   TimestampTzGetDatum(call->request.clock), false);
	if (limited)
	{
		const Requirement *requirement = &call->request.requirements[refusal->limiting];

		request_span(&call->request, refusal->limiting, call->request.start,
					 call->request.end, &start, &end);
		row_writer_set(log, columns[DENIAL_RESOURCE_ID],
					   Int32GetDatum(requirement->resource.id), false);
		row_writer_set(log, columns[DENIAL_AMOUNT],
					   Int64GetDatum(requirement->amount), false);
		row_writer_set(log, columns[DENIAL_LIMITING_TIME],
					   TimestampTzGetDatum(refusal->limiting_time), false);
		row_writer_set(log, columns[DENIAL_AVAILABLE],
					   Int64GetDatum(refusal->available), false);
		row_writer_set(log, columns[DENIAL_LARGEST_AMOUNT],
					   Int64GetDatum(refusal->largest_amount),
					   refusal->largest_unknown);
	}
	row_writer_set(log, columns[DENIAL_DURING], range_datum(start, end), false);
	row_writer_set(log, columns[DENIAL_USER_ID],
				   CStringGetTextDatum(call->user_id), false);
	row_writer_set(log, columns[DENIAL_REASON],
				   CStringGetTextDatum(unpack_sql_state(refusal->sqlstate)), false);
	row_writer_set(log, columns[DENIAL_MESSAGE],
				   CStringGetTextDatum(refusal->message), false);
	row_writer_set(log, columns[DENIAL_EARLIEST_START],
				   TimestampTzGetDatum(refusal->earliest_start),
				   !refusal->has_earliest_start);
	if (call->template_id != 0)
	{
		row_writer_set(log, columns[DENIAL_TEMPLATE_ID],
					   Int32GetDatum(call->template_id), false);
		row_writer_set(log, columns[DENIAL_TEMPLATE_COUNT],
					   Int64GetDatum(call->template_count), false);
	}
	if (call->share != NULL)
		row_writer_set(log, columns[DENIAL_SHARE],
					   NumericGetDatum(call->share), false);
	if (call->jsonb != NULL)
		row_writer_set(log, columns[DENIAL_REQUIREMENTS],
					   JsonbPGetDatum(call->jsonb), false);
	if (call->spans != (Datum) 0)
		row_writer_set(log, columns[DENIAL_SPANS], call->spans, false);
	row_writer_before_insert(log);
	row_writer_insert(log);
}

/*
 * denial_log_close closes the log.
 */
void
denial_log_close(RowWriter *log)
{
	row_writer_close(log);
	CommandCounterIncrement();
}

/*
 * log_denial logs one refusal.
 */
void
log_denial(const ReserveCall *call, const Refusal *refusal)
{
	RowWriter	log;

	denial_log_open(&log);
	denial_log_add(&log, call, refusal);
	denial_log_close(&log);
}
