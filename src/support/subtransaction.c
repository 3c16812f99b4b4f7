/*-------------------------------------------------------------------------
 *
 * subtransaction.c
 *	  Do something that can be undone.
 *
 *-------------------------------------------------------------------------
 */
#include "support/subtransaction.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

/*
 * in_subtransaction does something in a subtransaction, which is rolled back, with
 * its locks, if the answer is false; returns the answer.  What it returns besides
 * outlives it: memory is the caller's.
 *
 * After an error, too, it must be rolled back here: the server expects that of
 * whoever began it.
 */
bool
in_subtransaction(bool (*work) (void *), void *argument)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool done = false;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		done = work(argument);
		if (done)
			ReleaseCurrentSubTransaction();
		else
			RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		ReThrowError(error);
	}
	PG_END_TRY();
	return done;
}
