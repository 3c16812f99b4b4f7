/*-------------------------------------------------------------------------
 *
 * batch.h
 *	  Decide many requests in turn, and book them at once.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_BATCH_H
#define ARBITER_BATCH_H

#include "postgres.h"

#include "booking/ledger_charges.h"
#include "booking/request_json.h"
#include "booking/request_key.h"
#include "support/progress.h"

typedef enum BatchOutcome
{
	BATCH_UNDECIDED,
	BATCH_GRANTED,
	BATCH_REPEATED,				/* its key was answered before */
	BATCH_REFUSED,
	BATCH_FAULTY,				/* see fault of the JsonRequest */
	BATCH_LEFT					/* fits, but is not booked without the others */
} BatchOutcome;

typedef struct BatchRequest
{
	JsonRequest *asked;
	BatchOutcome outcome;
	bool		settled;		/* outcome is, whatever the others get */
	int64		reservation_id; /* granted or repeated */
	Refusal		refusal;

	RequestKey	key;
	struct BatchRequest *first; /* with the same key; of that one: */
	struct BatchRequest *answer;	/* that one which was granted */

	ReservationTake take;
	LedgerAccount *account;
	LedgerCharges counted;		/* against quotas */
	TupleTableSlot *row;		/* made before the decision, for triggers */
	bool		too_early;
	bool		hopeless;		/* also without the others */
	TimelineRefusal where;		/* if hopeless */
} BatchRequest;

typedef struct Batch
{
	BatchRequest *requests;
	int			n;
	bool		all_or_nothing;
	TimestampTz clock;
	Ledger		ledger;
	RowWriter	writer;
	bool		has_triggers;	/* BEFORE ROW INSERT */
	bool		locked;			/* all that is not hopeless */
	bool		has_chunks;		/* some are locked: a race was lost */
	int			granted;
	int			failed;
	int			outrun;			/* of those that failed: fit, if alone */
	bool		mixed;			/* ordinary users and try-outs on a float */
	Progress	progress;
} Batch;

extern void batch_open(Batch *batch, JsonRequest *asked);
extern void batch_make_row(Batch *batch, BatchRequest *request);
extern BatchRequest *batch_book(const char *function, JsonRequest *asked,
								int nrequests, bool all_or_nothing);

#endif							/* ARBITER_BATCH_H */
