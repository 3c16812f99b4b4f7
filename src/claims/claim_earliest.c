/*-------------------------------------------------------------------------
 *
 * claim_earliest.c
 *	  The earliest start at which a claim would fit.
 *
 * If one provider has to give everything, it is the earliest slot of any of them
 * (booking/slot.c).
 *
 * Of several groups, or of one that is spread, it is more than that: they may
 * take from the same provider, and what one gets decides where the others may be.
 * A placement becomes possible only when more becomes available somewhere than
 * was just before, or when a resource's lead time permits it; starts in between
 * are as good as the one before them.  So those instants are collected from the
 * timelines of all candidates, and the claim is searched for anew at one after
 * the other: the first that has a placement is the earliest there is.
 *
 * Nobody waits for an error for long: the work is bounded, and what is found then
 * is a start, but not certainly the earliest.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/claim_hint.h"

#include "booking/slot.h"
#include "common/int.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "support/compare.h"
#include "support/guc.h"
#include "utils/memutils.h"

/* timelines of so many providers are looked at for a group, at the most */
#define SEARCHED_PROVIDERS_MAX	2000

/* so many placements of a group on a provider are tried, for all starts together;
 * to begin with another start is worth as much as some */
#define EARLIEST_TRIES	50000
#define START_TRIES		20

/* starts to be tried */
typedef struct Starts
{
	TimestampTz *starts;
	int			n;
	int			room;
	int64		granularity;	/* of all resources; -1: none was met yet */
	bool		certain;		/* no other start can be the earliest */
	List	   *seen;			/* of Seen */
} Starts;

/* whose inventories of a type were looked at, for one group or another */
typedef struct Seen
{
	const InventoryType *type;
	Bitmapset  *providers;
} Seen;

/*
 * The earliest start at which a provider can give all that a group asks for.
 */
static bool
provider_earliest_start(Search *search, const GroupCandidates *candidates,
						int provider, TimestampTz *start)
{
	const ClaimTimes *times = search->task.times;
	Request		request = {
		.start = times->start,
		.end = times->end,
		.clock = times->clock,
		.tryout = times->tryout,
		.nrequirements = candidates->asked->nresources
	};
	bool		found = true;

	request.requirements = palloc0(sizeof(Requirement) * request.nrequirements);
	for (int i = 0; i < request.nrequirements && found; i++)
	{
		const ClaimResource *asked = &candidates->asked->resources[i];
		const Inventory *inventory = &candidates->types[i]->inventories[provider];
		Requirement *requirement = &request.requirements[i];

		requirement->amount = units_least(inventory, asked);
		found = requirement->amount > 0 &&
			resource_find_by_id(inventory->resource_id, search->task.snapshot,
								&requirement->resource);
	}
	if (found)
	{
		int64		granularity = request_granularity(&request);

		if (!times->start_given)
			request.start = steps_round_up(Max(request.start, request_earliest_start(&request)),
										   granularity, GRANULARITY_ORIGIN);
		request_sort(&request);
		/* what is no multiple of the granularity is aligned nowhere */
		found = request.start < request.end &&
			(granularity == 0 || request.end == STEPS_INFINITY ||
			 (request.end - request.start) % granularity == 0) &&
			slot_earliest_start(&request, times->from, search->task.snapshot, start);
	}
	pfree(request.requirements);
	return found;
}

/*
 * The earliest start on any single provider.
 */
static bool
earliest_on_one(Search *search, EarliestStart *earliest)
{
	const GroupCandidates *candidates = &search->groups[0];
	bool		found = false;
	int			provider = -1;
	int			nsearched = 0;

	while ((provider = bms_next_member(candidates->providers, provider)) >= 0 &&
		   nsearched < SEARCHED_PROVIDERS_MAX)
	{
		TimestampTz start;

		CHECK_FOR_INTERRUPTS();
		nsearched++;
		if (!provider_earliest_start(search, candidates, provider, &start) ||
			(found && start >= earliest->start))
			continue;
		earliest->start = start;
		found = true;
	}
	earliest->certain = nsearched < SEARCHED_PROVIDERS_MAX;
	return found;
}

static void
add_start(Starts *starts, TimestampTz start, int64 granularity)
{
	if (starts->n == starts->room)
	{
		starts->room *= 2;
		starts->starts = repalloc_huge(starts->starts, sizeof(TimestampTz) * starts->room);
	}
	starts->starts[starts->n++] = steps_round_up(start, granularity, GRANULARITY_ORIGIN);
}

/*
 * Add the starts, up to a horizon, from which more of an inventory can be had than
 * from those before them.
 */
static void
add_rises(Search *search, const Inventory *inventory, TimestampTz horizon, Starts *starts)
{
	const ClaimTimes *times = search->task.times;
	Resource	resource;
	TimelineView view;
	TimelineScan scan;
	TimelineStretch stretch;
	TimestampTz from;
	TimestampTz to = horizon;
	int64		before = PG_INT64_MAX;

	if (!resource_find_by_id(inventory->resource_id, search->task.snapshot, &resource))
		return;
	/* starts that are aligned for one are in between for another */
	if (starts->granularity >= 0 && starts->granularity != resource.granularity)
		starts->certain = false;
	starts->granularity = resource.granularity;

	from = Max(times->from, resource_earliest_start(&resource, times->clock));
	if (from >= horizon)
		return;
	add_start(starts, from, resource.granularity);
	resource_occupied(&resource, &from, &to);
	resource_view(&view, &resource, times->tryout, times->clock, from, to,
				  search->task.snapshot);
	timeline_scan_begin(&scan, &view, from, to);
	while (timeline_scan_next(&scan, &stretch))
	{
		int64		shift;
		const Step *steps = timeline_stretch_steps(&stretch, &shift);

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < stretch.nsteps; i++)
		{
			int64		available = steps[i].available + shift;
			TimestampTz start = steps[i].start;

			if (available > before && start > from && start < to)
				add_start(starts, start + resource.setup_time, resource.granularity);
			before = available;
		}
		timeline_stretch_free(&stretch);
	}
	timeline_scan_end(&scan);
}

