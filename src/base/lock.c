/*
 * lock.c
 *		The locks of a job; lock.h has the protocol.
 */
#include "base/lock.h"

#include "miscadmin.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

/* How often a lock that somebody holds is tried. */
#define POLL_MILLISECONDS 10L

static void
set_tag(LOCKTAG *tag, GtlLockClass class, int64 id)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, (uint32) ((uint64) id >> 32), (uint32) id, class);
}

static LOCKMODE
mode(bool shared)
{
	return shared ? ShareLock : ExclusiveLock;
}

void
gtl_lock_acquire(GtlLockClass class, int64 id, bool shared)
{
	LOCKTAG		tag;

	set_tag(&tag, class, id);
	(void) LockAcquire(&tag, mode(shared), false, false);
}

bool
gtl_lock_try(GtlLockClass class, int64 id, bool shared)
{
	LOCKTAG		tag;

	set_tag(&tag, class, id);
	return LockAcquire(&tag, mode(shared), false, true) != LOCKACQUIRE_NOT_AVAIL;
}

/* False: the time is over. */
static bool
wait_a_little(TimestampTz until)
{
	long		left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), until);

	CHECK_FOR_INTERRUPTS();
	if (left <= 0)
		return false;
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, Min(left, POLL_MILLISECONDS), PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	return true;
}

static bool
poll_exclusive(GtlLockClass class, int64 id, bool session, int milliseconds)
{
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), milliseconds);
	LOCKTAG		tag;

	set_tag(&tag, class, id);
	while (LockAcquire(&tag, ExclusiveLock, session, true) == LOCKACQUIRE_NOT_AVAIL)
		if (!wait_a_little(until))
			return false;
	return true;
}

bool
gtl_lock_poll(GtlLockClass class, int64 id, int milliseconds)
{
	return poll_exclusive(class, id, false, milliseconds);
}

bool
gtl_lock_poll_session(GtlLockClass class, int64 id, int milliseconds)
{
	return poll_exclusive(class, id, true, milliseconds);
}

bool
gtl_lock_poll_holders(GtlLockClass class, int64 id, int milliseconds)
{
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), milliseconds);
	VirtualTransactionId *holders;
	LOCKTAG		tag;
	int			count;
	int			ended = 0;

	set_tag(&tag, class, id);
	holders = GetLockConflicts(&tag, ExclusiveLock, &count);
	while (ended < count)
		if (VirtualXactLock(holders[ended], false))
			ended++;
		else if (!wait_a_little(until))
			break;
	pfree(holders);
	return ended == count;
}

bool
gtl_lock_is_free(GtlLockClass class, int64 id)
{
	LOCKTAG		tag;

	set_tag(&tag, class, id);
	if (LockAcquire(&tag, ShareLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return false;
	(void) LockRelease(&tag, ShareLock, false);
	return true;
}

bool
gtl_lock_is_mine(GtlLockClass class, int64 id, bool shared)
{
	LOCKTAG		tag;

	set_tag(&tag, class, id);
	return GTL_COMPAT_LOCK_HELD_BY_ME(&tag, mode(shared));
}

void
gtl_lock_pass_user(int64 number)
{
	LOCKTAG		tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) ((uint64) number >> 32), (uint32) number, 1);
	(void) LockAcquire(&tag, ExclusiveLock, true, false);
	(void) LockRelease(&tag, ExclusiveLock, true);
}

void
gtl_lock_keep_session(GtlLockClass class, int64 id)
{
	LOCKTAG		tag;

	set_tag(&tag, class, id);
	(void) LockAcquire(&tag, ExclusiveLock, true, false);
}

void
gtl_lock_release_session(void)
{
	LockReleaseSession(USER_LOCKMETHOD);
}
