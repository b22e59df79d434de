/*
 * target.c
 *		The tables that an import makes.
 *
 * Everything is one transaction: the table, the table of answers, their rows and keys are there together or
 * not at all, however the program ends.
 */
#include "exchange/target.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK ((size_t) 64 * 1024)	/* of the file of answers, in one message */

static bool
fail_to_read(void)
{
	fprintf(stderr, "gtlabel import: cannot read a temporary file: %s\n", strerror(errno));
	return false;
}

/* ---- SQL ---- */

static bool
run_sql(GtcTarget *target, const char *sql)
{
	PGresult   *result = gtc_query(target->connection, sql, 0, NULL);

	PQclear(result);
	return result != NULL;
}

/* A name as the user wrote it, by SQL's rules, as the server quotes it */
static bool
resolve_name(GtcTarget *target, const char *name, GtcBuffer *quoted)
{
	PGresult   *result = name == NULL
		? NULL
		: gtc_query(target->connection,
					"SELECT pg_catalog.string_agg(pg_catalog.quote_ident(part), '.' ORDER BY n)"
					" FROM pg_catalog.unnest(pg_catalog.parse_ident($1)) WITH ORDINALITY AS p(part, n)",
					1, &name);

	if (result == NULL)
		return name == NULL;
	gtc_append(quoted, PQgetvalue(result, 0, 0));
	PQclear(result);
	return true;
}

static bool
create_table(GtcTarget *target, const char *name, const char *columns, bool temporary)
{
	GtcBuffer	sql;
	bool		good;

	gtc_buffer_init(&sql);
	gtc_appendf(&sql, "CREATE %sTABLE %s (%s)%s", temporary ? "TEMPORARY " : "", name, columns,
				temporary ? " ON COMMIT DROP" : "");
	good = run_sql(target, sql.data);
	gtc_buffer_free(&sql);
	return good;
}

/* The table that rows are copied into; JSON_MIN's go through another one, which has tasks more than once. */
static const char *
filled_name(const GtcTarget *target, const GtcLoad *load)
{
	return load->repeats ? "pg_temp.gtlabel_import" : target->table_name.data;
}

static bool
begin_copy(GtcTarget *target, const char *name)
{
	GtcBuffer	sql;
	PGresult   *result;
	bool		good;

	gtc_buffer_init(&sql);
	gtc_appendf(&sql, "COPY %s FROM STDIN (FREEZE)", name);
	result = PQexec(target->connection, sql.data);
	good = PQresultStatus(result) == PGRES_COPY_IN;
	target->copying = good;
	if (!good)
		fprintf(stderr, "gtlabel import: %s", PQerrorMessage(target->connection));
	PQclear(result);
	gtc_buffer_free(&sql);
	return good;
}

/* The server's answer to a COPY that is over; NULL after a message */
static PGresult *
result_of_copy(GtcTarget *target)
{
	PGresult   *result = PQgetResult(target->connection);
	bool		good = PQresultStatus(result) == PGRES_COMMAND_OK;

	if (!good)
	{
		const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);

		gtc_print_error(target->connection, result);
		if (context != NULL)
			fprintf(stderr, "CONTEXT:  %s\n", context);
	}
	while (result != NULL && !good)
	{
		PQclear(result);
		result = PQgetResult(target->connection);
	}
	if (good)
		PQclear(PQgetResult(target->connection));
	return result;
}

static bool
end_copy(GtcTarget *target, long long rows)
{
	PGresult   *result;
	bool		good;

	target->copying = false;
	if (PQputCopyEnd(target->connection, NULL) != 1)
	{
		fprintf(stderr, "gtlabel import: %s", PQerrorMessage(target->connection));
		return false;
	}
	result = result_of_copy(target);
	good = result != NULL && atoll(PQcmdTuples(result)) == rows;
	if (result != NULL && !good)
		fprintf(stderr, "gtlabel import: %lld rows were sent and %s arrived\n", rows, PQcmdTuples(result));
	PQclear(result);
	return good;
}

