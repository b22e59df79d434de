/*
 * consolidate.c
 *		gt_consolidate: aggregation alone, over any table of answers.
 *
 * The table is read as the current user, ordered by item and annotator, so that the
 * result does not depend on the order of its rows.  Names of annotators are those of jobs: blanks around them and
 * the form of their letters make no difference.  Items are numbered as they
 * come, categories in the order of their bytes.
 */
#include "base/compat.h"

#include "api/annotator.h"
#include "api/arguments.h"
#include "base/memory.h"
#include "base/query.h"
#include "base/string_set.h"
#include "data/dataset.h"
#include "funcapi.h"
#include "learning/consolidate.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#define CHUNK_ROWS 10000
#define LABEL 2					/* among the columns item, annotator and label; an empty one is none */

typedef struct Answers
{
	int64		count;
	int64		capacity;
	int32	   *item;
	int32	   *annotator;
	int32	   *label;
	GtlStringSet   *items;
	GtlStringSet   *annotators;
	GtlStringSet   *labels;
	int32	   *last;			/* [annotators]: place of the annotator's newest answer */
	int32		last_capacity;
} Answers;

/*
 * A person has one vote on an item: the same answer again is left out, another one is an error.
 * The answers come item by item.
 */
static bool
is_repeated(Answers *answers, int32 item, int32 annotator, int32 label)
{
	bool		new = annotator >= answers->last_capacity;
	int32		last;

	if (new)
	{
		answers->last_capacity = Max(annotator + 1, answers->last_capacity * 2);
		answers->last = repalloc_huge(answers->last, mul_size(sizeof(int32), answers->last_capacity));
		for (int32 i = annotator; i < answers->last_capacity; i++)
			answers->last[i] = -1;
	}
	last = answers->last[annotator];
	if (last < 0 || answers->item[last] != item)
		return false;
	if (answers->label[last] != label)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("annotator \"%s\" answered item \"%s\" with \"%s\" and with \"%s\"",
						gtl_strings_list(answers->annotators)[annotator], gtl_strings_list(answers->items)[item],
						gtl_strings_list(answers->labels)[answers->label[last]], gtl_strings_list(answers->labels)[label]),
				 errhint("A person has one vote: leave out all answers but one, with a view.")));
	return true;
}

static void
append(Answers *answers, const char *item, const char *annotator, const char *label)
{
	int32		item_no = gtl_strings_add(answers->items, item);
	int32		annotator_no = gtl_strings_add(answers->annotators, annotator);
	int32		label_no = gtl_strings_add(answers->labels, label);

	if (is_repeated(answers, item_no, annotator_no, label_no))
		return;
	if (answers->count == answers->capacity)
	{
		Size		bytes;

		answers->capacity = answers->capacity * 2;
		bytes = mul_size(sizeof(int32), answers->capacity);
		gtl_memory_check(mul_size(bytes, 3), "the answers to consolidate");
		answers->item = repalloc_huge(answers->item, bytes);
		answers->annotator = repalloc_huge(answers->annotator, bytes);
		answers->label = repalloc_huge(answers->label, bytes);
	}
	if (answers->count == PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("more than %d answers", PG_INT32_MAX)));
	answers->last[annotator_no] = (int32) answers->count;
	answers->item[answers->count] = item_no;
	answers->annotator[answers->count] = annotator_no;
	answers->label[answers->count++] = label_no;
}

/* The pass over the relation. */
typedef struct Reading
{
	Answers    *answers;
	const char *name;
	char	  **columns;		/* item, annotator, label */
	MemoryContext row_context;	/* reset after each row */
} Reading;

static void
take_row(void *context, TupleTableSlot *row)
{
	Reading    *reading = context;
	MemoryContext caller = MemoryContextSwitchTo(reading->row_context);
	char	   *values[3];

	for (int c = 0; c < 3; c++)
	{
		values[c] = gtl_row_text(row, c + 1);
		if (values[c] == NULL || (c == LABEL && *values[c] == '\0'))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("column \"%s\" of %s contains NULL", reading->columns[c], reading->name),
					 errhint("Leave such rows out with a view.")));
	}
	values[1] = gtl_annotator_name(values[1]);
	MemoryContextSwitchTo(caller);
	append(reading->answers, values[0], values[1], values[2]);
	MemoryContextReset(reading->row_context);
}

