/*
 * Comments on the columns of views that say what their name does not, or not exactly; the others stand
 * beside their views. Shares are between 0 and 1, times in seconds where nothing else is said.
 */

COMMENT ON COLUMN gt_annotations.job_name IS 'Name of the job';
COMMENT ON COLUMN gt_annotations.object_key IS 'The key as text; gt_label and gt_labels_of take keys of the datasets type';
COMMENT ON COLUMN gt_annotations.annotator IS 'Role or name of who answers';
COMMENT ON COLUMN gt_annotations.label IS 'The answer';
COMMENT ON COLUMN gt_annotations.batch_no IS 'Counts the batches of the job from 1';
COMMENT ON COLUMN gt_annotations.task_id IS 'The task that was answered';
COMMENT ON COLUMN gt_annotations.submitted_at IS 'When the answer was handed in';
COMMENT ON COLUMN gt_annotations.comment IS 'What the annotator remarked';

COMMENT ON COLUMN gt_annotators.job_name IS 'Name of the job';
COMMENT ON COLUMN gt_annotators.annotator IS 'Role or name of who answers';
COMMENT ON COLUMN gt_annotators.answers IS 'How many the annotator has given';

COMMENT ON COLUMN gt_batches.job_name IS 'Name of the job';
COMMENT ON COLUMN gt_batches.batch_no IS 'Counts the batches of the job from 1';
COMMENT ON COLUMN gt_batches.subset IS 'validation or pool; NULL: not for the team to know';
COMMENT ON COLUMN gt_batches.object_count IS 'Objects of the batch';
COMMENT ON COLUMN gt_batches.state IS 'open or closed';
COMMENT ON COLUMN gt_batches.labeled IS 'Objects that got a label; NULL while the batch is open';
COMMENT ON COLUMN gt_batches.failed IS 'Objects that got none; NULL while the batch is open';
COMMENT ON COLUMN gt_batches.issued_at IS 'When it was offered to annotators';
COMMENT ON COLUMN gt_batches.expires_at IS 'When its tasks are not given out any more';
COMMENT ON COLUMN gt_batches.closed_at IS 'When its answers became labels';

COMMENT ON COLUMN gt_certificates.job_name IS 'Name of the job';
COMMENT ON COLUMN gt_certificates.round_no IS 'Counts the rounds of the job; 0 is one right after the validation set';
COMMENT ON COLUMN gt_certificates.category IS 'The category; NULL: all together';
COMMENT ON COLUMN gt_certificates.guarantee IS 'What was promised';
COMMENT ON COLUMN gt_certificates.target_accuracy IS 'Promised at least';
COMMENT ON COLUMN gt_certificates.confidence_level IS 'With which the promise is kept';
COMMENT ON COLUMN gt_certificates.bound IS 'Upper bound of the error at or above the threshold, as a share';
COMMENT ON COLUMN gt_certificates.best_n IS 'Validation objects at the margin of best_bound';
COMMENT ON COLUMN gt_certificates.best_k IS 'Those among best_n whose predicted label is wrong';
COMMENT ON COLUMN gt_certificates.best_admits IS 'Unlabeled objects at that margin';
COMMENT ON COLUMN gt_certificates.minimum IS 'Validation objects without an error that the promise needs at least';
COMMENT ON COLUMN gt_certificates.model_name IS 'Name of the model, as gt_predict takes it';

COMMENT ON COLUMN gt_events.event_id IS 'Ascending in the order in which they were recorded';
COMMENT ON COLUMN gt_events.job_name IS 'Name of the job';
COMMENT ON COLUMN gt_events.at IS 'When it happened';
COMMENT ON COLUMN gt_events.event IS 'What happened, in a word';
COMMENT ON COLUMN gt_events.state IS 'State of the job after it';
COMMENT ON COLUMN gt_events.detail IS 'In words';

COMMENT ON COLUMN gt_corrections.job_name IS 'Name of the job';
COMMENT ON COLUMN gt_corrections.object_key IS 'The key as text; gt_label and gt_labels_of take keys of the datasets type';
COMMENT ON COLUMN gt_corrections.corrected_at IS 'When it was last decided, or taken back';

COMMENT ON COLUMN gt_remarks.job_name IS 'Name of the job';
COMMENT ON COLUMN gt_remarks.object_key IS 'The key as text; gt_label and gt_labels_of take keys of the datasets type';
COMMENT ON COLUMN gt_remarks.annotator IS 'Who wrote it, or declined';
COMMENT ON COLUMN gt_remarks.batch_no IS 'The batch in which the annotator had the object';

