import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import * as assert from 'uvu/assert'
import { balance, type Cluster, isCaptureError, open, type QueueOptions } from '../../../lib/index.js'
import { parseAddress } from '../../../lib/cluster/address.js'
import { unpackBlocks } from '../../../lib/cluster/metadata.js'
import { LEN } from '../../../lib/event/record.js'
import { folder } from '../../helpers/folder.js'
import { all, balanced, identities, openQueue } from '../../helpers/clusters.js'
import { synthetic } from '../../helpers/capture.js'
import { QueueCapture as Source } from '../../helpers/queue.js'
import { bootNow, openRings, read } from '../../helpers/rings.js'
import { suite } from '../../helpers/suite.js'

const test = suite('queues of a cluster', { needs: ['linux'] })

const { file } = folder()
const codeOf = (call: Promise<unknown>) => call.then(() => 'none', (error: unknown) => (isCaptureError(error) ? error.code : String(error)))
const reads = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => ({ bytes: read(from + i, 'data', from + i) }))
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => BigInt(from + i))
const later = (ms: number) => new Promise(resolve => { setTimeout(resolve, ms) })

/** A cluster that is fed by hand. */
async function fed(options: Parameters<typeof balance>[1] = {}): Promise<{ cluster: Cluster; source: Source }> {
  const source = new Source()
  return { source, cluster: await balance(source, { queues: 1, ...options }) }
}
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await later(2)
}

test('a name that nobody has, and a queue that is not there', async () => {
  const { cluster, source } = await fed()
  assert.is(await codeOf(open('cluster:nobody-has-that@0')), 'ERR_CAPTURE_NO_DEVICE')
  assert.is(await codeOf(open('cluster:/nowhere/at/all@0')), 'ERR_CAPTURE_NO_DEVICE')
  assert.is(await codeOf(open(`cluster:${cluster.id}@1`)), 'ERR_CAPTURE_NO_DEVICE')
  writeFileSync(file('text'), 'no cluster')
  assert.is(await codeOf(open(`cluster:${file('text')}@0`)), 'ERR_CAPTURE_FORMAT')
  for (const wrong of [{ maxWaitMs: 0 }, { maxWaitMs: 1001 }, { watermark: 0 }, { watermark: 2 ** 31 }, { filter: 'evt.typo = 1' }]) {
    assert.match(await codeOf(openQueue(cluster, 0, wrong)), /OPTION|FILTER/)
  }
  source.end()
  await cluster.close()
  assert.is(await codeOf(open(cluster.devices[0])), 'ERR_CAPTURE_NO_DEVICE')
})

test('a queue has one consumer at a time, and a name one cluster', async () => {
  const { cluster, source } = await fed({ queues: 2 })
  const first = await openQueue(cluster, 0)
  assert.is(await codeOf(openQueue(cluster, 0)), 'ERR_CAPTURE_BUSY')
  assert.equal(cluster.stats().queues.map(({ attached }) => attached), [true, false])
  await first.close()
  assert.equal(cluster.stats().queues.map(({ attached }) => attached), [false, false])
  await (await openQueue(cluster, 0)).close()
  assert.is(await codeOf(balance(synthetic([]), { queues: 1, id: cluster.id })), 'ERR_CAPTURE_BUSY')
  source.end()
  await cluster.close()
})

test('who asks what there was before the first record gets it when that has come', async () => {
  const { cluster, source } = await fed()
  const opening = openQueue(cluster, 0, { metadata: true })
  // Its request is there by now, and no record.
  assert.is(await Promise.race([opening.then(() => 'open'), later(300)]), undefined)
  source.push(reads(0, 1))
  const capture = await opening
  assert.ok(capture.metadata.length > 0)
  await capture.close()
  source.end()
  await cluster.close()
})

test('whoever comes next goes on where the one before ended, however that was', async () => {
  const { cluster, source } = await fed()
  source.push(reads(0, 100))
  source.push(reads(100, 200))
  await until(() => cluster.stats().seen === 200)
  // Ends by itself after ten, by close() in a burst, by break: each time what was offered is done with.
  assert.equal(await all(await openQueue(cluster, 0, { maxEvents: 10 }), ev => ev.ts), numbers(0, 10))
  const second = await openQueue(cluster, 0, { maxEvents: 20 })
  assert.equal(second.stats(), { seen: 190, delivered: 0, dropped: { total: 0, queue: 0 }, filtered: 0, pending: 190, late: 0, perCpu: [] })
  for await (const burst of second) {
    burst.next()
    break
  }
  const { seen, delivered, pending } = second.stats()
  assert.equal([seen, delivered, pending], [190, 20, 170])
  source.end()
  assert.equal(await all(await openQueue(cluster, 0), ev => ev.ts), numbers(30, 200))
  assert.is(cluster.stats().queues[0].waiting, 0)
  await cluster.close()
})

