/*
 * driver.c
 *		Bench of the promise: runs one setting as many whole jobs with different
 *		seeds, on several processes, and prints what came out.
 *
 * driver [option=value ...] < ROWS
 *
 *	text=0              1: ROWS hold texts, from which the features are made as a live job makes them
 *	rows=N              objects of the job, drawn from the rows by draw=SEED; 0: all
 *	rule=gtlabel|plain  gtl_simulate, or the plain rule below
 *	schedule=standard|eager  guarantee=audited|confidence|expected|strict|empirical
 *	scope=machine_labels|dataset  queries=margin|random
 *	algorithm=auto|softmax|mlp  target=0.95  level=0.95  batch=1000  error=0
 *	validation=SHARE    below 0: what the schedule takes
 *	per_class=0         1: a certificate for each class
 *	neighbours=0        1: with neighbourhood columns
 *	proposals=LIST      sources of guesses at the labels, such as 0.9,copy: a share that is right, copy of the one
 *	                    before, random, wrong (never right)
 *	start=random|chosen what people label first; chosen needs neighbours=1
 *	seed=1  repetitions=100  processes=2  verbose=0
 *
 * ROWS is COPY text: id, tab, {feature,...} or a text, tab, label.  Prints one line: repetitions, mean
 * and standard deviation of the human labels, mean machine-labeled share, mean realized
 * error, largest realized error (of the jobs with machine labels; over the dataset, with that scope), jobs with machine
 * labels, jobs that missed the target, CPU seconds a job; with per_class also the classes with
 * machine labels, over all jobs, and those whose own error missed the target.
 *
 * The plain rule: a fixed validation set that nothing is trained on; after each batch
 * a model trained on the training batches only; the lowest margin at which the error
 * on the validation set, as it is, meets the target for 25 objects or more; what lies
 * above it is labeled for good.  Draws, batches, classifiers and their selection are
 * those of gtlabel.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <math.h>

#include "learning/random.h"
#include "learning/select.h"
#include "learning/neighbours.h"
#include "learning/proposals.h"
#include "learning/simulate.h"
#include "learning/text_sample.h"

#include "../driver_env.h"

#define LONGEST_LABEL 63
#define TEXT_DIMENSIONS 256		/* as text_dimensions is */

typedef struct Options
{
	GtlSimulationSettings simulation;
	bool		plain;
	bool		text;			/* rows are texts */
	int64_t		rows;
	uint64_t	draw;
	uint64_t	seed;
	int			repetitions;
	int			processes;
	bool		verbose;
	bool		neighbours;		/* with neighbourhood columns */
	char	   *proposals;		/* sources of guesses; NULL: none */
} Options;

typedef struct Outcome
{
	int64_t		human;
	int64_t		machine;
	double		error;			/* NaN: no machine labels */
	int			classes_labeled;
	int			classes_missed;
	double		seconds;
	bool		done;
} Outcome;

static const GtlEnv env = {.alloc = bench_alloc, .release = bench_release};

static void
die(const char *what, const char *which)
{
	fprintf(stderr, "driver: %s%s\n", what, which);
	exit(2);
}

/* ---- Data ---- */

typedef struct Table
{
	GtlLabeledSet set;
	float	   *features;
	char	  **texts;			/* instead of features; NULL: none */
	int32_t    *labels;
	char		(*names)[LONGEST_LABEL + 1];
} Table;

static int32_t
label_number(Table *table, char *name)
{
	name[strcspn(name, "\r\n")] = '\0';
	if (strlen(name) > LONGEST_LABEL)
		die("label too long: ", name);
	for (int c = 0; c < table->set.classes; c++)
		if (strcmp(table->names[c], name) == 0)
			return c;
	table->names = realloc(table->names, (size_t) (table->set.classes + 1) * sizeof *table->names);
	strcpy(table->names[table->set.classes], name);
	return table->set.classes++;
}

static void
make_room(Table *table, int64_t *room, bool text)
{
	if (table->set.rows < *room)
		return;
	*room = *room == 0 ? 1024 : 2 * *room;
	if (text)
		table->texts = realloc(table->texts, (size_t) *room * sizeof(char *));
	else
		table->features = realloc(table->features, (size_t) *room * (size_t) table->set.dimension * sizeof(float));
	table->labels = realloc(table->labels, (size_t) *room * sizeof(int32_t));
	if ((table->features == NULL && table->texts == NULL) || table->labels == NULL)
		abort();
}

