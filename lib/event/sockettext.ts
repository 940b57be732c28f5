import { AF_INET, AF_INET6, AF_UNIX, ipv6 } from './address.js'
import type { Event } from './event.js'
import type { TextBuffer } from './textbuffer.js'

const COLON = 0x3a
const DOT = 0x2e

/** As sysdig: "127.0.0.1:8080", "::1:53", the path of a UNIX socket, "family 16". */
export function writeSockaddr(out: TextBuffer, ev: Event, at: number, length: number): void {
  const family = ev._view.getUint8(at)
  if (family === AF_INET) {
    if (length < 7) return out.text('INVALID IPv4')
    writeIpv4(out, ev, at + 1)
    writePort(out, ev, at + 5)
  } else if (family === AF_INET6) {
    if (length < 19) return out.text('INVALID IPv6')
    out.text(ipv6(ev, at + 1))
    writePort(out, ev, at + 17)
  } else if (family === AF_UNIX) {
    out.copyString(ev._memory, at + 1, at + length)
  } else {
    out.text(`family ${family}`)
  }
}

/** As sysdig: "127.0.0.1:4000->10.0.0.1:80"; of UNIX sockets the two kernel addresses and the path. */
export function writeSocktuple(out: TextBuffer, ev: Event, at: number, length: number): void {
  const view = ev._view
  const family = view.getUint8(at)
  if (family === AF_INET) {
    if (length < 13) return out.text('INVALID IPv4')
    writeIpv4(out, ev, at + 1)
    writePort(out, ev, at + 5)
    out.text('->')
    writeIpv4(out, ev, at + 7)
    writePort(out, ev, at + 11)
  } else if (family === AF_INET6) {
    if (length < 37) return out.text('INVALID IPv6')
    // IPv4 spoken through an IPv6 socket is shown as IPv4.
    const mapped = isMapped(ev, at + 1) && isMapped(ev, at + 19)
    const address = mapped ? writeMapped : writeIpv6
    address(out, ev, at + 1)
    writePort(out, ev, at + 17)
    out.text('->')
    address(out, ev, at + 19)
    writePort(out, ev, at + 35)
  } else if (family === AF_UNIX) {
    if (length < 17) return out.text('INVALID UNIX')
    const hex = (address: number) => view.getBigUint64(address, true).toString(16)
    out.text(`${hex(at + 1)}->${hex(at + 9)} `)
    out.copyString(ev._memory, at + 17, at + length)
  } else {
    out.text(`family ${family}`)
  }
}

function writePort(out: TextBuffer, ev: Event, at: number): void {
  out.byte(COLON)
  out.decimal(ev._view.getUint16(at, true))
}

export function writeIpv4(out: TextBuffer, ev: Event, at: number): void {
  for (let i = 0; i < 4; i++) {
    if (i > 0) out.byte(DOT)
    out.decimal(ev._view.getUint8(at + i))
  }
}

function writeIpv6(out: TextBuffer, ev: Event, at: number): void {
  out.text(ipv6(ev, at))
}

function writeMapped(out: TextBuffer, ev: Event, at: number): void {
  writeIpv4(out, ev, at + 12)
}

/** Is it ::ffff:a.b.c.d? */
function isMapped(ev: Event, at: number): boolean {
  const view = ev._view
  return view.getUint32(at) === 0 && view.getUint32(at + 4) === 0 && view.getUint32(at + 8) === 0xffff
}
