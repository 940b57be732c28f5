import * as assert from 'uvu/assert'
import { all, balanced, identities, openQueue, type Seen, seenOf } from '../../helpers/clusters.js'
import { synthetic, type SyntheticPacket, type SyntheticRecord } from '../../helpers/capture.js'
import { old, record } from '../../helpers/record.js'
import { read, READ_DATA, seeded } from '../../helpers/rings.js'
import { suite } from '../../helpers/suite.js'
import { balance, type Event } from '../../../lib/index.js'

const test = suite('records in queues', { needs: ['linux'] })

/** The same record as the driver wrote it before 2018: the header ends where it says how many parameters there are. */
function mixture(count: number, seed: number): (SyntheticRecord | SyntheticPacket)[] {
  const random = seeded(seed)
  const longest = [20, 200, 2000, 60_000]
  return Array.from({ length: count }, (_, i) => {
    const data = Buffer.alloc(random(longest[random(4)]), i)
    if (random(5) === 0) return { ts: BigInt(i), packet: data, length: data.length + random(3), cpu: random(4), iface: random(2) }
    const bytes = read(i, data, 1 + random(9))
    return random(4) === 0 ? { bytes: old(bytes), header: 22, nparams: 2, cpu: random(4) } : { bytes, cpu: random(4) }
  })
}

const bytesOf = (item: SyntheticRecord | SyntheticPacket) => Buffer.from('bytes' in item ? item.bytes : item.packet)
const same = (seen: readonly Seen[], items: readonly (SyntheticRecord | SyntheticPacket)[]) => {
  assert.is(seen.length, items.length)
  seen.forEach(({ ts, bytes, cpu, iface, stateOnly }, i) => {
    const item = items[i]
    assert.ok(bytes.equals(bytesOf(item)), `bytes of ${i}`)
    assert.equal({ cpu, iface, stateOnly }, { cpu: item.cpu ?? 0, iface: item.iface ?? 0, stateOnly: false })
    if ('packet' in item) assert.is(ts, item.ts)
  })
}

test('records, old records and packets of all sizes come out as they went in, many times around a small queue', async () => {
  const items = mixture(4000, 1)
  const interfaces = [{ name: 'a', linktype: 147, snaplen: 0 }, { name: 'b', linktype: 113, snaplen: 0 }]
  const { queues: [seen], cluster } = await balanced(synthetic(items, { poison: true, burst: 100, interfaces }), { queues: 1, queueBytes: 128 << 10, full: 'wait' }, seenOf)
  same(seen, items)
  const { queues: [{ received, dropped, bytes, highWatermark }] } = cluster.stats()
  assert.equal([received, dropped, bytes], [items.length, 0, items.reduce((sum, item) => sum + bytesOf(item).length, 0)])
  assert.ok(bytes > 100 * (128 << 10), 'it has to wrap')
  assert.ok(highWatermark <= 128 << 10 && highWatermark > 64 << 10)
})

test('arguments are decoded behind the wrap as anywhere', async () => {
  const items = Array.from({ length: 3000 }, (_, i) => ({ bytes: read(i, `data of ${i} ${'x'.repeat(i % 700)}`, 7) }))
  const { queues: [texts] } = await balanced(synthetic(items, { poison: true }), { queues: 1, queueBytes: 128 << 10, full: 'wait' }, ev => ev.param(1)!.toString())
  assert.equal(texts, items.map((_, i) => `data of ${i} ${'x'.repeat(i % 700)}`))
})

test('a packet keeps its length on the wire and its link type', async () => {
  const items = [{ ts: 2n ** 61n + 7n, packet: Buffer.from('0123456789'), length: 1500, iface: 1 }, { ts: 5n, packet: Buffer.alloc(0), length: 3 }]
  const interfaces = [{ name: 'a', linktype: 1, snaplen: 0 }, { name: 'b', linktype: 113, snaplen: 10 }]
  const { queues: [seen] } = await balanced(synthetic(items, { interfaces }), { queues: 1 }, ev => [ev.ts, ev.len, ev.packet!.linktype, ev.packet!.bytes.toString(), ev.name])
  assert.equal(seen, [[2n ** 61n + 7n, 1500, 113, '0123456789', 'packet'], [5n, 3, 1, '', 'packet']])
})

test('a note goes with its record', async () => {
  const items = Array.from({ length: 5000 }, (_, i) => (i % 3 === 0 ? { ts: BigInt(i), packet: Buffer.alloc(i % 50, 1) } : { bytes: read(i) }))
  const noteOf = (n: number) => (n % 2 === 0 ? `note ${n} ${'ö'.repeat(n % 300)}` : '')
  const { queues: [notes] } = await balanced(synthetic(items), { queues: 1, queueBytes: 8 << 20, by: ev => [0, noteOf(ev.num)] }, ev => ev.note)
  assert.equal(notes, items.map((_, i) => noteOf(i + 1) || undefined))
})

test('a note is cut at 65,535 bytes', async () => {
  const { queues: [notes] } = await balanced(synthetic([{ bytes: read(1) }, { bytes: read(2) }]), { queues: 1, by: ev => [0, String(ev.num).repeat(70_000)] }, ev => ev.note)
  assert.equal(notes, ['1'.repeat(65_535), '2'.repeat(65_535)])
})

