import { CaptureError } from '../errors.js'
import { type Event, PACKET } from '../event/event.js'
import { compileFilter } from '../filter/filter.js'
import type { Capture, CaptureOptions } from '../iface/capture.js'
import { deviceKind, open } from '../open.js'
import type { Analyzer, StartOptions } from './analyzer.js'
import { checkArguments } from './arguments.js'
import { Channel } from './channel.js'
import { withContainers } from './containers.js'
import { filterOf, Folding, LATE_MS, tablesOf } from './folding.js'
import { Joining } from './joining.js'
import type { Report } from './report.js'

/** Options of run(). */
export interface RunOptions {
  /**
   * What to look at: a device as open() takes it ('sysdig', 'cluster:7@0'), a capture, or a function that opens one with the options it is
   * given. A capture that is open already needs `state: true`, unless the analyzer asks for nothing beside the records. It is closed in
   * the end.
   */
  on: string | Capture | ((options: CaptureOptions) => Promise<Capture>)
  /** Only these events of those that the analyzer looks at, in sysdig's filter language. */
  filter?: string
  /** Values of the analyzer's arguments, by name. */
  args?: Readonly<Record<string, string | number>>
  /** Threads that share the work; default 1: this thread. The analyzer has to be the default export of its `module`. */
  workers?: number
  /** A report per so many ms of the events' own time: at least 1. Default: one, at the end. */
  everyMs?: number
  /** Keys, lines or whatever a state grows by, at most, per thread and interval: default 100,000. What is beyond is counted in `cut`. */
  maxKeys?: number
  /** With the columns that tell containers apart, of an analyzer that has such. */
  containers?: boolean
  /** Ends the capture; the last report tells of what was seen until then. */
  signal?: AbortSignal
}

const MAX_KEYS = 100_000
const MAX_WORKERS = 64
/** Reports that may wait for whoever loops over them, before nothing more is read. */
const MAX_WAITING = 64

/**
 * Runs an analyzer over a capture of any kind. Gives a report per interval, and always a last one, when the capture is over.
 *
 * @throws CaptureError ERR_CAPTURE_OPTION, ERR_CAPTURE_FILTER, and what opening and reading throw
 * @example
 * for await (const { rows } of run(topprocs_net, { on: 'sysdig', everyMs: 1000 })) console.table(rows.slice(0, 10))
 */
export async function* run<S>(asked: Analyzer<S, any>, options: RunOptions): AsyncGenerator<Report> {
  const left = new AbortController()
  const analyzer = options.containers === true ? withContainers(asked) : asked
  const job = jobOf(analyzer, options, left.signal)
  const channel = new Channel<Report>()
  const joining = new Joining(analyzer, job.start, job.everyMs, report => channel.push(report))
  const running = job.workers === 1 ? onThisThread(analyzer, job, joining, channel) : (await import('./threads.js')).onThreads(analyzer, asked, job, joining)
  const done = running.then(() => channel.end(), error => channel.end(error))
  try {
    yield* channel
  } finally {
    left.abort()
    await done
  }
}

/** What is to be done, checked. */
export interface Job {
  readonly on: RunOptions['on']
  readonly filter: string | undefined
  readonly start: StartOptions
  readonly workers: number
  readonly everyMs: number | undefined
  readonly containers: boolean
  /** The capture is to end: somebody wants it to, or nobody waits for reports any more. */
  readonly signal: AbortSignal
}

function jobOf<S>(analyzer: Analyzer<S>, { on, filter, args, workers = 1, maxKeys = MAX_KEYS, containers = false, signal, ...options }: RunOptions, left: AbortSignal): Job {
  integer('workers', workers, 1, MAX_WORKERS)
  const values = checkArguments(analyzer, args ?? {})
  const everyMs = analyzer.everyMs?.(values) ?? options.everyMs
  if (everyMs !== undefined && !(everyMs >= 1 && everyMs < 1e12)) throw new CaptureError('ERR_CAPTURE_OPTION', `everyMs must be a number of at least 1, not ${String(everyMs)}`, '{ everyMs: 1000 }')
  integer('maxKeys', maxKeys, 1, 2 ** 24)
  return {
    on, workers, everyMs, containers,
    filter: filterOf(analyzer, values, filter),
    start: { args: values, maxKeys },
    signal: signal === undefined ? left : AbortSignal.any([signal, left]),
  }
}

