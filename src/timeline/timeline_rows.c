/*-------------------------------------------------------------------------
 *
 * timeline_rows.c
 *	  Walk what is declared and what is available of it side by side.
 *
 * Steps of the two change at instants of their own, chunks end where nothing
 * changes, and a view has a step where an expired hold began even if another one
 * ended there.  Whoever reads wants none of that, but rows that differ.
 *
 *-------------------------------------------------------------------------
 */
#include "timeline/timeline_rows.h"

#include "miscadmin.h"
#include "timeline/base_rows.h"
#include "timeline/timeline.h"

/* rows, coalesced as they come */
typedef struct RowWalk
{
	Step	   *declared;
	int			ndeclared;
	int			at;				/* the step of declared that was met last */
	TimelineCutFunction next_cut;
	TimestampTz cut;			/* where the next row begins, whatever it is */
	TimelineRowFunction take_row;
	void	   *argument;
	TimelineRow row;			/* not yet handed out, if any */
	bool		any;
} RowWalk;

/*
 * Add a row that begins where the one before it ended, and stays apart from it if
 * told to.
 */
static void
add_row(RowWalk *walk, TimestampTz start, TimestampTz end, int64 available,
		bool apart)
{
	int64		declared = walk->declared[walk->at].available;

	if (walk->any && !apart && walk->row.declared == declared &&
		walk->row.available == available)
	{
		walk->row.end = end;
		return;
	}
	if (walk->any)
		walk->take_row(&walk->row, walk->argument);
	walk->any = true;
	walk->row = (TimelineRow) {
		.start = start,
		.end = end,
		.declared = declared,
		.available = available
	};
}

/*
 * Add the rows of [from, to), in which one amount is available.
 */
static void
add_step(RowWalk *walk, TimestampTz from, TimestampTz to, int64 available)
{
	while (from < to)
	{
		bool		apart = from >= walk->cut;
		TimestampTz end;

		CHECK_FOR_INTERRUPTS();
		if (apart)
			walk->cut = walk->next_cut(from, walk->argument);
		end = Min(to, walk->cut);
		while (walk->at + 1 < walk->ndeclared &&
			   walk->declared[walk->at + 1].start <= from)
			walk->at++;
		if (walk->at + 1 < walk->ndeclared)
			end = Min(end, walk->declared[walk->at + 1].start);
		add_row(walk, from, end, available, apart);
		from = end;
	}
}

/*
 * timeline_rows hands out a timeline over all of [from, to) as rows, one after the
 * other in order of time and without gaps.  What is available counts no hold that
 * has expired by an instant, the clock.
 *
 * Neighbours that are equal are one row, but for those that meet at a cut:
 * next_cut(instant) is the first one after an instant.  NULL: there are none.
 */
void
timeline_rows(int32 resource_id, TimestampTz from, TimestampTz to,
			  TimestampTz clock, Snapshot snapshot,
			  TimelineCutFunction next_cut, TimelineRowFunction take_row,
			  void *argument)
{
	RowWalk		walk = {
		.next_cut = next_cut,
		.cut = next_cut == NULL ? DT_NOEND : next_cut(from, argument),
		.take_row = take_row,
		.argument = argument
	};
	TimelineView view;
	TimelineScan scan;
	TimelineStretch stretch;

	walk.declared = capacity_steps(resource_id, from, to, snapshot, &walk.ndeclared);
	timeline_view_init(&view, resource_id, NULL, clock, from, to, snapshot);
	timeline_scan_begin(&scan, &view, from, to);
	while (timeline_scan_next(&scan, &stretch))
	{
		timeline_stretch_unpack(&stretch);
		for (int i = 0; i < stretch.nsteps; i++)
		{
			TimestampTz end = i + 1 < stretch.nsteps ?
				stretch.steps[i + 1].start : stretch.end;

			add_step(&walk, Max(stretch.steps[i].start, from), Min(end, to),
					 stretch.steps[i].available);
		}
		timeline_stretch_free(&stretch);
	}
	timeline_scan_end(&scan);
	if (walk.any)
		take_row(&walk.row, argument);
	pfree(walk.declared);
}
