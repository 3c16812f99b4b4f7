/*-------------------------------------------------------------------------
 *
 * ledger.c
 *	  What is left of resources while many requests are decided in turn.
 *
 * Where a call decides many requests, each must see what the ones before it
 * took.  To write every one to the timeline for the next one to read would cost
 * a version of a chunk per request, and could not be taken back.  So the ledger
 * reads, once, what is available over all the ranges it is told to expect, and
 * the requests are decided on that; the timeline then gets the net of them.
 *
 * The ends of the expected ranges cut time into intervals, and all a request
 * can ask about an interval is its minimum.  The minima are leaves of a tree
 * (ledger_tree.c): to ask and to take are logarithmic in the number of ranges,
 * and the steps of the timeline are looked at no more than once each.
 *
 * There are two trees, because ordinary users do not see the float; what is
 * taken is taken from both.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/ledger.h"

#include "booking/ledger_tree.h"
#include "miscadmin.h"
#include "support/compare.h"

/*
 * ledger_init makes an empty ledger.
 */
void
ledger_init(Ledger *ledger)
{
	HASHCTL		control = {
		.keysize = sizeof(int32),
		.entrysize = sizeof(LedgerAccount),
		.hcxt = CurrentMemoryContext
	};

	ledger->accounts = hash_create("arbiter ledger", 32, &control,
								   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	ledger->order = NIL;
}

/*
 * ledger_account returns the account of a resource.
 */
LedgerAccount *
ledger_account(Ledger *ledger, const Resource *resource)
{
	bool		found;
	LedgerAccount *account = hash_search(ledger->accounts, &resource->id,
										 HASH_ENTER, &found);

	if (!found)
	{
		memset((char *) account + sizeof(int32), 0,
			   sizeof(LedgerAccount) - sizeof(int32));
		account->resource = *resource;
		ledger->order = lappend(ledger->order, account);
	}
	return account;
}

/*
 * ledger_expect prepares an account to be asked about a range; before it is
 * loaded.
 */
void
ledger_expect(LedgerAccount *account, TimestampTz start, TimestampTz end)
{
	if (account->nbounds + 2 > account->room)
	{
		account->room = Max(16, 2 * account->room);
		if (account->bounds == NULL)
			account->bounds = palloc(sizeof(TimestampTz) * account->room);
		else
			account->bounds = repalloc_huge(account->bounds,
											sizeof(TimestampTz) * account->room);
	}
	account->bounds[account->nbounds++] = start;
	account->bounds[account->nbounds++] = end;
}

/* the interval that starts at a bound, or the number of intervals */
static int
find_bound(const LedgerAccount *account, TimestampTz instant)
{
	int			low = 0;
	int			high = account->nbounds - 1;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (account->bounds[middle] < instant)
			low = middle + 1;
		else
			high = middle;
	}
	Assert(account->bounds[low] == instant);
	return low;
}

/*
 * Cut time at the bounds, once; count by how many ranges each interval is
 * covered.
 */
static void
make_intervals(LedgerAccount *account)
{
	int			nranges = account->nbounds / 2;
	TimestampTz *ranges;
	int			n = 0;

	if (account->covered != NULL)
		return;
	ranges = palloc_extended(sizeof(TimestampTz) * 2 * (Size) nranges,
							 MCXT_ALLOC_HUGE);
	memcpy(ranges, account->bounds, sizeof(TimestampTz) * account->nbounds);
	qsort(account->bounds, account->nbounds, sizeof(TimestampTz), compare_int64);
	for (int i = 0; i < account->nbounds; i++)
	{
		if (n == 0 || account->bounds[i] != account->bounds[n - 1])
			account->bounds[n++] = account->bounds[i];
	}
	account->nbounds = n;

	account->covered = palloc_extended(sizeof(int) * (Size) n,
									   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < nranges; i++)
	{
		account->covered[find_bound(account, ranges[2 * i])]++;
		account->covered[find_bound(account, ranges[2 * i + 1])]--;
	}
	for (int i = 1; i < n; i++)
		account->covered[i] += account->covered[i - 1];
	pfree(ranges);

	account->nleaves = 1;
	while (account->nleaves < n - 1)
		account->nleaves *= 2;
	account->change = palloc_extended(sizeof(int64) * 2 * account->nleaves,
									  MCXT_ALLOC_HUGE);
}

/*
 * Read the minima of the intervals [first, last), which are all covered.
 */
