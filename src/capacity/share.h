/*-------------------------------------------------------------------------
 *
 * share.h
 *	  Shares of declared capacity: how much they are, and when.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_SHARE_H
#define ARBITER_SHARE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "executor/tuptable.h"
#include "resource/resource.h"
#include "support/compat.h"
#include "timeline/steps.h"
#include "utils/numeric.h"
#include "utils/rel.h"

/* a share of everything; shares are in per cent, with two digits after the point */
#define SHARE_ALL	10000

extern Numeric check_share(Numeric share);
extern int32 share_scaled(Numeric share);
extern int32 share_of_row(TupleTableSlot *row);
extern int64 share_amount(int64 capacity, int32 share);
extern int32 share_largest(int64 capacity, int64 available);
extern char *share_text(int32 share);
extern Step *share_capacity(int32 resource_id, TimestampTz start,
							TimestampTz end, int *nsteps);
extern void share_add_run(Segment *runs, int *nruns, TimestampTz start,
						  TimestampTz end, int64 amount);
extern Segment *share_runs(const Step *steps, int nsteps, TimestampTz end,
						   int32 share, int *nruns);
pg_noreturn extern void share_trigger_error(Relation rel, int64 reservation_id,
											int32 part, int64 amount);
extern void share_check_kept(TupleTableSlot *old, TupleTableSlot *new,
							 bool may_shrink);

#endif							/* ARBITER_SHARE_H */
