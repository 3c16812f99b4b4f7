/*-------------------------------------------------------------------------
 *
 * booking.c
 *	  Decide a reservation and write its rows.
 *
 * The order of things in every call: arguments, read-only guard, locks (table,
 * request key), clock and snapshot, users' BEFORE triggers, decision by the
 * timeline, rows, AFTER triggers.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/booking.h"

#include "access/xact.h"
#include "booking/request_key.h"
#include "booking/reservation.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "storage/lmgr.h"
#include "support/arguments.h"
#include "support/errors.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/row_writer.h"
#include "timeline/net_change.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/*
 * The fingerprint is of the arguments as given: a NULL start stays NULL.
 */
static char *
fingerprint(const ReserveCall *call)
{
	StringInfoData arguments;
	const Request *request = &call->request;

	initStringInfo(&arguments);
	if (call->start_given)
		appendStringInfo(&arguments, INT64_FORMAT, request->start);
	appendStringInfo(&arguments, "," INT64_FORMAT, request->end);
	for (int i = 0; i < request->nrequirements; i++)
		appendStringInfo(&arguments, "," INT64_FORMAT " %d:%s",
						 request->requirements[i].amount,
						 (int) strlen(request->requirements[i].resource.name),
						 request->requirements[i].resource.name);
	return request_fingerprint(arguments.data);
}

/*
 * The earliest start that every resource permits, aligned for every one.
 */
static TimestampTz
earliest_permitted(const Request *request)
{
	TimestampTz start = request->clock;

	for (int i = 0; i < request->nrequirements; i++)
		start = Max(start, resource_earliest_start(&request->requirements[i].resource,
												   request->clock));

	/* aligned for the coarsest; where that is not enough, RV007 tells */
	for (int round = 0; round < request->nrequirements; round++)
	{
		for (int i = 0; i < request->nrequirements; i++)
			start = steps_round_up(start,
								   request->requirements[i].resource.granularity,
								   GRANULARITY_ORIGIN);
	}
	return start;
}

static void
find_resources(Request *request)
{
	Snapshot	snapshot = decision_snapshot();

	for (int i = 0; i < request->nrequirements; i++)
		resource_get(request->requirements[i].resource.name, snapshot,
					 &request->requirements[i].resource);
	UnregisterSnapshot(snapshot);
}

static void
check_request_aligned(const Request *request, bool start_given)
{
	for (int i = 0; i < request->nrequirements; i++)
		check_aligned(start_given ? request->start : GRANULARITY_ORIGIN,
					  request->end,
					  request->requirements[i].resource.granularity,
					  request->requirements[i].resource.name);
}

static int
compare_requirements(const void *a, const void *b)
{
	int32		left = ((const Requirement *) a)->resource.id;
	int32		right = ((const Requirement *) b)->resource.id;

	return (left > right) - (left < right);
}

/*
 * Fill the row of one part.
 */
static void
make_row(RowWriter *writer, const ReserveCall *call, int part,
		 int64 reservation_id, const char *request_fingerprint)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;
	const Requirement *requirement = &call->request.requirements[part];

	row_writer_new_row(writer, columns, RESERVATION_NCOLUMNS);
	row_writer_set(writer, columns[RESERVATION_ID],
				   Int64GetDatum(reservation_id), false);
	row_writer_set(writer, columns[RESERVATION_PART],
				   Int32GetDatum(part + 1), false);
	row_writer_set(writer, columns[RESERVATION_RESOURCE_ID],
				   Int32GetDatum(requirement->resource.id), false);
	row_writer_set(writer, columns[RESERVATION_DURING],
				   range_datum(call->request.start, call->request.end), false);
	row_writer_set(writer, columns[RESERVATION_AMOUNT],
				   Int64GetDatum(requirement->amount), false);
	row_writer_set(writer, columns[RESERVATION_USER_ID],
				   CStringGetTextDatum(call->user_id), false);
	row_writer_set(writer, columns[RESERVATION_STATUS],
				   CStringGetTextDatum("confirmed"), false);
	row_writer_set(writer, columns[RESERVATION_CREATED_AT],
				   TimestampTzGetDatum(call->request.clock), false);
	if (call->request_key != NULL)
	{
		row_writer_set(writer, columns[RESERVATION_REQUEST_KEY],
					   CStringGetTextDatum(call->request_key), false);
		row_writer_set(writer, columns[RESERVATION_REQUEST_FINGERPRINT],
					   CStringGetTextDatum(request_fingerprint), false);
	}
}

