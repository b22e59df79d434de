/*
 * errors.h
 *		One condition, one wording: the errors that more than one module raises.
 */
#ifndef GTL_ERRORS_H
#define GTL_ERRORS_H

#include "base/compat.h"

extern void gtl_error_unknown_job(const char *name) pg_attribute_noreturn();
extern void gtl_error_unknown_model(const char *name) pg_attribute_noreturn();
extern void gtl_error_unknown_category(const char *label, const char *job_name,
									   char *const *categories, int ncategories) pg_attribute_noreturn();

/* "… must be between …" for a setting of gt_create_job and its kin. */
extern void gtl_error_setting(const char *setting, const char *problem, const char *hint) pg_attribute_noreturn();

#endif							/* GTL_ERRORS_H */
