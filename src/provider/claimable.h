/*-------------------------------------------------------------------------
 *
 * claimable.h
 *	  Whether claims may be placed on a provider.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_CLAIMABLE_H
#define ARBITER_CLAIMABLE_H

#include "postgres.h"

extern int32 provider_set_claimable(const char *name, const bool *claimable);

#endif							/* ARBITER_CLAIMABLE_H */
