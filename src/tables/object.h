/*
 * object.h
 *		The tables gtlabel.object, gtlabel.gold and gtlabel.given: which rows of the dataset a job labels,
 *		which of them form its validation set, to which the answer is known, and which came with a label.
 */
#ifndef GTL_OBJECT_H
#define GTL_OBJECT_H

#include "base/compat.h"
#include "tables/job.h"

/* Keys longer than this do not fit the index. */
#define GTL_OBJECT_KEY_BYTES 2000

/*
 * Writes the objects of a segment, in the order of their numbers, of which the first is first_no.  validation_no is
 * the object's place in the validation shuffle, or -1 for a pool object;
 * gold_class_no is its known answer, or -1.
 */
typedef struct GtlObjectWriter GtlObjectWriter;

extern GtlObjectWriter *gtl_object_writer_open(int64 job_id, int32 first_no);
extern void gtl_object_writer_add(GtlObjectWriter *writer, Datum key, int32 validation_no, int32 gold_class_no);

/* A row that came with a label; they follow the objects. */
extern void gtl_object_writer_given(GtlObjectWriter *writer, Datum key, int32 class_no);
extern void gtl_object_writer_close(GtlObjectWriter *writer);

/* The rows that came with a label, by number; palloc'd.  Returns how many. */
extern int	gtl_given_read(int64 job_id, int32 **rows, int32 **classes);

/* The keys of these objects, palloc'd. */
extern void gtl_object_keys(int64 job_id, const int32 *objects, int count, char **keys);

/* Known answers of the given objects, -1 where there is none; palloc'd. */
extern int32 *gtl_object_gold(int64 job_id, const int32 *objects, int count);

/*
 * Known answers that come later.  Returns those that the objects had before, which stay; -1: none, palloc'd.
 */
extern int32 *gtl_object_add_gold(int64 job_id, const int32 *objects, const int32 *classes, int count);

/* Has the job a known answer? */
extern bool gtl_object_any_gold(int64 job_id);

/*
 * The next `wanted` validation objects in shuffle order that have neither a label
 * nor a failure; returns how many.  objects[] is palloc'd.
 */
extern int	gtl_object_next_validation(int64 job_id, int wanted, int32 **objects);

/* They join the validation set, with these places in their order; all count in certificates. */
extern void gtl_object_add_validation(int64 job_id, const int32 *objects, int count, int32 first_place);

/* They are no longer of the validation set. */
extern void gtl_object_leave_validation(int64 job_id, const int32 *objects, int count);

/* The first place behind those of the validation set. */
extern int32 gtl_object_next_place(int64 job_id);

/* Numbers of all objects, ascending; palloc'd. */
extern int	gtl_object_numbers(const GtlJob *job, int32 **objects);

/* Numbers of all objects that have neither a label nor a failure, ascending. */
extern int	gtl_object_unlabeled(const GtlJob *job, int32 **objects);

/*
 * The validation set in the order of the objects' numbers: their places in its shuffle, and whether they count
 * in the certificate.
 */
extern int	gtl_object_validation(int64 job_id, int32 **objects, int32 **validation_no, int32 **active);

/* The queries would have sent these validation objects to people: they leave the certificate. */
extern void gtl_object_deactivate(int64 job_id, const int32 *objects, int count);

extern void gtl_object_delete(int64 job_id);

/* Objects with these keys, and rows that came with a label, by number, as far as the job knows them; return how many. */
extern int	gtl_object_find(int64 job_id, char *const *keys, int count, int32 **objects);

/* The object of each key, in the order of the keys; -1: the job has none.  palloc'd. */
extern int32 *gtl_object_of_keys(int64 job_id, char *const *keys, int count);
extern int	gtl_given_find(int64 job_id, char *const *keys, int count, int32 **rows);

/* They are removed from the job, whose counts in *job follow. */
extern void gtl_object_remove(GtlJob *job, const int32 *objects, int count);
extern void gtl_given_remove(GtlJob *job, const int32 *rows, int count);

/* The rows of both kinds with numbers from first to below end, ascending; returns how many. */
extern int	gtl_object_rows(int64 job_id, int32 first, int32 end, int32 **rows);

/* Categories have other numbers: map[classes] says which. */
extern void gtl_object_renumber(int64 job_id, const int32 *map, int classes);

#endif							/* GTL_OBJECT_H */
