/*
 * Tables. Each is written by one module of src/tables and carries no foreign
 * key: a row trigger for each of a million objects would cost more than the rest
 * of the snapshot, and only those modules write here. Every table and sequence is
 * dumped with the user's data.
 */

CREATE SEQUENCE gtlabel.job_id_seq;
CREATE TABLE gtlabel.job (
    job_id                         bigint PRIMARY KEY DEFAULT pg_catalog.nextval('gtlabel.job_id_seq'),
    job_name                       text COLLATE "C" NOT NULL UNIQUE,
    owner                          gtlabel.role NOT NULL,
    dataset                        gtlabel.relation NOT NULL,
    dataset_name                   text NOT NULL,
    key_column                     name NOT NULL,
    features_column                name,
    text_column                    name,
    text_dimensions                integer NOT NULL CHECK (text_dimensions BETWEEN 16 AND 1024),
    word_vectors                   text,
    neighbours                     boolean,
    proposal_columns               text[],
    label_column                   name,
    previous_job                   text,
    label_categories               text[] NOT NULL,
    former_categories              text[],
    label_attribute_name           text NOT NULL,
    max_concurrent_task_count      integer NOT NULL CHECK (max_concurrent_task_count >= 1),
    annotators_per_object          integer NOT NULL CHECK (annotators_per_object BETWEEN 1 AND 9),
    min_annotators                 integer CHECK (min_annotators BETWEEN 1 AND 9),
    max_annotators                 integer CHECK (max_annotators BETWEEN 1 AND 9),
    consolidation_confidence       float8 CHECK (consolidation_confidence > 0 AND consolidation_confidence < 1),
    consolidation                  text,
    consolidation_owner            gtlabel.role,
    gold_column                    name,
    audit_share                    float8 CHECK (audit_share > 0 AND audit_share <= 1),
    audit_count                    integer,
    audit_wrong                    integer,
    audit_verdict                  text CHECK (audit_verdict IN ('kept', 'open', 'broken')),
    auto_label                     boolean NOT NULL,
    target_accuracy                float8 NOT NULL CHECK (target_accuracy > 0 AND target_accuracy < 1),
    confidence_level               float8 NOT NULL CHECK (confidence_level > 0 AND confidence_level < 1),
    guarantee                      gtlabel.guarantee NOT NULL,
    guarantee_scope                text NOT NULL CHECK (guarantee_scope IN ('machine_labels', 'dataset')),
    per_class                      boolean NOT NULL,
    schedule                       text NOT NULL CHECK (schedule IN ('standard', 'eager')),
    validation_share               float8 CHECK (validation_share > 0 AND validation_share < 1),
    validation_wanted              integer CHECK (validation_wanted >= 1),
    algorithm                      text NOT NULL,
    query_strategy                 text NOT NULL,
    initial_model_id               bigint,
    max_human_labeled_object_count integer CHECK (max_human_labeled_object_count >= 1),
    max_percentage_of_input_dataset_labeled integer
        CHECK (max_percentage_of_input_dataset_labeled BETWEEN 1 AND 100),
    task_time_limit                interval NOT NULL,
    task_availability_lifetime     interval NOT NULL,
    max_leases_per_annotator       integer,
    follow                         boolean NOT NULL,
    ask_again_on_change            boolean NOT NULL,
    drift_alarm                    boolean NOT NULL,
    display_columns                text[],
    instructions                   text,
    workteam                       gtlabel.role,
    seed                           bigint NOT NULL,
    placement                      text NOT NULL CHECK (placement IN ('copy', 'in_place')),
    sample_count                   integer NOT NULL CHECK (sample_count >= 100),
    dataset_count                  bigint,
    object_count                   integer NOT NULL,
    validation_count               integer NOT NULL,
    dimension                      integer NOT NULL,
    given_count                    integer NOT NULL,
    state                          gtlabel.job_state NOT NULL,
    failure_reason                 text,
    open_batch_no                  integer,
    human_labeled                  integer NOT NULL,
    machine_labeled                integer NOT NULL,
    failed                         integer NOT NULL,
    label_noise                    float8,
    created_at                     timestamptz NOT NULL,
    last_modified_at               timestamptz NOT NULL,
    finished_at                    timestamptz,
    purged_at                      timestamptz,
    revision                       integer NOT NULL DEFAULT 0,
    stop_requested                 boolean NOT NULL DEFAULT false,
    featurizer_id                  bigint,
    proposal_inputs                integer NOT NULL,
    neighbours_id                  bigint,
    neighbours_segments            integer,
    neighbours_reason              text,
    chosen_start                   boolean NOT NULL,
    CHECK (human_labeled + machine_labeled + failed <= object_count)
);
COMMENT ON TABLE gtlabel.job IS 'One row a labeling job: its settings, its state, its counters. Written by src/tables/job.c';
COMMENT ON COLUMN gtlabel.job.former_categories IS 'Names that categories had before, each followed by the present one: columns of the dataset may still have them';
COMMENT ON COLUMN gtlabel.job.per_class IS 'Each category has a threshold and a certificate of its own';
COMMENT ON COLUMN gtlabel.job.consolidation IS 'Signature of the function that consolidates instead of Dawid-Skene and majority; as text, since a dump keeps no function numbers';
COMMENT ON COLUMN gtlabel.job.consolidation_owner IS 'Who owned the function when it was named; that of another role is not called';
COMMENT ON COLUMN gtlabel.job.gold_column IS 'Column of the dataset with known answers, which clamp the consolidation';
COMMENT ON COLUMN gtlabel.job.audit_count IS 'Machine labels that people have checked at the end; NULL: not audited';
COMMENT ON COLUMN gtlabel.job.audit_verdict IS 'kept: the audit alone shows the target; broken: it shows the contrary; open: neither';
COMMENT ON COLUMN gtlabel.job.dataset_name IS 'Schema-qualified name at creation, for reports after the dataset was dropped';
COMMENT ON COLUMN gtlabel.job.dataset_count IS 'Rows of the dataset at creation, of a job in place, whose objects are a sample of them; NULL: the objects are all rows';
COMMENT ON COLUMN gtlabel.job.validation_wanted IS 'The setting validation_count; validation_count is how many objects the set has';
COMMENT ON COLUMN gtlabel.job.dimension IS 'Length of the feature vectors, with the inputs of proposals; 0 without both';
COMMENT ON COLUMN gtlabel.job.proposal_inputs IS 'Inputs that the guesses in proposal_columns become; they stand behind the features';
COMMENT ON COLUMN gtlabel.job.featurizer_id IS 'What makes its features of text; NULL: nothing';
COMMENT ON COLUMN gtlabel.job.neighbours_id IS 'The map to its neighbourhood columns; NULL: it has none';
COMMENT ON COLUMN gtlabel.job.neighbours_segments IS 'The map was fitted to the rows of this many segments, the first ones, or none was made for them; with a third of the rows in later ones a new map is due. NULL: no map is ever made';
COMMENT ON COLUMN gtlabel.job.neighbours_reason IS 'Why it has no map although it wants one, or has no newer one';
COMMENT ON COLUMN gtlabel.job.chosen_start IS 'The objects of the validation set were chosen, one from each part of the dataset: they train, and are no evidence for a promise';
COMMENT ON COLUMN gtlabel.job.word_vectors IS 'Name of the table at creation; what the job needs of it is in gtlabel.featurizer';
COMMENT ON COLUMN gtlabel.job.given_count IS 'Rows of the dataset that came with a label: they train, and are no objects of the job';
COMMENT ON COLUMN gtlabel.job.label_noise IS 'Estimated share of wrong labels in the validation set, from people''s answers; NULL: unknown, nobody has answered what another has';
COMMENT ON COLUMN gtlabel.job.purged_at IS 'When gt_purge_job took its features and tasks away';
COMMENT ON COLUMN gtlabel.job.revision IS 'Raised by whatever changes what a round may do; a round that finds another one than at its start decides anew, or is dropped';
COMMENT ON COLUMN gtlabel.job.stop_requested IS 'gt_stop_job was called; remembered when the job fails while it is being stopped';
COMMENT ON COLUMN gtlabel.job.open_batch_no IS 'The batch that annotators work on; NULL between batches';
COMMENT ON COLUMN gtlabel.job.human_labeled IS 'Rows of gtlabel.label with human = true; changed in the same transaction';

