/*
 * crowd.h
 *		The votes of a crowd, sorted by item, for the methods that consolidate them.
 */
#ifndef GTL_CROWD_H
#define GTL_CROWD_H

#include "learning/consolidate.h"

typedef enum GtlItemKind
{
	GTL_ITEM_ABSENT,			/* neither votes nor gold */
	GTL_ITEM_VOTED,
	GTL_ITEM_GOLD				/* with or without votes */
} GtlItemKind;

/*
 * Votes by item; each names a column, and a column its answer.  Columns are the
 * (annotator, answer) pairs that occur, annotator by annotator.
 */
typedef struct GtlCrowd
{
	const GtlVotes *votes;
	const GtlEnv *env;
	int64_t		voted_items;
	int64_t		work;			/* since the last look for an interrupt */
	int64_t    *item_start;		/* [items + 1]: first vote of each */
	int32_t    *vote_column;	/* [count], by item */
	int64_t		columns;
	int32_t    *column_label;	/* [columns] */
	int64_t    *annotator_column;	/* [annotators + 1]: first column of each */
} GtlCrowd;

/* Operations between two looks for an interrupt: a few ms. */
#define GTL_CROWD_POLL_WORK (INT64_C(1) << 21)

static inline GtlItemKind
gtl_crowd_item_kind(const GtlCrowd *crowd, int64_t item)
{
	if (crowd->votes->gold != NULL && crowd->votes->gold[item] >= 0)
		return GTL_ITEM_GOLD;
	return crowd->item_start[item + 1] > crowd->item_start[item] ? GTL_ITEM_VOTED : GTL_ITEM_ABSENT;
}

/* Account for work done; true: stop. */
static inline bool
gtl_crowd_stop_after(GtlCrowd *crowd, int64_t work)
{
	crowd->work += work;
	if (crowd->work < GTL_CROWD_POLL_WORK)
		return false;
	crowd->work = 0;
	return gtl_env_interrupted(crowd->env);
}

/* Count the votes of each item, and the items with votes.  False: interrupted. */
extern bool gtl_crowd_count(GtlCrowd *crowd, const GtlVotes *votes, const GtlEnv *env);

/* Then sort them by item.  False: interrupted. */
extern bool gtl_crowd_sort(GtlCrowd *crowd);

/* Also after an interrupt. */
extern void gtl_crowd_release(GtlCrowd *crowd);

/* The most (annotator, answer) pairs that there can be. */
extern int64_t gtl_crowd_most_columns(int64_t votes, int64_t annotators, int64_t classes);

#endif							/* GTL_CROWD_H */
