import type { Stats } from '../iface/capture.js'
import type { Analyzer, ArgumentValues, StartOptions } from './analyzer.js'
import type { Part } from './folding.js'
import type { Job } from './job.js'
import type { Report } from './report.js'

/** Parts of one interval that have come so far. */
interface Gathered<S> {
  state: S
  events: number
  firstMs: number
  lastMs: number
}

/** Puts the parts of all threads together: an interval is reported, in order, when no thread can have anything more of it. */
export class Joining<S> {
  /** What the capture says of itself now; reports of intervals tell it. */
  stats: (() => Stats) | undefined
  readonly #analyzer: Analyzer<S>
  readonly #start: StartOptions
  readonly #everyMs: number | undefined
  readonly #rows: number | undefined
  readonly #onReport: (report: Report) => void
  readonly #gathered = new Map<number, Gathered<S>>()
  /** Number of the first interval, and of the next to be reported. */
  #origin: number | undefined
  #next = 0
  #total: S | undefined
  /** The last one that was reported, of those that remember. */
  #before: { at: number; state: S } | undefined
  /** A report that is held back: it may be the last one. */
  #held: Report | undefined

  constructor(analyzer: Analyzer<S>, { start, everyMs, rows }: Pick<Job, 'start' | 'everyMs' | 'rows'>, onReport: (report: Report) => void) {
    this.#analyzer = analyzer
    this.#start = start
    this.#everyMs = everyMs
    this.#rows = rows
    this.#onReport = onReport
  }

  add({ interval, state, events, firstMs, lastMs }: Part<S>): void {
    // One that came after its interval was reported counts in the next.
    const at = Math.max(interval, this.#origin === undefined ? -Infinity : this.#next)
    const gathered = this.#gathered.get(at)
    if (gathered === undefined) {
      this.#gathered.set(at, { state, events, firstMs, lastMs })
    } else {
      this.#analyzer.merge(gathered.state, state)
      gathered.events += events
      gathered.firstMs = Math.min(gathered.firstMs, firstMs)
      gathered.lastMs = Math.max(gathered.lastMs, lastMs)
    }
  }

  /** All threads are past the intervals before this one; Infinity: past all. `empty`: those without events are reported as well. */
  reached(interval: number, empty: boolean): void {
    if (this.#origin === undefined) {
      const first = Math.min(...this.#gathered.keys())
      if (!(first < interval)) return
      this.#origin = this.#next = first
    }
    if (empty && interval !== Infinity) {
      while (this.#next < interval) this.#report(this.#next)
    } else {
      for (const at of [...this.#gathered.keys()].sort((a, b) => a - b)) if (at < interval) this.#report(at)
    }
  }

  /** Everything has come. The last report is there in any case. */
  end(): void {
    this.reached(Infinity, false)
    const last = this.#held ?? this.#made(this.#next, { state: this.#analyzer.start(this.#start), events: 0, firstMs: NaN, lastMs: NaN })
    this.#onReport({ ...last, isLast: true, ...(this.stats !== undefined && { stats: this.stats() }) })
  }

  #report(at: number): void {
    const gathered = this.#gathered.get(at) ?? { state: this.#analyzer.start(this.#start), events: 0, firstMs: NaN, lastMs: NaN }
    this.#gathered.delete(at)
    this.#next = at + 1
    // Of one interval alone nobody knows whether another follows; of a running capture one does.
    this.flush()
    this.#held = this.#made(at, gathered)
  }

  /** Does not wait to see whether another one follows. */
  flush(): void {
    if (this.#held === undefined) return
    this.#onReport(this.#everyMs === undefined || this.stats === undefined ? this.#held : { ...this.#held, stats: this.stats() })
    this.#held = undefined
  }

  #made(at: number, { state, events, firstMs, lastMs }: Gathered<S>): Report {
    const { name } = this.#analyzer
    const { args } = this.#start
    const everyMs = this.#everyMs
    const interval = at - (this.#origin ?? at)
    const span = everyMs === undefined ? { fromMs: firstMs, toMs: lastMs } : { fromMs: at * everyMs, toMs: (at + 1) * everyMs }
    if (this.#analyzer.remembers === true) this.#analyzer.merge(this.#total ??= this.#analyzer.start(this.#start), structuredClone(state))
    const { rows, cut = 0 } = this.#analyzer.report(state, { ...span, interval, total: this.#total ?? state, before: this.#beforeOf(at), args, rows: this.#rows })
    if (this.#analyzer.remembers === true) this.#before = { at, state }
    return { analyzer: name, columns: columnsOf(this.#analyzer, args), rows, ...span, interval, events, cut, isLast: false }
  }

  /** What happened in the interval before, which of a file was not reported if that was nothing. */
  #beforeOf(at: number): S | undefined {
    if (this.#before === undefined) return undefined
    return this.#before.at === at - 1 ? this.#before.state : this.#analyzer.start(this.#start)
  }
}

function columnsOf<S>({ columns }: Analyzer<S>, args: ArgumentValues): Report['columns'] {
  return typeof columns === 'function' ? columns(args) : columns
}
