import * as assert from 'uvu/assert'
import { type Capture, FLAG_STATE_ONLY, openFile, type Event, type Key } from '../../../lib/index.js'
import { all, balanced, type Seen, seenOf } from '../../helpers/clusters.js'
import { synthetic } from '../../helpers/capture.js'
import { old, record, socktuple } from '../../helpers/record.js'
import { read } from '../../helpers/rings.js'
import { suite } from '../../helpers/suite.js'

const test = suite('what chooses a queue', { needs: ['linux'] })

const FILES = ['small.scap', 'medium.scap.gz']
const pathOf = (name: string) => new URL(`../../fixtures/${name}`, import.meta.url).pathname
const LARGE = 32 << 20

/** A capture's records as one can tell them apart: `bytes` holds time, thread and everything else. */
const keyOf = ({ cpu, bytes }: Seen) => `${cpu} ${bytes.toString('latin1')}`
const records = (seen: readonly Seen[]) => seen.filter(({ stateOnly }) => !stateOnly)

/** Each record is in one of these queues, and each queue in the order of the file. */
function isSharedOut(queues: readonly (readonly Seen[])[], whole: readonly Seen[]): void {
  const positions = new Map(whole.map((each, position) => [keyOf(each), position]))
  assert.is(positions.size, whole.length, 'records of the file cannot be told apart')
  const found = new Set<number>()
  for (const seen of queues) {
    let last = -1
    for (const each of seen) {
      const position = positions.get(keyOf(each))
      assert.ok(position !== undefined, 'invented')
      assert.ok(position! > last, 'out of order')
      assert.not(found.has(position!), 'doubled')
      found.add(last = position!)
    }
  }
  assert.is(found.size, whole.length, 'lost')
}

for (const file of FILES) {
  for (const by of ['tid', 'pid', 'fd', 'cpu', 'flow', 'round-robin'] as const) {
    test(`${file} by ${by}: each record on one queue, what belongs together on the same`, async () => {
      const whole = await all(await openFile(pathOf(file), { state: true }), ev => ({ ...seenOf(ev), pid: ev.pid }))
      const { queues, cluster } = await balanced(await openFile(pathOf(file)), { by, queues: 3, queueBytes: LARGE }, seenOf, { stateEvents: true })
      isSharedOut(queues.map(records), whole)
      assert.is(cluster.stats().seen, whole.length)
      const keys: Partial<Record<Key, (seen: typeof whole[0]) => unknown>> = { tid: ({ tid }) => tid, pid: ({ pid, tid }) => pid ?? tid, cpu: ({ cpu }) => cpu }
      const of = keys[by]
      if (of === undefined) return
      // By content: the unbalanced reader knows the processes.
      const keysOf = new Map(whole.map(each => [keyOf(each), of(each)]))
      const queueOf = new Map<unknown, number>()
      queues.forEach((seen, queue) => records(seen).forEach(each => {
        const key = keysOf.get(keyOf(each))
        assert.is(queueOf.get(key) ?? queue, queue, `${by} ${String(key)} is on two queues`)
        queueOf.set(key, queue)
      }))
      if (by !== 'cpu') assert.ok(new Set(queueOf.values()).size === 3, 'one queue got everything')
    })
  }

  test(`${file} to everybody, and to several applications`, async () => {
    const whole = await all(await openFile(pathOf(file)), seenOf)
    const { queues: fanned } = await balanced(await openFile(pathOf(file)), { by: 'fan-out', queues: 3, queueBytes: LARGE }, seenOf, { stateEvents: true })
    for (const seen of fanned) isSharedOut([seen], whole)
    const { queues: [first, ...turns] } = await balanced(await openFile(pathOf(file)), { by: 'fan-out+round-robin', queues: 4, queueBytes: LARGE }, seenOf, { stateEvents: true })
    isSharedOut([first], whole)
    isSharedOut(turns.map(records), whole)
    const counts = turns.map(seen => records(seen).length)
    assert.ok(Math.max(...counts) - Math.min(...counts) <= 1)
    const { queues: [a, b, c], cluster } = await balanced(await openFile(pathOf(file)), { queues: { counters: 2, recorder: 1 }, queueBytes: LARGE }, seenOf, { stateEvents: true })
    isSharedOut([a, b].map(records), whole)
    isSharedOut([c], whole)
    assert.equal(cluster.stats().queues.map(({ application }) => application), ['counters', 'counters', 'recorder'])
  })
}

