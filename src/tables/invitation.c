/*
 * invitation.c
 *		The table gtlabel.invitation.
 */
#include "tables/invitation.h"

#include "base/query.h"
#include "base/settings.h"
#include "base/table.h"
#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

#define TOKEN_BYTES 32

enum
{
	INVITATION_JOB_ID, INVITATION_ANNOTATOR, INVITATION_VALID_UNTIL, INVITATION_REVOKED_AT
};

static const char *const invitation_columns[] = {
	[INVITATION_JOB_ID] = "job_id", [INVITATION_ANNOTATOR] = "annotator", [INVITATION_VALID_UNTIL] = "valid_until",
	[INVITATION_REVOKED_AT] = "revoked_at"
};

static GtlLayout invitation_layout = GTL_LAYOUT("invitation", invitation_columns);

static Datum
hash_token(const char *token)
{
	bytea	   *hash = palloc(VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	pg_cryptohash_ctx *context = pg_cryptohash_create(PG_SHA256);

	if (context == NULL || pg_cryptohash_init(context) < 0 ||
		pg_cryptohash_update(context, (const uint8 *) token, strlen(token)) < 0 ||
		pg_cryptohash_final(context, (uint8 *) VARDATA(hash), PG_SHA256_DIGEST_LENGTH) < 0)
		elog(ERROR, "could not compute the hash of a token");
	pg_cryptohash_free(context);
	SET_VARSIZE(hash, VARHDRSZ + PG_SHA256_DIGEST_LENGTH);
	return PointerGetDatum(hash);
}

/* Hexadecimal, which fits into a link and an SQL literal as it is. */
static char *
draw_token(void)
{
	static const char digits[] = "0123456789abcdef";
	uint8		bytes[TOKEN_BYTES];
	char	   *token = palloc(2 * TOKEN_BYTES + 1);

	if (!pg_strong_random(bytes, sizeof(bytes)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not draw a token")));
	for (int i = 0; i < TOKEN_BYTES; i++)
	{
		token[2 * i] = digits[bytes[i] >> 4];
		token[2 * i + 1] = digits[bytes[i] & 15];
	}
	token[2 * TOKEN_BYTES] = '\0';
	return token;
}

char *
gtl_invitation_create(int64 job_id, const char *annotator, TimestampTz valid_until)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.invitation (token_hash, job_id, annotator, invited_at, valid_until) VALUES ($1, $2, $3, $4, $5)",
		5, {BYTEAOID, INT8OID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID}
	};
	char	   *token = draw_token();
	Datum		values[5] = {hash_token(token), Int64GetDatum(job_id), CStringGetTextDatum(annotator),
	TimestampTzGetDatum(gtl_clock_now()), TimestampTzGetDatum(valid_until)};

	(void) gtl_invitation_revoke(job_id, annotator);
	gtl_query_do(&insert, values, NULL);
	return token;
}

void
gtl_invitation_find(const char *token, GtlInvitation *invitation)
{
	GtlTable	invitations;
	ScanKeyData key;

	memset(invitation, 0, sizeof(*invitation));
	gtl_table_open(&invitations, &invitation_layout, "invitation_pkey", AccessShareLock);
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_BYTEAEQ, hash_token(token));
	if (gtl_table_find(&invitations, &key, 1))
	{
		invitation->job_id = gtl_table_int64(&invitations, INVITATION_JOB_ID);
		invitation->annotator = gtl_table_text(&invitations, INVITATION_ANNOTATOR);
		invitation->valid_until = gtl_table_int64(&invitations, INVITATION_VALID_UNTIL);
		invitation->state = !gtl_table_isnull(&invitations, INVITATION_REVOKED_AT) ? GTL_INVITATION_REVOKED :
			invitation->valid_until <= gtl_clock_now() ? GTL_INVITATION_EXPIRED : GTL_INVITATION_VALID;
	}
	gtl_table_close(&invitations);
}

bool
gtl_invitation_revoke(int64 job_id, const char *annotator)
{
	static GtlStatement update = {
		"UPDATE gtlabel.invitation SET revoked_at = $3 WHERE job_id = $1 AND annotator = $2 AND revoked_at IS NULL"
		" AND valid_until > $3",
		3, {INT8OID, TEXTOID, TIMESTAMPTZOID}
	};
	Datum		values[3] = {Int64GetDatum(job_id), CStringGetTextDatum(annotator), TimestampTzGetDatum(gtl_clock_now())};

	return gtl_query_do(&update, values, NULL) > 0;
}

void
gtl_invitation_delete(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.invitation WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
}