/* Escapes of COPY stay: a letter more or less is nothing to an n-gram. */
static void
read_text(Table *table, char *line, int64_t *room)
{
	char	   *text = strchr(line, '\t');
	char	   *label = text == NULL ? NULL : strchr(text + 1, '\t');

	if (label == NULL)
		die("not a row: ", line);
	*label = '\0';
	make_room(table, room, true);
	table->texts[table->set.rows] = strdup(text + 1);
	table->labels[table->set.rows++] = label_number(table, label + 1);
}

static void
read_line(Table *table, char *line, int64_t *room)
{
	char	   *at = strchr(line, '\t');
	int			dimension = 0;

	if (at == NULL || at[1] != '{')
		die("not a row: ", line);
	at += 2;
	if (table->set.rows == 0)
	{
		table->set.dimension = 1;
		for (const char *c = at; *c != '}' && *c != '\0'; c++)
			table->set.dimension += *c == ',';
	}
	make_room(table, room, false);
	for (; dimension < table->set.dimension && at[-1] != '}'; at++)
		table->features[table->set.rows * table->set.dimension + dimension++] = strtof(at, &at);
	if (dimension != table->set.dimension || at[-1] != '}' || at[0] != '\t')
		die("not a row: ", line);
	table->labels[table->set.rows++] = label_number(table, at + 1);
}

static void
read_table(Table *table, FILE *file, bool text)
{
	char	   *line = NULL;
	size_t		size = 0;
	int64_t		room = 0;

	memset(table, 0, sizeof *table);
	while (getline(&line, &size, file) > 0)
		if (text)
			read_text(table, line, &room);
		else
			read_line(table, line, &room);
	free(line);
	if (table->set.rows == 0)
		die("no rows", "");
	table->set.features = table->features;
	table->set.labels = table->labels;
}

/* A random part of the rows; the classes stay those of all. */
static void
draw_rows(Table *table, int64_t rows, uint64_t seed)
{
	size_t		width = (size_t) table->set.dimension * sizeof(float);
	int32_t    *all = bench_alloc(NULL, (size_t) table->set.rows * sizeof(int32_t));
	int32_t    *chosen = bench_alloc(NULL, (size_t) rows * sizeof(int32_t));
	float	   *features = bench_alloc(NULL, (size_t) rows * width);
	int32_t    *labels = bench_alloc(NULL, (size_t) rows * sizeof(int32_t));
	char	  **texts = bench_alloc(NULL, (size_t) rows * sizeof(char *));

	if (rows > table->set.rows)
		die("fewer rows than asked for", "");
	for (int64_t i = 0; i < table->set.rows; i++)
		all[i] = (int32_t) i;
	gtl_select_random(all, table->set.rows, rows, seed, GTL_STREAM_VALIDATION, &env, chosen);
	for (int64_t i = 0; i < rows; i++)
	{
		if (table->texts != NULL)
			texts[i] = table->texts[chosen[i]];
		else
			memcpy(features + i * table->set.dimension,
				   table->features + (int64_t) chosen[i] * table->set.dimension, width);
		labels[i] = table->labels[chosen[i]];
	}
	free(all);
	free(chosen);
	free(table->features);
	free(table->labels);
	if (table->texts != NULL)
		table->texts = texts;
	table->set.rows = rows;
	table->set.features = table->features = features;
	table->set.labels = table->labels = labels;
}

