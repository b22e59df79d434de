/*
 * classifier.h
 *		The classifiers of a labeling job: softmax regression and a network with
 *		one hidden layer of ReLU units, both fitted by L-BFGS with an L2 penalty,
 *		behind one interface.
 *
 * Everything is deterministic: the same rows in the same order, seed and start
 * give the same weights, bit for bit, on the same machine, whether the rows are in
 * memory or streamed.
 */
#ifndef GTL_CLASSIFIER_H
#define GTL_CLASSIFIER_H

#include "learning/labeled_set.h"
#include "learning/standardize.h"

typedef enum GtlAlgorithm
{
	GTL_SOFTMAX = 0,
	GTL_MLP = 1
} GtlAlgorithm;

/* One way to fit a classifier. */
typedef struct GtlCandidate
{
	GtlAlgorithm algorithm;
	GtlScaling	scaling;
	double		c;				/* inverse penalty: lambda = 1 / (c * rows) */
	int			hidden;			/* hidden units; 0 for softmax */
	bool		neighbours;		/* on the neighbourhood columns too */
	bool		proposals;		/* on the inputs of proposals too */
} GtlCandidate;

/*
 * The candidates in their order of preference: {global, column} x {softmax c=0.01, softmax c=0.1,
 * softmax c=1, MLP 64 c=1}; and a wider, smoother network, which is better with a few thousand labels (measured: bench/learning).
 */
#define GTL_CANDIDATE_KINDS 9
#define GTL_CANDIDATE_COUNT (4 * GTL_CANDIDATE_KINDS)	/* each once more with neighbours, and all of them with proposals */
extern const GtlCandidate gtl_candidates[GTL_CANDIDATE_COUNT];

/* Hidden units of the smallest network among them. */
extern int	gtl_smallest_network(void);

/* False: with so many features and classes a candidate would need much more memory than the others. */
extern bool gtl_candidate_offered(const GtlCandidate *candidate, int dimension, int classes);

typedef enum GtlFitOutcome
{
	GTL_FIT_CONVERGED = 0,		/* gradient small enough */
	GTL_FIT_STALLED = 1,		/* relative decrease below the limit */
	GTL_FIT_ITERATION_LIMIT = 2,
	GTL_FIT_LINE_SEARCH_FAILED = 3, /* best weights so far are kept */
	GTL_FIT_INTERRUPTED = 4,	/* env->interrupted; weights are not usable */
	GTL_FIT_OUT_OF_MEMORY = 5	/* the optimizer got no memory; start weights are kept */
} GtlFitOutcome;

/* Short English word(s) for the outcome, for tables and reports. */
extern const char *gtl_fit_outcome_name(GtlFitOutcome outcome);

typedef struct GtlFitReport
{
	GtlFitOutcome outcome;
	int			iterations;
	int			evaluations;
	double		objective;		/* mean log loss + penalty */
} GtlFitReport;

/*
 * A fitted classifier.  Weights are float, in this order:
 *	softmax: W [classes x dimension], b [classes]
 *	MLP:     A [hidden x dimension], a [hidden], B [classes x hidden], b [classes]
 * and apply to scaled features.
 */
typedef struct GtlClassifier
{
	GtlCandidate candidate;
	int			dimension;		/* so many first columns of a row are its input */
	int			classes;
	GtlScaler	scaler;
	size_t		weight_count;
	float	   *weights;
} GtlClassifier;

/* Number of weights for a shape; 0 if it overflows size_t. */
extern size_t gtl_classifier_weight_count(const GtlCandidate *candidate, int dimension, int classes);

typedef struct GtlFitRequest
{
	const GtlLabeledSet *set;
	const int32_t *subset;		/* row numbers to train on, ascending; NULL: all */
	int64_t		subset_rows;
	GtlCandidate candidate;
	const GtlFeatureStats *stats;	/* scaling comes from these */
	const GtlClassifier *start; /* same shape: start at its weights, translated to
								 * this scaling; NULL (or another shape): at
								 * center's, else cold */
	const GtlClassifier *center;	/* penalize the distance from its weights
									 * instead of from 0 (bias too); NULL: none.
									 * Softmax only. */
	uint64_t	seed;			/* start weights of an MLP */
	int			max_iterations; /* 0: 200 for softmax, 100 for MLP */
	double		gradient_tolerance; /* 0: 1e-4 on max |gradient| */
} GtlFitRequest;

/*
 * Bytes that gtl_classifier_fit allocates at its peak (through env and inside the
 * optimizer), for the caller's budget; SIZE_MAX if it overflows.
 */
extern size_t gtl_classifier_fit_memory(const GtlCandidate *candidate, int64_t rows,
										int dimension, int classes, bool streamed);

/*
 * Fit.  The classifier (weights, scaler) is allocated from env; temporary memory
 * is released.  Classes without a row are legal: their probability just becomes
 * small.  Stored weights are always finite.
 */
extern void gtl_classifier_fit(const GtlFitRequest *request, const GtlEnv *env,
							   GtlClassifier *classifier, GtlFitReport *report);

extern void gtl_classifier_release(GtlClassifier *classifier, const GtlEnv *env);

/* Rows that score_block handles at once; fixed, so that results do not depend on the caller. */
#define GTL_SCORE_BLOCK_ROWS 256

/* Working memory of scoring, made once for many blocks; width: columns of a row, at least the classifier's. */
typedef struct GtlScorer GtlScorer;
extern GtlScorer *gtl_scorer_create(const GtlClassifier *classifier, int width, const GtlEnv *env);
extern void gtl_scorer_release(GtlScorer *scorer, const GtlEnv *env);

/*
 * Score up to GTL_SCORE_BLOCK_ROWS unscaled rows of the scorer's width.  Any output may be NULL.
 *	best          [nrows]: most probable class, the lowest index on ties
 *	margin        [nrows]: p(1st) - p(2nd), in double, computed as
 *	              -expm1(log p2 - log p1) * p1; 1 class: 1
 *	probability   [nrows x classes], each row sums to 1
 * A row's result does not depend on the other rows of its block nor on nrows
 * (a short block is padded).
 */
extern void gtl_scorer_block(GtlScorer *scorer, const float *rows, int nrows,
							 int32_t *best, double *margin, float *probability);

/* The same rows as those that `first` has scored last; both classifiers have the same scaler. */
extern void gtl_scorer_again(GtlScorer *scorer, const GtlScorer *first, int nrows, int32_t *best, double *margin);

/*
 * Byte format of a classifier (documented at the head of model_bytes.c):
 * little-endian, versioned, with a checksum.  bytes tells how many there are (SIZE_MAX on
 * overflow), serialize returns memory from env;
 * deserialize returns false and a reason in English if the bytes are not a
 * classifier that this version can read.
 */
extern size_t gtl_classifier_bytes(const GtlCandidate *candidate, int dimension, int classes);
extern uint8_t *gtl_classifier_serialize(const GtlClassifier *classifier, const GtlEnv *env, size_t *size);
extern bool gtl_classifier_deserialize(const uint8_t *bytes, size_t size, const GtlEnv *env,
									   GtlClassifier *classifier, const char **reason);

#endif							/* GTL_CLASSIFIER_H */
