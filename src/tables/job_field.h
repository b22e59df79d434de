/*
 * job_field.h
 *		The columns of gtlabel.job and what they are in a GtlJob, described once.
 *
 * A setting's description says everything about it: its argument in gt_create_job, gt_alter_job and
 * gt_simulate_job, the values that it takes, whether and when it can be altered, what
 * gt_job_settings and docs/settings.md say of it.  A new setting is an entry in gtl_job_settings, a
 * column of gtlabel.job, and an argument of the functions that take it (test/pgtap/settings.sql
 * compares the four).
 */
#ifndef GTL_JOB_FIELD_H
#define GTL_JOB_FIELD_H

#include "tables/job.h"

typedef enum GtlFieldKind
{
	GTL_FIELD_BOOL,				/* bool */
	GTL_FIELD_CHOICE,			/* int: false, true, or `none` for NULL */
	GTL_FIELD_INT32,
	GTL_FIELD_INT64,
	GTL_FIELD_FLOAT8,
	GTL_FIELD_WORD,				/* int, an index into words */
	GTL_FIELD_TEXT,				/* char * */
	GTL_FIELD_NAME,				/* char *, the name of a column */
	GTL_FIELD_TEXTS,			/* char **, and int at `count` */
	GTL_FIELD_INTERVAL,			/* Interval */
	GTL_FIELD_RELATION,			/* Oid */
	GTL_FIELD_ROLE,				/* Oid */
	GTL_FIELD_RELATION_NAME,	/* char *: the qualified name of a relation, whose number is the argument */
	GTL_FIELD_FUNCTION,			/* char *: the signature of a function, whose number is the argument */
	GTL_FIELD_MODEL				/* int64, a model_id; the argument is the model's name */
} GtlFieldKind;

typedef struct GtlJobField
{
	const char *column;
	GtlFieldKind kind;
	size_t		place;			/* in GtlJob */
	size_t		count;			/* place of the length of TEXTS */
	double		none;			/* of a number that can be NULL: what GtlJob has instead */
	const char *const *words;

	/* settings only */
	const char *setting;		/* its name, if it is not the column's */
	const char *initial;		/* default, as text; NULL: none */
	bool		required;		/* NULL is refused */
	double		low;			/* numbers, and seconds of an interval: the least; of a FLOAT8: just below it */
	double		high;			/* the most; 0: no limit.  Of a FLOAT8: just above it ... */
	bool		high_too;		/* ... or that itself */
	const char *fixed;			/* why it cannot be altered; NULL: it can */
	bool		decided;		/* NULL leaves it to gt_create_job, which keeps what it has decided */
	bool		when_finished;	/* it can be altered when the job has ended, too */
	bool		when_completed; /* ... when it is completed, and might go on */
	bool		revises;		/* a round in progress depends on it */
	const char *meaning;
} GtlJobField;

extern const GtlJobField gtl_job_settings[];
extern const int gtl_job_setting_count;

extern const char *gtl_setting_name(const GtlJobField *setting);

/* NULL: there is none of that name. */
extern const GtlJobField *gtl_setting_find(const char *name);

/* Type of the column, and of the values that go in and out. */
extern Oid	gtl_field_type(const GtlJobField *field);

/* The field as a value for its column. */
extern Datum gtl_field_get(const GtlJobField *field, const GtlJob *job, bool *isnull);

/* The field from a value of its column, copied into the current memory context. */
extern void gtl_field_set(const GtlJobField *field, GtlJob *job, Datum value, bool isnull);

/* As a person reads it; NULL: none. */
extern char *gtl_field_text(const GtlJobField *field, const GtlJob *job);

/* The field becomes what `initial` says. */
extern void gtl_setting_reset(const GtlJobField *setting, GtlJob *job);

#endif							/* GTL_JOB_FIELD_H */
