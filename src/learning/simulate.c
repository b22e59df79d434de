/*
 * simulate.c
 *		A whole labeling job on data whose labels are known, in memory.
 *
 * What comes next, gtl_due decides, as for a live job (steps/advance.c); here people answer a batch
 * as soon as it is issued.
 *
 * Of a job in place the objects are a sample of the rows: simulate_in_place.c.
 */
#include "learning/simulate_state.h"

#include <math.h>
#include <string.h>

#include "learning/next_batch.h"
#include "learning/random.h"
#include "learning/select.h"
#include "learning/start.h"

/* A person's answer: the truth, or with probability annotator_error another class. */
static int32_t
ask(const GtlSimulated *s, int32_t object)
{
	int32_t		truth = s->data->labels[gtl_simulated_row(s, object)];
	uint64_t	other;

	if (s->settings->annotator_error <= 0 || s->data->classes < 2 ||
		gtl_random_uniform(s->engine.seed, GTL_STREAM_ANNOTATOR, (uint64_t) object * 2) >= s->settings->annotator_error)
		return truth;
	other = gtl_random_bits(s->engine.seed, GTL_STREAM_ANNOTATOR, (uint64_t) object * 2 + 1) % (uint64_t) (s->data->classes - 1);
	return (int32_t) other < truth ? (int32_t) other : (int32_t) other + 1;
}

void
gtl_simulated_ask(GtlSimulated *s, const int32_t *objects, int64_t count)
{
	for (int64_t i = 0; i < count; i++)
	{
		s->answer[objects[i]] = ask(s, objects[i]);
		for (int k = 0; k < s->formers; k++)
			gtl_audit_learn(s->former[k], objects[i], s->answer[objects[i]]);
	}
	s->human += count;
}

int64_t
gtl_simulated_people_left(const GtlSimulated *s)
{
	bool		audited = s->engine.promise.guarantee == GTL_GUARANTEE_AUDITED;

	/* what an audit has not passed counts for nothing, and the job ends with what it passes */
	return gtl_schedule_people_left(&s->engine.limits, gtl_simulated_objects(s), s->human, audited ? 0 : s->machine);
}

/* The objects that nobody has labeled, people or machine for good. */
static int32_t *
list_unlabeled(const GtlSimulated *s, int64_t *count)
{
	int32_t    *objects = gtl_env_alloc(s->env, sizeof(int32_t) * (size_t) s->data->rows);

	*count = 0;
	for (int64_t o = 0; o < gtl_simulated_objects(s); o++)
		if (s->answer[o] < 0 && !s->settled[o])
			objects[(*count)++] = (int32_t) o;
	return objects;
}

static int64_t
validation_count(const GtlSimulated *s)
{
	return gtl_schedule_validation_count(s->engine.schedule, &s->engine.promise, s->engine.per_class, s->data->classes,
										 gtl_simulated_objects(s), s->settings->validation_share);
}

/* Of objects.  A read that fails interrupts: the rows do not matter then. */
static void
read_rows(void *context, int64_t first, int count, float *rows)
{
	const GtlSimulated *s = context;

	if (s->in_place)
		(void) gtl_labeled_rows(s->data, s->placed.row + first, 0, count, rows);
	else
		(void) gtl_labeled_rows(s->data, NULL, first, count, rows);
}

/* Random ones, or those that tell the most of the rest; false: interrupted. */
static bool
draw_validation_set(GtlSimulated *s)
{
	bool		going = true;

	s->validation_count = validation_count(s);
	s->validation = gtl_env_alloc(s->env, sizeof(int32_t) * (size_t) s->validation_count);
	if (s->settings->chosen_start &&
		gtl_start_offered(s->engine.promise.guarantee, s->stats.neighbours > 0, gtl_simulated_objects(s), s->validation_count))
	{
		s->start_chosen = true;
		going = gtl_start_choose(gtl_simulated_objects(s), s->stats.dimension, read_rows, s, s->validation_count,
								 s->engine.seed, s->env, s->validation);
	}
	else
	{
		int64_t		count;
		int32_t    *objects = list_unlabeled(s, &count);

		gtl_select_random(objects, count, s->validation_count, s->engine.seed, GTL_STREAM_VALIDATION, s->env, s->validation);
		gtl_env_release(s->env, objects);
	}
	for (int64_t i = 0; i < s->validation_count && going; i++)
	{
		s->validation_no[s->validation[i]] = (int32_t) i;
		s->active[s->validation[i]] = true;
	}
	return going;
}

