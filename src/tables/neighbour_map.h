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

/* A new row; returns its neighbours_id. */
extern int64 gtl_neighbour_map_insert(const GtlNeighbours *map);

/* From env. */
extern GtlNeighbours *gtl_neighbour_map_get(int64 neighbours_id, const GtlEnv *env);

/* Whoever begins to use one that is there: nobody drops it until the end of the transaction. */
extern void gtl_neighbour_map_hold(int64 neighbours_id);

/* When a job or model that used it is gone; 0: there was none. */
extern void gtl_neighbour_map_drop_unused(int64 neighbours_id);

#endif							/* GTL_NEIGHBOUR_MAP_H */
