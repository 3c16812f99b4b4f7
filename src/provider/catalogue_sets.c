/*-------------------------------------------------------------------------
 *
 * catalogue_sets.c
 *	  Find things in the catalogue, and the providers that are somewhere.
 *
 * The distance of a provider to another one is the smallest of its distances to
 * the groups which that one is in.  Where none of these is known, there is no
 * distance: then it is neither near nor far.
 *
 *-------------------------------------------------------------------------
 */
#include "provider/catalogue.h"
#include "support/compare.h"

/*
 * Find the item of a name in an array of items that have it at an offset, and are
 * in its order; NULL if there is none.
 */
static void *
find_by_name(void *items, int n, Size size, Size offset, const char *name)
{
	int			low = 0;
	int			high = n - 1;

	while (low <= high)
	{
		int			middle = (low + high) / 2;
		char	   *item = (char *) items + size * middle;
		int			order = strcmp(name, *(char **) (item + offset));

		if (order == 0)
			return item;
		if (order < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return NULL;
}

/*
 * Find the item of an id in an array of items that begin with it, and are in its
 * order; NULL if there is none.
 */
static void *
find_by_id(void *items, int n, Size size, int32 id)
{
	return n == 0 ? NULL : bsearch(&id, items, n, size, compare_int32);
}

/*
 * These return what has a name, or NULL.
 */
const InventoryType *
catalogue_type(const Catalogue *catalogue, const char *name)
{
	return find_by_name(catalogue->types, catalogue->ntypes, sizeof(InventoryType),
						offsetof(InventoryType, name), name);
}

const NamedSet *
catalogue_capability(const Catalogue *catalogue, const char *name)
{
	return find_by_name(catalogue->capabilities, catalogue->ncapabilities,
						sizeof(NamedSet), offsetof(NamedSet, name), name);
}

const NamedSet *
catalogue_partition(const Catalogue *catalogue, const char *name)
{
	return find_by_name(catalogue->partitions, catalogue->npartitions,
						sizeof(NamedSet), offsetof(NamedSet, name), name);
}

const ProviderGroup *
catalogue_group(const Catalogue *catalogue, const char *name)
{
	GroupName  *found = find_by_name(catalogue->groups_by_name, catalogue->ngroups,
									 sizeof(GroupName), offsetof(GroupName, name), name);

	return found == NULL ? NULL : found->group;
}

const DistanceType *
catalogue_distance_type(const Catalogue *catalogue, const char *name)
{
	for (int i = 0; i < catalogue->ndistance_types; i++)
	{
		if (strcmp(catalogue->distance_types[i].name, name) == 0)
			return &catalogue->distance_types[i];
	}
	return NULL;
}

const Distance *
distance_find(const DistanceType *type, const char *name)
{
	for (int i = 0; i < type->n; i++)
	{
		if (strcmp(type->distances[i].name, name) == 0)
			return &type->distances[i];
	}
	return NULL;
}

/*
 * catalogue_provider returns the index of a provider, -1 if there is none.
 */
int
catalogue_provider(const Catalogue *catalogue, int32 provider_id)
{
	Provider   *found = find_by_id(catalogue->providers, catalogue->nproviders,
								   sizeof(Provider), provider_id);

	return found == NULL ? -1 : (int) (found - catalogue->providers);
}

/*
 * catalogue_provider_of returns the index of the provider that a resource is of, -1
 * if it is of none.
 */
int
catalogue_provider_of(const Catalogue *catalogue, int32 resource_id)
{
	ProviderResource *found = find_by_id(catalogue->resources, catalogue->nresources,
										 sizeof(ProviderResource), resource_id);

	return found == NULL ? -1 : found->provider;
}

/*
 * catalogue_position returns the position of a distance, -1 if there is none.
 */
int32
catalogue_position(const Catalogue *catalogue, int32 type_id, int32 distance_id)
{
	for (int i = 0; i < catalogue->ndistance_types; i++)
	{
		const DistanceType *type = &catalogue->distance_types[i];

		if (type->id != type_id)
			continue;
		for (int j = 0; j < type->n; j++)
		{
			if (type->distances[j].id == distance_id)
				return type->distances[j].position;
		}
	}
	return -1;
}

/* providers that are as near as wanted, and those that are nearer */
typedef struct Ring
{
	int32		type_id;
	int32		minimum;
	int32		maximum;
	Bitmapset  *within;
	Bitmapset  *nearer;
} Ring;

static bool
is_in_ring(const Ring *ring, const ProviderDistance *distance)
{
	return distance->type_id == ring->type_id && distance->position <= ring->maximum;
}

static Bitmapset *
ring_finish(Ring *ring)
{
	ring->within = bms_del_members(ring->within, ring->nearer);
	bms_free(ring->nearer);
	return ring->within;
}

static void
add_near_group(const Catalogue *catalogue, Ring *ring, int group)
{
	for (int i = catalogue->first_distance_to[group];
		 i < catalogue->first_distance_to[group + 1]; i++)
	{
		const ProviderDistance *distance = &catalogue->distances_to[i];

		if (!is_in_ring(ring, distance))
			continue;
		if (distance->position < ring->minimum)
			ring->nearer = bms_add_member(ring->nearer, distance->provider);
		else
			ring->within = bms_add_member(ring->within, distance->provider);
	}
}

/*
 * catalogue_nearby returns the providers whose distance to a group is from a
 * minimum to a maximum position.
 */
Bitmapset *
catalogue_nearby(const Catalogue *catalogue, const DistanceType *type,
				 const ProviderGroup *group, int32 minimum, int32 maximum)
{
	Ring		ring = {.type_id = type->id,.minimum = minimum,.maximum = maximum};

	catalogue_need_distances(catalogue);
	add_near_group(catalogue, &ring, (int) (group - catalogue->groups));
	return ring_finish(&ring);
}

/*
 * catalogue_apart returns the providers at a distance from another one: that to
 * which it has that distance, or, if not from it, those that have it to it.
 */
Bitmapset *
catalogue_apart(const Catalogue *catalogue, const DistanceType *type, int provider,
				bool from, int32 minimum, int32 maximum)
{
	Ring		ring = {.type_id = type->id,.minimum = minimum,.maximum = maximum};

	catalogue_need_distances(catalogue);
	if (!from)
	{
		for (int group = 0; group < catalogue->ngroups; group++)
		{
			if (bms_is_member(provider, catalogue->groups[group].providers))
				add_near_group(catalogue, &ring, group);
		}
		return ring_finish(&ring);
	}
	for (int i = catalogue->first_distance[provider];
		 i < catalogue->first_distance[provider + 1]; i++)
	{
		const ProviderDistance *distance = &catalogue->distances[i];
		const Bitmapset *members = catalogue->groups[distance->group].providers;

		if (!is_in_ring(&ring, distance))
			continue;
		if (distance->position < minimum)
			ring.nearer = bms_add_members(ring.nearer, members);
		else
			ring.within = bms_add_members(ring.within, members);
	}
	return ring_finish(&ring);
}

/*
 * catalogue_same_group returns the providers that are in a group of a type
 * together with another one.
 */
Bitmapset *
catalogue_same_group(const Catalogue *catalogue, const char *group_type, int provider)
{
	Bitmapset  *together = NULL;

	for (int i = 0; i < catalogue->ngroups; i++)
	{
		const ProviderGroup *group = &catalogue->groups[i];

		if (bms_is_member(provider, group->providers) &&
			strcmp(group->type, group_type) == 0)
			together = bms_add_members(together, group->providers);
	}
	return together;
}
