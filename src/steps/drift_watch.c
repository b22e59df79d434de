/*
 * drift_watch.c
 *		Are rows that join a job other than those before?
 *
 * Two alarms share what may be false of them, 1 - confidence_level, in halves (docs/guarantee.md):
 *
 *	- Margins.  Those of the new rows are compared with those of the validation objects of earlier rows, both
 *	  by models that never saw them: a validation object by the model of its fold, a new row by that of a
 *	  random one.  Where the validation set was chosen and not drawn, with a random sample of one half of the
 *	  earlier objects, by one more model that is trained on those of the other half.  Few rows wait for the
 *	  next ones, by their places among the reference margins.
 *	- Errors.  A label of people's about a row that joined later is compared with what the machine says, or
 *	  would have said: of validation objects the model of the round before, above the margin from which that
 *	  round labeled, both of which were fixed before anybody answered; of audits the labels that were fixed.
 *	  Each label counts once.
 *
 * An alarm keeps the segment and all later ones from the machine, but for an audit: that proves what it lets
 * through, and one that passes ends the alarm.  Otherwise the owner ends it.  gtlabel.drift has all that
 * lasts.
 */
#include "steps/drift_watch.h"

#include <math.h>

#include "base/format.h"
#include "base/memory.h"
#include "data/neighbour_columns.h"
#include "learning/random.h"
#include "learning/select.h"
#include "learning/sort.h"
#include "tables/certificate.h"
#include "tables/event.h"
#include "tables/object.h"
#include "tables/segment.h"
#include "utils/memutils.h"

/* So many new rows are compared at the least, and of one round, or of earlier rows, at the most. */
#define FEWEST_ROWS 50
#define MOST_ROWS 1000
#define FEWEST_REFERENCE 30

typedef struct Watch
{
	const GtlDriftLook *look;
	GtlSegment *segments;
	int			nsegments;
	int			first_new;		/* of the segments */
	GtlDriftRecord record;
	double	   *reference;		/* margins, ascending */
	int64		nreference;
} Watch;

static double
half_delta(const GtlJob *job)
{
	return (1.0 - job->confidence_level) / 2;
}

static void
score_rows(const Watch *watch, const GtlClassifier *classifier, GtlFeatureReader *reader, const int32 *objects, int64 count, int32 *best,
		   double *margin)
{
	const GtlDriftLook *look = watch->look;

	if (count > 0 && !gtl_pool_score_one(classifier, gtl_job_width(look->job), look->rows, objects, count, gtl_feature_reader_callback, reader,
									 look->env, best, margin))
		gtl_computing_raise();
}

static void
score(const Watch *watch, const GtlClassifier *classifier, const int32 *objects, int64 count, int32 *best, double *margin)
{
	score_rows(watch, classifier, watch->look->reader, objects, count, best, margin);
}

/* A random sample of them, ascending. */
static int64
draw_sample(const Watch *watch, const int32 *objects, int64 n, int32 **chosen)
{
	int64		count = Min(n, MOST_ROWS);

	*chosen = gtl_memory_list(sizeof(int32), count);
	count = gtl_select_random(objects, n, count, (uint64) watch->look->job->seed, GTL_STREAM_DRIFT, watch->look->env, *chosen);
	gtl_env_check(watch->look->env);
	qsort(*chosen, count, sizeof(int32), gtl_compare_int32);
	return count;
}

/* ---- Margins ---- */

/* Of the validation objects before a number, each by the model that never saw it. */
static void
take_validation(Watch *watch, int32 end)
{
	const GtlHumanLabels *labels = &watch->look->evidence->labels;

	watch->reference = gtl_memory_list(sizeof(double), labels->count);
	for (int i = 0; i < labels->count - watch->look->evidence->given_count; i++)
		if (labels->validation_no[i] >= 0 && labels->object_no[i] < end)
			watch->reference[watch->nreference++] = watch->look->decided->fit.margin[i];
}

/* The objects whose labels train the model that the others are compared by. */
static bool
is_in_half(const GtlJob *job, int32 object)
{
	return (gtl_random_bits((uint64) job->seed, GTL_STREAM_DRIFT, UINT64CONST(2) << 32 | (uint32) object) & 1) == 1;
}

