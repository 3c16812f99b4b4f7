/*-------------------------------------------------------------------------
 *
 * in_flight.c
 *	  Raw statements of this backend whose effect the timeline does not have
 *	  yet.
 *
 * A raw INSERT, UPDATE or DELETE writes its rows one by one, and the guard
 * applies their net effect to the timeline at the end of the query.  Between
 * the two, code that runs inside the query (a user's row trigger, or a
 * function next to a data-modifying WITH) can see the rows.  If it derived a
 * part of the timeline from them now, the guard would count them twice.
 *
 * So the row trigger notes the resource of every row here, the guard removes
 * the notes of its statement, and whatever derives timeline from rows refuses
 * while there is one.  Reservations on chunks that exist are not concerned.
 *
 * The guard is called once per query, table and event (INSERT, UPDATE, DELETE),
 * so a note is of all three.  A query is known by the command id of its
 * snapshot.  One that is nested inside another has a higher one, and its guard
 * has been called by the time that of the outer one is; but for a foreign key's
 * cascade, whose guard is called with the outer query: therefore a guard
 * forgets notes with higher command ids too.  A note left behind by an error
 * belongs to a subtransaction that is no longer active, or to an earlier
 * transaction.
 *
 *-------------------------------------------------------------------------
 */
#include "timeline/in_flight.h"

#include "access/xact.h"
#include "storage/proc.h"
#include "support/compat.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

typedef struct InFlight
{
	/* hash key: no padding */
	Oid			relid;
	int32		resource_id;
	TriggerEvent event;
	CommandId	command;
	SubTransactionId subtransaction;
} InFlight;

static HTAB *statements = NULL;
static LocalTransactionId statements_xact = InvalidLocalTransactionId;

static void
forget_other_transactions(void)
{
	HASH_SEQ_STATUS status;
	InFlight   *entry;

	if (statements_xact == arbiter_local_xid())
		return;
	statements_xact = arbiter_local_xid();
	if (hash_get_num_entries(statements) == 0)
		return;
	hash_seq_init(&status, statements);
	while ((entry = hash_seq_search(&status)) != NULL)
		hash_search(statements, entry, HASH_REMOVE, NULL);
}

static InFlight
current_statement(Oid relid, int32 resource_id, TriggerEvent event)
{
	InFlight	key = {
		.relid = relid,
		.resource_id = resource_id,
		.event = event & TRIGGER_EVENT_OPMASK,
		.command = GetActiveSnapshot()->curcid,
		.subtransaction = GetCurrentSubTransactionId()
	};

	return key;
}

/*
 * in_flight_noted tells whether the current statement has changed rows of a
 * resource before.
 */
bool
in_flight_noted(Oid relid, int32 resource_id, TriggerEvent event)
{
	InFlight	key = current_statement(relid, resource_id, event);

	if (statements == NULL)
		return false;
	forget_other_transactions();
	return hash_search(statements, &key, HASH_FIND, NULL) != NULL;
}

/*
 * in_flight_add notes that the current statement is about to change rows of a
 * resource.
 */
void
in_flight_add(Oid relid, int32 resource_id, TriggerEvent event)
{
	InFlight	key = current_statement(relid, resource_id, event);

	if (statements == NULL)
	{
		HASHCTL		control = {
			.keysize = sizeof(InFlight),
			.entrysize = sizeof(InFlight)
		};

		statements = hash_create("arbiter statements in flight", 32, &control,
								 HASH_ELEM | HASH_BLOBS);
	}
	forget_other_transactions();
	hash_search(statements, &key, HASH_ENTER, NULL);
}

/*
 * in_flight_done forgets the notes of the current statement on a table, once
 * the guard has seen its rows.
 */
void
in_flight_done(Oid relid, TriggerEvent event)
{
	CommandId	command = GetActiveSnapshot()->curcid;
	HASH_SEQ_STATUS status;
	InFlight   *entry;

	if (statements == NULL)
		return;
	forget_other_transactions();
	hash_seq_init(&status, statements);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		if (entry->relid == relid && entry->command >= command &&
			entry->event == (event & TRIGGER_EVENT_OPMASK))
			hash_search(statements, entry, HASH_REMOVE, NULL);
	}
}

/*
 * in_flight_refuse raises an error if a statement in flight changes rows of a
 * resource.
 */
void
in_flight_refuse(Oid relid, int32 resource_id)
{
	HASH_SEQ_STATUS status;
	InFlight   *entry;

	if (statements == NULL)
		return;
	forget_other_transactions();
	hash_seq_init(&status, statements);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		if (entry->relid == relid && entry->resource_id == resource_id &&
			SubTransactionIsActive(entry->subtransaction))
		{
			hash_seq_term(&status);
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("table \"%s\" is being changed by the same statement",
							get_rel_name(relid)),
					 errdetail("Rows of resource %d are written, but not yet counted.",
							   resource_id),
					 errhint("Reserve in a statement of its own, after the one that changes the table.")));
		}
	}
}
