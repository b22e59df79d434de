/*
 * correction.h
 *		The table gtlabel.correction: labels that the owner of a job has decided.
 *
 * Such a decision is the object's label whatever people answer, as a known answer is.  It keeps beside it what the
 * object had from the machine, or why it had failed, so that a decision that is taken back leaves the object as it was:
 * until a round, an audit or a withdrawal decides machine labels anew, which forgets that.  Who has decided about a
 * machine label has seen it; the row stays when the decision is taken back, and keeps it from being asked of that one in
 * an audit, where people answer blind.
 *
 * Written with the job's row locked.
 */
#ifndef GTL_CORRECTION_H
#define GTL_CORRECTION_H

#include "base/compat.h"
#include "tables/job.h"

/* What a key names, before anything is decided. */
typedef struct GtlCorrectable
{
	int32		object_no;		/* -1: no object of the job */
	bool		repeated;		/* given more than once */
	bool		open;			/* in the open batch */
	bool		labeled;
	bool		human;
	bool		failed;
	int32		class_no;		/* decided; -1: nothing is */
} GtlCorrectable;

extern void gtl_correction_find(const GtlJob *job, char *const *keys, int count, GtlCorrectable *found);

/* These are decided; an object that was not before keeps what it has now. */
extern void gtl_correction_write(const GtlJob *job, const int32 *objects, const int32 *classes, int count,
								 const char *reviewer);

/* They are not any more. */
extern void gtl_correction_take_back(const GtlJob *job, const int32 *objects, int count);

/* All that are decided, by object number; returns how many. */
extern int	gtl_correction_read(int64 job_id, int32 **objects, int32 **classes);

/* Of ascending objects, the classes that are decided; -1: not. */
extern int32 *gtl_correction_classes(int64 job_id, const int32 *objects, int count);

/* The machine's labels are decided anew: of those that are replaced here, only what an audit has passed still counts. */
extern void gtl_correction_forget(int64 job_id, bool passed_too);

/* Failed objects are asked again: none of those that are decided goes back to having failed. */
extern void gtl_correction_forget_failures(int64 job_id);

/* Machine labels of a smaller margin are withdrawn: none of them comes back with a decision that is taken back. */
extern void gtl_correction_forget_below(int64 job_id, double margin);

/* An audit has counted people's word on these. */
extern void gtl_correction_forget_objects(int64 job_id, const int32 *objects, int count);

/*
 * While the open batch is an audit: objects that this one has decided about and that are not decided now, ascending;
 * returns how many.
 */
extern int	gtl_correction_reviewed(const GtlJob *job, const char *reviewer, int32 **objects);

extern void gtl_correction_delete(int64 job_id);

/* These objects are removed from the job. */
extern void gtl_correction_remove(int64 job_id, const int32 *objects, int count);

/* Categories have other numbers: map[classes] says which. */
extern void gtl_correction_renumber(int64 job_id, const int32 *map, int classes);

#endif							/* GTL_CORRECTION_H */
