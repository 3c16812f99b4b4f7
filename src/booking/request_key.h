/*-------------------------------------------------------------------------
 *
 * request_key.h
 *	  A request that is repeated with its key gets its first answer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_REQUEST_KEY_H
#define ARBITER_REQUEST_KEY_H

#include "postgres.h"

#include "support/compat.h"
typedef struct RequestKey
{
	const char *user_id;
	const char *key;
	char	   *fingerprint;	/* of the arguments as given */
	bool		found;
	bool		same;			/* found, with the same arguments */
	int64		reservation_id; /* found: the first answer */
} RequestKey;

extern char *request_fingerprint(const char *arguments);
extern void request_key_find(RequestKey *key);
pg_noreturn extern void request_key_reused_error(const RequestKey *key);

#endif							/* ARBITER_REQUEST_KEY_H */
