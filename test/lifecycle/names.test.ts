// timeout: 180
import * as assert from 'uvu/assert'
import { balance, type Event, type Key, openFile } from '../../lib/index.js'
import { all, balanced, identities, openQueue, seenOf } from '../helpers/clusters.js'
import { suite } from '../helpers/suite.js'

const test = suite('names and filters behind a balancer', { needs: ['linux'], timeoutMs: 60_000 })

const FILES = ['small.scap', 'medium.scap.gz', 'both.scap.gz']
const pathOf = (name: string) => new URL(`../fixtures/${name}`, import.meta.url).pathname
const LARGE = 32 << 20

const identity = (ev: Event) => `${ev.ts} ${ev.cpu} ${ev.tid} ${ev.type} ${ev.len}`
const names = (ev: Event) => `${String(ev.field('proc.name'))} ${String(ev.field('fd.name'))} ${String(ev.field('proc.pname'))} ${String(ev.field('proc.cwd'))}`

for (const file of FILES) {
  for (const by of ['tid', 'pid', 'fd', 'flow', 'cpu', 'fan-out', 'round-robin'] as Key[]) {
    test(`${file} by ${by}: every event has the names that it has unbalanced`, async () => {
      const whole = new Map(await all(await openFile(pathOf(file), { state: true }), ev => [identity(ev), names(ev)] as const))
      const { queues } = await balanced(await openFile(pathOf(file)), { by, queues: 3, queueBytes: LARGE }, ev => [identity(ev), names(ev)] as const, { state: true })
      const found = queues.flat()
      assert.ok(found.length >= whole.size)
      // In turns, the return of a call may be elsewhere than its beginning, which alone says the fd. Everything else holds.
      const without = by === 'round-robin' ? / .*/ : /^$/
      for (const [id, own] of found) assert.is(own.replace(without, ''), whole.get(id)!.replace(without, ''), id)
    })
  }
}

const FILTERS = [
  'evt.type = open or evt.type = openat', 'proc.name = cat', 'fd.name contains /etc', 'evt.dir = < and evt.failed = true', 'evt.type in (read, write) and fd.type = pipe',
  'proc.pname exists and not proc.name startswith s',
]

test("a queue's filter, or its consumer's, keeps what the filter keeps of the whole", async () => {
  for (const file of ['small.scap', 'medium.scap.gz']) {
    const expected = await Promise.all(FILTERS.map(async filter => all(await openFile(pathOf(file), { filter }), identity)))
    assert.ok(expected.filter(kept => kept.length > 0).length > 3, 'these filters keep nothing')
    const cluster = await balance(await openFile(pathOf(file)), { by: 'fan-out', queues: FILTERS.length, filters: FILTERS, queueBytes: LARGE })
    await cluster.ended
    for (const [queue, filter] of FILTERS.entries()) {
      const capture = await openQueue(cluster, queue)
      assert.equal(await all(capture, identity), expected[queue], filter)
      const { received, dropped, filtered } = cluster.stats().queues[queue]
      const stats = capture.stats()
      assert.is(stats.delivered, expected[queue].length)
      assert.is(received, stats.delivered + stats.filtered + stats.pending, filter)
      assert.is(received + dropped + filtered, cluster.stats().seen)
    }
    assert.ok(cluster.stats().queues[0].filtered > 0, 'the balancer has placed everything')
    await cluster.close()
    const { queues } = await balanced(await openFile(pathOf(file)), { by: 'fan-out', queues: 1, queueBytes: LARGE }, identity, { filter: FILTERS[1] })
    assert.equal(queues[0], expected[1])
  }
})

test('the filter of the queue and that of its consumer both hold, and names are known', async () => {
  const [first, second] = ['evt.type in (read, open, openat, close)', 'fd.name startswith /']
  const expected = await all(await openFile(pathOf('medium.scap.gz'), { filter: `(${first}) and (${second})`, state: true }), ev => `${identity(ev)} ${names(ev)}`)
  assert.ok(expected.length > 5)
  const { queues: [found] } = await balanced(await openFile(pathOf('medium.scap.gz')), { queues: 1, filters: [first], queueBytes: LARGE }, ev => `${identity(ev)} ${names(ev)}`, { filter: second, state: true })
  assert.equal(found, expected)
})

test('a share of the file, with a filter, with state events: every record is delivered, filtered or pending', async () => {
  for (const stateEvents of [false, true]) {
    for (const filter of [undefined, ...FILTERS]) {
      const cluster = await balance(await openFile(pathOf('small.scap')), { by: 'tid', queues: 3, queueBytes: LARGE })
      await cluster.ended
      for (const { queue, received } of cluster.stats().queues) {
        const capture = await openQueue(cluster, queue, { stateEvents, ...(filter !== undefined && { filter }) })
        const seen = await all(capture, seenOf)
        const { seen: total, delivered, filtered, pending, dropped } = capture.stats()
        const what = `${String(filter)}, stateEvents ${stateEvents}`
        assert.is(total, delivered + filtered + pending + dropped.total, what)
        assert.is(received, delivered + filtered + pending, what)
        if (!stateEvents) assert.is(seen.length, delivered, what)
      }
      identities(cluster)
      await cluster.close()
    }
  }
})

test('a file waits for full queues: everything arrives, at one consumer or the other', async () => {
  const whole = await all(await openFile(pathOf('both.scap.gz')), identity)
  const { queues, cluster } = await balanced(await openFile(pathOf('both.scap.gz')), { by: 'tid', queues: 2, queueBytes: 128 << 10 }, identity)
  assert.equal(queues.flat().sort(), [...whole].sort())
  const { queues: counted } = cluster.stats()
  assert.ok(counted.every(({ dropped, stateDropped, highWatermark }) => dropped === 0 && stateDropped === 0 && highWatermark <= 128 << 10))
})

test('what a file said before its first event belongs to its own machine', async () => {
  // Process 1 is known on any machine; its name is the file's.
  const { queues } = await balanced(await openFile(pathOf('vectors/full.scap')), { by: 'pid', queues: 2 }, names, { state: true })
  assert.equal(queues.flat(), await all(await openFile(pathOf('vectors/full.scap'), { state: true }), names))
})

test('packets and calls of a pcapng file keep their interfaces', async () => {
  for (const file of ['mixed.pcapng', 'eth_and_ev.pcapng', 'idb_then_scap.pcapng']) {
    const of = (ev: Event) => [ev.ts, ev.name, ev.len, ev.iface, ev.packet?.linktype]
    const whole = await all(await openFile(pathOf(`vectors/${file}`)), of)
    const { queues: [found] } = await balanced(await openFile(pathOf(`vectors/${file}`)), { queues: 1 }, of)
    assert.equal(found, whole, file)
  }
})