COMMENT ON COLUMN gt_failures.job_name IS 'Name of the job';
COMMENT ON COLUMN gt_failures.object_key IS 'The key as text; gt_label and gt_labels_of take keys of the datasets type';
COMMENT ON COLUMN gt_failures.batch_no IS 'The batch that ended without a label';
COMMENT ON COLUMN gt_failures.failed_at IS 'When it ended';

COMMENT ON COLUMN gt_invitations.job_name IS 'Name of the job';
COMMENT ON COLUMN gt_invitations.annotator IS 'Who is invited';
COMMENT ON COLUMN gt_invitations.invited_at IS 'When the invitation was given';
COMMENT ON COLUMN gt_invitations.valid_until IS 'When it ends';
COMMENT ON COLUMN gt_invitations.revoked_at IS 'When it was taken back; NULL: it was not';

COMMENT ON COLUMN gt_job_settings.job_name IS 'Name of the job';
COMMENT ON COLUMN gt_job_settings.setting IS 'Name of the parameter of gt_create_job';
COMMENT ON COLUMN gt_job_settings."default" IS 'What holds where nothing is given';
COMMENT ON COLUMN gt_job_settings.description IS 'What it means';

COMMENT ON COLUMN gt_jobs.job_id IS 'Number of the job';
COMMENT ON COLUMN gt_jobs.job_name IS 'Name of the job';
COMMENT ON COLUMN gt_jobs.state IS 'in_progress, paused, stopping, stopped, completed or failed';
COMMENT ON COLUMN gt_jobs.owner IS 'The role whose rights the steps have';
COMMENT ON COLUMN gt_jobs.dataset IS 'The relation that was read; its number if it is gone';
COMMENT ON COLUMN gt_jobs.object_count IS 'Objects of the job';
COMMENT ON COLUMN gt_jobs.validation_count IS 'Those of the validation set';
COMMENT ON COLUMN gt_jobs.dimension IS 'Numbers in a feature vector; 0: no features';
COMMENT ON COLUMN gt_jobs.total_labeled IS 'Objects with a label of either kind';
COMMENT ON COLUMN gt_jobs.human_labeled IS 'Objects with a label by people';
COMMENT ON COLUMN gt_jobs.failed IS 'Objects that got no label, until gt_retry_failed';
COMMENT ON COLUMN gt_jobs.unlabeled IS 'Objects that have no label yet';
COMMENT ON COLUMN gt_jobs.audit_wrong IS 'Those of audit_count that were wrong';
COMMENT ON COLUMN gt_jobs.failure_reason IS 'Why the job has failed';
COMMENT ON COLUMN gt_jobs.step_started_at IS 'When the step began';
COMMENT ON COLUMN gt_jobs.step_error IS 'What the last try of the step failed of';
COMMENT ON COLUMN gt_jobs.created_at IS 'When gt_create_job was called';
COMMENT ON COLUMN gt_jobs.last_modified_at IS 'When a step or a call last changed the job';
COMMENT ON COLUMN gt_jobs.finished_at IS 'When it was completed, stopped or failed';
COMMENT ON COLUMN gt_jobs.purged_at IS 'When gt_purge_job took its features and tasks away';

COMMENT ON COLUMN gt_labels.job_name IS 'Name of the job';
COMMENT ON COLUMN gt_labels.object_key IS 'The key as text; gt_label and gt_labels_of take keys of the datasets type';
COMMENT ON COLUMN gt_labels.label IS 'The category';
COMMENT ON COLUMN gt_labels.human_annotated IS 'By people, not by the machine';
COMMENT ON COLUMN gt_labels.subset IS 'validation or pool; NULL: not for the team to know';
COMMENT ON COLUMN gt_labels.batch_no IS 'The batch that people answered; NULL: by machine';
COMMENT ON COLUMN gt_labels.round_no IS 'The round that first gave this label; NULL: by people';
COMMENT ON COLUMN gt_labels.model_id IS 'The model that gave it; NULL: by people';
COMMENT ON COLUMN gt_labels.labeled_at IS 'When this label was written';

