import { ipv6 } from './address.js'
import { writeBuffer } from './buffertext.js'
import { localDateTime } from './clock.js'
import { numberAt, polledFds } from './decode.js'
import { errnoName } from './errno.js'
import type { Event } from './event.js'
import { enumNames, flagNames, flagsText } from './flagtext.js'
import { decimal64, hex64, integer, unsigned64 } from './integertext.js'
import { displayPath } from './path.js'
import { SIGNALS, signalSet } from './signal.js'
import { writeIpv4, writeSockaddr, writeSocktuple } from './sockettext.js'
import { dynamicTypes, type EventInfo, type ParamInfo, syscallName } from './table.js'
import type { TextBuffer } from './textbuffer.js'

/**
 * What is known beyond the record: names for numbers. A stage with state passes its own; each function gives the text
 * that goes in parentheses, undefined if it does not know.
 */
export interface Names {
  /** "<f>/etc/passwd", "<4t>10.0.0.1:4000->10.0.0.2:80" */
  fd?(ev: Event, fd: number): string | undefined
  /** Adds `fd(ev, fd)`; false, and nothing added, if it does not know it. Saves a string for each fd that is printed. */
  writeFd?(out: TextBuffer, ev: Event, fd: number): boolean
  /** The letter of an fd's type in a list of fds: "f". */
  fdLetter?(ev: Event, fd: number): string | undefined
  /** A process's name by its id. */
  process?(ev: Event, pid: number): string | undefined
  /** The directory that a relative path starts from: that of `dirfd` (undefined: the working directory). */
  directory?(ev: Event, dirfd: number | undefined): string | undefined
  user?(ev: Event, uid: number): string | undefined
  group?(ev: Event, gid: number): string | undefined
}

/** Adds the text of a value of `length` > 0 bytes; nothing if it is shorter than its type. */
export type Write = (out: TextBuffer, ev: Event, at: number, length: number, names: Names) => void

/** How one parameter becomes text: `raw`, and where there is one the resolved form that follows it in parentheses. */
export interface ParamText {
  readonly raw: Write
  readonly resolve?: (ev: Event, at: number, length: number, names: Names) => string | undefined
  /** Adds what `resolve` gives; false, and nothing added, where that is undefined. */
  readonly writeResolved?: (out: TextBuffer, ev: Event, at: number, length: number, names: Names) => boolean
  /** What stands for a parameter of no bytes. */
  readonly empty?: string
  /** The value with nothing taken out of it, where that is another text than `raw`. */
  readonly exact?: Write
}

/** The last event that sysdig 0.29 knows. */
export const LAST_OF_0_29 = 335

/** How sysdig 0.29.3 prints this parameter; established by running it on records made for the purpose. */
export function paramText(info: EventInfo, param: ParamInfo): ParamText {
  return info.code > LAST_OF_0_29 ? textOf(param, false) : textOf(asIn029(param), true)
}

/**
 * The parameter with the type whose text is what sysdig 0.29 prints, for who prints it in another language: numbers have
 * a sign, and of values of which exactly one is set bits are named.
 */
export function as029(param: ParamInfo): ParamInfo {
  const { type, ...others } = asIn029(param)
  const signed = others.format === 'HEX' || others.format === 'OCT' ? type : type.replace(/^U(?=INT(32|64))/, '')
  return { ...others, type: signed.replace('ENUMFLAGS', 'FLAGS').replace('FLAGS64', 'UINT64') }
}

/** Some parameters had another type then, which shows. */
function asIn029(param: ParamInfo): ParamInfo {
  if (param.name === 'loginuid') return { ...param, type: 'INT32' }
  if (param.name === 'flags' && param.type.startsWith('UINT')) return { ...param, type: param.type.replace('UINT', 'FLAGS') }
  return param
}

