/*-------------------------------------------------------------------------
 *
 * claim_row.c
 *	  Rows of arbiter_claim.
 *
 * A row is written by who makes a claim, and replaced by who places it anew: he
 * has the rows of the reservation, so nobody else does so at the same time.
 *
 *-------------------------------------------------------------------------
 */
#include "claims/claim_row.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "support/compat.h"
#include "support/key_scan.h"
#include "support/locks.h"
#include "support/relations.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/fmgroids.h"
#include "utils/numeric.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

static void
push_key(JsonbParseState **state, const char *key)
{
	JsonbValue	value = {.type = jbvString};

	value.val.string.val = unconstify(char *, key);
	value.val.string.len = (int) strlen(key);
	pushJsonbValue(state, WJB_KEY, &value);
}

static void
push_text(JsonbParseState **state, const char *key, char *text)
{
	JsonbValue	value = {.type = jbvString};

	push_key(state, key);
	value.val.string.val = text;
	value.val.string.len = (int) strlen(text);
	pushJsonbValue(state, WJB_VALUE, &value);
}

/*
 * placed_jsonb returns the placement of a claim as an array of objects with the
 * keys group, provider, resource_type and amount.
 */
Jsonb *
placed_jsonb(const Placed *placed, int n)
{
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < n; i++)
	{
		JsonbValue	amount = {.type = jbvNumeric};

		pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		push_text(&state, "group", placed[i].group);
		push_text(&state, "provider", placed[i].provider);
		push_text(&state, "resource_type", placed[i].resource_type);
		push_key(&state, "amount");
		amount.val.numeric = int64_to_numeric(placed[i].amount);
		pushJsonbValue(&state, WJB_VALUE, &amount);
		pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL));
}

/* a value of an element of allocations; NULL: it is not as it should be */
static JsonbValue *
find_value(const JsonbValue *element, const char *key, enum jbvType type)
{
	JsonbValue *value;

	if (element->type != jbvBinary || !JsonContainerIsObject(element->val.binary.data))
		return NULL;
	value = getKeyJsonValueFromContainer(element->val.binary.data, key,
										 (int) strlen(key), NULL);
	return value != NULL && value->type == type ? value : NULL;
}

pg_noreturn static void
damaged_error(const char *key)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("allocations of a claim have no \"%s\"", key),
			 errhint("Somebody has changed the row in arbiter_claim.")));
}

static char *
read_text(const JsonbValue *element, const char *key)
{
	JsonbValue *value = find_value(element, key, jbvString);

	if (value == NULL)
		damaged_error(key);
	return pnstrdup(value->val.string.val, value->val.string.len);
}

/*
 * placed_read returns the elements of allocations (XX001 if they are none).
 */
Placed *
placed_read(Jsonb *allocations, int *n)
{
	Placed	   *placed;

	if (!JB_ROOT_IS_ARRAY(allocations))
		damaged_error("group");
	*n = JB_ROOT_COUNT(allocations);
	placed = palloc(sizeof(Placed) * Max(*n, 1));
	for (int i = 0; i < *n; i++)
	{
		JsonbValue *element = getIthJsonbValueFromContainer(&allocations->root, i);
		JsonbValue *amount = find_value(element, "amount", jbvNumeric);

		placed[i].group = read_text(element, "group");
		placed[i].provider = read_text(element, "provider");
		placed[i].resource_type = read_text(element, "resource_type");
		if (amount == NULL)
			damaged_error("amount");
		placed[i].amount =
			DatumGetInt64(DirectFunctionCall1(numeric_int8,
											  NumericGetDatum(amount->val.numeric)));
	}
	return placed;
}

/*
 * claim_row_write writes the row that says what was claimed, and what was given;
 * consumer_id 0 is none.
 */
void
claim_row_write(int64 reservation_id, Jsonb *request, Jsonb *allocations,
				int64 consumer_id, TimestampTz created_at)
{
	const ArbiterRelations *relations = arbiter_relations();
	const AttrNumber *columns = relations->claim_column;
	RowWriter	writer;

	row_writer_open(&writer, relations->claim, CMD_INSERT);
	row_writer_new_row(&writer, columns, CLAIM_NCOLUMNS);
	row_writer_set(&writer, columns[CLAIM_RESERVATION_ID],
				   Int64GetDatum(reservation_id), false);
	row_writer_set(&writer, columns[CLAIM_REQUEST], JsonbPGetDatum(request), false);
	row_writer_set(&writer, columns[CLAIM_ALLOCATIONS],
				   JsonbPGetDatum(allocations), false);
	row_writer_set(&writer, columns[CLAIM_CONSUMER_ID],
				   Int64GetDatum(consumer_id), consumer_id == 0);
	row_writer_set(&writer, columns[CLAIM_CREATED_AT],
				   TimestampTzGetDatum(created_at), false);
	row_writer_before_insert(&writer);
	row_writer_insert(&writer);
	row_writer_close(&writer);
	CommandCounterIncrement();
}

