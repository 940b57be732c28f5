import { HEADER, LEN, NPARAMS, TS, TYPE } from '../event/record.js'
import { Burst } from '../iface/burst.js'
import type { ProbeHandle } from '../native.js'
import { Rings } from './rings.js'
import { Sieve, type SieveOptions } from './sieve.js'

const RECORDS = 512
const ROUNDS = 40

/** Whether the way with a sieve, and that without one, has been walked. */
const warmed = { sieved: false, plain: false }

/**
 * Walks made-up records until V8 has compiled the way from the rings to an event, about 10 ms, once per thread.
 *
 * The first burst of a live capture comes at the full rate of the machine. Code that is still interpreted, and thrown away
 * a few times on its way to being compiled, takes tens of milliseconds for what it later does in one, and the rings fill
 * up meanwhile.
 */
export function warm(sieve: SieveOptions | undefined): void {
  const way = sieve === undefined ? 'plain' : 'sieved'
  if (warmed[way]) return
  warmed[way] = true
  const header = sieve?.header ?? HEADER
  const data = [madeUp(0, header), madeUp(1, header)]
  const idle = () => {}
  const probe: ProbeHandle = {
    cpus: () => [0, 1],
    data: ring => data[ring],
    // All records of both rings wait, and give way to the same ones.
    poll: state => (state.fill(0xffff_ffff, 0, 2).fill(RECORDS * header, 2), -1),
    release: () => true,
    start: idle, stop: idle, leaveOut: idle, tick: () => -1, counters: idle, bufferDrops: () => ({}), close: idle, produce: () => false, poke: idle,
  }
  let sum = 0
  for (let round = 0; round < ROUNDS; round++) {
    // A ring of its own each time: the tail stays where it is.
    const rings = new Rings(probe, 1, header)
    const burst = new Burst(sieve === undefined ? rings : new Sieve(rings, [0, 1], sieve))
    rings.refill(round % 2 === 0)
    burst._open(RECORDS + round)
    for (const ev of burst) sum ^= ev.tsHi ^ ev.tsLo ^ ev.tid ^ ev.type ^ ev.len ^ ev.cpu
    burst.release()
    rings.release()
  }
  used = sum
}

/** Keeps the compiler from leaving out what nobody looks at. */
export let used = 0

/** Records whose times alternate between the two rings, in runs of different lengths; words on both sides of 2^31. */
function madeUp(ring: number, header: number): ArrayBuffer {
  const data = new ArrayBuffer(2 << 15)
  const view = new DataView(data)
  for (let i = 0, time = 0x7fff_0000; i < RECORDS; i++, time += i % 7 === ring ? 900 : 100) {
    const at = i * header
    view.setUint32(at + TS, time, true)
    view.setUint32(at + TS + 4, 0x1800_0000, true)
    view.setUint32(at + LEN, header, true)
    view.setUint16(at + TYPE, i % 400, true)
    if (header === HEADER) view.setUint32(at + NPARAMS, 0, true)
  }
  return data
}
