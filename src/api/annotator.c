/*
 * annotator.c
 *		Who answers, and what that one may do.
 *
 * Each function of an annotator takes GTL_LOCK_ANSWERS, shared, before it looks at the job, so that what it
 * sees (not dropped, batch open, annotator not excluded) stays true until it commits.
 *
 * With a token the caller's role does not matter: the token's job and annotator do.
 */
#include "api/annotator.h"

#include "access/xact.h"
#include "api/arguments.h"
#include "base/errors.h"
#include "base/lock.h"
#include "common/unicode_norm.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "tables/annotator_role.h"
#include "tables/exclusion.h"
#include "tables/invitation.h"
#include "tables/task.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#define MAX_ANNOTATOR_BYTES 255

static bool
is_ascii(const char *name)
{
	for (; *name != '\0'; name++)
		if (IS_HIGHBIT_SET(*name))
			return false;
	return true;
}

/* So that two ways to type the same letter are one person. */
static char *
compose(const char *name)
{
	Datum		composed;

	if (is_ascii(name) || GetDatabaseEncoding() != PG_UTF8)
		return pstrdup(name);
	composed = DirectFunctionCall2(unicode_normalize_func, CStringGetTextDatum(name), CStringGetTextDatum("NFC"));
	return TextDatumGetCString(composed);
}

char *
gtl_annotator_name(const char *name)
{
	size_t		length;
	char	   *trimmed;

	name += strspn(name, " \t\r\n");
	length = strlen(name);
	while (length > 0 && strchr(" \t\r\n", name[length - 1]) != NULL)
		length--;
	trimmed = compose(pnstrdup(name, length));
	if (trimmed[0] == '\0' || strlen(trimmed) > MAX_ANNOTATOR_BYTES)
		gtl_error_setting("annotator", psprintf("must have 1 to %d bytes", MAX_ANNOTATOR_BYTES), NULL);
	return trimmed;
}

static void
refuse_token(GtlInvitationState state)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 errmsg("token is %s", state == GTL_INVITATION_EXPIRED ? "expired" :
					state == GTL_INVITATION_REVOKED ? "revoked" : "unknown"),
			 errhint("The owner of the labeling job can give another one with gt_invite_annotator.")));
}

static void
read_token(const char *token, GtlAnnotator *who)
{
	GtlInvitation invitation;

	gtl_invitation_find(token, &invitation);
	if (invitation.state != GTL_INVITATION_VALID)
		refuse_token(invitation.state);
	if (who->is_named && strcmp(who->name, invitation.annotator) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("token is not for annotator \"%s\"", who->name)));
	who->name = invitation.annotator;
	who->is_self = false;
	who->token_job_id = invitation.job_id;
}

void
gtl_annotator_read(FunctionCallInfo fcinfo, int annotator, int token, GtlAnnotator *who)
{
	char	   *self = GetUserNameFromId(GetUserId(), false);
	char	   *name = annotator < 0 ? NULL : gtl_argument_text_or_null(fcinfo, annotator);

	memset(who, 0, sizeof(*who));
	who->is_named = name != NULL;
	who->name = name == NULL ? self : gtl_annotator_name(name);
	who->is_self = strcmp(who->name, self) == 0;
	if (token >= 0 && !PG_ARGISNULL(token))
		read_token(gtl_argument_text(fcinfo, token, "token"), who);
}

static void
deny_job(const char *job_name)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("permission denied for labeling job \"%s\"", job_name),
			 errdetail("The token is for another job.")));
}

int64
gtl_annotator_find_job(const GtlAnnotator *who, const char *job_name)
{
	GtlJob	   *job;

	if (who->token_job_id == 0)
		return gtl_job_find_id(job_name);
	job = gtl_job_get(who->token_job_id);
	if (job == NULL || strcmp(job->name, job_name) != 0)
		deny_job(job_name);
	return job->job_id;
}

bool
gtl_annotator_is_owner(const GtlAnnotator *who, const GtlJob *job)
{
	return who->token_job_id == 0 && has_privs_of_role(GetUserId(), job->owner);
}

static void
require_annotator(const GtlJob *job, const GtlAnnotator *who, int64 task_id)
{
	bool		member = OidIsValid(job->workteam) && is_member_of_role(GetUserId(), job->workteam);

	if (who->token_job_id != 0 ? who->token_job_id == job->job_id : has_privs_of_role(GetUserId(), job->owner))
		return;
	if (who->token_job_id != 0 || !member)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 task_id == 0 ? errmsg("permission denied for labeling job \"%s\"", job->name) :
				 errmsg("permission denied for task " INT64_FORMAT, task_id),
				 who->token_job_id != 0 ? errdetail("The token is for another job.") :
				 errdetail("Only its owner, the members of its workteam and those whom the owner has invited work on it.")));
	if (!who->is_self)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of labeling job \"%s\" to name another annotator", job->name)));
}

static void
require_included(const GtlJob *job, const GtlAnnotator *who)
{
	if (gtl_exclusion_is(job->job_id, who->name))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("annotator \"%s\" is excluded from labeling job \"%s\"", who->name, job->name),
				 errhint("Its owner can undo that with gt_include_annotator.")));
}

