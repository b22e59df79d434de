/*
 * snapshot.c
 *		Reading the dataset, once, when a job is created.
 *
 * One pass in key order writes the feature pages and sums up the statistics; the
 * keys go into a tuplestore (which spills to disk), because an object's row
 * says whether it belongs to the validation set and that takes the number of
 * objects.  In memory there is one chunk of rows, and 16 bytes an object while the
 * validation set is drawn.
 */
#include "steps/snapshot.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/relation.h"
#include "base/memory.h"
#include "base/query.h"
#include "catalog/feature_page.h"
#include "catalog/object.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "base/random.h"
#include "learning/select.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

#define CHUNK_ROWS 512
#define OBJECT_ROWS 8192

/* The pass over the dataset. */
typedef struct SnapshotState
{
	/* settings */
	GtlJob	   *job;
	const GtlDataset *dataset;
	GtlEnv		env;

	/* output */
	GtlFeatureWriter *writer;
	GtlFeatureStats stats;
	Tuplestorestate *keys;
	TupleDesc	key_desc;
	int64		count;

	/* one chunk */
	float	   *rows;			/* [CHUNK_ROWS x dimension] */
	int			nrows;
	MemoryContext row_context;
	StringInfoData last_key;
} SnapshotState;

static char *
relation_name(Oid relation)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relation)), get_rel_name(relation));
}

static char *
primary_key_column(Oid relation, const char *name)
{
	Oid			constraint;
	Bitmapset  *columns = get_primary_key_attnos(relation, false, &constraint);
	int			column;

	if (columns == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("dataset %s has no primary key", name),
				 errhint("Name the column that identifies its rows with key_column.")));
	if (bms_num_members(columns) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("primary key of dataset %s has several columns", name),
				 errhint("Name one column that identifies its rows with key_column, for example of a view.")));
	column = bms_singleton_member(columns) + FirstLowInvalidHeapAttributeNumber;
	return get_attname(relation, (AttrNumber) column, false);
}

static Oid
column_type(Oid relation, const char *column, const char *setting, const char *name)
{
	AttrNumber	attnum = get_attnum(relation, column);

	if (attnum == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of dataset %s does not exist", column, name),
				 errhint("Set %s.", setting)));
	return get_atttype(relation, attnum);
}

/* The features as float4[] or float8[]; other types by their cast. */
static char *
features_expression(Oid relation, const char *column, GtlDataset *dataset)
{
	Oid			type = getBaseType(column_type(relation, column, "features_column", dataset->name));
	const char *quoted = quote_identifier(column);
	Oid			cast_function;

	dataset->has_features = true;
	if (type == FLOAT4ARRAYOID)
		return psprintf("d.%s::pg_catalog.float4[]", quoted);
	if (type == FLOAT8ARRAYOID)
	{
		dataset->double_features = true;
		return psprintf("d.%s::pg_catalog.float8[]", quoted);
	}
	if (find_coercion_pathway(FLOAT4ARRAYOID, type, COERCION_EXPLICIT, &cast_function) == COERCION_PATH_FUNC ||
		(type_is_array(type) && get_element_type(type) != TEXTOID &&
		 find_coercion_pathway(FLOAT4ARRAYOID, type, COERCION_EXPLICIT, &cast_function) == COERCION_PATH_ARRAYCOERCE))
		return psprintf("d.%s::pg_catalog.float4[]", quoted);
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" of dataset %s has type %s", column, dataset->name, format_type_be(type)),
			 errdetail("Features are float4[] or float8[], or a type with a cast to float4[]."),
			 errhint("Set features_column, or features_column => NULL for a job without auto-labeling.")));
}

void
gtl_dataset_describe(Oid relation, const char *key_column, const char *features_column, GtlDataset *dataset)
{
	char		kind = get_rel_relkind(relation);
	Oid			key_type;
	TypeCacheEntry *type;
	const char *key;

	memset(dataset, 0, sizeof(*dataset));
	if (kind == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relation)));
	dataset->name = relation_name(relation);
	if (kind != RELKIND_RELATION && kind != RELKIND_VIEW && kind != RELKIND_MATVIEW &&
		kind != RELKIND_PARTITIONED_TABLE && kind != RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("%s is not a table or view", dataset->name)));

	dataset->key_column = key_column != NULL ? pstrdup(key_column) : primary_key_column(relation, dataset->name);
	key_type = column_type(relation, dataset->key_column, "key_column", dataset->name);
	key = quote_identifier(dataset->key_column);
	type = lookup_type_cache(key_type, TYPECACHE_LT_OPR);
	dataset->select = psprintf("SELECT d.%s::pg_catalog.text, %s FROM %s d ORDER BY d.%s%s",
							   key,
							   features_column == NULL ? "NULL" : features_expression(relation, features_column, dataset),
							   dataset->name, key,
							   OidIsValid(type->lt_opr) ? "" : "::pg_catalog.text");
}

