import * as assert from 'uvu/assert'
import { merge } from '../../../lib/merge/merge.js'
import type { MergedCapture } from '../../../lib/merge/capture.js'
import { isCaptureError } from '../../../lib/errors.js'
import type { Event } from '../../../lib/event/event.js'
import { type SyntheticRecord, synthetic } from '../../helpers/capture.js'
import { QueueCapture } from '../../helpers/queue.js'
import { record } from '../../helpers/record.js'
import { seeded } from '../../helpers/rings.js'
import { suite } from '../../helpers/suite.js'

const test = suite('merge › order')

/** A record whose thread says which source it is from. */
const at = (ts: bigint, tid = 0): SyntheticRecord => ({ bytes: record({ type: 'PPME_SYSCALL_CLOSE_E', ts, tid, params: [1] }) })

const nowNs = () => BigInt(Date.now()) * 1_000_000n

async function read(merged: MergedCapture): Promise<{ ts: bigint; tid: number; num: number; iface: number }[]> {
  const out = []
  for await (const burst of merged) for (const { ts, tid, num, iface } of burst) out.push({ ts, tid, num, iface })
  return out
}

function isConserved(merged: MergedCapture): void {
  const { seen, delivered, dropped, filtered, pending } = merged.stats()
  assert.is(seen, delivered + dropped.total + filtered + pending)
}

for (const count of [1, 2, 3, 5, 64]) {
  test(`${count} sources of any times come out as a stable sort would put them`, async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const random = seeded(seed)
      const step = [1, 3, 1000, 0x7000_0000][random(4)]
      const each = Array.from({ length: count }, (_, tid) => {
        let ts = BigInt(random(step)) + 0xffff_0000n
        return Array.from({ length: random(200) }, () => ({ ts: (ts += BigInt(random(step + 1))), tid }))
      })
      const merged = merge(each.map(times => synthetic(times.map(({ ts, tid }) => at(ts, tid)), { burst: 1 + random(50), poison: true })))
      const expected = each.flat().sort((a, b) => (a.ts < b.ts ? -1 : a.ts > b.ts ? 1 : a.tid - b.tid))
      const out = await read(merged)
      assert.equal(out.map(({ ts, tid }) => ({ ts, tid })), expected, `seed ${seed}`)
      assert.equal(out.map(({ num }) => num), expected.map((_, i) => i + 1))
      assert.equal(out.map(({ iface }) => iface), expected.map(({ tid }) => tid), 'an interface for each source')
      assert.is(merged.stats().late, 0)
      assert.is(merged.stats().delivered, expected.length)
      isConserved(merged)
    }
  })
}

test('an idle live source holds the others up for the window and no longer', async () => {
  const busy = new QueueCapture('busy')
  const idle = new QueueCapture('idle')
  const merged = merge([busy, idle], { windowMs: 30 })
  const made = nowNs()
  busy.push([at(made), at(made + 1n)])
  const out: bigint[] = []
  for await (const burst of merged) {
    for (const { ts } of burst) out.push(ts)
    if (out.length >= 2) break
  }
  assert.equal(out, [made, made + 1n])
  assert.ok(nowNs() - made >= 29_000_000n, 'another one might still have come before it')
  assert.ok(busy.closed && idle.closed)
})

test('what reaches its source within the window is put in order', async () => {
  const one = new QueueCapture('one')
  const other = new QueueCapture('other')
  const merged = merge([one, other], { windowMs: 1000 })
  const start = nowNs()
  one.push([at(start + 1000n, 1)])
  setTimeout(() => {
    other.push([at(start, 2)])
    one.end()
    other.end()
  }, 20)
  assert.equal((await read(merged)).map(({ tid }) => tid), [2, 1])
  assert.is(merged.stats().late, 0)
})

