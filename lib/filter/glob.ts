/**
 * fnmatch(3) without flags: `*` any text, also '/'; `?` any character; `[a-z]`, `[!a-z]`, `[[:alpha:]]`; `\` takes the next
 * character as it is. A bracket that is not closed is a bracket. Time is at worst the product of both lengths: after a
 * mismatch only the last `*` is tried again.
 */
export function glob(pattern: string): (text: string) => boolean {
  const tokens = tokenize(pattern)
  const first = tokens[0] === ANY ? 1 : 0
  const last = tokens.length - (tokens.length > first && tokens[tokens.length - 1] === ANY ? 1 : 0)
  const inside = tokens.slice(first, last)
  if (!inside.every(token => typeof token === 'string')) return text => matches(tokens, text)
  const middle = inside.join('')
  if (first === 0) return last === tokens.length ? text => text === middle : text => text.startsWith(middle)
  return last === tokens.length ? text => text.endsWith(middle) : text => text.includes(middle)
}

/** Matches one code point. */
type Matcher = (code: number) => boolean

/** `*` */
const ANY = Symbol('any text')
type Token = string | Matcher | typeof ANY

function tokenize(pattern: string): Token[] {
  const chars = Array.from(pattern)
  const tokens: Token[] = []
  for (let i = 0; i < chars.length;) {
    const char = chars[i++]
    if (char === '*') {
      if (tokens[tokens.length - 1] !== ANY) tokens.push(ANY)
    } else if (char === '?') {
      tokens.push(() => true)
    } else if (char === '\\') {
      // A backslash at the end matches nothing at all.
      tokens.push(i < chars.length ? chars[i++] : () => false)
    } else {
      const set = char === '[' ? bracket(chars, i) : undefined
      tokens.push(set?.matcher ?? char)
      i = set?.end ?? i
    }
  }
  return tokens
}

/** The set whose '[' stands before `start`; undefined if it is not closed. */
function bracket(chars: readonly string[], start: number): { matcher: Matcher; end: number } | undefined {
  let i = start
  const negated = chars[i] === '!' || chars[i] === '^'
  if (negated) i++
  const parts: Matcher[] = []
  for (let first = true; ; first = false) {
    let char = chars[i++]
    if (char === undefined) return undefined
    if (char === ']' && !first) break
    if (char === '[' && chars[i] === ':') {
      const name = /^\[:([a-z]+):\]/.exec(chars.slice(i - 1, i + 12).join(''))?.[1]
      if (name !== undefined && Object.hasOwn(CLASSES, name)) {
        parts.push(CLASSES[name])
        i += name.length + 3
        continue
      }
    }
    if (char === '\\' && (char = chars[i++]) === undefined) return undefined
    const low = char.codePointAt(0)!
    let high = low
    if (chars[i] === '-' && chars[i + 1] !== undefined && chars[i + 1] !== ']') {
      i++
      let end = chars[i++]
      if (end === '\\' && (end = chars[i++]) === undefined) return undefined
      high = end.codePointAt(0)!
    }
    parts.push(code => code >= low && code <= high)
  }
  return { matcher: code => parts.some(part => part(code)) !== negated, end: i }
}

const ranges = (...pairs: readonly [string, string][]): Matcher => {
  const bounds = pairs.map(([low, high]) => [low.charCodeAt(0), high.charCodeAt(0)])
  return code => bounds.some(([low, high]) => code >= low && code <= high)
}

/** POSIX classes in the C locale. */
export const CLASSES: Readonly<Record<string, Matcher>> = {
  alpha: ranges(['a', 'z'], ['A', 'Z']),
  digit: ranges(['0', '9']),
  alnum: ranges(['a', 'z'], ['A', 'Z'], ['0', '9']),
  upper: ranges(['A', 'Z']),
  lower: ranges(['a', 'z']),
  space: ranges([' ', ' '], ['\t', '\r']),
  blank: ranges([' ', ' '], ['\t', '\t']),
  punct: ranges(['!', '/'], [':', '@'], ['[', '`'], ['{', '~']),
  print: ranges([' ', '~']),
  graph: ranges(['!', '~']),
  cntrl: ranges(['\0', '\x1f'], ['\x7f', '\x7f']),
  xdigit: ranges(['0', '9'], ['a', 'f'], ['A', 'F']),
}

function matches(tokens: readonly Token[], text: string): boolean {
  let at = 0
  let token = 0
  // Where to go on after a mismatch: behind the last `*`, which takes one character more.
  let again = -1
  let from = 0
  while (at < text.length) {
    const wanted = tokens[token]
    if (wanted === ANY) {
      again = ++token
      from = at
      continue
    }
    const code = text.codePointAt(at)!
    if (wanted !== undefined && (typeof wanted === 'string' ? wanted.codePointAt(0) === code : wanted(code))) {
      token++
      at += code > 0xffff ? 2 : 1
      continue
    }
    if (again < 0) return false
    token = again
    from += text.codePointAt(from)! > 0xffff ? 2 : 1
    at = from
  }
  while (tokens[token] === ANY) token++
  return token === tokens.length
}