for (const by of ['pid', 'fd', 'flow'] as const) {
  test(`records with old headers by ${by}: on the queues on which those with new ones are`, async () => {
    const items = (await all(await openFile(pathOf('small.scap')), ev => ({ ...seenOf(ev), nparams: ev.nparams })))
    const shared = async (capture: Capture) => {
      const { queues } = await balanced(capture, { by, queues: 3, queueBytes: LARGE, stateEvents: false }, ev => `${ev.ts} ${ev.tid} ${ev.type}`)
      return queues
    }
    const now = await shared(synthetic(items))
    assert.equal(await shared(synthetic(items.map(({ bytes, cpu, nparams }) => ({ bytes: old(bytes), cpu, header: 22, nparams })))), now)
    assert.ok(now.every(queue => queue.length > 0))
  })
}

test('events that change the state reach the other queues as copies, hidden unless asked for', async () => {
  const changing = (tid: number) => ({ bytes: record({ type: 'PPME_SYSCALL_OPEN_X', ts: BigInt(tid), tid, params: [3, '/a', 1, 0, 0, 0n] }) })
  const items = Array.from({ length: 400 }, (_, i) => (i % 2 === 0 ? changing(i) : { bytes: read(i, 'x', i) }))
  const of = (ev: Event) => [ev.tid, (ev.flags & FLAG_STATE_ONLY) !== 0] as const
  const { queues: hidden, cluster } = await balanced(synthetic(items), { by: 'tid', queues: 4 }, of)
  const { queues: shown } = await balanced(synthetic(items), { by: 'tid', queues: 4 }, of, { stateEvents: true })
  for (let q = 0; q < 4; q++) {
    assert.equal(hidden[q].map(([tid]) => tid), items.map((_, tid) => tid).filter(tid => tid % 4 === q))
    assert.ok(hidden[q].every(([, copy]) => !copy))
    assert.equal(shown[q].map(([tid]) => tid), items.map((_, tid) => tid).filter(tid => tid % 2 === 0 || tid % 4 === q))
    assert.ok(shown[q].every(([tid, copy]) => copy === (tid % 4 !== q)))
    const { received, stateReceived } = cluster.stats().queues[q]
    assert.equal([received, stateReceived], [100, q % 2 === 0 ? 100 : 200])
  }
  const { queues: none, cluster: without } = await balanced(synthetic(items), { by: 'tid', queues: 4, stateEvents: false }, of, { stateEvents: true })
  assert.equal(none.map(queue => queue.length), [100, 100, 100, 100])
  assert.ok(without.stats().queues.every(({ stateReceived, stateDropped }) => stateReceived === 0 && stateDropped === 0))
})

test('copies that find no room are counted apart', async () => {
  const items = Array.from({ length: 20_000 }, (_, i) => ({ bytes: record({ type: 'PPME_SYSCALL_OPEN_X', ts: BigInt(i), tid: 0, params: [3, '/some/path', 1, 0, 0, 0n] }) }))
  const { cluster } = await balanced(synthetic(items), { queues: 2, queueBytes: 128 << 10, full: 'drop' }, ev => ev.ts)
  const [mine, other] = cluster.stats().queues
  assert.is(mine.received + mine.dropped, items.length)
  assert.is(other.stateReceived + other.stateDropped, items.length)
  assert.equal([mine.stateReceived, mine.stateDropped, other.received, other.dropped], [0, 0, 0, 0])
  assert.ok(mine.dropped > 0 && other.stateDropped > 0)
})

