/*
 * explain_certificate.c
 *		gt_certificate: what is promised of a job's machine labels and on what ground, in sentences.
 *
 * The certificates are those of gt_explain_job.  Each is about the labels that it names: labels of rows that came later
 * have a certificate of their own, or none yet.
 */
#include "reports/explain_certificate.h"

#include "base/format.h"
#include "lib/stringinfo.h"
#include "reports/explain_changes.h"
#include "reports/explain_job.h"

/* The ground of the promise, beside what the certificate says. */
static const char *
describe_ground(const GtlJob *job)
{
	switch (job->guarantee)
	{
		case GTL_GUARANTEE_AUDITED:
			return "The draws are random by the job's seed, the labels were fixed before them, and gt_audit_objects lists who was asked about what. "
				"Nothing is assumed of the classifier, its scores, the number of rounds or the reason to stop; people's answers count as right.";
		case GTL_GUARANTEE_CONFIDENCE:
			return "The validation objects are a random sample by the job's seed, each judged by a model that never saw its label. "
				"That the promise holds over the rounds of a job is measured on simulated jobs, not proved; people's answers count as right.";
		case GTL_GUARANTEE_STRICT:
			return "The validation objects are a random sample by the job's seed, each judged by a model that never saw its label. "
				"The bound is proved for one certificate with fixed scores, not for the rounds together; people's answers count as right.";
		case GTL_GUARANTEE_EXPECTED:
		case GTL_GUARANTEE_EMPIRICAL:
			break;
	}
	return "No confidence is stated.";
}

/* The findings of a topic as sentences, each with its heading. */
static void
add_findings(StringInfo words, const GtlReport *report, const char *topic, const char *heading)
{
	ListCell   *cell;

	foreach(cell, report->rows)
	{
		const GtlReportRow *row = lfirst(cell);

		if (strcmp(row->topic, topic) == 0)
			appendStringInfo(words, " %s%c%s.", heading, *heading == '\0' ? pg_toupper((unsigned char) *row->finding) : *row->finding,
							 row->finding + 1);
	}
}

char *
gtl_explain_certificate(const GtlJob *job)
{
	GtlJobFacts facts;
	GtlReport	report;
	StringInfoData words;

	gtl_facts_read(job, &facts);
	gtl_explain_job(job, &facts, &report);
	if (job->machine_labeled == 0 || gtl_report_find(&report, "certificate") == NULL)
		return NULL;
	initStringInfo(&words);
	appendStringInfo(&words, "Labeling job \"%s\" over %s: %s objects, %s labeled by people, %s by machine%s.", job->name, job->dataset_name,
					 gtl_format_count(job->object_count), gtl_format_count(job->human_labeled),
					 gtl_format_count(job->machine_labeled), gtl_explain_provisional(job, &facts));
	add_findings(&words, &report, "certificate", "");
	if (facts.provisional > 0)
		appendStringInfoString(&words, job->guarantee == GTL_GUARANTEE_AUDITED ?
							   " Provisional labels have passed no audit yet, and nothing is promised of them." :
							   " Provisional labels can change with the next round, and the certificate with them.");
	appendStringInfo(&words, " %s", describe_ground(job));
	add_findings(&words, &report, GTL_TOPIC_CHANGES, "Note: ");
	return words.data;
}
