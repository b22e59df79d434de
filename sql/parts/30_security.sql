/*
 * Who sees what. Nobody but the extension's owner writes here: the gt_ functions
 * switch to it. Everybody may read, through row-level security: the rows of their own jobs, that is those
 * of a role that they are a member of. A workteam sees nothing here; 50_views.sql shows its
 * members the job, its batches, the tasks that are open or the member's own, and the member's own answers, and once
 * the object has its label from people that and everybody's; never what is a test of theirs: the
 * validation set, the known answers, the machine labels that they check in an audit, the seed.
 */
GRANT SELECT ON gtlabel.job, gtlabel.object, gtlabel.gold, gtlabel.batch, gtlabel.task, gtlabel.annotation,
                gtlabel.label, gtlabel.correction, gtlabel.recall, gtlabel.drift, gtlabel.failure, gtlabel.round, gtlabel.certificate, gtlabel.audit, gtlabel.audit_object, gtlabel.segment, gtlabel.given, gtlabel.change,
                gtlabel.model, gtlabel.step,
                gtlabel.event, gtlabel.consumer, gtlabel.annotator_role, gtlabel.early_answer, gtlabel.former_answer, gtlabel.exclusion, gtlabel.invitation, gtlabel.feature_page, gtlabel.featurizer,
                gtlabel.neighbours, gtlabel.lease, gtlabel.open_objects TO PUBLIC;
-- pg_dump reads them with the rights of whoever calls it
GRANT SELECT ON gtlabel.job_id_seq, gtlabel.task_id_seq, gtlabel.model_id_seq, gtlabel.event_id_seq,
                gtlabel.featurizer_id_seq, gtlabel.change_id_seq, gtlabel.neighbours_id_seq, gtlabel.open_objects_entry_no_seq TO PUBLIC;

ALTER TABLE gtlabel.feature_page ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.feature_page FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.featurizer ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.featurizer FOR SELECT
    USING (featurizer_id IN (SELECT j.featurizer_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER'))
           OR featurizer_id IN (SELECT m.featurizer_id FROM gtlabel.model m WHERE pg_catalog.pg_has_role(m.owner, 'MEMBER')));

ALTER TABLE gtlabel.neighbours ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.neighbours FOR SELECT
    USING (neighbours_id IN (SELECT j.neighbours_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER'))
           OR neighbours_id IN (SELECT m.neighbours_id FROM gtlabel.model m WHERE pg_catalog.pg_has_role(m.owner, 'MEMBER')));

ALTER TABLE gtlabel.lease ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.lease FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.open_objects ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.open_objects FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.job ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.job FOR SELECT
    USING (pg_catalog.pg_has_role(owner, 'MEMBER'));

ALTER TABLE gtlabel.batch ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.batch FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.task ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.task FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.segment ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.segment FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.change ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.change FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.given ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.given FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.object ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.object FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.gold ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.gold FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.label ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.label FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.annotation ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.annotation FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.annotator_role ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.annotator_role FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.early_answer ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.early_answer FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.former_answer ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.former_answer FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.exclusion ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.exclusion FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.invitation ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.invitation FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.correction ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.correction FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.recall ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.recall FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.drift ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.drift FOR SELECT
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

ALTER TABLE gtlabel.audit ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.audit FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.audit_object ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.audit_object FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.step ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.step FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.event ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.event FOR SELECT
    USING (job_id IN (SELECT j.job_id FROM gtlabel.job j WHERE pg_catalog.pg_has_role(j.owner, 'MEMBER')));

ALTER TABLE gtlabel.consumer ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.consumer FOR SELECT
    USING (pg_catalog.pg_has_role(owner, 'MEMBER'));

ALTER TABLE gtlabel.model ENABLE ROW LEVEL SECURITY;
CREATE POLICY owner ON gtlabel.model FOR SELECT
    USING (pg_catalog.pg_has_role(owner, 'MEMBER'));
