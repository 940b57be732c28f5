import { writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import type { CaptureError } from '../../../lib/errors.js'
import { openFile } from '../../../lib/iface/file/open.js'
import { folder } from '../../helpers/folder.js'
import { suite } from '../../helpers/suite.js'
import { TRACE, TRACE_EVENTS } from '../../helpers/trace.js'
import { pcap } from './build.js'

const test = suite('pace')
const { file } = folder()

const FRAME = Buffer.from('ffffffffffff0200000000010800', 'hex')
/** Packets at these milliseconds after each other. */
function made(...times: readonly number[]): string {
  const path = file(`${times.join('-').slice(0, 50)}.pcap`)
  writeFileSync(path, pcap(times.map(ms => ({ seconds: 1_700_000_000 + Math.floor(ms / 1000), fraction: (ms % 1000) * 1_000_000, data: FRAME })), { little: true, nanos: true }))
  return path
}

test('no record comes before its time, and all come', async () => {
  for (const pace of ['capture', 3] as const) {
    const speed = pace === 'capture' ? 1 : pace
    const capture = await openFile(made(0, 1, 2, 40, 41, 90), { pace })
    const started = performance.now()
    const bursts: number[][] = []
    let first = -1n
    for await (const burst of capture) {
      const times: number[] = []
      let last
      for (const ev of burst) {
        if (first < 0n) first = ev.ts
        times.push(Number(ev.ts - first) / 1e6)
        last = ev
      }
      // The event still stands at the last record of the burst, not at the one that is not due.
      assert.is(Number(last!.ts - first) / 1e6, times.at(-1))
      assert.ok(performance.now() - started >= times.at(-1)! / speed, `${times} came too early`)
      bursts.push(times)
    }
    assert.equal(bursts.flat(), [0, 1, 2, 40, 41, 90])
    assert.ok(bursts.length >= 3, `${bursts.length} bursts`)
    assert.equal(capture.stats().delivered, 6)
  }
})

test('a whole trace, with a filter too: the same records as at once', async () => {
  const read = async (options: object) => {
    const found: string[] = []
    for await (const burst of await openFile(TRACE, options)) for (const ev of burst) found.push(`${ev.num} ${ev.ts} ${ev.type}`)
    return found
  }
  const all = await read({})
  assert.is(all.length, TRACE_EVENTS)
  assert.equal(await read({ pace: 20 }), all)
  const filter = 'evt.type=openat and proc.name!=cat'
  assert.equal(await read({ pace: 20, filter }), await read({ filter }))
})

test('records without order or time are due at once', async () => {
  const capture = await openFile(made(5000, 5001, 0, 4999, 5002), { pace: 'capture' })
  let count = 0
  for await (const burst of capture) for (const _ of burst) count++
  assert.is(count, 5)
})

for (const [what, options, after] of [
  ['stop()', {}, 'stop'], ['close()', {}, 'close'], ['maxDurationMs', { maxDurationMs: 50 }, ''], ['a signal', {}, 'abort'],
] as const) {
  test(`${what} does not wait for a record of tomorrow`, async () => {
    const controller = new AbortController()
    const capture = await openFile(made(0, 86_400_000), { pace: 'capture', ...options, ...(after === 'abort' && { signal: controller.signal }) })
    let count = 0
    if (after !== '') setTimeout(() => void (after === 'abort' ? controller.abort() : capture[after]()), 50)
    try {
      for await (const burst of capture) for (const _ of burst) count++
    } catch (error) {
      assert.is((error as Error).name, 'AbortError')
    }
    assert.is(count, 1)
  })
}

test('what is no pace', async () => {
  for (const pace of [0, -1, NaN, Infinity, 'fast']) {
    const error = await openFile(TRACE, { pace: pace as number }).catch((error: CaptureError) => error) as CaptureError
    assert.is(error.code, 'ERR_CAPTURE_OPTION')
    assert.match(error.message, `not ${pace}`)
  }
})
