/*
 * kmeans.c
 *		Lloyd's k-means, and the centres nearest to a row.
 *
 * Squared distances are |x|^2 + |c|^2 - 2 x'c with the products of a whole block of rows from
 * one matrix product.  Blocks always have the same number of rows (short ones are padded), so
 * equal rows get equal results wherever they stand.  Sums of rows are taken in double and in
 * the order of the rows.
 *
 * Paper: Lloyd, "Least Squares Quantization in PCM", IEEE Transactions on Information Theory 1982.
 */
#include "learning/kmeans.h"

#include <string.h>

#include "learning/kernels.h"

void
gtl_centres_init(GtlCentres *centres, int count, int dimension, const GtlEnv *env)
{
	centres->count = count;
	centres->dimension = dimension;
	centres->centre = gtl_env_alloc(env, (size_t) count * (size_t) dimension * sizeof(float));
	centres->length = gtl_env_alloc(env, (size_t) count * sizeof(float));
}

void
gtl_centres_release(GtlCentres *centres, const GtlEnv *env)
{
	gtl_env_release(env, centres->centre);
	gtl_env_release(env, centres->length);
	memset(centres, 0, sizeof *centres);
}

static float
squared_length(const float *x, int n)
{
	double		sum = 0.0;

	for (int j = 0; j < n; j++)
		sum += (double) x[j] * x[j];
	return (float) sum;
}

void
gtl_centres_measure(GtlCentres *centres)
{
	for (int c = 0; c < centres->count; c++)
		centres->length[c] = squared_length(centres->centre + (size_t) c * centres->dimension, centres->dimension);
}

size_t
gtl_centres_scratch(const GtlCentres *centres)
{
	return (size_t) GTL_KMEANS_ROWS * (size_t) centres->count;
}

/* line[c] = length[c] - 2 line[c]: the squared distance but for the row's own length. */
GTL_CLONES static void
products_to_distances(const float *restrict length, float *restrict line, int n)
{
	for (int c = 0; c < n; c++)
		line[c] = length[c] - 2.0f * line[c];
}

/* The smallest entries of a line, the smallest first. */
static void
pick_smallest(const float *line, int n, int nearest, int32_t *which, float *smallest)
{
	int			kept = 0;

	for (int c = 0; c < n; c++)
	{
		int			at = kept;

		if (kept == nearest && line[c] >= smallest[nearest - 1])
			continue;
		if (kept < nearest)
			kept++;
		else
			at--;
		for (; at > 0 && smallest[at - 1] > line[c]; at--)
		{
			smallest[at] = smallest[at - 1];
			which[at] = which[at - 1];
		}
		smallest[at] = line[c];
		which[at] = c;
	}
}

static void
find_nearest(const GtlCentres *centres, const float *rows, int count, int nearest, float *scratch,
			 int32_t *which, float *distance)
{
	int			n = centres->count;
	int			d = centres->dimension;
	GtlProduct	product = {
		.m = count,.n = n,.k = d,
		.a = rows,.lda = d,.b = centres->centre,.ldb = d,.b_transposed = true,
		.beta = 0.0f,.c = scratch,.ldc = n
	};

	(void) gtl_kernel_multiply(&product, NULL);
	for (int i = 0; i < count; i++)
	{
		float	   *line = scratch + (size_t) i * n;
		float	   *found = distance + (size_t) i * nearest;
		float		length = squared_length(rows + (size_t) i * d, d);

		products_to_distances(centres->length, line, n);
		pick_smallest(line, n, nearest, which + (size_t) i * nearest, found);
		for (int a = 0; a < nearest; a++)
			found[a] = found[a] + length > 0.0f ? found[a] + length : 0.0f;
	}
}

void
gtl_centres_nearest(const GtlCentres *centres, const float *rows, int nearest, float *scratch,
					int32_t *which, float *distance)
{
	find_nearest(centres, rows, GTL_KMEANS_ROWS, nearest, scratch, which, distance);
}

