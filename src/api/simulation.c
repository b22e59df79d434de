/*
 * simulation.c
 *		What gt_simulate_job and gt_simulate_summary have in common: arguments, dataset, jobs, and how long they take.
 *
 * The dataset is read once for each group of settings, and nothing is written.  A job in place works on a sample, and which one
 * its seed says: what makes features of texts and neighbourhood columns are learned from it, so that all rows are read for each
 * repetition.
 */
#include "api/simulation.h"

#include "api/arguments.h"
#include "api/job_settings.h"
#include "api/text_settings.h"
#include "base/errors.h"
#include "data/far.h"
#include "data/in_place.h"
#include "learning/keyed_hash.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "steps/evidence.h"
#include "tables/model.h"
#include "tables/neighbour_map.h"
#include "utils/memutils.h"

static void
check_settings(const GtlJob *job)
{
	gtl_job_settings_check(job);
	if (job->placement == GTL_PLACEMENT_IN_PLACE && job->categories == NULL)
		gtl_error_setting("placement", "in_place needs label_categories", "gt_create_job wants them, too.");
}

void
gtl_simulation_read_settings(FunctionCallInfo fcinfo, GtlSimulation *s)
{
	GtlJob	   *job = &s->job;
	GtlSimulationSettings *settings = &s->settings;
	const GtlClassifier *initial = settings->initial;
	int			error = gtl_argument_place(fcinfo, "annotator_error");

	memset(job, 0, sizeof(*job));
	memset(settings, 0, sizeof(*settings));
	gtl_argument_required(fcinfo, gtl_argument_place(fcinfo, "label_column"), "label_column");
	if (PG_ARGISNULL(gtl_argument_place(fcinfo, "text_column")) && PG_ARGISNULL(gtl_argument_place(fcinfo, "proposal_columns")))
		gtl_argument_required(fcinfo, gtl_argument_place(fcinfo, "features_column"), "features_column");
	gtl_job_settings_read(fcinfo, job);
	job->features_column = gtl_text_features_column(fcinfo, job->text_column);
	check_settings(job);
	job->seed = gtl_argument_seed(fcinfo, gtl_argument_place(fcinfo, "seed"));
	gtl_evidence_settings(job, &settings->engine);
	settings->initial = initial;
	settings->validation_share = job->validation_share;
	settings->chosen_start = job->nproposal_columns == 0;
	gtl_argument_required(fcinfo, error, "annotator_error");
	settings->annotator_error = PG_GETARG_FLOAT8(error);
	if (!(settings->annotator_error >= 0 && settings->annotator_error < 1))
		gtl_error_setting("annotator_error", "must be at least 0 and less than 1", NULL);
}

/* As the snapshot of a job does; NULL: there are none. */
static const GtlNeighbours *
add_neighbours(GtlJob *job, GtlMatrix *matrix)
{
	const GtlNeighbours *map = NULL;
	GtlEnv		env;

	gtl_env_init(&env, CurrentMemoryContext);
	if (job->neighbours_id != 0)
	{
		map = gtl_neighbour_map_get(job->neighbours_id, &env);
		if (map->dimension != gtl_stats_features(&matrix->stats))
			return NULL;		/* the model is refused, later */
	}
	return gtl_matrix_add_neighbours(matrix, map, &job->neighbours_reason);
}

/* WHERE ..., for the rows that a job in place does not work on; NULL: there are none, or it is another job. */
static char *
restrict_to_sample(GtlJob *job, GtlDataset *dataset)
{
	if (job->placement != GTL_PLACEMENT_IN_PLACE)
		return NULL;
	job->key_column = dataset->key_column;
	job->dataset_name = dataset->name;
	return gtl_in_place_restrict(job, dataset, gtl_in_place_labeled_rows(job));
}

/* The other rows, with what has been learned from the sample. */
static void
read_rest(GtlDataset *dataset, char *rest, const GtlNeighbours *map, GtlMatrix *matrix)
{
	if (rest == NULL)
		return;
	dataset->sample = rest;
	dataset->read_before = false;
	if (dataset->text_column == NULL)
		dataset->inputs = gtl_stats_features(&matrix->stats);
	gtl_matrix_read_more(dataset, map, matrix);
}

