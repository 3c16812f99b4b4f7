/*-------------------------------------------------------------------------
 *
 * evacuees.h
 *	  The reservations that are to leave a resource.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_EVACUEES_H
#define ARBITER_EVACUEES_H

#include "postgres.h"

#include "booking/change.h"
#include "booking/ledger_charges.h"

/* a reservation that should leave */
typedef struct Evacuee
{
	ChangePart *part;
	int32		number;			/* of the part */
	char	   *user_id;
	TimestampTz created_at;
	TimestampTz start;			/* of what it would occupy there */
	TimestampTz end;
	LedgerCharges counted;		/* against quotas, and not yet where it is */
	bool		hopeless;		/* does not fit, also without the others */
	bool		stays;			/* is in nobody's way any more */
	bool		moves;
	Fault		fault;			/* if it can do neither */
	bool		has_limit;		/* because of this: */
	TimestampTz limiting_time;
	int64		available;
} Evacuee;

typedef struct Evacuation
{
	Resource	from;
	Resource	to;
	TimestampTz start;
	TimestampTz end;
	bool		only_conflicts;
	Change		change;
	Evacuee    *evacuees;
	int			n;
	Ledger		ledger;
	LedgerAccount *source;		/* if only_conflicts */
	LedgerAccount *target;
	bool		mixed;			/* ordinary users and try-outs on a float */
} Evacuation;

typedef int (*EvacueeComparator) (const void *, const void *);

extern EvacueeComparator evacuees_order(const char *sort_order);
extern void evacuees_find(Evacuation *evacuation, EvacueeComparator compare);
extern void evacuees_open_ledger(Evacuation *evacuation);
extern void evacuees_find_hopeless(Evacuation *evacuation);
extern void evacuees_decide(Evacuation *evacuation);

#endif							/* ARBITER_EVACUEES_H */
