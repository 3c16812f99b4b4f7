/*-------------------------------------------------------------------------
 *
 * chunk_place.c
 *	  Where the current transaction wrote its chunks.
 *
 * The versions of a row that a transaction leaves behind cannot be pruned
 * before it ends.  A transaction that books ten thousand times in one chunk
 * would have every index scan for it walk over thousands of its own dead
 * versions, and be quadratic.  So it remembers where it put the last one.
 *
 * A place is a hint and holds no data.  Whoever uses it fetches the row with
 * his snapshot and looks at its resource and range: chunks of a resource do
 * not overlap, so a row that the snapshot sees and that holds the instant
 * wanted is the one an index scan would find.  After a rollback to a savepoint
 * the place has a row that nobody sees, and the index is asked.
 *
 *-------------------------------------------------------------------------
 */
#include "timeline/chunk_place.h"

#include "storage/proc.h"
#include "support/compat.h"

typedef struct ChunkPlace
{
	int32		resource_id;
	TimestampTz end;
	ItemPointerData tid;
} ChunkPlace;

#define PLACES_MAX	2048

/* ascending by (resource_id, end) */
static ChunkPlace places[PLACES_MAX];
static int	nplaces = 0;
static LocalTransactionId places_xact = InvalidLocalTransactionId;

/* the first place that is not before (resource_id, end) */
static int
find_place(int32 resource_id, TimestampTz end)
{
	int			low = 0;
	int			high = nplaces;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (places[middle].resource_id < resource_id ||
			(places[middle].resource_id == resource_id &&
			 places[middle].end < end))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/*
 * chunk_place_remember notes where the current transaction put a chunk.
 */
void
chunk_place_remember(int32 resource_id, TimestampTz end, ItemPointer tid)
{
	int			at;

	if (places_xact != arbiter_local_xid())
	{
		places_xact = arbiter_local_xid();
		nplaces = 0;
	}
	at = find_place(resource_id, end);
	if (at == nplaces || places[at].resource_id != resource_id ||
		places[at].end != end)
	{
		if (nplaces == PLACES_MAX)
			nplaces = at = 0;
		memmove(&places[at + 1], &places[at], sizeof(ChunkPlace) * (nplaces - at));
		nplaces++;
		places[at].resource_id = resource_id;
		places[at].end = end;
	}
	places[at].tid = *tid;
}

/*
 * chunk_place_find returns where to look for the first chunk of a resource
 * that ends after an instant.
 */
bool
chunk_place_find(int32 resource_id, TimestampTz after, ItemPointer tid)
{
	int			at;

	if (places_xact != arbiter_local_xid() || nplaces == 0 ||
		after == DT_NOEND)
		return false;
	at = find_place(resource_id, after + 1);
	if (at == nplaces || places[at].resource_id != resource_id)
		return false;
	*tid = places[at].tid;
	return true;
}
