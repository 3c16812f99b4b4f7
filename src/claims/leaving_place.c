/*-------------------------------------------------------------------------
 *
 * leaving_place.c
 *	  Find places for the claims that are to leave a provider.
 *
 * A place is searched for as it was when the claim was made, but for what it has
 * elsewhere: that stays, and what its groups ask of each other is asked of the
 * new place too.  All pieces of a group go to one provider, with the amounts they
 * have; of a group that may be spread, each goes to as many as it takes.  A claim
 * leaves with all its pieces, or with none.
 *
 * Who was there first is served first, and those after him see what he was given.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/leaving.h"

#include "claims/claim.h"
#include "miscadmin.h"
#include "support/guc.h"

/* what a search for the place of a claim is made of */
typedef struct PlaceSearch
{
	LeavingClaim *claim;
	ClaimRequest request;		/* for the pieces, and nothing else */
	ClaimTimes *times;
	int			ntimes;
	Bitmapset  *staying;
	Bitmapset **kept;
	Allocation *kept_amounts;
	int			nkept_amounts;
} PlaceSearch;

/*
 * place_piece returns the piece that a place is for.
 */
const Piece *
place_piece(const LeavingClaim *claim, const Allocation *place)
{
	for (int i = 0; i < claim->npieces; i++)
	{
		const Piece *piece = &claim->pieces[i];

		if (piece->group == place->group && piece->resource == place->resource)
			return piece;
	}
	pg_unreachable();
}

/* the times of a piece, among those that are searched for */
static int
find_times(PlaceSearch *place, const Piece *piece, TimestampTz clock)
{
	int			at = 0;

	while (at < place->ntimes && (place->times[at].start != piece->start ||
								  place->times[at].end != piece->end))
		at++;
	if (at == place->ntimes)
		place->times[place->ntimes++] = (ClaimTimes) {
			.start = piece->start,
			.end = piece->end,
			.start_given = true,
			.granted = true,
			.clock = clock,
			.tryout = piece->part->take.tryout
		};
	return at;
}

/*
 * Ask for what the pieces have, and for nothing more.
 */
static void
ask_for_pieces(PlaceSearch *place, TimestampTz clock)
{
	LeavingClaim *claim = place->claim;
	ClaimRequest *request = &place->request;

	request->groups = palloc(sizeof(ClaimGroup) * request->ngroups);
	place->times = palloc(sizeof(ClaimTimes) * claim->npieces);
	for (int i = 0; i < request->ngroups; i++)
	{
		const ClaimGroup *asked = &claim->request.groups[i];
		ClaimGroup *group = &request->groups[i];

		*group = *asked;
		group->resources = palloc0(sizeof(ClaimResource) * claim->npieces);
		group->nresources = 0;
		for (int j = 0; j < claim->npieces; j++)
		{
			Piece	   *piece = &claim->pieces[j];
			ClaimResource *resource = &group->resources[group->nresources];

			if (piece->group != i)
				continue;
			piece->resource = group->nresources++;
			resource->type = unconstify(char *, piece->resource_type);
			resource->minimum = resource->maximum = piece->amount;
			resource->times = find_times(place, piece, clock);
			for (int k = 0; k < asked->nresources; k++)
			{
				if (strcmp(asked->resources[k].type, resource->type) == 0)
					resource->capabilities = asked->resources[k].capabilities;
			}
		}
		if (group->nresources == 0)
			place->staying = bms_add_member(place->staying, i);
	}
}

static bool
asks_for(const ClaimGroup *group, const char *type)
{
	for (int i = 0; i < group->nresources; i++)
	{
		if (strcmp(group->resources[i].type, type) == 0)
			return true;
	}
	return false;
}

/*
 * Note that some groups stay on the provider of a row.  Where its allocations do
 * not tell which, it may be any that asks for such a resource.
 */
static void
keep_part(PlaceSearch *place, const Catalogue *catalogue, const ChangePart *part)
{
	const LeavingClaim *claim = place->claim;
	const ClaimRequest *request = &claim->request;
	const InventoryType *type;
	int			provider;
	const Inventory *inventory = find_inventory(catalogue, part->take.resource_id,
												&type, &provider);
	bool		any = false;
	int			before = place->nkept_amounts;

	if (inventory == NULL)
		return;
	for (int i = 0; i < claim->row.nplaced; i++)
	{
		const Placed *placed = &claim->row.placed[i];

		if (strcmp(placed->resource_type, type->name) != 0 ||
			strcmp(placed->provider, catalogue->providers[provider].name) != 0)
			continue;
		for (int j = 0; j < request->ngroups; j++)
		{
			if (strcmp(request->groups[j].name, placed->group) != 0)
				continue;
			any = true;
			place->kept[j] = bms_add_member(place->kept[j], provider);
			place->kept_amounts[place->nkept_amounts++] = (Allocation) {
				.group = j,
				.provider = provider,
				.inventory = inventory,
				.amount = Min(placed->amount, part->take.amount)
			};
		}
	}
	/* the row of one group alone has what it has, whatever it was given */
	if (place->nkept_amounts == before + 1)
		place->kept_amounts[before].amount = part->take.amount;
	for (int i = 0; i < request->ngroups && !any; i++)
	{
		if (asks_for(&request->groups[i], type->name))
			place->kept[i] = bms_add_member(place->kept[i], provider);
	}
}

