import { existsSync } from 'node:fs'
import { balance } from '../balance/balance.js'
import type { ClusterStats } from '../balance/cluster.js'
import { compileFilter } from '../filter/filter.js'
import type { Capture, Stats } from '../iface/capture.js'
import type { Analyzer } from './analyzer.js'
import { LATE_MS, type Part, tablesOf } from './folding.js'
import type { FoldData, FromFold } from './foldthread.js'
import type { Job } from './job.js'
import type { Joining } from './joining.js'
import { PacketShare } from './packetshare.js'
import { onAbort } from './source.js'

/** In the sources beside this file, and in the bundle. */
const ENTRY = ['./foldqueue.ts', './foldqueue.js'].map(path => new URL(path, import.meta.url)).find(url => existsSync(url))

/** What can be read but once is balanced over a queue for each thread; packets are folded on this one. */
export async function onQueues<S>(capture: Capture, analyzer: Analyzer<S>, data: FoldData, job: Job, joining: Joining<S>): Promise<void> {
  const { everyMs, workers } = job
  const hasIntervals = data.live && everyMs !== undefined
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
    by: packets === undefined ? analyzer.key ?? 'tid' : ev => (packets.take(ev) ? -1 : undefined),
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
  const timer = packets === undefined || !hasIntervals ? undefined : setInterval(() => packets.advance(Date.now() - LATE_MS), Math.min(everyMs, 250))
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
