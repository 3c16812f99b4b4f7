/*-------------------------------------------------------------------------
 *
 * quota_cache.c
 *	  The quotas that users are under, as this backend knows them.
 *
 * Every reservation must know them, and they hardly ever change.  So they are
 * kept in memory, by user, until the server's own invalidation says that one of
 * the tables was changed: a trigger on each sends a relation cache invalidation
 * when a row is written.  Where there is no quota at all, that is a flag.
 *
 * INV: whoever counts a reservation knows every quota that it counts against.
 * He has RowExclusiveLock on arbiter_reservation before he asks here.  Who
 * changes quotas, the membership of groups, or, where there are quotas of types,
 * the type of a resource, takes ShareRowExclusiveLock on that table first and has
 * it to the end of his transaction.  So nobody counts while that goes on; whoever comes after it has
 * got the invalidation together with the lock; and what was counted before has
 * been committed when the timeline of a new quota is built.
 *
 * Whether there are quotas of types is known to who changes a type because he has
 * RowExclusiveLock on arbiter_resource then, and who makes the first such quota
 * takes ShareLock on that.
 *
 * The limits of quotas are not kept here: they are to a quota what capacity is
 * to a resource, and are in its timeline.
 *
 * Rows can change unnoticed while the trigger is disabled, so nothing is kept
 * then; to enable or disable it invalidates.
 *
 *-------------------------------------------------------------------------
 */
#include "charge/quota.h"

#include "catalog/pg_collation.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/trigger_call.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* the quotas of one user, of any resource */
typedef struct CachedUser
{
	char		user_id[NAMEDATALEN];	/* hash key; longer ones are not kept */
	Quota	   *quotas;
	int			nquotas;
	Quota	  **chosen;			/* room for an answer */
} CachedUser;

/* the type of a resource, NULL if it has none */
typedef struct CachedType
{
	int32		resource_id;	/* hash key */
	char	   *resource_type;
} CachedType;

/* beyond so many users the cache starts anew */
#define CACHE_MAX	8192

static MemoryContext context = NULL;
static HTAB *users;
static HTAB *types;
static bool any_quota;
static bool may_keep;

/* the tables that the cache is of */
static Oid	watched[3];

/* how many invalidations there were ever, and when the cache was made */
static uint64 invalidations = 1;
static uint64 cached_at = 0;

static void
invalidate_quotas(Datum arg, Oid relid)
{
	if (!OidIsValid(relid) || relid == watched[0] || relid == watched[1] ||
		relid == watched[2])
		invalidations++;
}

static bool
table_has_row(Oid relid, const Oid *index)
{
	Snapshot	snapshot = latest_snapshot();
	KeyScan		scan;
	bool		found;

	key_scan_begin(&scan, relid, index, snapshot, NULL, 0);
	found = key_scan_next(&scan);
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
	return found;
}

/*
 * Start the cache anew.
 */
