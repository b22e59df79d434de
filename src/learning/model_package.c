/*
 * model_package.c
 *		All that it takes to score a row, as bytes.
 *
 * All numbers are little-endian; floats are IEEE 754.  k = classes.
 *
 *	 offset
 *	      0 +--------+--------+--------+--------+--------+--------+--------+--------+
 *	        |  'G'   |  'T'   |  'L'   |  'S'   |  'C'   |  'O'   |  'R'   |  'E'   |
 *	      8 +--------+--------+--------+--------+--------+--------+--------+--------+
 *	        | version = 1  (u32)                | calibrated: 1, or 0  (u32)        |
 *	     16 +-----------------------------------+-----------------------------------+
 *	        | intercept  (f64)                  | slope  (f64)                      |
 *	     32 +-----------------------------------+-----------------------------------+
 *	        | bytes of the classifier  (u64)    | bytes of the featurizer, or 0     |
 *	     48 +-----------------------------------+-----------------------------------+
 *	        | bytes of the map, or 0  (u64)     | inputs of proposals  (u64)        |
 *	     64 +-----------------------------------+-----------------------------------+
 *	        | the classifier (model_bytes.c), the featurizer (featurizer_bytes.c),  |
 *	        | the map (neighbours_bytes.c)                                          |
 *	        | k times: length of the name  (u32), the name in UTF-8                 |
 *	        +-----------------------------------------------------------------------+
 *	        | checksum  (u64): FNV-1a of every byte before it                       |
 *	        +-----------------------------------------------------------------------+
 */
#include "learning/model_package.h"

#include "learning/bytes.h"
#include "learning/shape.h"

#define MAGIC "GTLSCORE"
#define MAGIC_SIZE 8
#define VERSION 1
#define HEADER_SIZE 64
#define MAX_NAME_BYTES 1024		/* far above what a category may have */

int
gtl_package_dimension(const GtlModelPackage *package)
{
	return package->classifier.dimension - package->proposal_inputs - (package->map == NULL ? 0 : GTL_NEIGHBOUR_COLUMNS);
}

static void
put_part(GtlCursor *cursor, const uint8_t *bytes, size_t size)
{
	if (size > 0)
		memcpy(cursor->out, bytes, size);
	cursor->out += size;
}

uint8_t *
gtl_package_serialize(const GtlModelPackage *package, const GtlEnv *env, size_t *size)
{
	size_t		classifier_size;
	size_t		featurizer_size = 0;
	uint8_t    *classifier = gtl_classifier_serialize(&package->classifier, env, &classifier_size);
	uint8_t    *featurizer = package->featurizer == NULL ? NULL : gtl_featurizer_serialize(package->featurizer, env, &featurizer_size);
	size_t		map_size = 0;
	uint8_t    *map = package->map == NULL ? NULL : gtl_neighbours_serialize(package->map, env, &map_size);
	bool		calibrated = !isnan(package->calibration.slope);
	double		numbers[2] = {calibrated ? package->calibration.intercept : 0, calibrated ? package->calibration.slope : 0};
	uint8_t    *bytes;
	GtlCursor	cursor;

	*size = HEADER_SIZE + classifier_size + featurizer_size + map_size + GTL_CHECKSUM_SIZE;
	for (int c = 0; c < package->classifier.classes; c++)
		*size += 4 + strlen(package->names[c]);
	bytes = gtl_env_alloc(env, *size);
	memcpy(bytes, MAGIC, MAGIC_SIZE);
	cursor.out = bytes + MAGIC_SIZE;
	gtl_put(&cursor, VERSION, 4);
	gtl_put(&cursor, calibrated, 4);
	gtl_put_doubles(&cursor, numbers, 2);
	gtl_put(&cursor, classifier_size, 8);
	gtl_put(&cursor, featurizer_size, 8);
	gtl_put(&cursor, map_size, 8);
	gtl_put(&cursor, (uint64_t) package->proposal_inputs, 8);
	put_part(&cursor, classifier, classifier_size);
	put_part(&cursor, featurizer, featurizer_size);
	put_part(&cursor, map, map_size);
	for (int c = 0; c < package->classifier.classes; c++)
	{
		size_t		length = strlen(package->names[c]);

		gtl_put(&cursor, length, 4);
		memcpy(cursor.out, package->names[c], length);
		cursor.out += length;
	}
	gtl_put(&cursor, gtl_checksum(bytes, *size - GTL_CHECKSUM_SIZE), 8);
	gtl_env_release(env, classifier);
	gtl_env_release(env, featurizer);
	gtl_env_release(env, map);
	return bytes;
}

/* What is wrong with the frame of these bytes; NULL: nothing. */
static const char *
frame_fault(const uint8_t *bytes, size_t size)
{
	GtlCursor	cursor = {.in = bytes + MAGIC_SIZE};

	if (size < MAGIC_SIZE || memcmp(bytes, MAGIC, MAGIC_SIZE) != 0)
		return "the bytes do not start like a model for scoring";
	if (size < HEADER_SIZE + GTL_CHECKSUM_SIZE)
		return "the model is truncated";
	if (gtl_get(&cursor, 4) != VERSION)
		return "the model's format version is not supported";
	cursor.in = bytes + size - GTL_CHECKSUM_SIZE;
	if (gtl_get(&cursor, 8) != gtl_checksum(bytes, size - GTL_CHECKSUM_SIZE))
		return "the model's checksum does not match: it is truncated or damaged";
	return NULL;
}