/* Tells the server that no more rows come, and that it is to keep none. */
static void
give_up_copy(GtcTarget *target)
{
	PGresult   *result;

	if (!target->copying || PQputCopyEnd(target->connection, "gtlabel import gives up") != 1)
		return;
	while ((result = PQgetResult(target->connection)) != NULL)
		PQclear(result);
}

bool
gtc_target_send(GtcTarget *target, const char *data, size_t length)
{
	if (PQputCopyData(target->connection, data, length) == 1)
		return true;
	fprintf(stderr, "gtlabel import: %s", PQerrorMessage(target->connection));
	return false;
}

/* ---- Tables ---- */

bool
gtc_target_begin(GtcTarget *target, const GtcLoad *load)
{
	GtcBuffer	columns;
	bool		good;

	if (target->table == NULL)
		return true;
	gtc_buffer_init(&columns);
	gtc_load_columns(load, &columns);
	good = create_table(target, target->table_name.data, columns.data, false) &&
		(!load->repeats || create_table(target, filled_name(target, load), columns.data, true)) &&
		begin_copy(target, filled_name(target, load));
	gtc_buffer_free(&columns);
	return good;
}

bool
gtc_target_end(GtcTarget *target, const GtcLoad *load)
{
	GtcBuffer	sql;
	bool		good;

	if (target->table == NULL)
		return true;
	if (!end_copy(target, load->counts.rows))
		return false;
	gtc_buffer_init(&sql);
	if (load->repeats)
	{
		gtc_appendf(&sql, "INSERT INTO %s SELECT DISTINCT ON (", target->table_name.data);
		gtc_append_identifier(&sql, gtc_load_key(load));
		gtc_appendf(&sql, ") * FROM %s ORDER BY ", filled_name(target, load));
		gtc_append_identifier(&sql, gtc_load_key(load));
	}
	good = sql.len == 0 || run_sql(target, sql.data);
	gtc_buffer_reset(&sql);
	gtc_appendf(&sql, "ALTER TABLE %s ADD PRIMARY KEY (", target->table_name.data);
	gtc_append_identifier(&sql, gtc_load_key(load));
	gtc_append_char(&sql, ')');
	good = good && run_sql(target, sql.data);
	gtc_buffer_free(&sql);
	return good;
}

bool
gtc_target_open(GtcTarget *target, const GtcConnectionOptions *server)
{
	target->connection = gtc_connect(server, "gtlabel import");
	return target->connection != NULL && run_sql(target, "BEGIN") &&
		resolve_name(target, target->table, &target->table_name) &&
		resolve_name(target, target->answers_table, &target->answers_name);
}

bool
gtc_target_take_answers(GtcTarget *target, FILE *file, long long count)
{
	char	   *block;
	size_t		length;
	bool		good;

	if (fflush(file) != 0 || fseek(file, 0, SEEK_SET) != 0)
		return fail_to_read();
	if (!create_table(target, target->answers_name.data, gtc_answer_columns, false) ||
		!begin_copy(target, target->answers_name.data))
		return false;
	block = gtc_alloc(BLOCK);
	do
	{
		length = fread(block, 1, BLOCK, file);
		good = gtc_target_send(target, block, length);
	} while (good && length == BLOCK);
	free(block);
	if (ferror(file))
		good = fail_to_read();
	return good && end_copy(target, count);
}

bool
gtc_target_commit(GtcTarget *target)
{
	return run_sql(target, "COMMIT");
}

void
gtc_target_init(GtcTarget *target, const char *table, const char *answers_table)
{
	memset(target, 0, sizeof(*target));
	target->table = table;
	target->answers_table = answers_table;
	gtc_buffer_init(&target->table_name);
	gtc_buffer_init(&target->answers_name);
}

void
gtc_target_free(GtcTarget *target)
{
	if (target->connection != NULL)
		give_up_copy(target);
	PQfinish(target->connection);
	gtc_buffer_free(&target->table_name);
	gtc_buffer_free(&target->answers_name);
}
