/*
 * matrix.c
 *		A labeled dataset, read once.
 *
 * Labels become numbers as they are read; when the categories are not given they
 * are numbered as they come and renumbered in byte order at the end.
 */
#include "data/matrix.h"

#include "base/memory.h"
#include "base/progress.h"
#include "base/string_set.h"
#include "data/neighbour_columns.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#define FIRST_CAPACITY 1024
#define PROGRESS_ROWS 8192

typedef struct MatrixState
{
	const GtlDataset *dataset;
	GtlMatrix  *matrix;
	GtlStringSet   *names;
	bool		open;			/* categories are found, not given */
	bool		unlabeled_too;	/* rows without a label are kept, too */
	int64		row_capacity;	/* of matrix->labeled */
	GtlRowStore *store;			/* NULL: no row yet */
	int64		capacity;		/* of labels */
	int32	   *labels;
	bool		keep_keys;
	GtlEnv		env;

	/* in gtl_matrix_read_more */
	const GtlNeighbours *map;
	GtlNeighbourScratch *scratch;
	float	   *block;			/* [GTL_KMEANS_ROWS x features] rows that wait for their columns */
	int			waiting;
	float	   *columns;		/* [GTL_KMEANS_ROWS x columns] */
	float	   *row;			/* with its columns */
} MatrixState;

static int32
find_class(MatrixState *state, const GtlDatasetRow *row)
{
	int32		class_no = state->open ? gtl_strings_add(state->names, row->label) : gtl_strings_find(state->names, row->label);

	if (class_no < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("label \"%s\" of %s in dataset %s is not among label_categories",
						row->label, row->name, state->dataset->name),
				 errhint("Name every category, or leave the row out with a view.")));
	return class_no;
}

static void *
enlarge(void *list, Size bytes)
{
	return list == NULL ? palloc_extended(bytes, MCXT_ALLOC_HUGE) : repalloc_huge(list, bytes);
}

static void
make_room(MatrixState *state)
{
	state->capacity = Max(FIRST_CAPACITY, state->capacity * 2);
	state->labels = enlarge(state->labels, mul_size(state->capacity, sizeof(int32)));
	if (state->keep_keys)
		state->matrix->key_end = enlarge(state->matrix->key_end, mul_size(state->capacity, sizeof(int64)));
}

static void
take_key(MatrixState *state, const char *key)
{
	GtlMatrix  *matrix = state->matrix;
	int64		row = matrix->set.rows;
	char	   *utf8 = GetDatabaseEncoding() == PG_SQL_ASCII ? unconstify(char *, key) : pg_server_to_any(key, (int) strlen(key), PG_UTF8);
	Size		size = strlen(utf8);
	Size		begin = row == 0 ? 0 : (Size) matrix->key_end[row - 1];

	if (begin + size > matrix->key_capacity)
	{
		matrix->key_capacity = Max(2 * matrix->key_capacity, begin + size + FIRST_CAPACITY);
		matrix->key_bytes = enlarge(matrix->key_bytes, matrix->key_capacity);
	}
	memcpy(matrix->key_bytes + begin, utf8, size);
	matrix->key_end[row] = (int64) (begin + size);
}

/* The next labeled row, which is in the store already, or will be. */
static void
take_label(MatrixState *state, const GtlDatasetRow *row)
{
	GtlLabeledSet *set = &state->matrix->set;

	if (set->rows == state->capacity)
		make_room(state);
	if (state->keep_keys)
		take_key(state, row->key);
	state->labels[set->rows] = find_class(state, row);
	set->rows++;
}

/* Marks the next row. */
static void
mark_row(MatrixState *state, bool labeled)
{
	GtlMatrix  *matrix = state->matrix;
	int64		row = matrix->stats.count;

	if (row == state->row_capacity)
	{
		state->row_capacity = Max(FIRST_CAPACITY, state->row_capacity * 2);
		matrix->labeled = matrix->labeled == NULL ? palloc_extended(state->row_capacity, MCXT_ALLOC_HUGE) :
			repalloc_huge(matrix->labeled, state->row_capacity);
	}
	matrix->labeled[row] = labeled;
}

/* Where columns will be added, another store comes beside this one. */
static void
begin_rows(MatrixState *state, int dimension)
{
	state->matrix->set.dimension = dimension;
	state->store = state->unlabeled_too ? gtl_row_store_create(dimension, gtl_memory_budget() / 4) :
		gtl_training_set_create(dimension);
	gtl_stats_init(&state->matrix->stats, dimension, &state->env);
	state->matrix->stats.proposals = state->dataset->proposal_inputs;
}

static void
take_row(void *context, const GtlDatasetRow *row)
{
	MatrixState *state = context;

	if (row->number % PROGRESS_ROWS == 0)
		gtl_progress_update("loading", row->number, state->dataset->rows);
	if (row->label == NULL && !state->unlabeled_too)
		return;
	if (state->store == NULL)
		begin_rows(state, row->dimension);
	if (state->unlabeled_too)
		mark_row(state, row->label != NULL);
	gtl_row_store_add(state->store, row->features);
	gtl_stats_add(&state->matrix->stats, row->features, 1);
	if (row->label != NULL)
		take_label(state, row);
}

/* Renumber found categories in byte order. */
static void
sort_categories(MatrixState *state)
{
	int32	   *renumbered = gtl_strings_sort(state->names);

	for (int64 i = 0; i < state->matrix->set.rows; i++)
		state->labels[i] = renumbered[state->labels[i]];
}

