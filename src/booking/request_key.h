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

#include "support/fault.h"

typedef struct RequestKey
{
	const char *user_id;
	const char *key;
	char	   *fingerprint;	/* of the arguments as given */
	int			number;			/* of several in a call: which request's ... */
	int			first;			/* ... and of those alike, the first one's */
	uint32		hash;			/* what is locked */
	bool		found;
	bool		same;			/* found, with the same arguments */
	bool		for_series;		/* a series is asked for, else a reservation */
	int64		reservation_id; /* found: the first answer ... */
	int64		series_id;		/* ... or that, and the other is 0 */
} RequestKey;

extern void check_request_key(const char *key);
extern char *request_fingerprint(const char *arguments);
extern void request_key_find(RequestKey *key);
extern void request_keys_find(RequestKey **keys, int n);
extern char *request_key_answer(const RequestKey *key);
extern void request_key_forget_series(const char *user_id, const char *key);
extern bool request_key_reused(const RequestKey *key, Fault *fault);

#endif							/* ARBITER_REQUEST_KEY_H */
