/*-------------------------------------------------------------------------
 *
 * search.h
 *	  Search for providers that can give all that a claim asks for.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_SEARCH_H
#define ARBITER_SEARCH_H

#include "postgres.h"

#include "claims/candidates.h"
#include "claims/probe.h"

/* an amount of what a provider has, for a resource of a group */
typedef struct Allocation
{
	int			group;
	int			resource;		/* of the group */
	int			provider;
	const Inventory *inventory;
	int64		amount;
} Allocation;

/* what is searched for, and where not; all of it outlives the search */
typedef struct SearchTask
{
	const Catalogue *catalogue;
	const ClaimRequest *request;
	const ClaimTimes *times;	/* that the request's resources are wanted for */
	int			ntimes;
	Snapshot	snapshot;
	Bitmapset **ruled_out;		/* by group: providers not to be tried; or NULL */

	/* of a claim that has its place, and of which some is to be placed anew */
	Bitmapset  *staying;		/* groups of which nothing is to be placed */
	Bitmapset **kept;			/* by group: providers it stays on; or NULL */
	const Allocation *kept_amounts; /* of groups that leave some of theirs */
	int			nkept_amounts;
	const Taken *taken;			/* by others, besides what is reserved; or NULL */

	int			tries;			/* so many at the most; 0: as many as it takes ... */
	bool		may_give_up;	/* ... and then it has found nothing */
	int			relation_tries; /* to apply a relation of two groups counts as so
								 * many, too */
} SearchTask;

typedef struct Search
{
	SearchTask	task;
	const Catalogue *catalogue; /* those of the task */
	const ClaimRequest *request;
	Probe	   *probes;			/* by the times of the task */
	GroupCandidates *groups;	/* by group of the request */
	int		   *order;			/* in which groups are placed */
	int			norder;
	int		   *chosen;			/* by group: its only provider, or -1 */
	Bitmapset **barred;			/* by group: where one like it has had no luck */
	int			deepest;		/* so many groups were placed at once */
	int64		ntried;
	int64		nvisited;
	bool		given_up;
	Allocation *allocations;	/* in the order of groups placed */
	int			nallocations;
	int			room;
} Search;

/* is called with each placement; true ends the search */
typedef bool (*PlacementVisitor) (const Search *search, void *argument);

extern void search_begin(Search *search, const SearchTask *task);
extern bool search_run(Search *search, PlacementVisitor visitor, void *argument);
extern void search_again(const Search *search, const ClaimTimes *times,
						 Search *other);
extern bool search_any_from(const Search *search, const ClaimTimes *times,
							int tries, Search *other);
extern bool search_any_with(const Search *search, const ClaimRequest *request,
							int group, int tries, Search *other);
extern void search_add(Search *search, int group, int resource, int provider,
					   int64 amount);
extern bool search_place_on(Search *search, int group, int provider);
extern bool search_is_placed(const Search *search, int group);
extern void search_end(Search *search);

extern const Inventory *search_inventory(const Search *search, int group,
										 int resource, int provider);
extern int64 search_left(Search *search, int group, int resource, int provider,
						 int64 wanted);
extern int64 search_group_has(const Search *search, int group, int resource,
							  int provider);
extern int64 search_capacity(Search *search, int group, int resource,
							 int provider);
extern bool search_is_contended(Search *search, int group, int resource,
								int provider);
extern Bitmapset *search_able(Search *search, const GroupCandidates *candidates,
							  StringInfo funnel);

extern Bitmapset *search_allowed(Search *search, int group);
extern void search_apply_kept(Search *search, int group);
extern bool search_has_relations(const ClaimRequest *request, int group);

extern bool search_alike_have_places(Search *search);
extern void search_bar_alike(Search *search, int depth,
							 const Bitmapset *providers);
extern void search_unbar_alike(Search *search, int depth, Bitmapset *providers);

extern bool spread_place(Search *search, int group, Bitmapset *allowed);

#endif							/* ARBITER_SEARCH_H */
