/*-------------------------------------------------------------------------
 *
 * row_resource.c
 *	  The resource of the rows of a statement.
 *
 * Triggers see one row after the other, and the rows of a statement are most often
 * of one resource: it is looked up once, and kept as long as the command lasts.
 *
 *-------------------------------------------------------------------------
 */
#include "guard/guard.h"

#include "access/xact.h"
#include "storage/proc.h"
#include "support/compat.h"
#include "support/locks.h"
#include "timeline/chunk_store.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/*
 * What rows of one resource need to know, looked up once per run of them in a
 * command.
 */
static struct
{
	LocalTransactionId xact;
	CommandId	command;
	int32		resource_id;
	bool		found;
	Resource	resource;
	bool		asked_built;
	bool		built;
	MemoryContext context;
}			of_rows = {.xact = InvalidLocalTransactionId};

/*
 * find_row_resource finds the resource of a row; false if there is none.
 */
bool
find_row_resource(int32 resource_id, Resource *resource)
{
	if (of_rows.xact != arbiter_local_xid() ||
		of_rows.command != GetCurrentCommandId(false) ||
		of_rows.resource_id != resource_id)
	{
		Snapshot	snapshot;
		MemoryContext oldcontext;

		if (of_rows.context == NULL)
			of_rows.context = AllocSetContextCreate(CacheMemoryContext,
													"arbiter resource of rows",
													ALLOCSET_SMALL_SIZES);
		of_rows.xact = InvalidLocalTransactionId;
		of_rows.asked_built = false;
		MemoryContextReset(of_rows.context);
		oldcontext = MemoryContextSwitchTo(of_rows.context);
		snapshot = decision_snapshot();
		of_rows.found = resource_find_by_id(resource_id, snapshot,
											&of_rows.resource);
		UnregisterSnapshot(snapshot);
		MemoryContextSwitchTo(oldcontext);
		of_rows.xact = arbiter_local_xid();
		of_rows.command = GetCurrentCommandId(false);
		of_rows.resource_id = resource_id;
	}
	*resource = of_rows.resource;
	return of_rows.found;
}

/*
 * keeps_occupied tells whether a COPY keeps what its rows say they occupy.  A
 * restore must, and loads what is not built.
 */
bool
keeps_occupied(int32 resource_id)
{
	Resource	resource;

	if (!find_row_resource(resource_id, &resource))
		return true;
	if (!of_rows.asked_built)
	{
		Snapshot	snapshot = latest_snapshot();
		ChunkStore	store;

		chunk_store_open(&store, AccessShareLock);
		of_rows.built = chunk_store_is_built(&store, resource_id, snapshot);
		chunk_store_close(&store);
		UnregisterSnapshot(snapshot);
		of_rows.asked_built = true;
	}
	return !of_rows.built;
}
