/*
 * session.c
 *		The table of sessions, in memory: a restart of the server ends them all.
 *
 * The id is 256 random bits and made by the server at every sign-in, so that nobody can be given
 * one beforehand.  A session is freed when the table and all requests have let it go; the lock
 * guards the chains, the counts and the times.
 */
#include "serve/session.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "buffer.h"

#define CHAINS 1024				/* a power of two */
#define MOST_SESSIONS 10000
#define MOST_REQUESTS 12		/* of one session at a time */
#define LONGEST_LIFE (7 * 86400)

static GtcSession *chains[CHAINS];
static int	session_count = 0;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void
gtc_secret(char secret[GTC_SECRET])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned char bytes[33] = {0};
	int			i;

	if (getrandom(bytes, 32, 0) != 32)
	{
		perror("gtlabel serve: no random bytes");
		abort();
	}
	for (i = 0; i < 43; i++)
	{
		int			bit = 6 * i;
		unsigned	pair = bytes[bit / 8] << 8 | bytes[bit / 8 + 1];

		secret[i] = digits[pair >> (10 - bit % 8) & 63];
	}
	secret[43] = '\0';
}

bool
gtc_same_secret(const char *one, const char *other)
{
	size_t		length = strlen(one);
	unsigned char different = 0;
	size_t		i;

	if (strlen(other) != length)
		return false;
	for (i = 0; i < length; i++)
		different |= (unsigned char) (one[i] ^ other[i]);
	return different == 0;
}

static GtcSession **
chain_of(const char *id)
{
	unsigned	hash = 2166136261u;
	int			i;

	for (i = 0; i < 8 && id[i] != '\0'; i++)
		hash = (hash ^ (unsigned char) id[i]) * 16777619u;
	return &chains[hash % CHAINS];
}

static void
free_session(GtcSession *session)
{
	gtc_login_release(session->login);
	if (session->token != NULL)
		explicit_bzero(session->token, strlen(session->token));
	free(session->token);
	free(session->described);
	explicit_bzero(session, sizeof(*session));
	free(session);
}

GtcSession *
gtc_session_begin(GtcLogin *login, const char *token)
{
	GtcSession *session;
	GtcSession **chain;

	pthread_mutex_lock(&lock);
	if (session_count >= MOST_SESSIONS)
	{
		pthread_mutex_unlock(&lock);
		gtc_login_release(login);
		return NULL;
	}
	session = gtc_alloc(sizeof(GtcSession));
	gtc_secret(session->id);
	gtc_secret(session->csrf);
	session->login = login;
	session->token = token == NULL ? NULL : gtc_copy(token);
	session->created = session->used = time(NULL);
	session->users = 2;
	chain = chain_of(session->id);
	session->next = *chain;
	*chain = session;
	session_count++;
	pthread_mutex_unlock(&lock);
	return session;
}

GtcSession *
gtc_session_find(const char *id)
{
	GtcSession *session;

	pthread_mutex_lock(&lock);
	for (session = *chain_of(id); session != NULL; session = session->next)
	{
		if (gtc_same_secret(session->id, id))
		{
			session->users++;
			session->used = time(NULL);
			break;
		}
	}
	pthread_mutex_unlock(&lock);
	return session;
}

void
gtc_session_release(GtcSession *session)
{
	bool		last;

	if (session == NULL)
		return;
	pthread_mutex_lock(&lock);
	last = --session->users == 0;
	pthread_mutex_unlock(&lock);
	if (last)
		free_session(session);
}

/* Takes it out of the table; the lock is held.  False if somebody else has. */
static bool
unlink_session(GtcSession *session)
{
	GtcSession **place = chain_of(session->id);

	if (session->ended)
		return false;
	while (*place != session)
		place = &(*place)->next;
	*place = session->next;
	session->ended = true;
	session_count--;
	return true;
}

void
gtc_session_end(GtcSession *session)
{
	bool		mine;

	pthread_mutex_lock(&lock);
	mine = unlink_session(session);
	pthread_mutex_unlock(&lock);
	if (mine)
		gtc_session_release(session);	/* the table's */
}

bool
gtc_session_enter(GtcSession *session)
{
	bool		room;

	pthread_mutex_lock(&lock);
	room = session->requests < MOST_REQUESTS;
	if (room)
		session->requests++;
	pthread_mutex_unlock(&lock);
	return room;
}

void
gtc_session_leave(GtcSession *session)
{
	pthread_mutex_lock(&lock);
	session->requests--;
	pthread_mutex_unlock(&lock);
}

/* One session that is due, with a user counted; NULL when there is none.  Looks at one chain. */
static GtcSession *
next_old(int chain, time_t idle_since, time_t born_before)
{
	GtcSession *session;

	pthread_mutex_lock(&lock);
	for (session = chains[chain]; session != NULL; session = session->next)
	{
		if (session->used <= idle_since || session->created <= born_before)
		{
			session->users++;
			break;
		}
	}
	pthread_mutex_unlock(&lock);
	return session;
}

static void
trim_connections(int chain)
{
	GtcSession *session;

	pthread_mutex_lock(&lock);
	for (session = chains[chain]; session != NULL; session = session->next)
		gtc_login_trim(session->login);
	pthread_mutex_unlock(&lock);
}

void
gtc_session_sweep(int idle)
{
	time_t		now = time(NULL);
	int			chain;

	for (chain = 0; chain < CHAINS; chain++)
	{
		GtcSession *old;

		while ((old = next_old(chain, idle < 0 ? now + 1 : now - idle, now - LONGEST_LIFE)) != NULL)
		{
			gtc_session_end(old);
			gtc_session_release(old);
		}
		trim_connections(chain);
	}
}

int
gtc_session_count(void)
{
	int			count;

	pthread_mutex_lock(&lock);
	count = session_count;
	pthread_mutex_unlock(&lock);
	return count;
}
