/*-------------------------------------------------------------------------
 *
 * candidates.c
 *	  The providers that come into question for a group of a claim.
 *
 * These are the constraints that do not depend on what else is chosen, nor on
 * what is available: they are sets of the catalogue, and applied all of them
 * before the first timeline is asked.
 *
 * A claim that was made may name what is gone since: then nobody has such a
 * capability, is in such a group or at such a distance.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/candidates.h"

#include "common/int.h"
#include "reservation/reservation.h"
#include "support/errors.h"
#include "support/key_scan.h"
#include "support/relations.h"
#include "timeline/base_rows.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

pg_noreturn static void
unknown_error(const char *what, const char *name, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("%s \"%s\" does not exist", what, name),
			 errhint("%s", hint)));
}

static const Bitmapset *
with_capability(const Catalogue *catalogue, const ClaimRequest *request,
				const char *name)
{
	const NamedSet *capability = catalogue_capability(catalogue, name);

	if (capability == NULL && request->leaves_provider != 0)
		return NULL;
	if (capability == NULL)
		unknown_error("capability", name,
					  "arbiter_capability lists them; a provider gets one from arbiter_add_capability().");
	return capability->providers;
}

static const Bitmapset *
in_group(const Catalogue *catalogue, const ClaimRequest *request, const char *name)
{
	const ProviderGroup *group = catalogue_group(catalogue, name);

	if (group == NULL && request->leaves_provider != 0)
		return NULL;
	if (group == NULL)
		unknown_error("provider group", name,
					  "arbiter_provider_group lists them; make one with arbiter_create_provider_group().");
	return group->providers;
}

typedef const Bitmapset *(*NamedProviders) (const Catalogue *catalogue,
											const ClaimRequest *request,
											const char *name);

/*
 * The providers of a set that satisfy one rule.
 */
static Bitmapset *
apply_rule(const Catalogue *catalogue, const ClaimRequest *request,
		   const Bitmapset *providers, const NameRule *rule, NamedProviders named)
{
	Bitmapset  *left = bms_copy(providers);
	Bitmapset  *any = NULL;

	for (int i = 0; i < rule->require.n; i++)
		left = bms_int_members(left, named(catalogue, request, rule->require.names[i]));
	for (int i = 0; i < rule->any.n; i++)
		any = bms_add_members(any, named(catalogue, request, rule->any.names[i]));
	if (rule->any.n > 0)
		left = bms_int_members(left, any);
	for (int i = 0; i < rule->forbid.n; i++)
		left = bms_del_members(left, named(catalogue, request, rule->forbid.names[i]));
	bms_free(any);
	return left;
}

/*
 * The providers of a set that satisfy one of several rules; the set is reused.
 */
static Bitmapset *
apply_rules(const Catalogue *catalogue, const ClaimRequest *request,
			Bitmapset *providers, const NameRules *rules, NamedProviders named)
{
	Bitmapset  *left = NULL;

	if (rules->n == 0)
		return providers;
	for (int i = 0; i < rules->n; i++)
		left = bms_join(left, apply_rule(catalogue, request, providers, &rules->rules[i], named));
	bms_free(providers);
	return left;
}

/*
 * distance_bounds finds the type and the positions of a rule about distances; NULL
 * if a claim that was made names one that is gone.
 */
const DistanceType *
distance_bounds(const Catalogue *catalogue, const ClaimRequest *request,
				const DistanceRule *rule, int32 *minimum, int32 *maximum)
{
	const DistanceType *type = catalogue_distance_type(catalogue, rule->type);
	const char *const names[2] = {rule->minimum, rule->maximum};
	int32		positions[2] = {0, PG_INT32_MAX};

	if (type == NULL && request->leaves_provider != 0)
		return NULL;
	if (type == NULL)
		unknown_error("distance type", rule->type,
					  "arbiter_distance_type lists them; make one with arbiter_set_distances().");
	for (int i = 0; i < 2; i++)
	{
		const Distance *distance;

		if (names[i] == NULL)
			continue;
		distance = distance_find(type, names[i]);
		if (distance == NULL && request->leaves_provider != 0)
			return NULL;
		if (distance == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("distance \"%s\" of type \"%s\" does not exist", names[i], rule->type),
					 errhint("arbiter_distance lists them; change them with arbiter_set_distances().")));
		positions[i] = distance->position;
	}
	if (positions[0] > positions[1] && request->leaves_provider != 0)
		return NULL;
	if (positions[0] > positions[1])
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("distance \"%s\" is farther than \"%s\"", rule->minimum, rule->maximum),
				 errdetail("Of distance type \"%s\" they have the positions %d and %d.",
						   rule->type, positions[0], positions[1])));
	*minimum = positions[0];
	*maximum = positions[1];
	return type;
}

