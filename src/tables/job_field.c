/*
 * job_field.c
 *		The settings of a job: one description each.
 */
#include "tables/job_field.h"

#include <math.h>

#include "base/query.h"
#include "catalog/pg_type.h"
#include "learning/featurizer.h"
#include "learning/words.h"
#include "miscadmin.h"
#include "tables/model.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/timestamp.h"

#define PLACE(field) offsetof(GtlJob, field)
#define AT(field) .place = PLACE(field)

#define DAYS 86400.0

/* Reasons why settings are fixed at creation. */
#define SNAPSHOT "the dataset was read when the job was created"
#define VALIDATION "the validation set was drawn when the job was created"
#define ANSWERS "answers were collected by it, so gt_add_category, gt_rename_category and gt_merge_categories change it"

const GtlJobField gtl_job_settings[] = {
	{"dataset", GTL_FIELD_RELATION, AT(dataset), .required = true, .fixed = SNAPSHOT,
	.meaning = "table, view, materialized view, partitioned or foreign table that you may read; not a temporary one"},
	{"label_categories", GTL_FIELD_TEXTS, AT(categories), PLACE(ncategories), .fixed = ANSWERS,
	.meaning = "at least two; their order is the class index"},
	{"key_column", GTL_FIELD_NAME, AT(key_column), .fixed = SNAPSHOT,
	.meaning = "column of any type whose text names the object; NULL: the primary key"},
	{"features_column", GTL_FIELD_NAME, AT(features_column), .initial = "features", .fixed = SNAPSHOT,
	.meaning = "float4[], float8[], or a type with a cast to float4[] such as pgvector's vector; NULL: no auto-labeling, "
	"unless there is a text_column, beside which the default stands for NULL"},
	{"text_column", GTL_FIELD_NAME, AT(text_column), .fixed = SNAPSHOT,
	.meaning = "column of text that the features are made of, instead of features_column or beside it"},
	{"text_dimensions", GTL_FIELD_INT32, AT(text_dimensions), .initial = "256", .required = true, .low = GTL_TEXT_MIN_DIMENSIONS,
	.high = GTL_TEXT_MAX_DIMENSIONS, .fixed = SNAPSHOT,
	.meaning = "of the features of the text; 512 can pay with dozens of categories and thousands of labels"},
	{"word_vectors", GTL_FIELD_RELATION_NAME, AT(word_vectors), .fixed = SNAPSHOT,
	.meaning = "table with columns token and vector, whose vectors of the texts' words join the features"},
	{"proposal_columns", GTL_FIELD_TEXTS, AT(proposal_columns), PLACE(nproposal_columns), .fixed = SNAPSHOT,
	.meaning = "columns with guesses at the label, of a rule, an older model, a language model (NULL: none), and beside each, in "
	"NAME_confidence, how probable it is right: classifiers learn how far to believe them; annotators do not see them"},
	{"neighbours", GTL_FIELD_CHOICE, AT(neighbours), .none = -1, .fixed = SNAPSHOT, .decided = true,
	.meaning = "64 more features, which say where a row stands among all rows: similar rows share labels, and people label fewer; "
	"NULL: with guarantee => 'audited', where there are rows enough"},
	{"label_column", GTL_FIELD_NAME, AT(label_column), .fixed = SNAPSHOT,
	.meaning = "rows that have a label there train every model of the job, and are not handed out nor counted as objects; "
	"with 5 or more in each category, a round runs right after the validation set"},
	{"previous_job", GTL_FIELD_TEXT, AT(previous_job), .fixed = SNAPSHOT,
	.meaning = "job of yours over the same objects that this one goes on from: with the same label_attribute_name (which is then the default) "
	"what it has labeled trains this one and is not asked for again; with another one all is labeled anew, side by side"},
	{"gold_column", GTL_FIELD_NAME, AT(gold_column), .fixed = SNAPSHOT,
	.meaning = "column of known answers, by which annotators are measured"},
	{"label_attribute_name", GTL_FIELD_TEXT, AT(label_attribute_name), .fixed = "manifests name the labels by it",
	.meaning = "name of the label in manifests; NULL: the job_name"},
	{"max_concurrent_task_count", GTL_FIELD_INT32, AT(max_concurrent), .initial = "1000", .required = true, .low = 1,
	.revises = true, .when_completed = true, .meaning = "objects in a batch"},
	{"annotators_per_object", GTL_FIELD_INT32, AT(annotators_set), .initial = "1", .required = true, .low = 1, .high = 9,
	.when_completed = true, .revises = true, .meaning = "different people who answer each object; can be raised, for what is asked from then on"},
	{"min_annotators", GTL_FIELD_INT32, AT(min_annotators_set), .low = 1, .high = 9, .when_completed = true, .revises = true,
	.meaning = "people who are asked first; NULL: annotators_per_object"},
	{"max_annotators", GTL_FIELD_INT32, AT(max_annotators_set), .low = 1, .high = 9, .when_completed = true, .revises = true,
	.meaning = "the most people who are asked, one more at a time while the confidence is below consolidation_confidence; "
	"NULL: annotators_per_object"},
	{"consolidation_confidence", GTL_FIELD_FLOAT8, AT(consolidation_confidence), .none = -1, .high = 1, .when_completed = true, .revises = true,
	.meaning = "one more person is asked while an object's confidence is below it; goes with max_annotators"},
	{"consolidation", GTL_FIELD_FUNCTION, AT(consolidation), .when_finished = true, .revises = true,
	.meaning = "function of yours instead of Dawid-Skene and majority; bound to the role that owns it when it is named"},
	{"auto_label", GTL_FIELD_BOOL, AT(auto_label), .initial = "true", .required = true,
	.when_completed = true, .revises = true,
	.meaning = "false: people label everything, in key order; can be turned on later, and is turned off by gt_withdraw_machine_labels"},
	{"target_accuracy", GTL_FIELD_FLOAT8, AT(target_accuracy), .initial = "0.95", .required = true, .high = 1,
	.revises = true, .when_completed = true, .meaning = "share of right machine labels that the job promises"},
	{"confidence_level", GTL_FIELD_FLOAT8, AT(confidence_level), .initial = "0.95", .required = true, .high = 1,
	.revises = true, .when_completed = true, .meaning = "with which it promises that"},
	{"guarantee", GTL_FIELD_WORD, AT(guarantee), .none = -1, .words = gtl_guarantee_words, .revises = true,
	.meaning = "how it promises that: audited (proved), confidence (measured), strict, expected, or empirical (no promise); "
	"NULL: audited under the eager schedule, confidence under the standard one"},
	{"guarantee_scope", GTL_FIELD_WORD, AT(scope), .words = gtl_scope_words, .initial = "machine_labels", .required = true,
	.revises = true, .meaning = "machine_labels: at most 1 - target_accuracy of them are wrong; dataset: of all labels, people's "
	"counted as right (audited and confidence)"},
	{"per_class", GTL_FIELD_BOOL, AT(per_class), .initial = "false", .required = true,
	.fixed = "the validation set was drawn for it", .meaning = "true: the promise holds for each category by itself"},
	{"schedule", GTL_FIELD_WORD, AT(schedule), .words = gtl_schedule_words, .initial = "standard", .required = true,
	.revises = true, .when_completed = true, .meaning = "standard: validation set, training batch, round, training batch, ...; eager: a round as soon as the validation "
	"set is labeled, and batches of at most 2 % of the objects (at least 50)"},
	{"validation_share", GTL_FIELD_FLOAT8, AT(validation_share), .none = -1, .high = 1, .decided = true,
	.fixed = "the validation set was drawn when the job was created; validation_count can be raised",
	.meaning = "share of the objects in the validation set, also of those that join later; NULL: 20 % below 5,000 objects, else 10 %, under the "
	"standard schedule; what the promise needs under the eager one; so it falls as rows join"},
	{"validation_wanted", GTL_FIELD_INT32, AT(validation_wanted), .setting = "validation_count", .low = 1, .when_completed = true, .revises = true,
	.meaning = "objects in the validation set, instead of validation_share, however many rows join; can be raised later: more are then drawn at random"},
	{"audit_share", GTL_FIELD_FLOAT8, AT(audit_share), .none = -1, .high = 1, .high_too = true,
	.when_completed = true, .meaning = "share of the machine labels that people check at the end; NULL: none"},
	{"algorithm", GTL_FIELD_WORD, AT(algorithm), .words = gtl_algorithm_words, .initial = "auto", .required = true,
	.revises = true, .when_completed = true, .meaning = "softmax, mlp, or auto, which compares both by cross-validation"},
	{"query_strategy", GTL_FIELD_WORD, AT(query_strategy), .words = gtl_query_words, .initial = "auto", .required = true,
	.revises = true, .when_completed = true, .meaning = "margin (the least certain objects; with guarantee audited also random ones where the machine is wrong although it is sure), random, or auto, which is margin"},
	{"initial_model_id", GTL_FIELD_MODEL, AT(initial_model_id), .setting = "initial_model",
	.fixed = "the order of batches and rounds depends on it, beginning with the first batch",
	.meaning = "model with the same categories and dimensions: a round runs right after the validation set, and one more "
	"candidate is shrunk towards its weights"},
	{"max_human_labeled_object_count", GTL_FIELD_INT32, AT(max_human_labeled), .low = 1, .when_completed = true, .revises = true,
	.meaning = "the job completes when people have labeled so many objects"},
	{"max_percentage_of_input_dataset_labeled", GTL_FIELD_INT32, AT(max_percentage_labeled), .low = 1, .high = 100,
	.when_completed = true, .revises = true, .meaning = "the job completes when so many percent of the objects are labeled"},
	{"task_time_limit", GTL_FIELD_INTERVAL, AT(task_time_limit), .initial = "1 hour", .required = true, .low = 1,
	.when_completed = true, .meaning = "how long a task is leased"},
	{"task_availability_lifetime", GTL_FIELD_INTERVAL, AT(task_availability_lifetime), .initial = "30 days",
	.required = true, .low = 60, .when_completed = true, .meaning = "how long a batch is on offer; then objects without an answer fail"},
	{"max_leases_per_annotator", GTL_FIELD_INT32, AT(max_leases), .initial = "100", .low = 1,
	.when_completed = true, .meaning = "tasks that one annotator can hold at once; NULL: no limit"},
	{"follow", GTL_FIELD_BOOL, AT(follow), .initial = "false", .required = true, .when_completed = true,
	.meaning = "true: rows that are inserted into the dataset later join the job, and rows that are deleted leave it; tables only"},
	{"ask_again_on_change", GTL_FIELD_BOOL, AT(ask_again_on_change), .initial = "false", .required = true, .when_completed = true,
	.meaning = "true: with follow, people are asked again about a row whose features or text change after they have answered; false: its label stays"},
	{"drift_alarm", GTL_FIELD_BOOL, AT(drift_alarm), .initial = "true", .required = true, .when_completed = true, .revises = true,
	.meaning = "true: when rows that join are other than those before, the machine labels no more of them until an audit passes or this is false"},
	{"display_columns", GTL_FIELD_TEXTS, AT(display_columns), PLACE(ndisplay_columns), .when_finished = true,
	.meaning = "columns of the dataset that annotators see, in this order; NULL: all but the features and the known labels"},
	{"instructions", GTL_FIELD_TEXT, AT(instructions), .when_finished = true,
	.meaning = "what annotators are told, as Markdown"},
	{"workteam", GTL_FIELD_ROLE, AT(workteam), .when_finished = true,
	.meaning = "role whose members answer; NULL: the owner only"},
	{"placement", GTL_FIELD_WORD, AT(placement), .words = gtl_placement_words, .initial = "copy", .required = true, .fixed = SNAPSHOT,
	.meaning = "copy: the job reads all rows once and keeps their features; in_place: it works on a random sample, and "
	"gt_write_labels labels the others where they lie, on whatever servers"},
	{"sample_count", GTL_FIELD_INT32, AT(sample_count), .initial = "10000", .required = true, .low = 100, .high = 10000000, .fixed = SNAPSHOT,
	.meaning = "rows that a job in place works on, drawn at random"},
	{"seed", GTL_FIELD_INT64, AT(seed), .none = NAN, .fixed = VALIDATION, .decided = true,
	.meaning = "everything random comes from it: the same seed gives the same labels; NULL: one is drawn"},
};