/* Features of the texts, learned from them all. */
static void
make_features(Table *table)
{
	const GtlSampleRequest request = {.dimensions = TEXT_DIMENSIONS,.seed = GTL_SAMPLE_SEED,.budget = (size_t) 1 << 30};
	GtlTextSample *sample = gtl_text_sample_create(&request, &env);
	GtlFeaturizer featurizer = {.inputs = 0};
	GtlFeatureMaker *maker;

	for (int64_t i = 0; i < table->set.rows; i++)
		gtl_text_sample_add(sample, i, table->texts[i], strlen(table->texts[i]));
	(void) gtl_text_sample_fit(sample, &featurizer);
	gtl_text_sample_release(sample);
	table->set.dimension = gtl_featurizer_dimension(&featurizer);
	table->features = bench_alloc(NULL, (size_t) table->set.rows * (size_t) table->set.dimension * sizeof(float));
	maker = gtl_feature_maker_create(&featurizer, &env);
	for (int64_t i = 0; i < table->set.rows; i++)
		gtl_feature_maker_row(maker, table->texts[i], strlen(table->texts[i]), NULL,
							  table->features + i * table->set.dimension);
	gtl_feature_maker_release(maker);
	table->set.features = table->features;
}

/* ---- The plain rule ---- */

typedef enum Place
{
	POOL = 0,
	VALIDATION,
	TRAINING,
	MACHINE
} Place;

typedef struct PlainJob
{
	const GtlLabeledSet *data;
	const GtlFeatureStats *stats;
	const GtlEngineSettings *engine;
	uint64_t	seed;
	char	   *place;			/* [rows] */
	int32_t    *objects;		/* [rows] of one place, the last that was listed */
	int64_t		trained;		/* training objects */
	int64_t		machine;
	int64_t		wrong;
	GtlCandidate candidate;
	int64_t		selected_at;	/* training objects when candidates were compared; 0: never */
} PlainJob;

static int64_t
list_place(PlainJob *job, Place place)
{
	int64_t		count = 0;

	for (int64_t o = 0; o < job->data->rows; o++)
		if (job->place[o] == (char) place)
			job->objects[count++] = (int32_t) o;
	return count;
}

/* Move random pool objects elsewhere. */
static int64_t
move_random(PlainJob *job, int64_t wanted, int stream, Place to)
{
	int64_t		count = list_place(job, POOL);
	int32_t    *chosen = bench_alloc(NULL, (size_t) count * sizeof(int32_t));

	count = gtl_select_random(job->objects, count, wanted, job->seed, stream, &env, chosen);
	for (int64_t i = 0; i < count; i++)
		job->place[chosen[i]] = (char) to;
	free(chosen);
	return count;
}

/* The rows of the training objects, and when due the choice among the candidates. */
static void
fit_plain(PlainJob *job, GtlClassifier *model)
{
	int64_t		count = list_place(job, TRAINING);
	bool	   *validation = bench_alloc(NULL, (size_t) count);
	int8_t	   *fold = bench_alloc(NULL, (size_t) count);
	float	   *features = bench_alloc(NULL, (size_t) count * (size_t) job->data->dimension * sizeof(float));
	int32_t    *labels = bench_alloc(NULL, (size_t) count * sizeof(int32_t));
	GtlCrossfitSet set = {
		.labeled = {count, job->data->dimension, job->data->classes, features, labels},
		.validation = validation, .fold = fold, .stats = *job->stats
	};
	GtlCandidate candidates[GTL_CANDIDATE_COUNT];
	GtlFitRequest request = {.set = &set.labeled, .stats = job->stats, .seed = job->seed};
	GtlSelection selection;
	GtlFitReport report;
	int			ncandidates = 0;

	for (int64_t i = 0; i < count; i++)
	{
		memcpy(features + i * job->data->dimension,
			   job->data->features + (int64_t) job->objects[i] * job->data->dimension,
			   (size_t) job->data->dimension * sizeof(float));
		labels[i] = job->data->labels[job->objects[i]];
		fold[i] = (int8_t) gtl_engine_fold(job->seed, -1, job->objects[i]);
	}
	if (job->selected_at == 0 || count >= 2 * job->selected_at)
	{
		for (int i = 0; i < GTL_CANDIDATE_KINDS; i++)
			if (job->engine->algorithm == GTL_ENGINE_AUTO ||
				(job->engine->algorithm == GTL_ENGINE_MLP) == (gtl_candidates[i].algorithm == GTL_MLP))
				candidates[ncandidates++] = gtl_candidates[i];
		gtl_crossfit_select(&set, candidates, NULL, ncandidates, job->seed, &env, &selection);
		job->candidate = candidates[selection.chosen];
		job->selected_at = count;
	}
	request.candidate = job->candidate;
	gtl_classifier_fit(&request, &env, model, &report);
	free(validation);
	free(fold);
	free(features);
	free(labels);
}

