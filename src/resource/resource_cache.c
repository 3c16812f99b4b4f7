/*-------------------------------------------------------------------------
 *
 * resource_cache.c
 *	  Resources that this backend has looked up.
 *
 * Every call that reserves needs the id and the options of a resource, which it
 * has the name of, and every plain row the options of one of which it has the id.
 * They hardly ever change.  So rows of arbiter_resource are kept in memory, parsed,
 * until the server's own invalidation says that the table was changed: whoever
 * updates or deletes a row sends a relation cache invalidation of it, which
 * other backends get when that transaction commits.
 *
 * What is kept is the latest version of a row, made by a transaction that has
 * committed.  A version is answered only to a snapshot that sees who made it;
 * since nobody has replaced it, it is the version that the snapshot sees.  So
 * a snapshot of any age is answered correctly, or not at all, and then the
 * table is read.
 *
 *	- A version that somebody has updated or deleted is not kept, even if he
 *	  has not committed.  If he updates it after it was read, his invalidation
 *	  comes after it was read too.
 *
 *	- A transaction that changes a resource neither uses nor fills the cache
 *	  from then on: what a rollback to a savepoint would leave behind is not
 *	  worth thinking about.
 *
 *	- Names that do not exist are not kept, so a new resource needs no
 *	  invalidation.  One that has a resource type sends it all the same, for
 *	  those who keep which resource stands for a type.
 *
 * As with the server's own caches, the invalidation is sent after the commit
 * has become visible to snapshots, but before anybody is told of it: a call
 * that is made in those microseconds decides as if made just before.
 *
 * Rows can change unnoticed while the trigger that sends the invalidation is
 * disabled, so nothing is kept then; to enable or disable it invalidates.
 * TRUNCATE does so by itself.
 *
 * SERIALIZABLE transactions read the table, for the predicate lock.
 *
 *-------------------------------------------------------------------------
 */
#include "resource/resource_cache.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "storage/proc.h"
#include "support/compat.h"
#include "support/relations.h"
#include "support/trigger_call.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/snapmgr.h"

typedef struct CachedResource
{
	char		name[NAMEDATALEN];	/* hash key; longer names are not kept */
	TransactionId xmin;			/* who made the version */
	Resource	resource;		/* but for the name */
} CachedResource;

/* about 1 MB; beyond that the cache starts anew */
#define CACHE_MAX	8192

typedef struct ResourceName
{
	int32		resource_id;	/* hash key */
	char		name[NAMEDATALEN];	/* of an entry of the cache */
} ResourceName;

static HTAB *cache = NULL;
static HTAB *names = NULL;		/* has all that the cache has */
static Oid	cache_table = InvalidOid;

/* how many invalidations there were: ever, when the table was last read, and
 * when the cache was made */
static uint64 invalidations = 0;
static uint64 read_at = 0;
static uint64 cached_at = 0;

static LocalTransactionId changed_xact = InvalidLocalTransactionId;

static void
invalidate_resources(Datum arg, Oid relid)
{
	if (!OidIsValid(relid) || relid == cache_table)
		invalidations++;
}

static bool
is_usable(void)
{
	return changed_xact != arbiter_local_xid() && !IsolationIsSerializable();
}

/*
 * Hear of all that was committed before the snapshot; true if the cache is still
 * good, and for this snapshot.
 */
static bool
catch_up(Snapshot snapshot)
{
	static bool callback_registered = false;

	if (!callback_registered)
	{
		CacheRegisterRelcacheCallback(invalidate_resources, (Datum) 0);
		callback_registered = true;
	}
	if (cache_table != arbiter_relations()->resource)
	{
		cache_table = arbiter_relations()->resource;
		invalidations++;
	}
	AcceptInvalidationMessages();
	read_at = invalidations;
	return cache != NULL && cached_at == invalidations && is_usable() &&
		IsMVCCSnapshot(snapshot);
}

static bool
find_entry(const char *name, Snapshot snapshot, Resource *resource)
{
	CachedResource *entry = hash_search(cache, name, HASH_FIND, NULL);

	if (entry == NULL || XidInMVCCSnapshot(entry->xmin, snapshot))
		return false;
	*resource = entry->resource;
	resource->name = pstrdup(name);
	return true;
}

/*
 * resource_cache_find finds the resource that a snapshot sees under a name;
 * when that is false, ask the table.
 */
bool
resource_cache_find(const char *name, Snapshot snapshot, Resource *resource)
{
	return catch_up(snapshot) && strlen(name) < NAMEDATALEN &&
		find_entry(name, snapshot, resource);
}

/*
 * resource_cache_find_by_id does so by id.
 */
bool
resource_cache_find_by_id(int32 resource_id, Snapshot snapshot, Resource *resource)
{
	ResourceName *known = catch_up(snapshot) ?
		hash_search(names, &resource_id, HASH_FIND, NULL) : NULL;

	return known != NULL && find_entry(known->name, snapshot, resource);
}

/*
 * Is a row, which was just read, the latest version, committed by another
 * transaction?
 */
static bool
is_latest(TupleTableSlot *slot, TransactionId *xmin)
{
	HeapTupleHeader header;
	uint16		infomask;

	if (!TTS_IS_BUFFERTUPLE(slot))
		return false;
	header = ((HeapTupleTableSlot *) slot)->tuple->t_data;
	infomask = header->t_infomask;
	*xmin = HeapTupleHeaderGetXmin(header);
	return ((infomask & HEAP_XMAX_INVALID) != 0 ||
			HEAP_XMAX_IS_LOCKED_ONLY(infomask)) &&
		!TransactionIdIsCurrentTransactionId(*xmin);
}

/*
 * resource_cache_add keeps a resource that the cache did not have and that was
 * read from the table; the slot still has the row.
 */
void
resource_cache_add(Relation rel, TupleTableSlot *slot, const Resource *resource)
{
	TransactionId xmin;
	CachedResource *entry;
	ResourceName *known;

	if (read_at != invalidations || !is_usable() ||
		strlen(resource->name) >= NAMEDATALEN ||
		!own_trigger_always_fires(RelationGetRelid(rel), ARBITER_RESOURCE_TRIGGER) ||
		!is_latest(slot, &xmin))
		return;

	if (cache != NULL && (cached_at != invalidations ||
						  hash_get_num_entries(cache) >= CACHE_MAX))
	{
		hash_destroy(cache);
		hash_destroy(names);
		cache = NULL;
	}
	if (cache == NULL)
	{
		HASHCTL		control = {
			.keysize = NAMEDATALEN,
			.entrysize = sizeof(CachedResource)
		};

		HASHCTL		by_id = {
			.keysize = sizeof(int32),
			.entrysize = sizeof(ResourceName)
		};

		names = hash_create("arbiter resource names", 64, &by_id,
							HASH_ELEM | HASH_BLOBS);
		cache = hash_create("arbiter resources", 64, &control,
							HASH_ELEM | HASH_STRINGS);
		cached_at = invalidations;
	}
	entry = hash_search(cache, resource->name, HASH_ENTER, NULL);
	entry->xmin = xmin;
	entry->resource = *resource;
	entry->resource.name = NULL;
	known = hash_search(names, &resource->id, HASH_ENTER, NULL);
	strlcpy(known->name, resource->name, NAMEDATALEN);
}

/*
 * resource_cache_changed is called before a row of arbiter_resource is updated
 * or deleted, or one with a resource type is inserted.
 */
void
resource_cache_changed(void)
{
	changed_xact = arbiter_local_xid();
	invalidations++;
	CacheInvalidateRelcacheByRelid(arbiter_relations()->resource);
}
