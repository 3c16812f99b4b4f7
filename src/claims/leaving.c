/*-------------------------------------------------------------------------
 *
 * leaving.c
 *	  Find and lock the claims that are to leave a provider.
 *
 * The rows of all reservations that have something of the provider are locked, with
 * those that the same reservations have elsewhere.  What a group has of a row is a
 * piece (leaving_pieces.c), and goes its own way.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/leaving.h"

#include "capacity/share.h"
#include "miscadmin.h"
#include "support/errors.h"
#include "support/locks.h"
#include "support/relations.h"
#include "timeline/base_rows.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/* what the provider has */
typedef struct LeftResource
{
	const Inventory *inventory;
	const char *type;
	Resource	resource;
	TimestampTz from;			/* when it is left */
} LeftResource;

typedef struct LeftResources
{
	LeftResource *resources;
	int			n;
} LeftResources;

static LeftResources
find_resources(const Leaving *leaving, Snapshot snapshot)
{
	const Catalogue *catalogue = leaving->catalogue;
	int			provider = catalogue_provider(catalogue, leaving->provider_id);
	LeftResources left = {.resources = palloc(sizeof(LeftResource) * (catalogue->ntypes + 1))};

	for (int i = 0; i < catalogue->ntypes && provider >= 0; i++)
	{
		LeftResource *resource = &left.resources[left.n];

		if (!bms_is_member(provider, catalogue->types[i].providers))
			continue;
		resource->inventory = &catalogue->types[i].inventories[provider];
		resource->type = catalogue->types[i].name;
		if (resource_find_by_id(resource->inventory->resource_id, snapshot,
								&resource->resource))
			left.n++;
	}
	return left;
}

/*
 * Lock the rows of all reservations of the provider in the range.
 */
static void
lock_reservations(Leaving *leaving, const LeftResources *left)
{
	Snapshot	snapshot = decision_snapshot();
	TimestampTz now = GetCurrentTimestamp();
	Size		room = 64;
	int			n = 0;
	int64	   *ids = palloc(sizeof(int64) * room);

	for (int i = 0; i < left->n; i++)
	{
		ReservationScan scan;
		ReservationRow row;

		reservation_scan_begin(&scan, left->resources[i].resource.id,
							   leaving->start_given ? leaving->start : now,
							   leaving->end, snapshot);
		while (reservation_scan_next(&scan, &row))
		{
			if (!row.active || row.expires_at <= now)
				continue;
			if (n == (int) room)
			{
				room *= 2;
				ids = repalloc_huge(ids, sizeof(int64) * room);
			}
			ids[n++] = row.reservation_id;
		}
		reservation_scan_end(&scan);
	}
	UnregisterSnapshot(snapshot);
	change_lock(&leaving->change, ids, n);
	pfree(ids);
}

/* the reservation whose request is read, for errors in it */
static void
claim_context(void *argument)
{
	const LeavingClaim *claim = argument;

	errcontext("claim " INT64_FORMAT, claim->reservation_id);
}

/*
 * Read what a reservation is, of which some is to leave.
 */
static void
read_claim(LeavingClaim *claim, Snapshot snapshot)
{
	const AttrNumber *columns = arbiter_relations()->reservation_column;
	TupleTableSlot *row = claim->parts[0].row;
	bool		isnull;
	ErrorContextCallback context = {
		.previous = error_context_stack,
		.callback = claim_context,
		.arg = claim
	};

	claim->user_id = TextDatumGetCString(slot_getattr(row, columns[RESERVATION_USER_ID],
													  &isnull));
	claim->created_at = DatumGetTimestampTz(slot_getattr(row, columns[RESERVATION_CREATED_AT],
														 &isnull));
	for (int i = 0; i < claim->nparts; i++)
	{
		int32		number = DatumGetInt32(slot_getattr(claim->parts[i].row,
														columns[RESERVATION_PART], &isnull));

		claim->last_part = i == 0 ? number : Max(claim->last_part, number);
	}

	error_context_stack = &context;
	claim->is_claim = claim_row_lock(claim->reservation_id, snapshot, &claim->row);
	if (claim->is_claim)
	{
		claim_request_read(claim->row.request, &claim->request);
		claim->created_at = claim->row.created_at;
		claim->refused = palloc0(sizeof(Bitmapset *) * claim->request.ngroups);
		claim->ruled_out = palloc0(sizeof(Bitmapset *) * claim->request.ngroups);
	}
	error_context_stack = context.previous;
}

/*
 * What keeps a row where it is.
 */