static void
label_validation_batch(GtlSimulated *s)
{
	int64_t		wanted = gtl_schedule_batch_count(GTL_SCHEDULE_STANDARD, gtl_simulated_objects(s), s->engine.max_concurrent,
												  s->validation_count - s->human);

	gtl_simulated_ask(s, s->validation + s->human, wanted < gtl_simulated_people_left(s) ? wanted : gtl_simulated_people_left(s));
	s->round_pending = gtl_schedule_calls_round(true, s->engine.schedule == GTL_SCHEDULE_EAGER || s->settings->initial != NULL);
}

/* At random: no round has chosen it. */
static void
label_training_batch(GtlSimulated *s)
{
	int64_t		rest;
	int32_t    *objects = list_unlabeled(s, &rest);
	int64_t		wanted = gtl_schedule_batch_count(s->engine.schedule, gtl_simulated_objects(s), s->engine.max_concurrent, rest);
	int32_t    *chosen = gtl_env_alloc(s->env, sizeof(int32_t) * (size_t) wanted);

	wanted = wanted < gtl_simulated_people_left(s) ? wanted : gtl_simulated_people_left(s);
	wanted = gtl_select_random(objects, rest, wanted, s->engine.seed, GTL_STREAM_FIRST_BATCH, s->env, chosen);
	gtl_simulated_ask(s, chosen, wanted);
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
	int32_t    *place;			/* of the data */
	int32_t    *labels;
	bool	   *validation;
	bool	   *active;
	bool	   *chosen;
	int8_t	   *fold;
} Rows;

static void
gather(GtlSimulated *s, const int32_t *pool, int64_t pool_count, Rows *rows)
{
	const GtlLabeledSet *data = s->data;
	size_t		n = (size_t) s->human;
	bool	   *seen = gtl_env_alloc(s->env, (size_t) data->classes);
	int64_t		i = 0;

	memset(rows, 0, sizeof *rows);
	rows->object = gtl_env_alloc(s->env, n * sizeof(int32_t));
	rows->place = gtl_env_alloc(s->env, n * sizeof(int32_t));
	rows->labels = gtl_env_alloc(s->env, n * sizeof(int32_t));
	rows->validation = gtl_env_alloc(s->env, n * sizeof(bool));
	rows->active = gtl_env_alloc(s->env, n * sizeof(bool));
	rows->chosen = gtl_env_alloc(s->env, n * sizeof(bool));
	rows->fold = gtl_env_alloc(s->env, n);
	for (int64_t o = 0; o < gtl_simulated_objects(s); o++)
	{
		if (s->answer[o] < 0)
			continue;
		rows->object[i] = (int32_t) o;
		rows->place[i] = gtl_simulated_row(s, o);
		rows->labels[i] = s->answer[o];
		rows->validation[i] = s->validation_no[o] >= 0 || s->drawn_once[o];
		rows->active[i] = s->active[o];
		rows->chosen[i] = s->start_chosen && s->validation_no[o] >= 0;
		rows->fold[i] = (int8_t) gtl_engine_fold(s->engine.seed, s->validation_no[o], (int32_t) o);
		rows->evidence.validation_count += s->validation_no[o] >= 0;
		rows->evidence.classes_seen += !seen[s->answer[o]];
		seen[s->answer[o]] = true;
		i++;
	}
	gtl_env_release(s->env, seen);
	gtl_mark_sample(&s->engine, rows->object, i, pool, pool_count, rows->validation);
	rows->evidence.set.labeled = (GtlLabeledSet)
	{
		.rows = i,.dimension = data->dimension,.classes = data->classes,
			.features = data->features,.reader = data->reader,.streamed = data->streamed,
			.place = rows->place,.labels = rows->labels
	};
	rows->evidence.set.validation = rows->validation;
	rows->evidence.set.fold = rows->fold;
	rows->evidence.set.stats = s->stats;
	rows->evidence.active = rows->active;
	rows->evidence.chosen = rows->chosen;
	if (s->last.has_model)
	{
		rows->evidence.previous = &s->last.fit.full;
		rows->evidence.previous_folds = s->last.fit.fold;
	}
	rows->evidence.human_labeled = s->human;
	rows->evidence.initial = s->settings->initial;
	rows->evidence.chosen_initial = s->chosen_initial;
	rows->evidence.selected_at = s->selected_at;
	rows->evidence.audits = rows->evidence.attempts = s->audits;
	rows->evidence.history = s->history;
	rows->evidence.former = s->former;
	rows->evidence.formers = s->formers;
}

