import { type Event, PACKET } from '../event/event.js'
import type { Analyzer } from './analyzer.js'
import { Folding, LATE_MS, type Part } from './folding.js'
import type { Job } from './job.js'
import { testOf } from './source.js'

const WORD = 2 ** 32

/**
 * The packets of a run on worker threads. They are folded on the thread that merges system calls and packets: only there is it known whose a
 * packet is.
 */
export class PacketShare<S> {
  readonly #folding: Folding<S>
  readonly #test: (ev: Event) => boolean
  readonly #everyMs: number | undefined
  readonly #onReached: (interval: number) => void
  #reached = -Infinity

  /** `onReached`: all intervals before that one are over. */
  constructor(analyzer: Analyzer<S>, { start, everyMs, userFilter }: Job, onPart: (part: Part<S>) => void, onReached: (interval: number) => void) {
    this.#folding = new Folding(analyzer, start, everyMs, onPart)
    this.#test = testOf(userFilter)
    this.#everyMs = everyMs
    this.#onReached = onReached
  }

  /** For each record, in the order of time. Is it a packet? Then nobody else needs it. */
  take(ev: Event): boolean {
    // What the others have is told of while there are no packets, too.
    if (this.#everyMs !== undefined) this.advance((ev.tsHi * WORD + ev.tsLo) / 1e6 - LATE_MS)
    if (ev.type !== PACKET) return false
    if (this.#test(ev)) this.#folding.add(ev)
    return true
  }

  /** Nothing before `ms`, since the epoch, comes any more. */
  advance(ms: number): void {
    const interval = Math.floor(ms / this.#everyMs!)
    if (interval <= this.#reached) return
    this.#reached = interval
    this.#folding.advance(ms)
    this.#onReached(interval)
  }

  end(): void {
    this.#folding.end()
    this.#onReached(Infinity)
  }
}
