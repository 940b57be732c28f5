import type { Event } from './event.js'
import { type Names, NO_NAMES, type ParamText, paramText } from './paramtext.js'
import { hasLargeLengths } from './record.js'
import { EVENT_COUNT, eventInfo } from './table.js'
import { TextBuffer } from './textbuffer.js'
import { textSource, unrolled } from './unrolled.js'

export type { Names } from './paramtext.js'
export { TextBuffer } from './textbuffer.js'

/*
 * Parameters as sysdig prints them. Without `names` the text is what sysdig says when it knows nothing about the
 * thread and its fds. It is that of sysdig 0.29.3, except that parameters which are too new for it are shown as well.
 */

interface NamedParamText extends ParamText {
  /** "fd=" */
  readonly prefix: string
  /** The same in records of fewer than `renamedAt` parameters. */
  readonly oldPrefix: string
  readonly renamedAt: number
  readonly empty: string
}

const texts: (readonly NamedParamText[] | undefined)[] = new Array(EVENT_COUNT).fill(undefined)
const NO_PARAMS: readonly NamedParamText[] = []

/** How the parameters of an event type become text; put together when the first event of the type is printed. */
function paramTexts(type: number): readonly NamedParamText[] {
  return type < EVENT_COUNT ? (texts[type] ??= compile(type)) : NO_PARAMS
}

function compile(type: number): readonly NamedParamText[] {
  const info = eventInfo(type)!
  // What is `vpgid` today was `pgid` until another parameter, far behind it, got that name.
  const pgid = info.params.findIndex((param) => param.name === 'pgid')
  return info.params.map((param) => {
    const prefix = `${param.name}=`
    const renamed = param.name === 'vpgid' ? { oldPrefix: 'pgid=', renamedAt: pgid + 1 } : { oldPrefix: prefix, renamedAt: 0 }
    return { prefix, ...renamed, empty: '', ...paramText(info, param) }
  })
}

/**
 * All parameters as %evt.args: "fd=-2(ENOENT) name=/tmp/x ", with a blank after the last one as well. Nothing for
 * generic events, whose only parameter is the name of the event.
 */
export function argsText(ev: Event, names: Names = NO_NAMES): string {
  return textOf((out) => writeArgs(out, ev, names))
}

const BLANK = 0x20
const OPENING = 0x28
const CLOSING = 0x29

type WriteArgs = (out: TextBuffer, ev: Event, names: Names) => void

/** How the first so many parameters of a type are written, by type and their number. */
const writers = new Map<number, WriteArgs>()

/** Adds `argsText(ev)` to `out`, with the bytes of the record's strings as they are. */
export function writeArgs(out: TextBuffer, ev: Event, names: Names = NO_NAMES): void {
  const type = ev.type
  if (type < 2) return
  const params = paramTexts(type)
  const count = Math.min(params.length, ev.nparams)
  if (count === 0) return
  const key = type * MAX_COUNT + count
  let write = writers.get(key)
  if (write === undefined) writers.set(key, (write = unrolledArgs(type, params, count) ?? loopedArgs(params, count)))
  write(out, ev, names)
}

/** More parameters no event has. */
const MAX_COUNT = 64

function loopedArgs(params: readonly NamedParamText[], count: number): WriteArgs {
  return (out, ev, names) => {
    let at = ev._paramAt(0)
    for (let i = 0; i < count; i++) {
      const param = params[i]
      const length = ev._paramLength(i)
      out.text(prefixOf(param, count))
      writeValue(out, param, ev, at, length, names)
      out.text(' ')
      at += length
    }
  }
}

function prefixOf({ prefix, oldPrefix, renamedAt }: NamedParamText, count: number): string {
  return count < renamedAt ? oldPrefix : prefix
}

