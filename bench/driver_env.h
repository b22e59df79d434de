/*
 * driver_env.h
 *		What the drivers of the benches share: memory for the engine.
 */
#ifndef DRIVER_ENV_H
#define DRIVER_ENV_H

#include <stdlib.h>

#include "learning/env.h"

static inline void *
bench_alloc(void *context, size_t size)
{
	void	   *pointer = calloc(1, size > 0 ? size : 1);

	(void) context;
	if (pointer == NULL)
		abort();
	return pointer;
}

static inline void
bench_release(void *context, void *pointer)
{
	(void) context;
	free(pointer);
}

#endif							/* DRIVER_ENV_H */