test('a late joiner gets what waits, then what comes', async () => {
  const { cluster, source } = await fed({ queueBytes: 128 << 10 })
  source.push(reads(0, 50))
  await until(() => cluster.stats().seen === 50)
  const capture = await openQueue(cluster, 0)
  const arriving = all(capture, ev => ev.ts)
  await later(30)
  source.push(reads(50, 80))
  await later(30)
  source.end()
  assert.equal(await arriving, numbers(0, 80))
  await cluster.close()
})

test('what was lost for want of room is said with the next burst, and in the statistics', async () => {
  const { cluster, source } = await fed({ queueBytes: 128 << 10 })
  const capture = await openQueue(cluster, 0)
  for (let n = 0; n < 40; n++) source.push(reads(1000 * n, 1000 * (n + 1)))
  await until(() => cluster.stats().seen === 40_000)
  source.end()
  let lost = 0
  let count = 0
  for await (const burst of capture) {
    lost += burst.lost.total
    for (const _ of burst) count++
  }
  const { received, dropped } = cluster.stats().queues[0]
  assert.ok(dropped > 0)
  assert.equal([lost, count, received + dropped], [dropped, received, 40_000])
  assert.equal(capture.stats(), { seen: 40_000, delivered: received, dropped: { total: dropped, queue: dropped }, filtered: 0, pending: 0, late: 0, perCpu: [] })
  await cluster.close()
})

for (const options of [{}, { block: true, watermark: 1 << 20 }] as QueueOptions[]) {
  test(`what waits is delivered without more to come, ${options.block === true ? 'asleep until much more waits' : 'looking'}`, async () => {
    const { cluster, source } = await fed()
    const capture = await openQueue(cluster, 0, { ...options, maxWaitMs: 20 })
    source.push(reads(0, 3))
    const found: bigint[] = []
    for await (const burst of capture) {
      for (const ev of burst) found.push(ev.ts)
      if (found.length === 3) break
    }
    assert.equal(found, numbers(0, 3))
    source.end()
    await cluster.close()
  })

  test(`stop() and maxDurationMs end a consumer while the producer goes on, ${options.block === true ? 'asleep' : 'looking'}`, async () => {
    const { cluster, source } = await fed()
    let n = 0
    const producing = setInterval(() => source.push(reads(n, n += 20)), 1)
    let at = 0n
    for (let turn = 0; turn < 6; turn++) {
      const capture = await openQueue(cluster, 0, { ...options, ...(turn % 2 === 0 && { maxDurationMs: 30 }) })
      if (turn % 2 === 1) setTimeout(() => capture.stop(), 30)
      for (const ts of await all(capture, ev => ev.ts)) assert.is(ts, at++)
      assert.is(capture.stats().dropped.total, 0)
    }
    assert.ok(at > 20n)
    clearInterval(producing)
    source.end()
    await cluster.close()
  })

  test(`a signal ends a consumer with its reason, ${options.block === true ? 'asleep' : 'looking'}`, async () => {
    const { cluster, source } = await fed()
    const capture = await openQueue(cluster, 0, { ...options, signal: AbortSignal.timeout(30) })
    assert.match(await codeOf(all(capture, () => 0)), /TimeoutError/)
    source.end()
    await cluster.close()
  })
}

test('a consumer that never stops finding something comes to its end', async () => {
  const { capture, probe } = openRings(1)
  const cluster = await balance(capture, { queues: 1, by: 'cpu' })
  const own = await openQueue(cluster, 0, { maxDurationMs: 50 })
  let count = 0
  for await (const burst of own) {
    for (const _ of burst) count++
    // There is always more by the time that it looks again.
    while (!probe.produce(0, read(bootNow()))) await later(1)
    await until(() => own.stats().pending > 0)
    if (count > 100_000) break
  }
  assert.ok(count < 100_000)
  await cluster.close()
}, { timeoutMs: 10_000 })

test('the memory can be a named file: attached by its path, gone at the end', async () => {
  const path = file('memory')
  const source = new Source()
  const cluster = await balance(source, { queues: 2, path, by: 'tid', mode: 0o640 })
  source.push(reads(0, 100))
  await until(() => cluster.stats().seen === 100)
  assert.equal(parseAddress(`cluster:${path}@1`).path, path)
  const capture = await open(`cluster:${path}@1`)
  assert.is(await codeOf(open(`cluster:${path}@1`)), 'ERR_CAPTURE_BUSY')
  assert.is(await codeOf(openQueue(cluster, 1)), 'ERR_CAPTURE_BUSY')
  assert.is(await codeOf(open(`cluster:${path}@2`)), 'ERR_CAPTURE_NO_DEVICE')
  assert.is(await codeOf(balance(synthetic([]), { queues: 1, path })), 'ERR_CAPTURE_BUSY')
  source.end()
  assert.is((await all(capture, ev => ev.ts)).length, 50)
  assert.equal(capture.cluster, { device: 'queue', interfaces: [{ name: 'queue', linktype: 147, snaplen: 0 }], by: 'tid', waits: false, queues: [{ application: 'queue', index: 0 }, { application: 'queue', index: 1 }] })
  await cluster.close()
  assert.not(existsSync(path))
})

