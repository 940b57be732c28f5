import { addressText } from '../event/address.js'
import { type Event, PACKET } from '../event/event.js'
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

/**
 * How long after an interval an event of it may still come, in ms: live the longest that it lies in a ring or a queue, and in files what
 * CPUs are out of order.
 */
export const LATE_MS = 100
const WORD = 2 ** 32

/** An interval that is not over. */
interface Open<S> {
  readonly interval: number
  /** In ns since the epoch. */
  readonly begin: number
  readonly end: number
  readonly state: S
  events: number
  first: number
  last: number
}

/**
 * One thread's share of the work. Intervals go by the events' own time and begin at whole multiples of their length, so that threads agree on them
 * without a word. One is over when an event comes that is LATE_MS younger than its end; an event that is older still counts in the oldest that is not
 * over.
 */
export class Folding<S> {
  readonly #analyzer: Analyzer<S>
  readonly #start: StartOptions
  readonly #getters: Getters<readonly never[]>
  readonly #memory: unknown
  /** In ns; Infinity: one interval lasts until end(). */
  readonly #length: number
  readonly #onPart: (part: Part<S>) => void
  /** Oldest first: one or two of them. */
  #open: Open<S>[] = []
  /** That of the last event. */
  #current: Open<S> | undefined
  /** The first interval that has not been handed on. */
  #next = -Infinity
  /** How often end() was called. */
  #ends = 0

  /** `onPart` is given each interval that has events, in order, once it is over. */
  constructor(analyzer: Analyzer<S>, start: StartOptions, everyMs: number | undefined, onPart: (part: Part<S>) => void) {
    this.#analyzer = analyzer
    this.#start = start
    this.#getters = getters(analyzer)
    this.#memory = analyzer.memory?.(start)
    this.#length = everyMs === undefined ? Infinity : everyMs * 1e6
    this.#onPart = onPart
  }

  /** Only what the analyzer has a function for. */
  add(ev: Event): void {
    // Good to a quarter of a microsecond, and the same on every thread.
    const ns = ev.tsHi * WORD + ev.tsLo
    let open = this.#current
    if (open === undefined || ns >= open.end || ns < open.begin) open = this.#current = this.#at(ns)
    open.events++
    if (ns < open.first) open.first = ns
    if (ns > open.last) open.last = ns
    if (ev.type === PACKET) this.#analyzer.packet!(open.state, ev, this.#getters)
    else this.#analyzer.event!(open.state, ev, this.#getters, this.#memory)
  }

  /** The interval of that time. */
  #at(ns: number): Open<S> {
    const length = this.#length
    if (length !== Infinity) this.advance(ns / 1e6 - LATE_MS)
    const interval = length === Infinity ? this.#ends : Math.max(Math.floor(ns / length), this.#next)
    const found = this.#open.find(open => open.interval === interval)
    if (found !== undefined) return found
    const [begin, end] = length === Infinity ? [-Infinity, Infinity] : [interval * length, (interval + 1) * length]
    const made: Open<S> = { interval, begin, end, state: this.#analyzer.start(this.#start), events: 0, first: Infinity, last: -Infinity }
    this.#open = [...this.#open, made].sort((a, b) => a.interval - b.interval)
    return made
  }

  /** No event before `ms` (since the epoch) comes any more: intervals that are over by then are handed on. */
  advance(ms: number): void {
    if (this.#length === Infinity) return
    const ns = ms * 1e6
    while (this.#open.length > 0 && this.#open[0].end <= ns) this.#pass()
    this.#next = Math.max(this.#next, Math.floor(ns / this.#length))
  }

  /** Hands on the oldest. */
  #pass(): void {
    const { interval, state, events, first, last } = this.#open.shift()!
    this.#current = undefined
    this.#next = interval + 1
    this.#onPart({ interval, state, events, firstMs: first / 1e6, lastMs: last / 1e6 })
  }

  /** Hands on what there is; what comes next is, without a length, another interval. */
  end(): void {
    while (this.#open.length > 0) this.#pass()
    this.#ends++
  }
}

function getters({ fields = [] }: Analyzer): Getters<readonly never[]> {
  return fields.map(name => {
    const extractor = bindField(name)
    const { type } = extractor.field
    if (type !== 'IPADDR' && type !== 'IPNET') return (ev: Event) => extractor.get(ev)
    return (ev: Event) => {
      const value = extractor.get(ev)
      return value instanceof Uint8Array ? addressText(value) : value
    }
  }) as unknown as Getters<readonly never[]>
}

/** What of the state an analyzer looks at. @throws CaptureError ERR_CAPTURE_FILTER for a field that there is not */
export function tablesOf({ fields = [], tables }: Pick<Analyzer, 'fields' | 'tables'>, args: ArgumentValues): ReadonlySet<Table> {
  return new Set([...fields.flatMap(name => bindField(name).field.needs ?? []), ...tables?.(args) ?? []])
}

/** The analyzer's own filter and the user's. */
export function filterOf({ filter }: Pick<Analyzer<never>, 'filter'>, args: ArgumentValues, more: string | undefined): string | undefined {
  const own = typeof filter === 'function' ? filter(args) : filter
  if (own === undefined || more === undefined) return own ?? more
  return `(${own}) and (${more})`
}
