// What an annotator sees before the seat: signing in, an invitation, the jobs that wait.
import { el, name, button, copyOf, count, percent, plural, shares, redraw, seatAddress } from './dom.js'
import * as api from './api.js'
import { unsent } from './outbox.js'

const ENDED = {
  expired: 'It was valid for a while, and that is over.',
  revoked: 'It was taken back.',
  unknown: 'Is the link complete?'
}
const STATES = {
  with_others: 'All that is open is with others',
  training: 'The model is learning; the next batch opens by itself',
  paused: 'Paused by its owner',
  finished: 'Finished'
}

export function signIn(begin, ended) {
  const node = copyOf('sign-in')
  if (ended) {
    node.querySelector('[data-why]').textContent = 'Your session has ended. ' +
      (unsent() ? `${plural(unsent(), 'answer is', 'answers are')} kept here and sent when you are back.` : 'Nothing is lost.')
  }
  node.addEventListener('submit', async event => {
    event.preventDefault()
    const { role, password } = node.elements
    try {
      begin(await api.signIn({ role: role.value, password: password.value }))
    } catch (error) {
      node.querySelector('.wrong').textContent = error.message
      password.value = ''
      password.focus()
    }
  })
  return { node, title: 'Sign in', focus: node.elements.role }
}

/** The link that somebody without a database role got. The token stands after #, so that no log has it. */
export async function invitation(token, begin) {
  const { state, job_name, annotator, owner, valid_until } = await api.invitation(token)
  const accept = async () => begin(await api.signIn({ token }), seatAddress(job_name))
  const node = state === 'valid'
    ? el('section', { class: 'narrow' },
      el('p', { class: 'kicker' }, 'Invitation'),
      el('h1', {}, 'Label ', name(job_name)),
      el('p', { class: 'lead' }, el('b', {}, name(owner)), ' asks you, ', el('b', {}, name(annotator)),
        ', to label objects of this job. You need no account; this link is your key, so keep it to yourself.'),
      el('p', { class: 'note' }, `Valid until ${new Date(valid_until).toLocaleDateString('en', { dateStyle: 'long' })}.`),
      button('Begin', accept, { class: 'main' }))
    : el('section', { class: 'narrow' },
      el('h1', {}, 'This invitation is not valid'),
      el('p', { class: 'lead' }, ENDED[state]),
      el('p', {}, 'Ask who sent it for a new one, or ', el('a', { href: '#/' }, 'sign in'), '.'))
  return { node, title: 'Invitation' }
}

export async function home() {
  const list = el('ul', { class: 'jobs mine' }), title = el('h1')
  const draw = async () => {
    const queues = await api.queues()
    const waiting = queues.filter(queue => queue.state === 'open')
    const others = queues.filter(queue => queue.state !== 'open')
    const waits = waiting.reduce((sum, queue) => sum + queue.open + queue.held, 0)
    title.textContent = waits ? `${plural(waits, 'object waits', 'objects wait')} for you` : 'Nothing waits for you now'
    redraw(list, ...[...waiting, ...others].map(row))
  }
  await draw()
  return { node: el('section', {}, title, list), title: 'Label', leave: api.listen(0, draw) }
}

const labeledShare = ({ human_labeled, machine_labeled, object_count }) => percent((human_labeled + machine_labeled) / object_count)

function row(queue) {
  const told = queue.object_count > 0 && queue.human_labeled !== null   // counters are the owner's to see
  const open = queue.state === 'open', href = seatAddress(queue.job_name)
  return el('li', {},
    el('h2', {}, el('a', { href }, el('bdi', {}, queue.job_name))),
    el('p', { class: open ? 'state' : 'state soft' },
      open ? `${plural(queue.open + queue.held, 'object')} for you` : STATES[queue.state],
      el('span', { class: 'soft' }, told && ` · ${labeledShare(queue)} of ${count(queue.object_count)} labeled`,
        queue.answered_today > 0 && ` · ${count(queue.answered_today)} by you today`)),
    told && shares(queue, false),
    open && el('a', { class: 'main', href, 'aria-label': `Label ${queue.job_name}` }, queue.held ? 'Go on' : 'Label'))
}
