/*-------------------------------------------------------------------------
 *
 * row_values.c
 *	  Make the rows that are to be written.
 *
 * A new row has the defaults of the columns that nobody gives, and a changed one
 * what the row had.  What is set after that is the caller's, until triggers have
 * the row (row_writer.c).
 *
 *-------------------------------------------------------------------------
 */
#include "support/row_writer.h"

#include "access/sysattr.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

/*
 * Make a slot for a row.
 *
 * A slot whose row type is the table's own counts as a reference to it.  The
 * server keeps those in an array that does not expect thousands for one thing,
 * so a writer of many rows has a copy that is not counted.
 */
static TupleTableSlot *
make_slot(RowWriter *writer)
{
	MemoryContext oldcontext;
	TupleTableSlot *slot;

	if (writer->slot == NULL)
		return table_slot_create(writer->rel, &writer->estate->es_tupleTable);
	oldcontext = MemoryContextSwitchTo(writer->estate->es_query_cxt);
	if (writer->desc == NULL)
		writer->desc = CreateTupleDescCopyConstr(RelationGetDescr(writer->rel));
	slot = ExecAllocTableSlot(&writer->estate->es_tupleTable, writer->desc,
							  table_slot_callbacks(writer->rel));
	slot->tts_tableOid = RelationGetRelid(writer->rel);
	MemoryContextSwitchTo(oldcontext);
	return slot;
}

static bool
is_given(const AttrNumber *given, int ngiven, AttrNumber column)
{
	for (int i = 0; i < ngiven; i++)
	{
		if (given[i] == column)
			return true;
	}
	return false;
}

/*
 * Give a column its default, or that of its domain.
 */
static void
set_default(RowWriter *writer, TupleTableSlot *slot, AttrNumber column)
{
	Expr	   *expression = (Expr *) build_column_default(writer->rel, column);
	Oid			type = TupleDescAttr(RelationGetDescr(writer->rel), column - 1)->atttypid;
	ExprState  *state;

	if (expression == NULL)
	{
		if (get_typtype(type) == TYPTYPE_DOMAIN)
			domain_check((Datum) 0, true, type, NULL, NULL);
		return;
	}
	state = ExecPrepareExpr(expression, writer->estate);
	slot->tts_values[column - 1] =
		ExecEvalExpr(state, GetPerTupleExprContext(writer->estate),
					 &slot->tts_isnull[column - 1]);
}

/*
 * row_writer_new_row starts a new row, in a slot of its own: the columns the
 * caller will give are left NULL, all others get their default.
 */
void
row_writer_new_row(RowWriter *writer, const AttrNumber *given, int ngiven)
{
	TupleTableSlot *slot = make_slot(writer);

	ExecClearTuple(slot);
	memset(slot->tts_values, 0, sizeof(Datum) * slot->tts_tupleDescriptor->natts);
	memset(slot->tts_isnull, true, sizeof(bool) * slot->tts_tupleDescriptor->natts);
	for (int i = 0; i < writer->ndefaults; i++)
	{
		AttrNumber	column = writer->defaults[i];

		if (!is_given(given, ngiven, column))
			set_default(writer, slot, column);
	}
	ExecStoreVirtualTuple(slot);
	writer->slot = slot;
}

/*
 * row_writer_copy_row starts a changed version of an existing row.
 */
void
row_writer_copy_row(RowWriter *writer, TupleTableSlot *row)
{
	TupleTableSlot *slot = make_slot(writer);
	int			natts = slot->tts_tupleDescriptor->natts;

	slot_getallattrs(row);
	ExecClearTuple(slot);
	memcpy(slot->tts_values, row->tts_values, sizeof(Datum) * natts);
	memcpy(slot->tts_isnull, row->tts_isnull, sizeof(bool) * natts);
	ExecStoreVirtualTuple(slot);
	writer->slot = slot;
}

/*
 * row_writer_set gives a column of the row to be written its value.
 *
 * Only before the row is handed to triggers or written.
 */
void
row_writer_set(RowWriter *writer, AttrNumber column, Datum value, bool isnull)
{
	writer->slot->tts_values[column - 1] = value;
	writer->slot->tts_isnull[column - 1] = isnull;
	if (writer->updated_columns != NULL)
	{
		MemoryContext oldcontext = MemoryContextSwitchTo(writer->estate->es_query_cxt);

		*writer->updated_columns =
			bms_add_member(*writer->updated_columns,
						   column - FirstLowInvalidHeapAttributeNumber);
		MemoryContextSwitchTo(oldcontext);
	}
}
