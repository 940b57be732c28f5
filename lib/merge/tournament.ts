import type { Event } from '../event/event.js'
import { PacketAt } from '../event/packet.js'
import { TS } from '../event/record.js'
import type { Cursor } from '../iface/burst.js'
import type { Attribution } from './attribution.js'
import type { Source } from './source.js'
import { highOf, lowOf, OLDEST, order, YOUNGEST } from './time.js'

/** Records this much younger than now have no right time: somebody has set the clock back since, or they are a file's. */
const CLOCK_STEP_MS = 100

/**
 * The records of several sources by time, oldest first; of the same time, in the order of the sources.
 *
 * A tournament of all sources' next records, as a tree of losers (Knuth, The Art of Computer Programming, 5.4.1). The winner's next
 * record plays its way up again. Where one source wins several times in a row, it is only compared with the runner-up from then on. A
 * source without a record takes part with the time up to which it has none: when that wins, the burst is over.
 *
 * Out: the record as `event`, in place. Which memory it lies in, and until when, is the source's matter. One event for all sources
 * costs 15 fields to be copied, which is little next to finding the oldest record, and keeps the consumer's loop of one shape.
 */
export class Tournament implements Cursor {
  /** Records handed out, or dropped, that were older than one handed out before them. */
  late = 0
  /** Of these, those that were dropped. */
  dropped = 0
  /** Records handed out. */
  delivered = 0
  readonly #sources: readonly Source[]
  readonly #windowMs: number
  readonly #dropsLate: boolean
  readonly #attribution: Attribution | undefined
  // Times of the sources' next records, as order() makes them; the winner's are those of its last match.
  readonly #hi: Int32Array
  readonly #lo: Int32Array
  /** By source: it has no record, and its time says until when. */
  readonly #stops: Uint8Array
  /** The losers of each match: of inner nodes 1 … k − 1, whose children are 2n and 2n + 1; sources are the leaves from k on. */
  readonly #losers: Int32Array
  /** Scratch memory of #build(). */
  readonly #winners: Int32Array
  #winner = 0
  #current: Source
  /** The winner's record was handed out. */
  #shown = false
  // Records of the winner up to this time (inclusive) come before those of all others.
  #untilHi = OLDEST
  #untilLo = OLDEST
  // The youngest time handed out.
  #newestHi = OLDEST
  #newestLo = OLDEST
  readonly #packet = new PacketAt()

  constructor(sources: readonly Source[], windowMs: number, dropsLate: boolean, attribution?: Attribution) {
    this.#sources = sources
    this.#windowMs = windowMs
    this.#dropsLate = dropsLate
    this.#attribution = attribution
    this.#hi = new Int32Array(sources.length)
    this.#lo = new Int32Array(sources.length)
    this.#stops = new Uint8Array(sources.length)
    this.#losers = new Int32Array(sources.length)
    this.#winners = new Int32Array(2 * sources.length)
    this.#current = sources[0]
  }

