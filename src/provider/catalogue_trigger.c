/*-------------------------------------------------------------------------
 *
 * catalogue_trigger.c
 *	  After rows of the model of providers were written.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "support/catalogue_change.h"
#include "support/trigger_call.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(arbiter_catalogue_trigger);

/*
 * arbiter_catalogue_trigger() AFTER ROW, AFTER TRUNCATE STATEMENT
 *							   ON the tables of the model
 *
 * Lets backends forget what they know of providers.
 *
 * Errors: 39P01.  Locks: none.
 */
Datum
arbiter_catalogue_trigger(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = trigger_data(fcinfo, "arbiter_catalogue_trigger",
										CALLED_AS_TRIGGER(fcinfo));

	if (!TRIGGER_FIRED_AFTER(trigger->tg_event) ||
		(!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) &&
		 !TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event)) ||
		!is_catalogue_table(RelationGetRelid(trigger->tg_relation)))
		(void) trigger_data(fcinfo, "arbiter_catalogue_trigger", false);
	catalogue_changed();
	return PointerGetDatum(NULL);
}
