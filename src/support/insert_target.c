/*-------------------------------------------------------------------------
 *
 * insert_target.c
 *	  What who writes a row must know of its table, kept from call to call.
 *
 * The executor looks at the triggers and the indexes of its target, and compiles
 * the expressions and predicates of these, anew for each statement.  For a
 * statement of one row that is a good part of its work, so it is done once here
 * and kept until the relation cache says that the table or one of its indexes
 * changed: what is kept is as fresh as the relation cache itself.
 *
 * A ResultRelInfo is kept where it has no state of a statement: the table has no
 * triggers but ours, and no expression to be evaluated for a row but those of
 * indexes.
 *
 * What is kept of an index must be true and harmless for as long as that:
 *
 *	- btrees only, because other access methods keep state of one statement in
 *	  their IndexInfo;
 *
 *	- no exclusion constraint, for the same reason;
 *
 *	- no function of a user's in an expression, because that may be replaced
 *	  without a word to the relation cache.
 *
 * Of any other index only the OID is kept.  An UPDATE uses the same, once it turns
 * out that it makes entries in indexes at all.
 *
 *-------------------------------------------------------------------------
 */
#include "support/insert_target.h"

#include "access/genam.h"
#include "access/transam.h"
#include "catalog/index.h"
#include "catalog/pg_am.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "support/compat.h"
#include "support/relations.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

static InsertTarget *targets = NULL;
static uint64 invalidations = 0;

static void
invalidate_targets(Datum arg, Oid relid)
{
	invalidations++;
	for (InsertTarget *target = targets; target != NULL; target = target->next)
	{
		if (!OidIsValid(relid) || relid == target->table)
			target->valid = false;
		for (int i = 0; i < target->nindexes; i++)
		{
			if (relid == target->indexes[i].relid)
				target->valid = false;
		}
	}
}

static bool
is_of_user(Oid function, void *context)
{
	return function >= FirstNormalObjectId;
}

static bool
may_change(Node *node, void *context)
{
	if (node == NULL)
		return false;
	/* a domain may get another constraint */
	if (IsA(node, CoerceToDomain) || check_functions_in_node(node, is_of_user, NULL))
		return true;
	return expression_tree_walker(node, may_change, context);
}

static IndexInfo *
make_info(Relation index)
{
	IndexInfo  *info;
	ListCell   *cell;

	if (index->rd_rel->relam != BTREE_AM_OID || index->rd_index->indisexclusion)
		return NULL;
	info = BuildIndexInfo(index);
	if (may_change((Node *) info->ii_Expressions, NULL) ||
		may_change((Node *) info->ii_Predicate, NULL))
		return NULL;

	/* as ExecPrepareExprList() and ExecPrepareQual() do for a query */
	foreach(cell, info->ii_Expressions)
		info->ii_ExpressionsState = lappend(info->ii_ExpressionsState,
											ExecInitExpr(expression_planner(lfirst(cell)), NULL));
	if (info->ii_Predicate != NIL)
		info->ii_PredicateState =
			ExecInitQual((List *) expression_planner((Expr *) info->ii_Predicate), NULL);
	return info;
}

/*
 * Make a ResultRelInfo without triggers, if that is all there is to it.
 */
static ResultRelInfo *
make_plain(Relation rel)
{
	const TriggerDesc *triggers = rel->trigdesc;
	const TupleConstr *constraints = RelationGetDescr(rel)->constr;
	EState	   *estate;
	ResultRelInfo *plain;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		if (!is_own_trigger(&triggers->triggers[i]))
			return NULL;
	}
	if (constraints != NULL &&
		(constraints->num_check > 0 || has_generated_columns(constraints)))
		return NULL;

	estate = CreateExecutorState();
	plain = ExecGetTriggerResultRel(estate, RelationGetRelid(rel), NULL);
	plain->ri_TrigDesc = NULL;
	/* the table is not kept open; all else stays as long as the context does */
	ExecCloseResultRelations(estate);
	plain->ri_RelationDesc = NULL;
	return plain;
}

/*
 * Note which columns of a new row may not just be NULL when nobody gives them.
 */
static void
note_defaults(InsertTarget *target, TupleDesc desc)
{
	target->defaults = palloc(sizeof(AttrNumber) * Max(1, desc->natts));
	target->ndefaults = 0;
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (attribute->attisdropped || attribute->attgenerated)
			continue;
		if (attribute->atthasdef || attribute->attidentity ||
			(attribute->atttypid >= FirstGenbkiObjectId &&
			 get_typtype(attribute->atttypid) == TYPTYPE_DOMAIN))
			target->defaults[target->ndefaults++] = i + 1;
	}
}

static InsertTarget *
find_target(Oid relid)
{
	static bool callback_registered = false;
	InsertTarget *target;

	for (target = targets; target != NULL; target = target->next)
	{
		if (target->table == relid)
			return target;
	}
	if (!callback_registered)
	{
		CacheRegisterRelcacheCallback(invalidate_targets, (Datum) 0);
		callback_registered = true;
	}
	target = MemoryContextAllocZero(TopMemoryContext, sizeof(InsertTarget));
	target->table = relid;
	target->next = targets;
	targets = target;
	return target;
}

/*
 * insert_target returns what is kept of a table, which the caller has locked.
 *
 * The indexes can be used to the end of the transaction: who changes the indexes
 * of a table so that it would matter waits for those who have locked it.
 */
InsertTarget *
insert_target(Relation rel)
{
	InsertTarget *target = find_target(RelationGetRelid(rel));
	MemoryContext oldcontext;
	List	   *indexes;
	uint64		invalidations_before;

	if (target->valid)
		return target;

	/* somebody up the stack may be using it */
	if (target->context != NULL)
		MemoryContextSetParent(target->context, TopTransactionContext);
	target->nindexes = 0;
	target->context = AllocSetContextCreate(TopMemoryContext, "arbiter insert target",
											ALLOCSET_SMALL_SIZES);
	oldcontext = MemoryContextSwitchTo(target->context);
	invalidations_before = invalidations;
	indexes = RelationGetIndexList(rel);
	target->indexes = palloc(sizeof(TableIndex) * Max(1, list_length(indexes)));
	for (int i = 0; i < list_length(indexes); i++)
	{
		Relation	index = index_open(list_nth_oid(indexes, i), RowExclusiveLock);

		target->indexes[i].relid = RelationGetRelid(index);
		target->indexes[i].info = make_info(index);
		index_close(index, NoLock);
	}
	target->nindexes = list_length(indexes);
	note_defaults(target, RelationGetDescr(rel));
	target->plain = make_plain(rel);
	target->plain_xact = InvalidLocalTransactionId;
	MemoryContextSwitchTo(oldcontext);
	/* what an invalidation was about that came meanwhile we cannot know */
	target->valid = (invalidations == invalidations_before);
	return target;
}