void
gtl_centres_nearest_row(const GtlCentres *centres, const float *row, int nearest, float *scratch,
						int32_t *which, float *distance)
{
	find_nearest(centres, row, 1, nearest, scratch, which, distance);
}

/* ---- Lloyd's iterations ---------------------------------------------------------- */

typedef struct Lloyd
{
	GtlCentres *centres;
	float	   *block;			/* [GTL_KMEANS_ROWS x dimension] for a short last block */
	float	   *scratch;
	int32_t    *which;			/* [GTL_KMEANS_ROWS] */
	float	   *distance;		/* [GTL_KMEANS_ROWS] */
	double	   *sum;			/* [count x dimension] */
	int64_t    *members;		/* [count] */
} Lloyd;

static void
add_members(Lloyd *lloyd, const float *rows, int count)
{
	int			d = lloyd->centres->dimension;

	for (int i = 0; i < count; i++)
	{
		gtl_kernel_accumulate(rows + (size_t) i * d, lloyd->sum + (size_t) lloyd->which[i] * d, (size_t) d);
		lloyd->members[lloyd->which[i]]++;
	}
}

static void
move_centres(Lloyd *lloyd)
{
	GtlCentres *centres = lloyd->centres;
	size_t		d = (size_t) centres->dimension;

	for (int c = 0; c < centres->count; c++)
		for (size_t j = 0; lloyd->members[c] > 0 && j < d; j++)
			centres->centre[c * d + j] = (float) (lloyd->sum[c * d + j] / (double) lloyd->members[c]);
	gtl_centres_measure(centres);
	memset(lloyd->sum, 0, (size_t) centres->count * d * sizeof(double));
	memset(lloyd->members, 0, (size_t) centres->count * sizeof(int64_t));
}

/* False: interrupted. */
static bool
iterate(Lloyd *lloyd, const float *rows, int64_t count, const GtlEnv *env)
{
	size_t		d = (size_t) lloyd->centres->dimension;

	for (int64_t from = 0; from < count; from += GTL_KMEANS_ROWS)
	{
		int			n = count - from < GTL_KMEANS_ROWS ? (int) (count - from) : GTL_KMEANS_ROWS;
		const float *block = rows + (size_t) from * d;

		if (gtl_env_interrupted(env))
			return false;
		if (n < GTL_KMEANS_ROWS)
			block = memcpy(lloyd->block, block, (size_t) n * d * sizeof(float));
		gtl_centres_nearest(lloyd->centres, block, 1, lloyd->scratch, lloyd->which, lloyd->distance);
		add_members(lloyd, block, n);
	}
	move_centres(lloyd);
	return true;
}

bool
gtl_kmeans(GtlCentres *centres, const float *rows, int64_t count, int iterations, const GtlEnv *env)
{
	size_t		d = (size_t) centres->dimension;
	Lloyd		lloyd = {
		.centres = centres,
		.block = gtl_env_alloc(env, GTL_KMEANS_ROWS * d * sizeof(float)),
		.scratch = gtl_env_alloc(env, gtl_centres_scratch(centres) * sizeof(float)),
		.which = gtl_env_alloc(env, GTL_KMEANS_ROWS * sizeof(int32_t)),
		.distance = gtl_env_alloc(env, GTL_KMEANS_ROWS * sizeof(float)),
		.sum = gtl_env_alloc(env, (size_t) centres->count * d * sizeof(double)),
		.members = gtl_env_alloc(env, (size_t) centres->count * sizeof(int64_t))
	};
	bool		going = true;

	gtl_centres_measure(centres);
	for (int i = 0; i < iterations && going; i++)
		going = iterate(&lloyd, rows, count, env);
	gtl_env_release(env, lloyd.block);
	gtl_env_release(env, lloyd.scratch);
	gtl_env_release(env, lloyd.which);
	gtl_env_release(env, lloyd.distance);
	gtl_env_release(env, lloyd.sum);
	gtl_env_release(env, lloyd.members);
	return going;
}
