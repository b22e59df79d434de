/*
 * label_view.c
 *		gt_create_label_view, and the model of such a view.
 */
#include "base/compat.h"

#include "api/arguments.h"
#include "api/in_place.h"
#include "base/errors.h"
#include "catalog/namespace.h"
#include "data/in_place.h"
#include "data/label_view.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "tables/round.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/varlena.h"

static char *
view_name(const char *name, RangeVar **range, Oid *schema)
{
	*range = makeRangeVarFromNameList(GTL_COMPAT_STRING_TO_NAMES(name));
	*schema = RangeVarGetCreationNamespace(*range);
	return quote_qualified_identifier(get_namespace_name(*schema), (*range)->relname);
}

/* What an audit has passed is checked by reading all rows, which no view does when one row is read. */
static void
check_promise(const GtlJob *job)
{
	if (job->guarantee == GTL_GUARANTEE_AUDITED)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("labeling job \"%s\" is audited, and a view cannot see whether its rows are still those of the audit", job->name),
				 errhint("gt_write_labels checks it and writes the labels.")));
}

PG_FUNCTION_INFO_V1(gtl_sql_create_label_view);
Datum
gtl_sql_create_label_view(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = gtl_in_place_job(fcinfo);
	char	   *name = gtl_argument_text(fcinfo, 1, "view_name");
	GtlMachineLabels machine;
	RangeVar   *range;
	Oid			schema;

	name = view_name(name, &range, &schema);
	check_promise(job);
	gtl_in_place_machine_labels(job, &machine);
	gtl_in_place_require_version(job, GetUserId());
	if (machine.model == NULL)
		gtl_label_view_create(job, name, 0, NULL, 0);
	else
		gtl_label_view_create(job, name, machine.model->model_id, machine.model->name, machine.margin);
	PG_RETURN_OID(get_relname_relid(range->relname, schema));
}

/* Has a round of the job decided by this model?  Not if the categories have become others since. */
static bool
is_of_round(const GtlJob *job, int64 model_id)
{
	GtlRound	round;
	bool		found;

	for (found = gtl_round_read_last(job->job_id, &round); found; found = gtl_round_read_before(job->job_id, round.round_no, &round))
		if (round.model_id == model_id)
			return true;
	return false;
}

PG_FUNCTION_INFO_V1(gtl_sql_label_view_model);
Datum
gtl_sql_label_view_model(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = gtl_job_find(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	int64		model_id = PG_GETARG_INT64(1);
	GtlModel   *model;

	gtl_job_require_owner(job);
	if (!job->auto_label || job->guarantee == GTL_GUARANTEE_AUDITED || !is_of_round(job, model_id) ||
		(model = gtl_in_place_model(job, model_id)) == NULL)
		PG_RETURN_NULL();
	PG_RETURN_BYTEA_P(gtl_model_package(model));
}
