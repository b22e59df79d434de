"""gtlabel annotate on a pseudo-terminal; watch, report and the command line."""
import fcntl
import http.client
import json
import os
import pty
import re
import select
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import termios
import time

from check import Checks, sql

PROGRAM = os.path.abspath(sys.argv[1])
checks = Checks('terminal')
ok = checks.ok


class Terminal:
    """A program with a screen of 80 by 24; what it last painted is its text."""

    def __init__(self, *arguments, **environment):
        self.painted = b''
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(environment)
            os.execv(PROGRAM, [PROGRAM, *arguments])
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 80, 0, 0))

    def read(self, seconds=0.4):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            ready, _, _ = select.select([self.fd], [], [], 0.05)
            if ready:
                try:
                    self.painted += os.read(self.fd, 65536)
                except OSError:
                    break
        return self.screen()

    def screen(self):
        last = self.painted.split(b'\x1b[H')[-1].decode('utf-8', 'replace')
        return re.sub(r'\x1b\[[0-9;?]*[a-zA-Z]', '', last)

    def until(self, condition, seconds=40):
        """Polls, and reads meanwhile what the program paints."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                return False
            self.read(0.1)
        return True

    def wait(self, words):
        return self.until(lambda: words in self.screen())

    def press(self, keys):
        os.write(self.fd, keys.encode())
        return self.read()

    def end(self):
        self.read(0.5)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def run(*arguments, **more):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, **more)


def answers():
    return sql("SELECT coalesce(string_agg(label, ' ' ORDER BY submitted_at, task_id), '') FROM gt_annotations WHERE annotator = 'Emil';")


def test_annotate():
    token = sql("SET ROLE maren; SELECT gt_invite_annotator('support', 'Emil');").splitlines()[-1]
    t = Terminal('annotate', 'support', '-U', 'portal', GTLABEL_TOKEN=token)
    ok('an object and its categories', t.wait('message ') and '[1] delivery' in t.screen())
    first = t.screen()
    t.press('1')
    t.press('2')
    ok('two answers by two keys', t.until(lambda: answers() == 'delivery payment'))
    ok('another object each', t.until(lambda: t.screen() != first))
    t.press('\x7f')
    ok('Backspace takes the last one back', t.until(lambda: answers() == 'delivery'))
    t.press('3')
    ok('answered anew', t.until(lambda: answers() == 'delivery product'))
    t.press('\x1b[D')
    ok('left shows the last answer', t.wait('You answered product'))
    t.press('5')
    ok('changed', t.until(lambda: answers() == 'delivery praise'))
    t.press('c')
    t.press('grüße')
    t.press('\r')
    t.press('1')
    ok('a comment, also beyond ASCII', t.until(lambda: sql("SELECT comment FROM gt_annotations WHERE annotator = 'Emil' AND comment IS NOT NULL;") == 'grüße'))
    t.press('d')
    t.press('torn')
    t.press('\r')
    ok('declined with a reason', t.until(lambda: sql("SELECT comment FROM gt_tasks WHERE annotator = 'Emil' AND state = 'declined';") == 'torn'))
    t.press('s')
    ok('passed', t.wait('passed'))
    t.press('?')
    ok('help', t.wait('take the last answer back'))
    t.press('x')
    fcntl.ioctl(t.fd, termios.TIOCSWINSZ, struct.pack('HHHH', 12, 40, 0, 0))
    ok('another size', t.wait('[1] delivery'))
    t.press('\x1b')
    ok('leaves with 0', t.end() == 0)
    ok('what was fetched ahead is given back', sql("SELECT count(*) FROM gt_tasks WHERE annotator = 'Emil' AND state = 'accepted';") == '0')


def test_annotate_follows():
    """Categories of one character are their own keys, as in the portal; what the owner changes is followed."""
    sql("""SET ROLE maren; SET client_min_messages = warning;
        CREATE TABLE digit AS SELECT n AS id, 'digit ' || n AS body FROM generate_series(1, 20) n; ALTER TABLE digit ADD PRIMARY KEY (id);
        SELECT gt_create_job('digits', 'digit', ARRAY['0', '1', '2', 'none'], features_column => NULL, auto_label => false, display_columns => ARRAY['body']);""")
    given = lambda: sql("SELECT coalesce(string_agg(label, ' ' ORDER BY submitted_at, task_id), '') FROM gt_annotations WHERE job_name = 'digits';")
    t = Terminal('annotate', 'digits', '-U', 'postgres')
    ok('own keys, then those that are left', t.wait('[0] 0  [1] 1  [2] 2  [3] none'))
    t.press('0')
    t.press('3')
    ok('answers by them', t.until(lambda: given() == '0 none'))
    sql("SET ROLE maren; SELECT gt_rename_category('digits', 'none', 'no digit'); SELECT gt_add_category('digits', 'letter');")
    ok('other names and more', t.wait('[3] no digit  [4] letter') and 'last: no digit' in t.screen() or 'have changed' in t.screen())
    time.sleep(0.8)                       # a key right after the change counts as an accident
    t.press('4')
    ok('the new key counts', t.until(lambda: given() == '0 no digit letter'))
    sql("SET ROLE maren; SELECT gt_alter_job('digits', display_columns => ARRAY['id', 'body']);")
    ok('other columns', t.until(lambda: re.search(r'id\s+\d+\s+body', t.screen())))
    for rows, columns in ((10, 30), (5, 20), (1, 1)):
        fcntl.ioctl(t.fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
        t.read(0.2)
    fcntl.ioctl(t.fd, termios.TIOCSWINSZ, struct.pack('HHHH', 10, 40, 0, 0))
    ok('the object has room on a small screen', t.wait('digit ') and '[0] 0' in t.screen())
    os.write(t.fd, b'\x03')
    ok('Ctrl-C leaves in order', t.end() == 0 and
       sql("SELECT count(*) FROM gt_tasks WHERE job_name = 'digits' AND state = 'accepted';") == '0')


def cluster(*arguments):
    subprocess.run([os.path.join(os.path.dirname(__file__), '../../scripts/cluster-ctl'), *arguments], check=True, capture_output=True)


def test_server_restarts():
    """Last: the other seat and the portal lose their connections, too."""
    seat, watch = Terminal('annotate', 'digits', '-U', 'postgres'), Terminal('watch', 'digits', '-U', 'postgres')
    ok('both run', seat.wait('[0] 0') and watch.wait('in_progress'))
    cluster('stop', 'fast')
    seat.press('1')
    ok('the seat says so', seat.wait('No connection') or 'No connection' in seat.screen())
    ok('and so does watch', watch.wait('No connection'))
    cluster('start')
    ok('the answer arrives', seat.until(lambda: sql("SELECT count(*) FROM gt_annotations WHERE job_name = 'digits' AND label = '1';") == '1'))
    ok('watch goes on', watch.wait('in_progress'))
    os.write(watch.fd, b'\x03')
    os.write(seat.fd, b'\x1b')
    ok('both leave in order', watch.end() == 0 and seat.end() == 0)


def test_annotate_harmless():
    """What an object says is shown, not obeyed."""
    sql("""SET ROLE maren; SET client_min_messages = warning;
        CREATE TABLE escape (id integer PRIMARY KEY, body text);
        INSERT INTO escape SELECT n, E'\\x1b]0;owned\\x07\\x1b[2J\\u202emoc.elpmaxe\\u202c ' || n FROM generate_series(1, 3) n;
        SELECT gt_create_job('escape', 'escape', ARRAY['a', 'b'], key_column => 'id', features_column => NULL, auto_label => false);""")
    t = Terminal('annotate', 'escape', '-U', 'postgres')
    ok('shown', t.wait('owned'))
    ok('without escape sequences', b'\x1b]0' not in t.painted and b'\x1b[2J' not in t.painted and '\u202e'.encode() not in t.painted)
    os.kill(t.pid, 15)
    ok('a signal ends it in order', t.end() == 0 and b'\x1b[?1049l' in t.painted)


def test_watch():
    done = run('watch', 'support', '--json', '--once', '-U', 'postgres')
    ok('watch --json', done.returncode == 0 and json.loads(done.stdout)[0]['job_name'] == 'support')
    done = run('watch', '--once', '-U', 'postgres')
    ok('watch of all', done.returncode == 0 and 'support' in done.stdout and 'batch 1' in done.stdout)
    sql("SELECT gt_stop_job('escape'); SELECT gt_advance_job('escape');")
    ok('watch of a stopped job ends', run('watch', 'escape', '-U', 'postgres').returncode == 0)


def test_report():
    with tempfile.TemporaryDirectory() as folder:
        done = run('report', 'support', '-U', 'postgres', cwd=folder)
        path = os.path.join(folder, 'support.html')
        ok('report writes a page', done.returncode == 0 and done.stdout.strip() == 'support.html' and '<html' in open(path).read())
        done = run('report', '<i onmouseover=hacked=1>a%2F..\'"\\ 100%', '-U', 'postgres', cwd=folder)
        ok('a hostile name stays in the folder', done.returncode == 0 and len(os.listdir(folder)) == 2)
        ok('report to stdout', '<html' in run('report', 'support', '-o', '-', '-U', 'postgres').stdout)
        ok('a file that cannot be written', run('report', 'support', '-o', '/nowhere/x', '-U', 'postgres').returncode == 1)


def test_tls():
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = os.path.join(folder, 'cert.pem'), os.path.join(folder, 'key.pem')
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost',
                        '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate], check=True, capture_output=True)
        server = subprocess.Popen([PROGRAM, 'serve', '-U', 'portal', '--listen-port', '0', '--tls-cert', certificate, '--tls-key', key],
                                  stdout=subprocess.PIPE, text=True)
        try:
            address = server.stdout.readline().split()[1]
            port = int(address.rsplit(':', 1)[1].rstrip('/'))
            ok('it says https', address.startswith('https://127.0.0.1:'))
            trusted = ssl.create_default_context(cafile=certificate)
            connection = http.client.HTTPSConnection('localhost', port, context=trusted, timeout=20)
            connection.request('POST', '/api/session', json.dumps({'role': 'ann', 'password': 'secret of ann'}),
                               {'Content-Type': 'application/json'})
            response = connection.getresponse()
            ok('signed in over TLS, with a Secure cookie', response.status == 200 and '; Secure' in response.getheader('Set-Cookie'))
            connection.close()
            plain = socket.create_connection(('127.0.0.1', port), timeout=5)
            plain.sendall(b'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
            try:
                answer = plain.recv(100)
            except OSError:
                answer = b''
            plain.close()
            ok('nothing without TLS', not answer.startswith(b'HTTP/'))
            old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
            old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
            try:
                old.wrap_socket(socket.create_connection(('127.0.0.1', port), timeout=5))
                refused = False
            except (ssl.SSLError, OSError):
                refused = True
            ok('TLS 1.1 is refused', refused)
        finally:
            server.terminate()
        ok('a signal ends it in order', server.wait(20) == 0)


def test_command_line():
    for command in ('serve', 'annotate', 'watch', 'report'):
        done = run(command, '--help')
        ok(f'{command} --help', done.returncode == 0 and 'Usage:' in done.stdout and '--host' in done.stdout)
        ok(f'{command} with a wrong option', run(command, '--nonsense').returncode == 2)
    ok('--version', re.fullmatch(r'gtlabel \d.*\n', run('--version').stdout))
    ok('no command', run().returncode == 2 and run('dance').returncode == 2)
    ok('which job?', run('report').returncode == 2 and run('annotate').returncode == 2)
    ok('no server', run('report', 'x', '-h', '/nowhere').returncode == 1)
    ok('an unknown job', run('report', 'nothing', '-U', 'postgres').returncode == 1)
    ok('no terminal', run('annotate', 'support', '-U', 'postgres').returncode == 1)
    ok('certificate without key', run('serve', '--tls-cert', 'x').returncode == 2)
    ok('a certificate that is not there', run('serve', '-U', 'portal', '--tls-cert', '/nowhere', '--tls-key', '/nowhere').returncode == 1)


checks.run([test_annotate, test_annotate_follows, test_annotate_harmless, test_watch, test_report, test_tls, test_command_line, test_server_restarts])
