/*
 * consolidate.h
 *		From several people's answers to one label and a confidence.
 */
#ifndef GTL_CONSOLIDATE_H
#define GTL_CONSOLIDATE_H

#include "learning/env.h"

typedef enum GtlConsolidation
{
	GTL_CONSOLIDATE_AUTO = 0,	/* Dawid-Skene with at least 20 objects and 3 votes an object, else majority */
	GTL_CONSOLIDATE_MAJORITY = 1,
	GTL_CONSOLIDATE_DAWID_SKENE = 2
} GtlConsolidation;

/* Votes in any order; every index is in range. */
typedef struct GtlVotes
{
	int64_t		count;
	int32_t		items;
	int32_t		annotators;
	int32_t		classes;
	const int32_t *item;		/* [count] */
	const int32_t *annotator;	/* [count] */
	const int32_t *label;		/* [count] */
	const int32_t *gold;		/* [items]: known class, or -1; NULL: none known */
} GtlVotes;

typedef struct GtlConsolidated
{
	GtlConsolidation method;	/* the one used: majority or Dawid-Skene */
	int32_t    *label;			/* [items]; -1 for an item without votes and gold */
	float	   *confidence;		/* [items]: probability that the label is right */
	int32_t    *tied;			/* [items]: a class that is as likely as the label; -1: none. NULL: not known */
	float	   *accuracy;		/* [annotators]: estimated share of right answers; NULL: not estimated */
	float	   *doubt;			/* [items]: estimated probability that the label is wrong; NaN: nothing
								 * says, no item has two votes. NULL: not estimated */
	int			iterations;
	float	   *confusion;		/* [annotators x classes x classes], true class by answer; NULL for majority
								 * and beyond 2^28 cells */
	bool		interrupted;	/* nothing else is usable then; all is released */
} GtlConsolidated;

/* smoothing false: plain maximum likelihood from the majority start, for the published example */
extern void gtl_consolidate(const GtlVotes *votes, GtlConsolidation method, bool smoothing,
							const GtlEnv *env, GtlConsolidated *result);

/* Peak bytes, for the caller's budget; majority needs neither a model nor confusion matrices. */
extern size_t gtl_consolidate_memory(GtlConsolidation method, int64_t votes, int32_t items,
									 int32_t annotators, int32_t classes);

#endif							/* GTL_CONSOLIDATE_H */
