/*-------------------------------------------------------------------------
 *
 * inventory_rows.c
 *	  The rows that an inventory follows from.
 *
 * Who writes them has the resource exclusively, and has its capacity follow after
 * that.
 *
 *-------------------------------------------------------------------------
 */
#include "provider/inventory_rows.h"

#include "access/xact.h"
#include "capacity/inventory_schedule.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/row_writer.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"

/*
 * inventory_find returns the id of the resource of a type that a provider has, 0
 * if there is none.
 */
int32
inventory_find(int32 provider_id, const char *type)
{
	const ArbiterRelations *relations = arbiter_relations();
	Snapshot	snapshot = latest_snapshot();
	KeyScan		scan;
	ScanKeyData keys[2];
	int32		resource_id = 0;

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(provider_id));
	text_key_init(&keys[1], type);
	keys[1].sk_attno = 2;
	key_scan_begin(&scan, relations->resource, &relations->resource_provider_key,
				   snapshot, keys, 2);
	if (key_scan_next(&scan))
	{
		bool		isnull;

		resource_id = DatumGetInt32(slot_getattr(scan.slot, relations->resource_column[RESOURCE_ID],
												 &isnull));
	}
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
	return resource_id;
}

static void
check_units(TupleTableSlot *row)
{
	const AttrNumber *columns = arbiter_relations()->inventory_column;
	bool		no_limit;
	bool		isnull;
	int64		max_unit = DatumGetInt64(slot_getattr(row, columns[INVENTORY_MAX_UNIT], &no_limit));
	int64		min_unit = DatumGetInt64(slot_getattr(row, columns[INVENTORY_MIN_UNIT], &isnull));
	int64		step_size;
	bool		no_step;

	if (!no_limit && !isnull && max_unit < min_unit)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("max_unit must not be less than min_unit"),
				 errdetail("max_unit is " INT64_FORMAT ", min_unit is " INT64_FORMAT ".",
						   max_unit, min_unit),
				 errhint("Set both, or clear max_unit.")));
	step_size = DatumGetInt64(slot_getattr(row, columns[INVENTORY_STEP_SIZE], &no_step));
	if (!no_limit && !isnull && !no_step && max_unit - max_unit % step_size < min_unit)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there must be a multiple of step_size from min_unit to max_unit"),
				 errdetail("min_unit is " INT64_FORMAT ", max_unit " INT64_FORMAT ", step_size " INT64_FORMAT ".",
						   min_unit, max_unit, step_size),
				 errhint("Set them together, or clear max_unit.")));
}

/* does a row have what is to be set already? */
static bool
has_values(TupleTableSlot *row, const InventoryValues *values)
{
	const AttrNumber *columns = arbiter_relations()->inventory_column;

	for (int i = 0; i < INVENTORY_NCOLUMNS; i++)
	{
		bool		isnull;
		Datum		value = slot_getattr(row, columns[i], &isnull);
		bool		same = true;

		if (i == INVENTORY_MAX_UNIT && values->no_max_unit)
			same = isnull;
		else if (values->given[i] && isnull)
			same = false;
		else if (values->given[i] && i == INVENTORY_ALLOCATION_RATIO)
			same = DatumGetBool(DirectFunctionCall2(numeric_eq, value, values->values[i]));
		else if (values->given[i])
			same = DatumGetInt64(value) == DatumGetInt64(values->values[i]);
		if (!same)
			return false;
	}
	return true;
}

static void
set_values(RowWriter *writer, const InventoryValues *values)
{
	const AttrNumber *columns = arbiter_relations()->inventory_column;

	for (int i = 0; i < INVENTORY_NCOLUMNS; i++)
	{
		if (values->given[i])
			row_writer_set(writer, columns[i], values->values[i], false);
	}
	if (values->no_max_unit)
		row_writer_set(writer, columns[INVENTORY_MAX_UNIT], (Datum) 0, true);
}

/*
 * inventory_write writes the row of an inventory, or changes what is given of it.
 */
