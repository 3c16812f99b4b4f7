/*-------------------------------------------------------------------------
 *
 * subtransaction.h
 *	  Do something that can be undone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_SUBTRANSACTION_H
#define ARBITER_SUBTRANSACTION_H

#include "postgres.h"

extern bool in_subtransaction(bool (*work) (void *), void *argument);

#endif							/* ARBITER_SUBTRANSACTION_H */
