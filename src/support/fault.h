/*-------------------------------------------------------------------------
 *
 * fault.h
 *	  What is wrong with what a caller passed: to be raised, or told in a row.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_FAULT_H
#define ARBITER_FAULT_H

#include "postgres.h"

#include "support/compat.h"

typedef struct Fault
{
	int			sqlstate;
	char	   *message;
	char	   *detail;			/* NULL: none */
	char	   *hint;			/* NULL: none */
} Fault;

extern bool fault_set(Fault *fault, int sqlstate, char *message, char *detail,
					  char *hint);
pg_noreturn extern void fault_raise(const Fault *fault);

#endif							/* ARBITER_FAULT_H */
