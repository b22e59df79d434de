"""Attacks on the portal, each by its name."""
import http.client
import json
import socket
import sys
import time
from urllib.parse import quote, urlparse

from browser import Browser
from check import Checks, sql

ADDRESS = urlparse(sys.argv[1])
BASE = sys.argv[1].rstrip('/')
HOSTILE = '<i onmouseover=hacked=1>a%2F..\'"\\ 100%'
JSON = {'Content-Type': 'application/json'}
checks = Checks('attacks')
ok = checks.ok


class Client:
    """A browser without manners: sends exactly what it is told."""

    def __init__(self, cookie=None, csrf=None):
        self.cookie, self.csrf = cookie, csrf

    def request(self, method, path, body=None, headers=None, csrf=True):
        connection = http.client.HTTPConnection(ADDRESS.hostname, ADDRESS.port, timeout=60)
        send = dict(JSON)
        if self.cookie:
            send['Cookie'] = self.cookie
        if self.csrf and csrf:
            send['X-Gtlabel-Csrf'] = self.csrf
        send.update(headers or {})
        send = {name: value for name, value in send.items() if value is not None}
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        connection.putrequest(method, path, skip_host='Host' in send, skip_accept_encoding=True)
        for name, value in send.items():
            connection.putheader(name, value)
        if data is not None:
            connection.putheader('Content-Length', str(len(data)))
        try:
            connection.endheaders(data)
        except (BrokenPipeError, ConnectionResetError):
            pass                                # the answer came before all was sent
        response = connection.getresponse()
        text = response.read()
        connection.close()
        self.response = response
        return response.status, text.decode('utf-8', 'replace')

    def api(self, method, path, body=None, **more):
        return self.request(method, '/api' + path, body, **more)

    def sign_in(self, **form):
        status, text = self.api('POST', '/session', form)
        if status != 200:
            raise RuntimeError(text)
        self.cookie = self.response.getheader('Set-Cookie').split(';')[0]
        self.csrf = json.loads(text)['csrf']
        return self


def signed_in(role):
    return Client().sign_in(role=role, password=f'secret of {role}')


def invited(job, annotator):
    return sql("SET ROLE maren; SELECT gt_invite_annotator(:'job', :'who');", job=job, who=annotator).splitlines()[-1]


def alive():
    return sql('SELECT sings FROM canary;') == 't' and Client().request('GET', '/')[0] == 200


def attack_xss_by_object_category_comment_instructions():
    ann = signed_in('ann')
    job = quote(HOSTILE, safe='')
    status, text = ann.api('POST', f'/jobs/{job}/accept', {'max_tasks': 2})
    task = json.loads(text)['tasks'][0]['task_id']
    status, text = ann.api('POST', '/tasks/submit', {'task_ids': [task], 'labels': ['<script>hacked=1</script>'],
                                                     'comments': ['</p><script>hacked = 1</script>']})
    ok('the answer is taken as text', status == 200)
    b = Browser(BASE)
    try:
        b.go('/#/label/' + job)
        b.sign_in('ann', 'secret of ann')
        b.wait(lambda: '<script>' in b.text('article'))
        ok('objects are shown as text', '<script>' in b.text('article') and '<iframe' in b.text('article'))
        ok('instructions are shown as text', '<script>hacked=1</script>' in b.text('aside') and '<svg onload' in b.text('aside'))
        ok('categories are shown as text', '<script>hacked=1</script>' in b.text('.choices'))
        ok('my comment too', b.wait(lambda: b.find('.strip button')) and (b.find('.strip button').click() or
           b.wait_text('<script>hacked = 1</script>', 'article')))
        b.go('/#/')
        b.wait_text('for you')
        b.driver.delete_all_cookies()
        b.driver.get('about:blank')
        for page in ('#/jobs', f'#/jobs/{job}', f'#/jobs/{job}/review/remarks', f'#/jobs/{job}/people'):
            b.go('/' + page)
            if b.wait(lambda: b.js("document.querySelector('main').childElementCount") > 0) and b.js("!!document.querySelector('[name=role]')"):
                b.sign_in('maren', 'secret of maren')
            b.wait(lambda: b.js("document.querySelector('h1') !== null && !document.querySelector('[name=role]')"))
        ok('the owner reads the remark as text', b.go(f'/#/jobs/{job}/review/remarks') is None and b.wait_text('<script>hacked = 1</script>'))
        ok('nothing has run', b.js('window.hacked === undefined'))
        ok('nothing was built of it', b.js("document.querySelectorAll('main script, main iframe, main [onerror], main [onload]').length") == 0)
        ok('scripts in a page are refused by policy', b.driver.execute_script('''
            const s = document.createElement('div'); try { s.innerHTML = '<b>x</b>' } catch { return true } return false'''))
    finally:
        b.close()


