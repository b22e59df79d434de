/*
 * test_neighbours.c
 *		k-means, eigenvectors, and the neighbourhood columns that they make.
 */
#include "learning/neighbours.h"

#include <stdio.h>

#include "learning/eigen.h"
#include "learning/start.h"
#include "learning_fixture.h"

static void
read_data(void *context, int64_t first, int count, float *rows)
{
	const Data *data = context;
	size_t		d = (size_t) data->set.dimension;

	memcpy(rows, data->features + (size_t) first * d, (size_t) count * d * sizeof(float));
}

/* The columns of all rows, in pieces of so many; from env. */
static float *
all_columns(const GtlNeighbours *map, const Data *data, int piece)
{
	GtlNeighbourScratch *scratch = gtl_neighbours_scratch(map, &env);
	float	   *columns = gtl_env_alloc(&env, (size_t) data->set.rows * GTL_NEIGHBOUR_COLUMNS * sizeof(float));

	for (int64_t from = 0; from < data->set.rows; from += piece)
	{
		int			n = data->set.rows - from < piece ? (int) (data->set.rows - from) : piece;

		gtl_neighbours_columns(map, scratch, data->features + from * data->set.dimension, n,
							   columns + from * GTL_NEIGHBOUR_COLUMNS);
	}
	gtl_neighbours_scratch_release(scratch, &env);
	return columns;
}

/* ---- k-means ---- */

static void
test_nearest(void)
{
	/* distances of (0,0), (3,4) and (1,0) by hand */
	GtlCentres	centres;
	float		rows[GTL_KMEANS_ROWS * 2] = {0};
	float	   *scratch;
	int32_t		which[GTL_KMEANS_ROWS * 2];
	float		distance[GTL_KMEANS_ROWS * 2];
	const float given[] = {3, 4, 0, 0, 1, 0};

	reset_counters(-1);
	gtl_centres_init(&centres, 3, 2, &env);
	memcpy(centres.centre, given, sizeof given);
	gtl_centres_measure(&centres);
	CHECK(centres.length[0] == 25.0f && centres.length[1] == 0.0f && centres.length[2] == 1.0f);
	rows[0] = 3;
	rows[1] = 3;
	scratch = gtl_env_alloc(&env, gtl_centres_scratch(&centres) * sizeof(float));
	gtl_centres_nearest(&centres, rows, 2, scratch, which, distance);
	CHECK(which[0] == 0 && which[1] == 2);
	CHECK(distance[0] == 1.0f && distance[1] == 13.0f);
	CHECK(which[2] == 1 && which[3] == 2);
	CHECK(distance[2] == 0.0f && distance[3] == 1.0f);
	gtl_env_release(&env, scratch);
	gtl_centres_release(&centres, &env);
	CHECK(counters.live == 0);
}

static void
test_kmeans(void)
{
	/* two clouds on a line, a start in each, and a third centre that never gets a row */
	float		rows[600];
	GtlCentres	centres;
	double		sum[2] = {0};

	reset_counters(-1);
	for (int i = 0; i < 600; i++)
	{
		rows[i] = (float) (gtl_random_uniform(7, GTL_STREAM_FOLD, (uint64_t) i) + (i % 3 == 0 ? 10.0 : 0.0));
		sum[i % 3 == 0] += rows[i];
	}
	gtl_centres_init(&centres, 3, 1, &env);
	centres.centre[0] = 0.5f;
	centres.centre[1] = 9.0f;
	centres.centre[2] = -1000.0f;
	CHECK(gtl_kmeans(&centres, rows, 600, 3, &env));
	CHECK_NEAR(centres.centre[0], sum[0] / 400.0, 1e-5);
	CHECK_NEAR(centres.centre[1], sum[1] / 200.0, 1e-5);
	CHECK(centres.centre[2] == -1000.0f);
	gtl_centres_release(&centres, &env);
	CHECK(counters.live == 0);
}

/* ---- Eigenvectors ---- */

