/*
 * simulate.c
 *		A whole labeling job on data whose labels are known, in memory.
 *
 * What comes next, gtl_due decides, as for a live job (steps/advance.c); here people answer a batch
 * as soon as it is issued.
 */
#include "learning/simulate.h"

#include <math.h>
#include <string.h>

#include "learning/random.h"
#include "learning/select.h"

typedef struct Simulation
{
	const GtlLabeledSet *data;
	const GtlFeatureStats *stats;
	const GtlSimulationSettings *settings;
	GtlEngineSettings engine;
	const GtlEnv *env;
	GtlSimulationReport report;
	void	   *report_context;

	int32_t    *answer;			/* [objects] people's label, -1: none */
	int32_t    *validation_no;	/* [objects] place in the shuffle, -1: pool */
	bool	   *active;			/* [objects] counts in the certificate */
	int32_t    *validation;		/* [validation_count] in the order of the shuffle */
	int64_t		validation_count;
	int64_t		human;
	bool		round_pending;

	/* the last round */
	int			round_no;
	GtlEngineRound last;
	int64_t		selected_at;
	bool		chosen_initial;
	int64_t		machine;
	double		machine_error;
	int			classes_labeled;
	int			classes_missed;
} Simulation;

/* A person's answer: the truth, or with probability annotator_error another class. */
static int32_t
ask(const Simulation *s, int32_t object)
{
	int32_t		truth = s->data->labels[object];
	uint64_t	other;

	if (s->settings->annotator_error <= 0 || s->data->classes < 2 ||
		gtl_random_uniform(s->engine.seed, GTL_STREAM_ANNOTATOR, (uint64_t) object * 2) >= s->settings->annotator_error)
		return truth;
	other = gtl_random_bits(s->engine.seed, GTL_STREAM_ANNOTATOR, (uint64_t) object * 2 + 1) % (uint64_t) (s->data->classes - 1);
	return (int32_t) other < truth ? (int32_t) other : (int32_t) other + 1;
}

static void
label_batch(Simulation *s, const int32_t *objects, int64_t count)
{
	for (int64_t i = 0; i < count; i++)
		s->answer[objects[i]] = ask(s, objects[i]);
	s->human += count;
}

static int64_t
people_left(const Simulation *s)
{
	return gtl_schedule_people_left(&s->engine.limits, s->data->rows, s->human, s->machine);
}

/* All objects, for the draws. */
static int32_t *
list_unlabeled(const Simulation *s, int64_t *count)
{
	int32_t    *objects = gtl_env_alloc(s->env, sizeof(int32_t) * (size_t) s->data->rows);

	*count = 0;
	for (int64_t o = 0; o < s->data->rows; o++)
		if (s->answer[o] < 0)
			objects[(*count)++] = (int32_t) o;
	return objects;
}

static void
draw_validation_set(Simulation *s)
{
	int64_t		wanted = gtl_schedule_validation_count(s->data->rows, s->settings->validation_share);
	int64_t		count;
	int32_t    *objects = list_unlabeled(s, &count);

	s->validation = gtl_env_alloc(s->env, sizeof(int32_t) * (size_t) wanted);
	s->validation_count = gtl_select_random(objects, count, wanted, s->engine.seed, GTL_STREAM_VALIDATION, s->env, s->validation);
	for (int64_t i = 0; i < s->validation_count; i++)
	{
		s->validation_no[s->validation[i]] = (int32_t) i;
		s->active[s->validation[i]] = true;
	}
	gtl_env_release(s->env, objects);
}

static void
label_validation_batch(Simulation *s)
{
	int64_t		wanted = gtl_schedule_batch_count(GTL_SCHEDULE_STANDARD, s->data->rows, s->engine.max_concurrent,
												  s->validation_count - s->human);

	label_batch(s, s->validation + s->human, wanted < people_left(s) ? wanted : people_left(s));
	s->round_pending = gtl_schedule_calls_round(true, s->engine.schedule == GTL_SCHEDULE_EAGER || s->settings->initial != NULL);
}

