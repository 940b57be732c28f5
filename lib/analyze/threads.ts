import { CaptureError } from '../errors.js'
import type { Share } from '../state/share.js'
import type { Analyzer } from './analyzer.js'
import type { Channel } from './channel.js'
import type { FoldData } from './foldthread.js'
import type { Job } from './job.js'
import type { Joining } from './joining.js'
import { onQueues } from './queues.js'
import { onReaders } from './readers.js'
import type { Report } from './report.js'
import { isShipped } from './shipped.js'
import { checkLive, openAttributed, openOn } from './source.js'

/** By what readers of a file share it, so that what belongs together by that key stays together: an open file is some process's. */
const SHARES: ReadonlyMap<NonNullable<Analyzer['key']>, Share['by']> = new Map([['tid', 'tid'], ['pid', 'pid'], ['fd', 'pid']])

/** On worker threads, which import what `asked` is the name or the module of, each with a share of the threads of the machine, or of whatever is the analyzer's key. */
export async function onThreads<S>(analyzer: Analyzer<S>, asked: Analyzer<S>, job: Job, joining: Joining<S>, channel: Channel<Report>): Promise<void> {
  const { key = 'tid' } = analyzer
  if (analyzer.packet !== undefined && key !== 'tid') {
    throw new CaptureError('ERR_CAPTURE_OPTION', `${analyzer.name} asks for packets: its system calls cannot be shared by ${key}`, 'leave its key out, or run it on one thread')
  }
  const where = place(asked)
  // All events: each thread has the filter, and a state of its own.
  const capture = analyzer.packet === undefined ? await openOn(job.on, job.source) : await openAttributed(analyzer, job)
  await checkLive(analyzer, capture)
  const data: FoldData = { ...where, containers: job.containers, start: job.start, everyMs: job.everyMs, live: !capture.canWait }
  const path = capture._path
  const by = SHARES.get(key)
  if (path === undefined || by === undefined) return onQueues(capture, analyzer, data, job, joining)
  const { signal } = capture._limits
  capture._take()
  await capture.close()
  return onReaders({ path, by, signal }, data, job, joining, channel)
}

function place<S>(analyzer: Analyzer<S>): Pick<FoldData, 'shipped' | 'module'> {
  if (analyzer.module !== undefined) return { module: analyzer.module }
  if (isShipped(analyzer)) return { shipped: analyzer.name }
  throw new CaptureError('ERR_CAPTURE_OPTION', `worker threads cannot find the analyzer ${analyzer.name}`, 'make it the default export of a module of its own, with module: import.meta.url')
}
