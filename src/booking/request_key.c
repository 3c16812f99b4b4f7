/*-------------------------------------------------------------------------
 *
 * request_key.c
 *	  A request that is repeated with its key gets its first answer.
 *
 * A client that did not hear the answer asks again with the same request_key
 * and gets the reservation it made, once.  Keys are unique per (user_id, key).
 * Callers with one key go one after the other: the key is locked, then looked
 * up with a snapshot taken after the lock, at any isolation level, and only
 * then is anything decided.  A first reservation that was cancelled since is
 * still the answer; a refusal leaves nothing to find.
 *
 * A key made a reservation or a series, not both.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/request_key.h"

#include "access/stratnum.h"
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "common/hashfn.h"
#include "reservation/reservation.h"
#include "support/errors.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/row_writer.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

/* what an index can hold, with the user beside it */
#define REQUEST_KEY_LENGTH	1000

/*
 * check_request_key refuses a key that is too long (22023).
 */
void
check_request_key(const char *key)
{
	if (strlen(key) > REQUEST_KEY_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("request key is longer than %d bytes", REQUEST_KEY_LENGTH),
				 errhint("Pass a short unique text, such as gen_random_uuid()::text.")));
}

/*
 * request_fingerprint hashes the arguments of a request.
 */
char *
request_fingerprint(const char *arguments)
{
	return psprintf("%016llx",
					(unsigned long long) hash_bytes_extended((const unsigned char *) arguments,
															 (int) strlen(arguments), 0));
}

static void
scan_key(KeyScan *scan, Oid table, const Oid *index, Snapshot snapshot,
		 const char *user_id, const char *key)
{
	ScanKeyData keys[2];

	ScanKeyEntryInitialize(&keys[0], 0, 1, BTEqualStrategyNumber, InvalidOid,
						   DEFAULT_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(user_id));
	ScanKeyEntryInitialize(&keys[1], 0, 2, BTEqualStrategyNumber, InvalidOid,
						   DEFAULT_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(key));
	key_scan_begin(scan, table, index, snapshot, keys, 2);
}

/*
 * Was the row that a scan found made with the same arguments?
 */
static bool
same_fingerprint(KeyScan *scan, AttrNumber column, const RequestKey *key)
{
	bool		isnull;
	Datum		value = slot_getattr(scan->slot, column, &isnull);

	return !isnull && key->fingerprint != NULL &&
		strcmp(TextDatumGetCString(value), key->fingerprint) == 0;
}

static void
find_reservation(RequestKey *key, Snapshot snapshot)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->reservation_column;
	KeyScan		scan;
	bool		isnull;

	scan_key(&scan, relations->reservation, &relations->reservation_request_key,
			 snapshot, key->user_id, key->key);
	if (key_scan_next(&scan))
	{
		key->found = true;
		key->reservation_id = DatumGetInt64(slot_getattr(scan.slot, columns[RESERVATION_ID], &isnull));
		key->same = !key->for_series &&
			same_fingerprint(&scan, columns[RESERVATION_REQUEST_FINGERPRINT], key);
	}
	key_scan_end(&scan);
}

/*
 * A series is an answer as long as any of its occurrences is there: one that was
 * purged as a whole is forgotten, as a reservation is.
 */
static void
find_series(RequestKey *key, Snapshot snapshot)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->series_column;
	KeyScan		scan;
	bool		isnull;
	int64		series_id;

	scan_key(&scan, relations->series, &relations->series_request_key,
			 snapshot, key->user_id, key->key);
	if (key_scan_next(&scan))
	{
		series_id = DatumGetInt64(slot_getattr(scan.slot, columns[SERIES_ID], &isnull));
		if (series_is_booked(series_id, snapshot))
		{
			key->found = true;
			key->series_id = series_id;
			key->same = key->for_series &&
				same_fingerprint(&scan, columns[SERIES_REQUEST_FINGERPRINT], key);
		}
	}
	key_scan_end(&scan);
}

/*
 * request_key_find looks up whether a key, which is locked, was answered: by a
 * reservation or by a series.
 */
void
request_key_find(RequestKey *key)
{
	Snapshot	snapshot = latest_snapshot();

	key->found = false;
	key->same = false;
	find_reservation(key, snapshot);
	if (!key->found)
		find_series(key, snapshot);
	UnregisterSnapshot(snapshot);
}

/*
 * request_key_forget_series deletes what a key, which is locked and was not
 * answered, left behind of a series without occurrences.
 *
 * Locks: RowExclusiveLock on arbiter_series.  40001 where somebody deletes it too.
 */
void
request_key_forget_series(const char *user_id, const char *key)
{
	const ArbiterRelations *relations = arbiter_relations();
	Snapshot	snapshot = latest_snapshot();
	KeyScan		scan;
	RowWriter	writer;

	scan_key(&scan, relations->series, &relations->series_request_key, snapshot,
			 user_id, key);
	if (key_scan_next(&scan))
	{
		row_writer_open(&writer, relations->series, CMD_DELETE);
		row_writer_delete(&writer, &scan.slot->tts_tid);
		row_writer_close(&writer);
		CommandCounterIncrement();
	}
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
}

static int
compare_keys(const void *a, const void *b)
{
	const RequestKey *left = *(RequestKey *const *) a;
	const RequestKey *right = *(RequestKey *const *) b;
	int			order;

	if (left->hash != right->hash)
		return left->hash < right->hash ? -1 : 1;
	order = strcmp(left->key, right->key);
	if (order == 0)
		order = strcmp(left->user_id, right->user_id);
	if (order == 0)
		order = left->number - right->number;
	return order;
}

/*
 * request_keys_find locks the keys of a call, in the order of everybody, and
 * looks up which were answered before; also, which are given more than once.
 */
void
request_keys_find(RequestKey **keys, int n)
{
	for (int i = 0; i < n; i++)
		keys[i]->hash = request_key_hash(keys[i]->user_id, keys[i]->key);
	qsort(keys, n, sizeof(RequestKey *), compare_keys);
	for (int i = 0; i < n; i++)
	{
		const RequestKey *before = i > 0 ? keys[i - 1] : NULL;

		if (before == NULL || before->hash != keys[i]->hash)
			request_key_lock(keys[i]->user_id, keys[i]->key);
		if (before != NULL && strcmp(before->key, keys[i]->key) == 0 &&
			strcmp(before->user_id, keys[i]->user_id) == 0)
			keys[i]->first = before->first;
		else
			keys[i]->first = keys[i]->number;
	}
	/* each sees what whoever had it before has committed */
	for (int i = 0; i < n; i++)
		request_key_find(keys[i]);
}

/*
 * request_key_answer names what a key that was found has made.
 */
char *
request_key_answer(const RequestKey *key)
{
	if (key->series_id != 0)
		return psprintf("series " INT64_FORMAT, key->series_id);
	return psprintf("reservation " INT64_FORMAT, key->reservation_id);
}

/*
 * request_key_reused is the fault of a call whose key was used before, with
 * other arguments (RV013).
 */
bool
request_key_reused(const RequestKey *key, Fault *fault)
{
	return fault_set(fault, ERRCODE_ARBITER_KEY_REUSED,
					 psprintf("request key \"%s\" was used with different arguments",
							  key->key),
					 psprintf("It made %s for user \"%s\".",
							  request_key_answer(key), key->user_id),
					 pstrdup("Use a new key for a new request."));
}
