/*
 * annotator_role.h
 *		The table gtlabel.annotator_role: which annotators of a job are roles.
 *
 * What an annotator does is kept under a name.  For a role that is its name when it first did something in
 * the job, and its number is kept beside it; when the role has got another name since, the next call of a
 * function renames what is kept.  So a role is the same annotator whatever it is called, and another role
 * of a name that was given up is somebody else.  Names that are no role's are just names.
 */
#ifndef GTL_ANNOTATOR_ROLE_H
#define GTL_ANNOTATOR_ROLE_H

#include "base/compat.h"

/*
 * The name under which the job keeps what the annotator of this name does.  The first writes: it remembers
 * the role, and follows a rename.  The second only looks.
 */
extern char *gtl_annotator_role_enter(int64 job_id, const char *name);
extern char *gtl_annotator_role_kept(int64 job_id, const char *name);

extern void gtl_annotator_role_delete(int64 job_id);

#endif							/* GTL_ANNOTATOR_ROLE_H */