static void
begin(SnapshotState *state, GtlJob *job, const GtlDataset *dataset)
{
	memset(state, 0, sizeof(*state));
	state->job = job;
	state->dataset = dataset;
	gtl_env_init(&state->env, CurrentMemoryContext);
	state->key_desc = CreateTemplateTupleDesc(1);
	TupleDescInitEntry(state->key_desc, 1, "key", TEXTOID, -1, 0);
	state->keys = tuplestore_begin_heap(false, false, work_mem);
	state->row_context = AllocSetContextCreate(CurrentMemoryContext, "gtlabel dataset row", ALLOCSET_DEFAULT_SIZES);
	initStringInfo(&state->last_key);
}

static void
flush_chunk(SnapshotState *state)
{
	if (state->nrows > 0)
		gtl_stats_add(&state->stats, state->rows, state->nrows);
	state->nrows = 0;
}

static void
bad_features(const SnapshotState *state, const char *key, int code, const char *problem)
{
	ereport(ERROR,
			(errcode(code),
			 errmsg("features of object \"%s\" in dataset %s %s", key, state->dataset->name, problem),
			 errhint("Correct the row, or leave it out with a view.")));
}

/* The first row decides on the dimension. */
static void
set_dimension(SnapshotState *state, int dimension, const char *key)
{
	if (dimension > GTL_MAX_DIMENSION)
		bad_features(state, key, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
					 psprintf("have %d dimensions, more than %d", dimension, GTL_MAX_DIMENSION));
	state->job->dimension = dimension;
	gtl_stats_init(&state->stats, dimension, &state->env);
	state->rows = palloc(sizeof(float) * CHUNK_ROWS * dimension);
	state->writer = gtl_feature_writer_open(state->job->job_id);
}

static void
add_features(SnapshotState *state, const char *key, Datum value, bool isnull)
{
	MemoryContext caller = MemoryContextSwitchTo(state->row_context);
	ArrayType  *array;
	int			dimension;
	float	   *row;

	if (isnull)
		bad_features(state, key, ERRCODE_NULL_VALUE_NOT_ALLOWED, "are NULL");
	array = DatumGetArrayTypeP(value);
	if (ARR_NDIM(array) > 1)
		bad_features(state, key, ERRCODE_DATA_EXCEPTION, psprintf("are an array of %d dimensions", ARR_NDIM(array)));
	if (array_contains_nulls(array))
		bad_features(state, key, ERRCODE_NULL_VALUE_NOT_ALLOWED, "contain NULL");
	dimension = ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0];
	if (dimension == 0)
		bad_features(state, key, ERRCODE_DATA_EXCEPTION, "are empty");
	MemoryContextSwitchTo(caller);
	if (state->count == 0)
		set_dimension(state, dimension, key);
	if (dimension != state->job->dimension)
		bad_features(state, key, ERRCODE_DATA_EXCEPTION,
					 psprintf("have %d dimensions, the objects before have %d", dimension, state->job->dimension));

	row = state->rows + (int64) state->nrows * dimension;
	if (state->dataset->double_features)
	{
		const double *wide = (const double *) ARR_DATA_PTR(array);

		for (int i = 0; i < dimension; i++)
			row[i] = (float) wide[i];
	}
	else
		memcpy(row, ARR_DATA_PTR(array), sizeof(float) * dimension);
	for (int i = 0; i < dimension; i++)
		if (!isfinite(row[i]))
			bad_features(state, key, ERRCODE_DATA_EXCEPTION,
						 isnan(row[i]) ? "contain NaN" : "contain an infinite value, or one too large for float4");
	gtl_feature_writer_add(state->writer, row, dimension);
	if (++state->nrows == CHUNK_ROWS)
		flush_chunk(state);
	MemoryContextReset(state->row_context);
}

