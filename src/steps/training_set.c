/*
 * training_set.c
 *		The labeled rows that classifiers are fitted to, within maintenance_work_mem.
 */
#include "steps/training_set.h"

#include "base/memory.h"

GtlRowStore *
gtl_training_set_create(int dimension)
{
	return gtl_row_store_create(dimension, gtl_memory_budget() / 2);
}

void
gtl_training_set_finish(GtlRowStore *store, GtlLabeledSet *set, Size row_bytes, const char *what)
{
	Size		held;

	gtl_row_store_finish(store, set);
	held = add_size(gtl_row_store_memory(store), mul_size(set->rows, row_bytes));
	set->streamed = gtl_crossfit_memory(set->rows, set->dimension, set->classes, false) >
		gtl_memory_budget() - Min(held, gtl_memory_budget());
	if (set->streamed)
		gtl_memory_check(add_size(held, gtl_training_set_least(set->rows, set->dimension, set->classes)), what);
}

Size
gtl_training_set_least(int64 rows, int dimension, int classes)
{
	return gtl_crossfit_memory(rows, dimension, classes, true);
}