static Bitmapset *
apply_distances(const Catalogue *catalogue, const ClaimRequest *request,
				Bitmapset *providers, const ClaimGroup *asked)
{
	for (int i = 0; i < asked->ndistances; i++)
	{
		const DistanceRule *rule = &asked->distances[i];
		int32		minimum;
		int32		maximum;
		const DistanceType *type = distance_bounds(catalogue, request, rule,
												   &minimum, &maximum);
		const ProviderGroup *to;
		Bitmapset  *near = NULL;

		/* to what another group gets: see search.c */
		if (rule->to == NULL)
			continue;
		(void) in_group(catalogue, request, rule->to);
		to = catalogue_group(catalogue, rule->to);
		if (to != NULL && type != NULL)
			near = catalogue_nearby(catalogue, type, to, minimum, maximum);
		providers = bms_int_members(providers, near);
		bms_free(near);
	}
	return providers;
}

/* is a part, which is active, a hold that has expired? */
static bool
is_expired(TupleTableSlot *part)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;
	bool		isnull;
	Datum		status = slot_getattr(part, columns[RESERVATION_STATUS], &isnull);
	Datum		expires_at;

	if (isnull || !status_is_held(status))
		return false;
	expires_at = slot_getattr(part, columns[RESERVATION_EXPIRES_AT], &isnull);
	return !isnull && DatumGetTimestampTz(expires_at) <= GetCurrentTimestamp();
}

/*
 * The providers of which a claim has something (RV008 if there is no such
 * reservation, for a new claim).
 */
static Bitmapset *
providers_of_claim(const Catalogue *catalogue, const ClaimRequest *request,
				   int64 reservation_id, Snapshot snapshot)
{
	const ArbiterRelations *relations = arbiter_relations();
	Bitmapset  *providers = NULL;
	ScanKeyData key;
	KeyScan		parts;
	bool		found = false;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(reservation_id));
	key_scan_begin(&parts, relations->reservation, &relations->reservation_pkey,
				   snapshot, &key, 1);
	while (key_scan_next(&parts))
	{
		ReservationTake take;
		int			provider;

		found = true;
		if (!reservation_read(parts.slot, &take) || is_expired(parts.slot))
			continue;
		provider = catalogue_provider_of(catalogue, take.resource_id);
		if (provider >= 0)
			providers = bms_add_member(providers, provider);
	}
	key_scan_end(&parts);
	if (!found && request->leaves_provider == 0)
		ereport(ERROR,
				(errcode(ERRCODE_ARBITER_NOT_FOUND),
				 errmsg("reservation " INT64_FORMAT " does not exist", reservation_id),
				 errdetail("A group is to be isolated from it."),
				 errhint("Leave out of isolate_from what does not exist any more.")));
	return providers;
}

/*
 * units_least returns the least that can be taken from an inventory, in its units,
 * to give what is asked for; 0 if it cannot be taken so.
 */
int64
units_least(const Inventory *inventory, const ClaimResource *asked)
{
	int64		least = Max(asked->minimum, inventory->min_unit);
	int64		rest = least % inventory->step_size;

	if (rest != 0 && pg_add_s64_overflow(least, inventory->step_size - rest, &least))
		return 0;
	return least <= Min(asked->maximum, inventory->max_unit) ? least : 0;
}

/*
 * units_most returns the most that can be taken, of what is available.
 */
int64
units_most(const Inventory *inventory, const ClaimResource *asked, int64 available)
{
	int64		most = Min(Min(asked->maximum, inventory->max_unit), available);

	return most - most % inventory->step_size;
}

static void
add_count(StringInfo funnel, const Bitmapset *providers, const char *what)
{
	if (funnel != NULL)
		appendStringInfo(funnel, "%s%d %s", funnel->len == 0 ? "" : "; ",
						 bms_num_members(providers), what);
}

/* the members of a set with units in which a resource can be taken as asked */
static Bitmapset *
with_units(Bitmapset *providers, const InventoryType *type, const ClaimResource *asked)
{
	int			provider = -1;

	while ((provider = bms_next_member(providers, provider)) >= 0)
	{
		if (units_least(&type->inventories[provider], asked) == 0)
			providers = bms_del_member(providers, provider);
	}
	return providers;
}