/** `in029`: no type for values of which exactly one is set (it looked for bits in them); unsigned numbers with a sign. */
function textOf(param: ParamInfo, in029: boolean): ParamText {
  const { type, format } = param
  switch (type) {
    case 'ENUMFLAGS8': case 'ENUMFLAGS16': case 'ENUMFLAGS32':
      return flagsText(param, in029 ? flagNames : enumNames)
    case 'FLAGS8': case 'FLAGS16': case 'FLAGS32': case 'MODE':
      return flagsText(param, flagNames)
    case 'ERRNO':
      return format === 'HEX' ? { raw: hex64, exact: decimal64 } : { raw: decimal64, resolve: resolveErrno }
    case 'FSPATH':
      return { raw: path, exact: charbuf, resolve: resolvePath(undefined) }
    case 'FSRELPATH':
      return { raw: path, exact: charbuf, resolve: resolvePath(param.dirfd) }
    case 'DYN':
      return dynamicText(param)
    default:
      return TEXTS[type] ?? { raw: integer(type, format, in029) }
  }
}

// Numbers with names.

const resolveErrno: ParamText['resolve'] = (ev, at, length) => {
  if (length < 8 || ev._view.getInt32(at + 4, true) >= 0) return undefined
  return errnoName(-ev._view.getInt32(at, true))
}

export const AT_FDCWD = -100

const resolveFd: ParamText['resolve'] = (ev, at, length, names) => {
  if (length < 8) return undefined
  const fd = numberAt(ev, at)
  if (fd >= 0) return names.fd?.(ev, fd)
  return fd === AT_FDCWD ? 'AT_FDCWD' : errnoName(-fd)
}

const writeFd: ParamText['writeResolved'] = (out, ev, at, length, names) => {
  if (names.writeFd !== undefined && length >= 8 && ev._view.getInt32(at + 4, true) >= 0) return names.writeFd(out, ev, numberAt(ev, at))
  const text = resolveFd(ev, at, length, names)
  if (text === undefined) return false
  out.text(text)
  return true
}

const resolvePid: ParamText['resolve'] = (ev, at, length, names) =>
  length < 8 || names.process === undefined ? undefined : names.process(ev, numberAt(ev, at))

const NO_ID = 0xffff_ffff

const signed32 = integer('INT32', 'DEC')

const uid: ParamText = {
  raw: signed32,
  resolve: (ev, at, length, names) => {
    if (length < 4) return undefined
    const id = ev._view.getUint32(at, true)
    return id === NO_ID ? '<NONE>' : names.user?.(ev, id) ?? '<NA>'
  },
}

const gid: ParamText = {
  raw: signed32,
  resolve: (ev, at, length, names) => {
    if (length < 4) return undefined
    const id = ev._view.getUint32(at, true)
    return id === NO_ID ? '<NONE>' : names.group?.(ev, id) ?? '<NA>'
  },
}

// Text and buffers.

const charbuf: Write = (out, ev, at, length) => out.copyString(ev._memory, at, at + length)
const path: Write = (out, ev, at, length) => out.copyPrintable(ev._memory, at, at + length)
const bytebuf: Write = (out, ev, at, length) => writeBuffer(out, ev._memory, at, at + length)

const SLASH = 0x2f

function resolvePath(dirfdParam: number | undefined): ParamText['resolve'] {
  return (ev, at, length, names) => {
    if (ev._memory[at] === SLASH) return undefined
    const base = names.directory?.(ev, dirfdParam === undefined ? undefined : directoryFd(ev, dirfdParam)) ?? ''
    // Bytes beyond ASCII are shown as one dot each.
    const raw = Buffer.from(ev._memory.buffer, ev._memory.byteOffset + at, length)
    const nul = raw.indexOf(0)
    const path = raw.toString('latin1', 0, nul < 0 ? length : nul)
    // What the driver writes for a path that it could not read.
    return path.startsWith('<NA>') ? undefined : displayPath(base, path) || undefined
  }
}

function directoryFd(ev: Event, param: number): number | undefined {
  if (param >= ev.nparams || ev._paramLength(param) < 8) return undefined
  const fd = numberAt(ev, ev._paramAt(param))
  return fd === AT_FDCWD ? undefined : fd
}

// Times.

const resolveReltime: ParamText['resolve'] = (ev, at, length) => {
  if (length < 8 || isNone(ev, at)) return undefined
  const seconds = (ev._view.getUint32(at + 4, true) * 0x1_0000_0000 + ev._view.getUint32(at, true)) / 1e9
  return `${general(seconds)}s`
}

const reltime: Write = (out, ev, at, length, names) => {
  if (length >= 8 && isNone(ev, at)) out.text('none')
  else unsigned64(out, ev, at, length, names)
}

