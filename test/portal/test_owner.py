"""An owner in a real browser: a job from a table, people, pause and resume, review, settings."""
import sys
from urllib.parse import quote

from selenium.webdriver.support.ui import Select

from browser import Browser, Keys
from check import Checks, sql

BASE = sys.argv[1].rstrip('/')
HOSTILE = '<i onmouseover=hacked=1>a%2F..\'"\\ 100%'
checks = Checks('owner')
ok = checks.ok
b = Browser(BASE)


def label_all(job, sign, rounds=1):
    """Answers what is open, by key, with the truth; a third of them twice, by different people."""
    for _ in range(rounds):
        sql('''SET client_min_messages = warning;
            SELECT gt_annotate(:'job', array_agg(object_key), array_agg(topic), :'sign')
              FROM gt_tasks t JOIN ticket ON id::text = object_key
             WHERE job_name = :'job' AND state = 'available' HAVING count(*) > 0;
            SELECT gt_advance_job(:'job');''', job=job, sign=sign)


def value(setting):
    return sql("SELECT value FROM gt_job_settings WHERE job_name = 'tickets' AND setting = :'setting';", setting=setting)


def state():
    return sql("SELECT state FROM gt_jobs WHERE job_name = 'tickets';")


def test_sign_in():
    b.go('/#/jobs')
    b.sign_in('maren', 'secret of maren')
    ok('her jobs', b.wait_text('New job') and 'support' in b.text() and 'short' in b.text())
    b.shot('build/portal/jobs.png')


def test_create():
    b.click('New job')
    b.wait(lambda: len(Select(b.find('[name=dataset]')).options) > 2)
    Select(b.find('[name=dataset]')).select_by_value('public.ticket')
    ok('columns are guessed', b.wait(lambda: b.js("[...document.querySelectorAll('th select')].map(s => s.value)") ==
                                     ['key', 'show', 'label', 'features']))
    ok('first rows are shown', 'message 1' in b.text('[data-step=columns]'))
    ok('categories are guessed', b.js("document.querySelector('[name=categories]').value").split() ==
       ['account', 'delivery', 'payment', 'praise', 'product'])
    ok('the plan is shown', b.wait_text('drawn at random', '[data-plan]'))
    b.shot('build/portal/create.png')
    b.click('Simulate')
    ok('a simulation on the known labels', b.wait_text('the machine', '[data-plan] .promise', 60))
    # The labels are to be given by people, so the column is none for this job.
    Select(b.driver.find_elements('css selector', 'th select')[2]).select_by_value('ignore')
    for name, text in (('job_name', 'tickets'), ('max_concurrent_task_count', '100'), ('workteam', 'team'),
                       ('instructions', '# What is it about?\n\n- **delivery**: where it is')):
        b.find(f'[name={name}]').clear()
        b.find(f'[name={name}]').send_keys(text)
    b.click('Create the job')
    ok('to its page', b.wait(lambda: b.js('location.hash') == '#/jobs/tickets') and b.wait_text('In progress'))
    ok('what annotators are told and see', value('instructions').startswith('# What is it about?') and value('display_columns') == '{body}')
    ok('in the database, as hers', sql("SELECT owner FROM gt_jobs WHERE job_name = 'tickets';") == 'maren' and
       value('workteam') == 'team' and value('max_concurrent_task_count') == '100')
    ok('the open batch is described', b.wait_text('The open batch') and '1, validation, ' in b.text())
    b.go('/#/new')
    b.wait(lambda: len(Select(b.find('[name=dataset]')).options) > 2)
    Select(b.find('[name=dataset]')).select_by_value('public.ticket')
    b.wait(lambda: b.find('[name=job_name]').get_attribute('value') == 'ticket')
    b.find('[name=job_name]').clear()
    b.find('[name=job_name]').send_keys('tickets')
    b.click('Create the job')
    ok('a second one of the name is refused in words', b.wait_text('already exists', '[data-step=settings] .wrong'))


def test_create_from_texts():
    b.go('/#/new')
    b.driver.refresh()
    b.wait(lambda: len(Select(b.find('[name=dataset]')).options) > 2)
    Select(b.find('[name=dataset]')).select_by_value('public.letter')
    ok('the column of sentences is what to learn from', b.wait(lambda: b.js("[...document.querySelectorAll('th select')].map(s => s.value)") ==
                                                               ['key', 'show', 'show_text', 'show', 'label', 'proposal']))
    b.click('Simulate')
    ok('a simulation on texts', b.wait_text('the machine', '[data-plan] .promise', 60))
    b.driver.execute_script("document.querySelector('[name=follow]').click()")
    Select(b.driver.find_elements('css selector', 'th select')[4]).select_by_value('ignore')
    b.click('Create the job')
    ok('created', b.wait(lambda: b.js('location.hash') == '#/jobs/letter') and b.wait_text('In progress'))
    setting = lambda name: sql("SELECT value FROM gt_job_settings WHERE job_name = 'letter' AND setting = :'name';", name=name)
    ok('guesses are proposals, which nobody is shown', setting('proposal_columns') == '{earlier}' and 'earlier' not in setting('display_columns'))
    ok('rows that come later join', setting('follow') == 'true')


