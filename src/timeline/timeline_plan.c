/*-------------------------------------------------------------------------
 *
 * timeline_plan.c
 *	  What a change makes of the chunks it touches.
 *
 * An attempt of timeline_apply() is planned here: every chunk that the change
 * touches is read with one snapshot, its new steps are computed in memory, and
 * what must be refused is refused, before anything is locked or written.
 *
 *-------------------------------------------------------------------------
 */
#include "timeline/timeline_plan.h"

#include "access/xact.h"
#include "common/int.h"
#include "timeline/base_rows.h"

static PlanEntry *
add_entry(ChangePlan *plan, int which, const Segment *segments, int nsegments)
{
	PlanEntry  *entry;

	if (plan->nentries == plan->room)
	{
		plan->room = Max(8, 2 * plan->room);
		if (plan->entries == NULL)
			plan->entries = palloc(sizeof(PlanEntry) * plan->room);
		else
			plan->entries = repalloc_huge(plan->entries,
										  sizeof(PlanEntry) * plan->room);
	}
	entry = &plan->entries[plan->nentries++];
	memset(entry, 0, sizeof(PlanEntry));
	entry->change = which;
	entry->edit.segments = segments;
	entry->edit.nsegments = nsegments;
	return entry;
}

/* the segments, from the first on, that start before an end */
static int
segments_before(const Segment *segments, int nsegments, TimestampTz end)
{
	int			n = 0;

	while (n < nsegments && segments[n].start < end)
		n++;
	return n;
}

/*
 * Compute what steps up to an end become.  False when refused.
 */
static bool
plan_steps(ChangePlan *plan, PlanEntry *entry, const Step *steps, int nsteps,
		   TimestampTz end)
{
	ChunkEdit  *edit = &entry->edit;
	Step		refused;

	edit->steps = palloc_extended(sizeof(Step) *
								  ((Size) nsteps + 2 * (Size) edit->nsegments),
								  MCXT_ALLOC_HUGE);
	switch (steps_apply(steps, nsteps, end, edit->segments, edit->nsegments,
						plan->checked ? &plan->rules[entry->change] : NULL,
						edit->steps, &edit->nsteps, &refused))
	{
		case STEPS_OK:
			break;
		case STEPS_REFUSED:
			plan->refusal->change = entry->change;
			plan->refusal->instant = refused.start;
			plan->refusal->available = refused.available;
			return false;
		case STEPS_OVERFLOW:
			amount_overflow_error();
	}
	return true;
}

/*
 * Read what the change is held to, in the same snapshot as the chunks.  Declared
 * capacity does not change without them: what adds to it or takes from it
 * updates every chunk of its range.
 */
static void
read_terms(ChangePlan *plan, int which)
{
	const TimelineChange *change = &plan->changes[which];
	StepsRule  *rule = &plan->rules[which];
	TimestampTz end = change->segments[change->nsegments - 1].end;

	rule->steps = NULL;
	rule->keeps = false;
	if (!plan->checked || !terms_matter(&change->terms, end))
		return;
	rule->steps = terms_steps(&change->terms, change->resource_id,
							  change->segments[0].start, end, plan->snapshot,
							  &rule->nsteps);
	rule->keeps = change->terms.float_share > 0;
}

/*
 * Is a rule about a segment that covers a range, and what must then be available
 * in all of it?
 */
static bool
highest_floor(const StepsRule *rule, const Segment *segment, TimestampTz start,
			  TimestampTz end, int64 *floor)
{
	int64		there;

	if (rule->steps == NULL)
		return steps_rule_floor(rule, segment, NULL, floor);
	*floor = PG_INT64_MIN;
	for (int i = 0; i < rule->nsteps && rule->steps[i].start < end; i++)
	{
		if (i + 1 < rule->nsteps && rule->steps[i + 1].start <= start)
			continue;
		if (!steps_rule_floor(rule, segment, &rule->steps[i], &there))
			return false;
		*floor = Max(*floor, there);
	}
	return true;
}

/*
 * Can a chunk be decided by its header alone, because one segment covers all of
 * it?  Not when it is refused: that takes a look at where.
 */
static bool
shift_chunk(ChangePlan *plan, PlanEntry *entry, const Chunk *chunk)
{
	ChunkEdit  *edit = &entry->edit;
	const Segment *segment = edit->segments;
	const StepsRule *rule = &plan->rules[entry->change];
	int64		minimum;
	int64		ignored;
	int64		floor;

	if (segment->start > chunk->start || segment->end < chunk->end ||
		pg_add_s64_overflow(chunk->minimum, segment->delta, &minimum) ||
		pg_add_s64_overflow(chunk->maximum, segment->delta, &ignored) ||
		pg_add_s64_overflow(chunk->base, segment->delta, &ignored) ||
		(plan->checked &&
		 highest_floor(rule, segment, chunk->start, chunk->end, &floor) &&
		 minimum < floor))
		return false;
	edit->shifted = true;
	edit->delta = segment->delta;
	edit->nsteps = chunk->nsteps;
	/* the row is written when the scan has gone on */
	edit->steps = palloc(sizeof(Step) * chunk->nsteps);
	memcpy(edit->steps, chunk->stored, sizeof(Step) * chunk->nsteps);
	edit->chunk.stored = edit->steps;
	return true;
}

