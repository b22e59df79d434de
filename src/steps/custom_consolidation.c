/*
 * custom_consolidation.c
 *		The owner's own function in place of Dawid-Skene and majority.
 */
#include "steps/custom_consolidation.h"

#include <math.h>

#include "access/htup_details.h"
#include "base/errors.h"
#include "base/memory.h"
#include "base/query.h"
#include "base/string_set.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "tables/exclusion.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/syscache.h"

static char *
call_of(Oid function)
{
	return psprintf("SELECT r.object_key::pg_catalog.text, r.label::pg_catalog.text, r.confidence::pg_catalog.float8"
					" FROM %s($1, $2, $3, $4) AS r (object_key, label, confidence)",
					quote_qualified_identifier(get_namespace_name(get_func_namespace(function)), get_func_name(function)));
}

char *
gtl_custom_describe(Oid function)
{
	static const Oid wanted[4] = {TEXTOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID};
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	char	   *signature;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("function with OID %u does not exist", function)));
	form = (Form_pg_proc) GETSTRUCT(tuple);
	signature = format_procedure_qualified(function);
	if (form->pronargs != 4 || memcmp(form->proargtypes.values, wanted, sizeof(wanted)) != 0 || !form->proretset)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_FUNCTION_DEFINITION),
				 errmsg("function %s cannot consolidate", signature),
				 errhint("It takes (job_name text, object_keys text[], annotators text[], labels text[]) and returns"
						 " TABLE (object_key text, label text, confidence float8).")));
	ReleaseSysCache(tuple);
	return signature;
}

/* The function of a signature; InvalidOid: there is none. */
static Oid
find_signature(const char *signature)
{
	static GtlStatement select = {"SELECT COALESCE(to_regprocedure($1)::oid, 0::oid)", 1, {TEXTOID}};
	Datum		values[1] = {CStringGetTextDatum(signature)};
	GtlResult	r;
	bool		isnull;
	Oid			found;

	gtl_query_run(&r, &select, values, NULL);
	found = DatumGetObjectId(gtl_result_datum(&r, 0, 1, &isnull));
	gtl_query_end(&r);
	return found;
}

static Oid
get_owner(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Oid			owner = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		owner = ((Form_pg_proc) GETSTRUCT(tuple))->proowner;
		ReleaseSysCache(tuple);
	}
	return owner;
}

void
gtl_custom_bind(GtlJob *job)
{
	Oid			function = job->consolidation == NULL ? InvalidOid : find_signature(job->consolidation);

	job->consolidation_owner = get_owner(function);
	if (job->consolidation != NULL && isAnyTempNamespace(get_func_namespace(function)))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("function %s cannot consolidate", job->consolidation),
				 errdetail("It is temporary, and the steps of a job are done in other sessions.")));
}

/*
 * The function by its stored signature, which whoever may create in its schema can have made since: only
 * one of the role that owned it when it was named runs with the rights of the job's owner.
 */
static Oid
find_function(const GtlJob *job)
{
	Oid			function = find_signature(job->consolidation);

	if (!OidIsValid(function))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("consolidation function %s of labeling job \"%s\" does not exist", job->consolidation, job->name),
				 errhint("Create it again with the same signature; the answers are kept.")));
	if (!OidIsValid(job->consolidation_owner) || get_owner(function) != job->consolidation_owner)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("consolidation function %s of labeling job \"%s\" is another role's than when the job was created",
						job->consolidation, job->name),
				 errhint("Look at what it does; gt_alter_job(..., consolidation => ...) names it anew.")));
	return function;
}

