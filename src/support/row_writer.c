/*-------------------------------------------------------------------------
 *
 * row_writer.c
 *	  Write rows of arbiter's public tables as the executor would.
 *
 * The tables belong to their users too: these may add columns with defaults,
 * generated columns, CHECK constraints, foreign keys, indexes of any kind and
 * triggers.  All of that is honoured here, by the executor's own helpers; one
 * thing is left out on purpose, the extension's own triggers, because whoever
 * writes through this module has asked the timeline already.  They are taken
 * out of this one target's trigger list (row_target.c), so that a user's trigger
 * which writes another row from inside is guarded as ever.
 *
 * The caller's table privileges are not looked at: EXECUTE on the function is
 * the privilege.  The current user is never changed, so triggers, defaults
 * and CHECKs of users run as the caller.
 *
 *-------------------------------------------------------------------------
 */
#include "support/row_writer.h"

#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "executor/nodeModifyTable.h"
#include "miscadmin.h"
#include "parser/parse_relation.h"
#include "support/compat.h"
#include "support/row_target.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

/* room for growth of EPQState, which the server does not allocate for us */
#define EPQ_STATE_SIZE	(sizeof(EPQState) + 256)

/* rows on their way into the table, as COPY has them */
#define INSERTED_AT_ONCE	1000

/*
 * A trigger ON UPDATE OF columns asks the range table which ones the statement
 * sets.
 */
static void
make_range_table(RowWriter *writer)
{
	MemoryContext oldcontext = MemoryContextSwitchTo(writer->estate->es_query_cxt);
	ParseState *pstate = make_parsestate(NULL);
	ParseNamespaceItem *item = addRangeTableEntryForRelation(pstate, writer->rel,
															 RowExclusiveLock,
															 NULL, false, false);

	writer->updated_columns = init_range_table(writer->estate, pstate, item);
	writer->target->ri_RangeTableIndex = 1;
	MemoryContextSwitchTo(oldcontext);
}

/*
 * Fire the BEFORE STATEMENT triggers, once the columns to be set are known.
 */
static void
begin_statement(RowWriter *writer)
{
	if (writer->began || writer->target->ri_TrigDesc == NULL)
		return;
	writer->began = true;
	if (writer->operation == CMD_INSERT)
		ExecBSInsertTriggers(writer->estate, writer->target);
	else if (writer->operation == CMD_UPDATE)
		ExecBSUpdateTriggers(writer->estate, writer->target);
	else
		ExecBSDeleteTriggers(writer->estate, writer->target);
}

/*
 * row_writer_open opens a table for rows of one operation.
 *
 * Takes RowExclusiveLock, kept to the end of the transaction.
 */
void
row_writer_open(RowWriter *writer, Oid relid, CmdType operation)
{
	/* a command of its own, so that the outer query knows its rows from ours */
	CommandCounterIncrement();
	writer->rel = table_open(relid, RowExclusiveLock);
	writer->operation = operation;
	writer->estate = CreateExecutorState();
	writer->estate->es_snapshot = GetActiveSnapshot();
	writer->estate->es_output_cid = GetCurrentCommandId(true);
	row_target_open(writer);
	writer->slot = NULL;
	writer->desc = NULL;
	writer->capture = NULL;
	writer->began = false;
	writer->updated_columns = NULL;

	if (writer->target->ri_TrigDesc != NULL)
	{
		AfterTriggerBeginQuery();
		writer->capture = MakeTransitionCaptureState(writer->target->ri_TrigDesc,
													 relid, operation);
		if (operation == CMD_UPDATE)
			make_range_table(writer);
	}
}

static void
row_vanished_error(RowWriter *writer)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("a trigger on table \"%s\" suppressed the row",
					RelationGetRelationName(writer->rel)),
			 errdetail("A BEFORE ROW trigger returned NULL, so the row cannot be written."),
			 errhint("Let the trigger return the row, or raise an error of its own.")));
}

