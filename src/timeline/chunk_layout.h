/*-------------------------------------------------------------------------
 *
 * chunk_layout.h
 *	  Where chunks begin and end: create, split and merge them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_CHUNK_LAYOUT_H
#define ARBITER_CHUNK_LAYOUT_H

#include "postgres.h"

#include "timeline/chunk_store.h"

/*
 * About a month: wide enough that a quiet resource has few rows, narrow enough
 * that its months do not wait for each other.  Cells are aligned on
 * PostgreSQL's epoch; the last one ends at infinity.
 */
#define CHUNK_SPAN	(30 * USECS_PER_DAY)

/* a chunk and what it becomes */
typedef struct ChunkEdit
{
	Chunk		chunk;			/* as it was read; stored is valid if shifted */
	bool		shifted;		/* by delta, as a whole; steps are not used */
	int64		delta;
	const Segment *segments;	/* that touch it */
	int			nsegments;
	Step	   *steps;			/* its new steps */
	int			nsteps;
} ChunkEdit;

typedef enum LayoutResult
{
	LAYOUT_DONE,
	LAYOUT_WAITED,				/* for another transaction: read anew */
	LAYOUT_CONCURRENT			/* another transaction has changed it */
} LayoutResult;

extern bool chunk_layout_is_free(ChunkStore *store, int32 resource_id,
								 TimestampTz start, TimestampTz end);
extern LayoutResult chunk_layout_create(ChunkStore *store, int32 resource_id,
										TimestampTz start, TimestampTz end,
										const Segment *segments, int nsegments);
extern LayoutResult chunk_layout_write(ChunkStore *store, const ChunkEdit *edit,
									   Snapshot snapshot);
extern bool chunk_layout_is_sparse(int nsteps);
extern void chunk_layout_merge(ChunkStore *store, int32 resource_id,
							   TimestampTz start);

#endif							/* ARBITER_CHUNK_LAYOUT_H */