def test_keeps_the_place():
    """A page that draws itself anew while somebody reads it, by keys."""
    b.go('/#/jobs/tickets')
    b.wait(lambda: b.find('details.plan summary'))
    b.driver.execute_script("document.querySelector('details.plan summary').focus()")
    b.driver.switch_to.active_element.send_keys(Keys.ENTER)
    ok('unfolded by a key', b.wait(lambda: b.js("document.querySelector('details.plan').open")))
    sql("SELECT gt_pause_job('tickets');")
    ok('drawn anew', b.wait_text('Paused:', seconds=30))
    ok('still unfolded', b.js("document.querySelector('details.plan').open"))
    ok('and focused', b.js('document.activeElement.tagName') == 'SUMMARY')
    b.driver.execute_script("[...document.querySelectorAll('.actions button')].find(x => x.textContent === 'Resume').focus()")
    b.driver.switch_to.active_element.send_keys(Keys.ENTER)
    ok('goes on by a key', b.wait_text('In progress:') and state() == 'in_progress')
    ok('a button that is gone leaves the focus among the others', b.js("document.activeElement.closest('.actions') !== null"))


def test_steer():
    b.go('/#/jobs/tickets')
    b.wait_text('Pause')
    b.click('Pause')
    ok('paused', b.wait_text('Paused:') and state() == 'paused')
    b.click('Resume')
    ok('goes on', b.wait_text('In progress:') and state() == 'in_progress')


def test_people():
    b.go('/#/jobs/tickets/people')
    b.wait(lambda: b.find('[name=annotator]'))
    b.find('[name=annotator]').send_keys('Dora' + Keys.ENTER)
    ok('a link, once', b.wait_text('/#/invitation/', 'code'))
    ok('in the list', b.wait_text('link until', 'table'))
    b.shot('build/portal/people.png')
    b.click('Revoke')
    ok('revoked', b.wait_text('link, revoked', 'table') and
       sql("SELECT count(*) FROM gt_invitations WHERE job_name = 'tickets' AND revoked_at IS NOT NULL;") == '1')


def test_rounds_and_report():
    label_all('tickets', 'pipeline', 12)
    b.go('/#/jobs/tickets')
    b.driver.refresh()
    ok('rounds are charted', b.wait(lambda: b.js("document.querySelectorAll('.chart path').length") == 2, 40))
    for width, phone in ((1280, False), (390, True)):
        b.look(width, 900, phone=phone)
        b.driver.refresh()
        b.wait(lambda: b.find('.chart'))
        b.look(width, min(2600, b.js('document.documentElement.scrollHeight')), phone=phone)
        b.shot(f'build/portal/job-{width}.png')
        ok(f'the page fits into {width} pixels', b.js('document.documentElement.scrollWidth') <= width)
    b.look(1280, 800)
    address = b.js("[...document.querySelectorAll('.actions a')].find(a => a.textContent === 'Report').href")
    b.driver.get(address)
    ok('the report', b.wait_text('tickets') and b.js("document.querySelectorAll('svg').length") > 0)
    ok('the report is shown with its style', b.js("getComputedStyle(document.body).backgroundColor") != 'rgba(0, 0, 0, 0)')


