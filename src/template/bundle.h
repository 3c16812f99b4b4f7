/*-------------------------------------------------------------------------
 *
 * bundle.h
 *	  Amounts of resources and of resource types.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_BUNDLE_H
#define ARBITER_BUNDLE_H

#include "postgres.h"

#include "booking/request.h"
#include "utils/jsonb.h"

typedef struct BundleItem
{
	int32		resource_id;
	char	   *resource_type;	/* NULL: resource_id */
	int64		amount;
} BundleItem;

/* items in order: by resource_id, then by resource_type */
typedef struct Bundle
{
	const char *name;			/* of the template; NULL: none */
	BundleItem *items;
	int			nitems;
} Bundle;

extern void bundle_read(Jsonb *requirements, Snapshot snapshot, Bundle *bundle);
extern void bundle_sort(Bundle *bundle);
extern bool bundle_equal(const Bundle *left, const Bundle *right);
extern void bundle_find(const Bundle *bundle, Jsonb *resources,
						Snapshot snapshot, Request *request);
extern void bundle_multiply(const char *template, int64 count, Request *request);

#endif							/* ARBITER_BUNDLE_H */