/* Largest |A v - lambda v| over the lines. */
static double
residual(const double *matrix, int n, int count, const double *values, const double *vectors)
{
	double		largest = 0.0;

	for (int i = 0; i < count; i++)
		for (int r = 0; r < n; r++)
		{
			double		sum = -values[i] * vectors[i * n + r];

			for (int k = 0; k < n; k++)
				sum += matrix[r * n + k] * vectors[i * n + k];
			largest = fabs(sum) > largest ? fabs(sum) : largest;
		}
	return largest;
}

static void
test_jacobi(void)
{
	/* eigenvalues of the second difference matrix: 2 - 2 cos(pi k / (n + 1)) */
	enum {N = 24};
	double		matrix[N * N] = {0};
	double		copy[N * N];
	double		values[N];
	double		vectors[N * N];

	for (int i = 0; i < N; i++)
	{
		matrix[i * N + i] = 2.0;
		if (i > 0)
			matrix[i * N + i - 1] = matrix[(i - 1) * N + i] = -1.0;
	}
	memcpy(copy, matrix, sizeof copy);
	gtl_eigen_jacobi(copy, N, values, vectors);
	for (int i = 0; i < N; i++)
		CHECK_NEAR(values[i], 2.0 - 2.0 * cos(3.14159265358979323846 * (N - i) / (N + 1)), 1e-12);
	CHECK(residual(matrix, N, N, values, vectors) < 1e-12);
}

static void
test_subspace(void)
{
	/* A'A of a random matrix whose spectrum decays */
	enum {N = 120, WANTED = 8};
	double	   *factor = gtl_env_alloc(&env, N * N * sizeof(double));
	double	   *matrix = gtl_env_alloc(&env, N * N * sizeof(double));
	double	   *copy = gtl_env_alloc(&env, N * N * sizeof(double));
	double	   *all = gtl_env_alloc(&env, N * N * sizeof(double));
	double		every[N];
	double		values[WANTED];
	double		vectors[WANTED * N];

	reset_counters(-1);
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++)
			factor[i * N + j] = gtl_random_normal(3, GTL_STREAM_FOLD, (uint64_t) (i * N + j)) * pow(0.8, i);
	for (int i = 0; i < N; i++)
		for (int j = 0; j < N; j++)
			for (int k = 0; k < N; k++)
				matrix[i * N + j] += factor[k * N + i] * factor[k * N + j];
	memcpy(copy, matrix, N * N * sizeof(double));
	gtl_eigen_jacobi(copy, N, every, all);
	CHECK(gtl_eigen_largest(matrix, N, WANTED, 20, 5, GTL_STREAM_NEIGHBOURS, &env, values, vectors));
	for (int i = 0; i < WANTED; i++)
		CHECK_NEAR(values[i], every[i], 1e-6 * every[0]);
	CHECK(residual(matrix, N, WANTED, values, vectors) < 1e-3 * every[0]);
	reset_counters(2);
	CHECK(!gtl_eigen_largest(matrix, N, WANTED, 20, 5, GTL_STREAM_NEIGHBOURS, &env, values, vectors));
	CHECK(counters.live == 0);
	free((size_t *) factor - 2);
	free((size_t *) matrix - 2);
	free((size_t *) copy - 2);
	free((size_t *) all - 2);
}

/* ---- Columns ---- */

static void
check_moments(const float *columns, int64_t rows)
{
	for (int v = 0; v < GTL_NEIGHBOUR_VIEWS; v++)
	{
		double		square = 0.0;
		double		largest_mean = 0.0;

		for (int j = 0; j < GTL_NEIGHBOUR_VECTORS; j++)
		{
			double		sum = 0.0;

			for (int64_t i = 0; i < rows; i++)
			{
				double		x = columns[i * GTL_NEIGHBOUR_COLUMNS + v * GTL_NEIGHBOUR_VECTORS + j];

				sum += x;
				square += x * x;
			}
			largest_mean = fabs(sum / (double) rows) > largest_mean ? fabs(sum / (double) rows) : largest_mean;
		}
		CHECK(largest_mean < 1e-4);
		CHECK_NEAR(square / (double) rows, 1.0, 1e-3);
	}
}