const int	gtl_job_setting_count = lengthof(gtl_job_settings);

const char *
gtl_setting_name(const GtlJobField *setting)
{
	return setting->setting != NULL ? setting->setting : setting->column;
}

const GtlJobField *
gtl_setting_find(const char *name)
{
	for (int i = 0; i < gtl_job_setting_count; i++)
		if (strcmp(gtl_setting_name(&gtl_job_settings[i]), name) == 0)
			return &gtl_job_settings[i];
	return NULL;
}

/* By kind: the type of the column, and NULL of a pointer or a number as `none`. */
static const Oid column_types[] = {
	[GTL_FIELD_BOOL] = BOOLOID,
	[GTL_FIELD_CHOICE] = BOOLOID,
	[GTL_FIELD_INT32] = INT4OID,
	[GTL_FIELD_INT64] = INT8OID,
	[GTL_FIELD_FLOAT8] = FLOAT8OID,
	[GTL_FIELD_WORD] = TEXTOID,
	[GTL_FIELD_TEXT] = TEXTOID,
	[GTL_FIELD_NAME] = NAMEOID,
	[GTL_FIELD_TEXTS] = TEXTARRAYOID,
	[GTL_FIELD_INTERVAL] = INTERVALOID,
	[GTL_FIELD_RELATION] = REGCLASSOID,
	[GTL_FIELD_RELATION_NAME] = TEXTOID,
	[GTL_FIELD_ROLE] = REGROLEOID,
	[GTL_FIELD_FUNCTION] = TEXTOID,
	[GTL_FIELD_MODEL] = INT8OID,
};

