/*
 * dataset.c
 *		What a job reads of a user's table, view or foreign table: names, types and rights are checked, and the SELECT is
 *		made.  dataset_read.c runs it.
 */
#include "data/dataset.h"

#include "access/htup_details.h"
#include "access/nbtree.h"
#include "access/relation.h"
#include "base/errors.h"
#include "base/query.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "learning/proposals.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#define FEATURES_HINT "Set features_column, or text_column for a column of text.  " \
	"A job with features_column => NULL does without, and without auto-labeling."

static char *
primary_key_column(Oid relation, const char *name, GtlKeyRule rule)
{
	Oid			constraint;
	Bitmapset  *columns = get_primary_key_attnos(relation, false, &constraint);

	if (rule == GTL_KEY_OPTIONAL && bms_num_members(columns) != 1)
		return NULL;
	if (columns == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("dataset %s has no primary key", name),
				 errhint("Name the column that identifies its rows with key_column.")));
	if (bms_num_members(columns) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("primary key of dataset %s has several columns", name),
				 errhint("Name one column that identifies its rows with key_column, for example of a view.")));
	return get_attname(relation, (AttrNumber) (bms_singleton_member(columns) + FirstLowInvalidHeapAttributeNumber), false);
}

Oid
gtl_dataset_column_type(Oid relation, const char *column, const char *hint, const char *name)
{
	AttrNumber	attnum = get_attnum(relation, column);

	if (attnum == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of dataset %s does not exist", column, name),
				 errhint("%s", hint)));
	if (attnum < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
				 errmsg("column \"%s\" of dataset %s is a system column", column, name),
				 errhint("%s", hint)));
	return get_atttype(relation, attnum);
}

/* The features as float4[] or float8[]; other types by their cast. */
static char *
features_expression(Oid relation, const char *column, GtlDataset *dataset)
{
	Oid			type = getBaseType(gtl_dataset_column_type(relation, column, FEATURES_HINT, dataset->name));
	const char *quoted = quote_identifier(column);
	Oid			cast_function;
	CoercionPathType path;

	dataset->has_features = true;
	if (type == FLOAT4ARRAYOID)
		return psprintf("d.%s::pg_catalog.float4[]", quoted);
	if (type == FLOAT8ARRAYOID)
	{
		dataset->double_features = true;
		return psprintf("d.%s::pg_catalog.float8[]", quoted);
	}
	path = find_coercion_pathway(FLOAT4ARRAYOID, type, COERCION_EXPLICIT, &cast_function);
	if (path == COERCION_PATH_FUNC ||
		(path == COERCION_PATH_ARRAYCOERCE && TypeCategory(get_element_type(type)) == TYPCATEGORY_NUMERIC))
		return psprintf("d.%s::pg_catalog.float4[]", quoted);
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" of dataset %s has type %s", column, dataset->name, format_type_be(type)),
			 errdetail("Features are float4[] or float8[], or a type with a cast to float4[]."),
			 errhint("%s", FEATURES_HINT)));
}

/* The text; NULL: none. */
static char *
text_column_expression(Oid relation, const char *column, GtlDataset *dataset)
{
	Oid			type;
	char		category;
	bool		preferred;

	if (column == NULL)
		return "NULL::pg_catalog.text";
	type = getBaseType(gtl_dataset_column_type(relation, column, "Name a column that it has: text_column => '...'.", dataset->name));
	get_type_category_preferred(type, &category, &preferred);
	if (category != TYPCATEGORY_STRING)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of dataset %s has type %s, which is no text", column, dataset->name, format_type_be(type)),
				 errhint("Set text_column to a column of type text, or to a view's column that makes text of it.")));
	dataset->text_column = pstrdup(column);
	return psprintf("d.%s::pg_catalog.text", quote_identifier(column));
}

char *
gtl_dataset_type_name(Oid type)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	Form_pg_type form;
	char	   *name;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	form = (Form_pg_type) GETSTRUCT(tuple);
	name = quote_qualified_identifier(get_namespace_name(form->typnamespace), NameStr(form->typname));
	ReleaseSysCache(tuple);
	return name;
}

bool
gtl_dataset_equal_is_identical(Oid type, Oid collation)
{
	TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY);
	Oid			equal_image = InvalidOid;

	if (OidIsValid(entry->btree_opf))
		equal_image = get_opfamily_proc(entry->btree_opf, entry->btree_opintype, entry->btree_opintype,
										BTEQUALIMAGE_PROC);
	return OidIsValid(equal_image) &&
		DatumGetBool(OidFunctionCall1Coll(equal_image, collation, ObjectIdGetDatum(entry->btree_opintype)));
}

