/*
 * errors.h
 *		One condition, one wording: the errors that more than one module raises.
 */
#ifndef GTL_ERRORS_H
#define GTL_ERRORS_H

#include "base/compat.h"

pg_noreturn extern void gtl_error_unknown_job(const char *name);
pg_noreturn extern void gtl_error_unknown_model(const char *name);
pg_noreturn extern void gtl_error_unknown_category(const char *label, const char *job_name,
									   char *const *categories, int ncategories);

/* "… must be between …" for a setting of gt_create_job and its kin. */
pg_noreturn extern void gtl_error_setting(const char *setting, const char *problem, const char *hint);

/* A table, view or the like that was dropped in the meantime, or never was. */
pg_noreturn extern void gtl_error_relation_gone(Oid relation);

#endif							/* GTL_ERRORS_H */
