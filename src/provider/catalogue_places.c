/*-------------------------------------------------------------------------
 *
 * catalogue_places.c
 *	  Read where providers are: groups, and how far it is to them.
 *
 * Of distances there may be one for every provider and group, by far more than of
 * anything else: they are read when somebody asks for them, the rest at once.
 *
 *-------------------------------------------------------------------------
 */
#include "provider/catalogue_read.h"

#include "provider/catalogue_rows.h"
#include "support/key_scan.h"
#include "support/relations.h"

static int
compare_group_names(const void *a, const void *b)
{
	return strcmp(((const GroupName *) a)->name, ((const GroupName *) b)->name);
}

/*
 * catalogue_read_groups reads the groups of providers, and who is in them.
 */
void
catalogue_read_groups(Catalogue *catalogue, Snapshot snapshot)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->provider_group_column;
	const AttrNumber *members = relations->provider_group_member_column;
	Items		groups = {.size = sizeof(ProviderGroup)};
	KeyScan		scan;

	key_scan_begin(&scan, relations->provider_group, &relations->provider_group_pkey,
				   snapshot, NULL, 0);
	while (key_scan_next(&scan))
	{
		ProviderGroup *group = add_item(&groups);

		group->id = read_id(scan.slot, columns[PROVIDER_GROUP_ID]);
		group->name = read_text(scan.slot, columns[PROVIDER_GROUP_NAME]);
		group->type = read_text(scan.slot, columns[PROVIDER_GROUP_GROUP_TYPE]);
	}
	key_scan_end(&scan);

	key_scan_begin(&scan, relations->provider_group_member,
				   &relations->provider_group_member_pkey, snapshot, NULL, 0);
	while (key_scan_next(&scan))
	{
		ProviderGroup *group = find_id(&groups,
									   read_id(scan.slot, members[PROVIDER_GROUP_MEMBER_GROUP_ID]));
		int			provider = catalogue_provider(catalogue,
											 read_id(scan.slot, members[PROVIDER_GROUP_MEMBER_PROVIDER_ID]));

		if (group != NULL && provider >= 0)
			group->providers = bms_add_member(group->providers, provider);
	}
	key_scan_end(&scan);
	catalogue->groups = (ProviderGroup *) groups.data;
	catalogue->ngroups = groups.n;
	catalogue->groups_by_name = palloc(sizeof(GroupName) * (Size) (groups.n + 1));
	for (int i = 0; i < groups.n; i++)
		catalogue->groups_by_name[i] = (GroupName) {
			.name = catalogue->groups[i].name,
			.group = &catalogue->groups[i]
		};
	qsort(catalogue->groups_by_name, groups.n, sizeof(GroupName), compare_group_names);
}

/*
 * catalogue_read_distance_types reads by what distances are told.
 */
void
catalogue_read_distance_types(Catalogue *catalogue, Snapshot snapshot)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->distance_column;
	Items		types = {.size = sizeof(DistanceType)};
	KeyScan		scan;

	key_scan_begin(&scan, relations->distance_type, &relations->distance_type_pkey,
				   snapshot, NULL, 0);
	while (key_scan_next(&scan))
	{
		DistanceType *type = add_item(&types);

		type->id = read_id(scan.slot, relations->distance_type_column[DISTANCE_TYPE_ID]);
		type->name = read_text(scan.slot, relations->distance_type_column[DISTANCE_TYPE_NAME]);
	}
	key_scan_end(&scan);

	key_scan_begin(&scan, relations->distance, &relations->distance_pkey,
				   snapshot, NULL, 0);
	while (key_scan_next(&scan))
	{
		DistanceType *type = find_id(&types, read_id(scan.slot, columns[DISTANCE_DISTANCE_TYPE_ID]));

		if (type == NULL)
			continue;
		/* there are a handful */
		type->distances = type->distances == NULL ? palloc(sizeof(Distance)) :
			repalloc(type->distances, sizeof(Distance) * (type->n + 1));
		type->distances[type->n++] = (Distance) {
			.id = read_id(scan.slot, columns[DISTANCE_ID]),
			.position = read_id(scan.slot, columns[DISTANCE_POSITION]),
			.name = read_text(scan.slot, columns[DISTANCE_NAME])
		};
	}
	key_scan_end(&scan);
	catalogue->distance_types = (DistanceType *) types.data;
	catalogue->ndistance_types = types.n;
}

/*
 * catalogue_read_distances reads the distances of providers to groups.
 */
void
catalogue_read_distances(Catalogue *catalogue, Snapshot snapshot)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->provider_distance_column;
	Items		found = {.size = sizeof(ProviderDistance)};
	ProviderDistance *by_provider;
	int		   *first;
	KeyScan		scan;
	int			group = 0;

	catalogue->first_distance_to = palloc0(sizeof(int) * (catalogue->ngroups + 1));
	first = palloc0(sizeof(int) * (catalogue->nproviders + 2));
	/* in the order of groups, as they are in the catalogue */
	key_scan_begin(&scan, relations->provider_distance,
				   &relations->provider_distance_pkey, snapshot, NULL, 0);
	while (key_scan_next(&scan))
	{
		int32		group_id = read_id(scan.slot, columns[PROVIDER_DISTANCE_GROUP_ID]);
		int			provider = catalogue_provider(catalogue,
											 read_id(scan.slot, columns[PROVIDER_DISTANCE_PROVIDER_ID]));
		int32		type_id = read_id(scan.slot, columns[PROVIDER_DISTANCE_DISTANCE_TYPE_ID]);
		int32		distance_id = read_id(scan.slot, columns[PROVIDER_DISTANCE_DISTANCE_ID]);
		int32		position = catalogue_position(catalogue, type_id, distance_id);

		while (group < catalogue->ngroups && catalogue->groups[group].id < group_id)
			catalogue->first_distance_to[++group] = found.n;
		if (group == catalogue->ngroups)
			break;
		if (catalogue->groups[group].id != group_id || provider < 0 || position < 0)
			continue;
		*(ProviderDistance *) add_item(&found) = (ProviderDistance) {
			.provider = provider,
			.group = group,
			.type_id = type_id,
			.position = position
		};
		first[provider + 2]++;
	}
	key_scan_end(&scan);
	while (group < catalogue->ngroups)
		catalogue->first_distance_to[++group] = found.n;

	/* the same by provider: count, then distribute */
	for (int i = 1; i <= catalogue->nproviders; i++)
		first[i + 1] += first[i];
	by_provider = palloc_extended(sizeof(ProviderDistance) * ((Size) found.n + 1),
								  MCXT_ALLOC_HUGE);
	for (int i = 0; i < found.n; i++)
	{
		const ProviderDistance *distance = (ProviderDistance *) found.data + i;

		by_provider[first[distance->provider + 1]++] = *distance;
	}
	catalogue->first_distance = first;
	catalogue->distances_to = (ProviderDistance *) found.data;
	catalogue->ndistances = found.n;
	catalogue->distances = by_provider;
}
