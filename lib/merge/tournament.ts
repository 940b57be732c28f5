import type { Event } from '../event/event.js'
import { PacketAt } from '../event/packet.js'
import { TS } from '../event/record.js'
import type { Cursor } from '../iface/burst.js'
import type { Attribution } from './attribution.js'
import type { Source } from './source.js'
import { highOf, lowOf, OLDEST, order } from './time.js'

/** Records this much younger than now have no right time: somebody has set the clock back since, or they are a file's. */
const CLOCK_STEP_MS = 100

/**
 * The records of several sources by time, oldest first; of the same time, in the order of the sources.
 *
 * A tournament of all sources' next records, as a tree of losers (Knuth, The Art of Computer Programming, 5.4.1). The winner stays
 * as long as its next record is not younger than that of the runner-up, which is one comparison; else it plays its way up again.
 * A source without a record takes part with the time up to which it has none: when that wins, the burst is over.
 *
 * Out: the record as `event`, in place. Which memory it lies in, and until when, is the source's matter.
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
  // Times of the sources' next records, as order() makes them.
  readonly #hi: Int32Array
  readonly #lo: Int32Array
  /** By source: it has no record, and its time says until when. */
  readonly #stops: Uint8Array
  /** The losers of each match: of inner nodes 1 … k − 1, whose children are 2n and 2n + 1; sources are the leaves from k on. */
  readonly #losers: Int32Array
  /** Scratch memory of #build(). */
  readonly #winners: Int32Array
  #winner = 0
  /** The best of those whom the winner has beaten. */
  #runnerUp = 0
  /** The winner's record was handed out. */
  #shown = false
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
  }

  /** Takes in what the sources now have. Is there a record to be handed out? */
  open(): boolean {
    const now = Date.now()
    const isLive = this.#sources.some(({ awaited }) => !awaited)
    for (let i = 0; i < this.#sources.length; i++) this.#place(i)
    this.#build()
    if (isLive) {
      // What was stamped before a step of the clock is no measure for what comes after it.
      if (isAfter(this.#newestHi, this.#newestLo, now + CLOCK_STEP_MS)) this.#newestHi = this.#newestLo = OLDEST
      if (this.#stops[this.#winner] === 1 && this.#isFuture(now)) {
        for (let i = 0; i < this.#sources.length; i++) if (this.#stops[i] === 1 && !this.#sources[i].awaited) this.#stop(i, Infinity)
        this.#build()
      }
    }
    return this.#stops[this.#winner] === 0
  }

  /** Are all records that there are from the future? To wait until it has come could take hours. */
  #isFuture(now: number): boolean {
    let any = false
    for (let i = 0; i < this.#sources.length; i++) {
      if (this.#stops[i] === 1) continue
      if (!isAfter(this.#hi[i], this.#lo[i], now + CLOCK_STEP_MS)) return false
      any = true
    }
    return any
  }

  next(event: Event): boolean {
    for (;;) {
      this.#leave()
      const winner = this.#winner
      if (this.#stops[winner] === 1) return false
      this.#shown = true
      const hi = this.#hi[winner]
      const lo = this.#lo[winner]
      const source = this.#sources[winner]
      event.num += source.skipped
      if (hi > this.#newestHi || (hi === this.#newestHi && lo >= this.#newestLo)) {
        this.#newestHi = hi
        this.#newestLo = lo
      } else {
        this.late++
        if (this.#dropsLate) {
          this.dropped++
          event.num++
          continue
        }
      }
      this.#show(event, source)
      this.delivered++
      return true
    }
  }

  /** The record that was handed out is done with: its source moves on. */
  #leave(): void {
    if (!this.#shown) return
    this.#shown = false
    const winner = this.#winner
    this.#sources[winner].step()
    this.#place(winner)
    if (!this.#beats(winner, this.#runnerUp)) this.#replay(winner)
  }

  /** The burst is over: moves off the last record. */
  close(): void {
    this.#leave()
  }

  /** Copies where the record lies, and what its source knows of it. */
  #show(event: Event, source: Source): void {
    const from = source.event
    event._view = from._view
    event._memory = from._memory
    event._at = from._at
    event._header = from._header
    event._nparams = from._nparams
    event.cpu = from.cpu
    event.flags = from.flags
    event.iface = source.ifaces[from.iface]
    event._state = from._state
    event._thread = from._thread
    event._fd = from._fd
    event._error = from._error
    event._process = from._process
    event._peer = from._peer
    const packet = from._packet
    if (packet === undefined) {
      event._packet = undefined
      return
    }
    this.#packet._move(packet.linktype, packet._memory, packet._start, packet._length, event._lease)
    event._packet = this.#packet
    if (this.#attribution !== undefined) this.#attribution.attribute(event, packet)
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
    this.#winner = winners[1]
    this.#findRunnerUp()
  }

  /** The matches of one source, from its leaf to the top. */
  #replay(index: number): void {
    const losers = this.#losers
    let winner = index
    for (let node = (index + losers.length) >> 1; node > 0; node >>= 1) {
      const loser = losers[node]
      if (this.#beats(winner, loser)) continue
      losers[node] = winner
      winner = loser
    }
    this.#winner = winner
    this.#findRunnerUp()
  }

  /** It has lost against the winner and nobody else, so it stands on the winner's way. */
  #findRunnerUp(): void {
    const losers = this.#losers
    let best = this.#winner
    let node = (best + losers.length) >> 1
    if (node > 0) {
      best = losers[node]
      for (node >>= 1; node > 0; node >>= 1) if (this.#beats(losers[node], best)) best = losers[node]
    }
    this.#runnerUp = best
  }
}

function isAfter(hi: number, lo: number, ms: number): boolean {
  const limit = highOf(ms)
  return hi > limit || (hi === limit && lo > lowOf(ms))
}
