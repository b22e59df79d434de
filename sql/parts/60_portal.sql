/*
 * What the labeling portal and the client's other commands ask: each request is one call,
 * which answers with JSON. All run with the caller's rights, and use the functions and views above, or the tables
 * within row-level security, so a program of your own may call them too. The answers are json, not jsonb,
 * where objects are in them: their columns keep their order.
 *
 * Bodies are parsed here and now, so no search path changes them later. Functions carry their
 * schema, and operators get arguments of exactly their types: the schema that the extension is created
 * in may hold some of others that fit better.
 */

CREATE FUNCTION gtlabel.numbers(list jsonb) RETURNS bigint[]
    IMMUTABLE STRICT PARALLEL SAFE
    BEGIN ATOMIC
        SELECT coalesce(pg_catalog.array_agg(e.value::bigint ORDER BY e.ordinality), '{}') FROM pg_catalog.jsonb_array_elements_text(list) WITH ORDINALITY e;
    END;
COMMENT ON FUNCTION gtlabel.numbers(jsonb) IS 'A JSON array of numbers as an array';

CREATE FUNCTION gtlabel.texts(list jsonb) RETURNS text[]
    IMMUTABLE STRICT PARALLEL SAFE
    BEGIN ATOMIC
        SELECT coalesce(pg_catalog.array_agg(e.value ORDER BY e.ordinality), '{}') FROM pg_catalog.jsonb_array_elements_text(list) WITH ORDINALITY e;
    END;
COMMENT ON FUNCTION gtlabel.texts(jsonb) IS 'A JSON array of texts, or null, as an array';

-- ---- Annotators: by role, or by the token of an invitation ------------------------

CREATE FUNCTION gtlabel.portal_invitation(body jsonb) RETURNS json
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT pg_catalog.row_to_json(i) FROM gt_invitation(body->>'token') i;
    END;
COMMENT ON FUNCTION gtlabel.portal_invitation IS 'Portal: what an invitation is for, and whether it is still valid';

