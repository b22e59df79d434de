// What is wrong with the page for people who see little, hear it read, or have a keyboard or a thumb only: contrast of text (4.5, or 3
// where it is large) and of the edges of fields (3), names that point nowhere, ids twice, headings out of order, small targets, width.
const problems = []
const shown = e => {
  const style = getComputedStyle(e), box = e.getBoundingClientRect()
  return style.visibility !== 'hidden' && box.width > 0 && box.height > 0 && !e.closest('[hidden]')
}
const light = color => {
  const [r, g, b] = color.map(v => v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4)
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
const parse = text => { const n = text.match(/[\d.]+/g).map(Number); return n.length === 4 ? n : [...n, 1] }
const over = (front, back) => front.slice(0, 3).map((v, i) => v * front[3] + back[i] * (1 - front[3]))
const behind = e => {
  const layers = []
  for (let n = e; n; n = n.parentElement) {
    const color = parse(getComputedStyle(n).backgroundColor)
    if (color[3] > 0) layers.push(color)
    if (color[3] === 1) break
  }
  return layers.reduceRight((back, layer) => over(layer, back), [255, 255, 255])
}
const contrast = (color, back) => {
  const [low, high] = [light(over(parse(color), back)), light(back)].sort((a, b) => a - b)
  return (high + 0.05) / (low + 0.05)
}
const where = e => `${e.tagName.toLowerCase()} "${(e.innerText || e.value || e.placeholder || e.textContent || '').trim().slice(0, 30)}"`
const say = (words, e) => problems.push(e ? `${words}: ${where(e)}` : words)
const all = selector => [...document.querySelectorAll(selector)].filter(shown)

const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
const seen = new Set()
for (let n; n = walker.nextNode();) {
  const e = n.parentElement
  if (!n.textContent.trim() || seen.has(e) || !shown(e) || e.closest('template, noscript, script, .unseen, :disabled')) continue
  seen.add(e)
  const style = getComputedStyle(e), size = parseFloat(style.fontSize), svg = e.ownerSVGElement
  const ratio = contrast(svg ? style.fill : style.color, behind(svg ? svg.parentElement : e))
  if (ratio < (size >= 24 || size >= 18.66 && style.fontWeight >= 600 ? 3 : 4.5)) say(`contrast ${ratio.toFixed(2)}`, e)
}
for (const e of all('input, select, textarea')) {
  const ratio = contrast(getComputedStyle(e).borderTopColor, behind(e.parentElement))
  if (e.type !== 'checkbox' && ratio < 3) say(`edge ${ratio.toFixed(2)}`, e)
}
const ids = [...document.querySelectorAll('body [id]')].map(e => e.id)
for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) say(`id twice: ${id}`)
for (const e of all('[aria-labelledby], [aria-describedby]')) {
  for (const id of `${e.getAttribute('aria-labelledby') ?? ''} ${e.getAttribute('aria-describedby') ?? ''}`.split(' ').filter(Boolean)) {
    if (!document.getElementById(id)) say(`names nothing: ${id}`, e)
  }
}
for (const e of all('img:not([alt])')) say('picture without words', e)
const levels = all('main h1, main h2, main h3').map(e => Number(e.tagName[1]))
if (levels.filter(level => level === 1).length !== 1) say(`${levels.filter(level => level === 1).length} main headings`)
levels.forEach((level, place) => { if (place && level > levels[place - 1] + 1) say(`heading ${level} after ${levels[place - 1]}`) })
if (innerWidth < 500) {
  for (const e of all('main button, main a, nav a, nav button, input, select, summary')) {
    const box = e.getBoundingClientRect()
    if (!e.closest('p, td, dd') && e.type !== 'checkbox' && (box.height < 24 || box.width < 24)) say(`target ${Math.round(box.width)}x${Math.round(box.height)}`, e)
  }
}
if (document.documentElement.scrollWidth > innerWidth) say(`wider than the screen: ${document.documentElement.scrollWidth}`)
return [...new Set(problems)]
