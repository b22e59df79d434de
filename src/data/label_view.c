/*
 * label_view.c
 *		A view of the labels of a job in place, which scores each row where it lies.
 *
 * postgres_fdw sends no expression of a plain SELECT list, but it does send aggregates: so the rows of a partition
 * on another server are grouped by key, and key and score travel, not the features.  To the planner it would cost as
 * much to fetch the rows in order and group them here; a second key of a type that has no order leaves it only
 * hashing, which is dearer.  Conditions on the key go below the grouping; conditions on the rest stay above the
 * aggregate, where they need no features, and are sent as HAVING if postgres_fdw can (it sends no comparison of
 * texts that functions return).  The rows that people have labeled are a branch of their own, so that no join is
 * above the scores.
 *
 * Which model scores is asked when the view is read (gtlabel.label_view_model): when the labels are withdrawn it is
 * NULL, and gt_score is STRICT.
 */
#include "data/label_view.h"

#include "base/query.h"
#include "catalog/pg_class.h"
#include "data/dataset.h"
#include "data/far.h"
#include "data/in_place.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

typedef struct LabelView
{
	const GtlJob *job;
	char	   *schema;			/* of gtlabel's functions, with a dot */
	const char *key;			/* quoted */
	char	   *people;			/* keys and labels */
	char	   *people_keys;	/* an array of the key's type */
	char	   *open;			/* "... AND ", of the rows that the job is about; or nothing */
	int64		model_id;
	const char *model_name;		/* a literal */
	double		margin;
} LabelView;

/* The rows that people have labeled: the servers are asked for these only. */
static void
append_people(StringInfo sql, const LabelView *view)
{
	appendStringInfo(sql, "SELECT d.%s, h.label, NULL::pg_catalog.float8 AS confidence, NULL::pg_catalog.text AS certificate"
						  " FROM %s d JOIN (%s) h ON h.object_key = d.%s::pg_catalog.text WHERE %sd.%s = ANY (%s)",
					 view->key, gtl_query_relation(view->job->dataset), view->people, view->key, view->open, view->key, view->people_keys);
}

/* Key and score of the other rows of a partition. */
static char *
scored_rows(const LabelView *view, Oid leaf)
{
	char	   *model = psprintf("(SELECT gtlabel.label_view_model(%s, '" INT64_FORMAT "'::pg_catalog.int8))",
								 quote_literal_cstr(view->job->name), view->model_id);
	char	   *score = gtl_in_place_score(view->job, view->schema, model);
	char	   *others = psprintf("%sd.%s <> ALL (%s)", view->open, view->key, view->people_keys);

	if (get_rel_relkind(leaf) == RELKIND_FOREIGN_TABLE)
		return psprintf("SELECT d.%s, gtlabel.only_score(%s) AS score FROM %s d WHERE %s GROUP BY d.%s, (NULL::pg_catalog.xid)", view->key,
						score, gtl_query_relation(leaf), others, view->key);
	return psprintf("SELECT d.%s, x.score FROM %s d CROSS JOIN LATERAL (SELECT %s AS score OFFSET 0) x WHERE %s", view->key,
					gtl_query_relation(leaf), score, others);
}

static void
append_machine(StringInfo sql, const LabelView *view, Oid leaf)
{
	char	   *when = psprintf("CASE WHEN %sgt_margin(s.score) >= '%.17g'::pg_catalog.float8 THEN", view->schema, view->margin);

	appendStringInfo(sql, " UNION ALL SELECT s.%s, %s %sgt_class(s.score) END, %s %sgt_probability(s.score) END, %s %s::pg_catalog.text END"
						  " FROM (%s) s",
					 view->key, when, view->schema, when, view->schema, when, view->model_name, scored_rows(view, leaf));
}

/* The rows that no model labels. */
static void
append_unlabeled(StringInfo sql, const LabelView *view)
{
	appendStringInfo(sql, " UNION ALL SELECT d.%s, NULL, NULL, NULL FROM %s d WHERE %sd.%s <> ALL (%s)", view->key,
					 gtl_query_relation(view->job->dataset), view->open, view->key, view->people_keys);
}

static void
run(const GtlJob *job, const char *sql)
{
	GtlResult	r;

	gtl_far_run_as(&r, job, GetUserId(), sql, 0, NULL, NULL);
	gtl_query_end(&r);
}

static void
describe(LabelView *view, const GtlJob *job)
{
	Oid			type = gtl_dataset_column_type(job->dataset, job->key_column, "The job reads it.", job->dataset_name);

	char	   *open = gtl_in_place_open_rows(job);

	view->job = job;
	view->open = open == NULL ? "" : psprintf("%s AND ", open);
	view->schema = gtl_in_place_schema();
	view->key = quote_identifier(job->key_column);
	view->people = psprintf("SELECT l.object_key, l.label FROM %sgt_labels l WHERE l.job_name = %s AND l.human_annotated",
							view->schema, quote_literal_cstr(job->name));
	view->people_keys = psprintf("ARRAY(SELECT p.object_key::%s FROM (%s) p)", gtl_dataset_type_name(getBaseType(type)), view->people);
}

void
gtl_label_view_create(const GtlJob *job, const char *name, int64 model_id, const char *model_name, double margin)
{
	LabelView	view = {.model_id = model_id, .margin = margin};
	StringInfoData sql;
	ListCell   *cell;

	describe(&view, job);
	initStringInfo(&sql);
	appendStringInfo(&sql, "CREATE OR REPLACE VIEW %s AS ", name);
	append_people(&sql, &view);
	if (model_name == NULL)
		append_unlabeled(&sql, &view);
	else
	{
		view.model_name = quote_literal_cstr(model_name);
		foreach(cell, gtl_far_leaves(job->dataset))
			append_machine(&sql, &view, lfirst_oid(cell));
	}
	run(job, sql.data);
	run(job, psprintf("COMMENT ON VIEW %s IS %s", name,
					  quote_literal_cstr(psprintf("Labels of labeling job \"%s\", by gt_create_label_view; the machine's are of %s", job->name,
												  model_name == NULL ? "no model" : model_name))));
}