GtlJob *
gtl_annotator_enter(GtlAnnotator *who, int64 job_id, int64 task_id)
{
	GtlJob	   *job;

	gtl_lock_acquire(GTL_LOCK_ANSWERS, job_id, true);
	job = gtl_job_get(job_id);
	if (job == NULL)
		return NULL;
	require_annotator(job, who, task_id);
	if (who->token_job_id == 0)
		who->name = gtl_annotator_role_enter(job_id, who->name);
	require_included(job, who);
	gtl_task_lock_annotator(job, who->name);
	return job;
}

GtlJob *
gtl_annotator_look(GtlAnnotator *who, int64 job_id)
{
	GtlJob	   *job = gtl_job_get(job_id);

	if (job == NULL)
		return NULL;
	require_annotator(job, who, 0);
	if (who->token_job_id == 0)
		who->name = gtl_annotator_role_kept(job_id, who->name);
	return job;
}

/* The least job number above `above`, with the first task that has it; PG_INT64_MAX: no more. */
static int64
next_job(const int64 *job_ids, int count, int64 above, int *first)
{
	int64		next = PG_INT64_MAX;

	for (int i = 0; i < count; i++)
		if (job_ids[i] < next && job_ids[i] > above)
		{
			next = job_ids[i];
			*first = i;
		}
	return next;
}

static void
list_tasks(GtlJobTasks *entry, const int64 *job_ids, const int64 *task_ids, int count)
{
	entry->task_ids = palloc(sizeof(int64) * count);
	entry->place = palloc(sizeof(int) * count);
	entry->count = 0;
	for (int i = 0; i < count; i++)
		if (job_ids[i] == entry->job->job_id)
		{
			entry->task_ids[entry->count] = task_ids[i];
			entry->place[entry->count++] = i;
		}
}

/* In ascending order, so that two calls cannot wait for each other. */
int
gtl_annotator_enter_tasks(const GtlAnnotator *who, const int64 *task_ids, int count, GtlJobTasks **jobs)
{
	int64	   *job_ids = palloc(sizeof(int64) * Max(count, 1));
	int64		job_id = 0;
	int			njobs = 0;
	int			first = 0;

	*jobs = palloc(sizeof(GtlJobTasks) * Max(count, 1));
	gtl_task_find_jobs(task_ids, count, job_ids);
	for (int i = 0; i < count; i++)
		if (job_ids[i] == 0)
			gtl_task_explain_not_leased(task_ids, count, who->name, GetCurrentCommandId(false));
	while ((job_id = next_job(job_ids, count, job_id, &first)) != PG_INT64_MAX)
	{
		GtlJobTasks *entry = &(*jobs)[njobs++];
		GtlAnnotator in_job = *who;

		entry->job = gtl_annotator_enter(&in_job, job_id, task_ids[first]);
		entry->annotator = in_job.name;
		if (entry->job == NULL)
			gtl_task_explain_not_leased(task_ids, count, who->name, GetCurrentCommandId(false));
		list_tasks(entry, job_ids, task_ids, count);
	}
	return njobs;
}

char	  **
gtl_annotator_comments(const GtlJobTasks *tasks, char *const *comments)
{
	char	  **remarks;

	if (comments == NULL)
		return NULL;
	remarks = palloc(sizeof(char *) * Max(tasks->count, 1));
	for (int i = 0; i < tasks->count; i++)
		remarks[i] = comments[tasks->place[i]];
	return remarks;
}

void
gtl_annotator_require_same_length(int count, int labels, const char *what)
{
	if (count != labels)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s and labels must have the same length, not %d and %d", what, count, labels)));
}

/* A category name with its class, for bsearch. */
typedef struct CategoryEntry
{
	const char *name;
	int32		class_no;
} CategoryEntry;

static int
compare_category(const void *a, const void *b)
{
	return strcmp(((const CategoryEntry *) a)->name, ((const CategoryEntry *) b)->name);
}

struct GtlCategoryIndex
{
	int			count;
	CategoryEntry entries[FLEXIBLE_ARRAY_MEMBER];
};

GtlCategoryIndex *
gtl_annotator_categories(const GtlJob *job)
{
	GtlCategoryIndex *categories = palloc(offsetof(GtlCategoryIndex, entries) + sizeof(CategoryEntry) * job->ncategories);

	categories->count = job->ncategories;
	for (int i = 0; i < job->ncategories; i++)
	{
		categories->entries[i].name = job->categories[i];
		categories->entries[i].class_no = i;
	}
	qsort(categories->entries, job->ncategories, sizeof(CategoryEntry), compare_category);
	return categories;
}

int32
gtl_annotator_class(const GtlCategoryIndex *categories, const char *label)
{
	CategoryEntry wanted = {label, 0};
	const CategoryEntry *found = bsearch(&wanted, categories->entries, categories->count, sizeof(CategoryEntry), compare_category);

	return found == NULL ? -1 : found->class_no;
}

int32 *
gtl_annotator_classes(const GtlJob *job, char *const *labels, const int *place, int count)
{
	GtlCategoryIndex *categories = gtl_annotator_categories(job);
	int32	   *classes = palloc(sizeof(int32) * Max(count, 1));

	for (int i = 0; i < count; i++)
	{
		const char *label = labels[place == NULL ? i : place[i]];

		classes[i] = gtl_annotator_class(categories, label);
		if (classes[i] < 0)
			gtl_error_unknown_category(label, job->name, job->categories, job->ncategories);
	}
	return classes;
}
