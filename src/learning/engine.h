/*
 * engine.h
 *		One round of active learning on matrices and arrays: the same for a live job, whose rows come from tables, and for a simulated one.
 *
 * A round goes train -> score -> decide.  Between train and score the caller may let
 * go of whatever it read the evidence from.
 */
#ifndef GTL_ENGINE_H
#define GTL_ENGINE_H

#include "learning/audit.h"
#include "learning/certify.h"
#include "learning/crossfit.h"
#include "learning/pool_score.h"
#include "learning/schedule.h"

typedef enum GtlEngineAlgorithm
{
	GTL_ENGINE_AUTO = 0,		/* all candidates that the size of the data allows */
	GTL_ENGINE_SOFTMAX = 1,
	GTL_ENGINE_MLP = 2
} GtlEngineAlgorithm;

/* Which unlabeled objects people are asked for next. */
typedef enum GtlQueryStrategy
{
	GTL_QUERY_AUTO = 0,			/* the smallest margins */
	GTL_QUERY_MARGIN = 1,
	GTL_QUERY_RANDOM = 2
} GtlQueryStrategy;

/*
 * Candidates have numbers, which tables keep: that which is shrunk towards the initial
 * model, and 1, 2, ... for those of gtl_candidates.
 */
#define GTL_ENGINE_INITIAL 0

/* An audit of a lot that joined later pays when it takes at most one answer for so many labels. */
#define GTL_LATER_LOT_PAYS 5

/*
 * Where rows are withheld because they are other than those before, an audit waits until people have labeled so many of
 * them, or one in so many: until then the machine is as sure of them as of the others, and what an audit would cost is
 * unknown.
 */
#define GTL_WITHHELD_FEWEST 100
#define GTL_WITHHELD_SHARE 4

/* What stays the same over the rounds of a job. */
typedef struct GtlEngineSettings
{
	GtlScheduleKind schedule;
	int64_t		objects;		/* of the whole job */
	int64_t		lot_objects;	/* of those that an audit is about: the whole job, or the lot that joined last */
	bool		later_lot;		/* the machine has labeled others before: an audit waits until there is enough for it */
	int64_t		rows;			/* all objects have smaller numbers; there may be holes */
	int64_t		withheld_from;	/* objects with this number and greater ones get no machine label but by an audit; 0: all may */
	int64_t		withheld_labeled;	/* of those, people have labeled so many */
	int64_t		max_concurrent;
	GtlPromise	promise;
	bool		per_class;		/* the promise holds for each class by itself */
	GtlEngineAlgorithm algorithm;
	bool		random_queries; /* instead of the smallest margins */
	bool		whole_dataset;	/* the certificate is about all rows, not about those that the queries leave */
	GtlLimits	limits;
	uint64_t	seed;
} GtlEngineSettings;

/* What a round learns from. */
typedef struct GtlEngineEvidence
{
	GtlCrossfitSet set;			/* the objects that people have labeled, ascending */
	const bool *active;			/* [rows] validation objects that count in the certificate; none that is withheld */
	const bool *chosen;			/* [rows] validation objects that were not drawn at random; NULL: none */
	int64_t		human_labeled;	/* objects that people have labeled: rows of set, when it is filled */
	int			classes_seen;	/* with at least one label */
	int64_t		validation_count;	/* without those that are of the sample (next_batch.h) */
	const bool *half;			/* [rows] train one more model, for comparisons with objects of which none does; NULL: none is wanted */
	double		label_noise;	/* estimated share of wrong labels among the validation objects;
								 * 0: none, or unknown */
	const GtlClassifier *previous;	/* of the last round; NULL: none */
	const GtlClassifier *previous_folds;	/* [GTL_FOLDS]; NULL: none */
	int64_t		selected_at;	/* rows when candidates were last compared; 0: never */
	const GtlClassifier *initial;	/* same classes and dimension: one more candidate, the
									 * first, shrunk towards its weights; NULL: none */
	bool		chosen_initial; /* the last comparison chose it */
	int			audits;			/* AUDITED: audits that are over */
	int			attempts;		/* of those, that were about the same lot */
	GtlAuditHistory history;	/* of a job in place: what they say of the next one's guess */
	GtlAudit   *const *former;	/* [formers] those of the lot that were given up, in their order (audit.h) */
	int			formers;
} GtlEngineEvidence;