CREATE TABLE gtlabel.segment (
    job_id           bigint NOT NULL,
    segment_no       integer NOT NULL,
    lot_no           integer NOT NULL,
    first_row        integer NOT NULL,
    taken_count      integer NOT NULL,
    given_count      integer NOT NULL,
    object_count     integer NOT NULL,
    validation_count integer NOT NULL,
    validation_share float8 NOT NULL,
    row_count        integer NOT NULL,
    feature_mean     float8[],
    feature_squares  float8[],
    last_key         text,
    added_at         timestamptz NOT NULL DEFAULT gtlabel.clock(),
    PRIMARY KEY (job_id, segment_no)
);
COMMENT ON TABLE gtlabel.segment IS 'What entered a job together: the rows of its creation (0), and of each later intake. Rows have numbers over all segments: objects in key order, then those that came with a label. Written by src/tables/segment.c';
COMMENT ON COLUMN gtlabel.segment.lot_no IS 'Segments whose machine labels are audited together; the promise of an audit is one for each lot';
COMMENT ON COLUMN gtlabel.segment.first_row IS 'Number of its first object';
COMMENT ON COLUMN gtlabel.segment.taken_count IS 'Objects that came in; their numbers stay taken when they are removed';
COMMENT ON COLUMN gtlabel.segment.object_count IS 'Of them, those that are still there';
COMMENT ON COLUMN gtlabel.segment.validation_count IS 'Of those, those in the validation set';
COMMENT ON COLUMN gtlabel.segment.validation_share IS 'The share of the validation set in all segments when this one joined, or has been made equal; the smallest holds';
COMMENT ON COLUMN gtlabel.segment.given_count IS 'Rows that came with a label (gtlabel.given); their numbers and features follow those of the objects';
COMMENT ON COLUMN gtlabel.segment.last_key IS 'The greatest of its keys: rows behind all of these are new; NULL: not known any more';
COMMENT ON COLUMN gtlabel.segment.row_count IS 'Rows in the statistics';
COMMENT ON COLUMN gtlabel.segment.feature_mean IS 'Mean of each feature over them';
COMMENT ON COLUMN gtlabel.segment.feature_squares IS 'Sum of squared deviations of each feature over them';

CREATE TABLE gtlabel.object (
    job_id            bigint NOT NULL,
    object_no         integer NOT NULL,
    validation_no     integer,
    validation_active boolean,
    object_key        text NOT NULL,
    PRIMARY KEY (job_id, object_no)
);
-- The column has no collation of its own, for it to be compared with keys of any; the index orders by bytes.
CREATE UNIQUE INDEX object_key_idx ON gtlabel.object (job_id, object_key pg_catalog.text_pattern_ops);
CREATE INDEX object_validation_idx ON gtlabel.object (job_id, validation_no) WHERE validation_no IS NOT NULL;
COMMENT ON TABLE gtlabel.object IS 'One row an object of a job; its number is that of gtlabel.segment. Written by src/tables/object.c';
COMMENT ON COLUMN gtlabel.object.validation_no IS 'Place in the seeded shuffle of the validation set; NULL: a pool object';
COMMENT ON COLUMN gtlabel.object.validation_active IS 'False once the queries would have sent the object to people: it counts in no certificate any more';

