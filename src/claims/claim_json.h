/*-------------------------------------------------------------------------
 *
 * claim_json.h
 *	  Parts of a JSON document that know their place in it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_CLAIM_JSON_H
#define ARBITER_CLAIM_JSON_H

#include "postgres.h"

#include "support/compat.h"
#include "utils/jsonb.h"

/* a value, and the way to it */
typedef struct JsonNode
{
	const struct JsonNode *outer;	/* NULL: the document */
	const char *key;			/* in the outer object; NULL: an element */
	int			index;			/* in the outer array, from 0 */
	JsonbValue	value;
} JsonNode;

/* what to pass instead of anything that is no list of names */
#define NAMES_FORM	"an array of names, such as [\"a\", \"b\"]"

/* an object whose keys are known */
typedef struct JsonShape
{
	const char *title;			/* what begins a sentence: "A group" */
	const char *const *keys;	/* up to a NULL */
} JsonShape;

extern void node_document(Jsonb *document, JsonNode *node);
extern void node_check_object(const JsonNode *node, const JsonShape *shape);
extern bool node_find(const JsonNode *object, const char *key,
					  JsonNode *member);
extern void node_get(const JsonNode *object, const JsonShape *shape,
					 const char *key, JsonNode *member);
extern JsonNode *node_members(const JsonNode *object, int *nmembers,
							  const char *form);
extern int	node_array_length(const JsonNode *array, const char *form);
extern void node_element(const JsonNode *array, int index, JsonNode *element);
extern bool node_is_object(const JsonNode *node);
extern bool node_is_array(const JsonNode *node);
extern char *node_name(const JsonNode *node);
extern bool node_boolean(const JsonNode *node);
extern int64 node_integer(const JsonNode *node, const char *form);
extern int64 node_amount(const JsonNode *node);
extern void *node_allocate(Size size, int count);
extern char *node_place(const JsonNode *node);
extern char *prose_list(const char *const *names, int nnames);
pg_noreturn extern void node_type_error(const JsonNode *node, const char *form);
pg_noreturn extern void node_error(const JsonNode *node, const char *detail,
								   const char *hint);

#endif							/* ARBITER_CLAIM_JSON_H */
