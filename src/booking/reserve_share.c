/*-------------------------------------------------------------------------
 *
 * reserve_share.c
 *	  The SQL functions that reserve a share of the capacity of a resource.
 *
 * What the share comes to is known once nobody can change the capacity any more:
 * the resource is locked in share mode, and its schedule read then.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "booking/denial.h"
#include "booking/reserve.h"
#include "booking/share_request.h"
#include "support/arguments.h"
#include "support/locks.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(arbiter_reserve_share);
PG_FUNCTION_INFO_V1(arbiter_try_reserve_share);

typedef struct ShareCall
{
	char	   *name;			/* of the resource */
	ShareRequest asked;
} ShareCall;

static void
find_requirements(ReserveCall *call, Snapshot snapshot)
{
	ShareCall  *wanted = call->find_argument;
	Request    *request = &call->request;
	Resource	resource;
	Requirement whole = {0};
	Fault		fault;

	resource_get(wanted->name, snapshot, &resource);
	/* a build has the resource exclusively */
	if (!timeline_ensure_built(resource.id))
		resource_vanished_error(resource.name);
	resource_lock_shared(resource.id);

	whole.resource = resource;
	request->requirements = &whole;
	request->nrequirements = 1;
	if (booking_start_is_faulty(call, &fault))
		fault_raise(&fault);
	share_request_make(&wanted->asked, &resource, request);
}

static bool
refuse(const ReserveCall *call, Refusal *refusal)
{
	const ShareCall *wanted = call->find_argument;

	return share_request_refuse(&wanted->asked, &call->request, refusal);
}

static void
read_call(FunctionCallInfo fcinfo, ShareCall *wanted, ReserveCall *call)
{
	memset(call, 0, sizeof(ReserveCall));
	memset(wanted, 0, sizeof(ShareCall));
	wanted->name = argument_text(fcinfo, 0, "resource");
	reserve_read_range(fcinfo, 2, TIME_TIMESTAMPTZ, call);
	argument_not_null(fcinfo, 1, "share");
	call->share = check_share(PG_GETARG_NUMERIC(1));
	wanted->asked.share = share_scaled(call->share);
	call->user_id = argument_text(fcinfo, 4, "user_id");
	read_request_key(fcinfo, 5, call);
	argument_not_null(fcinfo, 6, "tryout");
	call->request.tryout = PG_GETARG_BOOL(6);
	if (!PG_ARGISNULL(7))
		read_ttl(fcinfo, 7, call);
	call->find_requirements = find_requirements;
	call->find_argument = wanted;
	call->refuse = refuse;
	call->given = psprintf("share %d %d:%s", wanted->asked.share,
						   (int) strlen(wanted->name), wanted->name);
}

static void
book_share(const char *function, ShareCall *wanted, ReserveCall *call,
		   ReserveResult *result)
{
	book(function, call, result);
	if (!result->granted)
		share_request_explain(&wanted->asked, &call->request, &result->refusal);
}

/*
 * arbiter_reserve_share(resource text, share numeric, start_time timestamptz,
 *						 end_time timestamptz, user_id text, request_key text,
 *						 tryout boolean, ttl interval) -> bigint
 *
 * Reserves a share, in per cent, of the declared capacity of a resource over
 * [start_time, end_time): at every instant that of the capacity there, rounded
 * down.  One reservation_id, a part per range in which that is one number.  From
 * then on it follows the capacity (capacity/share.c).  With ttl it is a hold.
 *
 * Errors as arbiter_reserve(); 22023 a share that is not greater than 0 and at
 * most 100, or a ttl that is not positive; RV001 also where the share is less than
 * 1; 22008 changes of capacity further apart than can be counted.
 *
 * Locks as arbiter_reserve(), and the resource, shared, to the end of the
 * transaction: who changes its capacity waits.  Volatile and parallel unsafe: it
 * writes.
 */
Datum
arbiter_reserve_share(PG_FUNCTION_ARGS)
{
	ReserveCall call;
	ShareCall	wanted;
	ReserveResult result = {0};

	read_call(fcinfo, &wanted, &call);
	book_share("arbiter_reserve_share()", &wanted, &call, &result);
	if (!result.granted)
		refusal_raise(&result.refusal);
	PG_RETURN_INT64(result.reservation_id);
}

/*
 * arbiter_try_reserve_share(... as arbiter_reserve_share ...) -> one row as
 * arbiter_try_reserve()
 *
 * The amounts in the row are those of the part that lacks most; earliest_start is
 * not looked for, because the share comes to something else at other times.  Its
 * row in arbiter_denial has the share.  Errors as arbiter_reserve_share() but for
 * RV001, RV002 and RV006.  Locks, volatility and parallel safety as
 * arbiter_reserve_share().
 */
Datum
arbiter_try_reserve_share(PG_FUNCTION_ARGS)
{
	ReserveCall call;
	ShareCall	wanted;
	ReserveResult result = {0};

	read_call(fcinfo, &wanted, &call);
	book_share("arbiter_try_reserve_share()", &wanted, &call, &result);
	if (!result.granted)
		log_denial(&call, &result.refusal);
	return reserve_result_row(fcinfo, &call, &result);
}