/* Of the other objects before a number. */
static void
take_earlier(Watch *watch, int32 end)
{
	int32	   *objects;
	int32	   *chosen;
	int			all = gtl_object_numbers(watch->look->job, &objects);
	int64		n = 0;
	int32	   *best;

	for (int i = 0; i < all && objects[i] < end; i++)
		if (!is_in_half(watch->look->job, objects[i]))
			objects[n++] = objects[i];
	watch->nreference = draw_sample(watch, objects, n, &chosen);
	watch->reference = gtl_memory_list(sizeof(double), watch->nreference);
	best = gtl_memory_list(sizeof(int32), watch->nreference);
	score(watch, &watch->look->decided->half, chosen, watch->nreference, best, watch->reference);
}

static void
take_reference(Watch *watch, int32 end)
{
	if (watch->look->decided->has_half)
		take_earlier(watch, end);
	else if (!watch->look->job->chosen_start)
		take_validation(watch, end);
	qsort(watch->reference, watch->nreference, sizeof(double), gtl_compare_double);
}

/* Margins of new rows, each by the model of a random fold. */
static int64
score_by_folds(const Watch *watch, const int32 *objects, int64 count, int32 *numbers, double *margins)
{
	uint64		seed = (uint64) watch->look->job->seed;
	int32	   *best = gtl_memory_list(sizeof(int32), count);
	int64		scored = 0;

	for (int j = 0; j < GTL_FOLDS; j++)
	{
		int64		first = scored;

		for (int64 i = 0; i < count; i++)
			if ((int) (gtl_random_bits(seed, GTL_STREAM_DRIFT, (uint64) objects[i]) % GTL_FOLDS) == j)
				numbers[scored++] = objects[i];
		score(watch, &watch->look->decided->fit.fold[j], numbers + first, scored - first, best, margins + first);
	}
	return scored;
}

/* New rows join those that wait for a comparison. */
static void
add_places(Watch *watch, const int32 *objects, int64 count)
{
	GtlDriftRecord *record = &watch->record;
	uint64		seed = (uint64) watch->look->job->seed;
	int32	   *numbers = gtl_memory_list(sizeof(int32), count);
	double	   *margins = gtl_memory_list(sizeof(double), count);
	float	   *places = gtl_memory_list(sizeof(float), count + record->nplaces);

	if (watch->look->decided->has_half)
	{
		memcpy(numbers, objects, sizeof(int32) * count);
		score(watch, &watch->look->decided->half, objects, count, gtl_memory_list(sizeof(int32), count), margins);
	}
	else
		count = score_by_folds(watch, objects, count, numbers, margins);
	memcpy(places, record->places, sizeof(float) * record->nplaces);
	for (int64 i = 0; i < count; i++)
	{
		double		uniform = gtl_random_uniform(seed, GTL_STREAM_DRIFT, UINT64CONST(1) << 32 | (uint32) numbers[i]);

		places[record->nplaces++] = (float) (gtl_drift_place(watch->reference, watch->nreference, margins[i], uniform) / watch->nreference);
	}
	record->places = places;
	if (record->first_segment < 0)
		record->first_segment = watch->first_new;
}

static void
raise_alarm(const GtlJob *job, GtlDriftRecord *record, int32 segment_no, char *why)
{
	record->alarm = why;
	record->alarm_segment = segment_no;
	gtl_event_record(job, "drift_alarm", "%s; the machine labels no objects that joined with segment %d or later", why, segment_no);
}

/* "p = 0.0312", "p < 0.000001" */
static char *
describe_p(double p)
{
	return p < 1e-6 ? pstrdup("p < 0.000001") : psprintf("p = %.*f", p < 0.001 ? 6 : 4, p);
}

static void
compare(Watch *watch)
{
	GtlDriftRecord *record = &watch->record;
	double	   *places = gtl_memory_list(sizeof(double), record->nplaces);
	GtlDriftComparison c;
	double		level = gtl_drift_level(half_delta(watch->look->job), ++record->tests);

	for (int i = 0; i < record->nplaces; i++)
		places[i] = rint(record->places[i] * (double) watch->nreference);
	gtl_drift_compare(places, record->nplaces, watch->nreference, watch->look->env, &c);
	gtl_env_check(watch->look->env);
	record->finding = psprintf("margins of %s objects that joined against %s %s: largest difference %.2f, %s, %s %s",
							   gtl_format_count(record->nplaces), gtl_format_count(watch->nreference),
							   watch->look->decided->has_half ? "earlier objects" : "validation objects from before", c.distance, describe_p(c.p),
							   c.p <= level ? "at most" : "against", psprintf("a level of %.*f", level < 0.001 ? 6 : 4, level));
	if (c.p <= level)
		raise_alarm(watch->look->job, record, record->first_segment,
					psprintf("objects that joined are other than those before (%s)", record->finding));
	record->nplaces = 0;
	record->first_segment = -1;
}

