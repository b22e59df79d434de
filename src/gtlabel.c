/*
 * gtlabel.c
 *		Module magic and _PG_init.
 */
#include "base/compat.h"

#include "background/worker.h"
#include "base/settings.h"
#include "fmgr.h"

PG_MODULE_MAGIC;

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	gtl_settings_define();
	gtl_worker_init();
}
