/*-------------------------------------------------------------------------
 *
 * catalogue_rows.c
 *	  Rows of the catalogue, as they are read from its tables.
 *
 * Whatever may be NULL, by right or because a constraint was dropped, is read as
 * zero or as the empty name.
 *
 *-------------------------------------------------------------------------
 */
#include "provider/catalogue_rows.h"

#include "support/compare.h"
#include "utils/builtins.h"

/*
 * add_item adds an item, all zeroes, to an array.
 */
void *
add_item(Items *items)
{
	if (items->n == items->room)
	{
		items->room = Max(64, 2 * items->room);
		items->data = items->data == NULL ?
			MemoryContextAllocHuge(CurrentMemoryContext, items->size * items->room) :
			repalloc_huge(items->data, items->size * items->room);
	}
	memset(items->data + items->size * items->n, 0, items->size);
	return items->data + items->size * items->n++;
}

/*
 * read_integer reads a column of either width; zero for NULL.
 */
int64
read_integer(TupleTableSlot *row, AttrNumber column, bool *isnull)
{
	Datum		value = slot_getattr(row, column, isnull);

	if (*isnull)
		return 0;
	return TupleDescAttr(row->tts_tupleDescriptor, column - 1)->attlen == sizeof(int64) ?
		DatumGetInt64(value) : DatumGetInt32(value);
}

/*
 * read_id reads a column that has an id, or another small number.
 */
int32
read_id(TupleTableSlot *row, AttrNumber column)
{
	bool		isnull;

	return (int32) read_integer(row, column, &isnull);
}

/*
 * read_text reads a column of text; the empty one for NULL.
 */
char *
read_text(TupleTableSlot *row, AttrNumber column)
{
	bool		isnull;
	Datum		value = slot_getattr(row, column, &isnull);

	return isnull ? pstrdup("") : TextDatumGetCString(value);
}

/*
 * find_id finds the item with an id among those that begin with theirs and are in
 * its order; NULL if there is none.
 */
void *
find_id(const Items *items, int32 id)
{
	return items->n == 0 ? NULL :
		bsearch(&id, items->data, items->n, items->size, compare_int32);
}
