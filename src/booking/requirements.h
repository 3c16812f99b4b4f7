/*-------------------------------------------------------------------------
 *
 * requirements.h
 *	  Amounts of several resources, as jsonb.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_REQUIREMENTS_H
#define ARBITER_REQUIREMENTS_H

#include "postgres.h"

#include "booking/request.h"
#include "utils/jsonb.h"

extern int64 requirement_amount(const char *name, const JsonbValue *value);
extern void requirements_read(Jsonb *jsonb, Request *request);

#endif							/* ARBITER_REQUIREMENTS_H */