def attack_xss_by_file_names():
    """Addresses of pictures, of which each kind of the hostile table comes; one that does not load is named as text."""
    b = Browser(BASE)
    seen = ''
    try:
        b.go('/#/label/' + quote(HOSTILE, safe=''))
        b.sign_in('bob', 'secret of bob')
        b.wait(lambda: '<script>' in b.text('article'))
        for _ in range(20):
            b.wait(lambda: b.js("[...document.querySelectorAll('article img')].every(img => img.complete)"))
            ok('no picture has a handler', b.js("document.querySelectorAll('article [onerror], article [onload], article svg, article script').length") == 0)
            seen += b.text('article')
            if all(words in seen for words in ('onerror="hacked=1".png', 'javascript:hacked=1//.png')):
                break
            b.press('s')
        ok('a picture that does not come is named as text', 'This picture cannot be shown' in seen and '"onerror="hacked=1".png' in seen)
        ok('an address that is none is text', 'javascript:hacked=1//.png' in seen)
        ok('nothing has run', b.js('window.hacked === undefined'))
    finally:
        b.close()


def attack_csrf():
    maren = signed_in('maren')
    pause = '/jobs/shared/pause'
    for what, headers, csrf in (
            ('without the secret', {}, False),
            ('with another secret', {'X-Gtlabel-Csrf': 'A' * 43}, False),
            ('as a form', {'Content-Type': 'application/x-www-form-urlencoded'}, True),
            ('as plain text', {'Content-Type': 'text/plain'}, True),
            ('without a type', {'Content-Type': None}, True),
            ('from another origin', {'Origin': 'https://evil.example'}, True),
            ('from a sandbox', {'Origin': 'null'}, True),
            ('from another site', {'Sec-Fetch-Site': 'cross-site'}, True),
            ('from a neighbour', {'Sec-Fetch-Site': 'same-site'}, True)):
        status, _ = maren.api('POST', pause, {}, headers=headers, csrf=csrf)
        ok(f'refused {what}: {status}', status in (403, 415))
    ok('by GET nothing changes', maren.api('GET', pause)[0] == 405)
    ok('the job still runs', sql("SELECT state FROM gt_jobs WHERE job_name = 'shared';") == 'in_progress')
    ok('no other site may read', maren.api('GET', '/jobs', headers={'Origin': 'https://evil.example'})[0] == 200 and
       maren.response.getheader('Access-Control-Allow-Origin') is None)
    status, _ = Client().api('POST', '/session', {'role': 'ann', 'password': 'secret of ann'}, headers={'Origin': 'https://evil.example'})
    ok('nobody is signed in from another site', status == 403)
    ok('with the secret it is done', maren.api('POST', pause, {})[0] == 200 and maren.api('POST', '/jobs/shared/resume', {})[0] == 200)
    ok('a page that gives this machine another name is turned away',
       Client().request('GET', '/', headers={'Host': f'evil.example:{ADDRESS.port}'})[0] == 421)


