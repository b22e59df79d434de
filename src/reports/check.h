/*
 * check.h
 *		What is misconfigured, stuck or damaged: for gt_check.
 */
#ifndef GTL_CHECK_H
#define GTL_CHECK_H

#include "base/compat.h"
#include "nodes/execnodes.h"

/* Adds a row (severity, subject, finding, remedy) for each finding to the result set. */
extern void gtl_check(ReturnSetInfo *rsinfo);

#endif							/* GTL_CHECK_H */
