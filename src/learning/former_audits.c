/*
 * former_audits.c
 *		What audits that were given up say in one that follows them.
 *
 * Audit k of a lot had labels of its own, of which E_k were wrong, and a martingale L_k at that number.  The product of the
 * L_k one behind the other is one, too: each begins with 1 given all that was before.  Audit r has the share beta_r of the
 * evidence (gtl_audit_level), and what is compared with 1/delta is the sum over j of
 *
 *		beta_j L_j(a_j) ... L_r(a_r),
 *
 * which is beta_r L_r(a_r) and what the former ones add.  If more than A of the n labels that are left are wrong, so are
 * more than A - D_k of the labels that audit k had for the same objects, where D_k objects had another label there, or
 * none.  With what people have found among the labels of audit k since it began, f_k, that is
 *
 *		E_k >= a_k = f_k + A + 1 - D_k,
 *
 * and L_k grows with its argument.  So the sum at these numbers reaches 1/delta with probability delta at the most, if the promise
 * is broken.  docs/guarantee.md has the proof in full.
 */
#include "learning/audit_state.h"

#include <math.h>

#include "learning/audit_forecast.h"

/* What the part of a former audit says, if so many of the labels left were wrong. */
static double
say(const GtlAudit *former, int64_t known, int64_t differing, int64_t wrong)
{
	return gtl_audit_part_log_wealth(&former->part[0], fmax((double) (known + wrong - differing), 0));
}

/* The logarithm of 1 + the sum of the products that begin before the audit, by its share. */
static double
add_up(const GtlAuditSetup *setup, const GtlAudit *const *former, int formers, const GtlFormerCounts *counts, int64_t wrong)
{
	double		product = 0;
	double		sum = 0;

	for (int k = formers - 1; k >= 0; k--)
	{
		product += say(former[k], counts->known[k], counts->differing[k], wrong);
		sum += exp(product) * gtl_audit_level(1, former[k]->setup.attempt) / gtl_audit_level(1, setup->attempt);
	}
	return log1p(sum);
}

/* Of which labels, by ascending object, does the former audit say nothing?  Returns how many; differs may be NULL. */
static int64_t
compare_labels(const GtlAudit *former, const int32_t *objects, const int32_t *best, int64_t count, bool *differs)
{
	int64_t		differing = 0;
	int64_t		place = 0;

	for (int64_t i = 0; i < count; i++)
	{
		bool		other;

		while (place < former->count && former->object[place] < objects[i])
			place++;
		other = place == former->count || former->object[place] != objects[i] || !former->left[place] ||
			former->class_no[place] != best[i];
		differing += other;
		if (differs != NULL)
			differs[i] = other;
	}
	return differing;
}

void
gtl_audit_close(GtlAudit *audit)
{
	for (int c = 0; c < audit->parts; c++)
	{
		gtl_env_release(audit->env, audit->part[c].order);
		audit->part[c].order = NULL;
	}
	for (int k = 0; k < audit->formers; k++)
		gtl_env_release(audit->env, audit->former[k].differs);
	audit->formers = 0;
	for (int k = 0; k < GTL_AUDIT_STRATEGIES; k++)
	{
		gtl_env_release(audit->env, audit->s[k]);
		audit->s[k] = NULL;
	}
	gtl_env_release(audit->env, audit->guess);
	gtl_env_release(audit->env, audit->weight);
	gtl_env_release(audit->env, audit->key);
	audit->guess = audit->weight = audit->key = NULL;
}

void
gtl_audit_learn(GtlAudit *former, int32_t object, int32_t class_no)
{
	int64_t		place = gtl_audit_find(former, object);

	if (place < 0 || !former->left[place])
		return;
	former->left[place] = false;
	former->part[0].known += class_no >= 0 && class_no != former->class_no[place];
}

double
gtl_audit_head_start(const GtlAuditSetup *setup, GtlAudit *const *former, int formers,
					 const int32_t *objects, const int32_t *best, int64_t count)
{
	GtlFormerCounts counts;

	if (setup->per_class)
		return 0;
	for (int k = 0; k < formers; k++)
	{
		counts.known[k] = former[k]->part[0].known;
		counts.differing[k] = compare_labels(former[k], objects, best, count, NULL);
	}
	return add_up(setup, (const GtlAudit *const *) former, formers, &counts, gtl_audit_allowed_whole(setup, count) + 1);
}

void
gtl_audit_follow(GtlAudit *audit, GtlAudit *const *former, int formers)
{
	audit->formers = audit->setup.per_class ? 0 : formers;
	for (int k = 0; k < audit->formers; k++)
	{
		GtlFormerAudit *f = &audit->former[k];

		f->audit = former[k];
		f->differs = gtl_env_alloc(audit->env, (size_t) audit->count);
		f->differing = compare_labels(f->audit, audit->object, audit->class_no, audit->count, f->differs);
		for (int64_t i = 0; i < audit->count; i++)
			f->differing -= !audit->left[i] && f->differs[i];
	}
}

void
gtl_audit_grant(GtlAudit *audit, double evidence)
{
	audit->granted = evidence;
}

void
gtl_former_counts(const GtlAudit *audit, GtlFormerCounts *counts)
{
	for (int k = 0; k < audit->formers; k++)
	{
		counts->known[k] = audit->former[k].audit->part[0].known;
		counts->differing[k] = audit->former[k].differing;
	}
}

bool
gtl_former_counts_right(const GtlAudit *audit, int64_t place, GtlFormerCounts *counts)
{
	bool		others = false;

	for (int k = 0; k < audit->formers; k++)
		if (audit->former[k].differs[place])
		{
			const GtlAudit *former = audit->former[k].audit;
			int64_t		there = gtl_audit_find(former, audit->object[place]);

			counts->differing[k]--;
			counts->known[k] += there >= 0 && former->left[there];
			others = true;
		}
	return others;
}

double
gtl_former_evidence(const GtlAudit *audit, const GtlFormerCounts *counts, int64_t wrong)
{
	const GtlAudit *former[GTL_FORMER_AUDITS];

	if (audit->formers == 0)
		return wrong >= gtl_audit_breaking(audit, audit->part[0].left) ? audit->granted : 0;
	for (int k = 0; k < audit->formers; k++)
		former[k] = audit->former[k].audit;
	return add_up(&audit->setup, former, audit->formers, counts, wrong);
}
