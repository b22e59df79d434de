/*
 * round.c
 *		The table gtlabel.round.
 */
#include "tables/round.h"

#include <math.h>

#include "base/query.h"
#include "base/settings.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

static char *
alternatives_json(const GtlRound *round)
{
	StringInfoData json;

	initStringInfo(&json);
	for (int i = 0; i < round->nalternatives; i++)
		appendStringInfo(&json, "%s{\"guarantee\": \"%s\", \"target_accuracy\": %.10g, \"admits\": " INT64_FORMAT "}",
						 i == 0 ? "[" : ", ", gtl_guarantee_name(round->alternative[i].promise.guarantee),
						 1.0 - round->alternative[i].promise.target_error, round->alternative[i].covered);
	appendStringInfoChar(&json, ']');
	return json.data;
}

void
gtl_round_insert(const GtlRound *round)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.round (job_id, round_no, batch_no, model_id, started_at, finished_at, training_count,"
		" validation_count, validation_active, candidate, candidate_log_loss, guarantee, target_accuracy,"
		" confidence_level, alpha, threshold, certificate_n, certificate_k, bound, best_threshold, best_n, best_k,"
		" best_bound, best_admits, minimum, required, scored, auto_labeled, added, changed, withdrawn, selected, reason,"
		" load_seconds, train_seconds, score_seconds, alternatives, label_noise, label_margin, guarantee_scope, segment_count,"
		" withheld_from, neighbours_id)"
		" VALUES ($1, $2, $3, NULLIF($4, 0), $5, $6, $7, $8, $9, NULLIF($10, -1), $11, $12, $13, $14, $15, $16, $17, $18,"
		" $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37::jsonb, NULLIF($38, -1), $39, $40, $41, NULLIF($42, 0), NULLIF($43, 0))",
		43,
		{INT8OID, INT4OID, INT4OID, INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT4OID,
			INT4OID, INT4OID, INT4OID, FLOAT8ARRAYOID, TEXTOID, FLOAT8OID,
			FLOAT8OID, FLOAT8OID, FLOAT8OID, INT4OID, INT4OID, FLOAT8OID, FLOAT8OID, INT4OID, INT4OID,
			FLOAT8OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, INT4OID, TEXTOID,
		FLOAT8OID, FLOAT8OID, FLOAT8OID, TEXTOID, FLOAT8OID, FLOAT8OID, TEXTOID, INT4OID, INT4OID, INT8OID}
	};
	const GtlCertificate *c = &round->certificate;
	bool		trained = round->model_id != 0;
	bool		evidence = trained && c->best_n > 0;
	Datum		v[43];
	char		nulls[43];
	int			i = 0;

	memset(nulls, ' ', sizeof(nulls));
