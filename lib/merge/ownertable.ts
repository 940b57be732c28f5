import { Endpoint } from '../flow/endpoint.js'
import { IPPROTO_UDP } from '../flow/flow.js'
import { endHash } from '../flow/hash.js'
import type { SocketOwner } from '../state/socketowner.js'

/** Addresses of sockets that are kept at most. */
const MAX_ENTRIES = 65_536
/** Seconds between two looks for what can go. */
const SWEEP_S = 10
/** Seconds that a datagram socket's peer is remembered when nothing comes or goes. */
const IDLE_S = 120

/** One address, or pair of addresses, of a socket. What is not known is zero. */
export class Entry {
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

/** A bounded hash table of addresses of sockets. What is over goes by itself, the oldest where there are too many. */
export class OwnerTable {
  /** Addresses that had to go because there were too many. */
  evicted = 0
  #size = 0
  readonly #max: number
  readonly #entries = new Map<number, Entry>()
  #sweptAt = 0

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

  /** The first entry that may be of these ends; the others follow as `next`. Each must be asked what it is. */
  first(protocol: number, local: Endpoint, remote: Endpoint): Entry | undefined {
    return this.#entries.get(hash(protocol, local, remote))
  }

  /** Adds an entry behind those of the same hash: the oldest call is the first to be found. */
  add(added: Entry, now: number): Entry {
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