COMMENT ON COLUMN gt_models.model_id IS 'Number of the model';
COMMENT ON COLUMN gt_models.model_name IS 'Name of the model, as gt_predict takes it';
COMMENT ON COLUMN gt_models.owner IS 'Who may drop it';
COMMENT ON COLUMN gt_models.job_name IS 'The job whose round trained it; NULL: gt_train';
COMMENT ON COLUMN gt_models.round_no IS 'That round';
COMMENT ON COLUMN gt_models.parent_model IS 'The model whose weights it started from';
COMMENT ON COLUMN gt_models.label_categories IS 'Its classes, in their order';
COMMENT ON COLUMN gt_models.dimension IS 'Features that it takes';
COMMENT ON COLUMN gt_models.algorithm IS 'softmax or mlp';
COMMENT ON COLUMN gt_models.scaling IS 'How features are scaled before';
COMMENT ON COLUMN gt_models.penalty_c IS 'Weight of the data beside the penalty on large weights: the larger, the weaker the penalty';
COMMENT ON COLUMN gt_models.hidden_units IS 'Of an mlp; 0: none';
COMMENT ON COLUMN gt_models.training_count IS 'Rows that it was trained on';
COMMENT ON COLUMN gt_models.class_counts IS 'Rows of each class among them';
COMMENT ON COLUMN gt_models.log_loss IS 'Mean of -log of the probability of the right class, out of fold';
COMMENT ON COLUMN gt_models.objective IS 'Value of what training minimized';
COMMENT ON COLUMN gt_models.iterations IS 'Of the optimizer';
COMMENT ON COLUMN gt_models.outcome IS 'How the optimizer ended';
COMMENT ON COLUMN gt_models.seconds IS 'That training took';
COMMENT ON COLUMN gt_models.bytes IS 'Size of the stored weights';
COMMENT ON COLUMN gt_models.created_at IS 'When it was trained';

COMMENT ON COLUMN gt_progress.pid IS 'Process that works';
COMMENT ON COLUMN gt_progress.role IS 'Role of that process';
COMMENT ON COLUMN gt_progress.backend_type IS 'What kind of process it is';
COMMENT ON COLUMN gt_progress.phase IS 'What it does now';
COMMENT ON COLUMN gt_progress.done IS 'Units of the phase that are done';
COMMENT ON COLUMN gt_progress.total IS 'Units of the phase; NULL: not known before';
COMMENT ON COLUMN gt_progress.percent IS 'Done of total';
COMMENT ON COLUMN gt_progress.started_at IS 'When the whole began';
COMMENT ON COLUMN gt_progress.phase_started_at IS 'When the phase began';

COMMENT ON COLUMN gt_rounds.job_name IS 'Name of the job';
COMMENT ON COLUMN gt_rounds.round_no IS 'Counts the rounds of the job; 0 is one right after the validation set';
COMMENT ON COLUMN gt_rounds.batch_no IS 'The batch after which the round ran';
COMMENT ON COLUMN gt_rounds.model_name IS 'Name of the model, as gt_predict takes it';
COMMENT ON COLUMN gt_rounds.algorithm IS 'softmax or mlp';
COMMENT ON COLUMN gt_rounds.scaling IS 'How features are scaled before';
COMMENT ON COLUMN gt_rounds.training_count IS 'Labels of the pool that were trained on';
COMMENT ON COLUMN gt_rounds.validation_count IS 'Labels of the validation set, each scored by a model that never saw it';
COMMENT ON COLUMN gt_rounds.validation_active IS 'Those among them that count in the certificate: the queries would not have sent them to people';
COMMENT ON COLUMN gt_rounds.guarantee IS 'What was promised';
COMMENT ON COLUMN gt_rounds.target_accuracy IS 'Promised at least';
COMMENT ON COLUMN gt_rounds.confidence_level IS 'With which the promise is kept';
COMMENT ON COLUMN gt_rounds.best_threshold IS 'Margin of best_bound';
COMMENT ON COLUMN gt_rounds.best_n IS 'Validation objects at or above it';
COMMENT ON COLUMN gt_rounds.best_k IS 'Those among best_n whose predicted label is wrong';
COMMENT ON COLUMN gt_rounds.best_bound IS 'The lowest error bound over all margins, whether it keeps the promise or not';
COMMENT ON COLUMN gt_rounds.best_admits IS 'Unlabeled objects at or above best_threshold';
COMMENT ON COLUMN gt_rounds.minimum IS 'Validation objects without an error that the promise needs at least';
COMMENT ON COLUMN gt_rounds.required IS 'Validation objects that would be needed with best_k wrong';
COMMENT ON COLUMN gt_rounds.scored IS 'Unlabeled objects that the model looked at';
COMMENT ON COLUMN gt_rounds.added IS 'New machine labels';
COMMENT ON COLUMN gt_rounds.changed IS 'Machine labels that became another category';
COMMENT ON COLUMN gt_rounds.withdrawn IS 'Machine labels of earlier rounds that were taken back';
COMMENT ON COLUMN gt_rounds.reason IS 'What was decided and why, in words';
COMMENT ON COLUMN gt_rounds.started_at IS 'When the round began';
COMMENT ON COLUMN gt_rounds.finished_at IS 'When what it decided was written';
COMMENT ON COLUMN gt_rounds.load_seconds IS 'Seconds of reading labels and features';
COMMENT ON COLUMN gt_rounds.train_seconds IS 'Seconds of training';
COMMENT ON COLUMN gt_rounds.score_seconds IS 'Seconds of scoring and deciding';

