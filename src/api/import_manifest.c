/*
 * import_manifest.c
 *		gt_import_manifest: a table of objects from a manifest that is in a column.
 *
 * The lines are read, and the table is written, as the current user, piece by piece.  Whatever fails, the
 * transaction takes back the whole table.
 */
#include "base/compat.h"

#include <math.h>

#include "api/arguments.h"
#include "base/errors.h"
#include "base/query.h"
#include "catalog/namespace.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "data/dataset.h"
#include "data/manifest_line.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "utils/regproc.h"


/* Lines that are written together, at most; and bytes. */
#define PIECE 1000
#define PIECE_BYTES (4 * 1024 * 1024)

/* Ground Truth takes no longer lines. */
#define SERVICE_CHARACTERS 100000

#define COLUMNS 8

typedef struct Import
{
	ReturnSetInfo *rsinfo;
	bool		skip;
	GtlManifestAttribute attribute;
	char	   *insert;
	MemoryContext piece;
	int64		number;			/* of the line */
	int64		rows;
	int64		bad;
	int64		first_bad;
	char	   *first_reason;
	int64		longer;
	int			count;			/* rows of the piece */
	Size		bytes;
	char	   *values[COLUMNS][PIECE];
} Import;

static const char *const table_columns[COLUMNS] = {
	"line_no bigint", "source text", "source_ref text", "label text", "confidence float8", "human_annotated boolean",
	"failure_reason text", "line json"
};

static void
write_piece(Import *import)
{
	static const Oid types[COLUMNS] = {TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
	TEXTARRAYOID, TEXTARRAYOID};
	MemoryContext caller = MemoryContextSwitchTo(import->piece);
	Datum		values[COLUMNS];
	GtlResult	r;

	if (import->count > 0)
	{
		for (int c = 0; c < COLUMNS; c++)
			values[c] = gtl_array_text(import->values[c], import->count);
		gtl_query_run_as(&r, GetUserId(), import->insert, COLUMNS, types, values);
		gtl_query_end(&r);
		import->rows += import->count;
	}
	import->count = 0;
	import->bytes = 0;
	MemoryContextSwitchTo(caller);
	MemoryContextReset(import->piece);
}

static void
take_bad(Import *import, const char *reason)
{
	Datum		values[2] = {Int64GetDatum(import->number), CStringGetTextDatum(reason)};
	bool		nulls[2] = {false, false};

	if (import->bad++ == 0)
	{
		import->first_bad = import->number;
		import->first_reason = MemoryContextStrdup(import->attribute.context, reason);
	}
	if (import->skip)
		tuplestore_putvalues(import->rsinfo->setResult, import->rsinfo->setDesc, values, nulls);
}

static void
take_good(Import *import, const GtlManifestLine *line)
{
	int			row = import->count++;
	int			length = (int) (line->line.end - line->line.start);

	import->values[0][row] = psprintf(INT64_FORMAT, import->number);
	import->values[1][row] = line->source;
	import->values[2][row] = line->source_ref;
	import->values[3][row] = line->label;
	import->values[4][row] = isnan(line->confidence) ? NULL : psprintf("%.17g", line->confidence);
	import->values[5][row] = line->human < 0 ? NULL : pstrdup(line->human ? "t" : "f");
	import->values[6][row] = line->failure_reason;
	import->values[7][row] = pnstrdup(line->line.start, length);
	import->bytes += 2 * length;
	if (length > SERVICE_CHARACTERS && pg_mbstrlen_with_len(line->line.start, length) > SERVICE_CHARACTERS)
		import->longer++;
}

static void
take_row(void *context, TupleTableSlot *row)
{
	Import	   *import = context;
	MemoryContext caller = MemoryContextSwitchTo(import->piece);
	char	   *text = gtl_row_text(row, 1);
	GtlJsonSpan span = {text, text == NULL ? NULL : text + strlen(text)};
	GtlManifestLine line;

	import->number++;
	if (text != NULL)
		span = gtl_json_trim(span);
	if (text != NULL && span.start < span.end)	/* an empty line is none, but counts */
	{
		const char *problem = gtl_manifest_line_read(span, &import->attribute, &line);

		if (problem != NULL)
			take_bad(import, problem);
		else
			take_good(import, &line);
	}
	MemoryContextSwitchTo(caller);
	if (import->count == PIECE || import->bytes >= PIECE_BYTES)
		write_piece(import);
	else if (import->count == 0)
		MemoryContextReset(import->piece);
}

/* ---- The two tables -------------------------------------------------------------------------- */