/* The new part of the pool, of which no round has chosen. */
static void
look_at_margins(Watch *watch)
{
	const GtlDriftLook *look = watch->look;
	int32		first_row = watch->segments[watch->first_new].first_row;
	int64		old = look->pool_count;
	int32	   *chosen;
	int64		count;

	while (old > 0 && look->pool[old - 1] >= first_row)
		old--;
	count = draw_sample(watch, look->pool + old, look->pool_count - old, &chosen);
	if (count == 0)
		return;
	take_reference(watch, watch->segments[watch->record.first_segment < 0 ? watch->first_new : watch->record.first_segment].first_row);
	if (watch->nreference < FEWEST_REFERENCE)
		return;
	add_places(watch, chosen, count);
	if (watch->record.nplaces >= FEWEST_ROWS)
		compare(watch);
}

/* ---- Errors ---- */

char *
gtl_drift_describe_errors(const GtlJob *job, const GtlDriftRecord *record)
{
	return psprintf("people checked %s machine labels of objects that joined later, %s of them wrong; evidence of %.1f that the error has risen above %s, %.0f raises an alarm",
					gtl_format_count(record->watch.answers), gtl_format_count(record->watch.wrong), gtl_drift_evidence(&record->watch),
					gtl_format_percent(gtl_drift_usual(1.0 - job->target_accuracy)), ceil(1 / half_delta(job)));
}

static void
count_error(const GtlJob *job, GtlDriftRecord *record, int32 segment_no, double error, double expected)
{
	gtl_drift_count(&record->watch, 1.0 - job->target_accuracy, error, expected);
	if (record->alarm == NULL && gtl_drift_evidence(&record->watch) >= 1 / half_delta(job))
		raise_alarm(job, record, segment_no, gtl_drift_describe_errors(job, record));
}

/* From which margin the last round gave the label. */
static double
needed_margin(const GtlJob *job, const GtlRound *last, int32 class_no)
{
	return job->per_class ? gtl_certificate_label_margin(job->job_id, last->round_no, class_no) : last->label_margin;
}

/* Validation objects of the new segments, by the model and the margin of the round before. */
static void
look_at_errors(Watch *watch)
{
	const GtlDriftLook *look = watch->look;
	const GtlHumanLabels *labels = &look->evidence->labels;
	int32		first_row = watch->segments[watch->first_new].first_row;
	int			people = labels->count - look->evidence->given_count;
	int32	   *objects = gtl_memory_list(sizeof(int32), people);
	int32	   *classes = gtl_memory_list(sizeof(int32), people);
	int32	   *best = gtl_memory_list(sizeof(int32), people);
	double	   *margin = gtl_memory_list(sizeof(double), people);
	int			count = 0;
	GtlFeatureReader *reader;
	GtlRound	last;

	if (look->evidence->previous == NULL || !gtl_round_read_last(look->job->job_id, &last) || !(last.label_margin > 0))
		return;
	for (int i = 0; i < people; i++)
		if (labels->validation_no[i] >= 0 && labels->object_no[i] >= first_row)
		{
			objects[count] = labels->object_no[i];
			classes[count++] = labels->class_no[i];
		}
	reader = gtl_neighbour_columns_reader(look->job, look->evidence->previous, look->env);
	score_rows(watch, &look->evidence->previous->classifier, reader, objects, count, best, margin);
	gtl_feature_reader_close(reader);
	for (int i = 0; i < count; i++)
		if (margin[i] >= needed_margin(look->job, &last, best[i]))
			count_error(look->job, &watch->record, watch->first_new, best[i] != classes[i],
						gtl_drift_usual(1.0 - look->job->target_accuracy));
}

/* ---- What is asked from outside ---- */

