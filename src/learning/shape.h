/*
 * shape.h
 *		A classifier as a chain of linear layers, and running rows through it.
 *
 * Internal to src/learning.  Scores and activations are class-major (kernels.h).
 */
#ifndef GTL_SHAPE_H
#define GTL_SHAPE_H

#include "learning/classifier.h"

/* A linear map with bias: its size, and where its weights lie. */
typedef struct GtlLayer
{
	int			inputs;
	int			outputs;
	size_t		weights;		/* offset of [outputs x inputs] */
	size_t		bias;			/* offset of [outputs] */
} GtlLayer;

#define GTL_MAX_LAYERS 2

typedef struct GtlShape
{
	GtlAlgorithm algorithm;
	int			nlayers;
	GtlLayer	layer[GTL_MAX_LAYERS];
	int			classes;
	size_t		weight_count;	/* 0: does not fit size_t */
} GtlShape;

extern GtlShape gtl_shape(const GtlCandidate *candidate, int dimension, int classes);

/* Working memory for one block of rows. */
typedef struct GtlScratch
{
	float	   *scores;			/* [classes x rows] */
	float	   *hidden;			/* [hidden x rows]; NULL without a hidden layer */
	float	   *delta;			/* [hidden x rows]; NULL without one, or for scoring */
	float	   *largest;		/* [rows] */
	float	   *own;			/* [rows] score of the row's label */
	double	   *sum;			/* [rows] */
} GtlScratch;

/* Rows that go through the layers together in training: 256 unless the shape is huge. */
extern int	gtl_shape_block_rows(const GtlShape *shape);

/* Bytes of scratch; SIZE_MAX on overflow. */
extern size_t gtl_scratch_size(const GtlShape *shape, int rows, bool training);
extern void gtl_scratch_init(GtlScratch *scratch, const GtlShape *shape, int rows, bool training,
							 const GtlEnv *env);
extern void gtl_scratch_release(GtlScratch *scratch, const GtlEnv *env);

/*
 * What the two algorithms do differently.  Both functions return false when env
 * (which may be NULL) said stop.
 *
 * forward: rows to scores, before the softmax.
 * backward: from d loss / d scores, in scratch->scores, add the gradient.
 */
typedef struct GtlModelKind
{
	bool		(*forward) (const GtlShape *shape, const float *weights,
							const float *features, int rows,
							GtlScratch *scratch, const GtlEnv *env);
	bool		(*backward) (const GtlShape *shape, const float *weights,
							 const float *features, int rows,
							 GtlScratch *scratch, float *gradient, const GtlEnv *env);
} GtlModelKind;

extern const GtlModelKind gtl_softmax_kind;
extern const GtlModelKind gtl_mlp_kind;

extern const GtlModelKind *gtl_shape_kind(const GtlShape *shape);

/* The parts that both are made of: one layer, forward and the gradient of its weights. */
extern bool gtl_layer_forward(const GtlLayer *layer, const float *weights,
							  const float *inputs, bool inputs_row_major, int rows,
							  float *outputs, const GtlEnv *env);
extern bool gtl_layer_gradient(const GtlLayer *layer, const float *delta,
							   const float *inputs, bool inputs_row_major, int rows,
							   float *gradient, const GtlEnv *env);

/* Overflow-safe sizes: SIZE_MAX stands for "too large" and is sticky. */
static inline size_t
gtl_size_add(size_t a, size_t b)
{
	return a > SIZE_MAX - b ? SIZE_MAX : a + b;
}

static inline size_t
gtl_size_multiply(size_t a, size_t b)
{
	return b != 0 && a > SIZE_MAX / b ? SIZE_MAX : a * b;
}

#endif							/* GTL_SHAPE_H */
