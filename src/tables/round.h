/*
 * round.h
 *		The table gtlabel.round: what each active-learning step did and why.
 */
#ifndef GTL_ROUND_H
#define GTL_ROUND_H

#include "base/compat.h"
#include "datatype/timestamp.h"
#include "learning/engine.h"

typedef struct GtlRound
{
	int64		job_id;
	int32		round_no;
	int32		batch_no;		/* the batch after which it ran */
	int64		model_id;		/* 0: no model could be trained */
	TimestampTz started_at;

	int32		training_count;
	int32		validation_count;
	int32		validation_active;
	int			candidate;		/* number of the chosen one (engine.h); -1: kept from the
								 * round before */
	int			ncandidates;	/* 0: none were compared this round */
	double		candidate_log_loss[GTL_CANDIDATE_COUNT + 1];	/* by number */

	GtlPromise	promise;
	GtlCertificate certificate;
	int32		best_admits;	/* pool objects at or above certificate.best_threshold */

	int32		scored;
	int32		auto_labeled;	/* machine labels that stand after it */
	int32		added;
	int32		changed;
	int32		withdrawn;
	int32		selected;		/* objects of the batch it issued */
	char	   *reason;			/* in words */
	GtlAlternative alternative[GTL_ALTERNATIVES];	/* weaker promises, and what they would have admitted */
	int			nalternatives;
	double		label_margin;	/* the smallest that gets a label; NaN or infinity: none */
	int32		provisional;	/* AUDITED: labels that wait for an audit of a later lot; only while the round runs */
	bool		audit_due;		/* its labels are to be audited; only while the round runs */
	double		audit_expected; /* AUDITED: human labels that an audit now takes; likewise */
	double		label_noise;	/* of the validation set, estimated; -1: unknown */
	int32		segment_count;	/* segments of the job, when the pool was scored */
	int64		neighbours_id;	/* the job's map of neighbours; 0: none */
	int32		withheld_from;	/* objects with this number and greater ones were kept from the machine; 0: none */

	double		load_seconds;
	double		train_seconds;
	double		score_seconds;
} GtlRound;

extern void gtl_round_insert(const GtlRound *round);

/* What the next round needs to know of the last one. */
typedef struct GtlLastRound
{
	int32		round_no;		/* -1: there was none */
	int32		batch_no;
	int64		model_id;
	int32		candidate;		/* that the last comparison chose; -1: none */
	int32		segment_count;	/* segments whose rows it has seen */
	int64		neighbours_id;	/* the job's map of neighbours then; 0: none */
	int32		selected_at;	/* labeled objects when candidates were last compared; 0: never */
} GtlLastRound;

extern void gtl_round_last(int64 job_id, GtlLastRound *last);

/* The newest round, without timings and candidates; false if there is none. */
extern bool gtl_round_read_last(int64 job_id, GtlRound *round);

/* The same of the rounds before round_no. */
extern bool gtl_round_read_before(int64 job_id, int32 round_no, GtlRound *round);

extern void gtl_round_delete(int64 job_id);

/* Their categories are not those of the job any more: nothing goes on from them, or is told by them. */
extern void gtl_round_forget_models(int64 job_id);

#endif							/* GTL_ROUND_H */
