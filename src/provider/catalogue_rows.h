/*-------------------------------------------------------------------------
 *
 * catalogue_rows.h
 *	  Rows of the catalogue, as they are read from its tables.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_CATALOGUE_ROWS_H
#define ARBITER_CATALOGUE_ROWS_H

#include "postgres.h"

#include "executor/tuptable.h"

/* an array that grows */
typedef struct Items
{
	char	   *data;
	Size		size;			/* of an item */
	int			n;
	Size		room;
} Items;

extern void *add_item(Items *items);
extern void *find_id(const Items *items, int32 id);
extern int64 read_integer(TupleTableSlot *row, AttrNumber column, bool *isnull);
extern int32 read_id(TupleTableSlot *row, AttrNumber column);
extern char *read_text(TupleTableSlot *row, AttrNumber column);

#endif							/* ARBITER_CATALOGUE_ROWS_H */
