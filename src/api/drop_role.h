/*
 * drop_role.h
 *		DROP ROLE is refused for the owner of jobs that still run.
 */
#ifndef GTL_DROP_ROLE_H
#define GTL_DROP_ROLE_H

#include "base/compat.h"

extern void gtl_drop_role_init(void);

#endif							/* GTL_DROP_ROLE_H */