CREATE SEQUENCE gtlabel.change_id_seq CACHE 64;
CREATE TABLE gtlabel.change (
    change_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('gtlabel.change_id_seq'),
    job_id    bigint NOT NULL,
    kind      "char" NOT NULL CHECK (kind IN ('+', '-', '~', '*')),
    row_key   text,
    noted_at  timestamptz NOT NULL,
    waits     boolean NOT NULL DEFAULT false
);
CREATE INDEX change_job_idx ON gtlabel.change (job_id, waits);
COMMENT ON TABLE gtlabel.change IS 'What has changed in the dataset of a job with follow, and was not taken in yet. Written by src/tables/change.c';
COMMENT ON COLUMN gtlabel.change.waits IS 'It could not be taken in, and is tried again with the next change';
COMMENT ON COLUMN gtlabel.change.kind IS '+: there may be new rows; -: the row with this key is gone; ~: it has other features; *: after TRUNCATE, any may be gone or have other features';

CREATE TABLE gtlabel.given (
    job_id   bigint NOT NULL,
    row_no   integer NOT NULL,
    class_no integer NOT NULL,
    row_key  text NOT NULL,
    PRIMARY KEY (job_id, row_no)
);
CREATE UNIQUE INDEX given_key_idx ON gtlabel.given (job_id, row_key pg_catalog.text_pattern_ops);
COMMENT ON TABLE gtlabel.given IS 'The rows that came with a label: they train, and are no objects. Written by src/tables/object.c';

CREATE TABLE gtlabel.gold (
    job_id    bigint NOT NULL,
    object_no integer NOT NULL,
    class_no  integer NOT NULL,
    PRIMARY KEY (job_id, object_no)
);
COMMENT ON TABLE gtlabel.gold IS 'The known answers to objects that people are asked for all the same, which they must not see. Written by src/tables/object.c';

CREATE TABLE gtlabel.feature_page (
    job_id     bigint NOT NULL,
    segment_no integer NOT NULL,
    block_no   smallint NOT NULL,
    page_no    integer NOT NULL,
    data       bytea NOT NULL,
    PRIMARY KEY (job_id, segment_no, block_no, page_no)
);
ALTER TABLE gtlabel.feature_page ALTER COLUMN data SET STORAGE PLAIN;
COMMENT ON TABLE gtlabel.feature_page IS 'The float4 feature matrix of a segment, row-major, little-endian, cut into pieces that fill a page. Written by src/tables/feature_page.c';
COMMENT ON COLUMN gtlabel.feature_page.block_no IS '0: the features; 1: the neighbourhood columns, a matrix of its own with a row for each of the other''s';

CREATE TABLE gtlabel.batch (
    job_id       bigint NOT NULL,
    batch_no     integer NOT NULL,
    subset       gtlabel.subset NOT NULL,
    object_count integer NOT NULL,
    audit        boolean NOT NULL,
    issued_at    timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    closed_at    timestamptz,
    labeled      integer,
    failed       integer,
    PRIMARY KEY (job_id, batch_no)
);
COMMENT ON TABLE gtlabel.batch IS 'Objects that are open to annotators at the same time, all of one subset. Written by src/tables/batch.c';
COMMENT ON COLUMN gtlabel.batch.audit IS 'Its objects have machine labels; people check them without knowing';
COMMENT ON COLUMN gtlabel.batch.expires_at IS 'When the availability lifetime of its tasks ends';
COMMENT ON COLUMN gtlabel.batch.labeled IS 'Objects that got a label when the batch was closed; NULL while it is open';

CREATE SEQUENCE gtlabel.task_id_seq CACHE 64;
CREATE TABLE gtlabel.task (
    task_id          bigint PRIMARY KEY DEFAULT pg_catalog.nextval('gtlabel.task_id_seq'),
    job_id           bigint NOT NULL,
    batch_no         integer NOT NULL,
    slot_no          smallint NOT NULL,
    object_no        integer NOT NULL,
    state            gtlabel.task_state NOT NULL DEFAULT 'available',
    annotator        text COLLATE "C",
    accepted_at      timestamptz,
    lease_expires_at timestamptz,
    undo_until       timestamptz,
    remark           text
) WITH (fillfactor = 40);
CREATE INDEX task_place_idx ON gtlabel.task (job_id, batch_no, slot_no, object_no);
CREATE INDEX task_declined_idx ON gtlabel.task (job_id, object_no) WHERE slot_no < 0;
COMMENT ON TABLE gtlabel.task IS 'One object for one annotator. No index covers a column that accepting or submitting changes, so both are HOT updates. Written by src/tables/task.c';
COMMENT ON COLUMN gtlabel.task.slot_no IS '0 .. annotators_per_object - 1; below 0: declined, its slot went to another task';
COMMENT ON COLUMN gtlabel.task.undo_until IS 'Submitted with a lease: the batch is not closed before, so that the answer can be taken back';
COMMENT ON COLUMN gtlabel.task.remark IS 'Declined: why';

CREATE TABLE gtlabel.lease (
    job_id    bigint NOT NULL,
    annotator text COLLATE "C" NOT NULL,
    lane      integer NOT NULL,
    held      bigint[] NOT NULL,
    passed    bigint[] NOT NULL,
    PRIMARY KEY (job_id, annotator, lane)
) WITH (fillfactor = 50);
COMMENT ON TABLE gtlabel.lease IS 'Where to look for the tasks that an annotator holds, or has passed on; what became of them stands in gtlabel.task. Written by src/tables/lease.c';
COMMENT ON COLUMN gtlabel.lease.held IS 'Tasks that were leased through this lane';
COMMENT ON COLUMN gtlabel.lease.passed IS 'Tasks that were given back through it: the annotator gets them again only when nothing else is there';
COMMENT ON COLUMN gtlabel.lease.lane IS 'Sessions of one annotator write different rows, so that they do not wait for each other';