/*
 * candidates_find finds the providers that have what a group asks for, in the
 * partition and with the capabilities, memberships and distances that it wants;
 * what is available, and what other groups get, is not looked at.
 *
 * With funnel, it is told how many are left after each.
 *
 * Errors: 42704 a resource type, capability, provider group, distance or
 * partition that does not exist; RV008 a claim to be isolated from.
 */
void
candidates_find(const Catalogue *catalogue, const ClaimRequest *request,
				const ClaimGroup *asked, Snapshot snapshot,
				StringInfo funnel, GroupCandidates *candidates)
{
	Bitmapset  *all = bms_copy(catalogue->claimable);
	Bitmapset  *left;

	candidates->asked = asked;
	candidates->types = palloc(sizeof(InventoryType *) * asked->nresources);
	candidates->providers_of = palloc0(sizeof(Bitmapset *) * asked->nresources);
	candidates->turns = palloc(sizeof(int) * asked->nresources);
	for (int i = 0; i < asked->nresources; i++)
		candidates->turns[i] = i;
	if (request->leaves_provider != 0)
		all = bms_del_member(all, catalogue_provider(catalogue, request->leaves_provider));
	if (request->partition != NULL)
	{
		const NamedSet *partition = catalogue_partition(catalogue, request->partition);

		if (partition == NULL && request->leaves_provider == 0)
			unknown_error("partition", request->partition,
						  "arbiter_partition lists them; make one with arbiter_create_partition().");
		all = bms_int_members(all, partition == NULL ? NULL : partition->providers);
	}
	if (funnel != NULL && bms_num_members(all) < catalogue->nproviders)
		add_count(funnel, all,
				  psprintf("may be claimed%s%s",
						   request->leaves_provider != 0 ? " instead" : "",
						   request->partition != NULL ? " in the partition" : ""));

	/* a resource each: all of one provider, or of as many as it takes */
	left = asked->single_provider ? bms_copy(all) : NULL;
	for (int i = 0; i < asked->nresources; i++)
	{
		candidates->types[i] = catalogue_type(catalogue, asked->resources[i].type);
		if (candidates->types[i] == NULL)
			unknown_error("resource type", asked->resources[i].type,
						  "No provider has any of it; give it some with arbiter_set_inventory().");
		if (asked->single_provider)
			left = bms_int_members(left, candidates->types[i]->providers);
		else
			left = bms_add_members(left, candidates->types[i]->providers);
	}
	left = bms_int_members(left, all);
	add_count(funnel, left, asked->nresources == 1 ? "have the resource type" :
			  asked->single_provider ? "have all resource types" : "have one of the resource types");
	if (funnel != NULL && asked->single_provider)
	{
		for (int i = 0; i < asked->nresources; i++)
		{
			int			before = bms_num_members(left);

			left = with_units(left, candidates->types[i], &asked->resources[i]);
			if (bms_num_members(left) < before)
				add_count(funnel, left,
						  psprintf("give " INT64_FORMAT " %s in their units",
								   asked->resources[i].minimum, asked->resources[i].type));
		}
	}

	if (asked->capabilities.n > 0)
	{
		left = apply_rules(catalogue, request, left, &asked->capabilities, with_capability);
		add_count(funnel, left, "after capabilities");
	}
	if (asked->member_of.n > 0)
	{
		left = apply_rules(catalogue, request, left, &asked->member_of, in_group);
		add_count(funnel, left, "after member_of");
	}
	if (asked->ndistances > 0)
	{
		left = apply_distances(catalogue, request, left, asked);
		add_count(funnel, left, "after distances");
	}
	if (asked->nisolated_claims > 0)
	{
		for (int i = 0; i < asked->nisolated_claims; i++)
			left = bms_del_members(left, providers_of_claim(catalogue, request,
															asked->isolated_claims[i],
															snapshot));
		add_count(funnel, left, "after isolate_from");
	}
	for (int i = 0; i < asked->nresources; i++)
	{
		const ClaimResource *resource = &asked->resources[i];
		Bitmapset  *of = NULL;

		if (resource->capabilities.n > 0)
		{
			of = apply_rules(catalogue, request,
							 bms_intersect(left, candidates->types[i]->providers),
							 &resource->capabilities, with_capability);
			if (asked->single_provider)
				left = bms_int_members(left, of);
			add_count(funnel, of, psprintf("after resource_capabilities of %s", resource->type));
		}
		else if (!asked->single_provider)
			of = bms_intersect(left, candidates->types[i]->providers);
		candidates->providers_of[i] = of;
	}
	candidates->providers = left;
}