/* The map to the classifier's neighbourhood columns, of so many bytes; what is wrong with them, or NULL. */
static const char *
get_map(const uint8_t *bytes, size_t size, const GtlEnv *env, GtlModelPackage *package)
{
	const char *reason;

	if (package->classifier.candidate.neighbours != (size > 0))
		return "the model's map of neighbours is missing, or not wanted";
	if (size == 0)
		return NULL;
	package->map = gtl_env_alloc(env, sizeof(GtlNeighbours));
	if (!gtl_neighbours_deserialize(bytes, size, env, package->map, &reason))
		return reason;
	return package->map->dimension == gtl_package_dimension(package) ? NULL : "the model's map of neighbours takes other features";
}

/* The classifier and what makes its inputs, of so many bytes; what is wrong with them, or NULL. */
static const char *
get_parts(const uint8_t *bytes, size_t classifier_size, size_t featurizer_size, size_t map_size, const GtlEnv *env,
		  GtlModelPackage *package)
{
	const char *reason;

	if (!gtl_classifier_deserialize(bytes, classifier_size, env, &package->classifier, &reason))
		return reason;
	if (gtl_package_dimension(package) < 0)
		return "the model has more inputs of proposals than dimensions";
	reason = get_map(bytes + classifier_size + featurizer_size, map_size, env, package);
	if (reason != NULL)
		return reason;
	if (featurizer_size == 0)
		return NULL;
	package->featurizer = gtl_env_alloc(env, sizeof(GtlFeaturizer));
	if (!gtl_featurizer_deserialize(bytes + classifier_size, featurizer_size, env, package->featurizer, &reason))
		return reason;
	return gtl_featurizer_dimension(package->featurizer) == gtl_package_dimension(package) ? NULL : "the model takes other features than are made of the text";
}

/* The names, which fill the bytes to the end; false: they do not. */
static bool
get_names(const uint8_t *bytes, size_t size, int classes, const GtlEnv *env, char **names)
{
	GtlCursor	cursor = {.in = bytes};
	const uint8_t *end = bytes + size;

	for (int c = 0; c < classes; c++)
	{
		uint32_t	length;

		if (end - cursor.in < 4)
			return false;
		length = (uint32_t) gtl_get(&cursor, 4);
		if (length == 0 || length > MAX_NAME_BYTES || (size_t) (end - cursor.in) < length ||
			memchr(cursor.in, 0, length) != NULL)
			return false;
		names[c] = gtl_env_alloc(env, length + 1);
		memcpy(names[c], cursor.in, length);
		cursor.in += length;
	}
	return cursor.in == end;
}

bool
gtl_package_deserialize(const uint8_t *bytes, size_t size, const GtlEnv *env, GtlModelPackage *package,
						const char **reason)
{
	GtlCursor	cursor = {.in = bytes + MAGIC_SIZE + 4};
	uint64_t	calibrated;
	double		numbers[2];
	uint64_t	classifier_size;
	uint64_t	featurizer_size;
	uint64_t	map_size;
	uint64_t	proposal_inputs;
	size_t		left = size - HEADER_SIZE - GTL_CHECKSUM_SIZE;

	memset(package, 0, sizeof *package);
	*reason = frame_fault(bytes, size);
	if (*reason != NULL)
		return false;
	calibrated = gtl_get(&cursor, 4);
	if (!gtl_get_doubles(&cursor, numbers, 2) || calibrated > 1)
		*reason = "the model's calibration is not valid";
	package->calibration = (GtlCalibration){.intercept = numbers[0], .slope = calibrated ? numbers[1] : NAN};
	classifier_size = gtl_get(&cursor, 8);
	featurizer_size = gtl_get(&cursor, 8);
	map_size = gtl_get(&cursor, 8);
	proposal_inputs = gtl_get(&cursor, 8);
	if (*reason == NULL && proposal_inputs > INT32_MAX)
		*reason = "the model has too many inputs of proposals";
	package->proposal_inputs = *reason == NULL ? (int) proposal_inputs : 0;
	if (*reason == NULL && (classifier_size > left || featurizer_size > left - classifier_size ||
							map_size > left - classifier_size - featurizer_size))
		*reason = "the model's length does not match its parts";
	if (*reason == NULL)
		*reason = get_parts(cursor.in, classifier_size, featurizer_size, map_size, env, package);
	if (*reason != NULL)
		return false;
	package->names = gtl_env_alloc(env, sizeof(char *) * (size_t) package->classifier.classes);
	left -= classifier_size + featurizer_size + map_size;
	if (!get_names(cursor.in + classifier_size + featurizer_size + map_size, left,
				   package->classifier.classes, env, package->names))
		*reason = "the names of the model's classes are not valid";
	return *reason == NULL;
}
