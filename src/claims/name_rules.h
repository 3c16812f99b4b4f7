/*-------------------------------------------------------------------------
 *
 * name_rules.h
 *	  What a provider must have, in names.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_NAME_RULES_H
#define ARBITER_NAME_RULES_H

#include "claims/claim_json.h"
#include "claims/claim_request.h"

extern void name_rules_read(const JsonNode *node, NameRules *rules);

#endif							/* ARBITER_NAME_RULES_H */