COMMENT ON COLUMN gt_tasks.task_id IS 'As the functions for annotators take it';
COMMENT ON COLUMN gt_tasks.job_name IS 'Name of the job';
COMMENT ON COLUMN gt_tasks.batch_no IS 'Counts the batches of the job from 1';
COMMENT ON COLUMN gt_tasks.object_key IS 'The key as text; gt_label and gt_labels_of take keys of the datasets type';
COMMENT ON COLUMN gt_tasks.annotator IS 'Who has taken it; NULL: nobody';
COMMENT ON COLUMN gt_tasks.accepted_at IS 'When it was taken';
COMMENT ON COLUMN gt_tasks.lease_expires_at IS 'Until when it is held for the annotator';

COMMENT ON COLUMN gt_jobs.dataset_name IS 'Name of the dataset when the job was created, also after it was dropped';

COMMENT ON COLUMN gt_audit_objects.job_name IS 'Name of the job';
COMMENT ON COLUMN gt_audit_objects.audit_no IS 'Counts the audits of the job; 0: the check of audit_share';
COMMENT ON COLUMN gt_audit_objects.object_key IS 'The key as text';
COMMENT ON COLUMN gt_audit_objects.machine_label IS 'What the machine had said';
COMMENT ON COLUMN gt_audit_objects.margin IS 'The machines margin';
COMMENT ON COLUMN gt_audit_objects.draw_no IS 'Its place in the draw; NULL: not drawn';

COMMENT ON COLUMN gt_audits.job_name IS 'Name of the job';
COMMENT ON COLUMN gt_audits.audit_no IS 'Counts the audits of the job';
COMMENT ON COLUMN gt_audits.round_no IS 'The round whose machine labels it checks';
COMMENT ON COLUMN gt_audits.state IS 'How it stands';
COMMENT ON COLUMN gt_audits.scope IS 'Of which labels the error counts: machine_labels or dataset';
COMMENT ON COLUMN gt_audits.per_class IS 'Each category has an audit of its own';
COMMENT ON COLUMN gt_audits.target_accuracy IS 'Promised at least';
COMMENT ON COLUMN gt_audits.confidence_level IS 'With which the promise is kept';
COMMENT ON COLUMN gt_audits.needed IS 'Evidence that shows the promise';
COMMENT ON COLUMN gt_audits.bound IS 'Share of wrong labels at most, by the evidence so far; NULL: none of the labels is kept';
COMMENT ON COLUMN gt_audits.begun_at IS 'When it began';
COMMENT ON COLUMN gt_audits.ended_at IS 'When it ended; NULL: it goes on';

COMMENT ON COLUMN gt_rounds.guarantee_scope IS 'Of which labels the error counts: machine_labels or dataset';

COMMENT ON COLUMN gt_early_answers.job_name IS 'Name of the job';
COMMENT ON COLUMN gt_early_answers.object_key IS 'The key as text';
COMMENT ON COLUMN gt_early_answers.annotator IS 'Name of who answered';
COMMENT ON COLUMN gt_early_answers.label IS 'The answer';
COMMENT ON COLUMN gt_early_answers.answered_at IS 'When it was given, or imported';
COMMENT ON COLUMN gt_early_answers.comment IS 'What the annotator remarked';

COMMENT ON COLUMN gt_consumers.consumer IS 'Name that the program gives itself';
COMMENT ON COLUMN gt_consumers.owner IS 'The role that calls gt_poll_events';
COMMENT ON COLUMN gt_consumers.job_name IS 'Name of the job';
COMMENT ON COLUMN gt_consumers.event_id IS 'The last event that was acknowledged';
COMMENT ON COLUMN gt_consumers.acknowledged_at IS 'When it was';
COMMENT ON COLUMN gt_consumers.waiting IS 'Later events of the job';