function isNone(ev: Event, at: number): boolean {
  return ev._view.getInt32(at, true) === -1 && ev._view.getInt32(at + 4, true) === -1
}

/** printf's %g: six digits, no zeros at the end, an exponent of two digits where it is shorter. */
function general(value: number): string {
  if (value === 0) return '0'
  const rounded = roundToSix(value)
  const power = Math.floor(Math.log10(rounded) + 1e-9)
  if (power >= -4 && power < 6) return `${rounded}`
  const [mantissa] = rounded.toExponential(5).split('e')
  return `${Number(mantissa)}e${power < 0 ? '-' : '+'}${`${Math.abs(power)}`.padStart(2, '0')}`
}

/** To six digits, halves to even as printf does; toPrecision rounds them up. */
function roundToSix(value: number): number {
  const [digits, power] = value.toExponential(20).split('e')
  const isHalf = /^\d\.\d{4}[02468]50*$/.test(digits)
  return isHalf ? Number(`${digits.slice(0, 7)}e${power}`) : Number(value.toPrecision(6))
}

// Types of the table that need more than one line.

function dynamicText(param: ParamInfo): ParamText {
  const types = dynamicTypes(param).map((type) => textOf(type, true))
  return {
    raw: (out, ev, at, length, names) => {
      const type = types[ev._view.getUint8(at)]
      if (type === undefined) out.text('INVALID DYNAMIC PARAMETER')
      else if (length > 1) type.raw(out, ev, at + 1, length - 1, names)
    },
    resolve: (ev, at, length, names) =>
      length < 2 ? undefined : types[ev._view.getUint8(at)]?.resolve?.(ev, at + 1, length - 1, names),
  }
}

/** As 3:f1 4:?44; the letters are known to a stage with state only. */
const fdlist: Write = (out, ev, at, length, names) => {
  const entries = polledFds(ev, at, length) ?? []
  out.text(entries.map(({ fd, flags }) => {
    const number = fd < 0 ? BigInt.asUintN(64, BigInt(fd)) : fd
    return `${number}:${names.fdLetter?.(ev, fd) ?? '?'}${(flags >>> 0).toString(16)}`
  }).join(' '))
}

export const NO_NAMES: Names = Object.freeze({})

const TEXTS: Readonly<Record<string, ParamText>> = {
  FD: { raw: decimal64, resolve: resolveFd, writeResolved: writeFd },
  PID: { raw: decimal64, resolve: resolvePid },
  UID: uid,
  GID: gid,
  SYSCALLID: {
    raw: integer('UINT16', 'DEC'),
    resolve: (ev, at, length) => (length < 2 ? undefined : syscallName(ev._view.getUint16(at, true))),
  },
  SIGTYPE: {
    raw: integer('UINT8', 'DEC'),
    resolve: (ev, at) => SIGNALS[ev._view.getUint8(at)] || undefined,
  },
  SIGSET: { raw: (out, ev, at, length) => { if (length >= 4) out.text(signalSet(ev._view.getUint32(at, true)).join(' ')) } },
  RELTIME: { raw: reltime, resolve: resolveReltime },
  ABSTIME: { raw: (out, ev, at, length) => { if (length >= 8) out.text(localDateTime(ev._view.getBigUint64(at, true))) } },
  CHARBUF: { raw: charbuf },
  BYTEBUF: { raw: bytebuf, exact: charbuf },
  CHARBUFARRAY: { raw: bytebuf },
  CHARBUF_PAIR_ARRAY: { raw: bytebuf },
  SOCKADDR: { raw: writeSockaddr, empty: 'NULL' },
  SOCKTUPLE: { raw: writeSocktuple, empty: 'NULL' },
  FDLIST: { raw: fdlist },
  IPV4ADDR: { raw: (out, ev, at, length) => { if (length >= 4) writeIpv4(out, ev, at) } },
  IPV6ADDR: { raw: (out, ev, at, length) => { if (length >= 16) out.text(ipv6(ev, at)) } },
  DOUBLE: { raw: (out, ev, at, length) => { if (length >= 8) out.text(`${ev._view.getFloat64(at, true)}`) } },
}
