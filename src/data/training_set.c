/*
 * training_set.c
 *		The labeled rows that classifiers are fitted to, within maintenance_work_mem.
 */
#include "data/training_set.h"

#include "base/memory.h"

GtlRowStore *
gtl_training_set_create(int dimension)
{
	return gtl_row_store_create(dimension, gtl_memory_budget() / 2);
}

void
gtl_training_set_finish(GtlRowStore *store, GtlLabeledSet *set, const GtlTrainingNeeds *needs)
{
	Size		held;

	gtl_row_store_finish(store, set);
	held = add_size(gtl_row_store_memory(store), mul_size(set->rows, needs->row_bytes));
	for (int streamed = 0; streamed <= 1; streamed++)
	{
		Size		total = gtl_engine_memory(needs->algorithm, needs->initial, needs->previous,
											  needs->grows ? 0 : set->rows, set->rows,
											  set->dimension - needs->neighbours, needs->neighbours, set->classes,
											  streamed);

		set->streamed = streamed;
		total = total > SIZE_MAX - held ? SIZE_MAX : total + held;
		if (total <= gtl_memory_budget())
			return;
		if (streamed)
			gtl_memory_check(total, needs->what);
	}
}
