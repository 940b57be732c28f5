import type { Key } from '../balance/policy.js'
import type { Event } from '../event/event.js'
import type { Table } from '../field/field.js'
import type { FieldName, FieldValue } from '../field/types.generated.js'
import type { Tracepoint } from '../probe/options.js'
import type { Entries } from './entries.js'
import type { Column, Paint, Report, Row } from './report.js'

/**
 * A question about events: a fold with a merge. Each thread folds its share of the events into a state of its own, states are merged, and what
 * the merged state means is the report; so it runs on one thread or on many, over a file or live, with the same result.
 *
 * @example
 * export default defineAnalyzer({
 *   name: 'opens', about: 'Who opens how many files', module: import.meta.url,
 *   filter: 'evt.type in (open, openat) and evt.dir = <',
 *   fields: ['proc.name'],
 *   columns: [{ name: 'opens', title: 'Opens' }, { name: 'process', title: 'Process' }],
 *   start: () => new Map<string, number>(),
 *   event: (opens, ev, [name]) => { opens.set(name(ev) ?? '', (opens.get(name(ev) ?? '') ?? 0) + 1) },
 *   merge: (into, from) => from.forEach((count, name) => into.set(name, (into.get(name) ?? 0) + count)),
 *   report: opens => ({ rows: [...opens].sort(([, a], [, b]) => b - a).map(([name, count]) => [count, name]) }),
 * })
 */
export interface Analyzer<S = unknown, F extends readonly FieldName[] = readonly FieldName[], M = unknown> {
  readonly name: string
  /** One sentence. */
  readonly about: string
  /** What it is about, for lists: 'Net', 'I/O'. */
  readonly category?: string
  /** The URL of the module that has it as its default export (`import.meta.url`): worker threads import it from there. */
  readonly module?: string
  /**
   * It looks at no events, but at the tables of the machine as they were at the beginning of the capture; at those of a running machine now. Each entry
   * is given to event() as if it were an event, with the fields of its thread, its fd and its container, and filters are about entries.
   */
  readonly entries?: Entries
  /** The events it looks at, in sysdig's filter language; undefined: all. It is not asked about packets; the user's filter is. */
  readonly filter?: string | ((args: ArgumentValues) => string | undefined)
  /** Events with the same one go to the same worker thread; default 'tid'. */
  readonly key?: Key
  /** Fields that event() asks for, beside what stands in the record: the state is kept for those, and for no others. */
  readonly fields?: F
  /** Live, the events beside system calls that it needs (those of procexit and signaldeliver come anyway). */
  readonly tracepoints?: readonly Tracepoint[]
  /** What of the state it looks at beside that, where an argument says so. */
  readonly tables?: (args: ArgumentValues) => ReadonlySet<Table>
  readonly args?: readonly Argument[]
  /**
   * Its rows stand alone, in the order of time, and need no others: without intervals they are reported as they come, not at the end.
   */
  readonly streams?: true
  /** It needs all events in one place, or their numbers: however many threads are asked for, it runs on one. */
  readonly undivided?: true
  /** What it tells is about a whole capture: live as well it is reported once, at the end, unless somebody asks for intervals. */
  readonly whole?: true
  /** Why it can tell nothing of recordings, where that is so: run() refuses them then. */
  readonly liveOnly?: string
  /** Bytes of each buffer that it wants to see, where the capture is opened for it: 0 … 60000. Otherwise as the capture has it. */
  readonly snaplen?: number
  /** Where an argument says how long an interval is, in ms. */
  readonly everyMs?: (args: ArgumentValues) => number
  /** People want its reports afterwards: `sysring run` appends them to a file as well, unless it is told not to. */
  readonly logged?: true
  /** Reports look at Span.total or Span.before; both are kept only then. */
  readonly remembers?: true
  /** The same question with columns that tell containers apart, where it has such. */
  readonly withContainers?: Analyzer<any, any>
  readonly columns: readonly Column[] | ((args: ArgumentValues) => readonly Column[])
  /** How intervals look as a picture, on a terminal in place of tables, and in a file. */
  readonly drawing?: Drawing
  /** A state in which nothing has happened. It has to be of kinds that structuredClone() takes, as threads hand it on. */
  start(options: StartOptions): S
  /**
   * What each thread keeps for itself beside the states, from one interval to the next, as requests that wait for their response. It
   * is in no report, and threads do not share it: `key` has to bring together what it is about.
   */
  memory?(options: StartOptions): M
  /** `fields` are functions of the event, in the order in which the fields were named. The event is valid until this returns. */
  event?(state: S, ev: Event, fields: Getters<F>, memory: M): void
  /**
   * A packet, with `ev.process` and `ev.peer`: of captures that merge() has put together, of system calls and of a network interface. On one
   * thread, whatever the workers: only where both come together is it known whose a packet is. One of event() and packet() has to be there.
   */
  packet?(state: S, ev: Event, fields: Getters<F>): void
  /** Adds what happened in `from` to `into`. Whichever way states are merged, the result has to be the same. */
  merge(into: S, from: S): void
  /** `state` is what happened in the interval, `span` when that was and all that happened since the beginning. */
  report(state: S, span: Span<S>): Findings
  /**
   * A row as people see it, where columns side by side will not do: one line, or several. What programs have put into the row's texts is no
   * control sequence any more when this is called; columns of `data` may have newlines and tabs.
   */
  text?(row: Row, paint: Paint): string
}

