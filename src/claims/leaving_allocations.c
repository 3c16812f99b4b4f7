/*-------------------------------------------------------------------------
 *
 * leaving_allocations.c
 *	  What the allocations of a claim are after it has left a provider.
 *
 * They say where it is from now on.  What will leave a provider only later has an
 * element for both.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/leaving.h"

/* has a claim any of a resource from now on, besides what leaves it? */
static bool
has_later(const Leaving *leaving, const LeavingClaim *claim, int32 resource_id)
{
	for (int i = 0; i < claim->nparts; i++)
	{
		const ChangePart *part = &claim->parts[i];
		bool		leaves = false;

		if (!part->live || part->take.resource_id != resource_id ||
			part->end <= leaving->change.clock)
			continue;
		for (int j = 0; j < claim->npieces; j++)
			leaves |= claim->pieces[j].part == part &&
				(claim->pieces[j].start <= part->start ||
				 claim->pieces[j].start <= leaving->change.clock);
		if (!leaves)
			return true;
	}
	return false;
}

/* the resource that an element of a claim's allocations is of, 0 if not known */
static int32
element_resource(const Catalogue *catalogue, const Placed *placed)
{
	const InventoryType *type = catalogue_type(catalogue, placed->resource_type);
	int			provider = -1;

	while (type != NULL &&
		   (provider = bms_next_member(type->providers, provider)) >= 0)
	{
		if (strcmp(catalogue->providers[provider].name, placed->provider) == 0)
			return type->inventories[provider].resource_id;
	}
	return 0;
}

/*
 * Does an element of a claim's allocations still say where the claim is?  What is
 * over does not, unless all of the claim is.
 */
static bool
element_stays(const Leaving *leaving, const LeavingClaim *claim, int element)
{
	int32		resource_id = 0;
	bool		over = true;

	for (int i = 0; i < claim->npieces; i++)
	{
		const Piece *piece = &claim->pieces[i];

		over &= piece->end <= leaving->change.clock;
		if (piece->placed == element)
			return has_later(leaving, claim, piece->part->take.resource_id);
	}
	if (!over)
		resource_id = element_resource(leaving->catalogue, &claim->row.placed[element]);
	return resource_id == 0 || has_later(leaving, claim, resource_id);
}

static bool
same_key(const LeavingClaim *claim, const Allocation *a, const Allocation *b)
{
	return a->group == b->group && a->inventory == b->inventory;
}

/*
 * What a group gets of an inventory at the instant where a place begins.
 */
static int64
amount_at(const LeavingClaim *claim, const Allocation *place)
{
	TimestampTz instant = place_piece(claim, place)->start;
	int64		amount = 0;

	for (int i = 0; i < claim->nplaces; i++)
	{
		const Piece *piece = place_piece(claim, &claim->places[i]);

		if (same_key(claim, place, &claim->places[i]) &&
			piece->start <= instant && instant < piece->end)
			amount += claim->places[i].amount;
	}
	return amount;
}

/* has a claim something at the place of a piece already, at the same time? */
static bool
is_there(const LeavingClaim *claim, const Allocation *place)
{
	const Piece *piece = place_piece(claim, place);

	for (int i = 0; i < claim->nparts; i++)
	{
		const ChangePart *part = &claim->parts[i];

		if (part->live && part->take.resource_id == place->inventory->resource_id &&
			part->start < piece->end && piece->start < part->end)
			return true;
	}
	return false;
}

static int
compare_placed(const void *a, const void *b)
{
	const Placed *left = a;
	const Placed *right = b;
	int			order = strcmp(left->group, right->group);

	if (order == 0)
		order = strcmp(left->resource_type, right->resource_type);
	return order != 0 ? order : strcmp(left->provider, right->provider);
}

/*
 * leaving_allocations returns where a claim is from now on: an element per group,
 * provider and resource type, with the most that it has at once.
 */
Jsonb *
leaving_allocations(const Leaving *leaving, const LeavingClaim *claim)
{
	Placed	   *placed = palloc(sizeof(Placed) * (claim->row.nplaced + claim->nplaces));
	int			kept = 0;
	int			n;

	for (int i = 0; i < claim->row.nplaced; i++)
	{
		if (element_stays(leaving, claim, i))
			placed[kept++] = claim->row.placed[i];
	}
	n = kept;
	for (int i = 0; i < claim->nplaces; i++)
	{
		const Allocation *place = &claim->places[i];
		Placed		new = {
			.group = claim->request.groups[place->group].name,
			.provider = leaving->catalogue->providers[place->provider].name,
			.resource_type = unconstify(char *, place_piece(claim, place)->resource_type)
		};
		bool		is_first = true;
		int			at = 0;

		for (int j = 0; j < claim->nplaces; j++)
		{
			if (!same_key(claim, place, &claim->places[j]))
				continue;
			is_first &= j >= i;
			new.amount = Max(new.amount, amount_at(claim, &claim->places[j]));
		}
		if (!is_first)
			continue;
		while (at < kept && compare_placed(&placed[at], &new) != 0)
			at++;
		if (at == kept)
			placed[n++] = new;
		else if (is_there(claim, place))
			placed[at].amount += new.amount;
		else
			placed[at].amount = Max(placed[at].amount, new.amount);
	}
	qsort(placed, n, sizeof(Placed), compare_placed);
	return placed_jsonb(placed, n);
}
