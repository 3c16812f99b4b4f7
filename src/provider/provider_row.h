/*-------------------------------------------------------------------------
 *
 * provider_row.h
 *	  Rows of arbiter_provider.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_PROVIDER_ROW_H
#define ARBITER_PROVIDER_ROW_H

#include "postgres.h"

#include "support/compat.h"

typedef struct ProviderRow
{
	int32		id;
	char	   *name;
} ProviderRow;

extern void provider_lock(const char *name, ProviderRow *provider);
pg_noreturn extern void provider_unknown_error(const char *name);

#endif							/* ARBITER_PROVIDER_ROW_H */
