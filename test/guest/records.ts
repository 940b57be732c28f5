/** Records as two readers got them from the same machine, and what they have in common. */
import { readFileSync } from 'node:fs'
import { HEADER, LEN, TID, TYPE } from '../../lib/event/record.js'
import { eventInfo } from '../../lib/event/table.js'
import { openFile } from '../../lib/iface/file/open.js'

/** The records of each CPU, in their order. */
export type Records = ReadonlyMap<number, readonly Buffer[]>

/** sysdig itself makes these from /proc, and writes them between those of the driver. */
const PROCINFO = 234

/** The driver's records in a .scap file. */
export async function scapRecords(path: string): Promise<Records> {
  const records = new Map<number, Buffer[]>()
  for await (const burst of await openFile(path)) {
    for (const ev of burst) if (ev.type !== PROCINFO) add(records, ev.cpu, Buffer.from(ev.record.copy()))
  }
  return records
}

/** The records in a file that ringread wrote: each behind its CPU as u16. */
export function ringreadRecords(path: string): Records {
  const records = new Map<number, Buffer[]>()
  const bytes = readFileSync(path)
  for (let at = 0; at < bytes.length;) {
    const end = at + 2 + bytes.readUInt32LE(at + 2 + LEN)
    add(records, bytes.readUInt16LE(at), bytes.subarray(at + 2, end))
    at = end
  }
  return records
}

export interface Comparison {
  /** Records of the judge. */
  compared: number
  /** Those of them that we have, too, byte for byte, on the same CPU and in the same order. */
  identical: number
  /** Those that differ in nothing but the memory in use, which the module looks up again for each consumer. */
  moved: number
  /** The first ones that we do not have, as text. */
  missing: string[]
  /** How many records we have beside these, between the judge's first and last of the CPU, by thread. */
  extra: Map<number, number>
}

/** Goes along the judge's records and ours, CPU by CPU. */
export function compare(judge: Records, ours: Records): Comparison {
  const result: Comparison = { compared: 0, identical: 0, moved: 0, missing: [], extra: new Map() }
  for (const [cpu, theirs] of judge) {
    const mine = ours.get(cpu) ?? []
    const first = mine.findIndex(record => record.equals(theirs[0]))
    let next = Math.max(first, 0)
    for (const record of theirs) {
      result.compared++
      let found = mine.findIndex((own, i) => i >= next && own.equals(record))
      if (found >= 0) {
        result.identical++
      } else {
        found = mine.findIndex((own, i) => i >= next && equalButMemory(own, record))
        if (found < 0) {
          if (result.missing.length < 10) result.missing.push(describe(record, cpu))
          continue
        }
        result.moved++
      }
      for (const own of mine.slice(next, found)) count(result.extra, tid(own))
      next = found + 1
    }
  }
  return result
}

/** What another CPU may change between the moments at which the module writes one event for two consumers. */
const MEMORY = ['pgft_maj', 'pgft_min', 'vm_size', 'vm_rss', 'vm_swap']

function equalButMemory(a: Buffer, b: Buffer): boolean {
  const params = eventInfo(a.readUInt16LE(TYPE))?.params ?? []
  let at = HEADER + 2 * params.length
  if (a.length !== b.length || !a.subarray(0, at).equals(b.subarray(0, at))) return false
  return params.every(({ name }, i) => {
    const from = at
    at += a.readUInt16LE(HEADER + 2 * i)
    return MEMORY.includes(name) || a.subarray(from, at).equals(b.subarray(from, at))
  })
}

function add(records: Map<number, Buffer[]>, cpu: number, record: Buffer): void {
  const list = records.get(cpu)
  if (list === undefined) records.set(cpu, [record])
  else list.push(record)
}

function count(counts: Map<number, number>, key: number): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

const tid = (record: Buffer) => Number(record.readBigInt64LE(TID))

function describe(record: Buffer, cpu: number): string {
  return `cpu ${cpu}, ${record.readBigUInt64LE(0)} ns, thread ${tid(record)}, type ${record.readUInt16LE(TYPE)}, ${record.length} bytes`
}
