/*
 * neighbours.c
 *		Neighbourhood columns, from centres and the graph that they make.
 *
 * In each view of the features, some hundred centres stand for the cloud of rows (k-means on a
 * sample).  A row is a mixture Z of its nearest centres,
 *
 *		z_a = exp(-2 D_a / D_6) / sum,  a = 1 .. 5
 *
 * with D the squared distances, the nearest first.  Two rows are joined as far as they share
 * centres: with L the column sums of Z and M = Z L^-1/2, the graph of all rows is S = M M', whose
 * rows sum to 1.  Its eigenvectors are M v / sqrt(lambda), v and lambda those of the small matrix
 * G = M'M.  The columns are the leading ones, each divided by sqrt(1 - alpha lambda): a linear
 * model with an L2 penalty on them has the kernel (I - alpha S)^-1, which is that of label
 * spreading, cut at so many vectors.  The decay of their lengths is the prior, so they are not
 * scaled one by one.
 *
 * Means and mean squares of the columns over all rows follow from L and Z'Z, which one pass over
 * the rows adds up, so that columns are written in one more pass, or row by row later.
 *
 * Papers: Liu, He, Chang, "Large Graph Construction for Scalable Semi-Supervised Learning", ICML
 * 2010 (anchors); Zhou, Bousquet, Lal, Weston, Schoelkopf, "Learning with Local and Global
 * Consistency", NIPS 2003 (label spreading); Chapelle, Weston, Schoelkopf, "Cluster Kernels for
 * Semi-Supervised Learning", NIPS 2002 (kernels from the graph's spectrum).
 */
#include "learning/neighbours.h"

#include <math.h>
#include <string.h>

#include "learning/eigen.h"
#include "learning/kernels.h"
#include "learning/select.h"
#include "learning/shape.h"

#define MOST_DIMENSIONS 4096	/* a block of rows is one matrix product, which nothing interrupts */
#define MOST_CENTRES 1000
#define ROWS_PER_CENTRE 5
#define NEAREST GTL_NEIGHBOURS_NEAREST
#define MIXED (NEAREST - 1)		/* centres that make up a row */
#define SHARPNESS 2.0
#define SPREAD 0.99				/* alpha of label spreading */
#define MOST_PRODUCTS 1e12		/* rows x centres x dimension: minutes */
#define SEED UINT64_C(1)			/* of the sample and of the start vectors */
#define SAMPLE_ROWS 20000
#define SAMPLE_CELLS (8 * 1024 * 1024)	/* of wide rows fewer are sampled */
#define KMEANS_ITERATIONS 5
#define EIGEN_ITERATIONS 20
#define TINY 1e-9
#define TINY_LENGTH 1e-12

static int
centres_for(int64_t rows)
{
	return rows / ROWS_PER_CENTRE < MOST_CENTRES ? (int) (rows / ROWS_PER_CENTRE) : MOST_CENTRES;
}

static int64_t
sample_for(int64_t rows, int dimension)
{
	int64_t		most = SAMPLE_CELLS / dimension;
	int64_t		least = (int64_t) ROWS_PER_CENTRE * centres_for(rows);

	most = most < least ? least : most > SAMPLE_ROWS ? SAMPLE_ROWS : most;
	return rows < most ? rows : most;
}

bool
gtl_neighbours_offered(int64_t rows, int dimension)
{
	return dimension > 0 && dimension <= MOST_DIMENSIONS && rows >= GTL_NEIGHBOURS_FEWEST_ROWS &&
		(double) rows * centres_for(rows) * dimension <= MOST_PRODUCTS;
}

size_t
gtl_neighbours_fit_memory(int64_t rows, int dimension)
{
	size_t		c = (size_t) centres_for(rows);
	size_t		d = (size_t) dimension;
	size_t		sample = gtl_size_multiply((size_t) sample_for(rows, dimension), gtl_size_multiply(d, 2 * sizeof(float)));
	size_t		sums = gtl_size_multiply(c, gtl_size_multiply(d, sizeof(double)));
	size_t		placing = gtl_size_add(gtl_size_add(sample, sums), gtl_size_multiply((size_t) rows, 2 * sizeof(int32_t)));
	size_t		solving = c * c * (GTL_NEIGHBOUR_VIEWS + 1) * sizeof(double);
	size_t		map = gtl_size_multiply(c * GTL_NEIGHBOUR_VIEWS, (d + GTL_NEIGHBOUR_VECTORS) * sizeof(float));
	size_t		blocks = GTL_KMEANS_ROWS * (c + 2 * d + GTL_NEIGHBOUR_COLUMNS) * sizeof(float) * 2;

	return gtl_size_add(gtl_size_add(placing > solving ? placing : solving, map), blocks);
}

