/*
 * annotator.h
 *		Who answers: the annotator that a call names or whose token it shows, and what that one may do.
 */
#ifndef GTL_ANNOTATOR_H
#define GTL_ANNOTATOR_H

#include "base/compat.h"
#include "fmgr.h"
#include "tables/job.h"

typedef struct GtlAnnotator
{
	char	   *name;			/* the current user, if the call names nobody; of the job, once it is known */
	bool		is_named;		/* in the call */
	bool		is_self;		/* the current user */
	int64		token_job_id;	/* the only job that the token is for; 0: no token */
} GtlAnnotator;

/*
 * From the arguments of these numbers (-1: there is none).  An unknown, expired or revoked token is an
 * error.
 */
extern void gtl_annotator_read(FunctionCallInfo fcinfo, int annotator, int token, GtlAnnotator *who);

/* The name as annotators are known by: without blanks around it, in Unicode's composed form; an error if it is none. */
extern char *gtl_annotator_name(const char *name);

/* The job of that name, for what the annotator may do; with a token, which of the other jobs exist is not said. */
extern int64 gtl_annotator_find_job(const GtlAnnotator *who, const char *job_name);

/* Is it the job's owner who calls, and no token? */
extern bool gtl_annotator_is_owner(const GtlAnnotator *who, const GtlJob *job);

/*
 * Locks out the batch's end and the job's drop, reads the job, checks that the annotator works on it, then locks out
 * the annotator's other sessions; NULL if the job is gone.  who->name becomes the name under which the job keeps
 * what the annotator does.  task_id: who names a task and no
 * job does not learn the name of a job that is not theirs; or 0.
 */
extern GtlJob *gtl_annotator_enter(GtlAnnotator *who, int64 job_id, int64 task_id);

/* The same without locks, for those who only look; also for the excluded. */
extern GtlJob *gtl_annotator_look(GtlAnnotator *who, int64 job_id);

/* The jobs of some tasks, each entered once, in ascending order, and with its tasks beside it; returns how many. */
typedef struct GtlJobTasks
{
	GtlJob	   *job;
	char	   *annotator;		/* under which name the job keeps the annotator */
	int64	   *task_ids;
	int		   *place;			/* [count] in the caller's array */
	int			count;
} GtlJobTasks;

extern int	gtl_annotator_enter_tasks(const GtlAnnotator *who, const int64 *task_ids, int count, GtlJobTasks **jobs);

/* The comments on a job's tasks, in their order; NULL: none. */
extern char **gtl_annotator_comments(const GtlJobTasks *tasks, char *const *comments);

/* Error, naming what should have the length of labels. */
extern void gtl_annotator_require_same_length(int count, int labels, const char *what);

/* The categories of a job, to be searched by name: the class, -1: there is none of that name. */
typedef struct GtlCategoryIndex GtlCategoryIndex;

extern GtlCategoryIndex *gtl_annotator_categories(const GtlJob *job);
extern int32 gtl_annotator_class(const GtlCategoryIndex *categories, const char *label);

/* Classes of the labels at these places; NULL: of all. */
extern int32 *gtl_annotator_classes(const GtlJob *job, char *const *labels, const int *place, int count);

#endif							/* GTL_ANNOTATOR_H */
