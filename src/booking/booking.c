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
#include "booking/quota_refusal.h"
#include "booking/request_key.h"
#include "capacity/share.h"
#include "reservation/apply.h"
#include "reservation/reservation.h"
#include "commands/sequence.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "support/errors.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/row_writer.h"
#include "timeline/net_change.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/*
 * booking_fingerprint returns that of the arguments as given: a NULL start stays
 * NULL.
 */
char *
booking_fingerprint(const ReserveCall *call)
{
	StringInfoData arguments;
	const Request *request = &call->request;

	initStringInfo(&arguments);
	if (call->start_given)
		appendStringInfo(&arguments, INT64_FORMAT, request->start);
	appendStringInfo(&arguments, "," INT64_FORMAT, request->end);
	if (call->given != NULL)
		appendStringInfo(&arguments, ",%s", call->given);
	for (int i = 0; i < request->nrequirements; i++)
		appendStringInfo(&arguments, "," INT64_FORMAT " %d:%s",
						 request->requirements[i].amount,
						 (int) strlen(request->requirements[i].resource.name),
						 request->requirements[i].resource.name);
	for (int i = 0; request_has_spans(request) && i < request->nrequirements; i++)
		appendStringInfo(&arguments, "," INT64_FORMAT "+" INT64_FORMAT,
						 request->requirements[i].offset,
						 request->requirements[i].length);
	if (request->tryout)
		appendStringInfoString(&arguments, ",tryout");
	if (call->ttl != NULL)
		appendStringInfo(&arguments, ",hold %d %d " INT64_FORMAT, call->ttl->month,
						 call->ttl->day, call->ttl->time);
	return request_fingerprint(arguments.data);
}

/*
 * The earliest start that every resource permits, aligned for every one.
 */
static TimestampTz
earliest_permitted(const Request *request)
{
	TimestampTz start = Max(request->clock, request_earliest_start(request));
	TimestampTz aligned = steps_round_up(start, request_granularity(request),
										 GRANULARITY_ORIGIN);

	/* where nothing is aligned for all of them, RV007 tells */
	return aligned == STEPS_INFINITY ? start : aligned;
}

static bool
request_is_misaligned(const ReserveCall *call, bool start_given, Fault *fault)
{
	const Request *request = &call->request;

	for (int i = 0; i < request->nrequirements; i++)
	{
		const Resource *resource = &request->requirements[i].resource;
		TimestampTz start;
		TimestampTz end;

		request_span(request, i, request->start, request->end, &start, &end);
		/* in between, parts of a share begin and end where capacity does */
		if (!start_given || (request->follows_capacity && i > 0))
			start = GRANULARITY_ORIGIN;
		if (request->follows_capacity && i + 1 < request->nrequirements)
			end = GRANULARITY_ORIGIN;
		if (range_is_misaligned(start, end, resource->granularity,
								resource->name, fault))
			return true;
	}
	return false;
}

/*
 * booking_find_resources looks up what a call names (42704); true if its range
 * is not aligned to a granularity (RV007).
 */
bool
booking_find_resources(ReserveCall *call, Snapshot snapshot, Fault *fault)
{
	Request    *request = &call->request;

	if (call->find_requirements != NULL)
		call->find_requirements(call, snapshot);
	else
		request_find_resources(request, snapshot);
	return request_is_misaligned(call, call->start_given, fault);
}

/*
 * booking_start_is_faulty gives a call that has no start the earliest permitted
 * one, once its clock is read; true if there is none (RV003, RV007).
 */
bool
booking_start_is_faulty(ReserveCall *call, Fault *fault)
{
	Request    *request = &call->request;

	if (call->start_given)
		return false;
	request->start = earliest_permitted(request);
	if (request->end <= request->start)
		return fault_set(fault, ERRCODE_ARBITER_INVALID_RANGE,
						 pstrdup("invalid time range: end is not after the earliest permitted start"),
						 psprintf("The earliest permitted start is %s, the end %s.",
								  pstrdup(timestamptz_to_str(request->start)),
								  pstrdup(timestamptz_to_str(request->end))),
						 pstrdup("Ask for a later end, or pass the start."));
	return request_is_misaligned(call, true, fault);
}

/*
 * booking_make_row starts the row of one part.
 */
