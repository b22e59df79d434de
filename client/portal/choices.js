// Categories as buttons with a key each; the seat and the review share them.
import { el } from './dom.js'

const KEYS = '1234567890abefijklmnopqrtuvwxyz'          // c, d, g, h and s are commands

/** Categories of one character are their own keys (digits, y and n) if all of them can be; the others take the keys
    that are left, in order. */
export function keysFor(categories) {
  const single = categories.filter(name => name.length === 1).map(name => name.toLowerCase())
  const own = single.every(key => KEYS.includes(key)) && new Set(single).size === single.length ? single : []
  const left = [...KEYS].filter(key => !own.includes(key))
  return categories.map(name => own.includes(name.toLowerCase()) ? name.toLowerCase() : left.shift() ?? '')
}

/** The key that was meant, whatever the layout: digits by place (AZERTY shifts them), letters by what they write,
    or by place where they are not Latin. */
export function keyOf(event) {
  if (event.key.length > 1 || ' ?/'.includes(event.key)) return event.key
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)
  if (digit) return digit[1]
  const letter = event.key.toLowerCase()
  return /[a-z]/.test(letter) ? letter : event.code.replace(/^Key/, '').toLowerCase()
}

/** Fills the section with the categories. choose(label) is called with what was clicked, typed or found. */
export function choices(section, categories, choose) {
  const typing = categories.length > KEYS.length       // too many for keys: letters go to the filter
  const list = el('ul')
  const filter = el('input', { type: 'search', placeholder: `Find among ${categories.length} categories`, autocomplete: 'off',
    'aria-label': 'Find a category', enterkeyhint: 'done', spellcheck: 'false' })
  const buttons = new Map(categories.map(label => [label,
    el('button', { type: 'button', onclick: () => choose(label) }, el('kbd'), el('bdi', {}, label.replaceAll('_', ' ')))]))
  let marked                                              // the label that stands
  let keys = new Map()                                    // key -> label, of what is shown

  function show() {
    const words = filter.value.toLowerCase().split(/[\s_-]+/).filter(Boolean)
    const starts = label => label.toLowerCase().split(/[\s_-]+/)
    const found = words.length
      ? categories.filter(label => words.every(word => starts(label).some(part => part.startsWith(word))))
      : categories
    const given = typing || words.length ? [...'1234567890'].slice(0, found.length) : keysFor(found)
    keys = new Map(given.map((key, place) => [key, found[place]]))
    found.forEach((label, place) => {
      const key = given[place] ?? ''
      buttons.get(label).firstChild.textContent = key === label.toLowerCase() ? '' : key
      buttons.get(label).setAttribute('aria-keyshortcuts', key)
    })
    list.replaceChildren(...found.map(label => el('li', {}, buttons.get(label))))
    if (!found.length) list.append(el('li', { class: 'nothing' }, 'No category has these words.'))
  }

  filter.addEventListener('input', show)
  const longest = Math.max(...categories.map(label => label.length))
  const columns = most => Math.ceil(categories.length / Math.ceil(categories.length / most))      // rows of equal length
  list.style.setProperty('--columns', typing ? 4 : columns(longest > 26 ? 2 : longest > 9 ? 4 : 6))
  list.style.setProperty('--beside', typing ? 3 : columns(longest > 26 ? 1 : longest > 6 ? 3 : 5))
  list.style.setProperty('--thumbs', longest > 26 && !typing ? 1 : columns(longest > 9 ? 2 : longest > 4 ? 3 : 5))
  list.dir = /[\u0590-\u08ff]/.test(categories[0]) ? 'rtl' : 'ltr'
  section.classList.toggle('many', categories.length > 12)
  if (categories.length > 12) section.append(filter)
  section.append(list)
  show()

  return {
    /** Takes a key press if it is for a category or for the filter; tells whether. */
    press(event) {
      const key = keyOf(event)
      const finding = event.target === filter
      const label = finding && key === 'Enter' ? keys.values().next().value
        : finding && !/^\d$/.test(key) ? undefined : keys.get(key)
      if (label !== undefined) {
        event.preventDefault()
        choose(label)
      } else if (finding && key === 'Escape') {
        this.reset()
        filter.blur()
      } else if (finding) {
        return key !== 'Backspace' || filter.value !== ''
      } else if (key === '/' && filter.isConnected) {
        event.preventDefault()
        filter.focus()
      } else if (typing && /^[^ ?]$/.test(event.key) && !event.shiftKey) {
        filter.focus()                                    // and the letter lands in it
      } else return false
      return true
    },
    /** Shows which label stands (of an answer that is being changed), or none. */
    mark(label) {
      buttons.get(marked)?.removeAttribute('aria-pressed')
      buttons.get(label)?.setAttribute('aria-pressed', 'true')
      marked = label
    },
    /** The press is seen where it fell, though the next object is there already. */
    flash(label) {
      const button = buttons.get(label)
      if (!button) return
      button.classList.remove('flash')
      requestAnimationFrame(() => button.classList.add('flash'))
    },
    reset() {
      if (filter.value) { filter.value = ''; show() }
      section.scrollTop = 0
    }
  }
}
