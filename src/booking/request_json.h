/*-------------------------------------------------------------------------
 *
 * request_json.h
 *	  Requests that travel as a jsonb array.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_REQUEST_JSON_H
#define ARBITER_REQUEST_JSON_H

#include "postgres.h"

#include "booking/booking.h"
#include "support/fault.h"

/* one request of an array */
typedef struct JsonRequest
{
	int			number;			/* from 1 */
	ReserveCall call;
	Requirement requirement;	/* of one resource; call points here */
	bool		is_faulty;
	Fault		fault;			/* a condition of class RV, if is_faulty */
} JsonRequest;

extern JsonRequest *read_json_requests(Jsonb *array, int *nrequests);
extern bool find_json_resources(JsonRequest *request, Snapshot snapshot,
								Fault *fault);
pg_noreturn extern void raise_json_fault(const JsonRequest *request);

#endif							/* ARBITER_REQUEST_JSON_H */