CREATE SEQUENCE gtlabel.open_objects_entry_no_seq;
CREATE TABLE gtlabel.open_objects (
    job_id   bigint NOT NULL,
    batch_no integer NOT NULL,
    entry_no bigint NOT NULL DEFAULT pg_catalog.nextval('gtlabel.open_objects_entry_no_seq'),
    seen     bigint,
    objects  integer[] NOT NULL,
    PRIMARY KEY (job_id, batch_no, entry_no)
);
COMMENT ON TABLE gtlabel.open_objects IS 'Which objects of a large batch can still be open, so that counting does not read all its tasks. Written by src/tables/open_objects.c';
COMMENT ON COLUMN gtlabel.open_objects.seen IS 'Of a list of all: the newest entry of objects that became open again before it was made; NULL: objects that became open again';

CREATE TABLE gtlabel.annotation (
    job_id       bigint NOT NULL,
    object_no    integer NOT NULL,
    annotator    text COLLATE "C" NOT NULL,
    class_no     integer NOT NULL,
    batch_no     integer NOT NULL,
    task_id      bigint NOT NULL,
    accepted_at  timestamptz,
    submitted_at timestamptz NOT NULL,
    revised_at   timestamptz,
    remark       text,
    PRIMARY KEY (job_id, object_no, annotator)
);
CREATE INDEX annotation_annotator_idx ON gtlabel.annotation (job_id, annotator, submitted_at);
COMMENT ON TABLE gtlabel.annotation IS 'One annotator''s answer for one object. Written by src/tables/annotation.c';
COMMENT ON COLUMN gtlabel.annotation.accepted_at IS 'NULL: handed in by key, without a lease';
COMMENT ON COLUMN gtlabel.annotation.revised_at IS 'When the answer was last changed; NULL: it is the first one';
COMMENT ON COLUMN gtlabel.annotation.remark IS 'What the annotator wrote beside the answer';

CREATE TABLE gtlabel.annotator_role (
    job_id    bigint NOT NULL,
    annotator text COLLATE "C" NOT NULL,
    role      gtlabel.role NOT NULL,
    PRIMARY KEY (job_id, annotator)
);
CREATE UNIQUE INDEX annotator_role_role_idx ON gtlabel.annotator_role (job_id, (role::pg_catalog.oid))
    WHERE role::pg_catalog.oid OPERATOR(pg_catalog.<>) 0::pg_catalog.oid;
COMMENT ON TABLE gtlabel.annotator_role IS 'Annotators that are roles, with the name under which the job keeps what they do. Written by src/tables/annotator_role.c';

CREATE TABLE gtlabel.early_answer (
    job_id      bigint NOT NULL,
    object_no   integer NOT NULL,
    annotator   text COLLATE "C" NOT NULL,
    class_no    integer NOT NULL,
    answered_at timestamptz NOT NULL,
    remark      text,
    PRIMARY KEY (job_id, object_no, annotator)
);
COMMENT ON TABLE gtlabel.early_answer IS 'Answers from elsewhere that wait for the turn of their object, when they become annotations. Written by src/tables/early_answer.c';

CREATE TABLE gtlabel.former_answer (
    job_id      bigint NOT NULL,
    object_key  text NOT NULL,
    annotator   text COLLATE "C" NOT NULL,
    class_no    integer NOT NULL,
    batch_no    integer,
    answered_at timestamptz NOT NULL,
    changed_at  timestamptz NOT NULL,
    remark      text
);
CREATE INDEX former_answer_key_idx ON gtlabel.former_answer (job_id, object_key pg_catalog.text_pattern_ops);
COMMENT ON TABLE gtlabel.former_answer IS 'Answers about rows as they were before they changed: history, which counts nowhere. Written by src/tables/former_answer.c';
COMMENT ON COLUMN gtlabel.former_answer.batch_no IS 'NULL: the owner had decided the label';
COMMENT ON COLUMN gtlabel.former_answer.changed_at IS 'When the job took in that the row is another one';

CREATE TABLE gtlabel.exclusion (
    job_id      bigint NOT NULL,
    annotator   text COLLATE "C" NOT NULL,
    excluded_at timestamptz NOT NULL,
    PRIMARY KEY (job_id, annotator)
);
COMMENT ON TABLE gtlabel.exclusion IS 'Annotators whose answers do not count. Written by src/tables/exclusion.c';

CREATE TABLE gtlabel.invitation (
    token_hash  bytea PRIMARY KEY,
    job_id      bigint NOT NULL,
    annotator   text COLLATE "C" NOT NULL,
    invited_at  timestamptz NOT NULL,
    valid_until timestamptz NOT NULL,
    revoked_at  timestamptz
);
CREATE INDEX invitation_annotator_idx ON gtlabel.invitation (job_id, annotator);
COMMENT ON TABLE gtlabel.invitation IS 'Annotators without a database role. Written by src/tables/invitation.c';
COMMENT ON COLUMN gtlabel.invitation.token_hash IS 'SHA-256 of a random token of 256 bits, which is stored nowhere';

CREATE TABLE gtlabel.label (
    job_id     bigint NOT NULL,
    object_no  integer NOT NULL,
    class_no   integer NOT NULL,
    confidence float4 NOT NULL,
    human      boolean NOT NULL,
    batch_no   integer,
    round_no   integer,
    model_id   bigint,
    labeled_at timestamptz NOT NULL,
    margin     float4,
    tied_class_no integer,
    audit_no   integer,
    PRIMARY KEY (job_id, object_no)
);
COMMENT ON COLUMN gtlabel.label.audit_no IS 'The audit that a machine label has passed: no round changes it any more';
COMMENT ON TABLE gtlabel.label IS 'The consolidated (human) or predicted (machine) answer for one object. Written by src/tables/label.c';
COMMENT ON COLUMN gtlabel.label.confidence IS 'Probability that the label is right: by the answers (human), or by the model, calibrated out of fold (machine)';
COMMENT ON COLUMN gtlabel.label.margin IS 'Machine: between the two most probable classes; what rounds compare with their threshold';
COMMENT ON COLUMN gtlabel.label.tied_class_no IS 'Human: another class that the answers speak for as much';
COMMENT ON COLUMN gtlabel.label.round_no IS 'Machine labels: the round that first gave this label; later rounds rewrite only what differs';