#define PUT(datum, present) do { v[i] = (datum); nulls[i] = (present) ? ' ' : 'n'; i++; } while (0)
	PUT(Int64GetDatum(round->job_id), true);
	PUT(Int32GetDatum(round->round_no), true);
	PUT(Int32GetDatum(round->batch_no), true);
	PUT(Int64GetDatum(round->model_id), true);
	PUT(TimestampTzGetDatum(round->started_at), true);
	PUT(TimestampTzGetDatum(gtl_clock_now()), true);
	PUT(Int32GetDatum(round->training_count), true);
	PUT(Int32GetDatum(round->validation_count), true);
	PUT(Int32GetDatum(round->validation_active), true);
	PUT(Int32GetDatum(round->candidate), true);
	PUT(gtl_array_float8(round->candidate_log_loss, round->ncandidates), round->ncandidates > 0);
	PUT(CStringGetTextDatum(gtl_guarantee_name(round->promise.guarantee)), true);
	PUT(Float8GetDatum(1.0 - round->promise.target_error), true);
	PUT(Float8GetDatum(1.0 - round->promise.delta), true);
	PUT(Float8GetDatum(c->alpha), trained && round->promise.guarantee != GTL_GUARANTEE_AUDITED);
	PUT(Float8GetDatum(c->threshold), c->passed);
	PUT(Int32GetDatum(c->n), c->passed);
	PUT(Int32GetDatum(c->k), c->passed);
	PUT(Float8GetDatum(c->bound), c->passed);
	PUT(Float8GetDatum(c->best_threshold), evidence);
	PUT(Int32GetDatum(c->best_n), evidence);
	PUT(Int32GetDatum(c->best_k), evidence);
	PUT(Float8GetDatum(c->best_bound), evidence);
	PUT(Int32GetDatum(round->best_admits), evidence);
	PUT(Int32GetDatum(c->minimum), trained && round->promise.guarantee != GTL_GUARANTEE_AUDITED);
	PUT(Int32GetDatum(c->required), evidence);
	PUT(Int32GetDatum(round->scored), true);
	PUT(Int32GetDatum(round->auto_labeled), true);
	PUT(Int32GetDatum(round->added), true);
	PUT(Int32GetDatum(round->changed), true);
	PUT(Int32GetDatum(round->withdrawn), true);
	PUT(Int32GetDatum(round->selected), true);
	PUT(CStringGetTextDatum(round->reason), true);
	PUT(Float8GetDatum(round->load_seconds), true);
	PUT(Float8GetDatum(round->train_seconds), true);
	PUT(Float8GetDatum(round->score_seconds), true);
	PUT(CStringGetTextDatum(alternatives_json(round)), round->nalternatives > 0);
	PUT(Float8GetDatum(round->label_noise), true);
	PUT(Float8GetDatum(round->label_margin), round->label_margin < INFINITY);
	PUT(CStringGetTextDatum(gtl_scope_name(round->promise.scope)), true);
	PUT(Int32GetDatum(round->segment_count), true);
	PUT(Int32GetDatum(round->withheld_from), true);
	PUT(Int64GetDatum(round->neighbours_id), true);
#undef PUT
	Assert(i == lengthof(v));
	gtl_query_do(&insert, v, nulls);
}

void
gtl_round_last(int64 job_id, GtlLastRound *last)
{
	static GtlStatement select = {
		"SELECT r.round_no, r.batch_no, r.model_id,"
		" (SELECT s.training_count + s.validation_count FROM gtlabel.round s"
		"   WHERE s.job_id = r.job_id AND s.candidate_log_loss IS NOT NULL ORDER BY s.round_no DESC LIMIT 1),"
		" COALESCE((SELECT s.candidate FROM gtlabel.round s"
		"   WHERE s.job_id = r.job_id AND s.candidate_log_loss IS NOT NULL ORDER BY s.round_no DESC LIMIT 1), -1), r.segment_count, COALESCE(r.neighbours_id, 0)"
		" FROM gtlabel.round r WHERE r.job_id = $1 ORDER BY r.round_no DESC LIMIT 1",
		1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};
	GtlResult	r;

	memset(last, 0, sizeof(*last));
	last->round_no = -1;
	last->candidate = -1;
	if (gtl_query_run(&r, &select, values, NULL) > 0)
	{
		last->round_no = gtl_result_int32(&r, 0, 1);
		last->batch_no = gtl_result_int32(&r, 0, 2);
		last->model_id = gtl_result_int64(&r, 0, 3);
		last->selected_at = gtl_result_int32(&r, 0, 4);
		last->candidate = gtl_result_int32(&r, 0, 5);
		last->segment_count = gtl_result_int32(&r, 0, 6);
		last->neighbours_id = gtl_result_int64(&r, 0, 7);
	}
	gtl_query_end(&r);
}

static void
read_alternatives(int64 job_id, GtlRound *round)
{
	static GtlStatement select = {
		"SELECT a.guarantee, a.target_accuracy, a.admits FROM gtlabel.round r,"
		" jsonb_to_recordset(r.alternatives) AS a (guarantee text, target_accuracy float8, admits int8)"
		" WHERE r.job_id = $1 AND r.round_no = $2",
		2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), Int32GetDatum(round->round_no)};
	GtlResult	r;

	gtl_query_run(&r, &select, values, NULL);
	round->nalternatives = Min((int) r.count, GTL_ALTERNATIVES);
	for (int i = 0; i < round->nalternatives; i++)
	{
		GtlAlternative *a = &round->alternative[i];

		(void) gtl_guarantee_parse(gtl_result_text(&r, i, 1), &a->promise.guarantee);
		a->promise.target_error = 1.0 - gtl_result_float8(&r, i, 2);
		a->promise.delta = round->promise.delta;
		a->covered = gtl_result_int64(&r, i, 3);
	}
	gtl_query_end(&r);
}