def test_review():
    """Three people answered, and one of them otherwise."""
    sql("""SET client_min_messages = warning; SET ROLE maren;
        CREATE TABLE disputed AS SELECT id, body FROM ticket WHERE id <= 4;
        ALTER TABLE disputed ADD PRIMARY KEY (id);
        SELECT gt_create_job('disputed', 'disputed', ARRAY['delivery', 'payment', 'product'], key_column => 'id', features_column => NULL,
                             annotators_per_object => 3, auto_label => false);
        SELECT gt_annotate('disputed', ARRAY['1', '2', '3', '4'], ARRAY['payment', 'payment', 'payment', 'payment'], 'Ann');
        SELECT gt_annotate('disputed', ARRAY['1', '2', '3', '4'], ARRAY['payment', 'payment', 'product', 'payment'], 'Bob');
        SELECT gt_annotate('disputed', ARRAY['1', '2', '3', '4'], ARRAY['payment', 'delivery', 'payment', 'payment'], 'Chidi');
        SELECT gt_advance_job('disputed');""")
    label = lambda key: sql("SELECT label FROM gt_labels WHERE job_name = 'disputed' AND object_key = :'key';", key=key)
    b.go('/#/jobs/disputed/review/disagreement')
    ok('those where people disagree', b.wait_text('1 of 2') and 'The label is' in b.text('.evidence') and 'Chidi' in b.text('.evidence'))
    b.shot('build/portal/review.png')
    first = sql("SELECT object_key FROM gtlabel.review_keys('disputed', 'disagreement') ORDER BY place LIMIT 1;")
    b.press('3')
    ok('goes on to the next', b.wait_text('2 of 2'))
    ok('corrected', b.wait(lambda: label(first) == 'product'))
    b.press(Keys.BACKSPACE)
    ok('taken back', b.wait(lambda: label(first) == 'payment'))
    b.press(Keys.ENTER, Keys.ENTER)
    ok('confirmed, and through', b.wait_text('Nothing is left here') and label('2') == label('3') == 'payment')
    decided = lambda job: sql("SELECT count(*) FROM gt_corrections WHERE job_name = :'job' AND label IS NOT NULL;", job=job)
    ok('nobody else is asked about them again', b.wait(lambda: decided('disputed') == '2'))
    b.driver.refresh()
    ok('nor shown', b.wait_text('All 0 objects seen'))
    b.go('/#/jobs/tickets/review/machine')
    ok('machine labels, the least certain first', b.wait_text('The machine says'))
    key = sql("SELECT object_key FROM gtlabel.review_keys('tickets', 'machine') ORDER BY place LIMIT 1;")
    human = lambda: sql("SELECT human_annotated FROM gt_labels WHERE job_name = 'tickets' AND object_key = :'key';", key=key)
    b.press(Keys.ENTER)
    ok('looked through', b.wait_text('2 of'))
    ok('a confirmed machine label is a human one', b.wait(lambda: human() == 't'))
    b.press(Keys.BACKSPACE)
    ok('taken back, it is the machine\'s', b.wait(lambda: human() == 'f') and decided('tickets') == '0')
    b.go('/#/jobs/tickets/review/remarks')
    ok('nothing to see is said in words', b.wait_text('Nothing is left here'))


def test_exclude():
    """After the review: an annotator whose answers are to count no longer."""
    b.go('/#/jobs/disputed/people')
    row = "[...document.querySelectorAll('tbody tr')].find(tr => tr.innerText.includes('Chidi'))"
    b.wait(lambda: b.js(f'!!{row}'))
    b.driver.execute_script(f"{row}.querySelector('button').click()")
    ok('excluded', b.wait(lambda: 'not counted' in b.js(f'{row}.innerText')) and
       sql("SELECT count(*) FROM gtlabel.exclusion WHERE annotator = 'Chidi';") == '1')
    b.driver.execute_script(f"{row}.querySelector('button').click()")
    ok('counts again', b.wait(lambda: 'not counted' not in b.js(f'{row}.innerText')) and
       sql("SELECT count(*) FROM gtlabel.exclusion;") == '0')


def test_settings():
    b.go('/#/jobs/tickets/settings')
    b.wait(lambda: b.find('#target_accuracy'))
    field = b.find('#target_accuracy')
    field.clear()
    field.send_keys('1.5')
    b.click('Save')
    ok('a wrong value is refused in words', b.wait_text('target_accuracy', '.form [role=status]') and value('target_accuracy') == '0.95')
    field.clear()
    field.send_keys('0.9')
    b.click('Save')
    ok('saved', b.wait_text('Saved: target_accuracy') and value('target_accuracy') == '0.9')
    b.find('#workteam').clear()
    b.click('Save')
    ok('what is emptied is unset', b.wait_text('Saved: workteam') and value('workteam') == '')
    b.shot('build/portal/settings.png')


def test_accessible():
    """Each page, light at a desk and dark on a phone."""
    for page in ('#/jobs', '#/jobs/tickets', '#/jobs/disputed/review/disagreement', '#/jobs/tickets/review/machine', '#/jobs/tickets/people', '#/jobs/tickets/settings', '#/new'):
        b.go('/' + page)
        b.wait(lambda: b.find('h1') and len(b.text('main')) > 20)
        if page == '#/new':
            b.wait(lambda: len(Select(b.find('[name=dataset]')).options) > 2)
            Select(b.find('[name=dataset]')).select_by_value('public.ticket')
            b.wait_text('drawn at random', '[data-plan]')
        for width, dark, phone in ((1280, False, False), (390, True, True)):
            b.look(width, 844, dark, phone)
            bad = b.problems()
            ok(f'{page} is accessible, {width} pixels: {bad}', not bad)
    b.look(1280, 800)


