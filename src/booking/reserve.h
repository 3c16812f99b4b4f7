/*-------------------------------------------------------------------------
 *
 * reserve.h
 *	  What the SQL functions that reserve have in common.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_RESERVE_H
#define ARBITER_RESERVE_H

#include "postgres.h"

#include "booking/booking.h"
#include "fmgr.h"
#include "support/arguments.h"

extern void reserve_read_range(FunctionCallInfo fcinfo, int number,
							   TimeType type, ReserveCall *call);
extern void read_request_key(FunctionCallInfo fcinfo, int number,
							 ReserveCall *call);
extern void read_ttl(FunctionCallInfo fcinfo, int number, ReserveCall *call);
extern Datum reserve_or_raise(const char *function, ReserveCall *call);
extern Datum try_reserve(FunctionCallInfo fcinfo, const char *function,
						 ReserveCall *call);
extern Datum reserve_result_row(FunctionCallInfo fcinfo, const ReserveCall *call,
								const ReserveResult *result);

#endif							/* ARBITER_RESERVE_H */
