-- Jobs from and as documents of the managed service: CreateLabelingJob, the category file, DescribeLabelingJob.
\getenv srcdir PG_ABS_SRCDIR
\set setup :srcdir '/lib/setup.sql'
\i :setup
CREATE SCHEMA fj;
SET search_path = public, fj, gtl_test;
\pset null '-'

CREATE TABLE fj.thing AS SELECT g AS id, 'text ' || g AS body, (ARRAY['cat', 'dog'])[1 + g % 2] AS gold FROM generate_series(1, 30) g;
ALTER TABLE fj.thing ADD PRIMARY KEY (id);
CREATE ROLE fj_team;
CREATE TEMP TABLE request (document jsonb);
INSERT INTO request VALUES ('{
  "LabelingJobName": "fj-pets", "LabelAttributeName": "pet",
  "InputConfig": {"DataSource": {"S3DataSource": {"ManifestS3Uri": "s3://bucket/in.manifest"}}, "DataAttributes": {"ContentClassifiers": ["FreeOfAdultContent"]}},
  "OutputConfig": {"S3OutputPath": "s3://bucket/out", "KmsKeyId": "key"},
  "RoleArn": "arn:aws:iam::111122223333:role/labeling",
  "LabelCategoryConfigS3Uri": "s3://bucket/categories.json",
  "StoppingConditions": {"MaxHumanLabeledObjectCount": 20, "MaxPercentageOfInputDatasetLabeled": 90},
  "LabelingJobAlgorithmsConfig": {"LabelingJobAlgorithmSpecificationArn": "arn:aws:sagemaker:us-east-1:027400017018:labeling-job-algorithm-specification/text-classification",
     "InitialActiveLearningModelArn": "arn:aws:sagemaker:us-east-1:111122223333:model/earlier", "LabelingJobResourceConfig": {"VpcConfig": {"Subnets": ["a"]}}},
  "HumanTaskConfig": {
    "WorkteamArn": "arn:aws:sagemaker:us-east-1:111122223333:workteam/private-crowd/fj_team", "UiConfig": {"UiTemplateS3Uri": "s3://bucket/page.html"},
    "PreHumanTaskLambdaArn": "arn:aws:lambda:us-east-1:432418664414:function:PRE-TextMultiClass", "TaskKeywords": ["pets"],
    "TaskTitle": "Cat or dog?", "TaskDescription": "Say what it is about.", "NumberOfHumanWorkersPerDataObject": 3, "TaskTimeLimitInSeconds": 300,
    "TaskAvailabilityLifetimeInSeconds": 86400, "MaxConcurrentTaskCount": 10,
    "AnnotationConsolidationConfig": {"AnnotationConsolidationLambdaArn": "arn:aws:lambda:us-east-1:432418664414:function:ACS-TextMultiClass"},
    "PublicWorkforceTaskPrice": {"AmountInUsd": {"Dollars": 0, "Cents": 1, "TenthFractionsOfACent": 2}}},
  "Tags": [{"Key": "a", "Value": "b"}], "Novelty": {"Deep": {}, "List": [1]}}');
SELECT field, used_as, remark FROM request, gt_create_job_from_json(document, 'fj.thing', '{"document-version": "2018-11-28", "labels": [{"label": "cat"}, {"label": "dog"}]}', '{"text_column": "body", "seed": 1}');
SELECT setting, value FROM gt_job_settings WHERE job_name = 'fj-pets' AND setting IN ('label_categories', 'label_attribute_name', 'max_concurrent_task_count', 'annotators_per_object', 'auto_label', 'task_time_limit',
   'task_availability_lifetime', 'max_human_labeled_object_count', 'max_percentage_of_input_dataset_labeled', 'workteam', 'instructions', 'text_column', 'initial_model') ORDER BY 1;
SELECT jsonb_pretty(jsonb_set(jsonb_set(gt_describe_job('fj-pets')::jsonb - 'CreationTime' - 'LastModifiedTime' - 'JobReferenceCode' - 'LabelingJobOutput', '{RoleArn}', '"owner"'), '{InputConfig}', '{}'));
SELECT json_object_keys(gt_describe_job('fj-pets'));
SELECT (d.document ->> 'CreationTime')::timestamptz = j.created_at AS created, d.document #>> '{InputConfig,DataSource,S3DataSource,ManifestS3Uri}' AS dataset
  FROM gt_jobs j, LATERAL (SELECT gt_describe_job('fj-pets')) d (document) WHERE job_name = 'fj-pets';

-- the least that there can be; settings go before the document; no algorithm, no machine labels
SELECT field, used_as, remark FROM gt_create_job_from_json('{"LabelingJobName": "fj-least", "HumanTaskConfig": {"MaxConcurrentTaskCount": "7", "WorkteamArn": "arn:x/fj_nobody"}}', 'fj.thing',
    settings => '{"label_categories": ["a, b", "c\"d"], "max_concurrent_task_count": 5, "auto_label": null}'::jsonb - 'auto_label');