  /** Takes in what the sources now have. Is there a record to be handed out? */
  open(): boolean {
    for (let i = 0; i < this.#sources.length; i++) this.#place(i)
    this.#build()
    if (this.#sources.some(({ awaited }) => !awaited)) this.#followClock(Date.now() + CLOCK_STEP_MS)
    return this.#stops[this.#winner] === 0
  }

  /** What was stamped before a step of the clock is no measure for what comes after it; nor can the others wait until its time has come. */
  #followClock(latestMs: number): void {
    if (isAfter(this.#newestHi, this.#newestLo, latestMs)) this.#newestHi = this.#newestLo = OLDEST
    if (this.#stops[this.#winner] === 0 || !this.#isFuture(latestMs)) return
    for (let i = 0; i < this.#sources.length; i++) if (this.#stops[i] === 1 && !this.#sources[i].awaited) this.#stop(i, Infinity)
    this.#build()
  }

  /** Are all records that there are younger than that? */
  #isFuture(ms: number): boolean {
    return this.#sources.every((_, i) => this.#stops[i] === 1 || isAfter(this.#hi[i], this.#lo[i], ms))
  }

  next(event: Event): boolean {
    if (this.#shown) {
      const source = this.#current
      const from = source.event
      if (source.step()) {
        const view = from._view
        const at = from._at
        const hi = order(view.getInt32(at + TS + 4, true))
        const lo = order(view.getInt32(at + TS, true))
        const isNext = hi < this.#untilHi || (hi === this.#untilHi && lo <= this.#untilLo)
        if (isNext && (hi > this.#newestHi || (hi === this.#newestHi && lo >= this.#newestLo))) {
          this.#newestHi = hi
          this.#newestLo = lo
          this.delivered++
          this.#show(event, source, from)
          return true
        }
        this.#replay(hi, lo)
      } else {
        this.#leave()
      }
    }
    return this.#nextWinner(event)
  }

  /** The winner's record, unless it is late and nobody wants it then. */
  #nextWinner(event: Event): boolean {
    for (;;) {
      const winner = this.#winner
      if (this.#stops[winner] === 1) return false
      this.#shown = true
      const hi = this.#hi[winner]
      const lo = this.#lo[winner]
      if (hi > this.#newestHi || (hi === this.#newestHi && lo >= this.#newestLo)) {
        this.#newestHi = hi
        this.#newestLo = lo
      } else {
        this.late++
        if (this.#dropsLate) {
          this.dropped++
          event.num++
          this.#move()
          continue
        }
      }
      this.delivered++
      this.#show(event, this.#current, this.#current.event)
      return true
    }
  }

  /** The burst is over: moves off the last record. */
  close(): void {
    if (this.#shown) this.#move()
  }

  /** The winner's record is done with: its source moves on. */
  #move(): void {
    const { event } = this.#current
    if (!this.#current.step()) return this.#leave()
    this.#replay(order(event._view.getInt32(event._at + TS + 4, true)), order(event._view.getInt32(event._at + TS, true)))
  }

  /** The winner has no more records in its burst. */
  #leave(): void {
    this.#place(this.#winner)
    this.#replay(this.#hi[this.#winner], this.#lo[this.#winner])
  }

  /** Copies where the record lies, and what its source knows of it. What mostly stays the same is compared: that is cheaper. */
  #show(event: Event, source: Source, from: Event): void {
    if (event._view !== from._view) {
      event._view = from._view
      event._memory = from._memory
    }
    event._at = from._at
    event._header = from._header
    event._nparams = from._nparams
    event.cpu = from.cpu
    event.flags = from.flags
    event.iface = source.ifaces[from.iface]
    if (event._state !== from._state || from._state !== undefined) copyState(event, from)
    if (event._packet !== undefined || from._packet !== undefined) this.#showPacket(event, from, source)
  }

  #showPacket(event: Event, from: Event, source: Source): void {
    const packet = from._packet
    event._process = from._process
    event._peer = from._peer
    if (packet === undefined) {
      event._packet = undefined
      return
    }
    this.#packet._move(packet.linktype, packet._memory, packet._start, packet._length, event._lease)
    event._packet = this.#packet
    if (this.#attribution !== undefined) this.#attribution.attribute(event, packet, source.capture.interfaces[from.iface]?.netns ?? 0)
  }

  /** Enters the time of a source's next record, or until when there is none. */
  #place(index: number): void {
    const source = this.#sources[index]
    if (!source.ready) return this.#stop(index, source.horizon(this.#windowMs))
    const { _view: view, _at: at } = source.event
    this.#stops[index] = 0
    this.#hi[index] = order(view.getInt32(at + TS + 4, true))
    this.#lo[index] = order(view.getInt32(at + TS, true))
  }

  #stop(index: number, ms: number): void {
    this.#stops[index] = 1
    this.#hi[index] = highOf(ms)
    this.#lo[index] = lowOf(ms)
  }

  #beats(one: number, other: number): boolean {
    const hi = this.#hi
    if (hi[one] !== hi[other]) return hi[one] < hi[other]
    const lo = this.#lo
    return lo[one] < lo[other] || (lo[one] === lo[other] && one <= other)
  }

  /** All matches. */
  #build(): void {
    const count = this.#sources.length
    const winners = this.#winners
    for (let node = 2 * count - 1; node > 0; node--) {
      if (node >= count) {
        winners[node] = node - count
        continue
      }
      const left = winners[2 * node]
      const right = winners[2 * node + 1]
      const isLeft = this.#beats(left, right)
      winners[node] = isLeft ? left : right
      this.#losers[node] = isLeft ? right : left
    }
    this.#crown(winners[1])
  }

  /** The winner's next record plays its way up, from its leaf to the top. */
  #replay(hi: number, lo: number): void {
    this.#shown = false
    const his = this.#hi
    const los = this.#lo
    const losers = this.#losers
    const before = this.#winner
    his[before] = hi
    los[before] = lo
    let winner = before
    for (let node = (before + losers.length) >> 1; node > 0; node >>= 1) {
      const loser = losers[node]
      const otherHi = his[loser]
      const otherLo = los[loser]
      if (hi < otherHi || (hi === otherHi && (lo < otherLo || (lo === otherLo && winner < loser)))) continue
      losers[node] = winner
      winner = loser
      hi = otherHi
      lo = otherLo
    }
    if (winner === before) this.#findUntil()
    else this.#crown(winner)
  }

  /** A new winner: how long it stays the one, only its next record says. */
  #crown(winner: number): void {
    this.#winner = winner
    this.#current = this.#sources[winner]
    this.#untilHi = this.#untilLo = OLDEST
  }

  /** The time of the runner-up, who has lost against the winner and nobody else: it stands on the winner's way. */
  #findUntil(): void {
    const losers = this.#losers
    const winner = this.#winner
    let node = (winner + losers.length) >> 1
    if (node === 0 || this.#stops[winner] === 1) {
      this.#untilHi = this.#untilLo = YOUNGEST
      return
    }
    let best = losers[node]
    for (node >>= 1; node > 0; node >>= 1) if (this.#beats(losers[node], best)) best = losers[node]
    // Of two records of one time that of the first source comes first.
    const lo = this.#lo[best]
    const isBehind = winner > best
    this.#untilHi = isBehind && lo === OLDEST ? this.#hi[best] - 1 : this.#hi[best]
    this.#untilLo = !isBehind ? lo : lo === OLDEST ? YOUNGEST : lo - 1
  }
}

function copyState(event: Event, from: Event): void {
  event._state = from._state
  event._thread = from._thread
  event._fd = from._fd
  event._error = from._error
}

function isAfter(hi: number, lo: number, ms: number): boolean {
  const limit = highOf(ms)
  return hi > limit || (hi === limit && lo > lowOf(ms))
}
