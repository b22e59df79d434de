/*
 * dataset_read.c
 *		Reading the rows of a dataset, each checked as it comes.
 */
#include "data/dataset.h"

#include <math.h>

#include "base/query.h"
#include "base/snapshot.h"
#include "base/utf8.h"
#include "common/hashfn.h"
#include "learning/proposals.h"
#include "tables/object.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

typedef struct Reading
{
	GtlDataset *dataset;
	GtlDatasetCallback callback;
	void	   *context;
	MemoryContext row_context;	/* reset after each row */
	int			inputs;			/* length of the column of features */
	GtlDatasetRow row;
	StringInfoData last_key;
} Reading;

static void
bad_features(const Reading *reading, int code, const char *problem)
{
	ereport(ERROR,
			(errcode(code),
			 errmsg("features of %s in dataset %s %s", reading->row.name, reading->dataset->name, problem),
			 errhint("Correct the row, or leave it out with a view.")));
}

static void
check_key(Reading *reading, const char *key)
{
	const GtlDataset *dataset = reading->dataset;

	if (key == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("column \"%s\" of dataset %s contains NULL", dataset->key_column, dataset->name),
				 errhint("A key identifies each row; name another column with key_column.")));
	if (strlen(key) > GTL_OBJECT_KEY_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a key of dataset %s is longer than %d bytes", dataset->name, GTL_OBJECT_KEY_BYTES),
				 errdetail("It starts with \"%.60s\".", key)));
	if (reading->row.number > 0 && strcmp(key, reading->last_key.data) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNIQUE_VIOLATION),
				 errmsg("column \"%s\" of dataset %s contains \"%s\" more than once",
						dataset->key_column, dataset->name, key),
				 errhint("A key identifies each row; name another column with key_column.")));
	resetStringInfo(&reading->last_key);
	appendStringInfoString(&reading->last_key, key);
}

/* The array's shape; its length becomes the dimension with the first row. */
static void
check_shape(Reading *reading, ArrayType *array)
{
	int			dimension = ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0];

	if (ARR_NDIM(array) > 1)
		bad_features(reading, ERRCODE_DATA_EXCEPTION, psprintf("are an array of %d dimensions", ARR_NDIM(array)));
	if (array_contains_nulls(array))
		bad_features(reading, ERRCODE_NULL_VALUE_NOT_ALLOWED, "contain NULL");
	if (dimension == 0)
		bad_features(reading, ERRCODE_DATA_EXCEPTION, "are empty");
	if (dimension > GTL_MAX_DIMENSION)
		bad_features(reading, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
					 psprintf("have %d dimensions, more than %d", dimension, GTL_MAX_DIMENSION));
	if (reading->inputs == 0)
		reading->inputs = dimension;
	if (dimension != reading->inputs)
		bad_features(reading, ERRCODE_DATA_EXCEPTION,
					 psprintf("have %d dimension%s, the objects before have %d",
							  dimension, dimension == 1 ? "" : "s", reading->inputs));
}

static void
read_features(Reading *reading, Datum value, bool isnull)
{
	ArrayType  *array;
	const float *features;

	if (isnull)
		bad_features(reading, ERRCODE_NULL_VALUE_NOT_ALLOWED, "are NULL");
	array = DatumGetArrayTypeP(value);
	check_shape(reading, array);
	features = (const float *) ARR_DATA_PTR(array);
	if (reading->dataset->double_features)
	{
		const double *wide = (const double *) ARR_DATA_PTR(array);
		float	   *narrow = palloc(sizeof(float) * reading->inputs);

		for (int i = 0; i < reading->inputs; i++)
			narrow[i] = (float) wide[i];
		features = narrow;
	}
	for (int i = 0; i < reading->inputs; i++)
		if (!isfinite(features[i]))
			bad_features(reading, ERRCODE_DATA_EXCEPTION,
						 isnan(features[i]) ? "contain NaN" : "contain an infinite value, or one too large for float4");
	reading->row.features = features;
	reading->row.dimension = reading->inputs;
}

