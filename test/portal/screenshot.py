"""Draws docs/portal.png, the seat after some answers, and docs/portal-job.png, the page of its job."""
import sys

from browser import Browser

ANSWERS = (('parcel', '2'), ('lamp', '1'), ('VAT', '1'), ('white page', '3'), ('colleague', '5'), ('move', '4'), ('subscription', '4'))
b = Browser(sys.argv[1].rstrip('/'), 1240, 800)
try:
    b.go('/#/label/support')
    b.sign_in('maren', 'maren')
    b.wait(lambda: len(b.text('article')) > 10)
    for n in range(60):
        text = b.text('article')
        if n >= 7 and 'Jonna' in text:
            break
        b.press(next(key for words, key in ANSWERS if words in text))
    b.wait(lambda: b.text('.saved') == 'All saved')
    b.shot('docs/portal.png')
    b.go('/#/jobs/support')
    b.wait_text('Where it stands')
    b.look(1120, min(1500, b.js('document.documentElement.scrollHeight')))
    b.shot('docs/portal-job.png')
finally:
    b.close()