static void
check_spectrum(const GtlNeighbours *map)
{
	for (int v = 0; v < GTL_NEIGHBOUR_VIEWS; v++)
	{
		const double *lambda = map->view[v].eigenvalue;

		CHECK_NEAR(lambda[0], 1.0, 1e-5);
		for (int j = 0; j < GTL_NEIGHBOUR_VECTORS; j++)
			CHECK(lambda[j] >= 0.0 && lambda[j] <= 1.0 + 1e-5 && (j == 0 || lambda[j] <= lambda[j - 1]));
	}
}

/* A row by itself has nearly the columns that it has among the others. */
static void
check_rows(const GtlNeighbours *map, const Data *data, const float *columns)
{
	GtlNeighbourScratch *scratch = gtl_neighbours_scratch(map, &env);
	float		own[GTL_NEIGHBOUR_COLUMNS];
	float		farthest = 0.0f;

	for (int64_t i = 0; i < data->set.rows; i++)
	{
		gtl_neighbours_row(map, scratch, data->features + i * data->set.dimension, own);
		for (int j = 0; j < GTL_NEIGHBOUR_COLUMNS; j++)
			farthest = fmaxf(farthest, fabsf(own[j] - columns[i * GTL_NEIGHBOUR_COLUMNS + j]));
	}
	CHECK(farthest < 1e-4f);
	gtl_neighbours_scratch_release(scratch, &env);
}

static void
test_columns(void)
{
	Data		data;
	GtlNeighbours map;
	GtlNeighbours again;
	float	   *columns;
	float	   *pieces;
	float	   *repeated;
	size_t		bytes;
	size_t		size;
	const char *reason;

	reset_counters(-1);
	data_clouds(&data, 1000, 7, 5, 0.4, 17);
	/* equal rows, and a constant column */
	memcpy(data.features + 999 * 7, data.features + 3 * 7, 7 * sizeof(float));
	for (int64_t i = 0; i < 1000; i++)
		data.features[i * 7 + 6] = 2.5f;
	memset(data.stats.mean, 0, 7 * sizeof(double));
	memset(data.stats.squares, 0, 7 * sizeof(double));
	data.stats.count = 0;
	gtl_stats_add(&data.stats, data.features, 1000);

	CHECK(gtl_neighbours_fit(&map, &data.stats, read_data, &data, &env));
	CHECK(counters.progress_sane && counters.progress_calls > 0);
	CHECK(counters.peak <= gtl_neighbours_fit_memory(1000, 7) + 65536);
	CHECK(map.view[0].centres.count == 200);
	check_spectrum(&map);
	bytes = 1000 * GTL_NEIGHBOUR_COLUMNS * sizeof(float);
	columns = all_columns(&map, &data, GTL_KMEANS_ROWS);
	check_moments(columns, 1000);
	CHECK(memcmp(columns + 3 * GTL_NEIGHBOUR_COLUMNS, columns + 999 * GTL_NEIGHBOUR_COLUMNS,
				 GTL_NEIGHBOUR_COLUMNS * sizeof(float)) == 0);

	/* in pieces of one row: the same bits; as gt_predict asks: nearly the same */
	pieces = all_columns(&map, &data, 1);
	CHECK(memcmp(columns, pieces, bytes) == 0);
	check_rows(&map, &data, columns);

	/* the same rows: the same map */
	CHECK(gtl_neighbours_fit(&again, &data.stats, read_data, &data, &env));
	repeated = all_columns(&again, &data, GTL_KMEANS_ROWS);
	CHECK(memcmp(columns, repeated, bytes) == 0);
	gtl_neighbours_release(&again, &env);
	gtl_env_release(&env, repeated);

	/* through bytes: the same columns; damaged bytes are refused */
	{
		uint8_t    *stored = gtl_neighbours_serialize(&map, &env, &size);

		CHECK(gtl_neighbours_deserialize(stored, size, &env, &again, &reason));
		repeated = all_columns(&again, &data, GTL_KMEANS_ROWS);
		CHECK(memcmp(columns, repeated, bytes) == 0);
		gtl_neighbours_release(&again, &env);
		stored[size / 2] ^= 4;
		CHECK(!gtl_neighbours_deserialize(stored, size, &env, &again, &reason) && reason != NULL);
		CHECK(!gtl_neighbours_deserialize(stored, 20, &env, &again, &reason) && reason != NULL);
		CHECK(!gtl_neighbours_deserialize(stored, 3, &env, &again, &reason) && reason != NULL);
		gtl_env_release(&env, stored);
	}
	gtl_neighbours_release(&map, &env);
	gtl_env_release(&env, columns);
	gtl_env_release(&env, pieces);
	gtl_env_release(&env, repeated);
	data_release(&data);
	CHECK(counters.live == 0);
}

