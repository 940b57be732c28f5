import { CaptureError } from '../errors.js'
import type { Span } from './ast.js'

export interface Complaint {
  /** What could have stood there instead: tokens, or what they stand for ("a value"). */
  readonly expected?: readonly string[]
  /** What was most likely meant. */
  readonly suggestion?: string
  /** What to do; by default made of the suggestion or of what was expected. */
  readonly hint?: string
}

/** A filter that cannot be used: ERR_CAPTURE_FILTER, and where it went wrong. Its message shows the place. */
export class FilterError extends CaptureError {
  /** Offset in the filter's text, in UTF-16 units: 0 … its length. */
  readonly position: number
  readonly expected: readonly string[]
  readonly suggestion: string | undefined

  constructor(text: string, at: Span, problem: string, { expected = [], suggestion, hint }: Complaint = {}) {
    super('ERR_CAPTURE_FILTER', `${problem}\n${excerpt(text, at)}`, hint ?? advice(expected, suggestion))
    this.position = at.start
    this.expected = expected
    this.suggestion = suggestion
  }
}

function advice(expected: readonly string[], suggestion: string | undefined): string {
  if (suggestion !== undefined) return `did you mean ${suggestion}?`
  return expected.length > 0 ? `expected ${listed(expected)}` : 'see `sysring fields` for what can be compared'
}

/** "a, b or c"; punctuation in quotes. */
export function listed(tokens: readonly string[]): string {
  const shown = tokens.map(token => (/\w/.test(token) ? token : `'${token}'`))
  return shown.length === 1 ? shown[0] : `${shown.slice(0, -1).join(', ')} or ${shown[shown.length - 1]}`
}

/** Characters of a long filter that are shown on each side of the place. */
const CONTEXT = 60

/** The line with the place, and under it a caret. */
function excerpt(text: string, { start, end }: Span): string {
  const from = start > CONTEXT ? start - CONTEXT : 0
  const to = Math.min(text.length, Math.max(end, start) + CONTEXT, start + 2 * CONTEXT)
  const before = from > 0 ? '…' : ''
  const line = before + oneLine(text.slice(from, to)) + (to < text.length ? '…' : '')
  const marks = Math.max(1, Math.min(end, to) - start)
  return `  ${line}\n  ${' '.repeat(before.length + start - from)}^${'~'.repeat(marks - 1)}`
}

/** One column for each character, whatever it is. */
function oneLine(text: string): string {
  return text.replace(/[\x00-\x1f\x7f]/g, ' ')
}