/* The answers of the batch that count, as three arrays of one element an answer. */
static void
read_arguments(const GtlJob *job, int32 batch_no, Datum *arguments)
{
	static GtlStatement select = {
		"SELECT array_agg(a.object_key), array_agg(a.annotator), array_agg(a.label) FROM"
		" (SELECT o.object_key, n.annotator, j.label_categories[n.class_no + 1] AS label"
		"    FROM gtlabel.annotation n JOIN gtlabel.job j USING (job_id) CROSS JOIN LATERAL"
		"      (SELECT o.object_key FROM gtlabel.object o WHERE o.job_id = $1 AND o.object_no = n.object_no OFFSET 0) o"
		"   WHERE n.job_id = $1 AND n.batch_no = $2 AND n.annotator <> ALL ($3) ORDER BY n.object_no, n.annotator) a",
		3, {INT8OID, INT4OID, TEXTARRAYOID}
	};
	Datum		values[3] = {Int64GetDatum(job->job_id), Int32GetDatum(batch_no), gtl_exclusion_names(job->job_id)};
	GtlResult	r;

	gtl_query_run(&r, &select, values, NULL);
	arguments[0] = CStringGetTextDatum(job->name);
	for (int i = 0; i < 3; i++)
		arguments[i + 1] = PointerGetDatum(gtl_result_varlena(&r, 0, i + 1));
	gtl_query_end(&r);
}

/* Numbers of the objects by key, among those given. */
static GtlStringSet *
index_objects(const GtlJob *job, const int32 *object_no, int32 items)
{
	static GtlStatement select = {
		"SELECT o.object_key FROM unnest($2) WITH ORDINALITY AS a (object_no, place)"
		" CROSS JOIN LATERAL (SELECT o.object_key FROM gtlabel.object o"
		"   WHERE o.job_id = $1 AND o.object_no = a.object_no OFFSET 0) o ORDER BY a.place",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), gtl_array_int32(object_no, items)};
	GtlStringSet   *names = gtl_strings_create();
	GtlResult	r;

	gtl_query_run(&r, &select, values, NULL);
	for (uint64 i = 0; i < r.count; i++)
		gtl_strings_add(names, gtl_result_text(&r, i, 1));
	gtl_query_end(&r);
	return names;
}

static void
refuse(const GtlJob *job, const char *problem)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("consolidation function %s of labeling job \"%s\" returned %s", job->consolidation, job->name, problem)));
}

static void
take_row(const GtlJob *job, const GtlResult *r, uint64 row, const GtlStringSet *objects, const GtlStringSet *categories,
		 GtlConsolidated *result)
{
	char	   *key = gtl_result_text(r, row, 1);
	char	   *label = gtl_result_text(r, row, 2);
	double		confidence = gtl_result_float8(r, row, 3);
	int32		item;
	int32		class_no;

	if (key == NULL || label == NULL)
		refuse(job, "NULL");
	item = gtl_strings_find(objects, key);
	if (item < 0)
		refuse(job, psprintf("object \"%s\", which is not in the batch", key));
	if (result->label[item] >= 0)
		refuse(job, psprintf("object \"%s\" more than once", key));
	class_no = gtl_strings_find(categories, label);
	if (class_no < 0)
		gtl_error_unknown_category(label, job->name, job->categories, job->ncategories);
	if (!(confidence >= 0 && confidence <= 1))
		refuse(job, psprintf("a confidence for object \"%s\" that is not between 0 and 1", key));
	result->label[item] = class_no;
	result->confidence[item] = (float) confidence;
}

void
gtl_custom_consolidate(const GtlJob *job, int32 batch_no, const int32 *object_no, int32 items, GtlConsolidated *result)
{
	static const Oid types[4] = {TEXTOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID};
	GtlStringSet   *objects = index_objects(job, object_no, items);
	GtlStringSet   *categories = gtl_strings_create();
	Datum		arguments[4];
	GtlResult	r;

	memset(result, 0, sizeof(*result));
	result->label = gtl_memory_list(sizeof(int32), items);
	result->confidence = palloc0(sizeof(float) * Max(items, 1));
	for (int32 i = 0; i < items; i++)
		result->label[i] = -1;
	if (items == 0)
		return;
	for (int i = 0; i < job->ncategories; i++)
		gtl_strings_add(categories, job->categories[i]);
	read_arguments(job, batch_no, arguments);
	gtl_query_run_as(&r, job->owner, call_of(find_function(job)), 4, types, arguments);
	for (uint64 i = 0; i < r.count; i++)
		take_row(job, &r, i, objects, categories, result);
	gtl_query_end(&r);
}
