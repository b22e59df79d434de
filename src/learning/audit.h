/*
 * audit.h
 *		The audit of a job whose promise is proved: people answer objects drawn at random from exactly
 *		the machine labels that will stand, until a betting martingale says that at most the target's
 *		share of what is left is wrong.  The theorem and its proof: docs/guarantee.md.
 *
 * An audit is made once, of labels that do not change any more (the frozen labels).  What people say
 * is told to it in the order in which it happened; it can be made again from the same labels and told
 * the same answers, and is then in the same state.  With a promise for each class there is a part for
 * each, which passes or is given up by itself; otherwise there is one part.
 */
#ifndef GTL_AUDIT_LEARNING_H
#define GTL_AUDIT_LEARNING_H

#include "learning/certify.h"

/* The level of an attempt 1, 2, ..; their sum is below delta. */
extern double gtl_audit_level(double delta, int attempt);

/*
 * The guess of how probably a machine label is wrong, by its margin.  With doubt = (1 - margin) / 2 and the usual power 1.2
 * it is scale doubt^1.2 + floor, with another one scale 0.1^1.2 (doubt / 0.1)^power + floor: all agree at a doubt of 0.1.
 * It decides how much an audit costs, never whether its promise holds.
 */
typedef struct GtlAuditGuess
{
	double		scale;
	double		floor;
	double		power;			/* GTL_AUDIT_POWER usually; lower where errors are found at large margins too */
} GtlAuditGuess;

#define GTL_AUDIT_POWER		1.2

/*
 * What the audits of a job in place that are over say of its guess: a factor each.  The more people have labeled since, the
 * less the model is the one that was audited, so the logarithm of a factor counts in proportion to the labels that there
 * were.  Zeros: there was none.  (The draws of other audits are objects like others, and are scored again.)
 */
typedef struct GtlAuditHistory
{
	double		factor;			/* sum of logarithms, times the labels */
	int64_t		labels;			/* when the last one was over */
} GtlAuditHistory;

extern void gtl_audit_remember(GtlAuditHistory *history, double factor, int64_t labels);

/* The factor of a guess when people have labeled so many. */
extern double gtl_audit_recall(const GtlAuditHistory *history, int64_t labels);

/*
 * From labeled objects, each scored by a model that never saw it.  chosen: those that were not drawn at random say less
 * of the power.  factor: of gtl_audit_recall, or 1.  What it says is not to be used if env is interrupted.
 */
extern GtlAuditGuess gtl_audit_calibrate(const double *margins, const bool *wrong, const bool *chosen, int64_t count,
										 double target_error, double factor, const GtlEnv *env);
extern double gtl_audit_guess(const GtlAuditGuess *guess, double margin);

/* Does the guess say that labels of large margins are wrong more often than usual?  Then forecasts are uncertain. */
extern bool gtl_audit_sure_and_wrong(const GtlAuditGuess *guess);

/* What an audit is made of, but for the labels. */
typedef struct GtlAuditSetup
{
	GtlPromise	promise;		/* guarantee is not looked at */
	bool		per_class;
	int			classes;
	int64_t		objects;		/* of the dataset, or of that lot of it that is audited together */
	GtlAuditGuess guess;
	uint64_t	seed;
	int			audit_no;		/* 1, 2, .. */
	int			attempt;		/* 1, 2, ..: of the audits that share delta */
	double		head_start;		/* gtl_audit_head_start when it begins: its forecast counts on that */
	bool		over;			/* it is only told what has happened: nothing is drawn from it any more */

	/* target_error and objects when the audit began: weights stay what they were (0: they are the same) */
	double		begun_error;
	int64_t		begun_objects;
} GtlAuditSetup;

/*
 * Is an audit the cheapest thing to buy now?  The alternatives are half a batch or a batch of `batch`
 * objects with the lowest margins first.  expected: human labels that the audit is expected to take.
 */
extern bool gtl_audit_due(const GtlAuditSetup *setup, const int32_t *best, const double *margins, int64_t count,
						  int64_t batch, const GtlEnv *env, double *expected);

typedef struct GtlAudit GtlAudit;

/* Bytes of an audit, about, for each of its labels. */
#define GTL_AUDIT_LABEL_BYTES (3 * sizeof(int32_t) + 10 * sizeof(double))

/* The labels, by ascending object; they are copied. */
extern GtlAudit *gtl_audit_create(const GtlAuditSetup *setup, const int32_t *objects, const int32_t *best,
								  const double *margins, int64_t count, const GtlEnv *env);
extern void gtl_audit_release(GtlAudit *audit, const GtlEnv *env);

/* ---- Audits that were given up before ---- */

/*
 * What they have seen counts in those that follow (docs/guarantee.md, "What an audit that was given up leaves").  At most so
 * many of them, the last ones; of a promise for each class, none.
 */
#define GTL_FORMER_AUDITS	8