function integer(name: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new CaptureError('ERR_CAPTURE_OPTION', `${name} must be a whole number from ${low} to ${high}, not ${String(value)}`, `leave ${name} out for the default`)
  }
}

/** On this thread. */
async function onThisThread<S>(analyzer: Analyzer<S>, job: Job, joining: Joining<S>, channel: Channel<Report>): Promise<void> {
  const { everyMs } = job
  const flows = analyzer.streams === true && everyMs === undefined
  let reached = -Infinity
  const folding = new Folding(analyzer, job.start, everyMs, part => {
    joining.add(part)
    reached = part.interval + 1
    joining.reached(reached, false)
  })
  const { capture, test } = await openFor(analyzer, job)
  await checkLive(analyzer, capture)
  onAbort(job.signal, () => capture.stop())
  // A file's intervals end when an event of the next comes; of a running machine also when none does.
  const timer = everyMs === undefined || capture.canWait ? undefined : setInterval(() => {
    const now = Date.now() - LATE_MS
    folding.advance(now)
    joining.reached(Math.floor(now / everyMs), true)
    joining.flush()
  }, Math.min(everyMs, 1000))
  try {
    for await (const burst of capture) {
      for (const ev of burst) if (ev.type !== PACKET && (test === undefined || test(ev))) folding.add(ev)
      if (flows) {
        folding.end()
        joining.flush()
      }
      while (channel.length > MAX_WAITING && !job.signal.aborted) await new Promise(resolve => setTimeout(resolve, 1))
    }
  } finally {
    clearInterval(timer)
    await capture.close()
  }
  folding.end()
  joining.end(capture.stats())
}

/** @throws CaptureError ERR_CAPTURE_OPTION for a recording where the analyzer can tell nothing of one; the capture is closed then */
export async function checkLive<S>({ name, liveOnly }: Analyzer<S>, capture: Capture): Promise<void> {
  if (liveOnly === undefined || !capture.canWait) return
  await capture.close()
  throw new CaptureError('ERR_CAPTURE_OPTION', `${name} tells of the running machine only: ${liveOnly}`, 'leave the file out')
}

/** Calls `stop` when the signal is given, or at once if it has been. */
export function onAbort(signal: AbortSignal, stop: () => void): void {
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
}

/** @internal What an analyzer wants to see of buffers, for devices that have any. */
export function snaplenOf({ snaplen }: Pick<Analyzer, 'snaplen'>, device: string): { snaplen?: number } {
  return snaplen !== undefined && deviceKind(device) === 'live' ? { snaplen } : {}
}

/** The capture, and what of its events is asked for where it does not know that itself. */
async function openFor<S>(analyzer: Analyzer<S>, { on, filter, start }: Job): Promise<{ capture: Capture; test?: (ev: Event) => boolean }> {
  const tables = tablesOf(analyzer, start.args)
  const options: CaptureOptions = { ...(filter !== undefined && { filter }), ...(tables.size > 0 && { tables }) }
  if (typeof on === 'string') return { capture: await open(on, { ...options, ...snaplenOf(analyzer, on) }) }
  if (typeof on === 'function') return { capture: await on(options) }
  const compiled = filter === undefined ? undefined : compileFilter(filter)
  if (on.state === undefined && (tables.size > 0 || (compiled?.plan.needs.size ?? 0) > 0)) {
    throw new CaptureError('ERR_CAPTURE_OPTION', `${analyzer.name} asks for more than stands in the records of ${on.device}`, 'open it with { state: true }')
  }
  return { capture: on, ...(compiled !== undefined && { test: compiled.test }) }
}
