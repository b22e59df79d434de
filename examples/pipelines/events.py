#!/usr/bin/python3
"""A program that answers the tasks of a job, and keeps a table of its labels up to date, as events come.

    examples/pipelines/events.py JOB        psycopg2; the connection is that of PGHOST, PGSERVICE and the like

Events are dealt with and acknowledged in one transaction: if the program is killed, at any moment, the next run finds
each event either done or still there. Ends when the job does.
"""
import re
import select
import sys

import psycopg2
import psycopg2.extras

JOB = sys.argv[1]
CONSUMER = 'events.py'


def answer(message):
    """The program's opinion; here could stand a call of a language model."""
    return 'spam' if re.search(r'\b(free|win|won|prize|claim|txt|urgent|call \d)|\d{5}|£\d', message['body'], re.I) else 'ham'


def annotate(cursor):
    """Answers what is open, by leases: two such programs share the work."""
    while True:
        cursor.execute("SELECT task_id, object FROM gt_accept_tasks(%s, 100, annotator => 'rules')", [JOB])
        tasks = cursor.fetchall()
        if not tasks:
            return
        cursor.execute("SELECT gt_submit_annotations(%s, %s, annotator => 'rules')",
                       [[task['task_id'] for task in tasks], [answer(task['object']) for task in tasks]])


def mirror(cursor):
    """The labels as they are now, in a table that other programs read."""
    cursor.execute("""
        INSERT INTO message_label (id, label, by_people)
            SELECT object_key::bigint, label, human_annotated FROM gt_labels WHERE job_name = %s AND label IS NOT NULL
        ON CONFLICT (id) DO UPDATE SET label = excluded.label, by_people = excluded.by_people
            WHERE (message_label.label, message_label.by_people) IS DISTINCT FROM (excluded.label, excluded.by_people)""", [JOB])


def deal_with(cursor, events):
    """True when the job is over."""
    kinds = {event['event'] for event in events if event['job_name'] == JOB}
    if kinds & {'batch_issued', 'overlap'}:
        annotate(cursor)
    if kinds & {'batch_closed', 'round', 'completed'}:
        mirror(cursor)
    if 'failed' in kinds:
        sys.exit(f'{JOB} has failed: {[event["detail"] for event in events if event["event"] == "failed"]}')
    return bool(kinds & {'completed', 'stopped'})


def main():
    listening = psycopg2.connect('')
    listening.autocommit = True
    listening.cursor().execute('LISTEN gtlabel')
    connection = psycopg2.connect('', cursor_factory=psycopg2.extras.DictCursor)
    with connection, connection.cursor() as cursor:
        cursor.execute('CREATE TABLE IF NOT EXISTS message_label (id bigint PRIMARY KEY, label text NOT NULL, by_people boolean NOT NULL)')
    over = False
    while not over:
        with connection, connection.cursor() as cursor:     # one transaction
            cursor.execute('SELECT * FROM gt_poll_events(%s)', [CONSUMER])
            events = cursor.fetchall()
            if events:
                over = deal_with(cursor, events)
                cursor.execute('SELECT gt_acknowledge_events(%s, %s)', [CONSUMER, [event['event_id'] for event in events]])
        if not events:
            select.select([listening], [], [], 10)      # a sign, or ten seconds: signs can be lost, events cannot
            listening.poll()
            listening.notifies.clear()


main()
