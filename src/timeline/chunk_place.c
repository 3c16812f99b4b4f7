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
 * Who has to look for chunks of a resource by the index a second time notes the
 * places of others, too, from the index alone.  That tells where a chunk ends, not
 * where it begins; in a cell they touch, so where the one before ends is as good a
 * hint as others.  A few are noted at a time, so that nobody pays for more than he
 * will ask for; when most are known already, it is left alone for longer and longer.
 *
 * The buffer that has the block of a place is noted, too, so that the server's
 * table of buffers need not be asked.
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

typedef struct KnownResource
{
	int32		resource_id;	/* hash key */
	ItemPointerData anchor;		/* or invalid */
	uint16		misses;			/* chunks looked for by the index since ... */
	uint16		pause;			/* ... so many that none is noted from it */
	TimestampTz last_end;		/* no chunk ended later, or infinite */
	char		status;
} KnownResource;

#define SH_PREFIX		resources
#define SH_ELEMENT_TYPE	KnownResource
#define SH_KEY_TYPE		int32
#define SH_KEY			resource_id
#define SH_HASH_KEY(table, key) murmurhash32((uint32) (key))
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE		static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* about 8 and 10 MB; when there are more, all are forgotten */
#define PLACES_MAX	65536
#define RESOURCES_MAX	131072

#define PAUSE_MAX		1023

static MemoryContext context = NULL;
static cells_hash *cells = NULL;
static resources_hash *resources = NULL;
static int	nplaces = 0;

/* where a place was found last: the next one asked for often follows it */
static Cell *last_cell = NULL;
static int	last_at;

/*
 * Make room, if need be by forgetting all.
 */
static void
make_room(void)
{
	if (resources != NULL && nplaces < PLACES_MAX &&
		resources->members < RESOURCES_MAX)
		return;
	last_cell = NULL;
	nplaces = 0;
	cells = NULL;
	resources = NULL;
	if (context == NULL)
		context = AllocSetContextCreate(TopMemoryContext, "arbiter places of chunks",
										ALLOCSET_DEFAULT_SIZES);
	else
		MemoryContextReset(context);
	cells = cells_create(context, 64, NULL);
	resources = resources_create(context, 64, NULL);
}

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

	make_room();
	last_cell = NULL;
	cell = cells_insert(cells, key, &found);
	if (!found)
	{
		cell->nplaces = cell->room = 0;
		cell->places = NULL;
	}
	return cell;
}

static KnownResource *
make_resource(int32 resource_id)
{
	KnownResource *known;
	bool		found;

	make_room();
	known = resources_insert(resources, resource_id, &found);
	if (!found)
	{
		ItemPointerSetInvalid(&known->anchor);
		known->misses = 0;
		known->pause = 1;
		known->last_end = DT_NOEND;
	}
	return known;
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
	ChunkPlace	before = {.buffer = InvalidBuffer};

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
	else if (ItemPointerGetBlockNumber(&cell->places[first].root) ==
			 ItemPointerGetBlockNumber(&place->root))
		before = cell->places[first];
	cell->places[first] = *place;
	cell->places[first].buffer = before.buffer;
	cell->places[first].looks = before.looks;
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
 * an instant, or NULL; own is invalid where the current transaction has not
 * written it.  Good until the next place is noted.
 */
ChunkPlace *
chunk_place_find(int32 resource_id, TimestampTz instant)
{
	CellKey		key;
	ChunkPlace *place;

	if (cells == NULL || TIMESTAMP_NOT_FINITE(instant))
		return NULL;
	key = cell_key(resource_id, instant);
	if (last_cell == NULL || last_cell->key.resource_id != key.resource_id ||
		last_cell->key.cell != key.cell)
	{
		last_cell = cells_lookup(cells, key);
		if (last_cell == NULL)
			return NULL;
		last_at = find_place(last_cell, instant);
	}
	else if (last_at + 1 < last_cell->nplaces &&
			 last_cell->places[last_at].end <= instant &&
			 last_cell->places[last_at + 1].end > instant)
		last_at++;
	else
		last_at = find_place(last_cell, instant);
	if (last_at == last_cell->nplaces || last_cell->places[last_at].start > instant)
		return NULL;
	place = &last_cell->places[last_at];
	if (place->own_xact != arbiter_local_xid())
		ItemPointerSetInvalid(&place->own);
	return place;
}

/*
 * chunk_place_missed is told that nothing was known of a chunk, and the index was
 * asked; true if it should be asked of others, too.
 */
bool
chunk_place_missed(int32 resource_id)
{
	KnownResource *known = make_resource(resource_id);

	if (nplaces >= PLACES_MAX / 4 * 3 || ++known->misses <= known->pause)
		return false;
	known->misses = 0;
	return true;
}

/*
 * chunk_place_suppose notes where the index has a chunk; false if something is
 * known of that time.
 */
bool
chunk_place_suppose(int32 resource_id, TimestampTz start, TimestampTz end,
					const ItemPointerData *root)
{
	ChunkPlace	place = {
		.start = start,
		.end = end,
		.root = *root,
		.own_xact = InvalidLocalTransactionId
	};
	TimestampTz last = end == DT_NOEND ? start : end - 1;
	CellKey		key;
	const Cell *cell;
	int			at;

	if (TIMESTAMP_NOT_FINITE(last))
		return false;
	key = cell_key(resource_id, last);
	cell = cells_lookup(cells, key);
	at = cell == NULL ? 0 : find_place(cell, start);
	if (cell != NULL && at < cell->nplaces && cell->places[at].start < end)
		return false;
	remember(key, &place);
	return true;
}

/*
 * chunk_place_supposed ends what chunk_place_missed() has begun: of so many
 * chunks that the index was asked of, so many were new.
 */
void
chunk_place_supposed(int32 resource_id, int nread, int nnew)
{
	KnownResource *known = make_resource(resource_id);

	if (nnew > 0 && nnew >= nread / 4)
		known->pause = 0;
	else
		known->pause = Min(2 * known->pause + 1, PAUSE_MAX);
}

/*
 * chunk_place_remember_last notes that no chunk of a resource ends after an
 * instant, infinite if one does.
 */
void
chunk_place_remember_last(int32 resource_id, TimestampTz end)
{
	KnownResource *known = make_resource(resource_id);

	known->last_end = end == DT_NOEND ? end : Min(end, known->last_end);
}

/*
 * chunk_place_is_after_last tells whether no chunk is to be expected at an instant
 * or later.
 */
bool
chunk_place_is_after_last(int32 resource_id, TimestampTz instant)
{
	KnownResource *known = resources == NULL ? NULL :
		resources_lookup(resources, resource_id);

	return known != NULL && instant >= known->last_end;
}

/*
 * chunk_place_remember_anchor notes where the anchor of a resource is.
 */
void
chunk_place_remember_anchor(int32 resource_id, const ItemPointerData *tid)
{
	make_resource(resource_id)->anchor = *tid;
}

/*
 * chunk_place_find_anchor returns where to look for the anchor of a resource.
 */
bool
chunk_place_find_anchor(int32 resource_id, ItemPointer tid)
{
	KnownResource *known = resources == NULL ? NULL :
		resources_lookup(resources, resource_id);

	if (known == NULL || !ItemPointerIsValid(&known->anchor))
		return false;
	*tid = known->anchor;
	return true;
}
