/*-------------------------------------------------------------------------
 *
 * template.c
 *	  Look up templates.
 *
 * The current version of a template is the highest one of its name that a
 * snapshot sees.  Versions are never changed, so whoever has read one needs no
 * lock on it: a version that is made meanwhile is for those who come later.
 *
 *-------------------------------------------------------------------------
 */
#include "template/template.h"

#include "catalog/pg_collation.h"
#include "support/key_scan.h"
#include "support/relations.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

void
template_unknown_error(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("template \"%s\" does not exist", name),
			 errhint("Define it with arbiter_set_template().")));
}

/*
 * template_find finds the current version of a template, without its items;
 * false if there is none.
 */
bool
template_find(const char *name, Snapshot snapshot, Template *template)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->template_column;
	KeyScan		scan;
	ScanKeyData key;
	bool		found = false;
	bool		isnull;

	ScanKeyEntryInitialize(&key, 0, 1, BTEqualStrategyNumber, InvalidOid,
						   DEFAULT_COLLATION_OID, F_TEXTEQ,
						   CStringGetTextDatum(name));
	key_scan_begin(&scan, relations->template, &relations->template_name_version_key,
				   snapshot, &key, 1);
	while (key_scan_next(&scan))
	{
		/* ascending by version */
		found = true;
		template->id = DatumGetInt32(slot_getattr(scan.slot, columns[TEMPLATE_ID], &isnull));
		template->version = DatumGetInt32(slot_getattr(scan.slot, columns[TEMPLATE_VERSION], &isnull));
		(void) slot_getattr(scan.slot, columns[TEMPLATE_RETIRED_AT], &isnull);
		template->retired = !isnull;
		template->tid = scan.slot->tts_tid;
	}
	key_scan_end(&scan);
	template->bundle = (Bundle) {.name = name};
	return found;
}

/*
 * template_read_items reads the items of a version.
 */
void
template_read_items(Template *template, Snapshot snapshot)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->template_item_column;
	Bundle	   *bundle = &template->bundle;
	KeyScan		scan;
	ScanKeyData key;
	int			room = 8;

	bundle->items = palloc(sizeof(BundleItem) * room);
	bundle->nitems = 0;
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(template->id));
	key_scan_begin(&scan, relations->template_item, &relations->template_item_pkey,
				   snapshot, &key, 1);
	while (key_scan_next(&scan))
	{
		BundleItem *item;
		Datum		value;
		bool		isnull;

		if (bundle->nitems == room)
		{
			room *= 2;
			bundle->items = repalloc_huge(bundle->items, sizeof(BundleItem) * room);
		}
		item = &bundle->items[bundle->nitems++];
		item->resource_id = DatumGetInt32(slot_getattr(scan.slot, columns[TEMPLATE_ITEM_RESOURCE_ID], &isnull));
		value = slot_getattr(scan.slot, columns[TEMPLATE_ITEM_RESOURCE_TYPE], &isnull);
		item->resource_type = isnull ? NULL : TextDatumGetCString(value);
		item->amount = DatumGetInt64(slot_getattr(scan.slot, columns[TEMPLATE_ITEM_AMOUNT], &isnull));
	}
	key_scan_end(&scan);
	/* rows of an import may be in any order */
	bundle_sort(bundle);
}

/*
 * template_get finds the current version of a template with its items.
 *
 * 42704 if there is none of that name, 55000 if it is retired or has no items.
 */
void
template_get(const char *name, Snapshot snapshot, Template *template)
{
	if (!template_find(name, snapshot, template))
		template_unknown_error(name);
	if (template->retired)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("template \"%s\" is retired", name),
				 errdetail("It was dropped by arbiter_drop_template() after version %d.",
						   template->version),
				 errhint("Define it anew with arbiter_set_template().")));
	template_read_items(template, snapshot);
	if (template->bundle.nitems == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("version %d of template \"%s\" has no items",
						template->version, name),
				 errdetail("There is no row for it in arbiter_template_item."),
				 errhint("Define it anew with arbiter_set_template(), or load its items.")));
}
