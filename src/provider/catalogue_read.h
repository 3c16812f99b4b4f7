/*-------------------------------------------------------------------------
 *
 * catalogue_read.h
 *	  Read the catalogue from its tables.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBITER_CATALOGUE_READ_H
#define ARBITER_CATALOGUE_READ_H

#include "postgres.h"

#include "provider/catalogue.h"
#include "utils/snapshot.h"

extern void catalogue_read(Catalogue *catalogue, Snapshot snapshot);
extern void catalogue_read_groups(Catalogue *catalogue, Snapshot snapshot);
extern void catalogue_read_distance_types(Catalogue *catalogue,
										  Snapshot snapshot);
extern void catalogue_read_distances(Catalogue *catalogue, Snapshot snapshot);

#endif							/* ARBITER_CATALOGUE_READ_H */
