/*-------------------------------------------------------------------------
 *
 * trigger_call.c
 *	  How trigger functions are called.
 *
 *-------------------------------------------------------------------------
 */
#include "support/trigger_call.h"

#include "access/table.h"
#include "catalog/pg_trigger.h"
#include "support/relations.h"
#include "utils/rel.h"

/*
 * trigger_data returns the context of a trigger function, which refuses to be
 * called in any other way than it was made for.
 */
TriggerData *
trigger_data(FunctionCallInfo fcinfo, const char *name, bool proper)
{
	if (!CALLED_AS_TRIGGER(fcinfo) || !proper)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" can only be used by the triggers of the extension",
						name)));
	return (TriggerData *) fcinfo->context;
}

/*
 * own_trigger_always_fires tells whether a row trigger of ours, by its number in
 * ArbiterRelations, fires for whoever changes a row of a table.
 */
bool
own_trigger_always_fires(Oid relid, int which)
{
	Oid			function = arbiter_relations()->own_trigger[which];
	Relation	rel = table_open(relid, AccessShareLock);
	TriggerDesc *list = rel->trigdesc;
	bool		fires = false;

	for (int i = 0; list != NULL && i < list->numtriggers; i++)
	{
		const Trigger *trigger = &list->triggers[i];

		if (trigger->tgfoid == function && TRIGGER_FOR_ROW(trigger->tgtype) &&
			trigger->tgenabled == TRIGGER_FIRES_ALWAYS)
			fires = true;
	}
	table_close(rel, AccessShareLock);
	return fires;
}