static void
start_anew(void)
{
	static bool callback_registered = false;
	const ArbiterRelations *relations = arbiter_relations();
	HASHCTL		by_user = {.keysize = NAMEDATALEN,.entrysize = sizeof(CachedUser)};
	HASHCTL		by_id = {.keysize = sizeof(int32),.entrysize = sizeof(CachedType)};

	if (!callback_registered)
	{
		CacheRegisterRelcacheCallback(invalidate_quotas, (Datum) 0);
		callback_registered = true;
	}
	watched[0] = relations->quota;
	watched[1] = relations->group_member;
	watched[2] = relations->resource;

	if (context == NULL)
		context = AllocSetContextCreate(CacheMemoryContext, "arbiter quotas",
										ALLOCSET_DEFAULT_SIZES);
	cached_at = 0;
	MemoryContextReset(context);
	by_user.hcxt = by_id.hcxt = context;
	users = hash_create("arbiter quotas by user", 64, &by_user,
						HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
	types = hash_create("arbiter types of resources", 64, &by_id,
						HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);

	/* what is read from here on is good until the next invalidation */
	for (;;)
	{
		uint64		before = invalidations;

		may_keep = own_trigger_always_fires(relations->quota, ARBITER_QUOTA_TRIGGER) &&
			own_trigger_always_fires(relations->group_member, ARBITER_QUOTA_TRIGGER) &&
			own_trigger_always_fires(relations->resource, ARBITER_RESOURCE_TRIGGER);
		any_quota = table_has_row(relations->quota, &relations->quota_pkey);
		if (before != invalidations)
			continue;
		cached_at = before;
		return;
	}
}

/*
 * quotas_exist tells whether there is any quota at all: a flag test, as a rule.
 */
bool
quotas_exist(void)
{
	if (cached_at != invalidations || !may_keep ||
		watched[0] != arbiter_relations()->quota)
		start_anew();
	return any_quota;
}

/*
 * quota_cache_changed is called when rows of the tables are written.
 */
void
quota_cache_changed(void)
{
	invalidations++;
	CacheInvalidateRelcacheByRelid(arbiter_relations()->quota);
}

static ScanKeyData
text_key(AttrNumber column, const char *value)
{
	ScanKeyData key;

	ScanKeyEntryInitialize(&key, 0, column, BTEqualStrategyNumber, InvalidOid,
						   DEFAULT_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(value));
	return key;
}

/*
 * Read the quotas of a subject, and add them to those of a user.
 */
static void
read_quotas(CachedUser *user, const char *kind, const char *subject,
			Snapshot snapshot)
{
	const ArbiterRelations *relations = arbiter_relations();
	ScanKeyData keys[2] = {text_key(1, kind), text_key(2, subject)};
	KeyScan		scan;

	key_scan_begin(&scan, relations->quota, &relations->quota_key, snapshot,
				   keys, 2);
	while (key_scan_next(&scan))
	{
		user->quotas = user->quotas == NULL ? palloc(sizeof(Quota)) :
			repalloc(user->quotas, sizeof(Quota) * (user->nquotas + 1));
		quota_read(scan.slot, &user->quotas[user->nquotas++]);
	}
	key_scan_end(&scan);
}

/*
 * Read what a user is under: his own quotas, and those of his groups.
 */
static void
read_user(CachedUser *user, const char *user_id)
{
	const ArbiterRelations *relations = arbiter_relations();
	AttrNumber	column = relations->group_member_column[GROUP_MEMBER_GROUP_ID];
	Snapshot	snapshot = latest_snapshot();
	ScanKeyData key = text_key(1, user_id);
	KeyScan		scan;

	user->quotas = NULL;
	user->nquotas = 0;
	read_quotas(user, "user", user_id, snapshot);
	key_scan_begin(&scan, relations->group_member, &relations->group_member_pkey,
				   snapshot, &key, 1);
	while (key_scan_next(&scan))
	{
		bool		isnull;

		read_quotas(user, "group",
					TextDatumGetCString(slot_getattr(scan.slot, column, &isnull)),
					snapshot);
	}
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
	user->chosen = palloc(sizeof(Quota *) * Max(user->nquotas, 1));
}

static const char *
type_of(int32 resource_id)
{
	const ArbiterRelations *relations = arbiter_relations();
	CachedType *entry = hash_search(types, &resource_id, HASH_FIND, NULL);
	char	   *found = NULL;
	bool		exists;
	MemoryContext oldcontext;
	Snapshot	snapshot;
	ScanKeyData key;
	KeyScan		scan;

	if (entry != NULL)
		return entry->resource_type;
	oldcontext = MemoryContextSwitchTo(context);
	snapshot = latest_snapshot();
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(resource_id));
	key_scan_begin(&scan, relations->resource, &relations->resource_pkey, snapshot,
				   &key, 1);
	exists = key_scan_next(&scan);
	if (exists)
	{
		bool		isnull;
		Datum		value = slot_getattr(scan.slot,
										 relations->resource_column[RESOURCE_TYPE],
										 &isnull);

		if (!isnull)
			found = TextDatumGetCString(value);
	}
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
	MemoryContextSwitchTo(oldcontext);
	/* what is no resource may become one */
	if (!exists)
		return NULL;
	entry = hash_search(types, &resource_id, HASH_ENTER, NULL);
	entry->resource_type = found;
	return found;
}

static CachedUser *
find_user(const char *user_id)
{
	CachedUser *user = NULL;
	CachedUser	read;
	MemoryContext oldcontext;

	if (strlen(user_id) < NAMEDATALEN)
		user = hash_search(users, user_id, HASH_FIND, NULL);
	if (user != NULL)
		return user;

	/* one that is too long to be kept is read into the caller's memory */
	if (strlen(user_id) >= NAMEDATALEN)
	{
		user = palloc0(sizeof(CachedUser));
		read_user(user, user_id);
		return user;
	}
	oldcontext = MemoryContextSwitchTo(context);
	read_user(&read, user_id);
	MemoryContextSwitchTo(oldcontext);
	user = hash_search(users, user_id, HASH_ENTER, NULL);
	user->quotas = read.quotas;
	user->nquotas = read.nquotas;
	user->chosen = read.chosen;
	return user;
}

/*
 * quotas_of returns the quotas that an amount of a resource counts against when
 * a user takes it.  The answer is good until the next call.
 */
Quota **
quotas_of(const char *user_id, int32 resource_id, int *nquotas)
{
	CachedUser *user;
	int			n = 0;

	if (!quotas_exist())
	{
		*nquotas = 0;
		return NULL;
	}
	if (hash_get_num_entries(users) + hash_get_num_entries(types) > CACHE_MAX)
		start_anew();
	user = find_user(user_id);
	for (int i = 0; i < user->nquotas; i++)
	{
		Quota	   *quota = &user->quotas[i];

		if (quota->has_resource)
		{
			if (quota->resource_id != resource_id)
				continue;
		}
		else if (quota->resource_type != NULL)
		{
			const char *type = type_of(resource_id);

			if (type == NULL || strcmp(type, quota->resource_type) != 0)
				continue;
		}
		user->chosen[n++] = quota;
	}
	*nquotas = n;
	return user->chosen;
}
