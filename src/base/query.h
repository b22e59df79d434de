/*
 * query.h
 *		The only way to SPI.
 *
 * Kinds of queries and their identities:
 *	- statements on gtlabel's own tables run as the extension's owner, with a
 *	  search_path of pg_catalog, from plans kept for the session;
 *	- queries over a user's table run as the current user or the role given, and calls of a
 *	  user's function as the role given, with the same path, and with the settings pinned
 *	  that say how values look as text (DateStyle and the like).
 *
 * The former see what is committed at their start, whatever the isolation level of the
 * transaction; the latter what the transaction sees.
 *
 * A result lives from gtl_query_run to gtl_query_end; the memory context of the
 * caller stays current in between, and the getters copy into it.  Queries may
 * nest.  On error everything is undone by the server's (sub)transaction abort: SPI
 * stack, user id, search_path.
 */
#ifndef GTL_QUERY_H
#define GTL_QUERY_H

#include "base/compat.h"
#include "executor/spi.h"
#include "executor/tuptable.h"

#define GTL_QUERY_MAX_ARGS 120

typedef struct GtlStatement
{
	const char *sql;
	int			nargs;
	Oid			types[GTL_QUERY_MAX_ARGS];
	SPIPlanPtr	plan;			/* kept for the session; NULL until first used */
} GtlStatement;

/* The rows of one run, and what gtl_query_end restores. */
typedef struct GtlResult
{
	uint64		count;			/* rows returned or processed */
	SPITupleTable *rows;		/* NULL: the statement returns none */
	Oid			saved_user;
	int			saved_security;
	int			guc_level;
} GtlResult;

/* Runs the statement; returns the number of rows.  nulls as in SPI, or NULL. */
extern uint64 gtl_query_run(GtlResult *result, GtlStatement *statement,
							const Datum *values, const char *nulls);
extern void gtl_query_end(GtlResult *result);

/* Run and end, for statements whose rows nobody reads. */
extern uint64 gtl_query_do(GtlStatement *statement, const Datum *values, const char *nulls);

/* Run and end, for the one value of a statement that has one row. */
extern int32 gtl_query_int32(GtlStatement *statement, const Datum *values);	/* NULL: 0 */
extern int64 gtl_query_int64(GtlStatement *statement, const Datum *values);	/* NULL: 0 */
extern bool gtl_query_bool(GtlStatement *statement, const Datum *values);	/* NULL: false */

/* A query over a user's table or function, as the given role; rows as from gtl_query_run. */
extern uint64 gtl_query_run_as(GtlResult *result, Oid role, const char *sql, int nargs, const Oid *types,
							   const Datum *values);

/* Values of a result; rows count from 0, columns from 1. */
extern Datum gtl_result_datum(const GtlResult *result, uint64 row, int column, bool *isnull);
extern bool gtl_result_isnull(const GtlResult *result, uint64 row, int column);
extern int32 gtl_result_int32(const GtlResult *result, uint64 row, int column); /* NULL: 0 */
extern int64 gtl_result_int64(const GtlResult *result, uint64 row, int column); /* NULL: 0 */
extern double gtl_result_float8(const GtlResult *result, uint64 row, int column);	/* NULL: NaN */
extern bool gtl_result_bool(const GtlResult *result, uint64 row, int column);	/* NULL: false */
extern char *gtl_result_text(const GtlResult *result, uint64 row, int column);	/* copied; NULL: NULL */
extern struct varlena *gtl_result_varlena(const GtlResult *result, uint64 row, int column); /* copied, detoasted;
																							 * NULL: NULL */

/*
 * Runs a query over a user's table as the current user, and calls back for each
 * row as the executor delivers it, in the memory context of the caller: the row
 * lives until the callback returns.  Returns the number of rows.
 */
typedef void (*GtlRowCallback) (void *context, TupleTableSlot *row);

extern uint64 gtl_query_stream(const char *sql, GtlRowCallback callback, void *context);

/*
 * The same for a statement on gtlabel's own tables, none of whose parameters is NULL: for what is too
 * much to be held at once.  The callback has the rights of the caller.
 */
extern uint64 gtl_query_each(GtlStatement *statement, const Datum *values, GtlRowCallback callback, void *context);

/*
 * The rows of such a statement as lists, one a column, of int4 or float4; NULL: -1.  Returns their length.  As
 * long as maintenance_work_mem allows, beyond what an array of SQL holds.
 */
extern int	gtl_query_lists(GtlStatement *statement, const Datum *values, int columns, int32 **lists);

/* A text column of such a row, copied; NULL: NULL. */
extern char *gtl_row_text(TupleTableSlot *row, int column);

/* The elements of an int4[] (or NULL) in a result, copied; *count is their number. */
extern int32 *gtl_result_int32_array(const GtlResult *result, uint64 row, int column, int *count);

/* A value of type bytea; more than 1 GB is an error. */
extern Datum gtl_bytea(const void *bytes, size_t size);

/* One-dimensional arrays, for parameters.  Longer lists are written in pieces: an array has at most 1 GB. */
#define GTL_ARRAY_PIECE INT64CONST(16777216)

extern Datum gtl_array_int16(const int16 *values, int64 count);
extern Datum gtl_array_int32(const int32 *values, int64 count);
extern Datum gtl_array_int64(const int64 *values, int64 count);
extern Datum gtl_array_float4(const float *values, int64 count);
extern Datum gtl_array_float8(const double *values, int64 count);
extern Datum gtl_array_text(char *const *values, int64 count);	/* NULL where a value is */
extern char **gtl_array_to_text(Datum array, int *count);

/*
 * Pins what turns a value into text and back, at the present level of settings: so that the key of a row is the
 * same text whoever reads it, worker or session, and that text is the same value again.
 */
extern void gtl_query_pin_text_format(void);

/* The owner of the extension's tables. */
extern Oid	gtl_extension_owner(void);

/*
 * Until the caller sets *user and *security again: with the rights that statements on gtlabel's tables have, for
 * what constraints and triggers call.
 */
extern void gtl_become_extension_owner(Oid *user, int *security);

/* A relation's name for a statement, quoted and with its schema; an error if it is gone. */
extern char *gtl_query_relation(Oid relation);

#endif							/* GTL_QUERY_H */