/* At random: no round has chosen it. */
static void
label_training_batch(Simulation *s)
{
	int64_t		rest;
	int32_t    *objects = list_unlabeled(s, &rest);
	int64_t		wanted = gtl_schedule_batch_count(s->engine.schedule, s->data->rows, s->engine.max_concurrent, rest);
	int32_t    *chosen = gtl_env_alloc(s->env, sizeof(int32_t) * (size_t) wanted);

	wanted = wanted < people_left(s) ? wanted : people_left(s);
	wanted = gtl_select_random(objects, rest, wanted, s->engine.seed, GTL_STREAM_FIRST_BATCH, s->env, chosen);
	label_batch(s, chosen, wanted);
	s->round_pending = gtl_schedule_calls_round(false, false);
	if (s->round_no < 0)
		s->round_no = 0;
	gtl_env_release(s->env, objects);
	gtl_env_release(s->env, chosen);
}

/* What the engine takes, with the object of each row. */
typedef struct Rows
{
	GtlEngineEvidence evidence;
	int32_t    *object;
	int32_t    *labels;
	bool	   *validation;
	bool	   *active;
	int8_t	   *fold;
} Rows;

static void
gather(Simulation *s, Rows *rows)
{
	const GtlLabeledSet *data = s->data;
	size_t		n = (size_t) s->human;
	bool	   *seen = gtl_env_alloc(s->env, (size_t) data->classes);
	int64_t		i = 0;

	memset(rows, 0, sizeof *rows);
	rows->object = gtl_env_alloc(s->env, n * sizeof(int32_t));
	rows->labels = gtl_env_alloc(s->env, n * sizeof(int32_t));
	rows->validation = gtl_env_alloc(s->env, n * sizeof(bool));
	rows->active = gtl_env_alloc(s->env, n * sizeof(bool));
	rows->fold = gtl_env_alloc(s->env, n);
	for (int64_t o = 0; o < data->rows; o++)
	{
		if (s->answer[o] < 0)
			continue;
		rows->object[i] = (int32_t) o;
		rows->labels[i] = s->answer[o];
		rows->validation[i] = s->validation_no[o] >= 0;
		rows->active[i] = s->active[o];
		rows->fold[i] = (int8_t) gtl_engine_fold(s->engine.seed, s->validation_no[o], (int32_t) o);
		rows->evidence.validation_count += rows->validation[i];
		rows->evidence.classes_seen += !seen[s->answer[o]];
		seen[s->answer[o]] = true;
		i++;
	}
	gtl_env_release(s->env, seen);
	rows->evidence.set.labeled = (GtlLabeledSet)
	{
		.rows = i,.dimension = data->dimension,.classes = data->classes,
			.features = data->features,.reader = data->reader,.streamed = data->streamed,
			.place = rows->object,.labels = rows->labels
	};
	rows->evidence.set.validation = rows->validation;
	rows->evidence.set.fold = rows->fold;
	rows->evidence.set.stats = *s->stats;
	rows->evidence.active = rows->active;
	if (s->last.has_model)
	{
		rows->evidence.previous = &s->last.fit.full;
		rows->evidence.previous_folds = s->last.fit.fold;
	}
	rows->evidence.human_labeled = s->human;
	rows->evidence.initial = s->settings->initial;
	rows->evidence.chosen_initial = s->chosen_initial;
	rows->evidence.selected_at = s->selected_at;
}

static void
release_rows(Simulation *s, Rows *rows)
{
	gtl_env_release(s->env, rows->object);
	gtl_env_release(s->env, rows->labels);
	gtl_env_release(s->env, rows->validation);
	gtl_env_release(s->env, rows->active);
	gtl_env_release(s->env, rows->fold);
}

/* A read that fails interrupts: the rows do not matter then. */
static void
read_rows(void *context, int64_t first, int count, float *rows)
{
	(void) gtl_labeled_rows((const GtlLabeledSet *) context, NULL, first, count, rows);
}

static void
report(const Simulation *s, bool final)
{
	bool		labeled = s->machine > 0;
	GtlSimulatedRound round = {
		s->round_no, s->human, s->machine,
		labeled ? s->last.certificate.threshold : NAN,
		labeled ? s->last.certificate.bound : NAN,
		labeled ? s->machine_error : NAN, s->classes_labeled, s->classes_missed, final
	};

	s->report(s->report_context, &round);
}