/* Interrupted at each poll in turn, or nearly: nothing is left. */
static void
test_interrupts(void)
{
	Data		data;
	GtlNeighbours map;
	long		polls;
	long		live;

	reset_counters(-1);
	data_clouds(&data, 520, 4, 3, 0.4, 19);
	live = counters.live;
	CHECK(gtl_neighbours_fit(&map, &data.stats, read_data, &data, &env));
	gtl_neighbours_release(&map, &env);
	polls = counters.polls;
	for (long allowed = 0; allowed < polls; allowed += polls / 13 + 1)
	{
		counters.polls = 0;
		counters.polls_allowed = allowed;
		CHECK(!gtl_neighbours_fit(&map, &data.stats, read_data, &data, &env));
		CHECK(counters.live == live);
	}
	data_release(&data);
	CHECK(counters.live == 0);
}

static void
test_degenerate(void)
{
	Data		data;
	GtlNeighbours map;
	float	   *columns;
	bool		finite = true;

	/* all rows equal: columns of nothing, not of NaN */
	reset_counters(-1);
	data_init(&data, 500, 3, 2);
	for (int i = 0; i < 1500; i++)
		data.features[i] = 4.0f;
	gtl_stats_add(&data.stats, data.features, 500);
	CHECK(gtl_neighbours_fit(&map, &data.stats, read_data, &data, &env));
	columns = all_columns(&map, &data, GTL_KMEANS_ROWS);
	for (int i = 0; i < 500 * GTL_NEIGHBOUR_COLUMNS; i++)
		finite = finite && isfinite(columns[i]) && fabsf(columns[i]) < 1e-3f;
	CHECK(finite);
	gtl_env_release(&env, columns);
	gtl_neighbours_release(&map, &env);
	data_release(&data);
	CHECK(counters.live == 0);

	CHECK(!gtl_neighbours_offered(499, 3));
	CHECK(gtl_neighbours_offered(500, 3));
	CHECK(gtl_neighbours_offered(1000000, 1000));
	CHECK(!gtl_neighbours_offered(10000000, 1000));
	CHECK(!gtl_neighbours_offered(1000, 0));
}

/* ---- The objects that people begin with ---- */

/* Rows of features, with columns behind them. */
typedef struct Joined
{
	float	   *rows;
	size_t		width;
} Joined;

static void
read_joined(void *context, int64_t first, int count, float *rows)
{
	const Joined *joined = context;

	memcpy(rows, joined->rows + (size_t) first * joined->width, (size_t) count * joined->width * sizeof(float));
}

static void
join_columns(const Data *data, Joined *joined)
{
	size_t		d = (size_t) data->set.dimension;
	GtlNeighbours map;
	GtlNeighbourScratch *scratch;

	CHECK(gtl_neighbours_fit(&map, &data->stats, read_data, (void *) data, &env));
	joined->width = d + GTL_NEIGHBOUR_COLUMNS;
	joined->rows = gtl_env_alloc(&env, (size_t) data->set.rows * joined->width * sizeof(float));
	for (int64_t i = 0; i < data->set.rows; i++)
		memcpy(joined->rows + (size_t) i * joined->width, data->features + (size_t) i * d, d * sizeof(float));
	scratch = gtl_neighbours_scratch(&map, &env);
	gtl_neighbours_complete(&map, scratch, joined->rows, (int) joined->width, data->set.rows);
	gtl_neighbours_scratch_release(scratch, &env);
	gtl_neighbours_release(&map, &env);
}

