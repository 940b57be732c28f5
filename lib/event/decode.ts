import { ipv4, ipv6, socketAddress, socketTuple } from './address.js'
import type { Event } from './event.js'
import { signalSet } from './signal.js'
import { indexOfNul, nulSeparated, utf8 } from './strings.js'
import { dynamicTypes, type ParamInfo } from './table.js'
import type { ArgValue } from './types.generated.js'

export type { SocketAddress, SocketTuple } from './address.js'

/** One fd that poll waits for or reports; `flags` are PPM's POLL* bits. */
export interface PolledFd {
  fd: number
  flags: number
}

/** A DYN parameter has the type that its first byte says: a socket option's value, ptrace's data. */
export type DynamicValue = number | bigint | Uint8Array

/**
 * Decodes the `length` > 0 bytes at `at` of the event's memory. The record's reader has checked that they lie inside
 * the record; whatever they contain, a decoder looks at no byte beyond them and does not throw: what is too short is
 * undefined. Everything it returns is a copy.
 */
export type Decode = (ev: Event, at: number, length: number) => ArgValue | undefined

/** The decoder of a parameter. Sizes and types on the wire: enum ppm_param_type in the driver's ppm_events_public.h. */
export function decoder(param: ParamInfo): Decode {
  if (param.type === 'BYTEBUF') return isStringList(param.name) ? strings : bytes
  if (param.type === 'DYN') return dynamic(param)
  return DECODERS[param.type] ?? bytes
}

/** The buffers that process events fill with NUL-terminated strings. */
function isStringList(name: string): boolean {
  return name === 'args' || name === 'env' || name === 'cgroups'
}

const int8: Decode = (ev, at) => ev._view.getInt8(at)
const uint8: Decode = (ev, at) => ev._view.getUint8(at)
const int16: Decode = (ev, at, length) => (length < 2 ? undefined : ev._view.getInt16(at, true))
const uint16: Decode = (ev, at, length) => (length < 2 ? undefined : ev._view.getUint16(at, true))
const int32: Decode = (ev, at, length) => (length < 4 ? undefined : ev._view.getInt32(at, true))
const uint32: Decode = (ev, at, length) => (length < 4 ? undefined : ev._view.getUint32(at, true))
const int64: Decode = (ev, at, length) => (length < 8 ? undefined : ev._view.getBigInt64(at, true))
const uint64: Decode = (ev, at, length) => (length < 8 ? undefined : ev._view.getBigUint64(at, true))
const double: Decode = (ev, at, length) => (length < 8 ? undefined : ev._view.getFloat64(at, true))

/** 64 bits on the wire that hold small numbers: fds, pids, results. Beyond 2^53 the last digits are lost. */
const number64: Decode = (ev, at, length) => (length < 8 ? undefined : numberAt(ev, at))

export function numberAt(ev: Event, at: number): number {
  return ev._view.getInt32(at + 4, true) * 0x1_0000_0000 + ev._view.getUint32(at, true)
}

const string: Decode = (ev, at, length) => {
  const memory = ev._memory
  return utf8(memory, at, indexOfNul(memory, at, at + length))
}
const strings: Decode = (ev, at, length) => nulSeparated(ev._memory, at, at + length)
const bytes: Decode = (ev, at, length) => Uint8Array.prototype.slice.call(ev._memory, at, at + length)

/** u16 count, then s64 fd and s16 flags for each. */
export const polledFds = (ev: Event, at: number, length: number): PolledFd[] | undefined => {
  if (length < 2) return undefined
  const count = Math.min(ev._view.getUint16(at, true), Math.floor((length - 2) / 10))
  const fds: PolledFd[] = []
  for (let i = 0, entry = at + 2; i < count; i++, entry += 10) {
    fds.push({ fd: numberAt(ev, entry), flags: ev._view.getInt16(entry + 8, true) })
  }
  return fds
}

const signals: Decode = (ev, at, length) => (length < 4 ? undefined : signalSet(ev._view.getUint32(at, true)))

function dynamic(param: ParamInfo): Decode {
  const decoders = dynamicTypes(param).map(decoder)
  return (ev, at, length) => {
    const decode = decoders[ev._view.getUint8(at)] ?? bytes
    if (decode === bytes) return bytes(ev, at + 1, length - 1)
    return length < 2 ? undefined : decode(ev, at + 1, length - 1)
  }
}

const DECODERS: Readonly<Record<string, Decode>> = {
  INT8: int8, UINT8: uint8, INT16: int16, UINT16: uint16, INT32: int32, UINT32: uint32, INT64: int64, UINT64: uint64,
  FLAGS8: uint8, FLAGS16: uint16, FLAGS32: uint32, ENUMFLAGS8: uint8, ENUMFLAGS16: uint16, ENUMFLAGS32: uint32,
  ERRNO: number64, FD: number64, PID: number64, FD32: int32, PID32: int32,
  UID: uint32, GID: uint32, MODE: uint32, SIGTYPE: uint8, SYSCALLID: uint16, SIGSET: signals,
  PORT: uint16, L4PROTO: uint8, SOCKFAMILY: uint8, BOOL: uint32, DOUBLE: double,
  RELTIME: uint64, ABSTIME: uint64,
  CHARBUF: string, FSPATH: string, FSRELPATH: string, CHARBUFARRAY: strings, CHARBUF_PAIR_ARRAY: strings,
  SOCKADDR: socketAddress, SOCKTUPLE: socketTuple, FDLIST: polledFds,
  IPV4ADDR: (ev, at, length) => (length < 4 ? undefined : ipv4(ev, at)),
  IPV6ADDR: (ev, at, length) => (length < 16 ? undefined : ipv6(ev, at)),
}