Oid
gtl_field_type(const GtlJobField *field)
{
	return column_types[field->kind];
}

#define FIELD(type, field, job) (*(type *) ((char *) (job) + (field)->place))

static Datum
get_text(const char *value, bool *isnull)
{
	*isnull = value == NULL;
	return *isnull ? (Datum) 0 : CStringGetTextDatum(value);
}

static Datum
get_name(const char *value, bool *isnull)
{
	*isnull = value == NULL;
	return *isnull ? (Datum) 0 : DirectFunctionCall1(namein, CStringGetDatum(value));
}

static Datum
get_number(const GtlJobField *field, double value, Datum datum, bool *isnull)
{
	*isnull = !field->required && value == field->none;
	return datum;
}

static Datum
get_texts(const GtlJobField *field, const GtlJob *job, bool *isnull)
{
	char	  **values = FIELD(char **, field, job);

	*isnull = values == NULL;
	return *isnull ? (Datum) 0 : gtl_array_text(values, *(int *) ((char *) job + field->count));
}

Datum
gtl_field_get(const GtlJobField *field, const GtlJob *job, bool *isnull)
{
	*isnull = false;
	switch (field->kind)
	{
		case GTL_FIELD_BOOL:
			return BoolGetDatum(FIELD(bool, field, job));
		case GTL_FIELD_CHOICE:
			return get_number(field, FIELD(int, field, job), BoolGetDatum(FIELD(int, field, job) == 1), isnull);
		case GTL_FIELD_INT32:
			return get_number(field, FIELD(int32, field, job), Int32GetDatum(FIELD(int32, field, job)), isnull);
		case GTL_FIELD_INT64:
		case GTL_FIELD_MODEL:
			return get_number(field, (double) FIELD(int64, field, job), Int64GetDatum(FIELD(int64, field, job)), isnull);
		case GTL_FIELD_FLOAT8:
			return get_number(field, FIELD(double, field, job), Float8GetDatum(FIELD(double, field, job)), isnull);
		case GTL_FIELD_WORD:
			*isnull = FIELD(int, field, job) < 0;
			return *isnull ? (Datum) 0 : CStringGetTextDatum(field->words[FIELD(int, field, job)]);
		case GTL_FIELD_TEXT:
		case GTL_FIELD_FUNCTION:
		case GTL_FIELD_RELATION_NAME:
			return get_text(FIELD(char *, field, job), isnull);
		case GTL_FIELD_NAME:
			return get_name(FIELD(char *, field, job), isnull);
		case GTL_FIELD_TEXTS:
			return get_texts(field, job, isnull);
		case GTL_FIELD_INTERVAL:
			return IntervalPGetDatum(&FIELD(Interval, field, job));
		case GTL_FIELD_RELATION:
		case GTL_FIELD_ROLE:
			return get_number(field, FIELD(Oid, field, job), ObjectIdGetDatum(FIELD(Oid, field, job)), isnull);
	}
	pg_unreachable();
}

