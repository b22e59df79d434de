/*
 * simulation.h
 *		What gt_simulate_job and gt_simulate_summary have in common.
 */
#ifndef GTL_SIMULATION_H
#define GTL_SIMULATION_H

#include "base/compat.h"
#include "base/memory.h"
#include "base/team.h"
#include "data/matrix.h"
#include "fmgr.h"
#include "learning/simulate.h"
#include "tables/job.h"

/* One group of settings, and the dataset as they have it read. */
typedef struct GtlSimulation
{
	GtlJob		job;			/* its settings and seed; there is no such job */
	GtlSimulationSettings settings;
	GtlMatrix	matrix;
	GtlEnv		env;
	FunctionCallInfo fcinfo;	/* in place: each job has a sample of its own, which is read when it is run */
	int32		sample_of;		/* in place: the repetition whose sample the matrix has */
	MemoryContext rows;			/* in place: of the matrix */
} GtlSimulation;

/* Reads the arguments of the call and the dataset, in the current memory context. */
extern void gtl_simulation_read(FunctionCallInfo fcinfo, GtlSimulation *s);

/* Sets job and settings only; the members that are there already stay, the initial model among them. */
extern void gtl_simulation_read_settings(FunctionCallInfo fcinfo, GtlSimulation *s);

/* Of a repetition: 0 has the seed itself, each further one the next. */
extern int64 gtl_simulation_seed(const GtlSimulation *s, int32 repetition);

/* Runs a whole job with the seed of that repetition. */
extern void gtl_simulation_run(GtlSimulation *s, int32 repetition, GtlSimulationReport report, void *context);

/* Measured seconds. */
typedef struct GtlSimulationPace
{
	double		first;			/* for each labeled object of a round that compares classifiers */
	double		later;			/* of another round */
	double		score;			/* for each object that a round scores */
} GtlSimulationPace;

/* Measures a few small rounds; all 0 where the dataset is so small that it does not matter. */
extern void gtl_simulation_pace(GtlSimulation *s, GtlSimulationPace *pace);

/* How long a job takes at that pace, about, if people have to label everything: the most there is. */
extern double gtl_simulation_seconds(const GtlSimulation *s, const GtlSimulationPace *pace);

#endif							/* GTL_SIMULATION_H */
