/*
 * custom_consolidation.h
 *		The owner's own function in place of Dawid-Skene and majority: the
 *		in-database form of the service's post-annotation function.
 *
 *	function (job_name text, object_keys text[], annotators text[], labels text[])
 *		RETURNS TABLE (object_key text, label text, confidence float8)
 *
 * gets all answers of a batch, one an element, ordered by object and annotator.  An
 * object that it leaves out fails with the reason "consolidation".  It runs as the
 * job's owner, with a search_path of pg_catalog.
 */
#ifndef GTL_CUSTOM_CONSOLIDATION_H
#define GTL_CUSTOM_CONSOLIDATION_H

#include "base/compat.h"
#include "learning/consolidate.h"
#include "tables/job.h"

/* Checks the function's arguments and result; returns its signature as it is stored. */
extern char *gtl_custom_describe(Oid function);

/* Remembers who owns the job's function, if it has one; refuses a temporary one. */
extern void gtl_custom_bind(GtlJob *job);

/*
 * Calls it with the answers of a batch.  items ascending object numbers;
 * result->label is -1 where the function returned nothing.
 */
extern void gtl_custom_consolidate(const GtlJob *job, int32 batch_no, const int32 *object_no, int32 items,
								   GtlConsolidated *result);

#endif							/* GTL_CUSTOM_CONSOLIDATION_H */
