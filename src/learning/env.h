/*
 * env.h
 *		What src/learning needs from its caller: memory, and a way to be told to
 *		stop.  The engine has no server headers; a backend passes palloc in a
 *		context of its own, a unit test passes malloc.
 */
#ifndef GTL_ENV_H
#define GTL_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct GtlTeam;

typedef struct GtlEnv
{
	/*
	 * Returns zeroed memory, never NULL.  May leave by longjmp, so it is never
	 * called from inside a library's callback.
	 */
	void	   *(*alloc) (void *context, size_t size);
	void		(*release) (void *context, void *pointer);

	/*
	 * True: the caller wants to stop.  Cheap (reads a flag), never leaves by
	 * longjmp; polled at least every 50 ms of computing.  NULL: never.
	 */
	bool		(*interrupted) (void *context);

	/* Told how far a phase is; may be NULL.  Never leaves by longjmp. */
	void		(*progress) (void *context, const char *phase, int64_t done, int64_t total);
	void	   *context;

	/* Other processes that take part in work (work.h); NULL: none. */
	const struct GtlTeam *team;
} GtlEnv;

static inline void *
gtl_env_alloc(const GtlEnv *env, size_t size)
{
	return env->alloc(env->context, size);
}

static inline void
gtl_env_release(const GtlEnv *env, void *pointer)
{
	if (pointer != NULL)
		env->release(env->context, pointer);
}

static inline bool
gtl_env_interrupted(const GtlEnv *env)
{
	return env->interrupted != NULL && env->interrupted(env->context);
}

static inline void
gtl_env_progress(const GtlEnv *env, const char *phase, int64_t done, int64_t total)
{
	if (env->progress != NULL)
		env->progress(env->context, phase, done, total);
}

/* Elements of a pass over a long vector that take some milliseconds. */
#define GTL_PIECE ((size_t) 1 << 19)

typedef struct GtlPiece
{
	size_t		from;
	size_t		to;
} GtlPiece;

/*
 * The next piece of a pass over n elements that began with {0, 0}; false: it is over, or env said
 * stop (which it goes on to say).
 */
static inline bool
gtl_piece_next(GtlPiece *piece, size_t n, const GtlEnv *env)
{
	if (piece->to >= n || gtl_env_interrupted(env))
		return false;
	piece->from = piece->to;
	piece->to = n - piece->from < GTL_PIECE ? n : piece->from + GTL_PIECE;
	return true;
}

#endif							/* GTL_ENV_H */
