import { existsSync } from 'node:fs'
import { balance } from '../balance/balance.js'
import type { ClusterStats } from '../balance/cluster.js'
import { CaptureError } from '../errors.js'
import { compileFilter } from '../filter/filter.js'
import type { Stats } from '../iface/capture.js'
import type { Analyzer, StartOptions } from './analyzer.js'
import { LATE_MS, type Part, tablesOf } from './folding.js'
import type { Joining } from './joining.js'
import { PacketShare } from './packetshare.js'
import type { Job } from './run.js'
import { isShipped } from './shipped.js'
import { checkLive, onAbort, openAttributed, openOn } from './source.js'

/** What the thread finds in its workerData. */
export interface FoldData {
  /** Where the analyzer is: the name of one of ours, or the URL of a module whose default export it is. */
  shipped?: string
  module?: string
  /** Its columns for containers are asked for. */
  containers: boolean
  start: StartOptions
  everyMs: number | undefined
  /** The capture is of what happens now. */
  live: boolean
}

/** What it tells: an interval's part; that it is past the intervals before `reached`; at the end, how many events it has looked at. */
export type FromFold = { part: Part<unknown> } | { reached: number } | { delivered: number }

/** In the sources beside this file, and in the bundle. */
const ENTRY = ['./fold.ts', './fold.js'].map(path => new URL(path, import.meta.url)).find(url => existsSync(url))

/** On worker threads, which import what `asked` is the name or the module of, each with a share of the threads of the machine, or of whatever is the analyzer's key. */
export async function onThreads<S>(analyzer: Analyzer<S>, asked: Analyzer<S>, job: Job, joining: Joining<S>): Promise<void> {
  const { everyMs, workers } = job
  const { key = 'tid' } = analyzer
  if (analyzer.packet !== undefined && key !== 'tid') {
    throw new CaptureError('ERR_CAPTURE_OPTION', `${analyzer.name} asks for packets: its system calls cannot be shared by ${key}`, 'leave its key out, or run it on one thread')
  }
  // All events: each thread has the filter, and a state of its own.
  const capture = analyzer.packet === undefined ? await openOn(job.on, job.source) : await openAttributed(analyzer, job)
  await checkLive(analyzer, capture)
  const live = !capture.canWait
  const data: FoldData = { ...place(asked), containers: job.containers, start: job.start, everyMs, live }
  const reached = new Array<number>(analyzer.packet === undefined ? workers : workers + 1).fill(-Infinity)
  const past = (share: number, interval: number) => {
    reached[share] = interval
    joining.reached(Math.min(...reached), live)
    if (live) joining.flush()
  }
  const packets = analyzer.packet === undefined ? undefined : new PacketShare(analyzer, job, part => joining.add(part), interval => past(workers, interval))
  let delivered = 0
  const cluster = await balance(capture, {
    by: packets === undefined ? key : ev => (packets.take(ev) ? -1 : undefined),
    queues: workers,
    worker: ENTRY!,
    workerData: data,
    tables: tablesOf(analyzer, job.start.args),
    ...(job.filter !== undefined && { filters: new Array<string>(workers).fill(job.filter), stateEvents: followsState(analyzer, job) }),
    restarts: 0, // what it has folded would be gone
    onMessage(message, queue) {
      const told = message as FromFold
      if ('part' in told) joining.add(told.part as Part<S>)
      else if ('delivered' in told) delivered += told.delivered
      else past(queue, told.reached)
    },
  })
  joining.stats = () => statsOf(cluster.stats())
  onAbort(job.signal, () => cluster.stop())
  const timer = packets === undefined || everyMs === undefined || !live ? undefined : setInterval(() => packets.advance(Date.now() - LATE_MS), Math.min(everyMs, 250))
  try {
    await cluster.ended
  } finally {
    clearInterval(timer)
    await cluster.close()
  }
  packets?.end()
  // What the threads have looked at is known now; a packet is looked at where it is merged.
  if (packets === undefined) joining.stats = () => statsOf(cluster.stats(), delivered)
  joining.end()
}

/** Those of the capture, and what queues had no room for. `delivered`: what the threads' filters have left. */
function statsOf({ sources: [stats], queues }: ClusterStats, delivered?: number): Stats {
  const lost = queues.reduce((sum, { dropped }) => sum + dropped, 0)
  const dropped = { ...stats.dropped, queue: lost, total: stats.dropped.total + lost }
  if (delivered === undefined) return { ...stats, dropped, delivered: stats.delivered - lost }
  return { ...stats, dropped, delivered, filtered: stats.seen - dropped.total - delivered }
}

/** Do the threads look at more than stands in the records? */
function followsState(analyzer: Analyzer<any>, { filter, start }: Job): boolean {
  return tablesOf(analyzer, start.args).size > 0 || (filter !== undefined && compileFilter(filter).plan.needs.size > 0)
}

function place<S>(analyzer: Analyzer<S>): Pick<FoldData, 'shipped' | 'module'> {
  if (analyzer.module !== undefined) return { module: analyzer.module }
  if (isShipped(analyzer)) return { shipped: analyzer.name }
  throw new CaptureError('ERR_CAPTURE_OPTION', `worker threads cannot find the analyzer ${analyzer.name}`, 'make it the default export of a module of its own, with module: import.meta.url')
}
