/*-------------------------------------------------------------------------
 *
 * in_flight.h
 *	  Raw statements of this backend whose effect the timeline does not have
 *	  yet.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_IN_FLIGHT_H
#define ARBITER_IN_FLIGHT_H

#include "postgres.h"

#include "commands/trigger.h"

/* the event of a note by one of our functions, which are no triggers */
#define IN_FLIGHT_FUNCTION	TRIGGER_EVENT_TRUNCATE

extern bool in_flight_noted(Oid relid, int32 resource_id, TriggerEvent event);
extern void in_flight_add(Oid relid, int32 resource_id, TriggerEvent event);
extern void in_flight_done(Oid relid, TriggerEvent event);
extern void in_flight_refuse(Oid relid, int32 resource_id);

#endif							/* ARBITER_IN_FLIGHT_H */
