/*-------------------------------------------------------------------------
 *
 * ledger_tree.h
 *	  The minima of a ledger, and what is taken from them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_LEDGER_TREE_H
#define ARBITER_LEDGER_TREE_H

#include "postgres.h"

#include "booking/ledger.h"

extern void ledger_tree_reset(LedgerAccount *account);
extern int64 ledger_tree_minimum(const LedgerAccount *account,
								 const int64 *tree, int first, int last);
extern int	ledger_tree_find(const LedgerAccount *account, const int64 *tree,
							 int first, int last, int64 minimum);
extern void ledger_tree_add(LedgerAccount *account, int first, int last,
							int64 amount);
extern int	ledger_tree_taken(const LedgerAccount *account, Segment *segments);

#endif							/* ARBITER_LEDGER_TREE_H */
