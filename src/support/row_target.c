/*-------------------------------------------------------------------------
 *
 * row_target.c
 *	  The table that a writer of rows writes to: its triggers and indexes.
 *
 * The extension's own triggers are left out of this one target's trigger list.
 * Whatever can be kept from call to call comes from insert_target.c.
 *
 * ResultRelInfo comes from the server's own allocator (its size may change in
 * a minor release): ExecGetTriggerResultRel() makes one for any relation.
 *
 *-------------------------------------------------------------------------
 */
#include "support/row_target.h"

#include "access/genam.h"
#include "access/transam.h"
#include "catalog/index.h"
#include "catalog/pg_trigger.h"
#include "executor/executor.h"
#include "storage/proc.h"
#include "support/compat.h"
#include "support/insert_target.h"
#include "support/relations.h"
#include "utils/rel.h"

/*
 * Leave the extension's own triggers out of a target relation's private copy
 * of the trigger list; NULL the list when nothing remains.
 */
static void
leave_out_own_triggers(ResultRelInfo *target)
{
	TriggerDesc *list = target->ri_TrigDesc;
	int			kept = 0;

	if (list == NULL)
		return;

	list->trig_insert_before_row = list->trig_insert_after_row = false;
	list->trig_update_before_row = list->trig_update_after_row = false;
	list->trig_delete_before_row = list->trig_delete_after_row = false;
	list->trig_insert_before_statement = list->trig_insert_after_statement = false;
	list->trig_update_before_statement = list->trig_update_after_statement = false;
	list->trig_delete_before_statement = list->trig_delete_after_statement = false;
	list->trig_insert_new_table = list->trig_delete_old_table = false;
	list->trig_update_old_table = list->trig_update_new_table = false;

	for (int i = 0; i < list->numtriggers; i++)
	{
		Trigger    *trigger = &list->triggers[i];
		bool		row = TRIGGER_FOR_ROW(trigger->tgtype);
		bool		before = TRIGGER_FOR_BEFORE(trigger->tgtype);
		bool		after = TRIGGER_FOR_AFTER(trigger->tgtype);

		if (is_own_trigger(trigger))
			continue;

		if (TRIGGER_FOR_INSERT(trigger->tgtype))
		{
			list->trig_insert_before_row |= row && before;
			list->trig_insert_after_row |= row && after;
			list->trig_insert_before_statement |= !row && before;
			list->trig_insert_after_statement |= !row && after;
			list->trig_insert_new_table |= trigger->tgnewtable != NULL;
		}
		if (TRIGGER_FOR_UPDATE(trigger->tgtype))
		{
			list->trig_update_before_row |= row && before;
			list->trig_update_after_row |= row && after;
			list->trig_update_before_statement |= !row && before;
			list->trig_update_after_statement |= !row && after;
			list->trig_update_old_table |= trigger->tgoldtable != NULL;
			list->trig_update_new_table |= trigger->tgnewtable != NULL;
		}
		if (TRIGGER_FOR_DELETE(trigger->tgtype))
		{
			list->trig_delete_before_row |= row && before;
			list->trig_delete_after_row |= row && after;
			list->trig_delete_before_statement |= !row && before;
			list->trig_delete_after_statement |= !row && after;
			list->trig_delete_old_table |= trigger->tgoldtable != NULL;
		}
		list->triggers[kept++] = *trigger;
	}
	list->numtriggers = kept;
	if (kept == 0)
		target->ri_TrigDesc = NULL;
}

static void
open_index(RowWriter *writer, int which)
{
	const TableIndex *index = &writer->indexes[which];
	Relation	rel = index_open(index->relid, RowExclusiveLock);

	writer->target->ri_IndexRelationDescs[which] = rel;
	writer->target->ri_IndexRelationInfo[which] =
		index->info != NULL ? index->info : BuildIndexInfo(rel);
	/* whether an UPDATE changes what is indexed is found out for each */
	writer->target->ri_IndexRelationInfo[which]->ii_CheckedUnchanged = false;
}

/*
 * Make room for the indexes of the target, to be opened by
 * row_target_open_indices().
 */
static void
prepare_indices(RowWriter *writer, const InsertTarget *kept)
{
	ResultRelInfo *target = writer->target;
	MemoryContext oldcontext = MemoryContextSwitchTo(writer->estate->es_query_cxt);

	writer->indexes = kept->indexes;
	writer->ndefaults = kept->ndefaults;
	writer->defaults = kept->defaults;
	target->ri_NumIndices = kept->nindexes;
	target->ri_IndexRelationDescs = palloc0(sizeof(Relation) * kept->nindexes);
	target->ri_IndexRelationInfo = palloc0(sizeof(IndexInfo *) * kept->nindexes);
	MemoryContextSwitchTo(oldcontext);
}

/*
 * row_target_open_indices opens the indexes that want the row, as
 * ExecOpenIndices() opens all, but uses what is prepared of them.  Partial ones that do not want it are not even
 * locked: the executor passes over an index that is not there.
 */
void
row_target_open_indices(RowWriter *writer)
{
	ResultRelInfo *target = writer->target;
	ExprContext *econtext = GetPerTupleExprContext(writer->estate);
	MemoryContext oldcontext = MemoryContextSwitchTo(writer->estate->es_query_cxt);

	econtext->ecxt_scantuple = writer->slot;
	for (int i = 0; i < target->ri_NumIndices; i++)
	{
		const IndexInfo *info = writer->indexes[i].info;

		if (target->ri_IndexRelationDescs[i] == NULL &&
			(info == NULL || info->ii_PredicateState == NULL ||
			 ExecQual(info->ii_PredicateState, econtext)))
			open_index(writer, i);
	}
	MemoryContextSwitchTo(oldcontext);
}

/*
 * row_target_open opens the target, with its indexes and without our own
 * triggers.
 */
void
row_target_open(RowWriter *writer)
{
	InsertTarget *kept = NULL;

	if (writer->operation != CMD_DELETE)
		kept = insert_target(writer->rel);
	/* it may be in use up the stack, or left behind by an error */
	if (kept != NULL && kept->plain != NULL &&
		kept->plain_xact != arbiter_local_xid())
	{
		writer->kept = kept;
		writer->target = kept->plain;
		writer->target->ri_RelationDesc = writer->rel;
		kept->plain_xact = arbiter_local_xid();
	}
	else
	{
		writer->kept = NULL;
		writer->target = ExecGetTriggerResultRel(writer->estate,
												 RelationGetRelid(writer->rel),
												 NULL);
		leave_out_own_triggers(writer->target);
	}

	if (kept != NULL)
		prepare_indices(writer, kept);
}

/*
 * row_target_close closes the indexes, and lets others have the target.
 */
void
row_target_close(RowWriter *writer)
{
	ResultRelInfo *target = writer->target;

	for (int i = 0; i < target->ri_NumIndices; i++)
	{
		Relation	index = target->ri_IndexRelationDescs[i];

		if (index == NULL)
			continue;
		arbiter_index_insert_cleanup(index, target->ri_IndexRelationInfo[i]);
		index_close(index, NoLock);
	}
	/* the server closes a target made for triggers, which has none */
	target->ri_NumIndices = 0;
	if (writer->kept != NULL)
		writer->kept->plain_xact = InvalidLocalTransactionId;
}
