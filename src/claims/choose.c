/*-------------------------------------------------------------------------
 *
 * choose.c
 *	  The providers on which a group fits, in the order to try them.
 *
 * In which order, is what the request chooses:
 *
 *	- at random: of two that fit, and that are drawn at random, the one that
 *	  nobody is busy with, or the emptier one, first.  So concurrent claims do not
 *	  meet on one provider, and load is nearly even (M. Mitzenmacher, The Power of
 *	  Two Choices in Randomized Load Balancing, 1996), without looking at more than
 *	  a few timelines.
 *
 *	- the fullest or the emptiest first: all that come into question are looked
 *	  at.  How full one is, is the mean of what is taken of the resources that
 *	  the group asks for.  Of those that are equally empty, one is drawn; of
 *	  those that are equally full, the first is as good as any.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/choose.h"

#include "common/pg_prng.h"
#include "miscadmin.h"
#include "port/pg_bitutils.h"

static bool
fits_on(Search *search, int group, int provider)
{
	int			before = search->nallocations;
	bool		fits = search_place_on(search, group, provider);

	search->nallocations = before;
	return fits;
}

/*
 * How empty a provider is, of what a group asks for: from 0 to 1, or less where
 * more is taken than there is.
 */
static double
emptiness(Search *search, int group, int provider)
{
	const GroupCandidates *candidates = &search->groups[group];
	double		sum = 0;

	for (int i = 0; i < candidates->asked->nresources; i++)
	{
		int64		capacity = search_capacity(search, group, i, provider);

		if (capacity > 0)
			sum += (double) search_left(search, group, i, provider, 0) / (double) capacity;
	}
	return sum / candidates->asked->nresources;
}

/* a member of a set that is not empty, each as likely as another */
static int
any_member(const Bitmapset *set)
{
	int			skip = (int) pg_prng_uint64_range(&pg_global_prng_state, 0,
												  bms_num_members(set) - 1);

	for (int word = 0;; word++)
	{
		bitmapword	bits = set->words[word];
		int			n = pg_popcount64(bits);

		if (skip >= n)
		{
			skip -= n;
			continue;
		}
		while (skip-- > 0)
			bits &= bits - 1;
		return word * BITS_PER_BITMAPWORD + pg_rightmost_one_pos64(bits);
	}
}

/*
 * Draw a provider on which a group fits, at random.  It is taken out of the set,
 * together with those that were drawn and do not fit; -1 if there is none.
 */
static int
draw(Search *search, int group, Bitmapset **providers)
{
	while (!bms_is_empty(*providers) && !search->given_up)
	{
		int			provider = any_member(*providers);

		CHECK_FOR_INTERRUPTS();
		*providers = bms_del_member(*providers, provider);
		if (fits_on(search, group, provider))
			return provider;
	}
	return -1;
}

/*
 * Is one provider to be tried before another that was drawn earlier?  If others
 * are busy with that one, for which a claim would have to wait, and not with this;
 * or if this one has more left of what the group asks for: of each resource, its
 * share of what both have together.
 */
static bool
is_better(Search *search, int group, int provider, int other)
{
	const GroupCandidates *candidates = &search->groups[group];
	double		sum = 0;
	bool		busy = false;
	bool		other_busy = false;

	for (int i = 0; i < candidates->asked->nresources; i++)
	{
		double		left = (double) search_left(search, group, i, provider, 0);
		double		others = (double) search_left(search, group, i, other, 0);

		sum += left / (left + others);
		busy |= search_is_contended(search, group, i, provider);
		other_busy |= search_is_contended(search, group, i, other);
	}
	if (busy != other_busy)
		return other_busy;
	return sum > candidates->asked->nresources / 2.0;
}

typedef struct Ranked
{
	int			provider;
	double		rank;			/* smallest first */
	uint32		draw;			/* then this */
} Ranked;

static int
compare_ranks(const void *a, const void *b)
{
	const Ranked *left = a;
	const Ranked *right = b;

	if (left->rank != right->rank)
		return left->rank < right->rank ? -1 : 1;
	if (left->draw != right->draw)
		return left->draw < right->draw ? -1 : 1;
	return (left->provider > right->provider) - (left->provider < right->provider);
}

/*
 * Rank all providers on which the group fits.
 */
static void
rank(Choice *choice)
{
	Search	   *search = choice->search;
	int			group = choice->group;
	Ranked	   *ranked = palloc(sizeof(Ranked) * Max(bms_num_members(choice->providers), 1));
	int			n = 0;
	int			provider = -1;

	while (!search->given_up &&
		   (provider = bms_next_member(choice->providers, provider)) >= 0)
	{
		CHECK_FOR_INTERRUPTS();
		if (!fits_on(search, group, provider))
			continue;
		ranked[n].provider = provider;
		ranked[n].rank = emptiness(search, group, provider);
		ranked[n].draw = 0;
		if (search->request->choice == CLAIM_SPREAD)
		{
			ranked[n].rank = -ranked[n].rank;
			ranked[n].draw = pg_prng_uint32(&pg_global_prng_state);
		}
		n++;
	}
	qsort(ranked, n, sizeof(Ranked), compare_ranks);
	choice->ranked = palloc(sizeof(int) * Max(n, 1));
	choice->nranked = n;
	for (int i = 0; i < n; i++)
		choice->ranked[i] = ranked[i].provider;
	pfree(ranked);
}

/*
 * choice_begin starts to choose among providers, a set that becomes the choice's
 * own.
 */
void
choice_begin(Choice *choice, Search *search, int group, Bitmapset *providers)
{
	memset(choice, 0, sizeof(Choice));
	choice->search = search;
	choice->group = group;
	choice->providers = providers;
	choice->second = -1;
	if (search->request->choice != CLAIM_RANDOM)
		rank(choice);
}

/*
 * choice_next returns the provider to try next, -1 if there is none left.  What is
 * placed must be what it was at the begin.
 */
int
choice_next(Choice *choice)
{
	Search	   *search = choice->search;
	int			group = choice->group;
	int			first;

	if (search->request->choice != CLAIM_RANDOM)
		return choice->next < choice->nranked ? choice->ranked[choice->next++] : -1;
	if (choice->drawn)
	{
		int			second = choice->second;

		choice->second = -1;
		return second >= 0 ? second : draw(search, group, &choice->providers);
	}
	choice->drawn = true;
	first = draw(search, group, &choice->providers);
	if (first >= 0)
		choice->second = draw(search, group, &choice->providers);
	if (choice->second >= 0 && is_better(search, group, choice->second, first))
	{
		int			swap = first;

		first = choice->second;
		choice->second = swap;
	}
	return first;
}

/*
 * choice_end ends it.
 */
void
choice_end(Choice *choice)
{
	bms_free(choice->providers);
	if (choice->ranked != NULL)
		pfree(choice->ranked);
}
