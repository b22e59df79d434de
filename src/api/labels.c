/*
 * labels.c
 *		gt_label and gt_labels_of: labels by keys of the dataset's type.
 */
#include "base/compat.h"

#include <math.h>

#include "api/own_job.h"
#include "catalog/pg_type.h"
#include "data/key.h"
#include "funcapi.h"
#include "reports/labels.h"
#include "utils/builtins.h"

#define LABEL_COLUMNS 6

/* label, confidence, human_annotated, subset, final, margin */
static void
fill_columns(const GtlObjectLabel *label, Datum *columns, bool *nulls)
{
	columns[0] = CStringGetTextDatum(label->label);
	columns[1] = Float4GetDatum(label->confidence);
	columns[2] = BoolGetDatum(label->human);
	columns[3] = CStringGetTextDatum(label->validation ? "validation" : "pool");
	columns[4] = BoolGetDatum(label->final);
	columns[5] = Float4GetDatum(label->margin);
	nulls[5] = isnan(label->margin);
}

PG_FUNCTION_INFO_V1(gtl_sql_label);
Datum
gtl_sql_label(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	GtlJob	   *job = gtl_own_job(fcinfo);
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, 1);
	GtlObjectLabel label;
	Datum		columns[LABEL_COLUMNS];
	bool		nulls[LABEL_COLUMNS] = {false};

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(1))
		return (Datum) 0;
	if (gtl_label_of_key(job, type == TEXTOID ? TextDatumGetCString(PG_GETARG_DATUM(1)) :
						 gtl_key_text(type, PG_GETARG_DATUM(1)), &label))
	{
		fill_columns(&label, columns, nulls);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, columns, nulls);
	}
	return (Datum) 0;
}

/* Where the rows of gt_labels_of go. */
typedef struct TypedLabels
{
	ReturnSetInfo *rsinfo;
	GtlKeyReader key;
} TypedLabels;

static void
put_label(void *context, Datum key, const GtlObjectLabel *label)
{
	TypedLabels *typed = context;
	Datum		columns[1 + LABEL_COLUMNS] = {gtl_key_reader_value(&typed->key, key)};
	bool		nulls[1 + LABEL_COLUMNS] = {false};

	fill_columns(label, columns + 1, nulls + 1);
	tuplestore_putvalues(typed->rsinfo->setResult, typed->rsinfo->setDesc, columns, nulls);
}

PG_FUNCTION_INFO_V1(gtl_sql_labels_of);
Datum
gtl_sql_labels_of(PG_FUNCTION_ARGS)
{
	TypedLabels typed = {(ReturnSetInfo *) fcinfo->resultinfo};
	GtlJob	   *job = gtl_own_job(fcinfo);

	InitMaterializedSRF(fcinfo, 0);
	gtl_key_reader_open(&typed.key, get_fn_expr_argtype(fcinfo->flinfo, 1));
	gtl_labels_each(job, put_label, &typed);
	gtl_key_reader_close(&typed.key);
	return (Datum) 0;
}
