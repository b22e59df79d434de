/*
 * launcher.h
 *		The launcher: starts workers for the jobs of all databases that have a step due.
 */
#ifndef GTL_LAUNCHER_H
#define GTL_LAUNCHER_H

#include "base/compat.h"

/* Registers the launcher if the library is preloaded; from _PG_init. */
extern void gtl_launcher_init(void);

extern PGDLLEXPORT void gtl_launcher_main(Datum main_arg);

/* A short-lived process that looks for due jobs in one database; scan.c. */
extern PGDLLEXPORT void gtl_scan_main(Datum main_arg);

#endif							/* GTL_LAUNCHER_H */
