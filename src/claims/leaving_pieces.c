/*-------------------------------------------------------------------------
 *
 * leaving_pieces.c
 *	  What groups of a claim have of a row that is to leave a provider.
 *
 * The row says how much it is, and the claim's allocations which groups have that
 * together.  Where one group alone can have it, it has the amount of the row, also
 * if somebody has changed that; where several can, theirs must add up to it.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/leaving.h"

#include "support/errors.h"

/*
 * leaving_let_stay notes why a claim cannot leave; the first reason is told.
 */
void
leaving_let_stay(LeavingClaim *claim, char *message)
{
	if (!claim->hopeless)
		(void) fault_set(&claim->fault, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
						 message, NULL, NULL);
	claim->hopeless = true;
}

static bool
is_known_provider(const Catalogue *catalogue, const char *name)
{
	for (int i = 0; i < catalogue->nproviders; i++)
	{
		if (strcmp(catalogue->providers[i].name, name) == 0)
			return true;
	}
	return false;
}

/*
 * find_inventory returns the inventory that a resource is, of which type and
 * provider; NULL if it is none.
 */
const Inventory *
find_inventory(const Catalogue *catalogue, int32 resource_id,
			   const InventoryType **type, int *provider)
{
	for (int i = 0; i < catalogue->ntypes; i++)
	{
		*type = &catalogue->types[i];
		*provider = -1;
		while ((*provider = bms_next_member((*type)->providers, *provider)) >= 0)
		{
			if ((*type)->inventories[*provider].resource_id == resource_id)
				return &(*type)->inventories[*provider];
		}
	}
	return NULL;
}

static int
find_group(const ClaimRequest *request, const char *name)
{
	for (int i = 0; i < request->ngroups; i++)
	{
		if (strcmp(request->groups[i].name, name) == 0)
			return i;
	}
	return -1;
}

/*
 * The elements of a claim's allocations that are of a resource of the provider;
 * the provider may have had another name when they were written.
 */
static int
find_elements(const Leaving *leaving, const LeavingClaim *claim, const char *type,
			  int *elements)
{
	const ClaimRow *row = &claim->row;
	int			n = 0;

	for (int i = 0; i < row->nplaced; i++)
	{
		if (strcmp(row->placed[i].provider, leaving->provider) == 0 &&
			strcmp(row->placed[i].resource_type, type) == 0)
			elements[n++] = i;
	}
	for (int i = 0; i < row->nplaced && n == 0; i++)
	{
		if (strcmp(row->placed[i].resource_type, type) == 0 &&
			!is_known_provider(leaving->catalogue, row->placed[i].provider))
			elements[n++] = i;
	}
	return n;
}

/*
 * Has the group of an element all of the resource type elsewhere at that time?
 */
static bool
is_elsewhere(const Leaving *leaving, const LeavingClaim *claim, const Piece *piece,
			 const Placed *element)
{
	int			group = find_group(&claim->request, element->group);

	if (group < 0 || !claim->request.groups[group].single_provider)
		return false;
	for (int i = 0; i < claim->nparts; i++)
	{
		const ChangePart *part = &claim->parts[i];
		const InventoryType *type;
		int			provider;

		if (!part->live || part->take.resource_id == piece->part->take.resource_id ||
			part->start >= piece->end || part->end <= piece->start ||
			find_inventory(leaving->catalogue, part->take.resource_id, &type, &provider) == NULL ||
			strcmp(type->name, element->resource_type) != 0)
			continue;
		for (int j = 0; j < claim->row.nplaced; j++)
		{
			const Placed *other = &claim->row.placed[j];

			if (strcmp(other->group, element->group) == 0 &&
				strcmp(other->resource_type, type->name) == 0 &&
				strcmp(other->provider, leaving->catalogue->providers[provider].name) == 0)
				return true;
		}
	}
	return false;
}

/* was an element found to be what another row has at the same time? */
static bool
is_used(const LeavingClaim *claim, const Piece *piece, int element)
{
	for (int i = 0; i < claim->npieces; i++)
	{
		const Piece *other = &claim->pieces[i];

		if (other->placed == element && other->part != piece->part &&
			other->start < piece->end && piece->start < other->end)
			return true;
	}
	return false;
}

/*
 * Find elements that add up to the amount of a row, beginning with one of them.
 */
static int
add_up(const Leaving *leaving, const LeavingClaim *claim, const Piece *piece,
	   const int *elements, int n, int *chosen)
{
	int64		rest = piece->amount;
	int			nchosen = 0;

	for (int i = 0; i < n; i++)
	{
		int64		amount = claim->row.placed[elements[i]].amount;

		if (amount > rest || is_used(claim, piece, elements[i]) ||
			is_elsewhere(leaving, claim, piece, &claim->row.placed[elements[i]]))
			continue;
		rest -= amount;
		chosen[nchosen++] = elements[i];
	}
	return rest == 0 ? nchosen : 0;
}

static void
add_piece(LeavingClaim *claim, Piece piece, int placed, int64 amount)
{
	piece.placed = placed;
	piece.amount = amount;
	piece.group = -1;
	if (placed >= 0)
		piece.group = find_group(&claim->request, claim->row.placed[placed].group);
	else if (claim->is_claim && claim->request.ngroups == 1)
		piece.group = 0;
	claim->pieces[claim->npieces++] = piece;
	if (claim->is_claim && piece.group < 0)
		leaving_let_stay(claim, psprintf("what groups of claim " INT64_FORMAT " have of resource \"%s\" is not what it was given",
								 claim->reservation_id, piece.inventory->name));
}

/*
 * leaving_add_row makes pieces of a row that is to leave.
 */
void
leaving_add_row(const Leaving *leaving, LeavingClaim *claim, const Piece *whole)
{
	int		   *elements = palloc(sizeof(int) * (claim->row.nplaced + 1));
	int		   *chosen = palloc(sizeof(int) * (claim->row.nplaced + 1));
	int			n = find_elements(leaving, claim, whole->resource_type, elements);
	int			nchosen = 0;

	if (n <= 1)
	{
		add_piece(claim, *whole, n == 0 ? -1 : elements[0], whole->amount);
		return;
	}
	for (int i = 0; i < n && nchosen == 0; i++)
		nchosen = add_up(leaving, claim, whole, elements + i, n - i, chosen);
	if (nchosen == 0)
		add_piece(claim, *whole, -1, whole->amount);
	for (int i = 0; i < nchosen; i++)
		add_piece(claim, *whole, chosen[i], claim->row.placed[chosen[i]].amount);
	pfree(elements);
	pfree(chosen);
}
