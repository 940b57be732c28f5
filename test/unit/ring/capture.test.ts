import * as assert from 'uvu/assert'
import { CaptureError } from '../../../lib/errors.js'
import { openRings, read } from '../../helpers/rings.js'
import { suite } from '../../helpers/suite.js'

const test = suite('capture over rings', { needs: ['linux'], timeoutMs: 10_000 })

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise
  } catch (error) {
    return error
  }
  assert.unreachable('it did not fail')
}

const code = (error: unknown) => (error as CaptureError).code

test('maxEvents ends exactly there, in the middle of a burst too', async () => {
  for (const maxEvents of [0, 1, 7, 100]) {
    const { capture, probe } = openRings(2, { maxEvents })
    for (let i = 0; i < 120; i++) probe.produce(i % 2, read(i))
    const times: bigint[] = []
    for await (const burst of capture) for (const ev of burst) times.push(ev.ts)
    assert.equal(times, Array.from({ length: maxEvents }, (_, i) => BigInt(i)))
    const { delivered, pending } = capture.stats()
    assert.equal([delivered, pending], [maxEvents, 120 - maxEvents])
  }
})

test('num counts on over bursts', async () => {
  const { capture, probe } = openRings(1, { maxEvents: 6 })
  const numbers: number[] = []
  probe.produce(0, read(1))
  for await (const burst of capture) {
    for (const ev of burst) numbers.push(ev.num)
    probe.produce(0, read(2))
    probe.produce(0, read(3))
  }
  assert.equal(numbers, [1, 2, 3, 4, 5, 6])
})

test('maxDurationMs ends by itself, and delivers what was made until then', async () => {
  const { capture, probe } = openRings(2, { maxDurationMs: 300 })
  const started = performance.now()
  let count = 0
  let made = 0
  const timer = setInterval(() => { if (probe.produce(made % 2, read(process.hrtime.bigint()))) made++ }, 5)
  for await (const burst of capture) for (const _ of burst) count++
  clearInterval(timer)
  const ms = performance.now() - started
  assert.ok(ms >= 299 && ms < 1500, `${ms} ms`)
  assert.ok(made > 5)
  const { delivered, pending } = capture.stats()
  assert.is(count, delivered)
  assert.is(pending, 0)
})

test('maxDurationMs is kept with a long maxWaitMs', async () => {
  const { capture } = openRings(2, { maxDurationMs: 100, maxWaitMs: 1000 })
  const started = performance.now()
  for await (const _ of capture) assert.unreachable()
  const ms = performance.now() - started
  assert.ok(ms < 1000, `${ms} ms`)
})

test('stop() ends in order: records made before it still come', async () => {
  const { capture, probe } = openRings(2)
  const times: bigint[] = []
  const young = process.hrtime.bigint()
  probe.produce(0, read(1))
  for await (const burst of capture) {
    for (const ev of burst) times.push(ev.ts)
    if (times.length === 1) {
      probe.produce(1, read(young))
      probe.produce(0, read(young + 1n))
      capture.stop()
    }
  }
  assert.equal(times, [1n, young, young + 1n])
  assert.is(capture.stats().pending, 0)
})

test('stop() wakes a capture that waits', async () => {
  const { capture } = openRings(1)
  setTimeout(() => capture.stop(), 50)
  for await (const _ of capture) assert.unreachable()
})

test('close() ends at once, within a burst and while waiting', async () => {
  const { capture, probe } = openRings(1)
  for (let i = 0; i < 3; i++) probe.produce(0, read(i))
  let count = 0
  for await (const burst of capture) {
    for (const _ of burst) {
      count++
      await capture.close()
    }
  }
  assert.is(count, 1)
  const { seen, delivered } = capture.stats()
  assert.equal([seen, delivered], [3, 3]) // offered in the burst
  const other = openRings(1).capture
  setTimeout(() => void other.close(), 50)
  for await (const _ of other) assert.unreachable()
})

test('close() may be called often, before, during and after the loop', async () => {
  const { capture } = openRings(1)
  await Promise.all([capture.close(), capture.close()])
  await capture.close()
  assert.is(code(await rejection((async () => { for await (const _ of capture) assert.unreachable() })())), 'ERR_CAPTURE_CLOSED')
  assert.is(capture.stats().seen, 0)
  capture.stop()
})

test('an AbortSignal ends with its reason, before, while waiting and within a burst', async () => {
  const reason = new Error('enough')
  const loop = async (signal: AbortSignal, inBurst?: () => void) => {
    const { capture, probe } = openRings(1, { signal })
    if (inBurst !== undefined) probe.produce(0, read(1))
    const error = await rejection((async () => {
      for await (const _ of capture) inBurst?.()
    })())
    assert.is(code(await rejection((async () => { for await (const _ of capture) assert.unreachable() })())), 'ERR_CAPTURE_CLOSED')
    assert.ok(capture.stats())
    return error
  }
  assert.is(await loop(AbortSignal.abort(reason)), reason)
  const waiting = new AbortController()
  setTimeout(() => waiting.abort(reason), 50)
  assert.is(await loop(waiting.signal), reason)
  const within = new AbortController()
  assert.is(await loop(within.signal, () => within.abort(reason)), reason)
  const error = await loop(AbortSignal.timeout(50))
  assert.is((error as Error).name, 'TimeoutError')
})

test('leaving the loop closes: break, return, throw', async () => {
  for (const how of ['break', 'return', 'throw'] as const) {
    const { capture, probe } = openRings(1)
    probe.produce(0, read(1))
    const run = async () => {
      for await (const burst of capture) {
        for (const _ of burst) {
          if (how === 'break') break
          if (how === 'return') return
          throw new Error('left')
        }
        break
      }
    }
    if (how === 'throw') assert.is((await rejection(run()) as Error).message, 'left')
    else await run()
    assert.throws(() => probe.cpus(), (error: unknown) => code(error) === 'ERR_CAPTURE_CLOSED', how)
  }
})

test('one consumer at a time', async () => {
  const { capture, probe } = openRings(1)
  probe.produce(0, read(1))
  for await (const _ of capture) {
    assert.is(code(await rejection((async () => { for await (const _ of capture) assert.unreachable() })())), 'ERR_CAPTURE_CLOSED')
    break
  }
})

test('await using closes', async () => {
  const { capture, probe } = openRings(1)
  await capture[Symbol.asyncDispose]()
  assert.throws(() => probe.cpus())
})

test('limits that are no numbers are refused', () => {
  for (const options of [{ maxEvents: -1 }, { maxEvents: NaN }, { maxDurationMs: -5 }]) {
    assert.throws(() => openRings(1, options), (error: unknown) => code(error) === 'ERR_CAPTURE_OPTION')
  }
})

test('several captures in one process do not disturb each other', async () => {
  const captures = Array.from({ length: 8 }, (_, i) => ({ ...openRings(1 + (i % 3), { maxEvents: 200 }), i }))
  const counts = await Promise.all(captures.map(async ({ capture, probe, i }) => {
    for (let n = 0; n < 100; n++) probe.produce(0, read(n, `capture ${i}`))
    let good = 0
    for await (const burst of capture) {
      for (const ev of burst) if (ev.param(1)!.toString() === `capture ${i}`) good++
      for (let n = 0; n < 10; n++) probe.produce(0, read(n, `capture ${i}`))
      await new Promise(resolve => setTimeout(resolve, i))
    }
    return good
  }))
  assert.equal(counts, captures.map(() => 200))
})
