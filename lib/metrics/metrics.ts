import type { Analyzer } from '../analyze/analyzer.js'
import type { Cell, Column, Report, Row } from '../analyze/report.js'
import type { Stats } from '../iface/capture.js'
import { type Family, labelsText } from './exposition.js'
import { different, labelNames, namePart } from './names.js'

export interface MetricsOptions {
  /** Series of a column at most, default 10,000: the one that has not grown for the longest time gives way. */
  maxSeries?: number
}

const MAX_SERIES = 10_000

/** A column of numbers, as a metric. */
interface Measure {
  /** Of the row's cell, and of the value in each series. */
  readonly at: number
  readonly name: string
  readonly over: 'interval' | 'run' | 'moment'
  readonly title: string
  readonly unit: Family['unit']
  /** What a value is divided by to have that unit. */
  readonly divisor: number
}

/**
 * An analyzer's reports as metrics that other systems collect: sysring_ANALYZER_COLUMN, in bytes, seconds and parts of one. Columns with a
 * unit are metrics; columns of text are their labels, and times are neither, for there is no end to them.
 *
 * What happened in an interval is added up over all reports: a counter, which never goes down. What happened since the beginning is a
 * counter as it is. How things stand is a gauge, of the last report only. Lines (`streams`) are counted. A series that gave way and comes again
 * begins at 0, which readers of counters understand as a new start.
 *
 * @example
 * const metrics = new Metrics(analyzer)
 * await using server = await serveMetrics(metrics, { port: 9100 })
 * for await (const report of run(analyzer, { on: 'sysdig', everyMs: 1000, rows: 10_000 })) metrics.add(report)
 */
export class Metrics {
  readonly #prefix: string
  readonly #about: string
  readonly #streams: boolean
  readonly #maxSeries: number
  #labels: readonly number[] = []
  #labelNames: readonly string[] = []
  #measures: readonly Measure[] | undefined
  /** By labels, those that have grown last at the end: a number per measure, in the report's own units. */
  readonly #counters = new Map<string, Float64Array>()
  #gauges = new Map<string, Float64Array>()
  #rows = 0
  #events = 0
  #cut = 0
  #evicted = 0
  #stats: Stats | undefined

  constructor({ name, about, streams }: Pick<Analyzer<never>, 'name' | 'about' | 'streams'>, { maxSeries = MAX_SERIES }: MetricsOptions = {}) {
    this.#prefix = `sysring_${namePart(name)}`
    this.#about = about
    this.#streams = streams === true
    this.#maxSeries = maxSeries
  }

