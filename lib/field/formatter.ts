import type { BufferFormat } from '../event/buffertext.js'
import type { Event } from '../event/event.js'
import { closeString, openString } from '../event/jsonstring.js'
import type { TextBuffer } from '../event/textbuffer.js'
import { textSource, unrolled } from '../event/unrolled.js'
import type { Table, Value } from './field.js'
import { type FieldPiece, parseFormat, type Piece } from './formatsyntax.js'
import { type Printing, setPrinting, type TimeFormat } from './printing.js'
import type { BoundField } from './registry.js'
import { writeValue, writeValueJson } from './value.js'

/** sysdig's line, and that with containers (-pc). */
export const DEFAULT_FORMAT =
  '*%evt.num %evt.outputtime %evt.cpu %proc.name (%thread.tid) %evt.dir %evt.type %evt.info'
export const CONTAINER_FORMAT =
  '*%evt.num %evt.outputtime %evt.cpu %container.name (%container.id) %proc.name (%thread.tid:%thread.vtid) %evt.dir %evt.type %evt.info'

export interface FormatOptions {
  /** JSON objects with a member for each field, in the order of their names, in the place of text. */
  json?: boolean
  /** What evt.outputtime shows; 'h', the local time of day, by default. */
  time?: TimeFormat
  /** How data is shown; 'dots' by default. */
  buffers?: BufferFormat
  /** Data is not cut after 80 characters. In JSON it never is. */
  whole?: boolean
}

/** Adds the line of an event to `out`, without a newline; false, and nothing added, where it is to be left out. */
export interface Formatter {
  (out: TextBuffer, ev: Event): boolean
  /** The fields that occur in it. */
  readonly fields: readonly BoundField[]
  /** What of the state has to be kept for it. */
  readonly needs: ReadonlySet<Table>
}

/** Adds a field; false, and nothing added, where it has no value. */
type Part = (out: TextBuffer, ev: Event) => boolean

/**
 * A format in sysdig's language: text, %field, %field[argument], %12field for exactly twelve bytes, %tolower(field). Where
 * a field has no value the line is left out, but if the format begins with *: then it says <NA> there, in JSON null.
 * Throws ERR_CAPTURE_FILTER, with the position, where it cannot be understood.
 */
export function compileFormat(text: string, options: FormatOptions = {}): Formatter {
  const { json = false, time = 'h', buffers = 'dots', whole = json } = options
  const { showsMissing, pieces } = parseFormat(text)
  const printing: Printing = { time, buffers: { format: buffers, whole } }
  const line = json ? jsonLine(pieces, showsMissing) : textLine(pieces, showsMissing)
  const fields = pieces.flatMap((piece) => (typeof piece === 'string' ? [] : [piece.field]))
  const format = (out: TextBuffer, ev: Event) => {
    setPrinting(printing)
    return line(out, ev)
  }
  return Object.assign(format, { fields, needs: needsOf(fields, time) })
}

function needsOf(fields: readonly BoundField[], time: TimeFormat): ReadonlySet<Table> {
  const needs = new Set(fields.flatMap(({ field }) => field.needs ?? []))
  if ((time === 'r' || time === 'd') && fields.some(({ field }) => field.name === 'evt.outputtime')) {
    needs.add('thread')
    if (time === 'd') needs.add('call')
  }
  return needs
}

// Lines of text.

const MISSING = '<NA>'

function textLine(pieces: readonly Piece[], showsMissing: boolean): Part {
  const parts = pieces.map((piece): string | Part => {
    if (typeof piece === 'string') return piece
    return piece.width === 0 ? textPart(piece) : ofWidth(textPart(piece), piece.width, showsMissing)
  })
  return unrolledLine(parts, showsMissing) ?? loopedLine(parts, showsMissing)
}

/** All are asked for, whether the line is left out or not: some look at the time since they were asked last. */
function loopedLine(parts: readonly (string | Part)[], showsMissing: boolean): Part {
  return (out, ev) => {
    const start = out.length
    let isWhole = true
    for (const part of parts) {
      if (typeof part === 'string') out.text(part)
      else if (!part(out, ev)) {
        if (showsMissing) out.text(MISSING)
        else isWhole = false
      }
    }
    if (!isWhole) out.length = start
    return isWhole
  }
}