CREATE FUNCTION gtlabel.portal_session(token text) RETURNS json
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT CASE
            WHEN token IS NULL THEN
                pg_catalog.json_build_object('annotator', CURRENT_USER,
                                  'owner', EXISTS (SELECT FROM gt_jobs j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')) OR NOT EXISTS (SELECT FROM gt_jobs))
            ELSE (SELECT pg_catalog.json_build_object('annotator', i.annotator, 'owner', false, 'job_name', i.job_name,
                                           'job_id', gt_seat(coalesce(i.job_name, ''), NULL, token)->'job_id')
                    FROM gt_invitation(token) i) END;
    END;
COMMENT ON FUNCTION gtlabel.portal_session IS 'Portal: who signed in';

CREATE FUNCTION gtlabel.portal_queues(token text) RETURNS json
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT coalesce(pg_catalog.json_agg(pg_catalog.row_to_json(r) ORDER BY r.job_id DESC), '[]')
          FROM (SELECT j.job_id, j.job_name, q.*, j.object_count, j.human_labeled, j.machine_labeled
                  FROM gt_jobs j, gt_queue(j.job_name) q
                 WHERE portal_queues.token IS NULL
                   AND (j.finished_at IS NULL OR j.finished_at > pg_catalog.now() - interval '7 days')
                 UNION ALL
                SELECT (gt_seat(coalesce(i.job_name, ''), NULL, portal_queues.token)->>'job_id')::bigint, i.job_name, q.*, NULL, NULL, NULL
                  FROM gt_invitation(portal_queues.token) i, gt_queue(coalesce(i.job_name, ''), NULL, portal_queues.token) q
                 WHERE portal_queues.token IS NOT NULL) r;
    END;
COMMENT ON FUNCTION gtlabel.portal_queues IS 'Portal: my jobs, with what waits for me in each';

CREATE FUNCTION gtlabel.portal_seat(token text, job_name text) RETURNS json
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT gt_seat(job_name, NULL, token)::json;
    END;
COMMENT ON FUNCTION gtlabel.portal_seat IS 'Portal: what stands around the objects of a job: categories, instructions, my last ten answers';

-- gt_queue looks at every open task, so it is asked only where somebody begins or runs out.
CREATE FUNCTION gtlabel.portal_accept(token text, job_name text, body jsonb) RETURNS json
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT pg_catalog.json_build_object(
                   'queue', pg_catalog.row_to_json(q),
                   'tasks', CASE WHEN q.state IN ('paused', 'finished') THEN '[]'
                                 ELSE (SELECT coalesce(pg_catalog.json_agg(pg_catalog.row_to_json(t)), '[]')
                                         FROM gt_accept_tasks(portal_accept.job_name, (body->>'max_tasks')::integer,
                                                              NULL, portal_accept.token) t) END)
          FROM gt_queue(portal_accept.job_name, NULL, portal_accept.token) q;
    END;
COMMENT ON FUNCTION gtlabel.portal_accept IS 'Portal: the queue, and tasks for me, those that I hold first';

CREATE FUNCTION gtlabel.portal_answer(token text, job_name text, body jsonb) RETURNS json
    AS 'MODULE_PATHNAME', 'gtl_sql_portal_answer' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION gtlabel.portal_answer IS 'Portal: answers handed in and the next tasks, in one transaction; the queue when they are fewer than wanted';

CREATE FUNCTION gtlabel.portal_tasks(token text, verb text, body jsonb) RETURNS json
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT pg_catalog.json_build_object('count', CASE portal_tasks.verb
                   WHEN 'submit' THEN gt_submit_annotations(t.ids, t.labels, comments => t.comments, token => portal_tasks.token)
                   WHEN 'revise' THEN gt_revise_annotations(t.ids, t.labels, comments => t.comments, token => portal_tasks.token)
                   WHEN 'retract' THEN gt_retract_annotations(t.ids, token => portal_tasks.token)
                   WHEN 'release' THEN gt_release_tasks(t.ids, token => portal_tasks.token)
                   WHEN 'decline' THEN gt_decline_tasks(t.ids, reason => body->>'reason', token => portal_tasks.token) END)
          FROM (SELECT gtlabel.numbers(body->'task_ids') AS ids, gtlabel.texts(body->'labels') AS labels,
                       gtlabel.texts(NULLIF(body->'comments', 'null')) AS comments) t;
    END;
COMMENT ON FUNCTION gtlabel.portal_tasks IS 'Portal: tasks that I hold or had. verb: submit (answers), revise (other answers), retract (take back), release (for somebody else), decline (nobody can answer, with a reason)';

CREATE FUNCTION gtlabel.portal_extend(token text, body jsonb) RETURNS json
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT pg_catalog.json_build_object('lease_expires_at', gt_extend_leases(task_ids => gtlabel.numbers(body->'task_ids'),
            token => portal_extend.token));
    END;
COMMENT ON FUNCTION gtlabel.portal_extend IS 'Portal: leases that last longer';

-- ---- Owners ------------------------------------------------------------------------

CREATE FUNCTION gt_first_rows(dataset regclass, columns text[], row_count integer DEFAULT 5) RETURNS SETOF json
    AS 'MODULE_PATHNAME', 'gtl_sql_first_rows' LANGUAGE C VOLATILE ROWS 5;
COMMENT ON FUNCTION gt_first_rows IS 'Some rows of a table, the first that come, read with the rights of the caller';

CREATE FUNCTION gtlabel.portal_jobs() RETURNS json
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT coalesce(pg_catalog.json_agg(pg_catalog.row_to_json(r) ORDER BY r.job_id DESC), '[]')
          FROM (SELECT j.job_id, j.job_name, j.state, j.object_count, j.human_labeled, j.machine_labeled, j.failed, j.unlabeled,
                       j.step, j.step_error, j.failure_reason, j.created_at, j.finished_at
                  FROM gt_jobs j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')) r;
    END;
COMMENT ON FUNCTION gtlabel.portal_jobs() IS 'Portal: the jobs that are mine';

CREATE FUNCTION gtlabel.portal_watch(job_name text) RETURNS json
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT coalesce(pg_catalog.json_agg(pg_catalog.row_to_json(r) ORDER BY r.job_id DESC), '[]')
          FROM (SELECT j.job_id, j.job_name, j.state, j.object_count, j.human_labeled, j.machine_labeled, j.failed, j.unlabeled,
                       j.human_labeled + coalesce(b.answers, 0) AS answers, b.batch_no, b.answers AS batch_answers,
                       b.object_count AS batch_tasks, j.step, j.step_error, p.phase, p.percent,
                       p.estimated_end::time AS estimated_end, d.round_no, d.reason
                  FROM gt_jobs j
                  LEFT JOIN gt_batches b ON b.job_name = j.job_name AND b.state = 'open'
                  LEFT JOIN LATERAL (SELECT g.phase, g.percent, g.estimated_end FROM gt_progress g
                                      WHERE g.job_name = j.job_name ORDER BY g.started_at LIMIT 1) p ON true
                  LEFT JOIN LATERAL (SELECT o.round_no, o.reason FROM gt_rounds o
                                      WHERE o.job_name = j.job_name ORDER BY o.round_no DESC LIMIT 1) d ON true
                 WHERE CASE WHEN portal_watch.job_name IS NULL
                            THEN j.finished_at IS NULL OR j.finished_at > pg_catalog.now() - interval '1 day'
                            ELSE j.job_name = portal_watch.job_name END) r;
    END;
COMMENT ON FUNCTION gtlabel.portal_watch IS 'Portal: what goes on in a job, or NULL: in those that run, or ended today';

CREATE FUNCTION gtlabel.portal_job(job_name text) RETURNS json
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT pg_catalog.json_build_object(
                   'now', gtlabel.portal_watch(portal_job.job_name)->0, 'job_id', j.job_id, 'job_name', j.job_name, 'state', j.state,
                   'object_count', j.object_count, 'human_labeled', j.human_labeled, 'machine_labeled', j.machine_labeled,
                   'failed', j.failed, 'unlabeled', j.unlabeled, 'failure_reason', j.failure_reason,
                   'target_accuracy', (SELECT s.value::float8 FROM gt_job_settings s
                                        WHERE s.job_name = portal_job.job_name AND s.setting = 'target_accuracy'),
                   'rounds', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.row_to_json(d) ORDER BY d.round_no), '[]')
                                FROM (SELECT o.round_no, GREATEST(o.training_count + o.validation_count - j.given_count, 0) AS human_labeled, o.auto_labeled AS machine_labeled,
                                             o.bound, o.accuracy, o.reason, o.finished_at
                                        FROM gt_rounds o WHERE o.job_name = portal_job.job_name) d),
                   'drift', (SELECT pg_catalog.row_to_json(d) FROM (SELECT a.alarm, a.alarm_segment_no FROM gtlabel.drift a WHERE a.job_id = j.job_id AND a.alarm IS NOT NULL) d),
                   'segment_count', (SELECT pg_catalog.count(*) FROM gtlabel.segment s WHERE s.job_id = j.job_id),
                   'segments', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.row_to_json(s) ORDER BY s.segment_no DESC), '[]')
                                  FROM (SELECT n.segment_no, n.added_at, n.object_count, n.validation_count FROM gtlabel.segment n
                                         WHERE n.job_id = j.job_id ORDER BY n.segment_no DESC LIMIT 20) s),
                   'explanation', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.row_to_json(e)), '[]') FROM gt_explain_job(portal_job.job_name) e),
                   'queue', (SELECT pg_catalog.row_to_json(q)
                               FROM (SELECT b.batch_no, b.subset, b.object_count, b.issued_at, b.expires_at, t.tasks, t.held
                                       FROM gt_batches b
                                      CROSS JOIN LATERAL (
                                           SELECT coalesce(pg_catalog.json_object_agg(s.state, s.tasks), '{}') AS tasks,
                                                  coalesce((pg_catalog.array_agg(s.held) FILTER (WHERE s.held IS NOT NULL))[1], '[]') AS held
                                             FROM (SELECT g.state, pg_catalog.sum(g.tasks)::bigint AS tasks, CASE WHEN g.state = 'accepted' THEN pg_catalog.json_agg(
                                                          pg_catalog.json_build_object('annotator', g.annotator, 'tasks', g.tasks, 'since', g.since)) END AS held
                                                     FROM (SELECT t.state, CASE WHEN t.state = 'accepted' THEN t.annotator END AS annotator,
                                                                  pg_catalog.count(*) AS tasks, pg_catalog.min(t.accepted_at) AS since
                                                             FROM gtlabel.task t
                                                            WHERE t.job_id = j.job_id AND t.batch_no = b.batch_no GROUP BY 1, 2) g
                                                    GROUP BY g.state) s) t
                                      WHERE b.job_name = portal_job.job_name AND b.state = 'open') q),
                   'plan', CASE WHEN j.finished_at IS NULL AND j.state IN ('in_progress', 'paused')
                                THEN (SELECT pg_catalog.json_agg(pg_catalog.row_to_json(p)) FROM gt_plan_job(portal_job.job_name) p) END)
          FROM gt_jobs j WHERE j.job_name = portal_job.job_name;
    END;
