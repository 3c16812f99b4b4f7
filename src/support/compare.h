/*-------------------------------------------------------------------------
 *
 * compare.h
 *	  The order of numbers, for qsort() and bsearch().
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_COMPARE_H
#define ARBITER_COMPARE_H

#include "postgres.h"

extern int	compare_int32(const void *a, const void *b);
extern int	compare_int64(const void *a, const void *b);

#endif							/* ARBITER_COMPARE_H */
