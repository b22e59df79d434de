// An object as its user saw it: text with its lines, pictures as pictures, conversations as such, JSON folded.
import { el } from './dom.js'

const PICTURE = /^(data:image\/[\w+]+[;,]|https?:\/\/\S+\.(png|jpe?g|gif|webp|avif|svg)(\?\S*)?$)/i
const BYTES = { '\\x89504e47': 'image/png', '\\xffd8ff': 'image/jpeg', '\\x47494638': 'image/gif', '\\x52494646': 'image/webp' }  // how a bytea begins
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d)?$/   // a timestamp as JSON has it
const LONG = 32               // characters; shorter values stand beside each other

/** The columns in the order of the job's display_columns: jsonb does not keep one. Its id names the element around it. */
export function objectView(object, columns) {
  if (object === null) return el('p', { id: 'object', class: 'empty' }, 'The row is gone from its table. Pass or decline it.')
  if (columns.length === 1) return el('div', { id: 'object', class: 'alone' }, valueView(object[columns[0]]))
  return el('dl', { id: 'object', class: 'fields' }, columns.map(column => {
    const view = valueView(object[column])
    return el('div', { class: view.matches('.short, .nothing') ? 'small' : null },
      el('dt', {}, el('bdi', {}, column.replaceAll('_', ' '))), el('dd', {}, view))
  }))
}

function valueView(value) {
  if (value === null || value === undefined || value === '') return el('span', { class: 'nothing' }, 'empty')
  if (isPicture(value)) return picture(value)
  if (TIME.test(value)) return textView(timeOf(value))
  const data = typeof value === 'object' ? value : parsed(value)
  if (isConversation(data)) {
    return el('ol', { class: 'conversation' }, data.map(turn =>
      el('li', { class: turn.role === 'user' ? 'user' : null }, el('b', {}, turn.role), textView(turn.content))))
  }
  return data ? tree(data, true) : textView(String(value))
}

/** With a time zone in the reader's; without one as it stands. */
function timeOf(value) {
  const [day, time] = value.split('T')
  const zoned = /[+-]\d\d:\d\d$/.test(value) ? new Date(value) : null
  return zoned && !isNaN(zoned) ? zoned.toLocaleString('en', { dateStyle: 'medium', timeStyle: 'medium' }) : `${day} ${time.slice(0, 8)}`
}

/** A picture that does not come is said, with its address. */
function picture(value) {
  const lost = event => event.target.replaceWith(el('p', { class: 'soft' }, 'This picture cannot be shown: ', el('bdi', {}, value.slice(0, 200))))
  return el('img', { src: pictureAddress(value), alt: 'the object', decoding: 'sync', referrerpolicy: 'no-referrer', onerror: lost })
}

const textView = text =>
  el('p', { class: text.length > LONG || text.includes('\n') ? 'text' : 'text short', dir: 'auto' }, text)

function tree(value, open) {
  if (value === null || typeof value !== 'object') return el('span', { dir: 'auto' }, String(value))
  const names = Array.isArray(value) ? `${value.length} items` : Object.keys(value).join(', ')
  return el('details', { class: 'tree', open }, el('summary', {}, names),
    el('dl', {}, Object.entries(value).map(([name, inner]) =>
      el('div', {}, el('dt', {}, name), el('dd', {}, tree(inner, false))))))
}

const bytesType = value => Object.entries(BYTES).find(([start]) => value.startsWith(start))?.[1]

const isPicture = value => typeof value === 'string' && (PICTURE.test(value) || value.startsWith('\\x') && Boolean(bytesType(value)))

const made = new Map()        // addresses of pictures from bytes, the latest last

function pictureAddress(value) {
  if (!value.startsWith('\\x')) return value
  if (made.has(value)) return made.get(value)
  const bytes = new Uint8Array((value.length - 2) / 2)
  for (let place = 0; place < bytes.length; place++) bytes[place] = parseInt(value.substr(2 + 2 * place, 2), 16)
  const address = URL.createObjectURL(new Blob([bytes], { type: bytesType(value) }))
  made.set(value, address)
  for (const [old, oldAddress] of made) {
    if (made.size <= 40) break
    URL.revokeObjectURL(oldAddress)
    made.delete(old)
  }
  return address
}

const isConversation = data => Array.isArray(data) && data.length > 0 &&
  data.every(turn => typeof turn?.role === 'string' && typeof turn.content === 'string')

function parsed(text) {
  if (typeof text !== 'string' || !/^\s*[{[]/.test(text)) return null
  try { return JSON.parse(text) } catch { return null }
}

/** What stands for the object in a list: its first picture, or its first words. */
export function gist(object, columns, length = 120) {
  const values = columns.map(column => object?.[column])
  const picture = values.find(isPicture)
  if (picture) return el('img', { src: pictureAddress(picture), alt: '' })
  const words = value => typeof value === 'string' && value.length > 20
  const first = values.find(words) ?? values.find(value => value != null) ?? 'gone'
  const text = isConversation(first) ? first.at(-1).content : typeof first === 'object' ? JSON.stringify(first) : String(first)
  return el('bdi', {}, text.slice(0, length))
}

/** Loads the pictures of an object that will be shown soon. */
export function preload(object) {
  for (const value of Object.values(object ?? {})) if (isPicture(value)) new Image().src = pictureAddress(value)
}

/** Markdown enough for instructions: headings, lists, paragraphs, **strong**, *emphasis*, `code`. */
export function markdown(source) {
  return source.trim().split(/\n\s*\n/).map(block => {
    const lines = block.split('\n')
    const heading = /^(#{1,4}) (.*)/.exec(block)
    if (heading) return el('h3', {}, inline(heading[2]), ...(lines[1] ? markdown(lines.slice(1).join('\n')) : []))
    const items = block.split(/^(?:[-*]|\d+\.) /m).slice(1)
    if (items.length) return el(/^\d/.test(block) ? 'ol' : 'ul', {}, items.map(item => el('li', {}, inline(item))))
    return el('p', { dir: 'auto' }, inline(block))
  })
}

const MARKS = { '**': 'strong', '*': 'em', '`': 'code' }
const inline = text => text.split(/(\*\*.+?\*\*|\*.+?\*|`.+?`)/).map(part => {
  const mark = /^(\*\*|\*|`)(.+)\1$/.exec(part)
  return mark ? el(MARKS[mark[1]], {}, mark[2]) : part
})
