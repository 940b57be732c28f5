import { AF_INET, AF_INET6 } from '../event/address.js'
import type { Event } from '../event/event.js'
import { Endpoint } from '../flow/endpoint.js'
import { CONNECTED, FdInfo, type Ip, ROLE_CLIENT, ROLE_SERVER } from '../state/fdinfo.js'
import { Argument } from '../state/follow/argument.js'
import { fillTuple, socketName } from '../state/socketname.js'
import type { State } from '../state/state.js'
import type { ThreadInfo } from '../state/threadinfo.js'

const ADDR = new Argument('addr')
const TUPLE = new Argument('tuple')

/**
 * The ends of the socket that an event is about, as it tells them: by here and there, and not by client and server as an fd has them.
 * What is not known is zero. One object reads any number of events.
 */
export class Ends {
  readonly local = new Endpoint()
  readonly remote = new Endpoint()
  readonly #place = { from: undefined as Event | undefined, at: 0, length: 0 }
  readonly #take = (from: Event, at: number, length: number) => {
    this.#place.from = from
    this.#place.at = at
    this.#place.length = length
  }

  /** Reads the tuple of an event; false where it has none. `incoming`: it begins at the other end. */
  readTuple(state: State, ev: Event, thread: ThreadInfo, incoming: boolean): boolean {
    return TUPLE.bytes(state, ev, thread, this.#take) && this.#readBoth(incoming)
  }

  /** The same of the event alone, which may not have been followed yet. */
  foreseeTuple(ev: Event, incoming: boolean): boolean {
    return TUPLE.bytesIn(ev, this.#take) && this.#readBoth(incoming)
  }

  /** What an fd with the tuple that was read last will say of itself, as far as that is known. A role is a bit of FdInfo's flags, 0 if it is not known. */
  foreseenFd(l4: number, role: typeof ROLE_CLIENT | typeof ROLE_SERVER | 0): FdInfo {
    const { from, at, length } = this.#place
    const info = new FdInfo()
    fillTuple(info, from!, at, length)
    info.l4 = l4
    info.flags = role | CONNECTED
    info.name = socketName(info)
    return info
  }

  /** Reads the address that a call was given, into `remote`. */
  readAddress(state: State, ev: Event, thread: ThreadInfo): boolean {
    if (!ADDR.bytes(state, ev, thread, this.#take)) return false
    const { from, at, length } = this.#place
    const { _memory: memory, _view: view } = from!
    const size = addressSize(memory[at])
    if (size === 0 || length < 1 + size + 2) return false
    readEnd(this.remote, memory, view, at + 1, size)
    return true
  }

  /** Reads those of an fd of a list. Connections are written from client to server there. */
  readFd(info: FdInfo): void {
    const isServer = info.isIpSocket && (info.flags & ROLE_SERVER) !== 0
    setIp(this.local, isServer ? info.dip : info.sip)
    this.local.port = isServer ? info.dport : info.sport
    setIp(this.remote, isServer ? info.sip : info.dip)
    this.remote.port = isServer ? info.sport : info.dport
  }

  #readBoth(incoming: boolean): boolean {
    const { from, at, length } = this.#place
    const { _memory: memory, _view: view } = from!
    const size = addressSize(memory[at])
    if (size === 0 || length < 1 + 2 * (size + 2)) return false
    readEnd(incoming ? this.remote : this.local, memory, view, at + 1, size)
    readEnd(incoming ? this.local : this.remote, memory, view, at + 1 + size + 2, size)
    return true
  }
}

/** In bytes; 0 for what is no address of IP. */
function addressSize(family: number): number {
  return family === AF_INET ? 4 : family === AF_INET6 ? 16 : 0
}

function readEnd(end: Endpoint, memory: Uint8Array, view: DataView, at: number, size: number): void {
  if (size === 4) end.setIpv4(view.getInt32(at))
  else end.setIpv6(memory, at)
  end.port = view.getUint16(at + size, true)
}

export function setIp(end: Endpoint, ip: Ip): void {
  if (typeof ip === 'number') end.setIpv4(ip)
  else if (ip.length === 4) end.setIpv4((ip[0] << 24) | (ip[1] << 16) | (ip[2] << 8) | ip[3])
  else end.setIpv6(ip, 0)
}
