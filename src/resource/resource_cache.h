/*-------------------------------------------------------------------------
 *
 * resource_cache.h
 *	  Resources that this backend has looked up.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_RESOURCE_CACHE_H
#define ARBITER_RESOURCE_CACHE_H

#include "postgres.h"

#include "resource/resource.h"
#include "executor/tuptable.h"
#include "utils/rel.h"

extern bool resource_cache_find(const char *name, Snapshot snapshot,
								Resource *resource);
extern bool resource_cache_find_by_id(int32 resource_id, Snapshot snapshot,
									  Resource *resource);
extern void resource_cache_add(Relation rel, TupleTableSlot *slot,
							   const Resource *resource);
extern void resource_cache_changed(void);

#endif							/* ARBITER_RESOURCE_CACHE_H */
