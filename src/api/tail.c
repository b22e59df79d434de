/*
 * tail.c
 *		Where the margins of any number of rows lie, and which are the least certain: the aggregates gt_tail and
 *		gt_merge.
 *
 * How many rows are above each of 1,024 margins (learning/margin_cells.h) is enough to set a threshold by, and a few
 * keys are enough for the next batch: no row has to travel.
 */
#include "base/compat.h"

#include "api/aggregate.h"
#include "api/arguments.h"
#include "api/score.h"
#include "base/memory.h"
#include "base/query.h"
#include "learning/lowest.h"
#include "learning/margin_cells.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include <math.h>

#define MAX_ROWS 10000000

typedef struct Tail
{
	GtlEnv		env;
	int32		n;
	int64		cell[GTL_MARGIN_CELLS]; /* rows in it */
	GtlLowest  *rows;			/* by margin; the value is the class */
} Tail;

/* Columns of the type gt_tail. */
enum
{
	TAIL_COUNT,
	TAIL_N,
	TAIL_ABOVE,
	TAIL_KEYS,
	TAIL_MARGINS,
	TAIL_CLASSES,
	TAIL_COLUMNS
};

static Tail *
create(const GtlEnv *env, int32 n)
{
	Tail	   *tail = gtl_env_alloc(env, sizeof(Tail));

	tail->env = *env;
	tail->n = n;
	tail->rows = gtl_lowest_create(n, env);
	return tail;
}

static Tail *
state_of(FunctionCallInfo fcinfo, int32 n)
{
	Tail	   *tail;
	GtlEnv		env;

	if (PG_ARGISNULL(0))
	{
		gtl_aggregate_env(fcinfo, &env);
		return create(&env, n);
	}
	tail = (Tail *) PG_GETARG_POINTER(0);
	gtl_aggregate_same(tail->n, n, "n");
	return tail;
}

static void
check_margin(double margin)
{
	if (!(margin >= 0 && margin <= 1))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("margin of a score is not a number from 0 to 1")));
}

/* gt_tail(score, key, n): rows without a score do not count. */
PG_FUNCTION_INFO_V1(gtl_sql_tail_add);
Datum
gtl_sql_tail_add(PG_FUNCTION_ARGS)
{
	Tail	   *tail = state_of(fcinfo, gtl_argument_int32(fcinfo, 3, "n", 0, MAX_ROWS));
	GtlLowestRow row = {.value_size = SIZE_MAX};
	GtlScore	score;

	if (PG_ARGISNULL(1))
		PG_RETURN_POINTER(tail);
	gtl_score_read(PG_GETARG_DATUM(1), &score);
	check_margin(score.margin);
	tail->cell[gtl_margin_cell(score.margin)]++;
	if (gtl_lowest_wants(tail->rows, score.margin))
	{
		row.score = score.margin;
		row.key = gtl_row_key(fcinfo, 2, &row.key_size);
		if (score.class_name != NULL)
		{
			row.value = text_to_cstring(score.class_name);
			row.value_size = strlen(row.value);
		}
		gtl_lowest_offer(tail->rows, &row);
	}
	PG_RETURN_POINTER(tail);
}

PG_FUNCTION_INFO_V1(gtl_sql_tail_combine);
Datum
gtl_sql_tail_combine(PG_FUNCTION_ARGS)
{
	Tail	   *tail;
	Tail	   *other;
	GtlLowestRow *rows;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_POINTER(PG_GETARG_POINTER(0));
	}
	other = (Tail *) PG_GETARG_POINTER(1);
	tail = state_of(fcinfo, other->n);
	for (int c = 0; c < GTL_MARGIN_CELLS; c++)
		tail->cell[c] += other->cell[c];
	rows = gtl_lowest_list(other->rows, &tail->env);
	for (int64 i = 0; i < gtl_lowest_count(other->rows); i++)
	{
		CHECK_FOR_INTERRUPTS();
		gtl_lowest_offer(tail->rows, &rows[i]);
	}
	gtl_env_release(&tail->env, rows);
	PG_RETURN_POINTER(tail);
}

PG_FUNCTION_INFO_V1(gtl_sql_tail_final);
Datum
gtl_sql_tail_final(PG_FUNCTION_ARGS)
{
	Tail	   *tail;
	int64		above[GTL_MARGIN_CELLS];
	int64		sum = 0;
	Datum		values[TAIL_COLUMNS];
	bool		nulls[TAIL_COLUMNS] = {false};

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	tail = (Tail *) PG_GETARG_POINTER(0);
	for (int c = GTL_MARGIN_CELLS - 1; c >= 0; c--)
		above[c] = sum += tail->cell[c];
	values[TAIL_COUNT] = Int64GetDatum(sum);
	values[TAIL_N] = Int32GetDatum(tail->n);
	values[TAIL_ABOVE] = gtl_array_int64(above, GTL_MARGIN_CELLS);
	gtl_lowest_to_arrays(tail->rows, values + TAIL_KEYS);
	return gtl_aggregate_row(fcinfo, values, nulls);
}