/*
 * Let users' BEFORE ROW triggers have the row, and read what they made of it.
 */
static void
read_back(RowWriter *writer, Request *request, int part, NetChange *net)
{
	Requirement *requirement = &request->requirements[part];
	ReservationTake take = {
		.resource_id = requirement->resource.id,
		.start = request->start,
		.end = request->end,
		.amount = requirement->amount,
		.active = true
	};

	row_writer_before_insert(writer);
	if (writer->target->ri_TrigDesc != NULL &&
		writer->target->ri_TrigDesc->trig_insert_before_row)
	{
		take.active = reservation_settle(writer, &take);
		if (take.resource_id != requirement->resource.id)
		{
			Snapshot	snapshot = decision_snapshot();

			if (!resource_find_by_id(take.resource_id, snapshot,
									 &requirement->resource))
				resource_unknown_id_error(take.resource_id);
			UnregisterSnapshot(snapshot);
		}
		check_aligned(take.start, take.end, requirement->resource.granularity,
					  requirement->resource.name);
		requirement->amount = take.amount;
		if (request->nrequirements == 1)
		{
			request->start = take.start;
			request->end = take.end;
		}
	}
	if (take.active)
		reservation_add(net, &take, true);
}

/*
 * book reserves what a call asks for, or tells why not: RV001, RV002 and RV006
 * are told, all else is raised.
 */
void
book(const char *function, ReserveCall *call, ReserveResult *result)
{
	const ArbiterRelations *relations = arbiter_relations();
	Request    *request = &call->request;
	RequestKey	key = {.user_id = call->user_id,.key = call->request_key};
	RowWriter	writer;
	TupleTableSlot **rows;
	NetChange	net = {0};
	TimelineChange *changes;
	int			nchanges;
	TimelineRefusal where;
	TimelineResult outcome;
	bool		too_early;
	bool		isnull;

	require_writable(function);

	LockRelationOid(relations->reservation, RowExclusiveLock);
	if (call->request_key != NULL)
	{
		/* by name, before the order of ids is known: that is how it was given */
		key.fingerprint = fingerprint(call);
	}
	find_resources(request);
	check_request_aligned(request, call->start_given);
	if (call->request_key != NULL)
		request_key_find(&key);

	request->clock = GetCurrentTimestamp();
	if (key.found && key.same)
	{
		result->granted = true;
		result->reservation_id = key.reservation_id;
		return;
	}
	if (!call->start_given)
	{
		request->start = earliest_permitted(request);
		if (request->end <= request->start)
			ereport(ERROR,
					(errcode(ERRCODE_ARBITER_INVALID_RANGE),
					 errmsg("invalid time range: end is not after the earliest permitted start"),
					 errdetail("The earliest permitted start is %s, the end %s.",
							   pstrdup(timestamptz_to_str(request->start)),
							   pstrdup(timestamptz_to_str(request->end))),
					 errhint("Ask for a later end, or pass the start.")));
		check_request_aligned(request, true);
	}
	too_early = refuse_early_start(request, &result->refusal);
	if (key.found && !too_early)
		request_key_reused_error(&key);
	result->granted = !too_early;
	if (too_early)
		return;

	if (request->nrequirements > 1)
		qsort(request->requirements, request->nrequirements,
			  sizeof(Requirement), compare_requirements);

	row_writer_open(&writer, relations->reservation, CMD_INSERT);
	result->reservation_id = nextval_internal(relations->reservation_id_seq, false);
	rows = palloc(sizeof(TupleTableSlot *) * request->nrequirements);
	for (int i = 0; i < request->nrequirements; i++)
	{
		make_row(&writer, call, i, result->reservation_id, key.fingerprint);
		read_back(&writer, request, i, &net);
		rows[i] = writer.slot;
		if (i == 0)
			result->reservation_id =
				DatumGetInt64(slot_getattr(rows[i], relations->reservation_column[RESERVATION_ID],
										   &isnull));
	}

	changes = net_change_finish(&net, &nchanges);
	outcome = timeline_change(changes, nchanges, TIMELINE_RESERVATIONS, true,
							  &where);
	switch (outcome)
	{
		case TIMELINE_REFUSED:
			result->granted = false;
			refuse_capacity(request, changes[where.change].resource_id, &where,
							&result->refusal);
			break;
		case TIMELINE_NO_RESOURCE:
		case TIMELINE_UNBUILT:
			resource_vanished_error(request->requirements[0].resource.name);
			break;
		case TIMELINE_APPLIED:
			for (int i = 0; i < request->nrequirements; i++)
			{
				writer.slot = rows[i];
				row_writer_insert(&writer);
			}
			break;
	}
	row_writer_close(&writer);
	CommandCounterIncrement();
}