/* ---- A row of a view -------------------------------------------------------------- */

/* Working memory for one block of rows. */
struct GtlNeighbourScratch
{
	float	   *rows;			/* [GTL_KMEANS_ROWS x dimension], padded with zeros */
	float	   *scaled;			/* the same */
	float	   *products;
	int32_t    *which;			/* [GTL_KMEANS_ROWS x NEAREST] */
	float	   *distance;		/* [GTL_KMEANS_ROWS x NEAREST] */
};

GtlNeighbourScratch *
gtl_neighbours_scratch(const GtlNeighbours *map, const GtlEnv *env)
{
	GtlNeighbourScratch *scratch = gtl_env_alloc(env, sizeof(GtlNeighbourScratch));
	size_t		cells = GTL_KMEANS_ROWS * (size_t) map->dimension;

	scratch->rows = gtl_env_alloc(env, cells * sizeof(float));
	scratch->scaled = gtl_env_alloc(env, cells * sizeof(float));
	scratch->products = gtl_env_alloc(env, gtl_centres_scratch(&map->view[0].centres) * sizeof(float));
	scratch->which = gtl_env_alloc(env, GTL_KMEANS_ROWS * NEAREST * sizeof(int32_t));
	scratch->distance = gtl_env_alloc(env, GTL_KMEANS_ROWS * NEAREST * sizeof(float));
	return scratch;
}

void
gtl_neighbours_scratch_release(GtlNeighbourScratch *scratch, const GtlEnv *env)
{
	gtl_env_release(env, scratch->rows);
	gtl_env_release(env, scratch->scaled);
	gtl_env_release(env, scratch->products);
	gtl_env_release(env, scratch->which);
	gtl_env_release(env, scratch->distance);
	gtl_env_release(env, scratch);
}

static void
scale_rows(const GtlNeighbourView *view, const float *rows, int64_t count, float *out)
{
	int			d = view->scaler.dimension;

	gtl_scaler_apply(&view->scaler, rows, d, out, count);
	for (int64_t i = 0; view->unit && i < count; i++)
	{
		float	   *row = out + (size_t) i * d;
		double		length = 0.0;

		for (int j = 0; j < d; j++)
			length += (double) row[j] * row[j];
		length = sqrt(length);
		for (int j = 0; j < d; j++)
			row[j] = length < TINY_LENGTH ? 0.0f : (float) (row[j] / length);
	}
}

/* The mixture of a row, from the squared distances of its nearest centres. */
static void
mix(const float *distance, double *share)
{
	double		width = distance[MIXED] > TINY ? distance[MIXED] : TINY;
	double		sum = 0.0;

	for (int a = 0; a < MIXED; a++)
		sum += share[a] = exp(-SHARPNESS * distance[a] / width);
	for (int a = 0; a < MIXED; a++)
		share[a] /= sum;
}

/* scratch->which and distance of rows that stand in scratch->rows. */
static void
find_nearest(const GtlNeighbourView *view, GtlNeighbourScratch *scratch)
{
	scale_rows(view, scratch->rows, GTL_KMEANS_ROWS, scratch->scaled);
	gtl_centres_nearest(&view->centres, scratch->scaled, NEAREST, scratch->products, scratch->which, scratch->distance);
}

