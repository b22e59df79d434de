/*
 * row_store.c
 *		Rows of floats: in memory up to a limit, beyond it in a temporary file.
 *
 * The file is read through a window of rows that goes forward with the reader, so rows in
 * ascending order cost a read of the file for each WINDOW_BYTES, from the system's cache
 * as a rule.  The server closes and removes a temporary file at the end of the process;
 * at the end of the memory context we do.
 */
#include "base/row_store.h"

#include "base/memory.h"
#include "commands/tablespace.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#define FIRST_ROWS 1024
#define WINDOW_BYTES (256 * 1024)

struct GtlRowStore
{
	GtlRowReader reader;		/* of which the store is the context */
	int			dimension;
	Size		row_bytes;
	int64		rows;
	Size		limit;

	float	   *features;		/* [capacity x dimension]; NULL: they are in the file */
	int64		capacity;

	bool		has_file;
	File		file;
	float	   *window;			/* [window_rows x dimension] */
	int			window_rows;
	int64		window_first;
	int			window_count;	/* rows in it */
};

static void
close_file(void *argument)
{
	GtlRowStore *store = argument;

	if (store->has_file)
		FileClose(store->file);
	store->has_file = false;
}

/* False: the computation is to stop, and gtl_computing_raise says why. */
static bool
load_window(GtlRowStore *store, int64 first)
{
	int64		left = store->rows - first;
	int			count = (int) Min(left, store->window_rows);
	char	   *target = (char *) store->window;
	Size		bytes = count * store->row_bytes;
	off_t		offset = (off_t) first * store->row_bytes;

	while (bytes > 0)
	{
		int			got = FileRead(store->file, target, bytes, offset, WAIT_EVENT_BUFFILE_READ);

		if (got <= 0)
		{
			gtl_interrupt_because_of_file(got < 0 ? errno : EIO);
			return false;
		}
		target += got;
		bytes -= got;
		offset += got;
	}
	store->window_first = first;
	store->window_count = count;
	return true;
}

static bool
read_rows(void *context, const int32_t *rows, int64_t first, int count, float *out)
{
	GtlRowStore *store = context;

	for (int i = 0; i < count; i++)
	{
		int64		row = rows == NULL ? first + i : rows[i];
		const float *source;

		if (store->features != NULL)
			source = store->features + row * store->dimension;
		else
		{
			if ((row < store->window_first || row >= store->window_first + store->window_count) &&
				!load_window(store, row))
				return false;
			source = store->window + (row - store->window_first) * store->dimension;
		}
		memcpy(out + (Size) i * store->dimension, source, store->row_bytes);
	}
	return true;
}

static GtlRowStore *
create_store(int dimension)
{
	GtlRowStore *store = palloc0(sizeof(GtlRowStore));
	MemoryContextCallback *callback = palloc(sizeof(MemoryContextCallback));

	store->reader.read = read_rows;
	store->reader.context = store;
	store->dimension = dimension;
	store->row_bytes = sizeof(float) * dimension;
	store->window_rows = Max(1, WINDOW_BYTES / store->row_bytes);
	callback->func = close_file;
	callback->arg = store;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
	return store;
}

GtlRowStore *
gtl_row_store_create(int dimension, Size limit)
{
	GtlRowStore *store = create_store(dimension);

	store->limit = limit;
	store->capacity = Min(FIRST_ROWS, Max(1, limit / store->row_bytes));
	store->features = palloc_extended(store->capacity * store->row_bytes, MCXT_ALLOC_HUGE);
	return store;
}

static void
make_window(GtlRowStore *store)
{
	store->window = MemoryContextAlloc(GetMemoryChunkContext(store), store->window_rows * store->row_bytes);
}

static void
write_file(GtlRowStore *store, const float *features, int64 first, int64 count)
{
	const char *source = (const char *) features;
	Size		bytes = count * store->row_bytes;
	off_t		offset = (off_t) first * store->row_bytes;

	while (bytes > 0)
	{
		int			amount = (int) Min(bytes, WINDOW_BYTES);
		int			put;

		CHECK_FOR_INTERRUPTS();
		errno = 0;
		put = FileWrite(store->file, (char *) source, amount, offset, WAIT_EVENT_BUFFILE_WRITE);
		if (put != amount)
		{
			if (put >= 0 && errno == 0)
				errno = ENOSPC;
			ereport(ERROR,
					(errcode_for_file_access(),
					 errmsg("could not write to temporary file \"%s\": %m", FilePathName(store->file))));
		}
		source += amount;
		bytes -= amount;
		offset += amount;
	}
}

/* A file with the rows so far. */
static void
make_file(GtlRowStore *store)
{
	PrepareTempTablespaces();
	store->file = OpenTemporaryFile(true);
	store->has_file = true;
	write_file(store, store->features, 0, store->rows);
}

/* What has been added since the window was last written. */
static void
flush_window(GtlRowStore *store)
{
	write_file(store, store->window, store->window_first, store->window_count);
	store->window_first += store->window_count;
	store->window_count = 0;
}

static void
grow(GtlRowStore *store)
{
	int64		most = store->limit / store->row_bytes;

	if (store->capacity >= most)
	{
		make_file(store);
		make_window(store);
		store->window_first = store->rows;
		pfree(store->features);
		store->features = NULL;
		return;
	}
	store->capacity = Min(store->capacity * 2, most);
	store->features = repalloc_huge(store->features, store->capacity * store->row_bytes);
}

void
gtl_row_store_add(GtlRowStore *store, const float *row)
{
	if (store->features != NULL && store->rows == store->capacity)
		grow(store);
	if (store->features != NULL)
		memcpy(store->features + store->rows * store->dimension, row, store->row_bytes);
	else
	{
		memcpy(store->window + (Size) store->window_count * store->dimension, row, store->row_bytes);
		if (++store->window_count == store->window_rows)
			flush_window(store);
	}
	store->rows++;
}

void
gtl_row_store_finish(GtlRowStore *store, GtlLabeledSet *set)
{
	if (store->features == NULL)
		flush_window(store);
	set->features = store->features;
	set->reader = &store->reader;
}

const char *
gtl_row_store_share(GtlRowStore *store)
{
	if (!store->has_file)
	{
		if (temp_file_limit >= 0 && store->rows * store->row_bytes > (Size) temp_file_limit * 1024 / 2)
			return NULL;
		make_file(store);
	}
	return FilePathName(store->file);
}

int64
gtl_row_store_count(const GtlRowStore *store)
{
	return store->rows;
}

Size
gtl_row_store_memory(const GtlRowStore *store)
{
	return store->features == NULL ? 0 : mul_size(store->rows, store->row_bytes);
}

GtlRowStore *
gtl_row_store_of(const GtlRowReader *reader)
{
	return reader->read == read_rows ? reader->context : NULL;
}

const GtlRowReader *
gtl_row_store_open(const char *path, int dimension, int64 rows)
{
	GtlRowStore *store = create_store(dimension);

	store->rows = rows;
	store->file = PathNameOpenFile(path, O_RDONLY | PG_BINARY);
	if (store->file < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open temporary file \"%s\": %m", path)));
	store->has_file = true;
	make_window(store);
	return &store->reader;
}
