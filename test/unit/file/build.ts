/** Files built block by block, from the specifications and not with the library's writers; and what reading them gives. */
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { CaptureError } from '../../../lib/errors.js'
import type { Capture } from '../../../lib/iface/capture.js'
import { type FileOptions, openFile } from '../../../lib/iface/file/open.js'

export const FIXTURES = join(dirname(fileURLToPath(import.meta.url)), '../../fixtures')
export const fixture = (name: string) => join(FIXTURES, name)
export const vector = (name: string) => join(FIXTURES, 'vectors', name)

type Field = [size: 1 | 2 | 4 | 8, value: number | bigint] | Uint8Array | string

/** Fields one after the other: [size, value], bytes or text. */
export function bytes(little: boolean, ...fields: Field[]): Buffer {
  return Buffer.concat(fields.map(field => {
    if (typeof field === 'string') return Buffer.from(field, 'latin1')
    if (field instanceof Uint8Array) return field
    const [size, value] = field
    const out = Buffer.alloc(8)
    out.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)))
    const cut = out.subarray(0, size)
    return little ? cut : Buffer.from(cut).reverse()
  }))
}

const pad = (body: Uint8Array) => Buffer.concat([body, Buffer.alloc(-body.length & 3)])

export function block(type: number, body: Uint8Array, little = true): Buffer {
  const padded = pad(body)
  const size = padded.length + 12
  return bytes(little, [4, type], [4, size], padded, [4, size])
}

export const sectionHeader = (little = true, major = 1) =>
  block(0x0a0d0d0a, bytes(little, [4, 0x1a2b3c4d], [2, major], [2, 0], [8, -1]), little)

export function option(code: number, value: Uint8Array, little = true): Buffer {
  return bytes(little, [2, code], [2, value.length], pad(value))
}

export interface InterfaceFields { linktype?: number; snaplen?: number; name?: string; tsresol?: number; tsoffset?: bigint; little?: boolean }

export function interfaceBlock({ linktype = 1, snaplen = 0, name, tsresol, tsoffset, little = true }: InterfaceFields = {}): Buffer {
  const options: Uint8Array[] = []
  if (name !== undefined) options.push(option(2, Buffer.from(name), little))
  if (tsresol !== undefined) options.push(option(9, Buffer.of(tsresol), little))
  if (tsoffset !== undefined) options.push(option(14, bytes(little, [8, tsoffset]), little))
  if (options.length > 0) options.push(option(0, Buffer.alloc(0), little))
  return block(1, bytes(little, [2, linktype], [2, 0], [4, snaplen], ...options), little)
}

export function packetBlock(data: Uint8Array, { iface = 0, time = 0n, length = data.length, little = true } = {}): Buffer {
  return block(6, bytes(little, [4, iface], [4, time >> 32n], [4, time & 0xffffffffn], [4, data.length], [4, length], data), little)
}

export function pcap(packets: { seconds: number; fraction: number; data: Uint8Array; length?: number }[], { little = true, nanos = false, linktype = 1, snaplen = 65535 } = {}): Buffer {
  return bytes(little, [4, nanos ? 0xa1b23c4d : 0xa1b2c3d4], [2, 2], [2, 4], [4, 0], [4, 0], [4, snaplen], [4, linktype],
    ...packets.map(({ seconds, fraction, data, length = data.length }) =>
      bytes(little, [4, seconds], [4, fraction], [4, data.length], [4, length], data)))
}

export interface RecordOptions { ts?: number | bigint; tid?: number | bigint; header?: 22 | 26; wide?: boolean; len?: number; nparams?: number }

/** A record whose parameters are given as bytes. */
export function record(type: number, params: Uint8Array[] = [], { ts = 1, tid = 2, header = 26, wide = false, len, nparams = params.length }: RecordOptions = {}): Buffer {
  const data = Buffer.concat([...params.map(param => bytes(true, [wide ? 4 : 2, param.length])), ...params])
  return bytes(true, [8, ts], [8, tid], [4, len ?? header + data.length], [2, type], ...(header === 26 ? [[4, nparams] as Field] : []), data)
}

/** close(3), exit: res=0 */
export const CLOSE = record(5, [Buffer.alloc(8)])

export const eventBlock = (rec: Uint8Array, { type = 0x216, cpu = 0, flags }: { type?: number; cpu?: number; flags?: number } = {}) =>
  block(type, bytes(true, [2, cpu], ...(flags === undefined ? [] : [[4, flags] as Field]), rec))

export interface Seen {
  num: number; ts: bigint; tid: number; type: number; len: number; cpu: number; iface: number; flags: number
  nparams: number; params: string[]; section: number; burst: number; linktype?: number; data?: string
}

export interface Outcome { seen: Seen[]; error: CaptureError | undefined; capture: Capture; bursts: number }

/** Reads all of a file, looking at every accessor of every record. */
export async function read(source: string | Uint8Array, options: FileOptions & { pieces?: number } = {}): Promise<Outcome> {
  const { pieces = Infinity } = options
  const capture = await openFile(typeof source === 'string' ? source : stream(source, pieces), options)
  const seen: Seen[] = []
  let bursts = 0
  try {
    for await (const burst of capture) {
      bursts++
      for (const ev of burst) {
        const params: string[] = []
        for (let i = 0; i < ev.nparams && ev.packet === undefined; i++) params.push(Buffer.from(ev.param(i)!.copy()).toString('hex'))
        seen.push({
          num: ev.num, ts: ev.ts, tid: ev.tid, type: ev.type, len: ev.len, cpu: ev.cpu, iface: ev.iface, flags: ev.flags,
          nparams: ev.nparams, params, section: capture.section, burst: bursts,
          ...(ev.packet && { linktype: ev.packet.linktype, data: ev.packet.bytes.toString('hex') }),
        })
      }
    }
    return { seen, error: undefined, capture, bursts }
  } catch (error) {
    return { seen, error: error as CaptureError, capture, bursts }
  }
}

export function stream(content: Uint8Array, pieces = Infinity): Readable {
  const size = Math.min(pieces, Math.max(1, content.length))
  return Readable.from((function* () {
    for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size)
  })(), { objectMode: true })
}
