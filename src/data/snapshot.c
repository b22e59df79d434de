/*
 * snapshot.c
 *		Reading the dataset: once when a job is created, and whenever rows join it.
 *
 * One pass in key order writes the feature pages and sums up the statistics; the
 * keys go into a tuplestore (which spills to disk), because an object's row
 * says whether it belongs to the validation set and that takes the number of
 * objects.  The pages are read again where the job has neighbourhood columns.  In memory there are a few
 * hundred rows, 16 bytes an object while the validation set is drawn, and what neighbour_columns.c says.
 */
#include "data/snapshot.h"

#include "base/memory.h"
#include "base/progress.h"
#include "base/string_set.h"
#include "data/far.h"
#include "data/in_place.h"
#include "catalog/pg_type.h"
#include "data/neighbour_columns.h"
#include "data/unknown_rows.h"
#include "data/validation_set.h"
#include "executor/tuptable.h"
#include "lib/stringinfo.h"
#include "learning/start.h"
#include "miscadmin.h"
#include "tables/feature_page.h"
#include "tables/featurizer.h"
#include "tables/object.h"
#include "tables/segment.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

/* How often gt_progress is told. */
#define PROGRESS_ROWS 8192

/* The pass over the dataset. */
typedef struct SnapshotState
{
	GtlJob	   *job;
	GtlEnv		env;
	GtlSegment	segment;		/* that the rows become */
	GtlFeatureWriter *writer;
	GtlFeatureStats stats;
	Tuplestorestate *keys;
	TupleDesc	key_desc;		/* key, class of the known answer */
	GtlStringSet   *categories;
	MemoryContext key_context;
	int64		count;			/* objects of the segment */
	int64		read;			/* rows */
	int64		rows;			/* of the dataset, if it has been read before; else 0 */
	StringInfoData last_key;

	/* rows that came with a label: kept aside until the objects are written */
	Tuplestorestate *given;
	TupleDesc	given_desc;		/* key, class, features */
} SnapshotState;

static void
begin(SnapshotState *state, GtlJob *job)
{
	memset(state, 0, sizeof(*state));
	state->job = job;
	gtl_env_init(&state->env, CurrentMemoryContext);
	state->key_desc = CreateTemplateTupleDesc(2);
	TupleDescInitEntry(state->key_desc, 1, "key", TEXTOID, -1, 0);
	TupleDescInitEntry(state->key_desc, 2, "gold", INT4OID, -1, 0);
	TupleDescFinalize(state->key_desc);
	initStringInfo(&state->last_key);
	state->categories = gtl_strings_create();
	for (int i = 0; i < job->ncategories; i++)
		gtl_strings_add(state->categories, job->categories[i]);
	state->keys = tuplestore_begin_heap(false, false, work_mem);
	state->given_desc = CreateTemplateTupleDesc(3);
	TupleDescInitEntry(state->given_desc, 1, "key", TEXTOID, -1, 0);
	TupleDescInitEntry(state->given_desc, 2, "class", INT4OID, -1, 0);
	TupleDescInitEntry(state->given_desc, 3, "features", BYTEAOID, -1, 0);
	TupleDescFinalize(state->given_desc);
	state->given = tuplestore_begin_heap(false, false, work_mem);
	state->key_context = AllocSetContextCreate(CurrentMemoryContext, "gtlabel key", ALLOCSET_SMALL_SIZES);
}

/* Class of a known answer or a given label, -1 for NULL. */
static int32
find_class(const SnapshotState *state, const GtlDatasetRow *row, const char *name, const char *what)
{
	int32		class_no;

	if (name == NULL)
		return -1;
	class_no = gtl_strings_find_renamed(state->categories, state->job->former, state->job->nformer, name);
	if (class_no < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s \"%s\" of %s is not among label_categories", what, name, row->name)));
	return class_no;
}

