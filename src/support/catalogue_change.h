/*-------------------------------------------------------------------------
 *
 * catalogue_change.h
 *	  Tell every backend that the model of providers has changed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_CATALOGUE_CHANGE_H
#define ARBITER_CATALOGUE_CHANGE_H

#include "postgres.h"

#define CATALOGUE_NTABLES 11

extern void catalogue_tables(Oid tables[CATALOGUE_NTABLES]);
extern bool is_catalogue_table(Oid relid);
extern void catalogue_changed(void);
extern bool catalogue_changes_are_sent(void);

#endif							/* ARBITER_CATALOGUE_CHANGE_H */
