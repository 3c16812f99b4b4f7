/*-------------------------------------------------------------------------
 *
 * template_reserve.c
 *	  Reserve by template.
 *
 * The version is looked up once the call has its request key, and is what its
 * snapshot sees then.  A version that somebody commits while the call waits for
 * its chunks is not used: rows say with which version they were booked, and
 * have the amounts.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "booking/denial.h"
#include "booking/reserve.h"
#include "support/errors.h"
#include "support/locks.h"
#include "template/template.h"
#include "utils/builtins.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(arbiter_reserve_template);
PG_FUNCTION_INFO_V1(arbiter_try_reserve_template);

/* which resources, as the arguments give it */
typedef struct TemplateCall
{
	char	   *name;
	Jsonb	   *resources;		/* NULL: none are named */
} TemplateCall;

static void
find_requirements(ReserveCall *call, Snapshot snapshot)
{
	const TemplateCall *wanted = call->find_argument;

	template_take(wanted->name, wanted->resources, snapshot, &call->template_id,
				  &call->request);
	bundle_multiply(wanted->name, call->template_count, &call->request);
}

static void
read_call(FunctionCallInfo fcinfo, TemplateCall *wanted, ReserveCall *call)
{
	StringInfoData given;

	memset(call, 0, sizeof(ReserveCall));
	wanted->name = argument_text(fcinfo, 0, "template");
	reserve_read_range(fcinfo, 2, TIME_TIMESTAMPTZ, call);
	argument_not_null(fcinfo, 1, "count");
	call->template_count = PG_GETARG_INT64(1);
	if (call->template_count <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_ARBITER_INVALID_AMOUNT),
				 errmsg("invalid amount: count " INT64_FORMAT, call->template_count),
				 errdetail("The count of a template must be greater than zero."),
				 errhint("Pass how many times to reserve what the template takes.")));
	call->user_id = argument_text(fcinfo, 4, "user_id");
	read_request_key(fcinfo, 5, call);
	argument_not_null(fcinfo, 6, "tryout");
	call->request.tryout = PG_GETARG_BOOL(6);
	wanted->resources = PG_ARGISNULL(7) ? NULL : PG_GETARG_JSONB_P(7);
	call->find_requirements = find_requirements;
	call->find_argument = wanted;

	if (call->request_key == NULL)
		return;
	initStringInfo(&given);
	appendStringInfo(&given, "template " INT64_FORMAT " %d:%s", call->template_count,
					 (int) strlen(wanted->name), wanted->name);
	if (wanted->resources != NULL)
	{
		appendStringInfoChar(&given, ',');
		JsonbToCString(&given, &wanted->resources->root, VARSIZE(wanted->resources));
	}
	call->given = given.data;
}

/*
 * Add to the hint of a refusal how many of the template would fit.
 */
static void
add_count(const TemplateCall *wanted, const ReserveCall *call, Refusal *refusal)
{
	const Request *request = &call->request;
	int64		fits = PG_INT64_MAX;
	Snapshot	snapshot;

	if (refusal->sqlstate != ERRCODE_ARBITER_INSUFFICIENT_CAPACITY ||
		refusal->hint == NULL)
		return;
	snapshot = decision_snapshot();
	for (int i = 0; i < request->nrequirements; i++)
	{
		TimestampTz instant;
		int64		available = request_available(request, i, snapshot, &instant);
		int64		each = request->requirements[i].amount / call->template_count;

		fits = Min(fits, Max(available, 0) / Max(each, 1));
	}
	UnregisterSnapshot(snapshot);
	refusal->hint = psprintf("%s The largest count of template \"%s\" that fits now is " INT64_FORMAT ".",
							 refusal->hint, wanted->name, fits);
}

/* what a count of a template was converted to, for the log of denials */
static Jsonb *
requirements_jsonb(const Request *request)
{
	JsonbParseState *state = NULL;
	JsonbValue *object;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < request->nrequirements; i++)
	{
		const Requirement *requirement = &request->requirements[i];
		JsonbValue	value;

		value.type = jbvString;
		value.val.string.val = requirement->resource.name;
		value.val.string.len = (int) strlen(requirement->resource.name);
		pushJsonbValue(&state, WJB_KEY, &value);
		value.type = jbvNumeric;
		value.val.numeric = int64_to_numeric(requirement->amount);
		pushJsonbValue(&state, WJB_VALUE, &value);
	}
	object = pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return JsonbValueToJsonb(object);
}

/*
 * arbiter_reserve_template(template text, count bigint, start_time timestamptz,
 *							end_time timestamptz, user_id text,
 *							request_key text, tryout boolean, resources jsonb)
 * -> bigint
 *
 * Reserves count times what the current version of a template takes, as
 * arbiter_reserve_all() does: one reservation_id, a part per resource.
 * resources names the ones that stand for resource types.
 *
 * Errors as arbiter_reserve_all(); 42704 unknown template or resource; 55000 a
 * template that is retired or has no items; 22023 bad or missing resources;
 * 22003 an amount beyond bigint; RV005 count.  Locks, volatility and parallel
 * safety as arbiter_reserve().
 */
Datum
arbiter_reserve_template(PG_FUNCTION_ARGS)
{
	ReserveCall call;
	TemplateCall wanted;
	ReserveResult result = {0};

	read_call(fcinfo, &wanted, &call);
	book("arbiter_reserve_template()", &call, &result);
	if (!result.granted)
	{
		add_count(&wanted, &call, &result.refusal);
		refusal_raise(&result.refusal);
	}
	PG_RETURN_INT64(result.reservation_id);
}

/*
 * arbiter_try_reserve_template(... as arbiter_reserve_template ...) -> one row
 * as arbiter_try_reserve()
 *
 * As arbiter_try_reserve_all(); amounts in the row are of the limiting
 * resource.  The row in arbiter_denial has the template too.
 */
Datum
arbiter_try_reserve_template(PG_FUNCTION_ARGS)
{
	ReserveCall call;
	TemplateCall wanted;
	ReserveResult result = {0};

	read_call(fcinfo, &wanted, &call);
	book("arbiter_try_reserve_template()", &call, &result);
	if (!result.granted)
	{
		call.jsonb = requirements_jsonb(&call.request);
		log_denial(&call, &result.refusal);
	}
	return reserve_result_row(fcinfo, &call, &result);
}
