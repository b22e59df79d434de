/*
 * scoring_model.h
 *		Models that come as bytes (learning/model_package.h), kept in memory of the process.
 */
#ifndef GTL_SCORING_MODEL_H
#define GTL_SCORING_MODEL_H

#include "base/compat.h"
#include "fmgr.h"
#include "learning/featurizer.h"
#include "learning/model_package.h"
#include "learning/row_scorer.h"
#include "lib/stringinfo.h"

typedef struct GtlScoringModel
{
	uint64		serial;			/* no two models of a process have the same */
	uint64		used;			/* the later, the higher */
	MemoryContext context;		/* of all that is here */
	char	   *bytes;			/* what it was made of */
	Size		size;
	GtlModelPackage package;
	Datum	   *names;			/* [classes], text */
	GtlRowScorer *scorer;
	GtlFeatureMaker *maker;		/* NULL without a featurizer */
	float	   *made;			/* [dimension] features made of a text */
	float	   *narrow;			/* [features that it takes], for float8[] */

	/* the row that was scored last: the same one is often asked about again */
	StringInfoData input;
	bool		scored;
	int32		best;
	double		margin;
} GtlScoringModel;

/* Features that a row must bring: beside the text, if the model takes that. */
extern int	gtl_scoring_model_inputs(const GtlScoringModel *model);

/* What a call site remembers of the argument that it has seen last; zero at first. */
typedef struct GtlScoringSite
{
	int			place;
	uint64		serial;
	struct varlena *argument;
	Size		image_size;		/* of the argument as it was passed */
	char	   *image;			/* of one that was compressed or out of line */
} GtlScoringSite;

/*
 * The model of a bytea argument; an error if its bytes are none.  It stays until other models are asked for.  context
 * lives as long as the site.
 */
extern GtlScoringModel *gtl_scoring_model_get(GtlScoringSite *site, Datum argument, MemoryContext context);

#endif							/* GTL_SCORING_MODEL_H */
