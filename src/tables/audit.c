/*
 * audit.c
 *		The tables gtlabel.audit and gtlabel.audit_object.
 */
#include "tables/audit.h"

#include <math.h>

#include "base/query.h"
#include "base/settings.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

static const char *const state_names[] = {
	[GTL_AUDIT_OPEN] = "open",
	[GTL_AUDIT_PASSED] = "passed",
	[GTL_AUDIT_GIVEN_UP] = "given_up"
};

void
gtl_audits_insert(const GtlAuditRecord *record)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.audit (job_id, audit_no, round_no, per_class, guess_scale, guess_floor, state, scope,"
		" target_accuracy, confidence_level, frozen, left_count, draws, found, takes, known, expected, evidence, needed, more_draws, begun_at,"
		" lot_no, segment_count, begun_error, begun_objects, guess_power, begun_evidence, former_evidence)"
		" VALUES ($1, $2, $3, $4, $5, $6, 'open', $7, $8, $9, $10, $10, 0, 0, 0, 0, 0, $19, $11, $12, $13, $14, $15, $16, $17, $18, $19, $19)",
		19, {INT8OID, INT4OID, INT4OID, BOOLOID, FLOAT8OID, FLOAT8OID, TEXTOID, FLOAT8OID, FLOAT8OID, INT8OID, FLOAT8OID,
		INT4OID, TIMESTAMPTZOID, INT4OID, INT4OID, FLOAT8OID, INT4OID, FLOAT8OID, FLOAT8OID}
	};
	const GtlAuditFigures *f = &record->figures;
	Datum		values[19] = {Int64GetDatum(record->job_id), Int32GetDatum(record->audit_no), Int32GetDatum(record->round_no),
		BoolGetDatum(record->per_class), Float8GetDatum(record->guess.scale), Float8GetDatum(record->guess.floor),
		CStringGetTextDatum(gtl_scope_name(record->promise.scope)), Float8GetDatum(1.0 - record->promise.target_error),
		Float8GetDatum(1.0 - record->promise.delta), Int64GetDatum(f->frozen), Float8GetDatum(f->log_needed),
	Int32GetDatum((int32) f->ahead), TimestampTzGetDatum(gtl_clock_now()), Int32GetDatum(record->lot_no),
	Int32GetDatum(record->segment_count), Float8GetDatum(record->begun_error), Int32GetDatum((int32) record->begun_objects),
	Float8GetDatum(record->guess.power), Float8GetDatum(record->begun_evidence)};

	gtl_query_do(&insert, values, NULL);
}

void
gtl_audits_update(const GtlAuditRecord *record, bool over)
{
	static GtlStatement update = {
		"UPDATE gtlabel.audit SET state = $3, scope = $4, target_accuracy = $5, confidence_level = $6, left_count = $7, draws = $8,"
		" found = $9, takes = $10, known = $11, expected = $12, evidence = $13, needed = $14, most_wrong = $15,"
		" more_draws = NULLIF($16, -1), carried = $17, former_evidence = $18, ended_at = $19, carried_labels = $20 WHERE job_id = $1 AND audit_no = $2",
		20, {INT8OID, INT4OID, TEXTOID, TEXTOID, FLOAT8OID, FLOAT8OID, INT8OID, INT4OID, INT4OID, INT4OID, INT4OID,
		FLOAT8OID, FLOAT8OID, FLOAT8OID, INT8OID, INT4OID, FLOAT8OID, FLOAT8OID, TIMESTAMPTZOID, INT4OID}
	};
	const GtlAuditFigures *f = &record->figures;
	Datum		values[20] = {Int64GetDatum(record->job_id), Int32GetDatum(record->audit_no),
		CStringGetTextDatum(state_names[f->state]), CStringGetTextDatum(gtl_scope_name(record->promise.scope)),
		Float8GetDatum(1.0 - record->promise.target_error), Float8GetDatum(1.0 - record->promise.delta),
		Int64GetDatum(f->left), Int32GetDatum((int32) f->draws), Int32GetDatum((int32) f->found),
		Int32GetDatum((int32) f->takes), Int32GetDatum((int32) f->known), Float8GetDatum(f->expected),
		Float8GetDatum(f->log_wealth), Float8GetDatum(f->log_needed), Int64GetDatum(f->most_wrong),
	Int32GetDatum((int32) f->ahead), Float8GetDatum(record->carried), Float8GetDatum(f->former),
	TimestampTzGetDatum(gtl_clock_now()), Int32GetDatum((int32) record->carried_labels)};
	char		nulls[20];

	memset(nulls, ' ', sizeof(nulls));
	if (!over)
		nulls[18] = 'n';
	if (!over || record->carried <= 0)
		nulls[16] = nulls[19] = 'n';
	gtl_query_do(&update, values, nulls);
}