static void
read_rows(GtlJob *job, GtlDataset *dataset, const GtlTextSettings *text, GtlMatrix *matrix)
{
	bool		in_place = job->placement == GTL_PLACEMENT_IN_PLACE;
	char	   *rest = restrict_to_sample(job, dataset);
	bool		neighbours = job->neighbours_id != 0 || gtl_job_wants_neighbours(job);
	const GtlNeighbours *map = NULL;

	if (dataset->text_column != NULL && dataset->maker == NULL)
		(void) gtl_text_features_fit(dataset, text);
	gtl_matrix_read(dataset, job->categories, job->ncategories, neighbours && !in_place, in_place, matrix);
	if (neighbours)
		map = add_neighbours(job, matrix);
	matrix->sample = in_place ? matrix->set.rows : 0;
	read_rest(dataset, rest, map, matrix);
}

static void
read_matrix(FunctionCallInfo fcinfo, GtlJob *job, GtlMatrix *matrix)
{
	bool		in_place = job->placement == GTL_PLACEMENT_IN_PLACE;
	GtlDataset	dataset;
	GtlTextSettings text;
	GtlFarWatch watch;

	if (job->categories != NULL)
		gtl_check_categories(job->categories, job->ncategories);
	gtl_dataset_describe(job->dataset, job->key_column, in_place ? GTL_KEY_REQUIRED : GTL_KEY_OPTIONAL, job->features_column, job->text_column,
						 job->label_column, NULL, &dataset);
	if (job->nproposal_columns > 0 && job->categories == NULL)
		gtl_error_setting("proposal_columns", "needs label_categories", "They say what guesses there can be.");
	gtl_dataset_take_proposals(&dataset, job->dataset, job->proposal_columns, job->nproposal_columns,
							   job->categories, job->ncategories);
	dataset.labeled_only = true;
	gtl_text_settings_read(fcinfo, job->text_column, &text);
	gtl_text_use_initial_model(job, &text, &dataset);
	gtl_job_take_map(job);
	if (in_place)
	{
		job->dataset_name = dataset.name;
		gtl_far_begin(&watch, job);
	}
	read_rows(job, &dataset, &text, matrix);
	if (in_place)
		gtl_far_watch_end(&watch);
}

/* gtl_keyed_draw of a row's key: gt_draw. */
static double
draw_row(void *context, int64_t row, uint64_t seed)
{
	Size		size;
	const char *key = gtl_matrix_key(context, row, &size);

	return gtl_keyed_draw(seed, key, size, 1);
}

/* The model that the simulated jobs start from; it has to fit the data. */
static const GtlClassifier *
read_initial_model(const GtlJob *job, const GtlMatrix *matrix)
{
	GtlEnv		env;
	GtlModel   *model;
	bool		fits;

	if (job->initial_model_id == 0)
		return NULL;
	gtl_env_init(&env, CurrentMemoryContext);
	model = gtl_model_get(job->initial_model_id, &env);
	fits = model->ncategories == matrix->ncategories && model->dimension == gtl_stats_features(&matrix->stats) &&
		model->proposal_inputs == matrix->stats.proposals;
	for (int i = 0; fits && i < matrix->ncategories; i++)
		fits = strcmp(model->categories[i], matrix->categories[i]) == 0;
	if (!fits)
		gtl_error_setting("initial_model", psprintf("\"%s\" has other categories or dimensions than the dataset", model->name),
						  "Name the model's label_categories, in their order.");
	return &model->classifier;
}

