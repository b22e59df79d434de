/*
 * feature_page.c
 *		The table gtlabel.feature_page; feature_page.h describes the format.
 *
 * Reading goes through the primary key's index with the server's own access methods
 * and copies floats straight out of shared buffers: no tuple is copied, nothing is
 * detoasted.  The reader holds a snapshot from open to close, of the present as all statements
 * (base/query.c), and checks for interrupts at every page.
 */
#include "tables/feature_page.h"

#include "access/genam.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/tableam.h"
#include "base/bulk_insert.h"
#include "base/memory.h"
#include "base/query.h"
#include "base/snapshot.h"
#include "base/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "tables/job.h"
#include "tables/segment.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/snapmgr.h"

#if BLCKSZ < 8192
#error "a feature page needs blocks of at least 8 kB"
#endif

/* A jump over at most this many pages goes on with the scan; a longer one searches the index anew. */
#define SKIP_PAGES 4

struct GtlFeatureWriter
{
	int64		job_id;
	int32		segment_no;
	GtlFeatureBlock block;
	int32		page_no;
	int			used;			/* bytes of the page filled so far */
	bytea	   *page;
	GtlBulkInsert *appender;
};

/* One block, as it is read. */
typedef struct BlockScan
{
	GtlFeatureBlock block;
	int			columns;
	IndexScanDesc scan;
	TupleTableSlot *slot;
	int			segment;		/* that of the page at hand */
	int32		page_no;		/* the page at hand; -1: none yet */
	const char *bytes;			/* its contents, in the pinned buffer */
	int			size;
} BlockScan;

#define MOST_BLOCKS 2

/* Columns that are made of the features that have been read. */
typedef struct Mapper
{
	const GtlNeighbours *map;
	GtlNeighbourScratch *scratch;
	GtlEnv		env;
} Mapper;

struct GtlFeatureReader
{
	int64		job_id;
	int			width;
	Relation	table;
	Relation	index;
	Snapshot	snapshot;
	GtlSegment *segments;
	int			nsegments;
	BlockScan	block[MOST_BLOCKS];
	int			nblocks;
	Mapper	   *mapper;			/* makes the last columns; NULL: they are read */
};

enum
{
	PAGE_JOB_ID, PAGE_SEGMENT_NO, PAGE_BLOCK_NO, PAGE_NO, PAGE_DATA
};

static const char *const page_columns[] = {
	[PAGE_JOB_ID] = "job_id", [PAGE_SEGMENT_NO] = "segment_no", [PAGE_BLOCK_NO] = "block_no", [PAGE_NO] = "page_no",
	[PAGE_DATA] = "data"
};
static GtlLayout page_layout = GTL_LAYOUT("feature_page", page_columns);

GtlFeatureWriter *
gtl_feature_writer_open(int64 job_id, int32 segment_no, GtlFeatureBlock block)
{
	GtlFeatureWriter *writer = palloc0(sizeof(GtlFeatureWriter));

	writer->job_id = job_id;
	writer->segment_no = segment_no;
	writer->block = block;
	writer->page = palloc(VARHDRSZ + GTL_FEATURE_PAGE_BYTES);
	writer->appender = gtl_bulk_open(&page_layout);
	return writer;
}

static void
flush_page(GtlFeatureWriter *writer)
{
	Datum		values[lengthof(page_columns)] = {Int64GetDatum(writer->job_id), Int32GetDatum(writer->segment_no),
	Int16GetDatum(writer->block), Int32GetDatum(writer->page_no), PointerGetDatum(writer->page)};

	SET_VARSIZE(writer->page, VARHDRSZ + writer->used);
	gtl_bulk_row(writer->appender, values, NULL);
	writer->page_no++;
	writer->used = 0;
}

void
gtl_feature_writer_add(GtlFeatureWriter *writer, const float *row, int columns)
{
	const char *bytes = (const char *) row;
	int			left = columns * (int) sizeof(float);

	while (left > 0)
	{
		int			fits = Min(left, GTL_FEATURE_PAGE_BYTES - writer->used);

		memcpy(VARDATA(writer->page) + writer->used, bytes, fits);
		writer->used += fits;
		bytes += fits;
		left -= fits;
		if (writer->used == GTL_FEATURE_PAGE_BYTES)
			flush_page(writer);
	}
}

void
gtl_feature_writer_close(GtlFeatureWriter *writer)
{
	if (writer->used > 0)
		flush_page(writer);
	gtl_bulk_close(writer->appender);
	pfree(writer->page);
	pfree(writer);
}

