/*-------------------------------------------------------------------------
 *
 * guard.h
 *	  What the triggers on the public tables share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_GUARD_H
#define ARBITER_GUARD_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "reservation/reservation.h"
#include "resource/resource.h"
#include "utils/hsearch.h"
#include "utils/tuplestore.h"

/* the resources of a COPY that are loaded unchecked, ascending */
typedef struct UncheckedLoad
{
	int32	   *resource_ids;
	int			n;
	bool		is_copy;
	HTAB	   *quotas;			/* of its rows: is their timeline built? */
} UncheckedLoad;

extern bool is_copy_into(Oid relid);
extern void load_charge(UncheckedLoad *load, const ReservationTake *take,
						NetChange *net);
extern void find_unchecked(Tuplestorestate *rows, TupleTableSlot *slot,
						   AttrNumber resource_column, UncheckedLoad *load);
extern bool is_unchecked(const UncheckedLoad *load, int32 resource_id);

extern void unbuild_quotas(void);

extern bool find_row_resource(int32 resource_id, Resource *resource);
extern bool keeps_occupied(int32 resource_id);

#endif							/* ARBITER_GUARD_H */
