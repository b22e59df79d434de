/*
 * simulate.h
 *		A whole labeling job on data whose labels are known, in memory: what
 *		gt_simulate_job and bench/guarantee run.
 *
 * The rounds are those of engine.h, the batches those of schedule.h, the random draws
 * those of a live job: with the same seed, the same rows in the same order and no
 * annotator errors, a live job whose people answer with the known labels does
 * exactly the same.
 */
#ifndef GTL_SIMULATE_H
#define GTL_SIMULATE_H

#include "learning/engine.h"
#include "learning/placed_rows.h"

typedef struct GtlSimulationSettings
{
	GtlEngineSettings engine;	/* objects and seed are set by the simulation */
	double		validation_share;	/* below 0: the service's rule */
	const GtlClassifier *initial;	/* the job starts from this model; NULL: none */
	bool		chosen_start;	/* people begin with the objects of start.h; the rows have neighbourhood columns */
	int64_t		sample;			/* in place: the job's objects are the first so many rows, and all rows are labeled; the
								 * statistics are those of the sample; 0: all rows are objects */
	GtlRowDraw	draw;			/* in place: of the rows' keys, for an audit */
	void	   *draw_context;
	double		annotator_error;	/* share of people's answers that are wrong, each other
									 * class alike; 0 .. 1 */
} GtlSimulationSettings;

/* Where the job stands after a round, or, final, at its end. */
typedef struct GtlSimulatedRound
{
	int			round_no;		/* of the last round; -1: there was none */
	int64_t		human_labeled;
	int64_t		machine_labeled;	/* in place: of all rows */
	double		threshold;		/* NaN: nothing is labeled by machine */
	double		bound;			/* NaN: the same */
	double		machine_error;	/* share of machine labels that are wrong; NaN: none */
	double		accuracy;		/* of the round's model, out of fold on the validation set; NaN: none */
	int			classes_labeled;	/* classes with machine labels */
	int			classes_missed; /* those among them whose share of wrong ones is above the target */
	bool		final;
} GtlSimulatedRound;

typedef void (*GtlSimulationReport) (void *context, const GtlSimulatedRound *round);

/*
 * Runs one job over `data` (its labels are the truth) and reports each round and
 * the end.  All memory is released.  False: interrupted, or an optimizer got no memory.
 */
extern bool gtl_simulate(const GtlLabeledSet *data, const GtlFeatureStats *stats,
						 const GtlSimulationSettings *settings, uint64_t seed, const GtlEnv *env,
						 GtlSimulationReport report, void *report_context);

/* Bytes that it allocates for each row, beyond those of cross-fitting them all. */
#define GTL_SIMULATE_ROW_BYTES (7 * sizeof(int32_t) + 4 * sizeof(double))

/* In place so many more. */
#define GTL_SIMULATE_PLACED_BYTES (GTL_PLACED_ROW_BYTES + sizeof(int32_t) + 2 * sizeof(double))

#endif							/* GTL_SIMULATE_H */
