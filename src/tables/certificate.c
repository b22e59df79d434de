/*
 * certificate.c
 *		The table gtlabel.certificate.
 */
#include "tables/certificate.h"

#include <math.h>

#include "base/query.h"
#include "catalog/pg_type.h"

/* A round's rows as the columns of one INSERT. */
typedef struct Columns
{
	int			count;
	int32	   *class_no;
	int32	   *available;
	double	   *threshold;
	int32	   *n;
	int32	   *k;
	double	   *bound;
	double	   *best_threshold;
	int32	   *best_n;
	int32	   *best_k;
	double	   *best_bound;
	int32	   *best_admits;
	int32	   *required;
	int32	   *admitted;
	double	   *label_margin;
} Columns;

static int32 *
int32_column(int rows)
{
	return palloc(sizeof(int32) * rows);
}

static double *
float8_column(int rows)
{
	return palloc(sizeof(double) * rows);
}

static void
init_columns(Columns *c, int rows)
{
	c->count = 0;
	c->class_no = int32_column(rows);
	c->available = int32_column(rows);
	c->threshold = float8_column(rows);
	c->n = int32_column(rows);
	c->k = int32_column(rows);
	c->bound = float8_column(rows);
	c->best_threshold = float8_column(rows);
	c->best_n = int32_column(rows);
	c->best_k = int32_column(rows);
	c->best_bound = float8_column(rows);
	c->best_admits = int32_column(rows);
	c->required = int32_column(rows);
	c->admitted = int32_column(rows);
	c->label_margin = float8_column(rows);
}

static void
append_row(Columns *c, int class_no, const GtlClassVerdict *verdict)
{
	const GtlCertificate *certificate = &verdict->certificate;
	int			i = c->count++;

	c->class_no[i] = class_no;
	c->available[i] = certificate->available;
	c->threshold[i] = certificate->threshold;
	c->n[i] = certificate->n;
	c->k[i] = certificate->k;
	c->bound[i] = certificate->bound;
	c->best_threshold[i] = certificate->best_threshold;
	c->best_n[i] = certificate->best_n;
	c->best_k[i] = certificate->best_k;
	c->best_bound[i] = certificate->best_bound;
	c->best_admits[i] = (int32) verdict->best_admits;
	c->required[i] = certificate->required;
	c->admitted[i] = (int32) verdict->covered;
	c->label_margin[i] = verdict->margin;
}

void
gtl_certificate_insert(int64 job_id, int32 round_no, const GtlClassVerdict *by_class, int classes)
{
	static GtlStatement insert = {
		"INSERT INTO gtlabel.certificate (job_id, round_no, class_no, validation_active, threshold, certificate_n,"
		" certificate_k, bound, best_threshold, best_n, best_k, best_bound, best_admits, required, admitted, label_margin)"
		" SELECT $1, $2, class_no, available, NULLIF(threshold, 'infinity'),"
		" CASE WHEN threshold < 'infinity' THEN n END, CASE WHEN threshold < 'infinity' THEN k END,"
		" CASE WHEN threshold < 'infinity' THEN bound END, best_threshold, best_n, best_k, best_bound, best_admits,"
		" required, admitted, NULLIF(label_margin, 'infinity')"
		" FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) AS c (class_no, available, threshold, n, k,"
		" bound, best_threshold, best_n, best_k, best_bound, best_admits, required, admitted, label_margin)",
		16, {INT8OID, INT4OID, INT4ARRAYOID, INT4ARRAYOID, FLOAT8ARRAYOID, INT4ARRAYOID, INT4ARRAYOID, FLOAT8ARRAYOID,
			FLOAT8ARRAYOID, INT4ARRAYOID, INT4ARRAYOID, FLOAT8ARRAYOID, INT4ARRAYOID, INT4ARRAYOID, INT4ARRAYOID, FLOAT8ARRAYOID}
	};
	Columns		c;

	init_columns(&c, classes);
	for (int i = 0; i < classes; i++)
		if (by_class[i].certificate.available > 0)
			append_row(&c, i, &by_class[i]);
	if (c.count > 0)
	{
		Datum		values[16] = {
			Int64GetDatum(job_id), Int32GetDatum(round_no), gtl_array_int32(c.class_no, c.count),
			gtl_array_int32(c.available, c.count), gtl_array_float8(c.threshold, c.count),
			gtl_array_int32(c.n, c.count), gtl_array_int32(c.k, c.count), gtl_array_float8(c.bound, c.count),
			gtl_array_float8(c.best_threshold, c.count), gtl_array_int32(c.best_n, c.count),
			gtl_array_int32(c.best_k, c.count), gtl_array_float8(c.best_bound, c.count),
			gtl_array_int32(c.best_admits, c.count), gtl_array_int32(c.required, c.count),
			gtl_array_int32(c.admitted, c.count), gtl_array_float8(c.label_margin, c.count)
		};

		gtl_query_do(&insert, values, NULL);
	}
}

