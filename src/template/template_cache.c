/*-------------------------------------------------------------------------
 *
 * template_cache.c
 *	  What templates take, as this backend has worked it out.
 *
 * To book by a template takes a look at its versions, at the items of the last
 * one, and for each resource type among them at the resources of that type.
 * None of that changes often, so what it comes to, amounts of resources, is kept by
 * the name of the template until the server's own invalidation says that a
 * template or a resource was changed: whoever writes a row of arbiter_template or
 * its items sends one of arbiter_template, whoever changes a resource, or makes one
 * that has a resource type, one of arbiter_resource.
 *
 * Options of resources are not kept here: resources are looked up by id, as for
 * any plain row.
 *
 * What is kept is what was committed when it was read, and what this transaction
 * has written; when that is undone, its invalidations come again.  So it is for
 * READ COMMITTED only, where a call wants what is committed now; above, the tables
 * are read with the transaction's snapshot.
 *
 * Rows can change unnoticed while a trigger is disabled, so nothing is kept then;
 * to enable or disable it invalidates.
 *
 *-------------------------------------------------------------------------
 */
#include "template/template.h"

#include "access/xact.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/trigger_call.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

typedef struct KeptAmount
{
	int32		resource_id;
	int64		amount;
} KeptAmount;

typedef struct KeptTemplate
{
	char		name[NAMEDATALEN];	/* hash key; longer names are not kept */
	int32		id;
	int			namounts;
	KeptAmount *amounts;
} KeptTemplate;

/* when there are more, all are forgotten */
#define KEPT_MAX	1024

static MemoryContext context = NULL;
static HTAB *kept = NULL;

/* the tables that tell when it is out of date */
static Oid	watched[3];

/* how many invalidations there were: ever, and when the first template was kept */
static uint64 invalidations = 1;
static uint64 kept_at = 0;

static void
invalidate_templates(Datum arg, Oid relid)
{
	if (!OidIsValid(relid) || relid == watched[0] || relid == watched[1] ||
		relid == watched[2])
		invalidations++;
}

static void
watch(void)
{
	static bool callback_registered = false;
	const ArbiterRelations *relations = arbiter_relations();

	if (!callback_registered)
	{
		CacheRegisterRelcacheCallback(invalidate_templates, (Datum) 0);
		callback_registered = true;
	}
	if (watched[0] != relations->template)
		invalidations++;
	watched[0] = relations->template;
	watched[1] = relations->template_item;
	watched[2] = relations->resource;
}

static void
forget_all(void)
{
	HASHCTL		control = {
		.keysize = NAMEDATALEN,
		.entrysize = sizeof(KeptTemplate)
	};

	if (context != NULL)
		MemoryContextDelete(context);
	kept = NULL;
	context = AllocSetContextCreate(CacheMemoryContext, "arbiter templates",
									ALLOCSET_SMALL_SIZES);
	control.hcxt = context;
	kept = hash_create("arbiter templates", 16, &control,
					   HASH_ELEM | HASH_STRINGS | HASH_CONTEXT);
}

/*
 * Does whoever changes a template, or a resource, send an invalidation?
 */
static bool
changes_are_sent(void)
{
	return own_trigger_always_fires(watched[0], ARBITER_TEMPLATE_TRIGGER) &&
		own_trigger_always_fires(watched[1], ARBITER_TEMPLATE_TRIGGER) &&
		own_trigger_always_fires(watched[2], ARBITER_RESOURCE_TRIGGER);
}

static void
keep(const char *name, int32 id, const Request *request)
{
	KeptTemplate *entry;
	KeptAmount *amounts;
	MemoryContext oldcontext;

	if (kept == NULL || kept_at != invalidations ||
		hash_get_num_entries(kept) >= KEPT_MAX)
		forget_all();
	kept_at = invalidations;
	oldcontext = MemoryContextSwitchTo(context);
	amounts = palloc(sizeof(KeptAmount) * request->nrequirements);
	for (int i = 0; i < request->nrequirements; i++)
	{
		amounts[i].resource_id = request->requirements[i].resource.id;
		amounts[i].amount = request->requirements[i].amount;
	}
	MemoryContextSwitchTo(oldcontext);
	entry = hash_search(kept, name, HASH_ENTER, NULL);
	entry->id = id;
	entry->namounts = request->nrequirements;
	entry->amounts = amounts;
}

static bool
find_kept(const char *name, Snapshot snapshot, int32 *id, Request *request)
{
	KeptTemplate *entry;

	AcceptInvalidationMessages();
	if (kept == NULL || kept_at != invalidations)
		return false;
	entry = hash_search(kept, name, HASH_FIND, NULL);
	if (entry == NULL)
		return false;
	*id = entry->id;
	request->nrequirements = entry->namounts;
	request->requirements = palloc0(sizeof(Requirement) * entry->namounts);
	for (int i = 0; i < entry->namounts; i++)
	{
		Requirement *requirement = &request->requirements[i];

		requirement->amount = entry->amounts[i].amount;
		/* not there: somebody has dropped it this very moment */
		if (!resource_find_by_id(entry->amounts[i].resource_id, snapshot,
								 &requirement->resource))
			return false;
	}
	return true;
}

/*
 * template_take tells what one of a template takes, and which version that is; of
 * resource types, resources names those that stand for them; NULL: the only ones
 * there are.
 *
 * Errors as template_get() and bundle_find().
 */
void
template_take(const char *name, Jsonb *resources, Snapshot snapshot, int32 *id,
			  Request *request)
{
	bool		may_keep = resources == NULL && !IsolationUsesXactSnapshot() &&
		strlen(name) < NAMEDATALEN;
	Template	template;
	Snapshot	latest;
	uint64		before;

	watch();
	if (may_keep && find_kept(name, snapshot, id, request))
		return;
	before = invalidations;
	latest = decision_snapshot();
	template_get(name, latest, &template);
	bundle_find(&template.bundle, resources, latest, request);
	UnregisterSnapshot(latest);
	*id = template.id;
	/* to ask whether they are may be what one of them comes with */
	if (may_keep && changes_are_sent() && before == invalidations)
		keep(name, template.id, request);
}
