import type { Event } from '../event/event.js'
import type { PacketAt } from '../event/packet.js'
import { Flow, IPPROTO_TCP, IPPROTO_UDP } from '../flow/flow.js'
import type { Capture } from '../iface/capture.js'
import type { State } from '../state/state.js'
import { KernelSockets } from './kernelsockets.js'
import type { SocketOwner } from '../state/socketowner.js'
import { TELLING } from './socketcalls.js'
import { secondsOf, Sockets } from './sockets.js'

/** What became of the packets of a merge: `packets` = `attributed` + `unknown` + `others`. */
export interface AttributionStats {
  packets: number
  /** Those with a process. */
  attributed: number
  /** Those of TCP and UDP without one. */
  unknown: number
  /** Those of other protocols, and what could not be read. */
  others: number
  /** How often several processes had the same claim to a packet, so that none got it. */
  ambiguous: number
  /** Addresses of sockets that are known now. */
  sockets: number
  /** Those that had to go because there were too many. */
  evicted: number
  /** How often the kernel was asked for its sockets because of a packet whose owner was not known. */
  lookups: number
}

/** Where one source of system calls tells of sockets. */
interface Watched {
  readonly capture: Capture
  readonly sockets: Sockets
  readonly kernel: KernelSockets
}

/**
 * Gives packets the process that owns their socket.
 *
 * A packet has two ends, and on loopback or between containers both may be here. `ev.process` is who has sent it, if that is known,
 * else who it is for; `ev.peer` is who it is for, where `ev.process` is the other. Each end is looked up in this order: the socket
 * with exactly these addresses, where the events that tell of it may come later in the burst; a connect() or sendto() to that
 * address which has not got its packet yet; a socket bound to the port, or listening; on the running machine, the kernel's own list.
 *
 * Network namespaces may have the same addresses. Of the running machine it is known in which one a NIC is and in which one a socket
 * was made, and with that lib/merge/owners.ts decides: between two namespaces each end gets its own process, whichever of them
 * the packet was seen in. Where two processes are as likely, neither is named, and the packet is counted as ambiguous. Files do
 * not tell of namespaces: there, of several connections with the same addresses, packets go to the one that was told of last, and
 * of several listeners at one port none is named.
 */
export class Attribution {
  readonly #watched: readonly Watched[]
  readonly #flow = new Flow()
  #packets = 0
  #attributed = 0
  #others = 0

  /** Of captures of which one tells of sockets; undefined if none does. */
  static of(captures: readonly Capture[]): Attribution | undefined {
    const telling = captures.filter(({ state }) => state?.keepsFds === true)
    return telling.length === 0 || captures.length === 1 ? undefined : new Attribution(telling)
  }

  private constructor(captures: readonly Capture[]) {
    this.#watched = captures.map((capture) => {
      const sockets = new Sockets(capture.state!)
      return { capture, sockets, kernel: new KernelSockets(sockets) }
    })
  }

  /** A burst of this source begins: what it will tell of sockets is known from now on. */
  opened(capture: Capture): void {
    const watched = this.#watched.find(watched => watched.capture === capture)
    if (watched !== undefined) capture._burst._ahead(TELLING, ev => watched.sockets.foresee(ev))
  }

  /** `netns`: the network namespace where the packet was seen, 0 if that is not known. */
  attribute(ev: Event, packet: PacketAt, netns: number): void {
    this.#packets++
    const flow = this.#flow
    const isRead = flow.read(packet.linktype, packet._memory, packet._start, packet._length)
    if (!isRead || (flow.protocol !== IPPROTO_TCP && flow.protocol !== IPPROTO_UDP)) {
      this.#others++
      return
    }
    for (const { sockets, kernel } of this.#watched) {
      if (!this.#find(ev, sockets, netns) && !(kernel.look() && this.#find(ev, sockets, netns))) continue
      this.#attributed++
      return
    }
  }

  #find(ev: Event, sockets: Sockets, netns: number): boolean {
    const { protocol, source, destination } = this.#flow
    const { owners, state } = sockets
    const now = secondsOf(ev)
    // A port alone says little of a socket: at least it must be one of this machine. Addresses of containers may not be known.
    const isHere = owners.addresses.has(source, 0)
    const isThere = owners.addresses.has(destination, 0)
    const sender = owners.find(protocol, source, destination, isHere || !isThere, state, now, netns)
    const receiver = owners.find(protocol, destination, source, isThere || !isHere, state, now, netns)
    if (sender === undefined && receiver === undefined) return false
    if (sender === undefined) this.#show(ev, state, receiver!, 'in')
    else {
      this.#show(ev, state, sender, 'out')
      ev._peer = receiver?.process(state, 'in')
    }
    return true
  }

  #show(ev: Event, state: State, owner: SocketOwner, direction: 'out' | 'in'): void {
    ev._process = owner.process(state, direction)
    ev._state = state
    ev._thread = owner.thread
    ev._fd = owner.info
  }

  stats(): AttributionStats {
    const sum = (of: (watched: Watched) => number) => this.#watched.reduce((total, watched) => total + of(watched), 0)
    return {
      packets: this.#packets,
      attributed: this.#attributed,
      unknown: this.#packets - this.#attributed - this.#others,
      others: this.#others,
      ambiguous: sum(({ sockets }) => sockets.owners.ambiguous),
      sockets: sum(({ sockets }) => sockets.owners.size),
      evicted: sum(({ sockets }) => sockets.owners.evicted),
      lookups: sum(({ kernel }) => kernel.lookups),
    }
  }
}
