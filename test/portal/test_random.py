"""Random requests against the server built with gcc's sanitizers: it must answer, and have nothing to report."""
import json
import os
import random
import signal
import socket
import sys
import threading
import time
from urllib.parse import urlparse

from check import Checks, sql

ADDRESS = urlparse(sys.argv[1])
SERVER, LOG = int(sys.argv[2]), sys.argv[3]
REQUESTS = int(os.environ.get('GTL_RANDOM_REQUESTS', 100000))
SECONDS = int(os.environ.get('GTL_RANDOM_SECONDS', 200))
checks = Checks('random')
ok = checks.ok
draw = random.Random(20261126)
PATHS = ['/', '/seat.js', '/portal.css', '/api/session', '/api/invitation', '/api/queues', '/api/jobs/support/seat', '/api/jobs',
         '/api/jobs/support', '/api/tasks/submit', '/api/tasks/retract', '/api/jobs/support/accept', '/api/jobs/a%2Fb/review/machine',
         '/api/datasets/public.message', '/api/plan', '/api/jobs/support/categories/add', '/favicon.ico']
METHODS = ['GET', 'POST', 'DELETE', 'PATCH', 'PUT', 'HEAD', 'OPTIONS', 'TRACE', 'BREW']
BODIES = ['', '{}', '[]', '{"token": "x"}', '{"task_ids": [1, 2], "labels": ["a", null]}', '{"max_tasks": 5}', '{"a": [[[[]]]]}', '"\\ud800"', 'null']
VALUES = ['application/json', 'text/plain', '*', '0', '-1', 'x' * 300, 'same-origin', 'null', 'a=b; c=d', 'gzip', '127.0.0.1', 'évil'.encode().decode('latin1')]
NAMES = ['Content-Type', 'Cookie', 'Origin', 'Sec-Fetch-Site', 'X-Gtlabel-Csrf', 'Accept', 'If-None-Match', 'X-Forwarded-For', 'Range', 'Expect-X',
         'Authorization', 'Upgrade', 'Cache-Control']


def mutate(data):
    data = bytearray(data)
    for _ in range(draw.randint(1, 6)):
        place = draw.randrange(len(data)) if data else 0
        kind = draw.random()
        if kind < 0.4 and data:
            data[place] = draw.randrange(256)
        elif kind < 0.7:
            data[place:place] = bytes(draw.randrange(256) for _ in range(draw.randint(1, 20)))
        elif data:
            del data[place:place + draw.randint(1, 10)]
    return bytes(data)


def request(cookie, wild):
    """Wild: what no browser sends. Otherwise HTTP as it should be, with contents that are not."""
    path = draw.choice(PATHS) if draw.random() > 0.005 else '/api/events'
    if draw.random() < 0.3:
        path += draw.choice(['/', '?a=b', '/%2e%2e', '%00', '%', '/' + 'x' * draw.randint(1, 400), '%C3%28', '//', '/:'])
    body = draw.choice(BODIES).encode()
    if draw.random() < 0.3:
        body = mutate(body)
    lines = [f'{draw.choice(METHODS) if draw.random() < 0.6 else "GET"} {path} HTTP/1.{draw.choice("1110") if wild else 1}',
             f'Host: {ADDRESS.netloc}']
    if draw.random() < 0.5:
        lines += ['Content-Type: application/json', *cookie]
    lines += [f'{draw.choice(NAMES)}: {draw.choice(VALUES)}' for _ in range(draw.randint(0, 4))]
    if draw.random() < 0.1:
        lines.append('Transfer-Encoding: chunked')
        body = f'{len(body):x}\r\n'.encode() + body + b'\r\n0\r\n\r\n' if body else b'0\r\n\r\n'
    else:
        lines.append(f'Content-Length: {len(body) + (draw.choice([1, -1, 1000, 10 ** 12]) if wild else 0)}')
    data = '\r\n'.join(lines).encode('latin1') + b'\r\n\r\n' + body
    return mutate(data) if wild else data


def sign_in():
    s = socket.create_connection((ADDRESS.hostname, ADDRESS.port), timeout=20)
    body = b'{"role": "ann", "password": "secret of ann"}'
    s.sendall(b'POST /api/session HTTP/1.1\r\nHost: ' + ADDRESS.netloc.encode() + b'\r\nContent-Type: application/json\r\nContent-Length: ' +
              str(len(body)).encode() + b'\r\nConnection: close\r\n\r\n' + body)
    answer = b''
    while piece := s.recv(65536):
        answer += piece
    s.close()
    head, _, body = answer.partition(b'\r\n\r\n')
    cookie = [line for line in head.decode().split('\r\n') if line.startswith('Set-Cookie')][0].split(': ')[1].split(';')[0]
    return f'Cookie: {cookie}', f'X-Gtlabel-Csrf: {json.loads(body)["csrf"]}'


LAST = f'GET /portal.css HTTP/1.1\r\nHost: {ADDRESS.netloc}\r\nConnection: close\r\n\r\n'.encode()


def send_some(cookie, count, wild):
    """Many at a time, without waiting for each answer; then what came is read."""
    answers = 0
    with socket.create_connection((ADDRESS.hostname, ADDRESS.port), timeout=20) as s:
        data = b''.join(request(cookie, wild) for _ in range(count)) + LAST
        try:
            s.settimeout(0.2 if wild or b'/api/events' in data else 20)
            s.sendall(data)
            while draw.random() < 0.999 and (piece := s.recv(262144)):
                answers += piece.count(b'HTTP/1.1 ')
        except OSError:
            pass
    return answers


def send_until(end, cookie, totals):
    while totals['sent'] < REQUESTS and time.monotonic() < end:
        wild = draw.random() < 0.3
        count = 1 if wild else draw.randint(1, 8)
        try:
            answers = send_some(cookie, count, wild)
            totals['answers'] += answers
        except OSError:
            totals['refused'] += 1
        totals['sent'] += count


def random_requests():
    totals = {'sent': 0, 'answers': 0, 'refused': 0}
    cookie = sign_in()
    end = time.monotonic() + SECONDS
    threads = [threading.Thread(target=send_until, args=(end, cookie, totals)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(f'   {totals["sent"]} random requests, {totals["answers"]} answers')
    ok('most of the requests were sent in time', totals['sent'] >= min(REQUESTS, 20000))
    ok('the server answered', totals['answers'] > totals['sent'] / 2)
    ok('it let everybody in', totals['refused'] < 10)
    ok('it still does', sign_in() is not None)


def nothing_to_report():
    os.kill(SERVER, signal.SIGTERM)
    end = time.monotonic() + 60
    while time.monotonic() < end and os.path.exists(f'/proc/{SERVER}') and 'Z' not in open(f'/proc/{SERVER}/stat').read().split()[2]:
        time.sleep(0.1)
    log = open(LOG, errors='replace').read()
    report = [line for line in log.split('\n') if 'Sanitizer' in line or 'runtime error' in line]
    ok(f'the sanitizers have nothing to report: {report[:3]}', not report)
    if report:
        print(log[-6000:])
    ok('the database is whole', sql('SELECT sings FROM canary;') == 't')


checks.run([random_requests, nothing_to_report])
