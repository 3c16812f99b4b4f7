/*-------------------------------------------------------------------------
 *
 * definition.h
 *	  What those who define quotas share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_DEFINITION_H
#define ARBITER_DEFINITION_H

#include "postgres.h"

#include "charge/quota.h"
#include "storage/itemptr.h"

typedef struct QuotaLimit
{
	TimestampTz start;
	TimestampTz end;
	Datum		amount;			/* a numeric, in the units a user gives */
	ItemPointerData tid;
} QuotaLimit;

/* the limits of a quota, ascending and disjoint */
typedef struct QuotaLimits
{
	QuotaLimit *limits;
	int			n;
	int			room;
} QuotaLimits;

extern void definitions_lock(void);
extern Datum quota_check_limit(QuotaMeasure measure, Datum amount);
extern void quota_limits_read(int32 quota_id, QuotaLimits *limits);
extern void quota_limits_replace(const Quota *quota, const QuotaLimits *old,
								 TimestampTz start, TimestampTz end,
								 Datum amount, bool limited, bool built);

#endif							/* ARBITER_DEFINITION_H */