/*
 * Find where the claim stays while its pieces go.
 */
static void
find_kept(PlaceSearch *place, const Catalogue *catalogue)
{
	LeavingClaim *claim = place->claim;
	TimestampTz start = DT_NOEND;
	TimestampTz end = DT_NOBEGIN;

	place->kept = palloc0(sizeof(Bitmapset *) * claim->request.ngroups);
	/* nobody else is there, of a claim that asks for one provider */
	if (claim->request.ngroups == 1 && claim->request.groups[0].single_provider)
		return;
	place->kept_amounts = palloc(sizeof(Allocation) * claim->nparts *
								 (claim->row.nplaced + 1));
	for (int i = 0; i < claim->npieces; i++)
	{
		start = Min(start, claim->pieces[i].start);
		end = Max(end, claim->pieces[i].end);
	}
	for (int i = 0; i < claim->nparts; i++)
	{
		const ChangePart *part = &claim->parts[i];
		bool		leaves = false;

		for (int j = 0; j < claim->npieces; j++)
			leaves |= claim->pieces[j].part == part;
		if (part->live && !leaves && part->start < end && part->end > start)
			keep_part(place, catalogue, part);
	}
}

static bool
keep_places(const Search *search, void *argument)
{
	LeavingClaim *claim = argument;
	Size		size = sizeof(Allocation) * search->nallocations;

	claim->places = palloc(size);
	memcpy(claim->places, search->allocations, size);
	claim->nplaces = search->nallocations;
	return true;
}

static void
take_places(const LeavingClaim *claim, Taken *taken, Snapshot snapshot)
{
	for (int i = 0; i < claim->nplaces; i++)
	{
		const Allocation *place = &claim->places[i];
		const Piece *piece = place_piece(claim, place);
		TimestampTz start = piece->start;
		TimestampTz end = piece->end;
		Resource	resource;

		if (!place->inventory->plain &&
			resource_find_by_id(place->inventory->resource_id, snapshot, &resource))
			resource_occupied(&resource, &start, &end);
		taken_add(taken, place->inventory->resource_id, start, end, place->amount);
	}
}

static void
place_claim(Leaving *leaving, LeavingClaim *claim, const Taken *taken, Snapshot snapshot)
{
	PlaceSearch place = {.claim = claim,.request = claim->request};
	Refusal		refusal;
	Search		search;
	SearchTask	task;
	bool		found;

	place.request.leaves_provider = leaving->provider_id;
	ask_for_pieces(&place, leaving->change.clock);
	find_kept(&place, leaving->catalogue);
	task = (SearchTask) {
		.catalogue = leaving->catalogue,
		.request = &place.request,
		.times = place.times,
		.ntimes = place.ntimes,
		.snapshot = snapshot,
		.ruled_out = claim->ruled_out,
		.staying = place.staying,
		.kept = place.kept,
		.kept_amounts = place.kept_amounts,
		.nkept_amounts = place.nkept_amounts,
		.taken = taken,
		.tries = arbiter_claim_tries,
		.may_give_up = true
	};
	search_begin(&search, &task);
	found = search_run(&search, keep_places, claim);
	if (!found && search.given_up)
	{
		claim->stays = true;
		(void) fault_set(&claim->fault, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
						 psprintf("the claim is too intricate: no placement was found in %d tries",
								  arbiter_claim_tries), NULL, NULL);
	}
	else if (!found)
	{
		claim_explain(&search, &refusal);
		claim->stays = true;
		(void) fault_set(&claim->fault, refusal.sqlstate,
						 psprintf("%s: %s", refusal.message, refusal.detail), NULL, NULL);
	}
	search_end(&search);
}

/*
 * leaving_place finds places for all claims that can leave, on a snapshot.
 */
void
leaving_place(Leaving *leaving, Snapshot snapshot)
{
	Taken	   *taken = taken_create();

	for (int i = 0; i < leaving->n; i++)
	{
		LeavingClaim *claim = &leaving->claims[i];

		CHECK_FOR_INTERRUPTS();
		claim->nplaces = 0;
		claim->stays = claim->hopeless;
		if (claim->stays)
			continue;
		place_claim(leaving, claim, taken, snapshot);
		if (!claim->stays)
			take_places(claim, taken, snapshot);
	}
}
