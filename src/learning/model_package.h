/*
 * model_package.h
 *		All that it takes to score a row, as bytes that can be sent anywhere: a classifier, the names of its
 *		classes, how probable its answers are right, what makes its features of a text, and the map to its
 *		neighbourhood columns.
 */
#ifndef GTL_MODEL_PACKAGE_H
#define GTL_MODEL_PACKAGE_H

#include "learning/calibrate.h"
#include "learning/classifier.h"
#include "learning/featurizer.h"
#include "learning/neighbours.h"

typedef struct GtlModelPackage
{
	GtlClassifier classifier;
	char	  **names;			/* [classes], UTF-8 */
	GtlCalibration calibration;
	GtlFeaturizer *featurizer;	/* NULL: the classifier's features come as they are */
	GtlNeighbours *map;			/* NULL: it takes no neighbourhood columns */
	int			proposal_inputs;	/* behind the features; 0: none */
} GtlModelPackage;

/* Features that the classifier takes, without those columns and inputs. */
extern int	gtl_package_dimension(const GtlModelPackage *package);

extern uint8_t *gtl_package_serialize(const GtlModelPackage *package, const GtlEnv *env, size_t *size);

/*
 * False: *reason says in English what is wrong; what was allocated from env is left to the owner of its memory.  Every
 * field is checked: bytes that somebody made up can be wrong, but not harmful.
 */
extern bool gtl_package_deserialize(const uint8_t *bytes, size_t size, const GtlEnv *env, GtlModelPackage *package,
									const char **reason);

#endif							/* GTL_MODEL_PACKAGE_H */
