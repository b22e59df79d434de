// The seat: one object a screen, one key an answer, and the next one is there. Or a page of alike objects, answered together.
import { el, name, button, copyOf, announce, count, plural } from './dom.js'
import { accept, seatOf, tasks, listen, Refused } from './api.js'
import { choices, keyOf } from './choices.js'
import { objectView, gist, preload, markdown } from './object.js'
import * as outbox from './outbox.js'

const AHEAD = 5               // objects that are here before they are asked for
const LOW = 3                 // with fewer than these in hands, more are fetched
const PAGE = 12               // objects on a page of several
const BOUNCE = 150            // milliseconds after an answer in which another press is an accident
const SURPRISE = 700          // and after the keys have changed
const REMEMBERED = 10         // answers that stay editable
const REASONS = ['I cannot read or see it', 'It is in a language that I do not know', 'None of the categories fits',
  'It is private or offensive, nobody should see it']
/** What is new about the categories, in words. */
function changeOf(before, after) {
  const come = after.filter(label => !before.includes(label)), gone = before.filter(label => !after.includes(label))
  const names = labels => labels.map(label => `"${label}"`).join(', ')
  if (come.length === 1 && gone.length === 1) return `The category ${names(gone)} is called ${names(come)} now.`
  if (!come.length && !gone.length) return 'The categories have other keys now.'
  return [come.length && `New: ${names(come)}.`, gone.length && `No longer there: ${names(gone)}.`, 'The keys may be others.'].filter(Boolean).join(' ')
}

const STATES = {
  open: ['This batch is answered', 'It closes in a few seconds; until then Backspace takes your last answer back.'],
  with_others: ['All that is open is with others', 'What they pass or leave comes to you by itself.'],
  training: ['The model is learning from the answers', 'The next batch opens by itself, mostly within a minute. For some seconds Backspace still takes your last answer back.'],
  paused: ['The job is paused', 'Its owner paused it. What you answered is kept.'],
  finished: ['The job is finished', 'Every object has its label. Thank you.'],
  offline: ['No network', 'All that was here is answered, and kept in this browser. I go on when the network is back.'],
  refused: ['This job gives out nothing now'],
  loading: ['One moment', '']
}