void
gtl_audits_fix(const GtlAuditRecord *record)
{
	static GtlStatement update = {
		"UPDATE gtlabel.audit SET frozen = $3, left_count = $3, least_margin = $4, row_count = $5, digest = $6"
		" WHERE job_id = $1 AND audit_no = $2",
		6, {INT8OID, INT4OID, INT8OID, FLOAT8OID, INT8OID, INT8OID}
	};
	Datum		values[6] = {Int64GetDatum(record->job_id), Int32GetDatum(record->audit_no), Int64GetDatum(record->figures.frozen),
		Float8GetDatum(record->least_margin), Int64GetDatum(record->row_count), Int64GetDatum(record->digest)};

	gtl_query_do(&update, values, NULL);
}

static GtlAuditState
parse_state(const char *name)
{
	for (int i = 0; i < (int) lengthof(state_names); i++)
		if (strcmp(name, state_names[i]) == 0)
			return (GtlAuditState) i;
	elog(ERROR, "unknown state of an audit: \"%s\"", name);
}

static void
read_row(const GtlResult *r, uint64 row, int64 job_id, GtlAuditRecord *record)
{
	GtlAuditFigures *f = &record->figures;
	int			i = 0;

	memset(record, 0, sizeof(*record));
	record->job_id = job_id;
	record->audit_no = gtl_result_int32(r, row, ++i);
	record->round_no = gtl_result_int32(r, row, ++i);
	record->per_class = gtl_result_bool(r, row, ++i);
	record->guess.scale = gtl_result_float8(r, row, ++i);
	record->guess.floor = gtl_result_float8(r, row, ++i);
	record->guess.power = gtl_result_float8(r, row, ++i);
	f->state = parse_state(gtl_result_text(r, row, ++i));
	record->promise.guarantee = GTL_GUARANTEE_AUDITED;
	if (!gtl_scope_parse(gtl_result_text(r, row, ++i), &record->promise.scope))
		elog(ERROR, "unknown scope of audit %d of job " INT64_FORMAT, record->audit_no, job_id);
	record->promise.target_error = 1.0 - gtl_result_float8(r, row, ++i);
	record->promise.delta = 1.0 - gtl_result_float8(r, row, ++i);
	f->frozen = gtl_result_int64(r, row, ++i);
	f->left = gtl_result_int64(r, row, ++i);
	f->draws = gtl_result_int32(r, row, ++i);
	f->found = gtl_result_int32(r, row, ++i);
	f->takes = gtl_result_int32(r, row, ++i);
	f->known = gtl_result_int32(r, row, ++i);
	f->expected = gtl_result_float8(r, row, ++i);
	f->log_wealth = gtl_result_float8(r, row, ++i);
	f->log_needed = gtl_result_float8(r, row, ++i);
	f->most_wrong = gtl_result_int64(r, row, ++i);
	f->ahead = gtl_result_isnull(r, row, ++i) ? -1 : gtl_result_int32(r, row, i);
	record->lot_no = gtl_result_int32(r, row, ++i);
	record->segment_count = gtl_result_int32(r, row, ++i);
	record->begun_error = gtl_result_float8(r, row, ++i);
	record->begun_objects = gtl_result_int32(r, row, ++i);
	record->attempt = gtl_result_int32(r, row, ++i);
	record->fixed = !gtl_result_isnull(r, row, ++i);
	record->least_margin = gtl_result_float8(r, row, i);
	record->row_count = gtl_result_int64(r, row, ++i);
	record->digest = gtl_result_int64(r, row, ++i);
	record->begun_evidence = gtl_result_float8(r, row, ++i);
	f->former = gtl_result_float8(r, row, ++i);
}

