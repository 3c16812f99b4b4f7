/*-------------------------------------------------------------------------
 *
 * resource_type.c
 *	  Resources by their type.
 *
 *-------------------------------------------------------------------------
 */
#include "resource/resource.h"

#include "catalog/pg_collation.h"
#include "charge/quota.h"
#include "resource/resource_cache.h"
#include "storage/lmgr.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

/* so many names are enough to show what is meant */
#define NAMES_SHOWN	5

/*
 * resource_of_type finds a resource of a type; returns how many there are, and
 * adds the names of the first few to a text unless that is NULL.
 */
int64
resource_of_type(const char *type, Snapshot snapshot, Resource *resource,
				 StringInfo names)
{
	const ArbiterRelations *relations = arbiter_relations();
	KeyScan		scan;
	ScanKeyData key;
	int64		count = 0;

	ScanKeyEntryInitialize(&key, 0, 1, BTEqualStrategyNumber, InvalidOid,
						   DEFAULT_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(type));
	key_scan_begin(&scan, relations->resource, &relations->resource_type_idx,
				   snapshot, &key, 1);
	while (key_scan_next(&scan))
	{
		if (count == 0)
			resource_read(scan.slot, resource);
		if (names != NULL && count < NAMES_SHOWN)
		{
			bool		isnull;
			Datum		name = slot_getattr(scan.slot, relations->resource_column[RESOURCE_NAME],
											&isnull);

			appendStringInfo(names, "%s\"%s\"", count == 0 ? "" : ", ",
							 TextDatumGetCString(name));
		}
		count++;
	}
	key_scan_end(&scan);
	if (names != NULL && count > NAMES_SHOWN)
		appendStringInfoString(names, ", ...");
	return count;
}

/*
 * resource_has_type tells whether a resource is of a type.
 */
bool
resource_has_type(const Resource *resource, const char *type, Snapshot snapshot)
{
	const ArbiterRelations *relations = arbiter_relations();
	KeyScan		scan;
	ScanKeyData key;
	bool		same = false;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(resource->id));
	key_scan_begin(&scan, relations->resource, &relations->resource_pkey,
				   snapshot, &key, 1);
	if (key_scan_next(&scan))
	{
		bool		isnull;
		Datum		value = slot_getattr(scan.slot, relations->resource_column[RESOURCE_TYPE],
										 &isnull);

		same = !isnull && strcmp(TextDatumGetCString(value), type) == 0;
	}
	key_scan_end(&scan);
	return same;
}

static char *
type_of(TupleTableSlot *row)
{
	bool		isnull;
	Datum		value = slot_getattr(row, arbiter_relations()->resource_column[RESOURCE_TYPE],
									 &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/*
 * resource_type_gains is called before the row of a new resource is written: if it
 * has a type, backends forget what stands for that.
 */
void
resource_type_gains(TupleTableSlot *row)
{
	if (type_of(row) != NULL)
		resource_cache_changed();
}

/*
 * All quotas of resource types.
 */
static Quota *
quotas_of_types(int *nquotas)
{
	Snapshot	snapshot = latest_snapshot();
	Quota	   *quotas = quota_list_all(snapshot, nquotas);
	int			n = 0;

	UnregisterSnapshot(snapshot);
	for (int i = 0; i < *nquotas; i++)
	{
		if (quotas[i].resource_type != NULL)
			quotas[n++] = quotas[i];
	}
	*nquotas = n;
	return quotas;
}

/*
 * resource_type_may_change takes the lock that resource_type_changes() needs, for
 * who has no other yet.
 */
void
resource_type_may_change(void)
{
	int			n;

	(void) quotas_of_types(&n);
	if (n > 0)
		LockRelationOid(arbiter_relations()->reservation, ShareRowExclusiveLock);
}

/*
 * resource_type_changes is called before the row of a resource is replaced.  If
 * its type becomes another, what its reservations count against does, too: the
 * quotas of both types are derived anew by the next who needs them.
 *
 * The caller has RowExclusiveLock on arbiter_resource, so nobody makes the first
 * quota of a type.  Locks, if there is one: ShareRowExclusiveLock on
 * arbiter_reservation, and the quotas of both types exclusively.
 */
void
resource_type_changes(TupleTableSlot *old, TupleTableSlot *new)
{
	char	   *types[] = {type_of(old), type_of(new)};
	Quota	   *quotas;
	int			n;

	if (types[0] == types[1] ||
		(types[0] != NULL && types[1] != NULL && strcmp(types[0], types[1]) == 0))
		return;
	quotas = quotas_of_types(&n);
	if (n == 0)
		return;
	LockRelationOid(arbiter_relations()->reservation, ShareRowExclusiveLock);
	/* by id of the timeline, which is below zero: from the last one */
	for (int i = n - 1; i >= 0; i--)
	{
		const char *type = quotas[i].resource_type;

		if ((types[0] != NULL && strcmp(type, types[0]) == 0) ||
			(types[1] != NULL && strcmp(type, types[1]) == 0))
			timeline_unbuild(quota_timeline_id(quotas[i].id));
	}
}
