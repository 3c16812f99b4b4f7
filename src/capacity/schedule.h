/*-------------------------------------------------------------------------
 *
 * schedule.h
 *	  The declared schedule of a resource, in memory.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_SCHEDULE_H
#define ARBITER_SCHEDULE_H

#include "postgres.h"

#include "access/attnum.h"
#include "datatype/timestamp.h"
#include "storage/itemptr.h"
#include "timeline/steps.h"

/* a schedule in memory, and the rows it came from */
typedef struct Schedule
{
	Segment    *steps;
	ItemPointerData *tids;
	int			nsteps;
	int			room;
} Schedule;

extern void schedule_add(Schedule *schedule, TimestampTz start,
						 TimestampTz end, int64 amount);
extern bool schedule_equals(const Schedule *a, const Schedule *b);
extern void schedule_read_rows(Oid relid, const Oid *index,
							   AttrNumber during_column,
							   AttrNumber number_column, int32 resource_id,
							   Schedule *schedule);
extern void schedule_read(int32 resource_id, Schedule *schedule);
extern void schedule_replace(int32 resource_id, const Schedule *old,
							 const Schedule *new, bool force);

#endif							/* ARBITER_SCHEDULE_H */
