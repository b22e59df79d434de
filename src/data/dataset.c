/*
 * dataset.c
 *		Reading a user's table, view or foreign table.
 */
#include "data/dataset.h"

#include <math.h>

#include "access/htup_details.h"
#include "access/nbtree.h"
#include "access/relation.h"
#include "access/xact.h"
#include "base/errors.h"
#include "base/query.h"
#include "base/snapshot.h"
#include "base/string_set.h"
#include "base/utf8.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "learning/proposals.h"
#include "miscadmin.h"
#include "parser/parse_coerce.h"
#include "tables/object.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#define FEATURES_HINT "Set features_column, or text_column for a column of text.  " \
	"A job with features_column => NULL does without, and without auto-labeling."

/* ---- Describing ------------------------------------------------------------ */

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

/* ---- Reading ---------------------------------------------------------------- */

typedef struct Reading
{
	GtlDataset *dataset;
	GtlDatasetCallback callback;
	void	   *context;
	MemoryContext row_context;	/* reset after each row */
	int			inputs;			/* length of the column of features */
	GtlDatasetRow row;
	StringInfoData last_key;
} Reading;

static void
bad_features(const Reading *reading, int code, const char *problem)
{
	ereport(ERROR,
			(errcode(code),
			 errmsg("features of %s in dataset %s %s", reading->row.name, reading->dataset->name, problem),
			 errhint("Correct the row, or leave it out with a view.")));
}

static void
check_key(Reading *reading, const char *key)
{
	const GtlDataset *dataset = reading->dataset;

	if (key == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("column \"%s\" of dataset %s contains NULL", dataset->key_column, dataset->name),
				 errhint("A key identifies each row; name another column with key_column.")));
	if (strlen(key) > GTL_OBJECT_KEY_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a key of dataset %s is longer than %d bytes", dataset->name, GTL_OBJECT_KEY_BYTES),
				 errdetail("It starts with \"%.60s\".", key)));
	if (reading->row.number > 0 && strcmp(key, reading->last_key.data) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNIQUE_VIOLATION),
				 errmsg("column \"%s\" of dataset %s contains \"%s\" more than once",
						dataset->key_column, dataset->name, key),
				 errhint("A key identifies each row; name another column with key_column.")));
	resetStringInfo(&reading->last_key);
	appendStringInfoString(&reading->last_key, key);
}

/* The array's shape; its length becomes the dimension with the first row. */
static void
check_shape(Reading *reading, ArrayType *array)
{
	int			dimension = ARR_NDIM(array) == 0 ? 0 : ARR_DIMS(array)[0];

	if (ARR_NDIM(array) > 1)
		bad_features(reading, ERRCODE_DATA_EXCEPTION, psprintf("are an array of %d dimensions", ARR_NDIM(array)));
	if (array_contains_nulls(array))
		bad_features(reading, ERRCODE_NULL_VALUE_NOT_ALLOWED, "contain NULL");
	if (dimension == 0)
		bad_features(reading, ERRCODE_DATA_EXCEPTION, "are empty");
	if (dimension > GTL_MAX_DIMENSION)
		bad_features(reading, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
					 psprintf("have %d dimensions, more than %d", dimension, GTL_MAX_DIMENSION));
	if (reading->inputs == 0)
		reading->inputs = dimension;
	if (dimension != reading->inputs)
		bad_features(reading, ERRCODE_DATA_EXCEPTION,
					 psprintf("have %d dimension%s, the objects before have %d",
							  dimension, dimension == 1 ? "" : "s", reading->inputs));
}

static void
read_features(Reading *reading, Datum value, bool isnull)
{
	ArrayType  *array;
	const float *features;

	if (isnull)
		bad_features(reading, ERRCODE_NULL_VALUE_NOT_ALLOWED, "are NULL");
	array = DatumGetArrayTypeP(value);
	check_shape(reading, array);
	features = (const float *) ARR_DATA_PTR(array);
	if (reading->dataset->double_features)
	{
		const double *wide = (const double *) ARR_DATA_PTR(array);
		float	   *narrow = palloc(sizeof(float) * reading->inputs);

		for (int i = 0; i < reading->inputs; i++)
			narrow[i] = (float) wide[i];
		features = narrow;
	}
	for (int i = 0; i < reading->inputs; i++)
		if (!isfinite(features[i]))
			bad_features(reading, ERRCODE_DATA_EXCEPTION,
						 isnan(features[i]) ? "contain NaN" : "contain an infinite value, or one too large for float4");
	reading->row.features = features;
	reading->row.dimension = reading->inputs;
}

