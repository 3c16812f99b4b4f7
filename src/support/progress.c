/*-------------------------------------------------------------------------
 *
 * progress.c
 *	  Tell who waits for long work how far it has got.
 *
 * A NOTICE each arbiter.progress_interval: work that is done sooner says
 * nothing.
 *
 *-------------------------------------------------------------------------
 */
#include "support/progress.h"

#include "support/guc.h"
#include "utils/timestamp.h"

/*
 * progress_begin starts to count; what is told is "what: done of total".
 */
void
progress_begin(Progress *progress, const char *what, int64 total)
{
	progress->what = what;
	progress->done = 0;
	progress->total = total;
	progress->told = GetCurrentTimestamp();
}

/*
 * progress_step counts one more, and tells if it is time to.
 */
void
progress_step(Progress *progress)
{
	TimestampTz now;

	progress->done++;
	if (arbiter_progress_interval < 0)
		return;
	now = GetCurrentTimestamp();
	if (now < progress->told + arbiter_progress_interval * INT64CONST(1000))
		return;
	progress->told = now;
	if (progress->total > 0)
		ereport(NOTICE,
				(errmsg("%s: " INT64_FORMAT " of " INT64_FORMAT,
						progress->what, progress->done, progress->total)));
	else
		ereport(NOTICE,
				(errmsg("%s: " INT64_FORMAT, progress->what, progress->done)));
}
