import { Endpoint } from '../flow/endpoint.js'
import type { State } from '../state/state.js'
import type { SocketOwner } from '../state/socketowner.js'
import { isLoopback, LocalAddresses } from './localaddresses.js'
import { Entry, OwnerTable } from './ownertable.js'

/**
 * Who owns which socket, by address, with five kinds of entries that are tried in this order.
 *
 *     local address  port   remote address  port
 *     known          known  known           known   connected
 *     -              known  known           known   datagrams came from there, or went there, through a socket bound to no address
 *     -              -      known           known   a connect() or sendto() is under way, or was a moment ago
 *     known          known  -               -       bound, or listening
 *     any            known  -               -       bound to 0.0.0.0 or ::, which also gets what is for IPv4
 *
 * Network namespaces may have the same addresses. Of several sockets that a packet can be of, one that is open goes before one
 * that is closed, then one whose namespace is known to have the address, then one of the namespace where the packet was seen; where
 * processes are still equal, none of them is named. With a loopback address it is never one of another namespace. Of sockets
 * whose namespace is not known, the one that was told of last has an address.
 *
 * Nothing is allocated to look something up.
 */
export class Owners {
  /** Packets whose owner could not be told from another one. */
  ambiguous = 0
  readonly addresses = new LocalAddresses()
  readonly #table: OwnerTable
  // Of the packet at hand: in which namespace it was seen, whether it cannot be of another one, whether it is ambiguous.
  #netns = 0
  #confined = false
  #several = false
  // Scratch.
  readonly #local = new Endpoint()
  readonly #none = new Endpoint()

  /** `max`: addresses of sockets that are kept at most. */
  constructor(max?: number) {
    this.#table = new OwnerTable(max)
  }

  get size(): number {
    return this.#table.size
  }

  get evicted(): number {
    return this.#table.evicted
  }

  clear(): void {
    this.#table.clear()
    this.addresses.clear()
  }

  /** A socket is connected. */
  connected(protocol: number, local: Endpoint, remote: Endpoint, owner: SocketOwner, now: number): void {
    this.addresses.learn(local, owner.netns)
    this.#enter(protocol, local, remote, owner, now).lasting = true
  }

  /** A socket has had to do with that end. */
  met(protocol: number, local: Endpoint, remote: Endpoint, owner: SocketOwner, now: number): void {
    this.addresses.learn(local, owner.netns)
    this.#enter(protocol, local, remote, owner, now)
  }

