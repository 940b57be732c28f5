/** A .scap file of records made by hand, that begins as another one: with its machine, processes and fds. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { record, type RecordFields } from './record.js'
import { ROOT } from './run.js'

const EVENT_V2 = 0x216
const EVENT_TYPES = new Set([0x204, 0x208, 0x216, 0x217, 0x221, 0x222])

/** What stands in a file before its first event. */
function beginningOf(path: string): Buffer {
  const bytes = readFileSync(path)
  let at = 0
  while (at < bytes.length && !EVENT_TYPES.has(bytes.readUInt32LE(at))) at += bytes.readUInt32LE(at + 4)
  return bytes.subarray(0, at)
}

/** Of thread 1234, "cat", one microsecond after the other, but where a record says otherwise. */
export function scapOf(records: readonly RecordFields[], beginning = join(ROOT, 'test/fixtures/vectors/full.scap')): Buffer {
  const start = 1_700_000_000_123_456_789n
  const blocks = records.map((fields, i) => block({ ts: start + BigInt(i) * 1000n, tid: 1234, ...fields }))
  return Buffer.concat([beginningOf(beginning), ...blocks])
}

function block(fields: RecordFields): Buffer {
  const body = record(fields)
  const length = 14 + Math.ceil(body.length / 4) * 4
  const total = Math.ceil(length / 4) * 4
  const bytes = Buffer.alloc(total)
  bytes.writeUInt32LE(EVENT_V2, 0)
  bytes.writeUInt32LE(total, 4)
  bytes.set(body, 10)
  bytes.writeUInt32LE(total, total - 4)
  return bytes
}