static void
take_key(SnapshotState *state, const GtlDatasetRow *row)
{
	MemoryContext caller = MemoryContextSwitchTo(state->key_context);
	Datum		values[2] = {CStringGetTextDatum(row->key), Int32GetDatum(find_class(state, row, row->gold, "known answer"))};
	bool		nulls[2] = {false, false};

	tuplestore_putvalues(state->keys, state->key_desc, values, nulls);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(state->key_context);
}

/* A row that came with a label: for later. */
static void
take_given(SnapshotState *state, const GtlDatasetRow *row)
{
	MemoryContext caller = MemoryContextSwitchTo(state->key_context);
	Size		bytes = sizeof(float) * row->dimension;
	bytea	   *features = palloc(VARHDRSZ + bytes);
	Datum		values[3] = {CStringGetTextDatum(row->key), Int32GetDatum(find_class(state, row, row->label, "label")),
	PointerGetDatum(features)};
	bool		nulls[3] = {false, false, false};

	SET_VARSIZE(features, VARHDRSZ + bytes);
	memcpy(VARDATA(features), row->features, bytes);
	tuplestore_putvalues(state->given, state->given_desc, values, nulls);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(state->key_context);
	state->segment.given_count++;
}

/* Their features go behind those of the objects. */
static void
write_given_features(SnapshotState *state)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(state->given_desc, &TTSOpsMinimalTuple);

	while (tuplestore_gettupleslot(state->given, true, false, slot))
	{
		bool		isnull;
		bytea	   *features = DatumGetByteaPP(slot_getattr(slot, 3, &isnull));
		float	   *row = palloc(sizeof(float) * state->job->dimension);

		memcpy(row, VARDATA_ANY(features), sizeof(float) * state->job->dimension);
		gtl_feature_writer_add(state->writer, row, state->job->dimension);
		pfree(row);
	}
	ExecDropSingleTupleTableSlot(slot);
}

static void
take_features(SnapshotState *state, const GtlDatasetRow *row)
{
	if (state->writer == NULL)
	{
		if (state->job->dimension == 0)
			state->job->dimension = row->dimension;
		Assert(state->job->dimension == row->dimension);
		gtl_stats_init(&state->stats, row->dimension, &state->env);
		state->stats.proposals = state->job->proposal_inputs;
		state->writer = gtl_feature_writer_open(state->job->job_id, state->segment.segment_no, GTL_BLOCK_FEATURES);
	}
	gtl_stats_add(&state->stats, row->features, 1);
	if (row->label == NULL)
		gtl_feature_writer_add(state->writer, row->features, row->dimension);
}

/* Rows come in the order of their keys; those of a first part are behind those of a second one. */
static void
note_key(SnapshotState *state, const GtlDatasetRow *row)
{
	if (state->read > 0)
		return;
	resetStringInfo(&state->last_key);
	appendStringInfoString(&state->last_key, row->key);
}

static void
take_row(void *context, const GtlDatasetRow *row)
{
	SnapshotState *state = context;

	note_key(state, row);
	if (row->features != NULL)
		take_features(state, row);
	if (row->label != NULL && row->features != NULL)
		take_given(state, row);
	if (row->label != NULL)
		return;
	take_key(state, row);
	state->count++;
	if (state->count % PROGRESS_ROWS == 0)
		gtl_progress_update("snapshot", state->count, state->rows);
}

/* Errors come before anything of the row is kept. */
static void
check_row(void *context, const GtlDatasetRow *row)
{
	(void) find_class(context, row, row->gold, "known answer");
	(void) find_class(context, row, row->label, "label");
}

static void
read_dataset(SnapshotState *state, GtlDataset *dataset)
{
	state->rows = dataset->rows;
	gtl_progress_update("snapshot", 0, state->rows);
	state->read += gtl_dataset_read(dataset, take_row, state);
}

static void
end_reading(SnapshotState *state, const GtlDataset *dataset)
{
	gtl_dataset_note_strange(dataset);
	if (state->writer != NULL)
	{
		write_given_features(state);
		gtl_feature_writer_close(state->writer);
	}
}