static bool
read_record(GtlStatement *statement, int64 job_id, GtlAuditRecord *record)
{
	Datum		values[1] = {Int64GetDatum(job_id)};
	GtlResult	r;
	bool		found = gtl_query_run(&r, statement, values, NULL) > 0;

	if (found)
		read_row(&r, 0, job_id, record);
	else
		memset(record, 0, sizeof(*record));
	gtl_query_end(&r);
	return found;
}

#define RECORD_COLUMNS \
	"audit_no, round_no, per_class, guess_scale, guess_floor, guess_power, state, scope, target_accuracy, confidence_level, frozen," \
	" left_count, draws, found, takes, known, expected, evidence, needed, most_wrong, more_draws, lot_no, segment_count," \
	" begun_error, begun_objects, (SELECT count(*) FROM gtlabel.audit b WHERE b.job_id = a.job_id AND b.lot_no = a.lot_no" \
	"   AND b.audit_no <= a.audit_no)::int, least_margin, row_count, digest, begun_evidence, former_evidence"

bool
gtl_audits_open(int64 job_id, GtlAuditRecord *record)
{
	static GtlStatement select = {
		"SELECT " RECORD_COLUMNS " FROM (SELECT * FROM gtlabel.audit WHERE job_id = $1 ORDER BY audit_no DESC LIMIT 1) a"
		" WHERE state = 'open'", 1, {INT8OID}
	};

	return read_record(&select, job_id, record);
}

bool
gtl_audits_last(int64 job_id, GtlAuditRecord *record)
{
	static GtlStatement select = {
		"SELECT " RECORD_COLUMNS " FROM gtlabel.audit a WHERE job_id = $1 ORDER BY audit_no DESC LIMIT 1", 1, {INT8OID}
	};

	return read_record(&select, job_id, record);
}

/* All of a statement's rows. */
static int
read_records(GtlStatement *statement, const Datum *values, int64 job_id, GtlAuditRecord **records)
{
	GtlResult	r;
	int			count = (int) gtl_query_run(&r, statement, values, NULL);

	*records = palloc(mul_size(sizeof(GtlAuditRecord), Max(count, 1)));
	for (int i = 0; i < count; i++)
		read_row(&r, i, job_id, &(*records)[i]);
	gtl_query_end(&r);
	return count;
}

int
gtl_audits_kept(int64 job_id, GtlAuditRecord **records)
{
	static GtlStatement select = {
		"SELECT " RECORD_COLUMNS " FROM gtlabel.audit a WHERE job_id = $1 AND state = 'passed'"
		" AND audit_no IN (SELECT l.audit_no FROM gtlabel.label l WHERE l.job_id = $1 AND NOT l.human) ORDER BY audit_no DESC",
		1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};

	return read_records(&select, values, job_id, records);
}

int
gtl_audits_given_up(int64 job_id, int32 lot_no, GtlAuditRecord **records)
{
	static GtlStatement select = {
		"SELECT " RECORD_COLUMNS " FROM gtlabel.audit a WHERE job_id = $1 AND lot_no = $2 AND state = 'given_up' AND NOT per_class"
		" ORDER BY audit_no", 2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), Int32GetDatum(lot_no)};

	return read_records(&select, values, job_id, records);
}

