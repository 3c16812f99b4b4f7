/*-------------------------------------------------------------------------
 *
 * choose.h
 *	  The providers on which a group fits, in the order to try them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_CHOOSE_H
#define ARBITER_CHOOSE_H

#include "postgres.h"

#include "claims/search.h"

typedef struct Choice
{
	Search	   *search;
	int			group;
	Bitmapset  *providers;		/* that were not met yet, if at random */
	bool		drawn;			/* the first two, of which ... */
	int			second;			/* ... this comes next; -1: none */
	int		   *ranked;			/* if not at random: all that fit ... */
	int			nranked;
	int			next;			/* ... and where in them */
} Choice;

extern void choice_begin(Choice *choice, Search *search, int group,
						 Bitmapset *providers);
extern int	choice_next(Choice *choice);
extern void choice_end(Choice *choice);

#endif							/* ARBITER_CHOOSE_H */