def test_categories():
    b.go('/#/jobs/disputed/settings')
    b.wait(lambda: b.find('[aria-label="New category"]'))
    categories = lambda: sql("SELECT value FROM gt_job_settings WHERE job_name = 'disputed' AND setting = 'label_categories';")
    b.find('[aria-label="New category"]').send_keys('"a", \\b' + Keys.ENTER)
    ok('added', b.wait_text('Added.') and b.wait(lambda: '"a", \\b' in b.text('.names')) and categories() == r'{delivery,payment,product,"\"a\", \\b"}')
    Select(b.find('[aria-label="Category to rename"]')).select_by_index(3)
    b.find('[aria-label="New name"]').send_keys('payment' + Keys.ENTER)
    ok('a name that is taken is refused in words', b.wait_text('twice') and 'payment' in categories())
    b.find('[aria-label="New name"]').clear()
    b.find('[aria-label="New name"]').send_keys('spam' + Keys.ENTER)
    ok('renamed', b.wait_text('Renamed.') and categories() == '{delivery,payment,product,spam}')
    b.driver.execute_script('window.confirm = () => true')
    Select(b.find('[aria-label="Category to merge"]')).select_by_value('spam')
    Select(b.find('[aria-label="Category that stays"]')).select_by_value('product')
    b.click('Merge')
    ok('merged', b.wait_text('Merged.') and categories() == '{delivery,payment,product}')
    Select(b.find('#follow')).select_by_value('true')
    b.click('Save')
    ok('a switch', b.wait_text('Saved: follow') and
       sql("SELECT value FROM gt_job_settings WHERE job_name = 'disputed' AND setting = 'follow';") == 'true')


def test_rows_that_join():
    b.go('/#/jobs/others')
    ok('nothing has joined', b.wait_text('Where it stands') and 'Rows that joined' not in b.text())
    sql("INSERT INTO message SELECT n, text_of(n), 'mail', ARRAY[1, 2, n % 7] FROM generate_series(601, 620) n; SELECT gt_add_objects('others');")
    ok('segments', b.wait_text('Rows that joined', seconds=20) and '2 segments' in b.text() and b.js(
        "[...document.querySelectorAll('table')].some(t => /^1\\s/.test(t.querySelector('tbody tr')?.innerText) && /\\s20\\s/.test(t.querySelector('tbody tr').innerText))"))
    sql("""INSERT INTO gtlabel.drift (job_id, answers, wrong, wealth, tests, places, alarm, alarm_segment_no, alarmed_at)
           SELECT job_id, 0, 0, 1, 1, '{}', 'they are <b>others</b>', 1, now() FROM gt_jobs WHERE job_name = 'others';""")
    b.driver.refresh()
    ok('a drift alarm', b.wait_text('Drift alarm: they are <b>others</b>. The machine labels no objects that joined with segment 1 or later', '.promise.broken'))
    sql("DELETE FROM gtlabel.drift;")


def test_hostile_names():
    b.go('/#/jobs/' + quote(HOSTILE, safe=''))
    ok('the page of a job with a hostile name', b.wait(lambda: b.text('h1').strip() == HOSTILE.replace('_', ' ')) and b.wait_text('Where it stands'))
    for page in ('people', 'review/machine', 'review/remarks'):
        b.go('/#/jobs/' + quote(HOSTILE, safe='') + '/' + page)
        b.wait(lambda: b.find('h1'))
    b.go('/#/new')
    b.wait(lambda: len(Select(b.find('[name=dataset]')).options) > 2)
    Select(b.find('[name=dataset]')).select_by_value('public."<b>table</b>"')
    ok('columns with hostile names', b.wait_text('id<script>', '[data-step=columns]'))
    ok('no script of a name has run', b.js('window.hacked === undefined'))


def test_stop():
    b.go('/#/jobs/ending')
    b.wait_text('Stop')
    b.driver.execute_script('window.confirm = () => true')
    b.click('Stop')
    ok('stopped', b.wait_text('Stopped:') and sql("SELECT state FROM gt_jobs WHERE job_name = 'ending';") == 'stopped')


def test_others_see_nothing():
    b.driver.delete_all_cookies()
    b.driver.get('about:blank')
    b.go('/#/jobs/tickets')
    b.sign_in('stranger', 'secret of stranger')
    ok('a stranger sees no job', b.wait_text('no job "tickets" that you may see'))
    ok('nor a report', b.driver.execute_async_script("fetch('/api/jobs/tickets/report').then(r => arguments[0](r.status))") in (403, 404))


def test_console():
    bad = [line for line in b.console() if '127.0.0.1:1/' not in line]
    ok(f'nothing went wrong in the console: {bad}', not bad)


try:
    checks.run([test_sign_in, test_create, test_create_from_texts, test_steer, test_keeps_the_place, test_people, test_settings, test_rounds_and_report, test_review, test_accessible, test_exclude, test_categories,
                test_rows_that_join, test_hostile_names, test_stop, test_others_see_nothing, test_console])
finally:
    b.close()
