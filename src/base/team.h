/*
 * team.h
 *		Work (learning/work.h) done by several processes.
 *
 * The members of a team are background workers without a database: they see a segment of
 * dynamic shared memory and, where the work has rows, a temporary file.  So they take no
 * lock and hold no snapshot, need no transaction of their own or of the leader's, and have
 * no rights to misuse.
 */
#ifndef GTL_TEAM_H
#define GTL_TEAM_H

#include "base/compat.h"
#include "learning/env.h"

/*
 * From now on, work of this env is shared with up to gtlabel.max_parallel_workers
 * processes, if it takes long enough, maintenance_work_mem is enough for them, and there
 * are free worker slots.  The env's context is a MemoryContext, whose end ends the teams.
 */
extern void gtl_team_enable(GtlEnv *env);

/* Entry point of a member; the argument is the segment's handle. */
extern PGDLLEXPORT void gtl_team_worker_main(Datum main_arg);

#endif							/* GTL_TEAM_H */
