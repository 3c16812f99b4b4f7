/*-------------------------------------------------------------------------
 *
 * resource.h
 *	  Resources and their options.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_RESOURCE_H
#define ARBITER_RESOURCE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "executor/tuptable.h"
#include "lib/stringinfo.h"
#include "storage/itemptr.h"
#include "support/compat.h"
#include "support/fault.h"
#include "timeline/timeline.h"
#include "utils/snapshot.h"

/* flat but for the name: resource_cache.c copies it */
typedef struct Resource
{
	int32		id;
	char	   *name;
	ItemPointerData tid;		/* of the row that was read */
	bool		has_min_lead;
	Interval	min_lead;
	int64		granularity;	/* microseconds; 0: any instant */
	int64		setup_time;		/* microseconds */
	int64		cleanup_time;
	int32		float_share;	/* of capacity, FLOAT_SHARE_ALL being all of it */
	bool		has_overcommit; /* so there are both of these */
	int64		firm_horizon;	/* microseconds */
	int32		overcommit;		/* of capacity, OVERCOMMIT_ONE being all of it */
	bool		is_child;		/* its capacity is this reservation ... */
	int64		parent_reservation_id;
	int32		parent_resource_id; /* ... of this resource */
	bool		is_inventory;	/* it is what a provider has of a type */
	int32		provider_id;
} Resource;

extern int64 interval_length(const Interval *interval);
extern void resource_read(TupleTableSlot *slot, Resource *resource);
extern bool resource_find(const char *name, Snapshot snapshot,
						  Resource *resource);
extern void resource_get(const char *name, Snapshot snapshot,
						 Resource *resource);
extern bool resource_find_by_id(int32 resource_id, Snapshot snapshot,
								Resource *resource);
extern Resource *resource_list(Snapshot snapshot, int *nresources);
extern Resource *resource_same_unit(const Resource *resource,
									Snapshot snapshot, int *nresources);
extern int64 resource_of_type(const char *type, Snapshot snapshot,
							  Resource *resource, StringInfo names);
extern void resource_type_gains(TupleTableSlot *row);
extern void resource_type_may_change(void);
extern void resource_type_changes(TupleTableSlot *old, TupleTableSlot *new);
extern bool resource_has_type(const Resource *resource, const char *type,
							  Snapshot snapshot);
extern TimestampTz resource_earliest_start(const Resource *resource,
										   TimestampTz clock);
pg_noreturn extern void resource_unknown_error(const char *name);
pg_noreturn extern void resource_vanished_error(const char *name);
pg_noreturn extern void resource_unknown_id_error(int32 resource_id);
pg_noreturn extern void resource_lost_error(int32 resource_id);

extern bool resource_has_terms(const Resource *resource);
extern Terms resource_terms(const Resource *resource, bool tryout,
							TimestampTz clock);
extern void resource_view(TimelineView *view, const Resource *resource,
						  bool tryout, TimestampTz clock, TimestampTz from,
						  TimestampTz to, Snapshot snapshot);
extern void resource_occupied(const Resource *resource, TimestampTz *start,
							  TimestampTz *end);
extern bool is_aligned(TimestampTz start, TimestampTz end, int64 granularity);
extern bool range_is_misaligned(TimestampTz start, TimestampTz end,
								int64 granularity, const char *resource_name,
								Fault *fault);
extern void check_aligned(TimestampTz start, TimestampTz end,
						  int64 granularity, const char *resource_name);

/* where granularity is counted from: 1970-01-01 00:00 UTC */
#define GRANULARITY_ORIGIN \
	(-((int64) (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE)) * USECS_PER_DAY)

#endif							/* ARBITER_RESOURCE_H */