CREATE TABLE gtlabel.correction (
    job_id           bigint NOT NULL,
    object_no        integer NOT NULL,
    class_no         integer,
    reviewers        text[] COLLATE "C" NOT NULL,
    corrected_at     timestamptz NOT NULL,
    machine_class_no integer,
    confidence       float4,
    margin           float4,
    round_no         integer,
    model_id         bigint,
    audit_no         integer,
    labeled_at       timestamptz,
    failure          text,
    failure_batch_no integer,
    failed_at        timestamptz,
    PRIMARY KEY (job_id, object_no)
);
CREATE INDEX correction_taken_back_idx ON gtlabel.correction (job_id) WHERE class_no IS NULL;
COMMENT ON TABLE gtlabel.correction IS 'Labels that the owner of a job has decided, whatever people answer. Written by src/tables/correction.c';
COMMENT ON COLUMN gtlabel.correction.class_no IS 'NULL: the decision is taken back';
COMMENT ON COLUMN gtlabel.correction.reviewers IS 'Roles that have decided about the object: in an audit it is not asked of them';
COMMENT ON COLUMN gtlabel.correction.machine_class_no IS 'The machine''s label that the decision has replaced, and that comes back with the decision taken back; NULL: there was none, or it has been decided anew since';
COMMENT ON COLUMN gtlabel.correction.failure IS 'Why the object had failed before; NULL: it had not';

CREATE TABLE gtlabel.recall (
    job_id    bigint NOT NULL,
    object_no integer NOT NULL,
    margin    float4,
    PRIMARY KEY (job_id, object_no)
);
COMMENT ON TABLE gtlabel.recall IS 'Objects that are for people to label: the owner has withdrawn their machine labels, or their rows have changed after people had answered. Written by src/tables/recall.c';
COMMENT ON COLUMN gtlabel.recall.margin IS 'Of the machine label: the smallest are asked about first; NULL: the row has changed';

CREATE TABLE gtlabel.failure (
    job_id    bigint NOT NULL,
    object_no integer NOT NULL,
    batch_no  integer NOT NULL,
    reason    text NOT NULL CHECK (reason IN ('expired', 'declined', 'consolidation')),
    failed_at timestamptz NOT NULL,
    PRIMARY KEY (job_id, object_no)
);
COMMENT ON TABLE gtlabel.failure IS 'Objects that got no label, with a coded reason, until gt_retry_failed. Written by src/tables/label.c';

CREATE SEQUENCE gtlabel.featurizer_id_seq;
CREATE TABLE gtlabel.featurizer (
    featurizer_id  bigint PRIMARY KEY DEFAULT pg_catalog.nextval('gtlabel.featurizer_id_seq'),
    dimension      integer NOT NULL,
    directions     integer NOT NULL,
    grams          integer NOT NULL,
    words          integer NOT NULL,
    word_dimension integer NOT NULL,
    inputs         integer NOT NULL,
    sample         integer NOT NULL,
    data           bytea NOT NULL
);
ALTER TABLE gtlabel.featurizer ALTER COLUMN data SET STORAGE EXTERNAL;
COMMENT ON TABLE gtlabel.featurizer IS 'What turns texts into the features of a job and its models, learned without labels; it goes with the last that uses it. Written by src/tables/featurizer.c';
COMMENT ON COLUMN gtlabel.featurizer.dimension IS 'Length of the feature vectors that it makes';
COMMENT ON COLUMN gtlabel.featurizer.directions IS 'Of them, those for the words and parts of words of the text';
COMMENT ON COLUMN gtlabel.featurizer.grams IS 'Words, pairs of words and parts of words that it knows';
COMMENT ON COLUMN gtlabel.featurizer.words IS 'Words that it has vectors of';
COMMENT ON COLUMN gtlabel.featurizer.inputs IS 'Length of the features that it takes beside the text; 0: none';
COMMENT ON COLUMN gtlabel.featurizer.sample IS 'Texts that it was learned from';
COMMENT ON COLUMN gtlabel.featurizer.data IS 'Byte format: head of src/learning/featurizer_bytes.c';

CREATE SEQUENCE gtlabel.neighbours_id_seq;
CREATE TABLE gtlabel.neighbours (
    neighbours_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('gtlabel.neighbours_id_seq'),
    dimension     integer NOT NULL,
    centres       integer NOT NULL,
    data          bytea NOT NULL
);
ALTER TABLE gtlabel.neighbours ALTER COLUMN data SET STORAGE EXTERNAL;
COMMENT ON TABLE gtlabel.neighbours IS 'Maps from features to the neighbourhood columns of a job and its models, learned without labels; one goes with the last that uses it. Written by src/tables/neighbour_map.c';
COMMENT ON COLUMN gtlabel.neighbours.dimension IS 'Length of the feature vectors that it takes';
COMMENT ON COLUMN gtlabel.neighbours.centres IS 'Centres that represent the rows in each view of the features';
COMMENT ON COLUMN gtlabel.neighbours.data IS 'Byte format: head of src/learning/neighbours_bytes.c';