COMMENT ON FUNCTION gtlabel.portal_job IS 'Portal: one job: counters, rounds, what to do next, what joined last, the open batch, the plan';

CREATE FUNCTION gtlabel.portal_report(job_name text) RETURNS text
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT gt_report(job_name);
    END;
COMMENT ON FUNCTION gtlabel.portal_report IS 'Portal: the page of gt_report';

CREATE FUNCTION gtlabel.portal_steer(job_name text, verb text) RETURNS json
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT pg_catalog.to_json(CASE portal_steer.verb WHEN 'pause' THEN gt_pause_job(job_name)::text
                                                         WHEN 'resume' THEN gt_resume_job(job_name)::text
                                                         WHEN 'stop' THEN gt_stop_job(job_name)::text END);
    END;
COMMENT ON FUNCTION gtlabel.portal_steer IS 'Portal: verb pause, resume or stop';

-- The objects to look at again, of one kind, the doubtful ones first. The tables themselves are read, within row-level
-- security: the views look up the key of every object, and of a million 100 are wanted.
CREATE FUNCTION gtlabel.review_keys(job_name text, kind text) RETURNS TABLE (object_key text, place bigint, object_no integer)
    VOLATILE PARALLEL UNSAFE ROWS 100
    BEGIN ATOMIC
        SELECT o.object_key, k.place, k.object_no
          FROM gtlabel.job j
         CROSS JOIN LATERAL (
              SELECT d.object_no, pg_catalog.row_number() OVER (ORDER BY pg_catalog.min(d.doubt), d.object_no) AS place
                FROM (SELECT l.object_no, l.confidence::float8 AS doubt
                        FROM (SELECT a.object_no, a.class_no FROM gtlabel.annotation a WHERE a.job_id = j.job_id OFFSET 0) a
                        JOIN (SELECT * FROM gtlabel.label l WHERE l.job_id = j.job_id AND l.human OFFSET 0) l
                          ON l.object_no = a.object_no AND l.class_no <> a.class_no
                       WHERE review_keys.kind = 'disagreement'
                      UNION ALL
                      SELECT m.object_no, m.confidence
                        FROM (SELECT l.object_no, l.confidence FROM gtlabel.label l
                               WHERE review_keys.kind = 'machine' AND l.job_id = j.job_id AND NOT l.human AND l.class_no >= 0
                               ORDER BY l.confidence, l.object_no LIMIT 100) m
                      UNION ALL
                      SELECT f.object_no, 0 FROM gtlabel.failure f WHERE review_keys.kind = 'remarks' AND f.job_id = j.job_id
                      UNION ALL
                      SELECT t.object_no, 1 FROM gtlabel.task t
                       WHERE review_keys.kind = 'remarks' AND t.job_id = j.job_id AND t.slot_no < 0 AND t.state = 'declined'
                      UNION ALL
                      SELECT a.object_no, 2 FROM gtlabel.annotation a
                       WHERE review_keys.kind = 'remarks' AND a.job_id = j.job_id AND a.remark IS NOT NULL) d
                LEFT JOIN (SELECT c.object_no FROM gtlabel.correction c WHERE c.job_id = j.job_id AND c.class_no IS NOT NULL OFFSET 0) c
                  ON c.object_no = d.object_no
               WHERE c.object_no IS NULL
               GROUP BY d.object_no ORDER BY 2 LIMIT 100) k
         CROSS JOIN LATERAL (SELECT o.object_key FROM gtlabel.object o WHERE o.job_id = j.job_id AND o.object_no = k.object_no OFFSET 0) o
         WHERE j.job_name = review_keys.job_name
         ORDER BY k.place;
    END;
