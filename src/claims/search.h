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

typedef struct Search
{
	const Catalogue *catalogue;
	const ClaimRequest *request;
	Probe		probe;
	GroupCandidates *groups;	/* by group of the request */
	Bitmapset **ruled_out;		/* by group: providers that are not to be tried */
	int		   *order;			/* in which groups are placed */
	int		   *chosen;			/* by group: its only provider, or -1 */
	int			deepest;		/* so many groups were placed at once */
	Allocation *allocations;	/* in the order of groups placed */
	int			nallocations;
	int			room;
} Search;

/* is called with each placement; true ends the search */
typedef bool (*PlacementVisitor) (const Search *search, void *argument);

extern void search_begin(Search *search, const Catalogue *catalogue,
						 const ClaimRequest *request, Bitmapset **ruled_out,
						 const ClaimTimes *times, Snapshot snapshot);
extern bool search_run(Search *search, PlacementVisitor visitor, void *argument);
extern int64 search_left(Search *search, const Inventory *inventory,
						 int64 wanted);
extern void search_add(Search *search, int group, int resource, int provider,
					   int64 amount);
extern void search_end(Search *search);

extern bool spread_place(Search *search, int group, Bitmapset *allowed);

#endif							/* ARBITER_SEARCH_H */