/* Rows that came with a label are no objects: they train. */
void
gtl_drift_prepare(const GtlJob *job, GtlEvidence *evidence)
{
	const GtlHumanLabels *labels = &evidence->labels;
	GtlDriftRecord record;
	bool	   *half;
	bool	   *seen;
	int			classes = 0;

	if (!job->drift_alarm || !job->chosen_start || job->placement != GTL_PLACEMENT_COPY || evidence->last.round_no < 0 ||
		evidence->last.segment_count > gtl_segment_last(job->job_id).segment_no)
		return;
	(void) gtl_drift_read(job->job_id, &record);
	half = gtl_memory_list(sizeof(bool), labels->count);
	seen = palloc0(sizeof(bool) * job->ncategories);
	for (int i = 0; i < labels->count; i++)
	{
		half[i] = i >= labels->count - evidence->given_count || is_in_half(job, labels->object_no[i]);
		classes += half[i] && !seen[labels->class_no[i]];
		seen[labels->class_no[i]] |= half[i];
	}
	if (record.alarm == NULL && classes > 1)
		evidence->engine.half = half;
}

int32
gtl_drift_withheld_from(const GtlJob *job, const GtlDriftRecord *record)
{
	GtlSegment *segments;
	int			count;

	if (record->alarm == NULL)
		return 0;
	count = gtl_segments_read(job->job_id, &segments);
	return record->alarm_segment < count ? segments[record->alarm_segment].first_row : PG_INT32_MAX;
}

/* There is a model, and there are segments that no round has seen. */
static bool
begin(Watch *watch, const GtlDriftLook *look)
{
	memset(watch, 0, sizeof(*watch));
	watch->look = look;
	watch->nsegments = gtl_segments_read(look->job->job_id, &watch->segments);
	watch->first_new = look->evidence->last.round_no < 0 ? watch->nsegments : look->evidence->last.segment_count;
	(void) gtl_drift_read(look->job->job_id, &watch->record);
	return watch->record.alarm == NULL && look->decided->has_model && watch->first_new < watch->nsegments;
}

/* tests: before this look; -1: the alarm was there already. */
static char *
found_words(const Watch *watch, int tests)
{
	if (watch->record.alarm != NULL)
		return psprintf("%sobjects that joined with segment %d or later are for people", tests < 0 ? "drift alarm: " :
						psprintf("drift alarm: %s; ", watch->record.alarm), watch->record.alarm_segment);
	return tests >= 0 && watch->record.tests > tests ? watch->record.finding : NULL;
}

int32
gtl_drift_look(const GtlDriftLook *look, char **words)
{
	Watch		watch;
	int32		tests;

	*words = NULL;
	if (!look->job->drift_alarm || look->job->placement != GTL_PLACEMENT_COPY)
		return 0;
	if (begin(&watch, look))
	{
		tests = watch.record.tests;
		look_at_errors(&watch);
		if (watch.record.alarm == NULL)
			look_at_margins(&watch);
		gtl_drift_write(look->job->job_id, &watch.record);
		*words = found_words(&watch, tests);
	}
	else
		*words = found_words(&watch, -1);
	return gtl_drift_withheld_from(look->job, &watch.record);
}

int
gtl_drift_withhold(GtlEvidence *evidence, int32 withheld_from)
{
	int			people = evidence->labels.count - evidence->given_count;
	int			labeled = 0;

	for (int i = 0; i < evidence->labels.count && withheld_from > 0; i++)
		if (evidence->labels.object_no[i] >= withheld_from)
		{
			evidence->labels.active[i] = false;
			labeled += i < people;
		}
	return labeled;
}

void
gtl_drift_checked(GtlJob *job, int32 segment_no, const double *errors, const double *expected, int count)
{
	GtlDriftRecord record;

	if (!job->drift_alarm || count == 0)
		return;
	(void) gtl_drift_read(job->job_id, &record);
	for (int i = 0; i < count; i++)
		count_error(job, &record, segment_no, errors[i], expected[i]);
	gtl_drift_write(job->job_id, &record);
}

void
gtl_drift_end(const GtlJob *job, const char *why)
{
	GtlDriftRecord record;

	if (!gtl_drift_read(job->job_id, &record))
		return;
	gtl_drift_delete(job->job_id);
	if (record.alarm != NULL)
		gtl_event_record(job, "drift_alarm_over", "%s; what joins from now on is compared with all that is there",
						 why == NULL ? "the owner has ended it" : why);
}

void
gtl_drift_audited(const GtlJob *job, int32 lot_no, int32 audit_no)
{
	GtlDriftRecord record;
	GtlSegment *segments;
	int			count;

	if (!gtl_drift_read(job->job_id, &record) || record.alarm == NULL)
		return;
	count = gtl_segments_read(job->job_id, &segments);
	if (record.alarm_segment < count && segments[record.alarm_segment].lot_no <= lot_no)
		gtl_drift_end(job, psprintf("audit %d has shown that the machine labels of these objects keep the promise", audit_no));
}
