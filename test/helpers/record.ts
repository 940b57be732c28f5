/** Records made by hand, as the driver would write them. */
import { Event } from '../../lib/event/event.js'
import { HEADER, HEADER_V1, hasLargeLengths, LEN, NPARAMS, TID, TS, TYPE } from '../../lib/event/record.js'
import { EVENT_COUNT, eventInfo, type ParamInfo } from '../../lib/event/table.js'
import type { ArgsByType } from '../../lib/event/types.generated.js'

/**
 * A parameter: its bytes, or a value that is encoded as the table says for that parameter. undefined is what the driver
 * writes for what it could not read: no bytes. Sockets, fd lists and DYN parameters are given as bytes.
 */
export type ParamValue = number | bigint | string | string[] | Uint8Array | undefined

export interface RecordFields {
  /** The driver's constant or its code. */
  type: keyof ArgsByType | number
  ts?: bigint
  tid?: number | bigint
  params?: readonly ParamValue[]
}

/** The bytes of one record with a header of 26 bytes. */
export function record({ type, ts = 0n, tid = 0, params = [] }: RecordFields): Uint8Array {
  const code = typeof type === 'number' ? type : codeOf(type)
  const info = eventInfo(code)
  const encoded = params.map((value, index) => encodeParam(value, info?.params[index]))
  const lengthSize = hasLargeLengths(code) ? 4 : 2
  const size = HEADER + encoded.reduce((sum, bytes) => sum + lengthSize + bytes.length, 0)
  const memory = Buffer.alloc(size)
  memory.writeBigUInt64LE(ts, TS)
  memory.writeBigInt64LE(BigInt(tid), TID)
  memory.writeUInt32LE(size, LEN)
  memory.writeUInt16LE(code, TYPE)
  memory.writeUInt32LE(params.length, NPARAMS)
  let at = HEADER
  for (const bytes of encoded) at = memory.writeUIntLE(bytes.length, at, lengthSize)
  for (const bytes of encoded) at += Buffer.from(bytes).copy(memory, at)
  return new Uint8Array(memory.buffer, memory.byteOffset, memory.length)
}

/** An event that owns these bytes; `at` is where its record starts. */
export function eventOver(memory: Uint8Array, at = 0): Event {
  const ev = new Event()
  ev._memory = memory
  ev._view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength)
  ev._at = at
  return ev
}

/** `eventOver(record(fields))` */
export function event(fields: RecordFields): Event {
  return eventOver(record(fields))
}

/** A SOCKADDR parameter: "10.0.0.1:80", "[::1]:80" or a path. */
export function sockaddr(address: string): Uint8Array {
  const end = endpoint(address)
  if (end === undefined) return Buffer.concat([[1], Buffer.from(`${address}\0`)].map((part) => Buffer.from(part)))
  return Buffer.from([end.ip.length === 4 ? 2 : 10, ...end.ip, end.port & 0xff, end.port >> 8])
}

/** A SOCKTUPLE parameter: sockettuple("10.0.0.1:4000", "10.0.0.2:80"). */
export function socktuple(source: string, dest: string): Uint8Array {
  return Buffer.concat([sockaddr(source), sockaddr(dest).subarray(1)])
}

/** A SOCKTUPLE parameter of a UNIX socket. */
export function unixTuple(source: bigint, dest: bigint, path: string): Uint8Array {
  const numbers = Buffer.alloc(17)
  numbers[0] = 1
  numbers.writeBigUInt64LE(source, 1)
  numbers.writeBigUInt64LE(dest, 9)
  return Buffer.concat([numbers, Buffer.from(`${path}\0`)])
}

/** An FDLIST parameter. */
export function fdlist(entries: readonly (readonly [fd: number, flags: number])[]): Uint8Array {
  const bytes = Buffer.alloc(2 + 10 * entries.length)
  bytes.writeUInt16LE(entries.length)
  entries.forEach(([fd, flags], i) => {
    bytes.writeBigInt64LE(BigInt(fd), 2 + 10 * i)
    bytes.writeInt16LE(flags, 10 + 10 * i)
  })
  return bytes
}

function codeOf(constant: string): number {
  for (let code = 0; code < EVENT_COUNT; code++) if (eventInfo(code)!.const === constant) return code
  throw new Error(`no event ${constant}`)
}

function encodeParam(value: ParamValue, info: ParamInfo | undefined): Uint8Array {
  if (value === undefined) return new Uint8Array(0)
  if (value instanceof Uint8Array) return value
  if (Array.isArray(value)) return Buffer.from(value.map((text) => `${text}\0`).join(''))
  if (typeof value === 'string') return Buffer.from(info?.type === 'BYTEBUF' ? value : `${value}\0`)
  if (info?.type === 'DOUBLE') return new Uint8Array(new Float64Array([Number(value)]).buffer)
  const number = Buffer.alloc(8)
  number.writeBigInt64LE(BigInt.asIntN(64, BigInt(value)))
  return number.subarray(0, byteSize(info?.type ?? 'UINT64'))
}

function byteSize(type: string): number {
  if (/(^SIGTYPE|^L4PROTO|^SOCKFAMILY|INT8|FLAGS8)$/.test(type)) return 1
  if (/(^SYSCALLID|^PORT|INT16|FLAGS16)$/.test(type)) return 2
  if (/(^UID|^GID|^MODE|^SIGSET|^BOOL|32)$/.test(type)) return 4
  return 8
}

function endpoint(address: string): { ip: number[]; port: number } | undefined {
  const match = /^(?:\[([\da-f:]+)\]|(\d+\.\d+\.\d+\.\d+)):(\d+)$/.exec(address)
  if (match === null) return undefined
  const [, v6, v4, port] = match
  if (v4 !== undefined) return { ip: v4.split('.').map(Number), port: Number(port) }
  const [head, tail] = v6.split('::')
  const groups = (part: string | undefined) => (part === undefined || part === '' ? [] : part.split(':').map((g) => parseInt(g, 16)))
  const zeros = tail === undefined ? [] : new Array(8 - groups(head).length - groups(tail).length).fill(0)
  return { ip: [...groups(head), ...zeros, ...groups(tail)].flatMap((g) => [g >> 8, g & 0xff]), port: Number(port) }
}

/** The same record with the 22-byte header of drivers before 2018. */
export function old(bytes: Uint8Array): Buffer {
  const v1 = Buffer.concat([bytes.subarray(0, HEADER_V1), bytes.subarray(HEADER)])
  v1.writeUInt32LE(v1.length, LEN)
  return v1
}
