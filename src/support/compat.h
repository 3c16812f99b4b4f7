/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  Differences between PostgreSQL 15 and 18, in one place.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_COMPAT_H
#define ARBITER_COMPAT_H

#include "postgres.h"

#include "access/tableam.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "nodes/bitmapset.h"
#include "parser/parse_node.h"
#include "utils/rangetypes.h"

#if PG_VERSION_NUM < 150000
#error "arbiter needs PostgreSQL 15 or later"
#endif

#ifndef HAVE_INT128
#error "arbiter needs a compiler with 128-bit integers"
#endif

/* 18 has pg_noreturn as a prefix, and no attribute at the end any more */
#if PG_VERSION_NUM < 180000
#define pg_noreturn __attribute__((noreturn))
#endif

/* 16 made update_indexes an enum, so that summarizing indexes can be told */
#if PG_VERSION_NUM >= 160000
typedef TU_UpdateIndexes UpdateIndexes;
#define UPDATES_INDEXES(u)	((u) != TU_None)
#define insert_index_tuples(rri, slot, estate, update, indexes) \
	ExecInsertIndexTuples(rri, slot, estate, update, false, NULL, NIL, \
						  (indexes) == TU_Summarizing)
#else
typedef bool UpdateIndexes;
#define UPDATES_INDEXES(u)	(u)
#define insert_index_tuples(rri, slot, estate, update, indexes) \
	((void) (indexes), \
	 ExecInsertIndexTuples(rri, slot, estate, update, false, NULL, NIL))
#endif

/* 16 lets make_range() report errors softly */
#if PG_VERSION_NUM >= 160000
#define arbiter_make_range(typcache, lower, upper, empty) \
	make_range(typcache, lower, upper, empty, NULL)
#else
#define arbiter_make_range(typcache, lower, upper, empty) \
	make_range(typcache, lower, upper, empty)
#endif

/* 18 adds the instrumentation argument */
#if PG_VERSION_NUM >= 180000
#define arbiter_index_beginscan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, NULL, nkeys, 0)
#else
#define arbiter_index_beginscan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, nkeys, 0)
#endif

/* 16 renamed what locates a file */
#if PG_VERSION_NUM >= 160000
#define arbiter_read_recent_buffer(rel, block, buffer) \
	ReadRecentBuffer((rel)->rd_locator, MAIN_FORKNUM, block, buffer)
#else
#define arbiter_read_recent_buffer(rel, block, buffer) \
	ReadRecentBuffer((rel)->rd_node, MAIN_FORKNUM, block, buffer)
#endif

/* 16 and 18 have the row triggers tell the caller more */
#if PG_VERSION_NUM >= 180000
#define arbiter_before_row_update(estate, epq, rri, tid, slot) \
	ExecBRUpdateTriggers(estate, epq, rri, tid, NULL, slot, NULL, NULL, false)
#define arbiter_before_row_delete(estate, epq, rri, tid) \
	ExecBRDeleteTriggers(estate, epq, rri, tid, NULL, NULL, NULL, NULL, false)
#elif PG_VERSION_NUM >= 160000
#define arbiter_before_row_update(estate, epq, rri, tid, slot) \
	ExecBRUpdateTriggers(estate, epq, rri, tid, NULL, slot, NULL, NULL)
#define arbiter_before_row_delete(estate, epq, rri, tid) \
	ExecBRDeleteTriggers(estate, epq, rri, tid, NULL, NULL, NULL, NULL)
#else
#define arbiter_before_row_update(estate, epq, rri, tid, slot) \
	ExecBRUpdateTriggers(estate, epq, rri, tid, NULL, slot, NULL)
#define arbiter_before_row_delete(estate, epq, rri, tid) \
	ExecBRDeleteTriggers(estate, epq, rri, tid, NULL, NULL)
#endif

/*
 * The server does not expect a target made by ExecGetTriggerResultRel() to
 * have indexes open when it closes it.
 */
#define close_indices(target) \
	(ExecCloseIndices(target), (target)->ri_NumIndices = 0)

/* 17 has access methods that want to know of the last row */
#if PG_VERSION_NUM >= 170000
#define arbiter_index_insert_cleanup(index, info) \
	index_insert_cleanup(index, info)
#else
#define arbiter_index_insert_cleanup(index, info)	((void) (info))
#endif

/* 18 has virtual columns, whose NOT NULL is an expression */
#if PG_VERSION_NUM >= 180000
#define has_generated_columns(constraints) \
	((constraints)->has_generated_stored || (constraints)->has_generated_virtual)
#else
#define has_generated_columns(constraints)	((constraints)->has_generated_stored)
#endif

/* 16 moved what is updated to a list of permissions; 18 adds pruning */
static inline Bitmapset **
init_range_table(EState *estate, ParseState *pstate, ParseNamespaceItem *item)
{
#if PG_VERSION_NUM >= 180000
	ExecInitRangeTable(estate, pstate->p_rtable, pstate->p_rteperminfos,
					   bms_make_singleton(1));
	return &item->p_perminfo->updatedCols;
#elif PG_VERSION_NUM >= 160000
	ExecInitRangeTable(estate, pstate->p_rtable, pstate->p_rteperminfos);
	return &item->p_perminfo->updatedCols;
#else
	ExecInitRangeTable(estate, pstate->p_rtable);
	return &item->p_rte->updatedCols;
#endif
}

/* 17 has infinite intervals */
#ifndef INTERVAL_NOT_FINITE
#define INTERVAL_NOT_FINITE(interval)	false
#endif

/* 17 can ask for a stronger lock, too */
#if PG_VERSION_NUM >= 170000
#define arbiter_lock_held(tag, mode)	LockHeldByMe(tag, mode, false)
#else
#define arbiter_lock_held(tag, mode)	LockHeldByMe(tag, mode)
#endif

/* 17 moved the local transaction id */
#if PG_VERSION_NUM >= 170000
#define arbiter_local_xid()	(MyProc->vxid.lxid)
#else
#define arbiter_local_xid()	(MyProc->lxid)
#endif

#endif							/* ARBITER_COMPAT_H */
