/*
 * neighbour_map.h
 *		The table gtlabel.neighbours: the maps from features to the neighbourhood columns of jobs and models.
 *
 * Jobs and models share its rows: shared_bytes.h.
 */
#ifndef GTL_NEIGHBOUR_MAP_H
#define GTL_NEIGHBOUR_MAP_H

#include "base/compat.h"
#include "learning/neighbours.h"

/* A neighbours_id that no row has or gets, whatever becomes of the transaction. */
extern int64 gtl_neighbour_map_reserve(void);

/* A new row, under a neighbours_id that was reserved. */
extern void gtl_neighbour_map_insert(int64 neighbours_id, const GtlNeighbours *map);

/* From env. */
extern GtlNeighbours *gtl_neighbour_map_get(int64 neighbours_id, const GtlEnv *env);

/* Whoever begins to use one that is there: nobody drops it until the end of the transaction. */
extern void gtl_neighbour_map_hold(int64 neighbours_id);

/* When a job or model that used it is gone; 0: there was none. */
extern void gtl_neighbour_map_drop_unused(int64 neighbours_id);

#endif							/* GTL_NEIGHBOUR_MAP_H */
