/*-------------------------------------------------------------------------
 *
 * catalogue.h
 *	  Providers, what they have and where they are, as this backend knows them.
 *
 * Providers have an index here, from 0, in the order of their ids; sets of them
 * are Bitmapsets of that.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_CATALOGUE_H
#define ARBITER_CATALOGUE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/bitmapset.h"

typedef struct Provider
{
	int32		id;
	char	   *name;
	int32		partition_id;	/* 0: none */
} Provider;

/* what a provider has of a resource type */
typedef struct Inventory
{
	int32		resource_id;	/* 0: nothing */
	bool		plain;			/* no option makes it more than its timeline */
	bool		has_min_lead;
	Interval	min_lead;
	int64		granularity;	/* microseconds; 0: any instant */
	char	   *name;			/* of the resource */
	int64		min_unit;
	int64		max_unit;
	int64		step_size;
	/* declared, as far as it was asked for: see claims/probe.c */
	TimestampTz capacity_from;
	TimestampTz capacity_until;
	int64		capacity;
} Inventory;

/* whose a resource is */
typedef struct ProviderResource
{
	int32		id;
	int			provider;
} ProviderResource;

typedef struct InventoryType
{
	char	   *name;
	Inventory  *inventories;	/* by provider */
	Bitmapset  *providers;		/* that have one */
} InventoryType;

/* a capability or a partition, and who has it */
typedef struct NamedSet
{
	int32		id;
	char	   *name;
	Bitmapset  *providers;
} NamedSet;

/* how far a provider is from a group, by distance type */
typedef struct ProviderDistance
{
	int			provider;
	int			group;			/* index of the group */
	int32		type_id;
	int32		position;		/* 0 is nearest */
} ProviderDistance;

typedef struct ProviderGroup
{
	int32		id;
	char	   *name;
	char	   *type;
	Bitmapset  *providers;
} ProviderGroup;

typedef struct GroupName
{
	char	   *name;
	ProviderGroup *group;
} GroupName;

typedef struct Distance
{
	int32		id;
	int32		position;
	char	   *name;
} Distance;

typedef struct DistanceType
{
	int32		id;
	char	   *name;
	Distance   *distances;
	int			n;
} DistanceType;

typedef struct Catalogue
{
	Provider   *providers;
	int			nproviders;
	Bitmapset  *claimable;
	InventoryType *types;		/* by name, as are the next ones */
	int			ntypes;
	NamedSet   *capabilities;
	int			ncapabilities;
	NamedSet   *partitions;
	int			npartitions;
	ProviderGroup *groups;		/* by id */
	GroupName  *groups_by_name;
	int			ngroups;
	DistanceType *distance_types;
	int			ndistance_types;
	ProviderResource *resources;	/* by id */
	int			nresources;
	bool		has_starts;		/* some resource restricts when it may start */
	ProviderDistance *distances;	/* by provider; NULL: not read yet */
	ProviderDistance *distances_to; /* the same by group */
	int			ndistances;
	int		   *first_distance; /* by provider, and one more */
	int		   *first_distance_to;	/* by group, and one more */
} Catalogue;

extern const Catalogue *catalogue_get(void);
extern void catalogue_need_distances(const Catalogue *catalogue);

extern int	catalogue_provider(const Catalogue *catalogue, int32 provider_id);
extern int	catalogue_provider_of(const Catalogue *catalogue, int32 resource_id);
extern int32 catalogue_position(const Catalogue *catalogue, int32 type_id,
								int32 distance_id);
extern const InventoryType *catalogue_type(const Catalogue *catalogue,
										   const char *name);
extern const NamedSet *catalogue_capability(const Catalogue *catalogue,
											const char *name);
extern const NamedSet *catalogue_partition(const Catalogue *catalogue,
										   const char *name);
extern const ProviderGroup *catalogue_group(const Catalogue *catalogue,
											const char *name);
extern const DistanceType *catalogue_distance_type(const Catalogue *catalogue,
												   const char *name);
extern const Distance *distance_find(const DistanceType *type, const char *name);

extern Bitmapset *catalogue_nearby(const Catalogue *catalogue,
								   const DistanceType *type,
								   const ProviderGroup *group, int32 minimum,
								   int32 maximum);
extern Bitmapset *catalogue_apart(const Catalogue *catalogue,
								  const DistanceType *type, int provider,
								  bool from, int32 minimum, int32 maximum);
extern Bitmapset *catalogue_same_group(const Catalogue *catalogue,
									   const char *group_type, int provider);

#endif							/* ARBITER_CATALOGUE_H */
