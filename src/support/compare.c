/*-------------------------------------------------------------------------
 *
 * compare.c
 *	  The order of numbers, for qsort() and bsearch().
 *
 * Ids of resources and timelines, and of reservations, are put in order wherever
 * they are locked.
 *
 *-------------------------------------------------------------------------
 */
#include "support/compare.h"

/*
 * compare_int32 is the order of int32s, and of what begins with one.
 */
int
compare_int32(const void *a, const void *b)
{
	int32		left = *(const int32 *) a;
	int32		right = *(const int32 *) b;

	return (left > right) - (left < right);
}

/*
 * compare_int64 is that of int64s.
 */
int
compare_int64(const void *a, const void *b)
{
	int64		left = *(const int64 *) a;
	int64		right = *(const int64 *) b;

	return (left > right) - (left < right);
}