void
gtl_audits_forget_former(int64 job_id)
{
	static GtlStatement delete = {
		"DELETE FROM gtlabel.audit_object o USING gtlabel.audit a WHERE a.job_id = $1 AND a.state = 'given_up'"
		" AND o.job_id = $1 AND o.audit_no = a.audit_no AND o.draw_no IS NULL AND o.event_no IS NULL", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
}

bool
gtl_audits_passed(int64 job_id, int32 lot_no)
{
	static GtlStatement select = {
		"SELECT EXISTS (SELECT FROM gtlabel.audit WHERE job_id = $1 AND lot_no = $2 AND state = 'passed')", 2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), Int32GetDatum(lot_no)};

	return gtl_query_bool(&select, values);
}

int
gtl_audits_attempts(int64 job_id, int32 lot_no)
{
	static GtlStatement select = {
		"SELECT count(*)::int FROM gtlabel.audit WHERE job_id = $1 AND lot_no = $2 AND state <> 'open'", 2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), Int32GetDatum(lot_no)};

	return gtl_query_int32(&select, values);
}

/* In the order of the audits: the same to the last bit as a simulation's. */
int
gtl_audits_over(int64 job_id, GtlAuditHistory *history)
{
	static GtlStatement select = {
		"SELECT carried, carried_labels FROM gtlabel.audit WHERE job_id = $1 AND state <> 'open' ORDER BY audit_no", 1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};
	GtlResult	r;
	int			count = (int) gtl_query_run(&r, &select, values, NULL);

	memset(history, 0, sizeof(*history));
	for (int i = 0; i < count; i++)
		if (!gtl_result_isnull(&r, i, 1))
			gtl_audit_remember(history, gtl_result_float8(&r, i, 1), gtl_result_int32(&r, i, 2));
	gtl_query_end(&r);
	return count;
}

void
gtl_audits_delete(int64 job_id)
{
	static GtlStatement objects = {"DELETE FROM gtlabel.audit_object WHERE job_id = $1", 1, {INT8OID}};
	static GtlStatement audits = {"DELETE FROM gtlabel.audit WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&objects, values, NULL);
	gtl_query_do(&audits, values, NULL);
}

void
gtl_audit_objects_insert(const GtlAuditRecord *record, const int32 *objects, const int32 *classes,
						 const float *margins, int count)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.audit_object (job_id, audit_no, object_no, class_no, margin)"
		" SELECT $1, $2, a.object_no, a.class_no, a.margin FROM unnest($3, $4, $5) AS a (object_no, class_no, margin)",
		5, {INT8OID, INT4OID, INT4ARRAYOID, INT4ARRAYOID, FLOAT4ARRAYOID}
	};
	Datum		values[5] = {Int64GetDatum(record->job_id), Int32GetDatum(record->audit_no), gtl_array_int32(objects, count),
	gtl_array_int32(classes, count), gtl_array_float4(margins, count)};

	gtl_query_do(&insert, values, NULL);
}

void
gtl_audit_objects_drawn(const GtlAuditRecord *record, const int32 *objects, const int32 *classes, const float *margins, int count)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.audit_object (job_id, audit_no, object_no, class_no, margin, draw_no)"
		" SELECT $1, $2, a.object_no, a.class_no, a.margin, a.place"
		" FROM unnest($3, $4, $5) WITH ORDINALITY AS a (object_no, class_no, margin, place)"
		" ON CONFLICT (job_id, audit_no, object_no)"
		" DO UPDATE SET class_no = excluded.class_no, margin = excluded.margin, draw_no = excluded.draw_no",
		5, {INT8OID, INT4OID, INT4ARRAYOID, INT4ARRAYOID, FLOAT4ARRAYOID}
	};
	Datum		values[5] = {Int64GetDatum(record->job_id), Int32GetDatum(record->audit_no), gtl_array_int32(objects, count),
	gtl_array_int32(classes, count), gtl_array_float4(margins, count)};

	gtl_query_do(&insert, values, NULL);
}

