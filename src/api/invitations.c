/*
 * invitations.c
 *		People without a database role: gt_invite_annotator, gt_revoke_invitation, gt_invitation.
 */
#include "base/compat.h"

#include "api/annotator.h"
#include "api/arguments.h"
#include "api/own_job.h"
#include "base/errors.h"
#include "base/settings.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tables/annotator_role.h"
#include "tables/event.h"
#include "tables/invitation.h"
#include "tables/job.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(gtl_sql_invite_annotator);
Datum
gtl_sql_invite_annotator(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = gtl_own_job(fcinfo);
	char	   *name = gtl_annotator_name(gtl_argument_text(fcinfo, 1, "annotator"));
	char	   *annotator = gtl_annotator_role_enter(job->job_id, name);
	TimestampTz now = gtl_clock_now();
	TimestampTz until;
	char	   *token;

	gtl_argument_required(fcinfo, 2, "valid_for");
	until = DatumGetTimestampTz(DirectFunctionCall2(timestamptz_pl_interval, TimestampTzGetDatum(now), PG_GETARG_DATUM(2)));
	if (until <= now)
		gtl_error_setting("valid_for", "must be greater than 0", NULL);
	token = gtl_invitation_create(job->job_id, annotator, until);
	gtl_event_record(job, "invited", "annotator \"%s\" until %s", annotator, timestamptz_to_str(until));
	PG_RETURN_TEXT_P(cstring_to_text(token));
}

PG_FUNCTION_INFO_V1(gtl_sql_revoke_invitation);
Datum
gtl_sql_revoke_invitation(PG_FUNCTION_ARGS)
{
	GtlJob	   *job = gtl_own_job(fcinfo);
	char	   *name = gtl_annotator_name(gtl_argument_text(fcinfo, 1, "annotator"));
	char	   *annotator = gtl_annotator_role_enter(job->job_id, name);
	bool		revoked = gtl_invitation_revoke(job->job_id, annotator);

	if (revoked)
		gtl_event_record(job, "revoked", "the invitation of annotator \"%s\"", annotator);
	PG_RETURN_BOOL(revoked);
}

/* Who has the token learns what it is for, whatever has become of it. */
PG_FUNCTION_INFO_V1(gtl_sql_invitation);
Datum
gtl_sql_invitation(PG_FUNCTION_ARGS)
{
	static const char *const states[] = {
		[GTL_INVITATION_UNKNOWN] = "unknown",
		[GTL_INVITATION_VALID] = "valid",
		[GTL_INVITATION_EXPIRED] = "expired",
		[GTL_INVITATION_REVOKED] = "revoked",
	};
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	char	   *token = gtl_argument_text_or_null(fcinfo, 0);
	GtlInvitation invitation = {GTL_INVITATION_UNKNOWN};
	Datum		values[5] = {0};
	bool		nulls[5] = {false, true, true, true, true};
	GtlJob	   *job = NULL;

	if (token != NULL)
		gtl_invitation_find(token, &invitation);
	if (invitation.state != GTL_INVITATION_UNKNOWN)
		job = gtl_job_get(invitation.job_id);
	InitMaterializedSRF(fcinfo, 0);
	values[0] = CStringGetTextDatum(states[job == NULL ? GTL_INVITATION_UNKNOWN : invitation.state]);
	if (job != NULL)
	{
		char	   *owner = GetUserNameFromId(job->owner, true);

		values[1] = CStringGetTextDatum(job->name);
		values[2] = CStringGetTextDatum(invitation.annotator);
		values[3] = owner == NULL ? (Datum) 0 : CStringGetTextDatum(owner);
		values[4] = TimestampTzGetDatum(invitation.valid_until);
		nulls[1] = nulls[2] = nulls[4] = false;
		nulls[3] = owner == NULL;
	}
	tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	return (Datum) 0;
}