def attack_session_fixation():
    name = f'gtlabel_{ADDRESS.port}'
    planted = Client(cookie=f'{name}={"A" * 43}')
    ok('an id that was planted is none', planted.api('GET', '/session')[0] == 401)
    planted.sign_in(role='ann', password='secret of ann')
    ok('signing in gives another id', 'A' * 43 not in planted.cookie)
    ok('the planted one is still none', Client(cookie=f'{name}={"A" * 43}').api('GET', '/session')[0] == 401)
    first = planted.cookie
    planted.sign_in(role='ann', password='secret of ann')
    ok('signing in again ends the session before', planted.cookie != first and Client(cookie=first).api('GET', '/session')[0] == 401)
    ok('signing out ends it', planted.api('DELETE', '/session')[0] == 204 and planted.api('GET', '/session')[0] == 401)
    attributes = Client()
    attributes.api('POST', '/session', {'role': 'ann', 'password': 'secret of ann'})
    cookie = attributes.response.getheader('Set-Cookie')
    ok('HttpOnly, SameSite=Strict', 'HttpOnly' in cookie and 'SameSite=Strict' in cookie)


def attack_path_traversal():
    for path in ('/../../etc/passwd', '/..%2f..%2fetc/passwd', '/%2e%2e/%2e%2e/etc/passwd', '/portal/../../../etc/passwd', '//etc/passwd',
                 '/seat.js/../../../../etc/passwd', '/.git/config', '/seat.js%00.html', '/api/../seat.js', '/api/jobs/..%2f..%2f..%2fetc%2fpasswd',
                 '/\\..\\..\\etc\\passwd', '/embed', '/assets.c'):
        status, text = Client().request('GET', path)
        ok(f'{path}: {status}', status in (400, 401, 403, 404) and 'root:' not in text)


def attack_oversized_and_slow():
    ann = signed_in('ann')
    ok('a body of a megabyte', ann.api('POST', '/tasks/submit', b'[' * (1 << 20))[0] == 413)
    deep = b'{"task_ids": ' + b'[' * 100000 + b']' * 100000 + b'}'
    ok('JSON that is nested deeply', ann.api('POST', '/tasks/submit', deep)[0] in (422, 503, 504, 500))
    ok('and so at the door', Client().api('POST', '/session', deep)[0] == 400)
    ok('a hundred thousand tasks', ann.api('POST', '/tasks/submit', {'task_ids': list(range(30000)), 'labels': ['x'] * 10})[0] in (409, 413, 422, 403, 404))
    for what, data in (('a header of 64 kB', b'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ' + b'a' * 65536 + b'\r\n\r\n'),
                       ('ten thousand headers', b'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n' + b'X: a\r\n' * 10000 + b'\r\n'),
                       ('an address of 64 kB', b'GET /' + b'a' * 65536 + b' HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'),
                       ('no HTTP at all', b'\x16\x03\x01\x00\xff' * 100 + b'\r\n\r\n')):
        s = socket.create_connection((ADDRESS.hostname, ADDRESS.port), timeout=10)
        try:
            s.sendall(data)
            answer = s.recv(4096)
        except OSError:
            answer = b''
        s.close()
        ok(f'{what} is refused: {answer[:16]}', not answer.startswith(b'HTTP/1.1 2'))
    slow = []
    for n in range(150):
        s = socket.create_connection((ADDRESS.hostname, ADDRESS.port), timeout=30)
        s.sendall(b'POST /api/session HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{'
                  if n % 2 else b'GET / HTTP/1.1\r\nHost: 127')
        slow.append(s)
    quickest = 60
    for _ in range(5):
        begun = time.monotonic()
        ok('others are served', Client().request('GET', '/')[0] == 200)
        quickest = min(quickest, time.monotonic() - begun)
    ok('and meanwhile: sooner than those are cut off', quickest < 3)
    cut = 0
    end = time.monotonic() + 90
    while slow and time.monotonic() < end:        # a byte now and then must not keep them alive
        for s in list(slow):
            try:
                s.sendall(b'x')
                s.setblocking(False)
                gone = s.recv(4096) == b'' or True
            except BlockingIOError:
                gone = False
            except OSError:
                gone = True
            s.settimeout(30)
            if gone:
                cut += 1
                slow.remove(s)
                s.close()
        time.sleep(0.5)
    ok(f'those who trickle are cut off: {cut} of 150', cut == 150)