static void
check_part(const Leaving *leaving, LeavingClaim *claim, const LeftResource *left,
		   const Piece *piece)
{
	if (!claim->is_claim)
		leaving_let_stay(claim, psprintf("reservation " INT64_FORMAT " is no claim: arbiter_evacuate() moves it",
								 claim->reservation_id));
	if (children_include(&leaving->change.children, claim->reservation_id, left->resource.id))
		leaving_let_stay(claim, psprintf("reservation " INT64_FORMAT " is the capacity of another resource",
								 claim->reservation_id));
	if (share_of_row(piece->part->row) > 0)
		leaving_let_stay(claim, psprintf("reservation " INT64_FORMAT " is for a share of the capacity of resource \"%s\"",
								 claim->reservation_id, left->resource.name));
	if (!claim->hopeless && piece->start > piece->part->start)
		claim->hopeless = range_is_misaligned(piece->start, piece->start,
											  left->resource.granularity,
											  left->resource.name, &claim->fault);
}

static void
add_part(const Leaving *leaving, const LeftResources *left, LeavingClaim *claim,
		 ChangePart *part)
{
	AttrNumber	number = arbiter_relations()->reservation_column[RESERVATION_PART];
	const LeftResource *resource = NULL;
	Piece		whole;
	bool		isnull;

	for (int i = 0; i < left->n; i++)
	{
		if (left->resources[i].resource.id == part->take.resource_id)
			resource = &left->resources[i];
	}
	if (!part->live || resource == NULL || part->start >= leaving->end ||
		part->end <= resource->from)
		return;
	whole = (Piece) {
		.part = part,
		.number = DatumGetInt32(slot_getattr(part->row, number, &isnull)),
		.inventory = resource->inventory,
		.resource_type = resource->type,
		.start = Max(part->start, resource->from),
		.end = part->end,
		.amount = part->take.amount
	};
	check_part(leaving, claim, resource, &whole);
	leaving_add_row(leaving, claim, &whole);
}

static int
compare_age(const void *a, const void *b)
{
	const LeavingClaim *left = a;
	const LeavingClaim *right = b;

	if (left->created_at != right->created_at)
		return left->created_at < right->created_at ? -1 : 1;
	return (left->reservation_id > right->reservation_id) -
		(left->reservation_id < right->reservation_id);
}

/*
 * Find out what is to leave, now that nobody else can change that.
 */
static void
find_claims(Leaving *leaving, const LeftResources *left)
{
	Change	   *change = &leaving->change;
	Snapshot	snapshot = decision_snapshot();

	leaving->claims = palloc_extended(sizeof(LeavingClaim) * (Size) (change->nparts + 1),
									  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int first = 0; first < change->nparts;)
	{
		LeavingClaim *claim = &leaving->claims[leaving->n];

		CHECK_FOR_INTERRUPTS();
		memset(claim, 0, sizeof(LeavingClaim));
		claim->parts = &change->parts[first];
		claim->reservation_id = claim->parts[0].reservation_id;
		while (first < change->nparts &&
			   change->parts[first].reservation_id == claim->reservation_id)
		{
			first++;
			claim->nparts++;
		}
		read_claim(claim, snapshot);
		claim->pieces = palloc(sizeof(Piece) * claim->nparts * (claim->row.nplaced + 1));
		for (int i = 0; i < claim->nparts; i++)
			add_part(leaving, left, claim, &claim->parts[i]);
		if (claim->npieces > 0)
			leaving->n++;
	}
	UnregisterSnapshot(snapshot);
	qsort(leaving->claims, leaving->n, sizeof(LeavingClaim), compare_age);
}

/*
 * leaving_find finds the claims of a provider, and what else there is, that are
 * to leave it, and locks them.
 *
 * Errors: 40001; 22023, XX001 where somebody has damaged a row of arbiter_claim.
 * Locks: as change_lock(); then rows of arbiter_claim, ascending.
 */
void
leaving_find(Leaving *leaving)
{
	Snapshot	snapshot = decision_snapshot();
	LeftResources left;

	leaving->catalogue = catalogue_get();
	left = find_resources(leaving, snapshot);
	UnregisterSnapshot(snapshot);
	lock_reservations(leaving, &left);
	for (int i = 0; i < left.n; i++)
	{
		LeftResource *resource = &left.resources[i];

		resource->from = leaving->start_given ? leaving->start :
			steps_round_up(leaving->change.clock, resource->resource.granularity,
						   GRANULARITY_ORIGIN);
	}
	find_claims(leaving, &left);
}
