/*-------------------------------------------------------------------------
 *
 * drop.h
 *	  Drop a resource, and what belongs to it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_DROP_H
#define ARBITER_DROP_H

#include "postgres.h"

#include "resource/resource.h"

extern void resource_drop_contents(const Resource *resource, bool force);

#endif							/* ARBITER_DROP_H */
