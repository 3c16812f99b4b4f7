/*-------------------------------------------------------------------------
 *
 * fault.c
 *	  What is wrong with what a caller passed: to be raised, or told in a row.
 *
 * A call with one request raises what is wrong with it.  A call with many tells
 * it in the row of that request, and goes on with the others.
 *
 *-------------------------------------------------------------------------
 */
#include "support/fault.h"

/*
 * fault_set fills in a fault; true, so that a check can return it.
 */
bool
fault_set(Fault *fault, int sqlstate, char *message, char *detail, char *hint)
{
	fault->sqlstate = sqlstate;
	fault->message = message;
	fault->detail = detail;
	fault->hint = hint;
	return true;
}

/*
 * fault_raise raises a fault as an error.
 */
void
fault_raise(const Fault *fault)
{
	ereport(ERROR,
			(errcode(fault->sqlstate),
			 errmsg_internal("%s", fault->message),
			 fault->detail != NULL ? errdetail_internal("%s", fault->detail) : 0,
			 fault->hint != NULL ? errhint("%s", fault->hint) : 0));
}