/* A class's own certificate, and what it does to the pool. */
typedef struct GtlClassVerdict
{
	GtlCertificate certificate;
	double		margin;			/* the smallest that gets a machine label; infinity: none does */
	int64_t		covered;		/* pool objects that get a machine label */
	int64_t		best_admits;	/* that certificate.best_threshold would give one */
} GtlClassVerdict;

/* How many pool objects another promise would have admitted on the same evidence. */
typedef struct GtlAlternative
{
	GtlPromise	promise;
	int64_t		covered;
} GtlAlternative;

#define GTL_ALTERNATIVES 5

typedef struct GtlEngineRound
{
	/* train */
	bool		has_model;
	GtlCandidate candidate;
	int			chosen;			/* number of the candidate; -1: kept from the round before */
	bool		compared;		/* log_loss is set */
	double		log_loss[GTL_CANDIDATE_COUNT + 1];	/* by number; infinity: not tried */
	GtlClassifier belief[2];	/* that proposals are right, without and with neighbourhood columns; empty without proposals */
	GtlCrossfitResult fit;
	bool		has_half;
	GtlClassifier half;			/* trained on evidence->half */

	/* score */
	const int32_t *pool;		/* the objects without a human label, ascending */
	int64_t		pool_count;
	int64_t		open_count;		/* the first so many are not withheld from the machine */
	int32_t    *best;			/* [pool_count]; NULL without a model */
	double	   *margin;			/* [pool_count]; NULL without a model */

	/* decide */
	struct GtlTransfer *transfer;	/* what the models that were tested would label */
	GtlCertificate certificate; /* threshold +infinity without a model; with per_class the
								 * summary of by_class */
	double		margin_covered; /* the full model's smallest that gets a machine label; infinity: none */
	GtlClassVerdict *by_class;	/* [classes] with per_class and a model, else NULL */
	int64_t		covered;		/* pool objects that get a machine label */
	int64_t		best_admits;	/* that certificate.best_threshold would give one */
	int32_t    *selected;		/* objects of the next batch, in order */
	int64_t		selected_count;
	int64_t		sampled_count;	/* of those, the first so many are drawn at random (next_batch.h) */
	int32_t    *dropped;		/* rows of the evidence that leave the certificate (step 8) */
	int64_t		dropped_count;

	/* decide, AUDITED */
	bool		audit_due;		/* all of the pool get machine labels, and an audit begins; no batch */
	GtlAuditGuess audit_guess;
	double		head_start;		/* gtl_audit_head_start of an audit that would begin */
	double		audit_expected; /* human labels that it is expected to take */

	/* alternatives */
	GtlAlternative alternative[GTL_ALTERNATIVES];
	int			nalternatives;
} GtlEngineRound;

/*
 * Bytes that training allocates at its peak, beyond the rows themselves, in rounds of
 * `fewest` to `rows` labeled rows, of so many features and neighbourhood columns.  initial and previous as in the evidence; only their
 * kind matters.
 */
extern size_t gtl_engine_memory(GtlEngineAlgorithm algorithm, const GtlClassifier *initial,
								const GtlClassifier *previous, int64_t fewest, int64_t rows,
								int dimension, int neighbours, int classes, bool streamed);

/* May a job with this setting keep the classifier? */
extern bool gtl_engine_allows(GtlEngineAlgorithm algorithm, const GtlClassifier *classifier);