/* The lines in their order: by a column, by the primary key, or as they lie there. */
static char *
select_lines(Oid relation, const char *line, const char *order_column, char **name)
{
	const char *cast = "::pg_catalog.text";
	char	   *order = "";
	Oid			type;

	*name = gtl_dataset_name(relation);
	type = getBaseType(gtl_dataset_column_type(relation, line, "Name a column that it has: line => '...'.", *name));
	if (type != JSONOID && type != JSONBOID && type != TEXTOID && type != VARCHAROID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of %s has type %s", line, *name, format_type_be(type)),
				 errhint("The lines of a manifest are json, jsonb or text.")));
	if (order_column != NULL)
	{
		(void) gtl_dataset_column_type(relation, order_column, "Set order_column.", *name);
		order = gtl_dataset_order(relation, order_column);
	}
	else
	{
		Oid			constraint;
		Bitmapset  *key = get_primary_key_attnos(relation, false, &constraint);

		if (bms_num_members(key) == 1)
			order = gtl_dataset_order(relation, get_attname(relation, (AttrNumber) (bms_singleton_member(key) +
																					FirstLowInvalidHeapAttributeNumber), false));
	}
	return psprintf("SELECT d.%s%s FROM %s d%s", quote_identifier(line), cast, *name, order);
}

/* The new table's name, qualified as CREATE TABLE would find its place. */
static char *
new_table_name(const char *name, Oid manifest)
{
	RangeVar   *range;
	Oid			schema;

	if (name == NULL)
		range = makeRangeVar(get_namespace_name(get_rel_namespace(manifest)), psprintf("%s_objects", get_rel_name(manifest)), -1);
	else
		range = makeRangeVarFromNameList(GTL_COMPAT_STRING_TO_NAMES(name));
	schema = RangeVarGetCreationNamespace(range);
	if (OidIsValid(get_relname_relid(range->relname, schema)))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("relation %s already exists", quote_qualified_identifier(get_namespace_name(schema), range->relname)),
				 errhint("Set table_name.")));
	return quote_qualified_identifier(get_namespace_name(schema), range->relname);
}

static void
run(const char *sql)
{
	GtlResult	r;

	gtl_query_run_as(&r, GetUserId(), sql, 0, NULL, NULL);
	gtl_query_end(&r);
}

static char *
create_table(const char *name)
{
	StringInfoData create;
	StringInfoData insert;

	initStringInfo(&create);
	initStringInfo(&insert);
	appendStringInfo(&create, "CREATE TABLE %s (", name);
	appendStringInfo(&insert, "INSERT INTO %s SELECT", name);
	for (int c = 0; c < COLUMNS; c++)
	{
		appendStringInfo(&create, "%s%s", c > 0 ? ", " : "", table_columns[c]);
		appendStringInfo(&insert, "%s u.v%d::pg_catalog.%s", c > 0 ? "," : "", c,
						 strcmp(strchr(table_columns[c], ' ') + 1, "bigint") == 0 ? "int8" :
						 strcmp(strchr(table_columns[c], ' ') + 1, "boolean") == 0 ? "bool" : strchr(table_columns[c], ' ') + 1);
	}
	appendStringInfoString(&create, " NOT NULL)");
	appendStringInfoString(&insert, " FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) AS u (v0, v1, v2, v3, v4, v5, v6, v7)");
	run(create.data);
	return insert.data;
}

static void
report(const Import *import, const char *table)
{
	if (import->bad > 0 && !import->skip)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("line " INT64_FORMAT ": %s", import->first_bad, import->first_reason),
				 errdetail("Of " INT64_FORMAT " lines, " INT64_FORMAT " are bad; nothing was imported.", import->number, import->bad),
				 errhint("on_error => 'skip' imports the others, and says which are bad.")));
	if (import->longer > 0)
		ereport(NOTICE,
				(errmsg(INT64_FORMAT " lines are longer than %d characters", import->longer, SERVICE_CHARACTERS),
				 errdetail("The managed service would refuse them.")));
	ereport(NOTICE,
			(errmsg(INT64_FORMAT " lines are in %s", import->rows, table),
			 import->attribute.name == NULL ? 0 : errdetail("Their labels are those of \"%s\".", import->attribute.name)));
}

PG_FUNCTION_INFO_V1(gtl_sql_import_manifest);
Datum
gtl_sql_import_manifest(PG_FUNCTION_ARGS)
{
	static const char *const words[] = {"error", "skip", NULL};
	Import	   *import = palloc0(sizeof(Import));
	char	   *line = gtl_argument_name_or_null(fcinfo, 1);
	char	   *name = gtl_argument_text_or_null(fcinfo, 2);
	char	   *manifest_name;
	char	   *lines;

	gtl_argument_required(fcinfo, 0, "manifest");
	gtl_argument_required(fcinfo, 1, "line");
	import->skip = gtl_check_word("on_error", words, gtl_argument_text(fcinfo, 5, "on_error")) == 1;
	import->attribute.context = CurrentMemoryContext;
	gtl_manifest_attribute_set(&import->attribute, gtl_argument_text_or_null(fcinfo, 3));
	lines = select_lines(PG_GETARG_OID(0), line, gtl_argument_name_or_null(fcinfo, 4), &manifest_name);
	name = new_table_name(name, PG_GETARG_OID(0));
	InitMaterializedSRF(fcinfo, 0);
	import->rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	import->piece = AllocSetContextCreate(CurrentMemoryContext, "gtlabel manifest lines", ALLOCSET_DEFAULT_SIZES);
	import->insert = create_table(name);
	(void) gtl_query_stream(lines, take_row, import);
	write_piece(import);
	report(import, name);
	run(psprintf("ALTER TABLE %s ADD PRIMARY KEY (line_no)", name));
	return (Datum) 0;
}