static void
add_object(SnapshotState *state, const char *key)
{
	Datum		values[1];
	bool		nulls[1] = {false};
	MemoryContext caller;

	if (key == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("column \"%s\" of dataset %s contains NULL", state->dataset->key_column, state->dataset->name),
				 errhint("A key identifies each row; name another column with key_column.")));
	if (strlen(key) > GTL_OBJECT_KEY_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a key of dataset %s is longer than %d bytes", state->dataset->name, GTL_OBJECT_KEY_BYTES),
				 errdetail("It starts with \"%.60s\".", key)));
	if (state->count > 0 && strcmp(key, state->last_key.data) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNIQUE_VIOLATION),
				 errmsg("column \"%s\" of dataset %s contains \"%s\" more than once",
						state->dataset->key_column, state->dataset->name, key),
				 errhint("A key identifies each row; name another column with key_column.")));
	if (state->count == PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("dataset %s has too many rows", state->dataset->name)));
	resetStringInfo(&state->last_key);
	appendStringInfoString(&state->last_key, key);
	caller = MemoryContextSwitchTo(state->row_context);
	values[0] = CStringGetTextDatum(key);
	tuplestore_putvalues(state->keys, state->key_desc, values, nulls);
	MemoryContextSwitchTo(caller);
}

static void
read_dataset(SnapshotState *state)
{
	GtlCursor	cursor;
	uint64		n;

	gtl_cursor_open(&cursor, state->dataset->select);
	while ((n = gtl_cursor_fetch(&cursor, CHUNK_ROWS)) > 0)
		for (uint64 i = 0; i < n; i++)
		{
			MemoryContext caller = MemoryContextSwitchTo(state->row_context);
			char	   *key = gtl_result_text(&cursor.result, i, 1);
			bool		isnull;
			Datum		features = gtl_result_datum(&cursor.result, i, 2, &isnull);

			MemoryContextSwitchTo(caller);
			add_object(state, key);
			if (state->dataset->has_features)
				add_features(state, state->last_key.data, features, isnull);
			else
				MemoryContextReset(state->row_context);
			state->count++;
		}
	gtl_cursor_close(&cursor);
	if (state->writer != NULL)
	{
		flush_chunk(state);
		gtl_feature_writer_close(state->writer);
	}
	if (state->count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("dataset %s is empty", state->dataset->name)));
}

/* Place in the validation shuffle of each object, or -1. */
static int32 *
draw_validation_set(SnapshotState *state)
{
	GtlJob	   *job = state->job;
	int64		n = state->count;
	int32	   *place = palloc_extended(sizeof(int32) * n, MCXT_ALLOC_HUGE);
	int32	   *all = palloc_extended(sizeof(int32) * n, MCXT_ALLOC_HUGE);
	int32	   *chosen;

	for (int64 i = 0; i < n; i++)
	{
		place[i] = -1;
		all[i] = (int32) i;
	}
	chosen = palloc_extended(sizeof(int32) * Max(job->validation_count, 1), MCXT_ALLOC_HUGE);
	gtl_select_random(all, n, job->validation_count, (uint64) job->seed, GTL_STREAM_VALIDATION, &state->env, chosen);
	for (int32 v = 0; v < job->validation_count; v++)
		place[chosen[v]] = v;
	pfree(chosen);
	pfree(all);
	return place;
}

static void
write_objects(SnapshotState *state, const int32 *place)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(state->key_desc, &TTSOpsMinimalTuple);
	char	  **keys = palloc(sizeof(char *) * OBJECT_ROWS);
	MemoryContext chunk = AllocSetContextCreate(CurrentMemoryContext, "gtlabel objects", ALLOCSET_DEFAULT_SIZES);
	int32		first = 0;
	int			n = 0;

	tuplestore_rescan(state->keys);
	while (tuplestore_gettupleslot(state->keys, true, false, slot))
	{
		MemoryContext caller = MemoryContextSwitchTo(chunk);
		bool		isnull;

		keys[n++] = TextDatumGetCString(slot_getattr(slot, 1, &isnull));
		if (n == OBJECT_ROWS || first + n == state->count)
		{
			CHECK_FOR_INTERRUPTS();
			gtl_object_append(state->job->job_id, first, keys, place + first, n);
			first += n;
			n = 0;
			MemoryContextReset(chunk);
		}
		MemoryContextSwitchTo(caller);
	}
	MemoryContextDelete(chunk);
	ExecDropSingleTupleTableSlot(slot);
}

void
gtl_snapshot_take(GtlJob *job, const GtlDataset *dataset)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "gtlabel snapshot", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	SnapshotState state;

	begin(&state, job, dataset);
	read_dataset(&state);
	job->object_count = (int32) state.count;
	if (job->auto_label && job->dimension > 0)
		job->validation_count = (int32) gtl_schedule_validation_count(state.count, job->validation_share);
	gtl_job_set_snapshot(job, job->dimension > 0 ? &state.stats : NULL);
	write_objects(&state, draw_validation_set(&state));
	tuplestore_end(state.keys);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}
