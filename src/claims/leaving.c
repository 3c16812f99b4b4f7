/*-------------------------------------------------------------------------
 *
 * leaving.c
 *	  Find and lock the claims that are to leave a provider.
 *
 * A claim's rows say how much of which resource it has, and its allocations which
 * of its groups has that.  Groups that were placed together share a row.  The
 * amounts of a row decide: somebody may have changed them since.  What a group has
 * of a row is a piece, and goes its own way.
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

static void
let_stay(LeavingClaim *claim, char *message)
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
add_up(const LeavingClaim *claim, const Piece *piece, const int *elements, int n,
	   int *chosen)
{
	int64		rest = piece->amount;
	int			nchosen = 0;

	for (int i = 0; i < n; i++)
	{
		int64		amount = claim->row.placed[elements[i]].amount;

		if (amount > rest || is_used(claim, piece, elements[i]))
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
		let_stay(claim, psprintf("what groups of claim " INT64_FORMAT " have of resource \"%s\" is not what it was given",
								 claim->reservation_id, piece.inventory->name));
}

/*
 * Make pieces of a row that is to leave.
 */
static void
make_pieces(const Leaving *leaving, LeavingClaim *claim, const Piece *whole)
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
		nchosen = add_up(claim, whole, elements + i, n - i, chosen);
	if (nchosen == 0)
		add_piece(claim, *whole, -1, whole->amount);
	for (int i = 0; i < nchosen; i++)
		add_piece(claim, *whole, chosen[i], claim->row.placed[chosen[i]].amount);
	pfree(elements);
	pfree(chosen);
}

/*
 * What keeps a row where it is.
 */
static void
check_part(const Leaving *leaving, LeavingClaim *claim, const LeftResource *left,
		   const Piece *piece)
{
	if (!claim->is_claim)
		let_stay(claim, psprintf("reservation " INT64_FORMAT " is no claim: arbiter_evacuate() moves it",
								 claim->reservation_id));
	if (children_include(&leaving->change.children, claim->reservation_id, left->resource.id))
		let_stay(claim, psprintf("reservation " INT64_FORMAT " is the capacity of another resource",
								 claim->reservation_id));
	if (share_of_row(piece->part->row) > 0)
		let_stay(claim, psprintf("reservation " INT64_FORMAT " is for a share of the capacity of resource \"%s\"",
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
	if (claim->is_claim)
		make_pieces(leaving, claim, &whole);
	else
		add_piece(claim, whole, -1, whole.amount);
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
