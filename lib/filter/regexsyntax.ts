import { CLASSES } from './glob.js'

/** A regular expression as read. */
export type Node =
  | { kind: 'one'; test: Test }
  | { kind: 'begin' | 'end' }
  | { kind: 'all' | 'any'; items: readonly Node[] }
  | { kind: 'repeat'; item: Node; min: number; max: number }

type Test = (code: number) => boolean

const MAX_REPEAT = 1000
const MAX_DEPTH = 100

const NEWLINE = 10
const word: Test = code => CLASSES.alnum(code) || code === 95
const space: Test = code => code === 32 || code === 9 || code === NEWLINE || code === 12 || code === 13
const not = (test: Test): Test => code => !test(code)
const is = (wanted: number): Test => code => code === wanted

const PERL: Readonly<Record<string, Test>> = {
  d: CLASSES.digit, D: not(CLASSES.digit), w: word, W: not(word), s: space, S: not(space),
}
const CONTROL: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 }

/** Reads RE2's syntax, in so far as it matters for whether a text matches. Throws a RangeError. */
export function parseRegex(source: string): Node {
  return new RegexParser(source).parse()
}

class RegexParser {
  readonly #chars: readonly string[]
  #at = 0
  #depth = 0
  #ignoreCase = false
  #dotAll = false

  constructor(source: string) {
    this.#chars = Array.from(source)
  }

