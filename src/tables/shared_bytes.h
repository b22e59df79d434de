/*
 * shared_bytes.h
 *		Rows of bytes that jobs and models share: gtlabel.featurizer and gtlabel.neighbours.
 *
 * A row is written once and never changed.  A job and its models use one; so does a job that starts from a
 * model.  It is deleted with the last of them.  Who uses a row holds a key lock on it until the transaction ends;
 * who drops one locks it first, so that a use that has not been committed is waited for and then seen.
 */
#ifndef GTL_SHARED_BYTES_H
#define GTL_SHARED_BYTES_H

#include "base/compat.h"
#include "base/query.h"
#include "catalog/pg_type.h"

typedef struct GtlSharedBytes
{
	const char *what;			/* in messages */
	GtlStatement read;
	GtlStatement hold;
	GtlStatement lock;
	GtlStatement drop;
} GtlSharedBytes;

/* Initializes one: a table, and its key, which is also the column of gtlabel.job and gtlabel.model that refers to it. */
#define GTL_SHARED_BYTES(what, table, key) { \
	what, \
	{"SELECT data FROM " table " WHERE " key " = $1", 1, {INT8OID}}, \
	{"SELECT 1 FROM " table " WHERE " key " = $1 FOR KEY SHARE", 1, {INT8OID}}, \
	{"SELECT 1 FROM " table " WHERE " key " = $1 FOR UPDATE", 1, {INT8OID}}, \
	{"DELETE FROM " table " t WHERE t." key " = $1" \
		" AND NOT EXISTS (SELECT FROM gtlabel.model m WHERE m." key " = t." key ")" \
		" AND NOT EXISTS (SELECT FROM gtlabel.job j WHERE j." key " = t." key ")", 1, {INT8OID}}, \
}

/* The bytes of a row, palloc'd; a row that is missing is an error. */
extern struct varlena *gtl_shared_bytes_read(GtlSharedBytes *table, int64 id);

/* They are not what they should be. */
pg_noreturn extern void gtl_shared_bytes_unreadable(const GtlSharedBytes *table, int64 id, const char *reason);

/* Whoever begins to use a row that is there: nobody drops it until the end of the transaction. */
extern void gtl_shared_bytes_hold(GtlSharedBytes *table, int64 id);

/* When a job or model that used it is gone; 0: there was none. */
extern void gtl_shared_bytes_drop_unused(GtlSharedBytes *table, int64 id);

#endif							/* GTL_SHARED_BYTES_H */
