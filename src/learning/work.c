/*
 * work.c
 *		Computing in items: by this process alone.
 */
#include "learning/work.h"

#include <string.h>

#include "learning/shape.h"

#define ALIGNMENT 64

typedef struct SoloWork
{
	GtlWork		base;
	const GtlWorkKind *kind;
	const GtlEnv *env;
	void	   *state;			/* NULL: not opened yet */
	const GtlLabeledSet *rows;
	bool	   *posted;			/* [items] */
} SoloWork;

const GtlWorkKind *
gtl_work_kind(GtlWorkKindNo number)
{
	return number == GTL_WORK_SCORE ? &gtl_score_work : &gtl_crossfit_work;
}

size_t
gtl_work_reserve(size_t *size, size_t bytes)
{
	size_t		offset = *size;
	size_t		padded = gtl_size_add(bytes, (ALIGNMENT - bytes % ALIGNMENT) % ALIGNMENT);

	*size = gtl_size_add(offset, padded);
	return offset;
}

static void
solo_post(GtlWork *work, int item)
{
	((SoloWork *) work)->posted[item] = true;
}

static int
solo_next(GtlWork *work)
{
	SoloWork   *solo = (SoloWork *) work;
	int			item = 0;

	while (!solo->posted[item])
		item++;
	if (solo->state == NULL)
		solo->state = solo->kind->open(work->block, solo->rows, solo->env);
	if (gtl_env_interrupted(solo->env) || !solo->kind->run(solo->state, item))
		return -1;
	solo->posted[item] = false;
	return item;
}

static void
solo_end(GtlWork *work)
{
	SoloWork   *solo = (SoloWork *) work;

	if (solo->state != NULL)
		solo->kind->close(solo->state);
	gtl_env_release(solo->env, work->block);
	gtl_env_release(solo->env, solo->posted);
	gtl_env_release(solo->env, solo);
}

GtlWork *
gtl_work_begin(const GtlWorkRequest *request, const GtlEnv *env)
{
	static const GtlTeam solo_team = {NULL, solo_post, solo_next, solo_end};
	GtlWork    *work = env->team != NULL ? env->team->begin(request, env) : NULL;
	SoloWork   *solo;

	if (work != NULL)
		return work;
	solo = gtl_env_alloc(env, sizeof(SoloWork));
	solo->base.team = &solo_team;
	solo->base.block = gtl_env_alloc(env, request->block_size);
	solo->kind = gtl_work_kind(request->kind);
	solo->env = env;
	solo->rows = request->rows;
	solo->posted = gtl_env_alloc(env, (size_t) request->nitems * sizeof(bool));
	return &solo->base;
}
