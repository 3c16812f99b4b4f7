/*-------------------------------------------------------------------------
 *
 * requirements.c
 *	  Amounts of several resources, as jsonb.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/requirements.h"

#include "support/arguments.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

static void
requirements_error(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid requirements"),
			 errdetail_internal("%s", detail),
			 errhint("Pass resource names with whole amounts, such as {\"cpu\": 4, \"memory\": 16}.")));
}

/*
 * requirement_amount reads the amount of a resource, or of a resource type.
 */
int64
requirement_amount(const char *name, const JsonbValue *value)
{
	Numeric		number;
	int64		amount;

	if (value->type != jbvNumeric)
		requirements_error(psprintf("The amount of resource \"%s\" is not a number.", name));
	number = value->val.numeric;
	if (numeric_is_nan(number) || numeric_is_inf(number) ||
		!DatumGetBool(DirectFunctionCall2(numeric_eq, NumericGetDatum(number),
										  DirectFunctionCall1(numeric_floor, NumericGetDatum(number)))))
		requirements_error(psprintf("The amount of resource \"%s\" is not a whole number.", name));
	amount = DatumGetInt64(DirectFunctionCall1(numeric_int8, NumericGetDatum(number)));
	check_amount(amount);
	return amount;
}

/*
 * requirements_read reads what a request asks for from an object of resource
 * names and amounts; the resources have nothing but their names yet.
 *
 * 22023 for anything else, RV005 for an amount of nothing or less.
 */
void
requirements_read(Jsonb *jsonb, Request *request)
{
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue	value;

	if (!JB_ROOT_IS_OBJECT(jsonb))
		requirements_error("Requirements are not a JSON object.");
	if (JB_ROOT_COUNT(jsonb) == 0)
		requirements_error("Requirements name no resource.");

	request->requirements = palloc0(sizeof(Requirement) * JB_ROOT_COUNT(jsonb));
	request->nrequirements = 0;
	iterator = JsonbIteratorInit(&jsonb->root);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		Requirement *requirement = &request->requirements[request->nrequirements];

		if (token == WJB_KEY)
			requirement->resource.name = pnstrdup(value.val.string.val,
												  value.val.string.len);
		else if (token == WJB_VALUE)
		{
			requirement->amount = requirement_amount(requirement->resource.name, &value);
			request->nrequirements++;
		}
	}
}
