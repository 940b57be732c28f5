/** Live captures over rings that the test itself fills: no kernel, no privileges. */
import { Event } from '../../lib/event/event.js'
import { LiveCapture } from '../../lib/iface/live.js'
import { HEADER } from '../../lib/event/record.js'
import { guarded, native, type ProbeHandle } from '../../lib/native.js'
import { checkLiveOptions, type LiveOptions } from '../../lib/probe/options.js'
import { Rings } from '../../lib/ring/rings.js'
import { record } from './record.js'

export const RING_BYTES = 128 << 10
/** RING_RESERVE of native/abi.h: so much must be free for a record of any size. */
export const RESERVE = 64 << 10

/** A capture with `cpus` rings, and the probe to put records into them with. */
export function openRings(cpus: number, options: LiveOptions = {}): { capture: LiveCapture; probe: ProbeHandle } {
  const checked = checkLiveOptions({ ringBytes: RING_BYTES, ...options })
  const probe = guarded(() => native().openSynthetic(cpus, checked.ringBytes ?? RING_BYTES))
  const capture = new LiveCapture('synthetic', { info: { device: 'synthetic' }, handle: probe, hits: 'exact', header: HEADER }, checked, options)
  probe.start()
  return { capture, probe }
}

/** The rings alone, as a burst sees them. */
export function bareRings(cpus: number, { ringBytes = RING_BYTES, windowNs = 0 } = {}): { rings: Rings; probe: ProbeHandle; event: Event } {
  const probe = guarded(() => native().openSynthetic(cpus, ringBytes))
  return { rings: new Rings(probe, windowNs), probe, event: new Event() }
}

/** A read of `data` that happened at `ts`. */
export function read(ts: number | bigint, data: string | Uint8Array = 'data', tid = 1): Uint8Array {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data
  return record({ type: 'PPME_SYSCALL_READ_X', ts: BigInt(ts), tid, params: [bytes.length, bytes] })
}

/** Offset of the read's data within its record: header, two lengths, result. */
export const READ_DATA = 26 + 2 * 2 + 8

/** Now, in the clock of synthetic records. */
export function bootNow(): bigint {
  return process.hrtime.bigint()
}

/** The same numbers in each run: mulberry32. `random(n)` is below n. */
export function seeded(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000) * below)
  }
}
