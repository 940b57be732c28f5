import { AF_INET, AF_INET6, AF_UNIX, ipv4, ipv6 } from './address.js'
import type { Event } from './event.js'
import { indexOfNul, utf8 } from './strings.js'

/** As sysdig: "127.0.0.1:8080", "::1:53", the path of a UNIX socket, "family 16". */
export function sockaddrText(ev: Event, at: number, length: number): string {
  const view = ev._view
  const family = view.getUint8(at)
  if (family === AF_INET) return length < 7 ? 'INVALID IPv4' : `${ipv4(ev, at + 1)}:${view.getUint16(at + 5, true)}`
  if (family === AF_INET6) return length < 19 ? 'INVALID IPv6' : `${ipv6(ev, at + 1)}:${view.getUint16(at + 17, true)}`
  if (family === AF_UNIX) return utf8(ev._memory, at + 1, indexOfNul(ev._memory, at + 1, at + length))
  return `family ${family}`
}

/** As sysdig: "127.0.0.1:4000->10.0.0.1:80"; of UNIX sockets the two kernel addresses and the path. */
export function socktupleText(ev: Event, at: number, length: number): string {
  const view = ev._view
  const family = view.getUint8(at)
  if (family === AF_INET) {
    if (length < 13) return 'INVALID IPv4'
    return `${ipv4(ev, at + 1)}:${view.getUint16(at + 5, true)}->${ipv4(ev, at + 7)}:${view.getUint16(at + 11, true)}`
  }
  if (family === AF_INET6) {
    if (length < 37) return 'INVALID IPv6'
    // IPv4 spoken through an IPv6 socket is shown as IPv4.
    const address = isMapped(ev, at + 1) && isMapped(ev, at + 19) ? mapped : ipv6
    return `${address(ev, at + 1)}:${view.getUint16(at + 17, true)}->${address(ev, at + 19)}:${view.getUint16(at + 35, true)}`
  }
  if (family === AF_UNIX) {
    if (length < 17) return 'INVALID UNIX'
    const path = utf8(ev._memory, at + 17, indexOfNul(ev._memory, at + 17, at + length))
    return `${view.getBigUint64(at + 1, true).toString(16)}->${view.getBigUint64(at + 9, true).toString(16)} ${path}`
  }
  return `family ${family}`
}

/** Is it ::ffff:a.b.c.d? */
function isMapped(ev: Event, at: number): boolean {
  const view = ev._view
  return view.getUint32(at) === 0 && view.getUint32(at + 4) === 0 && view.getUint32(at + 8) === 0xffff
}

function mapped(ev: Event, at: number): string {
  return ipv4(ev, at + 12)
}
