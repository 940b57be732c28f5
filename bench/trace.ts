import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'

/** A real capture: all kinds of calls of a working machine. */
export const SOURCE = new URL('../examples/trace.scap.gz', import.meta.url)
export const EVENT = 0x216
/** From the block's beginning: type, length, CPU, then the record's time. */
export const TIME = 10

/**
 * Writes a .scap of at least `events` events to `path` by repeating those of a real one, each time later, behind its lists
 * of processes and files. Returns the number of events.
 */
export function makeTrace(path: string, events: number): number {
  const source = gunzipSync(readFileSync(SOURCE))
  const times: number[] = []
  let begin = source.length
  for (let at = 0; at + 12 <= source.length; at += source.readUInt32LE(at + 4)) {
    if (source.readUInt32LE(at) === EVENT) {
      if (times.length === 0) begin = at
      times.push(at + TIME)
    } else if (times.length > 0) throw new Error('the example trace has blocks behind its events')
  }
  const span = source.readBigUInt64LE(times[times.length - 1]) - source.readBigUInt64LE(times[0]) + 1_000_000n
  const file = openSync(path, 'w')
  try {
    writeSync(file, source, 0, begin)
    const body = source.subarray(begin)
    let written = 0
    for (; written < events; written += times.length) {
      writeSync(file, body)
      for (const at of times) source.writeBigUInt64LE(source.readBigUInt64LE(at) + span, at)
    }
    return written
  } finally {
    closeSync(file)
  }
}
