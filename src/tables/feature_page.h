/*
 * feature_page.h
 *		The table gtlabel.feature_page: a job's features, read once, kept packed.
 *
 * A block of a segment (segment.h) is a row-major float4 matrix, rows x columns: the features, and for some
 * jobs the neighbourhood columns (learning/neighbours.h).  It is a byte stream cut into pieces of
 * GTL_FEATURE_PAGE_BYTES; piece page_no starts at byte page_no * GTL_FEATURE_PAGE_BYTES, and rows may
 * straddle pieces.  A full piece makes a tuple that fills a page of 8 kB, never toasted nor
 * compressed.  Pieces are written once, and then only the rows of removed
 * objects change, to zeros; neighbourhood columns are written anew as a whole when the job has a new map.
 */
#ifndef GTL_FEATURE_PAGE_H
#define GTL_FEATURE_PAGE_H

#include "base/compat.h"
#include "learning/neighbours.h"
#include "tables/job.h"

#define GTL_FEATURE_PAGE_BYTES 8112

typedef enum GtlFeatureBlock
{
	GTL_BLOCK_FEATURES = 0,
	GTL_BLOCK_NEIGHBOURS = 1,
	GTL_BLOCK_NEXT = 2			/* features that take the place of those that are there (gtl_feature_page_take_next) */
} GtlFeatureBlock;

typedef struct GtlFeatureWriter GtlFeatureWriter;

extern GtlFeatureWriter *gtl_feature_writer_open(int64 job_id, int32 segment_no, GtlFeatureBlock block);
extern void gtl_feature_writer_add(GtlFeatureWriter *writer, const float *row, int columns);
extern void gtl_feature_writer_close(GtlFeatureWriter *writer);

typedef struct GtlFeatureReader GtlFeatureReader;

/* Rows of gtl_job_width(job) columns: all blocks that the job has, side by side. */
extern GtlFeatureReader *gtl_feature_reader_open(const GtlJob *job);

/*
 * Rows of the features with the neighbourhood columns of another map than the job's behind them, which are made as they are read.
 * The map must outlive the reader.
 */
extern GtlFeatureReader *gtl_feature_reader_open_mapped(const GtlJob *job, const GtlNeighbours *map);

/* The number behind the last object. */
extern int32 gtl_feature_reader_end(const GtlFeatureReader *reader);

/* The rows with the numbers first .. first + count - 1, in whatever segments, unscaled, into out[count x width]. */
extern void gtl_feature_reader_rows(GtlFeatureReader *reader, int64 first, int64 count, float *out);

/* The same as a callback of src/learning, whose context is the reader. */
extern void gtl_feature_reader_callback(void *reader, int64_t first, int count, float *rows);

/* The rows of the given objects, in ascending order, into out[count x width]. */
extern void gtl_feature_reader_gather(GtlFeatureReader *reader, const int32 *objects, int64 count, float *out);

extern void gtl_feature_reader_close(GtlFeatureReader *reader);

/* These rows, ascending, become zeros in all blocks that the job has. */
extern void gtl_feature_page_erase(const GtlJob *job, const int32 *rows, int count);

/* Features were written as GTL_BLOCK_NEXT: those of before go. */
extern void gtl_feature_page_take_next(int64 job_id);

/* The neighbourhood columns of all rows go. */
extern void gtl_feature_page_delete_neighbours(int64 job_id);

extern void gtl_feature_page_delete(int64 job_id);

#endif							/* GTL_FEATURE_PAGE_H */