/** A frame of Ethernet, IPv4 or IPv6, and TCP's ports; nothing in it is looked at but addresses and ports. */
function frame(source: [number[], number], dest: [number[], number]): Buffer {
  const v6 = source[0].length === 16
  const ip = v6
    ? Buffer.from([0x60, 0, 0, 0, 0, 4, 6, 64, ...source[0], ...dest[0]])
    : Buffer.from([0x45, 0, 0, 24, 0, 0, 0, 0, 64, 6, 0, 0, ...source[0], ...dest[0]])
  const ports = Buffer.from([source[1] >> 8, source[1] & 255, dest[1] >> 8, dest[1] & 255])
  return Buffer.concat([Buffer.alloc(12), Buffer.from(v6 ? [0x86, 0xdd] : [8, 0]), ip, ports])
}

for (const [version, server, client, text] of [
  ['IPv4', [10, 0, 0, 1], [10, 0, 0, 2], (port: number) => [`10.0.0.2:${port}`, '10.0.0.1:80']],
  ['IPv6', [0xfd, ...Array<number>(14).fill(0), 1], [0xfd, ...Array<number>(14).fill(0), 2], (port: number) => [`[fd00::2]:${port}`, '[fd00::1]:80']],
  // The socket is an IPv6 one, what it sends is IPv4.
  ['IPv4 of IPv6 sockets', [10, 0, 0, 1], [10, 0, 0, 2], (port: number) => [`[::ffff:a00:2]:${port}`, '[::ffff:a00:1]:80']],
] as const) {
  test(`flow: both directions of an ${version} connection, and the calls of both ends, are on one queue`, async () => {
    const items = Array.from({ length: 200 }, (_, i) => {
      const port = 40_000 + i
      const [from, to] = text(port)
      const ts = BigInt(1000 * i)
      const pid = 1000 + i
      return [
        { bytes: record({ type: 'PPME_SOCKET_CONNECT_X', ts, tid: pid, params: [0, socktuple(from, to), 5] }) },
        { bytes: record({ type: 'PPME_SOCKET_ACCEPT4_6_X', ts: ts + 1n, tid: 7, params: [20 + i, socktuple(from, to), 0, 0, 0, 0] }) },
        { ts: ts + 2n, packet: frame([[...client], port], [[...server], 80]) },
        { ts: ts + 3n, packet: frame([[...server], 80], [[...client], port]) },
        { bytes: record({ type: 'PPME_SYSCALL_WRITE_E', ts: ts + 4n, tid: pid, params: [5, 100] }) },
        // It does not say its fd: that is what the call began with.
        { bytes: record({ type: 'PPME_SYSCALL_WRITE_X', ts: ts + 5n, tid: pid, params: [100, 'x'] }) },
        { bytes: record({ type: 'PPME_SYSCALL_READ_E', ts: ts + 6n, tid: 7, params: [20 + i, 100] }) },
        { bytes: record({ type: 'PPME_SYSCALL_READ_X', ts: ts + 7n, tid: 7, params: [100, 'x'] }) },
      ]
    }).flat()
    const { queues } = await balanced(synthetic(items), { by: 'flow', queues: 5, queueBytes: LARGE }, ev => Number(ev.ts))
    const queueOf = new Map(queues.flatMap((times, queue) => times.map(ts => [ts, queue] as const)))
    assert.is(queueOf.size, items.length)
    for (let i = 0; i < 200; i++) {
      const own = Array.from({ length: 8 }, (_, n) => queueOf.get(1000 * i + n))
      assert.equal(own, Array<number | undefined>(8).fill(own[0]), `connection ${i}`)
    }
    queues.forEach((times, queue) => assert.ok(times.length > 8 * 20, `queue ${queue} has ${times.length} of ${items.length}`))
  })
}
