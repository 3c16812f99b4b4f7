/*-------------------------------------------------------------------------
 *
 * resource_type.c
 *	  Resources by their type.
 *
 *-------------------------------------------------------------------------
 */
#include "resource/resource.h"

#include "catalog/pg_collation.h"
#include "support/key_scan.h"
#include "support/relations.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

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
	key_scan_begin(&scan, relations->resource, relations->resource_type_idx,
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
	key_scan_begin(&scan, relations->resource, relations->resource_pkey,
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
