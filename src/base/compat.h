/*
 * compat.h
 *		The only file that knows server versions apart.
 *
 * Wrappers carry the newest server's signature.  Built and run on PostgreSQL 15;
 * 16 to 18 are meant to need changes here only.
 */
#ifndef GTL_COMPAT_H
#define GTL_COMPAT_H

#include "postgres.h"

#if PG_VERSION_NUM < 150000
#error "gtlabel needs PostgreSQL 15 or later"
#endif

#ifdef WORDS_BIGENDIAN
#error "gtlabel stores features and models in little-endian order and needs a little-endian machine"
#endif

/* PostgreSQL 17 made the search path of maintenance operations a function. */
#define GTL_SAFE_SEARCH_PATH "pg_catalog, pg_temp"

/* PostgreSQL 16 added the last parameter. */
#if PG_VERSION_NUM >= 160000
#define GTL_COMPAT_INSERT_INDEX_TUPLES(target, slot, estate) \
	ExecInsertIndexTuples(target, slot, estate, false, false, NULL, NIL, false)
#else
#define GTL_COMPAT_INSERT_INDEX_TUPLES(target, slot, estate) \
	ExecInsertIndexTuples(target, slot, estate, false, false, NULL, NIL)
#endif

/* PostgreSQL 16 renamed the setting that makes plans parallel for tests. */
#if PG_VERSION_NUM >= 160000
#define GTL_COMPAT_FORCE_PARALLEL (debug_parallel_query != 0)
#else
#define GTL_COMPAT_FORCE_PARALLEL (force_parallel_mode != 0)
#endif

#endif							/* GTL_COMPAT_H */