/* The order counts: a sample is drawn by the numbers of the rows. */
static void
read_text(Reading *reading, Datum value, bool isnull)
{
	GtlDatasetRow *row = &reading->row;

	row->text = NULL;
	if (isnull)
		return;
	row->text = gtl_utf8_text(value, &row->text_bytes);
	row->digest = hash_combine64(row->digest, hash_bytes_extended((const unsigned char *) row->text,
																  (int) row->text_bytes, (uint64) row->number));
}

/* The features of the row become those of its text and what is beside it. */
static void
make_features(Reading *reading)
{
	const GtlDataset *dataset = reading->dataset;
	GtlDatasetRow *row = &reading->row;
	float	   *made;

	if (row->text == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("text of %s in dataset %s is NULL", row->name, dataset->name),
				 errhint("Leave the row out with a view, or give it a text there: coalesce(..., '').")));
	if ((row->features == NULL ? 0 : reading->inputs) != dataset->made_inputs)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("dataset %s has %d features beside the text, the model takes %d", dataset->name,
						row->features == NULL ? 0 : reading->inputs, dataset->made_inputs),
				 errhint("Set features_column as for the model.")));
	if (dataset->labeled_only && row->label == NULL)
		return;
	made = palloc(sizeof(float) * dataset->made_dimension);
	gtl_feature_maker_row(dataset->maker, row->text, row->text_bytes, row->features, made);
	row->features = made;
	row->dimension = dataset->made_dimension;
}

/* How sure a source is of its guess; NaN: it does not say. */
static double
read_sureness(const Reading *reading, TupleTableSlot *row, int column, const char *source)
{
	bool		isnull;
	Datum		value = slot_getattr(row, column, &isnull);
	double		sure = isnull ? NAN : DatumGetFloat8(value);

	if (!isnull && !(sure >= 0 && sure <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("%s_confidence of %s in dataset %s is %g", source, reading->row.name, reading->dataset->name, sure),
				 errdetail("It says how probable the proposal is right, 0 to 1.")));
	return sure;
}

#define FIRST_PROPOSAL 6		/* column of the query */

/* The inputs of proposals behind the features. */
static void
append_proposals(Reading *reading, TupleTableSlot *row)
{
	const GtlDataset *dataset = reading->dataset;
	int			features = dataset->has_features || dataset->maker != NULL ? reading->row.dimension : 0;
	float	   *all;

	if (dataset->labeled_only && reading->row.label == NULL)
		return;
	all = palloc(sizeof(float) * (features + dataset->proposal_inputs));
	if (features > 0)
		memcpy(all, reading->row.features, sizeof(float) * features);
	for (int i = 0; i < dataset->sources; i++)
	{
		char	   *guess = gtl_row_text(row, FIRST_PROPOSAL + 2 * i);
		int			class_no = guess == NULL ? -1 :
			gtl_strings_find_renamed(dataset->guessable, dataset->former, dataset->nformer, guess);
		double		sure = read_sureness(reading, row, FIRST_PROPOSAL + 2 * i + 1, dataset->source[i]);

		dataset->strange[i] += guess != NULL && class_no < 0;
		gtl_proposals_encode(class_no, sure, dataset->sources, dataset->classes, all + features + 2 * i * dataset->classes);
	}
	reading->row.features = all;
	reading->row.dimension = features + dataset->proposal_inputs;
}

/* Fill reading->row, in the current memory context. */
static void
read_row(Reading *reading, TupleTableSlot *row)
{
	char	   *key = gtl_row_text(row, 1);
	bool		isnull;
	Datum		value;

	if (reading->dataset->key_column != NULL)
		check_key(reading, key);
	reading->row.key = key;
	reading->row.name = key != NULL ? psprintf("object \"%s\"", key) :
		psprintf("row " INT64_FORMAT " in reading order", reading->row.number + 1);
	reading->row.label = gtl_row_text(row, 3);
	reading->row.gold = gtl_row_text(row, 4);
	value = slot_getattr(row, 2, &isnull);
	if (reading->dataset->has_features)
		read_features(reading, value, isnull);
	value = slot_getattr(row, 5, &isnull);
	if (reading->dataset->text_column != NULL)
		read_text(reading, value, isnull);
	if (reading->dataset->maker != NULL)
		make_features(reading);
	if (reading->dataset->sources > 0 && (reading->dataset->text_column == NULL || reading->dataset->maker != NULL))
		append_proposals(reading, row);
}

