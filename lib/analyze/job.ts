import { CaptureError } from '../errors.js'
import type { Capture, CaptureOptions } from '../iface/capture.js'
import type { LiveOptions } from '../probe/options.js'
import type { Analyzer, StartOptions } from './analyzer.js'
import { checkArguments } from './arguments.js'
import { filterOf } from './folding.js'

/** Options of run(). */
export interface RunOptions {
  /**
   * What to look at: a device as open() takes it ('sysdig', 'cluster:7@0'), a capture, or a function that opens one with the options it is
   * given. A capture that is open already needs `state: true`, unless the analyzer asks for nothing beside the records. It is closed in
   * the end.
   */
  on: string | Capture | ((options: SourceOptions) => Promise<Capture>)
  /** Only these events of those that the analyzer looks at, in sysdig's filter language. */
  filter?: string
  /** Values of the analyzer's arguments, by name. */
  args?: Readonly<Record<string, string | number>>
  /** Threads that share the work; default 1: this thread. The analyzer has to be the default export of its `module`. Packets are folded on this thread. */
  workers?: number
  /** A report per so many ms of the events' own time: at least 1. Default: one, at the end. */
  everyMs?: number
  /** Keys, lines or whatever a state grows by, at most, per thread and interval: default 100,000. What is beyond is counted in `cut`. */
  maxKeys?: number
  /** With the columns that tell containers apart, of an analyzer that has such. */
  containers?: boolean
  /** Rows of a report, at most, of analyzers that show only the largest; default: the analyzer's own number. Others show all. */
  rows?: number
  /** Called once, when everything that happens from now on is captured: with threads that is some time after the capture was opened. */
  onBegin?: () => void
  /** Ends the capture; the last report tells of what was seen until then. */
  signal?: AbortSignal
}

/** What an analyzer wants of a capture. */
export type SourceOptions = CaptureOptions & Pick<LiveOptions, 'tracepoints' | 'snaplen'>

const MAX_KEYS = 100_000
const MAX_WORKERS = 64

/** What is to be done, checked. */
export interface Job {
  readonly on: RunOptions['on']
  readonly filter: string | undefined
  /** That of the user alone. */
  readonly userFilter: string | undefined
  /** What a capture that is opened for it has to have. */
  readonly source: SourceOptions
  readonly start: StartOptions
  readonly workers: number
  readonly everyMs: number | undefined
  readonly rows: number | undefined
  readonly containers: boolean
  readonly onBegin: () => void
  /** The capture is to end: somebody wants it to, or nobody waits for reports any more. */
  readonly signal: AbortSignal
}

/** @throws CaptureError ERR_CAPTURE_OPTION */
export function jobOf<S>(analyzer: Analyzer<S>, { on, filter, args, workers = 1, maxKeys = MAX_KEYS, rows, containers = false, signal, onBegin = () => {}, ...options }: RunOptions, left: AbortSignal): Job {
  integer('workers', workers, 1, MAX_WORKERS)
  const values = checkArguments(analyzer, args ?? {})
  const everyMs = analyzer.everyMs?.(values) ?? options.everyMs
  if (everyMs !== undefined && !(everyMs >= 1 && everyMs < 1e12)) throw new CaptureError('ERR_CAPTURE_OPTION', `everyMs must be a number of at least 1, not ${String(everyMs)}`, '{ everyMs: 1000 }')
  if (everyMs !== undefined && analyzer.entries !== undefined) throw new CaptureError('ERR_CAPTURE_OPTION', `${analyzer.name} is about one moment, and has no intervals`, 'leave everyMs out')
  integer('maxKeys', maxKeys, 1, 2 ** 24)
  if (rows !== undefined) integer('rows', rows, 1, 2 ** 24)
  return {
    on, everyMs, rows, containers, onBegin,
    source: {
      ...analyzer.tracepoints !== undefined && { tracepoints: ['procexit', 'signaldeliver', ...analyzer.tracepoints] },
      ...analyzer.snaplen !== undefined && { snaplen: analyzer.snaplen },
    },
    workers: analyzer.undivided === true || analyzer.event === undefined ? 1 : workers,
    filter: filterOf(analyzer, values, filter),
    userFilter: filter,
    start: { args: values, maxKeys },
    signal: signal === undefined ? left : AbortSignal.any([signal, left]),
  }
}

function integer(name: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new CaptureError('ERR_CAPTURE_OPTION', `${name} must be a whole number from ${low} to ${high}, not ${String(value)}`, `leave ${name} out for the default`)
  }
}