static void
require_objects(const SnapshotState *state, const GtlDataset *dataset)
{
	if (state->count == 0 && state->read > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("every row of dataset %s has a label already", dataset->name)));
	if (state->count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("dataset %s is empty", dataset->name),
				 errhint("A job takes its objects when it is created: load the rows first.  gt_add_objects takes in those that come later.")));
}

static void
write_given_rows(SnapshotState *state, GtlObjectWriter *writer)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(state->given_desc, &TTSOpsMinimalTuple);

	tuplestore_rescan(state->given);
	while (tuplestore_gettupleslot(state->given, true, false, slot))
	{
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		gtl_object_writer_given(writer, slot_getattr(slot, 1, &isnull), DatumGetInt32(slot_getattr(slot, 2, &isnull)));
	}
	ExecDropSingleTupleTableSlot(slot);
}

static void
write_objects(SnapshotState *state, const int32 *place)
{
	TupleTableSlot *slot = MakeSingleTupleTableSlot(state->key_desc, &TTSOpsMinimalTuple);
	GtlObjectWriter *writer = gtl_object_writer_open(state->job->job_id, state->segment.first_row);

	tuplestore_rescan(state->keys);
	for (int64 i = 0; tuplestore_gettupleslot(state->keys, true, false, slot); i++)
	{
		bool		isnull;

		CHECK_FOR_INTERRUPTS();
		gtl_object_writer_add(writer, slot_getattr(slot, 1, &isnull), place[i], DatumGetInt32(slot_getattr(slot, 2, &isnull)));
	}
	ExecDropSingleTupleTableSlot(slot);
	write_given_rows(state, writer);
	gtl_object_writer_close(writer);
}

/*
 * Neighbourhood columns, where they are wanted: of a later segment if the job has them.  They decide how people begin,
 * too.
 */
static void
add_neighbours(SnapshotState *state)
{
	GtlJob	   *job = state->job;
	bool		first = state->segment.segment_no == 0;
	bool		wanted = job->neighbours_id != 0 || (first && gtl_job_wants_neighbours(job));

	if (state->writer != NULL && job->auto_label && wanted)
		gtl_neighbour_columns_write(job, &state->segment, &state->stats);
	else if (first)
		job->neighbours_id = 0;
	/* where proposals are to be judged, a random sample judges them */
	if (first)
		job->chosen_start = job->proposal_inputs == 0 &&
			gtl_start_offered(job->guarantee, job->neighbours_id != 0, state->count, state->segment.validation_count);
}

/* The segment with its objects, and the job's counts of them. */
static void
write_segment(SnapshotState *state, int32 first_place)
{
	GtlJob	   *job = state->job;
	GtlSegment *segment = &state->segment;

	segment->taken_count = segment->object_count = (int32) state->count;
	segment->last_key = state->last_key.data;
	gtl_segment_insert(job->job_id, segment, state->writer != NULL ? &state->stats : NULL);
	add_neighbours(state);
	write_objects(state, gtl_validation_place(job, segment, state->count, first_place, &state->env));
	job->object_count += segment->object_count;
	job->validation_count += segment->validation_count;
	job->given_count += segment->given_count;
	gtl_job_set_snapshot(job);
}

/* What makes features of its texts, unless a model has brought that. */
static void
learn_from_texts(GtlJob *job, GtlDataset *dataset, const GtlTextSettings *text)
{
	if (dataset->text_column != NULL && dataset->maker == NULL)
		job->featurizer_id = gtl_featurizer_insert(gtl_text_features_fit(dataset, text));
}

