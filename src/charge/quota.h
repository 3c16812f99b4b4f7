/*-------------------------------------------------------------------------
 *
 * quota.h
 *	  Quotas: whose use of what is limited, and how it is counted.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_QUOTA_H
#define ARBITER_QUOTA_H

#include "postgres.h"

#include "charge/spending.h"
#include "datatype/timestamp.h"
#include "executor/tuptable.h"
#include "utils/snapshot.h"

typedef enum QuotaMeasure
{
	QUOTA_AMOUNT,				/* what is taken at an instant */
	QUOTA_UNIT_HOURS,			/* the integral of that over a window */
	QUOTA_COST					/* what that costs */
} QuotaMeasure;

/* where no limit is declared; what is taken is counted nevertheless */
#define QUOTA_UNLIMITED	(PG_INT64_MAX / 2)

/* integrals are counted in this: of a unit, one microsecond */
#define QUOTA_PARTS_PER_UNIT_HOUR	USECS_PER_HOUR

/* costs are counted in millionths */
#define QUOTA_PARTS_OF_MONEY	SPENDING_PARTS

/*
 * A quota.  What is left of it at every instant is a timeline as that of a
 * resource, with the id that quota_timeline_id() gives it.
 */
typedef struct Quota
{
	int32		id;
	bool		is_group;
	char	   *subject;		/* a user_id, or a group_id */
	bool		has_resource;
	int32		resource_id;
	char	   *resource_type;	/* NULL, and no resource: everything */
	QuotaMeasure measure;
	char	   *per;			/* of an integral: what its windows are ... */
	char	   *tz;				/* ... and in which time zone */
	TimestampTz window_start;	/* the window that was found last */
	TimestampTz window_end;
} Quota;

/* the timelines of quotas have ids below those of resources */
#define quota_timeline_id(quota_id)		(-(quota_id))
#define timeline_is_of_quota(resource_id)	((resource_id) < 0)

extern void quota_read(TupleTableSlot *row, Quota *quota);
extern bool quota_find(int32 quota_id, Snapshot snapshot, Quota *quota);
extern bool quota_has_member(const Quota *quota, const char *user_id,
							 Snapshot snapshot);
extern int64 quota_parts(QuotaMeasure measure);
extern Quota *quota_list_all(Snapshot snapshot, int *nquotas);
extern int32 *quota_resources(const Quota *quota, Snapshot snapshot,
							  int *nresources);

extern bool quotas_exist(void);
extern void quota_cache_changed(void);
extern Quota **quotas_of(const char *user_id, int32 resource_id, int *nquotas);

extern void quota_window(Quota *quota, TimestampTz instant,
						 TimestampTz *start, TimestampTz *end);

#endif							/* ARBITER_QUOTA_H */
