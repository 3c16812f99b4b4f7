/*-------------------------------------------------------------------------
 *
 * lifecycle.c
 *	  Confirm, hand over and cancel a reservation.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "booking/change.h"
#include "booking/request_key.h"
#include "charge/quota.h"
#include "support/arguments.h"
#include "support/errors.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(arbiter_cancel);
PG_FUNCTION_INFO_V1(arbiter_confirm);
PG_FUNCTION_INFO_V1(arbiter_transfer);

/*
 * Write what takes no more than it did, unless a trigger of a user made
 * something else of it.
 */
static void
apply_and_close(Change *change)
{
	if (!change_apply(change))
		refuse_statement(change->changes, &change->where);
	change_write(change);
	change_close(change);
}

/*
 * arbiter_cancel(reservation_id bigint, force boolean) -> void
 *
 * Frees the whole range of every part of a reservation; its rows stay, with
 * status cancelled.  force is for its children, see children.c.
 *
 * Errors: 22004 NULL; RV008 no such reservation, or none that is held or
 * confirmed; RV009 a hold that has expired; RV011 reservations of a child would
 * be uncovered (not with force); 25006; 40001 above READ COMMITTED.
 * Locks: the resources, if they must be built; the reservation's rows; its
 * children exclusively; the chunks of its range.  Volatile and parallel unsafe: it writes.
 */
Datum
arbiter_cancel(PG_FUNCTION_ARGS)
{
	AttrNumber	status = arbiter_relations()->reservation_column[RESERVATION_STATUS];
	int64		reservation_id;
	Change		change;

	argument_not_null(fcinfo, 0, "reservation_id");
	reservation_id = PG_GETARG_INT64(0);
	argument_not_null(fcinfo, 1, "force");

	change_open(&change, "arbiter_cancel()");
	change.force = PG_GETARG_BOOL(1);
	change_lock(&change, &reservation_id, 1);
	change_require(&change, reservation_id, "cancelled");
	for (int i = 0; i < change.nparts; i++)
	{
		ChangePart *part = &change.parts[i];

		if (!part->live)
			continue;
		change_start_row(&change, part);
		row_writer_set(&change.writer, status, CStringGetTextDatum("cancelled"), false);
		change_end_row(&change, part);
	}
	apply_and_close(&change);
	PG_RETURN_VOID();
}

/*
 * arbiter_confirm(reservation_id bigint) -> void
 *
 * Makes a reservation of a hold: it does not expire any more.  A reservation
 * that is confirmed already stays as it is, so that a client which did not hear
 * the answer can ask again.
 *
 * Errors: 22004 NULL; RV008 no such reservation, or it was cancelled; RV009 it
 * has expired; 25006; 40001 above READ COMMITTED.  Locks: the reservation's
 * rows.  Volatile and parallel unsafe: it writes.
 */
Datum
arbiter_confirm(PG_FUNCTION_ARGS)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;
	int64		reservation_id;
	Change		change;

	argument_not_null(fcinfo, 0, "reservation_id");
	reservation_id = PG_GETARG_INT64(0);

	change_open(&change, "arbiter_confirm()");
	change.keeps_place = true;
	change_lock(&change, &reservation_id, 1);
	change_require(&change, reservation_id, "confirmed");
	for (int i = 0; i < change.nparts; i++)
	{
		ChangePart *part = &change.parts[i];

		/* a part that has expired is not there any more: all or nothing */
		if (part->expired)
			change_expired_error(part, "confirmed");
		if (!part->live || !part->held)
			continue;
		change_start_row(&change, part);
		row_writer_set(&change.writer, columns[RESERVATION_STATUS],
					   CStringGetTextDatum("confirmed"), false);
		row_writer_set(&change.writer, columns[RESERVATION_EXPIRES_AT],
					   (Datum) 0, true);
		change_end_row(&change, part);
	}
	apply_and_close(&change);
	PG_RETURN_VOID();
}

/*
 * The request key of a reservation, which is locked before its rows; NULL if it
 * has none.
 */
static char *
find_request_key(int64 reservation_id)
{
	const ArbiterRelations *relations = arbiter_relations();
	Snapshot	snapshot = decision_snapshot();
	char	   *found = NULL;
	KeyScan		scan;
	ScanKeyData key;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(reservation_id));
	key_scan_begin(&scan, relations->reservation, &relations->reservation_pkey,
				   snapshot, &key, 1);
	while (found == NULL && key_scan_next(&scan))
	{
		bool		isnull;
		Datum		value = slot_getattr(scan.slot,
										 relations->reservation_column[RESERVATION_REQUEST_KEY],
										 &isnull);

		if (!isnull)
			found = TextDatumGetCString(value);
	}
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
	return found;
}

/*
 * arbiter_transfer(reservation_id bigint, user_id text) -> void
 *
 * Gives a reservation another user_id, a label; what it takes stays the same.
 * Its request key goes with it.
 *
 * Errors: 22004 NULL; RV008 no such reservation, or none that is held or
 * confirmed; RV009 a hold that has expired; 23505 the new user has used the
 * request key; 25006; 40001 above READ COMMITTED.  Locks: the request key if
 * there is one, then the reservation's rows.  Volatile and parallel unsafe: it
 * writes.
 */
Datum
arbiter_transfer(PG_FUNCTION_ARGS)
{
	AttrNumber	column = arbiter_relations()->reservation_column[RESERVATION_USER_ID];
	RequestKey	key = {.fingerprint = ""};
	int64		reservation_id;
	char	   *user_id;
	Change		change;

	argument_not_null(fcinfo, 0, "reservation_id");
	reservation_id = PG_GETARG_INT64(0);
	user_id = argument_text(fcinfo, 1, "user_id");

	change_open(&change, "arbiter_transfer()");
	/* quotas are given back by one, and taken from by the other */
	change.keeps_place = !quotas_exist();
	change.new_user_id = user_id;
	key.user_id = user_id;
	key.key = find_request_key(reservation_id);
	if (key.key != NULL)
	{
		request_key_lock(key.user_id, key.key);
		request_key_find(&key);
	}
	change_lock(&change, &reservation_id, 1);
	change_require(&change, reservation_id, "transferred");
	if (key.found && key.reservation_id != reservation_id)
		ereport(ERROR,
				(errcode(ERRCODE_UNIQUE_VIOLATION),
				 errmsg("user \"%s\" has used the request key of reservation " INT64_FORMAT,
						user_id, reservation_id),
				 errdetail("Request key \"%s\" made %s for that user.",
						   key.key, request_key_answer(&key)),
				 errhint("A request key goes with its reservation, and a user can have it once: set request_key of one of the two to NULL first.")));

	for (int i = 0; i < change.nparts; i++)
	{
		ChangePart *part = &change.parts[i];
		bool		isnull;

		if (!part->live ||
			strcmp(TextDatumGetCString(slot_getattr(part->row, column, &isnull)),
				   user_id) == 0)
			continue;
		change_start_row(&change, part);
		row_writer_set(&change.writer, column, CStringGetTextDatum(user_id), false);
		change_end_row(&change, part);
	}
	apply_and_close(&change);
	PG_RETURN_VOID();
}
