/*
 * simulate_summary.c
 *		gt_simulate_summary: several settings, each over many simulated jobs, a row each.
 *
 * It takes the arguments of gt_simulate_job and, in `vary`, settings that differ: an object whose values are
 * lists stands for each combination of them, an array of objects for each of these.  A variant is a call
 * with some of the arguments replaced, and reads the dataset by itself, since its columns may differ.
 */
#include "base/compat.h"

#include <math.h>

#include "api/arguments.h"
#include "api/simulation.h"
#include "base/errors.h"
#include "base/format.h"
#include "base/progress.h"
#include "base/query.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "portability/instr_time.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#define MAX_VARIANTS 1000

/* What is varied in one row of the result. */
typedef struct Variant
{
	Datum		chosen;			/* jsonb */
	char	  **names;
	char	  **values;			/* NULL where it is */
	int			count;
} Variant;

typedef struct Summary
{
	FunctionCallInfo fcinfo;
	ReturnSetInfo *rsinfo;
	Variant    *variant;
	int			variants;
	int32		repetitions;
	double		reading;		/* seconds that reading the dataset of the first variant took */
	GtlSimulationPace pace[3];	/* by algorithm, at need */
	bool		measured[3];
} Summary;

/* ---- What is varied ---- */

#define GIVEN \
	"WITH RECURSIVE given AS (SELECT n, setting FROM jsonb_array_elements(CASE jsonb_typeof($1) WHEN 'array' THEN $1" \
	" ELSE jsonb_build_array($1) END) WITH ORDINALITY g (setting, n))," \
	" pair AS (SELECT n, key, CASE jsonb_typeof(value) WHEN 'array' THEN value ELSE jsonb_build_array(value) END AS choices," \
	" row_number() OVER (PARTITION BY n ORDER BY place) AS place" \
	" FROM given, jsonb_each(CASE jsonb_typeof(setting) WHEN 'object' THEN setting ELSE '{}' END)" \
	" WITH ORDINALITY e (key, value, place))"

/* How many variants there are; an error if there are none, or more than anybody waits for. */
static void
check_size(Datum vary)
{
	static GtlStatement size = {
		GIVEN " SELECT coalesce(bool_and(jsonb_typeof(setting) = 'object'), false),"
		" sum(coalesce((SELECT exp(sum(ln(nullif(jsonb_array_length(choices), 0)))) FROM pair p WHERE p.n = g.n), 1)),"
		" (SELECT min(key) FROM pair WHERE jsonb_array_length(choices) = 0) FROM given g",
		1, {JSONBOID}
	};
	GtlResult	r;
	bool		objects;
	double		count;
	char	   *empty;

	gtl_query_run(&r, &size, &vary, NULL);
	objects = gtl_result_bool(&r, 0, 1);
	count = gtl_result_float8(&r, 0, 2);
	empty = gtl_result_text(&r, 0, 3);
	gtl_query_end(&r);
	if (!objects)
		gtl_error_setting("vary", "must be a JSON object, or an array of objects",
						  "Write settings with lists of values, such as {\"target_accuracy\": [0.9, 0.95]}.");
	if (empty != NULL)
		gtl_error_setting("vary", psprintf("must name at least one value of \"%s\"", empty), NULL);
	if (count > MAX_VARIANTS + 0.5)
		gtl_error_setting("vary", psprintf("must come to at most %d combinations", MAX_VARIANTS), NULL);
}

static void
read_variants(Datum vary, Summary *s)
{
	static GtlStatement select = {
		GIVEN ", variant AS (SELECT n, 0::int8 AS place, '{}'::jsonb AS chosen, '{}'::int8[] AS path FROM given UNION ALL"
		" SELECT v.n, p.place, v.chosen || jsonb_build_object(p.key, c.value), v.path || c.m FROM variant v"
		" JOIN pair p ON p.n = v.n AND p.place = v.place + 1,"
		" jsonb_array_elements(p.choices) WITH ORDINALITY c (value, m))"
		" SELECT chosen, ARRAY(SELECT key FROM jsonb_each_text(chosen) ORDER BY key),"
		" ARRAY(SELECT value FROM jsonb_each_text(chosen) ORDER BY key) FROM variant v"
		" WHERE place = (SELECT count(*) FROM pair p WHERE p.n = v.n) ORDER BY n, path",
		1, {JSONBOID}
	};
	GtlResult	r;

	s->variants = (int) gtl_query_run(&r, &select, &vary, NULL);
	s->variant = palloc0(sizeof(Variant) * s->variants);
	for (int i = 0; i < s->variants; i++)
	{
		Variant    *v = &s->variant[i];

		v->chosen = PointerGetDatum(gtl_result_varlena(&r, i, 1));
		v->names = gtl_array_to_text(PointerGetDatum(gtl_result_varlena(&r, i, 2)), &v->count);
		v->values = gtl_array_to_text(PointerGetDatum(gtl_result_varlena(&r, i, 3)), &v->count);
	}
	gtl_query_end(&r);
}

