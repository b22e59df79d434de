/*
 * row_store.h
 *		Rows of floats that are written once and read many times: in memory up to a limit,
 *		beyond it in a temporary file.
 *
 * Reading needs no transaction and never raises an error: it may be done from inside a
 * library.  A temporary file counts against temp_file_limit and lies where the server puts
 * its other ones.
 */
#ifndef GTL_ROW_STORE_H
#define GTL_ROW_STORE_H

#include "base/compat.h"
#include "learning/labeled_set.h"

typedef struct GtlRowStore GtlRowStore;

/* In the current memory context, and gone with it.  limit: bytes of rows in memory. */
extern GtlRowStore *gtl_row_store_create(int dimension, Size limit);

/* Row by row ... */
extern void gtl_row_store_add(GtlRowStore *store, const float *row);

/* ... until this; then features and reader of the set are those of the store. */
extern void gtl_row_store_finish(GtlRowStore *store, GtlLabeledSet *set);

/*
 * Path of a file with the rows, for other processes; written now if the rows are in
 * memory.  NULL: temp_file_limit forbids it.
 */
extern const char *gtl_row_store_share(GtlRowStore *store);

extern int64 gtl_row_store_count(const GtlRowStore *store);

/* Bytes of the rows that are in memory. */
extern Size gtl_row_store_memory(const GtlRowStore *store);

/* The store of a reader that finish has set; NULL: another reader. */
extern GtlRowStore *gtl_row_store_of(const GtlRowReader *reader);

/* Another process's store, to be read. */
extern const GtlRowReader *gtl_row_store_open(const char *path, int dimension, int64 rows);

#endif							/* GTL_ROW_STORE_H */
