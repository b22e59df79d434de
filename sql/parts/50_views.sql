/*
 * Views.  Most have the caller's rights: row-level security on the tables shows the rows of the caller's own
 * jobs.  What a workteam may see has no policy, since a row holds columns that would tell its members which
 * objects they are tested with: those views read as the extension's owner, and say for each row
 * and column what the members see.  There "mine" is: of a job of the caller's.  Aggregates carry their schema:
 * the schema that the extension is created in may hold functions of others that fit better.
 *
 * Their plans are to be the same whatever ANALYZE has seen (20_tables.sql).  So each row of gtlabel.job
 * is joined to a subquery over that job alone.  Its ORDER BY sorts nothing, the column being the
 * same in all rows, but keeps it a subquery, in which job_id is fixed, while conditions on its columns
 * still reach the table; and what (SELECT ...) asks of the job there is asked once for the job, not for each row.  Rows of other tables are looked up by their whole key, one by one, in
 * subqueries that OFFSET 0 keeps apart.  Only gt_labels brings all objects of a job together with all
 * labels: by FULL JOIN, which a nested loop cannot do; the condition on a key makes another of it.
 * gtlabel.knows_sizes() is true, which the planner finds out before it looks at a table; the library is loaded
 * by then, and tells it the sizes of the tables (src/base/planner.c).
 */