/*
 * What a trigger left NULL in a column that is NOT NULL is refused before
 * anybody reads the row.
 */
static void
check_not_null(RowWriter *writer)
{
	TupleDesc	desc = RelationGetDescr(writer->rel);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (attribute->attnotnull && !attribute->attgenerated &&
			slot_attisnull(writer->slot, i + 1))
			ereport(ERROR,
					(errcode(ERRCODE_NOT_NULL_VIOLATION),
					 errmsg("null value in column \"%s\" of relation \"%s\" violates not-null constraint",
							NameStr(attribute->attname),
							RelationGetRelationName(writer->rel)),
					 errdetail("A BEFORE ROW trigger left it null."),
					 errtablecol(writer->rel, i + 1)));
	}
}

/*
 * row_writer_before_insert fires users' BEFORE ROW triggers, which may change
 * the row.
 */
void
row_writer_before_insert(RowWriter *writer)
{
	begin_statement(writer);
	if (writer->target->ri_TrigDesc == NULL ||
		!writer->target->ri_TrigDesc->trig_insert_before_row)
		return;
	if (!ExecBRInsertTriggers(writer->estate, writer->target, writer->slot))
		row_vanished_error(writer);
	check_not_null(writer);
}

static void
check_row(RowWriter *writer)
{
	TupleConstr *constraints = RelationGetDescr(writer->rel)->constr;

	if (constraints == NULL)
		return;
	if (constraints->has_generated_stored)
		ExecComputeStoredGenerated(writer->target, writer->estate,
								   writer->slot, writer->operation);
	ExecConstraints(writer->target, writer->slot, writer->estate);
}

/*
 * What follows the insertion of a row into the table.
 */
static void
finish_insert(RowWriter *writer)
{
	List	   *recheck = NIL;

	row_target_open_indices(writer);
	if (writer->target->ri_NumIndices > 0)
		recheck = insert_index_tuples(writer->target, writer->slot,
									  writer->estate, false, 0);
	ExecARInsertTriggers(writer->estate, writer->target, writer->slot,
						 recheck, writer->capture);
	ResetPerTupleExprContext(writer->estate);
}

/*
 * row_writer_insert inserts the row; row_writer_before_insert() came first.
 */
void
row_writer_insert(RowWriter *writer)
{
	check_row(writer);
	table_tuple_insert(writer->rel, writer->slot,
					   writer->estate->es_output_cid, 0, NULL);
	finish_insert(writer);
}

/*
 * row_writer_insert_all inserts rows, as row_writer_insert() would one after the
 * other, but puts as many as there is room for into a page at a time.  Each is a
 * step of the progress, if there is one.
 */
void
row_writer_insert_all(RowWriter *writer, TupleTableSlot **rows, int nrows,
					  Progress *progress)
{
	for (int done = 0; done < nrows; done += INSERTED_AT_ONCE)
	{
		TupleTableSlot **some = rows + done;
		int			n = Min(nrows - done, INSERTED_AT_ONCE);

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < n; i++)
		{
			writer->slot = some[i];
			check_row(writer);
		}
		if (n == 1)
			table_tuple_insert(writer->rel, some[0],
							   writer->estate->es_output_cid, 0, NULL);
		else
			table_multi_insert(writer->rel, some, n,
							   writer->estate->es_output_cid, 0, NULL);
		for (int i = 0; i < n; i++)
		{
			writer->slot = some[i];
			finish_insert(writer);
			if (progress != NULL)
				progress_step(progress);
		}
	}
}

static EPQState *
make_epq_state(RowWriter *writer)
{
	EPQState   *epq = palloc0(EPQ_STATE_SIZE);

#if PG_VERSION_NUM >= 160000
	EvalPlanQualInit(epq, writer->estate, NULL, NIL, -1, NIL);
#else
	EvalPlanQualInit(epq, writer->estate, NULL, NIL, -1);
#endif
	return epq;
}

