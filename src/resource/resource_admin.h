/*-------------------------------------------------------------------------
 *
 * resource_admin.h
 *	  What those who make and change rows of arbiter_resource share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_RESOURCE_ADMIN_H
#define ARBITER_RESOURCE_ADMIN_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "nodes/lockoptions.h"
#include "resource/resource.h"
#include "utils/rel.h"

pg_noreturn extern void inventory_change_error(const Resource *inventory);
extern void resource_check_name(const char *name);
extern void resource_lock_row(Relation rel, const char *name,
							  LockTupleMode mode, Resource *resource,
							  TupleTableSlot **row);

#endif							/* ARBITER_RESOURCE_ADMIN_H */