COMMENT ON FUNCTION gtlabel.review_keys IS 'Portal: up to 100 objects to review. kind: disagreement, machine (least certain first), or remarks (failed, declined, commented on). Those that the owner has decided are left out';

CREATE FUNCTION gtlabel.portal_review(job_name text, kind text) RETURNS json
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        WITH k AS MATERIALIZED (SELECT * FROM gtlabel.review_keys(portal_review.job_name, portal_review.kind)),
             o AS MATERIALIZED (SELECT * FROM gt_dataset_rows(portal_review.job_name, (SELECT coalesce(pg_catalog.array_agg(k.object_key), '{}') FROM k)))
        SELECT pg_catalog.json_build_object(
                   'job_name', j.job_name,
                   'label_categories', j.label_categories,
                   'items', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object(
                                 'object_key', k.object_key, 'object', o.object, 'label', j.label_categories[l.class_no + 1], 'confidence', l.confidence,
                                 'by', CASE WHEN l.human THEN 'people' WHEN NOT l.human THEN 'machine' END,
                                 'failure', f.reason,
                                 'said', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.row_to_json(s)), '[]')
                                            FROM (SELECT a.annotator AS who, j.label_categories[a.class_no + 1] AS label, a.remark AS note
                                                    FROM (SELECT * FROM gtlabel.annotation a WHERE a.job_id = j.job_id AND a.object_no = k.object_no OFFSET 0) a
                                                  UNION ALL
                                                  SELECT t.annotator, NULL, coalesce(t.remark, 'declined')
                                                    FROM (SELECT * FROM gtlabel.task t WHERE t.job_id = j.job_id AND t.object_no = k.object_no AND t.slot_no < 0 OFFSET 0) t
                                                   WHERE t.state = 'declined') s))
                                 ORDER BY k.place), '[]')
                               FROM k
                               LEFT JOIN o ON o.object_key = k.object_key
                               LEFT JOIN LATERAL (SELECT * FROM gtlabel.label l WHERE l.job_id = j.job_id AND l.object_no = k.object_no OFFSET 0) l
                                 ON l.class_no >= 0
                               LEFT JOIN LATERAL (SELECT f.reason FROM gtlabel.failure f WHERE f.job_id = j.job_id AND f.object_no = k.object_no OFFSET 0) f
                                 ON true))
          FROM gtlabel.job j WHERE j.job_name = portal_review.job_name;
    END;
