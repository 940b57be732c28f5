/** Readers of the written formats, made from their specifications and not from the writers: they judge them. */
import * as assert from 'uvu/assert'

export interface Block {
  type: number
  body: Buffer
}

/** The blocks of a pcapng or .scap file; checks lengths and alignment. */
export function blocks(file: Uint8Array): Block[] {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length)
  const list: Block[] = []
  for (let at = 0; at < bytes.length;) {
    const total = bytes.readUInt32LE(at + 4)
    assert.is(total % 4, 0, 'a block is a multiple of 4 bytes')
    assert.is(bytes.readUInt32LE(at + total - 4), total, 'both lengths of a block are the same')
    list.push({ type: bytes.readUInt32LE(at), body: bytes.subarray(at + 8, at + total - 4) })
    at += total
  }
  return list
}

export interface ParsedPacket {
  ts: bigint
  iface: number
  length: number
  data: Buffer
  comment?: string
}

/** An Enhanced Packet Block. */
export function enhancedPacket({ body }: Block): ParsedPacket {
  const caplen = body.readUInt32LE(12)
  const data = body.subarray(20, 20 + caplen)
  const padded = 20 + (caplen + 3 & ~3)
  assert.ok(body.subarray(20 + caplen, padded).every((byte) => byte === 0), 'padding is zero')
  return {
    ts: BigInt(body.readUInt32LE(4)) << 32n | BigInt(body.readUInt32LE(8)),
    iface: body.readUInt32LE(0),
    length: body.readUInt32LE(16),
    data,
    comment: options(body.subarray(padded)).get(1)?.toString(),
  }
}

export function options(bytes: Buffer): Map<number, Buffer> {
  const map = new Map<number, Buffer>()
  for (let at = 0; at + 4 <= bytes.length;) {
    const code = bytes.readUInt16LE(at)
    const length = bytes.readUInt16LE(at + 2)
    if (code === 0) {
      assert.is(at + 4, bytes.length, 'nothing follows the end of options')
      break
    }
    map.set(code, bytes.subarray(at + 4, at + 4 + length))
    at += 4 + (length + 3 & ~3)
  }
  return map
}

export interface PcapFile {
  magic: number
  snaplen: number
  linktype: number
  packets: { ts: bigint; length: number; data: Buffer }[]
}

export function pcapFile(file: Uint8Array): PcapFile {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length)
  const magic = bytes.readUInt32LE(0)
  const unit = magic === 0xa1b23c4d ? 1n : 1000n
  const packets = []
  for (let at = 24; at < bytes.length;) {
    const caplen = bytes.readUInt32LE(at + 8)
    const fraction = bytes.readUInt32LE(at + 4)
    packets.push({
      ts: BigInt(bytes.readUInt32LE(at)) * 1_000_000_000n + BigInt(fraction) * unit,
      length: bytes.readUInt32LE(at + 12),
      data: bytes.subarray(at + 16, at + 16 + caplen),
    })
    at += 16 + caplen
    assert.ok(at <= bytes.length, 'no packet reaches beyond the file')
  }
  return { magic, snaplen: bytes.readUInt32LE(16), linktype: bytes.readUInt32LE(20), packets }
}

export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const list: Uint8Array[] = []
  for await (const chunk of chunks) list.push(chunk)
  return Buffer.concat(list)
}

/** Numbers that are the same in every run (mulberry32). */
export function seeded(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = state + 0x6d2b79f5 | 0
    let t = Math.imul(state ^ state >>> 15, 1 | state)
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t
    return ((t ^ t >>> 14) >>> 0) % below
  }
}
