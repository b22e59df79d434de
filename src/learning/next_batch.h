/*
 * next_batch.h
 *		Which objects people are asked about next.
 */
#ifndef GTL_NEXT_BATCH_H
#define GTL_NEXT_BATCH_H

#include "learning/engine.h"

/*
 * Can the job have a random sample?  Jobs whose promise is audited can: as soon as validation objects of large margin are
 * found to be wrong (audit.h), one in fifteen objects of a batch is drawn into it.  Then the job learns how often its model is
 * wrong where it is sure; of the queries alone it does not, since they are about the others, and what they teach lies around
 * the validation objects.  The sample decides when an audit begins, not what it proves.
 */
extern bool gtl_takes_sample(const GtlEngineSettings *settings);

/*
 * Sets sampled[i] of those labeled objects [count] that are of the random sample; pool: all that nobody has labeled.  They
 * are scored like validation objects, by models that have not seen them.
 */
extern void gtl_mark_sample(const GtlEngineSettings *settings, const int32_t *labeled, int64_t count,
							const int32_t *pool, int64_t pool_count, bool *sampled);

/* Sets what the round selects, of the pool objects that it does not label, and the validation objects that leave the certificate. */
extern void gtl_choose_batch(const GtlEngineSettings *settings, const GtlEngineEvidence *evidence, const GtlEnv *env,
							 GtlEngineRound *round);

#endif							/* GTL_NEXT_BATCH_H */
