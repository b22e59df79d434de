/*
 * errors.c
 *		One condition, one wording: the errors that more than one module raises.
 */
#include "base/errors.h"

#include "lib/stringinfo.h"

void
gtl_error_unknown_job(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("labeling job \"%s\" does not exist", name),
			 errhint("SELECT job_name FROM gt_jobs lists your jobs.")));
}

void
gtl_error_unknown_model(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("model \"%s\" does not exist", name),
			 errhint("SELECT model_name FROM gt_models lists your models.")));
}

/* The hint lists the categories, as many as a person reads. */
void
gtl_error_unknown_category(const char *label, const char *job_name, char *const *categories, int ncategories)
{
	StringInfoData list;
	int			shown = Min(ncategories, 20);

	initStringInfo(&list);
	for (int i = 0; i < shown; i++)
		appendStringInfo(&list, "%s\"%s\"", i > 0 ? ", " : "", categories[i]);
	if (shown < ncategories)
		appendStringInfo(&list, " and %d more", ncategories - shown);
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("label \"%s\" is not a category of labeling job \"%s\"", label, job_name),
			 errhint("The categories are %s.", list.data)));
}

void
gtl_error_setting(const char *setting, const char *problem, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s %s", setting, problem),
			 hint != NULL ? errhint("%s", hint) : 0));
}