int
gtl_certificate_read(const GtlJob *job, const GtlRound *round, GtlClassCertificate **certificates)
{
	static GtlStatement select = {
		"SELECT class_no, validation_active, threshold, certificate_n, certificate_k, bound, best_threshold, best_n, best_k,"
		" best_bound, best_admits, required, admitted, label_margin FROM gtlabel.certificate"
		" WHERE job_id = $1 AND round_no = $2 ORDER BY class_no",
		2, {INT8OID, INT4OID}
	};
	Datum		values[2] = {Int64GetDatum(job->job_id), Int32GetDatum(round->round_no)};
	GtlResult	r;
	int			count = (int) gtl_query_run(&r, &select, values, NULL);

	*certificates = palloc0(sizeof(GtlClassCertificate) * Max(count, 1));
	for (int i = 0; i < count; i++)
	{
		GtlClassCertificate *one = &(*certificates)[i];
		GtlCertificate *c = &one->verdict.certificate;

		one->class_no = gtl_result_int32(&r, i, 1);
		c->available = gtl_result_int32(&r, i, 2);
		c->threshold = gtl_result_float8(&r, i, 3);
		c->passed = !isnan(c->threshold);
		c->n = gtl_result_int32(&r, i, 4);
		c->k = gtl_result_int32(&r, i, 5);
		c->bound = gtl_result_float8(&r, i, 6);
		c->alpha = round->certificate.alpha;
		c->best_threshold = gtl_result_float8(&r, i, 7);
		c->best_n = gtl_result_int32(&r, i, 8);
		c->best_k = gtl_result_int32(&r, i, 9);
		c->best_bound = gtl_result_float8(&r, i, 10);
		c->minimum = round->certificate.minimum;
		one->verdict.best_admits = gtl_result_int32(&r, i, 11);
		c->required = gtl_result_int32(&r, i, 12);
		one->verdict.covered = gtl_result_int32(&r, i, 13);
		one->verdict.margin = gtl_result_float8(&r, i, 14);
	}
	gtl_query_end(&r);
	return count;
}

double
gtl_certificate_label_margin(int64 job_id, int32 round_no, int32 class_no)
{
	static GtlStatement select = {
		"SELECT label_margin FROM gtlabel.certificate WHERE job_id = $1 AND round_no = $2 AND class_no = $3",
		3, {INT8OID, INT4OID, INT4OID}
	};
	Datum		values[3] = {Int64GetDatum(job_id), Int32GetDatum(round_no), Int32GetDatum(class_no)};
	GtlResult	r;
	double		margin = NAN;

	if (gtl_query_run(&r, &select, values, NULL) > 0)
		margin = gtl_result_float8(&r, 0, 1);
	gtl_query_end(&r);
	return margin;
}

void
gtl_certificate_delete(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.certificate WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
}

void
gtl_certificate_renumber(int64 job_id, const int32 *map, int classes)
{
	static GtlStatement aside = {
		"UPDATE gtlabel.certificate SET class_no = -1 - class_no WHERE job_id = $1 AND $2 IS NOT NULL",
		2, {INT8OID, INT4ARRAYOID}
	};
	static GtlStatement merged = {
		"DELETE FROM gtlabel.certificate WHERE job_id = $1 AND (SELECT count(*) FROM unnest($2) AS a (class_no) WHERE a.class_no = ($2)[-certificate.class_no]) > 1",
		2, {INT8OID, INT4ARRAYOID}
	};
	static GtlStatement back = {
		"UPDATE gtlabel.certificate SET class_no = ($2)[-class_no] WHERE job_id = $1",
		2, {INT8OID, INT4ARRAYOID}
	};
	Datum		values[2] = {Int64GetDatum(job_id), gtl_array_int32(map, classes)};

	gtl_query_do(&aside, values, NULL);
	gtl_query_do(&merged, values, NULL);
	gtl_query_do(&back, values, NULL);
}
