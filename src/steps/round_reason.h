/*
 * round_reason.h
 *		Why a round labeled what it did, in words.
 */
#ifndef GTL_ROUND_REASON_H
#define GTL_ROUND_REASON_H

#include "base/compat.h"
#include "steps/evidence.h"

/* round is complete but for its reason; by_class[categories] in a job with per_class, else NULL. */
extern char *gtl_round_reason(const GtlJob *job, const GtlEvidence *evidence, const GtlRound *round,
							  const GtlClassVerdict *by_class);

#endif							/* GTL_ROUND_REASON_H */