static bool
find_row(KeyScan *scan, int64 reservation_id, Snapshot snapshot)
{
	const ArbiterRelations *relations = arbiter_relations();
	ScanKeyData key;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(reservation_id));
	key_scan_begin(scan, relations->claim, &relations->claim_pkey, snapshot, &key, 1);
	return key_scan_next(scan);
}

static Jsonb *
copy_jsonb(TupleTableSlot *row, ClaimColumn which)
{
	bool		isnull;

	return DatumGetJsonbPCopy(slot_getattr(row, arbiter_relations()->claim_column[which],
										   &isnull));
}

/*
 * claim_row_allocations returns where a claim was placed, NULL if there is no such
 * claim.
 */
Jsonb *
claim_row_allocations(int64 reservation_id)
{
	Snapshot	snapshot = latest_snapshot();
	Jsonb	   *allocations = NULL;
	KeyScan		scan;

	if (find_row(&scan, reservation_id, snapshot))
		allocations = copy_jsonb(scan.slot, CLAIM_ALLOCATIONS);
	key_scan_end(&scan);
	UnregisterSnapshot(snapshot);
	return allocations;
}

/*
 * claim_row_lock locks the row of a claim, whose reservation is locked; false if
 * there is none.
 *
 * Errors: 40001 where plain SQL has changed it after the transaction's snapshot;
 * XX001.
 */
bool
claim_row_lock(int64 reservation_id, Snapshot snapshot, ClaimRow *row)
{
	const AttrNumber *columns = arbiter_relations()->claim_column;
	TM_FailureData failure;
	TM_Result	result;
	TupleTableSlot *slot;
	KeyScan		scan;
	bool		isnull;

	if (!find_row(&scan, reservation_id, snapshot))
	{
		key_scan_end(&scan);
		return false;
	}
	slot = table_slot_create(scan.rel, NULL);
	result = table_tuple_lock(scan.rel, &scan.slot->tts_tid, snapshot, slot,
							  GetCurrentCommandId(true), LockTupleNoKeyExclusive,
							  LockWaitBlock,
							  IsolationUsesXactSnapshot() ? 0 : TUPLE_LOCK_FLAG_FIND_LAST_VERSION,
							  &failure);
	if (result == TM_Ok)
	{
		Jsonb	   *allocations = copy_jsonb(slot, CLAIM_ALLOCATIONS);

		row->tuple = ExecCopySlotHeapTuple(slot);
		row->tuple->t_self = slot->tts_tid;
		row->request = copy_jsonb(slot, CLAIM_REQUEST);
		row->placed = placed_read(allocations, &row->nplaced);
		row->created_at = DatumGetTimestampTz(slot_getattr(slot, columns[CLAIM_CREATED_AT],
														   &isnull));
	}
	else if (result != TM_Deleted || IsolationUsesXactSnapshot())
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to concurrent update"),
				 errdetail("The row of claim " INT64_FORMAT " was changed meanwhile.",
						   reservation_id),
				 errhint("Retry the transaction.")));
	ExecDropSingleTupleTableSlot(slot);
	key_scan_end(&scan);
	return result == TM_Ok;
}

/*
 * claim_row_replace gives a claim other allocations.
 */
void
claim_row_replace(RowWriter *writer, const ClaimRow *row, Jsonb *allocations)
{
	ItemPointerData tid = row->tuple->t_self;
	TupleTableSlot *old = MakeSingleTupleTableSlot(RelationGetDescr(writer->rel),
												   &TTSOpsHeapTuple);

	ExecStoreHeapTuple(row->tuple, old, false);
	row_writer_copy_row(writer, old);
	row_writer_set(writer, arbiter_relations()->claim_column[CLAIM_ALLOCATIONS],
				   JsonbPGetDatum(allocations), false);
	row_writer_before_update(writer, &tid);
	row_writer_update(writer, &tid);
	ExecDropSingleTupleTableSlot(old);
}
