import { AF_INET, AF_INET6 } from '../event/address.js'
import type { Event } from '../event/event.js'
import { EVENT_COUNT } from '../event/table.js'
import { EVENT_NAMES } from '../event/table.generated.js'
import { Endpoint } from '../flow/endpoint.js'
import { IPPROTO_TCP, IPPROTO_UDP } from '../flow/flow.js'
import { endHash } from '../flow/hash.js'
import { FD, type FdInfo, type Ip, L4, ROLE_SERVER } from '../state/fdinfo.js'
import { Argument } from '../state/follow/argument.js'
import type { SocketWatch, State } from '../state/state.js'
import type { ThreadInfo } from '../state/threadinfo.js'
import { SocketOwner } from '../state/socketowner.js'
import { Owners } from './owners.js'

/** What events tell of sockets, by name. */
const [NOTHING, CONNECT, ACCEPT, BIND, SEND, RECEIVE, CLOSE] = [0, 1, 2, 3, 4, 5, 6]

const DOES: Readonly<Record<string, number>> = {
  connect: CONNECT, accept: ACCEPT, accept4: ACCEPT, bind: BIND, sendto: SEND, sendmsg: SEND, recvfrom: RECEIVE, recvmsg: RECEIVE,
  close: CLOSE,
}

/** By event code. */
const doesByType = Uint8Array.from({ length: EVENT_COUNT }, (_, code) => DOES[EVENT_NAMES[code]] ?? NOTHING)

/** By event code: 1 for exit events that tell of both ends. */
export const TELLING = Uint8Array.from(doesByType, (does, code) => Number((code & 1) === 1 && (does === CONNECT || does === ACCEPT || does === SEND || does === RECEIVE)))

const ADDR = new Argument('addr')
const TUPLE = new Argument('tuple')
const EINPROGRESS = 115

/** Seconds that the packet of a call may come after it, where it has to wait for a queue of the device. */
const AFTER_CALL_S = 1

/** Addresses of the machine that are kept at most. */
const MAX_ADDRESSES = 4096

/**
 * The sockets of one source of system calls, as its state follows them: fills the table of owners.
 *
 * The state tells each event when it has followed it, which is before the merge hands it out, and whether a filter lets it pass or
 * not. The addresses come from the event itself: what the state makes of them goes by client and server, and not by here and there.
 */