  /** Takes in the next report of a run. */
  add({ columns, rows, events, cut, stats }: Report): void {
    this.#events += events
    this.#cut += cut
    this.#rows += rows.length
    this.#stats = stats ?? this.#stats
    if (this.#streams) return
    const measures = this.#measures ??= this.#describe(columns)
    this.#gauges = new Map()
    // From the last row on: of a table that is cut, its largest rows stay.
    for (let i = rows.length - 1; i >= 0; i--) this.#addRow(rows[i], measures)
    for (const labels of this.#counters.keys()) {
      if (this.#counters.size <= this.#maxSeries) break
      this.#counters.delete(labels)
      this.#evicted++
    }
  }

  /** Which columns are labels, and which are metrics: the same in all reports of a run. */
  #describe(columns: readonly Column[]): Measure[] {
    this.#labels = columns.flatMap(({ unit = 'text' }, i) => (unit === 'text' ? i : []))
    this.#labelNames = labelNames(this.#labels.map(i => columns[i]))
    const measured = columns.flatMap((column, at) => measureOf(column, at) ?? [])
    const names = different(measured.map(({ name }) => name))
    return measured.map((measure, i) => ({ ...measure, name: names[i] }))
  }

  #addRow(row: Row, measures: readonly Measure[]): void {
    const labels = labelsText(this.#labelNames, this.#labels.map(i => cellText(row[i])))
    let before = this.#counters.get(labels)
    let now = this.#gauges.get(labels)
    let grows = false
    for (const [i, { at, over }] of measures.entries()) {
      const value = Number(row[at] ?? NaN)
      if (Number.isNaN(value)) continue
      if (over === 'moment') {
        if (now === undefined && this.#gauges.size >= this.#maxSeries) continue
        if (now === undefined) this.#gauges.set(labels, now = new Float64Array(measures.length).fill(NaN))
        now[i] = Number.isNaN(now[i]) ? value : now[i] + value
        continue
      }
      before ??= new Float64Array(measures.length).fill(NaN)
      const known = Number.isNaN(before[i]) ? 0 : before[i]
      const sum = over === 'run' ? Math.max(known, value) : known + Math.max(0, value)
      grows ||= sum !== before[i]
      before[i] = sum
    }
    if (!grows) return
    this.#counters.delete(labels)
    this.#counters.set(labels, before!)
  }

  /** What there is now. */
  *families(): Generator<Family> {
    const prefix = this.#prefix
    for (const [i, { name, over, title, unit, divisor }] of (this.#measures ?? []).entries()) {
      const type = over === 'moment' ? 'gauge' : 'counter'
      const series = over === 'moment' ? this.#gauges : this.#counters
      yield {
        name: `${prefix}_${name}`, type, help: `${this.#about}: ${title}`, ...unit !== undefined && { unit },
        *samples() { for (const [labels, values] of series) if (!Number.isNaN(values[i])) yield [labels, values[i] / divisor] },
      }
    }
    if (this.#streams) yield single(`${prefix}_lines`, `${this.#about}: lines`, this.#rows)
    yield single(`${prefix}_events`, 'Events that the analyzer has looked at', this.#events)
    yield single(`${prefix}_cut`, 'Events that are in none of the numbers, because there were too many keys', this.#cut)
    if (!this.#streams) yield single(`${prefix}_evicted_series`, 'Series that gave way to others', this.#evicted)
    if (this.#stats !== undefined) yield* captureFamilies(this.#stats)
  }
}

/** What became of the records. */
function* captureFamilies({ seen, delivered, filtered, late, pending, dropped: { total, ...causes } }: Stats): Generator<Family> {
  yield single('sysring_capture_seen', 'Records that the source produced or met', seen)
  yield single('sysring_capture_delivered', 'Records that were delivered', delivered)
  yield single('sysring_capture_filtered', 'Records that were not asked for', filtered)
  yield single('sysring_capture_late', 'Records that came too late to be put in order', late)
  // A cause that is not named is told of all the same.
  const named = Object.values(causes).reduce((sum, count) => sum + count, 0)
  const dropped = Object.entries({ buffer: 0, ...causes, ...total > named && { other: total - named } })
  yield {
    name: 'sysring_capture_dropped', type: 'counter', help: 'Records lost, by cause',
    samples: () => dropped.map(([cause, count]) => [labelsText(['cause'], [cause]), count]),
  }
  yield { ...single('sysring_capture_pending', 'Records that are still to come', pending), type: 'gauge' }
}

function single(name: string, help: string, value: number): Family {
  return { name, type: 'counter', help, samples: () => [['', value]] }
}

function measureOf({ name, title, unit = 'text', over }: Column, at: number): Measure | undefined {
  const part = namePart(name)
  const measure = (unit: Family['unit'], divisor: number, usual: Measure['over']): Measure =>
    ({ at, name: unit === undefined || part.split('_').at(-1) === unit ? part : `${part}_${unit}`, over: over ?? usual, title, unit, divisor })
  switch (unit) {
    case 'bytes': return measure('bytes', 1, 'interval')
    case 'ns': return measure('seconds', 1e9, 'interval')
    case 'count': return measure(undefined, 1, 'interval')
    case 'percent': return measure('ratio', 100, 'moment')
    default: return undefined
  }
}

function cellText(cell: Cell): string {
  return cell === undefined ? '' : String(cell)
}
