/*-------------------------------------------------------------------------
 *
 * locks.c
 *	  Heavyweight locks and the snapshots that decisions are made on.
 *
 * The order in which a transaction takes its locks, everywhere:
 *
 *	1. tables: arbiter_reservation first, then arbiter_capacity, arbiter_price,
 *	   the rest;
 *	2. the request key; of several, ascending by hash;
 *	3. the parts of a reservation, see reservation_parts_lock();
 *	4. resources, ascending by id;
 *	5. rows of arbiter_reservation, by (reservation_id, part), and then those of
 *	   arbiter_claim;
 *	6. chunks, by (resource_id, time).
 *
 * A quota is to locks what a resource is: its timeline has an id below zero, so
 * that it comes before all resources.  Who changes what reservations count
 * against (quotas, the members of groups, the type of a resource, and for budgets
 * prices) takes the table arbiter_reservation in ShareRowExclusive mode first, see
 * charge/quota_cache.c and price/budget.c.
 *
 * Who changes a provider has its row before any resource, and after the tables.
 *
 * So transactions of one call each cannot deadlock.
 *
 * The resource lock is not taken by a reservation whose chunks exist already,
 * which is nearly all of them.  It is held to the end of the transaction, in
 * share mode by whoever
 *
 *	- creates a chunk where the timeline has none, from declared capacity;
 *	- needs the place of holds that have expired (reservation/apply.c);
 *	- reserves or changes a share of its capacity (capacity/share.c);
 *	- adds a raw price to it, so that it is not dropped meanwhile;
 *	- loads rows of an unbuilt resource by COPY (many of them: all resources
 *	  at once, by ShareLock on arbiter_timeline);
 *
 * and in exclusive mode by whoever
 *
 *	- changes declared capacity, or prices by a function;
 *	- builds, rebuilds, drops a resource or makes it unbuilt (all of them: by
 *	  ExclusiveLock on arbiter_timeline).
 *
 * Who changes the capacity of very many at once keeps all other writers out of
 * arbiter_reservation, arbiter_capacity and arbiter_timeline instead, see
 * resource_lock_all().  A resource that the transaction has made itself needs no
 * lock.
 *
 * One step is against the order: who changes a reservation has its rows when he
 * finds that a chunk must be created.  Those who have the resource exclusively
 * then do not wait for rows, but pass over them, with one exception:
 * arbiter_drop_resource() with force deletes them, and may meet 40P01.
 *
 * A second one is: who changes a reservation has its rows when he finds that it
 * is the capacity of other resources, its children (capacity/children.c), and
 * then locks these exclusively, before any chunk.  He waits only for those who
 * have a child's lock, and none of these waits for a row of the reservation or
 * for a lock of his:
 *
 *	- a reservation of the child, which has it in share mode, waits for chunks of
 *	  it, and of resources before it that it does not get to lock any more;
 *	- who has the child exclusively passes over rows that are locked;
 *	- the rows of expired holds that are waited for are not those of a
 *	  reservation that has a child: it was confirmed.
 *
 * A third one is: who changes capacity locks the rows of its shares, which is the
 * order, but then the children of these, and the rows of their shares.  While he has
 * any of it he waits for no row (capacity/share_lock.c), and for the children as in
 * the second case.
 *
 * Two meet 40P01 only where one call is about both levels: it changes a
 * reservation and, in the same statement, a hold of its child that expires in
 * this moment, or a reservation takes of its own child; or where the id of the
 * child is below that of its parent because somebody chose ids by hand.
 *
 * Quotas know exceptions, too.  A quota is not built only until its first use after
 * it was made, or its group, a type or, of a budget, a price has changed; those who
 * use one first then may meet 40P01 where
 *
 *	- a hold that has expired and is in the way counts against a quota that is not
 *	  built: who finds it builds that, and may have built others, or have rows, by
 *	  then;
 *	- plain SQL updates or deletes a row: it has the row when it finds that a quota
 *	  is not built;
 *	- who changes capacity, and so the shares of it, has the resource exclusively
 *	  and shares quotas that are not built.
 *
 * The chunk creation lock orders two creators of one chunk.  It is released
 * at once: the later one then sees the uncommitted row of the earlier one
 * with a dirty snapshot, and waits for its transaction.
 *
 * Who finds that another transaction is changing the chunk it wants joins that
 * chunk's queue before it waits for the row, and leaves it once it has changed
 * the row itself.  So only the head of the queue waits for a row, and an end
 * of transaction wakes one waiter, not all of them, who would then race for
 * the row and wait again.  Correctness does not depend on it.
 *
 * Lock tags are those of database objects: class is one of arbiter's tables,
 * object a resource_id or a hash, so that no user's advisory lock collides.
 *
 *-------------------------------------------------------------------------
 */
#include "support/locks.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "support/compat.h"
#include "support/relations.h"
#include "tcop/utility.h"
#include "utils/snapmgr.h"

void
resource_lock_shared(int32 resource_id)
{
	LockDatabaseObject(arbiter_relations()->resource, (Oid) resource_id, 0,
					   ShareLock);
}

static bool
is_locked(Oid relid, LOCKMODE mode)
{
	LOCKTAG		tag;

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relid);
	return arbiter_lock_held(&tag, mode);
}

/* has resource_lock_all() been called, and not been rolled back? */
static bool
are_all_locked(void)
{
	const ArbiterRelations *relations = arbiter_relations();

	return is_locked(relations->timeline, ExclusiveLock) &&
		is_locked(relations->capacity, ShareRowExclusiveLock) &&
		is_locked(relations->reservation, ShareRowExclusiveLock);
}

/*
 * resource_lock_all is for who changes the capacity of more resources than there
 * is room for locks, before he has any of them: he keeps all other writers out.
 * resource_lock_exclusive() then has nothing to do.
 */
