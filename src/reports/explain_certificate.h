/*
 * explain_certificate.h
 *		gt_certificate: what is promised of a job's machine labels and on what ground.
 */
#ifndef GTL_EXPLAIN_CERTIFICATE_H
#define GTL_EXPLAIN_CERTIFICATE_H

#include "tables/job.h"

/* For somebody who was not there; NULL: no machine label rests on a promise. */
extern char *gtl_explain_certificate(const GtlJob *job);

#endif							/* GTL_EXPLAIN_CERTIFICATE_H */