def attack_token_for_another_job():
    dora = Client().sign_in(token=invited('others', 'Dora'))
    status, text = dora.api('POST', '/jobs/others/accept', {'max_tasks': 2})
    ok('her own job', status == 200 and len(json.loads(text)['tasks']) == 2)
    ok('she sees one job', [q['job_name'] for q in json.loads(dora.api('GET', '/queues')[1])] == ['others'])
    for method, path, body in (('GET', '/jobs/support/seat', None), ('POST', '/jobs/support/accept', {'max_tasks': 1}),
                               ('POST', '/jobs/support/answer', {'task_ids': [], 'labels': [], 'max_tasks': 1})):
        status, text = dora.api(method, path, body)
        ok(f'{path}: {status}', status in (401, 403, 404))
        if status == 401:
            dora = Client().sign_in(token=invited('others', 'Dora'))
    theirs = int(sql("SELECT task_id FROM gt_tasks WHERE job_name = 'support' LIMIT 1;"))
    for verb in ('submit', 'revise', 'retract', 'release', 'decline', 'extend'):
        status, text = dora.api('POST', f'/tasks/{verb}', {'task_ids': [theirs], 'labels': ['payment'], 'reason': 'x'})
        ok(f'a task of another job, {verb}: {status}', status in (401, 403, 404, 409))
        if status == 401:
            dora = Client().sign_in(token=invited('others', 'Dora'))
    ok('nothing came of it', sql("SELECT count(*) FROM gt_annotations WHERE annotator = 'Dora' AND job_name <> 'others';") == '0')
    for method, path in (('GET', '/jobs'), ('GET', '/jobs/others'), ('GET', '/jobs/others/report'), ('GET', '/jobs/others/settings'),
                         ('GET', '/jobs/others/people'), ('GET', '/datasets'), ('POST', '/plan'), ('POST', '/jobs'), ('POST', '/simulate'),
                         ('POST', '/jobs/others/stop'), ('POST', '/jobs/others/correct'), ('POST', '/jobs/others/invitations'),
                         ('PATCH', '/jobs/others/settings'), ('POST', '/jobs/others/categories/add'), ('GET', '/jobs/others/review/machine')):
        ok(f'what is the owner\'s: {method} {path}', dora.api(method, path, None if method == 'GET' else {})[0] == 403)
    ok('a guessed token', Client().api('POST', '/session', {'token': '0' * 64})[0] == 403)


def attack_other_roles():
    stranger = signed_in('stranger')
    ok('a stranger has no jobs', json.loads(stranger.api('GET', '/queues')[1]) == [] and json.loads(stranger.api('GET', '/jobs')[1]) == [])
    for method, path, body in (('POST', '/jobs/support/accept', {'max_tasks': 1}), ('POST', '/jobs/support/pause', {}),
                               ('GET', '/jobs/support/report', None), ('GET', '/datasets/public.message', None)):
        status, _ = stranger.api(method, path, body)
        ok(f'{path}: {status}', status in (403, 404))
    status, text = Client().api('POST', '/session', {'role': 'postgres', 'password': 'anything'})
    ok('nobody is let in whom the database asks for no password', status == 403 and 'no password' in text)
    ok('nor with an empty one', Client().api('POST', '/session', {'role': 'ann', 'password': ''})[0] == 403)
    for role in ("ann' dbname=postgres", 'ann host=evil.example', 'host=evil.example user=ann', 'postgresql://evil.example/'):
        ok(f'a connection string for a role: {role}', Client().api('POST', '/session', {'role': role, 'password': 'x'})[0] in (403, 429))


