/*-------------------------------------------------------------------------
 *
 * locks.h
 *	  Heavyweight locks and the snapshots that decisions are made on.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_LOCKS_H
#define ARBITER_LOCKS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "storage/lockdefs.h"
#include "support/compat.h"
#include "utils/snapshot.h"

extern void resource_lock_shared(int32 resource_id);
extern void resource_lock_exclusive(int32 resource_id);
extern void resource_unlock_exclusive(int32 resource_id);
extern void resource_lock_all(void);
extern void resource_name_lock(const char *name);
extern void resource_type_lock(const char *type);
extern void template_name_lock(const char *name);
extern void chunk_creation_lock(int32 resource_id);
extern void chunk_creation_unlock(int32 resource_id);
extern void chunk_queue_lock(int32 resource_id, TimestampTz end);
extern void chunk_queue_unlock(int32 resource_id, TimestampTz end);
extern uint32 request_key_hash(const char *user_id, const char *request_key);
extern void request_key_lock(const char *user_id, const char *request_key);

extern void reservation_parts_lock(int64 reservation_id, LOCKMODE mode);

extern Snapshot decision_snapshot(void);
extern Snapshot latest_snapshot(void);
pg_noreturn extern void concurrent_change_error(void);
extern void require_writable(const char *function);

#endif							/* ARBITER_LOCKS_H */