CREATE SEQUENCE gtlabel.model_id_seq;
CREATE TABLE gtlabel.model (
    model_id         bigint PRIMARY KEY DEFAULT pg_catalog.nextval('gtlabel.model_id_seq'),
    model_name       text COLLATE "C" NOT NULL UNIQUE,
    owner            gtlabel.role NOT NULL,
    job_id           bigint,
    round_no         integer,
    parent_model_id  bigint,
    label_categories text[] NOT NULL,
    dimension        integer NOT NULL,
    algorithm        text NOT NULL,
    scaling          text NOT NULL,
    penalty_c        float8 NOT NULL,
    hidden_units     integer NOT NULL,
    training_count   integer NOT NULL,
    class_counts     integer[] NOT NULL,
    accuracy         float8,
    log_loss         float8,
    objective        float8 NOT NULL,
    iterations       integer NOT NULL,
    outcome          text NOT NULL,
    seconds          float8 NOT NULL,
    created_at       timestamptz NOT NULL,
    weights          bytea NOT NULL,
    fold_weights     bytea[],
    featurizer_id    bigint,
    neighbours_id    bigint,
    proposal_inputs  integer NOT NULL,
    input            text NOT NULL CHECK (input IN ('features', 'text', 'text, features')),
    calibration      float8[]
);
CREATE INDEX model_featurizer_idx ON gtlabel.model (featurizer_id) WHERE featurizer_id IS NOT NULL;
CREATE INDEX model_neighbours_idx ON gtlabel.model (neighbours_id) WHERE neighbours_id IS NOT NULL;
ALTER TABLE gtlabel.model ALTER COLUMN weights SET STORAGE EXTERNAL;
ALTER TABLE gtlabel.model ALTER COLUMN fold_weights SET STORAGE EXTERNAL;
COMMENT ON TABLE gtlabel.model IS 'Trained classifiers with their metrics and lineage. Written by src/tables/model.c';
COMMENT ON COLUMN gtlabel.model.accuracy IS 'On validation objects, each scored by a model that never saw it; NULL without such';
COMMENT ON COLUMN gtlabel.model.calibration IS 'Intercept and slope of the probability that an answer is right, see src/learning/calibrate.h; NULL: unknown';
COMMENT ON COLUMN gtlabel.model.weights IS 'Byte format: head of src/learning/model_bytes.c';
COMMENT ON COLUMN gtlabel.model.featurizer_id IS 'What makes its features of text; NULL: nothing';
COMMENT ON COLUMN gtlabel.model.neighbours_id IS 'The map to the neighbourhood columns, which are among its inputs behind the features; NULL: they are not';
COMMENT ON COLUMN gtlabel.model.dimension IS 'Length of the feature vectors that it takes';
COMMENT ON COLUMN gtlabel.model.proposal_inputs IS 'Inputs behind the features that guesses at the label became; 0 for those who do not guess';
COMMENT ON COLUMN gtlabel.model.input IS 'What it takes: features, text, or both';
COMMENT ON COLUMN gtlabel.model.fold_weights IS 'The cross-fitting models of a job''s newest round, start points of the next';

CREATE TABLE gtlabel.round (
    job_id             bigint NOT NULL,
    round_no           integer NOT NULL,
    batch_no           integer NOT NULL,
    model_id           bigint,
    started_at         timestamptz NOT NULL,
    finished_at        timestamptz NOT NULL,
    training_count     integer NOT NULL,
    validation_count   integer NOT NULL,
    validation_active  integer NOT NULL,
    candidate          integer,
    candidate_log_loss float8[],
    guarantee          gtlabel.guarantee NOT NULL,
    target_accuracy    float8 NOT NULL,
    confidence_level   float8 NOT NULL,
    alpha              float8,
    threshold          float8,
    certificate_n      integer,
    certificate_k      integer,
    bound              float8,
    best_threshold     float8,
    best_n             integer,
    best_k             integer,
    best_bound         float8,
    best_admits        integer,
    minimum            integer,
    required           integer,
    scored             integer NOT NULL,
    auto_labeled       integer NOT NULL,
    added              integer NOT NULL,
    changed            integer NOT NULL,
    withdrawn          integer NOT NULL,
    selected           integer NOT NULL,
    reason             text NOT NULL,
    alternatives       jsonb,
    label_noise        float8,
    label_margin       float8,
    guarantee_scope    text NOT NULL,
    segment_count      integer NOT NULL,
    withheld_from      integer,
    neighbours_id      bigint,
    load_seconds       float8 NOT NULL,
    train_seconds      float8 NOT NULL,
    score_seconds      float8 NOT NULL,
    PRIMARY KEY (job_id, round_no)
);
COMMENT ON TABLE gtlabel.round IS 'One active-learning step with its evidence. Written by src/tables/round.c';
COMMENT ON COLUMN gtlabel.round.batch_no IS 'The batch after which the round ran';
COMMENT ON COLUMN gtlabel.round.candidate IS 'Number of the classifier that the comparison chose: 0 is shrunk towards the initial model, the others stand in src/learning/classifier.c; -1: kept from the round before';
COMMENT ON COLUMN gtlabel.round.candidate_log_loss IS '5-fold log loss by number, from 0; infinity: not tried; NULL: nothing was compared in this round';
COMMENT ON COLUMN gtlabel.round.threshold IS 'Loosest margin that keeps the promise; NULL: none does';
COMMENT ON COLUMN gtlabel.round.label_margin IS 'The smallest margin of the round''s model that gets a label: as many labels as the models that were tested would give at the threshold; NULL: none';
COMMENT ON COLUMN gtlabel.round.certificate_n IS 'Active validation objects at or above the threshold';
COMMENT ON COLUMN gtlabel.round.certificate_k IS 'Those among certificate_n whose predicted label is wrong';
COMMENT ON COLUMN gtlabel.round.best_bound IS 'The lowest error bound over all thresholds, whether it keeps the promise or not';
COMMENT ON COLUMN gtlabel.round.best_admits IS 'Pool objects at or above best_threshold';
COMMENT ON COLUMN gtlabel.round.minimum IS 'Validation objects that the promise needs if none is wrong';
COMMENT ON COLUMN gtlabel.round.required IS 'Validation objects that the promise needs with best_k wrong';
COMMENT ON COLUMN gtlabel.round.auto_labeled IS 'Machine labels that stand after the round';
COMMENT ON COLUMN gtlabel.round.label_noise IS 'That of gtlabel.job at the time; where it is 1 - target_accuracy or more, nothing is labeled by machine';
COMMENT ON COLUMN gtlabel.round.segment_count IS 'Segments of the job at the time: rows that joined later have yet to be decided on';
COMMENT ON COLUMN gtlabel.round.withheld_from IS 'A drift alarm kept objects with this number and greater ones from the machine; NULL: none';
COMMENT ON COLUMN gtlabel.round.neighbours_id IS 'The job''s map to neighbourhood columns at the time, which may be gone; a round with another one does not go on from the model of this one';
COMMENT ON COLUMN gtlabel.round.alternatives IS 'What weaker promises would have admitted: an array of {guarantee, target_accuracy, admits}';

