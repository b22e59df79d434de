/*
 * test_simulate.c
 *		Whole jobs in memory: what their reports must add up to, reproducibility,
 *		limits, annotators' mistakes, interruption, tiny jobs, and the promise on
 *		the digits of the data folder.
 */
#include "learning/simulate.h"
#include "learning/keyed_hash.h"
#include "learning/neighbours.h"
#include "learning_fixture.h"

#define MOST_ROUNDS 400
#define DIGITS_ROWS 5620
#define DIGITS_DIMENSION 64

/* All that a simulation reported. */
typedef struct Log
{
	int			count;
	GtlSimulatedRound round[MOST_ROUNDS];
} Log;

static void
take_round(void *context, const GtlSimulatedRound *round)
{
	Log		   *log = context;

	if (log->count < MOST_ROUNDS)
		log->round[log->count] = *round;
	log->count++;
}

static GtlSimulationSettings
settings_for(GtlScheduleKind schedule, int64_t batch)
{
	return (GtlSimulationSettings){
		.engine = {
			.schedule = schedule,
			.max_concurrent = batch,
			.promise = {GTL_GUARANTEE_CONFIDENCE, 0.05, 0.05},
			.algorithm = GTL_ENGINE_SOFTMAX},
		.validation_share = -1};
}

static bool
run(const Data *data, const GtlSimulationSettings *settings, uint64_t seed, Log *log)
{
	log->count = 0;
	return gtl_simulate(&data->set, &data->stats, settings, seed, &env, take_round, log);
}

static const GtlSimulatedRound *
last_of(const Log *log)
{
	return &log->round[log->count - 1];
}

