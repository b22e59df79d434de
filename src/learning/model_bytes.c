/*
 * model_bytes.c
 *		A classifier as bytes, for a bytea column or a file.
 *
 * All numbers are little-endian; floats are IEEE 754.  d = dimension,
 * w = number of weights, which follows from the shape.
 *
 *	 offset
 *	      0 +--------+--------+--------+--------+--------+--------+--------+--------+
 *	        |  'G'   |  'T'   |  'L'   |  'M'   |  'O'   |  'D'   |  'E'   |  'L'   |
 *	      8 +--------+--------+--------+--------+--------+--------+--------+--------+
 *	        | version = 1  (u32)                | algorithm  (u32)                  |
 *	     16 +-----------------------------------+-----------------------------------+
 *	        | scaling, + 2: neighbours,         | hidden units  (u32)               |
 *	        | + 4: proposals  (u32)             |                                   |
 *	     24 +-----------------------------------+-----------------------------------+
 *	        | dimension d  (u32)                | classes  (u32)                    |
 *	     32 +-----------------------------------+-----------------------------------+
 *	        | c  (f64)                                                              |
 *	     40 +-----------------------------------------------------------------------+
 *	        | mean  (f64 x d)                                                       |
 *	        +-----------------------------------------------------------------------+
 *	        | factor  (f64 x d)                                                     |
 *	        +-----------------------------------------------------------------------+
 *	        | weights  (f32 x w), in the order of classifier.h                      |
 *	        +-----------------------------------------------------------------------+
 *	        | checksum  (u64): FNV-1a of every byte before it                       |
 *	        +-----------------------------------------------------------------------+
 *
 * The checksum finds damage, not malice: deserialize also checks every field, and a
 * crafted model can be wrong but not harmful.
 */
#include "learning/classifier.h"

#include "learning/bytes.h"
#include "learning/shape.h"

#define MAGIC "GTLMODEL"
#define VERSION 1
#define HEADER_SIZE 40
#define NEIGHBOURS 2u			/* beside the scaling: neighbourhood columns are among the dimensions, ... */
#define PROPOSALS 4u			/* ... and inputs of proposals are used */

#define MAX_DIMENSION 1000000	/* bounds of a plausible shape, far above the documented limits */
#define MAX_CLASSES 1000000
#define MAX_HIDDEN 1000000

/* Size of the whole; SIZE_MAX on overflow. */
static size_t
bytes_size(int dimension, size_t weight_count)
{
	size_t		size = HEADER_SIZE + GTL_CHECKSUM_SIZE;

	size = gtl_size_add(size, gtl_size_multiply((size_t) dimension, 2 * sizeof(double)));
	return gtl_size_add(size, gtl_size_multiply(weight_count, sizeof(float)));
}

size_t
gtl_classifier_bytes(const GtlCandidate *candidate, int dimension, int classes)
{
	size_t		weights = gtl_classifier_weight_count(candidate, dimension, classes);

	return weights == 0 ? SIZE_MAX : bytes_size(dimension, weights);
}

uint8_t *
gtl_classifier_serialize(const GtlClassifier *classifier, const GtlEnv *env, size_t *size)
{
	uint8_t    *bytes;
	GtlCursor		cursor;

	*size = bytes_size(classifier->dimension, classifier->weight_count);
	bytes = gtl_env_alloc(env, *size);
	memcpy(bytes, MAGIC, GTL_MAGIC_SIZE);
	cursor.out = bytes + GTL_MAGIC_SIZE;
	gtl_put(&cursor, VERSION, 4);
	gtl_put(&cursor, (uint64_t) classifier->candidate.algorithm, 4);
	gtl_put(&cursor, (uint64_t) classifier->candidate.scaling | (classifier->candidate.neighbours ? NEIGHBOURS : 0) |
			(classifier->candidate.proposals ? PROPOSALS : 0), 4);
	gtl_put(&cursor, (uint64_t) classifier->candidate.hidden, 4);
	gtl_put(&cursor, (uint64_t) classifier->dimension, 4);
	gtl_put(&cursor, (uint64_t) classifier->classes, 4);
	gtl_put_doubles(&cursor, &classifier->candidate.c, 1);
	gtl_put_doubles(&cursor, classifier->scaler.mean, classifier->dimension);
	gtl_put_doubles(&cursor, classifier->scaler.factor, classifier->dimension);
	gtl_put_floats(&cursor, classifier->weights, classifier->weight_count);
	gtl_put(&cursor, gtl_checksum(bytes, *size - GTL_CHECKSUM_SIZE), 8);
	return bytes;
}

