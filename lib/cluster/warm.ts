import { HEADER, LEN, TID } from '../event/record.js'
import { Burst } from '../iface/burst.js'
import type { QueueHandle } from '../native.js'
import { Entries, ENTRY } from './entries.js'

const RECORDS = 2048
const ROUNDS = 20
/** With some parameters: all entries together are a power of two, as a queue is. */
const RECORD = HEADER + 22
const BYTES = RECORDS * (ENTRY + RECORD)

let isWarm = false

/**
 * Walks made-up entries until V8 has compiled the way from a queue to an event, a few ms, once per thread: live records come at full
 * rate from the first one on, and the producer waits for nobody.
 */
export function warm(): void {
  if (isWarm) return
  isWarm = true
  const entries = new Entries(madeUp() as QueueHandle, [], false)
  const burst = new Burst(entries)
  let sum = 0
  for (let round = 1; round <= ROUNDS; round++) {
    entries.refill(round * BYTES)
    burst._open(RECORDS + round)
    for (const ev of burst) sum ^= ev.tsHi ^ ev.tsLo ^ ev.tid ^ ev.type ^ ev.len ^ ev.cpu
    burst.release()
    entries.release()
  }
  used = sum
}

/** Keeps the compiler from leaving out what nobody looks at. */
export let used = 0

/** A queue that is full of records, however often it is read. */
function madeUp(): Pick<QueueHandle, 'data' | 'tail' | 'release'> {
  const data = new ArrayBuffer(2 * BYTES)
  const view = new DataView(data)
  for (let at = 0; at < 2 * BYTES; at += ENTRY + RECORD) {
    view.setUint32(at, ENTRY + RECORD, true)
    view.setUint32(at + 4, RECORD, true)
    view.setUint32(at + ENTRY + LEN, RECORD, true)
    view.setUint32(at + ENTRY + TID, at, true)
  }
  return { data: () => data, tail: () => 0, release: () => true }
}
