// Which page is shown: the part of the address after #, who is signed in, and the bar on top.
import { el } from './dom.js'
import * as api from './api.js'
import * as outbox from './outbox.js'
import { signIn, invitation, home } from './home.js'
import { seat } from './seat.js'
import { jobs, job } from './jobs.js'
import { review } from './review.js'
import { create } from './create.js'
import { settings, people } from './settings.js'

const ROUTES = [
  [/^#\/invitation\/([\w-]+)$/, invitation],
  [/^#\/label\/([^/]+)$/, seat],
  [/^#\/jobs$/, jobs],
  [/^#\/new$/, create],
  [/^#\/jobs\/([^/]+)$/, job],
  [/^#\/jobs\/([^/]+)\/review\/(\w+)$/, review],
  [/^#\/jobs\/([^/]+)\/settings$/, settings],
  [/^#\/jobs\/([^/]+)\/people$/, people],
  [/^/, home]
]
const main = document.querySelector('main')
const nav = document.querySelector('nav')
let who = null, ended = false, leave = () => {}, turn = 0

/** Shows the page of the address; without a session, what leads to one and then back here. */
async function show() {
  leave()
  leave = () => {}
  const mine = ++turn
  const [pattern, page] = ROUTES.find(([pattern]) => pattern.test(location.hash))
  const parts = pattern.exec(location.hash).slice(1).map(decodeURIComponent)
  let shown
  try {
    if (!who && page !== invitation) await enter(await api.currentSession())
    shown = await page(...parts, begin)
  } catch (error) {
    shown = error.status === 401 ? signIn(begin, ended) : failed(error)
  }
  if (mine !== turn) return shown.leave?.()
  leave = shown.leave ?? leave
  document.title = `${shown.title} · gtlabel`
  document.body.classList.toggle('seated', Boolean(shown.seated))
  main.replaceChildren(shown.node)
  ;(shown.focus ?? main).focus({ preventScroll: true })
  scrollTo(0, 0)
  bar()
}

function enter(session) {
  who = session
  ended = false
  outbox.open(who.annotator)
}

/** Signed in: on to the page that was asked for, or to that of the invitation. */
function begin(session, address = location.hash) {
  enter(session)
  if (address === location.hash) show(); else location.hash = address
}

function bar() {
  const link = (address, words) =>
    el('a', { href: address, 'aria-current': (location.hash || '#/') === address && 'page' }, words)
  nav.replaceChildren(...who ? [link('#/', 'Label'), who.owner && link('#/jobs', 'Jobs'),
    el('button', { type: 'button', class: 'plain', onclick: signOut }, `Sign out ${who.annotator}`)].filter(Boolean) : [])
}

async function signOut() {
  await api.signOut()
  outbox.close()
  who = null
  location.hash = '#/'
  show()
}

const failed = error => ({ title: 'Not here', node: el('section', {}, el('h1', {}, 'That did not work'),
  el('p', { class: 'lead' }, error instanceof TypeError ? 'The server does not answer. Is the network there?' : error.message),
  el('p', {}, el('button', { type: 'button', onclick: show }, 'Try again'), ' ', el('a', { href: '#/' }, 'All jobs'))) })

window.addEventListener('hashchange', show)
window.addEventListener('signed-out', () => {
  if (!who) return
  who = null
  ended = true
  show()
})
show()