/*
 * Plan a chunk that segments touch.
 */
static AttemptResult
plan_chunk(ChangePlan *plan, int which, const Chunk *chunk,
		   const Segment *segments, int nsegments)
{
	PlanEntry  *entry = add_entry(plan, which, segments,
								  segments_before(segments, nsegments, chunk->end));
	Step	   *steps;
	bool		granted;

	entry->edit.chunk = *chunk;
	if (plan->cause == TIMELINE_LOCK || shift_chunk(plan, entry, chunk))
		return ATTEMPT_DONE;
	steps = chunk_steps(chunk);
	granted = plan_steps(plan, entry, steps, chunk->nsteps, chunk->end);
	pfree(steps);
	return granted ? ATTEMPT_DONE : ATTEMPT_REFUSED;
}

/*
 * Plan a gap [start, end) that segments touch.
 */
static AttemptResult
plan_gap(ChangePlan *plan, int which, TimestampTz start, TimestampTz end,
		 const Segment *segments, int nsegments)
{
	int32		resource_id = plan->changes[which].resource_id;
	int			touching = segments_before(segments, nsegments, end);
	TimestampTz needed = Min(end, segments[touching - 1].end);
	PlanEntry  *entry;
	Step	   *steps;
	int			nsteps;
	bool		granted;

	if (plan->cause == TIMELINE_CAPACITY)
	{
		/* declared capacity is the truth here, if nobody else came */
		if (IsolationUsesXactSnapshot() &&
			!chunk_layout_is_free(&plan->store, resource_id, start, needed))
			return ATTEMPT_CONCURRENT;
		return ATTEMPT_DONE;
	}

	entry = add_entry(plan, which, segments, touching);
	entry->is_gap = plan->has_gap = true;
	entry->edit.chunk.start = start;
	entry->edit.chunk.end = end;
	if (!plan->checked)
		return ATTEMPT_DONE;

	/* refuse what must be refused before a chunk is made for it */
	steps = capacity_steps(resource_id, start, needed, plan->snapshot, &nsteps);
	granted = plan_steps(plan, entry, steps, nsteps, needed);
	pfree(steps);
	return granted ? ATTEMPT_DONE : ATTEMPT_REFUSED;
}

/*
 * timeline_plan_change plans one change: an entry per chunk or gap that its
 * segments touch.
 */
AttemptResult
timeline_plan_change(ChangePlan *plan, int which)
{
	const TimelineChange *change = &plan->changes[which];
	const Segment *segment = change->segments;
	const Segment *last = segment + change->nsegments;
	TimestampTz position;
	ChunkScan	scan;
	Chunk		next;
	bool		have_next = false;
	bool		exhausted = false;
	bool		built = false;
	AttemptResult result = ATTEMPT_DONE;

	if (segment == last)
		return ATTEMPT_DONE;

	read_terms(plan, which);
	position = segment->start;
	chunk_scan_begin(&scan, &plan->store, change->resource_id, position,
					 plan->snapshot);
	while (segment < last && result == ATTEMPT_DONE)
	{
		if (!have_next && !exhausted)
		{
			have_next = chunk_scan_next(&scan, &next);
			exhausted = !have_next;
			built |= have_next;
		}

		if (have_next && next.end <= position)
		{
			/* untouched; the next touched one may be far */
			chunk_scan_restart(&scan, change->resource_id, position);
			have_next = false;
			continue;
		}

		if (have_next && next.start <= position)
		{
			result = plan_chunk(plan, which, &next, segment, last - segment);
			have_next = false;
			position = next.end;
		}
		else
		{
			TimestampTz end = have_next ? next.start : STEPS_INFINITY;

			built = built || chunk_store_is_built(&plan->store,
												  change->resource_id,
												  plan->snapshot);
			if (built)
				result = plan_gap(plan, which, position, end, segment,
								  last - segment);
			else
			{
				plan->refusal->change = which;
				result = ATTEMPT_UNBUILT;
			}
			position = end;
		}

		while (segment < last && segment->end <= position)
			segment++;
		if (segment < last && segment->start > position)
			position = segment->start;
	}
	chunk_scan_end(&scan);
	return result;
}
