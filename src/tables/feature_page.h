/*
 * feature_page.h
 *		The table gtlabel.feature_page: a job's features, read once, kept packed.
 *
 * The row-major float4 matrix of a segment (segment.h), rows x dimension, is a byte stream cut
 * into pieces of GTL_FEATURE_PAGE_BYTES; piece page_no starts at byte page_no *
 * GTL_FEATURE_PAGE_BYTES, and rows may straddle pieces.  A full piece makes a
 * tuple that fills a page of 8 kB, never toasted nor compressed.  Pieces are
 * written once; then only the rows of removed objects change, to zeros.
 */
#ifndef GTL_FEATURE_PAGE_H
#define GTL_FEATURE_PAGE_H

#include "base/compat.h"

#define GTL_FEATURE_PAGE_BYTES 8112

typedef struct GtlFeatureWriter GtlFeatureWriter;

extern GtlFeatureWriter *gtl_feature_writer_open(int64 job_id, int32 segment_no);
extern void gtl_feature_writer_add(GtlFeatureWriter *writer, const float *row, int dimension);
extern void gtl_feature_writer_close(GtlFeatureWriter *writer);

typedef struct GtlFeatureReader GtlFeatureReader;

extern GtlFeatureReader *gtl_feature_reader_open(int64 job_id, int dimension);

/* The number behind the last object. */
extern int32 gtl_feature_reader_end(const GtlFeatureReader *reader);

/* The rows with the numbers first .. first + count - 1, in whatever segments, unscaled, into out[count x dimension]. */
extern void gtl_feature_reader_rows(GtlFeatureReader *reader, int64 first, int64 count, float *out);

/* The rows of the given objects, in ascending order, into out[count x dimension]. */
extern void gtl_feature_reader_gather(GtlFeatureReader *reader, const int32 *objects, int64 count, float *out);

extern void gtl_feature_reader_close(GtlFeatureReader *reader);

extern void gtl_feature_page_delete(int64 job_id);

#endif							/* GTL_FEATURE_PAGE_H */
