/*
 * errors.c
 *		One condition, one wording: the errors that more than one module raises.
 */
#include "base/errors.h"

#include <ctype.h>

#include "catalog/pg_collation.h"
#include "lib/stringinfo.h"
#include "utils/formatting.h"

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

/* Without blanks around it, and in lower case. */
static char *
plain_form(const char *name)
{
	size_t		length = strlen(name);

	while (length > 0 && isspace((unsigned char) name[length - 1]))
		length--;
	while (length > 0 && isspace((unsigned char) *name))
	{
		name++;
		length--;
	}
	return str_tolower(name, length, DEFAULT_COLLATION_OID);
}

/* The category that differs from the label in case and blanks only; NULL: none, or several. */
static const char *
find_meant(const char *label, char *const *categories, int ncategories)
{
	char	   *wanted = plain_form(label);
	const char *meant = NULL;

	for (int i = 0; i < ncategories; i++)
		if (strcmp(plain_form(categories[i]), wanted) == 0)
		{
			if (meant != NULL)
				return NULL;
			meant = categories[i];
		}
	return meant;
}

/* The hint names the category that was meant, or lists them, as many as a person reads. */
void
gtl_error_unknown_category(const char *label, const char *job_name, char *const *categories, int ncategories)
{
	StringInfoData list;
	int			shown = Min(ncategories, 20);
	const char *meant = find_meant(label, categories, ncategories);

	if (meant != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("label \"%s\" is not a category of labeling job \"%s\"", label, job_name),
				 errhint("Write it as the category \"%s\".", meant)));
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

void
gtl_error_relation_gone(Oid relation)
{
	ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("relation with OID %u does not exist", relation)));
}
