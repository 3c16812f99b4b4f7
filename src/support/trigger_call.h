/*-------------------------------------------------------------------------
 *
 * trigger_call.h
 *	  How trigger functions are called.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_TRIGGER_CALL_H
#define ARBITER_TRIGGER_CALL_H

#include "postgres.h"

#include "commands/trigger.h"
#include "fmgr.h"

extern TriggerData *trigger_data(FunctionCallInfo fcinfo, const char *name,
								 bool proper);

extern bool own_trigger_always_fires(Oid relid, int which);

#define FIRED(fcinfo, when, level) \
	(CALLED_AS_TRIGGER(fcinfo) && \
	 TRIGGER_FIRED_##when(((TriggerData *) (fcinfo)->context)->tg_event) && \
	 TRIGGER_FIRED_FOR_##level(((TriggerData *) (fcinfo)->context)->tg_event))

#endif							/* ARBITER_TRIGGER_CALL_H */