test('watch() tells of every queue, and once more at the end', async () => {
  const { cluster, source } = await fed({ queues: 2, by: 'round-robin' })
  const seen: number[] = []
  const watching = (async () => {
    for await (const stats of cluster.watch({ everyMs: 10 })) seen.push(stats.queues.reduce((sum, { received }) => sum + received, 0))
  })()
  for (let n = 0; n < 5; n++) {
    source.push(reads(10 * n, 10 * n + 10))
    await later(15)
  }
  source.end()
  await watching
  assert.is(seen.at(-1), 50)
  assert.equal(seen, [...seen].sort((a, b) => a - b))
  assert.ok(seen.length > 2)
  assert.is(await codeOf(cluster.watch({ everyMs: 1 }).next()), 'ERR_CAPTURE_OPTION')
  await cluster.close()
})

test('close() waits for nobody who is connected and says nothing', async () => {
  // Each of them would be given 5 s to speak, otherwise.
  for (let turn = 0; turn < 12; turn++) {
    const { cluster } = await fed()
    const silent = await Promise.all(['', '{"sysring":', '{"sysring":1,"about":true}\n', '{"sysring":1,"metadata":true}\n'].map(async request => {
      const client = { socket: createConnection({ path: parseAddress(cluster.devices[0]).path, allowHalfOpen: true }), answer: Buffer.alloc(0), ended: false }
      client.socket.on('data', data => { client.answer = Buffer.concat([client.answer, data]) })
      client.socket.on('end', () => { client.ended = true })
      client.socket.write(request)
      await once(client.socket, 'connect')
      return client
    }))
    await until(() => silent[2].answer.length > 0)
    await cluster.close()
    await until(() => silent.every(({ ended }) => ended))
    assert.equal(silent.slice(0, 3).map(({ answer }) => answer.toString().slice(0, 10)), ['', '', '{"device":'])
    // Whole, or none.
    if (silent[3].answer.length > 0) unpackBlocks(silent[3].answer)
    for (const { socket } of silent) socket.destroy()
  }
})

test('a source that fails tells everybody', async () => {
  const { cluster, source } = await fed()
  const capture = await openQueue(cluster, 0)
  source.push(reads(0, 10))
  source.end(new Error('the source is broken'))
  const found: bigint[] = []
  let error: unknown
  try {
    for await (const burst of capture) for (const ev of burst) found.push(ev.ts)
  } catch (reason) {
    error = reason
  }
  assert.equal(found, numbers(0, 10))
  assert.ok(isCaptureError(error) && error.code === 'ERR_CAPTURE_PRODUCER' && error.message.includes('the source is broken'), String(error))
  assert.is(await cluster.ended.catch((reason: Error) => reason.message), 'the source is broken')
  await cluster.close()
  assert.ok(source.closed)
})

/** What comes out of a block that uses the cluster, whose source fails. */
async function outOf(block: (cluster: Cluster) => unknown): Promise<unknown> {
  const { cluster: failing, source } = await fed()
  source.push(reads(0, 10))
  source.end(new Error('the source is broken'))
  try {
    await using cluster = failing
    await block(cluster)
  } catch (error) {
    return error
  }
  return undefined
}

for (const [what, block] of [
  ['by ended', cluster => cluster.ended],
  ['by ended, asked for when it had failed', async cluster => { await later(50); await cluster.ended }],
  ['by close()', cluster => cluster.close()],
  ['by the end of the block, when nobody asked', () => later(50)],
  ['by the end of the block, when it had not failed yet', cluster => { void cluster.ended.catch(() => {}) }],
  ['by the end of the block, when only its statistics were watched', async cluster => { for await (const _ of cluster.watch({ everyMs: 10 })); }],
] as [string, (cluster: Cluster) => unknown][]) {
  test(`what a cluster fails with is told once: ${what}`, async () => {
    const error = await outOf(block)
    assert.ok(error instanceof Error, String(error))
    assert.equal([error.name, error.message], ['Error', 'the source is broken'])
  })
}

test('a failure that ended has told is no other one at the end of the block', async () => {
  assert.is(await outOf(async cluster => { await cluster.ended.catch(() => {}) }), undefined)
})

