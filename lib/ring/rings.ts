import { Event } from '../event/event.js'
import { CaptureError } from '../errors.js'
import { HEADER, LEN, TS, TYPE } from '../event/record.js'
import type { Cursor } from '../iface/burst.js'
import type { ProbeHandle } from '../native.js'

const OLDEST = -0x8000_0000
const YOUNGEST = 0x7fff_ffff

/**
 * A word of a time as a signed number; signed order is then that of the unsigned words. V8 keeps signed words as small
 * integers. The first unsigned one beyond 2^31 would change the shape of what holds it and throw the compiled loop away,
 * several times in a capture's first quarter of a second.
 */
function order(word: number): number {
  return word ^ 0x8000_0000
}

/** One CPU's ring, as far as it is lent to the current burst. Offsets are bytes in `view`, in which the ring lies twice. */
interface Ring {
  readonly cpu: number
  readonly view: DataView
  readonly memory: Uint8Array
  /** Where the burst began: everything before was given back. Below the ring's size. */
  tail: number
  /** The next record to hand out. */
  at: number
  /** End of the complete records when the burst was opened. */
  end: number
  delivered: number
}

/** Records this much younger than now have no right time. A consumer that just lost the CPU may see less than that. */
const CLOCK_STEP_NS = 100_000_000

/**
 * The rings of all CPUs as one stream ordered by time.
 *
 * In: the rings' memory, mapped for the life of the probe, and their heads at each `refill`. Out: records in place, the
 * oldest first. What was handed out belongs to the burst until `release`, which lets the producer have it back.
 *
 * A record reaches its ring a moment after its time was taken, so one CPU's newest records may be older than what another
 * CPU will show next. Records younger than a short window are therefore held back until the next refill; one that comes
 * later still is handed out all the same and counted as late.
 */
export class Rings implements Cursor {
  /** Records handed out that were older than one before them. */
  late = 0
  readonly #probe: ProbeHandle
  readonly #rings: Ring[]
  readonly #size: number
  readonly #header: number
  readonly #windowNs: number
  /** What poll() fills: [nowLo, nowHi, heads…]. */
  readonly #state: Uint32Array
  readonly #tails: Uint32Array
  #current: Ring
  // Times, as order() makes them.
  // Records of the current ring up to this time (inclusive) come before those of all others.
  #untilHi = OLDEST
  #untilLo = OLDEST
  // No record younger than this one is handed out in this burst.
  #horizonHi = OLDEST
  #horizonLo = OLDEST
  // The youngest time handed out before the current ring was chosen.
  #newestHi = OLDEST
  #newestLo = OLDEST
  /** Only for ahead(). */
  readonly #ahead = new Event()
  // Where the last record lies that was handed out of the current ring since then; −1: none yet.
  #lastAt = -1