/** Intervals as a picture. An argument named `width` is how many characters wide: on a terminal, as wide as that is. */
export interface Drawing {
  /** An interval as a line for a terminal, with its colours. */
  line(report: Report, args: ArgumentValues): string
  /** What stands below the last line. */
  foot(args: ArgumentValues): string
  /** An interval as a part of an SVG picture, the `index`th from above. */
  row(report: Report, args: ArgumentValues, index: number): string
  /** The picture. */
  svg(rows: readonly string[], args: ArgumentValues): string
}

export interface StartOptions {
  readonly args: ArgumentValues
  /** A state holds at most so many keys, lines or whatever it grows by; what is beyond is counted in Findings.cut. */
  readonly maxKeys: number
}

/** The time that a report is about. */
export interface Span<S> {
  /** Milliseconds since the epoch. Without intervals: the first and the last event. */
  readonly fromMs: number
  readonly toMs: number
  /** Number of the interval, from 0; those without events count. */
  readonly interval: number
  /** Of those that remember: all since the beginning, this interval included. Otherwise the same as the state. */
  readonly total: S
  /** Of those that remember: the interval before this one; undefined in the first. */
  readonly before: S | undefined
  readonly args: ArgumentValues
  /** Rows that are asked for at most, of those who show only the largest; undefined: as many as they think fit. */
  readonly rows: number | undefined
}

export interface Findings {
  readonly rows: readonly Row[]
  /** Events that are in none of the rows, because there were more keys than `maxKeys`. */
  readonly cut?: number
}

/** An argument of an analyzer, which stands behind its name on the command line. */
export interface Argument {
  readonly name: string
  readonly about: string
  readonly type: 'number' | 'string'
  /** Of numbers. */
  readonly min?: number
  readonly max?: number
  /** Of texts: those that there are. */
  readonly choices?: readonly string[]
  /** Without one it has to be given. */
  readonly default?: string | number
}

export type ArgumentValues = Readonly<Record<string, string | number>>

/** For each of the fields named, the function that gives its value in an event. */
export type Getters<F extends readonly FieldName[]> = { readonly [I in keyof F]: (ev: Event) => FieldValue<F[I]> | undefined }

/** Says what an analyzer's types are; otherwise it does nothing. */
export function defineAnalyzer<S, const F extends readonly FieldName[] = readonly [], M = unknown>(analyzer: Analyzer<S, F, M>): Analyzer<S, F, M> {
  return analyzer
}
