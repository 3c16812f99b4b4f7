/*-------------------------------------------------------------------------
 *
 * chunk_place.c
 *	  Where this backend last found or wrote its chunks.
 *
 * Most calls want a chunk that the backend has had before, and its row is
 * where it was: nearly all updates are HOT, so the line pointer that the index
 * has for the chunk, the root, stays the same for a long time.  To know it
 * saves the descent of the index, and to open it.
 *
 * Besides, the versions of a row that a transaction leaves behind cannot be
 * pruned before it ends.  A transaction that books ten thousand times in one
 * chunk would walk over thousands of its own dead versions for each, and be
 * quadratic.  So the last version that the current transaction wrote is
 * remembered too.
 *
 * A place is a hint and holds no data.  Whoever uses it fetches the row with
 * his snapshot and looks at its resource and range: chunks of a resource do
 * not overlap, so a row that the snapshot sees and that holds the instant
 * wanted is the one an index scan would find.  After a rollback to a savepoint
 * the place has a row that nobody sees; after VACUUM, TRUNCATE or a rewrite it
 * may have none, or that of another chunk; after a split or a merge the range
 * is another.  Then the index is asked, and the place corrected.
 *
 * The anchor of a resource, which says that it is built, is looked for where it
 * was in the same way.
 *
 * Places are kept by resource and cell (see chunk_layout.c), so that to find one
 * takes little more than one look into memory.  A chunk that is longer than a
 * cell is noted under the cell it was looked for in, or that it starts in.
 *
 *-------------------------------------------------------------------------
 */
#include "timeline/chunk_place.h"

#include "common/hashfn.h"
#include "storage/proc.h"
#include "support/compat.h"
#include "timeline/chunk_layout.h"
#include "utils/memutils.h"

typedef struct ChunkPlace
{
	TimestampTz start;
	TimestampTz end;
	ItemPointerData root;		/* what the index points to */
	ItemPointerData own;		/* the version written by: */
	LocalTransactionId own_xact;
} ChunkPlace;

typedef struct CellKey
{
	int32		resource_id;
	int32		cell;
} CellKey;

typedef struct Cell
{
	CellKey		key;
	int			nplaces;
	int			room;
	ChunkPlace *places;			/* in order of time, disjoint */
	char		status;			/* of the hash table's */
} Cell;

#define SH_PREFIX		cells
#define SH_ELEMENT_TYPE	Cell
#define SH_KEY_TYPE		CellKey
#define SH_KEY			key
#define SH_HASH_KEY(table, key) \
	hash_combine(murmurhash32(key.resource_id), murmurhash32(key.cell))
#define SH_EQUAL(table, a, b) \
	((a).resource_id == (b).resource_id && (a).cell == (b).cell)
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct AnchorPlace
{
	int32		resource_id;	/* hash key */
	ItemPointerData tid;
	char		status;
} AnchorPlace;

#define SH_PREFIX		anchors
#define SH_ELEMENT_TYPE	AnchorPlace
#define SH_KEY_TYPE		int32
#define SH_KEY			resource_id
#define SH_HASH_KEY(table, key) murmurhash32((uint32) (key))
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* about 8 and 2 MB; when there are more, all are forgotten */
#define PLACES_MAX	65536
#define ANCHORS_MAX	65536

static MemoryContext context = NULL;
static cells_hash *cells = NULL;
static int	nplaces = 0;
static anchors_hash *anchors = NULL;

static CellKey
cell_key(int32 resource_id, TimestampTz instant)
{
	CellKey		key = {.resource_id = resource_id};

	key.cell = (int32) (instant / CHUNK_SPAN) -
		(instant < 0 && instant % CHUNK_SPAN != 0 ? 1 : 0);
	return key;
}

