/*-------------------------------------------------------------------------
 *
 * quota_refusal.h
 *	  Why a quota refuses.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_QUOTA_REFUSAL_H
#define ARBITER_QUOTA_REFUSAL_H

#include "postgres.h"

#include "booking/refusal.h"

/* what a quota has not enough of */
typedef struct QuotaShortage
{
	int32		quota_id;
	TimestampTz instant;
	int64		available;		/* there, in what the quota is counted in ... */
	int64		asked;			/* ... as is this */
} QuotaShortage;

extern QuotaShortage quota_shortage(const TimelineChange *change,
									const TimelineRefusal *where);
extern void refuse_quota(const Request *request,
						 const QuotaShortage *shortage, Refusal *refusal);
extern void refuse_request(const Request *request,
						   const TimelineChange *change,
						   const TimelineRefusal *where, Refusal *refusal);

#endif							/* ARBITER_QUOTA_REFUSAL_H */
