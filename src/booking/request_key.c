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
 *-------------------------------------------------------------------------
 */
#include "booking/request_key.h"

#include "catalog/pg_collation.h"
#include "common/hashfn.h"
#include "support/errors.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
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

/*
 * request_key_find looks up whether a key, which is locked, was answered.
 */
void
request_key_find(RequestKey *key)
{
	const ArbiterRelations *relations = arbiter_relations();
	Snapshot	snapshot;
	KeyScan		scan;
	ScanKeyData keys[2];

	snapshot = latest_snapshot();
	ScanKeyEntryInitialize(&keys[0], 0, 1, BTEqualStrategyNumber, InvalidOid,
						   DEFAULT_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(key->user_id));
	ScanKeyEntryInitialize(&keys[1], 0, 2, BTEqualStrategyNumber, InvalidOid,
						   DEFAULT_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(key->key));
	key_scan_begin(&scan, relations->reservation,
				   relations->reservation_request_key, snapshot, keys, 2);
	key->found = key_scan_next(&scan);
	key->same = false;
	if (key->found)
	{
		const AttrNumber *columns = relations->reservation_column;
		bool		isnull;
		Datum		value;

		key->reservation_id = DatumGetInt64(slot_getattr(scan.slot, columns[RESERVATION_ID], &isnull));
		value = slot_getattr(scan.slot, columns[RESERVATION_REQUEST_FINGERPRINT], &isnull);
		key->same = !isnull &&
			strcmp(TextDatumGetCString(value), key->fingerprint) == 0;
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
 * request_key_reused is the fault of a call whose key was used before, with
 * other arguments (RV013).
 */
bool
request_key_reused(const RequestKey *key, Fault *fault)
{
	return fault_set(fault, ERRCODE_ARBITER_KEY_REUSED,
					 psprintf("request key \"%s\" was used with different arguments",
							  key->key),
					 psprintf("It made reservation " INT64_FORMAT " for user \"%s\".",
							  key->reservation_id, key->user_id),
					 pstrdup("Use a new key for a new request."));
}
