/*
 * proposals.h
 *		Guesses at the labels that come with the rows, as inputs of the classifiers.
 *
 * A source (a rule, an older model, a language model) guesses a class of each row, or abstains, and may
 * say how sure it is.  A guess becomes 2 K inputs for K classes: which class it is, and how sure
 * the source is of it beyond the usual.  A classifier starts from the belief that guesses are right
 * more often than not, and is shrunk towards it; people's labels unlearn it where it is wrong.
 * Guesses are inputs and nothing else: no vote, and no evidence.
 */
#ifndef GTL_PROPOSALS_H
#define GTL_PROPOSALS_H

#include "learning/classifier.h"

#define GTL_PROPOSALS_MOST 16	/* sources */

/* Inputs of so many sources. */
extern int	gtl_proposals_inputs(int sources, int classes);

/*
 * The inputs of one source's guess, of so many sources: class_no, -1 for none; confidence: how probable the source
 * thinks it is right, NaN: it does not say.  inputs[2 x classes].
 */
extern void gtl_proposals_encode(int class_no, double confidence, int sources, int classes, float *inputs);

/*
 * The belief that guesses are right: a softmax classifier for rows as stats describes them, with neighbourhood columns
 * or without.  From env.
 */
extern void gtl_proposals_prior(const GtlFeatureStats *stats, int classes, bool neighbours, const GtlEnv *env,
								GtlClassifier *prior);

#endif							/* GTL_PROPOSALS_H */
