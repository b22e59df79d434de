/*
 * model.h
 *		The table gtlabel.model: trained classifiers with metrics and lineage.
 */
#ifndef GTL_MODEL_H
#define GTL_MODEL_H

#include "base/compat.h"
#include "learning/calibrate.h"
#include "learning/crossfit.h"

typedef struct GtlModel
{
	int64		model_id;
	char	   *name;
	Oid			owner;
	int64		job_id;			/* 0: outside any job */
	int32		round_no;
	int64		parent_model_id;	/* where its training started; 0: cold */
	int64		featurizer_id;	/* what makes its features of text; 0: nothing */
	int64		neighbours_id;	/* the map to its neighbourhood columns; 0: it takes none */
	int			proposal_inputs;	/* inputs behind the features that guesses became; 0: none */
	int			dimension;		/* features that it takes, without all those; for insert, that follows */
	char	  **categories;
	int			ncategories;
	int32		training_count;
	int32	   *class_counts;	/* [ncategories], labels it was trained on */
	double		accuracy;		/* NaN: no validation objects */
	double		log_loss;		/* NaN: the same */
	double		seconds;
	GtlCalibration calibration;	/* of its answers, out of fold */
	GtlFitReport report;
	GtlClassifier classifier;
	bool		has_folds;
	GtlClassifier fold[GTL_FOLDS];	/* only the newest model of a job keeps them */
} GtlModel;

/* Writes the row and sets model->model_id.  The job's older models lose their folds. */
extern void gtl_model_insert(GtlModel *model);

/* Loads a model with its classifier (and folds); NULL if there is none. */
extern GtlModel *gtl_model_get(int64 model_id, const GtlEnv *env);

/* Is the model of that name still this one?  One look into an index. */
extern bool gtl_model_is_current(const char *name, int64 model_id);

/* By name; an error if there is none or the current user may not use it.  env NULL: without the classifier. */
extern GtlModel *gtl_model_find(const char *name, const GtlEnv *env);

/* Name of the newest model of the job of that name, if no model has that name itself; NULL: there is none. */
extern char *gtl_model_newest(const char *name);

/* Copied; NULL: there is no such model. */
extern char *gtl_model_name(int64 model_id);

/* Error if a job starts from the model. */
extern void gtl_model_require_unused(const GtlModel *model);

extern void gtl_model_delete(int64 model_id);

/* The job's models go with it to another owner, or lose what only further rounds would need. */
extern void gtl_model_set_owner(int64 job_id, Oid owner);
extern void gtl_model_drop_folds(int64 job_id);

/* The maps of neighbours that models of the job take; palloc'd.  Returns how many. */
extern int	gtl_model_maps(int64 job_id, int64 **maps);

/* Models of a dropped job: they go, or stay as models outside any job. */
extern void gtl_model_leave_job(int64 job_id, bool delete_them);

#endif							/* GTL_MODEL_H */