static void
read_answers(Oid relation, char *item, char *annotator, char *label, Answers *answers)
{
	static const char *const settings[3] = {"item", "annotator", "label"};
	char	   *columns[3] = {item, annotator, label};
	char	   *name;
	char	   *sql = gtl_dataset_select_texts(relation, columns, settings, 3, &name);
	Reading		reading = {answers, name, columns,
	AllocSetContextCreate(CurrentMemoryContext, "gtlabel answer", ALLOCSET_DEFAULT_SIZES)};

	gtl_query_stream(sql, take_row, &reading);
	MemoryContextDelete(reading.row_context);
}

static void
init_answers(Answers *answers)
{
	memset(answers, 0, sizeof(*answers));
	answers->capacity = CHUNK_ROWS;
	answers->item = palloc(sizeof(int32) * CHUNK_ROWS);
	answers->annotator = palloc(sizeof(int32) * CHUNK_ROWS);
	answers->label = palloc(sizeof(int32) * CHUNK_ROWS);
	answers->items = gtl_strings_create();
	answers->annotators = gtl_strings_create();
	answers->labels = gtl_strings_create();
	answers->last = palloc(sizeof(int32));
}

static void
consolidate(const Answers *answers, GtlConsolidation method, GtlConsolidated *result)
{
	GtlEnv		env;
	GtlVotes	votes;

	gtl_env_init(&env, CurrentMemoryContext);
	memset(&votes, 0, sizeof(votes));
	votes.count = answers->count;
	votes.items = gtl_strings_count(answers->items);
	votes.annotators = gtl_strings_count(answers->annotators);
	votes.classes = gtl_strings_count(answers->labels);
	votes.item = answers->item;
	votes.annotator = answers->annotator;
	votes.label = answers->label;
	gtl_memory_check(gtl_consolidate_memory(method, votes.count, votes.items, votes.annotators, votes.classes),
					 "consolidating the answers");
	gtl_consolidate(&votes, method, true, &env, result);
	if (result->interrupted)
		gtl_computing_raise();
}

static const char *const methods[] = {
	[GTL_CONSOLIDATE_AUTO] = "auto",
	[GTL_CONSOLIDATE_MAJORITY] = "majority",
	[GTL_CONSOLIDATE_DAWID_SKENE] = "dawid_skene",
	NULL
};

PG_FUNCTION_INFO_V1(gtl_sql_consolidate);
Datum
gtl_sql_consolidate(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	GtlConsolidation method;
	Answers		answers;
	GtlConsolidated result;
	int32	   *renumbered;

	gtl_argument_required(fcinfo, 0, "annotations");
	gtl_argument_required(fcinfo, 1, "item");
	gtl_argument_required(fcinfo, 2, "annotator");
	gtl_argument_required(fcinfo, 3, "label");
	method = (GtlConsolidation) gtl_check_word("method", methods, gtl_argument_text(fcinfo, 4, "method"));
	init_answers(&answers);
	read_answers(PG_GETARG_OID(0), gtl_argument_name_or_null(fcinfo, 1), gtl_argument_name_or_null(fcinfo, 2),
				 gtl_argument_name_or_null(fcinfo, 3), &answers);
	InitMaterializedSRF(fcinfo, 0);
	if (answers.count == 0)
		return (Datum) 0;
	renumbered = gtl_strings_sort(answers.labels);
	for (int64 i = 0; i < answers.count; i++)
		answers.label[i] = renumbered[answers.label[i]];
	consolidate(&answers, method, &result);
	for (int32 i = 0; i < gtl_strings_count(answers.items); i++)
	{
		Datum		values[3];
		bool		nulls[3] = {false, false, false};

		values[0] = CStringGetTextDatum(gtl_strings_list(answers.items)[i]);
		values[1] = CStringGetTextDatum(gtl_strings_list(answers.labels)[result.label[i]]);
		values[2] = Float8GetDatum((double) result.confidence[i]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
		pfree(DatumGetPointer(values[0]));
		pfree(DatumGetPointer(values[1]));
	}
	return (Datum) 0;
}
