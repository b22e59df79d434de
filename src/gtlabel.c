/*
 * gtlabel.c
 *		Module magic and _PG_init.
 */
#include "base/compat.h"

#include "api/drop_role.h"
#include "background/launcher.h"
#include "background/worker.h"
#include "background/worker_slots.h"
#include "base/progress.h"
#include "base/planner.h"
#include "base/settings.h"
#include "fmgr.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	gtl_settings_define();
	gtl_planner_init();
	gtl_progress_init();
	gtl_worker_init();
	gtl_slots_init();
	gtl_launcher_init();
	gtl_drop_role_init();
}