export async function seat(job_name) {
  let job = await seatOf(job_name)
  const node = copyOf('seat')
  const find = selector => node.querySelector(selector)
  const article = find('article'), strip = find('.strip'), drawer = find('aside'), dialog = find('dialog')
  const commentForm = find('.comment'), commentField = find('.comment textarea'), singleKeys = find('[name=keys]')
  let choice = choices(find('.choices'), job.label_categories, answer)

  let buffer = []             // tasks that I hold; the first is on the screen, or with several the first PAGE
  let last = (job.recent ?? []).map(({ label, comment, ...task }) => ({ verb: 'submit', task, label, comment }))
                              // what I did, the newest first: { verb, task, label, comment, refused, press }
  let editing = null          // the one of these that is on the screen instead
  let comment = ''            // on the object of the screen
  let queue = { state: 'loading', left_in_batch: 0, answered_today: 0 }
  let most = 0                // left in this batch, at most since it opened
  let several = localStorage.getItem('gtlabel.several.' + job.job_name) === 'on'
  let chosen = new Set()      // task_ids of the page that the next key answers
  let asking = false, again = false, answeredAt = 0
  const gone = new Set(outbox.taskIds())        // tasks that left the buffer, while the server may still count them as mine

  find('h1 bdi').textContent = job.job_name
  const showInstructions = () =>
    find('.instructions').replaceChildren(...markdown(job.instructions ?? 'The owner of the job gave no instructions.'))
  showInstructions()
  find('dialog ol').append(...REASONS.map((reason, place) => el('li', {},
    button([el('kbd', {}, place + 1), reason], () => decline(reason)))))

  // ---- what a person can do ----

  const wanted = () => several ? PAGE : AHEAD
  const page = () => several && !editing ? buffer.slice(0, PAGE) : buffer.slice(0, 1)

  /** The tasks that the next key is about: those chosen, or the one that has the focus. */
  function targets() {
    if (!several) return buffer.slice(0, 1)
    const focused = Number(document.activeElement?.dataset?.task)
    return page().filter(({ task_id }) => chosen.size ? chosen.has(task_id) : task_id === focused)
  }

  function answer(label) {
    if (performance.now() - answeredAt < BOUNCE) return
    if (editing) {
      const entry = editing
      if (entry.label !== label || entry.comment !== comment) {
        outbox.add({ verb: 'revise', job_name, task_id: entry.task.task_id, label, comment, was: entry.label })
        Object.assign(entry, { label, comment })
        announce(`Changed to ${label}`)
      }
      editing = null
      show()
    } else done({ verb: 'submit', label, comment })
    choice.flash(label)
  }

  const pass = () => !editing && done({ verb: 'release' })

  function decline(reason) {
    dialog.close()
    if (!editing) done({ verb: 'decline', reason })
  }

  /** The objects are done with; the next ones are painted before the server knows. */
  function done(entry) {
    const about = targets()
    if (!about.length) return several && buffer.length && announce('Choose one or more objects first')
    answeredAt = performance.now()
    for (const task of about) {
      buffer.splice(buffer.indexOf(task), 1)
      gone.add(task.task_id)
      chosen.delete(task.task_id)
      last.unshift({ ...entry, task, press: answeredAt })
      if (entry.verb !== 'release') queue.left_in_batch--
      if (entry.verb === 'submit') queue.answered_today++
    }
    last.length = Math.min(last.length, REMEMBERED)
    announce(`${entry.label ?? (entry.verb === 'release' ? 'Passed' : 'Declined')}${about.length > 1 ? `, ${about.length} objects` : ''}`)
    show()
    for (const task of about) outbox.add({ ...entry, job_name, task_id: task.task_id })
    if (entry.verb !== 'submit') refill()
  }

  /** What the last key did, back again; with several, all of it. */
  function undo() {
    if (editing) return edit(null)
    if (!last.length) return announce('Nothing to take back')
    const { press, comment: said, label, verb } = last[0]
    let size = 1
    while (press && last[size]?.press === press) size++
    for (const { verb, task, refused } of last.splice(0, size)) {
      if (!refused && !outbox.withdraw(task.task_id)) outbox.add({ verb: 'retract', job_name, task_id: task.task_id })
      gone.delete(task.task_id)
      buffer.unshift(task)
      if (verb !== 'release') queue.left_in_batch++
      if (verb === 'submit') queue.answered_today--
    }
    announce(`Taken back: ${label ?? verb}`)
    show(said)
    if (label) choice.mark(label)
  }

  function edit(entry) {
    editing = entry
    if (entry) announce(`You answered ${entry.label}`)
    show(entry?.comment)
  }

  /** One answer back (1) or forth (-1) among those that can be changed. */
  function walk(step) {
    const answers = last.filter(entry => entry.verb === 'submit' && !entry.refused)
    const to = answers.indexOf(editing) + step
    if (to < answers.length) edit(answers[to] ?? null)
  }

  function toggleDrawer(open = drawer.hidden) {
    drawer.hidden = !open
    node.classList.toggle('with-drawer', open)
    find('.actions [data-do=help]').setAttribute('aria-expanded', open)
    if (!open) article.focus({ preventScroll: true })
  }

  function toggleSeveral() {
    several = !several
    chosen.clear()
    localStorage.setItem('gtlabel.several.' + job.job_name, several ? 'on' : 'off')
    announce(several ? 'A page of objects: choose some, then answer' : 'One object at a time')
    editing = null
    show()
    refill()
  }

  function openComment() {
    if (!buffer.length || (several && !editing)) return
    commentForm.hidden = false
    commentField.value = comment
    commentField.focus()
  }

  function closeComment(keep) {
    if (keep) comment = commentField.value.trim()
    commentForm.hidden = true
    showComment()
    article.focus({ preventScroll: true })
  }

  // ---- what is on the screen ----

  function show(withComment = '') {
    const task = editing?.task ?? buffer[0]
    comment = withComment
    commentForm.hidden = true
    choice.reset()
    choice.mark(editing?.label)
    node.classList.toggle('waiting', !task)
    node.classList.toggle('editing', Boolean(editing))
    node.classList.toggle('several', several && !editing)
    find('.actions [data-do=several]').setAttribute('aria-pressed', several)
    if (!task) article.replaceChildren(waiting())
    else if (several && !editing) article.replaceChildren(cards())
    else article.replaceChildren(editing ? hint() : '', objectView(task.object, job.display_columns))
    article.scrollTop = 0
    showComment()
    showProgress()
    showStrip()
    if (!task || !several || editing) article.focus({ preventScroll: true })
    else article.querySelector('.card').focus({ preventScroll: true })
  }

  const hint = () => el('p', { class: 'hint' }, 'You answered ', el('b', {}, name(editing.label)),
    '. Another answer changes it. ', button(['Keep it ', el('kbd', {}, 'Esc')], () => edit(null)))

  const cards = () => el('ul', { id: 'object', class: 'cards', 'aria-label': 'Objects; choose with Space or a click' },
    page().map(({ task_id, object }) => el('li', {}, button(gist(object, job.display_columns, 400), event => toggleCard(event.currentTarget),
      { class: 'card', 'data-task': task_id, 'aria-pressed': String(chosen.has(task_id)) }))))

  function toggleCard(card, on = card.getAttribute('aria-pressed') !== 'true') {
    card.setAttribute('aria-pressed', String(on))
    chosen[on ? 'add' : 'delete'](Number(card.dataset.task))
    announce(`${plural(chosen.size, 'object')} chosen`)
  }

  /** Arrows go from card to card, Ctrl+A chooses all. */
  function pressOnCards(event) {
    const all = [...article.querySelectorAll('.card')]
    if (event.ctrlKey && event.key === 'a') {
      const every = chosen.size === all.length
      for (const card of all) toggleCard(card, !every)
    } else {
      const columns = Math.max(1, all.findIndex(card => card.offsetTop > all[0].offsetTop))
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key]
      const to = step && all[all.indexOf(document.activeElement) + step]
      if (!to) return false
      to.focus()
    }
    event.preventDefault()
    return true
  }

  function showComment() {
    article.querySelector('.said')?.remove()
    if (comment) article.append(el('p', { class: 'said', dir: 'auto' }, el('b', {}, 'Your comment: '), comment))
  }

  function waiting() {
    const [title, words] = STATES[queue.state] ?? STATES.loading
    return el('div', { class: 'wait', role: 'status' }, el('h2', { id: 'object' }, title), el('p', {}, words ?? queue.message),
      queue.state === 'with_others' && el('p', {}, `${plural(queue.with_others, 'object')} open with others.`),
      queue.state === 'training' && el('progress', { value: queue.total > 0 ? queue.done / queue.total : null, 'aria-label': 'Training' }),
      queue.state !== 'loading' && el('p', { class: 'soft' }, `You answered ${count(queue.answered_today ?? 0)} today. `,
        el('a', { href: '#/' }, 'Other jobs')))
  }

  function showProgress() {
    const left = Math.max(0, queue.left_in_batch)
    most = left === 0 ? 0 : Math.max(most, left)
    find('.progress').replaceChildren(el('b', {}, count(queue.answered_today)), ' today · ',
      el('b', {}, count(left)), el('span', { class: 'wide' }, ' left in this batch'), el('span', { class: 'thin' }, ' left'))
    find('header progress').max = most || 1
    find('header progress').value = most - left
    document.title = buffer.length ? `${job.job_name} · gtlabel` : `(waiting) ${job.job_name} · gtlabel`
  }

  const showStrip = () => strip.replaceChildren(...last.map(chip))

  function chip(entry) {
    const words = { release: 'passed', decline: 'declined' }[entry.verb] ?? entry.label
    const fixed = entry.verb !== 'submit' || entry.refused
    return el('li', {}, button([el('b', {}, name(words)), gist(entry.task.object, job.display_columns)],
      () => edit(entry === editing ? null : entry), {
        disabled: fixed, class: entry.refused ? 'refused' : entry.verb, 'aria-current': entry === editing && 'true',
        title: entry.refused ?? (fixed ? null : 'Change this answer')
      }))
  }

  function showSaved({ unsent, offline, refused }) {
    const saved = find('.saved')
    if (refused?.entry.verb === 'release' && !last.some(({ task }) => task.task_id === refused.entry.task_id)) return  // gone already
    if (refused) {
      saved.textContent = takeBack(refused)
    } else if (offline) {
      saved.textContent = `No network. ${plural(unsent, 'answer is', 'answers are')} kept here and sent later.`
    } else if (!saved.classList.contains('refused') || unsent > 1) {
      saved.textContent = unsent > 2 ? `Sending ${unsent}` : 'All saved'
    }
    saved.classList.toggle('offline', offline)
    saved.classList.toggle('refused', Boolean(refused) || saved.textContent.startsWith('Not '))
    if (!offline && unsent === 0 && buffer.length < LOW) refill()
  }

  /** The server refused something that is on the screen as done; says so. */
  function takeBack({ entry: { verb, task_id, was }, message }) {
    const entry = last.find(entry => entry.task.task_id === task_id)
    if (verb === 'retract') buffer = buffer.filter(task => task.task_id !== task_id)
    else if (entry && verb === 'revise') entry.label = was
    else if (entry) entry.refused = message
    if (verb === 'retract') show(); else showStrip()
    if (entry?.label && !job.label_categories.includes(entry.label)) follow()
    return `${{ retract: 'Not taken back', revise: 'Not changed', release: 'Not passed' }[verb] ?? 'Not counted'}: ${message}`
  }

  // ---- objects ahead ----

  /** What came: those that I hold first, also such as are answered here and not yet there. */
  function takes({ tasks, queue: now }, underWay) {
    const before = page().length
    const held = new Set(buffer.map(task => task.task_id))
    const fresh = tasks.filter(task => !held.has(task.task_id) && !gone.has(task.task_id))
    fresh.forEach(task => preload(task.object))
    buffer.push(...fresh)
    if (now && (!underWay || queue.state === 'loading')) queue = now
    if (!editing && (before === 0 || before < page().length || !buffer.length)) show(comment); else showProgress()
  }

  async function refill() {
    again = asking                                                              // what happens meanwhile is asked for once more
    if (asking || buffer.length >= wanted()) return
    asking = true
    try {
      const underWay = outbox.taskIds().length
      if (!underWay) gone.clear()                                               // the server knows all that I did
      const answer = await accept(job.job_name, wanted() + underWay)
      const more = answer.queue.held > answer.tasks.length                      // of an earlier visit: I answer or give back all I hold
      takes(more ? await accept(job.job_name, answer.queue.held) : answer, outbox.taskIds().length > 0)
    } catch (error) {
      if (error.status === 401) return                                          // the portal asks to sign in
      const refused = error instanceof Refused
      if (!buffer.length) { queue = { ...queue, state: refused ? 'refused' : 'offline', message: error.message }; show() }
      if (!refused) setTimeout(refill, 2000)
    } finally {
      asking = false
      if (again) refill()
    }
  }

  /** The owner may change categories, instructions and what is shown while people label: this page follows. */
  async function follow() {
    const now = await seatOf(job_name).catch(() => null)                          // without a network the next event will do
    if (!now || !node.isConnected) return
    const changed = field => JSON.stringify(now[field]) !== JSON.stringify(job[field])
    const [keys, words, columns] = ['label_categories', 'instructions', 'display_columns'].map(changed)
    if (!keys && !words && !columns) return
    const before = job.label_categories
    job = now
    if (words) showInstructions()
    if (columns) await look()
    if (keys) {
      find('.choices').replaceChildren()
      choice = choices(find('.choices'), job.label_categories, answer)
      answeredAt = performance.now() + SURPRISE
      for (const entry of last) entry.label = now.recent.find(({ task_id }) => task_id === entry.task.task_id)?.label ?? entry.label
    }
    tell(keys ? changeOf(before, job.label_categories) : words ? 'The instructions have changed.' : '')
    show(comment)
  }

  /** The objects that are here, as the owner wants them shown now. */
  async function look() {
    const answer = await accept(job_name, buffer.length).catch(() => ({ tasks: [] }))
    for (const task of [...buffer, ...last.map(entry => entry.task)]) {
      task.object = answer.tasks.find(({ task_id }) => task_id === task.task_id)?.object ??
        job.recent.find(({ task_id }) => task_id === task.task_id)?.object ?? task.object
    }
  }

  function tell(words) {
    find('.news').replaceChildren(words, ' ', button('OK', () => tell('')))
    find('.news').hidden = !words
    if (words) announce(words)
  }

  async function stay() {                                                       // a long look keeps its lease
    const soon = Date.now() + 5 * 60000
    const task_ids = buffer.filter(task => Date.parse(task.lease_expires_at) < soon).map(task => task.task_id)
    if (buffer.length < wanted() || !queue.left_in_batch) return refill()       // should an event have been lost
    if (!task_ids.length || document.hidden) return
    const extended = await tasks('extend', { task_ids }).catch(() => null)      // without a network the next minute will do
    for (const task of buffer) task.lease_expires_at = extended?.lease_expires_at ?? task.lease_expires_at
  }

  // ---- keys and clicks ----

  const askReason = () => !editing && targets().length && dialog.showModal()
  const leaveOpen = () => editing ? edit(null) : toggleDrawer(false)
  const commands = {
    Backspace: undo, s: pass, d: askReason, c: openComment, g: toggleSeveral, h: () => toggleDrawer(), '?': () => toggleDrawer(),
    ArrowLeft: () => walk(1), ArrowRight: () => walk(-1), Escape: leaveOpen
  }

  function press(event) {
    if (several && !editing && buffer.length && !dialog.open && pressOnCards(event)) return
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    if (dialog.open) return pressInDialog(event)
    if (event.target === commentField) return pressInComment(event)
    if (!singleKeys.checked && /^.$/u.test(event.key)) return
    if (event.repeat && !event.key.startsWith('Arrow') && event.key !== ' ') return
    if ((buffer.length || editing) && choice.press(event)) return
    if (event.target.matches('input')) return
    const command = commands[keyOf(event)]
    if (command) { event.preventDefault(); command() }
    else if (event.key === ' ' && !event.target.closest('button, a, summary')) article.focus({ preventScroll: true })
  }

  function pressInDialog(event) {
    const reason = event.target.matches('input') ? null : REASONS[keyOf(event) - 1]
    if (reason) { event.preventDefault(); decline(reason) }
  }

  function pressInComment(event) {
    if (event.key === 'Escape') closeComment(false)
    if (event.key === 'Enter' && !event.shiftKey) { event.preventDefault(); closeComment(true) }
  }

  node.addEventListener('click', event => {
    const what = event.target.closest('[data-do]')?.dataset.do
    if (what === 'close') dialog.open ? dialog.close() : closeComment(false)
    else if (what) ({ undo, pass, help: commands.h, decline: askReason, comment: openComment, several: toggleSeveral })[what]()
  })
  commentForm.addEventListener('submit', event => { event.preventDefault(); closeComment(true) })
  dialog.querySelector('form').addEventListener('submit', event => {
    event.preventDefault()
    decline(event.target.elements.reason.value.trim() || REASONS[2])
    event.target.reset()
  })
  dialog.addEventListener('close', () => article.focus({ preventScroll: true }))
  singleKeys.checked = localStorage.getItem('gtlabel.keys') !== 'off'
  singleKeys.addEventListener('change', () => localStorage.setItem('gtlabel.keys', singleKeys.checked ? 'on' : 'off'))
  document.addEventListener('keydown', press)

  const seen = 'gtlabel.instructions.' + job.job_name                            // shown by themselves until they were seen
  if (job.instructions && localStorage.getItem(seen) !== job.instructions && innerWidth > 1000) toggleDrawer(true)
  localStorage.setItem(seen, job.instructions ?? '')

  let following = 0
  const deaf = listen(job.job_id, () => {
    if (buffer.length < LOW) refill()
    clearTimeout(following)
    following = setTimeout(follow, 100 + 400 * Math.random())                     // not everybody's page in the same moment
  })
  const clock = setInterval(stay, 15000)
  show()
  outbox.watch(showSaved)
  outbox.feed({ job_name, takes, wants: waiting => buffer.length < (several ? PAGE : LOW) ? wanted() + waiting : 0 })
  refill()

  return {
    node, title: job.job_name, seated: true, focus: article,
    leave() {
      document.removeEventListener('keydown', press)
      deaf()
      clearInterval(clock)
      clearTimeout(following)
      outbox.watch(() => {})
      outbox.feed(null)
      for (const { task_id } of buffer) outbox.add({ verb: 'release', job_name, task_id })  // others need not wait for my leases
    }
  }
}