  parse(): Node {
    const node = this.#any()
    if (this.#at < this.#chars.length) throw new RangeError('the regular expression has a ) too many')
    return node
  }

  #any(): Node {
    const items = [this.#all()]
    while (this.#take('|')) items.push(this.#all())
    return items.length === 1 ? items[0] : { kind: 'any', items }
  }

  #all(): Node {
    const items: Node[] = []
    while (this.#at < this.#chars.length && this.#chars[this.#at] !== '|' && this.#chars[this.#at] !== ')') {
      const item = this.#atom()
      if (item !== undefined) items.push(this.#repeated(item))
    }
    return items.length === 1 ? items[0] : { kind: 'all', items }
  }

  #repeated(item: Node): Node {
    const repeat = this.#repetition()
    if (repeat === undefined) return item
    this.#take('?') // lazy: what matches is the same
    if (this.#repetition() !== undefined) throw new RangeError('the regular expression repeats a repetition: put it in brackets')
    return { kind: 'repeat', item, ...repeat }
  }

  #repetition(): { min: number; max: number } | undefined {
    if (this.#take('*')) return { min: 0, max: Infinity }
    if (this.#take('+')) return { min: 1, max: Infinity }
    if (this.#take('?')) return { min: 0, max: 1 }
    // What does not look like a count is text.
    const count = /^\{(\d{1,5})(,(\d{1,5})?)?\}/.exec(this.#chars.slice(this.#at, this.#at + 14).join(''))
    if (count === null) return undefined
    this.#at += count[0].length
    const min = Number(count[1])
    const max = count[2] === undefined ? min : count[3] === undefined ? Infinity : Number(count[3])
    if (min > MAX_REPEAT || (max !== Infinity && max > MAX_REPEAT) || max < min) {
      throw new RangeError(`the regular expression's count ${count[0]} is not one of 0 to ${MAX_REPEAT}`)
    }
    return { min, max }
  }

  /** Undefined for what only sets flags. */
  #atom(): Node | undefined {
    const char = this.#chars[this.#at++]
    switch (char) {
      case '(': return this.#group()
      case '[': return this.#one(this.#set())
      case '.': return { kind: 'one', test: this.#dotAll ? () => true : code => code !== NEWLINE }
      case '^': return { kind: 'begin' }
      case '$': return { kind: 'end' }
      case '\\': return this.#escape()
      case '*': case '+': case '?': throw new RangeError(`the regular expression has nothing before ${char} to repeat`)
      default: return this.#one(is(char.codePointAt(0)!))
    }
  }

  #one(test: Test): Node {
    if (!this.#ignoreCase) return { kind: 'one', test }
    return { kind: 'one', test: code => test(code) || otherCases(code).some(test) }
  }

  #group(): Node | undefined {
    if (++this.#depth > MAX_DEPTH) throw new RangeError(`the regular expression is nested more than ${MAX_DEPTH} deep`)
    const flags = [this.#ignoreCase, this.#dotAll] as const
    if (this.#take('?')) {
      const head = /^(?:P?<[A-Za-z_]\w*>|[imsU]*(?:-[imsU]+)?[:)])/.exec(this.#chars.slice(this.#at, this.#at + 100).join(''))?.[0]
      if (head === undefined) throw new RangeError('the regular expression has a (? that RE2 does not know: it cannot look ahead or back')
      this.#at += head.length
      if (!head.endsWith('>')) this.#setFlags(head)
      if (head.endsWith(')')) {
        this.#depth--
        return undefined
      }
    }
    const node = this.#any()
    if (!this.#take(')')) throw new RangeError('the regular expression has a ( that is not closed')
    this.#depth--
    ;[this.#ignoreCase, this.#dotAll] = flags
    return node
  }

  #setFlags(head: string): void {
    const [on, off = ''] = head.slice(0, -1).split('-')
    if (/[mU]/.test(on + off)) throw new RangeError('of the flags of a regular expression, i and s can be used here')
    if (on.includes('i')) this.#ignoreCase = true
    if (on.includes('s')) this.#dotAll = true
    if (off.includes('i')) this.#ignoreCase = false
    if (off.includes('s')) this.#dotAll = false
  }

  #escape(): Node {
    const char = this.#chars[this.#at]
    if (char === 'A' || char === 'z') {
      this.#at++
      return { kind: char === 'A' ? 'begin' : 'end' }
    }
    if (char !== undefined && Object.hasOwn(PERL, char)) {
      this.#at++
      return { kind: 'one', test: PERL[char] }
    }
    return this.#one(is(this.#escapedCode()))
  }

  /** The character that an escape stands for; the backslash is taken. */
  #escapedCode(): number {
    const char = this.#chars[this.#at++]
    if (char === undefined) throw new RangeError('the regular expression ends with a backslash')
    if (Object.hasOwn(CONTROL, char)) return CONTROL[char]
    if (char === 'x') {
      const match = /^(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,6})\})/.exec(this.#chars.slice(this.#at, this.#at + 8).join(''))
      if (match === null) throw new RangeError('the regular expression has a \\x without digits')
      this.#at += match[0].length
      return Number.parseInt(match[1] ?? match[2], 16)
    }
    if (/[1-9]/.test(char)) throw new RangeError(`the regular expression refers back with \\${char}, which cannot be done in linear time`)
    if (/[A-Za-z0-9]/.test(char)) throw new RangeError(`the regular expression has an escape \\${char} that cannot be used here`)
    return char.codePointAt(0)!
  }

  /** A set in brackets, the opening one taken. */
  #set(): Test {
    const negated = this.#take('^')
    const parts: Test[] = []
    for (let first = true; ; first = false) {
      const char = this.#chars[this.#at]
      if (char === undefined) throw new RangeError('the regular expression has a [ that is not closed')
      if (char === ']' && !first) break
      parts.push(this.#named() ?? this.#range())
    }
    this.#at++
    return code => parts.some(part => part(code)) !== negated
  }

  /** `[:alpha:]`, `\d` */
  #named(): Test | undefined {
    const rest = this.#chars.slice(this.#at, this.#at + 12).join('')
    const posix = /^\[:(\^?)([a-z]+):\]/.exec(rest)
    if (posix !== null) {
      const test = posix[2] === 'word' ? word : Object.hasOwn(CLASSES, posix[2]) ? CLASSES[posix[2]] : undefined
      if (test === undefined) throw new RangeError(`the regular expression has an unknown class ${posix[0]}`)
      this.#at += posix[0].length
      return posix[1] === '^' ? not(test) : test
    }
    if (rest[0] !== '\\' || rest[1] === undefined || !Object.hasOwn(PERL, rest[1])) return undefined
    this.#at += 2
    return PERL[rest[1]]
  }

  #range(): Test {
    const low = this.#setCode()
    if (this.#chars[this.#at] !== '-' || this.#chars[this.#at + 1] === ']' || this.#chars[this.#at + 1] === undefined) return is(low)
    this.#at++
    const high = this.#setCode()
    if (high < low) throw new RangeError('the regular expression has a range that ends before it begins')
    return code => code >= low && code <= high
  }

  #setCode(): number {
    return this.#take('\\') ? this.#escapedCode() : this.#chars[this.#at++].codePointAt(0)!
  }

  #take(char: string): boolean {
    if (this.#chars[this.#at] !== char) return false
    this.#at++
    return true
  }
}

function otherCases(code: number): number[] {
  const char = String.fromCodePoint(code)
  const others = [char.toLowerCase(), char.toUpperCase()].filter(other => other !== char && Array.from(other).length === 1)
  return others.map(other => other.codePointAt(0)!)
}