static const uint32_t versions[] = {VERSION};

static const char *const frame_faults[] = {
	[GTL_FRAME_FOREIGN] = "the bytes do not start like a model",
	[GTL_FRAME_TRUNCATED] = "the model is truncated",
	[GTL_FRAME_DAMAGED] = "the model's checksum does not match: it is truncated or damaged",
	[GTL_FRAME_VERSION] = "the model's format version is not supported",
};

/* Read the header's fields, each checked; false: out of range. */
static bool
get_header(GtlCursor *cursor, GtlClassifier *classifier)
{
	GtlCandidate *candidate = &classifier->candidate;
	uint32_t	algorithm = (uint32_t) gtl_get(cursor, 4);
	uint32_t	word = (uint32_t) gtl_get(cursor, 4);
	uint32_t	scaling = word & ~(NEIGHBOURS | PROPOSALS);
	uint32_t	hidden = (uint32_t) gtl_get(cursor, 4);
	uint32_t	dimension = (uint32_t) gtl_get(cursor, 4);
	uint32_t	classes = (uint32_t) gtl_get(cursor, 4);

	if (!gtl_get_doubles(cursor, &candidate->c, 1) || candidate->c <= 0.0 ||
		algorithm > GTL_MLP || scaling > GTL_SCALING_COLUMN ||
		hidden > MAX_HIDDEN || (hidden > 0) != (algorithm == GTL_MLP) ||
		dimension == 0 || dimension > MAX_DIMENSION ||
		classes == 0 || classes > MAX_CLASSES)
		return false;

	candidate->algorithm = (GtlAlgorithm) algorithm;
	candidate->scaling = (GtlScaling) scaling;
	candidate->neighbours = (word & NEIGHBOURS) != 0;
	candidate->proposals = (word & PROPOSALS) != 0;
	candidate->hidden = (int) hidden;
	classifier->dimension = (int) dimension;
	classifier->classes = (int) classes;
	classifier->weight_count = gtl_classifier_weight_count(candidate, (int) dimension, (int) classes);
	return true;
}

/* The arrays after the header, into fresh memory; false: a number is not finite. */
static bool
get_arrays(GtlCursor *cursor, const GtlEnv *env, GtlClassifier *classifier)
{
	GtlScaler  *scaler = &classifier->scaler;
	int			dimension = classifier->dimension;

	scaler->scaling = classifier->candidate.scaling;
	scaler->dimension = dimension;
	scaler->mean = gtl_env_alloc(env, (size_t) dimension * sizeof(double));
	scaler->factor = gtl_env_alloc(env, (size_t) dimension * sizeof(double));
	classifier->weights = gtl_env_alloc(env, classifier->weight_count * sizeof(float));
	return gtl_get_doubles(cursor, scaler->mean, dimension) &&
		gtl_get_doubles(cursor, scaler->factor, dimension) &&
		gtl_get_floats(cursor, classifier->weights, classifier->weight_count);
}

bool
gtl_classifier_deserialize(const uint8_t *bytes, size_t size, const GtlEnv *env,
						   GtlClassifier *classifier, const char **reason)
{
	GtlCursor		cursor = {.in = bytes + GTL_MAGIC_SIZE + 4};

	memset(classifier, 0, sizeof *classifier);
	*reason = frame_faults[gtl_frame_fault(bytes, size, MAGIC, HEADER_SIZE, versions, 1)];
	if (*reason != NULL)
		return false;

	if (!get_header(&cursor, classifier) || classifier->weight_count == 0)
		*reason = "the model's shape is not valid";
	else if (bytes_size(classifier->dimension, classifier->weight_count) != size)
		*reason = "the model's length does not match its shape";
	else if (!get_arrays(&cursor, env, classifier))
		*reason = "the model contains a number that is not finite";
	if (*reason != NULL)
		gtl_classifier_release(classifier, env);
	return *reason == NULL;
}