/* the first place of a cell that ends after an instant */
static int
find_place(const Cell *cell, TimestampTz instant)
{
	int			low = 0;
	int			high = cell->nplaces;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (cell->places[middle].end <= instant)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static Cell *
make_cell(CellKey key)
{
	Cell	   *cell;
	bool		found;

	if (nplaces >= PLACES_MAX)
	{
		MemoryContextReset(context);
		cells = NULL;
		nplaces = 0;
	}
	if (context == NULL)
		context = AllocSetContextCreate(TopMemoryContext, "arbiter places of chunks",
										ALLOCSET_DEFAULT_SIZES);
	if (cells == NULL)
		cells = cells_create(context, 64, NULL);
	cell = cells_insert(cells, key, &found);
	if (!found)
	{
		cell->nplaces = cell->room = 0;
		cell->places = NULL;
	}
	return cell;
}

/*
 * Note a place, instead of all that overlap it.
 */
static void
remember(CellKey key, const ChunkPlace *place)
{
	Cell	   *cell = make_cell(key);
	int			first = find_place(cell, place->start);
	int			last = first;

	while (last < cell->nplaces && cell->places[last].start < place->end)
		last++;
	if (last == first && cell->nplaces == cell->room)
	{
		int			room = Max(1, 2 * cell->room);

		if (cell->places == NULL)
			cell->places = MemoryContextAlloc(context, sizeof(ChunkPlace) * room);
		else
			cell->places = repalloc(cell->places, sizeof(ChunkPlace) * room);
		cell->room = room;
	}
	if (last != first + 1)
	{
		memmove(&cell->places[first + 1], &cell->places[last],
				sizeof(ChunkPlace) * (cell->nplaces - last));
		cell->nplaces += 1 - (last - first);
		nplaces += 1 - (last - first);
	}
	cell->places[first] = *place;
}

/*
 * chunk_place_remember notes where the index has a chunk, looked for at an
 * instant.
 */
void
chunk_place_remember(const Chunk *chunk, TimestampTz instant)
{
	ChunkPlace	place = {
		.start = chunk->start,
		.end = chunk->end,
		.root = chunk->root,
		.own_xact = InvalidLocalTransactionId
	};

	if (!TIMESTAMP_NOT_FINITE(instant))
		remember(cell_key(chunk->resource_id, instant), &place);
}

/*
 * chunk_place_remember_own notes where the current transaction put a chunk.
 */
void
chunk_place_remember_own(int32 resource_id, TimestampTz start, TimestampTz end,
						 const ItemPointerData *root,
						 const ItemPointerData *own)
{
	ChunkPlace	place = {
		.start = start,
		.end = end,
		.root = *root,
		.own = *own,
		.own_xact = arbiter_local_xid()
	};

	remember(cell_key(resource_id, start), &place);
}

/*
 * chunk_place_find returns where to look for the chunk of a resource that holds
 * an instant; own is invalid where the current transaction has not written it.
 */
bool
chunk_place_find(int32 resource_id, TimestampTz instant, ItemPointer root,
				 ItemPointer own)
{
	Cell	   *cell;
	const ChunkPlace *place;
	int			at;

	if (cells == NULL || TIMESTAMP_NOT_FINITE(instant))
		return false;
	cell = cells_lookup(cells, cell_key(resource_id, instant));
	if (cell == NULL)
		return false;
	at = find_place(cell, instant);
	if (at == cell->nplaces || cell->places[at].start > instant)
		return false;
	place = &cell->places[at];
	*root = place->root;
	if (place->own_xact == arbiter_local_xid())
		*own = place->own;
	else
		ItemPointerSetInvalid(own);
	return true;
}

/*
 * chunk_place_remember_anchor notes where the anchor of a resource is.
 */
void
chunk_place_remember_anchor(int32 resource_id, const ItemPointerData *tid)
{
	AnchorPlace *place;
	bool		found;

	if (anchors == NULL)
		anchors = anchors_create(TopMemoryContext, 64, NULL);
	if (anchors->members >= ANCHORS_MAX)
		anchors_reset(anchors);
	place = anchors_insert(anchors, resource_id, &found);
	place->tid = *tid;
}

/*
 * chunk_place_find_anchor returns where to look for the anchor of a resource.
 */
bool
chunk_place_find_anchor(int32 resource_id, ItemPointer tid)
{
	AnchorPlace *place = anchors == NULL ? NULL :
		anchors_lookup(anchors, resource_id);

	if (place != NULL)
		*tid = place->tid;
	return place != NULL;
}
