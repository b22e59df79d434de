/*
 * text_features.c
 *		Learning what turns the texts of a dataset into features.
 *
 * One scan counts the rows, draws the sample and sums up the features beside the text; the fit
 * takes a few seconds, whatever the number of rows.  Memory: at most maintenance_work_mem, as the sample is
 * halved until it fits, and 10 MB for the featurizer afterwards.
 */
#include "data/text_features.h"

#include <float.h>
#include <math.h>

#include "base/format.h"
#include "base/memory.h"
#include "base/progress.h"
#include "data/word_vectors.h"
#include "learning/standardize.h"
#include "learning/text_sample.h"
#include "utils/memutils.h"

#define PROGRESS_ROWS 1024

typedef struct TextScan
{
	GtlDataset *dataset;
	GtlTextSample *sample;
	GtlFeatureStats stats;		/* of the features beside the text, if they are measurements */
	int			inputs;
	int64		rows;
	int64		nulls;
	uint64		digest;
	size_t		first_bytes;
	char	   *first;			/* the first text, to find one that differs */
	bool		differ;
	GtlEnv		env;
} TextScan;

/* The budget of the sample is less when words are known already. */
static void
check_memory(const TextScan *scan)
{
	size_t		excess = gtl_text_sample_excess(scan->sample);

	if (excess > 0)
		gtl_memory_check(excess, psprintf("learning from the texts of %s", scan->dataset->name));
}

static void
compare_texts(TextScan *scan, const GtlDatasetRow *row)
{
	if (scan->first == NULL)
	{
		scan->first = palloc(row->text_bytes + 1);
		memcpy(scan->first, row->text, row->text_bytes);
		scan->first_bytes = row->text_bytes;
	}
	else if (!scan->differ)
		scan->differ = row->text_bytes != scan->first_bytes || memcmp(row->text, scan->first, row->text_bytes) != 0;
}

static void
take_row(void *context, const GtlDatasetRow *row)
{
	TextScan   *scan = context;

	if (row->number == 0 && row->features != NULL)
	{
		scan->inputs = row->dimension;
		if (scan->inputs <= GTL_MEASUREMENTS)
			gtl_stats_init(&scan->stats, scan->inputs, &scan->env);
	}
	if (row->features != NULL && scan->inputs <= GTL_MEASUREMENTS)
		gtl_stats_add(&scan->stats, row->features, 1);
	scan->rows++;
	scan->digest = row->digest;
	if (scan->rows % PROGRESS_ROWS == 0)
		gtl_progress_update("reading texts", scan->rows, 0);
	if (row->text == NULL)
	{
		scan->nulls++;
		return;
	}
	compare_texts(scan, row);
	gtl_text_sample_add(scan->sample, row->number, row->text, row->text_bytes);
	check_memory(scan);
}

static void
check_texts(const TextScan *scan)
{
	const GtlDataset *dataset = scan->dataset;

	if (scan->nulls > 0)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("column \"%s\" of dataset %s is NULL in %s of %s rows", dataset->text_column, dataset->name,
						gtl_format_count(scan->nulls), gtl_format_count(scan->rows)),
				 errhint("Leave them out with a view, or give them a text there: coalesce(..., '').")));
	if (scan->rows > 0 && !scan->differ)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 scan->rows == 1 ? errmsg("dataset %s has one text only", dataset->name) :
				 errmsg("column \"%s\" of dataset %s has the same text in all rows", dataset->text_column, dataset->name),
				 errhint("Nothing can be learned from it: set text_column to another column, or features_column => NULL.")));
}

/* Mean and deviation of measurements; embeddings need none. */
static void
set_inputs(const TextScan *scan, GtlFeaturizer *featurizer)
{
	featurizer->inputs = scan->inputs;
	featurizer->mean = palloc0(sizeof(float) * (scan->inputs + 1));
	featurizer->inverse = palloc0(sizeof(float) * (scan->inputs + 1));
	if (scan->inputs > GTL_MEASUREMENTS)
		return;
	for (int j = 0; j < scan->inputs; j++)
	{
		double		variance = scan->stats.squares[j] / scan->stats.count;

		featurizer->mean[j] = (float) scan->stats.mean[j];
		featurizer->inverse[j] = variance > 0 ? (float) Min(1.0 / sqrt(variance), FLT_MAX) : 0;
	}
}

static void
warn_of_nothing(const TextScan *scan, const GtlFeaturizer *featurizer)
{
	if (featurizer->grams.count == 0)
		ereport(WARNING,
				(errmsg("nothing can be learned from the texts of %s", scan->dataset->name),
				 errdetail("No word and no part of a word occurs in two of the %lld texts.", (long long) featurizer->sample)));
}

static void
read_texts(TextScan *scan)
{
	gtl_progress_update("reading texts", 0, 0);
	gtl_dataset_read(scan->dataset, take_row, scan);
	check_texts(scan);
	scan->dataset->read_before = true;
	scan->dataset->rows = scan->rows;
	scan->dataset->digest = scan->digest;
}

static GtlFeaturizer *
fit(TextScan *scan)
{
	GtlFeaturizer *featurizer = palloc0(sizeof(GtlFeaturizer));

	if (!gtl_text_sample_fit(scan->sample, featurizer))
		gtl_computing_raise();
	gtl_text_sample_release(scan->sample);
	set_inputs(scan, featurizer);
	if (scan->rows > 0)
		warn_of_nothing(scan, featurizer);
	return featurizer;
}

GtlFeaturizer *
gtl_text_features_fit(GtlDataset *dataset, const GtlTextSettings *settings)
{
	GtlSampleRequest request = {.dimensions = settings->dimensions,.seed = GTL_SAMPLE_SEED,.budget = gtl_memory_budget()};
	TextScan	scan = {.dataset = dataset};
	GtlWordVectors words;
	GtlTokenList tokens = {NULL, 0, 0};
	GtlFeaturizer *featurizer;

	gtl_env_init(&scan.env, CurrentMemoryContext);
	if (OidIsValid(settings->word_vectors))
	{
		gtl_word_vectors_describe(settings->word_vectors, &words);
		gtl_word_vectors_tokens(&words, &tokens, &scan.env);
		request.tokens = tokens.token;
		request.ntokens = tokens.n;
	}
	scan.sample = gtl_text_sample_create(&request, &scan.env);
	read_texts(&scan);
	featurizer = fit(&scan);
	gtl_env_release(&scan.env, tokens.token);
	if (OidIsValid(settings->word_vectors))
		gtl_word_vectors_read(&words, featurizer, &scan.env);
	gtl_text_features_use(dataset, featurizer);
	return featurizer;
}

void
gtl_text_features_use(GtlDataset *dataset, const GtlFeaturizer *featurizer)
{
	GtlEnv		env;

	gtl_env_init(&env, CurrentMemoryContext);
	dataset->made_dimension = gtl_featurizer_dimension(featurizer);
	dataset->made_inputs = featurizer->inputs;
	if (dataset->made_dimension > GTL_MAX_DIMENSION)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("text, words and features of dataset %s have %d dimensions together, more than %d",
						dataset->name, dataset->made_dimension, GTL_MAX_DIMENSION)));
	dataset->maker = gtl_feature_maker_create(featurizer, &env);
}
