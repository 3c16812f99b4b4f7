/*-------------------------------------------------------------------------
 *
 * row_writer.h
 *	  Write rows of arbiter's public tables as the executor would.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_ROW_WRITER_H
#define ARBITER_ROW_WRITER_H

#include "postgres.h"

#include "nodes/execnodes.h"
#include "support/progress.h"
#include "utils/rel.h"

typedef struct RowWriter
{
	Relation	rel;
	CmdType		operation;
	EState	   *estate;
	ResultRelInfo *target;
	struct InsertTarget *kept;	/* whose target it is */
	const struct TableIndex *indexes;	/* of the target, for an INSERT */
	int			ndefaults;
	const AttrNumber *defaults; /* columns of a new row that may have one */
	TupleTableSlot *slot;		/* the row to be written */
	TupleDesc	desc;			/* of the second and later ones */
	struct TransitionCaptureState *capture;
	bool		began;			/* BEFORE STATEMENT triggers have fired */
	Bitmapset **updated_columns;	/* of an UPDATE with triggers */
} RowWriter;

extern void row_writer_open(RowWriter *writer, Oid relid, CmdType operation);
extern void row_writer_new_row(RowWriter *writer, const AttrNumber *given,
							   int ngiven);
extern void row_writer_copy_row(RowWriter *writer, TupleTableSlot *row);
extern void row_writer_set(RowWriter *writer, AttrNumber column, Datum value,
						   bool isnull);
extern void row_writer_before_insert(RowWriter *writer);
extern void row_writer_insert(RowWriter *writer);
extern void row_writer_insert_all(RowWriter *writer, TupleTableSlot **rows,
								  int nrows, Progress *progress);
extern void row_writer_before_update(RowWriter *writer, ItemPointer tid);
extern void row_writer_update(RowWriter *writer, ItemPointer tid);
extern void row_writer_delete(RowWriter *writer, ItemPointer tid);
extern void row_writer_close(RowWriter *writer);

#endif							/* ARBITER_ROW_WRITER_H */
