/** What this machine does beside the guest: both have memories in common, each a file here and a PCI device there. */
import { rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { balance, type Cluster, type ClusterStats, open, openFile, type QueueCapture } from '../../lib/index.js'
import { openRings, read, seeded } from '../helpers/rings.js'
import { ROOT } from '../helpers/run.js'
import type { SharedMemory } from './machine.js'

export const TRACE = join(ROOT, 'test/fixtures/both.scap.gz')
const BYTES = 16 << 20
/** Records in one go that the small queue has no room for, how often, and how many one by one after that. */
const BURST = 2500
const BURSTS = 8
const SINGLES = 40
/** How long it may take until all is settled once the guest has ended. */
const PATIENCE_MS = 5000

export interface HostResult {
  /** A file into two queues, waiting for room; the same into two that have room for all of it. */
  waits: ClusterStats
  whole: ClusterStats
  /** Rings into a queue that is too small: every record, by number. */
  drops: ClusterStats
  made: readonly Buffer[]
  /** What the guest placed: setns calls by number, in the order in which they came, and how many records there was no room for. */
  guests: { calls: number[]; delivered: number; dropped: number }
}

export class Host {
  /** In the order in which the guest has their devices. */
  readonly memories: readonly SharedMemory[] = ['waits', 'whole', 'drops', 'guests']
    .map(name => ({ path: `/dev/shm/sysring-guest-${process.pid}-${name}`, bytes: BYTES }))
  #work: Promise<HostResult> | undefined
  #boot = new AbortController()

  constructor() {
    process.once('exit', () => this.#remove())
  }

  /** A new boot of the guest: everything from the start. QEMU makes the files. */
  begin(): void {
    this.#boot.abort()
    this.#remove()
    this.#boot = new AbortController()
    this.#work = this.#run(this.#boot.signal)
    this.#work.catch(() => {})
  }

  /** The guest has ended: what is not settled soon will not be. */
  async end(): Promise<void> {
    await Promise.race([this.#work?.catch(() => {}), sleep(PATIENCE_MS, undefined, { ref: false })])
    this.#boot.abort()
    this.#remove()
  }

  get result(): Promise<HostResult> {
    return this.#work ?? Promise.reject(new Error('the scenario `memory` was not run'))
  }

  #remove(): void {
    for (const { path } of this.memories) rmSync(path, { force: true })
  }

  async #run(signal: AbortSignal): Promise<HostResult> {
    const [waits, whole, drops, guests] = this.memories.map(({ path }) => path)
    for (const { path, bytes } of this.memories) {
      while (statSync(path, { throwIfNoEntry: false })?.size !== bytes) await sleep(20, undefined, { signal })
    }
    const [waited, held, dropped, read] = await Promise.all([
      ended(await balance(await openFile(TRACE), { path: waits, by: 'fan-out', queues: 2, queueBytes: 1 << 20 }), signal),
      ended(await balance(await openFile(TRACE), { path: whole, by: 'fan-out', queues: 2, queueBytes: 4 << 20 }), signal),
      overload(drops, signal),
      readGuests(guests, signal),
    ])
    return { waits: waited, whole: held, ...dropped, guests: read }
  }
}

async function ended(cluster: Cluster, signal: AbortSignal): Promise<ClusterStats> {
  signal.addEventListener('abort', () => cluster.stop())
  await cluster.ended
  await cluster.close()
  signal.throwIfAborted()
  return cluster.stats()
}

/** Waits until the guest reads, gives it more than there is room for, then single records that it has to be quick to see. */
async function overload(path: string, signal: AbortSignal): Promise<{ drops: ClusterStats; made: Buffer[] }> {
  const { capture, probe } = openRings(1, { ringBytes: 1 << 20 })
  await using cluster = await balance(capture, { path, queues: 1, queueBytes: 128 << 10 })
  const made: Buffer[] = []
  const random = seeded(7)
  const produce = () => {
    const data = Buffer.alloc(8 + random(200), random(256))
    data.writeDoubleLE(performance.timeOrigin + performance.now()) // so that the guest can tell how late it is
    const record = read(process.hrtime.bigint(), data, made.length)
    made.push(Buffer.from(record))
    probe.produce(0, record)
  }
  const isRead = () => {
    const [{ received, dropped, waiting }] = cluster.stats().queues
    return received + dropped === made.length && waiting === 0
  }
  produce()
  while (!isRead()) await sleep(20, undefined, { signal })
  for (let i = 0; i < BURSTS; i++) {
    for (let n = 0; n < BURST; n++) produce()
    while (!isRead()) await sleep(20, undefined, { signal })
  }
  for (let i = 0; i < SINGLES; i++) {
    await sleep(50, undefined, { signal })
    produce()
  }
  while (!isRead()) await sleep(20, undefined, { signal })
  await cluster.close()
  return { drops: cluster.stats(), made }
}

/** Reads a queue that is filled on the other side. */
async function readGuests(path: string, signal: AbortSignal): Promise<HostResult['guests']> {
  let capture: QueueCapture | undefined
  while (capture === undefined) {
    await sleep(50, undefined, { signal })
    capture = await open(`cluster:${path}@0`).catch(() => undefined)
  }
  const calls: number[] = []
  for await (const burst of capture) for (const ev of burst) if ((ev.type & 1) === 0) calls.push(-1 - Number(ev.args.fd))
  await capture.close()
  const { delivered, dropped } = capture.stats()
  return { calls, delivered, dropped: dropped.total }
}
