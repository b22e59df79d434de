"""Annotators in a real browser: keys, undo, networks that drop, batches that end, two people at once."""
import sys
import time
from urllib.parse import quote

from browser import Browser, Keys
from check import Checks, sql

BASE = sys.argv[1].rstrip('/')
CATEGORIES = ['delivery', 'payment', 'product', 'account', 'praise']
checks = Checks('seat')
ok = checks.ok
b = Browser(BASE)
PAINTS = '''
window.paints = []
document.addEventListener('keydown', event => requestAnimationFrame(() => {
  const channel = new MessageChannel()
  channel.port1.onmessage = () => paints.push(performance.now() - event.timeStamp)
  channel.port2.postMessage(0)
}), true)'''


def text():
    return b.text('article')


def today():
    return int(b.text('.progress b') or 0)


def strip():
    return b.js("[...document.querySelectorAll('.strip b')].map(b => b.textContent)")


def unsent():
    return b.js("Object.keys(localStorage).filter(k => k.startsWith('gtlabel.outbox')).map(k => JSON.parse(localStorage[k]).length).reduce((a, b) => a + b, 0)")


def all_sent():
    return b.wait(lambda: unsent() == 0)


def answer(*keys, browser=b):
    """One key an object, each when its object is there."""
    for key in keys:
        browser.wait(lambda: not browser.js("document.querySelector('.seat').classList.contains('waiting')"))
        browser.press(key)


def answers(job, who):
    return int(sql("SELECT count(*) FROM gt_annotations WHERE job_name = :'job' AND annotator = :'who';", job=job, who=who))


def go_to_seat(job):
    b.go('/#/label/' + job)
    b.driver.refresh()
    b.wait(lambda: b.find('.seat'))
    return b.wait(lambda: len(text()) > 5 and 'One moment' not in text())


def test_sign_in():
    b.go('/#/label/support')
    b.sign_in('ann', 'wrong')
    ok('a wrong password is refused in words', b.wait_text('does not take this role and password'))
    b.find('[name=password]').send_keys('secret of ann' + Keys.ENTER)
    ok('then to the page that was asked for', b.wait(lambda: b.find('.seat')) and b.js('location.hash') == '#/label/support')
    ok('the cookie is out of reach of scripts', b.js('document.cookie') == '')
    cookie = b.driver.get_cookies()[0]
    ok('the cookie is HttpOnly and SameSite=Strict', cookie['httpOnly'] and cookie['sameSite'] == 'Strict')


def test_what_the_owner_says():
    b.driver.execute_script('localStorage.clear()')       # as if she were here for the first time
    b.driver.refresh()
    b.wait(lambda: len(text()) > 5 and 'One moment' not in text())
    ok('instructions are open the first time', b.js("!document.querySelector('aside').hidden") and 'Take what the writer wants' in b.text('aside') and b.js("document.querySelectorAll('.instructions li').length") == 2)
    b.shot('build/portal/instructions.png')
    b.press('h')
    ok('h closes them', b.js("document.querySelector('aside').hidden"))
    ok('the columns that are to be seen, in their order', b.js("[...document.querySelectorAll('article dt')].map(e => e.textContent)") == ['body', 'channel'])


def test_twenty_by_keys():
    go_to_seat('support')
    b.driver.execute_script(PAINTS)
    seen = set()
    for i in range(20):
        b.wait(lambda: 'message' in text())
        before = text()
        seen.add(before)
        answer(str(1 + i % 5))
        if not b.wait(lambda: text() != before, 5):
            print(f'   the key of object {i + 1} did nothing: {b.text(".saved")}, {unsent()} unsent, {strip()}, focus in',
                  b.js('document.activeElement.outerHTML.slice(0, 80)'), b.js('paints.length'), 'presses seen')
    ok(f'twenty different objects: {len(seen)}', len(seen) == 20)
    ok(f'counted: {today()}', today() == 20)
    ok(f'all sent: {b.text(".saved")}', all_sent())
    ok('twenty answers in the database', answers('support', 'ann') == 20)
    given = sql("SELECT string_agg(label, ' ' ORDER BY submitted_at, task_id) FROM gt_annotations WHERE job_name = 'support' AND annotator = 'ann';")
    ok('each the category of its key', sorted(given.split()) == sorted(CATEGORIES * 4))
    ok('ten stay editable', len(strip()) == 10)
    paints = sorted(b.js('paints'))
    print(f'   key to painted: median {paints[len(paints) // 2]:.0f} ms, longest {paints[-1]:.0f} ms')
    ok('every key painted', len(paints) == 20)