/* Score the first `count` of job->objects. */
static void
score_plain(const PlainJob *job, const GtlClassifier *model, int64_t count, int32_t *best, double *margin)
{
	GtlScorer  *scorer = gtl_scorer_create(model, job->data->dimension, &env);
	int			dimension = job->data->dimension;
	float	   *rows = bench_alloc(NULL, GTL_SCORE_BLOCK_ROWS * (size_t) dimension * sizeof(float));

	for (int64_t at = 0; at < count; at += GTL_SCORE_BLOCK_ROWS)
	{
		int			n = count - at < GTL_SCORE_BLOCK_ROWS ? (int) (count - at) : GTL_SCORE_BLOCK_ROWS;

		for (int i = 0; i < n; i++)
			memcpy(rows + (int64_t) i * dimension,
				   job->data->features + (int64_t) job->objects[at + i] * dimension,
				   (size_t) dimension * sizeof(float));
		gtl_scorer_block(scorer, rows, n, best + at, margin + at, NULL);
	}
	gtl_scorer_release(scorer, &env);
	free(rows);
}

/* Train, look for the threshold, label for good, choose the next batch. */
static void
plain_round(PlainJob *job, int32_t *best, double *margin, int64_t *chosen)
{
	GtlPromise	promise = job->engine->promise;
	const GtlSample none = {.halvings = 0};
	GtlCertificate certificate;
	GtlClassifier model;
	int64_t		count;
	int64_t		rest = 0;
	bool	   *wrong;

	fit_plain(job, &model);
	count = list_place(job, VALIDATION);
	score_plain(job, &model, count, best, margin);
	wrong = bench_alloc(NULL, (size_t) count);
	for (int64_t i = 0; i < count; i++)
		wrong[i] = best[i] != job->data->labels[job->objects[i]];
	promise.guarantee = GTL_GUARANTEE_EMPIRICAL;
	gtl_certify(margin, wrong, (int) count, &promise, &none, &env, &certificate);
	free(wrong);

	count = list_place(job, POOL);
	score_plain(job, &model, count, best, margin);
	for (int64_t i = 0; i < count; i++)
	{
		int32_t		object = job->objects[i];

		if (margin[i] >= certificate.threshold)
		{
			job->place[object] = MACHINE;
			job->machine++;
			job->wrong += best[i] != job->data->labels[object];
			continue;
		}
		job->objects[rest] = object;
		margin[rest++] = margin[i];
	}
	count = gtl_select_lowest(job->objects, margin, rest, job->engine->max_concurrent, &env, chosen);
	for (int64_t i = 0; i < count; i++)
		job->place[job->objects[chosen[i]]] = TRAINING;
	job->trained += count;
	gtl_classifier_release(&model, &env);
}

static void
run_plain(const GtlLabeledSet *data, const GtlFeatureStats *stats, const Options *options, uint64_t seed,
		  Outcome *outcome)
{
	size_t		rows = (size_t) data->rows;
	PlainJob	job = {.data = data, .stats = stats, .engine = &options->simulation.engine, .seed = seed};
	int32_t    *best = bench_alloc(NULL, rows * sizeof(int32_t));
	double	   *margin = bench_alloc(NULL, rows * sizeof(double));
	int64_t    *chosen = bench_alloc(NULL, rows * sizeof(int64_t));
	int64_t		validation;

	job.place = bench_alloc(NULL, rows);
	job.objects = bench_alloc(NULL, rows * sizeof(int32_t));
	validation = gtl_schedule_validation_count(options->simulation.engine.schedule, &options->simulation.engine.promise, false,
											   data->classes, data->rows, options->simulation.validation_share);
	validation = move_random(&job, validation, GTL_STREAM_VALIDATION, VALIDATION);
	job.trained = move_random(&job, job.engine->max_concurrent, GTL_STREAM_FIRST_BATCH, TRAINING);
	while (validation + job.trained + job.machine < data->rows)
		plain_round(&job, best, margin, chosen);
	outcome->human = validation + job.trained;
	outcome->machine = job.machine;
	outcome->error = job.machine > 0 ? (double) job.wrong / (double) job.machine : NAN;
	free(best);
	free(margin);
	free(chosen);
	free(job.place);
	free(job.objects);
}

