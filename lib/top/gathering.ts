import type { Analyzer, Findings } from '../analyze/analyzer.js'
import { filterOf, Folding, LATE_MS } from '../analyze/folding.js'
import { Joining } from '../analyze/joining.js'
import { type Event, FLAG_STATE_ONLY, PACKET } from '../event/event.js'
import { compileFilter } from '../filter/filter.js'
import { type Identity, type Slice, sliceOf } from './slice.js'

/** What is asked of the events of a capture. */
export interface Question {
  readonly analyzer: Analyzer<any, any>
  /** Of its rows. */
  readonly identity: Identity
  /** Only these events, in sysdig's filter language. */
  readonly filter: string | undefined
}

export interface GatheringOptions {
  readonly everyMs: number
  /** Rows of an interval, and of all of them together. */
  readonly maxKeys: number
}

/** Intervals that can be gone back to. */
export const MAX_SLICES = 120

/** Folds events, and keeps what the last intervals came to, and all of them together. */
export class Gathering {
  /** Oldest first. */
  readonly slices: Slice[] = []
  /** Events that were looked at, and intervals that are over. */
  events = 0
  intervals = 0
  readonly #analyzer: Analyzer<any, any>
  readonly #identity: Identity
  readonly #start: { args: {}; maxKeys: number }
  readonly #test: (ev: Event) => boolean
  readonly #folding: Folding<any>
  readonly #joining: Joining<any>
  readonly #everyMs: number
  #total: unknown
  #firstMs = Infinity
  #lastMs = -Infinity

  /** `live`: intervals without events are intervals too. `onSlice` is called when one is over. @throws FilterError */
  constructor({ analyzer, identity, filter }: Question, { everyMs, maxKeys }: GatheringOptions, live: boolean, onSlice: () => void) {
    this.#analyzer = analyzer
    this.#identity = identity
    this.#everyMs = everyMs
    this.#start = { args: {}, maxKeys }
    const asked = filterOf(analyzer, {}, filter)
    this.#test = asked === undefined ? () => true : compileFilter(asked).test
    this.#total = analyzer.start(this.#start)
    this.#joining = new Joining(analyzer, { start: this.#start, everyMs, rows: undefined }, report => {
      this.slices.push(sliceOf(report, identity))
      if (this.slices.length > MAX_SLICES) this.slices.shift()
      this.intervals++
      onSlice()
    })
    this.#folding = new Folding(analyzer, this.#start, everyMs, part => {
      this.events += part.events
      this.#firstMs = Math.min(this.#firstMs, part.firstMs)
      this.#lastMs = Math.max(this.#lastMs, part.lastMs)
      if (analyzer.streams !== true) analyzer.merge(this.#total, part.state)
      this.#joining.add(part)
      this.#joining.reached(part.interval + 1, live)
      this.#joining.flush()
    })
  }

  add(ev: Event): void {
    if (ev.type !== PACKET && (ev.flags & FLAG_STATE_ONLY) === 0 && this.#test(ev)) this.#folding.add(ev)
  }

  /** Of a running machine: time goes on when nothing happens. */
  advance(nowMs: number): void {
    this.#folding.advance(nowMs - LATE_MS)
    this.#joining.reached(Math.floor((nowMs - LATE_MS) / this.#everyMs), true)
    this.#joining.flush()
  }

  /** Nothing more comes. */
  end(): void {
    this.#folding.end()
  }

  /** All intervals until now, those that are no longer kept as well; of lines those that are kept. */
  whole(): Slice {
    const span = { fromMs: this.#firstMs, toMs: this.#lastMs }
    const { rows, cut } = this.#analyzer.streams === true ? this.#lines() : this.#analyzer.report(this.#total, { ...span, interval: 0, total: this.#total, before: undefined, args: {}, rows: undefined })
    return sliceOf({ ...span, events: this.events, cut: cut ?? 0, rows }, this.#identity)
  }

  #lines(): Findings {
    return { rows: this.slices.flatMap(({ rows }) => rows), cut: this.slices.reduce((sum, { cut }) => sum + cut, 0) }
  }
}
