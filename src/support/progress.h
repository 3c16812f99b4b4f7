/*-------------------------------------------------------------------------
 *
 * progress.h
 *	  Tell who waits for long work how far it has got.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_PROGRESS_H
#define ARBITER_PROGRESS_H

#include "postgres.h"

#include "datatype/timestamp.h"

typedef struct Progress
{
	const char *what;
	int64		done;
	int64		total;			/* 0: not known */
	TimestampTz told;			/* last, or when it began */
} Progress;

extern void progress_begin(Progress *progress, const char *what, int64 total);
extern void progress_step(Progress *progress);

#endif							/* ARBITER_PROGRESS_H */
