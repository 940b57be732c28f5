import { existsSync } from 'node:fs'
import { balance } from '../balance/balance.js'
import type { ClusterStats } from '../balance/cluster.js'
import { CaptureError } from '../errors.js'
import { compileFilter } from '../filter/filter.js'
import type { Stats } from '../iface/capture.js'
import type { Analyzer } from './analyzer.js'
import type { Channel } from './channel.js'
import type { FoldData, FromFold } from './folder.js'
import { LATE_MS, type Part, tablesOf } from './folding.js'
import type { Joining } from './joining.js'
import { PacketShare } from './packetshare.js'
import { onReaders } from './readers.js'
import type { Report } from './report.js'
import type { Share } from '../state/share.js'
import type { Job } from './run.js'
import { isShipped } from './shipped.js'
import { checkLive, onAbort, openAttributed, openOn } from './source.js'

/** In the sources beside this file, and in the bundle. */
const ENTRY = ['./fold.ts', './fold.js'].map(path => new URL(path, import.meta.url)).find(url => existsSync(url))

/** By what readers of a file share it, so that what belongs together by that key stays together: an open file is some process's. */
const SHARES: ReadonlyMap<NonNullable<Analyzer['key']>, Share['by']> = new Map([['tid', 'tid'], ['pid', 'pid'], ['fd', 'pid']])

/** On worker threads, which import what `asked` is the name or the module of, each with a share of the threads of the machine, or of whatever is the analyzer's key. */
export async function onThreads<S>(analyzer: Analyzer<S>, asked: Analyzer<S>, job: Job, joining: Joining<S>, channel: Channel<Report>): Promise<void> {
  const { everyMs, workers } = job
  const { key = 'tid' } = analyzer
  if (analyzer.packet !== undefined && key !== 'tid') {
    throw new CaptureError('ERR_CAPTURE_OPTION', `${analyzer.name} asks for packets: its system calls cannot be shared by ${key}`, 'leave its key out, or run it on one thread')
  }
  // All events: each thread has the filter, and a state of its own.
  const capture = analyzer.packet === undefined ? await openOn(job.on, job.source) : await openAttributed(analyzer, job)
  await checkLive(analyzer, capture)
  const live = !capture.canWait
  const hasIntervals = live && everyMs !== undefined
  const data: FoldData = { ...place(asked), containers: job.containers, start: job.start, everyMs, live }
  const path = capture._path
  if (path !== undefined && SHARES.has(key)) {
    await capture.close()
    return onReaders(path, SHARES.get(key)!, data, job, joining, channel)
  }
  const reached = new Array<number>(analyzer.packet === undefined ? workers : workers + 1).fill(-Infinity)
  const past = (share: number, interval: number) => {
    reached[share] = interval
    joining.reached(Math.min(...reached), hasIntervals)
    // Of a running machine's another one follows, whether anything happens or not.
    if (hasIntervals) joining.flush()
  }
  const packets = analyzer.packet === undefined ? undefined : new PacketShare(analyzer, job, part => joining.add(part), interval => past(workers, interval))
  const delivered = new Array<number>(workers).fill(0)
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
      else if ('stats' in told) delivered[queue] = told.stats.delivered
      else past(queue, told.reached)
    },
  })
  joining.stats = () => statsOf(cluster.stats())
  job.onBegin()
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
  if (packets === undefined) joining.stats = () => statsOf(cluster.stats(), delivered.reduce((sum, count) => sum + count, 0))
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
