import type { Event } from '../event/event.js'
import type { Endpoint } from '../flow/endpoint.js'
import { IPPROTO_TCP, IPPROTO_UDP } from '../flow/flow.js'
import { FD, type FdInfo, L4, ROLE_CLIENT, ROLE_SERVER } from '../state/fdinfo.js'
import { netnsOf } from '../state/netns.js'
import { int64 } from '../state/params.js'
import { Proc } from '../state/proc.js'
import { SocketOwner } from '../state/socketowner.js'
import type { SocketWatch, State } from '../state/state.js'
import type { ThreadInfo } from '../state/threadinfo.js'
import { Ends, setIp } from './ends.js'
import { Owners } from './owners.js'
import { DOES, doesOf, isIncoming } from './socketcalls.js'

const EINPROGRESS = 115

/** Seconds that the packet of a call may come after it, where it has to wait for a queue of the device. */
const AFTER_CALL_S = 1

/**
 * The sockets of one source of system calls, as its state follows them: fills the table of owners.
 *
 * The state tells each event when it has followed it, which is before the merge hands it out, and whether a filter lets it pass or
 * not. The addresses come from the event itself: what the state makes of them goes by client and server, and not by here and there.
 */
export class Sockets implements SocketWatch {
  readonly owners = new Owners()
  #state: State
  /** Of the event at hand. */
  readonly #ends = new Ends()

  constructor(state: State) {
    this.#state = state
    state.watch = this
    this.begin(state)
  }

  get state(): State {
    return this.#state
  }

  /** Everything that is open. A state with another beginning is another machine, or another time. */
  begin(state: State): void {
    if (state !== this.#state) {
      this.owners.clear()
      this.#state = state
    }
    const { local } = this.#ends
    const netns = state.live ? netnsOf(new Proc(), 'thread-self') : 0
    for (const { address } of state.interfaces) {
      setIp(local, address)
      this.owners.addresses.learn(local, netns)
    }
    /** The same socket in several processes: by inode. */
    const shared = new Map<bigint, SocketOwner>()
    const now = Number(state.firstTs) / 1e9
    for (const thread of state.threads.values()) {
      if (thread.fds.size === 0 || (!thread.isMain && state.mainOf(thread)?.fds === thread.fds)) continue
      for (const [fd, info] of thread.fds) {
        const known = info._owner ?? (info.ino === 0n ? undefined : shared.get(info.ino))
        const owner = known ?? new SocketOwner(thread, fd, info.netns, info.ino)
        if (!this.#enter(info, owner, now)) continue
        info._owner = owner
        owner.info ??= info
        shared.set(info.ino, owner)
      }
    }
  }

  /** Enters an fd of a list; false when it is no socket with a port. */
  #enter(info: FdInfo, owner: SocketOwner, now: number): boolean {
    const protocol = protocolOf(info)
    if (protocol === 0 || !(info.isIpSocket || info.isServerSocket)) return false
    const { local, remote } = this.#ends
    this.#ends.readFd(info)
    if (local.port === 0) return false
    if (info.isServerSocket) this.owners.bound(protocol, local, owner, now)
    else this.owners.connected(protocol, local, remote, owner, now)
    return true
  }

  follow(state: State, ev: Event, thread: ThreadInfo): void {
    const { type } = ev
    const does = doesOf(type)
    const info = ev._fd
    if (info === undefined) return
    if (does === DOES.NOTHING) {
      info._owner?.use(thread, thread.lastFd)
      return
    }
    const isExit = (type & 1) === 1
    if (does === DOES.CLOSE) {
      if (isExit && ev._error === 0) info._owner?.close(thread.pid, secondsOf(ev))
      return
    }
    if (does === DOES.BIND) {
      if (isExit && ev._error === 0) this.#bound(state, ev, thread, info)
      return
    }
    if (does === DOES.CONNECT && !isExit) return this.#connects(state, ev, thread, info)
    if (ev._error !== 0 && !(does === DOES.CONNECT && ev._error === EINPROGRESS)) return this.#ended(state, ev, thread, info)
    const protocol = does === DOES.ACCEPT ? IPPROTO_TCP : protocolOf(info)
    if (protocol === 0 || !isTupleOf(info)) return
    const owner = info._owner
    if (owner !== undefined) owner.use(thread, thread.lastFd)
    // A connection has the same ends for good.
    if (protocol === IPPROTO_TCP && (does === DOES.SEND || does === DOES.RECEIVE) && owner !== undefined) return
    if (!this.#ends.readTuple(state, ev, thread, isIncoming(does))) return
    this.#spoke(ev, thread, info, protocol, does, isExit)
  }

  /** The ends are known, at least the other one. */
  #spoke(ev: Event, thread: ThreadInfo, info: FdInfo, protocol: number, does: number, isExit: boolean): void {
    const now = secondsOf(ev)
    const { local, remote } = this.#ends
    if (remote.port === 0) return this.#spokeAlone(ev, thread, info, protocol, local)
    if (local.port === 0) {
      if (does === DOES.SEND) this.#sends(thread, info, protocol, remote, now, isExit)
      return
    }
    // What was foreseen is now seen.
    const owner = this.#owner(info, thread, this.owners.ownerOf(protocol, local, remote, info.netns))
    owner.info = this.#saying(info, does, isExit)
    owner.use(thread, thread.lastFd)
    if (does === DOES.CONNECT || does === DOES.ACCEPT) this.owners.connected(protocol, local, remote, owner, now)
    else this.owners.met(protocol, local, remote, owner, now)
    if (isExit && (does === DOES.CONNECT || does === DOES.SEND)) this.owners.end(protocol, remote, owner, now, AFTER_CALL_S)
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
    owner.info = this.#saying(info, DOES.SEND, isExit)
    if (!isExit) this.owners.begin(protocol, remote, owner, now)
    else this.owners.end(protocol, remote, owner, now, AFTER_CALL_S)
  }