static bool
same_number(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

static bool
same_logs(const Log *a, const Log *b)
{
	bool		same = a->count == b->count;

	for (int i = 0; i < a->count && same; i++)
	{
		const GtlSimulatedRound *x = &a->round[i];
		const GtlSimulatedRound *y = &b->round[i];

		same = x->round_no == y->round_no && x->human_labeled == y->human_labeled &&
			x->machine_labeled == y->machine_labeled && x->final == y->final &&
			same_number(x->threshold, y->threshold) && same_number(x->bound, y->bound) &&
			same_number(x->machine_error, y->machine_error);
	}
	return same;
}

/* ---- Data ---- */

/* Clouds that overlap a little: some batches until nothing is left. */
static void
make_clouds(Data *data, int64_t rows)
{
	data_clouds(data, rows, 8, 4, 1.0, 17);
}

/* The digits in an order of their own (the file is in order of writers), or none. */
static bool
read_digits(const char *folder, Data *data, int64_t wanted)
{
	char		command[1024];
	char		line[2048];
	FILE	   *pipe;
	float	   *features;
	int64_t		read = 0;

	snprintf(command, sizeof command, "gzip -dc '%s/optdigits.copy.gz' 2>/dev/null", folder);
	pipe = popen(command, "r");
	data_init(data, DIGITS_ROWS, DIGITS_DIMENSION, 10);
	while (pipe != NULL && read < DIGITS_ROWS && fgets(line, sizeof line, pipe) != NULL)
	{
		/* 2,081 is prime to 5,620 */
		int64_t		row = read++ * 2081 % DIGITS_ROWS;
		char	   *at = strchr(line, '{');

		features = data->features + row * DIGITS_DIMENSION;
		for (int j = 0; j < DIGITS_DIMENSION; j++)
			features[j] = strtof(at + 1, &at);
		data->labels[row] = atoi(at + 1);
	}
	if (pipe != NULL)
		pclose(pipe);
	data->set.rows = wanted;
	gtl_stats_add(&data->stats, data->features, wanted);
	return read == DIGITS_ROWS;
}

/* ---- Tests ---- */

/* What holds for every simulation without limits. */
static void
check_log(const Log *log, const Data *data, const GtlSimulationSettings *settings)
{
	const GtlEngineSettings *engine = &settings->engine;
	bool		eager = engine->schedule == GTL_SCHEDULE_EAGER;
	int64_t		rows = data->set.rows;
	int64_t		batch = gtl_schedule_batch_count(engine->schedule, rows, engine->max_concurrent, rows);
	int64_t		validation = gtl_schedule_validation_count(engine->schedule, &engine->promise, engine->per_class, data->set.classes,
														   rows, settings->validation_share);
	const GtlSimulatedRound *end = last_of(log);

	CHECK(log->count >= 2 && log->count <= MOST_ROUNDS);
	for (int i = 0; i < log->count; i++)
	{
		const GtlSimulatedRound *now = &log->round[i];
		const GtlSimulatedRound *before = i > 0 ? now - 1 : NULL;

		CHECK(now->final == (i == log->count - 1));
		CHECK(now->human_labeled + now->machine_labeled <= data->set.rows);
		CHECK((now->machine_labeled == 0) == (isnan(now->threshold) != 0));
		CHECK((now->machine_labeled == 0) == (isnan(now->bound) != 0));
		CHECK((now->machine_labeled == 0) == (isnan(now->machine_error) != 0));
		CHECK(now->machine_labeled == 0 || now->bound <= engine->promise.target_error);
		CHECK(now->machine_labeled == 0 || (now->threshold >= 0 && now->threshold <= 1));
		if (before == NULL)
		{
			CHECK(now->round_no == (eager ? 0 : 1));
			CHECK(now->human_labeled == validation + (eager ? 0 : batch));
			continue;
		}
		CHECK(now->round_no == before->round_no + (now->final ? 0 : 1));
		CHECK(now->human_labeled >= before->human_labeled);
		CHECK(now->human_labeled <= before->human_labeled + batch);
		CHECK(now->final || now->human_labeled == before->human_labeled + batch);
	}
	CHECK(end->human_labeled + end->machine_labeled == data->set.rows);
}

static void
test_rounds_add_up(void)
{
	Data		data;
	Log			log,
				again,
				other;

	make_clouds(&data, under_valgrind() ? 400 : 1200);
	for (int eager = 0; eager < 2; eager++)
		for (int g = GTL_GUARANTEE_CONFIDENCE; g <= GTL_GUARANTEE_EMPIRICAL; g++)
		{
			GtlSimulationSettings settings = settings_for((GtlScheduleKind) eager, 40);

			settings.engine.promise.guarantee = (GtlGuarantee) g;
			settings.engine.random_queries = g == GTL_GUARANTEE_STRICT;
			CHECK(run(&data, &settings, 5, &log));
			check_log(&log, &data, &settings);
			CHECK(run(&data, &settings, 5, &again));
			CHECK(same_logs(&log, &again));
			CHECK(run(&data, &settings, 6, &other));
			CHECK(last_of(&log)->machine_labeled == 0 || !same_logs(&log, &other));
		}
	CHECK(counters.progress_calls > 0 && counters.progress_sane);
	data_release(&data);
}

/* Jobs that are audited, as a whole and by class, over the labels and over the dataset. */
static void
test_audited(void)
{
	Data		data;
	int			seeds = under_valgrind() ? 1 : 10;
	int			missed = 0;
	int			labeled = 0;
	int64_t		human[4] = {0};

	make_clouds(&data, under_valgrind() ? 400 : 1200);
	for (int variant = 0; variant < 4; variant++)
		for (int seed = 1; seed <= seeds; seed++)
		{
			GtlSimulationSettings settings = settings_for(variant == 1 ? GTL_SCHEDULE_STANDARD : GTL_SCHEDULE_EAGER, 60);
			Log			log,
						again;
			const GtlSimulatedRound *end;

			settings.engine.promise.guarantee = GTL_GUARANTEE_AUDITED;
			settings.engine.promise.target_error = 0.1;
			settings.engine.promise.scope = variant == 2 ? GTL_SCOPE_DATASET : GTL_SCOPE_MACHINE_LABELS;
			settings.engine.per_class = variant == 3;
			CHECK(run(&data, &settings, (uint64_t) seed, &log));
			CHECK(run(&data, &settings, (uint64_t) seed, &again));
			CHECK(same_logs(&log, &again));
			end = last_of(&log);
			CHECK(end->final && end->human_labeled + end->machine_labeled == data.set.rows);
			CHECK(isnan(end->threshold));
			CHECK(end->machine_labeled == 0 || (end->bound >= 0 && end->bound <= 0.1));
			missed += variant != 2 && end->machine_labeled > 0 && end->machine_error > 0.1;
			labeled += end->machine_labeled > 0;
			human[variant] += end->human_labeled;
			/* machine labels come with the audit, not before */
			for (int i = 0; variant != 3 && i < log.count - 1; i++)
				CHECK(log.round[i].machine_labeled == 0 ||
					  log.round[i].human_labeled + log.round[i].machine_labeled == data.set.rows);
			/* a limit in the middle of the audit: no machine labels */
			settings.engine.limits.max_human = end->human_labeled - 1;
			CHECK(variant == 3 || (run(&data, &settings, (uint64_t) seed, &log) && last_of(&log)->machine_labeled == 0));
		}
	CHECK(missed <= (seeds > 1 ? 2 : 1));
	CHECK(seeds == 1 || labeled > 30);
	CHECK(seeds == 1 || human[2] < human[0]);
	data_release(&data);
}

static void
test_limits(void)
{
	GtlSimulationSettings settings = settings_for(GTL_SCHEDULE_EAGER, 40);
	Data		data;
	Log			log;

	settings.engine.promise.target_error = 0.001;	/* people only */
	settings.validation_share = 0.2;
	make_clouds(&data, 1200);	/* 240 of them for validation */
	for (int64_t most = 239; most <= 250; most += 11)
	{
		settings.engine.limits = (GtlLimits){.max_human = most};
		CHECK(run(&data, &settings, 5, &log));
		CHECK(last_of(&log)->final && last_of(&log)->human_labeled == most);
		CHECK((last_of(&log)->round_no < 0) == (most < 240));
		CHECK(most >= 240 || (log.count == 1 && last_of(&log)->machine_labeled == 0));
	}
	settings.engine.limits = (GtlLimits){.max_percentage = 33};
	CHECK(run(&data, &settings, 5, &log));
	CHECK(last_of(&log)->final && last_of(&log)->machine_labeled == 0);
	CHECK(last_of(&log)->human_labeled == 396);
	settings.engine.limits = (GtlLimits){.max_human = 300, .max_percentage = 33};
	CHECK(run(&data, &settings, 5, &log));
	CHECK(last_of(&log)->human_labeled == 300);
	data_release(&data);
}

/* Machine labels are counted against the truth, whatever people answered. */
static void
test_annotator_error(void)
{
	GtlSimulationSettings settings = settings_for(GTL_SCHEDULE_EAGER, 40);
	int			seeds = under_valgrind() ? 1 : 5;	/* one shows nothing but memory */
	int64_t		human[3] = {0};
	Data		data;
	Log			log;

	make_clouds(&data, seeds == 1 ? 400 : 1200);
	for (int e = 0; e < 3; e++)
		for (int seed = 1; seed <= seeds; seed++)
		{
			settings.annotator_error = 0.02 * e;
			CHECK(run(&data, &settings, (uint64_t) seed, &log));
			check_log(&log, &data, &settings);
			human[e] += last_of(&log)->human_labeled;
		}
	CHECK(seeds == 1 || human[1] > human[0]);
	CHECK(seeds == 1 || human[2] > human[1]);

	/* people who are always wrong about two classes teach the machine to be */
	data.set.classes = 2;
	for (int64_t i = 0; i < data.set.rows; i++)
		data.labels[i] %= 2;
	settings.annotator_error = 1;
	CHECK(run(&data, &settings, 1, &log));
	CHECK(last_of(&log)->machine_labeled == 0 || last_of(&log)->machine_error > 0.9);
	data_release(&data);
}

/* Stopped anywhere, it says so, reports no end and leaves nothing behind. */
static void
test_interruption(void)
{
	GtlSimulationSettings settings = settings_for(GTL_SCHEDULE_STANDARD, 40);
	Data		data;
	Log			log;
	int			parts = under_valgrind() ? 4 : 12;
	long		live,
				polls;

	make_clouds(&data, 400);
	reset_counters(-1);
	CHECK(run(&data, &settings, 3, &log));
	polls = counters.polls;
	CHECK(polls > 10);
	for (int part = 0; part < parts; part++)
	{
		reset_counters(polls * part / parts);
		live = counters.live;
		CHECK(!run(&data, &settings, 3, &log));
		CHECK(counters.live == live);
		CHECK(log.count == 0 || !last_of(&log)->final);
	}
	reset_counters(polls);
	CHECK(run(&data, &settings, 3, &log));
	CHECK(last_of(&log)->final && counters.live == 0);
	reset_counters(-1);
	counters.live = 4;			/* those of data */
	data_release(&data);
}

/* Too small, or of one class: people label everything. */
static void
test_nothing_to_learn(void)
{
	static const int64_t sizes[] = {1, 2, 5, 24, 300};

	for (int i = 0; i < (int) (sizeof sizes / sizeof sizes[0]); i++)
		for (int schedule = 0; schedule < 2; schedule++)
			for (int classes = 1; classes <= 3; classes += 2)
			{
				GtlSimulationSettings settings = settings_for((GtlScheduleKind) schedule, 7);
				Data		data;
				Log			log;

				if (sizes[i] == 300 && classes > 1)
					continue;
				data_clouds(&data, sizes[i], 3, classes, 0.5, 23);
				CHECK(run(&data, &settings, 1, &log));
				CHECK(last_of(&log)->final);
				CHECK(last_of(&log)->human_labeled == sizes[i]);
				CHECK(last_of(&log)->machine_labeled == 0);
				CHECK(isnan(last_of(&log)->machine_error));
				data_release(&data);
			}
}

/* A validation set of all objects, and of none. */
static void
test_validation_share(void)
{
	GtlSimulationSettings settings = settings_for(GTL_SCHEDULE_EAGER, 40);
	Data		data;
	Log			log;

	make_clouds(&data, 300);
	settings.validation_share = 1;
	CHECK(run(&data, &settings, 1, &log));
	CHECK(log.count == 1 && last_of(&log)->final && last_of(&log)->human_labeled == 300);
	settings.validation_share = 0;
	CHECK(run(&data, &settings, 1, &log));
	CHECK(last_of(&log)->human_labeled == 300 && last_of(&log)->machine_labeled == 0);
	data_release(&data);
}

static void
test_memory(void)
{
	GtlSimulationSettings settings = settings_for(GTL_SCHEDULE_EAGER, 40);
	Data		data;
	Log			log;
	size_t		before;

	make_clouds(&data, 600);
	before = counters.bytes;
	counters.peak = before;
	CHECK(run(&data, &settings, 1, &log));
	CHECK(counters.bytes == before);
	CHECK(counters.peak - before <= gtl_engine_memory(settings.engine.algorithm, NULL, NULL, 0, 600, 8, 0, 4, false) + 600 * GTL_SIMULATE_ROW_BYTES);
	data_release(&data);
}

/* Measured: 474 human labels at batches of 100 and up, 576 by the plain rule. */
static void
test_digits(const char *folder)
{
	GtlSimulationSettings settings = settings_for(GTL_SCHEDULE_EAGER, 1000);
	int			seeds = under_valgrind() ? 1 : 10;
	int			missed = 0;
	double		human = 0;
	double		error = 0;
	Data		data;
	Log			log;

	if (!read_digits(folder, &data, under_valgrind() ? 600 : 1758))
		fprintf(stderr, "test_simulate: no optdigits.copy.gz in %s, the promise not tested\n", folder);
	else
	{
		for (int seed = 1; seed <= seeds; seed++)
		{
			CHECK(run(&data, &settings, (uint64_t) seed, &log));
			check_log(&log, &data, &settings);
			human += (double) last_of(&log)->human_labeled / seeds;
			error += last_of(&log)->machine_error / seeds;
			missed += last_of(&log)->machine_error > 0.05;
		}
		CHECK(missed <= 1);
		CHECK(error < 0.035);
		CHECK(human <= 560);
	}
	data_release(&data);
}

static void
read_data(void *context, int64_t first, int count, float *rows)
{
	const Data *data = context;
	size_t		d = (size_t) data->set.dimension;

	memcpy(rows, data->features + (size_t) first * d, (size_t) count * d * sizeof(float));
}

/* The rows with neighbourhood columns behind their features. */
static void
add_neighbours(Data *data)
{
	size_t		d = (size_t) data->set.dimension;
	size_t		width = d + GTL_NEIGHBOUR_COLUMNS;
	float	   *rows = gtl_env_alloc(&env, (size_t) data->set.rows * width * sizeof(float));
	GtlNeighbours map;
	GtlNeighbourScratch *scratch;

	CHECK(gtl_neighbours_fit(&map, &data->stats, read_data, data, &env));
	scratch = gtl_neighbours_scratch(&map, &env);
	for (int64_t i = 0; i < data->set.rows; i++)
		memcpy(rows + (size_t) i * width, data->features + (size_t) i * d, d * sizeof(float));
	gtl_neighbours_complete(&map, scratch, rows, data->set.dimension + GTL_NEIGHBOUR_COLUMNS, data->set.rows);
	gtl_neighbours_scratch_release(scratch, &env);
	gtl_neighbours_release(&map, &env);
	gtl_env_release(&env, data->features);
	data->features = rows;
	data->set.features = rows;
	data->set.dimension = (int) width;
	data->stats.neighbours = GTL_NEIGHBOUR_COLUMNS;
}

/* Labels travel between similar digits: fewer are needed (about 790 without the columns, 420 with them). */
static void
test_neighbours(const char *folder)
{
	GtlSimulationSettings settings = settings_for(GTL_SCHEDULE_EAGER, 1000);
	const int	seeds = 10;
	double		human = 0;
	Data		data;
	Log			log;

	settings.engine.promise.guarantee = GTL_GUARANTEE_AUDITED;
	if (under_valgrind())
		return;
	if (!read_digits(folder, &data, DIGITS_ROWS))
		fprintf(stderr, "test_simulate: no optdigits.copy.gz in %s, neighbours not tested\n", folder);
	else
	{
		add_neighbours(&data);
		for (int seed = 1; seed <= seeds; seed++)
		{
			CHECK(run(&data, &settings, (uint64_t) seed, &log));
			human += (double) last_of(&log)->human_labeled / seeds;
			CHECK(last_of(&log)->machine_error <= 0.05);
		}
		CHECK(human <= 500);
	}
	if (human > 500)
		fprintf(stderr, "    %.1f labels by people\n", human);
	data_release(&data);
}

/* Each class by itself costs more labels by people, and makes fewer mistakes. */
static void
test_per_class(void)
{
	GtlSimulationSettings settings = settings_for(GTL_SCHEDULE_EAGER, 1000);
	Data		data;
	Log			together;
	Log			each;

	make_clouds(&data, 2400);
	settings.validation_share = 0.25;
	CHECK(run(&data, &settings, 1, &together));
	settings.engine.per_class = true;
	CHECK(run(&data, &settings, 1, &each));
	check_log(&each, &data, &settings);
	CHECK(last_of(&each)->machine_labeled > 0);
	CHECK(last_of(&each)->human_labeled >= last_of(&together)->human_labeled);
	CHECK(last_of(&each)->bound <= 0.05);
	data_release(&data);
}

/* ---- In place ---- */

#define IN_PLACE_ROWS 2400
#define IN_PLACE_SAMPLE 800

static double
draw_row(void *context, int64_t row, uint64_t seed)
{
	(void) context;
	return gtl_keyed_draw(seed, &row, sizeof row, 1);
}

static bool
run_in_place(const Data *data, GtlSimulationSettings settings, int64_t sample, Log *log)
{
	GtlFeatureStats stats;
	bool		done;

	settings.engine.whole_dataset = true;
	settings.sample = sample;
	settings.draw = draw_row;
	gtl_stats_init(&stats, data->set.dimension, &env);
	gtl_stats_add(&stats, data->features, sample > 0 ? sample : data->set.rows);
	log->count = 0;
	done = gtl_simulate(&data->set, &stats, &settings, 3, &env, take_round, log);
	gtl_env_release(&env, stats.mean);
	gtl_env_release(&env, stats.squares);
	return done;
}

/* A sample that is all rows makes no difference to what people do. */
static void
check_whole_sample(const Data *data, const GtlSimulationSettings *settings)
{
	Log			all;
	Log			sample;
	bool		same;

	CHECK(run_in_place(data, *settings, 0, &all));
	CHECK(run_in_place(data, *settings, data->set.rows, &sample));
	same = all.count == sample.count;
	for (int i = 0; i < all.count && same; i++)
		same = all.round[i].human_labeled == sample.round[i].human_labeled && same_number(all.round[i].threshold, sample.round[i].threshold);
	CHECK(same);
}

static void
test_in_place(void)
{
	GtlSimulationSettings settings = settings_for(GTL_SCHEDULE_EAGER, 100);
	Data		data;
	Log			log;
	Log			again;

	make_clouds(&data, IN_PLACE_ROWS);
	settings.validation_share = 0.3;
	if (!under_valgrind())
		check_whole_sample(&data, &settings);
	CHECK(run_in_place(&data, settings, IN_PLACE_SAMPLE, &log));
	CHECK(under_valgrind() || (run_in_place(&data, settings, IN_PLACE_SAMPLE, &again) && same_logs(&log, &again)));
	CHECK(last_of(&log)->human_labeled <= IN_PLACE_SAMPLE);
	CHECK(last_of(&log)->machine_labeled > IN_PLACE_SAMPLE);
	CHECK(last_of(&log)->human_labeled + last_of(&log)->machine_labeled <= IN_PLACE_ROWS);
	CHECK(last_of(&log)->machine_error <= 0.05);

	settings.validation_share = -1;
	settings.engine.promise.guarantee = GTL_GUARANTEE_AUDITED;
	CHECK(run_in_place(&data, settings, IN_PLACE_SAMPLE, &log));
	CHECK(last_of(&log)->machine_labeled > IN_PLACE_SAMPLE);
	CHECK(last_of(&log)->bound <= 0.05 + 1e-9 && last_of(&log)->machine_error <= last_of(&log)->bound);

	/* more labels are wrong at random than may be: audits draw rows that join, and fail */
	for (int64_t i = 0; i < data.set.rows; i++)
		if (gtl_random_uniform(5, GTL_STREAM_ANNOTATOR, (uint64_t) i) < 0.045)
			data.labels[i] = (data.labels[i] + 1) % 4;
	settings.engine.promise.target_error = 0.06;
	CHECK(run_in_place(&data, settings, IN_PLACE_SAMPLE, &log));
	CHECK(last_of(&log)->machine_labeled == 0);
	CHECK(last_of(&log)->human_labeled > IN_PLACE_SAMPLE);
	for (long polls = 50; polls < (under_valgrind() ? 100 : 5000); polls *= 4)
	{
		long		live = counters.live;

		counters.polls = 0;
		counters.polls_allowed = polls;
		if (!run_in_place(&data, settings, IN_PLACE_SAMPLE, &log))
			CHECK(counters.polls > polls);
		counters.polls_allowed = -1;
		CHECK(counters.live == live);
	}
	data_release(&data);
}

int
main(int argc, char **argv)
{
	reset_counters(-1);
	test_rounds_add_up();
	test_audited();
	test_limits();
	test_annotator_error();
	test_interruption();
	CHECK(counters.live == 0);
	test_nothing_to_learn();
	test_validation_share();
	test_memory();
	test_per_class();
	CHECK(counters.live == 0);
	test_in_place();
	CHECK(counters.live == 0);
	test_digits(argc > 1 ? argv[1] : "examples/data");
	test_neighbours(argc > 1 ? argv[1] : "examples/data");
	CHECK(counters.live == 0);
	return CHECK_SUMMARY("test_simulate");
}