/*
 * The order of the objects: that of the key's type, so that an index serves.  Where
 * values can be equal to the type and yet differ as text (numeric 1.0 and 1.00), the
 * text decides, for equal keys to be neighbours and for a seed to mean the same.
 */
char *
gtl_dataset_order(Oid relation, const char *column)
{
	const char *quoted = quote_identifier(column);
	char	   *as_text = psprintf("d.%s::pg_catalog.text COLLATE pg_catalog.\"C\"", quoted);
	Oid			type;
	int32		typmod;
	Oid			collation;

	get_atttypetypmodcoll(relation, get_attnum(relation, column), &type, &typmod, &collation);
	if (!OidIsValid(lookup_type_cache(type, TYPECACHE_LT_OPR)->lt_opr))
		return psprintf(" ORDER BY %s", as_text);
	if (gtl_dataset_equal_is_identical(type, collation))
		return psprintf(" ORDER BY d.%s", quoted);
	return psprintf(" ORDER BY d.%s, %s", quoted, as_text);
}

static bool
may_select(Oid relation, const char *column)
{
	return column == NULL ||
		pg_attribute_aclcheck(relation, get_attnum(relation, column), GetUserId(), ACL_SELECT) == ACLCHECK_OK;
}

/* The dataset is read as the caller; say what is missing before that starts. */
static void
require_select(Oid relation, const GtlDataset *dataset, const char *features_column, const char *label_column,
			   const char *gold_column)
{
	if (pg_class_aclcheck(relation, GetUserId(), ACL_SELECT) != ACLCHECK_OK &&
		!(may_select(relation, dataset->key_column) && may_select(relation, features_column) &&
		  may_select(relation, dataset->text_column) && may_select(relation, label_column) && may_select(relation, gold_column)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for dataset %s", dataset->name),
				 errhint("GRANT SELECT ON %s TO %s lets this role read it.", dataset->name,
						 quote_identifier(GetUserNameFromId(GetUserId(), false)))));
}

char *
gtl_dataset_name(Oid relation)
{
	Relation	opened = try_relation_open(relation, AccessShareLock);
	char		kind;
	char	   *name;

	if (opened == NULL)
		gtl_error_relation_gone(relation);
	kind = opened->rd_rel->relkind;
	relation_close(opened, NoLock);
	name = gtl_query_relation(relation);
	if (kind != RELKIND_RELATION && kind != RELKIND_VIEW && kind != RELKIND_MATVIEW &&
		kind != RELKIND_PARTITIONED_TABLE && kind != RELKIND_FOREIGN_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("%s is not a table or view", name)));
	return name;
}

char *
gtl_dataset_select_texts(Oid relation, char *const *columns, const char *const *settings, int count, char **name)
{
	StringInfoData sql;

	*name = gtl_dataset_name(relation);
	initStringInfo(&sql);
	for (int i = 0; i < count; i++)
	{
		(void) gtl_dataset_column_type(relation, columns[i], psprintf("Name a column that it has: %s => '...'.", settings[i]), *name);
		appendStringInfo(&sql, "%s d.%s::pg_catalog.text COLLATE \"C\"", i == 0 ? "SELECT" : ",",
						 quote_identifier(columns[i]));
	}
	appendStringInfo(&sql, " FROM %s d ORDER BY", *name);
	for (int i = 1; i <= count; i++)
		appendStringInfo(&sql, "%s %d", i == 1 ? "" : ",", i);
	return sql.data;
}

/* A column of labels as text, in which an empty one is none; NULL: no such column. */
static char *
text_expression(Oid relation, const char *column, const char *hint, const char *name)
{
	if (column == NULL)
		return "NULL::pg_catalog.text";
	(void) gtl_dataset_column_type(relation, column, hint, name);
	return psprintf("NULLIF(d.%s::pg_catalog.text COLLATE pg_catalog.\"C\", '')", quote_identifier(column));
}