  /** The fd, or what it will say: before its first call has ended, one that sends does not say where to. */
  #saying(info: FdInfo, does: number, isExit: boolean): FdInfo {
    return does === DOES.SEND && !isExit && info.dport === 0 ? this.#ends.foreseenFd(info.l4, ROLE_CLIENT) : info
  }

  #connects(state: State, ev: Event, thread: ThreadInfo, info: FdInfo): void {
    const protocol = protocolOf(info)
    if (protocol === 0 || !this.#ends.readAddress(state, ev, thread)) return
    const owner = this.#owner(info, thread)
    owner.use(thread, thread.lastFd)
    if (this.#ends.remote.port !== 0) this.owners.begin(protocol, this.#ends.remote, owner, secondsOf(ev))
  }

  /** The call has failed. */
  #ended(state: State, ev: Event, thread: ThreadInfo, info: FdInfo): void {
    const protocol = protocolOf(info)
    if (info._owner === undefined) return
    info._owner.info = info
    if (protocol === 0 || !this.#ends.readAddress(state, ev, thread)) return
    this.owners.end(protocol, this.#ends.remote, info._owner, secondsOf(ev), 0)
  }

  #bound(state: State, ev: Event, thread: ThreadInfo, info: FdInfo): void {
    const protocol = protocolOf(info)
    if (protocol === 0 || !this.#ends.readAddress(state, ev, thread) || this.#ends.remote.port === 0) return
    const owner = this.#owner(info, thread)
    this.owners.bound(protocol, this.#ends.remote, owner, secondsOf(ev))
  }

  /** A TELLING event that comes later in the burst: what it says is true of packets before it already. */
  foresee(ev: Event): void {
    const does = doesOf(ev.type)
    const { local, remote } = this.#ends
    if (!this.#ends.foreseeTuple(ev, isIncoming(does)) || local.port === 0 || remote.port === 0) return
    // Which protocol it is only the fd says.
    if (does !== DOES.ACCEPT) this.#foreseen(ev, does, IPPROTO_UDP)
    this.#foreseen(ev, does, IPPROTO_TCP)
  }

  #foreseen(ev: Event, does: number, protocol: number): void {
    const { local, remote } = this.#ends
    const { tid } = ev
    const now = secondsOf(ev)
    const netns = this.#state.thread(tid)?.netns ?? 0
    if (this.owners.ownerOf(protocol, local, remote, netns)?.isClosed(now) === false) return
    const owner = new SocketOwner(tid, does === DOES.ACCEPT ? int64(ev, 0, -1) : -1, netns)
    const role = does === DOES.ACCEPT ? ROLE_SERVER : does === DOES.CONNECT ? ROLE_CLIENT : 0
    owner.info = this.#ends.foreseenFd(protocol === IPPROTO_TCP ? L4.TCP : L4.UDP, role)
    this.owners.met(protocol, local, remote, owner, now)
  }

  /** The one that is known of this fd, else `foreseen`, else a new one. */
  #owner(info: FdInfo, thread: ThreadInfo, foreseen?: SocketOwner): SocketOwner {
    if (info._owner !== undefined) return info._owner
    const owner = (info._owner = foreseen ?? new SocketOwner(thread, thread.lastFd, info.netns))
    owner.info = info
    if (info.netns !== 0) owner.netns = info.netns
    return owner
  }
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
