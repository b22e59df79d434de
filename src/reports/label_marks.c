/*
 * label_marks.c
 *		What became of each object of a job; see label_marks.h.
 *
 * Labels and failures are read first; then the objects pass by, in the same order.
 */
#include "reports/label_marks.h"

#include "base/memory.h"
#include "base/query.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

typedef struct Reading
{
	GtlLabelMarks *marks;
	int64		capacity;		/* of marks */
	int64		objects;
	int64		object_capacity;
	int			next;			/* of the marks */
} Reading;

static int32
int_or_none(TupleTableSlot *row, int column)
{
	bool		isnull;
	Datum		value = slot_getattr(row, column, &isnull);

	return isnull ? -1 : DatumGetInt32(value);
}

static bool
is_final(const GtlJob *job, bool human, bool audited)
{
	return human || audited || job->state == GTL_JOB_STOPPED || job->state == GTL_JOB_COMPLETED;
}

/* object_no, class_no, tied_class_no, round_no, confidence, human, audited, at, reason */
static void
take_mark(void *context, TupleTableSlot *row)
{
	Reading    *reading = context;
	GtlLabelMarks *all = reading->marks;
	GtlLabelMark *mark;
	bool		isnull;

	if (all->count == reading->capacity)
	{
		reading->capacity = Max(1024, reading->capacity * 2);
		all->marks = all->marks == NULL ? palloc(sizeof(GtlLabelMark) * reading->capacity) :
			repalloc_huge(all->marks, mul_size(sizeof(GtlLabelMark), reading->capacity));
	}
	mark = &all->marks[all->count++];
	mark->object_no = int_or_none(row, 1);
	mark->class_no = int_or_none(row, 2);
	mark->tied_class_no = int_or_none(row, 3);
	mark->round_no = int_or_none(row, 4);
	mark->confidence = DatumGetFloat4(slot_getattr(row, 5, &isnull));
	mark->human = DatumGetBool(slot_getattr(row, 6, &isnull));
	mark->final = is_final(all->job, mark->human, DatumGetBool(slot_getattr(row, 7, &isnull)));
	mark->at = DatumGetTimestampTz(slot_getattr(row, 8, &isnull));
	mark->reason = gtl_row_text(row, 9);
}

static void
take_object(void *context, TupleTableSlot *row)
{
	Reading    *reading = context;
	GtlLabelMarks *all = reading->marks;
	int32		object_no = int_or_none(row, 1);
	char	   *key = gtl_row_text(row, 2);

	if (reading->objects == reading->object_capacity)
	{
		reading->object_capacity = Max(1024, reading->object_capacity * 2);
		all->mark = all->mark == NULL ? palloc(sizeof(int32) * reading->object_capacity) :
			repalloc_huge(all->mark, mul_size(sizeof(int32), reading->object_capacity));
	}
	while (reading->next < all->count && all->marks[reading->next].object_no < object_no)
		reading->next++;
	(void) gtl_strings_add(all->keys, key);
	pfree(key);
	all->mark[reading->objects++] =
		reading->next < all->count && all->marks[reading->next].object_no == object_no ? reading->next : -1;
}

GtlLabelMarks *
gtl_label_marks_read(const GtlJob *job)
{
	static GtlStatement marks = {
		"SELECT object_no, class_no, tied_class_no, round_no, confidence, human, audit_no IS NOT NULL, labeled_at, NULL::text"
		" FROM gtlabel.label WHERE job_id = $1"
		" UNION ALL SELECT object_no, -1, NULL, NULL, 0, true, false, failed_at, reason FROM gtlabel.failure WHERE job_id = $1"
		" ORDER BY 1",
		1, {INT8OID}
	};
	static GtlStatement objects = {
		"SELECT object_no, object_key FROM gtlabel.object WHERE job_id = $1 ORDER BY object_no", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job->job_id)};
	Reading		reading = {palloc0(sizeof(GtlLabelMarks))};

	reading.marks->job = job;
	reading.marks->keys = gtl_strings_create();
	(void) gtl_query_each(&marks, values, take_mark, &reading);
	(void) gtl_query_each(&objects, values, take_object, &reading);
	return reading.marks;
}

bool
gtl_label_marks_find(const GtlLabelMarks *marks, const char *key, const GtlLabelMark **mark)
{
	int32		object = gtl_strings_find(marks->keys, key);

	*mark = object < 0 || marks->mark[object] < 0 ? NULL : &marks->marks[marks->mark[object]];
	return object >= 0;
}
