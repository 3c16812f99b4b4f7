/*-------------------------------------------------------------------------
 *
 * quota.c
 *	  Look up quotas, and who is under them.
 *
 *-------------------------------------------------------------------------
 */
#include "charge/quota.h"

#include "access/table.h"
#include "access/tableam.h"
#include "catalog/pg_collation.h"
#include "support/key_scan.h"
#include "support/relations.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

static char *
text_column(TupleTableSlot *row, QuotaColumn which)
{
	bool		isnull;
	Datum		value = slot_getattr(row, arbiter_relations()->quota_column[which], &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/*
 * quota_read reads a row of arbiter_quota.
 */
void
quota_read(TupleTableSlot *row, Quota *quota)
{
	const AttrNumber *columns = arbiter_relations()->quota_column;
	char	   *measure;
	bool		isnull;

	quota->id = DatumGetInt32(slot_getattr(row, columns[QUOTA_ID], &isnull));
	quota->subject = text_column(row, QUOTA_SUBJECT);
	quota->is_group = strcmp(text_column(row, QUOTA_SUBJECT_KIND), "group") == 0;
	quota->resource_id = DatumGetInt32(slot_getattr(row, columns[QUOTA_RESOURCE_ID], &isnull));
	quota->has_resource = !isnull;
	quota->resource_type = text_column(row, QUOTA_RESOURCE_TYPE);
	measure = text_column(row, QUOTA_MEASURE);
	quota->measure = strcmp(measure, "amount") == 0 ? QUOTA_AMOUNT :
		strcmp(measure, "cost") == 0 ? QUOTA_COST : QUOTA_UNIT_HOURS;
	quota->per = text_column(row, QUOTA_PER);
	quota->tz = text_column(row, QUOTA_TZ);
	quota->window_start = quota->window_end = 0;
}

/*
 * quota_parts returns in how many parts a unit of a limit is counted.
 */
int64
quota_parts(QuotaMeasure measure)
{
	switch (measure)
	{
		case QUOTA_UNIT_HOURS:
			return QUOTA_PARTS_PER_UNIT_HOUR;
		case QUOTA_COST:
			return QUOTA_PARTS_OF_MONEY;
		case QUOTA_AMOUNT:
			break;
	}
	return 1;
}

/*
 * quota_find finds a quota by id.
 *
 * Takes AccessShareLock on the table.
 */
bool
quota_find(int32 quota_id, Snapshot snapshot, Quota *quota)
{
	const ArbiterRelations *relations = arbiter_relations();
	KeyScan		scan;
	ScanKeyData key;
	bool		found;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(quota_id));
	key_scan_begin(&scan, relations->quota, &relations->quota_pkey, snapshot, &key, 1);
	found = key_scan_next(&scan);
	if (found)
		quota_read(scan.slot, quota);
	key_scan_end(&scan);
	return found;
}

/*
 * quota_list_all returns all quotas, ascending by id.
 */
Quota *
quota_list_all(Snapshot snapshot, int *nquotas)
{
	const ArbiterRelations *relations = arbiter_relations();
	KeyScan		scan;
	int			room = 16;
	int			n = 0;
	Quota	   *quotas = palloc(sizeof(Quota) * room);

	key_scan_begin(&scan, relations->quota, &relations->quota_pkey, snapshot, NULL, 0);
	while (key_scan_next(&scan))
	{
		if (n == room)
		{
			room *= 2;
			quotas = repalloc_huge(quotas, sizeof(Quota) * room);
		}
		quota_read(scan.slot, &quotas[n++]);
	}
	key_scan_end(&scan);
	*nquotas = n;
	return quotas;
}

/*
 * quota_has_member tells whether what a user takes counts against a quota.
 */
bool
quota_has_member(const Quota *quota, const char *user_id, Snapshot snapshot)
{
	const ArbiterRelations *relations = arbiter_relations();
	KeyScan		scan;
	ScanKeyData keys[2];
	bool		found;

	if (!quota->is_group)
		return strcmp(quota->subject, user_id) == 0;
	ScanKeyEntryInitialize(&keys[0], 0, 1, BTEqualStrategyNumber, InvalidOid,
						   DEFAULT_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(user_id));
	ScanKeyEntryInitialize(&keys[1], 0, 2, BTEqualStrategyNumber, InvalidOid,
						   DEFAULT_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(quota->subject));
	key_scan_begin(&scan, relations->group_member, &relations->group_member_pkey,
				   snapshot, keys, 2);
	found = key_scan_next(&scan);
	key_scan_end(&scan);
	return found;
}

/*
 * quota_resources returns the ids of the resources of a quota, ascending; NULL
 * if it is of everything.
 */
int32 *
quota_resources(const Quota *quota, Snapshot snapshot, int *nresources)
{
	const ArbiterRelations *relations = arbiter_relations();
	AttrNumber	column = relations->resource_column[RESOURCE_ID];
	KeyScan		scan;
	ScanKeyData key;
	int			room = 16;
	int			n = 0;
	int32	   *ids;

	*nresources = 0;
	if (!quota->has_resource && quota->resource_type == NULL)
		return NULL;
	ids = palloc(sizeof(int32) * room);
	if (quota->has_resource)
	{
		ids[0] = quota->resource_id;
		*nresources = 1;
		return ids;
	}
	ScanKeyEntryInitialize(&key, 0, 1, BTEqualStrategyNumber, InvalidOid,
						   DEFAULT_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(quota->resource_type));
	key_scan_begin(&scan, relations->resource, &relations->resource_type_idx,
				   snapshot, &key, 1);
	while (key_scan_next(&scan))
	{
		bool		isnull;

		if (n == room)
		{
			room *= 2;
			ids = repalloc_huge(ids, sizeof(int32) * room);
		}
		ids[n++] = DatumGetInt32(slot_getattr(scan.slot, column, &isnull));
	}
	key_scan_end(&scan);
	*nresources = n;
	return ids;
}