void
inventory_write(int32 resource_id, const InventoryValues *values)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->inventory_column;
	Snapshot	snapshot = latest_snapshot();
	RowWriter	writer;
	KeyScan		scan;
	ScanKeyData key;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(resource_id));
	key_scan_begin(&scan, relations->inventory, &relations->inventory_pkey, snapshot,
				   &key, 1);
	if (!key_scan_next(&scan))
	{
		AttrNumber	given[INVENTORY_NCOLUMNS];
		int			ngiven = 0;

		row_writer_open(&writer, relations->inventory, CMD_INSERT);
		given[ngiven++] = columns[INVENTORY_RESOURCE_ID];
		for (int i = 0; i < INVENTORY_NCOLUMNS; i++)
		{
			if (values->given[i])
				given[ngiven++] = columns[i];
		}
		row_writer_new_row(&writer, given, ngiven);
		row_writer_set(&writer, columns[INVENTORY_RESOURCE_ID],
					   Int32GetDatum(resource_id), false);
		set_values(&writer, values);
		check_units(writer.slot);
		row_writer_before_insert(&writer);
		row_writer_insert(&writer);
		row_writer_close(&writer);
	}
	else if (!has_values(scan.slot, values))
	{
		row_writer_open(&writer, relations->inventory, CMD_UPDATE);
		row_writer_copy_row(&writer, scan.slot);
		set_values(&writer, values);
		check_units(writer.slot);
		row_writer_before_update(&writer, &scan.slot->tts_tid);
		row_writer_update(&writer, &scan.slot->tts_tid);
		row_writer_close(&writer);
	}
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
}

static bool
has_step(const Schedule *schedule, const Segment *step)
{
	for (int i = 0; i < schedule->nsteps; i++)
	{
		const Segment *other = &schedule->steps[i];

		if (other->start == step->start && other->end == step->end &&
			other->delta == step->delta)
			return true;
	}
	return false;
}

/*
 * inventory_write_total sets how much there is in a range; if that is not declared,
 * nothing is said of it.
 */
void
inventory_write_total(int32 resource_id, TimestampTz start, TimestampTz end,
					  bool declare, int64 total)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->inventory_total_column;
	Schedule	old;
	Schedule	new = {0};
	RowWriter	writer;
	int			i = 0;

	totals_read(resource_id, &old);
	for (; i < old.nsteps && old.steps[i].start < start; i++)
		schedule_add(&new, old.steps[i].start, Min(old.steps[i].end, start),
					 old.steps[i].delta);
	if (declare)
		schedule_add(&new, start, end, total);
	for (i = 0; i < old.nsteps; i++)
		schedule_add(&new, Max(old.steps[i].start, end), old.steps[i].end,
					 old.steps[i].delta);
	if (schedule_equals(&old, &new))
		return;

	row_writer_open(&writer, relations->inventory_total, CMD_DELETE);
	for (i = 0; i < old.nsteps; i++)
	{
		if (!has_step(&new, &old.steps[i]))
			row_writer_delete(&writer, &old.tids[i]);
	}
	row_writer_close(&writer);
	row_writer_open(&writer, relations->inventory_total, CMD_INSERT);
	for (i = 0; i < new.nsteps; i++)
	{
		const Segment *step = &new.steps[i];

		if (has_step(&old, step))
			continue;
		row_writer_new_row(&writer, columns, INVENTORY_TOTAL_NCOLUMNS);
		row_writer_set(&writer, columns[INVENTORY_TOTAL_RESOURCE_ID],
					   Int32GetDatum(resource_id), false);
		row_writer_set(&writer, columns[INVENTORY_TOTAL_DURING],
					   range_datum(step->start, step->end), false);
		row_writer_set(&writer, columns[INVENTORY_TOTAL_TOTAL],
					   Int64GetDatum(step->delta), false);
		row_writer_before_insert(&writer);
		row_writer_insert(&writer);
	}
	row_writer_close(&writer);
}