void
resource_lock_all(void)
{
	const ArbiterRelations *relations = arbiter_relations();

	LockRelationOid(relations->reservation, ShareRowExclusiveLock);
	LockRelationOid(relations->capacity, ShareRowExclusiveLock);
	LockRelationOid(relations->timeline, ExclusiveLock);
}

void
resource_lock_exclusive(int32 resource_id)
{
	if (are_all_locked())
		return;
	LockDatabaseObject(arbiter_relations()->resource, (Oid) resource_id, 0,
					   ExclusiveLock);
}

/*
 * resource_unlock_exclusive lets a resource go that turns out not to be what is to
 * be locked first; it stays locked if it was before.
 */
void
resource_unlock_exclusive(int32 resource_id)
{
	if (are_all_locked())
		return;
	UnlockDatabaseObject(arbiter_relations()->resource, (Oid) resource_id, 0,
						 ExclusiveLock);
}

/* few, because one transaction may create any number of resources */
#define NAME_LOCKS	64

/*
 * resource_name_lock makes those who give a resource one name go one after the
 * other, to the end of the transaction.
 */
void
resource_name_lock(const char *name)
{
	LockDatabaseObject(arbiter_relations()->resource,
					   hash_bytes((const unsigned char *) name,
								  (int) strlen(name)) % NAME_LOCKS,
					   1, ExclusiveLock);
}

/*
 * resource_type_lock makes those who register one type go one after the other, to
 * the end of the transaction.  It comes before names of resources.
 */
void
resource_type_lock(const char *type)
{
	LockDatabaseObject(arbiter_relations()->resource_type,
					   hash_bytes((const unsigned char *) type,
								  (int) strlen(type)) % NAME_LOCKS,
					   1, ExclusiveLock);
}

/*
 * template_name_lock makes those who define or retire a template of one name go
 * one after the other, to the end of the transaction.
 */
void
template_name_lock(const char *name)
{
	LockDatabaseObject(arbiter_relations()->template,
					   hash_bytes((const unsigned char *) name,
								  (int) strlen(name)) % NAME_LOCKS,
					   1, ExclusiveLock);
}

void
chunk_creation_lock(int32 resource_id)
{
	LockDatabaseObject(arbiter_relations()->timeline, (Oid) resource_id, 0,
					   ExclusiveLock);
}

void
chunk_creation_unlock(int32 resource_id)
{
	UnlockDatabaseObject(arbiter_relations()->timeline, (Oid) resource_id, 0,
						 ExclusiveLock);
}

/* sub-object ids: 0 is the chunk creation lock */
static uint16
chunk_queue(TimestampTz end)
{
	return 1 + murmurhash32((uint32) (end ^ (end >> 32))) % PG_INT16_MAX;
}

void
chunk_queue_lock(int32 resource_id, TimestampTz end)
{
	LockDatabaseObject(arbiter_relations()->timeline, (Oid) resource_id,
					   chunk_queue(end), ExclusiveLock);
}

void
chunk_queue_unlock(int32 resource_id, TimestampTz end)
{
	UnlockDatabaseObject(arbiter_relations()->timeline, (Oid) resource_id,
						 chunk_queue(end), ExclusiveLock);
}

/*
 * request_key_hash returns what is locked of a (user_id, request_key); who locks
 * several does so in ascending order.
 */
uint32
request_key_hash(const char *user_id, const char *request_key)
{
	return hash_combine(hash_bytes((const unsigned char *) user_id,
								   (int) strlen(user_id)),
						hash_bytes((const unsigned char *) request_key,
								   (int) strlen(request_key)));
}

/*
 * request_key_lock makes callers with one (user_id, request_key) go one after
 * the other, to the end of the transaction.  Keys that share a hash merely
 * wait for each other.
 */
void
request_key_lock(const char *user_id, const char *request_key)
{
	LockDatabaseObject(arbiter_relations()->reservation,
					   (Oid) request_key_hash(user_id, request_key), 0,
					   ExclusiveLock);
}

/* few, because one statement may insert any number of rows */
#define PARTS_LOCKS	64

/*
 * reservation_parts_lock is taken in share mode by whoever writes a raw row with
 * a new reservation_id, to the end of the transaction, and exclusively by who
 * must know all parts of a reservation that there are or will be.
 */
void
reservation_parts_lock(int64 reservation_id, LOCKMODE mode)
{
	LockDatabaseObject(arbiter_relations()->reservation,
					   (Oid) (murmurhash32((uint32) reservation_id) % PARTS_LOCKS),
					   1, mode);
}

/*
 * decision_snapshot returns the registered snapshot a writer decides on: under
 * READ COMMITTED a new one, above it the transaction's.
 *
 * The caller unregisters it.
 */
Snapshot
decision_snapshot(void)
{
	return RegisterSnapshot(GetTransactionSnapshot());
}

/*
 * latest_snapshot returns a registered snapshot that sees all that is
 * committed now, at any isolation level.
 */
Snapshot
latest_snapshot(void)
{
	return RegisterSnapshot(GetLatestSnapshot());
}

/*
 * concurrent_change_error raises what any UPDATE would when the row it must
 * change was changed after the transaction's snapshot.
 */
void
concurrent_change_error(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("could not serialize access due to concurrent update"),
			 errdetail("The timeline of the resource was changed after this transaction's snapshot."),
			 errhint("Retry the transaction.")));
}

/*
 * require_writable refuses a writer where nothing can be written: direct
 * table access does not notice by itself.
 */
void
require_writable(const char *function)
{
	PreventCommandIfReadOnly(function);
	PreventCommandIfParallelMode(function);
	PreventCommandDuringRecovery(function);
}
