import { CaptureError } from '../../errors.js'
import type { Lost } from '../burst.js'
import type { Interface } from '../capture.js'
import type { MetadataBlock } from '../metadata.js'
import { LINKTYPE_USER0 } from '../../export/framing.js'
import { malformed } from './format.js'

/** What an Interface Description Block says that is needed to read its packets. */
export interface Described {
  linktype: number
  snaplen: number
  /** Index in `capture.interfaces`. */
  index: number
  clock: Clock
  /** Packets that the interface says it has lost, by its last statistics. */
  lost: number
}

/** How time stamps become nanoseconds: those in 1 ns and 1 µs without BigInt, any other with it. */
export type Clock = { unit: 1 | 1000 } | { unit: 0; perSecond: bigint; offset: bigint }

// Option codes. Source: draft-ietf-opsawg-pcapng.
const OPT_END = 0
const IF_NAME = 2
const IF_TSRESOL = 9
const IF_TSOFFSET = 14
const ISB_IFDROP = 5
const ISB_OSDROP = 7

const MICROSECONDS: Clock = { unit: 1000 }
const NANOSECONDS: Clock = { unit: 1 }

// A file describes a handful of interfaces and one machine. These only keep a hostile one from filling the memory.
const MAX_INTERFACES = 65536
const MAX_METADATA = 64 * 1024 * 1024

/** What a pcapng or .scap file says about its records: interfaces for all of it, everything else anew in each section. */
export class Contents {
  /** Of the whole file: a section's own begin at the length that this had before. */
  readonly interfaces: Interface[] = []
  metadata: MetadataBlock[] = []
  /** -1 before the first section header. */
  section = -1
  dropped: Lost = { total: 0 }
  /** Of the section, by the number that its packets use. */
  described: Described[] = []
  /** Index in `interfaces` for the section's event blocks, which do not name one; -1 while there is none. */
  events = -1
  #metadataSize = 0

  startSection(): void {
    this.section++
    this.metadata = []
    this.#metadataSize = 0
    this.described = []
    this.events = -1
  }

  /**
   * A section may describe an interface of link type USER0 for its event blocks, so that pcap tools open it. Where
   * there is none they belong to one named "sysdig".
   */
  eventInterface(): void {
    const described = this.described.find(candidate => candidate.linktype === LINKTYPE_USER0)
    this.events = described !== undefined ? described.index
      : this.#interface({ name: 'sysdig', linktype: LINKTYPE_USER0, snaplen: 0 }, (one, other) => one.name === other.name && one.linktype === other.linktype)
  }

  /** An Interface Description Block; `body` is its part between the lengths. */
  describe(body: DataView, little: boolean, offset: number): void {
    if (body.byteLength < 8) throw malformed('an interface description that is too short', offset)
    let name = ''
    let clock = MICROSECONDS
    let seconds = 0n
    for (const [code, value] of options(body, 8, little)) {
      if (code === IF_NAME) name = text(value)
      else if (code === IF_TSRESOL && value.byteLength >= 1) clock = resolution(value.getUint8(0))
      else if (code === IF_TSOFFSET && value.byteLength >= 8) seconds = value.getBigInt64(0, little)
    }
    if (seconds !== 0n) clock = { unit: 0, perSecond: perSecond(clock), offset: seconds * 1_000_000_000n }
    const linktype = body.getUint16(0, little)
    const snaplen = body.getUint32(4, little)
    const index = this.#interface({ name, linktype, snaplen })
    this.described.push({ linktype, snaplen, index, clock, lost: 0 })
  }

  /** An Interface Statistics Block. Its counters run from the start of the capture, so the last one counts. */
  statistics(body: DataView, little: boolean, offset: number): void {
    if (body.byteLength < 12) throw malformed('interface statistics that are too short', offset)
    const described = this.described[body.getUint32(0, little)]
    if (described === undefined) return
    let lost = 0
    for (const [code, value] of options(body, 12, little)) {
      if ((code === ISB_IFDROP || code === ISB_OSDROP) && value.byteLength >= 8) {
        // All ones is "not known"; nothing that fits no double is a count of packets.
        const count = Number(value.getBigUint64(0, little))
        if (count <= Number.MAX_SAFE_INTEGER) lost += count
      }
    }
    if (lost <= described.lost) return
    const total = this.dropped.total + lost - described.lost
    described.lost = lost
    this.dropped = { total, file: total }
  }

  /** Keeps a copy of a metadata block: it outlives the chunk. */
  keep(type: number, body: Uint8Array): void {
    this.#metadataSize += body.length
    if (this.#metadataSize > MAX_METADATA) return
    this.metadata.push({ type, body: body.slice() })
  }

  #interface(entry: Interface, same?: (one: Interface, other: Interface) => boolean): number {
    const known = same === undefined ? -1 : this.interfaces.findIndex(other => same(entry, other))
    if (known >= 0) return known
    if (this.interfaces.length === MAX_INTERFACES) {
      throw new CaptureError('ERR_CAPTURE_FORMAT', `more than ${MAX_INTERFACES} interfaces`, 'the file is damaged, or was made to harm')
    }
    return this.interfaces.push(entry) - 1
  }
}

/** if_tsresol: a negative power of 10, or of 2 if the highest bit is set. */
function resolution(value: number): Clock {
  if (value === 6) return MICROSECONDS
  if (value === 9) return NANOSECONDS
  const exponent = BigInt(value & 0x7f)
  return { unit: 0, perSecond: (value & 0x80) === 0 ? 10n ** exponent : 2n ** exponent, offset: 0n }
}

function perSecond(clock: Clock): bigint {
  return clock.unit === 0 ? clock.perSecond : clock.unit === 1 ? 1_000_000_000n : 1_000_000n
}

/** Nanoseconds of a time stamp with a clock of another unit, in 64 bits. */
export function nanoseconds(clock: Clock, high: number, low: number): bigint {
  const units = BigInt(high) << 32n | BigInt(low)
  return clock.unit === 0 ? BigInt.asUintN(64, units * 1_000_000_000n / clock.perSecond + clock.offset) : units * BigInt(clock.unit)
}

/** Walks an option list; it ends where it stops making sense. */
function* options(body: DataView, at: number, little: boolean): Generator<[code: number, value: DataView]> {
  while (at + 4 <= body.byteLength) {
    const code = body.getUint16(at, little)
    const length = body.getUint16(at + 2, little)
    if (code === OPT_END || at + 4 + length > body.byteLength) return
    yield [code, new DataView(body.buffer, body.byteOffset + at + 4, length)]
    at += 4 + length + (-length & 3)
  }
}

function text(value: DataView): string {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString().replace(/\0+$/, '')
}
