import { CaptureError } from '../errors.js'
import type { Event } from '../event/event.js'
import type { Capture } from '../iface/capture.js'
import type { Chunk } from './chunk.js'
import { type Format, write } from './format.js'
import { type Framing, frameHeader, frameLinktype } from './framing.js'
import { checkLinktype, checkSnaplen, frame, MAX_SNAPLEN } from './pcapng.js'

export interface PcapOptions {
  /** `ethernet` (default): frames with EtherType 0x88B5, beside packets of a NIC. `user0`: LINKTYPE_USER0. */
  framing?: Framing
  /** Keep at most that many bytes of a frame, 64 … 262144 (default). Its full length is noted all the same. */
  snaplen?: number
  /** Nanoseconds (default), or microseconds for readers that know only the old magic number. */
  precision?: 'ns' | 'us'
}

/**
 * Writes a classic pcap file. It has no place for metadata, interfaces or losses: prefer pcapng where it can be read.
 *
 * @example await pipeline(capture, pcap({ precision: 'us' }), createWriteStream('calls.pcap', { mode: 0o600 }))
 */
export function pcap(options: PcapOptions = {}): (source: Capture) => AsyncGenerator<Uint8Array, void, void> {
  checkOptions(options)
  return (source) => write(source, new PcapFormat(options))
}

/** Source: pcap-savefile(5). */
const MAGIC_US = 0xa1b2c3d4
const MAGIC_NS = 0xa1b23c4d
const FILE_HEADER = 24
const PACKET_HEADER = 16

/** @internal */
export class PcapFormat implements Format {
  readonly overhead: number
  readonly #framing: Framing
  readonly #header: number
  readonly #linktype: number
  readonly #snaplen: number
  readonly #us: boolean
  /** The second that the last record was in, and the two halves of its first nanosecond. */
  #second = 0
  #secondHi = 0
  #secondLo = 0

  constructor(options: PcapOptions) {
    checkOptions(options)
    this.#framing = options.framing ?? 'ethernet'
    this.#header = frameHeader(this.#framing)
    this.#linktype = frameLinktype(this.#framing)
    this.#snaplen = options.snaplen ?? MAX_SNAPLEN
    this.#us = options.precision === 'us'
    this.overhead = PACKET_HEADER + this.#header
  }

  header(_source: Capture, out: Chunk): void {
    out.u32(this.#us ? MAGIC_US : MAGIC_NS)
    out.u16(2)
    out.u16(4)
    out.u64(0) // time zone and accuracy: both always 0
    out.u32(this.#snaplen)
    out.u32(this.#linktype)
  }

  section(): void {}

  record(event: Event, out: Chunk): void {
    const packet = event._packet
    const length = packet === undefined ? this.#header + event.len : event.len
    const captured = packet === undefined ? length : packet.bytes.length
    const caplen = captured < this.#snaplen ? captured : this.#snaplen
    const nanoseconds = this.#since(event.tsHi, event.tsLo)
    const { view, at } = out
    view.setUint32(at, this.#second, true)
    view.setUint32(at + 4, this.#us ? Math.floor(nanoseconds / 1000) : nanoseconds, true)
    view.setUint32(at + 8, caplen, true)
    view.setUint32(at + 12, length, true)
    const body = at + PACKET_HEADER
    if (packet === undefined) frame(event, out, body, this.#framing, caplen)
    else {
      checkLinktype(packet, this.#linktype)
      packet.bytes.copyTo(out.memory.subarray(body, body + caplen))
    }
    out.at = body + caplen
  }

  end(): void {}

  whole(chunk: Uint8Array, limit: number, position: number): number {
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let at = position === 0 ? FILE_HEADER : 0
    if (at > limit) return 0
    while (at + PACKET_HEADER <= limit) {
      const next = at + PACKET_HEADER + view.getUint32(at + 8, true)
      if (next > limit) break
      at = next
    }
    return at
  }

  /** Moves to the second of that time and returns the nanoseconds in it. A division only where the second changes. */
  #since(high: number, low: number): number {
    const nanoseconds = (high - this.#secondHi) * 0x1_0000_0000 + (low - this.#secondLo)
    if (nanoseconds >= 0 && nanoseconds < 1e9) return nanoseconds
    const time = (BigInt(high) << 32n) | BigInt(low)
    const second = time / 1_000_000_000n
    const start = second * 1_000_000_000n
    this.#second = Number(second)
    this.#secondHi = Number(start >> 32n)
    this.#secondLo = Number(start & 0xffff_ffffn)
    return Number(time - start)
  }
}

function checkOptions(options: PcapOptions): void {
  checkSnaplen(options.snaplen)
  if ((options.framing as string) === 'scap') {
    throw new CaptureError('ERR_CAPTURE_OPTION', 'a pcap file has no blocks of its own to carry records in', "use framing 'ethernet' or 'user0', or write pcapng")
  }
}
