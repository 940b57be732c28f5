/** Clusters of the tests: made and consumed in one process, or by worker threads. */
import { mkdirSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { balance, type BalanceOptions, type Capture, type Cluster, type Event, FLAG_STATE_ONLY, open, type QueueCapture, type QueueOptions } from '../../lib/index.js'
import { folder } from './folder.js'

// Other users than root have their clusters in their runtime folder, and a test's user may have none.
if (process.geteuid?.() !== 0) mkdirSync(process.env.XDG_RUNTIME_DIR = folder().file('run'))

/** What a test looks at, of a record that is gone by then. */
export interface Seen {
  ts: bigint
  tid: number
  type: number
  cpu: number
  iface: number
  bytes: Buffer
  note: string | undefined
  stateOnly: boolean
}

export function seenOf(ev: Event): Seen {
  const { ts, tid, type, cpu, iface, note } = ev
  const packet = ev._packet
  const bytes = packet === undefined ? Buffer.from(ev._memory.subarray(ev._at, ev._at + ev.len)) : Buffer.from(packet._memory.subarray(packet._start, packet._start + packet._length))
  return { ts, tid, type, cpu, iface, bytes, note, stateOnly: (ev.flags & FLAG_STATE_ONLY) !== 0 }
}

/** Everything that a capture delivers, as `of` sees it. */
export async function all<T>(capture: Capture, of: (ev: Event) => T): Promise<T[]> {
  const found: T[] = []
  for await (const burst of capture) for (const ev of burst) found.push(of(ev))
  return found
}

export function openQueue(cluster: Cluster, queue: number, options: QueueOptions = {}): Promise<QueueCapture> {
  return open(cluster.devices[queue] as `cluster:${string}`, options)
}

/** Balances everything, then reads each queue to its end: the queues have to be large enough, or somebody waits for ever. */
export async function balanced<T>(capture: Capture | Capture[], options: BalanceOptions, of: (ev: Event) => T, queueOptions: QueueOptions = {}): Promise<{ queues: T[][]; cluster: Cluster }> {
  const cluster = await balance(capture, options)
  try {
    const queues = await Promise.all(cluster.devices.map(async (_, queue) => all(await openQueue(cluster, queue, queueOptions), of)))
    await cluster.ended
    identities(cluster)
    return { queues, cluster }
  } finally {
    await cluster.close()
  }
}

/** What has to hold of every cluster: nothing is lost in silence. */
export function identities(cluster: Cluster): void {
  const { seen, refused, queues } = cluster.stats()
  const applications = new Map<string, number>()
  for (const { application, received, dropped, filtered } of queues) {
    applications.set(application, (applications.get(application) ?? 0) + received + dropped + filtered)
  }
  for (const [application, sum] of applications) assert.is(sum, seen - refused, `application ${application}: received + dropped + filtered is not seen − refused`)
}