void
gtl_dataset_describe(Oid relation, const char *key_column, GtlKeyRule rule,
					 const char *features_column, const char *text_column,
					 const char *label_column, const char *gold_column, GtlDataset *dataset)
{
	char	   *key = NULL;
	char	   *label;

	memset(dataset, 0, sizeof(*dataset));
	dataset->name = gtl_dataset_name(relation);
	dataset->key_column = key_column != NULL ? pstrdup(key_column) : primary_key_column(relation, dataset->name, rule);
	if (dataset->key_column != NULL)
	{
		(void) gtl_dataset_column_type(relation, dataset->key_column, "Name a column that it has: key_column => '...'.", dataset->name);
		key = psprintf("d.%s::pg_catalog.text", quote_identifier(dataset->key_column));
		dataset->order = gtl_dataset_order(relation, dataset->key_column);
	}
	label = text_expression(relation, label_column, "Set label_column.", dataset->name);
	dataset->select = psprintf("SELECT %s, %s, ",
							   key != NULL ? key : "NULL::pg_catalog.text",
							   features_column == NULL ? "NULL" : features_expression(relation, features_column, dataset));
	dataset->label_at = (int) strlen(dataset->select);
	dataset->label_length = (int) strlen(label);
	dataset->select = psprintf("%s%s, %s, %s FROM %s d", dataset->select, label,
							   text_expression(relation, gold_column, "Set gold_column.", dataset->name),
							   text_column_expression(relation, text_column, dataset),
							   dataset->name);
	require_select(relation, dataset, features_column, label_column, gold_column);
}

/* How sure a source is, if there is such a column. */
static char *
sureness_expression(Oid relation, const char *column, const char *name)
{
	char	   *beside = psprintf("%s_confidence", column);
	Oid			type;

	if (get_attnum(relation, beside) <= 0)
		return "NULL::pg_catalog.float8";
	type = getBaseType(get_atttype(relation, get_attnum(relation, beside)));
	if (TypeCategory(type) != TYPCATEGORY_NUMERIC)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of dataset %s has type %s, which is no number", beside, name, format_type_be(type)),
				 errdetail("It says how probable the proposals in column \"%s\" are right, 0 to 1.", column)));
	return psprintf("d.%s::pg_catalog.float8", quote_identifier(beside));
}

void
gtl_dataset_take_proposals(GtlDataset *dataset, Oid relation, char *const *columns, int ncolumns,
						   char *const *categories, int ncategories)
{
	char	   *from = psprintf(" FROM %s d", dataset->name);
	StringInfoData sql;

	if (ncolumns == 0)
		return;
	dataset->sources = ncolumns;
	dataset->source = (char **) columns;
	dataset->classes = ncategories;
	dataset->proposal_inputs = gtl_proposals_inputs(ncolumns, ncategories);
	dataset->strange = palloc0(sizeof(int64) * ncolumns);
	dataset->guessable = gtl_strings_create();
	for (int i = 0; i < ncategories; i++)
		gtl_strings_add(dataset->guessable, categories[i]);
	initStringInfo(&sql);
	appendBinaryStringInfo(&sql, dataset->select, (int) (strlen(dataset->select) - strlen(from)));
	for (int i = 0; i < ncolumns; i++)
		appendStringInfo(&sql, ", %s, %s", text_expression(relation, columns[i], "Set proposal_columns.", dataset->name),
						 sureness_expression(relation, columns[i], dataset->name));
	appendStringInfoString(&sql, from);
	dataset->select = sql.data;
}

void
gtl_dataset_note_strange(const GtlDataset *dataset)
{
	for (int i = 0; i < dataset->sources; i++)
		if (dataset->strange[i] > 0)
			ereport(NOTICE,
					(errmsg("%lld proposals in column \"%s\" of dataset %s are no category", (long long) dataset->strange[i],
							dataset->source[i], dataset->name),
					 errdetail("They count as none.")));
}

void
gtl_dataset_add_labels(GtlDataset *dataset, char *const *lists, int count)
{
	StringInfoData select;

	initStringInfo(&select);
	appendStringInfo(&select, "%.*sCOALESCE(%.*s", dataset->label_at, dataset->select, dataset->label_length,
					 dataset->select + dataset->label_at);
	for (int i = 0; i < count; i++)
		appendStringInfo(&select, ", l%d.label", i);
	appendStringInfo(&select, ")%s", dataset->select + dataset->label_at + dataset->label_length);
	for (int i = 0; i < count; i++)
		appendStringInfo(&select, " LEFT JOIN (%s) l%d ON l%d.key COLLATE pg_catalog.\"C\" OPERATOR(pg_catalog.=)"
						 " d.%s::pg_catalog.text COLLATE pg_catalog.\"C\"", lists[i], i, i, quote_identifier(dataset->key_column));
	dataset->select = select.data;
}
