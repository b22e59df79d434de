/*
 * training_set.h
 *		The labeled rows that classifiers are fitted to, within maintenance_work_mem.
 *
 * Rows take up to half of the budget in memory, and beyond it lie in a temporary file.
 * Fits make scaled copies if those fit into the rest, and read the rows in each evaluation
 * if not.  The models are the same in every case.
 */
#ifndef GTL_TRAINING_SET_H
#define GTL_TRAINING_SET_H

#include "base/row_store.h"
#include "learning/engine.h"

/* What is to be done with the rows. */
typedef struct GtlTrainingNeeds
{
	GtlEngineAlgorithm algorithm;
	int			neighbours;		/* neighbourhood columns among those of a row */
	const GtlClassifier *initial;	/* NULL: none */
	const GtlClassifier *previous;	/* NULL: none */
	bool		grows;			/* starts with some of the rows only, and adds the others */
	Size		row_bytes;		/* that the caller allocates besides, for each row */
	const char *what;			/* names it in the error */
} GtlTrainingNeeds;

/* For gtl_training_set_finish, in the current memory context. */
extern GtlRowStore *gtl_training_set_create(int dimension);

/*
 * When all rows have been added: sets features, reader and streamed of the set, whose
 * other members are set.  Error if the work does not fit the budget in any way.
 */
extern void gtl_training_set_finish(GtlRowStore *store, GtlLabeledSet *set, const GtlTrainingNeeds *needs);

#endif							/* GTL_TRAINING_SET_H */