/* The columns of a row, from its nearest centres. */
static void
mix_columns(const GtlNeighbourView *view, const int32_t *which, const float *distance, float *columns)
{
	double		share[MIXED];
	double		sum[GTL_NEIGHBOUR_VECTORS] = {0};

	mix(distance, share);
	for (int a = 0; a < MIXED; a++)
	{
		const float *line = view->basis + (size_t) which[a] * GTL_NEIGHBOUR_VECTORS;

		for (int j = 0; j < GTL_NEIGHBOUR_VECTORS; j++)
			sum[j] += share[a] * line[j];
	}
	for (int j = 0; j < GTL_NEIGHBOUR_VECTORS; j++)
		columns[j] = (float) (sum[j] - view->shift[j]);
}

/* Of the rows in scratch->rows; the columns of the next row stand `stride` floats on. */
static void
view_columns(const GtlNeighbourView *view, GtlNeighbourScratch *scratch, int count, float *columns, size_t stride)
{
	find_nearest(view, scratch);
	for (int i = 0; i < count; i++)
		mix_columns(view, scratch->which + (size_t) i * NEAREST, scratch->distance + (size_t) i * NEAREST,
					columns + (size_t) i * stride);
}

static void
fill_rows(GtlNeighbourScratch *scratch, const float *rows, int count, int dimension)
{
	size_t		cells = (size_t) count * (size_t) dimension;

	memcpy(scratch->rows, rows, cells * sizeof(float));
	memset(scratch->rows + cells, 0, (GTL_KMEANS_ROWS * (size_t) dimension - cells) * sizeof(float));
}

void
gtl_neighbours_columns(const GtlNeighbours *map, GtlNeighbourScratch *scratch, const float *rows,
					   int count, float *columns)
{
	fill_rows(scratch, rows, count, map->dimension);
	for (int v = 0; v < GTL_NEIGHBOUR_VIEWS; v++)
		view_columns(&map->view[v], scratch, count, columns + v * GTL_NEIGHBOUR_VECTORS, GTL_NEIGHBOUR_COLUMNS);
}

void
gtl_neighbours_row(const GtlNeighbours *map, GtlNeighbourScratch *scratch, const float *row, float *columns)
{
	for (int v = 0; v < GTL_NEIGHBOUR_VIEWS; v++)
	{
		const GtlNeighbourView *view = &map->view[v];

		scale_rows(view, row, 1, scratch->scaled);
		gtl_centres_nearest_row(&view->centres, scratch->scaled, NEAREST, scratch->products, scratch->which, scratch->distance);
		mix_columns(view, scratch->which, scratch->distance, columns + v * GTL_NEIGHBOUR_VECTORS);
	}
}

void
gtl_neighbours_complete(const GtlNeighbours *map, GtlNeighbourScratch *scratch, float *rows, int width, int64_t count)
{
	size_t		d = (size_t) map->dimension;
	size_t		columns = (size_t) width - GTL_NEIGHBOUR_COLUMNS;

	for (int64_t first = 0; first < count; first += GTL_KMEANS_ROWS)
	{
		int			n = count - first < GTL_KMEANS_ROWS ? (int) (count - first) : GTL_KMEANS_ROWS;
		float	   *block = rows + (size_t) first * (size_t) width;

		for (int i = 0; i < n; i++)
			memcpy(scratch->rows + (size_t) i * d, block + (size_t) i * (size_t) width, d * sizeof(float));
		memset(scratch->rows + (size_t) n * d, 0, (GTL_KMEANS_ROWS - (size_t) n) * d * sizeof(float));
		for (int v = 0; v < GTL_NEIGHBOUR_VIEWS; v++)
			view_columns(&map->view[v], scratch, n, block + columns + v * GTL_NEIGHBOUR_VECTORS, (size_t) width);
	}
}

/* ---- Fitting ---------------------------------------------------------------------- */

typedef struct Fit
{
	GtlNeighbours *map;
	int64_t		rows;
	GtlReadRows read_rows;
	void	   *read_context;
	const GtlEnv *env;
	float	   *block;			/* [GTL_KMEANS_ROWS x dimension] */
	float	   *sample;			/* [sample_count x dimension], in the order of their draw */
	int64_t		sample_count;
	double	   *weight[GTL_NEIGHBOUR_VIEWS];	/* [centres]: L */
	double	   *products[GTL_NEIGHBOUR_VIEWS];	/* [centres x centres]: Z'Z */
} Fit;

