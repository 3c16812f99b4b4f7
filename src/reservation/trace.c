/*-------------------------------------------------------------------------
 *
 * trace.c
 *	  What was done to a reservation, for the books.
 *
 * A reservation that is moved to another resource notes, in its attributes,
 * which one it was taken from:
 *
 *	{"evacuated": [{"from": "gpu-east", "to": "gpu-west", "at": "2026-..."}]}
 *
 * What else is in the attributes stays as it is.  If they are no object, they
 * are kept under the key "attributes" of one.
 *
 *-------------------------------------------------------------------------
 */
#include "reservation/trace.h"

#include "catalog/pg_type.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/timestamp.h"

#define EVACUATED	"evacuated"

static JsonbValue
string_value(const char *string)
{
	JsonbValue	value = {.type = jbvString};

	value.val.string.val = unconstify(char *, string);
	value.val.string.len = (int) strlen(string);
	return value;
}

static void
push_pair(JsonbParseState **state, const char *key, const char *string)
{
	JsonbValue	value = string_value(key);

	pushJsonbValue(state, WJB_KEY, &value);
	value = string_value(string);
	pushJsonbValue(state, WJB_VALUE, &value);
}

/*
 * Copy the pairs of an object, but for the trace, which is returned if there is
 * one.
 */
static JsonbValue *
copy_pairs(JsonbParseState **state, Jsonb *attributes)
{
	JsonbIterator *iterator = JsonbIteratorInit(&attributes->root);
	JsonbIteratorToken token;
	JsonbValue	value;
	JsonbValue *trace = NULL;
	bool		is_trace = false;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			is_trace = value.val.string.len == strlen(EVACUATED) &&
				memcmp(value.val.string.val, EVACUATED, strlen(EVACUATED)) == 0;
			if (!is_trace)
				pushJsonbValue(state, WJB_KEY, &value);
		}
		else if (token == WJB_VALUE && !is_trace)
			pushJsonbValue(state, WJB_VALUE, &value);
		else if (token == WJB_VALUE)
		{
			trace = palloc(sizeof(JsonbValue));
			*trace = value;
		}
	}
	return trace;
}

/* copy what the trace has already; what is no array becomes its first element */
static void
copy_elements(JsonbParseState **state, JsonbValue *trace)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	value;

	if (trace->type != jbvBinary || !JsonContainerIsArray(trace->val.binary.data))
	{
		pushJsonbValue(state, WJB_ELEM, trace);
		return;
	}
	iterator = JsonbIteratorInit(trace->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_ELEM)
			pushJsonbValue(state, WJB_ELEM, &value);
	}
}

/*
 * trace_evacuation returns attributes, which may be NULL, with the trace of a
 * move from one resource to another appended.
 */
Jsonb *
trace_evacuation(Jsonb *attributes, const char *from, const char *to,
				 TimestampTz at)
{
	JsonbParseState *state = NULL;
	JsonbValue *trace = NULL;
	JsonbValue	value;
	char		buffer[MAXDATELEN + 1];

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	if (attributes != NULL && JB_ROOT_IS_OBJECT(attributes))
		trace = copy_pairs(&state, attributes);
	else if (attributes != NULL)
	{
		value = string_value("attributes");
		pushJsonbValue(&state, WJB_KEY, &value);
		if (!JB_ROOT_IS_SCALAR(attributes) ||
			!JsonbExtractScalar(&attributes->root, &value))
			JsonbToJsonbValue(attributes, &value);
		pushJsonbValue(&state, WJB_VALUE, &value);
	}

	value = string_value(EVACUATED);
	pushJsonbValue(&state, WJB_KEY, &value);
	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	if (trace != NULL)
		copy_elements(&state, trace);
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	push_pair(&state, "from", from);
	push_pair(&state, "to", to);
	push_pair(&state, "at", JsonEncodeDateTime(buffer, TimestampTzGetDatum(at),
											   TIMESTAMPTZOID, NULL));
	pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}