/* Errors that say something of the row, not of the server. */
static bool
is_fault_of_row(int code)
{
	return ERRCODE_TO_CATEGORY(code) == ERRCODE_DATA_EXCEPTION || code == ERRCODE_UNIQUE_VIOLATION || code == ERRCODE_PROGRAM_LIMIT_EXCEEDED;
}

/*
 * False: the row is passed over.  Nothing but memory is touched in between, so no subtransaction has to be rolled back.
 */
static bool
try_row(Reading *reading, GtlDataset *dataset, TupleTableSlot *row)
{
	MemoryContext context = CurrentMemoryContext;
	volatile bool right = true;

	if (dataset->check == NULL)
	{
		read_row(reading, row);
		return true;
	}
	PG_TRY();
	{
		read_row(reading, row);
		dataset->check(reading->context, &reading->row);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (!is_fault_of_row(error->sqlerrcode))
			PG_RE_THROW();
		FlushErrorState();
		if (dataset->refused++ == 0)
			dataset->refused_code = error->sqlerrcode;
		right = false;
	}
	PG_END_TRY();
	return right;
}

static void
take_row(void *context, TupleTableSlot *row)
{
	Reading    *reading = context;
	bool		right;
	MemoryContext caller = MemoryContextSwitchTo(reading->row_context);

	if (reading->row.number == PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("dataset %s has too many rows", reading->dataset->name)));
	right = try_row(reading, reading->dataset, row);
	MemoryContextSwitchTo(caller);
	if (right)
		reading->callback(reading->context, &reading->row);
	MemoryContextReset(reading->row_context);
	reading->row.number++;
}

/* A foreign table, or a view over a function, can give something else each time. */
static void
check_same_rows(const GtlDataset *dataset, const GtlDatasetRow *end)
{
	if (dataset->read_before && (end->number != dataset->rows || end->digest != dataset->digest))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("dataset %s had other rows when it was read a second time", dataset->name),
				 errhint("Text is read twice: copy the rows into a table first.")));
}

static void
pin(const char *setting, const char *value)
{
	(void) set_config_option(setting, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

/*
 * What the job knows is what has been committed until now: another intake may just have ended.  All rows are
 * compared with all keys, whatever the planner knows of either; a few of them are found by an index, and looked up one by one.  gtlabel's own tables have row-level security, for
 * which row_security = off would be an error; where it would be one for the dataset, it was raised before.
 */
static void
read_unknown(const char *sql, Reading *reading)
{
	int			settings = NewGUCNestLevel();

	pin(reading->dataset->few ? "enable_hashjoin" : "enable_nestloop", "off");
	if (reading->dataset->few)
	{
		pin("enable_mergejoin", "off");
		pin("enable_seqscan", "off");
	}
	pin("row_security", "on");
	CommandCounterIncrement();	/* what the statement that calls has inserted itself */
	PushActiveSnapshot(gtl_snapshot());
	gtl_query_stream(sql, take_row, reading);
	PopActiveSnapshot();
	AtEOXact_GUC(false, settings);
}

int64
gtl_dataset_read(GtlDataset *dataset, GtlDatasetCallback callback, void *context)
{
	Reading		reading;
	char	   *sql;

	memset(&reading, 0, sizeof(reading));
	reading.dataset = dataset;
	reading.callback = callback;
	reading.context = context;
	reading.row_context = AllocSetContextCreate(CurrentMemoryContext, "gtlabel dataset row", ALLOCSET_DEFAULT_SIZES);
	reading.inputs = dataset->inputs;
	initStringInfo(&reading.last_key);
	sql = psprintf("%s%s%s%s", dataset->select, dataset->known != NULL ? dataset->known : dataset->sample != NULL ? dataset->sample : "",
				   dataset->part != NULL ? dataset->part : "", dataset->order != NULL ? dataset->order : "");
	if (dataset->joining)
		read_unknown(sql, &reading);
	else
		gtl_query_stream(sql, take_row, &reading);
	MemoryContextDelete(reading.row_context);
	pfree(reading.last_key.data);
	check_same_rows(dataset, &reading.row);
	return reading.row.number;
}