  #enter(protocol: number, local: Endpoint, remote: Endpoint, owner: SocketOwner, now: number): Entry {
    const known = this.#find(protocol, this.#here(local), remote, owner.netns)
    if (known === undefined) return this.#table.add(new Entry(protocol, this.#here(local), remote, owner, now), now)
    known.owner = owner
    known.used = now
    return known
  }

  /** The owner of such a socket of that network namespace, if that is known. */
  ownerOf(protocol: number, local: Endpoint, remote: Endpoint, netns: number): SocketOwner | undefined {
    return this.#find(protocol, this.#here(local), remote, netns)?.owner
  }

  /** A socket is bound to an address, or to a port alone. Several may be. */
  bound(protocol: number, local: Endpoint, owner: SocketOwner, now: number): void {
    this.addresses.learn(local, owner.netns)
    this.#none.clear()
    if (!this.#has(protocol, local, this.#none, owner)) this.#table.add(new Entry(protocol, local, this.#none, owner, now), now)
  }

  /** A call that will send something to that end has begun. */
  begin(protocol: number, remote: Endpoint, owner: SocketOwner, now: number): void {
    this.#none.clear()
    if (!this.#has(protocol, this.#none, remote, owner)) this.#table.add(new Entry(protocol, this.#none, remote, owner, now), now)
  }

  /** It has ended. Its packet may come within `seconds`, unless that was seen. */
  end(protocol: number, remote: Endpoint, owner: SocketOwner, now: number, seconds: number): void {
    this.#none.clear()
    for (let entry = this.#table.first(protocol, this.#none, remote); entry !== undefined; entry = entry.next) {
      if (entry.owner === owner && entry.is(protocol, this.#none, remote)) entry.until = now + seconds
    }
  }

  /**
   * The owner of the socket at `local` of a packet that goes to or comes from `remote`. `wild`: may it be bound to a port alone?
   * `netns`: the network namespace where the packet was seen, 0 if that is not known.
   */
  find(protocol: number, local: Endpoint, remote: Endpoint, wild: boolean, state: State, now: number, netns: number): SocketOwner | undefined {
    this.#netns = netns
    this.#confined = isLoopback(local) || isLoopback(remote)
    this.#several = false
    const owner = this.#search(protocol, local, remote, wild, state, now)
    if (this.#several) this.ambiguous++
    return this.#several ? undefined : owner
  }

  #search(protocol: number, local: Endpoint, remote: Endpoint, wild: boolean, state: State, now: number): SocketOwner | undefined {
    const none = this.#none
    none.clear()
    const entry = this.#best(protocol, local, remote, local, state, now) ?? this.#best(protocol, this.#anyAt(local.port), remote, local, state, now)
    if (entry !== undefined) {
      entry.used = now
      entry.owner.touch(now)
      return entry.owner
    }
    if (this.#several) return undefined
    const pending = this.#pending(protocol, remote, local, state, now)
    if (pending !== undefined) {
      // From now on the connection is known.
      pending.claimed = true
      this.#enter(protocol, local, remote, pending.owner, now)
      return pending.owner
    }
    const exact = this.#best(protocol, local, none, local, state, now)
    if (exact !== undefined || !wild) return exact?.owner
    if (local.isIpv4) {
      const here = this.#anyAt(local.port)
      here.setIpv4(0)
      const ipv4 = this.#best(protocol, here, none, local, state, now)
      if (ipv4 !== undefined) return ipv4.owner
    }
    return this.#best(protocol, this.#anyAt(local.port), none, local, state, now)?.owner
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

  /** The best of the entries of these ends, for a socket at `address`; several processes may have one that is as good. */
  #best(protocol: number, local: Endpoint, remote: Endpoint, address: Endpoint, state: State, now: number): Entry | undefined {
    if (this.#several) return undefined
    let best: Entry | undefined
    for (let entry = this.#table.first(protocol, local, remote); entry !== undefined; entry = entry.next) {
      const { owner } = entry
      if (!entry.is(protocol, local, remote) || !this.#canBe(owner, state)) continue
      // Mostly there is but one: only several are compared.
      const order = best === undefined ? 1 : this.#rank(owner, address, now) - this.#rank(best.owner, address, now)
      if (order > 0) {
        best = entry
        this.#several = false
      } else if (order === 0 && owner.thread!.pid !== best!.owner.thread!.pid) {
        this.#several = true
      }
    }
    return this.#several ? undefined : best
  }

  /** The best call that waits for its packet; of equal ones the oldest. */
  #pending(protocol: number, remote: Endpoint, address: Endpoint, state: State, now: number): Entry | undefined {
    const none = this.#none
    let best: Entry | undefined
    for (let entry = this.#table.first(protocol, none, remote); entry !== undefined; entry = entry.next) {
      if (entry.claimed || now > entry.until || !entry.is(protocol, none, remote) || !this.#canBe(entry.owner, state)) continue
      if (best === undefined || this.#rank(entry.owner, address, now) > this.#rank(best.owner, address, now)) best = entry
    }
    return best
  }

  /** Is the owner known, and can the packet be one of its network namespace? */
  #canBe(owner: SocketOwner, state: State): boolean {
    return owner.pidIn(state) !== undefined && !(this.#confined && !isSame(owner.netns, this.#netns))
  }

  /** How likely it is that a socket of this owner is at `address`, other things being equal. */
  #rank(owner: SocketOwner, address: Endpoint, now: number): number {
    const { netns } = owner
    return (owner.isClosed(now) ? 0 : 4) + (this.addresses.has(address, netns) ? 2 : 0) + (isSame(netns, this.#netns) ? 1 : 0)
  }

  #find(protocol: number, local: Endpoint, remote: Endpoint, netns: number): Entry | undefined {
    let entry = this.#table.first(protocol, local, remote)
    while (entry !== undefined && !(entry.is(protocol, local, remote) && isSame(entry.owner.netns, netns))) entry = entry.next
    return entry
  }

  #has(protocol: number, local: Endpoint, remote: Endpoint, owner: SocketOwner): boolean {
    for (let entry = this.#table.first(protocol, local, remote); entry !== undefined; entry = entry.next) {
      if (entry.owner !== owner || !entry.is(protocol, local, remote)) continue
      entry.claimed = false
      entry.until = Infinity
      return true
    }
    return false
  }
}

/** May these be the same network namespace? */
function isSame(netns: number, other: number): boolean {
  return netns === other || netns === 0 || other === 0
}
