/*-------------------------------------------------------------------------
 *
 * claim_request.h
 *	  What a claim asks for, as its document says it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_CLAIM_REQUEST_H
#define ARBITER_CLAIM_REQUEST_H

#include "postgres.h"

#include "utils/jsonb.h"

#define CLAIM_MAX_GROUPS	64

typedef enum ClaimChoice
{
	CLAIM_RANDOM,
	CLAIM_PACK,					/* the fullest that still fits */
	CLAIM_SPREAD				/* the emptiest */
} ClaimChoice;

typedef struct NameList
{
	char	  **names;
	int			n;
} NameList;

/* what a provider must have: all of one list, one of another, none of a third */
typedef struct NameRule
{
	NameList	require;
	NameList	any;
	NameList	forbid;
} NameRule;

/* alternatives; none at all permits everything */
typedef struct NameRules
{
	NameRule   *rules;
	int			n;
} NameRules;

typedef struct ClaimResource
{
	char	   *type;
	int64		minimum;
	int64		maximum;
	NameRules	capabilities;	/* of the provider that this is taken from */
	int			times;			/* for when, of several times; see search.h */
} ClaimResource;

typedef struct DistanceRule
{
	char	   *type;
	char	   *to;				/* a provider group, or NULL: */
	int			to_group;		/* index of a group of the request */
	char	   *minimum;		/* NULL: none */
	char	   *maximum;		/* NULL: none */
} DistanceRule;

/* in the same provider group of a type as what another group gets */
typedef struct SameGroupRule
{
	char	   *group_type;
	int			with;			/* index of a group of the request */
} SameGroupRule;

typedef struct ClaimGroup
{
	char	   *name;
	ClaimResource *resources;	/* by type, in the order of strcmp() */
	int			nresources;
	NameRules	capabilities;
	NameRules	member_of;
	DistanceRule *distances;
	int			ndistances;
	bool		single_provider;
	int		   *isolated_groups;	/* indexes of groups of the request */
	int			nisolated_groups;
	int64	   *isolated_claims;	/* reservation ids */
	int			nisolated_claims;
	SameGroupRule *same_groups;
	int			nsame_groups;
} ClaimGroup;

typedef struct ClaimRequest
{
	ClaimGroup *groups;
	int			ngroups;
	ClaimChoice choice;
	char	   *partition;		/* NULL: any */
	int32		leaves_provider;	/* id of what a claim that was made has to
									 * leave; 0: a new claim */
} ClaimRequest;

extern void claim_request_read(Jsonb *document, ClaimRequest *request);

#endif							/* ARBITER_CLAIM_REQUEST_H */