/* A statement for the columns of GtlAuditObjects. */
static void
read_objects(GtlStatement *select, const Datum *values, GtlAuditObjects *objects)
{
	int32	   *lists[7];

	objects->count = gtl_query_lists(select, values, 7, lists);
	objects->object_no = lists[0];
	objects->class_no = lists[1];
	objects->draw_no = lists[3];
	objects->event_no = lists[4];
	objects->wrong = lists[5];
	objects->lost = lists[6];
	objects->margin = palloc_extended(sizeof(double) * Max(objects->count, 1), MCXT_ALLOC_HUGE);
	for (int i = 0; i < objects->count; i++)
		objects->margin[i] = ((float *) lists[2])[i];
	pfree(lists[2]);
}

void
gtl_audit_objects_read(const GtlAuditRecord *record, GtlAuditObjects *objects)
{
	static GtlStatement select = {
		"SELECT object_no, class_no, margin, COALESCE(draw_no, 0), COALESCE(event_no, 0), COALESCE(wrong, false)::int, lost::int"
		" FROM gtlabel.audit_object WHERE job_id = $1 AND audit_no = $2 ORDER BY object_no",
		2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(record->job_id), Int32GetDatum(record->audit_no)};

	read_objects(&select, values, objects);
}

void
gtl_audit_objects_release(GtlAuditObjects *objects)
{
	pfree(objects->object_no);
	pfree(objects->class_no);
	pfree(objects->margin);
	pfree(objects->draw_no);
	pfree(objects->event_no);
	pfree(objects->wrong);
	pfree(objects->lost);
}

int
gtl_audit_objects_drawn_once(int64 job_id, int32 lot_no, int32 **objects)
{
	static GtlStatement select = {
		"SELECT DISTINCT o.object_no FROM gtlabel.audit a JOIN gtlabel.audit_object o ON o.job_id = $1 AND o.audit_no = a.audit_no"
		" WHERE a.job_id = $1 AND a.lot_no = $2 AND a.state <> 'open' AND o.draw_no IS NOT NULL AND o.event_no IS NOT NULL"
		" ORDER BY o.object_no", 2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), Int32GetDatum(lot_no)};

	return gtl_query_lists(&select, values, 1, objects);
}

void
gtl_audit_objects_draw(const GtlAuditRecord *record, const int32 *objects, int count, int32 draw_no)
{
	static GtlStatement update = {
		"UPDATE gtlabel.audit_object o SET draw_no = $4 - 1 + a.place FROM unnest($3) WITH ORDINALITY AS a (object_no, place)"
		" WHERE o.job_id = $1 AND o.audit_no = $2 AND o.object_no = a.object_no",
		4, {INT8OID, INT4OID, INT4ARRAYOID, INT4OID}
	};
	Datum		values[4] = {Int64GetDatum(record->job_id), Int32GetDatum(record->audit_no), gtl_array_int32(objects, count),
	Int32GetDatum(draw_no)};

	if (count > 0)
		gtl_query_do(&update, values, NULL);
}

void
gtl_audit_objects_count(const GtlAuditRecord *record, const int32 *objects, const int32 *wrong, int count, int32 event_no)
{
	static GtlStatement update = {
		"UPDATE gtlabel.audit_object o SET event_no = $5 - 1 + a.place, wrong = a.wrong <> 0"
		" FROM unnest($3, $4) WITH ORDINALITY AS a (object_no, wrong, place)"
		" WHERE o.job_id = $1 AND o.audit_no = $2 AND o.object_no = a.object_no",
		5, {INT8OID, INT4OID, INT4ARRAYOID, INT4ARRAYOID, INT4OID}
	};
	Datum		values[5] = {Int64GetDatum(record->job_id), Int32GetDatum(record->audit_no), gtl_array_int32(objects, count),
	gtl_array_int32(wrong, count), Int32GetDatum(event_no)};

	if (count > 0)
		gtl_query_do(&update, values, NULL);
}