/* Does AUTO compare networks, when so many rows are labeled? */
typedef enum GtlNetworks
{
	GTL_NETWORKS_COMPARED = 0,
	GTL_NETWORKS_TOO_FEW_ROWS = 1,
	GTL_NETWORKS_TOO_LARGE = 2	/* a fit would take minutes */
} GtlNetworks;

extern GtlNetworks gtl_engine_networks(int hidden, int64_t rows, int dimension, int classes);

/* The fewest rows with which they are. */
#define GTL_NETWORK_MIN_ROWS 100

/*
 * The most multiplications of an iteration (rows * dimension * the wider of the hidden layer and the classes).  A fit of
 * 2e9 takes some 50 s of one processor (bench/learning), and a round has six.  Networks of more weights than
 * GTL_NETWORK_MANY_WEIGHTS, of which the optimizer keeps some 25 vectors, are left out above the limit of comparisons.
 */
#define GTL_NETWORK_MAX_PRODUCT 2e9
#define GTL_NETWORK_MANY_WEIGHTS 131072

extern double gtl_engine_network_limit(int hidden, int dimension, int classes);

/*
 * The same for the fits of a comparison, of which there are five for each candidate: where a network would take more
 * on all labeled rows, all candidates are compared on a sample of them.
 */
#define GTL_COMPARED_MAX_PRODUCT 2e8

/* Is there enough to train and certify with? */
extern bool gtl_engine_sufficient(int classes_seen, int64_t validation_count);

/*
 * Chooses the candidate when that is due (first round; labeled objects doubled),
 * cross-fits and fits the full model.  False: interrupted, or an optimizer got no
 * memory.  Without enough evidence: true, and round->has_model stays false.
 */
extern bool gtl_engine_train(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence,
							 const GtlEnv *env, GtlEngineRound *round);

/*
 * Scores the pool by the full model, and by the models of the folds as far as the certificates
 * need it.  False: interrupted.
 */
extern bool gtl_engine_score(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence,
							 const int32_t *pool, int64_t pool_count,
							 GtlReadRows read_rows, void *read_context, const GtlEnv *env, GtlEngineRound *round);

/*
 * Which pool objects get a machine label, and whom people see next.  Where the labels of
 * the validation objects are wrong as often as the machine's may be (label_noise), they
 * can show nothing, and no promise passes.
 */
extern void gtl_engine_decide(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence,
							  const GtlEnv *env, GtlEngineRound *round);

/* Is the noise of people's labels more than the promise allows the machine? */
extern bool gtl_engine_too_noisy(const GtlPromise *promise, double label_noise);

/* What an audit that begins with this round is made of. */
extern GtlAuditSetup gtl_engine_audit_setup(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence,
											const GtlEngineRound *round);

/* After decide: what weaker promises would have admitted. Nothing is decided by it. */
extern void gtl_engine_alternatives(GtlEngineRound *round);

/* Does pool object i, by its place in round->pool, get the machine label round->best[i]? */
extern bool gtl_engine_covers(const GtlEngineRound *round, int64_t i);

/*
 * How many pool objects a threshold comes to, when the model of each fold has so many validation and
 * pool objects at or above it.
 */
extern int64_t gtl_engine_transferred(const int64_t *validation, const int64_t *pool);

/*
 * The smallest of the `wanted` largest margins, of fewer if equal ones would be divided; infinite if there is none.  covered:
 * how many are at or above it.  Whoever acts on it asks env whether to stop.
 */
extern double gtl_engine_smallest_covered(const double *margins, int64_t count, int64_t wanted, const GtlEnv *env, int64_t *covered);

/* Everything the round has allocated, its models included. */
extern void gtl_engine_release(GtlEngineRound *round, const GtlEnv *env);

/* Fold of a validation object by its place in the shuffle, of a training object by its number. */
extern int	gtl_engine_fold(uint64_t seed, int32_t validation_no, int32_t object_no);

#endif							/* GTL_ENGINE_H */