export class Sockets implements SocketWatch {
  readonly owners = new Owners()
  /** Hashes of addresses that sockets here were seen to have. */
  readonly #addresses = new Set<number>()
  #state: State
  // Scratch.
  readonly #local = new Endpoint()
  readonly #remote = new Endpoint()
  readonly #place = { from: undefined as Event | undefined, at: 0, length: 0 }
  readonly #take = (from: Event, at: number, length: number) => {
    this.#place.from = from
    this.#place.at = at
    this.#place.length = length
  }

  constructor(state: State) {
    this.#state = state
    state.watch = this
    this.begin(state)
  }

  get state(): State {
    return this.#state
  }

  /** Has a socket of this machine that address? */
  isLocal({ isIpv4, w0, w1, w2, w3 }: Endpoint): boolean {
    if (isIpv4 ? w3 >>> 24 === 127 : w3 === 1 && (w0 | w1 | w2) === 0) return true
    return this.#addresses.has(endHash(w0, w1, w2, w3, 0))
  }

  /** Everything that is open. A state with another beginning is another machine, or another time. */
  begin(state: State): void {
    if (state !== this.#state) {
      this.owners.clear()
      this.#addresses.clear()
      this.#state = state
    }
    for (const { address } of state.interfaces) {
      setIp(this.#local, address)
      this.#learn(this.#local)
    }
    /** The same socket in several processes: by inode. */
    const shared = new Map<bigint, SocketOwner>()
    const now = Number(state.firstTs) / 1e9
    for (const thread of state.threads.values()) {
      if (thread.fds.size === 0 || (!thread.isMain && state.mainOf(thread)?.fds === thread.fds)) continue
      for (const [fd, info] of thread.fds) {
        const owner = info._owner ?? (info.ino === 0n ? undefined : shared.get(info.ino)) ?? new SocketOwner(thread, fd, info.ino)
        if (!this.#enter(info, owner, now)) continue
        info._owner = owner
        owner.info ??= info
        shared.set(info.ino, owner)
      }
    }
  }

  /** A socket that somebody has found in the kernel. */
  found(protocol: number, local: Endpoint, remote: Endpoint | undefined, owner: SocketOwner, now: number): void {
    this.#learn(local)
    if (remote === undefined) this.owners.bound(protocol, local, owner, now)
    else this.owners.connected(protocol, local, remote, owner, now)
  }

  /** Enters an fd of a list; false when it is no socket with a port. */
  #enter(info: FdInfo, owner: SocketOwner, now: number): boolean {
    const protocol = protocolOf(info)
    if (protocol === 0 || !(info.isIpSocket || info.isServerSocket)) return false
    // Connections are written from client to server.
    const isServer = info.isIpSocket && (info.flags & ROLE_SERVER) !== 0
    const local = this.#local
    setIp(local, isServer ? info.dip : info.sip)
    local.port = isServer ? info.dport : info.sport
    if (local.port === 0) return false
    if (info.isServerSocket) {
      this.found(protocol, local, undefined, owner, now)
      return true
    }
    const remote = this.#remote
    setIp(remote, isServer ? info.sip : info.dip)
    remote.port = isServer ? info.sport : info.dport
    this.found(protocol, local, remote, owner, now)
    return true
  }

  follow(state: State, ev: Event, thread: ThreadInfo): void {
    const { type } = ev
    const does = type < EVENT_COUNT ? doesByType[type] : NOTHING
    const info = ev._fd
    if (info === undefined) return
    if (does === NOTHING) {
      info._owner?.use(thread, thread.lastFd)
      return
    }
    const isExit = (type & 1) === 1
    if (does === CLOSE) {
      if (isExit && ev._error === 0) info._owner?.close(thread.pid, secondsOf(ev))
      return
    }
    if (does === BIND) {
      if (isExit && ev._error === 0) this.#bound(state, ev, thread, info)
      return
    }
    if (does === CONNECT && !isExit) return this.#connects(state, ev, thread, info)
    if (ev._error !== 0 && !(does === CONNECT && ev._error === EINPROGRESS)) return this.#ended(state, ev, thread, info)
    const protocol = does === ACCEPT ? IPPROTO_TCP : protocolOf(info)
    if (protocol === 0 || !isTupleOf(info)) return
    const owner = info._owner
    if (owner !== undefined) owner.use(thread, thread.lastFd)
    // A connection has the same ends for good.
    if (protocol === IPPROTO_TCP && (does === SEND || does === RECEIVE) && owner !== undefined) return
    if (!this.#tuple(state, ev, thread, does === ACCEPT || does === RECEIVE)) return
    this.#spoke(ev, thread, info, protocol, does, isExit)
  }

  /** The ends are known, at least the other one. */
  #spoke(ev: Event, thread: ThreadInfo, info: FdInfo, protocol: number, does: number, isExit: boolean): void {
    const now = secondsOf(ev)
    const local = this.#local
    const remote = this.#remote
    if (remote.port === 0) return this.#spokeAlone(ev, thread, info, protocol, local)
    if (local.port === 0) {
      if (does === SEND) this.#sends(thread, info, protocol, remote, now, isExit)
      return
    }
    // What was foreseen is now seen.
    const owner = this.#owner(info, thread, this.owners.ownerOf(protocol, local, remote))
    owner.use(thread, thread.lastFd)
    this.#learn(local)
    if (does === CONNECT || does === ACCEPT) this.owners.connected(protocol, local, remote, owner, now)
    else this.owners.met(protocol, local, remote, owner, now)
    if (isExit && (does === CONNECT || does === SEND)) this.owners.end(protocol, remote, owner, now, AFTER_CALL_S)
  }

  /** Nobody has asked from whom it came: only the own port is known, which the kernel may have chosen. */
  #spokeAlone(ev: Event, thread: ThreadInfo, info: FdInfo, protocol: number, local: Endpoint): void {
    if (local.port === 0) return
    const owner = this.#owner(info, thread)
    this.owners.bound(protocol, local, owner, secondsOf(ev))
  }

  /** Before the kernel has chosen a port. */
  #sends(thread: ThreadInfo, info: FdInfo, protocol: number, remote: Endpoint, now: number, isExit: boolean): void {
    const owner = this.#owner(info, thread)
    if (!isExit) this.owners.begin(protocol, remote, owner, now)
    else this.owners.end(protocol, remote, owner, now, AFTER_CALL_S)
  }

  #connects(state: State, ev: Event, thread: ThreadInfo, info: FdInfo): void {
    const protocol = protocolOf(info)
    if (protocol === 0 || !this.#address(state, ev, thread)) return
    const owner = this.#owner(info, thread)
    owner.use(thread, thread.lastFd)
    if (this.#remote.port !== 0) this.owners.begin(protocol, this.#remote, owner, secondsOf(ev))
  }

  /** The call has failed. */
  #ended(state: State, ev: Event, thread: ThreadInfo, info: FdInfo): void {
    const protocol = protocolOf(info)
    if (info._owner === undefined || protocol === 0 || !this.#address(state, ev, thread)) return
    this.owners.end(protocol, this.#remote, info._owner, secondsOf(ev), 0)
  }

  #bound(state: State, ev: Event, thread: ThreadInfo, info: FdInfo): void {
    const protocol = protocolOf(info)
    if (protocol === 0 || !this.#address(state, ev, thread) || this.#remote.port === 0) return
    const owner = this.#owner(info, thread)
    this.#learn(this.#remote)
    this.owners.bound(protocol, this.#remote, owner, secondsOf(ev))
  }

  /** A TELLING event that comes later in the burst: what it says is true of packets before it already. */
  foresee(ev: Event): void {
    const does = doesByType[ev.type]
    if (!TUPLE.bytesIn(ev, this.#take) || !this.#ends(does === ACCEPT || does === RECEIVE)) return
    if (this.#local.port === 0 || this.#remote.port === 0) return
    const now = secondsOf(ev)
    this.#learn(this.#local)
    // Which protocol it is only the fd says.
    if (does !== ACCEPT) this.#foreseen(IPPROTO_UDP, ev.tid, now)
    this.#foreseen(IPPROTO_TCP, ev.tid, now)
  }

  #foreseen(protocol: number, tid: number, now: number): void {
    const known = this.owners.ownerOf(protocol, this.#local, this.#remote)
    if (known === undefined || known.isClosed(now)) this.owners.met(protocol, this.#local, this.#remote, new SocketOwner(tid, -1), now)
  }

  /** The one that is known of this fd, else `foreseen`, else a new one. */
  #owner(info: FdInfo, thread: ThreadInfo, foreseen?: SocketOwner): SocketOwner {
    const owner = (info._owner ??= foreseen ?? new SocketOwner(thread, thread.lastFd))
    owner.info ??= info
    return owner
  }

  /** Reads the tuple of an event; false where it has none. `incoming`: it begins at the other end. */
  #tuple(state: State, ev: Event, thread: ThreadInfo, incoming: boolean): boolean {
    return TUPLE.bytes(state, ev, thread, this.#take) && this.#ends(incoming)
  }

  #ends(incoming: boolean): boolean {
    const { from, at, length } = this.#place
    const { _memory: memory, _view: view } = from!
    const family = memory[at]
    const size = family === AF_INET ? 4 : 16
    if ((family !== AF_INET && family !== AF_INET6) || length < 1 + 2 * (size + 2)) return false
    readEnd(incoming ? this.#remote : this.#local, memory, view, at + 1, size)
    readEnd(incoming ? this.#local : this.#remote, memory, view, at + 1 + size + 2, size)
    return true
  }

  /** Reads the address that a call was given, into #remote. */
  #address(state: State, ev: Event, thread: ThreadInfo): boolean {
    if (!ADDR.bytes(state, ev, thread, this.#take)) return false
    const { from, at, length } = this.#place
    const { _memory: memory, _view: view } = from!
    const family = memory[at]
    const size = family === AF_INET ? 4 : 16
    if ((family !== AF_INET && family !== AF_INET6) || length < 1 + size + 2) return false
    readEnd(this.#remote, memory, view, at + 1, size)
    return true
  }

  #learn(end: Endpoint): void {
    if (!end.isAny && this.#addresses.size < MAX_ADDRESSES) this.#addresses.add(endHash(end.w0, end.w1, end.w2, end.w3, 0))
  }
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

function protocolOf({ l4 }: FdInfo): number {
  return l4 === L4.TCP ? IPPROTO_TCP : l4 === L4.UDP ? IPPROTO_UDP : 0
}

function isTupleOf({ type }: FdInfo): boolean {
  return type === FD.IPV4 || type === FD.IPV6 || type === FD.IPV4_SERVER || type === FD.IPV6_SERVER
}

/** Seconds since the epoch. */
export function secondsOf({ tsHi, tsLo }: Event): number {
  return tsHi * 4.294967296 + tsLo / 1e9
}