void
booking_make_row(RowWriter *writer, const ReserveCall *call, int part,
				 int64 reservation_id, const char *request_fingerprint)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;
	const Request *request = &call->request;
	const Requirement *requirement = &request->requirements[part];
	TimestampTz start;
	TimestampTz end;
	Datum		occupied;
	bool		isnull;

	request_span(request, part, request->start, request->end, &start, &end);
	row_writer_new_row(writer, columns, RESERVATION_NGIVEN);
	row_writer_set(writer, columns[RESERVATION_ID],
				   Int64GetDatum(reservation_id), false);
	row_writer_set(writer, columns[RESERVATION_PART],
				   Int32GetDatum(part + 1), false);
	row_writer_set(writer, columns[RESERVATION_RESOURCE_ID],
				   Int32GetDatum(requirement->resource.id), false);
	row_writer_set(writer, columns[RESERVATION_DURING],
				   range_datum(start, end), false);
	occupied = reservation_occupied(&requirement->resource, start, end, &isnull);
	row_writer_set(writer, columns[RESERVATION_OCCUPIED], occupied, isnull);
	row_writer_set(writer, columns[RESERVATION_TRYOUT],
				   BoolGetDatum(request->tryout), false);
	row_writer_set(writer, columns[RESERVATION_AMOUNT],
				   Int64GetDatum(requirement->amount), false);
	row_writer_set(writer, columns[RESERVATION_USER_ID],
				   CStringGetTextDatum(call->user_id), false);
	row_writer_set(writer, columns[RESERVATION_STATUS],
				   CStringGetTextDatum(call->ttl != NULL ? "held" : "confirmed"),
				   false);
	if (call->ttl != NULL)
		row_writer_set(writer, columns[RESERVATION_EXPIRES_AT],
					   DirectFunctionCall2(timestamptz_pl_interval,
										   TimestampTzGetDatum(request->clock),
										   IntervalPGetDatum(call->ttl)),
					   false);
	row_writer_set(writer, columns[RESERVATION_CREATED_AT],
				   TimestampTzGetDatum(request->clock), false);
	if (call->template_id != 0)
	{
		row_writer_set(writer, columns[RESERVATION_TEMPLATE_ID],
					   Int32GetDatum(call->template_id), false);
		row_writer_set(writer, columns[RESERVATION_TEMPLATE_COUNT],
					   Int64GetDatum(call->template_count), false);
	}
	if (call->series_id != 0)
	{
		row_writer_set(writer, columns[RESERVATION_SERIES_ID],
					   Int64GetDatum(call->series_id), false);
		row_writer_set(writer, columns[RESERVATION_OCCURRENCE],
					   Int32GetDatum(call->occurrence), false);
	}
	if (call->share != NULL)
		row_writer_set(writer, columns[RESERVATION_SHARE],
					   NumericGetDatum(call->share), false);
	if (call->request_key != NULL)
	{
		row_writer_set(writer, columns[RESERVATION_REQUEST_KEY],
					   CStringGetTextDatum(call->request_key), false);
		row_writer_set(writer, columns[RESERVATION_REQUEST_FINGERPRINT],
					   CStringGetTextDatum(request_fingerprint), false);
	}
}

/*
 * What users' triggers left of a part of a share must take that share.
 */
static void
check_share_kept(RowWriter *writer, const Requirement *requirement, int part,
				 const ReservationTake *take, TimestampTz start, TimestampTz end)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;
	TimestampTz new_start;
	TimestampTz new_end;
	bool		isnull;

	reservation_range(writer->slot, &new_start, &new_end);
	if (!take->active || take->amount != requirement->amount ||
		take->resource_id != requirement->resource.id ||
		new_start != start || new_end != end ||
		slot_attisnull(writer->slot, columns[RESERVATION_SHARE]))
		share_trigger_error(writer->rel,
							DatumGetInt64(slot_getattr(writer->slot, columns[RESERVATION_ID], &isnull)),
							part + 1, requirement->amount);
}

/*
 * booking_settle_row lets users' BEFORE ROW triggers have the row, and tells
 * what it takes then.
 */
void
booking_settle_row(RowWriter *writer, ReserveCall *call, int part,
				   ReservationTake *take)
{
	Request    *request = &call->request;
	Requirement *requirement = &request->requirements[part];
	TimestampTz start;
	TimestampTz end;

	*take = (ReservationTake) {
		.resource_id = requirement->resource.id,
		.amount = requirement->amount,
		.tryout = request->tryout,
		.active = true,
		.user_id = call->user_id
	};
	request_span(request, part, request->start, request->end, &take->start,
				 &take->end);
	take->own_start = start = take->start;
	take->own_end = end = take->end;
	row_writer_before_insert(writer);
	if (writer->target->ri_TrigDesc != NULL &&
		writer->target->ri_TrigDesc->trig_insert_before_row)
	{
		take->active = reservation_settle(writer, &requirement->resource, NULL,
										  take);
		if (request->follows_capacity)
			check_share_kept(writer, requirement, part, take, start, end);
		requirement->amount = take->amount;
		/* what a trigger made of one of several parts is not for the others */
		if (request->nrequirements == 1)
		{
			request->tryout = take->tryout;
			reservation_range(writer->slot, &request->start, &request->end);
		}
	}
	else
		resource_occupied(&requirement->resource, &take->start, &take->end);
}

