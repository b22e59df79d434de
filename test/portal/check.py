"""Counting checks, and asking the database what really happened."""
import os
import subprocess
import sys
import traceback


class Checks:
    def __init__(self, name):
        self.name, self.passed, self.failed = name, 0, 0

    def ok(self, what, good):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print(f'not ok - portal {self.name}: {what}', flush=True)
        return good

    def run(self, tests):
        """Every test on its own; what one raises is a failure of it. GTL_ONLY="test_a test_b" runs these only."""
        only = os.environ.get('GTL_ONLY', '').split()
        for test in tests:
            if only and test.__name__ not in only:
                continue
            try:
                test()
            except Exception:
                self.failed += 1
                print(f'not ok - portal {self.name}: {test.__name__} ended early\n{traceback.format_exc()}', flush=True)
        print(f'portal {self.name}: {self.passed} passed, {self.failed} failed')
        sys.exit(self.failed > 0)


def sql(statement, **variables):
    """The one value of a statement, as the superuser; :'name' is a variable."""
    command = ['psql', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1']
    for name, value in variables.items():
        command += ['-v', f'{name}={value}']
    done = subprocess.run(command, input=statement, capture_output=True, text=True, env=os.environ)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return done.stdout.strip()
