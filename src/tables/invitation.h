/*
 * invitation.h
 *		The table gtlabel.invitation: annotators without a database role.
 *
 * A token is 256 random bits.  Only its SHA-256 is stored: who reads the table, a dump or a backup cannot answer
 * for anybody.  A token is found by the hash of what was given, through an index: how long that takes
 * says nothing about any token, since the hash of a guess is as good as random.
 */
#ifndef GTL_INVITATION_H
#define GTL_INVITATION_H

#include "base/compat.h"
#include "datatype/timestamp.h"

typedef enum GtlInvitationState
{
	GTL_INVITATION_UNKNOWN,
	GTL_INVITATION_VALID,
	GTL_INVITATION_EXPIRED,
	GTL_INVITATION_REVOKED
} GtlInvitationState;

typedef struct GtlInvitation
{
	GtlInvitationState state;
	int64		job_id;			/* this and the rest: unless unknown */
	char	   *annotator;
	TimestampTz valid_until;
} GtlInvitation;

/* A new token, which takes the place of the annotator's earlier ones. */
extern char *gtl_invitation_create(int64 job_id, const char *annotator, TimestampTz valid_until);

extern void gtl_invitation_find(const char *token, GtlInvitation *invitation);

/* False: there was no valid one. */
extern bool gtl_invitation_revoke(int64 job_id, const char *annotator);

extern void gtl_invitation_delete(int64 job_id);

#endif							/* GTL_INVITATION_H */