SELECT setting, value FROM gt_job_settings WHERE job_name = 'fj-least' AND setting IN ('label_categories', 'max_concurrent_task_count', 'auto_label', 'features_column', 'workteam', 'label_attribute_name') ORDER BY 1;
SELECT gt_describe_job('fj-least') ->> 'LabelingJobStatus' AS status, gt_describe_job('fj-least') #>> '{HumanTaskConfig,TaskTitle}' AS title;
-- what is no classification is not labeled by machine
SELECT used_as, remark FROM gt_create_job_from_json('{"LabelingJobName": "fj-boxes", "LabelingJobAlgorithmsConfig": {"LabelingJobAlgorithmSpecificationArn": "arn:x/object-detection"}}', 'fj.thing',
    '{"labels": [{"label": "a"}, {"label": "b"}]}') WHERE field LIKE '%Specification%';
-- names of functions and tables in settings are looked up as the caller would
CREATE FUNCTION fj.decide(job_name text, object_keys text[], annotators text[], labels text[]) RETURNS TABLE (object_key text, label text, confidence float8) LANGUAGE sql AS $$ SELECT NULL::text, NULL::text, NULL::float8 WHERE false $$;
SELECT count(*) AS fields FROM gt_create_job_from_json('{"LabelingJobName": "fj-function"}', 'fj.thing', settings => '{"label_categories": ["a", "b"], "consolidation": "decide(text,text[],text[],text[])", "task_time_limit": "5 minutes"}');
SELECT setting, value FROM gt_job_settings WHERE job_name = 'fj-function' AND setting IN ('consolidation', 'task_time_limit') ORDER BY 1;

-- ---- What is refused ------------------------------------------------------------------------------------

SELECT refused($$ SELECT * FROM gt_create_job_from_json('{"LabelingJobName": "fj-pets"}', 'fj.thing', settings => '{"label_categories": ["a", "b"]}') $$);
SELECT refused($$ SELECT * FROM gt_create_job_from_json('{"LabelingJobName": "fj-bad"}', 'fj.thing') $$);
SELECT refused($$ SELECT * FROM gt_create_job_from_json('{"LabelingJobName": "fj-bad"}', NULL, settings => '{"label_categories": ["a", "b"]}') $$);
SELECT refused($$ SELECT * FROM gt_create_job_from_json('{}', 'fj.thing', settings => '{"label_categories": ["a", "b"]}') $$);
SELECT refused($$ SELECT * FROM gt_create_job_from_json('[]', 'fj.thing', settings => '{"label_categories": ["a", "b"]}') $$);
SELECT refused($$ SELECT * FROM gt_create_job_from_json(NULL, 'fj.thing', settings => '{"label_categories": ["a", "b"]}') $$);
SELECT refused($$ SELECT * FROM gt_create_job_from_json('{"LabelingJobName": "fj-bad"}', 'fj.thing', settings => '{"label_categories": ["a", 1]}') $$);
SELECT refused($$ SELECT * FROM gt_create_job_from_json('{"LabelingJobName": "fj-bad"}', 'fj.thing', settings => '{"label_categories": ["a", "b"], "colour": "red"}') $$);
SELECT refused($$ SELECT * FROM gt_create_job_from_json('{"LabelingJobName": "fj-bad"}', 'fj.thing', settings => '{"label_categories": {"a": 1}}') $$);
SELECT refused($$ SELECT * FROM gt_create_job_from_json('{"LabelingJobName": "fj-bad", "HumanTaskConfig": {"MaxConcurrentTaskCount": "many"}}', 'fj.thing', settings => '{"label_categories": ["a", "b"]}') $$) LIKE '22P02 %' AS no_number;
SELECT refused($$ SELECT * FROM gt_create_job_from_json('{"LabelingJobName": "fj-bad", "HumanTaskConfig": {"TaskTimeLimitInSeconds": 0}}', 'fj.thing', settings => '{"label_categories": ["a", "b"]}') $$);
SELECT refused($$ SELECT gtlabel.create_job_of('{}', 4294967295::oid::regclass) $$);
SELECT refused($$ SELECT gt_describe_job('nothing') $$);
SELECT refused($$ SELECT gt_describe_job(NULL) $$);
GRANT USAGE ON SCHEMA gtl_test TO fj_team;
SET ROLE fj_team;
SELECT refused($$ SELECT gt_describe_job('fj-pets') $$);
RESET ROLE;

SET client_min_messages = warning;
SELECT gt_drop_job(job_name, true) FROM gt_jobs WHERE job_name LIKE 'fj-%';
DROP SCHEMA fj CASCADE;
REVOKE ALL ON SCHEMA gtl_test FROM fj_team;
DROP ROLE fj_team;