/* The order counts: a sample is drawn by the numbers of the rows. */
static void
read_text(Reading *reading, Datum value, bool isnull)
{
	GtlDatasetRow *row = &reading->row;

	row->text = NULL;
	if (isnull)
		return;
	row->text = gtl_utf8_text(value, &row->text_bytes);
	row->digest = hash_combine64(row->digest, hash_bytes_extended((const unsigned char *) row->text,
																  (int) row->text_bytes, (uint64) row->number));
}

/* The features of the row become those of its text and what is beside it. */
static void
make_features(Reading *reading)
{
	const GtlDataset *dataset = reading->dataset;
	GtlDatasetRow *row = &reading->row;
	float	   *made;

	if (row->text == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("text of %s in dataset %s is NULL", row->name, dataset->name),
				 errhint("Leave the row out with a view, or give it a text there: coalesce(..., '').")));
	if ((row->features == NULL ? 0 : reading->inputs) != dataset->made_inputs)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("dataset %s has %d features beside the text, the model takes %d", dataset->name,
						row->features == NULL ? 0 : reading->inputs, dataset->made_inputs),
				 errhint("Set features_column as for the model.")));
	if (dataset->labeled_only && row->label == NULL)
		return;
	made = palloc(sizeof(float) * dataset->made_dimension);
	gtl_feature_maker_row(dataset->maker, row->text, row->text_bytes, row->features, made);
	row->features = made;
	row->dimension = dataset->made_dimension;
}

/* How sure a source is of its guess; NaN: it does not say. */
static double
read_sureness(const Reading *reading, TupleTableSlot *row, int column, const char *source)
{
	bool		isnull;
	Datum		value = slot_getattr(row, column, &isnull);
	double		sure = isnull ? NAN : DatumGetFloat8(value);

	if (!isnull && !(sure >= 0 && sure <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("%s_confidence of %s in dataset %s is %g", source, reading->row.name, reading->dataset->name, sure),
				 errdetail("It says how probable the proposal is right, 0 to 1.")));
	return sure;
}

#define FIRST_PROPOSAL 6		/* column of the query */

/* The inputs of proposals behind the features. */
static void
append_proposals(Reading *reading, TupleTableSlot *row)
{
	const GtlDataset *dataset = reading->dataset;
	int			features = dataset->has_features || dataset->maker != NULL ? reading->row.dimension : 0;
	float	   *all;

	if (dataset->labeled_only && reading->row.label == NULL)
		return;
	all = palloc(sizeof(float) * (features + dataset->proposal_inputs));
	if (features > 0)
		memcpy(all, reading->row.features, sizeof(float) * features);
	for (int i = 0; i < dataset->sources; i++)
	{
		char	   *guess = gtl_row_text(row, FIRST_PROPOSAL + 2 * i);
		int			class_no = guess == NULL ? -1 :
			gtl_strings_find_renamed(dataset->guessable, dataset->former, dataset->nformer, guess);
		double		sure = read_sureness(reading, row, FIRST_PROPOSAL + 2 * i + 1, dataset->source[i]);

		dataset->strange[i] += guess != NULL && class_no < 0;
		gtl_proposals_encode(class_no, sure, dataset->sources, dataset->classes, all + features + 2 * i * dataset->classes);
	}
	reading->row.features = all;
	reading->row.dimension = features + dataset->proposal_inputs;
}

/* Fill reading->row, in the current memory context. */
static void
read_row(Reading *reading, TupleTableSlot *row)
{
	char	   *key = gtl_row_text(row, 1);
	bool		isnull;
	Datum		value;

	if (reading->dataset->key_column != NULL)
		check_key(reading, key);
	reading->row.key = key;
	reading->row.name = key != NULL ? psprintf("object \"%s\"", key) :
		psprintf("row " INT64_FORMAT " in reading order", reading->row.number + 1);
	reading->row.label = gtl_row_text(row, 3);
	reading->row.gold = gtl_row_text(row, 4);
	value = slot_getattr(row, 2, &isnull);
	if (reading->dataset->has_features)
		read_features(reading, value, isnull);
	value = slot_getattr(row, 5, &isnull);
	if (reading->dataset->text_column != NULL)
		read_text(reading, value, isnull);
	if (reading->dataset->maker != NULL)
		make_features(reading);
	if (reading->dataset->sources > 0 && (reading->dataset->text_column == NULL || reading->dataset->maker != NULL))
		append_proposals(reading, row);
}

