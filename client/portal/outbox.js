// Answers on their way. They are kept in the browser until the server has them, and leave in their order: a reload, a
// lost network and an ended session lose none. Answers that wait together leave together.
import { answer, tasks, Refused } from './api.js'

const PATIENCE = 15000        // milliseconds between two tries, at most
const TOGETHER = 50           // answers in one request
let place = null              // where localStorage keeps them, one place an annotator
let entries = []              // { verb, job_name, task_id, label, comment, reason }, the first may be under way
let leaving = 0               // so many of the first are under way
let busy = false, alone = false, delay = 0, timer
let watcher = () => {}
let hungry = null             // the seat: { job_name, wants(left in the outbox), takes(answer of the server) }

/** Takes up what an earlier visit could not send. */
export function open(annotator) {
  place = 'gtlabel.outbox.' + annotator
  entries = JSON.parse(localStorage.getItem(place) ?? '[]')
  send()
}

export function close() { place = null; clearTimeout(timer) }

/** callback({ unsent, offline, refused: { entry, message } or undefined }) at every change */
export function watch(callback) { watcher = callback; tell() }

/** Answers of this job bring the next tasks with them when it wants some. */
export function feed(seat) { hungry = seat }

/** Answers, that is; a task that is given back is none. */
export const unsent = () => entries.filter(entry => entry.verb !== 'release').length
export const taskIds = () => entries.map(entry => entry.task_id)

export function add(entry) {
  entries.push(entry)
  save()
  if (!delay) send()
}

/** Takes back what was done with the task and has not left yet; false if it has left, or is under way. */
export function withdraw(task_id) {
  let undone = false
  for (let place = entries.length - 1; place >= leaving; place--) {
    const entry = entries[place]
    if (entry.task_id !== task_id) continue
    if (entry.verb === 'retract') break                 // what came before it is undone already
    entries.splice(place, 1)
    undone ||= entry.verb !== 'revise'
  }
  save()
  return undone
}

/** The answers that can leave in one request: the first ones, of one job, each task once. */
function company() {
  const [first] = entries
  if (first.verb !== 'submit' || alone) return [first]
  const end = entries.findIndex(entry => entry.verb !== 'submit' || entry.job_name !== first.job_name)
  return entries.slice(0, Math.min(end < 0 ? entries.length : end, TOGETHER))
}

async function deliver(group) {
  const [{ verb, job_name, reason }] = group
  const body = { task_ids: group.map(entry => entry.task_id) }
  if (verb === 'submit' || verb === 'revise') {
    body.labels = group.map(entry => entry.label)
    body.comments = group.map(entry => entry.comment || null)
  }
  if (verb === 'decline') body.reason = reason
  const seat = verb === 'submit' && hungry?.job_name === job_name ? hungry : null
  const wanted = seat?.wants(entries.length - group.length) ?? 0
  if (!wanted) return tasks(verb, body)
  seat.takes(await answer(job_name, { ...body, max_tasks: wanted }), entries.length > group.length)
}

async function send() {
  if (busy || !place) return
  clearTimeout(timer)
  busy = true
  while (entries.length && place) {
    const group = company()
    let refused
    leaving = group.length
    try {
      await deliver(group)
      delay = 0
      alone = false
    } catch (error) {
      if (error.status === 401) break                   // until open() is called again
      if (!(error instanceof Refused)) {
        delay = Math.min(2 * delay || 1000, PATIENCE)
        timer = setTimeout(send, delay)
        break
      }
      delay = 0
      if (group.length > 1) { alone = true; continue }   // which of them is it?
      refused = { entry: group[0], message: error.message }
    }
    leaving = 0
    entries.splice(0, group.length)
    save(refused)
  }
  leaving = 0
  busy = false
  tell()
}

function save(refused) {
  if (place) localStorage.setItem(place, JSON.stringify(entries))
  tell(refused)
}

const tell = refused => watcher({ unsent: unsent(), offline: delay > 0, refused })

window.addEventListener('online', send)
