/*
 * segment.h
 *		The table gtlabel.segment: what entered a job together.
 *
 * Rows of the dataset have numbers.  They run over all segments of a job: the objects of a segment in the order of
 * their keys, then the rows that came with a label, then the next segment.  A number is never used again; where an
 * object was removed there is a hole.
 */
#ifndef GTL_SEGMENT_H
#define GTL_SEGMENT_H

#include "base/compat.h"
#include "learning/standardize.h"

typedef struct GtlSegment
{
	int32		segment_no;		/* from 0, that of the creation */
	int32		lot_no;			/* segments whose machine labels are audited together, from 0 */
	int32		first_row;		/* number of its first object */
	int32		taken_count;	/* objects that came in */
	int32		given_count;	/* rows that came with a label; they follow the objects */
	int32		object_count;	/* objects that are still there */
	int32		validation_count;	/* of those, in the validation set */
	double		validation_share;	/* of its rows when it joined; gtl_segments_read leaves it 0 */
	char	   *last_key;		/* the greatest of its keys, for gtl_segment_insert; NULL: unknown */
} GtlSegment;

/* stats: NULL without features. */
extern void gtl_segment_insert(int64 job_id, const GtlSegment *segment, const GtlFeatureStats *stats);

/* All segments of the job in their order; palloc'd.  Returns how many. */
extern int	gtl_segments_read(int64 job_id, GtlSegment **segments);

/* Rows with features in the segments from this one, and of the job in *rows. */
extern int64 gtl_segments_rows_since(int64 job_id, int32 segment_no, int64 *rows);

/* The newest segment. */
extern GtlSegment gtl_segment_last(int64 job_id);

/* Objects of a lot that are there, in the first so many segments. */
extern int32 gtl_segment_lot_objects(int64 job_id, int32 lot_no, int32 segment_count);

/* The greatest keys of the segments, as far as they are known; palloc'd.  Returns how many; *all: of each segment. */
extern int	gtl_segments_last_keys(int64 job_id, char ***keys, bool *all);

/* These keys are removed from the job. */
extern void gtl_segments_forget_keys(int64 job_id, char *const *keys, int count);

/* An audit of the lot has passed: segments that have joined since it began are another lot. */
extern void gtl_segment_next_lot(int64 job_id, int32 lot_no, int32 segment_count);

/* Objects have joined the validation set, so that each segment has this share: how many of them the segments have. */
extern void gtl_segments_count_validation(int64 job_id, double share);

/* The share of the validation set that holds: the smallest, also of segments whose objects are gone. */
extern double gtl_segments_validation_share(int64 job_id);

/* The smallest of a segment that has objects, and the largest; 1: no object is left. */
extern void gtl_segments_validation_shares(int64 job_id, double *least, double *most);

/* All segments have this one. */
extern void gtl_segments_set_share(int64 job_id, double share);

/* So many objects of these segments are in the validation set. */
extern void gtl_segments_set_validation(int64 job_id, const int32 *segment_nos, const int32 *counts, int count);

/* The number behind a segment's last object; of the newest: all objects of the job have smaller ones. */
extern int32 gtl_segment_end(const GtlSegment *segment);

/* Statistics of the features of all rows, from alloc_env. */
extern void gtl_segment_stats(int64 job_id, int dimension, const GtlEnv *env, GtlFeatureStats *stats);

extern void gtl_segment_delete(int64 job_id);

/* Rows of it have been removed: the counts of its objects, and its statistics (NULL without features). */
extern void gtl_segment_count_again(int64 job_id, const GtlSegment *segment, const GtlFeatureStats *stats);

#endif							/* GTL_SEGMENT_H */
