/*-------------------------------------------------------------------------
 *
 * trigger_call.c
 *	  How trigger functions are called.
 *
 *-------------------------------------------------------------------------
 */
#include "support/trigger_call.h"

/*
 * trigger_data returns the context of a trigger function, which refuses to be
 * called in any other way than it was made for.
 */
TriggerData *
trigger_data(FunctionCallInfo fcinfo, const char *name, bool proper)
{
	if (!CALLED_AS_TRIGGER(fcinfo) || !proper)
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" can only be used by the triggers of the extension",
						name)));
	return (TriggerData *) fcinfo->context;
}
