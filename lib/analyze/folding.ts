import type { Event } from '../event/event.js'
import { bindField } from '../field/registry.js'
import type { Table } from '../field/field.js'
import type { Analyzer, ArgumentValues, Getters, StartOptions } from './analyzer.js'

/** What one thread has folded of one interval. */
export interface Part<S> {
  readonly interval: number
  readonly state: S
  readonly events: number
  /** Of the events: the first and the last one's time, in ms since the epoch; Infinity and -Infinity without any. */
  readonly firstMs: number
  readonly lastMs: number
}

/** How long after an interval an event of it may still come, live, in ms: the longest that it lies in a ring or a queue. */
export const LATE_MS = 100
const WORD = 2 ** 32

/**
 * One thread's share of the work. Intervals go by the events' own time and begin at whole multiples of their length, so that threads agree on them
 * without a word. An event that is older than its interval, because it came late, counts where it is met.
 */
export class Folding<S> {
  readonly #analyzer: Analyzer<S>
  readonly #start: StartOptions
  readonly #getters: Getters<readonly never[]>
  /** In ns; Infinity: there is but one interval. */
  readonly #length: number
  readonly #onPart: (part: Part<S>) => void
  #state: S
  /** Without a length they are those between two calls of end(). */
  #interval = -1
  /** When it ends, in ns since the epoch. */
  #end = -Infinity
  #events = 0
  #first = Infinity
  #last = -Infinity

  /** `onPart` is given each interval that has events, once it is over. */
  constructor(analyzer: Analyzer<S>, start: StartOptions, everyMs: number | undefined, onPart: (part: Part<S>) => void) {
    this.#analyzer = analyzer
    this.#start = start
    this.#getters = getters(analyzer)
    this.#length = everyMs === undefined ? Infinity : everyMs * 1e6
    this.#onPart = onPart
    this.#state = analyzer.start(start)
  }

  add(ev: Event): void {
    // Good to a quarter of a microsecond, and the same on every thread.
    const ns = ev.tsHi * WORD + ev.tsLo
    if (ns >= this.#end) this.#turn(ns)
    this.#events++
    if (ns < this.#first) this.#first = ns
    if (ns > this.#last) this.#last = ns
    this.#analyzer.event(this.#state, ev, this.#getters)
  }

  #turn(ns: number): void {
    this.#pass()
    if (this.#length === Infinity) {
      this.#interval++
      this.#end = Infinity
    } else {
      this.#interval = Math.floor(ns / this.#length)
      this.#end = (this.#interval + 1) * this.#length
    }
  }

  /** Hands on what there is, and begins anew. */
  #pass(): void {
    if (this.#events === 0) return
    this.#onPart({ interval: this.#interval, state: this.#state, events: this.#events, firstMs: this.#first / 1e6, lastMs: this.#last / 1e6 })
    this.#state = this.#analyzer.start(this.#start)
    this.#events = 0
    this.#first = Infinity
    this.#last = -Infinity
  }

  /** No event before `ms` (since the epoch) comes any more: an interval that is over by then is handed on. */
  advance(ms: number): void {
    if (ms * 1e6 >= this.#end && this.#length !== Infinity) {
      this.#pass()
      this.#end = -Infinity
    }
  }

  /** Hands on what there is; what comes next is another interval. */
  end(): void {
    this.#pass()
    this.#end = -Infinity
  }
}

function getters({ fields = [] }: Analyzer): Getters<readonly never[]> {
  return fields.map(name => {
    const extractor = bindField(name)
    return (ev: Event) => extractor.get(ev)
  }) as unknown as Getters<readonly never[]>
}

/** What of the state an analyzer's fields look at. @throws CaptureError ERR_CAPTURE_FILTER for a field that there is not */
export function tablesOf({ fields = [] }: Pick<Analyzer, 'fields'>): ReadonlySet<Table> {
  return new Set(fields.flatMap(name => bindField(name).field.needs ?? []))
}

/** The analyzer's own filter and the user's. */
export function filterOf({ filter }: Pick<Analyzer<never>, 'filter'>, args: ArgumentValues, more: string | undefined): string | undefined {
  const own = typeof filter === 'function' ? filter(args) : filter
  if (own === undefined || more === undefined) return own ?? more
  return `(${own}) and (${more})`
}