static void
read_minima(const LedgerAccount *account, const TimelineView *view, int first,
			int last, int64 *leaves)
{
	const TimestampTz *bounds = account->bounds;
	TimelineScan scan;
	TimelineStretch stretch;
	int			interval = first;

	timeline_scan_begin(&scan, view, bounds[first], bounds[last]);
	while (timeline_scan_next(&scan, &stretch))
	{
		CHECK_FOR_INTERRUPTS();
		while (interval < last && bounds[interval + 1] <= stretch.start)
			interval++;
		for (int i = interval; i < last && bounds[i] < stretch.end; i++)
		{
			int64		minimum = stretch.minimum;
			int64		where;

			/* the header decides most chunks */
			if (minimum >= leaves[i])
				continue;
			if (bounds[i] > stretch.start || bounds[i + 1] < stretch.end)
			{
				timeline_stretch_unpack(&stretch);
				minimum = steps_minimum(stretch.steps, stretch.nsteps,
										stretch.end, bounds[i], bounds[i + 1],
										&where);
			}
			leaves[i] = Min(leaves[i], minimum);
		}
		timeline_stretch_free(&stretch);
	}
	timeline_scan_end(&scan);
}

/*
 * Make the tree of a view: leaves in the second half, as they are in the
 * timeline.
 */
static int64 *
read_tree(const LedgerAccount *account, const TimelineView *view)
{
	int			nintervals = account->nbounds - 1;
	int64	   *tree = palloc_extended(sizeof(int64) * 2 * account->nleaves,
									   MCXT_ALLOC_HUGE);
	int64	   *leaves = tree + account->nleaves;

	for (int i = 0; i < account->nleaves; i++)
		leaves[i] = PG_INT64_MAX;
	for (int first = 0; first < nintervals;)
	{
		int			last = first;

		while (last < nintervals && account->covered[last] > 0)
			last++;
		if (last > first)
			read_minima(account, view, first, last, leaves);
		first = last + 1;
	}
	return tree;
}

/*
 * ledger_reset forgets what was taken.
 */
void
ledger_reset(Ledger *ledger)
{
	ListCell   *cell;

	foreach(cell, ledger->order)
	{
		LedgerAccount *account = lfirst(cell);

		if (account->nbounds > 0)
			ledger_tree_reset(account);
	}
}

/*
 * Make a view of an account, for those who may have the float or may not.
 */
static void
make_view(const LedgerAccount *account, bool tryout, TimestampTz clock,
		  bool add_expired, Snapshot snapshot, TimelineView *view)
{
	Terms		terms = resource_terms(&account->resource, tryout, clock);

	timeline_view_init(view, account->resource.id, &terms,
					   add_expired ? clock : DT_NOBEGIN, account->bounds[0],
					   account->bounds[account->nbounds - 1], snapshot);
}

/*
 * ledger_load reads what is available over the ranges that are expected; may be
 * called again, with another snapshot.  The snapshot must outlive the ledger.
 *
 * add_expired: holds that have expired by the clock are free.
 */
void
ledger_load(Ledger *ledger, TimestampTz clock, bool add_expired,
			Snapshot snapshot)
{
	ListCell   *cell;

	foreach(cell, ledger->order)
	{
		LedgerAccount *account = lfirst(cell);

		if (account->nbounds == 0)
			continue;
		make_intervals(account);
		if (account->all != NULL)
			pfree(account->all);
		if (account->ordinary != account->all)
			pfree(account->ordinary);

		make_view(account, true, clock, add_expired, snapshot, &account->all_view);
		account->all = account->ordinary = read_tree(account, &account->all_view);
		account->ordinary_view = account->all_view;
		if (account->resource.float_share > 0)
		{
			make_view(account, false, clock, add_expired, snapshot,
					  &account->ordinary_view);
			account->ordinary = read_tree(account, &account->ordinary_view);
		}
		ledger_tree_reset(account);
	}
}

/*
 * ledger_available returns the smallest availability over a range that was
 * expected; with instant, also where that is.
 */
int64
ledger_available(LedgerAccount *account, bool tryout, TimestampTz start,
				 TimestampTz end, TimestampTz *instant)
{
	const int64 *tree = tryout ? account->all : account->ordinary;
	int			first = find_bound(account, start);
	int			last = find_bound(account, end);
	int64		minimum = ledger_tree_minimum(account, tree, first, last);

	if (instant != NULL)
	{
		int			leaf = ledger_tree_find(account, tree, first, last, minimum);

		/* what was taken, was taken from all of it */
		(void) timeline_minimum(tryout ? &account->all_view : &account->ordinary_view,
								account->bounds[leaf], account->bounds[leaf + 1],
								instant);
	}
	return minimum;
}

/*
 * ledger_take takes an amount over a range that was expected; a negative one is
 * given back.
 */
void
ledger_take(LedgerAccount *account, TimestampTz start, TimestampTz end,
			int64 amount)
{
	ledger_tree_add(account, find_bound(account, start),
					find_bound(account, end), -amount);
}

/*
 * ledger_taken returns what was taken, as segments to be added to a view.
 */
Segment *
ledger_taken(LedgerAccount *account, int *nsegments)
{
	Segment    *segments = palloc_extended(sizeof(Segment) * account->nbounds,
										   MCXT_ALLOC_HUGE);

	*nsegments = ledger_tree_taken(account, segments);
	return segments;
}
