/*-------------------------------------------------------------------------
 *
 * refusal.h
 *	  Why a request is refused, and what would be granted instead.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_REFUSAL_H
#define ARBITER_REFUSAL_H

#include "postgres.h"

#include "booking/request.h"
#include "datatype/timestamp.h"
#include "support/compat.h"
#include "timeline/timeline.h"

typedef struct Refusal
{
	int			sqlstate;
	char	   *message;
	char	   *detail;
	char	   *hint;			/* NULL: none */
	int			limiting;		/* index of the requirement that fails */
	TimestampTz limiting_time;
	int64		available;		/* there */
	bool		has_earliest_start;
	TimestampTz earliest_start; /* of all spans together */
	int64		largest_amount; /* of the limiting resource, for the same range */
	bool		largest_unknown;	/* not searched for */
} Refusal;

extern bool refusal_first_outside(int32 resource_id, TimestampTz start,
								  TimestampTz end, Snapshot snapshot,
								  TimestampTz *instant);
extern void refusal_add_alternatives(const Request *request, TimestampTz from,
									 Snapshot snapshot, Refusal *refusal);
extern bool refuse_early_start(const Request *request, Refusal *refusal);
extern void refuse_outside(const Request *request, int which,
						   TimestampTz outside, Snapshot snapshot,
						   Refusal *refusal);
extern void refuse_capacity(const Request *request, int32 resource_id,
							const TimelineRefusal *where, Refusal *refusal);
pg_noreturn extern void refusal_raise(const Refusal *refusal);
pg_noreturn extern void refuse_statement(const TimelineChange *changes,
							 const TimelineRefusal *where);

#endif							/* ARBITER_REFUSAL_H */
