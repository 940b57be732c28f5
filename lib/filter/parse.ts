/**
 * The filter language: that of libsinsp since 0.7, and whatever sysdig 0.29 and older take beside it.
 *
 *     filter    = alternative ('or' alternative)*
 *     alternative = negation ('and' negation)*          and/or: a blank or '(' follows
 *     negation  = 'not'* primary
 *     primary   = '(' filter ')' | check
 *     check     = term 'exists' | term operator (value | right) | term listoperator ('(' value (',' value)* ')' | right)
 *     term      = name ('[' argument ']')? | transformer '(' term ')'
 *     right     = 'val' '(' name … ')' | transformer '(' term ')'
 *     value     = quoted | word
 *
 * Where the two grammars contradict each other the newer one holds:
 *  - `==` is `=`; to sysdig 0.29 it is `=` and a value that begins with `=`
 *  - `and` binds closer than `or`; 0.29 refuses to mix them without brackets
 *  - `not not x` is x; to 0.29 it is `not x`
 *  - a quoted value ends at the quote it began with; to 0.29 at either
 *  - in quotes, `\b \f \n \r \t \/ \'` are escapes, and others are errors; 0.29 takes them literally
 *  - a backslash in a word without quotes is a backslash; 0.29 makes `\\` and `\"` one character
 *  - an empty filter, an empty list and a value that is missing are errors; 0.29 takes them for '' where it can
 * From the older one come: `\xHH` in quotes and in words, `=` and quotes inside of words, a comma in a word outside of lists,
 * any value after `<` and `>`, no blank before a quoted or bracketed operand, arguments behind a dot: `evt.arg.name`.
 */
import type { Operator } from '../field/field.js'
import { nearestName } from '../field/nearest.js'
import type { Check, Expression, Filter, Literal, Span, Term } from './ast.js'
import { listed } from './error.js'
import { ALIASES, LIST_OPERATORS, OPERATORS } from './operators.js'
import { Scanner } from './scanner.js'
import { TRANSFORMERS } from './transform.js'

/** Longest filter, in characters. */
export const MAX_LENGTH = 65_536
/** How deep brackets and transformers may be nested. */
export const MAX_DEPTH = 100

const SYMBOL = /[=!<>~&|]+/y
/** How others write these. */
const KEYWORDS: Readonly<Record<string, string>> = {
  AND: 'and', '&&': 'and', '&': 'and', OR: 'or', '||': 'or', '|': 'or', NOT: 'not', '!': 'not',
}

const QUOTES = 'a value with brackets in it needs quotes'

/** Reads a filter. Whether its fields exist is for `compile` to say. @throws FilterError */
export function parse(text: string): Filter {
  return new Parser(text).parse()
}

class Parser {
  readonly #scan: Scanner
  #depth = 0

  constructor(text: string) {
    this.#scan = new Scanner(text)
  }

  parse(): Filter {
    const scan: Scanner = this.#scan
    const { text } = scan
    if (text.length > MAX_LENGTH) {
      scan.fail({ start: MAX_LENGTH, end: MAX_LENGTH + 1 }, `a filter has at most ${MAX_LENGTH} characters, this one ${text.length}`, {
        hint: 'put what is compared with into one list: field in (a, b, c)',
      })
    }
    scan.blanks()
    if (scan.atEnd) {
      const hint = 'for example evt.type=open; without a filter, leave it out'
      scan.fail({ start: scan.at, end: scan.at }, 'the filter is empty', { expected: ['a field'], hint })
    }
    const root = this.#any()
    if (!scan.atEnd) this.#unexpected(['and', 'or', 'the end'])
    return { text, root }
  }