void
gtl_audit_objects_put_back(const GtlAuditRecord *record)
{
	static GtlStatement update = {
		"UPDATE gtlabel.audit_object SET draw_no = NULL WHERE job_id = $1 AND audit_no = $2 AND event_no IS NULL",
		2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(record->job_id), Int32GetDatum(record->audit_no)};

	gtl_query_do(&update, values, NULL);
}

void
gtl_audit_objects_forget(const GtlAuditRecord *record)
{
	static GtlStatement delete = {
		"DELETE FROM gtlabel.audit_object a WHERE a.job_id = $1 AND a.audit_no = $2 AND (a.draw_no IS NULL AND a.event_no IS NULL"
		" OR (SELECT o.object_no FROM gtlabel.object o WHERE o.job_id = $1 AND o.object_no = a.object_no) IS NULL)",
		2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(record->job_id), Int32GetDatum(record->audit_no)};

	gtl_query_do(&delete, values, NULL);
}

void
gtl_audit_objects_forget_gone(const GtlAuditRecord *record)
{
	/* what is gone and was not counted is lost */
	static GtlStatement delete = {
		"DELETE FROM gtlabel.audit_object a WHERE a.job_id = $1 AND a.audit_no = $2 AND (a.lost OR a.event_no IS NOT NULL"
		" AND (SELECT o.object_no FROM gtlabel.object o WHERE o.job_id = $1 AND o.object_no = a.object_no) IS NULL)",
		2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(record->job_id), Int32GetDatum(record->audit_no)};

	gtl_query_do(&delete, values, NULL);
}

void
gtl_audit_objects_keep(int64 job_id, const int32 *objects, const int32 *wrong, int count)
{
	static GtlStatement delete = {
		"DELETE FROM gtlabel.audit_object WHERE job_id = $1 AND audit_no = $2", 2, {INT8OID, INT4OID}
	};
	static GtlStatement insert = {
		"INSERT INTO gtlabel.audit_object (job_id, audit_no, object_no, class_no, margin, draw_no, event_no, wrong)"
		" SELECT $1, $2, l.object_no, l.class_no, l.margin, a.place, a.place, a.wrong <> 0"
		" FROM unnest($3, $4) WITH ORDINALITY AS a (object_no, wrong, place) CROSS JOIN LATERAL"
		"   (SELECT * FROM gtlabel.label l WHERE l.job_id = $1 AND l.object_no = a.object_no OFFSET 0) l ON CONFLICT DO NOTHING",
		4, {INT8OID, INT4OID, INT4ARRAYOID, INT4ARRAYOID}
	};
	Datum		values[4] = {Int64GetDatum(job_id), Int32GetDatum(GTL_AUDIT_OF_SHARE), gtl_array_int32(objects, count),
	gtl_array_int32(wrong, count)};

	gtl_query_do(&delete, values, NULL);
	if (count > 0)
		gtl_query_do(&insert, values, NULL);
}

/* Of an object of an audit: is what people say now another label than the machine's, or none? */
#define WRONG_NOW "COALESCE(NOT l.human OR l.class_no <> a.class_no, true)"

void
gtl_audit_changes(int64 job_id, int32 audit_no, GtlAuditChanges *changes)
{
	static GtlStatement select = {
		"SELECT count(*)::int, count(*) FILTER (WHERE " WRONG_NOW ")::int, count(*) FILTER (WHERE " WRONG_NOW " <> a.wrong)::int,"
		" (SELECT count(*)::int FROM gtlabel.correction WHERE job_id = $1 AND class_no IS NOT NULL AND machine_class_no IS NOT NULL AND audit_no = $2)"
		" FROM (SELECT * FROM gtlabel.audit_object WHERE job_id = $1 AND audit_no = $2 AND event_no IS NOT NULL) a LEFT JOIN LATERAL"
		"   (SELECT * FROM gtlabel.label l WHERE l.job_id = $1 AND l.object_no = a.object_no OFFSET 0) l ON true",
		2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), Int32GetDatum(audit_no)};
	GtlResult	r;

	gtl_query_run(&r, &select, values, NULL);
	changes->count = gtl_result_int32(&r, 0, 1);
	changes->wrong = gtl_result_int32(&r, 0, 2);
	changes->changed = gtl_result_int32(&r, 0, 3);
	changes->decided = gtl_result_int32(&r, 0, 4);
	gtl_query_end(&r);
}