/* ---- Many jobs ---- */

static void
take_final(void *context, const GtlSimulatedRound *round)
{
	Outcome    *outcome = context;

	if (!round->final)
		return;
	outcome->human = round->human_labeled;
	outcome->machine = round->machine_labeled;
	outcome->error = round->machine_error;
	outcome->classes_labeled = round->classes_labeled;
	outcome->classes_missed = round->classes_missed;
}

static double
cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double) t.tv_sec + 1e-9 * (double) t.tv_nsec;
}

/* Shared by the processes: each takes the next repetition until none is left. */
typedef struct Board
{
	int			next;
	Outcome		outcome[];
} Board;

static void
work(const GtlLabeledSet *data, const GtlFeatureStats *stats, const Options *options, Board *board)
{
	int			r;

	while ((r = __atomic_fetch_add(&board->next, 1, __ATOMIC_RELAXED)) < options->repetitions)
	{
		Outcome    *outcome = &board->outcome[r];
		double		start = cpu_seconds();
		uint64_t	seed = options->seed + (uint64_t) r;

		if (options->plain)
			run_plain(data, stats, options, seed, outcome);
		else
			gtl_simulate(data, stats, &options->simulation, seed, &env, take_final, outcome);
		outcome->seconds = cpu_seconds() - start;
		outcome->done = true;
	}
}

static void
print_outcomes(const Options *options, const Board *board, int64_t rows)
{
	int			n = options->repetitions;
	int			labeled = 0;
	int			missed = 0;
	int			classes = 0;
	int			classes_missed = 0;
	double		human = 0,
				squares = 0,
				share = 0,
				error = 0,
				largest = 0,
				seconds = 0;

	for (int r = 0; r < n; r++)
	{
		const Outcome *o = &board->outcome[r];

		if (!o->done)
			die("a process ended early", "");
		human += (double) o->human / n;
		share += (double) o->machine / (double) rows / n;
		seconds += o->seconds / n;
		classes += o->classes_labeled;
		classes_missed += o->classes_missed;
		if (o->machine > 0)
		{
			double		of_all = o->error * (double) o->machine / (double) rows;
			bool		dataset = options->simulation.engine.promise.scope == GTL_SCOPE_DATASET;

			labeled++;
			error += o->error;
			largest = fmax(largest, dataset ? of_all : o->error);
			missed += (dataset ? of_all : o->error) > options->simulation.engine.promise.target_error + 1e-12;
		}
		if (options->verbose)
			fprintf(stderr, "seed %llu: %lld human, %lld machine, error %.4f\n", (unsigned long long) options->seed + r,
					(long long) o->human, (long long) o->machine, o->error);
	}
	for (int r = 0; r < n; r++)
		squares += (board->outcome[r].human - human) * (board->outcome[r].human - human);
	printf("%d\t%.1f\t%.1f\t%.4f\t%.5f\t%.5f\t%d\t%d\t%.3f", n, human, n > 1 ? sqrt(squares / (n - 1)) : 0, share,
		   labeled > 0 ? error / labeled : 0, largest, labeled, missed, seconds);
	if (options->simulation.engine.per_class)
		printf("\t%d\t%d", classes, classes_missed);
	printf("\n");
}

/* ---- Options ---- */

static int
one_of(const char *value, const char *const *names)
{
	for (int i = 0; names[i] != NULL; i++)
		if (strcmp(value, names[i]) == 0)
			return i;
	die("unknown: ", value);
	return -1;
}

