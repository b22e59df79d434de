/*
 * crowd.c
 *		The votes of a crowd in the order in which they are consolidated.
 *
 * Counting sorts, linear in the votes: by item for the passes over the items; by
 * annotator once, to find the (annotator, answer) pairs that occur.  With hundreds
 * of annotators and classes these are few of the possible ones.  Both sorts are
 * stable, so the order in which a person's or an item's votes are taken is that of
 * the input.  Memory comes from env; what is only needed for sorting is released
 * before the next step.
 */
#include "learning/crowd.h"

#include <string.h>

/* starts[i] = number of keys below i, for i = 0 .. nkeys.  False: interrupted. */
static bool
count_starts(GtlCrowd *crowd, const int32_t *keys, int64_t nkeys, int64_t *starts)
{
	for (int64_t v = 0; v < crowd->votes->count; v++)
	{
		starts[keys[v] + 1]++;
		if (gtl_crowd_stop_after(crowd, 1))
			return false;
	}
	for (int64_t i = 0; i < nkeys; i++)
		starts[i + 1] += starts[i];
	return true;
}

/* Placing votes advanced each key's start to the next one's. */
static void
restore_starts(int64_t *starts, int64_t nkeys)
{
	for (int64_t i = nkeys; i > 0; i--)
		starts[i] = starts[i - 1];
	starts[0] = 0;
}

/*
 * Find the (annotator, answer) pairs that occur, annotator by annotator in the
 * order of their votes, and name each vote's.  False: interrupted.
 */
static bool
assign_columns(GtlCrowd *crowd, const int64_t *order, int32_t *column, int32_t *column_of)
{
	const GtlVotes *votes = crowd->votes;
	int64_t		columns = 0;
	int64_t		v = 0;

	for (int64_t a = 0; a < votes->annotators; a++)
	{
		int64_t		first = columns;
		int64_t		last = crowd->annotator_column[a + 1];	/* a's votes end here */

		crowd->annotator_column[a] = first;
		for (; v < last; v++)
		{
			int32_t		label = votes->label[order[v]];

			/* column_of a label may be left from another annotator, or never set */
			if (column_of[label] < first || column_of[label] >= columns ||
				crowd->column_label[column_of[label]] != label)
			{
				column_of[label] = (int32_t) columns;
				crowd->column_label[columns++] = label;
			}
			column[order[v]] = column_of[label];
			if (gtl_crowd_stop_after(crowd, 1))
				return false;
		}
	}
	crowd->annotator_column[votes->annotators] = columns;
	crowd->columns = columns;
	return true;
}

int64_t
gtl_crowd_most_columns(int64_t votes, int64_t annotators, int64_t classes)
{
	return annotators > votes / classes ? votes : annotators * classes;
}

/* Columns of the confusion matrices.  False: interrupted. */
static bool
index_columns(GtlCrowd *crowd, int32_t *column)
{
	const GtlVotes *votes = crowd->votes;
	const GtlEnv *env = crowd->env;
	int64_t		most = gtl_crowd_most_columns(votes->count, votes->annotators, votes->classes);
	int64_t    *order = gtl_env_alloc(env, (size_t) votes->count * sizeof(int64_t));
	int32_t    *column_of = gtl_env_alloc(env, (size_t) votes->classes * sizeof(int32_t));
	bool		done;

	crowd->column_label = gtl_env_alloc(env, (size_t) most * sizeof(int32_t));
	crowd->annotator_column = gtl_env_alloc(env, ((size_t) votes->annotators + 1) * sizeof(int64_t));
	done = count_starts(crowd, votes->annotator, votes->annotators, crowd->annotator_column);
	for (int64_t v = 0; done && v < votes->count; v++)
	{
		order[crowd->annotator_column[votes->annotator[v]]++] = v;
		done = !gtl_crowd_stop_after(crowd, 1);
	}
	if (done)
	{
		restore_starts(crowd->annotator_column, votes->annotators);
		done = assign_columns(crowd, order, column, column_of);
	}
	gtl_env_release(env, order);
	gtl_env_release(env, column_of);
	return done;
}

/* Sort the votes' columns by item.  False: interrupted. */
static bool
place_votes(GtlCrowd *crowd, const int32_t *column)
{
	const GtlVotes *votes = crowd->votes;

	crowd->vote_column = gtl_env_alloc(crowd->env, (size_t) votes->count * sizeof(int32_t));
	for (int64_t v = 0; v < votes->count; v++)
	{
		crowd->vote_column[crowd->item_start[votes->item[v]]++] = column[v];
		if (gtl_crowd_stop_after(crowd, 1))
			return false;
	}
	restore_starts(crowd->item_start, votes->items);
	return true;
}

bool
gtl_crowd_count(GtlCrowd *crowd, const GtlVotes *votes, const GtlEnv *env)
{
	memset(crowd, 0, sizeof(*crowd));
	crowd->votes = votes;
	crowd->env = env;
	crowd->item_start = gtl_env_alloc(crowd->env, ((size_t) votes->items + 1) * sizeof(int64_t));
	if (!count_starts(crowd, votes->item, votes->items, crowd->item_start))
		return false;
	for (int64_t i = 0; i < votes->items; i++)
		crowd->voted_items += crowd->item_start[i + 1] > crowd->item_start[i];
	return true;
}

bool
gtl_crowd_sort(GtlCrowd *crowd)
{
	int32_t    *column = gtl_env_alloc(crowd->env, (size_t) crowd->votes->count * sizeof(int32_t));
	bool		done = index_columns(crowd, column) && place_votes(crowd, column);
	gtl_env_release(crowd->env, column);
	return done;
}

void
gtl_crowd_release(GtlCrowd *crowd)
{
	gtl_env_release(crowd->env, crowd->item_start);
	gtl_env_release(crowd->env, crowd->vote_column);
	gtl_env_release(crowd->env, crowd->column_label);
	gtl_env_release(crowd->env, crowd->annotator_column);
}
