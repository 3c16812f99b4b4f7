/*-------------------------------------------------------------------------
 *
 * children.h
 *	  Resources whose capacity is a reservation of another one.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_CHILDREN_H
#define ARBITER_CHILDREN_H

#include "postgres.h"

#include "resource/resource.h"

typedef struct Child
{
	int32		resource_id;
	int64		reservation_id; /* its capacity is this reservation ... */
	int32		parent_resource_id; /* ... of this resource */
} Child;

/* those of reservations that are about to be changed */
typedef struct Children
{
	Child	   *children;		/* ascending by resource_id, once locked */
	int			n;
	int			room;
} Children;

extern bool children_exist(void);
extern void children_find(Children *children, const int64 *reservation_ids,
						  int n);
extern void children_find_of_resource(Children *children, int32 resource_id);
extern bool children_include(const Children *children, int64 reservation_id,
							 int32 parent_resource_id);
extern void children_lock(Children *children);
extern void children_follow(const Children *children, bool force);
extern void children_clear_all(void);
pg_noreturn extern void child_capacity_error(const Resource *child);

#endif							/* ARBITER_CHILDREN_H */