  #any(): Expression {
    return this.#chain('or', () => this.#all())
  }

  #all(): Expression {
    return this.#chain('and', () => this.#negation())
  }

  #chain(kind: 'and' | 'or', next: () => Expression): Expression {
    const terms = [next()]
    while (this.#keyword(kind)) terms.push(next())
    return terms.length === 1 ? terms[0] : { kind, terms, start: terms[0].start, end: terms[terms.length - 1].end }
  }

  #negation(): Expression {
    const scan: Scanner = this.#scan
    scan.blanks()
    const start = scan.at
    let negated = false
    while (this.#keyword('not')) negated = !negated
    const term = this.#primary()
    return negated ? { kind: 'not', term, start, end: term.end } : term
  }

  /** Takes the word, and the blanks around it. */
  #keyword(word: 'and' | 'or' | 'not'): boolean {
    const scan: Scanner = this.#scan
    scan.blanks()
    if (scan.peekWord() !== word) return false
    const { at } = scan
    scan.at += word.length
    if (!scan.blanks() && !scan.text.startsWith('(', scan.at)) {
      // A field may be called like that.
      if (word === 'not' && !scan.atEnd) {
        scan.at = at
        return false
      }
      scan.fail(scan.here(), `'${word}' stands alone`, { expected: ['a blank', '('] })
    }
    return true
  }

  #primary(): Expression {
    const scan: Scanner = this.#scan
    scan.blanks()
    const start = scan.at
    if (!scan.take('(')) return this.#check()
    const inner = this.#nested(start, () => this.#any())
    scan.blanks()
    if (!scan.take(')')) {
      if (scan.atEnd) scan.fail({ start, end: start + 1 }, 'the bracket is not closed', { expected: [')'] })
      this.#unexpected(['and', 'or', ')'])
    }
    return inner
  }

  #check(): Check {
    const scan: Scanner = this.#scan
    const left = this.#term()
    scan.blanks()
    const operatorAt = scan.at
    const operator = this.#operator()
    const at = { start: operatorAt, end: scan.at }
    scan.blanks()
    const right = operator === 'exists' ? undefined : this.#right()
    const operands = operator === 'exists' || right !== undefined ? [] : this.#operands(operator)
    const end = operator === 'exists' ? at.end : scan.at
    const check = { kind: 'check', left, operator, operatorAt: at, operands, start: left.start, end } as const
    return right === undefined ? check : { ...check, right }
  }

  #term(): Term {
    const scan: Scanner = this.#scan
    const start = scan.at
    const name = scan.name()
    if (name === '' || name === 'and' || name === 'or') {
      const expected = ['a field', '(', 'not']
      if (name === '' && scan.atEnd) scan.fail(scan.here(), 'the filter ends where a field should stand', { expected })
      const symbol = name || this.#symbol()
      scan.fail({ start, end: start + Math.max(1, symbol.length) }, `a field should stand here, not ${symbol || scan.text[start]}`, {
        expected,
        suggestion: KEYWORDS[symbol],
      })
    }
    if (scan.take('[')) {
      const arg = scan.bracketed()
      return { kind: 'field', name, arg, start, end: scan.at }
    }
    const end = scan.at
    if (!name.includes('.')) {
      scan.blanks()
      if (scan.take('(')) return this.#transform(name, start)
      scan.at = end
    }
    return { kind: 'field', name, start, end }
  }

  /** `name(` is taken. */
  #transform(name: string, start: number): Term {
    const scan: Scanner = this.#scan
    if (!TRANSFORMERS.has(name)) {
      const problem = name === 'val' ? 'val() is for the right side of a comparison' : `there is no transformer ${name}`
      scan.fail({ start, end: start + name.length }, problem, {
        expected: [...TRANSFORMERS.keys()],
        suggestion: name === 'and' || name === 'or' ? undefined : nearestName(name, [...TRANSFORMERS.keys(), 'not']),
      })
    }
    const of = this.#nested(start, () => {
      scan.blanks()
      return this.#term()
    })
    scan.blanks()
    if (!scan.take(')')) scan.fail(scan.here(), `${name}( is not closed`, { expected: [')'] })
    return { kind: 'transform', name, of, start, end: scan.at }
  }

  /** A value that comes from the event: val(…) or a transformer. */
  #right(): Term | undefined {
    const scan: Scanner = this.#scan
    const start = scan.at
    const name = scan.peekWord()
    if (name !== 'val' && !TRANSFORMERS.has(name)) return undefined
    scan.at += name.length
    scan.blanks()
    if (!scan.take('(')) {
      scan.at = start
      return undefined
    }
    if (name !== 'val') return this.#transform(name, start)
    scan.blanks()
    const term = this.#term()
    if (term.kind === 'transform') {
      scan.fail(term, 'val() is for a field', { expected: ['a field'], suggestion: scan.text.slice(term.start, term.end) })
    }
    scan.blanks()
    if (!scan.take(')')) scan.fail(scan.here(), 'val( is not closed', { expected: [')'] })
    return term
  }

  #operator(): Operator {
    const scan: Scanner = this.#scan
    if (scan.take('==')) return '='
    const word = scan.peekWord()
    const found = OPERATORS.find(each => (word === '' ? scan.text.startsWith(each, scan.at) : word === each))
    if (found !== undefined) {
      scan.at += found.length
      return found
    }
    const written = word || this.#symbol()
    const at: Span = written === '' ? scan.here() : { start: scan.at, end: scan.at + written.length }
    if (scan.atEnd) scan.fail(at, 'the filter ends where an operator should stand', { expected: OPERATORS, suggestion: 'exists' })
    const lower = written.toLowerCase()
    const isKeyword = lower === '' || lower === 'and' || lower === 'or' || lower === 'not'
    const nearest = Object.hasOwn(ALIASES, lower) ? ALIASES[lower] : lower.length > 1 ? nearestName(lower, OPERATORS) : undefined
    scan.fail(at, isKeyword ? 'an operator should stand here' : `there is no operator ${written}`, {
      expected: OPERATORS,
      suggestion: isKeyword ? 'exists' : nearest,
    })
  }

  #operands(operator: Operator): Literal[] {
    return LIST_OPERATORS.has(operator) ? this.#list(operator) : [this.#value(operator)]
  }

  #value(operator: Operator): Literal {
    const scan: Scanner = this.#scan
    if (scan.text[scan.at] === '(') {
      const suggestion = operator === '=' ? 'in' : undefined
      scan.fail(scan.here(), `${operator} takes one value`, {
        expected: ['a value'],
        suggestion,
        hint: suggestion === undefined ? QUOTES : `did you mean in? Else ${QUOTES}`,
      })
    }
    const value = this.#literal(false)
    if (scan.text[scan.at] === '(') {
      const suggestion = `"${scan.text.slice(value.start, scan.at)}(…"`
      scan.fail(scan.here(), QUOTES, { expected: ['and', 'or', 'the end'], suggestion })
    }
    return value
  }

  #list(operator: Operator): Literal[] {
    const scan: Scanner = this.#scan
    const start = scan.at
    if (!scan.take('(')) {
      const word = scan.bare(false)
      scan.fail({ start, end: Math.max(scan.at, Math.min(start + 1, scan.text.length)) }, `${operator} takes a list in brackets`, {
        expected: ['(', 'val('],
        suggestion: word === '' ? undefined : `${operator} (${word})`,
      })
    }
    const values: Literal[] = []
    do {
      scan.blanks()
      if (scan.take(')')) {
        const problem = values.length === 0 ? 'the list is empty' : 'a value is missing after the comma'
        scan.fail({ start, end: scan.at }, problem, { expected: ['a value'] })
      }
      values.push(this.#literal(true))
      scan.blanks()
    } while (scan.take(','))
    if (scan.take(')')) return values
    if (scan.atEnd) scan.fail({ start, end: start + 1 }, 'the list is not closed', { expected: [',', ')'] })
    scan.fail(scan.here(), 'values of a list stand apart by commas', { expected: [',', ')'] })
  }

  #literal(inList: boolean): Literal {
    const scan: Scanner = this.#scan
    const start = scan.at
    const quote = scan.text[start]
    if (quote === '"' || quote === "'") return { text: scan.quoted(), start, end: scan.at }
    const text = scan.bare(inList)
    if (text === '') scan.fail(scan.here(), 'a value is missing', { expected: ['a value'], hint: "the empty text is ''" })
    return { text, start, end: scan.at }
  }

  #nested<T>(start: number, inner: () => T): T {
    if (++this.#depth > MAX_DEPTH) {
      this.#scan.fail({ start, end: start + 1 }, `brackets are nested more than ${MAX_DEPTH} deep`, {
        hint: 'and and or take any number of terms: a or b or c',
      })
    }
    const result = inner()
    this.#depth--
    return result
  }

  #symbol(): string {
    SYMBOL.lastIndex = this.#scan.at
    return SYMBOL.exec(this.#scan.text)?.[0] ?? ''
  }

  #unexpected(expected: readonly string[]): never {
    const scan: Scanner = this.#scan
    scan.blanks()
    const start = scan.at
    if (scan.text[start] === ')') scan.fail(scan.here(), 'this bracket was never opened', { expected })
    const found = scan.peekWord() || this.#symbol() || scan.bare(false)
    const isWord = found.length > 1 && scan.text[start + found.length] !== '.'
    const suggestion = KEYWORDS[found] ?? (isWord ? nearestName(found, ['and', 'or']) : undefined)
    const hint = suggestion === undefined ? `expected ${listed(expected)}; a value with blanks in it needs quotes` : undefined
    scan.fail({ start, end: start + Math.max(1, found.length) }, `the comparison before this is complete`, { expected, suggestion, hint })
  }
}