COMMENT ON FUNCTION gtlabel.portal_review IS 'Portal: objects to look at again, with what was said about each';

CREATE FUNCTION gtlabel.portal_correct(job_name text, body jsonb) RETURNS json
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT pg_catalog.json_build_object('count', gt_correct_labels(job_name, ARRAY[body->>'object_key'], ARRAY[body->>'label']));
    END;
COMMENT ON FUNCTION gtlabel.portal_correct IS 'Portal: gt_correct_labels for one object; label null takes it back';

CREATE FUNCTION gtlabel.portal_settings(job_name text) RETURNS json
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('setting', s.setting, 'value', s.value, 'default', s."default",
                                                   'alterable', s.alterable, 'description', s.description)), '[]')
          FROM gt_job_settings s WHERE s.job_name = portal_settings.job_name;
    END;
COMMENT ON FUNCTION gtlabel.portal_settings IS 'Portal: the settings of a job';

CREATE FUNCTION gtlabel.portal_alter(job_name text, body jsonb) RETURNS json
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT pg_catalog.to_json(gt_alter_job(
            portal_alter.job_name,
            dataset => (body->>'dataset')::regclass, label_categories => (body->>'label_categories')::text[],
            key_column => (body->>'key_column')::name, features_column => (body->>'features_column')::name,
            label_column => (body->>'label_column')::name, label_attribute_name => body->>'label_attribute_name',
            max_concurrent_task_count => (body->>'max_concurrent_task_count')::integer,
            annotators_per_object => (body->>'annotators_per_object')::integer, auto_label => (body->>'auto_label')::boolean,
            target_accuracy => (body->>'target_accuracy')::float8, confidence_level => (body->>'confidence_level')::float8,
            guarantee => body->>'guarantee', schedule => body->>'schedule', validation_share => (body->>'validation_share')::float8,
            validation_count => (body->>'validation_count')::integer,
            drift_alarm => (body->>'drift_alarm')::boolean, ask_again_on_change => (body->>'ask_again_on_change')::boolean,
            algorithm => body->>'algorithm', query_strategy => body->>'query_strategy', initial_model => body->>'initial_model',
            max_human_labeled_object_count => (body->>'max_human_labeled_object_count')::integer,
            max_percentage_of_input_dataset_labeled => (body->>'max_percentage_of_input_dataset_labeled')::integer,
            task_time_limit => (body->>'task_time_limit')::interval,
            task_availability_lifetime => (body->>'task_availability_lifetime')::interval, workteam => (body->>'workteam')::regrole,
            seed => (body->>'seed')::bigint, min_annotators => (body->>'min_annotators')::integer,
            max_annotators => (body->>'max_annotators')::integer,
            consolidation_confidence => (body->>'consolidation_confidence')::float8,
            consolidation => (body->>'consolidation')::regprocedure, gold_column => (body->>'gold_column')::name,
            audit_share => (body->>'audit_share')::float8, per_class => (body->>'per_class')::boolean,
            guarantee_scope => body->>'guarantee_scope', owner => (body->>'owner')::regrole,
            text_column => (body->>'text_column')::name, text_dimensions => (body->>'text_dimensions')::integer,
            word_vectors => (body->>'word_vectors')::regclass, display_columns => (body->>'display_columns')::text[],
            instructions => body->>'instructions', max_leases_per_annotator => (body->>'max_leases_per_annotator')::integer,
            follow => (body->>'follow')::boolean, neighbours => (body->>'neighbours')::boolean,
            proposal_columns => (body->>'proposal_columns')::text[], placement => body->>'placement',
            sample_count => (body->>'sample_count')::integer, previous_job => body->>'previous_job',
            reset => (SELECT pg_catalog.array_agg(e.key) FROM pg_catalog.jsonb_each(body) e WHERE e.value = 'null'))::text);
    END;
