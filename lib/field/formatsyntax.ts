import { CaptureError, isCaptureError } from '../errors.js'
import { type Transformer, TRANSFORMERS } from '../filter/transform.js'
import type { ValueType } from './field.js'
import { type BoundField, bound, fieldAt, noSuchField } from './registry.js'

/** A piece of a format: text as it stands there, or a field. */
export type Piece = string | FieldPiece

export interface FieldPiece {
  readonly field: BoundField
  /** As it stands in the format, for JSON. */
  readonly key: string
  /** Bytes that it takes, exactly; 0 for as many as it has. */
  readonly width: number
  readonly transform: Transform | undefined
}

/** What the field's value is put through, and the type that comes of it. */
export interface Transform {
  readonly by: Transformer
  readonly type: ValueType
}

export interface ParsedFormat {
  /** A field without a value does not leave the line out. */
  readonly showsMissing: boolean
  readonly pieces: readonly Piece[]
}

const WIDTH = /\d+/y
const TRANSFORMER = /([a-z]\w*)\(\s*/y
const CLOSING = /\s*\)/y

/** Takes a format apart. Throws ERR_CAPTURE_FILTER, with the position, where it cannot be understood. */
export function parseFormat(text: string): ParsedFormat {
  if (text === '') throw new CaptureError('ERR_CAPTURE_FILTER', 'The format is empty', 'Say what to print: "%evt.num %evt.type".')
  const showsMissing = text.startsWith('*')
  const pieces: Piece[] = []
  let at = showsMissing ? 1 : 0
  while (at < text.length) {
    const percent = text.indexOf('%', at)
    if (percent !== at) pieces.push(text.slice(at, percent < 0 ? text.length : percent))
    if (percent < 0) break
    const { piece, end } = parseField(text, percent + 1)
    pieces.push(piece)
    at = end
  }
  return { showsMissing, pieces }
}

function parseField(text: string, start: number): { piece: Piece; end: number } {
  const digits = match(WIDTH, text, start)
  const begin = digits?.end ?? start
  const call = match(TRANSFORMER, text, begin)
  const nameAt = call?.end ?? begin
  if (nameAt === text.length) {
    throw syntaxError(start - 1, 'nothing follows the %', 'A % begins a field: %evt.num. It cannot be printed itself.')
  }
  const found = fieldAt(text, nameAt)
  if (found === undefined) {
    const name = /^[^\s%()]*/.exec(text.slice(nameAt))![0]
    const { message, hint } = noSuchField(name)
    throw syntaxError(nameAt, message, hint)
  }
  if (found.field.filterOnly) {
    throw syntaxError(nameAt, `${found.field.name} has nothing to print`, 'It can be used in filters only.')
  }
  const end = call === undefined ? found.end : match(CLOSING, text, found.end)?.end
  if (end === undefined) {
    throw syntaxError(found.end, 'the bracket after the field is not closed', `Write %${call!.groups[1]}(${found.field.name}).`)
  }
  const field = boundAt(found, nameAt)
  const transform = call && transformAt(call.groups[1], field, begin)
  return { piece: { field, key: text.slice(begin, end), width: Number(digits?.groups[0] ?? 0), transform }, end }
}

function transformAt(name: string, { field, type = field.type }: BoundField, at: number): Transform {
  const by = TRANSFORMERS.get(name)
  if (by === undefined) throw syntaxError(at, `there is no ${name}()`, `There are ${[...TRANSFORMERS.keys()].join(', ')}.`)
  const result = by.type(type, field.list === true)
  if (result === undefined) throw syntaxError(at, `${name}() cannot be applied to ${field.name}`, field.doc)
  return { by, type: result }
}

function boundAt(found: Parameters<typeof bound>[0], at: number): BoundField {
  try {
    return bound(found)
  } catch (error) {
    throw isCaptureError(error) ? syntaxError(at, error.message, error.hint) : error
  }
}

/** `at` counts from 0, people count from 1. */
function syntaxError(at: number, message: string, hint: string): CaptureError {
  return new CaptureError('ERR_CAPTURE_FILTER', `Format, position ${at + 1}: ${message}`, hint)
}

function match(pattern: RegExp, text: string, at: number): { groups: RegExpExecArray; end: number } | undefined {
  pattern.lastIndex = at
  const groups = pattern.exec(text)
  return groups === null ? undefined : { groups, end: pattern.lastIndex }
}
