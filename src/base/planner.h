/*
 * planner.h
 *		What the planner knows of gtlabel's own tables.
 */
#ifndef GTL_PLANNER_H
#define GTL_PLANNER_H

#include "base/compat.h"

/* Once, when the library is loaded. */
extern void gtl_planner_init(void);

#endif							/* GTL_PLANNER_H */
