/*
 * simulate_state.h
 *		A simulated job in mid-run; for simulate.c and simulate_in_place.c alone.
 */
#ifndef GTL_SIMULATE_STATE_H
#define GTL_SIMULATE_STATE_H

#include "learning/simulate.h"
#include "learning/uniform_audit.h"

typedef struct GtlSimulated
{
	const GtlLabeledSet *data;
	GtlFeatureStats stats;		/* of the objects */
	const GtlSimulationSettings *settings;
	GtlEngineSettings engine;
	const GtlEnv *env;
	GtlSimulationReport report;
	void	   *report_context;

	int32_t    *answer;			/* [objects] people's label, -1: none */
	int32_t    *validation_no;	/* [objects] place in the shuffle, -1: pool */
	bool	   *active;			/* [objects] counts in the certificate */
	int32_t    *validation;		/* [validation_count] in the order of the shuffle */
	int64_t		validation_count;
	bool		start_chosen;	/* it was not drawn at random */
	int32_t    *machine_label;	/* [objects] of the newest round, -1: none */
	bool	   *settled;		/* [objects] its machine label has passed an audit */
	int64_t		human;
	bool		round_pending;

	/* the last round */
	int			round_no;
	int32_t    *pool;			/* that it scored */
	GtlEngineRound last;
	int64_t		selected_at;
	bool		chosen_initial;
	GtlAudit   *audit;			/* of its labels; NULL: none, or over */
	int			audits;			/* that are over */
	GtlAudit   *former[GTL_FORMER_AUDITS];	/* [formers] the last of these, unless the promise is for each class */
	int			formers;
	bool	   *drawn_once;		/* [objects] such an audit has drawn it */
	GtlAuditHistory history;	/* in place: of those that are over */
	double		settled_bound;
	int64_t		machine;
	double		machine_bound;
	double		machine_error;
	double		accuracy;		/* of the last round's model on the validation set; NaN: none */
	int			classes_labeled;
	int			classes_missed;

	/* in place */
	bool		in_place;
	GtlPlacedRows placed;
	bool		passed;			/* an audit has, and with it the job ends */
	bool		uniform_open;	/* there is an audit, of labels drawn with equal probabilities */
	bool		calls_round;	/* it has asked people, or drawn rows that were no objects */
	GtlUniformAudit uniform;
	int32_t    *drawn_objects;	/* [drawn_count] in the order of the draws */
	int64_t		drawn_count;
	GtlDrawn   *drawn;			/* [drawn_count], of which uniform.count are known */
} GtlSimulated;

static inline int64_t
gtl_simulated_objects(const GtlSimulated *s)
{
	return s->in_place ? s->placed.objects : s->data->rows;
}

/* Of the data. */
static inline int32_t
gtl_simulated_row(const GtlSimulated *s, int64_t object)
{
	return s->in_place ? s->placed.row[object] : (int32_t) object;
}

/* People answer. */
extern void gtl_simulated_ask(GtlSimulated *s, const int32_t *objects, int64_t count);
extern int64_t gtl_simulated_people_left(const GtlSimulated *s);

/* The objects' machine labels that stand, against the truth. */
extern void gtl_simulated_count(GtlSimulated *s);

/* ---- In place ---- */

extern void gtl_simulated_place(GtlSimulated *s);
extern void gtl_simulated_unplace(GtlSimulated *s);

/* What gt_write_labels would do after this round; false: interrupted. */
extern bool gtl_simulated_score_rows(GtlSimulated *s);

/* It, against the truth, instead of what gtl_simulated_count has counted; returns how many labels. */
extern int64_t gtl_simulated_count_rows(GtlSimulated *s);

/* An audit of them: people do what it asks for next, or it ends. */
extern void gtl_simulated_begin_audit(GtlSimulated *s, const GtlAuditSetup *setup);
extern void gtl_simulated_audit(GtlSimulated *s);

#endif							/* GTL_SIMULATE_STATE_H */
