/*-------------------------------------------------------------------------
 *
 * charge.h
 *	  What a reservation counts against quotas.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_CHARGE_H
#define ARBITER_CHARGE_H

#include "postgres.h"

#include "charge/quota.h"

/*
 * What would be more counts as this, which no limit allows: what is there when a
 * quota comes must not keep anybody from giving it back.
 */
#define CHARGE_MAX		(QUOTA_UNLIMITED - 1)

/* what is left of a quota becomes less by amount over [start, end) */
typedef struct Charge
{
	int32		quota_id;
	TimestampTz start;
	TimestampTz end;
	int64		amount;
} Charge;

typedef struct Charges
{
	Charge	   *charges;
	int			n;
	int			room;
} Charges;

extern void charge_quota(Charges *charges, Quota *quota, int32 resource_id,
						 TimestampTz start, TimestampTz end, int64 amount);
extern bool charges_are_cut(const Charges *charges);
extern void charge_all(Charges *charges, const char *user_id,
					   int32 resource_id, TimestampTz start, TimestampTz end,
					   int64 amount);

#endif							/* ARBITER_CHARGE_H */