COMMENT ON FUNCTION gtlabel.portal_alter IS 'Portal: gt_alter_job with every setting: of those that are fixed it says why; a null resets a setting';

CREATE FUNCTION gtlabel.portal_categories(job_name text, verb text, body jsonb) RETURNS json
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT pg_catalog.to_json(CASE portal_categories.verb
            WHEN 'add' THEN gt_add_category(job_name, body->>'category')::text
            WHEN 'rename' THEN gt_rename_category(job_name, body->>'category', body->>'new_name')::text
            WHEN 'merge' THEN gt_merge_categories(job_name, ARRAY[body->>'category'], body->>'into_category')::text END);
    END;
COMMENT ON FUNCTION gtlabel.portal_categories IS 'Portal: verb add, rename or merge: the categories of a job that runs';

CREATE FUNCTION gtlabel.portal_people(job_name text) RETURNS json
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT coalesce(pg_catalog.json_agg(pg_catalog.row_to_json(r) ORDER BY r.answers DESC NULLS LAST, r.annotator), '[]')
          FROM (SELECT coalesce(a.annotator, i.annotator) AS annotator, i.annotator IS NOT NULL AS invited, i.valid_until, i.revoked_at,
                       a.answers, a.agreement, a.estimated_accuracy, a.gold_accuracy, a.median_seconds,
                       pg_catalog.to_regrole(pg_catalog.quote_ident(a.annotator)) IS NOT NULL AS by_role,
                       EXISTS (SELECT FROM gt_jobs j JOIN gtlabel.exclusion x ON x.job_id = j.job_id
                                WHERE j.job_name = portal_people.job_name AND x.annotator = a.annotator) AS excluded
                  FROM (SELECT * FROM gt_annotators WHERE gt_annotators.job_name = portal_people.job_name) a
                  FULL JOIN (SELECT DISTINCT ON (v.annotator) v.annotator, v.valid_until, v.revoked_at
                               FROM gt_invitations v WHERE v.job_name = portal_people.job_name
                              ORDER BY v.annotator, v.invited_at DESC) i ON i.annotator = a.annotator) r;
    END;
COMMENT ON FUNCTION gtlabel.portal_people IS 'Portal: who labels a job, and who is invited to';