test('a record that no queue can hold is dropped, and waits for nothing', async () => {
  const items = [{ ts: 1n, packet: Buffer.alloc(200 << 10) }, { bytes: read(2) }, { ts: 3n, packet: Buffer.alloc((128 << 10) - 32) }, { ts: 4n, packet: Buffer.alloc((128 << 10) - 31) }]
  const { queues: [seen], cluster } = await balanced(synthetic(items), { queues: 1, queueBytes: 128 << 10, full: 'wait' }, ev => ev.ts)
  assert.equal(seen, [2n, 3n])
  assert.is(cluster.stats().queues[0].dropped, 2)
})

test('a snaplen cuts I/O buffers and packets of its queue, and nothing else', async () => {
  const items = [
    { bytes: read(1, 'a'.repeat(100)) }, { bytes: read(2, 'short') }, { ts: 3n, packet: Buffer.alloc(100, 3), length: 100 },
    { bytes: record({ type: 'PPME_SYSCALL_OPEN_X', ts: 4n, params: [3, '/a/path/that/is/longer', 1, 0, 0, 0n] }) },
    { bytes: old(read(5, 'b'.repeat(100))), header: 22, nparams: 2 },
  ]
  const { queues: [whole, cut] } = await balanced(synthetic(items), { by: 'fan-out', queues: 2, snaplens: [undefined, 10] }, ev => [
    ev.ts, ev.packet === undefined ? ev.len : ev.packet.bytes.length, ev.len, ev.is('read') ? ev.param(1)!.toString() : ev.is('open', 'exit') ? ev.args.name : '', ev.is('read', 'exit') ? Number(ev.args.res) : 0,
  ])
  assert.equal(whole.map(([ts]) => ts), cut.map(([ts]) => ts))
  const short = READ_DATA + 10
  assert.equal(cut, [
    [1n, short, short, 'a'.repeat(10), 100], [2n, READ_DATA + 5, READ_DATA + 5, 'short', 5], [3n, 10, 100, '', 0], whole[3],
    // It does not say how many parameters it has; they are as many as its length tells.
    [5n, short - 4, short - 4, 'b'.repeat(10), 100],
  ])
  assert.equal(whole[0], [1n, READ_DATA + 100, READ_DATA + 100, 'a'.repeat(100), 100])
})

test('a snaplen leaves events alone whose lengths have four bytes', async () => {
  const items = [
    { bytes: record({ type: 'PPME_PLUGINEVENT_E', ts: 1n, params: [7, Buffer.alloc(70_000, 'p')] }) },
    { bytes: record({ type: 'PPME_ASYNCEVENT_E', ts: 2n, params: [7, 'a name of 22 letters..', Buffer.alloc(300, 'p')] }) },
  ]
  const { queues: [seen] } = await balanced(synthetic(items), { queues: 1, snaplens: [10] }, seenOf)
  same(seen, items)
})

test('what does not fit is dropped and counted, record for record; what was placed is whole and in order', async () => {
  const items = mixture(3000, 2)
  const cluster = await balance(synthetic(items, { burst: 50 }), { queues: 3, by: 'round-robin', queueBytes: 128 << 10, full: 'drop' })
  await cluster.ended
  identities(cluster)
  const { queues, seen } = cluster.stats()
  assert.is(seen, items.length)
  assert.ok(queues.every(({ dropped, received }) => dropped > 100 && received > 10))
  for (const { queue, received, dropped } of queues) {
    const capture = await openQueue(cluster, queue)
    const got = await all(capture, seenOf)
    assert.is(got.length, received)
    const { seen, delivered, dropped: { total }, pending } = capture.stats()
    // What was dropped before it came is not its loss.
    assert.equal([seen, delivered, total, pending], [received, received, 0, 0])
    const mine = items.filter((_, i) => i % 3 === queue)
    assert.is(mine.length, received + dropped)
    let at = -1
    for (const { bytes } of got) {
      at = mine.findIndex((item, i) => i > at && bytesOf(item).equals(bytes))
      assert.ok(at >= 0, 'out of order, or not what was put in')
    }
  }
  await cluster.close()
})

test('a function decides, and may refuse', async () => {
  const items = Array.from({ length: 1000 }, (_, i) => ({ bytes: read(i, 'x', i) }))
  const by = (ev: Event) => (ev.tid % 4) - 1
  const { queues, cluster } = await balanced(synthetic(items), { queues: 3, by }, ev => ev.tid)
  queues.forEach((tids, queue) => assert.equal(tids, items.map((_, tid) => tid).filter(tid => tid % 4 === queue + 1)))
  assert.equal([cluster.stats().seen, cluster.stats().refused, cluster.native], [1000, 250, false])
})

test('a function that throws ends the cluster with its error', async () => {
  const cluster = await balance(synthetic([{ bytes: read(1) }]), { queues: 1, by: () => { throw new Error('in the function') } })
  const error: unknown = await cluster.ended.catch((reason: unknown) => reason)
  assert.ok(error instanceof Error && error.message === 'in the function')
  const capture = await openQueue(cluster, 0)
  const end: unknown = await all(capture, () => 0).catch((reason: unknown) => reason)
  assert.ok(end instanceof Error && 'code' in end && end.code === 'ERR_CAPTURE_PRODUCER' && end.message.includes('in the function'))
  await cluster.close()
})
