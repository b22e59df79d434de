/*
 * shared_bytes.c
 *		Rows of bytes that jobs and models share.
 */
#include "tables/shared_bytes.h"

struct varlena *
gtl_shared_bytes_read(GtlSharedBytes *table, int64 id)
{
	Datum		values[1] = {Int64GetDatum(id)};
	GtlResult	r;
	struct varlena *data;

	if (gtl_query_run(&r, &table->read, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("%s " INT64_FORMAT " is missing", table->what, id)));
	data = gtl_result_varlena(&r, 0, 1);
	gtl_query_end(&r);
	return data;
}

void
gtl_shared_bytes_unreadable(const GtlSharedBytes *table, int64 id, const char *reason)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("%s " INT64_FORMAT " cannot be read: %s", table->what, id, reason),
			 errhint("A %s of a newer gtlabel needs that version; a damaged one comes back with a backup.", table->what)));
}

void
gtl_shared_bytes_hold(GtlSharedBytes *table, int64 id)
{
	Datum		values[1] = {Int64GetDatum(id)};

	gtl_query_do(&table->hold, values, NULL);
}

void
gtl_shared_bytes_drop_unused(GtlSharedBytes *table, int64 id)
{
	Datum		values[1] = {Int64GetDatum(id)};

	if (id == 0)
		return;
	gtl_query_do(&table->lock, values, NULL);
	gtl_query_do(&table->drop, values, NULL);
}
