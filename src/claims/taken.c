/*-------------------------------------------------------------------------
 *
 * taken.c
 *	  What a call has given away of inventories, and not reserved yet.
 *
 * A call that places many claims decides on all of them before it reserves
 * anything, so that everything can be locked in one pass.  Each one must see what
 * those before it were given, which no timeline knows yet.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/taken.h"

#include "common/hashfn.h"

/* segments of a resource, ascending and disjoint */
typedef struct TakenResource
{
	int32		resource_id;	/* hash key */
	char		status;
	TimelineView view;			/* of nothing but these */
} TakenResource;

#define SH_PREFIX takenres
#define SH_ELEMENT_TYPE TakenResource
#define SH_KEY_TYPE int32
#define SH_KEY resource_id
#define SH_HASH_KEY(table, key) murmurhash32((uint32) (key))
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct Taken
{
	takenres_hash *resources;
};

/*
 * taken_create returns a record of nothing, in the current memory context.
 */
Taken *
taken_create(void)
{
	Taken	   *taken = palloc(sizeof(Taken));

	taken->resources = takenres_create(CurrentMemoryContext, 32, NULL);
	return taken;
}

/*
 * taken_add notes that an amount of a resource is given away over [start, end).
 */
void
taken_add(Taken *taken, int32 resource_id, TimestampTz start, TimestampTz end,
		  int64 amount)
{
	Segment		segment = {.start = start,.end = end,.delta = -amount};
	bool		found;
	TakenResource *resource = takenres_insert(taken->resources, resource_id, &found);
	const Segment *before;

	if (!found)
		memset(&resource->view, 0, sizeof(TimelineView));
	before = resource->view.added;
	timeline_view_add(&resource->view, &segment, 1);
	if (before != NULL)
		pfree(unconstify(Segment *, before));
}

/*
 * taken_of returns what was given away of a resource, as segments to be added to
 * what is available of it.
 */
const Segment *
taken_of(const Taken *taken, int32 resource_id, int *nsegments)
{
	TakenResource *resource = takenres_lookup(taken->resources, resource_id);

	*nsegments = resource == NULL ? 0 : resource->view.nadded;
	return resource == NULL ? NULL : resource->view.added;
}
