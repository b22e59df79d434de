/*
 * simulate_in_place.c
 *		What a simulated job in place does with all rows of the dataset.
 *
 * Its objects are a sample of them, and rounds know of nothing else.  What is reported is what gt_write_labels would do with all
 * rows (api/in_place.c), and an audit is that of steps/audit_in_place.c.
 */
#include "learning/simulate_state.h"

#include <math.h>
#include <string.h>

#include "learning/random.h"

void
gtl_simulated_place(GtlSimulated *s)
{
	size_t		bytes = sizeof(double) * (size_t) s->stats.dimension;
	double	   *mean = gtl_env_alloc(s->env, bytes);
	double	   *squares = gtl_env_alloc(s->env, bytes);

	gtl_placed_create(&s->placed, s->data, s->settings->sample, s->env);
	memcpy(mean, s->stats.mean, bytes);
	memcpy(squares, s->stats.squares, bytes);
	s->stats.mean = mean;
	s->stats.squares = squares;
}

void
gtl_simulated_unplace(GtlSimulated *s)
{
	if (!s->in_place)
		return;
	gtl_placed_release(&s->placed);
	gtl_env_release(s->env, s->stats.mean);
	gtl_env_release(s->env, s->stats.squares);
	gtl_env_release(s->env, s->drawn_objects);
	gtl_env_release(s->env, s->drawn);
}

int64_t
gtl_simulated_count_rows(GtlSimulated *s)
{
	GtlPlacedLabels labels;

	gtl_placed_count(&s->placed, s->answer, s->engine.promise.target_error, &labels);
	s->machine_error = labels.count > 0 ? (double) labels.wrong / (double) labels.count : NAN;
	s->classes_labeled = labels.classes_labeled;
	s->classes_missed = labels.classes_missed;
	return labels.count;
}

/* As many rows as the newest round has labeled of the sample, in proportion; what was drawn for an audit is not of it. */
static double
labeled_share(const GtlSimulated *s)
{
	const GtlCertificate *certificate = &s->last.certificate;
	int64_t		covered = 0;

	if (!s->last.has_model)
		return 0;
	if (s->engine.promise.guarantee != GTL_GUARANTEE_AUDITED)
		return isfinite(certificate->threshold) && certificate->n > 0 ? (double) certificate->n / (double) s->validation_count : 0;
	for (int64_t i = 0; i < s->last.pool_count; i++)
		covered += s->last.pool[i] < s->settings->sample && gtl_engine_covers(&s->last, i);
	return (double) covered / (double) s->settings->sample;
}

bool
gtl_simulated_score_rows(GtlSimulated *s)
{
	if (!s->last.has_model)
	{
		s->placed.least = INFINITY;
		return true;
	}
	if (!gtl_placed_score(&s->placed, &s->last.fit.full))
		return false;
	gtl_placed_limit(&s->placed, labeled_share(s));
	return true;
}

/* The statistics of objects from `first` on, as a segment of a job has them, are added.  A read that fails interrupts. */
static void
add_stats(GtlSimulated *s, int64_t first)
{
	float	   *row = gtl_env_alloc(s->env, sizeof(float) * (size_t) s->data->dimension);
	GtlFeatureStats part;

	gtl_stats_init(&part, s->stats.dimension, s->env);
	for (int64_t o = first; o < s->placed.objects; o++)
		if (gtl_labeled_rows(s->data, s->placed.row + o, 0, 1, row))
			gtl_stats_add(&part, row, 1);
	gtl_stats_merge(&s->stats, &part);
	gtl_env_release(s->env, part.mean);
	gtl_env_release(s->env, part.squares);
	gtl_env_release(s->env, row);
}

