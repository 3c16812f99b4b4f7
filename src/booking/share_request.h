/*-------------------------------------------------------------------------
 *
 * share_request.h
 *	  A request for a share of the capacity of a resource.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_SHARE_REQUEST_H
#define ARBITER_SHARE_REQUEST_H

#include "postgres.h"

#include "booking/refusal.h"
#include "capacity/share.h"

typedef struct ShareRequest
{
	int32		share;			/* of SHARE_ALL */
	Step	   *capacity;		/* declared, over the range of the request */
	int			ncapacity;
	Segment    *runs;			/* what the share comes to */
	int			nruns;
} ShareRequest;

extern void share_request_make(ShareRequest *asked, const Resource *resource,
							   Request *request);
extern bool share_request_refuse(const ShareRequest *asked,
								 const Request *request, Refusal *refusal);
extern void share_request_explain(const ShareRequest *asked,
								  const Request *request, Refusal *refusal);

#endif							/* ARBITER_SHARE_REQUEST_H */