  /**
   * `windowNs`: how long records are held back for those of other CPUs, in ns, below 4 s. `header`: the least that a
   * record is long.
   */
  constructor(probe: ProbeHandle, windowNs: number, header = HEADER) {
    this.#probe = probe
    this.#header = header
    const cpus = probe.cpus()
    this.#rings = cpus.map((cpu, index) => {
      const data = probe.data(index)
      return { cpu, view: new DataView(data), memory: new Uint8Array(data), tail: 0, at: 0, end: 0, delivered: 0 }
    })
    this.#size = this.#rings[0].memory.length / 2
    // One ring is in order by itself.
    this.#windowNs = cpus.length > 1 ? windowNs : 0
    this.#current = this.#rings[0]
    this.#state = new Uint32Array(2 + cpus.length)
    this.#tails = new Uint32Array(cpus.length)
  }

  /**
   * Looks for new records. Returns the bytes that wait in the fullest ring, or −1 when none may be handed out yet.
   * With `all`, nothing is held back: for the end, when no more will come.
   */
  refill(all: boolean): number {
    const state = this.#state
    const corrupt = this.#probe.poll(state)
    let fullest = 0
    for (let i = 0; i < this.#rings.length; i++) {
      const ring = this.#rings[i]
      const waiting = (state[2 + i] - ring.tail) & (this.#size - 1)
      ring.at = ring.tail
      ring.end = ring.tail + waiting
      if (waiting > fullest) fullest = waiting
    }
    // A ring that fills up is emptied, whatever that does to the order.
    if (all || corrupt >= 0 || fullest > this.#size / 2) {
      this.#horizonHi = this.#horizonLo = YOUNGEST
    } else {
      const low = state[0] - this.#windowNs
      this.#horizonLo = order(low)
      this.#horizonHi = order(low < 0 ? state[1] - 1 : state[1])
    }
    // What was stamped before a step of the clock is no measure for what comes after it.
    if (this.#isFuture(this.#newestHi, this.#newestLo)) this.#newestHi = this.#newestLo = OLDEST
    if (this.#choose()) return fullest
    if (corrupt >= 0) throw this.#unreadable(this.#rings[corrupt], `no whole record at ${this.#rings[corrupt].tail}`)
    const future = ({ view, at, end }: Ring) => at < end && this.#isFuture(order(view.getInt32(at + TS + 4, true)), order(view.getInt32(at + TS, true)))
    if (!this.#rings.some(future)) return -1
    this.#horizonHi = this.#horizonLo = YOUNGEST
    return this.#choose() ? fullest : -1
  }

  /**
   * Times from the future were taken before somebody set the wall clock back. To wait until they have come could take
   * hours, and everything behind them would wait too.
   */
  #isFuture(hi: number, lo: number): boolean {
    return (hi - order(this.#state[1])) * 0x1_0000_0000 + (lo - order(this.#state[0])) > CLOCK_STEP_NS
  }

  next(event: Event): boolean {
    let ring = this.#current
    let at = ring.at
    if (at + this.#header > ring.end || !this.#within(order(ring.view.getInt32(at + TS + 4, true)), order(ring.view.getInt32(at + TS, true)))) {
      if (!this.#choose()) return false
      ring = this.#current
      at = ring.at
    }
    const len = ring.view.getInt32(at + LEN, true)
    if (len < this.#header || at + len > ring.end) throw this.#corrupt(ring, len)
    ring.at = at + len
    ring.delivered++
    this.#lastAt = at
    event._view = ring.view
    event._memory = ring.memory
    event._at = at
    event.cpu = ring.cpu
    return true
  }

  ahead(wanted: Uint8Array, see: (event: Event) => void): void {
    const event = this.#ahead
    for (const { view, memory, cpu, at: first, end } of this.#rings) {
      for (let at = first; at + this.#header <= end;) {
        const len = view.getInt32(at + LEN, true)
        if (len < this.#header || at + len > end) break // next() will say so
        if (wanted[view.getUint16(at + TYPE, true)] === 1) {
          event._view = view
          event._memory = memory
          event._at = at
          event.cpu = cpu
          see(event)
        }
        at += len
      }
    }
    event._end()
  }

  #within(hi: number, lo: number): boolean {
    return hi < this.#untilHi || (hi === this.#untilHi && lo <= this.#untilLo)
  }

  /** Makes the ring with the oldest record the current one; false when none has one within the horizon. */
  #choose(): boolean {
    this.#noteNewest()
    let best: Ring | undefined
    let bestHi = this.#horizonHi
    let bestLo = this.#horizonLo
    let untilHi = bestHi
    let untilLo = bestLo
    for (const ring of this.#rings) {
      if (ring.at >= ring.end) continue
      if (ring.at + this.#header > ring.end) throw this.#corrupt(ring, ring.end - ring.at)
      const hi = order(ring.view.getInt32(ring.at + TS + 4, true))
      const lo = order(ring.view.getInt32(ring.at + TS, true))
      if (hi < bestHi || (hi === bestHi && lo <= bestLo)) {
        // The best so far becomes what the new one has to stay ahead of.
        if (best !== undefined) {
          untilHi = bestHi
          untilLo = bestLo
        }
        best = ring
        bestHi = hi
        bestLo = lo
      } else if (hi < untilHi || (hi === untilHi && lo < untilLo)) {
        untilHi = hi
        untilLo = lo
      }
    }
    if (best === undefined) return false
    // Late ones go one by one, so that each is counted.
    if (this.#isLate(bestHi, bestLo)) untilHi = untilLo = OLDEST
    this.#untilHi = untilHi
    this.#untilLo = untilLo
    this.#current = best
    return true
  }

  #isLate(hi: number, lo: number): boolean {
    return hi < this.#newestHi || (hi === this.#newestHi && lo < this.#newestLo)
  }

  /** Records of one ring are in order, so the last one handed out is the youngest of its run. A late one is a run alone. */
  #noteNewest(): void {
    if (this.#lastAt < 0) return
    const { view } = this.#current
    const hi = order(view.getInt32(this.#lastAt + TS + 4, true))
    const lo = order(view.getInt32(this.#lastAt + TS, true))
    this.#lastAt = -1
    if (this.#isLate(hi, lo)) {
      this.late++
      return
    }
    this.#newestHi = hi
    this.#newestLo = lo
  }

  /** Ends the burst: what was handed out goes back to the producer. */
  release(): void {
    this.#noteNewest()
    for (let i = 0; i < this.#rings.length; i++) {
      const ring = this.#rings[i]
      ring.tail = ring.at & (this.#size - 1)
      ring.end = ring.at = ring.tail
      this.#tails[i] = ring.tail
    }
    if (!this.#probe.release(this.#tails)) throw this.#corrupt(this.#current, 0)
  }

  /** Size of a ring, in bytes. */
  get ringBytes(): number {
    return this.#size
  }

  /** Records handed out from ring `index`. */
  delivered(index: number): number {
    return this.#rings[index].delivered
  }

  /** Counts the records that wait unread in ring `index`; of a corrupt ring, those that can still be found. */
  pending(index: number): number {
    const ring = this.#rings[index]
    this.#probe.poll(this.#state)
    const end = ring.at + ((this.#state[2 + index] - ring.at) & (this.#size - 1))
    let count = 0
    for (let at = ring.at; at + this.#header <= end; count++) {
      const len = ring.view.getUint32(at + LEN, true)
      if (len < this.#header || at + len > end) break
      at += len
    }
    return count
  }

  #corrupt(ring: Ring, len: number): CaptureError {
    return this.#unreadable(ring, `a record of ${len} bytes at ${ring.at}`)
  }

  /** Takes the record back that was handed out last; it is not what the producer wrote. */
  reject(what: string): CaptureError {
    this.#current.at = this.#lastAt
    this.#current.delivered--
    this.#lastAt = -1
    return this.#unreadable(this.#current, what)
  }

  /** Nothing more is handed out, so that the capture can be closed. */
  #unreadable(ring: Ring, what: string): CaptureError {
    for (const each of this.#rings) each.end = each.at
    return new CaptureError('ERR_CAPTURE_FORMAT', `the ring of CPU ${ring.cpu} holds ${what}`, 'is another consumer using the same ring? open the capture again')
  }
}
