/*-------------------------------------------------------------------------
 *
 * ledger.h
 *	  What is left of resources while many requests are decided in turn.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_LEDGER_H
#define ARBITER_LEDGER_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "resource/resource.h"
#include "utils/hsearch.h"

/* one resource; an interval is from one bound to the next */
typedef struct LedgerAccount
{
	int32		resource_id;	/* hash key */
	Resource	resource;
	TimestampTz *bounds;		/* ascending, when loaded */
	int			nbounds;
	int			room;
	int		   *covered;		/* by how many ranges, by interval */
	int			nleaves;		/* of the trees, a power of 2 */
	int64	   *all;			/* trees of what is available; nodes from 1 */
	int64	   *ordinary;		/* less the float; may be the same one */
	int64	   *change;			/* taken from all that is below a node */
	TimelineView all_view;
	TimelineView ordinary_view;
} LedgerAccount;

typedef struct Ledger
{
	HTAB	   *accounts;
	List	   *order;			/* of the accounts, as they came */
} Ledger;

extern void ledger_init(Ledger *ledger);
extern LedgerAccount *ledger_account(Ledger *ledger, const Resource *resource);
extern void ledger_expect(LedgerAccount *account, TimestampTz start,
						  TimestampTz end);
extern void ledger_load(Ledger *ledger, TimestampTz clock, bool add_expired,
						Snapshot snapshot);
extern void ledger_reset(Ledger *ledger);
extern int64 ledger_available(LedgerAccount *account, bool tryout,
							  TimestampTz start, TimestampTz end,
							  TimestampTz *instant);
extern void ledger_take(LedgerAccount *account, TimestampTz start,
						TimestampTz end, int64 amount);
extern Segment *ledger_taken(LedgerAccount *account, int *nsegments);

#endif							/* ARBITER_LEDGER_H */
