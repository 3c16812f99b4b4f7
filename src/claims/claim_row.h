/*-------------------------------------------------------------------------
 *
 * claim_row.h
 *	  Rows of arbiter_claim.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_CLAIM_ROW_H
#define ARBITER_CLAIM_ROW_H

#include "postgres.h"

#include "access/htup.h"
#include "datatype/timestamp.h"
#include "support/row_writer.h"
#include "utils/jsonb.h"
#include "utils/snapshot.h"

/* an element of allocations */
typedef struct Placed
{
	char	   *group;
	char	   *provider;
	char	   *resource_type;
	int64		amount;
} Placed;

/* a row that is locked */
typedef struct ClaimRow
{
	HeapTuple	tuple;
	Jsonb	   *request;
	Placed	   *placed;
	int			nplaced;
	TimestampTz created_at;
} ClaimRow;

extern Jsonb *placed_jsonb(const Placed *placed, int n);
extern Placed *placed_read(Jsonb *allocations, int *n);
extern void claim_row_write(int64 reservation_id, Jsonb *request,
							Jsonb *allocations, int64 consumer_id,
							TimestampTz created_at);
extern Jsonb *claim_row_allocations(int64 reservation_id);
extern bool claim_row_lock(int64 reservation_id, Snapshot snapshot,
						   ClaimRow *row);
extern void claim_row_replace(RowWriter *writer, const ClaimRow *row,
							  Jsonb *allocations);

#endif							/* ARBITER_CLAIM_ROW_H */