static void
end(SnapshotState *state, MemoryContext caller)
{
	MemoryContext context = CurrentMemoryContext;

	tuplestore_end(state->keys);
	tuplestore_end(state->given);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

/* In place: of the rows that came with a label as many train as the job has objects, drawn at random. */
static void
read_given(SnapshotState *state, GtlDataset *dataset)
{
	GtlJob		job = *state->job;

	(void) gtl_in_place_restrict(&job, dataset, gtl_in_place_labeled_rows(&job));
	dataset->read_before = false;	/* these are others */
	if (dataset->text_column == NULL)
		dataset->inputs = job.dimension;
	dataset->rows = 0;
	read_dataset(state, dataset);
}

void
gtl_snapshot_take(GtlJob *job, GtlDataset *dataset, const GtlTextSettings *text)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "gtlabel snapshot", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	SnapshotState state;
	GtlFarWatch watch;

	if (job->placement == GTL_PLACEMENT_IN_PLACE)
		(void) gtl_in_place_restrict(job, dataset, gtl_in_place_open_rows(job));
	gtl_far_begin(&watch, job);
	learn_from_texts(job, dataset, text);
	begin(&state, job);
	read_dataset(&state, dataset);
	if (job->placement == GTL_PLACEMENT_IN_PLACE && job->label_column != NULL)
		read_given(&state, dataset);
	gtl_far_watch_end(&watch);
	end_reading(&state, dataset);
	require_objects(&state, dataset);
	gtl_validation_begin(job, &state.segment, state.count);
	write_segment(&state, 0);
	end(&state, caller);
}

/*
 * Keys mostly grow: rows behind the greatest that is known are found by an index, and are all that is new if the
 * dataset then has as many rows as the job knows.  Otherwise all others are compared, too.
 */
static void
read_unknown(SnapshotState *state, GtlDataset *dataset)
{
	const GtlJob *job = state->job;
	bool		parts = gtl_unknown_rows_behind(dataset, job);

	read_dataset(state, dataset);
	if (!parts || gtl_unknown_rows_count_all(dataset, job) == job->object_count + (int64) job->given_count + state->read)
		return;
	gtl_unknown_rows_others(dataset, job);
	read_dataset(state, dataset);
}

static void
require_numbers(const SnapshotState *state)
{
	if (state->segment.first_row + state->count + state->segment.given_count > PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("labeling job \"%s\" has had too many rows", state->job->name)));
}

static bool
add_segment(GtlJob *job, GtlDataset *dataset, int32 lot_no, bool drawn, GtlSegment *added)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "gtlabel snapshot", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	GtlSegment *segments;
	int			count = gtl_segments_read(job->job_id, &segments);
	GtlSegment *last = &segments[count - 1];
	SnapshotState state;
	GtlFarWatch watch;
	bool		any;

	Assert(count > 0);
	begin(&state, job);
	state.segment.segment_no = last->segment_no + 1;
	state.segment.lot_no = lot_no;
	state.segment.first_row = gtl_segment_end(last) + last->given_count;
	gtl_far_begin(&watch, job);
	if (drawn)
		read_dataset(&state, dataset);
	else
	{
		gtl_unknown_rows_only(dataset, job);
		read_unknown(&state, dataset);
	}
	gtl_far_watch_end(&watch);
	end_reading(&state, dataset);
	require_numbers(&state);
	any = state.count > 0 || state.segment.given_count > 0;
	if (any && !drawn)
		gtl_validation_join(job, segments, count, &state.segment, state.count);
	if (any)
		write_segment(&state, gtl_object_next_place(job->job_id));
	*added = state.segment;
	added->last_key = NULL;		/* it is of the memory that goes */
	end(&state, caller);
	return any;
}

bool
gtl_snapshot_add(GtlJob *job, GtlDataset *dataset, int32 lot_no, bool pass_over, GtlSegment *added)
{
	dataset->check = pass_over ? check_row : NULL;
	return add_segment(job, dataset, lot_no, false, added);
}

bool
gtl_snapshot_add_drawn(GtlJob *job, GtlDataset *dataset, int32 lot_no, GtlSegment *added)
{
	return add_segment(job, dataset, lot_no, true, added);
}
