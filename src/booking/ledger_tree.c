/*-------------------------------------------------------------------------
 *
 * ledger_tree.c
 *	  The minima of a ledger, and what is taken from them.
 *
 * The minima of the intervals are the leaves of a tree whose nodes have the minimum
 * of what is below them; an amount taken over many intervals is noted at the few
 * nodes that make them up (a segment tree with marks that are never pushed down).
 * The marks are one array for both trees of an account, since what is taken is taken
 * from both.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/ledger_tree.h"

/* a node, which has the leaves [start, start + width) below it */
typedef struct TreeNode
{
	int			number;
	int			start;
	int			width;
} TreeNode;

static TreeNode
left_child(TreeNode node)
{
	return (TreeNode) {2 * node.number, node.start, node.width / 2};
}

static TreeNode
right_child(TreeNode node)
{
	return (TreeNode) {2 * node.number + 1, node.start + node.width / 2, node.width / 2};
}

static TreeNode
root_of(const LedgerAccount *account)
{
	return (TreeNode) {1, 0, account->nleaves};
}

/* the minimum of a node, as far as the nodes above it leave it */
static int64
node_minimum(const LedgerAccount *account, const int64 *tree, int node)
{
	return tree[node] + account->change[node];
}

static void
update_node(LedgerAccount *account, int64 *tree, int node)
{
	tree[node] = Min(node_minimum(account, tree, 2 * node),
					 node_minimum(account, tree, 2 * node + 1));
}

/*
 * ledger_tree_reset forgets what was taken: minima are those of the leaves again.
 */
void
ledger_tree_reset(LedgerAccount *account)
{
	memset(account->change, 0, sizeof(int64) * 2 * account->nleaves);
	for (int node = account->nleaves - 1; node > 0; node--)
	{
		update_node(account, account->all, node);
		if (account->ordinary != account->all)
			update_node(account, account->ordinary, node);
	}
}

/*
 * The minimum of those of the leaves [first, last), one at least, that are
 * below a node.
 */
static int64
find_minimum(const LedgerAccount *account, const int64 *tree, TreeNode node,
			 int first, int last)
{
	int			middle = node.start + node.width / 2;
	int64		minimum;

	if (first <= node.start && last >= node.start + node.width)
		return node_minimum(account, tree, node.number);
	if (last <= middle)
		minimum = find_minimum(account, tree, left_child(node), first, last);
	else if (first >= middle)
		minimum = find_minimum(account, tree, right_child(node), first, last);
	else
		minimum = Min(find_minimum(account, tree, left_child(node), first, last),
					  find_minimum(account, tree, right_child(node), first, last));
	return minimum + account->change[node.number];
}

/*
 * ledger_tree_minimum returns the minimum of the leaves [first, last) of a tree,
 * of which there is one at least.
 */
int64
ledger_tree_minimum(const LedgerAccount *account, const int64 *tree, int first,
					int last)
{
	return find_minimum(account, tree, root_of(account), first, last);
}

/*
 * The first of the leaves [first, last) below a node that is as small as a
 * minimum, or -1.
 */
static int
find_leaf(const LedgerAccount *account, const int64 *tree, TreeNode node,
		  int first, int last, int64 minimum)
{
	int			leaf;

	if (node.start >= last || node.start + node.width <= first ||
		node_minimum(account, tree, node.number) > minimum)
		return -1;
	if (node.width == 1)
		return node.start;
	minimum -= account->change[node.number];
	leaf = find_leaf(account, tree, left_child(node), first, last, minimum);
	if (leaf >= 0)
		return leaf;
	return find_leaf(account, tree, right_child(node), first, last, minimum);
}

/*
 * ledger_tree_find returns the first of the leaves [first, last) that is as small
 * as a minimum.
 */
int
ledger_tree_find(const LedgerAccount *account, const int64 *tree, int first,
				 int last, int64 minimum)
{
	return find_leaf(account, tree, root_of(account), first, last, minimum);
}

/*
 * Change what is available at those of the leaves [first, last) that are below
 * a node.
 */
static void
add_amount(LedgerAccount *account, TreeNode node, int first, int last, int64 amount)
{
	if (node.start >= last || node.start + node.width <= first)
		return;
	if (first <= node.start && last >= node.start + node.width)
	{
		account->change[node.number] += amount;
		return;
	}
	add_amount(account, left_child(node), first, last, amount);
	add_amount(account, right_child(node), first, last, amount);
	update_node(account, account->all, node.number);
	if (account->ordinary != account->all)
		update_node(account, account->ordinary, node.number);
}

/*
 * ledger_tree_add changes what is available at the leaves [first, last).
 */
void
ledger_tree_add(LedgerAccount *account, int first, int last, int64 amount)
{
	add_amount(account, root_of(account), first, last, amount);
}

/* what was taken, if anything, of the leaves below a node */
static void
collect_taken(const LedgerAccount *account, TreeNode node, int64 change,
			  Segment *segments, int *nsegments)
{
	change += account->change[node.number];
	if (node.start >= account->nbounds - 1)
		return;
	if (node.width > 1)
	{
		collect_taken(account, left_child(node), change, segments, nsegments);
		collect_taken(account, right_child(node), change, segments, nsegments);
	}
	else if (change != 0)
		segments[(*nsegments)++] = (Segment) {
			.start = account->bounds[node.start],
			.end = account->bounds[node.start + 1],
			.delta = change
		};
}

/*
 * ledger_tree_taken writes what was taken, as one segment per interval, and
 * returns how many there are.
 */
int
ledger_tree_taken(const LedgerAccount *account, Segment *segments)
{
	int			nsegments = 0;

	collect_taken(account, root_of(account), 0, segments, &nsegments);
	return nsegments;
}
