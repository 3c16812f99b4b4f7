/*-------------------------------------------------------------------------
 *
 * trace.h
 *	  What was done to a reservation, for the books.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_TRACE_H
#define ARBITER_TRACE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "utils/jsonb.h"

extern Jsonb *trace_evacuation(Jsonb *attributes, const char *from,
							   const char *to, TimestampTz at);

#endif							/* ARBITER_TRACE_H */