static void
check_result(RowWriter *writer, TM_Result result)
{
	if (result == TM_Ok)
		return;
	if (result == TM_SelfModified)
		ereport(ERROR,
				(errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
				 errmsg("row of table \"%s\" was already changed by a trigger of the same command",
						RelationGetRelationName(writer->rel)),
				 errhint("Use an AFTER trigger to change the row further.")));
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("could not serialize access due to concurrent update"),
			 errhint("Retry the transaction.")));
}

/*
 * row_writer_before_update fires users' BEFORE ROW triggers, which may change
 * the row.
 */
void
row_writer_before_update(RowWriter *writer, ItemPointer tid)
{
	begin_statement(writer);
	if (writer->target->ri_TrigDesc == NULL ||
		!writer->target->ri_TrigDesc->trig_update_before_row)
		return;
	if (!arbiter_before_row_update(writer->estate, make_epq_state(writer),
								   writer->target, tid, writer->slot))
		row_vanished_error(writer);
	check_not_null(writer);
}

/*
 * row_writer_update replaces a row, which the caller has locked, by the one
 * in the slot; row_writer_before_update() came first.
 */
void
row_writer_update(RowWriter *writer, ItemPointer tid)
{
	List	   *recheck = NIL;
	TM_FailureData failure;
	LockTupleMode lockmode;
	UpdateIndexes indexes;

	check_row(writer);
	check_result(writer,
				 table_tuple_update(writer->rel, tid, writer->slot,
									writer->estate->es_output_cid,
									writer->estate->es_snapshot,
									InvalidSnapshot, true, &failure,
									&lockmode, &indexes));
	if (UPDATES_INDEXES(indexes))
		row_target_open_indices(writer);
	if (writer->target->ri_NumIndices > 0 && UPDATES_INDEXES(indexes))
		recheck = insert_index_tuples(writer->target, writer->slot,
									  writer->estate, true, indexes);
	ExecARUpdateTriggers(writer->estate, writer->target, NULL, NULL, tid, NULL,
						 writer->slot, recheck, writer->capture, false);
	ResetPerTupleExprContext(writer->estate);
}

/*
 * row_writer_delete deletes a row, which the caller has locked.
 */
void
row_writer_delete(RowWriter *writer, ItemPointer tid)
{
	TM_FailureData failure;

	begin_statement(writer);
	if (writer->target->ri_TrigDesc != NULL &&
		writer->target->ri_TrigDesc->trig_delete_before_row &&
		!arbiter_before_row_delete(writer->estate, make_epq_state(writer),
								   writer->target, tid))
		row_vanished_error(writer);

	check_result(writer,
				 table_tuple_delete(writer->rel, tid,
									writer->estate->es_output_cid,
									writer->estate->es_snapshot,
									InvalidSnapshot, true, &failure, false));
	ExecARDeleteTriggers(writer->estate, writer->target, tid, NULL,
						 writer->capture, false);
}

/*
 * row_writer_close fires AFTER triggers, and lets go of everything but the
 * table lock.
 */
void
row_writer_close(RowWriter *writer)
{
	if (writer->target->ri_TrigDesc != NULL)
	{
		begin_statement(writer);
		if (writer->operation == CMD_INSERT)
			ExecASInsertTriggers(writer->estate, writer->target, writer->capture);
		else if (writer->operation == CMD_UPDATE)
			ExecASUpdateTriggers(writer->estate, writer->target, writer->capture);
		else
			ExecASDeleteTriggers(writer->estate, writer->target, writer->capture);
		AfterTriggerEndQuery(writer->estate);
	}
	/* the server closes it as one that is there for triggers alone */
	writer->target->ri_RangeTableIndex = 0;
	ExecResetTupleTable(writer->estate->es_tupleTable, false);
	row_target_close(writer);
	ExecCloseResultRelations(writer->estate);
	FreeExecutorState(writer->estate);
	table_close(writer->rel, NoLock);
}
