/*
 * drift.c
 *		The table gtlabel.drift.
 */
#include "tables/drift.h"

#include "base/query.h"
#include "base/settings.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

static void
read_places(const GtlResult *r, int column, GtlDriftRecord *record)
{
	ArrayType  *array = (ArrayType *) gtl_result_varlena(r, 0, column);

	record->nplaces = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	record->places = palloc(sizeof(float) * Max(record->nplaces, 1));
	memcpy(record->places, ARR_DATA_PTR(array), sizeof(float) * record->nplaces);
}

bool
gtl_drift_read(int64 job_id, GtlDriftRecord *record)
{
	static GtlStatement select = {
		"SELECT answers, wrong, wealth, tests, places, COALESCE(first_segment_no, -1), finding, alarm, COALESCE(alarm_segment_no, -1), alarmed_at"
		" FROM gtlabel.drift WHERE job_id = $1",
		1, {INT8OID}
	};
	Datum		values[1] = {Int64GetDatum(job_id)};
	GtlResult	r;
	bool		found;
	bool		isnull;

	memset(record, 0, sizeof(*record));
	record->first_segment = record->alarm_segment = -1;
	found = gtl_query_run(&r, &select, values, NULL) > 0;
	if (found)
	{
		record->watch.answers = gtl_result_int64(&r, 0, 1);
		record->watch.wrong = gtl_result_int64(&r, 0, 2);
		record->watch.wealth = gtl_result_float8(&r, 0, 3);
		record->tests = gtl_result_int32(&r, 0, 4);
		read_places(&r, 5, record);
		record->first_segment = gtl_result_int32(&r, 0, 6);
		record->finding = gtl_result_text(&r, 0, 7);
		record->alarm = gtl_result_text(&r, 0, 8);
		record->alarm_segment = gtl_result_int32(&r, 0, 9);
		record->alarmed_at = DatumGetTimestampTz(gtl_result_datum(&r, 0, 10, &isnull));
	}
	gtl_query_end(&r);
	return found;
}

void
gtl_drift_write(int64 job_id, const GtlDriftRecord *record)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.drift AS d (job_id, answers, wrong, wealth, tests, places, first_segment_no, finding, alarm, alarm_segment_no, alarmed_at)"
		" VALUES ($1, $2, $3, $4, $5, $6, NULLIF($7, -1), $8, $9, NULLIF($10, -1), CASE WHEN $9 IS NOT NULL THEN $11 END)"
		" ON CONFLICT (job_id) DO UPDATE SET answers = EXCLUDED.answers, wrong = EXCLUDED.wrong, wealth = EXCLUDED.wealth,"
		"   tests = EXCLUDED.tests, places = EXCLUDED.places, first_segment_no = EXCLUDED.first_segment_no, finding = EXCLUDED.finding,"
		"   alarm = EXCLUDED.alarm, alarm_segment_no = EXCLUDED.alarm_segment_no,"
		"   alarmed_at = CASE WHEN EXCLUDED.alarm IS NOT NULL THEN COALESCE(d.alarmed_at, EXCLUDED.alarmed_at) END",
		11, {INT8OID, INT8OID, INT8OID, FLOAT8OID, INT4OID, FLOAT4ARRAYOID, INT4OID, TEXTOID, TEXTOID, INT4OID, TIMESTAMPTZOID}
	};
	Datum		values[11] = {Int64GetDatum(job_id), Int64GetDatum(record->watch.answers), Int64GetDatum(record->watch.wrong),
		Float8GetDatum(record->watch.wealth), Int32GetDatum(record->tests), gtl_array_float4(record->places, record->nplaces),
	Int32GetDatum(record->first_segment), (Datum) 0, (Datum) 0, Int32GetDatum(record->alarm_segment), TimestampTzGetDatum(gtl_clock_now())};
	char		nulls[11];

	memset(nulls, ' ', sizeof(nulls));
	nulls[7] = record->finding == NULL ? 'n' : ' ';
	nulls[8] = record->alarm == NULL ? 'n' : ' ';
	if (record->finding != NULL)
		values[7] = CStringGetTextDatum(record->finding);
	if (record->alarm != NULL)
		values[8] = CStringGetTextDatum(record->alarm);
	gtl_query_do(&insert, values, nulls);
}

void
gtl_drift_delete(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.drift WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
}
