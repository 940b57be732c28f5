import { numberAt } from '../event/decode.js'
import type { Event } from '../event/event.js'
import { infoText } from '../event/line.js'
import { PACKET } from '../event/record.js'
import { EVENT_COUNT, eventInfo, type ParamInfo } from '../event/table.js'
import { rawArgText, resolvedArgText, textOf, writeArgs, writeResolvedArg } from '../event/text.js'
import type { TextBuffer } from '../event/textbuffer.js'
import { STATE_NAMES } from '../state/names.js'
import { define } from './define.js'
import type { Extractor, Field, Table, Value, ValueType } from './field.js'
import { Param } from './param.js'
import { syslogMessage } from './syslogmessage.js'

const NEEDS: readonly Table[] = ['thread', 'fd', 'user']

function writeAllArgs(out: TextBuffer, ev: Event): true {
  if (ev.type === PACKET) out.text(infoText(ev))
  else writeArgs(out, ev, STATE_NAMES)
  return true
}

/** Of a message to the system's log what it says; of everything else the arguments. */
function writeInfo(out: TextBuffer, ev: Event): true {
  const message = ev._fd === undefined ? undefined : syslogMessage(ev)
  if (message === undefined) return writeAllArgs(out, ev)
  out.text(`syslog sev=${message.severityName} msg=${message.text}`)
  return true
}

/** What the argument of evt.arg stands for: the number of a parameter, or its name in some event. */
function parameter(arg: string | undefined): (ev: Event) => number {
  const text = arg ?? ''
  if (/^\d+$/.test(text)) {
    const index = Number(text)
    return () => index
  }
  const named = new Param(infoOf(text).name)
  return (ev) => named.indexIn(ev)
}

/** The first parameter of this name in the table: it says what type those of this name have. */
function infoOf(name: string): ParamInfo {
  for (let code = 0; code < EVENT_COUNT; code++) {
    const info = eventInfo(code)?.params.find((param) => param.name === name)
    if (info !== undefined) return info
  }
  throw new RangeError(`no event has an argument ${name}`)
}

const ARG: Field = {
  name: 'evt.arg',
  type: 'CHARBUF',
  doc: 'One argument by name or number, evt.arg.fd or evt.arg[0]: what the number stands for where that is known, else the number.',
  arg: 'required',
  needs: NEEDS,
  bind: (arg): Extractor => {
    const index = parameter(arg)
    return {
      get: (ev) => resolvedArgText(ev, index(ev), STATE_NAMES),
      write: (out, ev) => writeResolvedArg(out, ev, index(ev), STATE_NAMES),
    }
  },
}

const RAW_ARG: Field = {
  name: 'evt.rawarg',
  type: 'DYN',
  doc: 'One argument by name, as it is in the record: evt.rawarg.res, evt.rawarg.flags.',
  arg: 'required',
  bind: (arg): Extractor => {
    if (/^\d/.test(arg ?? '')) throw new RangeError('a raw argument has to be named, since its type depends on that')
    const index = parameter(arg)
    const type = rawType(infoOf(arg ?? '').type)
    return { type, get: (ev) => rawValue(ev, index(ev)) }
  },
}

/** What a parameter's type is where only its bits count. */
function rawType(type: string): ValueType {
  const flags = /^(?:ENUM)?FLAGS(\d+)$/.exec(type)
  if (flags !== null) return `UINT${flags[1]}` as ValueType
  return RAW_TYPES[type] ?? (/^U?INT(8|16|32|64)$/.test(type) ? (type as ValueType) : 'CHARBUF')
}

const RAW_TYPES: Readonly<Record<string, ValueType>> = {
  ERRNO: 'INT64', FD: 'INT64', PID: 'INT64', UID: 'UINT32', GID: 'UINT32', MODE: 'UINT32', SIGTYPE: 'UINT8', SYSCALLID: 'UINT16',
  L4PROTO: 'UINT8', SOCKFAMILY: 'UINT8', SIGSET: 'UINT32', RELTIME: 'RELTIME', ABSTIME: 'ABSTIME', PORT: 'PORT',
  BOOL: 'BOOL', DOUBLE: 'DOUBLE', BYTEBUF: 'BYTEBUF',
}

function rawValue(ev: Event, index: number): Value | undefined {
  if (index < 0 || index >= ev.nparams) return undefined
  const type = rawType(eventInfo(ev.type)!.params[index].type)
  const at = ev._paramAt(index)
  const length = ev._paramLength(index)
  if (type === 'BYTEBUF') return ev._memory.subarray(at, at + length)
  if (type === 'CHARBUF') return rawArgText(ev, index)
  return length < SIZES[type]! ? undefined : number(ev, at, type)
}

const SIZES: Readonly<Partial<Record<ValueType, number>>> = {
  INT8: 1, UINT8: 1, INT16: 2, UINT16: 2, PORT: 2, INT32: 4, UINT32: 4, BOOL: 4, INT64: 8, UINT64: 8, RELTIME: 8, ABSTIME: 8, DOUBLE: 8,
}

/** 64 bits as a number where that is exact, as addresses and sizes are. */
function number(ev: Event, at: number, type: ValueType): number | bigint {
  const view = ev._view
  switch (type) {
    case 'INT8': return view.getInt8(at)
    case 'UINT8': return view.getUint8(at)
    case 'INT16': return view.getInt16(at, true)
    case 'UINT16': case 'PORT': return view.getUint16(at, true)
    case 'INT32': return view.getInt32(at, true)
    case 'UINT32': case 'BOOL': return view.getUint32(at, true)
    case 'DOUBLE': return view.getFloat64(at, true)
    default: {
      const signed = numberAt(ev, at)
      if (Number.isSafeInteger(signed) && (signed >= 0 || type === 'INT64')) return signed
      return type === 'INT64' ? view.getBigInt64(at, true) : view.getBigUint64(at, true)
    }
  }
}

export const ARGS_FIELDS: readonly Field[] = [
  define('evt.args', 'CHARBUF', 'All arguments: fd=3(<f>/etc/passwd) size=4096.',
    { get: (ev) => textOf((out) => writeAllArgs(out, ev)), write: writeAllArgs }, { needs: NEEDS }),
  ARG,
  RAW_ARG,
  define('evt.info', 'CHARBUF', 'All arguments as evt.args; of a message to the system’s log its severity and text.',
    { get: (ev) => textOf((out) => writeInfo(out, ev)), write: writeInfo }, { needs: NEEDS }),
]