/* All but the scalers' numbers. */
static void
init_views(GtlNeighbours *map, int dimension, int centres, const GtlEnv *env)
{
	map->dimension = dimension;
	for (int v = 0; v < GTL_NEIGHBOUR_VIEWS; v++)
	{
		GtlNeighbourView *view = &map->view[v];

		view->scaler.scaling = v == 0 ? GTL_SCALING_GLOBAL : GTL_SCALING_COLUMN;
		view->scaler.dimension = dimension;
		view->unit = v == 1;
		gtl_centres_init(&view->centres, centres, dimension, env);
		view->basis = gtl_env_alloc(env, (size_t) centres * GTL_NEIGHBOUR_VECTORS * sizeof(float));
		view->shift = gtl_env_alloc(env, GTL_NEIGHBOUR_VECTORS * sizeof(float));
		view->eigenvalue = gtl_env_alloc(env, GTL_NEIGHBOUR_VECTORS * sizeof(double));
	}
}

void
gtl_neighbours_init(GtlNeighbours *map, int dimension, int centres, const GtlEnv *env)
{
	init_views(map, dimension, centres, env);
	for (int v = 0; v < GTL_NEIGHBOUR_VIEWS; v++)
	{
		map->view[v].scaler.mean = gtl_env_alloc(env, (size_t) dimension * sizeof(double));
		map->view[v].scaler.factor = gtl_env_alloc(env, (size_t) dimension * sizeof(double));
	}
}

static void
init_fit(Fit *fit, const GtlFeatureStats *stats)
{
	init_views(fit->map, stats->dimension, centres_for(fit->rows), fit->env);
	for (int v = 0; v < GTL_NEIGHBOUR_VIEWS; v++)
	{
		GtlScaler  *scaler = &fit->map->view[v].scaler;

		gtl_scaler_init(scaler, scaler->scaling, false, false, stats, fit->env);
	}
}

/* Calls back for each block of rows, in order; false: interrupted. */
static bool
pass_over_rows(Fit *fit, const char *phase, void (*take) (Fit *fit, int64_t first, int count, void *context), void *context)
{
	for (int64_t first = 0; first < fit->rows; first += GTL_KMEANS_ROWS)
	{
		int			count = fit->rows - first < GTL_KMEANS_ROWS ? (int) (fit->rows - first) : GTL_KMEANS_ROWS;

		if (gtl_env_interrupted(fit->env))
			return false;
		fit->read_rows(fit->read_context, first, count, fit->block);
		take(fit, first, count, context);
		gtl_env_progress(fit->env, phase, first + count, fit->rows);
	}
	return true;
}

/* place[row]: the row's place in the sample; -1: not in it. */
static void
take_sample(Fit *fit, int64_t first, int count, void *context)
{
	const int32_t *place = context;
	size_t		d = (size_t) fit->map->dimension;

	for (int i = 0; i < count; i++)
		if (place[first + i] >= 0)
			memcpy(fit->sample + (size_t) place[first + i] * d, fit->block + (size_t) i * d, d * sizeof(float));
}

/* A random sample of the rows, in random order; false: interrupted. */
static bool
draw_sample(Fit *fit)
{
	int32_t    *place = gtl_env_alloc(fit->env, (size_t) fit->rows * sizeof(int32_t));
	int32_t    *chosen;
	bool		going;

	fit->sample_count = sample_for(fit->rows, fit->map->dimension);
	fit->sample = gtl_env_alloc(fit->env, (size_t) fit->sample_count * (size_t) fit->map->dimension * sizeof(float));
	chosen = gtl_env_alloc(fit->env, (size_t) fit->sample_count * sizeof(int32_t));
	for (int64_t i = 0; i < fit->rows; i++)
		place[i] = (int32_t) i;
	gtl_select_random(place, fit->rows, fit->sample_count, SEED, GTL_STREAM_NEIGHBOURS, fit->env, chosen);
	for (int64_t i = 0; i < fit->rows; i++)
		place[i] = -1;
	for (int64_t i = 0; i < fit->sample_count; i++)
		place[chosen[i]] = (int32_t) i;
	going = pass_over_rows(fit, "sampling neighbours", take_sample, place);
	gtl_env_release(fit->env, place);
	gtl_env_release(fit->env, chosen);
	return going;
}

