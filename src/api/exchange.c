/*
 * exchange.c
 *		Labels as files: gt_output_manifest and gt_export_labels.
 *
 * Each line goes into the tuplestore of the result as it is made, and nowhere else.
 */
#include "base/compat.h"

#include "api/arguments.h"
#include "api/own_job.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "reports/export.h"
#include "reports/manifest.h"
#include "utils/builtins.h"

static void
put_line(void *context, const char *line)
{
	ReturnSetInfo *rsinfo = context;
	Datum		value = CStringGetTextDatum(line);
	bool		isnull = false;

	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, &value, &isnull);
	pfree(DatumGetPointer(value));
}

PG_FUNCTION_INFO_V1(gtl_sql_output_manifest);
Datum
gtl_sql_output_manifest(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = gtl_own_job(fcinfo);
	GtlManifestSource from = {
		.source = gtl_argument_name_or_null(fcinfo, 1),
		.source_ref = gtl_argument_name_or_null(fcinfo, 2)
	};

	from.columns = gtl_argument_texts(fcinfo, 3, "columns", &from.ncolumns);
	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	gtl_manifest_write(job, &from, put_line, fcinfo->resultinfo);
	return (Datum) 0;
}

static const char *const formats[] = {
	[GTL_EXPORT_MANIFEST] = "manifest",
	[GTL_EXPORT_JSONL] = "jsonl",
	[GTL_EXPORT_CSV] = "csv",
	[GTL_EXPORT_LABEL_STUDIO] = "label_studio",
	NULL
};

PG_FUNCTION_INFO_V1(gtl_sql_export_labels);
Datum
gtl_sql_export_labels(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = gtl_own_job(fcinfo);
	GtlExportFormat format = (GtlExportFormat) gtl_check_word("format", formats, gtl_argument_text(fcinfo, 1, "format"));

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	gtl_export_write(job, format, put_line, fcinfo->resultinfo);
	return (Datum) 0;
}
