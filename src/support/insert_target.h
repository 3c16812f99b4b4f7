/*-------------------------------------------------------------------------
 *
 * insert_target.h
 *	  What who writes a row must know of its table, kept from call to call.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_INSERT_TARGET_H
#define ARBITER_INSERT_TARGET_H

#include "postgres.h"

#include "nodes/execnodes.h"
#include "storage/lock.h"
#include "utils/rel.h"

typedef struct TableIndex
{
	Oid			relid;
	IndexInfo  *info;			/* ready to use, or NULL: make one for the query */
} TableIndex;

typedef struct InsertTarget
{
	struct InsertTarget *next;	/* of another table */
	Oid			table;
	bool		valid;
	MemoryContext context;
	int			nindexes;
	TableIndex *indexes;
	int			ndefaults;
	AttrNumber *defaults;		/* columns that may have one */
	ResultRelInfo *plain;		/* if nothing of users' is to be run */
	LocalTransactionId plain_xact;	/* in which somebody has it */
} InsertTarget;

extern InsertTarget *insert_target(Relation rel);

#endif							/* ARBITER_INSERT_TARGET_H */
