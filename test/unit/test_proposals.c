/*
 * test_proposals.c
 *		Guesses at the labels as inputs: what the belief in them says, what unlearns it, and that copies count once.
 */
#include "learning/proposals.h"

#include "learning/random.h"
#include "learning_fixture.h"

#define ROWS 400
#define CLASSES 4
#define FEATURES 3

/* Rows of features that say nothing, and guesses of so many sources, all the same, that are right in a share of the rows. */
static void
make_guesses(Data *data, int sources, double right, double confidence)
{
	int			inputs = gtl_proposals_inputs(sources, CLASSES);

	data_init(data, ROWS, FEATURES + inputs, CLASSES);
	data->stats.proposals = inputs;
	for (int64_t i = 0; i < ROWS; i++)
	{
		float	   *row = data->features + i * (FEATURES + inputs);
		int32_t		label = (int32_t) (gtl_random_bits(5, GTL_STREAM_ANNOTATOR, (uint64_t) i) % CLASSES);
		bool		hits = gtl_random_uniform(6, GTL_STREAM_ANNOTATOR, (uint64_t) i) < right;

		data->labels[i] = label;
		for (int j = 0; j < FEATURES; j++)
			row[j] = (float) gtl_random_normal(7, GTL_STREAM_ANNOTATOR, (uint64_t) (i * FEATURES + j));
		for (int s = 0; s < sources; s++)
			gtl_proposals_encode(hits ? label : (label + 1) % CLASSES, confidence, sources, CLASSES,
								 row + FEATURES + 2 * s * CLASSES);
	}
	gtl_stats_add(&data->stats, data->features, ROWS);
}

/* Share of rows that a classifier labels right, and its mean probability of its answers. */
static double
accuracy(const Data *data, const GtlClassifier *classifier, double *sure)
{
	GtlScorer  *scorer = gtl_scorer_create(classifier, data->set.dimension, &env);
	float		probability[GTL_SCORE_BLOCK_ROWS * CLASSES];
	int32_t		best[GTL_SCORE_BLOCK_ROWS];
	int			right = 0;

	*sure = 0;
	for (int64_t first = 0; first < ROWS; first += GTL_SCORE_BLOCK_ROWS)
	{
		int			n = ROWS - first < GTL_SCORE_BLOCK_ROWS ? (int) (ROWS - first) : GTL_SCORE_BLOCK_ROWS;

		gtl_scorer_block(scorer, data->features + first * data->set.dimension, n, best, NULL, probability);
		for (int i = 0; i < n; i++)
		{
			right += best[i] == data->labels[first + i];
			*sure += probability[i * CLASSES + best[i]] / ROWS;
		}
	}
	gtl_scorer_release(scorer, &env);
	return (double) right / ROWS;
}

static void
fit(const Data *data, bool proposals, GtlScaling scaling, GtlClassifier *classifier)
{
	GtlClassifier belief;
	GtlFitReport report;
	GtlFitRequest request = {
		.set = &data->set,.stats = &data->stats,
		.candidate = {.algorithm = GTL_SOFTMAX,.scaling = scaling,.c = 1.0,.proposals = proposals}
	};

	gtl_proposals_prior(&data->stats, CLASSES, false, &env, &belief);
	if (proposals)
		request.center = &belief;
	gtl_classifier_fit(&request, &env, classifier, &report);
	CHECK(report.outcome == GTL_FIT_CONVERGED || report.outcome == GTL_FIT_STALLED);
	gtl_classifier_release(&belief, &env);
}

/* Without a label the belief says what a source says, as surely as it says. */
static void
test_belief(void)
{
	static const int sources[] = {1, 3};
	static const double said[] = {NAN, 0.95, 0.5};
	static const double expected[] = {0.8, 0.95, 0.5};

	reset_counters(-1);
	for (int s = 0; s < 2; s++)
		for (int i = 0; i < 3; i++)
		{
			Data		data;
			GtlClassifier belief;
			double		sure;

			make_guesses(&data, sources[s], 1.0, said[i]);
			gtl_proposals_prior(&data.stats, CLASSES, false, &env, &belief);
			CHECK(accuracy(&data, &belief, &sure) == 1.0);
			CHECK(fabs(sure - expected[i]) < 1e-5);
			gtl_classifier_release(&belief, &env);
			data_release(&data);
		}
	CHECK(counters.live == 0);
}

static void
test_encoding(void)
{
	float		inputs[2 * CLASSES];
	bool		zero = true;

	gtl_proposals_encode(2, NAN, 1, CLASSES, inputs);
	CHECK(inputs[2] == 1.0f && inputs[CLASSES + 2] == 0.0f);
	gtl_proposals_encode(2, 1.0, 4, CLASSES, inputs);
	CHECK(inputs[2] == 0.5f && isfinite(inputs[CLASSES + 2]) && inputs[CLASSES + 2] > 0.0f);
	gtl_proposals_encode(2, 0.0, 1, CLASSES, inputs);
	CHECK(isfinite(inputs[CLASSES + 2]) && inputs[CLASSES + 2] < -1.0f);
	gtl_proposals_encode(-1, 0.9, 1, CLASSES, inputs);
	for (int j = 0; j < 2 * CLASSES; j++)
		zero = zero && inputs[j] == 0.0f;
	CHECK(zero);
	CHECK(gtl_proposals_inputs(3, CLASSES) == 24);
}

/* Labels unlearn what is wrong on purpose; copies are to a fit what one source is; without them the guesses are not seen. */
static void
test_fits(void)
{
	Data		data;
	Data		copies;
	GtlClassifier one;
	GtlClassifier three;
	double		sure;
	double		sure_of_copies;

	reset_counters(-1);
	for (int scaling = 0; scaling <= 1; scaling++)
	{
		make_guesses(&data, 1, 0.0, NAN);
		fit(&data, true, (GtlScaling) scaling, &one);
		CHECK(accuracy(&data, &one, &sure) > 0.99);
		gtl_classifier_release(&one, &env);
		data_release(&data);

		make_guesses(&data, 1, 0.7, NAN);
		make_guesses(&copies, 3, 0.7, NAN);
		fit(&data, true, (GtlScaling) scaling, &one);
		fit(&copies, true, (GtlScaling) scaling, &three);
		CHECK(accuracy(&data, &one, &sure) == accuracy(&copies, &three, &sure_of_copies));
		CHECK(fabs(sure - sure_of_copies) < 1e-3);
		gtl_classifier_release(&one, &env);
		gtl_classifier_release(&three, &env);

		fit(&data, false, (GtlScaling) scaling, &one);
		CHECK(accuracy(&data, &one, &sure) < 0.5);
		for (int c = 0; c < CLASSES; c++)
			for (int j = FEATURES; j < one.dimension; j++)
				CHECK(one.weights[c * one.dimension + j] == 0.0f);
		gtl_classifier_release(&one, &env);
		data_release(&data);
		data_release(&copies);
	}
	CHECK(counters.live == 0);
}

int
main(void)
{
	test_encoding();
	test_belief();
	test_fits();
	return CHECK_SUMMARY("test_proposals");
}
