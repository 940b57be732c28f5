import type { Column } from '../analyze/report.js'

/** A text as a part of a metric's name: 'evt.rawarg.res' is evt_rawarg_res. */
export function namePart(text: string): string {
  return text.replace(/[^a-zA-Z0-9]+/g, '_').replace(/^_+|_+$/g, '').toLowerCase() || 'unnamed'
}

/** Names of labels, all of them different. Those that begin with a digit or with __ are not allowed. */
export function labelNames(columns: readonly Column[]): string[] {
  return different(columns.map(({ name }) => namePart(name).replace(/^(?=\d)/, '_')))
}

/** The same name twice: the second gets a number. */
export function different(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map(name => {
    let free = name
    for (let number = 2; taken.has(free); number++) free = `${name}_${number}`
    taken.add(free)
    return free
  })
}