/* Arguments that all rows share: what is simulated, and how often. */
static bool
is_shared(const char *name)
{
	static const char *const shared[] = {"dataset", "label_column", "label_categories", "seed", "repetitions", "vary"};

	for (int i = 0; i < (int) lengthof(shared); i++)
		if (strcmp(shared[i], name) == 0)
			return true;
	return false;
}

/* The call with the arguments of the variant. */
static FunctionCallInfo
variant_call(const Summary *s, const Variant *v)
{
	FunctionCallInfo call = palloc(SizeForFunctionCallInfo(s->fcinfo->nargs));
	Oid		   *types;
	int			count;

	memcpy(call, s->fcinfo, SizeForFunctionCallInfo(s->fcinfo->nargs));
	(void) get_func_signature(call->flinfo->fn_oid, &types, &count);
	for (int i = 0; i < v->count; i++)
	{
		int			place = gtl_argument_place(call, v->names[i]);
		Oid			input;
		Oid			parameter;

		if (place < 0)
			gtl_error_setting("vary", psprintf("names \"%s\", which is no argument of gt_simulate_job", v->names[i]), NULL);
		if (is_shared(v->names[i]))
			gtl_error_setting("vary", psprintf("must not name \"%s\", which is the same in all rows", v->names[i]), NULL);
		call->args[place].isnull = v->values[i] == NULL;
		if (v->values[i] == NULL)
			continue;
		getTypeInputInfo(types[place], &input, &parameter);
		call->args[place].value = OidInputFunctionCall(input, v->values[i], parameter, -1);
	}
	return call;
}

/* ---- What came of it ---- */

/* The jobs of a variant. */
typedef struct Tally
{
	const GtlSimulation *simulation;
	int			jobs;
	int			labeling;		/* with machine labels */
	int			missed;
	double		human;			/* sums over the jobs */
	double		human_squares;
	double		machine;
	double		rounds;
	double		error;			/* over the labeling ones */
} Tally;

/* Does what the job promised not hold? */
static bool
misses(const GtlSimulation *simulation, const GtlSimulatedRound *end)
{
	const GtlPromise *promise = &simulation->settings.engine.promise;
	double		error = end->machine_error;

	if (end->machine_labeled == 0)
		return false;
	if (simulation->settings.engine.per_class)
		return end->classes_missed > 0;
	if (promise->scope == GTL_SCOPE_DATASET)
		error *= (double) end->machine_labeled / (double) simulation->matrix.set.rows;
	return error > promise->target_error + 1e-12;
}

static void
count_job(void *context, const GtlSimulatedRound *end)
{
	Tally	   *tally = context;

	if (!end->final)
		return;
	tally->jobs++;
	tally->human += (double) end->human_labeled;
	tally->human_squares += (double) end->human_labeled * (double) end->human_labeled;
	tally->machine += (double) end->machine_labeled;
	tally->rounds += end->round_no + 1;
	tally->missed += misses(tally->simulation, end);
	if (end->machine_labeled == 0)
		return;
	tally->labeling++;
	tally->error += end->machine_error;
}

static double
spread(const Tally *tally)
{
	double		mean = tally->human / tally->jobs;
	double		sum = tally->human_squares - tally->jobs * mean * mean;

	return tally->jobs < 2 ? NAN : sqrt(Max(sum, 0) / (tally->jobs - 1));
}

/* The ends of the exact interval for the share of jobs that miss, 95 % in all. */
static void
missed_interval(const Tally *tally, double *low, double *high)
{
	*low = tally->missed == 0 ? 0 : 1 - gtl_clopper_pearson_upper(tally->jobs - tally->missed, tally->jobs, 0.025);
	*high = tally->missed == tally->jobs ? 1 : gtl_clopper_pearson_upper(tally->missed, tally->jobs, 0.025);
}

