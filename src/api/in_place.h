/*
 * in_place.h
 *		The labels of a job in place, for the functions that give them.
 */
#ifndef GTL_API_IN_PLACE_H
#define GTL_API_IN_PLACE_H

#include "base/compat.h"
#include "data/model_package.h"
#include "fmgr.h"
#include "tables/job.h"
#include "tables/model.h"

/* What the machine says of the rows. */
typedef struct GtlMachineLabels
{
	GtlModel   *model;			/* NULL: nothing */
	bytea	   *bytes;
	double		margin;			/* the smallest that gets a label */
} GtlMachineLabels;

/* The job that the first argument names; an error if it is not the caller's, or does not label in place. */
extern GtlJob *gtl_in_place_job(FunctionCallInfo fcinfo);

/* By the newest certificate. */
extern void gtl_in_place_machine_labels(const GtlJob *job, GtlMachineLabels *labels);

/* A model with the present names of the categories; NULL if there is none. */
extern GtlModel *gtl_in_place_model(const GtlJob *job, int64 model_id);

#endif							/* GTL_API_IN_PLACE_H */
