/*
 * work.h
 *		Computing in items that this process, and others, may do in any order.
 *
 * Everything that items read and write lies in one block of memory without pointers,
 * which other processes may have mapped elsewhere; labeled rows come with it on a side
 * path.  An item's result depends on the block alone, and items write to different
 * places, so the result of the whole does not depend on who does what.
 *
 *		work = gtl_work_begin(&request, env);
 *		fill work->block; gtl_work_post(work, item) ...
 *		while items are out: item = gtl_work_next(work); take its result
 *		gtl_work_end(work);
 *
 * Without a team the caller's process does an item when its result is asked for.
 */
#ifndef GTL_WORK_H
#define GTL_WORK_H

#include "learning/labeled_set.h"

/* What the items of a block are; other processes are told the number. */
typedef enum GtlWorkKindNo
{
	GTL_WORK_CROSSFIT = 0,
	GTL_WORK_SCORE = 1
} GtlWorkKindNo;

typedef struct GtlWorkKind
{
	/* What a process keeps between items, from env.  rows: see GtlWorkRequest. */
	void	   *(*open) (void *block, const GtlLabeledSet *rows, const GtlEnv *env);
	/* False: env said stop. */
	bool		(*run) (void *state, int item);
	void		(*close) (void *state);
} GtlWorkKind;

extern const GtlWorkKind gtl_crossfit_work;
extern const GtlWorkKind gtl_score_work;
extern const GtlWorkKind *gtl_work_kind(GtlWorkKindNo number);

typedef struct GtlWorkRequest
{
	GtlWorkKindNo kind;
	size_t		block_size;
	int			nitems;
	const GtlLabeledSet *rows;	/* that the items read; its labels are not passed on; NULL:
								 * none */
	size_t		process_bytes;	/* that each process allocates while it works */
	double		seconds;		/* that one process would take, roughly */
} GtlWorkRequest;

typedef struct GtlWork GtlWork;

/* How others take part. */
typedef struct GtlTeam
{
	/* NULL: nobody can, or it is not worth it.  The block is zeroed.  May leave by longjmp. */
	GtlWork    *(*begin) (const GtlWorkRequest *request, const GtlEnv *env);
	void		(*post) (GtlWork *work, int item);
	int			(*next) (GtlWork *work);
	void		(*end) (GtlWork *work);
} GtlTeam;

/* Extended by whoever makes it. */
struct GtlWork
{
	const GtlTeam *team;
	void	   *block;
};

extern GtlWork *gtl_work_begin(const GtlWorkRequest *request, const GtlEnv *env);

/* The item's input is in the block. */
static inline void
gtl_work_post(GtlWork *work, int item)
{
	work->team->post(work, item);
}

/* A posted item that is done, each once; only while some are out.  -1: interrupted. */
static inline int
gtl_work_next(GtlWork *work)
{
	return work->team->next(work);
}

/* At any time; items that are being done are given up.  May leave by longjmp. */
static inline void
gtl_work_end(GtlWork *work)
{
	work->team->end(work);
}

/* Offsets in a block: `bytes` after *size, aligned. */
extern size_t gtl_work_reserve(size_t *size, size_t bytes);

#endif							/* GTL_WORK_H */