/* A number with so many digits after the point, for a column of type numeric; NaN is NULL. */
static void
put_number(Datum *value, bool *isnull, double number, int digits)
{
	*isnull = isnan(number);
	if (!*isnull)
		*value = DirectFunctionCall3(numeric_in, CStringGetDatum(psprintf("%.*f", digits, number)),
									 ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

static void
put_summary(const Summary *s, const Variant *v, const Tally *tally, double seconds)
{
	int			jobs = tally->jobs;
	int64		objects = tally->simulation->matrix.set.rows;
	double		low;
	double		high;
	Datum		values[14] = {v->chosen, Int32GetDatum(jobs), Int64GetDatum(tally->simulation->job.seed),
	Int32GetDatum((int32) objects)};
	bool		nulls[14] = {false};

	missed_interval(tally, &low, &high);
	put_number(&values[4], &nulls[4], tally->human / jobs, 1);
	put_number(&values[5], &nulls[5], spread(tally), 1);
	put_number(&values[6], &nulls[6], tally->machine / jobs, 1);
	put_number(&values[7], &nulls[7], tally->machine / jobs / objects, 4);
	put_number(&values[8], &nulls[8], tally->labeling == 0 ? NAN : tally->error / tally->labeling, 5);
	values[9] = Int32GetDatum(tally->missed);
	put_number(&values[10], &nulls[10], low, 4);
	put_number(&values[11], &nulls[11], high, 4);
	put_number(&values[12], &nulls[12], tally->rounds / jobs, 1);
	put_number(&values[13], &nulls[13], seconds / jobs, 3);
	tuplestore_putvalues(s->rsinfo->setResult, s->rsinfo->setDesc, values, nulls);
}

/* ---- How long it takes ---- */

static char *
duration(double seconds)
{
	if (seconds < 90)
		return psprintf("%.0f s", Max(ceil(seconds), 1));
	if (seconds < 90 * 60)
		return psprintf("%.0f min", ceil(seconds / 60));
	return psprintf("%.1f h", seconds / 3600);
}

/* What takes so long, in seconds, is announced a second time, when the first job has shown more. */
#define LONG 10

/*
 * Says how long all variants take at the most, and returns it.  The dataset of the first stands for those of all, and each
 * algorithm is timed once.
 */
static double
announce(Summary *s, const GtlSimulation *first)
{
	GtlSimulation simulation = *first;
	double		seconds = (s->variants - 1) * s->reading;

	for (int i = 0; i < s->variants; i++)
	{
		GtlEngineAlgorithm algorithm;

		gtl_simulation_read_settings(variant_call(s, &s->variant[i]), &simulation);
		algorithm = simulation.settings.engine.algorithm;
		if (!s->measured[algorithm])
			gtl_simulation_pace(&simulation, &s->pace[algorithm]);
		s->measured[algorithm] = true;
		seconds += s->repetitions * gtl_simulation_seconds(&simulation, &s->pace[algorithm]);
	}
	ereport(NOTICE,
			(errmsg("simulating %s jobs of %s objects takes at most about %s",
					gtl_format_count((int64) s->variants * s->repetitions), gtl_format_count(first->matrix.set.rows),
					duration(seconds)),
			 errdetail("It takes less the more the machine labels. gt_progress shows how far it is.")));
	return seconds;
}

static double
seconds_between(instr_time start, instr_time end)
{
	INSTR_TIME_SUBTRACT(end, start);
	return INSTR_TIME_GET_DOUBLE(end);
}

/* Simulates the jobs of one variant; seconds. */
static double
run_jobs(const Summary *s, int number, GtlSimulation *simulation, bool takes_long, Tally *tally)
{
	int64		jobs = (int64) s->variants * s->repetitions;
	instr_time	start;
	instr_time	now;

	INSTR_TIME_SET_CURRENT(start);
	for (int32 r = 0; r < s->repetitions; r++)
	{
		gtl_progress_update("simulating", (int64) number * s->repetitions + r, jobs);
		gtl_simulation_run(simulation, r, count_job, tally);
		INSTR_TIME_SET_CURRENT(now);
		if (takes_long && r == 0 && jobs > 1)
			ereport(NOTICE,
					(errmsg("the first of %s simulated jobs took %.1f s, so that all take about %s", gtl_format_count(jobs),
							seconds_between(start, now), duration((double) jobs * seconds_between(start, now) + (s->variants - 1) * s->reading))));
	}
	return seconds_between(start, now);
}

static void
run_variant(Summary *s, int number)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "gtlabel variant", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(scratch);
	GtlSimulation simulation;
	Tally		tally = {&simulation};
	bool		takes_long;
	double		seconds;
	instr_time	start;
	instr_time	end;

	INSTR_TIME_SET_CURRENT(start);
	gtl_simulation_read(variant_call(s, &s->variant[number]), &simulation);
	INSTR_TIME_SET_CURRENT(end);
	if (number == 0)
		s->reading = seconds_between(start, end);
	takes_long = number == 0 && announce(s, &simulation) > LONG;
	seconds = run_jobs(s, number, &simulation, takes_long, &tally);
	put_summary(s, &s->variant[number], &tally, seconds);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(scratch);
}

/* The same seed for all variants: they differ in what is varied, and not in luck. */
static void
fix_seed(FunctionCallInfo fcinfo)
{
	int			place = gtl_argument_place(fcinfo, "seed");

	fcinfo->args[place].value = Int64GetDatum(gtl_argument_seed(fcinfo, place));
	fcinfo->args[place].isnull = false;
}

PG_FUNCTION_INFO_V1(gtl_sql_simulate_summary);
Datum
gtl_sql_simulate_summary(PG_FUNCTION_ARGS)
{
	int			vary = gtl_argument_place(fcinfo, "vary");
	Summary		s = {fcinfo, (ReturnSetInfo *) fcinfo->resultinfo};

	s.repetitions = gtl_argument_int32(fcinfo, gtl_argument_place(fcinfo, "repetitions"), "repetitions", 1, 1000000);
	gtl_argument_required(fcinfo, vary, "vary");
	check_size(PG_GETARG_DATUM(vary));
	read_variants(PG_GETARG_DATUM(vary), &s);
	fix_seed(fcinfo);
	gtl_progress_begin(0, "loading");
	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < s.variants; i++)
		run_variant(&s, i);
	return (Datum) 0;
}
