/*-------------------------------------------------------------------------
 *
 * requirements.c
 *	  Amounts of several resources, as jsonb.
 *
 *-------------------------------------------------------------------------
 */
#include "booking/requirements.h"

#include "support/arguments.h"
#include "support/errors.h"
#include "utils/builtins.h"

pg_noreturn static void
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
	int64		amount = 0;

	if (value->type != jbvNumeric)
		requirements_error(psprintf("The amount of resource \"%s\" is not a number.", name));
	switch (whole_number(value->val.numeric, &amount))
	{
		case NUMBER_IS_WHOLE:
			break;
		case NUMBER_IS_NOT_WHOLE:
			requirements_error(psprintf("The amount of resource \"%s\" is not a whole number.", name));
		case NUMBER_IS_OUT_OF_RANGE:
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("amount of resource \"%s\" is out of range for type bigint",
							name),
					 errhint("Pass an amount of at most " INT64_FORMAT ".",
							 PG_INT64_MAX)));
	}
	if (amount <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_ARBITER_INVALID_AMOUNT),
				 errmsg("invalid amount: " INT64_FORMAT, amount),
				 errdetail("The amount of resource \"%s\" must be greater than zero.",
						   name),
				 errhint("Leave out a resource of which nothing is asked for.")));
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
