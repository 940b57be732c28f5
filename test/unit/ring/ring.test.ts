import * as assert from 'uvu/assert'
import { bareRings, openRings, read, RESERVE, RING_BYTES, seeded } from '../../helpers/rings.js'
import { suite } from '../../helpers/suite.js'

const test = suite('rings', { needs: ['linux'] })

test('over 20 wraps, with records of every size across the end, each arrives whole', () => {
  for (const [seed, largest] of [[1, 200], [2, 5000], [3, 60_000]]) {
    const random = seeded(seed)
    const { rings, probe, event } = bareRings(1)
    let written = 0
    let crossing = 0
    let ts = 0
    while (written < 25 * RING_BYTES) {
      const made: Uint8Array[] = []
      for (let i = 1 + random(8); i > 0; i--) {
        const bytes = read(++ts, Uint8Array.from({ length: random(largest) }, () => random(256)), random(1 << 22))
        const from = written % RING_BYTES
        if (!probe.produce(0, bytes)) continue
        made.push(bytes)
        written += bytes.length
        if (from + bytes.length > RING_BYTES) crossing++
      }
      rings.refill(true)
      for (const bytes of made) {
        assert.ok(rings.next(event))
        assert.is(Buffer.compare(event.record.copy(), bytes), 0)
        assert.is(Buffer.compare(event.param(1)!.copy(), bytes.subarray(38)), 0)
      }
      assert.not(rings.next(event))
      rings.release()
    }
    assert.ok(crossing >= 20, `${crossing} records crossed the end`)
    probe.close()
  }
})

test('a full ring drops, and counts exactly', () => {
  const { capture, probe } = openRings(2)
  const bytes = read(1, Buffer.alloc(1000 - 38))
  // A record may be written while more than RESERVE is free.
  const fit = Math.ceil((RING_BYTES - RESERVE) / 1000)
  let produced = 0
  for (let i = 0; i < 500; i++) if (probe.produce(1, bytes)) produced++
  assert.is(produced, fit)
  assert.ok(probe.produce(0, bytes), 'the other ring has room')
  const { perCpu, ...all } = capture.stats()
  assert.equal(all, {
    seen: 501, delivered: 0, dropped: { total: 500 - fit, buffer: 500 - fit, nested: 0, page_fault: 0, no_ring: 0 }, filtered: 0, pending: fit + 1, late: 0,
  })
  assert.equal(perCpu, [
    { cpu: 0, seen: 1, delivered: 0, dropped: 0, filtered: 0, pending: 1 },
    { cpu: 1, seen: 500, delivered: 0, dropped: 500 - fit, filtered: 0, pending: fit },
  ])
  return capture.close()
})

test('burst.lost tells each drop once', async () => {
  const { capture, probe } = openRings(1, { maxDurationMs: 5000 })
  const bytes = read(1, Buffer.alloc(1000 - 38))
  const fill = (times: number) => {
    let dropped = 0
    for (let i = 0; i < times; i++) if (!probe.produce(0, bytes)) dropped++
    return dropped
  }
  // What a burst has lent is only given back when the loop goes on, so that the second filling finds little room.
  const dropped = [fill(20)]
  const lost: number[] = []
  for await (const burst of capture) {
    lost.push(burst.lost.total)
    if (lost.length === 3) break
    dropped.push(fill(lost.length === 1 ? 100 : 1))
  }
  assert.is(dropped[0], 0)
  assert.ok(dropped[1] > 50)
  assert.equal(lost, dropped)
  assert.is(capture.stats().dropped.total, dropped[1] + dropped[2])
})

test('room is given back when the burst ends, not before', () => {
  const { rings, probe, event } = bareRings(1)
  const bytes = read(1, Buffer.alloc(10_000))
  const fill = () => {
    let count = 0
    while (probe.produce(0, bytes)) count++
    return count
  }
  const first = fill()
  assert.ok(first >= 6)
  rings.refill(true)
  while (rings.next(event)) assert.is(fill(), 0)
  rings.release()
  assert.is(fill(), first)
  // Half of a burst: only what was handed out goes back.
  rings.refill(true)
  for (let i = 0; i < 3; i++) rings.next(event)
  rings.release()
  assert.is(fill(), 3)
  assert.is(rings.pending(0), first)
  probe.close()
})

test('pending counts what waits, at every position of the ring', () => {
  const random = seeded(11)
  const { rings, probe, event } = bareRings(1)
  let waiting = 0
  for (let round = 0; round < 2000; round++) {
    for (let i = random(6); i > 0; i--) if (probe.produce(0, read(round, Buffer.alloc(random(3000))))) waiting++
    assert.is(rings.pending(0), waiting)
    rings.refill(true)
    for (let i = random(6); i > 0 && rings.next(event); i--) waiting--
    assert.is(rings.pending(0), waiting)
    rings.release()
  }
  probe.close()
})

test('seen = delivered + dropped + filtered + pending, whatever happens', async () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seeded(seed)
    const cpus = 1 + random(4)
    const { capture, probe } = openRings(cpus, { maxEvents: 50 + random(400), maxDurationMs: 200 })
    let tried = 0
    const fill = () => {
      for (let i = random(300); i > 0; i--, tried++) probe.produce(random(cpus), read(tried, Buffer.alloc(random(2000))))
    }
    tried++
    probe.produce(0, read(0))
    fill()
    let walked = 0
    for await (const burst of capture) {
      // Some leave a burst half way: the rest counts as offered.
      let stop = random(2) === 0 ? random(100) : Infinity
      for (const _ of burst) {
        walked++
        if (stop-- <= 0) break
      }
      fill()
      if (random(20) === 0) break
    }
    const { seen, delivered, dropped, filtered, pending, perCpu } = capture.stats()
    assert.is(seen, tried, `seed ${seed}`)
    assert.is(seen, delivered + dropped.total + filtered + pending, `seed ${seed}`)
    assert.ok(delivered >= walked)
    for (const cpu of perCpu) assert.is(cpu.seen, cpu.delivered + cpu.dropped + cpu.filtered + cpu.pending)
  }
}, { timeoutMs: 60_000 })

test('a ring in the wrong place answers nothing', () => {
  const { probe } = bareRings(1)
  assert.not(probe.produce(1, read(1)))
  assert.not(probe.produce(0, new Uint8Array(RESERVE)))
  assert.is(probe.data(7) as unknown, undefined)
  // A tail that was never read would give unread records away.
  probe.produce(0, read(1))
  assert.not(probe.release(new Uint32Array([RING_BYTES])))
  assert.not(probe.release(new Uint32Array([RING_BYTES - 1])))
  assert.not(probe.release(new Uint32Array(0)))
  probe.close()
  assert.throws(() => probe.poll(new Uint32Array(3)), (error: { code?: string }) => error.code === 'ERR_CAPTURE_CLOSED')
  probe.close()
})
