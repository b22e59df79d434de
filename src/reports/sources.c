/*
 * sources.c
 *		How often the sources of a job's proposals are right.
 *
 * They are judged by the validation set: its objects are drawn at random from all of the job's, and people who label
 * them see no proposal.  So of the objects that a source guesses, those in the validation set are a random sample, and
 * the share that is right has an exact interval.  Guesses are those that the job read when the rows came in, as they
 * stand in the feature pages.
 */
#include "reports/sources.h"

#include "base/memory.h"
#include "learning/proposals.h"
#include "miscadmin.h"
#include "tables/feature_page.h"
#include "tables/label.h"

/* The class that the inputs of a source name; -1: none. */
static int
guess_of(const float *inputs, int classes)
{
	for (int c = 0; c < classes; c++)
		if (inputs[c] != 0)
			return c;
	return -1;
}

static void
count_guess(GtlSourceRecord *record, int classes, int label, int guess)
{
	record->objects++;
	record->guessed += guess >= 0;
	record->right += guess == label;
	record->confusion[label * (classes + 1) + (guess < 0 ? classes : guess)]++;
}

int
gtl_sources_read(const GtlJob *job, GtlSourceRecord **records)
{
	int			classes = job->ncategories;
	GtlHumanLabels labels;
	GtlFeatureReader *reader;
	float	   *row;

	*records = palloc0(sizeof(GtlSourceRecord) * Max(job->nproposal_columns, 1));
	for (int s = 0; s < job->nproposal_columns; s++)
	{
		(*records)[s].source = job->proposal_columns[s];
		(*records)[s].confusion = gtl_memory_list(sizeof(int) * (classes + 1), classes);
		memset((*records)[s].confusion, 0, sizeof(int) * (classes + 1) * classes);
	}
	if (job->proposal_inputs == 0 || job->purged)
		return job->nproposal_columns;
	gtl_label_read_human(job->job_id, &labels);
	reader = gtl_feature_reader_open(job);
	row = palloc(sizeof(float) * gtl_job_width(job));
	for (int i = 0; i < labels.count; i++)
	{
		const float *inputs = row + job->dimension - job->proposal_inputs;

		CHECK_FOR_INTERRUPTS();
		if (labels.validation_no[i] < 0)
			continue;
		gtl_feature_reader_rows(reader, labels.object_no[i], 1, row);
		for (int s = 0; s < job->nproposal_columns; s++)
			count_guess(&(*records)[s], classes, labels.class_no[i], guess_of(inputs + 2 * s * classes, classes));
	}
	gtl_feature_reader_close(reader);
	return job->nproposal_columns;
}