CREATE FUNCTION gtlabel.portal_invite(job_name text, body jsonb) RETURNS json
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT pg_catalog.json_build_object('token', gt_invite_annotator(job_name, body->>'annotator', (body->>'valid_for')::interval));
    END;
COMMENT ON FUNCTION gtlabel.portal_invite IS 'Portal: gt_invite_annotator';

CREATE FUNCTION gtlabel.portal_revoke(job_name text, annotator text) RETURNS json
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT pg_catalog.to_json(gt_revoke_invitation(job_name, annotator));
    END;
COMMENT ON FUNCTION gtlabel.portal_revoke IS 'Portal: gt_revoke_invitation';

CREATE FUNCTION gtlabel.portal_judge(job_name text, annotator text, verb text) RETURNS json
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT pg_catalog.json_build_object('count', CASE portal_judge.verb WHEN 'exclude' THEN gt_exclude_annotator(job_name, annotator)
                                                                            WHEN 'include' THEN gt_include_annotator(job_name, annotator) END);
    END;
COMMENT ON FUNCTION gtlabel.portal_judge IS 'Portal: verb exclude or include: do the answers of this annotator count?';

CREATE FUNCTION gtlabel.portal_datasets() RETURNS json
    STABLE PARALLEL SAFE
    BEGIN ATOMIC
        SELECT coalesce(pg_catalog.json_agg(pg_catalog.json_build_object('dataset', c.oid::regclass::text, 'row_count', GREATEST(c.reltuples, 0)::bigint)
                                 ORDER BY c.oid::regclass::text), '[]')
          FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND NOT c.relispartition
           AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'gtlabel') AND n.nspname NOT LIKE 'pg\_%'
           AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT')
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_class'::regclass::oid AND d.objid = c.oid AND d.deptype = 'e');
    END;
COMMENT ON FUNCTION gtlabel.portal_datasets() IS 'Portal: tables and views that I may read';

-- What columns of a table are for, as far as name and type tell
CREATE FUNCTION gtlabel.guess_columns(dataset regclass)
    RETURNS TABLE (name text, type text, attnum smallint, guess text)
    STABLE PARALLEL SAFE ROWS 10
    BEGIN ATOMIC
        SELECT a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnum,
               CASE WHEN i.indrelid IS NOT NULL THEN 'key'
                    WHEN t.typcategory = 'A' AND e.typcategory = 'N' OR t.typname = 'vector' THEN 'features'
                    WHEN a.attname ~* '^(label|category|class|topic|target)$' THEN 'label'
                    WHEN a.attname ~* '^gold' THEN 'gold'
                    WHEN a.attname ~* '^(proposal|proposed|predicted|prediction|suggested|suggestion)(_|$)' THEN 'proposal'
                    WHEN t.typcategory = 'S' OR t.typname IN ('json', 'jsonb', 'bytea') THEN 'show'
                    WHEN t.typcategory IN ('N', 'D', 'B', 'E') THEN 'show'
                    ELSE 'ignore' END
          FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
          LEFT JOIN pg_catalog.pg_type e ON e.oid = t.typelem
          LEFT JOIN pg_catalog.pg_index i ON i.indrelid = a.attrelid AND i.indisprimary AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum
         WHERE a.attrelid = dataset::oid AND a.attnum > 0 AND NOT a.attisdropped;
    END;
COMMENT ON FUNCTION gtlabel.guess_columns IS 'Portal: the columns of a table, with a guess: key, features, label, gold, proposal, show or ignore';

CREATE FUNCTION gtlabel.portal_dataset(dataset text) RETURNS json
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT pg_catalog.json_build_object(
                   'dataset', portal_dataset.dataset, 'job_name', (SELECT c.relname FROM pg_catalog.pg_class c WHERE c.oid = portal_dataset.dataset::regclass::oid),
                   'columns', (SELECT pg_catalog.json_agg(pg_catalog.row_to_json(g) ORDER BY g.attnum) FROM gtlabel.guess_columns(portal_dataset.dataset::regclass) g),
                   'rows', (SELECT coalesce(pg_catalog.json_agg(r), '[]') FROM gt_first_rows(portal_dataset.dataset::regclass,
                        (SELECT coalesce(pg_catalog.array_agg(g.name ORDER BY g.attnum), '{}') FROM gtlabel.guess_columns(portal_dataset.dataset::regclass) g
                          WHERE g.guess <> 'features'), 5) r),
                   'categories', (SELECT coalesce(pg_catalog.json_agg(DISTINCT v.value), '[]')
                                    FROM gt_first_rows(portal_dataset.dataset::regclass,
                                             (SELECT coalesce(pg_catalog.array_agg(g.name), '{}') FROM gtlabel.guess_columns(portal_dataset.dataset::regclass) g
                                               WHERE g.guess = 'label'), 5000) r, pg_catalog.json_each_text(r) v
                                   WHERE v.value IS NOT NULL));
    END;