PG_FUNCTION_INFO_V1(gtl_sql_tail_serial);
Datum
gtl_sql_tail_serial(PG_FUNCTION_ARGS)
{
	Tail	   *tail = (Tail *) PG_GETARG_POINTER(0);
	StringInfoData out;

	pq_begintypsend(&out);
	pq_sendint32(&out, (uint32) tail->n);
	for (int c = 0; c < GTL_MARGIN_CELLS; c++)
		pq_sendint64(&out, tail->cell[c]);
	gtl_lowest_send(&out, tail->rows);
	PG_RETURN_BYTEA_P(pq_endtypsend(&out));
}

PG_FUNCTION_INFO_V1(gtl_sql_tail_deserial);
Datum
gtl_sql_tail_deserial(PG_FUNCTION_ARGS)
{
	GtlEnv		env;
	StringInfoData in;
	Tail	   *tail;

	gtl_env_init(&env, CurrentMemoryContext);
	gtl_state_open(PG_GETARG_BYTEA_PP(0), &in);
	tail = create(&env, (int32) pq_getmsgint(&in, 4));
	for (int c = 0; c < GTL_MARGIN_CELLS; c++)
		tail->cell[c] = pq_getmsgint64(&in);
	gtl_lowest_receive(&in, tail->rows);
	PG_RETURN_POINTER(tail);
}

/* ---- gt_merge(gt_tail) ---- */

/* The numbers of a tail that anybody can have made: falling counts, the first of which is `count`. */
static const int64 *
check_numbers(const Datum *values, const bool *nulls)
{
	ArrayType  *above = gtl_row_array(values[TAIL_ABOVE], nulls[TAIL_ABOVE], false, "gt_tail", "above");
	const int64 *counts = (const int64 *) ARR_DATA_PTR(above);
	bool		sound = ArrayGetNItems(ARR_NDIM(above), ARR_DIMS(above)) == GTL_MARGIN_CELLS &&
		!nulls[TAIL_COUNT] && !nulls[TAIL_N] && DatumGetInt32(values[TAIL_N]) >= 0 && DatumGetInt32(values[TAIL_N]) <= MAX_ROWS &&
		DatumGetInt64(values[TAIL_COUNT]) == counts[0] && counts[GTL_MARGIN_CELLS - 1] >= 0;

	for (int c = 1; sound && c < GTL_MARGIN_CELLS; c++)
		sound = counts[c] <= counts[c - 1];
	if (!sound)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("count, n or above of a gt_tail is out of range")));
	return counts;
}

PG_FUNCTION_INFO_V1(gtl_sql_tail_merge);
Datum
gtl_sql_tail_merge(PG_FUNCTION_ARGS)
{
	static const char *const names[] = {"keys", "margins", "classes"};
	Datum	   *values;
	bool	   *nulls;
	Tail	   *tail;
	GtlLowestRow *rows;
	const int64 *above;
	int64		count;

	if (PG_ARGISNULL(1))
	{
		if (PG_ARGISNULL(0))
			PG_RETURN_NULL();
		PG_RETURN_POINTER(PG_GETARG_POINTER(0));
	}
	gtl_row_columns(PG_GETARG_DATUM(1), TAIL_COLUMNS, &values, &nulls);
	above = check_numbers(values, nulls);
	tail = state_of(fcinfo, DatumGetInt32(values[TAIL_N]));
	for (int c = 0; c < GTL_MARGIN_CELLS; c++)
		tail->cell[c] += above[c] - (c + 1 < GTL_MARGIN_CELLS ? above[c + 1] : 0);
	rows = gtl_lowest_from_arrays(values + TAIL_KEYS, nulls + TAIL_KEYS, "gt_tail", names, &count);
	for (int64 i = 0; i < count; i++)
	{
		CHECK_FOR_INTERRUPTS();
		check_margin(rows[i].score);
		gtl_lowest_offer(tail->rows, &rows[i]);
	}
	PG_RETURN_POINTER(tail);
}

PG_FUNCTION_INFO_V1(gtl_sql_tail_margins);
Datum
gtl_sql_tail_margins(PG_FUNCTION_ARGS)
{
	double		margins[GTL_MARGIN_CELLS];

	for (int c = 0; c < GTL_MARGIN_CELLS; c++)
		margins[c] = gtl_margin_cell_least(c);
	PG_RETURN_DATUM(gtl_array_float8(margins, GTL_MARGIN_CELLS));
}