bool
gtl_round_read_before(int64 job_id, int32 round_no, GtlRound *round)
{
	static GtlStatement select = {
		"SELECT round_no, batch_no, model_id, training_count, validation_count, validation_active, guarantee,"
		" target_accuracy, confidence_level, alpha, threshold, certificate_n, certificate_k, bound, best_threshold,"
		" best_n, best_k, best_bound, best_admits, minimum, required, scored, auto_labeled, added, changed, withdrawn,"
		" selected, reason, COALESCE(label_noise, -1), label_margin, guarantee_scope"
		" FROM gtlabel.round WHERE job_id = $1 AND round_no < $2 ORDER BY round_no DESC LIMIT 1",
		2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), Int32GetDatum(round_no)};
	GtlCertificate *c = &round->certificate;
	GtlResult	r;
	bool		found = gtl_query_run(&r, &select, values, NULL) > 0;
	int			i = 0;

	memset(round, 0, sizeof(*round));
	if (found)
	{
		round->job_id = job_id;
		round->round_no = gtl_result_int32(&r, 0, ++i);
		round->batch_no = gtl_result_int32(&r, 0, ++i);
		round->model_id = gtl_result_int64(&r, 0, ++i);
		round->training_count = gtl_result_int32(&r, 0, ++i);
		round->validation_count = gtl_result_int32(&r, 0, ++i);
		round->validation_active = gtl_result_int32(&r, 0, ++i);
		if (!gtl_guarantee_parse(gtl_result_text(&r, 0, ++i), &round->promise.guarantee))
			elog(ERROR, "unknown guarantee in round %d of job " INT64_FORMAT, round->round_no, job_id);
		round->promise.target_error = 1.0 - gtl_result_float8(&r, 0, ++i);
		round->promise.delta = 1.0 - gtl_result_float8(&r, 0, ++i);
		c->alpha = gtl_result_float8(&r, 0, ++i);
		c->threshold = gtl_result_float8(&r, 0, ++i);
		c->passed = !isnan(c->threshold);
		c->n = gtl_result_int32(&r, 0, ++i);
		c->k = gtl_result_int32(&r, 0, ++i);
		c->bound = gtl_result_float8(&r, 0, ++i);
		c->best_threshold = gtl_result_float8(&r, 0, ++i);
		c->best_n = gtl_result_int32(&r, 0, ++i);
		c->best_k = gtl_result_int32(&r, 0, ++i);
		c->best_bound = gtl_result_float8(&r, 0, ++i);
		round->best_admits = gtl_result_int32(&r, 0, ++i);
		c->minimum = gtl_result_int32(&r, 0, ++i);
		c->required = gtl_result_int32(&r, 0, ++i);
		c->available = round->validation_active;
		round->scored = gtl_result_int32(&r, 0, ++i);
		round->auto_labeled = gtl_result_int32(&r, 0, ++i);
		round->added = gtl_result_int32(&r, 0, ++i);
		round->changed = gtl_result_int32(&r, 0, ++i);
		round->withdrawn = gtl_result_int32(&r, 0, ++i);
		round->selected = gtl_result_int32(&r, 0, ++i);
		round->reason = gtl_result_text(&r, 0, ++i);
		round->label_noise = gtl_result_float8(&r, 0, ++i);
		round->label_margin = gtl_result_float8(&r, 0, ++i);
		if (!gtl_scope_parse(gtl_result_text(&r, 0, ++i), &round->promise.scope))
			elog(ERROR, "unknown scope in round %d of job " INT64_FORMAT, round->round_no, job_id);
	}
	gtl_query_end(&r);
	if (found)
		read_alternatives(job_id, round);
	return found;
}

bool
gtl_round_read_last(int64 job_id, GtlRound *round)
{
	return gtl_round_read_before(job_id, PG_INT32_MAX, round);
}

void
gtl_round_delete(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.round WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
}

void
gtl_round_forget_models(int64 job_id)
{
	static GtlStatement update = {
		"UPDATE gtlabel.round SET model_id = NULL WHERE job_id = $1 AND model_id IS NOT NULL", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&update, values, NULL);
}
