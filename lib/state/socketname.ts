import { AF_INET, ipv6 } from '../event/address.js'
import type { Event } from '../event/event.js'
import { FD, type FdInfo, type Ip, L4 } from './fdinfo.js'

/** The address of 4 or 16 bytes at `at`. */
export function ipAt(ev: Event, at: number, v6: boolean): Ip {
  return v6 ? Uint8Array.prototype.slice.call(ev._memory, at, at + 16) : ev._view.getUint32(at)
}

/** Is it ::ffff:a.b.c.d? */
export function isMappedAt(view: DataView, at: number): boolean {
  return view.getUint32(at) === 0 && view.getUint32(at + 4) === 0 && view.getUint32(at + 8) === 0xffff
}

/**
 * Takes both ends from the SOCKTUPLE of an IP socket at `at`, the first as the source. A destination that is known already
 * stays what it is. False when that changes nothing, also where both ends are the same in the other order.
 */
export function fillTuple(info: FdInfo, ev: Event, at: number, length: number): boolean {
  const view = ev._view
  const v6 = view.getUint8(at) !== AF_INET
  if (length < (v6 ? 37 : 13)) return false
  const second = at + (v6 ? 19 : 7)
  const mapped = v6 && isMappedAt(view, at + 1) && isMappedAt(view, second)
  const wide = v6 && !mapped
  const sip = mapped ? view.getUint32(at + 13) : ipAt(ev, at + 1, v6)
  const dip = mapped ? view.getUint32(second + 12) : ipAt(ev, second, v6)
  const size = v6 ? 16 : 4
  return update(info, wide ? FD.IPV6 : FD.IPV4, sip, view.getUint16(at + 1 + size, true), dip, view.getUint16(second + size, true))
}

function update(info: FdInfo, type: number, sip: Ip, sport: number, dip: Ip, dport: number): boolean {
  if (info.type === type) {
    const same = isOwn(sip, info.sip) && sport === info.sport && equal(dip, info.dip) && dport === info.dport
    const answers = isOwn(dip, info.sip) && equal(sip, info.dip) && sport === info.dport
    if (same || (answers && dport === info.sport)) return false
    if (answers && info.sport === 0) {
      // The kernel chose a port after the call that sent had been seen.
      info.sport = dport
      info.name = socketName(info)
      return false
    }
  }
  info.type = type
  let changed = false
  if (!equal(info.sip, sip)) {
    info.sip = sip
    changed = true
  }
  if (info.sport !== sport) {
    info.sport = sport
    changed = true
  }
  if (isNone(info.dip)) {
    info.dip = dip
    changed = true
  }
  if (info.dport === 0) {
    info.dport = dport
    changed = true
  }
  return changed
}

/** Is it the address of this end? The driver says none for a socket that was bound to none. */
function isOwn(told: Ip, known: Ip): boolean {
  return equal(told, known) || isNone(told)
}

/** No address: 0.0.0.0 or ::. */
export function isNone(ip: Ip): boolean {
  return typeof ip === 'number' ? ip === 0 : ip.every(byte => byte === 0)
}

export function equal(one: Ip, other: Ip): boolean {
  if (typeof one === 'number' || typeof other === 'number') return one === other
  return one.every((byte, i) => byte === other[i])
}

export function swapEnds(info: FdInfo): void {
  const { sip, sport } = info
  info.sip = info.dip
  info.sport = info.dport
  info.dip = sip
  info.dport = sport
}

/** Dotted decimal, or as inet_ntop writes IPv6. */
export function ipText(ip: Ip): string {
  if (typeof ip === 'number') return `${ip >>> 24}.${(ip >>> 16) & 255}.${(ip >>> 8) & 255}.${ip & 255}`
  return ipv6({ _view: new DataView(ip.buffer, ip.byteOffset, ip.length) } as Event, 0)
}

/** "10.0.0.1:4000->10.0.0.2:80"; of protocols without ports the addresses alone; of a server its own address. */
export function socketName(info: FdInfo): string {
  if (info.isServerSocket || info.l4 === L4.TCP || info.l4 === L4.UDP) return endsText(info)
  if (info.l4 === L4.ICMP || info.l4 === L4.RAW) return `${ipText(info.sip)}->${ipText(info.dip)}`
  return '<unknown>'
}

/** The same, whatever the protocol. */
export function endsText(info: FdInfo): string {
  const source = `${ipText(info.sip)}:${info.sport}`
  return info.isServerSocket ? source : `${source}->${ipText(info.dip)}:${info.dport}`
}