/* False: interrupted. */
static bool
place_centres(Fit *fit)
{
	size_t		d = (size_t) fit->map->dimension;
	float	   *scaled = gtl_env_alloc(fit->env, (size_t) fit->sample_count * d * sizeof(float));
	bool		going = true;

	for (int v = 0; v < GTL_NEIGHBOUR_VIEWS && going; v++)
	{
		GtlNeighbourView *view = &fit->map->view[v];

		gtl_env_progress(fit->env, "placing centres", v, GTL_NEIGHBOUR_VIEWS);
		scale_rows(view, fit->sample, fit->sample_count, scaled);
		memcpy(view->centres.centre, scaled, (size_t) view->centres.count * d * sizeof(float));
		going = gtl_kmeans(&view->centres, scaled, fit->sample_count, KMEANS_ITERATIONS, fit->env);
	}
	gtl_env_release(fit->env, scaled);
	gtl_env_release(fit->env, fit->sample);
	fit->sample = NULL;
	return going;
}

static void
init_sums(Fit *fit)
{
	for (int v = 0; v < GTL_NEIGHBOUR_VIEWS; v++)
	{
		size_t		c = (size_t) fit->map->view[v].centres.count;

		fit->weight[v] = gtl_env_alloc(fit->env, c * sizeof(double));
		fit->products[v] = gtl_env_alloc(fit->env, c * c * sizeof(double));
	}
}

/* Adds the mixtures of a block to L and to the lower triangle of Z'Z. */
static void
take_mixtures(Fit *fit, int64_t first, int count, void *context)
{
	GtlNeighbourScratch *scratch = context;

	(void) first;
	fill_rows(scratch, fit->block, count, fit->map->dimension);
	for (int v = 0; v < GTL_NEIGHBOUR_VIEWS; v++)
	{
		size_t		c = (size_t) fit->map->view[v].centres.count;

		find_nearest(&fit->map->view[v], scratch);
		for (int i = 0; i < count; i++)
		{
			const int32_t *which = scratch->which + (size_t) i * NEAREST;
			double		share[MIXED];

			mix(scratch->distance + (size_t) i * NEAREST, share);
			for (int a = 0; a < MIXED; a++)
			{
				fit->weight[v][which[a]] += share[a];
				for (int b = 0; b < MIXED; b++)
					if (which[b] <= which[a])
						fit->products[v][which[a] * c + which[b]] += share[a] * share[b];
			}
		}
	}
}

/* Z'Z to G, both halves; graph[a][b] = products[a][b] / sqrt(L_a L_b). */
static void
scale_graph(const double *weight, const double *products, size_t c, double *graph)
{
	for (size_t a = 0; a < c; a++)
		for (size_t b = 0; b <= a; b++)
		{
			bool		joined = weight[a] >= TINY && weight[b] >= TINY;

			graph[a * c + b] = graph[b * c + a] = joined ? products[a * c + b] / sqrt(weight[a] * weight[b]) : 0.0;
		}
}

/* Mean square over all rows of the columns of a basis, without their means: from L and Z'Z. */
static double
mean_square(const double *weight, const double *products, size_t c, double rows, const double *basis, double *shift)
{
	double		total = 0.0;

	for (int j = 0; j < GTL_NEIGHBOUR_VECTORS; j++)
	{
		const double *line = basis + (size_t) j * c;
		double		square = 0.0;

		shift[j] = 0.0;
		for (size_t a = 0; a < c; a++)
		{
			double		sum = 0.5 * products[a * c + a] * line[a];

			for (size_t b = 0; b < a; b++)
				sum += products[a * c + b] * line[b];
			square += 2.0 * line[a] * sum;
			shift[j] += weight[a] * line[a];
		}
		shift[j] /= rows;
		total += square / rows - shift[j] * shift[j];
	}
	return total;
}