static void
set_none(const GtlJobField *field, GtlJob *job)
{
	switch (field->kind)
	{
		case GTL_FIELD_BOOL:
			FIELD(bool, field, job) = false;
			break;
		case GTL_FIELD_INT32:
			FIELD(int32, field, job) = (int32) field->none;
			break;
		case GTL_FIELD_WORD:
		case GTL_FIELD_CHOICE:
			FIELD(int, field, job) = (int) field->none;
			break;
		case GTL_FIELD_INT64:
		case GTL_FIELD_MODEL:
			FIELD(int64, field, job) = isnan(field->none) ? 0 : (int64) field->none;
			break;
		case GTL_FIELD_FLOAT8:
			FIELD(double, field, job) = field->none;
			break;
		case GTL_FIELD_TEXTS:
			*(int *) ((char *) job + field->count) = 0;
			pg_fallthrough;
		case GTL_FIELD_TEXT:
		case GTL_FIELD_FUNCTION:
		case GTL_FIELD_RELATION_NAME:
		case GTL_FIELD_NAME:
			FIELD(char *, field, job) = NULL;
			break;
		case GTL_FIELD_INTERVAL:
			memset(&FIELD(Interval, field, job), 0, sizeof(Interval));
			break;
		case GTL_FIELD_RELATION:
		case GTL_FIELD_ROLE:
			FIELD(Oid, field, job) = InvalidOid;
			break;
	}
}