test('what is wrong with records that nobody has walked is told once', async () => {
  const { capture: live, probe } = openRings(1)
  const record = read(1)
  for (let n = 0; n < 10; n++) probe.produce(0, record)
  for (let byte = 0; byte < 4; byte++) probe.poke(0, 5 * record.length + LEN + byte, 0xff)
  let error: unknown
  try {
    await using capture = live
    for await (const burst of capture) {
      for (const _ of burst) break
      break
    }
  } catch (reason) {
    error = reason
  }
  assert.ok(isCaptureError(error) && error.code === 'ERR_CAPTURE_FORMAT', String(error))
})

test('rings are balanced by a native thread, in the order of time', async () => {
  const { capture, probe } = openRings(3)
  const cluster = await balance(capture, { queues: 2, by: 'tid', maxWaitMs: 2 })
  assert.ok(cluster.native)
  const readers = cluster.devices.map(async (_, queue) => all(await openQueue(cluster, queue), ev => [ev.ts, ev.cpu, ev.tid, ev.param(1)!.toString()] as const))
  const made: [bigint, number, number, string][] = []
  for (let i = 0; i < 6000; i++) {
    const ts = bootNow()
    if (probe.produce(i % 3, read(ts, `data ${i}`, i % 7))) made.push([ts, i % 3, i % 7, `data ${i}`])
    if (i % 100 === 0) await later(1)
  }
  cluster.stop()
  const queues = await Promise.all(readers)
  await cluster.ended
  queues.forEach((seen, queue) => assert.equal(seen, made.filter(([, , tid]) => tid % 2 === queue)))
  identities(cluster)
  await cluster.close()
  const { seen, sources: [source], cpuMs, late } = cluster.stats()
  assert.equal([seen, source.seen, source.delivered, source.pending, late], [6000, 6000, made.length, 0, 0])
  assert.ok(cpuMs > 0)
})

test('a queue is balanced again, by a native thread as well', async () => {
  const { cluster: first, source } = await fed({ queues: 2, by: 'tid' })
  const second = await balance(await Promise.all(first.devices.map(device => open(device as `cluster:${string}`))), { queues: 3, by: 'round-robin' })
  assert.ok(second.native && !first.native)
  assert.is(await codeOf(openQueue(first, 0)), 'ERR_CAPTURE_BUSY')
  for (let n = 0; n < 30; n++) {
    source.push(reads(100 * n, 100 * n + 100))
    await later(1)
  }
  source.end()
  const queues = await Promise.all(second.devices.map(async (_, queue) => all(await openQueue(second, queue), ev => ev.ts)))
  await second.ended
  assert.equal(queues.flat().sort((a, b) => Number(a - b)), numbers(0, 3000))
  identities(second)
  await second.close()
  const { seen, sources } = second.stats()
  assert.is(seen, 3000)
  assert.equal(sources.map(({ seen, delivered, pending }) => [seen, delivered, pending]), [[1500, 1500, 0], [1500, 1500, 0]])
  await first.close()
})

test('the end of one cluster is that of those behind it, and so is its failure', async () => {
  for (const error of [undefined, new Error('broken')]) {
    const { cluster: first, source } = await fed()
    const second = await balance(await openQueue(first, 0), { queues: 1 })
    const capture = await openQueue(second, 0)
    const arriving = codeOf(all(capture, () => 0))
    source.push(reads(0, 10))
    await until(() => second.stats().seen === 10)
    source.end(error)
    assert.is(await arriving, error === undefined ? 'none' : 'ERR_CAPTURE_PRODUCER')
    assert.is(await codeOf(second.close()), error === undefined ? 'none' : 'ERR_CAPTURE_PRODUCER')
    assert.is(await codeOf(first.close()), error === undefined ? 'none' : 'Error: broken')
  }
})

test('copies for the state stay copies through a chain', async () => {
  const { cluster: first, source } = await fed({ queues: 2, by: 'tid' })
  const second = await balance(await openQueue(first, 0), { queues: 2, by: 'tid' })
  source.push(Array.from({ length: 40 }, (_, tid) => ({ bytes: read(tid, 'x', tid) })))
  source.end()
  const queues = await Promise.all(second.devices.map(async (_, queue) => all(await openQueue(second, queue), ev => ev.tid)))
  assert.equal(queues, [Array.from({ length: 20 }, (_, i) => 2 * i), []])
  await second.close()
  await first.close()
})

test('several sources become one in the order of time', async () => {
  const captures = [0, 1, 2].map(n => synthetic(Array.from({ length: 500 }, (_, i) => ({ bytes: read(3 * i + n, 'x', n) }))))
  const { queues: [seen], cluster } = await balanced(captures, { queues: 1, full: 'wait' }, ev => ev.ts)
  assert.equal(seen, numbers(0, 1500))
  assert.is(cluster.stats().seen, 1500)
  assert.ok(captures.every(({ closed }) => closed))
})