test('a look counts when what it has found is there', async () => {
  const one = new QueueCapture('one')
  const slow = new QueueCapture('slow', { slowMs: 30 })
  const merged = merge([one, slow], { windowMs: 5 })
  const start = nowNs() - 1_000_000_000n
  one.push([at(start, 0)])
  const out: number[] = []
  for await (const burst of merged) {
    for (const { tid } of burst) out.push(tid)
    if (out.length === 1) {
      const now = nowNs()
      slow.push([at(now, 1)])
      one.push([at(now + 1n, 2)])
      one.end()
      slow.end()
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
  assert.equal(out, [0, 1, 2])
  assert.is(merged.stats().late, 0)
})

for (const late of ['deliver', 'drop'] as const) {
  test(`late records: ${late}`, async () => {
    const one = new QueueCapture('one')
    const other = new QueueCapture('other')
    const merged = merge([one, other], { windowMs: 0, late })
    const start = nowNs() - 1_000_000_000n
    one.push([at(start + 1000n, 1)])
    const out: number[] = []
    for await (const burst of merged) {
      for (const { tid } of burst) out.push(tid)
      if (out.length === 1 && merged.stats().seen === 1) {
        other.push([at(start, 2), at(start + 1000n, 3), at(start + 2000n, 4)])
        one.end()
        other.end()
      }
    }
    assert.equal(out, late === 'drop' ? [1, 3, 4] : [1, 2, 3, 4])
    const stats = merged.stats()
    assert.is(stats.late, 1)
    assert.is(stats.dropped.late, late === 'drop' ? 1 : undefined)
    assert.is(stats.delivered, out.length)
    isConserved(merged)
  })
}

test('a file and a live source: the file comes first, and is not held up', async () => {
  const live = new QueueCapture('live')
  const old = nowNs() - 3_600_000_000_000n
  const merged = merge([live, synthetic(Array.from({ length: 1000 }, (_, i) => at(old + BigInt(i), 1)), { burst: 100 })])
  const made = nowNs()
  live.push([at(made, 2)])
  const out: number[] = []
  for await (const burst of merged) {
    for (const { tid } of burst) out.push(tid)
    if (out.length === 1001) merged.stop()
  }
  assert.equal(out, [...new Array<number>(1000).fill(1), 2])
})

test('a step back of the clock stops nobody, and order begins anew behind it', async () => {
  const one = new QueueCapture('one')
  const idle = new QueueCapture('idle')
  const merged = merge([one, idle], { late: 'drop' })
  const hour = 3_600_000_000_000n
  // Stamped before somebody set the clock back by an hour.
  one.push([at(nowNs() + hour, 1)])
  const out: number[] = []
  for await (const burst of merged) {
    for (const { tid } of burst) out.push(tid)
    if (out.length === 1) one.push([at(nowNs(), 2)])
    if (out.length === 2) merged.stop()
  }
  assert.equal(out, [1, 2])
  assert.is(merged.stats().dropped.total, 0)
})

test('leases end with the burst of the merge, also where a source has more', async () => {
  const merged = merge([
    synthetic([at(1n, 1), at(100n, 1)], { burst: 2, poison: true }),
    synthetic([at(2n, 2), at(3n, 2)], { burst: 1, poison: true }),
  ])
  let kept: Event | undefined
  let bytes
  let bursts = 0
  for await (const burst of merged) {
    if (kept !== undefined) {
      assert.throws(() => bytes!.at(0), (error: unknown) => isCaptureError(error) && error.code === 'ERR_CAPTURE_LEASE')
      if (bursts === 1) assert.throws(() => kept!.ts, /burst that has ended/)
    }
    bursts++
    for (const ev of burst) {
      kept = ev
      bytes = ev.record
      assert.is(bytes.length, ev.len)
    }
  }
  assert.ok(bursts > 1)
  assert.throws(() => kept!.ts, /burst that has ended/)
})

test('an error of a source is thrown behind what was there, and closes all', async () => {
  const bad = new QueueCapture('bad')
  const good = new QueueCapture('good')
  const start = nowNs() - 1_000_000_000n
  bad.push([at(start, 1)])
  bad.end(new Error('broken'))
  good.push([at(start + 1n, 2)])
  const merged = merge([bad, good])
  const out: number[] = []
  try {
    for await (const burst of merged) for (const { tid } of burst) out.push(tid)
    assert.unreachable()
  } catch (error) {
    assert.is((error as Error).message, 'broken')
  }
  assert.equal(out, [1, 2])
  assert.ok(bad.closed && good.closed)
})

test('limits: maxEvents, maxDurationMs, signal, stop()', async () => {
  const old = () => synthetic(Array.from({ length: 100 }, (_, i) => at(BigInt(i), 1)), { burst: 7 })
  const limited = merge([old(), old()], { maxEvents: 31 })
  assert.is((await read(limited)).length, 31)
  assert.is(limited.stats().delivered, 31)
  isConserved(limited)

  assert.equal(await read(merge([new QueueCapture(), new QueueCapture()], { maxDurationMs: 30 })), [])

  const controller = new AbortController()
  setTimeout(() => controller.abort(new Error('enough')), 10)
  try {
    await read(merge([new QueueCapture(), new QueueCapture()], { signal: controller.signal }))
    assert.unreachable()
  } catch (error) {
    assert.is((error as Error).message, 'enough')
  }

  const stopped = merge([new QueueCapture(), new QueueCapture()])
  setTimeout(() => stopped.stop(), 10)
  assert.equal(await read(stopped), [])
})

test('a capture belongs to one consumer, and options are checked', () => {
  const code = (wanted: string) => (error: unknown) => isCaptureError(error) && error.code === wanted
  const taken = synthetic([])
  merge([taken])
  assert.throws(() => merge([taken]), code('ERR_CAPTURE_CLOSED'))
  assert.throws(() => merge([]), code('ERR_CAPTURE_OPTION'))
  assert.throws(() => merge([synthetic([])], { windowMs: -1 }), code('ERR_CAPTURE_OPTION'))
  assert.throws(() => merge([synthetic([])], { late: 'never' as 'drop' }), code('ERR_CAPTURE_OPTION'))
  assert.throws(() => merge([synthetic([])], { attribute: true }), code('ERR_CAPTURE_OPTION'))
})

test('a merge of merges', async () => {
  const times = (first: number) => synthetic(Array.from({ length: 50 }, (_, i) => at(BigInt(first + 4 * i), first)), { burst: 7, poison: true })
  const merged = merge([merge([times(0), times(1)]), merge([times(2), times(3)])])
  const out = await read(merged)
  assert.equal(out.map(({ ts }) => Number(ts)), Array.from({ length: 200 }, (_, i) => i))
  assert.equal(out.map(({ iface }) => iface), out.map(({ tid }) => tid))
  isConserved(merged)
})