/* What has been drawn joins the job, with the model's labels. */
static void
draw_for_audit(GtlSimulated *s, int audit_no)
{
	uint64_t	seed = gtl_random_bits(s->engine.seed, GTL_STREAM_AUDIT, (uint64_t) audit_no << 32);
	int64_t		before = s->placed.objects;

	s->uniform.frozen = INT64_MAX;
	s->uniform.frozen = gtl_placed_draw(&s->placed, s->answer, s->settings->draw, s->settings->draw_context, seed,
										gtl_uniform_audit_most(&s->uniform), &s->drawn_objects, &s->drawn_count);
	s->drawn = gtl_env_alloc(s->env, sizeof(GtlDrawn) * (size_t) s->drawn_count);
	s->uniform.drawn = s->drawn;
	s->calls_round = s->placed.objects > before;
	add_stats(s, before);
	for (int64_t o = before; o < s->placed.objects; o++)
		s->machine_label[o] = s->placed.best[s->placed.row[o]];
	s->engine.objects = s->engine.lot_objects = s->engine.rows = s->placed.objects;
}

void
gtl_simulated_begin_audit(GtlSimulated *s, const GtlAuditSetup *setup)
{
	s->uniform_open = true;
	s->calls_round = false;
	s->uniform = (GtlUniformAudit)
	{
		.target_error = setup->promise.target_error,.level = gtl_audit_level(setup->promise.delta, setup->attempt),
			.guess = gtl_uniform_audit_guess(&setup->guess, s->last.margin, s->last.pool_count)
	};
	if (isfinite(s->placed.least))
		draw_for_audit(s, setup->audit_no);
}

/* Draws that have their answer, up to the first that has none. */
static void
count_draws(GtlSimulated *s)
{
	for (; s->uniform.count < s->drawn_count; s->uniform.count++)
	{
		int32_t		object = s->drawn_objects[s->uniform.count];

		if (s->answer[object] < 0)
			return;
		s->drawn[s->uniform.count] = s->answer[object] == s->placed.best[s->placed.row[object]] ? GTL_DRAWN_RIGHT : GTL_DRAWN_WRONG;
		s->machine_label[object] = -1;
	}
}

/* What has passed is final, and the job ends; otherwise the machine labels nothing until the next round. */
static void
end_uniform_audit(GtlSimulated *s, const GtlAuditFigures *figures)
{
	s->passed = figures->state == GTL_AUDIT_PASSED;
	if (!s->passed)
		s->placed.least = INFINITY;
	for (int64_t o = 0; o < s->placed.objects; o++)
	{
		s->settled[o] = s->passed && s->answer[o] < 0 && s->placed.margin[s->placed.row[o]] >= s->placed.least;
		if (!s->settled[o])
			s->machine_label[o] = -1;
	}
	s->machine_bound = s->passed && figures->left > 0 ? (double) figures->most_wrong / (double) figures->left : NAN;
	s->audits++;
	gtl_audit_remember(&s->history, gtl_uniform_audit_carried(&s->uniform), s->human);
	s->uniform_open = false;
	s->round_pending = s->calls_round;
	gtl_simulated_count(s);
	gtl_env_release(s->env, s->drawn_objects);
	gtl_env_release(s->env, s->drawn);
	s->drawn_objects = NULL;
	s->drawn = NULL;
	s->drawn_count = 0;
}

/* The next draws, as many as would do if none shows an error. */
void
gtl_simulated_audit(GtlSimulated *s)
{
	int64_t		most = gtl_simulated_people_left(s) < s->engine.max_concurrent ? gtl_simulated_people_left(s) : s->engine.max_concurrent;
	GtlAuditFigures figures = {.state = GTL_AUDIT_GIVEN_UP};
	int64_t		last;

	count_draws(s);
	if (isfinite(s->placed.least))
		gtl_uniform_audit_figures(&s->uniform, s->drawn_count, &figures);
	if (figures.state != GTL_AUDIT_OPEN || most <= 0)
	{
		end_uniform_audit(s, &figures);
		return;
	}
	last = s->uniform.count + figures.ahead < s->drawn_count ? s->uniform.count + figures.ahead : s->drawn_count;
	if (last - s->uniform.count > most)
		last = s->uniform.count + most;
	gtl_simulated_ask(s, s->drawn_objects + s->uniform.count, last - s->uniform.count);
	s->calls_round = true;
}