/* Errors that say something of the row, not of the server. */
static bool
is_fault_of_row(int code)
{
	return ERRCODE_TO_CATEGORY(code) == ERRCODE_DATA_EXCEPTION || code == ERRCODE_UNIQUE_VIOLATION || code == ERRCODE_PROGRAM_LIMIT_EXCEEDED;
}

/*
 * False: the row is passed over.  Nothing but memory is touched in between, so no subtransaction has to be rolled back.
 */
static bool
try_row(Reading *reading, GtlDataset *dataset, TupleTableSlot *row)
{
	MemoryContext context = CurrentMemoryContext;
	volatile bool right = true;

	if (dataset->check == NULL)
	{
		read_row(reading, row);
		return true;
	}
	PG_TRY();
	{
		read_row(reading, row);
		dataset->check(reading->context, &reading->row);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (!is_fault_of_row(error->sqlerrcode))
			PG_RE_THROW();
		FlushErrorState();
		if (dataset->refused++ == 0)
			dataset->refused_code = error->sqlerrcode;
		right = false;
	}
	PG_END_TRY();
	return right;
}

static void
take_row(void *context, TupleTableSlot *row)
{
	Reading    *reading = context;
	bool		right;
	MemoryContext caller = MemoryContextSwitchTo(reading->row_context);

	if (reading->row.number == PG_INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("dataset %s has too many rows", reading->dataset->name)));
	right = try_row(reading, reading->dataset, row);
	MemoryContextSwitchTo(caller);
	if (right)
		reading->callback(reading->context, &reading->row);
	MemoryContextReset(reading->row_context);
	reading->row.number++;
}

/* A foreign table, or a view over a function, can give something else each time. */
static void
check_same_rows(const GtlDataset *dataset, const GtlDatasetRow *end)
{
	if (dataset->read_before && (end->number != dataset->rows || end->digest != dataset->digest))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("dataset %s had other rows when it was read a second time", dataset->name),
				 errhint("Text is read twice: copy the rows into a table first.")));
}

static void
pin(const char *setting, const char *value)
{
	(void) set_config_option(setting, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

/*
 * What the job knows is what has been committed until now: another intake may just have ended.  All rows are
 * compared with all keys, whatever the planner knows of either; a few of them are found by an index, and looked up one by one.  gtlabel's own tables have row-level security, for
 * which row_security = off would be an error; where it would be one for the dataset, it was raised before.
 */
static void
read_unknown(const char *sql, Reading *reading)
{
	int			settings = NewGUCNestLevel();

	pin(reading->dataset->few ? "enable_hashjoin" : "enable_nestloop", "off");
	if (reading->dataset->few)
	{
		pin("enable_mergejoin", "off");
		pin("enable_seqscan", "off");
	}
	pin("row_security", "on");
	CommandCounterIncrement();	/* what the statement that calls has inserted itself */
	PushActiveSnapshot(gtl_snapshot());
	gtl_query_stream(sql, take_row, reading);
	PopActiveSnapshot();
	AtEOXact_GUC(false, settings);
}

int64
gtl_dataset_read(GtlDataset *dataset, GtlDatasetCallback callback, void *context)
{
	Reading		reading;
	char	   *sql;

	memset(&reading, 0, sizeof(reading));
	reading.dataset = dataset;
	reading.callback = callback;
	reading.context = context;
	reading.row_context = AllocSetContextCreate(CurrentMemoryContext, "gtlabel dataset row", ALLOCSET_DEFAULT_SIZES);
	reading.inputs = dataset->inputs;
	initStringInfo(&reading.last_key);
	sql = psprintf("%s%s%s%s", dataset->select, dataset->known != NULL ? dataset->known : dataset->sample != NULL ? dataset->sample : "",
				   dataset->part != NULL ? dataset->part : "", dataset->order != NULL ? dataset->order : "");
	if (dataset->joining)
		read_unknown(sql, &reading);
	else
		gtl_query_stream(sql, take_row, &reading);
	MemoryContextDelete(reading.row_context);
	pfree(reading.last_key.data);
	check_same_rows(dataset, &reading.row);
	return reading.row.number;
}
