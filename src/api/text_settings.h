/*
 * text_settings.h
 *		The settings of a text column, as arguments of functions.
 */
#ifndef GTL_TEXT_SETTINGS_H
#define GTL_TEXT_SETTINGS_H

#include "base/compat.h"
#include "data/text_features.h"
#include "fmgr.h"
#include "tables/job.h"

/* features_column of the call, or NULL.  Beside a text column its default, "features", stands for none. */
extern char *gtl_text_features_column(FunctionCallInfo fcinfo, const char *text_column);

/* text_dimensions and word_vectors; the latter goes with a text column only. */
extern void gtl_text_settings_read(FunctionCallInfo fcinfo, const char *text_column, GtlTextSettings *settings);

/*
 * If the job starts from a model: what made the model's features makes those of the dataset too.
 * Error if only one of them has text.
 */
extern void gtl_text_use_initial_model(GtlJob *job, const GtlTextSettings *settings, GtlDataset *dataset);

#endif							/* GTL_TEXT_SETTINGS_H */
