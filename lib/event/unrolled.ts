/**
 * A function of `parameters` whose body is `source`, with `constants` in scope by their names.
 *
 * For loops over a list of functions that is the same all the time, where each call, written out on its own, is one that V8 can
 * inline; in a loop all of them share one place, which it can not. Only numbers and names that stand in this library may come into
 * `source`, never text from outside (textSource makes numbers of it). Undefined where the process does not allow code from strings: then the loop has to do.
 */
export function unrolled<F>(parameters: readonly string[], source: string, constants: Readonly<Record<string, unknown>>): F | undefined {
  try {
    const names = Object.keys(constants)
    const make = new Function(...names, `'use strict'; return (${parameters.join(', ')}) => {\n${source}\n}`)
    return make(...names.map(name => constants[name])) as F
  } catch (error) {
    if (error instanceof EvalError) return undefined
    throw error
  }
}

/** Source that adds a text to the TextBuffer `out`, byte by byte: nothing is quicker for the few that stand between values. */
export function textSource(text: string): string {
  const bytes = Buffer.from(text)
  const stores = Array.from(bytes, (byte, i) => `bytes[length${i === 0 ? '' : ` + ${i}`}] = ${byte}`)
  return `{ out.reserve(${bytes.length}); const { bytes, length } = out; ${stores.join('; ')}; out.length = length + ${bytes.length} }`
}
