// timeout: 300
import * as assert from 'uvu/assert'
import { QUEUE_DATA, type QueueData } from '../../lib/balance/workers.js'
import { balance, type BalanceOptions, type Capture, open } from '../../lib/index.js'
import { startThread } from '../../lib/thread.js'
import { all, identities, openQueue } from '../helpers/clusters.js'
import { synthetic } from '../helpers/capture.js'
import { compile, start } from '../helpers/program.js'
import { openRings, read, seeded } from '../helpers/rings.js'
import { suite } from '../helpers/suite.js'
import type { Counts } from './numbered.worker.js'
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

const TERMINATED = 40
const MOST_CALLS = 8_000_000
const NUMBERED = new URL('./numbered.worker.mjs', import.meta.url)

test(`live, with ${TERMINATED} workers terminated at any moment: made = delivered + dropped, per queue and in total, to the last record`, async () => {
  const program = await start(compile('numbered', 'test/lifecycle/programs'), [MOST_CALLS, 50])
  const capture = await open('sysdig', { syscalls: ['lseek'], tracepoints: [], pids: { allow: [program.pid] } })
  const cluster = await balance(capture, { by: 'round-robin', queues: 2, queueBytes: 512 << 10, maxWaitMs: 2 })
  assert.ok(cluster.native)
  const counts: Counts[] = cluster.devices.map(() => new Uint8Array(new SharedArrayBuffer(2 * MOST_CALLS)))
  const errors: Error[] = []
  const attach = (queue: number) => {
    const data: QueueData = { device: cluster.devices[queue], data: counts[queue] }
    const worker = startThread(NUMBERED, { workerData: { [QUEUE_DATA]: data } })
    const reads = new Promise(resolve => worker.once('message', resolve))
    const ended = new Promise(resolve => worker.once('exit', resolve))
    worker.on('error', error => errors.push(error))
    return { worker, reads, ended }
  }

  program.go()
  const random = seeded(11)
  let terminated = 0
  let reading = 0
  await Promise.all(counts.map(async (_, queue) => {
    while (terminated < TERMINATED) {
      terminated++
      const { worker, reads, ended } = attach(queue)
      // Most of them while they read or sleep, the others while they start or attach.
      if (random(4) > 0) {
        await Promise.race([reads, ended])
        reading++
      } else {
        await later(random(300))
      }
      await later(random(60))
      await worker.terminate()
      assert.not(cluster.stats().queues[queue].attached)
    }
  }))
  process.kill(program.pid, 'SIGTERM')
  const made = Number(await program.output)
  assert.ok(made < MOST_CALLS, 'the program has ended too early')
  const last = counts.map((_, queue) => attach(queue).ended)
  cluster.stop()
  assert.equal(await Promise.all(last), [0, 0])
  assert.equal(errors, [])
  await cluster.close()

  identities(cluster)
  const { seen, queues, sources: [source] } = cluster.stats()
  assert.equal([source.delivered + source.dropped.total, seen], [2 * made, source.delivered])
  let again = 0
  queues.forEach(({ received, dropped, waiting, faults }, queue) => {
    let once = 0
    for (const count of counts[queue].subarray(0, 2 * made)) {
      if (count > 0) once++
      if (count > 1) again += count - 1
    }
    assert.equal([once, received + dropped, waiting, faults], [received, queue === 0 ? Math.ceil(seen / 2) : Math.floor(seen / 2), 0, 0], `queue ${queue}`)
  })
  console.log(`${terminated} terminated, ${reading} of them once they read; ${made} calls, ${source.dropped.total} records dropped before the balancer, ${queues.map(({ received, dropped }) => `${received} received and ${dropped} dropped`).join(', ')}, ${again} read again`)
  assert.ok(queues.every(({ dropped }) => dropped > 0), 'this was no overload')
  assert.ok(again > 0, 'nobody was terminated within a burst')
}, { needs: ['bpf', 'btf', 'cc'], timeoutMs: 200_000 })