def attack_sql_in_every_field():
    evil = ["'; DROP TABLE canary; --", '"; DROP TABLE canary; --', "\\'; DROP TABLE canary; --", '$1', '$$; DROP TABLE canary; $$',
            "' || (SELECT 'x') || '", '{"a":1}', '\u202e', '\ud83d\ude00' * 20, 'x' * 5000]
    maren = signed_in('maren')
    routes = [('POST', '/jobs/:/accept', 'max_tasks'), ('POST', '/jobs/:/answer', 'labels'), ('GET', '/jobs/:/seat', None), ('GET', '/jobs/:', None),
              ('GET', '/jobs/:/review/:', None), ('POST', '/jobs/:/pause', None), ('GET', '/jobs/:/people', None), ('GET', '/jobs/:/settings', None),
              ('POST', '/jobs/:/invitations', 'annotator'), ('DELETE', '/jobs/:/invitations/:', None), ('GET', '/datasets/:', None),
              ('POST', '/jobs/:/categories/add', 'category'), ('POST', '/jobs/:/categories/rename', 'category'),
              ('POST', '/jobs/:/categories/merge', 'category'), ('POST', '/jobs/:/people/:/exclude', None), ('GET', '/jobs/:/report', None)]
    statuses = set()
    for text in evil:
        part = quote(text, safe='', errors='surrogatepass')
        for method, pattern, field in routes:
            body = None if method in ('GET', 'DELETE') else {field or 'x': text}
            statuses.add(maren.api(method, pattern.replace(':', part), body)[0])
            if field:
                statuses.add(maren.api(method, pattern.replace(':', 'support', 1).replace(':', part), {field: text})[0])
        for verb in ('submit', 'revise', 'retract', 'release', 'decline', 'extend'):
            for body in ({'task_ids': [text]}, {'task_ids': text}, {'task_ids': [1], 'labels': [text], 'comments': [text], 'reason': text}):
                statuses.add(maren.api('POST', '/tasks/' + verb, body)[0])
        for path in ('/plan', '/jobs', '/simulate'):
            for field in ('dataset', 'job_name', 'label_column', 'key_column', 'features_column', 'schedule', 'workteam', 'target_accuracy'):
                form = {'job_name': 'evil', 'dataset': 'public.ticket', 'label_categories': ['a', 'b'], 'label_column': 'topic',
                        'key_column': 'id', field: text}
                statuses.add(maren.api('POST', path, form)[0])
    ok(f'no request did what it should not, none broke: {sorted(statuses)}', statuses <= {200, 204, 400, 403, 404, 409, 413, 422})
    ok('the canary sings', sql('SELECT sings FROM canary;') == 't')


def attack_sign_in_by_force():
    """Last: it locks this address out for a while."""
    first = [Client().api('POST', '/session', {'role': 'bob', 'password': f'guess {n}'})[0] for n in range(12)]
    ok(f'five guesses, then a wait: {first}', first[:5] == [403] * 5 and first[-1] == 429)
    client = Client()
    client.api('POST', '/session', {'role': 'bob', 'password': 'secret of bob'})
    ok('it says how long', int(client.response.getheader('Retry-After') or 0) > 0)
    ok('other roles are not locked out', Client().api('POST', '/session', {'role': 'ann', 'password': 'secret of ann'})[0] == 200)


def all_is_well():
    ok('the server is alive', alive())


checks.run([attack_xss_by_object_category_comment_instructions, attack_xss_by_file_names, attack_csrf, attack_session_fixation, attack_path_traversal,
            attack_oversized_and_slow, attack_token_for_another_job, attack_other_roles, attack_sql_in_every_field,
            attack_sign_in_by_force, all_is_well])