/*
 * Is this the first look at an inventory?
 */
static bool
see(Starts *starts, const InventoryType *type, int provider)
{
	Seen	   *seen = NULL;
	ListCell   *cell;

	foreach(cell, starts->seen)
	{
		Seen	   *one = lfirst(cell);

		if (one->type == type)
			seen = one;
	}
	if (seen == NULL)
	{
		seen = palloc0(sizeof(Seen));
		seen->type = type;
		starts->seen = lappend(starts->seen, seen);
	}
	if (bms_is_member(provider, seen->providers))
		return false;
	seen->providers = bms_add_member(seen->providers, provider);
	return true;
}

/*
 * Collect the starts, up to a horizon, at which a placement may become possible.
 */
static void
collect_starts(Search *search, TimestampTz horizon, Starts *starts)
{
	int			n = 0;

	*starts = (Starts) {.room = 64,.granularity = -1,.certain = true};
	starts->starts = palloc(sizeof(TimestampTz) * starts->room);
	for (int i = 0; i < search->norder; i++)
	{
		const GroupCandidates *candidates = &search->groups[search->order[i]];
		int			provider = -1;
		int			nsearched = 0;

		while ((provider = bms_next_member(candidates->providers, provider)) >= 0)
		{
			if (nsearched++ == SEARCHED_PROVIDERS_MAX)
			{
				starts->certain = false;
				break;
			}
			for (int j = 0; j < candidates->asked->nresources; j++)
			{
				if ((candidates->asked->single_provider ||
					 bms_is_member(provider, candidates->providers_of[j])) &&
					see(starts, candidates->types[j], provider))
					add_rises(search, &candidates->types[j]->inventories[provider],
							  horizon, starts);
			}
		}
	}
	qsort(starts->starts, starts->n, sizeof(TimestampTz), compare_int64);
	for (int i = 0; i < starts->n; i++)
	{
		if (n == 0 || starts->starts[i] != starts->starts[n - 1])
			starts->starts[n++] = starts->starts[i];
	}
	starts->n = n;
}

/*
 * Is there any placement at some time?  Not without anybody who comes into question.
 */
static bool
has_candidates(const Search *search)
{
	for (int i = 0; i < search->norder; i++)
	{
		if (bms_is_empty(search->groups[search->order[i]].providers))
			return false;
	}
	return true;
}

/*
 * Would the claim fit from a start on?  So many tries are left.
 */
static bool
fits_from(const Search *search, TimestampTz start, TimestampTz end, int64 *tries,
		  bool *gave_up)
{
	ClaimTimes	times = *search->task.times;
	Search		other;
	bool		fits;

	times.start = start;
	times.end = end;
	times.start_given = true;
	fits = search_any_from(search, &times, (int) *tries, &other);
	*tries -= other.ntried + START_TRIES;
	/* a group that is spread looks at all of its candidates at once */
	for (int i = 0; i < other.norder; i++)
	{
		if (!other.groups[other.order[i]].asked->single_provider)
			*tries -= bms_num_members(other.groups[other.order[i]].providers);
	}
	*gave_up = other.given_up;
	return fits;
}

/*
 * The earliest start for all groups together.
 */
static bool
earliest_together(Search *search, EarliestStart *earliest)
{
	const ClaimTimes *times = search->task.times;
	TimestampTz horizon = search_horizon(times->from);
	TimestampTz first = times->start;
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "arbiter claim at another start",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext oldcontext;
	Starts		starts;
	int64		tries = EARLIEST_TRIES;
	bool		found = false;

	collect_starts(search, horizon, &starts);
	earliest->certain = starts.certain;
	/* the earliest one that is permitted */
	if (!times->start_given)
		first = steps_round_up(first, Max(starts.granularity, 0), GRANULARITY_ORIGIN);
	oldcontext = MemoryContextSwitchTo(context);
	for (int i = 0; i < starts.n && !found && tries > 0; i++)
	{
		TimestampTz start = starts.starts[i];
		TimestampTz end = times->end;
		bool		gave_up;

		CHECK_FOR_INTERRUPTS();
		if (start <= times->from || start > horizon)
			continue;
		if (end != STEPS_INFINITY &&
			(first >= end || pg_add_s64_overflow(start, end - first, &end) || !IS_VALID_TIMESTAMP(end)))
			break;
		found = fits_from(search, start, end, &tries, &gave_up);
		if (gave_up)
			earliest->certain = false;
		earliest->start = start;
		MemoryContextReset(context);
	}
	MemoryContextSwitchTo(oldcontext);
	MemoryContextDelete(context);
	return found;
}

/*
 * claim_earliest_start finds the earliest start within arbiter.search_horizon at
 * which a claim that was searched for in vain would fit, as long as it was asked
 * for; false if there is none, or none was found with a bounded effort.
 */
bool
claim_earliest_start(Search *search, EarliestStart *earliest)
{
	if (arbiter_search_horizon <= 0 || !has_candidates(search))
		return false;
	if (search->request->ngroups == 1 && search->groups[0].asked->single_provider)
		return earliest_on_one(search, earliest);
	return earliest_together(search, earliest);
}