static void
release_rows(GtlSimulated *s, Rows *rows)
{
	gtl_env_release(s->env, rows->object);
	gtl_env_release(s->env, rows->place);
	gtl_env_release(s->env, rows->labels);
	gtl_env_release(s->env, rows->validation);
	gtl_env_release(s->env, rows->active);
	gtl_env_release(s->env, rows->chosen);
	gtl_env_release(s->env, rows->fold);
}

static void
report(GtlSimulated *s, bool final)
{
	int64_t		machine = s->machine;
	bool		labeled;
	GtlSimulatedRound round;

	if (s->in_place)
		machine = gtl_simulated_count_rows(s);
	labeled = machine > 0;
	round = (GtlSimulatedRound) {
		s->round_no, s->human, machine,
		labeled && s->last.certificate.passed ? s->last.certificate.threshold : NAN,
		labeled ? s->machine_bound : NAN,
		labeled ? s->machine_error : NAN, s->accuracy, s->classes_labeled, s->classes_missed, final
	};
	s->report(s->report_context, &round);
}

void
gtl_simulated_count(GtlSimulated *s)
{
	size_t		bytes = (size_t) s->data->classes * sizeof(int64_t);
	int64_t    *count = gtl_env_alloc(s->env, bytes);
	int64_t    *wrong = gtl_env_alloc(s->env, bytes);
	int64_t		all_wrong = 0;

	s->machine = 0;
	for (int64_t o = 0; o < gtl_simulated_objects(s); o++)
		if (s->machine_label[o] >= 0)
		{
			s->machine++;
			count[s->machine_label[o]]++;
			wrong[s->machine_label[o]] += s->machine_label[o] != s->data->labels[gtl_simulated_row(s, o)];
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

/* The newest round's machine labels instead of those before. */
static void
set_machine_labels(GtlSimulated *s)
{
	for (int64_t i = 0; i < s->last.pool_count; i++)
		s->machine_label[s->last.pool[i]] = gtl_engine_covers(&s->last, i) ? s->last.best[i] : -1;
	s->machine_bound = s->engine.promise.guarantee != GTL_GUARANTEE_AUDITED ? s->last.certificate.bound :
		s->last.audit_due ? NAN : s->settled_bound;
	gtl_simulated_count(s);
}

/* The largest share of wrong labels of what has passed, by class if the promise is. */
static double
audit_bound(const GtlSimulated *s, const GtlAudit *audit)
{
	bool		dataset = s->engine.promise.scope == GTL_SCOPE_DATASET;
	double		bound = 0;

	for (int32_t c = 0; c < (s->engine.per_class ? s->data->classes : 1); c++)
	{
		GtlAuditFigures figures;

		gtl_audit_class_figures(audit, c, s->env, &figures);
		if (figures.state == GTL_AUDIT_PASSED && figures.left > 0)
			bound = fmax(bound, (double) figures.most_wrong / (double) (dataset ? s->data->rows : figures.left));
	}
	return bound;
}

/* How often the round's models are right on validation objects that they have not seen, as a live job counts it. */
static double
model_accuracy(const GtlSimulated *s, const Rows *rows)
{
	int64_t		right = 0;

	if (!s->last.has_model)
		return NAN;
	for (int64_t i = 0; i < rows->evidence.set.labeled.rows; i++)
		right += s->validation_no[rows->object[i]] >= 0 && s->last.fit.best[i] == rows->labels[i];
	return (double) right / (double) rows->evidence.validation_count;
}

/* What it has seen counts in the next one; of many the oldest is left out. */
static void
keep_audit(GtlSimulated *s)
{
	GtlAudit   *audit = s->audit;

	s->audit = NULL;
	if (s->engine.per_class)
	{
		gtl_audit_release(audit, s->env);
		return;
	}
	gtl_audit_close(audit);
	if (s->formers == GTL_FORMER_AUDITS)
	{
		gtl_audit_release(s->former[0], s->env);
		memmove(s->former, s->former + 1, sizeof(GtlAudit *) * (size_t) --s->formers);
	}
	s->former[s->formers++] = audit;
}

/* What the audit has passed is final, the rest is open again. */
static void
end_audit(GtlSimulated *s)
{
	s->machine_bound = s->settled_bound = fmax(s->settled_bound, audit_bound(s, s->audit));
	for (int64_t i = 0; i < s->last.pool_count; i++)
	{
		int32_t		object = s->pool[i];

		s->settled[object] = gtl_audit_stands(s->audit, i);
		if (!s->settled[object])
			s->machine_label[object] = -1;
	}
	s->audits++;
	keep_audit(s);
	s->round_pending = true;
	gtl_simulated_count(s);
}

/* People do what the audit asks for next, if anything. */
static void
do_audit(GtlSimulated *s)
{
	int64_t		most = gtl_simulated_people_left(s);
	GtlAuditPlan plan;

	gtl_audit_plan(s->audit, most < s->engine.max_concurrent ? most : s->engine.max_concurrent, s->env, &plan);
	gtl_simulated_ask(s, plan.objects, plan.count);
	for (int64_t i = 0; i < plan.count; i++)
	{
		int32_t		object = plan.objects[i];

		gtl_audit_tell(s->audit, object, plan.drawn[i], s->answer[object] != s->machine_label[object]);
		s->drawn_once[object] = s->drawn_once[object] || plan.drawn[i];
		s->machine_label[object] = -1;
	}
	if (plan.count == 0)
		end_audit(s);
	gtl_env_release(s->env, plan.objects);
	gtl_env_release(s->env, plan.drawn);
}

/* ---- Rounds ---- */

/* The labels of the newest round are checked by people, until they stand or are withdrawn. */
static void
begin_audit(GtlSimulated *s, const GtlEngineEvidence *evidence)
{
	GtlAuditSetup setup = gtl_engine_audit_setup(&s->engine, evidence, &s->last);

	if (s->in_place)
	{
		gtl_simulated_begin_audit(s, &setup);
		return;
	}
	s->audit = gtl_audit_create(&setup, s->pool, s->last.best, s->last.margin, s->last.pool_count, s->env);
	gtl_audit_follow(s->audit, s->former, s->formers);
}

/* What the round labels, and the batch that it chooses; false: interrupted. */
static bool
decide_round(GtlSimulated *s, Rows *rows)
{
	s->round_no++;
	if (s->last.compared)
	{
		s->selected_at = s->human;
		s->chosen_initial = s->last.chosen == GTL_ENGINE_INITIAL;
	}
	gtl_engine_decide(&s->engine, &rows->evidence, s->env, &s->last);
	s->accuracy = model_accuracy(s, rows);
	set_machine_labels(s);
	if (s->in_place && !gtl_simulated_score_rows(s))
		return false;
	for (int64_t i = 0; i < s->last.dropped_count; i++)
		s->active[rows->object[s->last.dropped[i]]] = false;
	report(s, false);
	gtl_simulated_ask(s, s->last.selected, s->last.selected_count);
	s->round_pending = s->last.selected_count > 0 && gtl_schedule_calls_round(false, false);
	if (s->last.audit_due)
		begin_audit(s, &rows->evidence);
	return true;
}

/* One round and the batch it chooses; false: interrupted, or an optimizer got no memory. */
static bool
run_round(GtlSimulated *s)
{
	int64_t		pool_count;
	int32_t    *pool = list_unlabeled(s, &pool_count);
	GtlEngineRound next;
	Rows		rows;
	bool		done;

	gather(s, pool, pool_count, &rows);
	done = gtl_engine_train(&s->engine, &rows.evidence, s->env, &next) &&
		gtl_engine_score(&s->engine, &rows.evidence, pool, pool_count, read_rows, s, s->env, &next);
	gtl_engine_release(&s->last, s->env);
	gtl_env_release(s->env, s->pool);
	s->pool = pool;
	s->last = next;
	if (done)
		done = decide_round(s, &rows);
	release_rows(s, &rows);
	return done;
}

static GtlDue
next_step(const GtlSimulated *s)
{
	GtlDueFacts facts = {
		.people_left = gtl_simulated_people_left(s),
		.validation_left = s->validation_count > s->human ? s->validation_count - s->human : 0,
		.unlabeled = s->passed ? 0 : gtl_simulated_objects(s) - s->human - s->machine,
		.rounds = s->validation_count > 0,
		.round_pending = s->round_pending,
		.audit_open = s->audit != NULL || s->uniform_open
	};

	return gtl_due(&facts);
}

static bool
run_job(GtlSimulated *s)
{
	if (!draw_validation_set(s))
		return false;
	while (!gtl_env_interrupted(s->env))
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
			case GTL_DUE_AUDIT:
				if (s->in_place)
					gtl_simulated_audit(s);
				else
					do_audit(s);
				break;
			case GTL_DUE_NOTHING:
			case GTL_DUE_STOP:
			case GTL_DUE_INTAKE:
			case GTL_DUE_CLOSE_BATCH:
			case GTL_DUE_MAP:	/* all rows are there from the start */
			case GTL_DUE_AUDIT_BATCH:
			case GTL_DUE_COMPLETE:
				if (s->last.pool == NULL)
					s->round_no = -1;
				report(s, true);
				return true;
		}
	return false;
}

bool
gtl_simulate(const GtlLabeledSet *data, const GtlFeatureStats *stats,
			 const GtlSimulationSettings *settings, uint64_t seed, const GtlEnv *env,
			 GtlSimulationReport report_round, void *report_context)
{
	GtlSimulated s;
	bool		done;

	memset(&s, 0, sizeof s);
	s.data = data;
	s.stats = *stats;
	s.settings = settings;
	s.engine = settings->engine;
	s.env = env;
	s.in_place = settings->sample > 0;
	if (s.in_place)
		gtl_simulated_place(&s);
	s.engine.objects = s.engine.lot_objects = s.engine.rows = gtl_simulated_objects(&s);
	s.engine.seed = seed;
	s.report = report_round;
	s.report_context = report_context;
	s.round_no = -1;
	s.accuracy = NAN;
	s.answer = gtl_env_alloc(env, sizeof(int32_t) * (size_t) data->rows);
	s.validation_no = gtl_env_alloc(env, sizeof(int32_t) * (size_t) data->rows);
	s.active = gtl_env_alloc(env, sizeof(bool) * (size_t) data->rows);
	s.machine_label = gtl_env_alloc(env, sizeof(int32_t) * (size_t) data->rows);
	s.drawn_once = gtl_env_alloc(env, sizeof(bool) * (size_t) data->rows);
	s.settled = gtl_env_alloc(env, sizeof(bool) * (size_t) data->rows);
	for (int64_t o = 0; o < data->rows; o++)
		s.answer[o] = s.validation_no[o] = s.machine_label[o] = -1;
	done = run_job(&s);
	gtl_engine_release(&s.last, env);
	gtl_env_release(env, s.answer);
	gtl_env_release(env, s.validation_no);
	gtl_env_release(env, s.active);
	gtl_env_release(env, s.validation);
	gtl_env_release(env, s.pool);
	gtl_env_release(env, s.machine_label);
	gtl_env_release(env, s.settled);
	gtl_env_release(env, s.drawn_once);
	for (int k = 0; k < s.formers; k++)
		gtl_audit_release(s.former[k], env);
	gtl_simulated_unplace(&s);
	if (s.audit != NULL)
		gtl_audit_release(s.audit, env);
	return done;
}
