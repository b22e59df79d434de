/*
 * job.h
 *		The table gtlabel.job: settings, state and counters of a labeling job.
 */
#ifndef GTL_JOB_H
#define GTL_JOB_H

#include "base/compat.h"
#include "datatype/timestamp.h"
#include "learning/certify.h"
#include "learning/engine.h"
#include "learning/schedule.h"

/* Only job_state.c moves a job from one to another. */
typedef enum GtlJobState
{
	GTL_JOB_INITIALIZING,		/* inside gt_create_job; never seen from outside */
	GTL_JOB_IN_PROGRESS,
	GTL_JOB_PAUSED,
	GTL_JOB_STOPPING,
	GTL_JOB_STOPPED,
	GTL_JOB_COMPLETED,
	GTL_JOB_FAILED
} GtlJobState;

typedef struct GtlJob
{
	int64		job_id;
	char	   *name;
	Oid			owner;

	/* where the objects came from */
	Oid			dataset;
	char	   *dataset_name;
	char	   *key_column;
	char	   *features_column;	/* NULL: no features */
	char	   *text_column;	/* NULL: none */
	int32		text_dimensions;
	char	   *word_vectors;	/* qualified name of their table; NULL: none */
	char	  **proposal_columns;	/* with guesses at the label; NULL: none */
	int			nproposal_columns;
	int			neighbours;		/* neighbourhood columns are wanted: 0 or 1; -1: not said */
	char	   *label_column;	/* NULL: no labels to start with */
	char	   *previous_job;	/* name of the job that it goes on from; NULL: none */
	char	  **display_columns;	/* what annotators see; NULL: what gtl_dataset_display_columns says */
	int			ndisplay_columns;
	char	   *instructions;	/* Markdown; NULL: none */
	int32		max_leases;		/* of one annotator; 0: no limit */
	bool		follow;			/* workers take in what changes in the dataset (steps/follow.h) */
	bool		ask_again_on_change;	/* about rows that change after people have answered (steps/follow.c) */
	bool		drift_alarm;	/* rows that join and are other than those before are kept from the machine (steps/drift_watch.h) */

	/* settings */
	char	  **categories;
	int			ncategories;
	char	  **former;			/* names that categories had before, each followed by the present one; NULL: none */
	int			nformer;		/* of both together */
	char	   *label_attribute_name;
	int32		max_concurrent;
	int32		annotators_set; /* as it was set; 0: not set, for the next two too */
	int32		min_annotators_set;
	int32		max_annotators_set;
	int32		annotators_per_object;	/* the most; follows from these */
	int32		min_annotators; /* asked first; follows from these */
	double		consolidation_confidence;	/* ask more below it; -1: never */
	char	   *consolidation;	/* signature of the owner's function; NULL: built in */
	Oid			consolidation_owner;	/* of that function, when it was named */
	char	   *gold_column;	/* NULL: no known answers */
	double		audit_share;	/* of the machine labels; -1: no audit */
	bool		auto_label;
	double		target_accuracy;
	double		confidence_level;
	GtlGuarantee guarantee;
	GtlScope	scope;
	bool		per_class;		/* each category has its own certificate */
	GtlScheduleKind schedule;
	double		validation_share;	/* -1: the service's rule */
	int32		validation_wanted;	/* objects that it was set to; 0: not set */
	GtlEngineAlgorithm algorithm;
	GtlQueryStrategy query_strategy;
	int64		initial_model_id;	/* 0: none */
	int32		max_human_labeled;	/* 0: no limit */
	int32		max_percentage_labeled; /* 0: no limit */
	Interval	task_time_limit;
	Interval	task_availability_lifetime;
	Oid			workteam;		/* InvalidOid: only the owner */
	int64		seed;
	GtlPlacement placement;
	int32		sample_count;	/* rows that a job in place works on */

	/* facts of what was read */
	int64		dataset_count;	/* rows of the dataset of a job in place; 0: not counted */
	int32		object_count;	/* that are in the job now; their numbers have holes (segment.h) */
	int32		validation_count;
	int32		dimension;		/* features, and inputs of proposals behind them; 0: neither */
	int32		proposal_inputs;	/* those inputs (learning/proposals.h) */
	int64		featurizer_id;	/* what makes them of text; 0: nothing */
	int64		neighbours_id;	/* the map to their neighbourhood columns; 0: they have none ... */
	char	   *neighbours_reason;	/* ... because of this, or no newer ones; NULL: nobody wanted them, or they are there */
	int32		neighbours_segments;	/* the first ones, whose rows that map was fitted to, or refused for; 0: none is ever made */
	bool		chosen_start;	/* the validation set was chosen (learning/start.h), not drawn: no evidence */
	int32		given_count;	/* rows that came with a label (segment.h) */

	/* state */
	GtlJobState state;
	int32		revision;		/* raised by what changes what a round may do */
	bool		stop_requested;	/* and not withdrawn: a stop is final */
	char	   *failure_reason;
	int32		open_batch_no;	/* 0: none */
	int32		human_labeled;
	int32		machine_labeled;
	int32		failed;
	int32		audit_count;	/* machine labels checked; -1: not audited yet */
	int32		audit_wrong;
	char	   *audit_verdict;	/* "kept", "open", "broken"; NULL: not audited yet */
	double		label_noise;	/* estimated share of wrong labels in the validation set; -1: unknown */
	bool		purged;			/* no features and tasks any more */
} GtlJob;