static void
test_start(void)
{
	enum
	{
		ROWS = 800, CLASSES = 20, WANTED = 60
	};
	Data		data;
	Joined		joined;
	int32_t		chosen[WANTED];
	int32_t		again[WANTED];
	bool		taken[ROWS] = {false};
	bool		seen[CLASSES] = {false};
	int			classes = 0;
	bool		distinct = true;
	long		polls;
	long		live;

	reset_counters(-1);
	data_clouds(&data, ROWS, 8, CLASSES, 0.2, 23);
	join_columns(&data, &joined);
	live = counters.live;
	counters.polls = 0;
	CHECK(gtl_start_choose(ROWS, 8, read_joined, &joined, WANTED, 5, &env, chosen));
	polls = counters.polls;
	CHECK(counters.live == live);
	for (int i = 0; i < WANTED; i++)
	{
		distinct = distinct && chosen[i] >= 0 && chosen[i] < ROWS && !taken[chosen[i]];
		taken[chosen[i]] = true;
		classes += !seen[data.labels[chosen[i]]];
		seen[data.labels[chosen[i]]] = true;
	}
	CHECK(distinct);
	/* clouds far apart: nearly every one has been found (at random about 19 of 20 too, seldom all) */
	CHECK(classes >= 19);
	CHECK(gtl_start_choose(ROWS, 8, read_joined, &joined, WANTED, 5, &env, again));
	CHECK(memcmp(chosen, again, sizeof chosen) == 0);
	CHECK(gtl_start_choose(ROWS, 8, read_joined, &joined, WANTED, 6, &env, again));
	CHECK(memcmp(chosen, again, sizeof chosen) != 0);
	for (long allowed = 0; allowed < polls; allowed += polls / 7 + 1)
	{
		counters.polls = 0;
		counters.polls_allowed = allowed;
		CHECK(!gtl_start_choose(ROWS, 8, read_joined, &joined, WANTED, 5, &env, again));
		CHECK(counters.live == live);
	}
	gtl_env_release(&env, joined.rows);
	data_release(&data);
	CHECK(counters.live == 0);
}

/* All rows alike: cells without a row, whose places random rows take. */
static void
test_start_of_equal_rows(void)
{
	Data		data;
	Joined		joined;
	int32_t		chosen[70];
	bool		taken[500] = {false};
	bool		distinct = true;

	reset_counters(-1);
	data_init(&data, 500, 3, 2);
	for (int i = 0; i < 1500; i++)
		data.features[i] = 4.0f;
	gtl_stats_add(&data.stats, data.features, 500);
	join_columns(&data, &joined);
	CHECK(gtl_start_choose(500, 3, read_joined, &joined, 70, 1, &env, chosen));
	for (int i = 0; i < 70; i++)
	{
		distinct = distinct && chosen[i] >= 0 && chosen[i] < 500 && !taken[chosen[i]];
		taken[chosen[i]] = true;
	}
	CHECK(distinct);
	gtl_env_release(&env, joined.rows);
	data_release(&data);
	CHECK(counters.live == 0);

	CHECK(gtl_start_offered(GTL_GUARANTEE_AUDITED, true, 5000, 100));
	CHECK(!gtl_start_offered(GTL_GUARANTEE_CONFIDENCE, true, 5000, 100));
	CHECK(!gtl_start_offered(GTL_GUARANTEE_AUDITED, false, 5000, 100));
	CHECK(!gtl_start_offered(GTL_GUARANTEE_AUDITED, true, 50000, 1001));
	CHECK(!gtl_start_offered(GTL_GUARANTEE_AUDITED, true, 5000, 0));
}

int
main(void)
{
	test_nearest();
	test_kmeans();
	test_jacobi();
	test_subspace();
	test_columns();
	test_interrupts();
	test_degenerate();
	test_start();
	test_start_of_equal_rows();
	return CHECK_SUMMARY("test_neighbours");
}
