/*
 * certificate.h
 *		The table gtlabel.certificate: in a job with per_class, the evidence of a round
 *		for each category by itself.
 */
#ifndef GTL_CERTIFICATE_H
#define GTL_CERTIFICATE_H

#include "base/compat.h"
#include "learning/engine.h"
#include "tables/job.h"
#include "tables/round.h"

typedef struct GtlClassCertificate
{
	int32		class_no;
	GtlClassVerdict verdict;
} GtlClassCertificate;

/* Those of by_class[classes] that rest on a validation object. */
extern void gtl_certificate_insert(int64 job_id, int32 round_no, const GtlClassVerdict *by_class, int classes);

/* Those of a round, by category; returns how many. */
extern int	gtl_certificate_read(const GtlJob *job, const GtlRound *round, GtlClassCertificate **certificates);

/* The smallest margin that gets a label of this category in a round; NaN: none does. */
extern double gtl_certificate_label_margin(int64 job_id, int32 round_no, int32 class_no);

extern void gtl_certificate_delete(int64 job_id);

/* Categories have other numbers: map[classes] says which. */
extern void gtl_certificate_renumber(int64 job_id, const int32 *map, int classes);

#endif							/* GTL_CERTIFICATE_H */
