import { Endpoint } from '../flow/endpoint.js'
import { IPPROTO_UDP } from '../flow/flow.js'
import { endHash } from '../flow/hash.js'
import type { State } from '../state/state.js'
import type { SocketOwner } from '../state/socketowner.js'

/** Addresses of sockets that are kept at most. */
const MAX_ENTRIES = 65_536
/** Seconds between two looks for what can go. */
const SWEEP_S = 10
/** Seconds that a datagram socket's peer is remembered when nothing comes or goes. */
const IDLE_S = 120

/** One address, or pair of addresses, of a socket. What is not known is zero. */
class Entry {
  readonly local = new Endpoint()
  readonly remote = new Endpoint()
  next: Entry | undefined
  /** When it was last needed, in seconds since the epoch. */
  used: number
  /** It is there until the socket is closed; else it goes when it is not needed for a while. */
  lasting = false
  /** Of a call that waits for its packet: one has been found. */
  claimed = false
  /** Of such a call that has ended: how long its packet may take. */
  until = Infinity

  constructor(readonly protocol: number, local: Endpoint, remote: Endpoint, public owner: SocketOwner, now: number) {
    this.local.set(local)
    this.remote.set(remote)
    this.used = now
  }

  is(protocol: number, local: Endpoint, remote: Endpoint): boolean {
    return this.protocol === protocol && this.local.equals(local) && this.remote.equals(remote)
  }
}

/**
 * Who owns which socket, by address: a bounded hash table, with five kinds of entries that are tried in this order.
 *
 *     local address  port   remote address  port
 *     known          known  known           known   connected
 *     -              known  known           known   datagrams came from there, or went there, through a socket bound to no address
 *     -              -      known           known   a connect() or sendto() is under way, or was a moment ago
 *     known          known  -               -       bound, or listening
 *     any            known  -               -       bound to 0.0.0.0 or ::, which also gets what is for IPv4
 *
 * Nothing is allocated to look something up.
 */
export class Owners {
  /** Addresses that had to go because there were too many. */
  evicted = 0
  /** Packets whose owner could not be told, for several processes listen at the same port (in different network namespaces). */
  ambiguous = 0
  #size = 0
  readonly #max: number
  readonly #entries = new Map<number, Entry>()
  #sweptAt = 0
  // Scratch.
  readonly #local = new Endpoint()
  readonly #none = new Endpoint()

  constructor(max = MAX_ENTRIES) {
    this.#max = max
  }

  get size(): number {
    return this.#size
  }

  clear(): void {
    this.#entries.clear()
    this.#size = 0
  }

  /** A socket is connected. */
  connected(protocol: number, local: Endpoint, remote: Endpoint, owner: SocketOwner, now: number): void {
    this.#enter(protocol, local, remote, owner, now).lasting = true
  }

  /** A socket has had to do with that end. */
  met(protocol: number, local: Endpoint, remote: Endpoint, owner: SocketOwner, now: number): void {
    this.#enter(protocol, local, remote, owner, now)
  }