void
gtl_audit_objects_now(const GtlAuditRecord *record, GtlAuditObjects *objects)
{
	static GtlStatement select = {
		"SELECT object_no, class_no, margin, draw_no, event_no, wrong, 0 FROM ("
		" SELECT a.object_no, a.class_no, a.margin, COALESCE(a.draw_no, 0) AS draw_no, COALESCE(a.event_no, 0) AS event_no, (" WRONG_NOW ")::int AS wrong"
		" FROM (SELECT * FROM gtlabel.audit_object WHERE job_id = $1 AND audit_no = $2) a LEFT JOIN LATERAL"
		"   (SELECT * FROM gtlabel.label l WHERE l.job_id = $1 AND l.object_no = a.object_no OFFSET 0) l ON true"
		" UNION ALL"
		" SELECT object_no, class_no, margin, 0, 0, 0 FROM gtlabel.label WHERE job_id = $1 AND audit_no = $2 AND NOT human"
		" UNION ALL"
		" SELECT object_no, machine_class_no, margin, 0, $3, (class_no <> machine_class_no)::int FROM gtlabel.correction"
		" WHERE job_id = $1 AND audit_no = $2 AND class_no IS NOT NULL AND machine_class_no IS NOT NULL) o ORDER BY object_no",
		3, {INT8OID, INT4OID, INT4OID}
	};
	Datum		values[3] = {Int64GetDatum(record->job_id), Int32GetDatum(record->audit_no), Int32GetDatum(GTL_AUDIT_DECIDED_SINCE)};

	read_objects(&select, values, objects);
}

void
gtl_audit_objects_remove(int64 job_id, const int32 *objects, int count)
{
	static GtlStatement lose = {
		"UPDATE gtlabel.audit_object o SET lost = true FROM (SELECT audit_no FROM gtlabel.audit WHERE job_id = $1 AND state = 'open') a,"
		" unnest($2) AS x (object_no)"
		" WHERE o.job_id = $1 AND o.audit_no = a.audit_no AND o.object_no = x.object_no AND o.event_no IS NULL",
		2, {INT8OID, INT4ARRAYOID}
	};
	static GtlStatement delete = {
		"DELETE FROM gtlabel.audit_object o USING unnest($2) AS x (object_no) WHERE o.job_id = $1 AND o.object_no = x.object_no"
		" AND NOT EXISTS (SELECT FROM gtlabel.audit a WHERE a.job_id = $1 AND a.audit_no = o.audit_no AND a.state = 'open')",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_int32(objects, count)};

	gtl_query_do(&lose, values, NULL);
	gtl_query_do(&delete, values, NULL);
}

void
gtl_audit_objects_forget_share(int64 job_id)
{
	static GtlStatement delete = {
		"DELETE FROM gtlabel.audit_object WHERE job_id = $1 AND audit_no = $2", 2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), Int32GetDatum(GTL_AUDIT_OF_SHARE)};

	gtl_query_do(&delete, values, NULL);
}

void
gtl_audit_objects_renumber(int64 job_id, const int32 *map, int classes)
{
	static GtlStatement update = {
		"UPDATE gtlabel.audit_object SET class_no = ($2)[class_no + 1] WHERE job_id = $1 AND class_no <> ($2)[class_no + 1]",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_int32(map, classes)};

	gtl_query_do(&update, values, NULL);
}