static int
parse_word(const GtlJobField *field, Datum value)
{
	char	   *word = TextDatumGetCString(value);
	int			number = gtl_word_number(field->words, word);

	if (number < 0)
		elog(ERROR, "unknown word \"%s\" in column \"%s\" of gtlabel.job", word, field->column);
	return number;
}

void
gtl_field_set(const GtlJobField *field, GtlJob *job, Datum value, bool isnull)
{
	if (isnull)
	{
		set_none(field, job);
		return;
	}
	switch (field->kind)
	{
		case GTL_FIELD_BOOL:
			FIELD(bool, field, job) = DatumGetBool(value);
			break;
		case GTL_FIELD_CHOICE:
			FIELD(int, field, job) = DatumGetBool(value);
			break;
		case GTL_FIELD_INT32:
			FIELD(int32, field, job) = DatumGetInt32(value);
			break;
		case GTL_FIELD_INT64:
		case GTL_FIELD_MODEL:
			FIELD(int64, field, job) = DatumGetInt64(value);
			break;
		case GTL_FIELD_FLOAT8:
			FIELD(double, field, job) = DatumGetFloat8(value);
			break;
		case GTL_FIELD_WORD:
			FIELD(int, field, job) = parse_word(field, value);
			break;
		case GTL_FIELD_TEXT:
		case GTL_FIELD_FUNCTION:
		case GTL_FIELD_RELATION_NAME:
			FIELD(char *, field, job) = TextDatumGetCString(value);
			break;
		case GTL_FIELD_NAME:
			FIELD(char *, field, job) = pstrdup(NameStr(*DatumGetName(value)));
			break;
		case GTL_FIELD_TEXTS:
			FIELD(char **, field, job) = gtl_array_to_text(value, (int *) ((char *) job + field->count));
			break;
		case GTL_FIELD_INTERVAL:
			FIELD(Interval, field, job) = *DatumGetIntervalP(value);
			break;
		case GTL_FIELD_RELATION:
		case GTL_FIELD_ROLE:
			FIELD(Oid, field, job) = DatumGetObjectId(value);
			break;
	}
}

char *
gtl_field_text(const GtlJobField *field, const GtlJob *job)
{
	bool		isnull;
	Datum		value = gtl_field_get(field, job, &isnull);
	Oid			output;
	bool		varlena;

	if (isnull)
		return NULL;
	if (field->kind == GTL_FIELD_BOOL || field->kind == GTL_FIELD_CHOICE)
		return pstrdup(DatumGetBool(value) ? "true" : "false");
	if (field->kind == GTL_FIELD_MODEL)
		return gtl_model_name(DatumGetInt64(value));
	getTypeOutputInfo(gtl_field_type(field), &output, &varlena);
	return OidOutputFunctionCall(output, value);
}

void
gtl_setting_reset(const GtlJobField *setting, GtlJob *job)
{
	Oid			input;
	Oid			parameter;
	Datum		value = (Datum) 0;

	if (setting->initial != NULL)
	{
		getTypeInputInfo(gtl_field_type(setting), &input, &parameter);
		value = OidInputFunctionCall(input, pstrdup(setting->initial), parameter, -1);
	}
	gtl_field_set(setting, job, value, setting->initial == NULL);
}