/** The same without the loop: the functions for each parameter are called where nothing else is. */
function unrolledArgs(type: number, params: readonly NamedParamText[], count: number): WriteArgs | undefined {
  if (hasLargeLengths(type)) return undefined
  const constants: Record<string, unknown> = {}
  const steps = params.slice(0, count).map((param, i) => {
    const { raw, writeResolved, resolve, empty } = param
    Object.assign(constants, { [`raw${i}`]: raw, [`resolve${i}`]: writeResolved ?? resolve })
    const inParentheses = writeResolved !== undefined
      ? `out.reserve(0); out.byte(${OPENING}); if (resolve${i}(out, ev, at, length, names)) out.byte(${CLOSING}); else out.length--`
      : resolve === undefined ? ''
      : `const text = resolve${i}(ev, at, length, names); if (text !== undefined) { out.byte(${OPENING}); out.text(text); out.byte(${CLOSING}) }`
    // The blank behind a parameter goes with the name of the next.
    return `${textSource((i === 0 ? '' : ' ') + prefixOf(param, count))}
      length = view.getUint16(lengths + ${2 * i}, true)
      if (length === 0) ${empty === '' ? '{}' : textSource(empty)} else { raw${i}(out, ev, at, length, names); ${inParentheses} }
      at += length`
  })
  const source = `const view = ev._view, lengths = ev._at + ev._header
    let at = lengths + 2 * ev.nparams, length = 0
    ${steps.join('\n')}
    out.byte(${BLANK})`
  return unrolled<WriteArgs>(['out', 'ev', 'names'], source, constants)
}

function writeValue(out: TextBuffer, param: NamedParamText, ev: Event, at: number, length: number, names: Names): void {
  if (length === 0) return out.text(param.empty)
  param.raw(out, ev, at, length, names)
  if (param.writeResolved !== undefined) {
    out.reserve(0)
    out.byte(OPENING)
    if (param.writeResolved(out, ev, at, length, names)) out.byte(CLOSING)
    else out.length--
    return
  }
  if (param.resolve === undefined) return
  const resolved = param.resolve(ev, at, length, names)
  if (resolved === undefined) return
  out.byte(OPENING)
  out.text(resolved)
  out.byte(CLOSING)
}

/** One parameter as in `argsText`, without its name: "-2(ENOENT)"; undefined if the record does not have it. */
export function argText(ev: Event, index: number, names: Names = NO_NAMES): string | undefined {
  const param = paramOf(ev, index)
  return param && textOf((out) => writeValue(out, param, ev, ev._paramAt(index), ev._paramLength(index), names))
}

/** The value itself, as %evt.rawarg: "-2"; a buffer only up to its first NUL and with nothing taken out. */
export function rawArgText(ev: Event, index: number): string | undefined {
  const param = paramOf(ev, index)
  if (param === undefined) return undefined
  const length = ev._paramLength(index)
  if (length === 0) return param.empty
  return textOf((out) => (param.exact ?? param.raw)(out, ev, ev._paramAt(index), length, NO_NAMES))
}

/** What the value stands for, as %evt.arg: "ENOENT"; where there is no such thing, the value. */
export function resolvedArgText(ev: Event, index: number, names: Names = NO_NAMES): string | undefined {
  const param = paramOf(ev, index)
  if (param === undefined) return undefined
  const at = ev._paramAt(index)
  const length = ev._paramLength(index)
  if (length === 0) return param.empty
  return param.resolve?.(ev, at, length, names) ?? textOf((out) => param.raw(out, ev, at, length, names))
}

/** Adds `resolvedArgText(ev)`; false, and nothing added, if the record does not have the parameter. */
export function writeResolvedArg(out: TextBuffer, ev: Event, index: number, names: Names = NO_NAMES): boolean {
  const param = paramOf(ev, index)
  if (param === undefined) return false
  const at = ev._paramAt(index)
  const length = ev._paramLength(index)
  if (length === 0) {
    out.text(param.empty)
    return true
  }
  const resolved = param.resolve?.(ev, at, length, names)
  if (resolved !== undefined) out.text(resolved)
  else param.raw(out, ev, at, length, names)
  return true
}

/** Adds the parameter as it is written without a name for it, "-2"; a buffer as buffers are shown. */
export function writePlainArg(out: TextBuffer, ev: Event, index: number): boolean {
  const param = paramOf(ev, index)
  if (param === undefined) return false
  const length = ev._paramLength(index)
  if (length === 0) out.text(param.empty)
  else param.raw(out, ev, ev._paramAt(index), length, NO_NAMES)
  return true
}

function paramOf(ev: Event, index: number): NamedParamText | undefined {
  return index >= 0 && index < ev.nparams ? paramTexts(ev.type)[index] : undefined
}

const scratch = new TextBuffer()

/** What `write` adds, as a string. Writers may call each other: each takes out what is its own. */
export function textOf(write: (out: TextBuffer) => void): string {
  const start = scratch.length
  try {
    scratch.reserve(0)
    write(scratch)
    return scratch.take(start)
  } finally {
    scratch.length = start
  }
}
