"""A real browser for the tests of the portal: Debian's chromium, without a screen."""
import os
import shutil
import tempfile
import time

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

with open(os.path.join(os.path.dirname(__file__), 'accessible.js'), encoding='utf-8') as script:
    SCRIPT = script.read()
FLAGS = ('--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking '
         '--disable-component-update --disable-sync --disable-dev-shm-usage --ignore-certificate-errors').split()


class Browser:
    """One browser with its own profile; what it says on its console is kept."""

    def __init__(self, base, width=1280, height=800, dark=False, phone=False):
        self.base = base
        self.profile = tempfile.mkdtemp(prefix='gtlabel-browser.')
        options = Options()
        for flag in FLAGS + [f'--user-data-dir={self.profile}', f'--window-size={width},{height}']:
            options.add_argument(flag)
        options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
        self.driver = webdriver.Chrome(service=Service('/usr/bin/chromedriver'), options=options)
        self.look(width, height, dark, phone)

    def look(self, width, height, dark=False, phone=False):
        self.driver.execute_cdp_cmd('Emulation.setDeviceMetricsOverride', {
            'width': width, 'height': height, 'deviceScaleFactor': 1, 'mobile': phone})
        self.driver.execute_cdp_cmd('Emulation.setTouchEmulationEnabled', {'enabled': phone})
        self.driver.execute_cdp_cmd('Emulation.setEmulatedMedia', {
            'features': [{'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'}]})

    def go(self, address):
        self.driver.get(self.base + address)

    def js(self, expression, *arguments):
        return self.driver.execute_script('return ' + expression, *arguments)

    def text(self, selector='body'):
        return self.js("document.querySelector(arguments[0])?.innerText ?? ''", selector)

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def click(self, words):
        """Once more when the page was drawn anew just then."""
        path = f"//*[self::button or self::a][starts-with(normalize-space(.), '{words}')]"
        if not self.wait(lambda: self.driver.find_element(By.XPATH, path).click() is None):
            raise AssertionError(f'nothing to click that begins with "{words}"')

    def press(self, *keys):
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)
            time.sleep(0.25)              # the seat takes a second press within 150 ms for an accident

    def wait(self, condition, seconds=40):
        """Polls until the condition holds; its last value. A machine may be slow: only what never comes fails."""
        end = time.monotonic() + seconds
        while True:
            try:
                value = condition()
            except Exception:             # the page is between two states
                value = False
            if value or time.monotonic() > end:
                return value
            time.sleep(0.05)

    def wait_text(self, words, selector='body', seconds=40):
        return self.wait(lambda: words in self.text(selector), seconds)

    def sign_in(self, role, password):
        def typed():                      # a page that is drawn anew meanwhile has empty fields
            fields = [self.find('[name=role]'), self.find('[name=password]')]
            for field, value in zip(fields, (role, password)):
                field.clear()
                field.send_keys(value)
            return [field.get_attribute('value') for field in fields] == [role, password]
        self.wait(typed)
        self.find('[name=password]').send_keys(Keys.ENTER)

    def problems(self):
        """What accessible.js finds, and controls that a screen reader has no name for."""
        named = {'button', 'link', 'textbox', 'searchbox', 'combobox', 'checkbox', 'progressbar', 'dialog', 'article', 'region', 'navigation', 'image'}
        nodes = self.driver.execute_cdp_cmd('Accessibility.getFullAXTree', {})['nodes']
        return self.driver.execute_script(SCRIPT) + [
            'no name: ' + node['role']['value'] for node in nodes
            if not node.get('ignored') and node.get('role', {}).get('value') in named and not node.get('name', {}).get('value')]

    def shot(self, path):
        self.driver.save_screenshot(path)

    def console(self):
        """What went wrong in scripts, and what the policy refused. A request that the server refused is no fault."""
        return [entry['message'] for entry in self.driver.get_log('browser')
                if entry['level'] == 'SEVERE' and 'Failed to load resource' not in entry['message']]

    def close(self):
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)
