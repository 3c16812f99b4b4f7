/*-------------------------------------------------------------------------
 *
 * budget.c
 *	  Whoever changes a price changes what was spent.
 *
 * A budget is a quota of costs.  What is left of it is derived from reservations
 * and prices.  Where there is one, prices are changed while nobody reserves, and
 * what is left of all budgets is derived anew by the next who needs it.
 *
 * INV: whoever counts a reservation against a budget goes by the prices by which
 * it was counted, or will be given back.  He has RowExclusiveLock on
 * arbiter_reservation, and who changes prices has ShareRowExclusiveLock on it, if
 * there is a budget.  That there is none, he knows because he has RowExclusiveLock
 * on arbiter_price: who makes the first budget takes ShareLock on that.
 *
 * He makes budgets unbuilt when he has a resource, against the order of locks: but
 * whoever has anything of a budget, and waits for a resource, is in that table.
 *
 *-------------------------------------------------------------------------
 */
#include "price/budget.h"

#include "access/table.h"
#include "charge/quota.h"
#include "commands/tablecmds.h"
#include "support/locks.h"
#include "support/relations.h"
#include "timeline/timeline.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/*
 * All budgets, ascending by id.
 */
static Quota *
list_budgets(int *nbudgets)
{
	Snapshot	snapshot = latest_snapshot();
	Quota	   *quotas = quota_list_all(snapshot, nbudgets);
	int			n = 0;

	UnregisterSnapshot(snapshot);
	for (int i = 0; i < *nbudgets; i++)
	{
		if (quotas[i].measure == QUOTA_COST)
			quotas[n++] = quotas[i];
	}
	*nbudgets = n;
	return quotas;
}

/*
 * prices_may_change keeps everybody from reserving, if there is a budget, to the
 * end of the transaction.  It is called before anything is locked, and once more
 * when arbiter_price is: a first budget may have come meanwhile.
 *
 * Errors: 55006 a statement of ours is reserving.  Locks: ShareRowExclusiveLock on
 * arbiter_reservation.
 */
void
prices_may_change(void)
{
	int			n;
	Relation	rel;

	(void) list_budgets(&n);
	if (n == 0)
		return;
	rel = table_open(arbiter_relations()->reservation, ShareRowExclusiveLock);
	CheckTableNotInUse(rel, "change prices that reservations are counted by, of table");
	table_close(rel, NoLock);
}

/*
 * prices_changed makes every budget unbuilt, after rows of arbiter_price were
 * written.  The caller has RowExclusiveLock on that table.
 *
 * Errors and locks as prices_may_change(); and every chunk of a budget.
 */
void
prices_changed(void)
{
	int			n;
	Quota	   *budgets;

	prices_may_change();
	budgets = list_budgets(&n);
	/* by id of the timeline, which is below zero: from the last one */
	for (int i = n - 1; i >= 0; i--)
		timeline_unbuild(quota_timeline_id(budgets[i].id));
}
