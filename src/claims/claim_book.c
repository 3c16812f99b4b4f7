/*-------------------------------------------------------------------------
 *
 * claim_book.c
 *	  Book what satisfies a claim.
 *
 * A placement is searched for on a snapshot, without a lock, and then reserved as
 * arbiter_reserve_all() would (booking.c): only that decides.  If somebody was
 * faster, the search goes on, on a snapshot that sees what he took; the caller
 * gets no error and need not try again.
 *
 * Each try is a subtransaction.  One that lost a race has locked chunks, and the
 * next may want chunks that come before those in the order of locks: so it must
 * have let go of them.  Thus a claim waits for others only in that order, with
 * nothing else in hand, and transactions of one claim each cannot deadlock.  What
 * users' triggers did in a try that failed is undone, too.
 *
 * One whose provider gets another name in this moment is searched for again.
 *
 * A placement that is refused although the search finds it again, because a hold
 * that has expired is being confirmed right now, say, is not tried a third time.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/claim.h"

#include "booking/request_key.h"
#include "claims/claim_row.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "support/errors.h"
#include "support/guc.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/subtransaction.h"
#include "utils/inval.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/*
 * claim_times returns when a claim is for, at the clock of its call.
 */
ClaimTimes
claim_times(const ClaimCall *call)
{
	const Request *request = &call->reserve.request;

	return (ClaimTimes) {
		.start = call->reserve.start_given ? request->start : request->clock,
		.end = request->end,
		.start_given = call->reserve.start_given,
		.from = call->reserve.start_given ? request->start : request->clock,
		.clock = request->clock,
		.tryout = request->tryout
	};
}

static int
compare_allocations(const void *a, const void *b)
{
	const Allocation *left = a;
	const Allocation *right = b;

	if (left->group != right->group)
		return left->group < right->group ? -1 : 1;
	if (left->resource != right->resource)
		return left->resource < right->resource ? -1 : 1;
	return (left->provider > right->provider) - (left->provider < right->provider);
}

/* keeps the first placement that a search finds */
static bool
keep_placement(const Search *search, void *argument)
{
	ClaimCall  *call = argument;
	Size		size = sizeof(Allocation) * search->nallocations;

	call->allocations = palloc(size);
	memcpy(call->allocations, search->allocations, size);
	call->nallocations = search->nallocations;
	qsort(call->allocations, call->nallocations, sizeof(Allocation),
		  compare_allocations);
	return true;
}

/*
 * Require what a placement consists of: groups that share an inventory take from
 * it together.
 */
static void
require_placement(ReserveCall *reserve, Snapshot snapshot)
{
	const ClaimCall *call = reserve->find_argument;
	Request    *request = &reserve->request;

	request->requirements = palloc0(sizeof(Requirement) * call->nallocations);
	request->nrequirements = 0;
	for (int i = 0; i < call->nallocations; i++)
	{
		const Allocation *allocation = &call->allocations[i];
		Requirement *requirement = NULL;

		for (int j = 0; j < request->nrequirements; j++)
		{
			if (request->requirements[j].resource.id == allocation->inventory->resource_id)
				requirement = &request->requirements[j];
		}
		if (requirement == NULL)
		{
			requirement = &request->requirements[request->nrequirements++];
			resource_get(allocation->inventory->name, snapshot, &requirement->resource);
		}
		requirement->amount += allocation->amount;
	}
}

/*
 * allocations_jsonb returns the placement of a claim as arbiter_claim has it.
 */
static Jsonb *
allocations_jsonb(const ClaimCall *call)
{
	Placed	   *placed = palloc(sizeof(Placed) * call->nallocations);

	for (int i = 0; i < call->nallocations; i++)
	{
		const Allocation *allocation = &call->allocations[i];
		const ClaimGroup *group = &call->request.groups[allocation->group];

		placed[i] = (Placed) {
			.group = group->name,
			.provider = call->catalogue->providers[allocation->provider].name,
			.resource_type = group->resources[allocation->resource].type,
			.amount = allocation->amount
		};
	}
	return placed_jsonb(placed, call->nallocations);
}

/*
 * Find a consumer (42704).
 */
static int64
find_consumer(const char *name)
{
	const ArbiterRelations *relations = arbiter_relations();
	Snapshot	snapshot = decision_snapshot();
	ScanKeyData key;
	KeyScan		scan;
	int64		id = 0;
	bool		isnull;

	text_key_init(&key, name);
	key_scan_begin(&scan, relations->consumer, &relations->consumer_name_key,
				   snapshot, &key, 1);
	if (key_scan_next(&scan))
		id = DatumGetInt64(slot_getattr(scan.slot, relations->consumer_column[CONSUMER_ID],
										&isnull));
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
	if (id == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("consumer \"%s\" does not exist", name),
				 errhint("Make it with arbiter_set_consumer().")));
	return id;
}

/* one try to book a placement */
typedef struct Try
{
	const char *function;
	ClaimCall  *call;
	int64		consumer_id;
	ClaimResult *result;
} Try;

/*
 * Have the resources of a placement the names that the catalogue knows them by?  If
 * not, their provider was renamed or dropped a moment ago.
 */
