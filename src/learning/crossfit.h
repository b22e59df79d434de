/*
 * crossfit.h
 *		Cross-fitting: choose the candidate by K-fold log loss, and score the
 *		validation set with models that never saw the object they score.
 */
#ifndef GTL_CROSSFIT_H
#define GTL_CROSSFIT_H

#include "learning/classifier.h"

#define GTL_FOLDS 5

/* The labeled objects of a round: training objects and validation objects. */
typedef struct GtlCrossfitSet
{
	GtlLabeledSet labeled;
	const bool *validation;		/* [rows] */
	const int8_t *fold;			/* [rows], 0 .. GTL_FOLDS - 1 */
	GtlFeatureStats stats;		/* of the whole dataset */
} GtlCrossfitSet;

/* What came of the selection. */
typedef struct GtlSelection
{
	int			chosen;			/* index into the candidates given */
	double		log_loss[GTL_CANDIDATE_COUNT + 2];	/* mean K-fold log loss of each;
													 * infinity: not tried */
	bool		interrupted;
} GtlSelection;

/*
 * Mean log loss over the rows of set, each scored by a model fitted to the rows of
 * the other folds (training and validation objects alike), probabilities clipped at
 * 1e-12; rows of classes that the other folds do not have are left out.  The lowest
 * wins, ties go to the first.  centers may be NULL; else centers[i] (NULL: none) is the penalty
 * centre, or for a network the start, of candidate i's fits.
 */
extern void gtl_crossfit_select(const GtlCrossfitSet *set, const GtlCandidate *candidates,
								const GtlClassifier *const *centers, int ncandidates,
								uint64_t seed, const GtlEnv *env, GtlSelection *selection);

/*
 * A random sample of `rows` of the set's rows, without replacement, in their order; the seed draws it.  It borrows the
 * set's features, reader and statistics, and has arrays of its own that the second function releases.
 */
extern void gtl_crossfit_sample(const GtlCrossfitSet *set, int64_t rows, uint64_t seed, const GtlEnv *env,
								GtlCrossfitSet *sample);
extern void gtl_crossfit_sample_release(GtlCrossfitSet *sample, const GtlEnv *env);

/* Start points from the round before; any may be NULL. */
typedef struct GtlCrossfitStart
{
	const GtlClassifier *fold[GTL_FOLDS];
	const GtlClassifier *full;
	const GtlClassifier *center;	/* penalty centre of every fit (initial model) */
} GtlCrossfitStart;

typedef struct GtlCrossfitResult
{
	GtlClassifier fold[GTL_FOLDS];	/* fold j: trained on all training objects and
									 * the validation objects of the other folds */
	GtlClassifier full;			/* trained on everything */
	GtlFitReport fold_report[GTL_FOLDS];
	GtlFitReport full_report;
	int32_t    *best;			/* [rows]; validation rows only: out-of-fold answer */
	double	   *margin;			/* [rows]; validation rows only */
	double		log_loss;		/* mean over the validation rows, out of fold */
	bool		interrupted;	/* nothing else is usable then; all is released */
} GtlCrossfitResult;

extern void gtl_crossfit_run(const GtlCrossfitSet *set, const GtlCandidate *candidate,
							 const GtlCrossfitStart *start, uint64_t seed, const GtlEnv *env,
							 GtlCrossfitResult *result);

/*
 * Peak bytes of select and run, for the caller's budget: what each process that takes part
 * allocates, and that of one process with the block they share and the results.
 */
extern size_t gtl_crossfit_process_memory(const GtlCandidate *candidates, int ncandidates,
										  int64_t rows, int dimension, int classes, bool streamed);
extern size_t gtl_crossfit_memory(const GtlCandidate *candidates, int ncandidates,
								  int64_t rows, int dimension, int classes, bool streamed);

#endif							/* GTL_CROSSFIT_H */
