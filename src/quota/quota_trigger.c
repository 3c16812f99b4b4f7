/*-------------------------------------------------------------------------
 *
 * quota_trigger.c
 *	  What plain SQL may do to the tables of quotas.
 *
 * Only COPY, which a restore is, may write rows; all else is for the functions.
 * What COPY or logical replication brings changes what reservations count
 * against: it is kept apart from whoever reserves, as the functions are, and what
 * is left of quotas is derived anew.
 *
 *-------------------------------------------------------------------------
 */
#include "guard/guard.h"

#include "charge/quota.h"
#include "commands/trigger.h"
#include "storage/lmgr.h"
#include "support/locks.h"
#include "support/relations.h"
#include "support/trigger_call.h"
#include "utils/rel.h"

PG_FUNCTION_INFO_V1(arbiter_quota_trigger);

/*
 * arbiter_quota_trigger() BEFORE ROW, AFTER TRUNCATE STATEMENT
 *						   ON arbiter_quota, arbiter_quota_limit,
 *						   arbiter_group_member
 *
 * Errors: 55000 a raw INSERT, UPDATE or DELETE.  Locks: ShareRowExclusiveLock on
 * arbiter_reservation, and every chunk of a quota.
 */
Datum
arbiter_quota_trigger(PG_FUNCTION_ARGS)
{
	const ArbiterRelations *relations = arbiter_relations();
	TriggerData *trigger = trigger_data(fcinfo, "arbiter_quota_trigger",
										CALLED_AS_TRIGGER(fcinfo));
	Oid			relid = RelationGetRelid(trigger->tg_relation);
	bool		truncated = TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event);

	if ((relid != relations->quota && relid != relations->quota_limit &&
		 relid != relations->group_member) ||
		(!truncated && !FIRED(fcinfo, BEFORE, ROW)))
		(void) trigger_data(fcinfo, "arbiter_quota_trigger", false);
	if (!truncated && SessionReplicationRole != SESSION_REPLICATION_ROLE_REPLICA &&
		!(TRIGGER_FIRED_BY_INSERT(trigger->tg_event) && is_copy_into(relid)))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("rows of table \"%s\" are written by functions and by COPY alone",
						RelationGetRelationName(trigger->tg_relation)),
				 relid == relations->group_member ?
				 errhint("Call arbiter_add_member() or arbiter_drop_member().") :
				 errhint("Call arbiter_set_quota() or arbiter_drop_quota().")));

	LockRelationOid(relations->reservation, ShareRowExclusiveLock);
	quota_cache_changed();
	unbuild_quotas();
	if (truncated)
		return PointerGetDatum(NULL);
	return PointerGetDatum(TRIGGER_FIRED_BY_UPDATE(trigger->tg_event) ?
						   trigger->tg_newtuple : trigger->tg_trigtuple);
}