/* a row of a reservation, before it is written */
typedef struct BookedPart
{
	TupleTableSlot *row;
	ReservationTake take;
} BookedPart;

/*
 * Let parts of one resource take the gap between them once.
 */
static void
share_gaps(RowWriter *writer, BookedPart *parts, int nparts)
{
	for (int i = 1; i < nparts; i++)
		reservation_share_gap(writer, &parts[i - 1].row, &parts[i - 1].take,
							  &parts[i].row, &parts[i].take);
}

static void
write_rows(RowWriter *writer, const BookedPart *parts, int nparts)
{
	TupleTableSlot **rows = palloc_extended(sizeof(TupleTableSlot *) * (Size) nparts,
											MCXT_ALLOC_HUGE);

	for (int i = 0; i < nparts; i++)
		rows[i] = parts[i].row;
	row_writer_insert_all(writer, rows, nparts, NULL);
}

/*
 * Look up what a call names, with a snapshot of now; what is wrong is raised.
 */
static void
find_now(ReserveCall *call)
{
	Snapshot	snapshot = decision_snapshot();
	Fault		fault;
	bool		faulty = booking_find_resources(call, snapshot, &fault);

	UnregisterSnapshot(snapshot);
	if (faulty)
		fault_raise(&fault);
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
	BookedPart *parts;
	NetChange	net = {0};
	TimelineChange *changes;
	int			nchanges;
	TimelineRefusal where;
	TimelineResult outcome;
	Fault		fault;
	bool		too_early;
	bool		isnull;

	require_writable(function);

	request->user_id = call->user_id;
	LockRelationOid(relations->reservation, RowExclusiveLock);
	if (call->request_key != NULL)
	{
		/* by name, before the order of ids is known: that is how it was given */
		key.fingerprint = booking_fingerprint(call);
	}
	if (call->find_requirements == NULL)
		find_now(call);
	if (call->request_key != NULL)
	{
		request_key_lock(key.user_id, key.key);
		request_key_find(&key);
	}

	request->clock = GetCurrentTimestamp();
	if (key.found && key.same)
	{
		result->granted = true;
		result->reservation_id = key.reservation_id;
		return;
	}
	if (call->find_requirements != NULL)
		find_now(call);
	if (booking_start_is_faulty(call, &fault))
		fault_raise(&fault);
	too_early = refuse_early_start(request, &result->refusal);
	if (key.found && !too_early && request_key_reused(&key, &fault))
		fault_raise(&fault);
	result->granted = !too_early;
	if (too_early)
		return;

	request_sort(request);
	if (call->refuse != NULL && call->refuse(call, &result->refusal))
	{
		result->granted = false;
		return;
	}
	row_writer_open(&writer, relations->reservation, CMD_INSERT);
	result->reservation_id = nextval_internal(relations->reservation_id_seq, false);
	parts = palloc_extended(sizeof(BookedPart) * (Size) request->nrequirements,
							MCXT_ALLOC_HUGE);
	for (int i = 0; i < request->nrequirements; i++)
	{
		CHECK_FOR_INTERRUPTS();
		booking_make_row(&writer, call, i, result->reservation_id, key.fingerprint);
		booking_settle_row(&writer, call, i, &parts[i].take);
		parts[i].row = writer.slot;
		if (i == 0)
			result->reservation_id =
				DatumGetInt64(slot_getattr(writer.slot,
										   relations->reservation_column[RESERVATION_ID],
										   &isnull));
	}
	share_gaps(&writer, parts, request->nrequirements);
	for (int i = 0; i < request->nrequirements; i++)
	{
		if (parts[i].take.active)
			reservation_take(&net, &parts[i].take,
							 &request->requirements[i].resource, request->clock);
	}

	outcome = apply_reservations(&net, LockWaitBlock, &changes, &nchanges, &where);
	switch (outcome)
	{
		case TIMELINE_REFUSED:
			result->granted = false;
			refuse_request(request, &changes[where.change], &where,
						   &result->refusal);
			break;
		case TIMELINE_NO_RESOURCE:
		case TIMELINE_UNBUILT:
			resource_vanished_error(request->requirements[0].resource.name);
			break;
		case TIMELINE_APPLIED:
			write_rows(&writer, parts, request->nrequirements);
			break;
	}
	row_writer_close(&writer);
	CommandCounterIncrement();
}