CREATE TABLE gtlabel.certificate (
    job_id            bigint NOT NULL,
    round_no          integer NOT NULL,
    class_no          integer NOT NULL,
    validation_active integer NOT NULL,
    threshold         float8,
    certificate_n     integer,
    certificate_k     integer,
    bound             float8,
    best_threshold    float8,
    best_n            integer,
    best_k            integer,
    best_bound        float8,
    best_admits       integer,
    required          integer,
    admitted          integer NOT NULL,
    label_margin      float8,
    PRIMARY KEY (job_id, round_no, class_no)
);
COMMENT ON TABLE gtlabel.certificate IS 'A category''s own certificate in a round of a job with per_class, for those categories that the model gives to an active validation object. What all of a round share stands in gtlabel.round. Written by src/tables/certificate.c';
COMMENT ON COLUMN gtlabel.certificate.validation_active IS 'Active validation objects that the model gives this category';
COMMENT ON COLUMN gtlabel.certificate.admitted IS 'Pool objects that got this category by machine';

CREATE TABLE gtlabel.audit (
    job_id           bigint NOT NULL,
    audit_no         integer NOT NULL,
    round_no         integer NOT NULL,
    lot_no           integer NOT NULL,
    segment_count    integer NOT NULL,
    begun_error      float8 NOT NULL,
    begun_objects    integer NOT NULL,
    state            text NOT NULL CHECK (state IN ('open', 'passed', 'given_up')),
    per_class        boolean NOT NULL,
    scope            text NOT NULL CHECK (scope IN ('machine_labels', 'dataset')),
    target_accuracy  float8 NOT NULL,
    confidence_level float8 NOT NULL,
    guess_scale      float8 NOT NULL,
    guess_floor      float8 NOT NULL,
    guess_power      float8 NOT NULL,
    begun_evidence   float8 NOT NULL,
    former_evidence  float8 NOT NULL,
    frozen           bigint NOT NULL,
    left_count       bigint NOT NULL,
    draws            integer NOT NULL,
    found            integer NOT NULL,
    takes            integer NOT NULL,
    known            integer NOT NULL,
    expected         float8 NOT NULL,
    evidence         float8 NOT NULL,
    needed           float8 NOT NULL,
    most_wrong       bigint,
    more_draws       integer,
    carried          float8,
    carried_labels   integer,
    least_margin     float8,
    row_count        bigint,
    digest           bigint,
    begun_at         timestamptz NOT NULL,
    ended_at         timestamptz,
    PRIMARY KEY (job_id, audit_no)
);
COMMENT ON TABLE gtlabel.audit IS 'One row an audit of a job with guarantee => ''audited''. Written by src/tables/audit.c';
COMMENT ON COLUMN gtlabel.audit.lot_no IS 'Of the segments whose labels it checks; audits of one lot share delta';
COMMENT ON COLUMN gtlabel.audit.segment_count IS 'Segments of the job when it began';
COMMENT ON COLUMN gtlabel.audit.begun_error IS 'With begun_objects: what its weights were made for';
COMMENT ON COLUMN gtlabel.audit.guess_scale IS 'With guess_floor and guess_power: how probably a label is wrong, by its margin; decides what the audit costs, not what it proves';
COMMENT ON COLUMN gtlabel.audit.left_count IS 'Labels of the frozen ones that nobody has labeled';
COMMENT ON COLUMN gtlabel.audit.known IS 'Wrong labels found, among draws and takes';
COMMENT ON COLUMN gtlabel.audit.evidence IS 'Logarithm of the martingale at the fewest wrong labels that would break the promise';
COMMENT ON COLUMN gtlabel.audit.needed IS 'The evidence that passes: the logarithm of 1/level';
COMMENT ON COLUMN gtlabel.audit.least_margin IS 'Of a job in place: its labels are those of the rows with at least this margin; NULL: not fixed yet';
COMMENT ON COLUMN gtlabel.audit.row_count IS 'With digest: the rows with that margin when the labels were fixed, those that people had labeled among them';
COMMENT ON COLUMN gtlabel.audit.digest IS 'Exclusive or of gt_fingerprint(key, score) over those rows';
COMMENT ON COLUMN gtlabel.audit.begun_evidence IS 'What audits of the lot that were given up before added to the evidence when this one began';
COMMENT ON COLUMN gtlabel.audit.former_evidence IS 'What they add to it at the last look';
COMMENT ON COLUMN gtlabel.audit.carried IS 'Of a job in place: found by expected errors, a factor of the guess of the next audit; NULL: it is open, or no such job';
COMMENT ON COLUMN gtlabel.audit.carried_labels IS 'Objects that people had labeled when it was over: the more have come since, the less carried counts';

CREATE TABLE gtlabel.audit_object (
    job_id    bigint NOT NULL,
    audit_no  integer NOT NULL,
    object_no integer NOT NULL,
    class_no  integer NOT NULL,
    margin    float4 NOT NULL,
    draw_no   integer,
    event_no  integer,
    wrong     boolean,
    lost      boolean NOT NULL DEFAULT false,
    PRIMARY KEY (job_id, audit_no, object_no)
);
COMMENT ON TABLE gtlabel.audit_object IS 'The machine labels of an audit, while it is open or what it has found counts in the next one; then those that people were asked about. Written by src/tables/audit.c';
COMMENT ON COLUMN gtlabel.audit_object.audit_no IS '0: the check of audit_share';
COMMENT ON COLUMN gtlabel.audit_object.draw_no IS 'Its place in the order of the draws; NULL: not drawn';
COMMENT ON COLUMN gtlabel.audit_object.event_no IS 'Its place in the order in which answers were counted; NULL: not counted yet';
COMMENT ON COLUMN gtlabel.audit_object.lost IS 'Removed from the job before its answer was counted';
COMMENT ON COLUMN gtlabel.audit_object.wrong IS 'People gave another label, or none';

