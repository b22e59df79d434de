/*
 * words.c
 *		Settings whose values are words.
 */
#include "learning/words.h"

#include <stddef.h>
#include <string.h>

#include "learning/engine.h"

const char *const gtl_guarantee_words[] = {
	[GTL_GUARANTEE_CONFIDENCE] = "confidence",
	[GTL_GUARANTEE_EXPECTED] = "expected",
	[GTL_GUARANTEE_STRICT] = "strict",
	[GTL_GUARANTEE_EMPIRICAL] = "empirical",
	[GTL_GUARANTEE_AUDITED] = "audited",
	NULL
};

const char *const gtl_scope_words[] = {
	[GTL_SCOPE_MACHINE_LABELS] = "machine_labels",
	[GTL_SCOPE_DATASET] = "dataset",
	NULL
};

const char *const gtl_schedule_words[] = {
	[GTL_SCHEDULE_STANDARD] = "standard",
	[GTL_SCHEDULE_EAGER] = "eager",
	NULL
};

const char *const gtl_algorithm_words[] = {
	[GTL_ENGINE_AUTO] = "auto",
	[GTL_ENGINE_SOFTMAX] = "softmax",
	[GTL_ENGINE_MLP] = "mlp",
	NULL
};

const char *const gtl_query_words[] = {
	[GTL_QUERY_AUTO] = "auto",
	[GTL_QUERY_MARGIN] = "margin",
	[GTL_QUERY_RANDOM] = "random",
	NULL
};

const char *const gtl_placement_words[] = {
	[GTL_PLACEMENT_COPY] = "copy",
	[GTL_PLACEMENT_IN_PLACE] = "in_place",
	NULL
};

int
gtl_word_number(const char *const *words, const char *word)
{
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return -1;
}
