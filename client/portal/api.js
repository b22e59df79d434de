// Every request of the portal, one line a route; the server's table of them is client/serve/route.c.

/** What the server refused, in its words: retrying is of no use. A lost network is a TypeError, as from fetch. */
export class Refused extends Error {
  constructor(status, { message, hint, code } = {}) {
    super([message, hint].filter(Boolean).join('. ') || `refused (${status})`)
    Object.assign(this, { status, code })
  }
}

let csrf = null               // the secret that shows the server that a request comes from this page

async function request(method, path, body) {
  const headers = { 'content-type': 'application/json' }
  if (csrf) headers['x-gtlabel-csrf'] = csrf
  const response = await fetch('/api' + path, {
    method, headers, credentials: 'same-origin', body: method === 'GET' || method === 'DELETE' ? undefined : JSON.stringify(body ?? {})
  })
  if (response.status >= 500 || response.status === 429 && path !== '/session') throw new TypeError('the server does not answer')
  if (response.status === 401 && path !== '/session') window.dispatchEvent(new Event('signed-out'))
  const answer = response.status === 204 ? null : await response.json()
  if (!response.ok) throw new Refused(response.status, answer)
  return answer
}

const get = path => request('GET', path)
const post = (path, body) => request('POST', path, body)
const job = name => '/jobs/' + encodeURIComponent(name)

async function session(method, credentials) {
  const who = await request(method, '/session', credentials)
  csrf = who?.csrf ?? null
  return who
}
export const currentSession = () => session('GET')
export const signIn = credentials => session('POST', credentials)
export const signOut = () => session('DELETE')
export const invitation = token => post('/invitation', { token })

export const queues = () => get('/queues')
export const seatOf = name => get(job(name) + '/seat')
export const accept = (name, max_tasks) => post(job(name) + '/accept', { max_tasks })
/** Answers, and the next tasks in return. */
export const answer = (name, body) => post(job(name) + '/answer', body)
/** verb: submit, revise, retract, release, decline, extend */
export const tasks = (verb, body) => post('/tasks/' + verb, body)

export const jobs = () => get('/jobs')
export const jobPage = name => get(job(name))
export const reportAddress = name => '/api' + job(name) + '/report'
/** verb: pause, resume, stop */
export const steer = (name, verb) => post(job(name) + '/' + verb)
export const review = (name, kind) => get(job(name) + '/review/' + kind)
export const correct = (name, object_key, label) => post(job(name) + '/correct', { object_key, label })
export const settings = name => get(job(name) + '/settings')
export const alter = (name, changes) => request('PATCH', job(name) + '/settings', changes)
/** verb: add (category), rename (category, new_name), merge (category, into_category) */
export const categories = (name, verb, body) => post(`${job(name)}/categories/${verb}`, body)
export const people = name => get(job(name) + '/people')
export const judge = (name, annotator, verb) => post(`${job(name)}/people/${encodeURIComponent(annotator)}/${verb}`)
export const invite = (name, annotator, valid_for) => post(job(name) + '/invitations', { annotator, valid_for })
export const revoke = (name, annotator) => request('DELETE', job(name) + '/invitations/' + encodeURIComponent(annotator))

export const datasets = () => get('/datasets')
export const dataset = name => get('/datasets/' + encodeURIComponent(name))
export const plan = settings => post('/plan', settings)
export const simulate = settings => post('/simulate', settings)
export const create = settings => post('/jobs', settings)

/** Calls back when something happened to the job (0: to any, or nobody knows); returns how to stop that. */
export function listen(job_id, callback) {
  const source = new EventSource('/api/events')
  source.onmessage = message => {
    const { job_id: which } = JSON.parse(message.data)
    if (!job_id || !which || which === job_id) callback()
  }
  return () => source.close()
}