CREATE TABLE gtlabel.drift (
    job_id           bigint PRIMARY KEY,
    answers          bigint NOT NULL,
    wrong            bigint NOT NULL,
    wealth           float8 NOT NULL,
    tests            integer NOT NULL,
    places           float4[] NOT NULL,
    first_segment_no integer,
    finding          text,
    alarm            text,
    alarm_segment_no integer,
    alarmed_at       timestamptz,
    CHECK ((alarm IS NULL) = (alarm_segment_no IS NULL))
);
COMMENT ON TABLE gtlabel.drift IS 'What is known of drift: are rows that join a job other than those before? One row a job that has been looked at. Written by src/tables/drift.c';
COMMENT ON COLUMN gtlabel.drift.answers IS 'Labels of the machine, of rows that joined later, that people have checked';
COMMENT ON COLUMN gtlabel.drift.wealth IS 'With answers, the evidence for a rise of the error (src/learning/drift.h)';
COMMENT ON COLUMN gtlabel.drift.tests IS 'Comparisons of margins until now: each has a smaller level';
COMMENT ON COLUMN gtlabel.drift.places IS 'Margins that wait for a comparison, as their places among those before, from 0 to 1';
COMMENT ON COLUMN gtlabel.drift.first_segment_no IS 'The first segment of these';
COMMENT ON COLUMN gtlabel.drift.finding IS 'The last comparison in words';
COMMENT ON COLUMN gtlabel.drift.alarm IS 'Why the machine labels no objects of alarm_segment_no and later segments; NULL: it does';

CREATE TABLE gtlabel.step (
    job_id     bigint PRIMARY KEY,
    step       text NOT NULL,
    started_at timestamptz,
    failures   integer NOT NULL DEFAULT 0,
    failed_at  timestamptz,
    sqlstate   text,
    message    text,
    context    text,
    retry_at   timestamptz,
    attempts   integer NOT NULL DEFAULT 0,
    attempt_at timestamptz
);
COMMENT ON TABLE gtlabel.step IS 'One row a job whose step a worker does now, or whose last step failed. Written by src/tables/step.c';
COMMENT ON COLUMN gtlabel.step.started_at IS 'Committed before the work: after a crash it is still set, and the crash is counted as a failure';
COMMENT ON COLUMN gtlabel.step.failures IS 'In a row; the job fails when there are too many';
COMMENT ON COLUMN gtlabel.step.retry_at IS 'No worker tries again before';
COMMENT ON COLUMN gtlabel.step.attempts IS 'Workers that the launcher has started since one of them last began a step';
COMMENT ON COLUMN gtlabel.step.attempt_at IS 'The launcher starts no other worker before';

CREATE SEQUENCE gtlabel.event_id_seq;
CREATE TABLE gtlabel.event (
    event_id bigint PRIMARY KEY DEFAULT pg_catalog.nextval('gtlabel.event_id_seq'),
    job_id   bigint NOT NULL,
    at       timestamptz NOT NULL,
    event    text NOT NULL,
    state    text NOT NULL,
    detail   text NOT NULL
);
CREATE INDEX event_job_idx ON gtlabel.event (job_id, event_id);
-- What the job's row lock gives: events of a job commit in the order of their numbers (src/tables/event.c).
COMMENT ON TABLE gtlabel.event IS 'History of each job; append-only. Written by src/tables/event.c';

CREATE TABLE gtlabel.consumer (
    owner           gtlabel.role NOT NULL,
    consumer        text COLLATE "C" NOT NULL,
    job_id          bigint NOT NULL,
    event_id        bigint NOT NULL,
    acknowledged_at timestamptz NOT NULL
);
-- Roles that are missing where a dump is restored are all 0.
CREATE UNIQUE INDEX consumer_idx ON gtlabel.consumer (consumer, (owner::pg_catalog.oid), job_id)
    WHERE owner::pg_catalog.oid OPERATOR(pg_catalog.<>) 0::pg_catalog.oid;
COMMENT ON TABLE gtlabel.consumer IS 'Up to which event of each job a program of a role has acknowledged the events. Written by src/tables/consumer.c';

SELECT pg_catalog.pg_extension_config_dump('gtlabel.job_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.job', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.segment', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.object', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.change_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.change', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.given', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.gold', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.feature_page', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.batch', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.task_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.task', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.lease', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.open_objects_entry_no_seq', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.open_objects', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.annotation', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.annotator_role', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.early_answer', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.former_answer', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.exclusion', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.invitation', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.label', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.correction', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.recall', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.failure', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.featurizer_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.featurizer', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.neighbours_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.neighbours', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.model_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.model', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.round', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.certificate', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.audit', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.audit_object', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.drift', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.step', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.event_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.event', '');
SELECT pg_catalog.pg_extension_config_dump('gtlabel.consumer', '');

/*
 * The planner is to know the sizes of these tables and nothing of what is in them. Statistics that were
 * taken before a job was created say that it has no rows, and its queries become nested loops over all of it;
 * without any, each job is taken for a share of its table, whichever it is and whenever ANALYZE ran.
 */
DO $$
DECLARE
    c record;
BEGIN
    FOR c IN SELECT a.attrelid::pg_catalog.regclass AS relation, a.attname
               FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class r ON r.oid OPERATOR(pg_catalog.=) a.attrelid
              WHERE r.relnamespace OPERATOR(pg_catalog.=) 'gtlabel'::pg_catalog.regnamespace::pg_catalog.oid
                AND r.relkind OPERATOR(pg_catalog.=) 'r' AND a.attnum OPERATOR(pg_catalog.>) 0 LOOP
        EXECUTE pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I SET STATISTICS 0', c.relation, c.attname);
    END LOOP;
END $$;