/** The same without the loop. */
function unrolledLine(parts: readonly (string | Part)[], showsMissing: boolean): Part | undefined {
  const calls = parts.map((part, i) => {
    if (typeof part === 'string') return textSource(part)
    return showsMissing ? `if (!p${i}(out, ev)) ${textSource(MISSING)}` : `if (!p${i}(out, ev)) isWhole = false`
  })
  const source = showsMissing ? [...calls, 'return true']
    : ['const start = out.length', 'let isWhole = true', ...calls, 'if (!isWhole) out.length = start', 'return isWhole']
  return unrolled<Part>(['out', 'ev'], source.join('\n'), Object.fromEntries(parts.map((part, i) => [`p${i}`, part])))
}

function orMissing(part: Part): Part {
  return (out, ev) => {
    if (!part(out, ev)) out.text(MISSING)
    return true
  }
}

/** A field as text. */
function textPart(piece: FieldPiece): Part {
  const { field, transform } = piece
  if (transform === undefined && field.write !== undefined) return field.write.bind(field)
  const get = valueOf(piece)
  const type = transform?.type ?? field.type ?? field.field.type
  const format = field.format ?? field.field.format
  return (out, ev) => {
    const value = get(ev)
    if (value === undefined) return false
    writeValue(out, value, type, format)
    return true
  }
}

function valueOf({ field, transform }: FieldPiece): (ev: Event) => Value | undefined {
  if (transform === undefined) return (ev) => field.get(ev)
  const { apply, applyAll } = transform.by
  if (field.field.list && applyAll !== undefined) {
    return (ev) => {
      const values = field.all?.(ev)
      return values && applyAll(values)
    }
  }
  return (ev) => {
    const value = field.get(ev)
    return value === undefined ? undefined : apply(value)
  }
}

const BLANK = 0x20

/** Cut, or filled with blanks, to `width` bytes; "<NA>" as well, where that is shown. */
function ofWidth(part: Part, width: number, showsMissing: boolean): Part {
  const whole = showsMissing ? orMissing(part) : part
  return (out, ev) => {
    const start = out.length
    if (!whole(out, ev)) return false
    const end = start + width
    if (out.length > end) {
      out.length = end
      return true
    }
    out.reserve(end - out.length)
    while (out.length < end) out.byte(BLANK)
    return true
  }
}

// Objects.

function jsonLine(pieces: readonly Piece[], showsMissing: boolean): Part {
  const members = new Map<string, Part>()
  for (const piece of pieces) if (typeof piece !== 'string') members.set(piece.key, jsonPart(piece))
  const keys = [...members.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
  const parts = keys.map((key, i) => ({ label: `${i === 0 ? '{' : ','}${JSON.stringify(key)}:`, part: members.get(key)! }))
  const empty = parts.length === 0 ? 'null' : '}'
  return (out, ev) => {
    const start = out.length
    let isWhole = true
    for (let i = 0; i < parts.length; i++) {
      out.text(parts[i].label)
      if (parts[i].part(out, ev)) continue
      isWhole = false
      out.text('null')
    }
    out.text(empty)
    if (isWhole || showsMissing) return true
    out.length = start
    return false
  }
}

function jsonPart(piece: FieldPiece): Part {
  const { field, transform } = piece
  if (transform === undefined && field.writeJson !== undefined) return (out, ev) => field.writeJson!(out, ev)
  const type = transform?.type ?? field.type ?? field.field.type
  const format = field.format ?? field.field.format
  if (transform === undefined && field.write !== undefined && (type === 'CHARBUF' || type === 'BYTEBUF')) return quoted(textPart(piece))
  const get = valueOf(piece)
  return (out, ev) => {
    const value = get(ev)
    if (value === undefined) return false
    writeValueJson(out, value, type, format)
    return true
  }
}

function quoted(part: Part): Part {
  return (out, ev) => {
    const start = openString(out)
    if (!part(out, ev)) {
      out.length = start - 1
      return false
    }
    closeString(out, start)
    return true
  }
}
