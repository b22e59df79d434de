// Elements and words. Text is set as text; nothing in the portal parses HTML.

export const el = (name, attributes, ...children) => fill(document.createElement(name), attributes, children)

export const svg = (name, attributes, ...children) =>
  fill(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children)

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value)
    else if (value === true) node.setAttribute(name, '')
    else if (value !== false && value != null) node.setAttribute(name, value)
  }
  node.append(...children.flat(2).filter(child => child != null && child !== false))
  return node
}

export const button = (words, onclick, attributes) => el('button', { type: 'button', onclick, ...attributes }, words)
/** A name from somewhere else, whatever its direction. */
export const name = text => el('bdi', {}, String(text).replaceAll('_', ' '))

export const jobAddress = (job, ...rest) => ['#/jobs', encodeURIComponent(job), ...rest].join('/')
export const seatAddress = job => '#/label/' + encodeURIComponent(job)

/** A fresh copy of what a <template> of index.html holds. */
export const copyOf = id => document.getElementById(id).content.firstElementChild.cloneNode(true)

/** Says it to a screen reader. */
export const announce = text => { document.getElementById('spoken').textContent = text }

export const count = number => number.toLocaleString('en')
export const percent = (share, digits = 0) => `${(100 * share).toFixed(digits)} %`
export const plural = (number, one, many = one + 's') => `${count(number)} ${number === 1 ? one : many}`

/** What an element is when the page is drawn anew. */
const sameness = node => node.tagName + (node.getAttribute('href') ?? node.getAttribute('aria-label') ?? node.closest('details')?.className ?? node.textContent)

/** Draws anew, and a reader keeps the place: focus, what is unfolded, how far a table is scrolled. */
export function redraw(node, ...children) {
  const focused = node.contains(document.activeElement) ? document.activeElement : null
  const unfolded = [...node.querySelectorAll('details')].map(details => details.open)
  const scrolled = [...node.querySelectorAll('.scroll')].map(table => table.scrollLeft)
  node.replaceChildren(...children)
  node.querySelectorAll('details').forEach((details, place) => { details.open = unfolded[place] ?? details.open })
  node.querySelectorAll('.scroll').forEach((table, place) => { table.scrollLeft = scrolled[place] ?? 0 })
  if (!focused) return
  const reachable = [...node.querySelectorAll('a, button, summary, [tabindex]')]
  const again = reachable.find(other => sameness(other) === sameness(focused)) ?? reachable.find(other => other.tagName === focused.tagName)
  again?.focus({ preventScroll: true })
}

/** A table; a column whose first cell is a number stands to the right. told: on a phone the last column stands below the others. */
export function table(caption, heads, rows, told = false) {
  const kind = column => /^[\d.,]+( [%s])?$/.test(rows[0]?.[column]) ? 'number' : null
  return el('div', { class: told ? 'scroll told' : 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    el('table', {}, el('caption', { class: 'unseen' }, caption),
      el('thead', {}, el('tr', {}, heads.map((head, column) => el('th', { scope: 'col', class: kind(column) }, head)))),
      el('tbody', {}, rows.map(cells => el('tr', {}, cells.map((cell, column) => el('td', { class: kind(column), 'data-head': heads[column] }, cell)))))))
}

/** Terms and what is to say about them: [term, finding, advice]. */
export const pairs = rows =>
  el('dl', { class: 'pairs' }, rows.map(([term, ...said]) =>
    el('div', {}, el('dt', {}, term), said.filter(Boolean).map(text => el('dd', {}, text)))))

/** The bar of people, machine, failed and nothing yet, with its legend. */
export function shares({ object_count: total, human_labeled: people, machine_labeled: machine, failed = 0 }, legend = true) {
  const open = total - people - machine - failed
  const parts = [['people', 'By people', people], ['machine', 'By machine', machine], ['failed', 'Failed', failed],
    ['open', 'No label', open]].filter(([name, , size]) => size || name !== 'failed')
  let x = 0
  return [
    svg('svg', { class: 'shares', viewBox: '0 0 1000 14', preserveAspectRatio: 'none', role: 'img',
      'aria-label': parts.map(([, words, size]) => `${words} ${count(size)}`).join(', ') + ` of ${count(total)}` },
      parts.map(([name, , size]) => {
        const width = 1000 * size / total
        return svg('rect', { class: name, x: (x += width) - width, width, height: 14 })
      })),
    legend && el('ul', { class: 'legend' }, parts.map(([name, words, size]) => el('li', {},
      svg('svg', { viewBox: '0 0 11 11', 'aria-hidden': 'true' }, svg('rect', { class: name, width: 11, height: 11, rx: 2 })),
      words, ' ', el('b', {}, count(size)), ' ', el('span', {}, percent(size / total, 1)))))]
}