def test_does_not_wait_for_the_network():
    """However far away the server is: the next object is there before the answer has arrived."""
    before, known = text(), answers('support', 'ann')
    b.driver.set_network_conditions(offline=False, latency=8000, throughput=500 * 1024)
    b.press('1')
    ok('the next object at once', b.wait(lambda: text() != before and 'message' in text(), 7))
    ok('while the answer is on its way', unsent() == 1)
    b.driver.set_network_conditions(offline=False, latency=0, throughput=0)
    ok('which then arrives', all_sent() and answers('support', 'ann') == known + 1)
    b.press(Keys.BACKSPACE)
    ok('taken back', all_sent() and answers('support', 'ann') == known)


def test_undo():
    before = text()
    b.press(Keys.BACKSPACE)
    ok('undo brings the object back', text() != before and today() == 19)
    ok('undo reaches the database', all_sent() and answers('support', 'ann') == 19)
    b.press('2')
    ok('and the next one is the same as before', text() == before)
    b.press(Keys.BACKSPACE, Keys.BACKSPACE, Keys.BACKSPACE)
    ok('three undone', all_sent() and answers('support', 'ann') == 17)
    answer('1', '2', '3')
    ok('three answered again', all_sent() and answers('support', 'ann') == 20 and text() == before)


def test_change_an_older_answer():
    second = strip()[1]
    b.press(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    ok('an older answer is on the screen', 'You answered' in text())
    b.press('5' if second != 'praise' else '4')
    ok('changed, and back', 'You answered' not in text() and strip()[1] != second)
    ok('in the database too', all_sent() and
       sql("SELECT count(*) FROM gt_annotations WHERE job_name = 'support' AND revised_at IS NOT NULL;") == '1')


def test_pass_decline_comment():
    before = text()
    b.press('s')
    ok('a pass brings another object', b.wait(lambda: len(text()) > 5 and text() != before) and strip()[0] == 'passed')
    b.press(Keys.BACKSPACE)
    ok('a pass is taken back', b.wait(lambda: text() == before) and all_sent())
    b.press('d')
    b.press('3')
    ok('declined', strip()[0] == 'declined' and all_sent())
    ok('with its reason', sql("SELECT comment FROM gt_tasks WHERE job_name = 'support' AND state = 'declined';") == 'None of the categories fits')
    b.press(Keys.BACKSPACE)
    ok('a decline is taken back', all_sent() and sql("SELECT count(*) FROM gt_tasks WHERE job_name = 'support' AND state = 'declined';") == '0')
    b.press('c')
    b.press('12 s d: no keys')
    b.press(Keys.ENTER)
    b.press('2')
    ok('a comment goes with the answer', all_sent() and
       sql("SELECT label FROM gt_annotations WHERE job_name = 'support' AND comment = '12 s d: no keys';") == 'payment')


def test_accidents():
    before = today()
    key = {'key': '1', 'code': 'Digit1', 'text': '1'}
    b.driver.execute_cdp_cmd('Input.dispatchKeyEvent', {'type': 'keyDown', **key})
    for _ in range(8):
        b.driver.execute_cdp_cmd('Input.dispatchKeyEvent', {'type': 'keyDown', 'autoRepeat': True, **key})
        time.sleep(0.05)
    b.driver.execute_cdp_cmd('Input.dispatchKeyEvent', {'type': 'keyUp', **key})
    ok('a held key answers once', today() == before + 1)
    time.sleep(0.2)
    for key, code in (('é', 'Digit2'), ('١', 'Digit1')):
        b.driver.execute_cdp_cmd('Input.dispatchKeyEvent', {'type': 'keyDown', 'key': key, 'code': code, 'text': key})
        b.driver.execute_cdp_cmd('Input.dispatchKeyEvent', {'type': 'keyUp', 'key': key, 'code': code})
        time.sleep(0.2)
    ok('digits by their place on other keyboards', today() == before + 3)
    all_sent()


def test_network_drops():
    b.wait(lambda: b.text('.saved') == 'All saved')
    before = answers('support', 'ann')
    b.driver.set_network_conditions(offline=True, latency=0, throughput=0)
    b.press('1', '2', '3')
    ok('it says so', b.wait_text('No network. 3 answers are kept', '.saved'))
    ok('nothing got through', answers('support', 'ann') == before)
    b.driver.set_network_conditions(offline=False, latency=0, throughput=0)
    ok('sent when the network is back', all_sent() and answers('support', 'ann') == before + 3)
    ok('and says so', b.wait_text('All saved', '.saved'))


def test_session_ends():
    before = answers('support', 'ann')
    b.driver.delete_all_cookies()
    b.press('4')
    ok('asks to sign in, with the answer kept', b.wait_text('1 answer is kept here'))
    b.sign_in('ann', 'secret of ann')
    ok('back at the seat, all sent', b.wait(lambda: b.find('.seat')) and all_sent() and answers('support', 'ann') == before + 1)


def undo_grace(time):
    """Also of the sessions that are open."""
    sql(f"LOAD 'gtlabel'; ALTER SYSTEM SET gtlabel.undo_grace = '{time}';")
    sql("SELECT pg_reload_conf();")
    b.wait(lambda: sql("LOAD 'gtlabel'; SELECT current_setting('gtlabel.undo_grace');").splitlines()[-1] == time)


def test_batch_ends_and_the_next_opens():
    """Of four objects: the seat runs dry and goes on by itself, without a reload."""
    go_to_seat('short')
    undo_grace('10min')                   # the batch stays open however slow this machine is
    answer(*'1212')
    ok('the batch is answered', all_sent() and answers('short', 'ann') == 4)
    ok('it says what happens now', b.wait(lambda: b.text('.wait h2') in ('This batch is answered', 'The model is learning from the answers')))
    b.press(Keys.BACKSPACE)
    all_sent()
    ok(f'undo reaches over the end of the batch: {b.text(".saved")}', b.wait(lambda: answers('short', 'ann') == 3 and 'message' in text()))
    undo_grace('2s')
    sql("UPDATE gtlabel.task SET undo_until = now() WHERE job_id = (SELECT job_id FROM gt_jobs WHERE job_name = 'short');")
    sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'gtlabel worker';")   # it sleeps until then
    b.wait(lambda: sql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'gtlabel worker';") == '0')
    answer('1')
    all_sent()
    ok('the next batch opens by itself', b.wait(lambda: 'message' in text(), 40))
    ok('it is the second one', sql("SELECT max(batch_no) FROM gt_batches WHERE job_name = 'short';") == '2')


def test_several_at_once():
    go_to_seat('shared')
    before = answers('shared', 'ann')
    b.press('g')
    ok('a page of objects', b.wait(lambda: b.js("document.querySelectorAll('.card').length") == 12))
    b.press(Keys.SPACE, Keys.ARROW_RIGHT, Keys.SPACE, Keys.ARROW_DOWN, Keys.SPACE)
    ok('three are chosen', b.js("document.querySelectorAll('.card[aria-pressed=true]').length") == 3)
    b.shot('build/portal/several.png')
    b.press('3')
    ok('one key answers all three', all_sent() and answers('shared', 'ann') == before + 3)
    ok('the page is full again', b.wait(lambda: b.js("document.querySelectorAll('.card').length") == 12))
    b.press(Keys.BACKSPACE)
    ok('undo takes the three back', all_sent() and b.wait(lambda: answers('shared', 'ann') == before))
    b.press('g')


def test_categories_change():
    """The owner changes them while the page is open."""
    go_to_seat('shared')
    keys = lambda: b.js("[...document.querySelectorAll('.choices button')].map(x => [x.querySelector('kbd').textContent, x.querySelector('bdi').textContent])")
    ok('five keys', keys() == [[str(1 + n), name] for n, name in enumerate(CATEGORIES)])
    answer('1')
    all_sent()
    sql("SET ROLE maren; SELECT gt_add_category('shared', 'spam');")
    ok('a new one has a key', b.wait(lambda: keys()[-1:] == [['6', 'spam']]) and 'New: "spam"' in b.text('.news'))
    sql("SET ROLE maren; SELECT gt_rename_category('shared', 'delivery', 'shipping');")
    ok('another name', b.wait(lambda: keys()[:1] == [['1', 'shipping']]) and '"delivery" is called "shipping" now' in b.text('.news'))
    ok('also of the answers that are there', strip()[0] == 'shipping')
    sql("SET ROLE maren; SELECT gt_merge_categories('shared', ARRAY['shipping'], 'payment');")
    ok('one that is gone has none', b.wait(lambda: keys()[:1] == [['1', 'payment']]) and 'No longer there: "shipping"' in b.text('.news'))
    before = answers('shared', 'ann')
    time.sleep(0.8)                       # a key right after the change counts as an accident
    answer('1')
    ok('the new keys count', all_sent() and b.wait(lambda: answers('shared', 'ann') == before + 1) and
       sql("SELECT string_agg(label, ' ') FROM gt_annotations WHERE job_name = 'shared' AND annotator = 'ann';") == 'payment payment')
    sql("SET ROLE maren; SELECT gt_alter_job('shared', display_columns => ARRAY['channel', 'id'], instructions => 'Other words');")
    ok('and what is shown, and told', b.wait(lambda: b.js("[...document.querySelectorAll('article dt')].map(e => e.textContent)") == ['channel', 'id']) and
       'empty' not in text() and 'Other words' in b.js("document.querySelector('.instructions').textContent"))
    b.press(Keys.BACKSPACE, Keys.BACKSPACE)
    ok('undo as before', all_sent() and b.wait(lambda: answers('shared', 'ann') == before - 1))
    sql("SET ROLE maren; SELECT gt_alter_job('shared', reset => ARRAY['display_columns', 'instructions']);")


def test_pictures():
    go_to_seat('photos')
    shown = "[...document.querySelectorAll('article img')].map(img => img.naturalWidth)"
    ok('a bytea and an address are pictures', b.wait(lambda: b.js(shown) == [1, 1]))
    ok('JSON is folded, its first level open', b.js("[...document.querySelectorAll('article details.tree')].map(d => d.open)") == [True, False] and
       'camera' in text() and 'box ' in text())
    ok('a time is one for people', '2026' in text() and '05.678' not in text())
    b.press('g')
    ok('several at once, by their pictures', b.wait(lambda: b.js("[...document.querySelectorAll('.card img')].filter(img => img.naturalWidth).length") == 12))
    b.press('g')


def test_two_people_at_once():
    other = Browser(BASE)
    try:
        other.go('/#/label/shared')
        other.sign_in('bob', 'secret of bob')
        other.wait(lambda: len(other.text('article')) > 5 and 'One moment' not in other.text('article'))
        if other.js("!document.querySelector('aside').hidden"):
            other.press('h')
        for _ in range(6):
            answer('1')
            answer('2', browser=other)
        all_sent()
        ok('both have answered', b.wait(lambda: answers('shared', 'bob') == 6 and answers('shared', 'ann') == 6))
        ok('nobody was asked what the other was', sql('''SELECT count(*) FROM (SELECT object_key FROM gt_annotations
            WHERE job_name = 'shared' GROUP BY 1 HAVING count(*) > 1) twice;''') == '0')
        ok('no errors in the console of the other', not other.console())
    finally:
        other.close()


def test_reads_aloud():
    """Every control has a name, and the object reads as an article."""
    go_to_seat('support')
    nodes = b.driver.execute_cdp_cmd('Accessibility.getFullAXTree', {})['nodes']
    for width, dark, phone in ((1280, False, False), (390, True, True)):
        b.look(width, 844, dark, phone)
        for several in (False, True):
            bad = b.problems()
            ok(f'the seat is accessible, {width} pixels: {bad}', not bad)
            b.click('Several')
    b.look(1280, 800)
    for state in ('wait', 'home'):
        b.go('/#/label/others' if state == 'wait' else '/#/')
        b.wait(lambda: len(b.text('main')) > 20 and 'One moment' not in b.text('main'))
        bad = b.problems()
        ok(f'and what is around it: {bad}', not bad)
    ok('the object is an article', any(node.get('role', {}).get('value') == 'article' for node in nodes))


def test_sizes():
    for job in ('support', quote('<i onmouseover=hacked=1>a%2F..\'"\\ 100%', safe='')):
        for width, height, phone in ((1280, 800, False), (390, 844, True)):
            b.look(width, height, phone=phone)
            b.go('/#/label/' + job)
            b.driver.refresh()
            b.wait(lambda: len(text()) > 5)
            b.shot(f'build/portal/seat-{"hostile" if job != "support" else job}-{width}.png')
            wide = b.js('document.documentElement.scrollWidth')
            ok(f'fits into {width} pixels, {wide}', wide <= width)
    b.look(1280, 800, dark=True)
    go_to_seat('support')
    b.shot('build/portal/seat-dark.png')
    ok('dark where the system is', b.js("getComputedStyle(document.body).backgroundColor") == 'rgb(20, 24, 27)')
    b.look(1280, 800)


def test_leaving_gives_back():
    go_to_seat('support')
    b.click('‹ Leave')
    ok('at home', b.wait_text('for you', seconds=40))
    ok('what was ahead is open to others again', b.wait(lambda: sql(
        "SELECT count(*) FROM gt_tasks WHERE annotator = 'ann' AND state = 'accepted' AND job_name = 'support';") == '0'))
    b.shot('build/portal/home.png')


def test_invitation():
    token = sql("SET ROLE maren; SELECT gt_invite_annotator('others', 'Dora');").splitlines()[-1]
    b.driver.delete_all_cookies()
    b.driver.get('about:blank')
    b.go('/#/invitation/' + token)
    ok('says what for', b.wait_text('asks you, Dora'))
    b.shot('build/portal/invitation.png')
    b.click('Begin')
    ok('to the seat', b.wait(lambda: 'message' in text()))
    b.press('1', '2')
    ok('answers count as hers', all_sent() and answers('others', 'Dora') == 2)
    ok('no way to jobs', 'Jobs' not in b.text('nav'))
    sql("SET ROLE maren; SELECT gt_revoke_invitation('others', 'Dora');")
    b.press('1')
    ok('a revoked one ends at once', b.wait_text('Your session has ended'))
    b.driver.get('about:blank')
    b.go('/#/invitation/' + token)
    ok('and says why', b.wait_text('It was taken back'))
    b.driver.get('about:blank')
    b.go('/#/invitation/nobody')
    ok('an unknown one says so', b.wait_text('Is the link complete?'))


def test_console():
    bad = [line for line in b.console() if 'ERR_INTERNET_DISCONNECTED' not in line and '127.0.0.1:1/' not in line]
    ok(f'nothing went wrong in the console: {bad}', not bad)


try:
    checks.run([test_sign_in, test_what_the_owner_says, test_twenty_by_keys, test_does_not_wait_for_the_network, test_undo, test_change_an_older_answer, test_pass_decline_comment, test_accidents,
                test_network_drops, test_session_ends, test_several_at_once, test_categories_change, test_two_people_at_once, test_pictures, test_reads_aloud, test_sizes,
                test_batch_ends_and_the_next_opens, test_leaving_gives_back, test_invitation, test_console])
finally:
    b.close()
