/*
 * labels.c
 *		The labels of a job by keys of the dataset's type; see labels.h.
 *
 * All labels are held, 20 bytes each; the objects with their keys pass by, in the same order.
 */
#include "reports/labels.h"

#include "base/query.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* Whose label it is; a machine's may have passed an audit. */
typedef enum Standing
{
	STANDING_MACHINE,
	STANDING_HUMAN,
	STANDING_AUDITED
} Standing;

#define STANDING_COLUMN "CASE WHEN l.human THEN 1 WHEN l.audit_no IS NULL THEN 0 ELSE 2 END"

static void
describe(const GtlJob *job, GtlObjectLabel *label, int32 class_no, float confidence, float margin, Standing standing,
		 bool validation)
{
	label->label = job->categories[class_no];
	label->confidence = confidence;
	label->margin = margin;
	label->human = standing == STANDING_HUMAN;
	label->final = standing != STANDING_MACHINE ||
		((job->state == GTL_JOB_STOPPED || job->state == GTL_JOB_COMPLETED) && job->guarantee != GTL_GUARANTEE_AUDITED);
	label->validation = validation;
}

bool
gtl_label_of_key(const GtlJob *job, const char *key, GtlObjectLabel *label)
{
	static GtlStatement select = {
		"SELECT l.class_no, l.confidence::float8, l.margin::float8, " STANDING_COLUMN ", o.validation_no IS NOT NULL FROM gtlabel.object o CROSS JOIN LATERAL"
		" (SELECT * FROM gtlabel.label l WHERE l.job_id = $1 AND l.object_no = o.object_no OFFSET 0) l"
		" WHERE o.job_id = $1 AND o.object_key = $2",
		2, {INT8OID, TEXTOID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), CStringGetTextDatum(key)};
	GtlResult	r;
	bool		found = gtl_query_run(&r, &select, values, NULL) > 0;

	if (found)
		describe(job, label, gtl_result_int32(&r, 0, 1), (float) gtl_result_float8(&r, 0, 2),
				 (float) gtl_result_float8(&r, 0, 3), (Standing) gtl_result_int32(&r, 0, 4), gtl_result_bool(&r, 0, 5));
	gtl_query_end(&r);
	return found;
}

/* The labels of a job, and how far the objects have passed by. */
typedef struct Passing
{
	const GtlJob *job;
	GtlLabelCallback callback;
	void	   *context;
	MemoryContext row;			/* reset after each */
	int			count;
	int32	   *object_no;
	int32	   *class_no;
	float	   *confidence;
	float	   *margin;			/* none: the bits of NULL, which are a NaN */
	int32	   *standing;
	int			next;
} Passing;

static void
pass_object(void *context, TupleTableSlot *row)
{
	Passing    *passing = context;
	MemoryContext caller;
	bool		isnull;
	int32		object_no = DatumGetInt32(slot_getattr(row, 1, &isnull));
	Datum		key = slot_getattr(row, 2, &isnull);
	GtlObjectLabel label;
	int			l;

	while (passing->next < passing->count && passing->object_no[passing->next] < object_no)
		passing->next++;
	l = passing->next;
	if (l == passing->count || passing->object_no[l] != object_no)
		return;
	describe(passing->job, &label, passing->class_no[l], passing->confidence[l], passing->margin[l], (Standing) passing->standing[l],
			 DatumGetBool(slot_getattr(row, 3, &isnull)));
	caller = MemoryContextSwitchTo(passing->row);
	passing->callback(passing->context, key, &label);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(passing->row);
}

void
gtl_labels_each(const GtlJob *job, GtlLabelCallback callback, void *context)
{
	static GtlStatement labels = {
		"SELECT object_no, class_no, confidence, margin, " STANDING_COLUMN " FROM gtlabel.label l WHERE job_id = $1 ORDER BY object_no",
		1, {INT8OID}
	};
	static GtlStatement objects = {
		"SELECT object_no, object_key, validation_no IS NOT NULL FROM gtlabel.object WHERE job_id = $1 ORDER BY object_no",
		1, {INT8OID}
	};
	MemoryContext memory = AllocSetContextCreate(CurrentMemoryContext, "gtlabel labels", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(memory);
	Datum		values[1] = {Int64GetDatum(job->job_id)};
	Passing		passing = {job, callback, context};
	int32	   *lists[5];

	passing.row = AllocSetContextCreate(memory, "gtlabel label", ALLOCSET_SMALL_SIZES);
	passing.count = gtl_query_lists(&labels, values, 5, lists);
	passing.object_no = lists[0];
	passing.class_no = lists[1];
	passing.confidence = (float *) lists[2];
	passing.margin = (float *) lists[3];
	passing.standing = lists[4];
	(void) gtl_query_each(&objects, values, pass_object, &passing);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(memory);
}