/* The machine labels of the newest round, against the truth. */
static void
count_machine_labels(Simulation *s)
{
	size_t		bytes = (size_t) s->data->classes * sizeof(int64_t);
	int64_t    *count = gtl_env_alloc(s->env, bytes);
	int64_t    *wrong = gtl_env_alloc(s->env, bytes);
	int64_t		all_wrong = 0;

	s->machine = s->last.covered;
	for (int64_t i = 0; s->last.has_model && i < s->last.pool_count; i++)
		if (gtl_engine_covers(&s->last, i))
		{
			count[s->last.best[i]]++;
			wrong[s->last.best[i]] += s->last.best[i] != s->data->labels[s->last.pool[i]];
		}
	s->classes_labeled = s->classes_missed = 0;
	for (int c = 0; c < s->data->classes; c++)
	{
		all_wrong += wrong[c];
		s->classes_labeled += count[c] > 0;
		s->classes_missed += (double) wrong[c] > (double) count[c] * (s->engine.promise.target_error + 1e-12);
	}
	s->machine_error = s->machine > 0 ? (double) all_wrong / (double) s->machine : NAN;
	gtl_env_release(s->env, count);
	gtl_env_release(s->env, wrong);
}

/* One round and the batch it chooses; false: interrupted, or an optimizer got no memory. */
static bool
run_round(Simulation *s)
{
	int64_t		pool_count;
	int32_t    *pool = list_unlabeled(s, &pool_count);
	GtlEngineRound next;
	Rows		rows;
	bool		done;

	gather(s, &rows);
	done = gtl_engine_train(&s->engine, &rows.evidence, s->env, &next) &&
		gtl_engine_score(&s->engine, pool, pool_count, read_rows, (void *) s->data, s->env, &next);
	gtl_engine_release(&s->last, s->env);
	s->last = next;
	if (done)
	{
		s->round_no++;
		if (next.compared)
		{
			s->selected_at = s->human;
			s->chosen_initial = next.chosen == GTL_ENGINE_INITIAL;
		}
		gtl_engine_decide(&s->engine, &rows.evidence, s->env, &s->last);
		count_machine_labels(s);
		for (int64_t i = 0; i < s->last.dropped_count; i++)
			s->active[rows.object[s->last.dropped[i]]] = false;
		report(s, false);
		label_batch(s, s->last.selected, s->last.selected_count);
		s->round_pending = s->last.selected_count > 0 && gtl_schedule_calls_round(false, false);
	}
	release_rows(s, &rows);
	gtl_env_release(s->env, pool);
	return done;
}

static GtlDue
next_step(const Simulation *s)
{
	GtlDueFacts facts = {
		.people_left = people_left(s),
		.validation_left = s->validation_count > s->human ? s->validation_count - s->human : 0,
		.unlabeled = s->data->rows - s->human - s->machine,
		.rounds = s->validation_count > 0,
		.round_pending = s->round_pending
	};

	return gtl_due(&facts);
}

static bool
run_job(Simulation *s)
{
	draw_validation_set(s);
	for (;;)
		switch (next_step(s))
		{
			case GTL_DUE_VALIDATION_BATCH:
				label_validation_batch(s);
				break;
			case GTL_DUE_TRAINING_BATCH:
				label_training_batch(s);
				break;
			case GTL_DUE_ROUND:
				if (!run_round(s))
					return false;
				break;
			case GTL_DUE_NOTHING:
			case GTL_DUE_STOP:
			case GTL_DUE_CLOSE_BATCH:
			case GTL_DUE_AUDIT_BATCH:
			case GTL_DUE_COMPLETE:
				if (s->last.pool == NULL)
					s->round_no = -1;
				report(s, true);
				return true;
		}
}

bool
gtl_simulate(const GtlLabeledSet *data, const GtlFeatureStats *stats,
			 const GtlSimulationSettings *settings, uint64_t seed, const GtlEnv *env,
			 GtlSimulationReport report_round, void *report_context)
{
	Simulation	s;
	bool		done;

	memset(&s, 0, sizeof s);
	s.data = data;
	s.stats = stats;
	s.settings = settings;
	s.engine = settings->engine;
	s.engine.objects = data->rows;
	s.engine.seed = seed;
	s.env = env;
	s.report = report_round;
	s.report_context = report_context;
	s.round_no = -1;
	s.answer = gtl_env_alloc(env, sizeof(int32_t) * (size_t) data->rows);
	s.validation_no = gtl_env_alloc(env, sizeof(int32_t) * (size_t) data->rows);
	s.active = gtl_env_alloc(env, sizeof(bool) * (size_t) data->rows);
	for (int64_t o = 0; o < data->rows; o++)
		s.answer[o] = s.validation_no[o] = -1;
	done = run_job(&s);
	gtl_engine_release(&s.last, env);
	gtl_env_release(env, s.answer);
	gtl_env_release(env, s.validation_no);
	gtl_env_release(env, s.active);
	gtl_env_release(env, s.validation);
	return done;
}
