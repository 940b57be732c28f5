import * as assert from 'uvu/assert'
import { balance, type Cluster, type QueueOptions } from '../../../lib/index.js'
import type { ProbeHandle } from '../../../lib/native.js'
import { identities, openQueue } from '../../helpers/clusters.js'
import { bootNow, openRings, read } from '../../helpers/rings.js'
import { suite } from '../../helpers/suite.js'
import { type Arrival, arrivals } from './arrivals.js'

const test = suite('how long a queue keeps its consumer waiting', { needs: ['linux'], timeoutMs: 20_000 })

const WORKER = new URL('./arrivals.worker.mjs', import.meta.url)
const later = (ms: number) => new Promise(resolve => { setTimeout(resolve, ms) })

interface Consumed {
  probe: ProbeHandle
  cluster: Cluster
  arrived: Promise<Arrival[]>
}

/** A quiet cluster, balanced by a native thread, whose one consumer waits on this thread or in a worker. */
async function quiet(where: 'main' | 'worker', options: QueueOptions): Promise<Consumed> {
  const { capture, probe } = openRings(2)
  let told!: (arrivals: Arrival[]) => void
  const posted = new Promise<Arrival[]>(resolve => { told = resolve })
  const inWorker = { worker: WORKER, workerData: options, onMessage: (message: unknown) => told(message as Arrival[]) }
  const cluster = await balance(capture, { queues: 1, ...(where === 'worker' && inWorker) })
  assert.ok(cluster.native)
  const arrived = where === 'worker' ? posted : arrivals(await openQueue(cluster, 0, options))
  while (!cluster.stats().queues[0].attached) await later(5)
  return { probe, cluster, arrived }
}

const NEVER = 1 << 30
const WAYS: [string, 'main' | 'worker', QueueOptions][] = [
  ['looked at now and then', 'main', {}],
  ['looked at now and then, for much more', 'main', { watermark: NEVER }],
  ['asleep in a worker', 'worker', {}],
  ['asleep in a worker until there is much more', 'worker', { watermark: NEVER }],
  ['looked at in a worker', 'worker', { block: false }],
]

for (const [what, where, options] of WAYS) {
  test(`a single event arrives without another one behind it: ${what}`, async () => {
    const { probe, cluster: own, arrived } = await quiet(where, { maxEvents: 2, maxWaitMs: 20, ...options })
    await using cluster = own
    for (let n = 0; n < 2; n++) {
      assert.ok(probe.produce(n % 2, read(bootNow(), 'x', n + 1)))
      // Long enough for it to arrive alone; where it does not, they are two.
      await later(80)
    }
    assert.equal((await arrived).flatMap(({ tids }) => tids), [1, 2])
    identities(cluster)
  })
}

const RECORD = read(0n, 'x', 1)
/** An entry's header, and the record up to a multiple of 8. */
const ENTRY_BYTES = 16 + Math.ceil(RECORD.length / 8) * 8

for (const [what, where, options] of [['looked at', 'main', {}], ['asleep in a worker', 'worker', {}], ['looked at in a worker', 'worker', { block: false }]] as const) {
  test(`less than the watermark is given to the loop when it has waited for maxWaitMs, and not before: ${what}`, async () => {
    const watermark = 40 * ENTRY_BYTES
    const maxWaitMs = 400
    const { probe, cluster: own, arrived } = await quiet(where, { watermark, maxWaitMs, ...options })
    await using cluster = own
    for (let n = 0; n < 150; n++) {
      assert.ok(probe.produce(n % 2, read(bootNow(), 'x', n + 1)))
      await later(1)
    }
    // What is left is less, and the end of the wait brings it.
    await later(1.5 * maxWaitMs)
    assert.ok(probe.produce(0, read(bootNow(), 'x', 151)))
    // Nothing more can come behind the end.
    cluster.stop()
    await cluster.ended
    const bursts = await arrived
    assert.equal(bursts.flatMap(({ tids }) => tids), Array.from({ length: 151 }, (_, n) => n + 1))
    assert.ok(bursts.length >= 3, `${bursts.length} bursts`)
    for (const { tids, waitedMs } of bursts.slice(0, -1)) {
      assert.ok(tids.length * ENTRY_BYTES >= watermark || waitedMs >= maxWaitMs, `${tids.length} records after ${waitedMs} ms`)
    }
  })
}

test('a watermark that the queue cannot reach stands for a quarter of it', async () => {
  const { capture, probe } = openRings(1)
  await using cluster = await balance(capture, { queues: 1, queueBytes: 128 << 10 })
  const arrived = arrivals(await openQueue(cluster, 0, { watermark: NEVER, maxWaitMs: 1000 }))
  let made = 0
  for (let turn = 0; turn < 200; turn++) {
    for (let n = 0; n < 10; n++) if (probe.produce(0, read(bootNow(), 'x', made + 1))) made++
    await later(1)
  }
  cluster.stop()
  await cluster.ended
  const bursts = await arrived
  assert.is(bursts.flatMap(({ tids }) => tids).length, made)
  assert.is(cluster.stats().queues[0].dropped, 0)
  for (const { tids, waitedMs } of bursts.slice(0, -1)) assert.ok(tids.length * ENTRY_BYTES >= (128 << 10) / 4 || waitedMs >= 1000, `${tids.length} records after ${waitedMs} ms`)
})
