import { existsSync } from 'node:fs'
import type { Worker } from 'node:worker_threads'
import type { Stats } from '../iface/capture.js'
import { captureError } from '../native.js'
import type { Share } from '../state/share.js'
import { startThread } from '../thread.js'
import { type Channel, MAX_WAITING } from './channel.js'
import type { Part } from './folding.js'
import type { FoldData, FromFold } from './foldthread.js'
import type { Job } from './job.js'
import type { Joining } from './joining.js'
import type { Report } from './report.js'
import { onAbort } from './source.js'

/** What the thread finds in its workerData. */
export interface FoldFileData extends FoldData {
  path: string
  share: Share
  filter: string | undefined
}

/** What it is told: to end; how many of its parts are reported. */
export type ToReader = { stop: true } | { taken: number }

/** Parts of a thread that are not reported yet, before it reads no more. */
export const AHEAD = 64
/** How often it is looked whether they have been taken, in ms. */
const LOOK_MS = 5

/** In the sources beside this file, and in the bundle. */
const ENTRY = ['./foldfile.ts', './foldfile.js'].map(path => new URL(path, import.meta.url)).find(url => existsSync(url))

/** One of the threads. */
interface Reader {
  readonly worker: Worker
  /** The intervals of its parts that are not reported, in order. */
  readonly parts: number[]
  reached: number
  stats: Stats | undefined
}

/** `signal`: ends it with its reason as error. */
interface FileToShare {
  path: string
  by: Share['by']
  signal: AbortSignal | undefined
}

/**
 * A file that lies there is read by each thread itself: of what is of other threads' share it looks at no more than the state needs. To
 * read it once and hand records over would cost more than to read it twice.
 */
export async function onReaders<S>({ path, by, signal }: FileToShare, data: FoldData, job: Job, joining: Joining<S>, channel: Channel<Report>): Promise<void> {
  const of = job.workers
  const readers: Reader[] = []
  let timer: NodeJS.Timeout | undefined
  joining.stats = () => statsOf(readers)

  /** Tells threads of the parts that are reported, if somebody takes the reports. */
  const credit = () => {
    timer = undefined
    if (channel.length > MAX_WAITING && !job.signal.aborted) {
      timer = setTimeout(credit, LOOK_MS)
      return
    }
    const reported = Math.min(...readers.map(({ reached }) => reached))
    for (const { worker, parts } of readers) {
      const waiting = parts.findIndex(interval => interval >= reported)
      const taken = parts.splice(0, waiting < 0 ? parts.length : waiting).length
      if (taken > 0) worker.postMessage({ taken } satisfies ToReader)
    }
  }

  const hear = (reader: Reader, message: FromFold) => {
    if ('part' in message) {
      reader.parts.push(message.part.interval)
      joining.add(message.part as Part<S>)
    } else if ('stats' in message) {
      reader.stats = message.stats
    } else {
      reader.reached = message.reached
      joining.reached(Math.min(...readers.map(({ reached }) => reached)), false)
      timer ??= setTimeout(credit, 0)
    }
  }

  const run = (index: number) => new Promise<void>((resolve, reject) => {
    const workerData: FoldFileData = { ...data, path, filter: job.filter, share: { by, index, of } }
    const reader: Reader = { worker: startThread(ENTRY!, { workerData, name: `sysring reader ${index}` }), parts: [], reached: -Infinity, stats: undefined }
    readers.push(reader)
    reader.worker.on('message', (message: FromFold) => hear(reader, message))
    reader.worker.on('error', error => reject(captureError(error)))
    reader.worker.on('exit', resolve)
  })

  let abort: (() => void) | undefined
  const aborted = signal && new Promise<never>((_, reject) => onAbort(signal, abort = () => reject(signal.reason)))
  const running = Promise.all(Array.from({ length: of }, (_, index) => run(index)))
  onAbort(job.signal, () => { for (const { worker } of readers) worker.postMessage({ stop: true } satisfies ToReader) })
  job.onBegin()
  try {
    await (aborted === undefined ? running : Promise.race([running, aborted]))
  } finally {
    if (abort !== undefined) signal!.removeEventListener('abort', abort)
    clearTimeout(timer)
    await Promise.all(readers.map(({ worker }) => worker.terminate()))
  }
  joining.end()
}

/** All of them see all records; how far each one is, it says now and then. */
function statsOf(readers: readonly Reader[]): Stats {
  const all = readers.flatMap(({ stats }) => stats ?? [])
  const delivered = all.reduce((sum, stats) => sum + stats.delivered, 0)
  const furthest = all.reduce<Stats>((most, stats) => (stats.seen >= most.seen ? stats : most), NOTHING)
  return { ...furthest, delivered, filtered: furthest.seen - furthest.dropped.total - delivered }
}
const NOTHING: Stats = { seen: 0, delivered: 0, dropped: { total: 0 }, filtered: 0, pending: 0, late: 0, perCpu: [] }