/* Bytes of all of them, for each label. */
#define GTL_FORMER_AUDITS_BYTES (GTL_FORMER_AUDITS * (sizeof(int32_t) * 2 + 2))

/* It is over and was given up: what only drawing takes is released. */
extern void gtl_audit_close(GtlAudit *audit);

/* Since then people have come to this class for an object, or (-1) to none. Nothing, if it is none of those left. */
extern void gtl_audit_learn(GtlAudit *former, int32_t object, int32_t class_no);

/*
 * What the former ones, in their order, would add to the logarithm of the evidence of an audit of these labels (by ascending
 * object) before its first draw; at least 0.
 */
extern double gtl_audit_head_start(const GtlAuditSetup *setup, GtlAudit *const *former, int formers,
								   const int32_t *objects, const int32_t *best, int64_t count);

/* The audit counts with them from now on; they have to stay, and to be told what it is told (gtl_audit_learn). */
extern void gtl_audit_follow(GtlAudit *audit, GtlAudit *const *former, int formers);

/* It counts with what they have come to when they were there. */
extern void gtl_audit_grant(GtlAudit *audit, double evidence);

/* How an object stands in its part, if it is drawn next. */
typedef struct GtlAuditChance
{
	int64_t		frozen;
	int64_t		left;
	int64_t		known;			/* wrong labels found */
	double		probability;	/* of this one, among those that are left */
} GtlAuditChance;

/* False: not an object of the audit that is left. */
extern bool gtl_audit_chance(const GtlAudit *audit, int32_t object, GtlAuditChance *chance);

/*
 * A person has labeled an object: wrong says whether the machine's label was another.  A draw is one
 * that gtl_audit_plan gave as drawn; all of a plan's draws are told in the plan's order.  Anything
 * else that people label is a take, whoever chose it.  False: not an object of the audit that is left.
 */
extern bool gtl_audit_tell(GtlAudit *audit, int32_t object, bool drawn, bool wrong);

/*
 * An object is gone, and nobody will know whether its label was right.  A draw counts as wrong, and yet as none of
 * the wrong labels found; anything else as a take that was right (docs/guarantee.md says why).
 */
extern bool gtl_audit_lose(GtlAudit *audit, int32_t object, bool drawn);

/* What people are to do next.  Nothing: each part has passed or is given up. */
typedef struct GtlAuditPlan
{
	int64_t		count;
	int32_t    *objects;		/* [count], in the order of the draws of each part */
	bool	   *drawn;			/* [count]; false: a take */
} GtlAuditPlan;

/* most: objects that people can be given now; plan->objects and ->drawn are the caller's to release. */
extern void gtl_audit_plan(GtlAudit *audit, int64_t most, const GtlEnv *env, GtlAuditPlan *plan);

typedef enum GtlAuditState
{
	GTL_AUDIT_OPEN = 0,
	GTL_AUDIT_PASSED = 1,		/* what is left of the labels stands */
	GTL_AUDIT_GIVEN_UP = 2
} GtlAuditState;

/* Of the part that an object belongs to; its label stands if that has passed and nobody has labeled the object. */
extern bool gtl_audit_stands(const GtlAudit *audit, int64_t place);

/* Where the audit stands: of all its parts together, or of one class. */
typedef struct GtlAuditFigures
{
	GtlAuditState state;		/* together: open while one is, passed if one has */
	int64_t		frozen;			/* labels at the beginning */
	int64_t		left;			/* that nobody has labeled */
	int64_t		draws;
	int64_t		found;			/* wrong ones among the draws */
	int64_t		takes;
	int64_t		known;			/* wrong ones among draws and takes */
	double		expected;		/* wrong ones among the draws, by the guess */
	double		log_wealth;		/* with what former audits add; together: of the part that is furthest from passing */
	double		former;			/* of that, what they add */
	double		log_needed;		/* 1/alpha */
	int64_t		most_wrong;		/* labels of those left that are wrong at the most, at the audit's level; together:
								 * of the parts that are not given up */
	int64_t		ahead;			/* draws without an error that would pass; -1: none would */
} GtlAuditFigures;

extern void gtl_audit_figures(const GtlAudit *audit, const GtlEnv *env, GtlAuditFigures *figures);
extern void gtl_audit_class_figures(const GtlAudit *audit, int32_t class_no, const GtlEnv *env, GtlAuditFigures *figures);

/* The martingale at `wrong` wrong labels at the beginning, as a logarithm; for tests.  Part of a class, 0 without per_class. */
extern double gtl_audit_log_wealth(const GtlAudit *audit, int32_t class_no, int64_t wrong);

/* For tests: an object's weight, and the next draws of a part whatever the plan. */
extern double gtl_audit_weight(const GtlAudit *audit, int64_t place);
extern void gtl_audit_draws(GtlAudit *audit, int32_t class_no, int64_t count, const GtlEnv *env, GtlAuditPlan *plan);

#endif							/* GTL_AUDIT_LEARNING_H */