COMMENT ON FUNCTION gtlabel.portal_dataset IS 'Portal: a table before there is a job on it: columns with what they may be for, first rows, categories of a label column';

CREATE FUNCTION gtlabel.portal_plan(body jsonb) RETURNS json
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT pg_catalog.json_build_object(
                   'object_count', n.object_count,
                   'steps', (SELECT coalesce(pg_catalog.json_agg(pg_catalog.row_to_json(p) ORDER BY p.step), '[]')
                               FROM gt_plan(n.object_count, coalesce((body->>'max_concurrent_task_count')::integer, 1000),
                                            schedule => coalesce(body->>'schedule', 'standard'),
                                            target_accuracy => coalesce((body->>'target_accuracy')::float8, 0.95)) p))
          FROM (SELECT CASE WHEN c.reltuples > 0::float4 THEN c.reltuples::bigint
                            ELSE (SELECT pg_catalog.count(*) FROM gt_first_rows(c.oid, ARRAY[body->>'key_column'], 10000)) END AS object_count
                  FROM pg_catalog.pg_class c WHERE c.oid = (body->>'dataset')::regclass::oid) n;
    END;
COMMENT ON FUNCTION gtlabel.portal_plan IS 'Portal: gt_plan for a job that is about to be created';

CREATE FUNCTION gtlabel.portal_simulate(body jsonb) RETURNS json
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT coalesce(pg_catalog.json_agg(pg_catalog.row_to_json(s)), '[]')
          FROM gt_simulate_job((body->>'dataset')::regclass, (body->>'label_column')::name,
                               label_categories => gtlabel.texts(NULLIF(body->'label_categories', 'null')),
                               key_column => (body->>'key_column')::name, features_column => (body->>'features_column')::name,
                               text_column => (body->>'text_column')::name,
                               proposal_columns => gtlabel.texts(NULLIF(body->'proposal_columns', 'null')),
                               max_concurrent_task_count => coalesce((body->>'max_concurrent_task_count')::integer, 1000),
                               target_accuracy => coalesce((body->>'target_accuracy')::float8, 0.95),
                               schedule => coalesce(body->>'schedule', 'standard'), seed => 1) s;
    END;
COMMENT ON FUNCTION gtlabel.portal_simulate IS 'Portal: gt_simulate_job for a job that is about to be created';

CREATE FUNCTION gtlabel.portal_create(body jsonb) RETURNS json
    VOLATILE PARALLEL UNSAFE
    BEGIN ATOMIC
        SELECT pg_catalog.json_build_object('job_id',
            gt_create_job(body->>'job_name', (body->>'dataset')::regclass, gtlabel.texts(body->'label_categories'),
                          key_column => (body->>'key_column')::name, features_column => (body->>'features_column')::name,
                          text_column => (body->>'text_column')::name,
                          label_column => (body->>'label_column')::name, gold_column => (body->>'gold_column')::name,
                          max_concurrent_task_count => coalesce((body->>'max_concurrent_task_count')::integer, 1000),
                          annotators_per_object => coalesce((body->>'annotators_per_object')::integer, 1),
                          target_accuracy => coalesce((body->>'target_accuracy')::float8, 0.95),
                          schedule => coalesce(body->>'schedule', 'standard'), workteam => (body->>'workteam')::regrole,
                          display_columns => gtlabel.texts(NULLIF(body->'display_columns', 'null')),
                          proposal_columns => gtlabel.texts(NULLIF(body->'proposal_columns', 'null')),
                          follow => coalesce((body->>'follow')::boolean, false), instructions => body->>'instructions'));
    END;
COMMENT ON FUNCTION gtlabel.portal_create IS 'Portal: gt_create_job';
