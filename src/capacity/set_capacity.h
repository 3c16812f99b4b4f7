/*-------------------------------------------------------------------------
 *
 * set_capacity.h
 *	  Whose capacity may be declared.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_SET_CAPACITY_H
#define ARBITER_SET_CAPACITY_H

#include "postgres.h"

#include "resource/resource.h"

extern void check_capacity_is_declared(const Resource *resource);

#endif							/* ARBITER_SET_CAPACITY_H */
