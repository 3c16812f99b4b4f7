/*-------------------------------------------------------------------------
 *
 * probe.c
 *	  What is available of many inventories over one range.
 *
 * A claim that only a handful of providers can give may ask thousands of
 * timelines.  So the scan goes from one to the next without being made anew, and
 * what was found is remembered: where several groups of a request are placed, the
 * same inventory is asked about again and again.
 *
 * The steps of a timeline count holds that have expired; whether there are any is
 * asked only where too little is left.  What resources with options have left is
 * computed as for any request (request.c); most have none.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/probe.h"

#include "common/hashfn.h"
#include "resource/resource.h"
#include "support/relations.h"
#include "timeline/base_rows.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

typedef struct Probed
{
	int32		resource_id;	/* hash key */
	char		status;
	bool		exact;			/* expired holds were looked for */
	bool		contended;		/* somebody is about to take, or to give back */
	int64		available;
	int64		capacity;		/* -1: not asked yet */
} Probed;

#define SH_PREFIX probed
#define SH_ELEMENT_TYPE Probed
#define SH_KEY_TYPE int32
#define SH_KEY resource_id
#define SH_HASH_KEY(table, key) murmurhash32((uint32) (key))
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/*
 * probe_begin starts to ask what is available from times->start to times->end,
 * less what is taken, which may be NULL.  That and the snapshot must outlive the
 * probe, and stay as they are.
 */
void
probe_begin(Probe *probe, const ClaimTimes *times, const Taken *taken,
			Snapshot snapshot)
{
	memset(probe, 0, sizeof(Probe));
	probe->taken = taken;
	probe->times = *times;
	probe->snapshot = snapshot;
	probe->view.snapshot = snapshot;
	probe->known = probed_create(CurrentMemoryContext, 32, NULL);
}

/* does a resource have holds that have expired but are not marked so? */
static bool
has_expired(Probe *probe, int32 resource_id)
{
	const ArbiterRelations *relations = arbiter_relations();
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(resource_id));
	ScanKeyInit(&keys[1], 2, BTLessEqualStrategyNumber, F_TIMESTAMPTZ_LE,
				TimestampTzGetDatum(probe->times.clock));
	if (probe->any_held)
		key_scan_again(&probe->held, keys, 2);
	else
		key_scan_begin(&probe->held, relations->reservation,
					   &relations->reservation_held_idx, probe->snapshot, keys, 2);
	probe->any_held = true;
	return key_scan_next(&probe->held);
}

/* what the timeline of a resource without options has */
static int64
plain_available(Probe *probe, int32 resource_id)
{
	TimestampTz instant;

	probe->view.resource_id = resource_id;
	if (probe->taken != NULL)
		probe->view.added = taken_of(probe->taken, resource_id, &probe->view.nadded);
	if (probe->scanning)
		timeline_scan_move(&probe->scan, &probe->view, probe->times.start, probe->times.end);
	else
		timeline_scan_begin(&probe->scan, &probe->view, probe->times.start, probe->times.end);
	probe->scanning = true;
	return timeline_scan_minimum(&probe->scan, &instant);
}

/*
 * What of a resource is available to this request, as a reservation decides it,
 * with segments added.
 */
static int64
resource_available(const Probe *probe, const Inventory *inventory,
				   const Segment *segments, int nsegments)
{
	Resource	resource;
	TimelineView view;
	TimestampTz start = probe->times.start;
	TimestampTz end = probe->times.end;
	TimestampTz permitted;
	TimestampTz instant;

	/* it is gone, or has just got another name: so is its provider's catalogue */
	if (!resource_find_by_id(inventory->resource_id, probe->snapshot, &resource) ||
		strcmp(resource.name, inventory->name) != 0)
		return 0;
	permitted = probe->times.granted ? start :
		resource_earliest_start(&resource, probe->times.clock);
	if (!probe->times.start_given)
		start = steps_round_up(Max(start, permitted), resource.granularity,
							   GRANULARITY_ORIGIN);
	if (start < permitted || start >= end || !is_aligned(start, end, resource.granularity))
		return 0;
	resource_occupied(&resource, &start, &end);
	resource_view(&view, &resource, probe->times.tryout, probe->times.clock, start, end,
				  probe->snapshot);
	timeline_view_add(&view, segments, nsegments);
	if (probe->taken != NULL)
	{
		segments = taken_of(probe->taken, resource.id, &nsegments);
		timeline_view_add(&view, segments, nsegments);
	}
	return timeline_minimum(&view, start, end, &instant);
}

static Probed *
find_probed(Probe *probe, const Inventory *inventory)
{
	bool		found;
	Probed	   *known = probed_insert(probe->known, inventory->resource_id, &found);

	if (!found)
	{
		known->capacity = -1;
		known->exact = !inventory->plain;
		known->contended = false;
		known->available = Max(inventory->plain ?
							   plain_available(probe, inventory->resource_id) :
							   resource_available(probe, inventory, NULL, 0), 0);
		if (inventory->plain)
		{
			known->contended = probe->scan.contended;
			known->capacity = probe->scan.declared;
		}
	}
	return known;
}

/*
 * probe_available returns the largest amount of an inventory that is available
 * over the range; if that is less than what is wanted, and only then, expired
 * holds are looked for.
 */
int64
probe_available(Probe *probe, const Inventory *inventory, int64 wanted)
{
	Probed	   *known = find_probed(probe, inventory);

	if (known->available < wanted && !known->exact)
	{
		known->exact = true;
		if (has_expired(probe, inventory->resource_id))
			known->available = Max(resource_available(probe, inventory, NULL, 0), 0);
	}
	return known->available;
}

/*
 * probe_available_besides returns what is available besides other segments, which
 * may have any order.  It is not remembered.
 */
int64
probe_available_besides(const Probe *probe, const Inventory *inventory,
						const Segment *segments, int nsegments)
{
	return Max(resource_available(probe, inventory, segments, nsegments), 0);
}

/*
 * probe_is_contended tells whether another transaction is changing what is
 * available of an inventory right now, as far as is known: who takes it waits.
 */
bool
probe_is_contended(Probe *probe, const Inventory *inventory)
{
	return find_probed(probe, inventory)->contended;
}

/*
 * Read what is declared where the range begins.  The catalogue keeps it: who
 * changes what a provider has makes it a new one, and what it is read for, to tell
 * which provider is the fullest, is no decision.
 */
static void
keep_capacity(const Probe *probe, Inventory *inventory)
{
	int			nsteps;
	Step	   *steps = capacity_steps(inventory->resource_id, probe->times.start,
									   probe->times.end, probe->snapshot, &nsteps);

	inventory->capacity_from = probe->times.start;
	inventory->capacity_until = nsteps > 1 ? steps[1].start : probe->times.end;
	inventory->capacity = steps[0].available;
	pfree(steps);
}

/*
 * probe_capacity returns the declared capacity of an inventory, where the range
 * begins: what it is measured against to tell which one is the fullest.
 */
int64
probe_capacity(Probe *probe, const Inventory *inventory)
{
	Probed	   *known = find_probed(probe, inventory);
	TimestampTz start = probe->times.start;

	if (known->capacity < 0)
	{
		if (start < inventory->capacity_from || start >= inventory->capacity_until)
			keep_capacity(probe, (Inventory *) inventory);
		known->capacity = inventory->capacity;
	}
	return known->capacity;
}

/*
 * probe_end ends it.
 */
void
probe_end(Probe *probe)
{
	if (probe->scanning)
		timeline_scan_end(&probe->scan);
	if (probe->any_held)
		key_scan_end(&probe->held);
	probed_destroy(probe->known);
}
