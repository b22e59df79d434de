#!/usr/bin/python3
"""gtlabel import and export beside a server: round trips, wild input, ends in the middle, and that what the client lets
through the server takes.

    scripts/with-cluster test/client/exchange.py        GTL_ONLY="test_a test_b" runs these only

Prints `client exchange: N passed, M failed`.
"""
import csv
import gzip
import io
import json
import os
import pty
import random
import signal
import subprocess
import sys
import tempfile
import time
import traceback

PROGRAM = os.path.join(os.path.dirname(__file__), '../../build/client/gtlabel')
SANITIZED = os.path.join(os.path.dirname(__file__), '../../build/client-sanitized/gtlabel')
passed = failed = 0


def ok(what, good, *more):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print(f'not ok - client exchange: {what}', *more, flush=True)


def same(what, found, expected):
    ok(what, found == expected, f'\n    {found!r}\n  not\n    {expected!r}')


def gtlabel(*arguments, stdin=None, env=None, program=PROGRAM):
    """(exit status, stdout, stderr)"""
    done = subprocess.run([program, *arguments], input=stdin if stdin is not None else b'', capture_output=True,
                          env={**os.environ, **(env or {})}, timeout=120)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def sql(statement, **env):
    done = subprocess.run(['psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-c', statement], capture_output=True, text=True,
                          env={**os.environ, **env}, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return done.stdout.strip()


def exists(table):
    return sql(f"SELECT to_regclass('{table}') IS NOT NULL") == 't'


def write(name, content):
    path = os.path.join(folder, name)
    with open(path, 'wb') as file:
        file.write(content if isinstance(content, bytes) else content.encode())
    return path


LABELED = {'source': 'parcel never came', 'topic': 2, 'topic-metadata': {
    'class-name': 'delivery', 'confidence': 0.94, 'type': 'groundtruth/text-classification',
    'job-name': 'labeling-job/topics-1', 'human-annotated': 'yes', 'creation-date': '2026-01-05T10:11:12.131415'}}


# ---- Round trips ----

def test_manifest_round_trip():
    lines = [json.dumps(LABELED)]
    lines += ['{"source": "text %d: \\"q\\" \\n \\u00e4 %s", "id":%d , "more": [1.50, null]}' % (i, 'ab'[i % 2], i) for i in range(2, 61)]
    path = write('in.manifest', '\r\n'.join(lines))
    same('imported', gtlabel('import', path, '-t', 'trip')[0], 0)
    sql("""SET gtlabel.background = off; SET client_min_messages = error;
        SELECT gt_create_job('trip', 'trip', ARRAY['complaint', 'praise', 'delivery'], text_column => 'source', label_column => 'label',
                             label_attribute_name => 'topic', max_concurrent_task_count => 100, schedule => 'eager', seed => 1);
        SELECT gt_annotate('trip', array_agg(object_key), array_agg(
            CASE WHEN object_key::int % 2 = 0 THEN 'complaint' ELSE 'praise' END)) FROM gt_tasks WHERE job_name = 'trip' AND state = 'available';
        SELECT gt_advance_job('trip');""")
    labels = dict(row.split('|') for row in sql("SELECT object_key, label FROM gt_labels WHERE job_name = 'trip' AND label IS NOT NULL"
                                                ).splitlines())
    ok('some are labeled and some are not', 10 < len(labels) < 61, len(labels))
    status, out, err = gtlabel('export', 'trip', '--format', 'manifest')
    same('exported', (status, err), (0, ''))
    found = out.split('\n')
    same('as many lines', len(found), len(lines) + 1)
    categories = ['complaint', 'praise', 'delivery']
    for number, (before, after) in enumerate(zip(lines, found), 1):
        label = labels.get(str(number))
        if label is None or number == 1:
            same(f'line {number} goes out as it came', after, before)
            continue
        whole = json.loads(after)
        ok(f'line {number} is kept', after.startswith(before[:-1].rstrip()))
        same(f'line {number} has its label', (whole['topic'], whole['topic-metadata']['class-name']), (categories.index(label), label))
    # the job's manifest comes in again, with the labels
    again = write('again.manifest.gz', gzip.compress(out.encode()))
    same('imported again', gtlabel('import', again, '-t', 'again')[0], 0)
    same('with the same labels', sql('SELECT count(*) FROM again WHERE label IS NOT NULL'), str(len(labels) + 1))    # one came with the file
    same('and the same lines', sql('SELECT string_agg(line::text, chr(10) ORDER BY line_no) FROM again'), out.rstrip('\n'))


def test_documented_line():
    path = write('doc.manifest', json.dumps(LABELED) + '\n')
    same('imported', gtlabel('import', path, '-t', 'doc')[0], 0)
    same('as its columns', sql('SELECT line_no, source, source_ref, label, confidence, human_annotated, failure_reason, line FROM doc'),
         '1|parcel never came||delivery|0.94|t||' + json.dumps(LABELED))


def answer(choice, **more):
    return {'result': [{'from_name': 'kind', 'to_name': 'text', 'type': 'choices', 'value': {'choices': [choice]}}], **more}


def test_label_studio():
    random.seed(3)
    tasks = []
    for i in range(1, 41):
        truth = 'pos' if i % 3 else 'neg'
        wrong = 'neg' if i % 3 else 'pos'
        annotations = [answer(truth if random.random() < 0.8 else wrong, completed_by={'id': p, 'email': f'{p}@x.org'},
                              created_at='2026-02-03T04:05:06.789Z', was_cancelled=False, ground_truth=False) for p in (1, 2, 3)]
        annotations.append({'result': [], 'completed_by': 4, 'was_cancelled': True})
        tasks.append({'id': i, 'data': {'text': f'text {i}', 'n': i}, 'annotations': annotations,
                      'predictions': [answer(truth, model_version='m', score=0.5)]})
    tasks[6]['annotations'][0]['ground_truth'] = True
    path = write('ls.json', json.dumps(tasks, indent=1))
    status, out, err = gtlabel('import', path, '-t', 'ls_task', '--annotations', 'ls_answer', '--json')
    same('imported', (status, err), (0, ''))
    summary = json.loads(out)
    same('counted', [summary[k] for k in ('format', 'rows', 'answers', 'cancelled', 'bad')], ['label-studio', 40, 120, 40, 0])
    same('gold', sql('SELECT task_id, gold = (SELECT label FROM ls_answer WHERE ground_truth) FROM ls_task WHERE gold IS NOT NULL'), '7|t')
    same('proposals', sql("SELECT count(*) FROM ls_task WHERE proposal = CASE WHEN task_id % 3 = 0 THEN 'neg' ELSE 'pos' END"), '40')
    # JSON_MIN says the same
    flat = [{**t['data'], 'id': t['id'], 'kind': a['result'][0]['value']['choices'][0], 'annotator': a['completed_by']['id'],
             'annotation_id': 1, 'created_at': a['created_at'], 'updated_at': a['created_at'], 'lead_time': 1.5}
            for t in tasks for a in t['annotations'] if a['result']]
    status, out, err = gtlabel('import', write('min.json', json.dumps(flat)), '-t', 'min_task', '--annotations', 'min_answer')
    same('JSON_MIN imported', (status, err), (0, ''))
    same('the same tasks', sql('SELECT count(*) FROM ls_task JOIN min_task USING (task_id, text, n)'), '40')
    same('the same answers', sql("""SELECT count(*) FROM (SELECT item, split_part(annotator, '@', 1), label, answered_at FROM ls_answer
                                    EXCEPT ALL SELECT item, annotator, label, answered_at FROM min_answer) d"""), '0')
    same('the same consolidated labels', sql("""SELECT count(*) FROM (SELECT item, label FROM gt_consolidate('ls_answer')
                                                EXCEPT SELECT item, label FROM gt_consolidate('min_answer')) d"""), '0')


def test_answers_become_labels():
    """Label Studio's export, through gt_import_annotations, in a job: the labels that gt_consolidate gives the same answers."""
    random.seed(4)
    skill = {'ann': 0.95, 'bob': 0.85, 'eve': 0.6}
    tasks = []
    for i in range(1, 121):
        truth, other = ('pos', 'neg') if i % 3 else ('neg', 'pos')
        annotations = [answer(truth if random.random() < right else other, completed_by={'id': 1, 'email': name},
                              created_at='2026-02-03T04:05:06Z', ground_truth=False) for name, right in skill.items()]
        if i <= 5:
            annotations.append(answer(truth, completed_by={'id': 2, 'email': 'reviewer'}, ground_truth=True))
        tasks.append({'id': i, 'data': {'object': f'k{i}', 'text': f'text {i}'}, 'annotations': annotations})
    path = write('answers.json', json.dumps(tasks))
    same('imported', gtlabel('import', path, '-t', 'asked', '--annotations', 'answered', '--key', 'object')[0], 0)
    sql("""SET gtlabel.background = off; SET client_min_messages = error;
        SELECT gt_create_job('asked', 'asked', ARRAY['neg', 'pos'], text_column => 'text', key_column => 'object', annotators_per_object => 3,
                             max_concurrent_task_count => 200, seed => 1);""")
    take = "SELECT string_agg(outcome, ',' ORDER BY outcome), sum(answers) FROM gt_import_annotations('asked', 'answered', gold => 'ground_truth')"
    same('all are taken', sql('SET gtlabel.background = off; ' + take), 'ahead,counted,gold|365')
    sql("SET gtlabel.background = off; SELECT gt_advance_job('asked')")
    same('all objects have labels of people', sql("SELECT state, human_labeled FROM gt_jobs WHERE job_name = 'asked'"), 'completed|120')
    sql('CREATE TABLE votes AS SELECT item, annotator, label FROM answered WHERE NOT ground_truth')
    same('the labels that gt_consolidate gives', sql("""SELECT count(*), count(*) FILTER (WHERE l.label = c.label)
        FROM gt_labels l JOIN gt_consolidate('votes') c ON c.item = l.object_key WHERE l.job_name = 'asked'"""), '120|120')
    same('a delivery can be repeated', sql(take), 'repeated|365')


def test_server_reads_the_same():
    """The client and the server's functions make the same of the same files, also of mutated ones."""
    rng = random.Random(8)
    seeds = [json.dumps(LABELED), '{"source-ref": "s3://x", "topic-metadata": {"failure-reason": "expired", "human-annotated": false}}',
             '{"source": "x", "topic": "2", "topic-metadata": {"class-name": "\\u00e4", "confidence": "0.5"}}']
    lines = [mutated(rng.choice(seeds), rng) for _ in range(5000)]
    lines = [line for line in lines if line.strip() and not {'\0', '\r'} & set(line)]
    path = write('both.manifest', '\n'.join(lines))
    report = os.path.join(folder, 'both.report')
    status, out, err = gtlabel('import', path, '-t', 'by_client', '--attribute', 'topic', '--skip-bad', report)
    same('by the client', (status, err), (0, ''))
    sql('CREATE TABLE by_server_lines (n int PRIMARY KEY, line text)')
    copy = subprocess.run(['psql', '-Xq', '-c', '\\copy by_server_lines FROM STDIN CSV'], text=True, capture_output=True, env=os.environ,
                          input=''.join('%d,"%s"\n' % (i, line.replace('"', '""')) for i, line in enumerate(lines, 1)))
    same('copied', (copy.returncode, copy.stderr), (0, ''))
    bad = sql("""SELECT line_no FROM gt_import_manifest('by_server_lines', table_name => 'by_server', label_attribute_name => 'topic',
                                                        order_column => 'n', on_error => 'skip') ORDER BY line_no""").split()
    with open(report, encoding='utf-8') as file:
        found = [str(json.loads(line)['line']) for line in file]
    ok('some are bad and some are not', 100 < len(bad) < len(lines) - 100, len(bad))
    same('the same lines are bad', [lines[int(n) - 1] for n in set(found) ^ set(bad)], [])
    columns = 'line_no, source, source_ref, label, confidence, human_annotated, failure_reason, line::text'
    same('the same rows', sql(f"""(SELECT {columns} FROM by_client EXCEPT ALL SELECT {columns} FROM by_server) UNION ALL
                                  (SELECT {columns} FROM by_server EXCEPT ALL SELECT {columns} FROM by_client) LIMIT 3"""), '')
    same('of the same table', sql("""SELECT string_agg(attname || ' ' || atttypid::regtype || attnotnull, ',' ORDER BY attnum)
                                     FROM pg_attribute WHERE attrelid = 'by_client'::regclass AND attnum > 0"""),
         sql("""SELECT string_agg(attname || ' ' || atttypid::regtype || attnotnull, ',' ORDER BY attnum)
                FROM pg_attribute WHERE attrelid = 'by_server'::regclass AND attnum > 0"""))


def test_server_reads_the_same_tasks():
    tasks = [{'id': i, 'data': {'k': f'k{i}'}, 'annotations': [
        answer(label, completed_by=who, created_at=at, ground_truth=gold, was_cancelled=cancelled)]}
        for i, (label, who, at, gold, cancelled) in enumerate([
            ('a', 1, '2026-02-03T04:05:06.7Z', False, False), ('b', {'id': 2, 'email': 'x@y'}, '2026-02-03 04:05:06', True, False),
            ('c', {'id': 3, 'username': 'z'}, '2026-02-30T04:05:06Z', False, False), ('d', 4, None, False, True),
            ('e', {'id': 5}, 'soon', False, False)])]
    tasks[0]['annotations'][0]['result'].append({'from_name': 'why', 'type': 'textarea', 'value': {'text': ['because']}})
    path = write('tasks.json', json.dumps(tasks))
    same('imported', gtlabel('import', path, '--annotations', 'task_answers', '--key', 'k')[0], 0)
    sql('CREATE TABLE task_document (d jsonb)')
    subprocess.run(['psql', '-Xq', '-c', "\\copy task_document FROM STDIN CSV QUOTE e'\\x01' DELIMITER e'\\x02'"], text=True, check=True,
                   input=json.dumps(tasks), env=os.environ)
    columns = 'item, annotator, label, ground_truth, comment, answered_at'
    same('the same answers', sql(f"SELECT {columns} FROM task_answers ORDER BY item"), sql(f"""SET timezone = 'UTC';
        SELECT {columns} FROM task_document, gt_label_studio_annotations(d, 'k') ORDER BY item"""))


# ---- Habits ----

def test_pipes_and_packing():
    lines = '\ufeff' + ''.join('{"a": %d, "b": "x"}\r\n' % i for i in range(100))
    for name, content in (('plain', lines.encode()), ('packed', gzip.compress(lines.encode())),
                          ('two members', gzip.compress(lines.encode()[:500]) + gzip.compress(lines.encode()[500:]))):
        sql('DROP TABLE IF EXISTS piped')
        status, out, err = gtlabel('import', '-', '--table', 'piped', stdin=content)
        same(f'{name}: imported from standard input', (status, err), (0, ''))
        same(f'{name}: whole', sql('SELECT count(*), sum(a) FROM piped'), '100|4950')
    broken = gzip.compress(os.urandom(100000).hex().encode())[:-2000]
    status, out, err = gtlabel('import', '-', '--table', 'cut', '--format', 'csv', stdin=broken)
    ok('packed data that breaks off is an error', status == 1 and 'breaks off' in err and not exists('cut'), status, err)


def test_exit_status():
    path = write('ok.jsonl', '{"a": 1}\n')
    same('no command line', gtlabel('import')[0], 2)
    same('no table', gtlabel('import', path)[0], 2)
    same('no such format', gtlabel('import', path, '-t', 'x', '--format', 'xml')[0], 2)
    same('no such type', gtlabel('import', path, '-t', 'x', '--column', 'a:varchar')[0], 2)
    same('no such option', gtlabel('import', path, '--tabel', 'x')[0], 2)
    same('no such file', gtlabel('import', path + 'x', '-t', 'x')[0], 1)
    same('a folder', gtlabel('import', folder, '-t', 'x')[0], 1)
    same('no server', gtlabel('import', path, '-t', 'x', env={'PGHOST': '/nowhere'})[0], 1)
    same('help', gtlabel('import', '--help')[0], 0)
    same('check', gtlabel('import', path, '--check', env={'PGHOST': '/nowhere'})[0], 0)
    same('once', gtlabel('import', path, '-t', 'once')[0], 0)
    status, out, err = gtlabel('import', path, '-t', 'x', '--skip-bad', path)
    with open(path, encoding='ascii') as file:
        same('the file is not its own report', (status, file.read()), (1, '{"a": 1}\n'))
    same('twice', gtlabel('import', path, '-t', 'once')[0], 1)
    same('no job', gtlabel('export')[0], 2)
    same('no such job', gtlabel('export', 'nobody')[0], 1)
    same('a column for another format', gtlabel('export', 'nobody', '--source', 'x')[0], 2)


def test_features():
    path = write('vectors.jsonl', '{"a": [1, 2], "b": [ -0.5, 1 ], "c": ["x"], "d": 1}\n{"a": [3, 4], "b": [1, 2], "c": [1], "d": 2}\n')
    out = gtlabel('import', path, '-t', 'vectors', '--features', 'a')[1]
    ok('what could be features is said', '--features=b ' in out and '=a' not in out and '=c' not in out and '=d' not in out, out)
    same('and what was said is', sql('SELECT a, pg_typeof(a), b, pg_typeof(b) FROM vectors WHERE line_no = 1'), '{1,2}|real[]|[-0.5, 1]|jsonb')


def test_names():
    path = write('names.jsonl', json.dumps({'a"; DROP TABLE canary; --': 1, 'Ä b': 'x', 'select': True, "it's": None}) + '\n')
    sql('CREATE TABLE canary (); CREATE SCHEMA "Odd s"')
    same('imported', gtlabel('import', path, '-t', '"Odd s"."t""; DROP TABLE canary"')[0], 0)
    same('the table and its columns', sql('SELECT "a""; DROP TABLE canary; --", "Ä b", "select" FROM "Odd s"."t""; DROP TABLE canary"'), '1|x|t')
    same('folded as SQL folds', (gtlabel('import', path, '-t', 'Folded')[0], exists('folded')), (0, True))
    ok('no injection', exists('canary'))
    status, out, err = gtlabel('import', path, '-t', 'x; DROP TABLE canary')
    ok('a name that is none', status == 1 and exists('canary'), err)
    sql("CREATE ROLE poor LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    status, out, err = gtlabel('import', path, '-t', 'poor_t', '-U', 'poor')
    ok('no right to create', status == 1 and 'permission denied' in err, err)


def test_terminal():
    """Progress on a terminal only, four times a second at most."""
    line = b'{"a": 1}\n'
    for terminal in (True, False):
        sql('DROP TABLE IF EXISTS progress')
        master, slave = pty.openpty()
        process = subprocess.Popen([PROGRAM, 'import', '-', '-t', 'progress'], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                   stderr=slave if terminal else subprocess.PIPE)
        os.close(slave)
        process.stdin.write(line * 2000)
        process.stdin.flush()
        time.sleep(0.5)
        process.stdin.write(line * 100000)
        process.stdin.close()
        process.stdin = None
        seen = b''
        while terminal:
            try:
                seen += os.read(master, 4096)
            except OSError:     # the other side is closed
                break
        out, err = process.communicate(timeout=60)
        os.close(master)
        ok('progress on a terminal' if terminal else 'none elsewhere', (b'records' in seen) if terminal else err == b'', seen, err)
        ok('the summary is on stdout', b'imported: 102,000 records' in out, out)


def test_category_file():
    path = write('index.manifest', '{"source": "a", "topic": "1", "topic-metadata": {"job-name": "labeling-job/x", "creation-date": '
                 '"2026-01-05T10:11:12.5"}}\n{"source": "b", "topic": 0, "topic-metadata": {}}\n{"source": "c"}\n')
    ok('an index without a name', 'no class-name' in gtlabel('import', path, '--check')[2])
    names = write('categories.json', '{"document-version": "2018-11-28", "labels": [{"label": "cat, big"}, {"label": "dog"}]}')
    same('named', gtlabel('import', path, '-t', 'indexed', '--annotations', 'indexed_answers', '--categories', '@' + names)[0], 0)
    same('labels', sql('SELECT line_no, label FROM indexed ORDER BY 1'), '1|dog\n2|cat, big\n3|')
    same('labels as answers', sql("SET timezone = 'UTC'; SELECT * FROM indexed_answers ORDER BY 1"),
         '1|labeling-job/x|dog|f||2026-01-05 10:11:12.5+00\n2|unknown|cat, big|f||')
    same('no such file', gtlabel('import', path, '--check', '--categories', '@/nowhere')[0], 2)
    same('no categories', gtlabel('import', path, '--check', '--categories', '@' + path)[0], 2)


def test_encoding():
    """What the server's encoding has no character for is an error with its place."""
    sql("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'")
    path = write('euro.jsonl', '{"a": "\u00e4"}\n{"a": "\u20ac"}\n')
    status, out, err = gtlabel('import', path, '-t', 'euro', '-d', 'latin')
    ok('no half import', status == 1 and 'line 2' in err and sql("SELECT to_regclass('euro') IS NULL", PGDATABASE='latin') == 't', err)


# ---- Wild input ----

def test_wild():
    bad = [(2, b'{"source": "a"', 'not JSON'), (4, b'[1]', 'not an object'), (5, b'{"text": "x"}', 'neither source nor source-ref'),
           (6, b'{"source": "\\u0000"}', 'zero character'), (7, b'{"source": "\\ud800"}', 'surrogate'), (8, b'{"source": "\xff"}', 'UTF-8'),
           (9, b'{"source": "a", "source": "b"}', 'two keys'), (10, b'{"source": "a", "topic": 3, "topic-metadata": {}}', 'no class-name')]
    good = [(1, b'{"source": "first", "topic": "1", "topic-metadata": {"class-name": "x", "creation-date": "yesterday"}}'), (3, b''),
            (11, b'{"source": "' + b'x' * 100001 + b'"}'), (12, b'{"source": "\\ud83d\\ude00", "other": "\\u0000"}\r'),
            (13, b'  {"source-ref": "s3://a", "topic-metadata": {"failure-reason": "late"}}  ')]
    lines = [line for _, line in sorted(good + [b[:2] for b in bad])]
    path = write('wild.manifest', b'\xef\xbb\xbf' + b'\n'.join(lines))
    status, out, err = gtlabel('import', path, '-t', 'wild')
    same('nothing is imported', (status, exists('wild')), (1, False))
    for number, _, reason in bad:
        ok(f'line {number} is named', any(f'line {number}: ' in said and reason in said for said in err.splitlines()), err)
    report = os.path.join(folder, 'wild.report')
    status, out, err = gtlabel('import', path, '-t', 'wild', '--skip-bad', report, '--json')
    same('the others are', (status, err), (0, ''))
    same('counted', [json.loads(out)[k] for k in ('records', 'rows', 'bad', 'labels', 'failed')], [12, 4, 8, 1, 1])
    with open(report, encoding='utf-8') as file:
        same('reported', [json.loads(line)['line'] for line in file], [number for number, _, _ in bad])
    same('under their numbers', sql('SELECT string_agg(line_no::text, \',\' ORDER BY line_no) FROM wild'), '1,11,12,13')
    same('long and odd ones too', sql('SELECT length(source), label FROM wild WHERE line_no = 11'), '100001|')
    status, out, err = gtlabel('import', path, '-t', 'all_bad', '--format', 'label-studio', '--skip-bad', report)
    ok('not one that can be read', status == 1 and 'every record is bad' in err and not exists('all_bad'), err)
    status, out, err = gtlabel('import', path, '-t', 'mended', '--repair', '--skip-bad', report, '--json')
    same('repaired', [json.loads(out)[k] for k in ('rows', 'repaired')], [7, 3])


def test_nothing_for_a_terminal():
    """Names of a file are shown, and not obeyed."""
    path = write('escape.jsonl', '{"\\u001b[2Jx\\ny": 1}\n{"\\u001b[2Jx\\ny": "z"}\n' * 600)
    status, out, err = gtlabel('import', path, '-t', 'escape', '--column', '\x1b[2Jx\ny:bigint')
    ok('bad lines', status == 1 and '\x1b' not in err and '[2Jx y' in err, err)
    status, out, err = gtlabel('import', path, '-t', 'escape')
    ok('columns', status == 0 and '\x1b' not in out and '[2Jx y' in out, out)
    same('they have these names', sql("SELECT count(*) FROM pg_attribute WHERE attrelid = 'escape'::regclass AND attname = E'\\x1b[2Jx\\ny'"), '1')


def test_long_line():
    path = write('long.jsonl', b'{"a": 1}\n{"a": "' + b'x' * (70 << 20) + b'"}\n{"a": 3}\n')
    report = os.path.join(folder, 'long.report')
    status, out, err = gtlabel('import', path, '-t', 'long', '--skip-bad', report)
    same('imported', (status, err), (0, ''))
    same('what is around it', sql('SELECT line_no, a FROM long ORDER BY 1'), '1|1\n3|3')


def mutated(line, rng):
    scraps = ['"', '\\', '\\u0000', '\\ud800', '{', '}', '[', ']', ',', ':', 'null', '1e400', '1e-9999', '-0', '9' * 60, '0.' + '1' * 60,
              '\x01', '\t', '\\N', '\\.', '"source": "y", ', '"ctid": 1, ', '"topic": "1", ', '\\uD83D\\uDE00', '[' * 40, '""', '\\"', '\x7f',
              '1e308', '2026-02-30T25:61:00Z', '\u00e4', '\ufffe', '\U0010ffff', 'true', '{"x": [1, {"y": "\\t"}]}']
    for _ in range(rng.randint(1, 4)):
        at = rng.randint(0, len(line))
        kind = rng.randint(0, 3)
        if kind == 0:
            line = line[:at] + chr(rng.randint(0, 300)) + line[at + 1:]
        elif kind == 1:
            line = line[:at] + line[at + rng.randint(1, 12):]
        else:
            line = line[:at] + rng.choice(scraps) + line[at:]
    return line.replace('\n', '')


def test_server_takes_what_passes():
    """20,000 mutated lines a format; one row that the server refuses would end the import."""
    rng = random.Random(5)
    task = json.dumps({'id': 7, 'data': {'text': 'hi', 'v': [1.5, 2]}, 'annotations': [
        answer('pos', completed_by={'id': 3, 'email': 'a@x'}, ground_truth=True, created_at='2026-01-31T10:00:00.5+01:00'),
        answer('neg', completed_by=5, created_at='2026-02-28 10:00')], 'predictions': [answer('neg')]})
    flat = json.dumps({'text': 'hi', 'id': 7, 's': 'pos', 'annotator': 3, 'annotation_id': 1, 'created_at': '2026-02-28T00:00:00Z'})
    record = '{"a": "x", "b": [1, 2.5e3, null, true], "v": [0.5, 1], "n": 12, "d": 0.5, "i": 7, "t": true, "j": {"k": "\\u00e4"}}'
    kinds = [('manifest', [json.dumps(LABELED), '{"source-ref": "s3://x", "topic-metadata": {"failure-reason": "expired"}}'],
              ['--features', 'v']),
             ('jsonl', [record, '{"b": {"c": "d"}, "a": null, "n": 1e5}'],
              ['--features', 'v', '--column', 'd:double precision', '--column', 'i:bigint', '--column', 't:boolean', '--column', 'j:text',
               '--column', 'n:numeric']),
             ('label-studio', [task, flat], ['--annotations', 'fuzz_answers']),
             ('csv', ['1,"x ""y""","[1.5,2]",0.5', ',,"{1,2}",1e3'], ['--features', 'v', '--column', 'd:double precision'])]
    for kind, seeds, options in kinds:
        header = 'a,b,v,d\n' if kind == 'csv' else (seeds[0] + '\n') * 1000 if kind == 'jsonl' else ''     # the columns
        lines = [mutated(rng.choice(seeds), rng) for _ in range(20000)]
        if kind == 'csv':       # a quote that stays open would take the rest with it
            lines = [line for line in lines if line.count('"') % 2 == 0]
        if kind == 'label-studio':
            lines = [line.replace('"id": 7', f'"id": {i}') for i, line in enumerate(lines)]
        path = write('fuzz', (header + '\n'.join(lines)).encode('utf-8', 'surrogatepass'))
        sql('DROP TABLE IF EXISTS fuzz, fuzz_answers')
        status, out, err = gtlabel('import', path, '-t', 'fuzz', '--format', kind, '--skip-bad', os.path.join(folder, 'report'), '--json',
                                   *options)
        if kind == 'label-studio' and status == 1 and 'is duplicated' in err:
            ok(f'{kind}: mutated lines', True)      # ids that became equal: the key refuses them, and rightly
            continue
        ok(f'{kind}: mutated lines', status == 0, err)
        if status == 0:
            summary = json.loads(out)
            ok(f'{kind}: some pass and some do not', summary['rows'] > 1000 and summary['bad'] > 1000, summary)
            table, count = ('fuzz_answers', 'answers') if kind == 'label-studio' else ('fuzz', 'rows')
            same(f'{kind}: all that passed are there', sql(f'SELECT count(*) FROM {table}'), str(summary[count]))


def test_mutated_files():
    """A mutated file is imported whole or not at all, and the program, built with gcc's sanitizers, ends in good order."""
    rng = random.Random(11)
    program = SANITIZED if os.path.exists(SANITIZED) else PROGRAM
    task = {'id': 7, 'data': {'text': 'hi'}, 'annotations': [answer('pos', completed_by={'id': 3, 'email': 'a@x'}, ground_truth=True)]}
    seeds = [json.dumps(LABELED) + '\n{"source": "y"}\n{"source-ref": "z", "topic-metadata": {"failure-reason": "r"}}\n',
             '{"a": "x", "b": [1]}\n{"a": "y"}\n', json.dumps([task, {**task, 'id': 8}], indent=1), 'a,b\n1,"x\ny"\n2,z\n',
             json.dumps([{'text': 'hi', 'id': 7, 's': 'pos', 'annotator': 3, 'annotation_id': 1}])]
    expected = {}
    for i in range(100):
        content = '\0'.join(mutated(part, rng) if rng.random() < 0.5 else part for part in rng.choice(seeds).split('\n')).replace(
            '\0', '\n').encode('utf-8', 'surrogatepass')
        if i % 5 == 0:
            content = bytearray(gzip.compress(content))
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        status, out, err = gtlabel('import', write('mutated', bytes(content)), '-t', f'whole_{i}', '--json', program=program)
        if status == 0:
            summary = json.loads(out)
            expected[f'whole_{i}'] = summary['rows']
        else:
            ok('nothing, for a reason', status == 1 and err != '' and 'Sanitizer' not in err, content, err)
    ok('some are imported and some are not', 10 < len(expected) < 90, len(expected))
    same('the tables that there are', set(sql("SELECT relname FROM pg_class WHERE relname ~ '^whole_[0-9]+$'").split()), set(expected))
    found = sql(' UNION ALL '.join(f"SELECT '{name}', count(*) FROM {name}" for name in expected)).splitlines()
    same('with all their rows', dict(row.split('|') for row in found), {name: str(rows) for name, rows in expected.items()})


# ---- All or nothing ----

def big(rows):
    return write('big.jsonl', ''.join('{"a": %d, "b": "%s"}\n' % (i, 'x' * 50) for i in range(rows)))


def interrupted(how):
    """Feeds half of the rows, waits until the server copies, ends it in this way, and says (exit status, stderr)."""
    process = subprocess.Popen([PROGRAM, 'import', '-', '-t', 'half'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env={**os.environ, 'PGAPPNAME': 'interrupted'})
    process.stdin.write(b''.join(b'{"a": %d, "b": "%s"}\n' % (i, b'x' * 50) for i in range(20000)))
    process.stdin.flush()
    for _ in range(200):
        if sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'interrupted' AND query LIKE 'COPY%'") == '1':
            break
        time.sleep(0.05)
    else:
        ok('the import runs', False)
    how(process)
    try:
        process.stdin.close()
    except BrokenPipeError:
        pass
    process.stdin = None
    out, err = process.communicate(timeout=60)
    for _ in range(200):
        if sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'interrupted'") == '0':
            break
        time.sleep(0.05)
    return process.returncode, err.decode()


def test_interrupted():
    for name, number in (('kill -9', signal.SIGKILL), ('Ctrl-C', signal.SIGINT)):
        status, err = interrupted(lambda process: process.send_signal(number))
        same(f'{name}: no half import', (status, exists('half')), (-number, False))
    status, err = interrupted(lambda process: sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'interrupted'"))
    ok('the server ends it: an error and no half import', status == 1 and err != '' and not exists('half'), status, err)
    status, err = interrupted(lambda process: process.stdin.write(b'{"a": '))
    ok('a last line that breaks off', status == 1 and 'line 20001' in err and not exists('half'), status, err)


def test_answers_are_part_of_it():
    tasks = [{'id': i, 'data': {'x': i}, 'annotations': [answer('a', completed_by=1)]} for i in (1, 2, 2)]
    status, out, err = gtlabel('import', write('twice.json', json.dumps(tasks)), '-t', 'twice_t', '--annotations', 'twice_a')
    ok('a task that comes twice: neither table', status == 1 and 'duplicate' in err + 'duplicate' and not exists('twice_t') and
       not exists('twice_a'), status, err)


def test_memory():
    """Ten times the lines, the same memory, in kB."""
    peaks = []
    for rows in (30000, 300000):
        path = big(rows)
        sql('DROP TABLE IF EXISTS big')
        process = subprocess.Popen([PROGRAM, 'import', path, '-t', 'big', '--quiet'])
        peak = 0
        while process.poll() is None:
            try:
                with open(f'/proc/{process.pid}/status', encoding='ascii') as file:
                    peak = max([peak] + [int(line.split()[1]) for line in file if line.startswith('VmHWM')])
            except OSError:
                break
            time.sleep(0.005)
        same(f'{rows} rows', (process.wait(), sql('SELECT count(*) FROM big')), (0, str(rows)))
        peaks.append(peak)
    ok('memory stays flat', 0 < peaks[1] < peaks[0] + 4096, peaks)


# ---- Export ----

def test_export_formats():
    sql("""CREATE TABLE item (id bigint PRIMARY KEY, body text);
        INSERT INTO item SELECT i, E'text "' || i || E'",\\n' || repeat(chr(228), 2) FROM generate_series(1, 40) i;
        SET gtlabel.background = off; SET client_min_messages = error;
        SELECT gt_create_job('out', 'item', ARRAY['a, "b"', E'c'], text_column => 'body', max_concurrent_task_count => 100, seed => 1);
        SELECT gt_annotate('out', array_agg(object_key), array_agg('a, "b"'::text)) FROM gt_tasks WHERE job_name = 'out' AND state = 'available';
        SELECT gt_advance_job('out');""")
    labeled = int(sql("SELECT count(*) FROM gt_labels WHERE job_name = 'out' AND label IS NOT NULL"))
    ok('there are labels', labeled > 0)
    rows = [json.loads(line) for line in gtlabel('export', 'out')[1].splitlines()]
    same('JSON Lines', (len(rows), {row['label'] for row in rows}), (labeled, {'a, "b"'}))
    rows = list(csv.DictReader(io.StringIO(gtlabel('export', 'out', '--format', 'csv')[1])))
    same('CSV', (len(rows), {row['label'] for row in rows}), (labeled, {'a, "b"'}))
    tasks = json.loads(gtlabel('export', 'out', '--format', 'label-studio')[1])
    same('tasks for Label Studio', len(tasks), 40)
    lines = gtlabel('export', 'out', '--format', 'manifest', '--source', 'body', '--columns', 'id')[1].splitlines()
    same('a manifest of columns', [json.loads(line)['source'] for line in lines], [f'text "{i}",\nää' for i in range(1, 41)])
    path = os.path.join(folder, 'out.jsonl.gz')
    status, out, err = gtlabel('export', 'out', '-o', path, '--json')
    with gzip.open(path) as file:
        same('packed', len(file.read().splitlines()), labeled)
    same('the summary', (json.loads(out)['lines'], err), (labeled, ''))
    same('and nothing beside it', [name for name in os.listdir(folder) if '.part' in name], [])


def test_export_fails_whole():
    path = write('kept.jsonl', 'before')
    same('no such job', gtlabel('export', 'nobody', '-o', path)[0], 1)
    with open(path, encoding='utf-8') as file:
        same('the file is as it was', file.read(), 'before')
    status, out, err = gtlabel('export', 'out', '-o', '/dev/full')
    ok('a full disk', status == 1 and 'No space left' in err, status, err)
    sql("""CREATE TABLE slow AS SELECT i AS id, repeat('x', 2000) AS body FROM generate_series(1, 30000) i; ALTER TABLE slow ADD PRIMARY KEY (id);
        SET gtlabel.background = off; SET client_min_messages = error;
        SELECT gt_create_job('slow', 'slow', ARRAY['a', 'b'], features_column => NULL, auto_label => false)""")
    process = subprocess.Popen([PROGRAM, 'export', 'slow', '--format', 'manifest', '--source', 'body', '-o', path + '.gz'])
    for _ in range(400):
        if any('.part-' in name for name in os.listdir(folder)):
            break
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    same('Ctrl-C', (process.wait(), [name for name in os.listdir(folder) if 'kept.jsonl.gz' in name]), (-signal.SIGINT, []))
    same('no such folder', gtlabel('export', 'out', '-o', folder + '/no/where')[0], 1)


def main():
    global folder, failed
    only = os.environ.get('GTL_ONLY', '').split()
    sql('CREATE EXTENSION IF NOT EXISTS gtlabel')
    with tempfile.TemporaryDirectory() as folder:
        for name, test in list(globals().items()):
            if name.startswith('test_') and (not only or name in only):
                begin = time.time()
                try:
                    test()
                except Exception:
                    failed += 1
                    print(f'client exchange: {name}:\n{traceback.format_exc()}', flush=True)
                if os.environ.get('GTL_TIMES'):
                    print(f'{name}: {time.time() - begin:.1f} s')
    print(f'client exchange: {passed} passed, {failed} failed')
    sys.exit(failed > 0)


main()