/* A report holds no lock that keeps others from dropping or purging the job. */
static void
explain_missing_page(const GtlFeatureReader *reader, int32 page_no)
{
	const GtlJob *job = gtl_job_get(reader->job_id);

	if (job == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("labeling job " INT64_FORMAT " was dropped in the meantime", reader->job_id)));
	if (job->purged)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("labeling job \"%s\" was purged in the meantime", job->name),
				 errhint("Call again: what is left of it can still be told.")));
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("feature page %d of labeling job " INT64_FORMAT " is missing",
					page_no, reader->job_id)));
}

static void
open_block(GtlFeatureReader *reader, GtlFeatureBlock block, int columns)
{
	BlockScan  *scan = &reader->block[reader->nblocks++];

	scan->block = block;
	scan->columns = columns;
	scan->page_no = -1;
	scan->scan = GTL_COMPAT_INDEX_BEGINSCAN(reader->table, reader->index, reader->snapshot, 4);
	scan->slot = table_slot_create(reader->table, NULL);
	reader->width += columns;
}

static GtlFeatureReader *
open_reader(const GtlJob *job)
{
	GtlFeatureReader *reader = palloc0(sizeof(GtlFeatureReader));

	reader->job_id = job->job_id;
	reader->table = gtl_layout_open(&page_layout, AccessShareLock);
	reader->index = index_open(GTL_COMPAT_PRIMARY_KEY(reader->table), AccessShareLock);
	/* before the snapshot, in which all of their pages are seen */
	reader->nsegments = gtl_segments_read(job->job_id, &reader->segments);
	if (reader->nsegments == 0)
		explain_missing_page(reader, 0);
	reader->snapshot = RegisterSnapshot(gtl_snapshot());
	open_block(reader, GTL_BLOCK_FEATURES, job->dimension);
	return reader;
}

GtlFeatureReader *
gtl_feature_reader_open(const GtlJob *job)
{
	GtlFeatureReader *reader = open_reader(job);

	if (gtl_job_width(job) > job->dimension)
		open_block(reader, GTL_BLOCK_NEIGHBOURS, gtl_job_width(job) - job->dimension);
	return reader;
}

GtlFeatureReader *
gtl_feature_reader_open_mapped(const GtlJob *job, const GtlNeighbours *map)
{
	GtlFeatureReader *reader = open_reader(job);
	Mapper	   *mapper = palloc0(sizeof(Mapper));

	Assert(map->dimension == job->dimension - job->proposal_inputs);
	gtl_env_init(&mapper->env, CurrentMemoryContext);
	mapper->map = map;
	mapper->scratch = gtl_neighbours_scratch(map, &mapper->env);
	reader->mapper = mapper;
	reader->width += GTL_NEIGHBOUR_COLUMNS;
	return reader;
}

int32
gtl_feature_reader_end(const GtlFeatureReader *reader)
{
	return gtl_segment_end(&reader->segments[reader->nsegments - 1]);
}

/* Position the scan so that its next tuple is the given page of the segment. */
static void
search_page(GtlFeatureReader *reader, BlockScan *scan, int segment, int32 page_no)
{
	ScanKeyData keys[4];

	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(reader->job_id));
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(reader->segments[segment].segment_no));
	ScanKeyInit(&keys[2], 3, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum(scan->block));
	ScanKeyInit(&keys[3], 4, BTGreaterEqualStrategyNumber, F_INT4GE, Int32GetDatum(page_no));
	index_rescan(scan->scan, keys, 4, NULL, 0);
	scan->segment = segment;
	scan->page_no = page_no - 1;
}

static void
get_page(GtlFeatureReader *reader, BlockScan *scan, int segment, int32 page_no)
{
	if (scan->page_no < 0 || segment != scan->segment || page_no < scan->page_no || page_no > scan->page_no + SKIP_PAGES)
		search_page(reader, scan, segment, page_no);
	while (scan->page_no < page_no)
	{
		bool		isnull;
		bytea	   *data;

		CHECK_FOR_INTERRUPTS();
		if (!index_getnext_slot(scan->scan, ForwardScanDirection, scan->slot) ||
			DatumGetInt32(slot_getattr(scan->slot, page_layout.place[PAGE_NO], &isnull)) != scan->page_no + 1)
			explain_missing_page(reader, scan->page_no + 1);
		scan->page_no++;
		if (scan->page_no < page_no)
			continue;
		data = (bytea *) DatumGetPointer(slot_getattr(scan->slot, page_layout.place[PAGE_DATA], &isnull));
		if (VARATT_IS_EXTENDED(data) && !VARATT_IS_SHORT(data))
			elog(ERROR, "feature page is toasted");
		scan->bytes = VARDATA_ANY(data);
		scan->size = VARSIZE_ANY_EXHDR(data);
	}
}

