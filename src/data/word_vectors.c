/*
 * word_vectors.c
 *		A user's table of word vectors.
 *
 * Read twice, as the current user: the words, then the vectors of those that are wanted.  What is
 * kept of hundreds of thousands of rows is a few thousand.
 */
#include "data/word_vectors.h"

#include <math.h>

#include "base/memory.h"
#include "base/progress.h"
#include "base/query.h"
#include "base/utf8.h"
#include "catalog/pg_type.h"
#include "data/dataset.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#define MAX_WORD_DIMENSION 2000
#define PROGRESS_ROWS 8192
#define HINT "A table of word vectors has the columns token (text) and vector (float4[])."

void
gtl_word_vectors_describe(Oid relation, GtlWordVectors *table)
{
	static const char *const columns[] = {"token", "vector"};

	table->name = gtl_dataset_name(relation);
	for (int i = 0; i < 2; i++)
		if (get_attnum(relation, columns[i]) <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("column \"%s\" of word_vectors %s does not exist", columns[i], table->name),
					 errhint(HINT)));
	if (get_atttype(relation, get_attnum(relation, "vector")) != FLOAT4ARRAYOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"vector\" of word_vectors %s has type %s", table->name,
						format_type_be(get_atttype(relation, get_attnum(relation, "vector")))),
				 errhint(HINT)));
	table->tokens = psprintf("SELECT t.token::pg_catalog.text FROM %s t WHERE t.token IS NOT NULL", table->name);
	table->vectors = psprintf("SELECT t.token::pg_catalog.text, t.vector FROM %s t WHERE t.token IS NOT NULL", table->name);
}

/* ---- Words ------------------------------------------------------------------- */

typedef struct TokenScan
{
	GtlTokenList *tokens;
	const GtlEnv *env;
	MemoryContext row_context;
	int64		rows;
} TokenScan;

static void
take_token(void *context, TupleTableSlot *row)
{
	TokenScan  *scan = context;
	MemoryContext caller = MemoryContextSwitchTo(scan->row_context);
	bool		isnull;
	size_t		bytes;
	const char *token = gtl_utf8_text(slot_getattr(row, 1, &isnull), &bytes);

	MemoryContextSwitchTo(caller);
	gtl_token_list_add(scan->tokens, token, bytes, scan->env);
	MemoryContextReset(scan->row_context);
	if (++scan->rows % PROGRESS_ROWS == 0)
		gtl_progress_update("reading word vectors", scan->rows, 0);
}

void
gtl_word_vectors_tokens(const GtlWordVectors *table, GtlTokenList *tokens, const GtlEnv *env)
{
	TokenScan	scan = {tokens, env, AllocSetContextCreate(CurrentMemoryContext, "gtlabel token", ALLOCSET_DEFAULT_SIZES), 0};

	memset(tokens, 0, sizeof(*tokens));
	gtl_query_stream(table->tokens, take_token, &scan);
	gtl_token_list_close(tokens, env);
	MemoryContextDelete(scan.row_context);
}

/* ---- Vectors ------------------------------------------------------------------- */

typedef struct VectorScan
{
	const GtlWordVectors *source;
	GtlFeaturizer *featurizer;
	const GtlEnv *env;
	GtlWordTable *table;		/* NULL: no row yet */
	MemoryContext row_context;
} VectorScan;

static void
bad_vector(const VectorScan *scan, Datum token, const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("vector of token \"%s\" in word_vectors %s %s", TextDatumGetCString(token), scan->source->name, problem)));
}

static const float *
read_vector(const VectorScan *scan, Datum token, Datum value, bool isnull, int *dimension)
{
	ArrayType  *array;
	const float *vector;

	if (isnull)
		bad_vector(scan, token, "is NULL");
	array = DatumGetArrayTypeP(value);
	if (ARR_NDIM(array) != 1 || array_contains_nulls(array))
		bad_vector(scan, token, "is not a list of numbers");
	*dimension = ARR_DIMS(array)[0];
	if (*dimension > MAX_WORD_DIMENSION)
		bad_vector(scan, token, psprintf("has more than %d dimensions", MAX_WORD_DIMENSION));
	vector = (const float *) ARR_DATA_PTR(array);
	for (int j = 0; j < *dimension; j++)
		if (!isfinite(vector[j]))
			bad_vector(scan, token, "contains NaN or an infinite value");
	return vector;
}

static void
put_vector(VectorScan *scan, Datum token, Datum value, bool isnull)
{
	size_t		bytes;
	const char *text = gtl_utf8_text(token, &bytes);
	int			dimension;
	const float *vector;

	if (scan->table != NULL && !gtl_word_table_wants(scan->table, text, bytes))
		return;
	vector = read_vector(scan, token, value, isnull, &dimension);
	if (scan->table == NULL)
		scan->table = gtl_word_table_create(scan->featurizer, dimension, scan->env);
	if (dimension != scan->featurizer->word_dimension)
		bad_vector(scan, token, psprintf("has %d dimensions, those before have %d", dimension, scan->featurizer->word_dimension));
	if (gtl_word_table_wants(scan->table, text, bytes))
		gtl_word_table_put(scan->table, text, bytes, vector);
}

static void
take_vector(void *context, TupleTableSlot *row)
{
	VectorScan *scan = context;
	MemoryContext caller = MemoryContextSwitchTo(scan->row_context);
	bool		isnull;
	Datum		token = slot_getattr(row, 1, &isnull);
	Datum		vector = slot_getattr(row, 2, &isnull);

	put_vector(scan, token, vector, isnull);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(scan->row_context);
}

void
gtl_word_vectors_read(const GtlWordVectors *table, GtlFeaturizer *featurizer, const GtlEnv *env)
{
	VectorScan	scan = {table, featurizer, env, NULL, NULL};

	if (featurizer->words.count == 0)
		ereport(WARNING,
				(errmsg("no word of the texts occurs in word_vectors %s", table->name)));
	scan.row_context = AllocSetContextCreate(CurrentMemoryContext, "gtlabel word vector", ALLOCSET_DEFAULT_SIZES);
	if (featurizer->words.count > 0)
		gtl_query_stream(table->vectors, take_vector, &scan);
	if (scan.table != NULL)
		gtl_word_table_close(scan.table);
	MemoryContextDelete(scan.row_context);
}
