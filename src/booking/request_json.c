/*-------------------------------------------------------------------------
 *
 * request_json.c
 *	  Requests that travel as a jsonb array.
 *
 * A request is an object with the arguments of arbiter_reserve() as keys, which
 * is what jsonb_agg() makes of rows of a table with such columns.  A row cannot
 * leave a column out, so null stands for the default of a key that has one.
 *
 * What is not such an array is an error that names the request.  What
 * arbiter_reserve() would find wrong with the values, conditions of class RV,
 * is a fault of that one request, and for the caller to raise or to tell.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/request_json.h"

#include "booking/request_key.h"
#include "miscadmin.h"
#include "support/arguments.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"

/* what is being read */
typedef struct JsonReader
{
	JsonbContainer *object;
	JsonRequest *request;
	const char *key;			/* NULL: none yet */
	int			nkeys;			/* of the object that were asked for */
} JsonReader;

#define KEYS_HINT \
	errhint("A request has the keys resource, start_time, end_time and amount, and may have user_id, request_key and tryout.")

/* for errors that come from within PostgreSQL */
static void
reader_context(void *arg)
{
	const JsonReader *reader = arg;

	if (reader->key != NULL)
		errcontext("\"%s\" of request %d", reader->key, reader->request->number);
}

/*
 * Look for a key; false if it is missing, or null.
 */
static bool
find_key(JsonReader *reader, const char *key, JsonbValue *value)
{
	reader->key = key;
	if (getKeyJsonValueFromContainer(reader->object, key, (int) strlen(key),
									 value) == NULL)
		return false;
	reader->nkeys++;
	return value->type != jbvNull;
}

static void
find_required_key(JsonReader *reader, const char *key, JsonbValue *value)
{
	if (!find_key(reader, key, value))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("\"%s\" of request %d is missing or null", key,
						reader->request->number),
				 KEYS_HINT));
}

pg_noreturn static void
key_type_error(const JsonReader *reader, const char *expected)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" of request %d is not %s", reader->key,
					reader->request->number, expected),
			 KEYS_HINT));
}

static char *
read_text(const JsonReader *reader, const JsonbValue *value)
{
	if (value->type != jbvString)
		key_type_error(reader, "a string");
	return pnstrdup(value->val.string.val, value->val.string.len);
}

static int64
read_integer(const JsonReader *reader, const JsonbValue *value,
			 const char *expected)
{
	int64		integer = 0;

	if (value->type != jbvNumeric)
		key_type_error(reader, expected);
	switch (whole_number(value->val.numeric, &integer))
	{
		case NUMBER_IS_WHOLE:
			break;
		case NUMBER_IS_NOT_WHOLE:
			key_type_error(reader, expected);
		case NUMBER_IS_OUT_OF_RANGE:
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("\"%s\" of request %d is out of range for type bigint",
							reader->key, reader->request->number),
					 KEYS_HINT));
	}
	return integer;
}

/*
 * A time is text, as of a timestamptz, or a number of epoch seconds.
 */
static TimestampTz
read_time(const JsonReader *reader, const JsonbValue *value)
{
	JsonRequest *request = reader->request;
	int64		epoch;
	Fault		fault;

	if (value->type == jbvString)
		return text_to_time(read_text(reader, value), reader->key);
	epoch = read_integer(reader, value,
						 "a time: text, or a whole number of epoch seconds");
	if (!epoch_is_faulty(epoch, reader->key, &fault))
		return epoch_to_time(epoch, reader->key);
	if (!request->is_faulty)
		request->fault = fault;
	request->is_faulty = true;
	return 0;
}

static void
read_range(JsonReader *reader)
{
	JsonRequest *request = reader->request;
	ReserveCall *call = &request->call;
	int			nkeys = reader->nkeys;
	JsonbValue	value;

	/* null asks for the earliest permitted start; to leave it out does not */
	call->start_given = find_key(reader, "start_time", &value);
	if (reader->nkeys == nkeys)
		find_required_key(reader, "start_time", &value);
	if (call->start_given)
		call->request.start = read_time(reader, &value);
	find_required_key(reader, "end_time", &value);
	call->request.end = read_time(reader, &value);

	if (!call->start_given || request->is_faulty)
		return;
	request->is_faulty = time_range_is_faulty(call->request.start,
											  call->request.end,
											  &request->fault);
	reader->key = "start_time";
	if (!request->is_faulty)
		check_time_range(call->request.start, call->request.end);
}

/*
 * Raise an error for a key that was not asked for.
 */