/* So many bytes of a block of a segment from an offset on. */
static void
read_bytes(GtlFeatureReader *reader, BlockScan *scan, int segment, int64 offset, int64 left, char *target)
{
	while (left > 0)
	{
		int			start = offset % GTL_FEATURE_PAGE_BYTES;
		int			fits;

		get_page(reader, scan, segment, (int32) (offset / GTL_FEATURE_PAGE_BYTES));
		fits = (int) Min(left, (int64) (scan->size - start));
		if (fits <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("feature page %d of labeling job " INT64_FORMAT " is too short",
							scan->page_no, reader->job_id)));
		memcpy(target, scan->bytes + start, fits);
		target += fits;
		offset += fits;
		left -= fits;
	}
}

/* Rows of one segment, counted from its first; rows of a single block lie together in the output. */
static void
read_segment_rows(GtlFeatureReader *reader, int segment, int64 first, int64 count, float *out)
{
	for (int b = 0; b < reader->nblocks; b++)
	{
		BlockScan  *scan = &reader->block[b];
		int64		together = scan->columns == reader->width ? count : 1;
		int64		row_bytes = scan->columns * (int64) sizeof(float);

		for (int64 i = 0; i < count; i += together)
			read_bytes(reader, scan, segment, (first + i) * row_bytes, together * row_bytes,
					   (char *) (out + i * reader->width));
		out += scan->columns;
	}
}

/* The segment that the row is in. */
static int
find_segment(const GtlFeatureReader *reader, int64 row)
{
	int			low = 0;
	int			high = reader->nsegments - 1;

	while (low < high)
	{
		int			middle = low + (high - low + 1) / 2;

		if (reader->segments[middle].first_row <= row)
			low = middle;
		else
			high = middle - 1;
	}
	return low;
}

/* A single row costs no block of them; its columns may differ in their last digits. */
static void
map_rows(const Mapper *mapper, int width, int64 count, float *out)
{
	if (count == 1)
	{
		gtl_neighbours_row(mapper->map, mapper->scratch, out, out + width - GTL_NEIGHBOUR_COLUMNS);
		return;
	}
	for (int64 i = 0; i < count; i += GTL_KMEANS_ROWS)
	{
		CHECK_FOR_INTERRUPTS();
		gtl_neighbours_complete(mapper->map, mapper->scratch, out + i * width, width, Min(GTL_KMEANS_ROWS, count - i));
	}
}

static void
read_rows(GtlFeatureReader *reader, int64 first, int64 count, float *out)
{
	while (count > 0)
	{
		int			segment = find_segment(reader, first);
		int64		fits = segment + 1 < reader->nsegments ? Min(count, reader->segments[segment + 1].first_row - first) : count;

		read_segment_rows(reader, segment, first - reader->segments[segment].first_row, fits, out);
		out += fits * reader->width;
		first += fits;
		count -= fits;
	}
}

void
gtl_feature_reader_rows(GtlFeatureReader *reader, int64 first, int64 count, float *out)
{
	read_rows(reader, first, count, out);
	if (reader->mapper != NULL)
		map_rows(reader->mapper, reader->width, count, out);
}

void
gtl_feature_reader_callback(void *reader, int64_t first, int count, float *rows)
{
	gtl_feature_reader_rows((GtlFeatureReader *) reader, first, count, rows);
}

void
gtl_feature_reader_gather(GtlFeatureReader *reader, const int32 *objects, int64 count, float *out)
{
	for (int64 i = 0; i < count; i++)
		gtl_feature_reader_rows(reader, objects[i], 1, out + i * reader->width);
}

void
gtl_feature_reader_close(GtlFeatureReader *reader)
{
	for (int b = 0; b < reader->nblocks; b++)
	{
		ExecDropSingleTupleTableSlot(reader->block[b].slot);
		index_endscan(reader->block[b].scan);
	}
	UnregisterSnapshot(reader->snapshot);
	index_close(reader->index, AccessShareLock);
	table_close(reader->table, AccessShareLock);
	if (reader->mapper != NULL)
	{
		gtl_neighbours_scratch_release(reader->mapper->scratch, &reader->mapper->env);
		pfree(reader->mapper);
	}
	pfree(reader->segments);
	pfree(reader);
}

