/*
 * lock.c
 *		The locks of a job; lock.h has the protocol.
 */
#include "base/lock.h"

#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/lock.h"

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

void
gtl_lock_wait(GtlLockClass class, int64 id)
{
	LOCKTAG		tag;

	set_tag(&tag, class, id);
	WaitForLockers(tag, ExclusiveLock, false);
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
gtl_lock_acquire_session(GtlLockClass class, int64 id, bool shared)
{
	LOCKTAG		tag;

	set_tag(&tag, class, id);
	(void) LockAcquire(&tag, mode(shared), true, false);
}

void
gtl_lock_release_session(GtlLockClass class, int64 id, bool shared)
{
	LOCKTAG		tag;

	set_tag(&tag, class, id);
	(void) LockRelease(&tag, mode(shared), true);
}
