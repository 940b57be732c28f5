import type { Event } from '../event/event.js'
import { latin1 } from '../event/strings.js'
import type { FieldName } from '../field/types.generated.js'
import type { Getters, StartOptions } from './analyzer.js'

/** A request, and the response that came over the same fd of the same process. */
export interface Exchange {
  /** '<' for a server, which has read the request, '>' for a client, which has written it. */
  readonly direction: '<' | '>'
  readonly method: string
  /** With the host in front, where the request names one. */
  readonly url: string
  readonly code: number
  /** From the request to the response, in nanoseconds. */
  readonly ns: number
  /** The response's Content-Length; 0 without one. */
  readonly bytes: number
}

/** What the functions below need of an event, in this order. */
export const HTTP_FIELDS = ['evt.buffer', 'fd.num', 'proc.pid', 'evt.is_io_read'] as const satisfies readonly FieldName[]
export const HTTP_FILTER = 'evt.is_io = true and evt.buflen > 0 and (fd.sockfamily = ip or fd.sockfamily = unix)'
/** So much of a buffer is looked at: beyond there are hardly headers that matter. */
export const HTTP_SNAPLEN = 1024

/** More than a process can have: NR_OPEN of <linux/fs.h> is 2^20, and pids have 22 bits. */
const FDS = 2 ** 30

interface Request extends Pick<Exchange, 'direction' | 'method' | 'url'> {
  readonly hi: number
  readonly lo: number
}

/** Requests that wait for their response, by pid and fd; the oldest one gives way when there are too many. */
export interface Requests {
  readonly waiting: Map<number, Request>
  readonly most: number
}

export function noRequests({ maxKeys }: StartOptions): Requests {
  return { waiting: new Map(), most: maxKeys }
}

/** What the event completes, if it is the response to a request that has been seen. */
export function exchange({ waiting, most }: Requests, ev: Event, [buffer, num, pid, isRead]: Getters<typeof HTTP_FIELDS>): Exchange | undefined {
  const bytes = buffer(ev)
  if (bytes === undefined || bytes.length === 0) return undefined
  const key = Number(pid(ev)) * FDS + Number(num(ev))
  const request = waiting.get(key)
  if (request === undefined) {
    if (!isCapital(bytes[0])) return undefined
    const parsed = parseRequest(textOf(bytes))
    if (parsed === undefined) return undefined
    if (waiting.size >= most) waiting.delete(waiting.keys().next().value!)
    waiting.set(key, { ...parsed, direction: isRead(ev) === true ? '<' : '>', hi: ev.tsHi, lo: ev.tsLo })
    return undefined
  }
  const response = parseResponse(textOf(bytes))
  if (response === undefined) return undefined
  waiting.delete(key)
  const { direction, method, url, hi, lo } = request
  return { direction, method, url, ...response, ns: (ev.tsHi - hi) * 2 ** 32 + (ev.tsLo - lo) }
}

function textOf(bytes: Uint8Array): string {
  return latin1(bytes, 0, Math.min(bytes.length, HTTP_SNAPLEN))
}

function isCapital(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a
}

function parseRequest(text: string): Pick<Exchange, 'method' | 'url'> | undefined {
  const [, method, path] = /^([A-Z]+) ([\x21-\x7e]+)/.exec(text) ?? []
  if (method === undefined) return undefined
  const [, host = ''] = /^Host: ([\x21-\x7e]+)\r$/m.exec(text) ?? []
  return { method, url: host + path }
}

function parseResponse(text: string): Pick<Exchange, 'code' | 'bytes'> | undefined {
  const [, code] = /HTTP\/[\x21-\x7e]+ (\d+)/.exec(text) ?? []
  if (code === undefined) return undefined
  const [, length = 0] = /^Content-Length: (\d+)\r$/m.exec(text) ?? []
  return { code: Number(code), bytes: Number(length) }
}