static void
refuse_other_keys(JsonReader *reader, JsonbContainer *object)
{
	static const char *const known[] = {
		"resource", "start_time", "end_time", "amount", "user_id",
		"request_key", "tryout"
	};
	JsonbIterator *iterator = JsonbIteratorInit(object);
	JsonbIteratorToken token;
	JsonbValue	value;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		bool		found = false;

		if (token != WJB_KEY)
			continue;
		for (int i = 0; i < lengthof(known) && !found; i++)
			found = strlen(known[i]) == value.val.string.len &&
				memcmp(known[i], value.val.string.val, value.val.string.len) == 0;
		if (!found)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("request %d has an unknown key \"%s\"",
							reader->request->number,
							pnstrdup(value.val.string.val, value.val.string.len)),
					 KEYS_HINT));
	}
}

/*
 * Read one request.
 */
static void
read_request(JsonReader *reader)
{
	JsonRequest *request = reader->request;
	ReserveCall *call = &request->call;
	JsonbValue	value;

	call->request.requirements = &request->requirement;
	call->request.nrequirements = 1;

	find_required_key(reader, "resource", &value);
	request->requirement.resource.name = read_text(reader, &value);
	read_range(reader);
	find_required_key(reader, "amount", &value);
	request->requirement.amount = read_integer(reader, &value, "a whole number");
	if (!request->is_faulty)
		request->is_faulty = amount_is_faulty(request->requirement.amount,
											  &request->fault);
	if (find_key(reader, "user_id", &value))
		call->user_id = read_text(reader, &value);
	else
		call->user_id = GetUserNameFromId(GetUserId(), false);
	if (find_key(reader, "request_key", &value))
	{
		call->request_key = read_text(reader, &value);
		check_request_key(call->request_key);
	}
	if (find_key(reader, "tryout", &value))
	{
		if (value.type != jbvBool)
			key_type_error(reader, "true or false");
		call->request.tryout = value.val.boolean;
	}
	reader->key = NULL;
	if (reader->nkeys != JsonContainerSize(reader->object))
		refuse_other_keys(reader, reader->object);
}

/*
 * read_json_requests reads an array of requests, and of each what is wrong with
 * its values, if anything: RV003, RV004 or RV005.
 *
 * Raises 22023 for what is not an array of such objects, 22004 for a key that
 * is missing, and what PostgreSQL raises for a text that is no time or a number
 * out of range; message or context have the number of the request.
 */
JsonRequest *
read_json_requests(Jsonb *array, int *nrequests)
{
	JsonRequest *requests;
	JsonReader	reader = {0};
	ErrorContextCallback context = {
		.callback = reader_context,
		.arg = &reader
	};

	if (!JB_ROOT_IS_ARRAY(array) || JB_ROOT_IS_SCALAR(array))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("requests are not a JSON array"),
				 errhint("Pass an array of objects, such as jsonb_agg() makes of rows.")));
	*nrequests = JB_ROOT_COUNT(array);
	requests = palloc_extended(sizeof(JsonRequest) * (Size) *nrequests,
							   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);

	context.previous = error_context_stack;
	error_context_stack = &context;
	for (int i = 0; i < *nrequests; i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(&array->root, i);

		CHECK_FOR_INTERRUPTS();
		requests[i].number = i + 1;
		if (element->type != jbvBinary ||
			!JsonContainerIsObject(element->val.binary.data))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("request %d is not a JSON object", i + 1),
					 KEYS_HINT));
		reader.object = element->val.binary.data;
		reader.request = &requests[i];
		reader.nkeys = 0;
		read_request(&reader);
		pfree(element);
	}
	error_context_stack = context.previous;
	return requests;
}

/* for errors that come from where nobody knows of an array */
static void
number_context(void *arg)
{
	const JsonRequest *request = arg;

	errcontext("request %d", request->number);
}

/*
 * find_json_resources is booking_find_resources() for one request of an array,
 * which its errors name.
 */
bool
find_json_resources(JsonRequest *request, Snapshot snapshot, Fault *fault)
{
	ErrorContextCallback context = {
		.previous = error_context_stack,
		.callback = number_context,
		.arg = request
	};
	bool		faulty;

	error_context_stack = &context;
	faulty = booking_find_resources(&request->call, snapshot, fault);
	error_context_stack = context.previous;
	return faulty;
}

/*
 * raise_json_fault raises what is wrong with one request of an array.
 */
void
raise_json_fault(const JsonRequest *request)
{
	Fault		fault = request->fault;

	fault.message = psprintf("request %d: %s", request->number, fault.message);
	fault_raise(&fault);
}
