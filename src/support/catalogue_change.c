/*-------------------------------------------------------------------------
 *
 * catalogue_change.c
 *	  Tell every backend that the model of providers has changed.
 *
 * What backends know of providers they keep until the relation cache says that
 * arbiter_provider was changed: whoever writes any of the tables of the model
 * sends such an invalidation, which others get when he commits.
 *
 *-------------------------------------------------------------------------
 */
#include "support/catalogue_change.h"

#include "support/relations.h"
#include "support/trigger_call.h"
#include "utils/inval.h"

/*
 * catalogue_tables lists the tables of which a change is to be sent.
 */
void
catalogue_tables(Oid tables[CATALOGUE_NTABLES])
{
	const ArbiterRelations *relations = arbiter_relations();
	const Oid	all[CATALOGUE_NTABLES] = {
		relations->partition, relations->provider, relations->resource_type,
		relations->inventory, relations->capability,
		relations->provider_capability, relations->provider_group,
		relations->provider_group_member, relations->distance_type,
		relations->distance, relations->provider_distance
	};

	memcpy(tables, all, sizeof(all));
}

/*
 * is_catalogue_table tells whether a table is one of those of which a change is
 * to be sent.
 */
bool
is_catalogue_table(Oid relid)
{
	Oid			tables[CATALOGUE_NTABLES];

	catalogue_tables(tables);
	for (int i = 0; i < CATALOGUE_NTABLES; i++)
	{
		if (tables[i] == relid)
			return true;
	}
	return false;
}

/*
 * catalogue_changed is called when rows of the model were written.
 */
void
catalogue_changed(void)
{
	CacheInvalidateRelcacheByRelid(arbiter_relations()->provider);
}

/*
 * catalogue_changes_are_sent tells whether what is known of providers may be
 * kept: not while somebody has disabled the triggers.  To enable or disable one
 * sends an invalidation of its table, not of arbiter_provider, so whoever keeps
 * something watches all of them with is_catalogue_table().
 */
bool
catalogue_changes_are_sent(void)
{
	Oid			tables[CATALOGUE_NTABLES];

	catalogue_tables(tables);
	for (int i = 0; i < CATALOGUE_NTABLES; i++)
	{
		if (!own_trigger_always_fires(tables[i], ARBITER_CATALOGUE_TRIGGER))
			return false;
	}
	return true;
}