/*
 * log_denial logs a refusal for analysts, in the caller's transaction.
 */
void
log_denial(const ReserveCall *call, const Refusal *refusal)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->denial_column;
	AttrNumber	given[DENIAL_NCOLUMNS];
	const Requirement *requirement = &call->request.requirements[refusal->limiting];
	RowWriter	writer;

	/* all but the id, which has a default */
	for (int i = 1; i < DENIAL_NCOLUMNS; i++)
		given[i - 1] = columns[i];

	row_writer_open(&writer, relations->denial, CMD_INSERT);
	row_writer_new_row(&writer, given, DENIAL_NCOLUMNS - 1);
	row_writer_set(&writer, columns[DENIAL_DENIED_AT],
				   TimestampTzGetDatum(call->request.clock), false);
	row_writer_set(&writer, columns[DENIAL_RESOURCE_ID],
				   Int32GetDatum(requirement->resource.id), false);
	row_writer_set(&writer, columns[DENIAL_DURING],
				   range_datum(call->request.start, call->request.end), false);
	row_writer_set(&writer, columns[DENIAL_AMOUNT],
				   Int64GetDatum(requirement->amount), false);
	row_writer_set(&writer, columns[DENIAL_USER_ID],
				   CStringGetTextDatum(call->user_id), false);
	row_writer_set(&writer, columns[DENIAL_REASON],
				   CStringGetTextDatum(unpack_sql_state(refusal->sqlstate)), false);
	row_writer_set(&writer, columns[DENIAL_MESSAGE],
				   CStringGetTextDatum(refusal->message), false);
	row_writer_set(&writer, columns[DENIAL_LIMITING_TIME],
				   TimestampTzGetDatum(refusal->limiting_time), false);
	row_writer_set(&writer, columns[DENIAL_AVAILABLE],
				   Int64GetDatum(refusal->available), false);
	row_writer_set(&writer, columns[DENIAL_EARLIEST_START],
				   TimestampTzGetDatum(refusal->earliest_start),
				   !refusal->has_earliest_start);
	row_writer_set(&writer, columns[DENIAL_LARGEST_AMOUNT],
				   Int64GetDatum(refusal->largest_amount), false);
	if (call->jsonb != NULL)
		row_writer_set(&writer, columns[DENIAL_REQUIREMENTS],
					   JsonbPGetDatum(call->jsonb), false);
	row_writer_before_insert(&writer);
	row_writer_insert(&writer);
	row_writer_close(&writer);
	CommandCounterIncrement();
}
