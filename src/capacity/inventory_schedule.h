/*-------------------------------------------------------------------------
 *
 * inventory_schedule.h
 *	  Resources whose capacity follows from how much a provider has.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_INVENTORY_SCHEDULE_H
#define ARBITER_INVENTORY_SCHEDULE_H

#include "postgres.h"

#include "capacity/schedule.h"
#include "resource/resource.h"

extern void totals_read(int32 resource_id, Schedule *totals);
extern void inventory_follow(int32 resource_id, bool force);
extern void inventories_follow(const int32 *resource_ids, int n);
pg_noreturn extern void inventory_capacity_error(const Resource *inventory);

#endif							/* ARBITER_INVENTORY_SCHEDULE_H */