static bool
placement_exists(const ClaimCall *call)
{
	Snapshot	snapshot = decision_snapshot();
	bool		exists = true;

	for (int i = 0; exists && i < call->nallocations; i++)
	{
		const Inventory *inventory = call->allocations[i].inventory;
		Resource	resource;

		exists = resource_find_by_id(inventory->resource_id, snapshot, &resource) &&
			strcmp(resource.name, inventory->name) == 0;
	}
	UnregisterSnapshot(snapshot);
	return exists;
}

static bool
try_placement(void *argument)
{
	Try		   *this = argument;
	ClaimResult *result = this->result;
	ReserveResult reserved = {0};

	book(this->function, &this->call->reserve, &reserved);
	result->granted = reserved.granted;
	result->refusal = reserved.refusal;
	if (!reserved.granted)
		return false;
	result->reservation_id = reserved.reservation_id;
	result->allocations = allocations_jsonb(this->call);
	claim_row_write(result->reservation_id, this->call->document, result->allocations,
					this->consumer_id, this->call->reserve.request.clock);
	return true;
}

/*
 * A placement was refused on account of a resource: once more, and what gave it
 * to a group is not tried again.
 */
static void
note_refused(const ClaimCall *call, const Refusal *refusal, Bitmapset **refused,
			 Bitmapset **ruled_out)
{
	int32		resource_id = call->reserve.request.requirements[refusal->limiting].resource.id;

	for (int i = 0; i < call->nallocations; i++)
	{
		const Allocation *allocation = &call->allocations[i];
		int			group = allocation->group;

		if (allocation->inventory->resource_id != resource_id)
			continue;
		if (bms_is_member(allocation->provider, refused[group]))
			ruled_out[group] = bms_add_member(ruled_out[group], allocation->provider);
		refused[group] = bms_add_member(refused[group], allocation->provider);
	}
}

/*
 * Answer a call whose key was used before: with the first answer, if it had the
 * same arguments (RV013).
 */
static bool
is_repeated(ClaimCall *call, ClaimResult *result)
{
	RequestKey	key = {
		.user_id = call->reserve.user_id,
		.key = call->reserve.request_key
	};
	Fault		fault;

	if (key.key == NULL)
		return false;
	key.fingerprint = booking_fingerprint(&call->reserve);
	request_key_lock(key.user_id, key.key);
	request_key_find(&key);
	if (!key.found)
		return false;
	if (!key.same && request_key_reused(&key, &fault))
		fault_raise(&fault);
	result->granted = true;
	result->reservation_id = key.reservation_id;
	result->allocations = claim_row_allocations(key.reservation_id);
	return true;
}

/*
 * claim_book reserves what satisfies a claim, or tells why nothing does: RV012,
 * and what is not a matter of the provider, RV010.
 */
void
claim_book(const char *function, ClaimCall *call, ClaimResult *result)
{
	int			ngroups = call->request.ngroups;
	Bitmapset **refused = NULL;
	Bitmapset **ruled_out = NULL;
	Try			this = {.function = function,.call = call,.result = result};

	require_writable(function);
	LockRelationOid(arbiter_relations()->reservation, RowExclusiveLock);
	if (is_repeated(call, result))
		return;
	if (call->consumer != NULL)
		this.consumer_id = find_consumer(call->consumer);
	call->reserve.find_requirements = require_placement;
	call->reserve.find_argument = call;
	for (;;)
	{
		Snapshot	snapshot = decision_snapshot();
		const Catalogue *catalogue = catalogue_get();
		ClaimTimes	times;
		SearchTask	task;
		Search		search;
		bool		found;

		CHECK_FOR_INTERRUPTS();
		/* sets are of providers as a catalogue numbers them */
		if (call->catalogue != catalogue)
		{
			refused = palloc0(sizeof(Bitmapset *) * ngroups);
			ruled_out = palloc0(sizeof(Bitmapset *) * ngroups);
			call->catalogue = catalogue;
		}
		call->reserve.request.clock = GetCurrentTimestamp();
		times = claim_times(call);
		task = (SearchTask) {
			.catalogue = call->catalogue,
			.request = &call->request,
			.times = &times,
			.ntimes = 1,
			.snapshot = snapshot,
			.ruled_out = ruled_out,
			.tries = arbiter_claim_tries
		};
		search_begin(&search, &task);
		found = claim_search(&search, keep_placement, call);
		if (!found)
			claim_refuse(&search, &result->refusal);
		search_end(&search);
		UnregisterSnapshot(snapshot);
		if (!found)
		{
			/* for the log */
			call->reserve.request.start = times.start;
			return;
		}

		if (!placement_exists(call))
		{
			if (IsolationUsesXactSnapshot())
				concurrent_change_error();
			AcceptInvalidationMessages();
			continue;
		}
		if (in_subtransaction(try_placement, &this) ||
			result->refusal.sqlstate == ERRCODE_ARBITER_QUOTA_EXCEEDED)
			return;
		note_refused(call, &result->refusal, refused, ruled_out);
	}
}