extern const char *gtl_job_state_name(GtlJobState state);

/* What follows from settings, after they have been set. */
extern void gtl_job_derive(GtlJob *job);

/* Writes the row (state initializing) and sets job->job_id; the second: false, if there is one of that name. */
extern void gtl_job_insert(GtlJob *job);
extern bool gtl_job_try_insert(GtlJob *job);

/* What was read of the dataset: the counts, the dimension, the featurizer. */
extern void gtl_job_set_snapshot(GtlJob *job);

/* Does a round run right after the validation set, before any training batch? */
extern bool gtl_job_has_early_round(const GtlJob *job);

/* Columns of a row of its features, neighbourhood columns among them. */
extern int	gtl_job_width(const GtlJob *job);

/* Are neighbourhood columns wanted? */
extern bool gtl_job_wants_neighbours(const GtlJob *job);

/* What it promises of its machine labels. */
extern GtlPromise gtl_job_promise(const GtlJob *job);

/* Error if there is none of that name; the second: NULL. */
extern GtlJob *gtl_job_find(const char *name);
extern GtlJob *gtl_job_look_up(const char *name);

/* The job that it goes on from; NULL: none, or it is gone, or the caller may not see it. */
extern GtlJob *gtl_job_previous(const GtlJob *job);
extern int64 gtl_job_find_id(const char *name);

/* NULL if it is gone. */
extern GtlJob *gtl_job_get(int64 job_id);

/* The same, and holds the row against changes and gt_drop_job until the transaction's end. */
extern GtlJob *gtl_job_lock(int64 job_id);

/*
 * Writes state, failure reason, open batch, counters, audit, label noise and auto_label from *job.  Error
 * if the row is not the one that was read: a function of the owner's, called by the step, has changed it.
 */
extern void gtl_job_update(GtlJob *job);

/* The same, and raises the revision: rounds in progress decide anew, or are dropped. */
extern void gtl_job_revise(GtlJob *job);

/* The settings that gt_alter_job changes, and the owner; with revise, a new revision. */
extern void gtl_job_alter(GtlJob *job, bool revise);

/* The categories as they stand in *job, their former names, and the inputs of guesses at them. */
extern void gtl_job_set_categories(const GtlJob *job);

/* Its features and tasks are gone for good. */
extern void gtl_job_set_purged(GtlJob *job);

extern void gtl_job_delete(int64 job_id);

/* The job's owner, or an error, whose message says what the caller wants to do. */
extern void gtl_job_require_owner(const GtlJob *job);

/* An error if a job has this name: before its dataset is read, which takes time. */
extern void gtl_job_require_new(const char *name);

/* An error if the dataset was dropped. */
extern void gtl_job_require_dataset(const GtlJob *job);

/* Objects that are neither labeled nor failed. */
extern int32 gtl_job_unlabeled(const GtlJob *job);

/* No more steps will come unless somebody asks for them. */
extern bool gtl_job_is_final(const GtlJob *job);

#endif							/* GTL_JOB_H */
