import type { Event } from './event.js'
import { indexOfNul, utf8 } from './strings.js'

/** The address of one end of a socket. */
export type SocketAddress =
  | { family: 'ipv4' | 'ipv6'; address: string; port: number }
  | { family: 'unix'; path: string }
  | { family: number }

/** Both ends of a socket; for UNIX sockets the kernel's addresses of the two. */
export type SocketTuple =
  | { family: 'ipv4' | 'ipv6'; source: Endpoint; dest: Endpoint }
  | { family: 'unix'; source: bigint; dest: bigint; path: string }
  | { family: number }

export interface Endpoint {
  address: string
  port: number
}

// Address families on the wire are Linux's. Source: PPM_AF_* in the driver's ppm_events_public.h.
export const AF_UNIX = 1
export const AF_INET = 2
export const AF_INET6 = 10

/**
 * SOCKADDR: u8 family, then ip[4] u16 port, or ip[16] u16 port, or a NUL-terminated path. Addresses are in network
 * byte order, ports are not.
 */
export function socketAddress(ev: Event, at: number, length: number): SocketAddress | undefined {
  const family = ev._view.getUint8(at)
  switch (family) {
    case AF_INET:
      return length < 7 ? undefined : { family: 'ipv4', address: ipv4(ev, at + 1), port: ev._view.getUint16(at + 5, true) }
    case AF_INET6:
      return length < 19 ? undefined : { family: 'ipv6', address: ipv6(ev, at + 1), port: ev._view.getUint16(at + 17, true) }
    case AF_UNIX:
      return { family: 'unix', path: path(ev, at + 1, at + length) }
    default:
      return { family }
  }
}

/**
 * SOCKTUPLE: u8 family, then ip[4] u16 port twice, or ip[16] u16 port twice, or u64 source, u64 destination and a path.
 * From the caller's end to its peer's for calls that send or connect, from the peer's for those that accept or receive.
 */
export function socketTuple(ev: Event, at: number, length: number): SocketTuple | undefined {
  const view = ev._view
  const family = view.getUint8(at)
  switch (family) {
    case AF_INET:
      if (length < 13) return undefined
      return {
        family: 'ipv4',
        source: { address: ipv4(ev, at + 1), port: view.getUint16(at + 5, true) },
        dest: { address: ipv4(ev, at + 7), port: view.getUint16(at + 11, true) },
      }
    case AF_INET6:
      if (length < 37) return undefined
      return {
        family: 'ipv6',
        source: { address: ipv6(ev, at + 1), port: view.getUint16(at + 17, true) },
        dest: { address: ipv6(ev, at + 19), port: view.getUint16(at + 35, true) },
      }
    case AF_UNIX:
      if (length < 17) return undefined
      return {
        family: 'unix',
        source: view.getBigUint64(at + 1, true),
        dest: view.getBigUint64(at + 9, true),
        path: path(ev, at + 17, at + length),
      }
    default:
      return { family }
  }
}

/** An address of 4 or 16 bytes in network order. */
export function addressText(bytes: Uint8Array): string {
  const memory = { _view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) }
  return bytes.length === 4 ? ipv4(memory, 0) : ipv6(memory, 0)
}

type Memory = Pick<Event, '_view'>

/** Dotted decimal. */
export function ipv4(ev: Memory, at: number): string {
  const view = ev._view
  return `${view.getUint8(at)}.${view.getUint8(at + 1)}.${view.getUint8(at + 2)}.${view.getUint8(at + 3)}`
}

/** As inet_ntop: lower case, the longest run of zero groups as "::", IPv4-mapped addresses with a dotted end. */
export function ipv6(ev: Memory, at: number): string {
  const view = ev._view
  let bestStart = -1
  let bestLength = 1
  for (let i = 0; i < 8; i++) {
    let end = i
    while (end < 8 && view.getUint16(at + 2 * end) === 0) end++
    if (end - i > bestLength) [bestStart, bestLength] = [i, end - i]
    if (end > i) i = end
  }
  if (bestStart === 0 && (bestLength === 6 || (bestLength === 5 && view.getUint16(at + 10) === 0xffff))) {
    return `${bestLength === 6 ? '::' : '::ffff:'}${ipv4(ev, at + 12)}`
  }
  let text = ''
  for (let i = 0; i < 8; i++) {
    if (i === bestStart) {
      text += i === 0 ? '::' : ':'
      i += bestLength - 1
    } else {
      text += view.getUint16(at + 2 * i).toString(16)
      if (i < 7) text += ':'
    }
  }
  return text
}

function path(ev: Event, start: number, end: number): string {
  return utf8(ev._memory, start, indexOfNul(ev._memory, start, end))
}