static void
set_option(Options *options, char *argument)
{
	static const char *const rules[] = {"gtlabel", "plain", NULL};
	static const char *const schedules[] = {"standard", "eager", NULL};
	static const char *const queries[] = {"margin", "random", NULL};
	static const char *const algorithms[] = {"auto", "softmax", "mlp", NULL};
	static const char *const starts[] = {"random", "chosen", NULL};
	GtlSimulationSettings *simulation = &options->simulation;
	char	   *value = strchr(argument, '=');

	if (value == NULL)
		die("not an option: ", argument);
	*value++ = '\0';
	if (strcmp(argument, "text") == 0)
		options->text = atoi(value) != 0;
	else if (strcmp(argument, "rows") == 0)
		options->rows = atoll(value);
	else if (strcmp(argument, "draw") == 0)
		options->draw = strtoull(value, NULL, 10);
	else if (strcmp(argument, "rule") == 0)
		options->plain = one_of(value, rules) == 1;
	else if (strcmp(argument, "schedule") == 0)
		simulation->engine.schedule = (GtlScheduleKind) one_of(value, schedules);
	else if (strcmp(argument, "guarantee") == 0)
	{
		if (!gtl_guarantee_parse(value, &simulation->engine.promise.guarantee))
			die("unknown: ", value);
	}
	else if (strcmp(argument, "scope") == 0)
	{
		if (!gtl_scope_parse(value, &simulation->engine.promise.scope))
			die("unknown: ", value);
	}
	else if (strcmp(argument, "queries") == 0)
		simulation->engine.random_queries = one_of(value, queries) == 1;
	else if (strcmp(argument, "algorithm") == 0)
		simulation->engine.algorithm = (GtlEngineAlgorithm) one_of(value, algorithms);
	else if (strcmp(argument, "target") == 0)
		simulation->engine.promise.target_error = 1 - atof(value);
	else if (strcmp(argument, "level") == 0)
		simulation->engine.promise.delta = 1 - atof(value);
	else if (strcmp(argument, "batch") == 0)
		simulation->engine.max_concurrent = atoll(value);
	else if (strcmp(argument, "error") == 0)
		simulation->annotator_error = atof(value);
	else if (strcmp(argument, "validation") == 0)
		simulation->validation_share = atof(value);
	else if (strcmp(argument, "neighbours") == 0)
		options->neighbours = atoi(value) != 0;
	else if (strcmp(argument, "proposals") == 0)
		options->proposals = value;
	else if (strcmp(argument, "start") == 0)
		simulation->chosen_start = one_of(value, starts) == 1;
	else if (strcmp(argument, "per_class") == 0)
		simulation->engine.per_class = atoi(value) != 0;
	else if (strcmp(argument, "seed") == 0)
		options->seed = strtoull(value, NULL, 10);
	else if (strcmp(argument, "repetitions") == 0)
		options->repetitions = atoi(value);
	else if (strcmp(argument, "processes") == 0)
		options->processes = atoi(value);
	else if (strcmp(argument, "verbose") == 0)
		options->verbose = atoi(value) != 0;
	else
		die("unknown option: ", argument);
}

static int	proposal_inputs = 0;	/* of a row, behind its features */

static int
features_of(const GtlLabeledSet *set)
{
	return set->dimension - proposal_inputs;
}

static void
read_features(void *context, int64_t first, int count, float *rows)
{
	const GtlLabeledSet *set = context;
	size_t		width = (size_t) set->dimension;
	size_t		dimension = (size_t) features_of(set);

	for (int i = 0; i < count; i++)
		memcpy(rows + (size_t) i * dimension, set->features + ((size_t) first + (size_t) i) * width, dimension * sizeof(float));
}

/* A guess at a row's class. */
static int32_t
guess(const GtlLabeledSet *set, int64_t row, int source, const char *kind, int32_t before)
{
	uint64_t	counter = (uint64_t) row * GTL_PROPOSALS_MOST * 2 + (uint64_t) source * 2;
	int32_t		truth = set->labels[row];
	int32_t		other = (int32_t) (gtl_random_bits(1, GTL_STREAM_ANNOTATOR, counter) % (uint64_t) (set->classes - 1));
	double		right = strcmp(kind, "random") == 0 ? 1.0 / set->classes : strcmp(kind, "wrong") == 0 ? 0 : atof(kind);

	if (strcmp(kind, "copy") == 0)
		return before;
	return gtl_random_uniform(1, GTL_STREAM_ANNOTATOR, counter + 1) < right ? truth : other < truth ? other : other + 1;
}