  #enter(protocol: number, local: Endpoint, remote: Endpoint, owner: SocketOwner, now: number): Entry {
    const known = this.#find(protocol, this.#here(local), remote)
    if (known === undefined) return this.#add(new Entry(protocol, this.#here(local), remote, owner, now), now)
    known.owner = owner
    known.used = now
    return known
  }

  /** The owner of such a socket, if that is known. */
  ownerOf(protocol: number, local: Endpoint, remote: Endpoint): SocketOwner | undefined {
    return this.#find(protocol, this.#here(local), remote)?.owner
  }

  /** A socket is bound to an address, or to a port alone. Several may be. */
  bound(protocol: number, local: Endpoint, owner: SocketOwner, now: number): void {
    this.#none.clear()
    if (!this.#has(protocol, local, this.#none, owner)) this.#add(new Entry(protocol, local, this.#none, owner, now), now)
  }

  /** A call that will send something to that end has begun. */
  begin(protocol: number, remote: Endpoint, owner: SocketOwner, now: number): void {
    this.#none.clear()
    if (!this.#has(protocol, this.#none, remote, owner)) this.#add(new Entry(protocol, this.#none, remote, owner, now), now)
  }

  /** It has ended. Its packet may come within `seconds`, unless that was seen. */
  end(protocol: number, remote: Endpoint, owner: SocketOwner, now: number, seconds: number): void {
    this.#none.clear()
    for (let entry = this.#first(protocol, this.#none, remote); entry !== undefined; entry = entry.next) {
      if (entry.owner === owner && entry.is(protocol, this.#none, remote)) entry.until = now + seconds
    }
  }

  /**
   * The owner of the socket at `local` of a packet that goes to or comes from `remote`. `wild`: may it be bound to a port alone?
   */
  find(protocol: number, local: Endpoint, remote: Endpoint, wild: boolean, state: State, now: number): SocketOwner | undefined {
    const none = this.#none
    none.clear()
    const here = this.#local
    const entry = this.#find(protocol, local, remote) ?? this.#find(protocol, this.#anyAt(local.port), remote)
    if (entry !== undefined && entry.owner.pidIn(state) !== undefined) {
      entry.used = now
      entry.owner.touch(now)
      return entry.owner
    }
    const pending = this.#pending(protocol, remote, now)
    if (pending !== undefined && pending.owner.pidIn(state) !== undefined) {
      // From now on the connection is known.
      pending.claimed = true
      this.met(protocol, local, remote, pending.owner, now)
      return pending.owner
    }
    here.set(local)
    const exact = this.#only(protocol, here, state, now)
    if (exact !== undefined || !wild) return exact
    if (local.isIpv4) {
      here.setIpv4(0)
      const ipv4 = this.#only(protocol, here, state, now)
      if (ipv4 !== undefined) return ipv4
    }
    return this.#only(protocol, this.#anyAt(local.port), state, now)
  }

  /** An end without an address. */
  #anyAt(port: number): Endpoint {
    this.#local.clear()
    this.#local.port = port
    return this.#local
  }

  /** The same end, where no address says so in one way only. */
  #here(local: Endpoint): Endpoint {
    return local.isAny ? this.#anyAt(local.port) : local
  }

  #pending(protocol: number, remote: Endpoint, now: number): Entry | undefined {
    const none = this.#none
    for (let entry = this.#first(protocol, none, remote); entry !== undefined; entry = entry.next) {
      if (!entry.claimed && now <= entry.until && entry.is(protocol, none, remote)) return entry
    }
    return undefined
  }

  /** The one process with a socket bound there; a closed one only where there is no other. */
  #only(protocol: number, local: Endpoint, state: State, now: number): SocketOwner | undefined {
    let found: SocketOwner | undefined
    let isOpen = false
    let several = false
    for (let entry = this.#first(protocol, local, this.#none); entry !== undefined; entry = entry.next) {
      const { owner } = entry
      if (!entry.is(protocol, local, this.#none) || owner.pidIn(state) === undefined) continue
      const open = !owner.isClosed(now)
      if (found === undefined || (open && !isOpen)) {
        found = owner
        isOpen = open
        several = false
      } else if (open === isOpen && owner.thread!.pid !== found.thread!.pid) {
        several = true
      }
    }
    if (!several) return found
    this.ambiguous++
    return undefined
  }

  #first(protocol: number, local: Endpoint, remote: Endpoint): Entry | undefined {
    return this.#entries.get(hash(protocol, local, remote))
  }

  #find(protocol: number, local: Endpoint, remote: Endpoint): Entry | undefined {
    let entry = this.#first(protocol, local, remote)
    while (entry !== undefined && !entry.is(protocol, local, remote)) entry = entry.next
    return entry
  }

  #has(protocol: number, local: Endpoint, remote: Endpoint, owner: SocketOwner): boolean {
    for (let entry = this.#first(protocol, local, remote); entry !== undefined; entry = entry.next) {
      if (entry.owner !== owner || !entry.is(protocol, local, remote)) continue
      entry.claimed = false
      entry.until = Infinity
      return true
    }
    return false
  }

  /** Adds an entry behind those of the same hash: the oldest call is the first to be found. */
  #add(added: Entry, now: number): Entry {
    if (this.#size >= this.#max || now > this.#sweptAt + SWEEP_S) this.#sweep(now)
    const key = hash(added.protocol, added.local, added.remote)
    let entry = this.#entries.get(key)
    if (entry === undefined) this.#entries.set(key, added)
    else {
      while (entry.next !== undefined) entry = entry.next
      entry.next = added
    }
    this.#size++
    return added
  }

  /** Lets go of what is over; where that makes no room, of the oldest quarter. */
  #sweep(now: number): void {
    this.#sweptAt = now
    this.#keep(entry => !isOver(entry, now), Infinity)
    if (this.#size < this.#max) return
    const before = this.#size
    this.#keep(() => false, this.#max >> 2)
    this.evicted += before - this.#size
  }

  /** Removes what `keeps` refuses, of the first entries until that many are gone. */
  #keep(keeps: (entry: Entry) => boolean, most: number): void {
    let gone = 0
    for (const [key, first] of this.#entries) {
      if (gone >= most) break
      let head: Entry | undefined
      let last: Entry | undefined
      for (let entry: Entry | undefined = first; entry !== undefined; entry = entry.next) {
        if (!keeps(entry)) {
          gone++
          continue
        }
        if (last === undefined) head = entry
        else last.next = entry
        last = entry
      }
      if (last !== undefined) last.next = undefined
      if (head === undefined) this.#entries.delete(key)
      else if (head !== first) this.#entries.set(key, head)
    }
    this.#size -= gone
  }
}

function isOver({ protocol, remote, owner, used, until, lasting }: Entry, now: number): boolean {
  return owner.isGone(now) || now > until || (protocol === IPPROTO_UDP && !lasting && remote.port !== 0 && now > used + IDLE_S)
}

function hash(protocol: number, { w0, w1, w2, w3, port }: Endpoint, remote: Endpoint): number {
  const here = endHash(w0, w1, w2, w3, port)
  return (Math.imul(here, 3) + endHash(remote.w0, remote.w1, remote.w2, remote.w3, remote.port) + protocol) | 0
}