static void
count_classes(GtlMatrix *matrix, const GtlDataset *dataset)
{
	int			seen = 0;

	matrix->class_counts = palloc0(sizeof(int32) * Max(matrix->ncategories, 1));
	for (int64 i = 0; i < matrix->set.rows; i++)
		seen += matrix->class_counts[matrix->set.labels[i]]++ == 0;
	if (matrix->set.rows == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("dataset %s has no labeled row", dataset->name)));
	if (seen < 2)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("all labels of dataset %s are of one class", dataset->name),
				 errhint("A classifier needs labeled rows of at least two classes.")));
}

void
gtl_matrix_read(GtlDataset *dataset, char **categories, int ncategories, bool unlabeled_too, bool keep_keys,
				GtlMatrix *matrix)
{
	MatrixState state;

	memset(matrix, 0, sizeof(*matrix));
	memset(&state, 0, sizeof(state));
	state.dataset = dataset;
	state.matrix = matrix;
	state.open = categories == NULL;
	state.unlabeled_too = unlabeled_too;
	state.keep_keys = keep_keys;
	state.names = gtl_strings_create();
	gtl_env_init(&state.env, CurrentMemoryContext);
	for (int i = 0; i < ncategories; i++)
		gtl_strings_add(state.names, categories[i]);

	gtl_progress_update("loading", 0, dataset->rows);
	gtl_dataset_read(dataset, take_row, &state);
	gtl_dataset_note_strange(dataset);
	if (state.open)
		sort_categories(&state);
	matrix->categories = gtl_strings_list(state.names);
	matrix->ncategories = gtl_strings_count(state.names);
	matrix->set.classes = matrix->ncategories;
	matrix->set.labels = state.labels;
	count_classes(matrix, dataset);
	matrix->store = state.store;
}

/* The rows that wait go to the store, with their columns. */
static void
add_waiting(MatrixState *state)
{
	int			features = gtl_stats_features(&state->matrix->stats);

	if (state->waiting == 0)
		return;
	gtl_neighbours_columns(state->map, state->scratch, state->block, state->waiting, state->columns);
	for (int i = 0; i < state->waiting; i++)
	{
		memcpy(state->row, state->block + (Size) i * features, sizeof(float) * features);
		memcpy(state->row + features, state->columns + (Size) i * GTL_NEIGHBOUR_COLUMNS, sizeof(float) * GTL_NEIGHBOUR_COLUMNS);
		gtl_row_store_add(state->store, state->row);
	}
	state->waiting = 0;
}

static void
take_more(void *context, const GtlDatasetRow *row)
{
	MatrixState *state = context;

	if (row->number % PROGRESS_ROWS == 0)
		gtl_progress_update("loading", row->number, 0);
	Assert(row->dimension == gtl_stats_features(&state->matrix->stats));
	take_label(state, row);
	if (state->map == NULL)
	{
		gtl_row_store_add(state->store, row->features);
		return;
	}
	memcpy(state->block + (Size) state->waiting++ * row->dimension, row->features, sizeof(float) * row->dimension);
	if (state->waiting == GTL_KMEANS_ROWS)
		add_waiting(state);
}

void
gtl_matrix_read_more(GtlDataset *dataset, const GtlNeighbours *map, GtlMatrix *matrix)
{
	MatrixState state = {.dataset = dataset,.matrix = matrix,.store = matrix->store,.map = map};

	state.names = gtl_strings_create();
	for (int i = 0; i < matrix->ncategories; i++)
		gtl_strings_add(state.names, matrix->categories[i]);
	state.capacity = matrix->set.rows;
	state.labels = unconstify(int32 *, matrix->set.labels);
	state.keep_keys = matrix->key_end != NULL;
	gtl_env_init(&state.env, CurrentMemoryContext);
	if (map != NULL)
	{
		state.scratch = gtl_neighbours_scratch(map, &state.env);
		state.row = gtl_memory_list(sizeof(float), matrix->set.dimension);
		state.block = gtl_memory_list(sizeof(float) * map->dimension, GTL_KMEANS_ROWS);
		state.columns = gtl_memory_list(sizeof(float) * GTL_NEIGHBOUR_COLUMNS, GTL_KMEANS_ROWS);
	}
	gtl_dataset_read(dataset, take_more, &state);
	add_waiting(&state);
	matrix->set.labels = state.labels;
}

const GtlNeighbours *
gtl_matrix_add_neighbours(GtlMatrix *matrix, const GtlNeighbours *map, char **reason)
{
	GtlLabeledSet all = {.rows = matrix->stats.count,.dimension = matrix->set.dimension};
	GtlEnv		env;

	*reason = NULL;
	gtl_env_init(&env, CurrentMemoryContext);
	gtl_row_store_finish(matrix->store, &all);
	if (map == NULL)
		map = gtl_neighbour_columns_fit(&all, &matrix->stats, &env, reason);
	matrix->store = gtl_neighbour_columns_join(&all, matrix->labeled, map, &env, gtl_memory_budget() / 4);
	if (map != NULL)
	{
		matrix->set.dimension += GTL_NEIGHBOUR_COLUMNS;
		matrix->stats.neighbours = GTL_NEIGHBOUR_COLUMNS;
	}
	return map;
}
