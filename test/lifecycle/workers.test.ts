import * as assert from 'uvu/assert'
import { balance, type BalanceOptions, type Capture } from '../../lib/index.js'
import { all, identities, openQueue } from '../helpers/clusters.js'
import { synthetic } from '../helpers/capture.js'
import { openRings, read } from '../helpers/rings.js'
import { suite } from '../helpers/suite.js'
import type { Work } from './queue.worker.js'

const test = suite('workers of a cluster', { needs: ['linux'], timeoutMs: 60_000 })

const WORKER = new URL('./queue.worker.mjs', import.meta.url)
const items = (count: number) => Array.from({ length: count }, (_, i) => ({ bytes: read(i, 'data', i) }))
const later = (ms: number) => new Promise(resolve => { setTimeout(resolve, ms) })

/** Runs workers over everything; what they found, by queue. */
async function work(capture: Capture, workerData: Work, options: BalanceOptions = {}) {
  const found: number[][][] = []
  const cluster = await balance(capture, {
    by: 'tid', queues: 2, full: 'wait', worker: WORKER, workerData, ...options,
    onMessage: (message, queue) => { (found[queue] ??= []).push((message as { times: number[] }).times) },
  })
  const error: unknown = await cluster.ended.catch((reason: unknown) => reason)
  identities(cluster)
  await cluster.close().catch(() => {})
  return { found, error, cluster }
}

test('each has its queue, in order, and tells what it found by ordinary messages', async () => {
  const { found, cluster, error } = await work(synthetic(items(20_000)), {}, { queueBytes: 128 << 10 })
  assert.is(error, undefined)
  for (const queue of [0, 1]) assert.equal(found[queue], [items(20_000).map((_, i) => i).filter(i => i % 2 === queue)])
  assert.is(cluster.stats().restarts, 0)
  assert.ok(cluster.stats().queues.every(({ waiting, dropped }) => waiting === 0 && dropped === 0))
})

test('one that throws is started again, and takes the queue over behind the burst that it was in', async () => {
  const shared = new Int32Array(new SharedArrayBuffer(8))
  const { found: [[times]], cluster, error } = await work(synthetic(items(5000)), { throwAfter: 100, shared, once: true }, { queues: 1, queueBytes: 128 << 10 })
  assert.is(error, undefined)
  assert.equal([cluster.stats().restarts, shared[0]], [1, 1])
  // Leaving a loop closes the capture, and what its burst offered counts as delivered.
  assert.ok(times[0] >= 100 && times[0] <= 2100)
  assert.equal(times, Array.from({ length: 5000 - times[0] }, (_, i) => times[0] + i))
  assert.is(shared[1], times.length + 100)
})

test('one that throws once too often ends the cluster with its error', async () => {
  const { cluster, error } = await work(synthetic(items(5000)), { throwAfter: 10 }, { queues: 1, restarts: 2, queueBytes: 128 << 10 })
  assert.ok(error instanceof Error && error.message === 'in the worker', String(error))
  assert.is(cluster.stats().restarts, 2)
  // The file did not wait for ever: what found no room is counted.
  const { queues: [{ received, dropped }], seen } = cluster.stats()
  assert.is(received + dropped, seen)
})

test('a module that is not there ends the cluster with that error', async () => {
  const { error } = await work(synthetic(items(10)), {}, { queues: 1, worker: new URL('./nowhere.mjs', import.meta.url), restarts: 1 })
  assert.match(String(error), /nowhere\.mjs/)
})

test('a file does not wait for a queue whose worker has done its work', async () => {
  const { found, error, cluster } = await work(synthetic(items(50_000)), { maxEvents: 100 }, { queueBytes: 128 << 10 })
  assert.is(error, undefined)
  assert.equal(found.map(lists => lists.map(times => times.length)), [[100], [100]])
  assert.ok(cluster.stats().queues.every(({ received, dropped }) => received + dropped === 25_000 && dropped > 0))
}, { timeoutMs: 20_000 })

test('terminated at any moment, the queue is the next consumer\'s', async () => {
  for (let turn = 0; turn < 4; turn++) {
    const { capture, probe } = openRings(1, { ringBytes: 4 << 20 })
    const cluster = await balance(capture, { by: 'cpu', queues: 1, queueBytes: 1 << 20, worker: WORKER })
    const bytes = read(1n, 'x'.repeat(20))
    let made = 0
    const producing = setInterval(() => { for (let i = 0; i < 500; i++) if (probe.produce(0, bytes)) made++ }, 1)
    while (!cluster.stats().queues[0].attached) await later(1)
    await later(5 * turn)
    await cluster.workers[0].terminate()
    assert.not(cluster.stats().queues[0].attached)
    const next = await openQueue(cluster, 0, { maxDurationMs: 30 })
    for (const length of await all(next, ev => ev.param(1)!.length)) assert.is(length, 20)
    assert.ok(next.stats().delivered > 0)
    clearInterval(producing)
    await cluster.close()
    const { seen, queues: [{ received, dropped }], sources: [source] } = cluster.stats()
    assert.equal([seen, received + dropped, source.delivered], [made, made, made])
  }
})
