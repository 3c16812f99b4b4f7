/*-------------------------------------------------------------------------
 *
 * quota_fit.h
 *	  When, and how much, the quotas of a user allow.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_QUOTA_FIT_H
#define ARBITER_QUOTA_FIT_H

#include "postgres.h"

#include "booking/request.h"
#include "charge/charge.h"

/* the quotas that a request for one range of one resource counts against */
typedef struct QuotaFit
{
	const Request *request;
	Quota	   *quotas;
	TimelineView *views;
	int			nquotas;
} QuotaFit;

extern bool quota_limits(const Request *request);
extern void quota_fit_begin(QuotaFit *fit, const Request *request,
							Snapshot snapshot);
extern TimestampTz quota_fit_next(QuotaFit *fit, TimestampTz start);
extern int64 quota_fit_largest(QuotaFit *fit);
extern int64 quota_largest(const Charge *charge, int64 amount, int64 available);

#endif							/* ARBITER_QUOTA_FIT_H */
