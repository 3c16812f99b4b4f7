/*-------------------------------------------------------------------------
 *
 * catalogue.c
 *	  Providers, what they have and where they are, as this backend knows them.
 *
 * A claim looks at all providers there are, may be ten thousands, and finds
 * those that have what it asks for, whatever the constraints.  The model hardly
 * ever changes.  So it is kept in memory, with a set of providers for each thing
 * that can be asked for, and constraints are operations on sets.  What is
 * available of a resource is not kept: that is looked up in its timeline.
 *
 * It is read anew after the server's own invalidation says that one of the
 * tables was changed: a trigger on each sends a relation cache invalidation of
 * arbiter_provider when a row is written (support/catalogue_change.c), and that of
 * arbiter_resource sends one of its own table when a row is updated or deleted.  As with the server's own
 * caches, the invalidation is sent after the commit has become visible, but
 * before anybody is told of it.
 *
 * What is read is what is committed then, and what this transaction has written;
 * when that is undone, its invalidations come again.  A claim above READ
 * COMMITTED may so see a provider that is younger than its snapshot; the
 * timelines of its resources are read with the snapshot.
 *
 * Whoever uses it may run users' triggers, which may change the model or make a
 * claim of their own.  So a catalogue stays until the memory context in which it
 * was asked for is reset, also when a newer one is made meanwhile.
 *
 * Rows can change unnoticed while a trigger is disabled, so nothing is kept
 * then; to enable or disable it invalidates.
 *
 *-------------------------------------------------------------------------
 */
#include "provider/catalogue.h"

#include "provider/catalogue_read.h"
#include "support/catalogue_change.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/trigger_call.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

typedef struct CachedCatalogue
{
	Catalogue	catalogue;
	MemoryContext context;		/* it is in this, all of it */
	int			users;
	bool		replaced;		/* goes with its last user */
} CachedCatalogue;

static CachedCatalogue *current = NULL;

/* the tables that tell when it is out of date; arbiter_resource is the last */
static Oid	watched[CATALOGUE_NTABLES + 1];

/* how many invalidations there were ever, and when the current one was read */
static uint64 invalidations = 1;
static uint64 read_at = 0;

static void
invalidate_catalogue(Datum arg, Oid relid)
{
	if (!OidIsValid(relid))
		invalidations++;
	for (int i = 0; i < lengthof(watched); i++)
	{
		if (watched[i] == relid)
			invalidations++;
	}
}

static void
stop_using(void *arg)
{
	CachedCatalogue *cached = arg;

	cached->users--;
	if (cached->replaced && cached->users == 0)
		MemoryContextDelete(cached->context);
}

static void
replace(CachedCatalogue *cached)
{
	if (current != NULL)
	{
		current->replaced = true;
		if (current->users == 0)
			MemoryContextDelete(current->context);
	}
	current = cached;
}

/*
 * Read the catalogue.
 */
static CachedCatalogue *
read_catalogue(void)
{
	/* what an error leaves behind goes with the caller's memory */
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "arbiter catalogue",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext = MemoryContextSwitchTo(context);
	CachedCatalogue *cached = palloc0(sizeof(CachedCatalogue));
	Snapshot	snapshot = latest_snapshot();

	cached->context = context;
	catalogue_read(&cached->catalogue, snapshot);
	UnregisterSnapshot(snapshot);
	MemoryContextSwitchTo(oldcontext);
	MemoryContextSetParent(context, CacheMemoryContext);
	return cached;
}

/*
 * catalogue_get returns the catalogue as it is now.  It is good until the current
 * memory context is reset.
 *
 * Takes AccessShareLock on the tables it reads.
 */
const Catalogue *
catalogue_get(void)
{
	static bool callback_registered = false;
	const ArbiterRelations *relations = arbiter_relations();
	MemoryContextCallback *callback = palloc(sizeof(MemoryContextCallback));

	if (!callback_registered)
	{
		CacheRegisterRelcacheCallback(invalidate_catalogue, (Datum) 0);
		callback_registered = true;
	}
	if (current == NULL || read_at != invalidations ||
		watched[CATALOGUE_NTABLES] != relations->resource)
	{
		uint64		before;

		catalogue_tables(watched);
		watched[CATALOGUE_NTABLES] = relations->resource;
		read_at = 0;
		do
		{
			before = invalidations;
			replace(read_catalogue());
		} while (before != invalidations);
		if (catalogue_changes_are_sent() &&
			own_trigger_always_fires(relations->resource, ARBITER_RESOURCE_TRIGGER))
			read_at = before;
	}
	current->users++;
	callback->func = stop_using;
	callback->arg = current;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
	return &current->catalogue;
}

/*
 * catalogue_need_distances makes sure that the catalogue has the distances of
 * providers to groups, which are many, and which most claims do not ask for.
 */
void
catalogue_need_distances(const Catalogue *catalogue)
{
	CachedCatalogue *cached = (CachedCatalogue *) catalogue;
	MemoryContext oldcontext;
	Snapshot	snapshot;

	if (catalogue->distances != NULL)
		return;
	oldcontext = MemoryContextSwitchTo(cached->context);
	snapshot = latest_snapshot();
	catalogue_read_distances(&cached->catalogue, snapshot);
	UnregisterSnapshot(snapshot);
	MemoryContextSwitchTo(oldcontext);
}