CREATE VIEW gt_jobs WITH (security_barrier = true) AS
    SELECT j.job_id, j.job_name, j.state, j.owner::pg_catalog.regrole, j.dataset::pg_catalog.regclass, j.object_count,
           CASE WHEN j.mine THEN j.validation_count END AS validation_count, CASE WHEN j.mine THEN j.given_count END AS given_count,
           CASE WHEN j.mine THEN j.dimension END AS dimension,
           CASE WHEN j.mine THEN j.human_labeled + j.machine_labeled END AS total_labeled,
           CASE WHEN j.mine THEN j.human_labeled END AS human_labeled, CASE WHEN j.mine THEN j.machine_labeled END AS machine_labeled,
           CASE WHEN j.mine THEN j.failed END AS failed,
           CASE WHEN j.mine THEN j.object_count - j.human_labeled - j.machine_labeled - j.failed END AS unlabeled,
           CASE WHEN j.mine THEN j.audit_count END AS audit_count, CASE WHEN j.mine THEN j.audit_wrong END AS audit_wrong,
           CASE WHEN j.mine THEN j.audit_verdict END AS audit_verdict, CASE WHEN j.mine THEN j.failure_reason END AS failure_reason,
           CASE WHEN s.started_at IS NOT NULL OR s.sqlstate IS NOT NULL THEN s.step END AS step,
           s.started_at AS step_started_at, s.failures AS step_failures,
           s.sqlstate || ': ' || s.message AS step_error, s.retry_at,
           j.created_at, j.last_modified_at, j.finished_at, j.purged_at, j.dataset_name
      FROM (SELECT j.*, pg_catalog.pg_has_role(j.owner, 'MEMBER') AS mine FROM gtlabel.job j
            WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER') OR pg_catalog.pg_has_role(j.workteam, 'MEMBER')) j
      LEFT JOIN gtlabel.step s ON s.job_id = j.job_id AND j.mine;
COMMENT ON VIEW gt_jobs IS 'Labeling jobs: state, counters and times; object_count = total_labeled + failed + unlabeled. gt_job_settings shows their settings';
COMMENT ON COLUMN gt_jobs.audit_count IS 'Machine labels that people have checked at the end; NULL: not audited';
COMMENT ON COLUMN gt_jobs.audit_verdict IS 'kept: the audit alone shows the target; broken: it shows the contrary; open: neither';
COMMENT ON COLUMN gt_jobs.given_count IS 'Rows that came with a label in label_column: they train, and do not count as objects';
COMMENT ON COLUMN gt_jobs.step IS 'The step that a worker does, or that has failed; NULL: neither';
COMMENT ON COLUMN gt_jobs.step_failures IS 'In a row; the job fails after five of them';
COMMENT ON COLUMN gt_jobs.retry_at IS 'When a worker tries the step again';
COMMENT ON COLUMN gt_jobs.machine_labeled IS 'Provisional while the job runs: each round decides all of them anew';

CREATE VIEW gt_job_settings WITH (security_invoker = true) AS
    SELECT j.job_name, s.setting, s.value, s."default", s.alterable, s.description
      FROM gtlabel.job j CROSS JOIN LATERAL gtlabel.job_settings(j.job_id) s;
COMMENT ON VIEW gt_job_settings IS 'Settings of your jobs, a row each';
COMMENT ON COLUMN gt_job_settings.value IS 'NULL: not set';
COMMENT ON COLUMN gt_job_settings.alterable IS 'gt_alter_job takes it';

CREATE VIEW gt_batches WITH (security_barrier = true) AS
    SELECT j.job_name, b.batch_no, CASE WHEN j.mine THEN b.subset END AS subset, b.object_count,
           CASE WHEN b.closed_at IS NULL THEN 'open' ELSE 'closed' END AS state,
           CASE WHEN b.closed_at IS NULL THEN
               (SELECT pg_catalog.count(*) FROM gtlabel.task t
                 WHERE t.job_id = b.job_id AND t.batch_no = b.batch_no AND t.slot_no >= 0 AND t.state = 'submitted' AND (j.mine OR t.annotator = gtlabel.annotator_self(j.job_id)))
           END AS answers,
           b.labeled, b.failed, b.issued_at, b.expires_at, b.closed_at
      FROM (SELECT j.*, pg_catalog.pg_has_role(j.owner, 'MEMBER') AS mine FROM gtlabel.job j
            WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER') OR pg_catalog.pg_has_role(j.workteam, 'MEMBER')) j
     CROSS JOIN LATERAL (SELECT b.* FROM gtlabel.batch b WHERE b.job_id = j.job_id ORDER BY b.job_id) b
     WHERE gtlabel.knows_sizes();
COMMENT ON VIEW gt_batches IS 'Batches: objects that are open to annotators at the same time, all of one subset';
COMMENT ON COLUMN gt_batches.answers IS 'Answers so far to an open batch, of those that you may see';

CREATE VIEW gt_tasks WITH (security_barrier = true) AS
    SELECT t.task_id, j.job_name, t.batch_no, o.object_key,
           CASE WHEN t.state IN ('available', 'accepted') AND b.expires_at <= gtlabel.clock() THEN 'expired'
                WHEN t.state = 'accepted' AND t.lease_expires_at <= gtlabel.clock() THEN 'available'
                ELSE t.state END AS state,
           t.annotator, t.accepted_at, t.lease_expires_at, t.remark AS comment
      FROM (SELECT j.*, pg_catalog.pg_has_role(j.owner, 'MEMBER') AS mine FROM gtlabel.job j
            WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER') OR pg_catalog.pg_has_role(j.workteam, 'MEMBER')) j
     CROSS JOIN LATERAL (SELECT t.* FROM gtlabel.task t WHERE t.job_id = j.job_id
                            AND ((SELECT j.mine) OR t.state = 'available' OR t.annotator = (SELECT gtlabel.annotator_self(j.job_id))) ORDER BY t.job_id) t
     CROSS JOIN LATERAL (SELECT b.expires_at FROM gtlabel.batch b WHERE b.job_id = t.job_id AND b.batch_no = t.batch_no OFFSET 0) b
     CROSS JOIN LATERAL (SELECT o.object_key FROM gtlabel.object o WHERE o.job_id = t.job_id AND o.object_no = t.object_no OFFSET 0) o
     WHERE gtlabel.knows_sizes();
COMMENT ON VIEW gt_tasks IS 'Tasks: one object for one annotator; a workteam member sees the open ones and the member''s own';
COMMENT ON COLUMN gt_tasks.comment IS 'Declined: the reason that the annotator gave';
COMMENT ON COLUMN gt_tasks.state IS 'available, accepted, submitted, declined or expired; a lease that has run out counts as available, a batch that has as expired';

CREATE VIEW gt_annotations WITH (security_barrier = true) AS
    SELECT j.job_name, o.object_key, a.annotator, j.label_categories[a.class_no + 1] AS label,
           a.batch_no, a.task_id, a.accepted_at, a.submitted_at, a.revised_at, a.remark AS comment
      FROM (SELECT j.*, pg_catalog.pg_has_role(j.owner, 'MEMBER') AS mine FROM gtlabel.job j
            WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER') OR pg_catalog.pg_has_role(j.workteam, 'MEMBER')) j
     CROSS JOIN LATERAL (SELECT a.* FROM gtlabel.annotation a WHERE a.job_id = j.job_id AND ((SELECT j.mine) OR a.annotator = (SELECT gtlabel.annotator_self(j.job_id))
                            OR EXISTS (SELECT FROM gtlabel.label l WHERE l.job_id = a.job_id AND l.object_no = a.object_no AND l.human OFFSET 0)
                               AND EXISTS (SELECT FROM gtlabel.annotation own
                                     WHERE own.job_id = a.job_id AND own.object_no = a.object_no AND own.annotator = gtlabel.annotator_self(j.job_id) OFFSET 0)) ORDER BY a.job_id) a
     CROSS JOIN LATERAL (SELECT o.object_key FROM gtlabel.object o WHERE o.job_id = a.job_id AND o.object_no = a.object_no OFFSET 0) o
     WHERE gtlabel.knows_sizes();
COMMENT ON VIEW gt_annotations IS 'Annotations: one annotator''s answer for one object';
COMMENT ON COLUMN gt_annotations.revised_at IS 'When the answer was last changed; NULL: it is the first one';
COMMENT ON COLUMN gt_annotations.accepted_at IS 'NULL: handed in by key, without a lease';

CREATE VIEW gt_early_answers WITH (security_invoker = true) AS
    SELECT j.job_name, o.object_key, e.annotator, j.label_categories[e.class_no + 1] AS label, e.answered_at, e.remark AS comment
      FROM gtlabel.job j
     CROSS JOIN LATERAL (SELECT e.* FROM gtlabel.early_answer e WHERE e.job_id = j.job_id ORDER BY e.job_id) e
     CROSS JOIN LATERAL (SELECT o.object_key FROM gtlabel.object o WHERE o.job_id = e.job_id AND o.object_no = e.object_no OFFSET 0) o
     WHERE gtlabel.knows_sizes()
       -- who has been asked and has answered since is not waited for
       AND (SELECT a.class_no FROM gtlabel.annotation a WHERE a.job_id = e.job_id AND a.object_no = e.object_no AND a.annotator || '' = e.annotator) IS NULL;
COMMENT ON VIEW gt_early_answers IS 'Answers from elsewhere (gt_import_annotations) that wait for the turn of their object, for the owner of the job';

CREATE VIEW gt_invitations WITH (security_invoker = true) AS
    SELECT j.job_name, i.annotator, i.invited_at, i.valid_until, i.revoked_at
      FROM gtlabel.invitation i JOIN gtlabel.job j USING (job_id);
COMMENT ON VIEW gt_invitations IS 'Invitations of annotators without a database role, for the owner of the job';

CREATE VIEW gt_annotators WITH (security_barrier = true) AS
    SELECT j.job_name, a.*
      FROM (SELECT j.*, pg_catalog.pg_has_role(j.owner, 'MEMBER') AS mine FROM gtlabel.job j
            WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER') OR pg_catalog.pg_has_role(j.workteam, 'MEMBER')) j
     CROSS JOIN LATERAL (
          WITH answer AS (
              SELECT a.annotator, a.accepted_at, a.submitted_at, l.confidence,
                     j.label_categories[a.class_no + 1] AS answered,
                     j.label_categories[l.class_no + 1] AS consolidated, l.class_no = a.class_no AS agrees,
                     pg_catalog.cardinality(j.label_categories) AS classes,
                     (SELECT a.class_no = g.class_no FROM gtlabel.gold g
                       WHERE g.job_id = a.job_id AND g.object_no = a.object_no AND j.mine) AS right_on_gold
                FROM gtlabel.annotation a
                LEFT JOIN LATERAL (SELECT l.class_no, l.confidence FROM gtlabel.label l
                                    WHERE l.job_id = a.job_id AND l.object_no = a.object_no AND l.human OFFSET 0) l ON true
               WHERE a.job_id = j.job_id AND (j.mine OR a.annotator = gtlabel.annotator_self(j.job_id) OR l.class_no IS NOT NULL AND EXISTS (SELECT FROM gtlabel.annotation own
                          WHERE own.job_id = a.job_id AND own.object_no = a.object_no AND own.annotator = gtlabel.annotator_self(j.job_id) OFFSET 0))),
          confusion AS (
              SELECT c.annotator, pg_catalog.jsonb_object_agg(c.consolidated, c.answers) AS confusion
                FROM (SELECT n.annotator, n.consolidated, pg_catalog.jsonb_object_agg(n.answered, n.times) AS answers
                        FROM (SELECT annotator, consolidated, answered, pg_catalog.count(*) AS times
                                FROM answer WHERE consolidated IS NOT NULL GROUP BY 1, 2, 3) n
                       GROUP BY 1, 2) c
               GROUP BY 1)
          SELECT a.annotator, pg_catalog.count(*) AS answers, pg_catalog.count(a.consolidated) AS consolidated,
                 gtlabel.rounded(pg_catalog.avg(a.agrees::int)::float8) AS agreement,
                 gtlabel.rounded(pg_catalog.avg(CASE WHEN a.agrees THEN a.confidence ELSE (1 - a.confidence) / (a.classes - 1) END)) AS estimated_accuracy,
                 gtlabel.rounded(pg_catalog.avg(a.right_on_gold::int)::float8) AS gold_accuracy, c.confusion,
                 gtlabel.rounded(pg_catalog.percentile_cont(0.5::float8) WITHIN GROUP (ORDER BY extract(epoch FROM a.submitted_at - a.accepted_at)::float8)) AS median_seconds,
                 EXISTS (SELECT FROM gtlabel.exclusion e WHERE e.job_id = j.job_id AND e.annotator = a.annotator) AS excluded
            FROM answer a LEFT JOIN confusion c USING (annotator)
           GROUP BY a.annotator, c.confusion) a
     WHERE gtlabel.knows_sizes();
COMMENT ON VIEW gt_annotators IS 'What each annotator did in each job';
COMMENT ON COLUMN gt_annotators.consolidated IS 'Those of the answers whose object has a label by now';
COMMENT ON COLUMN gt_annotators.estimated_accuracy IS 'Mean probability that the answers are right: the label''s confidence where they agree, an even share of the rest where not';
COMMENT ON COLUMN gt_annotators.excluded IS 'The answers do not count; gt_include_annotator undoes it';
COMMENT ON COLUMN gt_annotators.gold_accuracy IS 'Share of right answers among the objects with a known answer; NULL without such, and for the team';
COMMENT ON COLUMN gt_annotators.confusion IS '{"label": {"answer": times}} over the answers whose object has a label';
COMMENT ON COLUMN gt_annotators.agreement IS 'Share of the answers that equal the consolidated label, among those whose object has one';
COMMENT ON COLUMN gt_annotators.median_seconds IS 'From accepting a task to answering it; NULL without leases';

CREATE VIEW gt_rounds WITH (security_invoker = true) AS
    SELECT j.job_name, r.round_no, r.batch_no, m.model_name, m.algorithm, m.scaling, gtlabel.rounded(m.accuracy) AS accuracy,
           r.training_count, r.validation_count, r.validation_active,
           r.guarantee, r.guarantee_scope, r.target_accuracy, r.confidence_level, r.threshold, r.label_margin,
           r.certificate_n, r.certificate_k, gtlabel.rounded(r.bound) AS bound,
           r.best_threshold, r.best_n, r.best_k, gtlabel.rounded(r.best_bound) AS best_bound, r.best_admits, r.minimum, r.required,
           r.scored, r.auto_labeled, r.added, r.changed, r.withdrawn, r.selected, r.reason, r.alternatives, gtlabel.rounded(r.label_noise) AS label_noise,
           r.started_at, r.finished_at, gtlabel.rounded(r.load_seconds) AS load_seconds,
           gtlabel.rounded(r.train_seconds) AS train_seconds, gtlabel.rounded(r.score_seconds) AS score_seconds
      FROM gtlabel.job j
     CROSS JOIN LATERAL (SELECT r.* FROM gtlabel.round r WHERE r.job_id = j.job_id ORDER BY r.job_id) r
      LEFT JOIN gtlabel.model m USING (model_id)
     WHERE gtlabel.knows_sizes();
COMMENT ON VIEW gt_rounds IS 'Active-learning rounds: what each trained on, its certificate, what it labeled, and why in words';
COMMENT ON COLUMN gt_rounds.threshold IS 'Loosest margin of the cross-fitting models that keeps the promise; NULL: none does. With per_class the lowest of the categories'' thresholds, which gt_certificates shows';
COMMENT ON COLUMN gt_rounds.label_margin IS 'Objects with at least this margin of the round''s own model are labeled by machine: as many as the cross-fitting models would label at the threshold; NULL: none. With per_class the lowest of the categories';
COMMENT ON COLUMN gt_rounds.certificate_n IS 'Validation objects at or above the threshold';
COMMENT ON COLUMN gt_rounds.certificate_k IS 'Those among certificate_n whose predicted label is wrong';
COMMENT ON COLUMN gt_rounds.bound IS 'Upper bound of the error above the threshold, at the guarantee''s level; with per_class the highest of the categories''';
COMMENT ON COLUMN gt_rounds.accuracy IS 'Of the model on all validation objects, out of fold';
COMMENT ON COLUMN gt_rounds.auto_labeled IS 'Machine labels that stand after the round';
COMMENT ON COLUMN gt_rounds.selected IS 'Objects of the batch that the round issued';
COMMENT ON COLUMN gt_rounds.label_noise IS 'Estimated share of wrong labels in the validation set, from people''s answers; NULL: unknown. Where it is 1 - target_accuracy or more, nothing is labeled by machine';
COMMENT ON COLUMN gt_rounds.alternatives IS 'Objects that weaker promises would have admitted: an array of {guarantee, target_accuracy, admits}';

CREATE VIEW gt_certificates WITH (security_invoker = true) AS
    SELECT j.job_name, r.round_no, c.scope, c.category, r.guarantee, r.target_accuracy, r.confidence_level, gtlabel.rounded(r.alpha) AS alpha,
           c.threshold, c.n, c.k, gtlabel.rounded(c.bound) AS bound, c.validation_active, gtlabel.rounded(c.best_bound) AS best_bound, c.best_n, c.best_k, c.best_admits,
           r.minimum, c.required, c.admitted, c.label_margin, m.model_name
      FROM gtlabel.job j
     CROSS JOIN LATERAL (SELECT r.* FROM gtlabel.round r WHERE r.job_id = j.job_id ORDER BY r.job_id) r
      JOIN LATERAL (
          SELECT 'job' AS scope, NULL AS category, r.threshold, r.certificate_n AS n, r.certificate_k AS k, r.bound,
                 r.validation_active, r.best_bound, r.best_n, r.best_k, r.best_admits, r.required, r.auto_labeled AS admitted,
                 r.label_margin
           WHERE NOT j.per_class
          UNION ALL
          SELECT 'category', j.label_categories[s.class_no + 1], s.threshold, s.certificate_n, s.certificate_k, s.bound,
                 s.validation_active, s.best_bound, s.best_n, s.best_k, s.best_admits, s.required, s.admitted,
                 s.label_margin
            FROM gtlabel.certificate s WHERE s.job_id = r.job_id AND s.round_no = r.round_no) c ON true
      LEFT JOIN gtlabel.model m USING (model_id)
     WHERE r.alpha IS NOT NULL AND gtlabel.knows_sizes();
COMMENT ON VIEW gt_certificates IS 'The evidence behind the machine labels: a row for each round with a model, or with per_class for each of its categories';
COMMENT ON COLUMN gt_certificates.scope IS 'job: of all machine labels together; category: of those of one category';
COMMENT ON COLUMN gt_certificates.alpha IS 'Level of the test: a third of 1 - confidence_level, halved each time the validation set has been (confidence), all of it (strict), 0 (no confidence statement)';
COMMENT ON COLUMN gt_certificates.threshold IS 'Loosest margin that keeps the promise; NULL: none does';
COMMENT ON COLUMN gt_certificates.label_margin IS 'Objects with at least this margin of the round''s own model are labeled by machine; NULL: none';
COMMENT ON COLUMN gt_certificates.n IS 'Active validation objects at or above the threshold';
COMMENT ON COLUMN gt_certificates.k IS 'Those among n whose predicted label is wrong';
COMMENT ON COLUMN gt_certificates.validation_active IS 'Validation objects that count: the queries would not have sent them to people';
COMMENT ON COLUMN gt_certificates.best_bound IS 'The lowest error bound over all margins, whether it keeps the promise or not';
COMMENT ON COLUMN gt_certificates.required IS 'Validation objects that would be needed with best_k wrong';
COMMENT ON COLUMN gt_certificates.admitted IS 'Machine labels that stand after the round';

CREATE VIEW gt_labels WITH (security_barrier = true) AS
    SELECT j.job_name, l.object_key, j.label_categories[l.class_no + 1] AS label, l.confidence,
           l.human AS human_annotated,
           CASE WHEN NOT l.mine THEN NULL WHEN l.validation_no IS NULL THEN 'pool' ELSE 'validation' END AS subset,
           l.batch_no, l.round_no, l.model_id, l.labeled_at,
           l.human OR l.audit_no IS NOT NULL OR j.state IN ('stopped', 'completed') AND j.guarantee <> 'audited' AS final,
           l.margin, j.label_categories[l.tied_class_no + 1] AS tied_with
      FROM (SELECT j.*, pg_catalog.pg_has_role(j.owner, 'MEMBER') AS mine FROM gtlabel.job j
            WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER') OR pg_catalog.pg_has_role(j.workteam, 'MEMBER')) j
     CROSS JOIN LATERAL (
          SELECT l.*, o.object_key, o.validation_no, (SELECT j.mine) AS mine
            FROM (SELECT * FROM gtlabel.label l WHERE l.job_id = j.job_id) l
            FULL JOIN (SELECT * FROM gtlabel.object o WHERE o.job_id = j.job_id) o USING (object_no)
           WHERE COALESCE(l.class_no, -1) >= 0 AND ((SELECT j.mine) OR l.human AND EXISTS (SELECT FROM gtlabel.annotation a
                 WHERE a.job_id = l.job_id AND a.object_no = l.object_no AND a.annotator = gtlabel.annotator_self(j.job_id) OFFSET 0)) ORDER BY j.job_id) l
     WHERE gtlabel.knows_sizes();
COMMENT ON VIEW gt_labels IS 'Labels; gt_labels_of joins them to the dataset by its key column';
COMMENT ON COLUMN gt_labels.confidence IS 'Probability that the label is right: by people''s answers, or by the model, calibrated out of fold';
COMMENT ON COLUMN gt_labels.margin IS 'Machine labels: between the two most probable categories; what rounds compare with their threshold';
COMMENT ON COLUMN gt_labels.tied_with IS 'Another category that people''s answers speak for as much; NULL: none';
COMMENT ON COLUMN gt_labels.final IS 'False: a machine label that a later round may change or withdraw';

CREATE VIEW gt_audits WITH (security_invoker = true) AS
    SELECT j.job_name, a.audit_no, a.round_no, a.state, a.scope, a.per_class, a.target_accuracy, a.confidence_level,
           gtlabel.rounded(exp(-a.needed)) AS alpha, a.frozen, a.left_count, a.draws, a.found, a.takes, gtlabel.rounded(a.evidence) AS evidence, gtlabel.rounded(a.former_evidence) AS former_evidence,
           gtlabel.rounded(a.needed) AS needed,
           CASE WHEN a.state <> 'given_up' THEN a.most_wrong END AS most_wrong,
           gtlabel.rounded(CASE WHEN a.state <> 'given_up' THEN a.most_wrong END::float8 / NULLIF(CASE WHEN a.scope = 'dataset' THEN j.object_count ELSE a.left_count END, 0)) AS bound,
           CASE WHEN a.state = 'open' THEN a.more_draws END AS more_draws, a.begun_at, a.ended_at
      FROM gtlabel.job j
     CROSS JOIN LATERAL (SELECT a.* FROM gtlabel.audit a WHERE a.job_id = j.job_id ORDER BY a.job_id) a;
COMMENT ON VIEW gt_audits IS 'The audits of jobs with guarantee => ''audited'': what people checked, what they found, what it shows';
COMMENT ON COLUMN gt_audits.alpha IS 'Level of the audit: those of all audits of a job add up to less than 1 - confidence_level';
COMMENT ON COLUMN gt_audits.frozen IS 'Machine labels that were fixed when the audit began';
COMMENT ON COLUMN gt_audits.left_count IS 'Those that nobody has labeled since';
COMMENT ON COLUMN gt_audits.draws IS 'Objects drawn at random and answered';
COMMENT ON COLUMN gt_audits.found IS 'Those among the draws whose machine label was wrong';
COMMENT ON COLUMN gt_audits.takes IS 'Objects that people labeled beside the draws, because they were likely to be wrong';
COMMENT ON COLUMN gt_audits.evidence IS 'Logarithm of the betting martingale; the audit passes at needed, the logarithm of 1/alpha';
COMMENT ON COLUMN gt_audits.former_evidence IS 'What audits that were given up before add to the evidence, at least 0';
COMMENT ON COLUMN gt_audits.most_wrong IS 'Labels among those left that are wrong at the most, at this level; NULL: none of the labels is kept';
COMMENT ON COLUMN gt_audits.more_draws IS 'Further answers that would do if none shows an error';

CREATE VIEW gt_audit_objects WITH (security_invoker = true) AS
    SELECT j.job_name, a.audit_no, o.object_key, j.label_categories[a.class_no + 1] AS machine_label, a.margin,
           a.draw_no IS NOT NULL AS drawn, a.draw_no, a.event_no, a.wrong
      FROM gtlabel.job j
     CROSS JOIN LATERAL (SELECT a.* FROM gtlabel.audit_object a
                          WHERE a.job_id = j.job_id AND (a.draw_no IS NOT NULL OR a.event_no IS NOT NULL) ORDER BY a.job_id) a
     CROSS JOIN LATERAL (SELECT o.object_key FROM gtlabel.object o WHERE o.job_id = a.job_id AND o.object_no = a.object_no OFFSET 0) o;
COMMENT ON VIEW gt_audit_objects IS 'The objects that people were asked about in an audit, for who wants to check it';
COMMENT ON COLUMN gt_audit_objects.drawn IS 'Drawn at random; false: labeled beside the draws';
COMMENT ON COLUMN gt_audit_objects.event_no IS 'Its place in the order in which answers were counted; NULL: not counted yet';
COMMENT ON COLUMN gt_audit_objects.wrong IS 'People gave another label than the machine, or none';

CREATE VIEW gt_corrections WITH (security_invoker = true) AS
    SELECT j.job_name, o.object_key, j.label_categories[c.class_no + 1] AS label, c.reviewers, c.corrected_at,
           j.label_categories[c.machine_class_no + 1] AS machine_label
      FROM gtlabel.job j
     CROSS JOIN LATERAL (SELECT c.* FROM gtlabel.correction c WHERE c.job_id = j.job_id ORDER BY c.job_id) c
     CROSS JOIN LATERAL (SELECT o.object_key FROM gtlabel.object o WHERE o.job_id = c.job_id AND o.object_no = c.object_no OFFSET 0) o
     WHERE gtlabel.knows_sizes();
COMMENT ON VIEW gt_corrections IS 'Labels that the owner has decided by gt_correct_labels';
COMMENT ON COLUMN gt_corrections.label IS 'NULL: the decision is taken back';
COMMENT ON COLUMN gt_corrections.reviewers IS 'Roles that have decided about the object; in an audit it is not asked of them';
COMMENT ON COLUMN gt_corrections.machine_label IS 'What the machine said, and says again when the decision is taken back; NULL: nothing, or it has decided anew since';

CREATE VIEW gt_remarks WITH (security_invoker = true) AS
    SELECT j.job_name, o.object_key, r.kind, r.annotator, j.label_categories[r.class_no + 1] AS label, r.remark, r.batch_no, r.at
      FROM gtlabel.job j
     CROSS JOIN LATERAL (
          SELECT a.object_no, 'comment' AS kind, a.annotator, a.class_no, a.remark, a.batch_no, coalesce(a.revised_at, a.submitted_at) AS at
            FROM gtlabel.annotation a WHERE a.job_id = j.job_id AND a.remark IS NOT NULL
          UNION ALL
          SELECT t.object_no, 'declined', t.annotator, NULL, t.remark, t.batch_no, t.accepted_at
            FROM gtlabel.task t WHERE t.job_id = j.job_id AND t.state = 'declined'
           ORDER BY 7) r
     CROSS JOIN LATERAL (SELECT o.object_key FROM gtlabel.object o WHERE o.job_id = j.job_id AND o.object_no = r.object_no OFFSET 0) o
     WHERE gtlabel.knows_sizes();
COMMENT ON VIEW gt_remarks IS 'What annotators wrote beside their answers, and what they declined';
COMMENT ON COLUMN gt_remarks.kind IS 'comment: beside an answer; declined: instead of one';
COMMENT ON COLUMN gt_remarks.label IS 'The answer; NULL: declined';
COMMENT ON COLUMN gt_remarks.remark IS 'NULL: declined without a reason';
COMMENT ON COLUMN gt_remarks.at IS 'Declined: when the task was accepted';

CREATE VIEW gt_failures WITH (security_invoker = true) AS
    SELECT j.job_name, o.object_key, f.reason, f.batch_no, f.failed_at,
           (SELECT pg_catalog.string_agg(t.annotator || coalesce(': ' || t.remark, ''), '; ' ORDER BY t.task_id)
              FROM gtlabel.task t WHERE t.job_id = f.job_id AND t.batch_no = f.batch_no AND t.object_no = f.object_no
                AND t.slot_no BETWEEN -j.annotators_per_object AND j.annotators_per_object - 1 AND t.state = 'declined') AS remarks
      FROM gtlabel.job j
     CROSS JOIN LATERAL (SELECT f.* FROM gtlabel.failure f WHERE f.job_id = j.job_id ORDER BY f.job_id) f
     CROSS JOIN LATERAL (SELECT o.object_key FROM gtlabel.object o WHERE o.job_id = f.job_id AND o.object_no = f.object_no OFFSET 0) o
     WHERE gtlabel.knows_sizes();
COMMENT ON VIEW gt_failures IS 'Objects without a label, until gt_retry_failed';
COMMENT ON COLUMN gt_failures.remarks IS 'Who declined the object in that batch, and why';
COMMENT ON COLUMN gt_failures.reason IS 'expired: nobody answered while it was on offer; declined: as many people declined as should answer';

CREATE VIEW gt_models WITH (security_invoker = true) AS
    SELECT m.model_id, m.model_name, m.owner::pg_catalog.regrole, j.job_name, m.round_no, p.model_name AS parent_model,
           m.label_categories, m.dimension, m.algorithm, m.scaling, m.penalty_c, m.hidden_units,
           m.training_count, m.class_counts, gtlabel.rounded(m.accuracy) AS accuracy, gtlabel.rounded(m.log_loss) AS log_loss, gtlabel.rounded(m.objective) AS objective, m.iterations, m.outcome,
           gtlabel.rounded(m.seconds) AS seconds, pg_catalog.octet_length(m.weights) AS bytes, m.created_at,
           m.input, m.neighbours_id IS NOT NULL AS neighbours,
           CASE WHEN j.algorithm = 'auto'
                THEN gtlabel.networks_left_out(m.training_count, m.dimension, pg_catalog.cardinality(m.label_categories)) END AS left_out
      FROM gtlabel.model m
      LEFT JOIN gtlabel.job j USING (job_id)
      LEFT JOIN gtlabel.model p ON p.model_id = m.parent_model_id;
COMMENT ON VIEW gt_models IS 'Trained classifiers with metrics and lineage';
COMMENT ON COLUMN gt_models.input IS 'What gt_predict takes beside the model''s name';
COMMENT ON COLUMN gt_models.neighbours IS 'Neighbourhood columns are among its inputs; gt_predict makes them of the features';
COMMENT ON COLUMN gt_models.left_out IS 'Candidates that algorithm ''auto'' did not compare for a model of this size, and why; NULL: none';
COMMENT ON COLUMN gt_models.accuracy IS 'On the job''s validation objects, each scored by a model that never saw it';

CREATE VIEW gt_events WITH (security_invoker = true) AS
    SELECT e.event_id, j.job_name, e.at, e.event, e.state, e.detail
      FROM gtlabel.job j
     CROSS JOIN LATERAL (SELECT e.* FROM gtlabel.event e WHERE e.job_id = j.job_id ORDER BY e.job_id) e
     WHERE gtlabel.knows_sizes();
COMMENT ON VIEW gt_events IS 'History of each job, append-only';

CREATE VIEW gt_consumers WITH (security_invoker = true) AS
    SELECT c.consumer, c.owner::pg_catalog.regrole AS owner, j.job_name, c.event_id, c.acknowledged_at,
           (SELECT pg_catalog.count(*) FROM gtlabel.event e WHERE e.job_id = c.job_id AND e.event_id > c.event_id) AS waiting
      FROM gtlabel.consumer c CROSS JOIN LATERAL (SELECT j.job_name FROM gtlabel.job j WHERE j.job_id = c.job_id OFFSET 0) j
     WHERE gtlabel.knows_sizes();
COMMENT ON VIEW gt_consumers IS 'What programs have acknowledged of the events of each job; jobs of which they have acknowledged nothing are not there';

CREATE VIEW gt_progress WITH (security_invoker = true) AS
    SELECT p.pid, j.job_name, a.usename AS role, a.backend_type, p.phase, p.done, p.total,
           round(100.0 * p.done / p.total, 1)::float8 AS percent,
           p.started_at, p.phase_started_at,
           CASE WHEN p.done > 0 THEN
               p.phase_started_at + (clock_timestamp() - p.phase_started_at) * (p.total::float8 / p.done)
           END AS estimated_end
      FROM gtlabel.progress() p
      JOIN pg_catalog.pg_stat_activity a USING (pid)
      LEFT JOIN gtlabel.job j USING (job_id)
     WHERE CASE WHEN p.job_id IS NULL THEN pg_catalog.pg_has_role(a.usesysid, 'MEMBER') ELSE j.job_id IS NOT NULL END;
COMMENT ON VIEW gt_progress IS 'Steps, snapshots, trainings and simulations that run now';
COMMENT ON COLUMN gt_progress.job_name IS 'NULL: gt_train or gt_simulate_job, shown to the members of its role';
COMMENT ON COLUMN gt_progress.estimated_end IS 'Of the phase, if it goes on as fast as until now';

GRANT SELECT ON gt_jobs, gt_job_settings, gt_batches, gt_tasks, gt_annotations, gt_early_answers, gt_invitations, gt_annotators, gt_rounds, gt_certificates, gt_audits, gt_audit_objects, gt_labels, gt_corrections, gt_remarks, gt_failures,
                gt_models, gt_events, gt_consumers, gt_progress TO PUBLIC;
