/*-------------------------------------------------------------------------
 *
 * cancel.c
 *	  Cancel a reservation.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/tableam.h"
#include "access/xact.h"
#include "booking/refusal.h"
#include "booking/reservation.h"
#include "support/arguments.h"
#include "support/errors.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/row_writer.h"
#include "timeline/net_change.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(arbiter_cancel);

/*
 * Lock the rows of a reservation in the order of their parts; returns the
 * latest version of each in a slot of its own.
 */
static TupleTableSlot **
lock_parts(Relation rel, int64 reservation_id, int *nparts)
{
	const ArbiterRelations *relations = arbiter_relations();
	Snapshot	snapshot = decision_snapshot();
	KeyScan		scan;
	ScanKeyData key;
	int			room = 4;
	TupleTableSlot **parts = palloc(sizeof(TupleTableSlot *) * room);
	int			n = 0;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(reservation_id));
	key_scan_begin(&scan, relations->reservation, relations->reservation_pkey,
				   snapshot, &key, 1);
	while (key_scan_next(&scan))
	{
		TM_FailureData failure;
		TM_Result	result;
		bool		isnull;

		if (n == room)
		{
			room *= 2;
			parts = repalloc(parts, sizeof(TupleTableSlot *) * room);
		}
		parts[n] = table_slot_create(rel, NULL);
		result = table_tuple_lock(rel, &scan.slot->tts_tid, snapshot, parts[n],
								  GetCurrentCommandId(true),
								  LockTupleNoKeyExclusive, LockWaitBlock,
								  IsolationUsesXactSnapshot() ? 0 : TUPLE_LOCK_FLAG_FIND_LAST_VERSION,
								  &failure);
		if (result == TM_Ok &&
			DatumGetInt64(slot_getattr(parts[n], relations->reservation_column[RESERVATION_ID],
									   &isnull)) == reservation_id)
			n++;
		else if (result == TM_Ok)
			ExecDropSingleTupleTableSlot(parts[n]); /* renumbered meanwhile */
		else if (result == TM_SelfModified || result == TM_Invisible)
			ereport(ERROR,
					(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
					 errmsg("reservation " INT64_FORMAT " is being changed by the same statement",
							reservation_id),
					 errhint("Cancel it in a statement of its own.")));
		else if (result == TM_Deleted && !IsolationUsesXactSnapshot())
			ExecDropSingleTupleTableSlot(parts[n]);
		else
			concurrent_change_error();
	}
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
	*nparts = n;
	return parts;
}

/*
 * arbiter_cancel(reservation_id bigint) -> void
 *
 * Frees the whole range of every part of a reservation; its rows stay, with
 * status cancelled.
 *
 * Errors: 22004 NULL; RV008 no such reservation, or none that is held or
 * confirmed; 25006; 40001 above READ COMMITTED.  Locks: the reservation's rows,
 * then the chunks of its range.  Volatile and parallel unsafe: it writes.
 */
Datum
arbiter_cancel(PG_FUNCTION_ARGS)
{
	const ArbiterRelations *relations = arbiter_relations();
	AttrNumber	status = relations->reservation_column[RESERVATION_STATUS];
	int64		reservation_id;
	RowWriter	writer;
	TupleTableSlot **parts;
	TupleTableSlot **cancelled;
	int			nparts;
	NetChange	net = {0};
	TimelineChange *changes;
	int			nchanges;
	TimelineRefusal where;
	bool		any = false;

	argument_not_null(fcinfo, 0, "reservation_id");
	reservation_id = PG_GETARG_INT64(0);
	require_writable("arbiter_cancel()");

	row_writer_open(&writer, relations->reservation, CMD_UPDATE);
	parts = lock_parts(writer.rel, reservation_id, &nparts);
	if (nparts == 0)
		ereport(ERROR,
				(errcode(ERRCODE_ARBITER_NOT_FOUND),
				 errmsg("reservation " INT64_FORMAT " does not exist",
						reservation_id),
				 errhint("The number is what arbiter_reserve() returned, reservation_id in arbiter_reservation.")));

	cancelled = palloc0(sizeof(TupleTableSlot *) * nparts);
	for (int i = 0; i < nparts; i++)
	{
		ReservationTake take;

		reservation_read(parts[i], &take);
		if (!take.active)
			continue;
		any = true;
		reservation_add(&net, &take, false);
		row_writer_copy_row(&writer, parts[i]);
		row_writer_set(&writer, status, CStringGetTextDatum("cancelled"), false);
		row_writer_before_update(&writer, &parts[i]->tts_tid);
		if (writer.target->ri_TrigDesc != NULL &&
			reservation_settle(&writer, &take))
			reservation_add(&net, &take, true);
		cancelled[i] = writer.slot;
	}
	if (!any)
	{
		bool		isnull;

		ereport(ERROR,
				(errcode(ERRCODE_ARBITER_NOT_FOUND),
				 errmsg("reservation " INT64_FORMAT " cannot be cancelled",
						reservation_id),
				 errdetail("Its status is \"%s\" already.",
						   TextDatumGetCString(slot_getattr(parts[0], status, &isnull))),
				 errhint("Only a reservation that is held or confirmed can be cancelled.")));
	}

	changes = net_change_finish(&net, &nchanges);
	/* gives back only, unless a trigger of a user made something else of it */
	if (timeline_change(changes, nchanges, TIMELINE_RESERVATIONS, true,
						&where) == TIMELINE_REFUSED)
		refuse_statement(changes, &where);

	for (int i = 0; i < nparts; i++)
	{
		if (cancelled[i] != NULL)
		{
			writer.slot = cancelled[i];
			row_writer_update(&writer, &parts[i]->tts_tid);
		}
		ExecDropSingleTupleTableSlot(parts[i]);
	}
	row_writer_close(&writer);
	CommandCounterIncrement();
	PG_RETURN_VOID();
}
