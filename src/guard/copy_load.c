/*-------------------------------------------------------------------------
 *
 * copy_load.c
 *	  COPY into resources that are not built, which is not checked.
 *
 * This lets pg_restore load the tables in any order and in parallel.  Such a
 * COPY holds the resource lock in share mode to its end, so that the build,
 * which holds it exclusively, counts its rows.
 *
 *-------------------------------------------------------------------------
 */
#include "guard/guard.h"

#include "catalog/namespace.h"
#include "charge/charge.h"
#include "storage/lmgr.h"
#include "support/compare.h"
#include "support/compat.h"
#include "support/locks.h"
#include "support/relations.h"
#include "tcop/cmdtag.h"
#include "tcop/pquery.h"
#include "timeline/chunk_store.h"
#include "utils/fmgroids.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"

/*
 * is_copy_into tells whether the row or statement trigger that runs now is one
 * of a COPY into this very table, and not of a statement nested inside one.
 */
bool
is_copy_into(Oid relid)
{
	PlannedStmt *statement;
	CopyStmt   *copy;

	if (ActivePortal == NULL || ActivePortal->commandTag != CMDTAG_COPY ||
		list_length(ActivePortal->stmts) != 1)
		return false;
	statement = linitial_node(PlannedStmt, ActivePortal->stmts);
	if (statement->utilityStmt == NULL || !IsA(statement->utilityStmt, CopyStmt))
		return false;
	copy = (CopyStmt *) statement->utilityStmt;
	return copy->is_from && copy->relation != NULL &&
		RangeVarGetRelid(copy->relation, NoLock, true) == relid &&
		DatumGetInt32(OidFunctionCall0(F_PG_TRIGGER_DEPTH)) == 1;
}

/* more resources than this are locked as one */
#define LOAD_LOCKS_MAX	256

/*
 * is_unchecked tells whether a resource is one of an unchecked load.
 */
bool
is_unchecked(const UncheckedLoad *load, int32 resource_id)
{
	return load->n > 0 && bsearch(&resource_id, load->resource_ids, load->n,
								  sizeof(int32), compare_int32) != NULL;
}

/*
 * find_unchecked finds the resources among the rows of a COPY that are not built, and lock
 * each before asking again: then nobody builds it until we have committed.
 */
void
find_unchecked(Tuplestorestate *rows, TupleTableSlot *slot,
			   AttrNumber resource_column, UncheckedLoad *load)
{
	int			room = 64;
	int			n = 0;
	ChunkStore	store;

	load->resource_ids = palloc(sizeof(int32) * room);
	load->n = 0;
	tuplestore_rescan(rows);
	while (tuplestore_gettupleslot(rows, true, false, slot))
	{
		bool		isnull;
		int32		resource_id = DatumGetInt32(slot_getattr(slot, resource_column, &isnull));

		if (n > 0 && load->resource_ids[n - 1] == resource_id)
			continue;
		if (n == room)
		{
			room *= 2;
			load->resource_ids = repalloc_huge(load->resource_ids,
											   sizeof(int32) * room);
		}
		load->resource_ids[n++] = resource_id;
	}
	qsort(load->resource_ids, n, sizeof(int32), compare_int32);

	/*
	 * A restore may load any number of resources, and locks are in memory that
	 * is shared by all: many of them are locked as one.  Whoever builds must
	 * wait for the table then.
	 */
	if (n > LOAD_LOCKS_MAX)
		LockRelationOid(arbiter_relations()->timeline, ShareLock);

	chunk_store_open(&store, AccessShareLock);
	for (int i = 0; i < n; i++)
	{
		int32		resource_id = load->resource_ids[i];
		bool		built;

		if (i > 0 && load->n > 0 && load->resource_ids[load->n - 1] == resource_id)
			continue;
		/* the second look is under the lock */
		for (int look = 0; look < 2; look++)
		{
			Snapshot	snapshot = latest_snapshot();

			built = chunk_store_is_built(&store, resource_id, snapshot);
			UnregisterSnapshot(snapshot);
			if (built)
				break;
			if (n > LOAD_LOCKS_MAX)
				break;
			if (look == 0)
				resource_lock_shared(resource_id);
		}
		if (!built)
			load->resource_ids[load->n++] = resource_id;
	}
	chunk_store_close(&store);
}

/* a quota that rows of a COPY count against */
typedef struct LoadedQuota
{
	int32		quota_id;		/* hash key */
	bool		built;
} LoadedQuota;

/*
 * Is a quota built?  If not, it stays so until we have committed.
 */
static bool
find_loaded_quota(UncheckedLoad *load, int32 quota_id)
{
	LoadedQuota *loaded;
	bool		found;

	if (load->quotas == NULL)
	{
		HASHCTL		control = {
			.keysize = sizeof(int32),
			.entrysize = sizeof(LoadedQuota),
			.hcxt = CurrentMemoryContext
		};

		load->quotas = hash_create("arbiter loaded quotas", 64, &control,
								   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	loaded = hash_search(load->quotas, &quota_id, HASH_ENTER, &found);
	if (found)
		return loaded->built;
	loaded->built = timeline_is_built_now(quota_timeline_id(quota_id));
	if (loaded->built)
		return true;
	if (hash_get_num_entries(load->quotas) > LOAD_LOCKS_MAX)
		LockRelationOid(arbiter_relations()->timeline, ShareLock);
	else
		resource_lock_shared(quota_timeline_id(quota_id));
	loaded->built = timeline_is_built_now(quota_timeline_id(quota_id));
	return loaded->built;
}

/*
 * load_charge adds to a net change what a row of a COPY counts against quotas.
 * Those that are not built count it when they are.  Those that are do count it,
 * but do not refuse it if its resource is loaded unchecked.
 */
void
load_charge(UncheckedLoad *load, const ReservationTake *take, NetChange *net)
{
	Charges		charges = {0};
	bool		judged = !is_unchecked(load, take->resource_id);

	if (take->user_id == NULL)
		return;
	charge_all(&charges, take->user_id, take->resource_id, take->own_start,
			   take->own_end, take->amount);
	for (int i = 0; i < charges.n; i++)
	{
		const Charge *charge = &charges.charges[i];

		if (find_loaded_quota(load, charge->quota_id))
			reservation_add_charge(net, charge, -1, judged);
	}
	if (charges.charges != NULL)
		pfree(charges.charges);
}
