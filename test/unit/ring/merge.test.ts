import * as assert from 'uvu/assert'
import type { Event } from '../../../lib/event/event.js'
import type { Rings } from '../../../lib/ring/rings.js'
import { bareRings, bootNow, openRings, read, seeded } from '../../helpers/rings.js'
import { suite } from '../../helpers/suite.js'

const test = suite('rings › merge', { needs: ['linux'] })

/** Everything that a burst hands out now, as [cpu, time]. */
function drain(rings: Rings, event: Event): [number, bigint][] {
  const out: [number, bigint][] = []
  while (rings.next(event)) out.push([event.cpu, event.ts])
  return out
}

test('any times on 1 to 4 CPUs come out as a sort would put them', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seeded(seed)
    const cpus = 1 + random(4)
    const { rings, probe, event } = bareRings(cpus)
    // Ties and times with different upper halves among them.
    const step = [1, 3, 1000, 0x7000_0000][random(4)]
    const perCpu: bigint[][] = []
    for (let cpu = 0; cpu < cpus; cpu++) {
      let at = BigInt(random(step)) + 0xffff_0000n
      perCpu.push(Array.from({ length: random(300) }, () => (at += BigInt(random(step + 1)))))
      for (const ts of perCpu[cpu]) assert.ok(probe.produce(cpu, read(ts)))
    }
    rings.refill(true)
    const out = drain(rings, event)
    rings.release()
    assert.equal(out.map(([, ts]) => ts), perCpu.flat().sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)), `seed ${seed}`)
    for (let cpu = 0; cpu < cpus; cpu++) {
      assert.equal(out.filter(([from]) => from === cpu).map(([, ts]) => ts), perCpu[cpu], `seed ${seed}, CPU ${cpu}`)
      assert.is(rings.delivered(cpu), perCpu[cpu].length)
    }
    assert.is(rings.late, 0, `seed ${seed}`)
    probe.close()
  }
})

test('records that reach their ring late, but within the window, come in order over many bursts', () => {
  const random = seeded(7)
  const { rings, probe, event } = bareRings(3, { windowNs: 500_000_000 })
  const start = bootNow() - 2_000_000_000n
  // Stamped now, written up to 20 steps later; per CPU still in order, as one CPU writes them one after the other.
  const queues: bigint[][] = [[], [], []]
  const out: bigint[] = []
  const made: bigint[] = []
  for (let step = 0; step < 3000; step++) {
    const ts = start + BigInt(step) * 1_000_000n
    queues[random(3)].push(ts)
    made.push(ts)
    const cpu = random(3)
    while (queues[cpu].length > 0) assert.ok(probe.produce(cpu, read(queues[cpu].shift()!)))
    if (random(10) === 0 && rings.refill(false) >= 0) {
      out.push(...drain(rings, event).map(([, ts]) => ts))
      rings.release()
    }
  }
  for (const [cpu, queue] of queues.entries()) for (const ts of queue) assert.ok(probe.produce(cpu, read(ts)))
  rings.refill(true)
  out.push(...drain(rings, event).map(([, ts]) => ts))
  rings.release()
  assert.equal([...out].sort(), [...made].sort())
  probe.close()
})

test('the youngest records are held back until others can no longer come before them', () => {
  const { rings, probe, event } = bareRings(2, { windowNs: 300_000_000 })
  const now = bootNow()
  probe.produce(0, read(now - 1_000_000_000n))
  probe.produce(1, read(now))
  assert.ok(rings.refill(false) >= 0)
  assert.equal(drain(rings, event), [[0, now - 1_000_000_000n]])
  rings.release()
  assert.is(rings.refill(false), -1)
  probe.produce(0, read(now - 1n))
  const until = bootNow() + 350_000_000n
  while (bootNow() < until) assert.ok(true)
  assert.ok(rings.refill(false) >= 0)
  assert.equal(drain(rings, event), [[0, now - 1n], [1, now]])
  assert.is(rings.late, 0)
  probe.close()
})

test('at the end nothing is held back', () => {
  const { rings, probe, event } = bareRings(2, { windowNs: 3_000_000_000 })
  const now = bootNow()
  probe.produce(0, read(now))
  probe.produce(1, read(now + 1n))
  assert.is(rings.refill(false), -1)
  assert.ok(rings.refill(true) > 0)
  assert.is(drain(rings, event).length, 2)
  probe.close()
})

test('a ring that is half full is emptied, however young its records are', () => {
  const { rings, probe, event } = bareRings(2, { windowNs: 3_000_000_000 })
  const now = bootNow()
  for (let i = 0; i < 66; i++) assert.ok(probe.produce(0, read(now + BigInt(i), Buffer.alloc(1000 - 38))))
  assert.ok(rings.refill(false) > 0)
  assert.is(drain(rings, event).length, 66)
  probe.close()
})

test('one CPU alone waits for nobody', () => {
  const { rings, probe, event } = bareRings(1, { windowNs: 3_000_000_000 })
  probe.produce(0, read(bootNow()))
  assert.ok(rings.refill(false) >= 0)
  assert.is(drain(rings, event).length, 1)
  probe.close()
})

test('each record that comes after a younger one is counted as late, and no other', () => {
  const { rings, probe, event } = bareRings(2)
  const burst = (...records: [cpu: number, ts: number][]) => {
    for (const [cpu, ts] of records) probe.produce(cpu, read(ts))
    rings.refill(true)
    const out = drain(rings, event).map(([, ts]) => Number(ts))
    rings.release()
    return out
  }
  assert.equal(burst([0, 10], [0, 20], [0, 30]), [10, 20, 30])
  assert.is(rings.late, 0)
  // Younger than the first of the run before, older than its last.
  assert.equal(burst([1, 15]), [15])
  assert.is(rings.late, 1)
  assert.equal(burst([1, 16], [1, 17], [1, 30], [0, 31]), [16, 17, 30, 31])
  assert.is(rings.late, 3)
  assert.equal(burst([1, 32], [0, 33], [1, 40]), [32, 33, 40])
  assert.is(rings.late, 3)
  probe.close()
})

test('late is the number that a look over the whole stream counts', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const random = seeded(seed)
    const { rings, probe, event } = bareRings(3)
    const clocks = [1, 1, 1]
    const out: bigint[] = []
    for (let burst = 0; burst < 20; burst++) {
      for (let i = random(60); i > 0; i--) {
        const cpu = random(3)
        probe.produce(cpu, read((clocks[cpu] += 1 + random(50))))
      }
      rings.refill(true)
      out.push(...drain(rings, event).map(([, ts]) => ts))
      rings.release()
    }
    let newest = 0n
    let late = 0
    for (const ts of out) {
      if (ts < newest) late++
      else newest = ts
    }
    assert.is(rings.late, late, `seed ${seed}`)
    probe.close()
  }
})

test('records from the future (the wall clock was set back) do not hold up the capture', async () => {
  const { capture, probe } = openRings(2, { maxEvents: 4, maxDurationMs: 5000 })
  const hour = 3_600_000_000_000n
  probe.produce(0, read(bootNow() + hour))
  probe.produce(1, read(bootNow() + hour + 1n))
  probe.produce(0, read(bootNow()))
  probe.produce(1, read(bootNow()))
  const started = performance.now()
  let count = 0
  for await (const burst of capture) for (const _ of burst) count++
  assert.is(count, 4)
  assert.ok(performance.now() - started < 1000, 'it waited for the clock to catch up')
})
