import { closeSync, openSync, readFileSync, writeSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { EVENT, SOURCE, TIME } from './trace.js'

/** Bytes that are gathered for a file before they are written. */
const BATCH = 1 << 16

/**
 * Deals the events of a real trace, repeated until there are `events` of them and 1 µs apart, to these files: `run` in a row to each in
 * turn. The files have no lists.
 */
export function splitTrace(paths: readonly string[], events: number, run: number): void {
  const source = gunzipSync(readFileSync(SOURCE))
  const header = source.subarray(0, source.readUInt32LE(4))
  const blocks: Buffer[] = []
  for (let at = 0; at + 12 <= source.length; at += source.readUInt32LE(at + 4)) {
    if (source.readUInt32LE(at) === EVENT) blocks.push(source.subarray(at, at + source.readUInt32LE(at + 4)))
  }
  const start = blocks[0].readBigUInt64LE(TIME)
  const files = paths.map(path => ({ file: openSync(path, 'w'), parts: [Buffer.from(header)], bytes: 0 }))
  try {
    for (let i = 0; i < events; i++) {
      const into = files[Math.floor(i / run) % files.length]
      const block = Buffer.from(blocks[i % blocks.length])
      block.writeBigUInt64LE(start + BigInt(i) * 1000n, TIME)
      into.parts.push(block)
      if ((into.bytes += block.length) < BATCH) continue
      writeSync(into.file, Buffer.concat(into.parts))
      into.parts = []
      into.bytes = 0
    }
    for (const { file, parts } of files) writeSync(file, Buffer.concat(parts))
  } finally {
    for (const { file } of files) closeSync(file)
  }
}