/* A page that is being changed: written when another is at hand, so that it is once. */
typedef struct Eraser
{
	int64		job_id;
	GtlTable	table;
	GtlFeatureBlock block;
	int32		segment_no;
	int32		page_no;		/* -1: none */
	bytea	   *page;			/* a copy */
} Eraser;

static void
write_page(Eraser *eraser)
{
	static const int columns[1] = {PAGE_DATA};
	Datum		values[1] = {PointerGetDatum(eraser->page)};

	if (eraser->page_no >= 0)
	{
		gtl_table_change(&eraser->table, columns, values, NULL, 1);
		pfree(eraser->page);
	}
	eraser->page_no = -1;
}

static void
open_page(Eraser *eraser, int32 segment_no, int32 page_no)
{
	ScanKeyData keys[4];
	bool		isnull;

	if (eraser->page_no == page_no && eraser->segment_no == segment_no)
		return;
	CHECK_FOR_INTERRUPTS();
	write_page(eraser);
	ScanKeyInit(&keys[0], 1, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(eraser->job_id));
	ScanKeyInit(&keys[1], 2, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(segment_no));
	ScanKeyInit(&keys[2], 3, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum(eraser->block));
	ScanKeyInit(&keys[3], 4, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(page_no));
	if (!gtl_table_find(&eraser->table, keys, 4) || !gtl_table_lock(&eraser->table, true))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("feature page %d of labeling job " INT64_FORMAT " is missing", page_no, eraser->job_id)));
	eraser->page = DatumGetByteaPCopy(gtl_table_datum(&eraser->table, PAGE_DATA, &isnull));
	eraser->segment_no = segment_no;
	eraser->page_no = page_no;
}

/* From byte `offset` of the segment's stream on. */
static void
erase_bytes(Eraser *eraser, int32 segment_no, int64 offset, int64 left)
{
	while (left > 0)
	{
		int			start = offset % GTL_FEATURE_PAGE_BYTES;
		int			fits = (int) Min(left, GTL_FEATURE_PAGE_BYTES - start);

		open_page(eraser, segment_no, (int32) (offset / GTL_FEATURE_PAGE_BYTES));
		if (start + fits > (int) (VARSIZE(eraser->page) - VARHDRSZ))
			ereport(ERROR,
					(errcode(ERRCODE_DATA_CORRUPTED),
					 errmsg("feature page %d of labeling job " INT64_FORMAT " is too short", eraser->page_no, eraser->job_id)));
		memset(VARDATA(eraser->page) + start, 0, fits);
		offset += fits;
		left -= fits;
	}
}

static void
erase_block(const GtlJob *job, GtlFeatureBlock block, int columns, const int32 *rows, int count)
{
	Eraser		eraser = {.job_id = job->job_id,.block = block,.page_no = -1};
	GtlSegment *segments;
	int			nsegments = gtl_segments_read(job->job_id, &segments);
	int64		row_bytes = columns * (int64) sizeof(float);
	int			s = 0;

	gtl_table_open(&eraser.table, &page_layout, "feature_page_pkey", RowExclusiveLock);
	for (int i = 0; i < count; i++)
	{
		while (s + 1 < nsegments && segments[s + 1].first_row <= rows[i])
			s++;
		erase_bytes(&eraser, segments[s].segment_no, (rows[i] - segments[s].first_row) * row_bytes, row_bytes);
	}
	write_page(&eraser);
	gtl_table_close(&eraser.table);
}

void
gtl_feature_page_erase(const GtlJob *job, const int32 *rows, int count)
{
	erase_block(job, GTL_BLOCK_FEATURES, job->dimension, rows, count);
	if (gtl_job_width(job) > job->dimension)
		erase_block(job, GTL_BLOCK_NEIGHBOURS, gtl_job_width(job) - job->dimension, rows, count);
}

void
gtl_feature_page_take_next(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.feature_page WHERE job_id = $1 AND block_no = 0", 1, {INT8OID}};
	static GtlStatement update = {"UPDATE gtlabel.feature_page SET block_no = 0 WHERE job_id = $1 AND block_no = 2", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
	gtl_query_do(&update, values, NULL);
}

void
gtl_feature_page_delete_neighbours(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.feature_page WHERE job_id = $1 AND block_no = 1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
}

void
gtl_feature_page_delete(int64 job_id)
{
	static GtlStatement delete = {"DELETE FROM gtlabel.feature_page WHERE job_id = $1", 1, {INT8OID}};
	Datum		values[1] = {Int64GetDatum(job_id)};

	gtl_query_do(&delete, values, NULL);
}
