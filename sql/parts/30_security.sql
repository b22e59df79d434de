/*
 * Who sees what. Nobody but the extension's owner writes here: the gt_ functions
 * switch to it. Everybody may read, through row-level security: a job's owner (and
 * the members of that role) all of it; a member of its workteam the job, its
 * batches, the tasks that are open or the member's own, the objects of these, and
 * the member's own answers, and once the object has its label from people that and everybody's;
 * never the known answers that the team is measured by, nor the machine labels that
 * it checks in an audit.
 *
 * Owner and team are one policy, not two, which the server would ask in an order of its own: an
 * owner's rows are then known as such before the tasks of the team are read.
 */
GRANT SELECT ON gtlabel.job, gtlabel.object, gtlabel.gold, gtlabel.batch, gtlabel.task, gtlabel.annotation,
                gtlabel.label, gtlabel.failure, gtlabel.round, gtlabel.certificate, gtlabel.model, gtlabel.step,
                gtlabel.event, gtlabel.exclusion, gtlabel.invitation, gtlabel.feature_page, gtlabel.featurizer, gtlabel.lease TO PUBLIC;
-- pg_dump reads them with the rights of whoever calls it
GRANT SELECT ON gtlabel.job_id_seq, gtlabel.task_id_seq, gtlabel.model_id_seq, gtlabel.event_id_seq,
                gtlabel.featurizer_id_seq TO PUBLIC;

ALTER TABLE gtlabel.feature_page ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.feature_page FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.featurizer ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.featurizer FOR SELECT
    USING (featurizer_id IN (SELECT j.featurizer_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER'))
           OR featurizer_id IN (SELECT m.featurizer_id FROM gtlabel.model m WHERE pg_catalog.pg_has_role(m.owner, 'MEMBER')));

ALTER TABLE gtlabel.lease ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.lease FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.job ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner_or_team ON gtlabel.job FOR SELECT
    USING (pg_catalog.pg_has_role(owner, 'MEMBER')
           OR (workteam IS NOT NULL AND pg_catalog.pg_has_role(workteam, 'MEMBER')));

ALTER TABLE gtlabel.batch ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner_or_team ON gtlabel.batch FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j));

ALTER TABLE gtlabel.task ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner_or_team ON gtlabel.task FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER'))
           OR ((state = 'available' OR annotator = CURRENT_USER)
           AND job_id IN (SELECT j.job_id FROM gtlabel.job j)));

ALTER TABLE gtlabel.object ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner_or_team ON gtlabel.object FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER'))
           OR ((job_id, object_no) IN (SELECT t.job_id, t.object_no FROM gtlabel.task t)));

ALTER TABLE gtlabel.gold ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.gold FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.label ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner_or_team ON gtlabel.label FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER'))
           OR (human AND (job_id, object_no) IN (SELECT t.job_id, t.object_no FROM gtlabel.task t WHERE t.annotator = CURRENT_USER)));

ALTER TABLE gtlabel.annotation ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner_or_team ON gtlabel.annotation FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER'))
           OR (job_id IN (SELECT j.job_id FROM gtlabel.job j)
           AND (annotator = CURRENT_USER
                OR (job_id, object_no) IN (SELECT l.job_id, l.object_no FROM gtlabel.label l WHERE l.human))));

ALTER TABLE gtlabel.exclusion ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.exclusion FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.invitation ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.invitation FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.failure ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.failure FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.round ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.round FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.certificate ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.certificate FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.step ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.step FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.event ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.event FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.model ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.model FOR SELECT
    USING (pg_catalog.pg_has_role(owner, 'MEMBER'));
