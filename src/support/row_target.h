/*-------------------------------------------------------------------------
 *
 * row_target.h
 *	  The table that a writer of rows writes to: its triggers and indexes.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_ROW_TARGET_H
#define ARBITER_ROW_TARGET_H

#include "postgres.h"

#include "support/row_writer.h"

extern void row_target_open(RowWriter *writer);
extern void row_target_open_indices(RowWriter *writer);
extern void row_target_close(RowWriter *writer);

#endif							/* ARBITER_ROW_TARGET_H */
