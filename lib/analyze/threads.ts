import { existsSync } from 'node:fs'
import { balance } from '../balance/balance.js'
import { CaptureError } from '../errors.js'
import type { Capture } from '../iface/capture.js'
import { open } from '../open.js'
import type { Analyzer, StartOptions } from './analyzer.js'
import type { Part } from './folding.js'
import type { Joining } from './joining.js'
import { checkLive, type Job, onAbort, snaplenOf } from './run.js'
import { isShipped } from './shipped.js'

/** What the thread finds in its workerData. */
export interface FoldData {
  /** Where the analyzer is: the name of one of ours, or the URL of a module whose default export it is. */
  shipped?: string
  module?: string
  /** Its columns for containers are asked for. */
  containers: boolean
  filter: string | undefined
  start: StartOptions
  everyMs: number | undefined
  /** The capture is of what happens now. */
  live: boolean
}

/** What it tells: an interval's part; that it is past the intervals before `reached`. */
export type FromFold = { part: Part<unknown> } | { reached: number }

/** In the sources beside this file, and in the bundle. */
const ENTRY = ['./fold.ts', './fold.js'].map(path => new URL(path, import.meta.url)).find(url => existsSync(url))

/** On worker threads, which import what `asked` is the name or the module of, each with a share of the threads of the machine, or of whatever is the analyzer's key. */
export async function onThreads<S>(analyzer: Analyzer<S>, asked: Analyzer<S>, job: Job, joining: Joining<S>): Promise<void> {
  const { everyMs, workers } = job
  const capture = await openAll(analyzer, job)
  await checkLive(analyzer, capture)
  const live = !capture.canWait
  const data: FoldData = { ...place(asked), containers: job.containers, filter: job.filter, start: job.start, everyMs, live }
  const reached = new Array<number>(workers).fill(-Infinity)
  const cluster = await balance(capture, {
    by: analyzer.key ?? 'tid',
    queues: workers,
    worker: ENTRY!,
    workerData: data,
    restarts: 0, // what it has folded would be gone
    onMessage(message, queue) {
      const told = message as FromFold
      if ('part' in told) {
        joining.add(told.part as Part<S>)
        return
      }
      reached[queue] = told.reached
      joining.reached(Math.min(...reached), live)
      if (live) joining.flush()
    },
  })
  onAbort(job.signal, () => cluster.stop())
  try {
    await cluster.ended
  } finally {
    await cluster.close()
  }
  const { sources, queues } = cluster.stats()
  const [stats] = sources
  const lost = queues.reduce((sum, { dropped }) => sum + dropped, 0)
  joining.end({ ...stats, dropped: { ...stats.dropped, queue: lost, total: stats.dropped.total + lost }, delivered: stats.delivered - lost })
}

/** All events: each thread has the filter, and a state of its own. */
function openAll<S>(analyzer: Analyzer<S>, { on }: Job): Promise<Capture> {
  if (typeof on === 'string') return open(on, snaplenOf(analyzer, on))
  return typeof on === 'function' ? on({}) : Promise.resolve(on)
}

function place<S>(analyzer: Analyzer<S>): Pick<FoldData, 'shipped' | 'module'> {
  if (analyzer.module !== undefined) return { module: analyzer.module }
  if (isShipped(analyzer)) return { shipped: analyzer.name }
  throw new CaptureError('ERR_CAPTURE_OPTION', `worker threads cannot find the analyzer ${analyzer.name}`, 'make it the default export of a module of its own, with module: import.meta.url')
}


