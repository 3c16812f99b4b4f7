/*-------------------------------------------------------------------------
 *
 * template.h
 *	  Templates: named bundles, in versions.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_TEMPLATE_H
#define ARBITER_TEMPLATE_H

#include "postgres.h"

#include "storage/itemptr.h"
#include "template/bundle.h"

/* one version */
typedef struct Template
{
	int32		id;
	int32		version;
	bool		retired;
	ItemPointerData tid;		/* of the row that was read */
	Bundle		bundle;
} Template;

extern bool template_find(const char *name, Snapshot snapshot,
						  Template *template);
extern void template_read_items(Template *template, Snapshot snapshot);
extern void template_get(const char *name, Snapshot snapshot,
						 Template *template);
extern void template_take(const char *name, Jsonb *resources,
						  Snapshot snapshot, int32 *id, Request *request);
pg_noreturn extern void template_unknown_error(const char *name);

#endif							/* ARBITER_TEMPLATE_H */