/* Puts the inputs of proposals behind the features of each row. */
static void
add_proposals(GtlLabeledSet *set, GtlFeatureStats *stats, char *list)
{
	size_t		d = (size_t) set->dimension;
	char	   *kind[GTL_PROPOSALS_MOST];
	int			sources = 0;
	int			inputs;
	float	   *rows;

	for (char *next = strtok(list, ","); next != NULL && sources < GTL_PROPOSALS_MOST; next = strtok(NULL, ","))
		kind[sources++] = next;
	inputs = gtl_proposals_inputs(sources, set->classes);
	rows = bench_alloc(NULL, (size_t) set->rows * (d + (size_t) inputs) * sizeof(float));
	for (int64_t i = 0; i < set->rows; i++)
	{
		float	   *row = rows + (size_t) i * (d + (size_t) inputs);
		int32_t		before = -1;

		memcpy(row, set->features + (size_t) i * d, d * sizeof(float));
		for (int s = 0; s < sources; s++)
		{
			before = guess(set, i, s, kind[s], before);
			gtl_proposals_encode(before, NAN, sources, set->classes, row + d + 2 * s * set->classes);
		}
	}
	set->features = rows;
	set->dimension = (int) d + inputs;
	gtl_stats_init(stats, set->dimension, &env);
	gtl_stats_add(stats, rows, set->rows);
	stats->proposals = proposal_inputs = inputs;
}

/* Puts neighbourhood columns behind the features of each row. */
static void
add_neighbours(GtlLabeledSet *set, GtlFeatureStats *stats)
{
	size_t		d = (size_t) set->dimension;
	size_t		width = d + GTL_NEIGHBOUR_COLUMNS;
	float	   *rows = bench_alloc(NULL, (size_t) set->rows * width * sizeof(float));
	GtlFeatureStats features = *stats;
	GtlNeighbourScratch *scratch;
	GtlNeighbours map;

	features.dimension = gtl_stats_features(stats);
	features.proposals = 0;
	gtl_neighbours_fit(&map, &features, read_features, set, &env);
	scratch = gtl_neighbours_scratch(&map, &env);
	for (int64_t i = 0; i < set->rows; i++)
	{
		memcpy(rows + (size_t) i * width, set->features + (size_t) i * d, d * sizeof(float));
		gtl_neighbours_columns(&map, scratch, rows + (size_t) i * width, 1, rows + (size_t) i * width + d);
	}
	set->features = rows;
	set->dimension = (int) width;
	stats->neighbours = GTL_NEIGHBOUR_COLUMNS;
}

int
main(int argc, char **argv)
{
	Options		options = {
		.simulation = {
			.engine = {
				.max_concurrent = 1000,
				.promise = {GTL_GUARANTEE_CONFIDENCE, 0.05, 0.05},
				.algorithm = GTL_ENGINE_SOFTMAX
			},
			.validation_share = -1
		},
		.draw = 20240607, .seed = 1, .repetitions = 100, .processes = 2
	};
	GtlFeatureStats stats;
	Table		table;
	Board	   *board;
	size_t		size;

	for (int i = 1; i < argc; i++)
		set_option(&options, argv[i]);
	if (options.repetitions < 1 || options.processes < 1 || options.simulation.engine.max_concurrent < 1)
		die("repetitions, processes and batch are at least 1", "");
	read_table(&table, stdin, options.text);
	if (options.rows > 0)
		draw_rows(&table, options.rows, options.draw);
	if (options.text)
		make_features(&table);
	gtl_stats_init(&stats, table.set.dimension, &env);
	gtl_stats_add(&stats, table.set.features, table.set.rows);
	if (options.simulation.chosen_start && !options.neighbours)
		die("start=chosen needs neighbours=1", "");
	if (options.proposals != NULL)
		add_proposals(&table.set, &stats, options.proposals);
	if (options.neighbours)
		add_neighbours(&table.set, &stats);

	size = sizeof(Board) + (size_t) options.repetitions * sizeof(Outcome);
	board = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (board == MAP_FAILED)
		abort();
	for (int p = 0; p < options.processes; p++)
	{
		pid_t		child = fork();

		if (child < 0)
			die("cannot fork", "");
		if (child == 0)
		{
			work(&table.set, &stats, &options, board);
			_exit(0);
		}
	}
	while (wait(NULL) > 0)
		;
	print_outcomes(&options, board, table.set.rows);
	return 0;
}