/* The dataset, in the current memory context. */
static void
load(FunctionCallInfo fcinfo, GtlSimulation *s)
{
	GtlTrainingNeeds needs = {.grows = true,.row_bytes = GTL_SIMULATE_ROW_BYTES,.what = "simulating a labeling job"};
	GtlJob		job = s->job;	/* what is learned of it is of these rows */

	read_matrix(fcinfo, &job, &s->matrix);
	s->settings.initial = read_initial_model(&job, &s->matrix);
	s->settings.sample = s->matrix.sample;
	s->settings.draw = draw_row;
	s->settings.draw_context = &s->matrix;
	if (s->settings.sample > 0)
		needs.row_bytes += GTL_SIMULATE_PLACED_BYTES;
	else if (s->settings.engine.promise.guarantee == GTL_GUARANTEE_AUDITED)
		needs.row_bytes += GTL_AUDIT_LABEL_BYTES + GTL_FORMER_AUDITS_BYTES;
	needs.algorithm = s->settings.engine.algorithm;
	needs.neighbours = s->matrix.stats.neighbours;
	needs.initial = s->settings.initial;
	gtl_training_set_finish(s->matrix.store, &s->matrix.set, &needs);
}

void
gtl_simulation_read(FunctionCallInfo fcinfo, GtlSimulation *s)
{
	MemoryContext caller = CurrentMemoryContext;

	s->settings.initial = NULL;
	gtl_simulation_read_settings(fcinfo, s);
	s->fcinfo = fcinfo;
	s->sample_of = 0;
	s->rows = AllocSetContextCreate(caller, "gtlabel simulated rows", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(s->rows);
	load(fcinfo, s);
	MemoryContextSwitchTo(caller);
	gtl_env_init(&s->env, AllocSetContextCreate(CurrentMemoryContext, "gtlabel simulation", ALLOCSET_DEFAULT_SIZES));
	gtl_team_enable(&s->env);
	s->env.progress = NULL;		/* the phases of all these rounds would say nothing */
}

int64
gtl_simulation_seed(const GtlSimulation *s, int32 repetition)
{
	return (int64) ((uint64) s->job.seed + (uint64) repetition);
}

/* In place the seed says which rows are the sample. */
static void
take_sample(GtlSimulation *s, int32 repetition)
{
	int64		seed = s->job.seed;
	MemoryContext caller;

	if (s->settings.sample == 0 || s->sample_of == repetition)
		return;
	MemoryContextReset(s->rows);
	caller = MemoryContextSwitchTo(s->rows);
	s->job.seed = gtl_simulation_seed(s, repetition);
	load(s->fcinfo, s);
	s->job.seed = seed;
	s->sample_of = repetition;
	MemoryContextSwitchTo(caller);
}

void
gtl_simulation_run(GtlSimulation *s, int32 repetition, GtlSimulationReport report, void *context)
{
	CHECK_FOR_INTERRUPTS();
	take_sample(s, repetition);
	if (!gtl_simulate(&s->matrix.set, &s->matrix.stats, &s->settings, (uint64) gtl_simulation_seed(s, repetition), &s->env,
					  report, context))
		gtl_computing_raise();
	MemoryContextReset((MemoryContext) s->env.context);
}

/* ---- How long ---- */

/* People's labels before the first round of the trial, and objects that it adds for the second. */
#define TRIAL_VALIDATION 200
#define TRIAL_BATCH 50

typedef struct Trial
{
	instr_time	since;
	double		seconds[2];		/* of its first rounds */
	int			rounds;
} Trial;

static double
seconds_since(instr_time start)
{
	instr_time	now;

	INSTR_TIME_SET_CURRENT(now);
	INSTR_TIME_SUBTRACT(now, start);
	return INSTR_TIME_GET_DOUBLE(now);
}

static void
note_trial_round(void *context, const GtlSimulatedRound *round)
{
	Trial	   *trial = context;

	if (!round->final && trial->rounds < (int) lengthof(trial->seconds))
		trial->seconds[trial->rounds++] = seconds_since(trial->since);
	INSTR_TIME_SET_CURRENT(trial->since);
}

/* Two rounds of a job over `rows` of the dataset's rows, evenly apart; its models are those of the simulation. */
static void
run_trial(GtlSimulation *s, int32 rows, Trial *trial)
{
	const GtlLabeledSet *all = &s->matrix.set;
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "gtlabel trial", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	GtlSimulationSettings settings = s->settings;
	GtlLabeledSet set = {.rows = rows,.dimension = all->dimension,.classes = all->classes};
	int32	   *chosen = palloc(sizeof(int32) * rows);
	int32	   *labels = palloc(sizeof(int32) * rows);
	float	   *features = MemoryContextAllocHuge(scratch, sizeof(float) * rows * all->dimension);

	for (int32 i = 0; i < rows; i++)
	{
		chosen[i] = (int32) ((int64) i * all->rows / rows);
		labels[i] = all->labels[chosen[i]];
	}
	if (!gtl_labeled_rows(all, chosen, 0, rows, features))
		gtl_computing_raise();
	set.labels = labels;
	set.features = features;
	settings.engine.schedule = GTL_SCHEDULE_EAGER;
	settings.engine.promise.guarantee = GTL_GUARANTEE_CONFIDENCE;
	settings.engine.promise.scope = GTL_SCOPE_MACHINE_LABELS;
	settings.engine.max_concurrent = TRIAL_BATCH;
	settings.engine.limits = (GtlLimits) {.max_human = TRIAL_VALIDATION + TRIAL_BATCH + 1};
	settings.validation_share = (TRIAL_VALIDATION + 0.5) / rows;
	settings.sample = 0;
	memset(trial, 0, sizeof(*trial));
	INSTR_TIME_SET_CURRENT(trial->since);
	if (!gtl_simulate(&set, &s->matrix.stats, &settings, 1, &s->env, note_trial_round, trial))
		gtl_computing_raise();
	MemoryContextReset((MemoryContext) s->env.context);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
	if (trial->rounds < 2)		/* the first has labeled all */
		trial->seconds[1] = trial->seconds[0];
}

#define TRIAL_ROWS 600
#define TRIAL_MORE_ROWS 4000	/* which cost scoring only */

/* As many as a part of the memory holds. */
static int32
more_rows(const GtlSimulation *s)
{
	int64		held = gtl_memory_budget() / 4 / (sizeof(float) * s->matrix.set.dimension);

	return (int32) Min(Min(s->matrix.set.rows, TRIAL_MORE_ROWS), held);
}

void
gtl_simulation_pace(GtlSimulation *s, GtlSimulationPace *pace)
{
	Trial		few;
	Trial		many;

	memset(pace, 0, sizeof(*pace));
	if (s->matrix.set.rows < TRIAL_ROWS)
		return;
	run_trial(s, TRIAL_ROWS, &few);
	pace->first = few.seconds[0] / TRIAL_VALIDATION;
	pace->later = few.seconds[1] / (TRIAL_VALIDATION + TRIAL_BATCH);
	if (more_rows(s) < 2 * TRIAL_ROWS)
		return;
	run_trial(s, more_rows(s), &many);
	pace->score = Max(many.seconds[1] - few.seconds[1], 0) / (more_rows(s) - TRIAL_ROWS);
}

double
gtl_simulation_seconds(const GtlSimulation *s, const GtlSimulationPace *pace)
{
	const GtlEngineSettings *engine = &s->settings.engine;
	int64		objects = s->job.placement == GTL_PLACEMENT_IN_PLACE ? Min(s->job.sample_count, s->matrix.set.rows) : s->matrix.set.rows;
	int64		human = 0;
	int64		compared_at = 0;
	double		seconds = 0;
	GtlPlanState plan;
	GtlPlanStep step;

	gtl_plan_start(&plan, engine->schedule, objects, engine->max_concurrent,
				   gtl_schedule_validation_count(engine->schedule, &engine->promise, engine->per_class, s->matrix.set.classes,
												 objects, s->settings.validation_share),
				   s->settings.initial != NULL, true);
	plan.limits = engine->limits;
	while (gtl_plan_next(&plan, &step))
	{
		if (step.action == GTL_PLAN_VALIDATION || step.action == GTL_PLAN_TRAINING)
			human += step.objects;
		if (step.action != GTL_PLAN_AUTO_LABEL)
			continue;
		if (human >= 2 * compared_at)
			seconds += pace->first * human;
		else
			seconds += pace->later * human;
		if (human >= 2 * compared_at)
			compared_at = human;
		seconds += pace->score * (s->matrix.set.rows - human);
	}
	return seconds;
}