/* vectors[VECTORS x c] of G to the basis of the columns, line by line. */
static void
scale_vectors(const GtlNeighbourView *view, const double *weight, double *vectors)
{
	size_t		c = (size_t) view->centres.count;

	for (int j = 0; j < GTL_NEIGHBOUR_VECTORS; j++)
	{
		double		lambda = view->eigenvalue[j];
		double		spread = sqrt(1.0 - SPREAD * (lambda < 1.0 ? lambda : 1.0));

		for (size_t a = 0; a < c; a++)
			vectors[j * c + a] = lambda < TINY || weight[a] < TINY ? 0.0 :
				vectors[j * c + a] / (sqrt(weight[a] * lambda) * spread);
	}
}

/* The basis of a view, such that the columns have mean 0 and mean square length 1; false: interrupted. */
static bool
solve_view(Fit *fit, int v)
{
	GtlNeighbourView *view = &fit->map->view[v];
	size_t		c = (size_t) view->centres.count;
	double	   *graph = gtl_env_alloc(fit->env, c * c * sizeof(double));
	double	   *vectors = gtl_env_alloc(fit->env, c * GTL_NEIGHBOUR_VECTORS * sizeof(double));
	double		shift[GTL_NEIGHBOUR_VECTORS];
	bool		going;

	gtl_env_progress(fit->env, "solving the graph", v, GTL_NEIGHBOUR_VIEWS);
	scale_graph(fit->weight[v], fit->products[v], c, graph);
	going = gtl_eigen_largest(graph, (int) c, GTL_NEIGHBOUR_VECTORS, EIGEN_ITERATIONS, SEED + (uint64_t) v,
							  GTL_STREAM_NEIGHBOURS, fit->env, view->eigenvalue, vectors);
	if (going)
	{
		double		scale;

		scale_vectors(view, fit->weight[v], vectors);
		scale = mean_square(fit->weight[v], fit->products[v], c, (double) fit->rows, vectors, shift);
		scale = scale > TINY * TINY ? 1.0 / sqrt(scale) : 0.0;
		for (int j = 0; j < GTL_NEIGHBOUR_VECTORS; j++)
		{
			view->shift[j] = (float) (shift[j] * scale);
			for (size_t a = 0; a < c; a++)
				view->basis[a * GTL_NEIGHBOUR_VECTORS + j] = (float) (vectors[j * c + a] * scale);
		}
	}
	gtl_env_release(fit->env, graph);
	gtl_env_release(fit->env, vectors);
	return going;
}

bool
gtl_neighbours_fit(GtlNeighbours *map, const GtlFeatureStats *stats, GtlReadRows read_rows,
				   void *read_context, const GtlEnv *env)
{
	Fit			fit = {.map = map,.rows = stats->count,.read_rows = read_rows,.read_context = read_context,
		.env = env};
	GtlNeighbourScratch *scratch;
	bool		going;

	memset(map, 0, sizeof *map);
	init_fit(&fit, stats);
	fit.block = gtl_env_alloc(env, GTL_KMEANS_ROWS * (size_t) stats->dimension * sizeof(float));
	going = draw_sample(&fit) && place_centres(&fit);
	scratch = gtl_neighbours_scratch(map, env);
	init_sums(&fit);
	going = going && pass_over_rows(&fit, "joining neighbours", take_mixtures, scratch);
	for (int v = 0; v < GTL_NEIGHBOUR_VIEWS; v++)
	{
		going = going && solve_view(&fit, v);
		gtl_env_release(env, fit.weight[v]);
		gtl_env_release(env, fit.products[v]);
	}
	gtl_neighbours_scratch_release(scratch, env);
	gtl_env_release(env, fit.block);
	gtl_env_release(env, fit.sample);
	if (!going)
		gtl_neighbours_release(map, env);
	return going;
}

void
gtl_neighbours_release(GtlNeighbours *map, const GtlEnv *env)
{
	for (int v = 0; v < GTL_NEIGHBOUR_VIEWS; v++)
	{
		GtlNeighbourView *view = &map->view[v];

		gtl_env_release(env, view->scaler.mean);
		gtl_env_release(env, view->scaler.factor);
		gtl_centres_release(&view->centres, env);
		gtl_env_release(env, view->basis);
		gtl_env_release(env, view->shift);
		gtl_env_release(env, view->eigenvalue);
	}
	memset(map, 0, sizeof *map);
}
