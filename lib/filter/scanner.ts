import type { Span } from './ast.js'
import { type Complaint, FilterError } from './error.js'
import { textOfBytes } from './literal.js'

const NAME = /[A-Za-z_][\w.\-/]*/y
const WORD = /[A-Za-z_]\w*/y
const BLANKS = /[ \t\b\r\n]*/y
/** Up to a blank or a bracket; in lists also up to a comma. */
const BARE = /[^ \t\b\r\n()]+/y
const BARE_IN_LIST = /[^ \t\b\r\n(),]+/y
const BRACKETED = /[^ \t\b\r\n[\]"']+/y
const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', '\\': '\\', '/': '/' }
const HEX = /\\x([0-9A-Fa-f]{2})/y

/** Reads a filter's tokens. Which token may stand where is up to the parser, since a value can look like anything. */
export class Scanner {
  readonly text: string
  /** Offset of what is read next. */
  at = 0

  constructor(text: string) {
    this.text = text
  }

  get atEnd(): boolean {
    return this.at >= this.text.length
  }

  /** Skips blanks; were there any? */
  blanks(): boolean {
    return this.#match(BLANKS) !== ''
  }

  /** Takes `token` if it stands here. */
  take(token: string): boolean {
    if (!this.text.startsWith(token, this.at)) return false
    this.at += token.length
    return true
  }

  /** A field's name, '' if there is none. */
  name(): string {
    return this.#match(NAME)
  }

  /** What a keyword or an operator would be, without taking it. */
  peekWord(): string {
    const { at } = this
    const word = this.#match(WORD)
    this.at = at
    return word
  }

  /** The argument in brackets behind a field, the opening one taken. */
  bracketed(): string {
    const quote = this.text[this.at]
    const arg = quote === '"' || quote === "'" ? this.quoted() : this.#match(BRACKETED)
    if (arg === '' && quote !== '"' && quote !== "'") {
      this.fail(this.here(), 'the argument between the brackets is missing', { expected: ['an argument'] })
    }
    if (!this.take(']')) this.fail(this.here(), 'the argument is not closed', { expected: [']'] })
    return arg
  }

  /** A word without quotes, '' if there is none. Only `\xHH` is special in it. */
  bare(inList: boolean): string {
    const word = this.#match(inList ? BARE_IN_LIST : BARE)
    return word.includes('\\x') ? this.#bytes(word) : word
  }

  /** What is between quotes, the first of which stands here. */
  quoted(): string {
    const { text } = this
    const start = this.at
    const quote = text[start]
    let out = ''
    let from = ++this.at
    for (;;) {
      const char = text[this.at]
      if (char === undefined) this.fail({ start, end: text.length }, `the ${quote} is not closed`, { expected: [quote] })
      if (char === quote) break
      if (char !== '\\') {
        this.at++
        continue
      }
      out += text.slice(from, this.at) + this.#escape(quote)
      from = this.at
    }
    out += text.slice(from, this.at++)
    return out
  }

  here(): Span {
    return { start: this.at, end: Math.min(this.at + 1, this.text.length) }
  }

  fail(at: Span, problem: string, complaint?: Complaint): never {
    throw new FilterError(this.text, at, problem, complaint)
  }

  #escape(quote: string): string {
    const bytes = this.#hexRun()
    if (bytes.length > 0) return textOfBytes(bytes)
    const char = this.text[this.at + 1]
    const meant = char === quote ? quote : char === undefined ? undefined : Object.hasOwn(ESCAPES, char) ? ESCAPES[char] : undefined
    if (meant === undefined) {
      const end = Math.min(this.at + 2, this.text.length)
      this.fail({ start: this.at, end }, `there is no escape ${this.text.slice(this.at, end)}`, {
        expected: [`\\${quote}`, '\\\\', '\\/', '\\b', '\\f', '\\n', '\\r', '\\t', '\\xHH'],
        suggestion: char === undefined ? '\\\\' : `\\\\${char}`,
      })
    }
    this.at += 2
    return meant
  }

  /** Bytes of all the `\xHH` that stand here. */
  #hexRun(): number[] {
    const bytes: number[] = []
    for (HEX.lastIndex = this.at; ; ) {
      const match = HEX.exec(this.text)
      if (match === null) return bytes
      bytes.push(Number.parseInt(match[1], 16))
      this.at = HEX.lastIndex
    }
  }

  #bytes(word: string): string {
    return word.replace(/(?:\\x[0-9A-Fa-f]{2})+/g, run => textOfBytes([...Buffer.from(run.replaceAll('\\x', ''), 'hex')]))
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.at
    const match = pattern.exec(this.text)
    if (match === null) return ''
    this.at = pattern.lastIndex
    return match[0]
  }
}
